//! What the player has to know at once, wherever they are: the connection is lost, or the server is about to end.

use bevy::prelude::*;

use crate::{session::Session, theme};

#[derive(Component)]
struct Banner;

#[derive(Component)]
struct Words;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Startup, spawn).add_systems(Update, show);
}

fn spawn(mut commands: Commands) {
    let across = Node {
        position_type: PositionType::Absolute,
        width: percent(100),
        top: px(theme::MARGIN + theme::HEADER_HEIGHT + 34.0),
        justify_content: JustifyContent::Center,
        ..default()
    };
    let card = Node {
        padding: UiRect::axes(px(28), px(14)),
        border: UiRect::all(px(2)),
        border_radius: BorderRadius::all(px(10)),
        ..default()
    };
    commands.spawn((
        Banner,
        Visibility::Hidden,
        GlobalZIndex(2),
        across,
        children![(
            card,
            BackgroundColor(theme::BACKGROUND),
            BorderColor::all(theme::TEXT_ALARM),
            children![(Words, theme::label("", 24.0, theme::TEXT))],
        )],
    ));
}

fn show(
    session: Res<Session>,
    banner: Single<&mut Visibility, With<Banner>>,
    mut text: Single<&mut Text, With<Words>>,
) {
    let words = words(&session);
    let wanted = if words.is_some() { Visibility::Visible } else { Visibility::Hidden };
    banner.into_inner().set_if_neq(wanted);
    if let Some(words) = words
        && text.0 != words
    {
        text.0 = words;
    }
}

/// What there is to say, if anything; the lost connection first.
fn words(session: &Session) -> Option<String> {
    if session.verdict.is_some() {
        return None;
    }
    if let Some(seconds) = session.seconds_to_come_back() {
        return Some(format!("connection lost, reconnecting ... {seconds} s"));
    }
    session
        .seconds_left()
        .map(|seconds| format!("the server closes in {seconds} s; points count as they are"))
}

#[cfg(test)]
mod tests {
    use super::words;
    use crate::{report::Outcome, session::Session};

    #[test]
    fn the_lost_connection_comes_before_the_end_of_the_server() {
        let mut session = Session { ticks: 600, ..Session::default() };
        assert_eq!(words(&session), None);
        session.ends_at_tick = Some(600 + 61);
        assert_eq!(words(&session).unwrap(), "the server closes in 2 s; points count as they are");
        session.lost_at_tick = Some(600 - 180);
        assert_eq!(words(&session).unwrap(), "connection lost, reconnecting ... 7 s");
        session.end(Outcome::Lost, "over".to_owned());
        assert_eq!(words(&session), None, "the screen says what happened");
    }
}
