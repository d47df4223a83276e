//! The result, over whatever was there before: who won, by how much, why it ended, and what next.

use std::collections::BTreeMap;

use bevy::prelude::*;

use crate::{
    journey::Journey,
    menu::{self, Menu},
    navigation::{Screen, ended_menu},
    outlet,
    prediction::Match,
    report::Outcome,
    session::Session,
    theme,
};

/// So many rows of scores fit.
const ROWS_MAX: usize = 8;

/// A row of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    /// 1 for the best; equals share a rank.
    rank: usize,
    /// The seat, if it is known.
    slot: Option<u8>,
    name: String,
    score: u32,
    is_own: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Ended), spawn);
}

fn spawn(
    mut commands: Commands,
    mut menu: ResMut<Menu>,
    session: Res<Session>,
    match_: Option<Res<Match>>,
    journey: Option<Res<Journey>>,
) {
    let Some(verdict) = &session.verdict else { return };
    let won = session.winner.as_deref().map(|name| format!("{} won", theme::short_name(name, 20)));
    let (headline, color) = match verdict.outcome {
        Outcome::Watched => (won.as_deref().unwrap_or("The match is over"), theme::TEXT),
        Outcome::Won => ("You won!", theme::COIN),
        Outcome::Lost => ("You lost", theme::TEXT),
        Outcome::Draw => ("A draw", theme::TEXT),
        Outcome::Left => ("You left", theme::TEXT),
        Outcome::Refused | Outcome::Failed => ("It went wrong", theme::TEXT_ALARM),
    };
    let names = match_.as_deref().map_or(&[][..], Match::names);
    let rows = rows(outlet::scores(&session, match_.as_deref()), names, session.own_id());
    let items = journey.map(|journey| ended_menu(journey.ways())).unwrap_or_default();
    let veil = BackgroundColor(theme::BACKGROUND.with_alpha(0.72));
    let page = (DespawnOnExit(Screen::Ended), Node { row_gap: px(14), ..theme::centered() });
    commands.spawn((page, veil, GlobalZIndex(1))).with_children(|page| {
        page.spawn((theme::panel(px(620)), BoxShadow::new(Color::BLACK, px(0), px(0), px(2), px(24))))
            .with_children(|card| {
                card.spawn(theme::label(headline, 48.0, color));
                let winner = won.as_ref().filter(|_| verdict.outcome == Outcome::Lost);
                let winner = winner.map(|won| format!("{won}: "));
                let reason = format!("{}{}", winner.unwrap_or_default(), verdict.reason);
                card.spawn(theme::label(theme::wrapped(&reason, 46), 18.0, theme::TEXT_FAINT));
                card.spawn(Node { height: px(4), ..default() });
                for row in rows.iter().take(ROWS_MAX) {
                    score_row(card, row);
                }
                if rows.len() > ROWS_MAX {
                    let more = format!("and {} more", rows.len() - ROWS_MAX);
                    card.spawn(theme::label(more, 17.0, theme::TEXT_FAINT));
                }
            });
        menu::begin(&mut menu, &items, items.len().max(1));
        page.spawn(Node { column_gap: px(12), ..default() }).with_children(|across| {
            for (number, item) in items.iter().enumerate() {
                menu::spawn_line(across, number, item, item.label.len() as f32 * 13.5 + 40.0);
            }
        });
    });
}

fn score_row(card: &mut ChildSpawnerCommands, row: &Row) {
    let ground = if row.is_own { theme::PANEL_OWN } else { theme::PANEL_RAISED };
    let across = Node {
        align_items: AlignItems::Center,
        column_gap: px(14),
        padding: UiRect::axes(px(14), px(6)),
        border_radius: BorderRadius::all(px(6)),
        ..default()
    };
    card.spawn((across, BackgroundColor(ground))).with_children(|across| {
        across.spawn(theme::label(format!("{}.", row.rank), 20.0, theme::TEXT_FAINT));
        if let Some(slot) = row.slot {
            across.spawn(theme::token(slot, 26.0));
        }
        let name = format!("{}{}", theme::short_name(&row.name, 20), if row.is_own { " (you)" } else { "" });
        across.spawn(Node { flex_grow: 1.0, ..default() }).with_child(theme::label(name, 20.0, theme::TEXT));
        across.spawn(theme::label(row.score.to_string(), 24.0, theme::TEXT));
    });
}

/// Highest score first; of equals the lower seat.
fn rows(scores: BTreeMap<String, u32>, names: &[String], own: Option<&str>) -> Vec<Row> {
    let slot = |name: &String| names.iter().position(|known| known == name).map(|slot| slot as u8);
    let mut rows: Vec<Row> = scores
        .into_iter()
        .map(|(name, score)| Row { rank: 0, slot: slot(&name), is_own: own == Some(&*name), name, score })
        .collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.score), row.slot, row.name.clone()));
    for index in 0..rows.len() {
        let is_equal = index > 0 && rows[index].score == rows[index - 1].score;
        rows[index].rank = if is_equal { rows[index - 1].rank } else { index + 1 };
    }
    rows
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::rows;

    #[test]
    fn the_best_comes_first_and_equals_share_a_rank() {
        let scores = [("ada", 3), ("ben", 9), ("cleo", 3), ("dan", 0)];
        let scores: BTreeMap<String, u32> = scores.map(|(name, score)| (name.to_owned(), score)).into();
        let names = ["cleo", "ada", "ben", "dan"].map(str::to_owned);
        let shown: Vec<_> = rows(scores, &names, Some("ada"))
            .into_iter()
            .map(|row| (row.rank, row.name, row.slot, row.is_own))
            .collect();
        let row = |rank, name: &str, slot, is_own| (rank, name.to_owned(), Some(slot), is_own);
        assert_eq!(
            shown,
            [
                row(1, "ben", 2, false),
                row(2, "cleo", 0, false),
                row(2, "ada", 1, true),
                row(4, "dan", 3, false)
            ]
        );
    }
}
