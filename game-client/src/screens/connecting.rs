//! The screen before the match starts or the lobby opens: connecting, then waiting for the others.

use bevy::prelude::*;
use game_net::protocol::Hosting;

use super::Screen;
use crate::{session::Session, theme};

/// Says what is being waited for.
#[derive(Component)]
struct Waiting;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Connecting), spawn).add_systems(
        Update,
        show_waiting.run_if(in_state(Screen::Connecting).and_then(resource_exists_and_changed::<Session>)),
    );
}

fn spawn(mut commands: Commands, session: Res<Session>) {
    commands.spawn((
        DespawnOnExit(Screen::Connecting),
        theme::centered(),
        children![(
            theme::card(),
            children![
                theme::label("OpenGSE arena", 40.0, theme::TEXT),
                (Waiting, theme::label(waiting(&session), 22.0, theme::TEXT_FAINT)),
            ],
        )],
    ));
}

fn show_waiting(session: Res<Session>, mut text: Single<&mut Text, With<Waiting>>) {
    text.0 = waiting(&session);
}

fn waiting(session: &Session) -> String {
    match session.hosting {
        Some(Hosting::Match { players_wanted }) => {
            format!("waiting for players: {} of {players_wanted}", session.present.len() + 1)
        }
        Some(Hosting::Lobby) | None => session
            .news
            .clone()
            .unwrap_or_else(|| format!("{} is joining ...", theme::short_name(&session.player_id, 32))),
    }
}
