//! The match: the arena with its players, and the scores. The parts are in `render/`.

use bevy::prelude::*;

use super::Screen;
use crate::{prediction::Match, theme};

/// Said before anybody can move, because the round has not begun on the server.
#[derive(Component)]
struct Waiting;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Playing), spawn_waiting)
        .add_systems(Update, hide_waiting.run_if(in_state(Screen::Playing)));
}

fn spawn_waiting(mut commands: Commands) {
    commands.spawn((
        Waiting,
        DespawnOnExit(Screen::Playing),
        theme::centered(),
        children![(theme::card(), children![theme::label("get ready", 32.0, theme::TEXT)])],
    ));
}

fn hide_waiting(mut commands: Commands, match_: Res<Match>, waiting: Query<Entity, With<Waiting>>) {
    if match_.world().tick() > 0 {
        for entity in &waiting {
            commands.entity(entity).despawn();
        }
    }
}
