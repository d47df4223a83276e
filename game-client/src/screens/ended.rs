//! The result, over whatever was there before.

use std::collections::BTreeMap;

use bevy::prelude::*;

use super::Screen;
use crate::{outlet, prediction::Match, report::Outcome, session::Session, theme};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Ended), spawn);
}

fn spawn(mut commands: Commands, session: Res<Session>, match_: Option<Res<Match>>) {
    let Some(verdict) = &session.verdict else { return };
    let (headline, color) = match verdict.outcome {
        Outcome::Won => ("You won!", theme::COIN),
        Outcome::Lost => ("You lost", theme::TEXT),
        Outcome::Draw => ("A draw", theme::TEXT),
        Outcome::Left => ("You left", theme::TEXT),
        Outcome::Refused => ("Not let in", theme::TEXT_ALARM),
        Outcome::Failed => ("Connection lost", theme::TEXT_ALARM),
    };
    let winner = session.winner.as_ref().filter(|_| verdict.outcome == Outcome::Lost);
    let over_the_arena =
        UiRect::right(px(if match_.is_some() { theme::PANEL_WIDTH + theme::MARGIN } else { 0.0 }));
    let node = Node { padding: over_the_arena, ..theme::centered() };
    let rows = score_rows(outlet::scores(&session, match_.as_deref()));
    commands.spawn((node, GlobalZIndex(1))).with_children(|parent| {
        parent
            .spawn((theme::card(), BoxShadow::new(Color::BLACK, px(0), px(0), px(2), px(24))))
            .with_children(|card| {
                card.spawn(theme::label(headline, 44.0, color));
                if let Some(winner) = winner {
                    card.spawn(theme::label(
                        format!("{} won", theme::short_name(winner, 24)),
                        26.0,
                        theme::COIN,
                    ));
                }
                card.spawn(theme::label(wrapped(&verdict.reason), 18.0, theme::TEXT_FAINT));
                for row in rows {
                    card.spawn(theme::label(row, 20.0, theme::TEXT));
                }
            });
    });
}

/// Highest score first, in columns: every character of the font has the same width.
fn score_rows(scores: BTreeMap<String, u32>) -> Vec<String> {
    let mut scores: Vec<_> = scores.into_iter().collect();
    scores.sort_by_key(|(name, score)| (std::cmp::Reverse(*score), name.clone()));
    let names: Vec<String> = scores.iter().map(|(name, _)| theme::short_name(name, 24)).collect();
    let width = names.iter().map(String::len).max().unwrap_or_default();
    names.iter().zip(&scores).map(|(name, (_, score))| format!("{name:<width$}  {score:>4}")).collect()
}

/// Reasons can be sentences; lines of some sixty characters fit the card.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line");
        if !line.is_empty() && line.len() + word.len() > 60 {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}
