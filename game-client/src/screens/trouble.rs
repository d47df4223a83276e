//! What went wrong, why, and what to do next.

use bevy::prelude::*;

use crate::{
    journey::Journey,
    menu::{self, Menu},
    navigation::{Screen, trouble_menu},
    report::Outcome,
    session::Session,
    theme,
};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Trouble), spawn);
}

fn spawn(
    mut commands: Commands,
    mut menu: ResMut<Menu>,
    session: Res<Session>,
    journey: Option<Res<Journey>>,
) {
    let Some(verdict) = &session.verdict else { return };
    let headline = match (verdict.outcome, session.hosting) {
        (Outcome::Refused, _) => "Not let in",
        (_, Some(_)) => "The session is over",
        (_, None) => "No game",
    };
    let (reason, hint) = parts(&verdict.reason);
    let items = journey.map(|journey| trouble_menu(journey.ways())).unwrap_or_default();
    let veil = BackgroundColor(theme::BACKGROUND.with_alpha(0.85));
    let page = (DespawnOnExit(Screen::Trouble), Node { row_gap: px(14), ..theme::centered() });
    commands.spawn((page, veil, GlobalZIndex(1))).with_children(|page| {
        page.spawn(theme::panel(px(900))).with_children(|card| {
            card.spawn(theme::label(headline, 44.0, theme::TEXT_ALARM));
            card.spawn(theme::label(theme::wrapped(&reason, 76), 20.0, theme::TEXT));
            if let Some(hint) = hint {
                card.spawn(Node { height: px(2), ..default() });
                card.spawn(theme::label("What to do", 20.0, theme::COIN));
                card.spawn(theme::label(theme::wrapped(&hint, 76), 20.0, theme::TEXT));
            }
        });
        menu::begin(&mut menu, &items, items.len().max(1));
        page.spawn(Node { column_gap: px(12), ..default() }).with_children(|across| {
            for (number, item) in items.iter().enumerate() {
                menu::spawn_line(across, number, item, 190.0);
            }
        });
    });
}

/// What happened, and what to do about it, as sentences.
fn parts(reason: &str) -> (String, Option<String>) {
    let (what, hint) = match reason.split_once("\nhint: ") {
        Some((what, hint)) => (what, Some(sentence(hint))),
        None => (reason, None),
    };
    (sentence(what), hint)
}

/// Errors are written for terminals, without a capital and a full stop; a screen is read as prose.
fn sentence(text: &str) -> String {
    let mut characters = text.trim().chars();
    let first: String = characters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let stop = if text.ends_with(['.', '!', '?', '`']) { "" } else { "." };
    format!("{first}{}{stop}", characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn reason_and_next_step_are_read_as_prose() {
        let (what, hint) = parts("no answer from `a`: gone\nhint: look");
        assert_eq!((what.as_str(), hint.as_deref()), ("No answer from `a`: gone.", Some("Look.")));
        assert_eq!(parts("the server is full"), ("The server is full.".to_owned(), None));
        assert_eq!(parts(""), (".".to_owned(), None));
    }
}
