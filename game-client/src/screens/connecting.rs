//! The screen before the match starts or the lobby opens: what is done to get there, then waiting for the others.

use bevy::prelude::*;
use game_net::protocol::Hosting;

use crate::{
    menu::{self, Menu},
    navigation::{Choice, Item, Screen},
    session::Session,
    theme,
};

/// Steps that fit.
const STEPS_MAX: usize = 9;

/// Says what is being waited for.
#[derive(Component)]
struct Waiting;

/// Holds the steps that were done.
#[derive(Component)]
struct Steps;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Connecting), spawn).add_systems(
        Update,
        show.run_if(in_state(Screen::Connecting).and_then(resource_exists_and_changed::<Session>)),
    );
}

fn spawn(mut commands: Commands, mut menu: ResMut<Menu>, mut session: ResMut<Session>) {
    session.set_changed();
    let items = [Item::new("Give up", Choice::Title)];
    commands.spawn((DespawnOnExit(Screen::Connecting), theme::centered())).with_children(|page| {
        page.spawn(theme::panel(px(860))).with_children(|panel| {
            panel.spawn((Waiting, theme::label("", 32.0, theme::TEXT)));
            panel.spawn((theme::column(6.0), Steps));
        });
        menu::spawn(page, &mut menu, &items, 240.0);
    });
}

fn show(
    mut commands: Commands,
    session: Res<Session>,
    mut text: Single<&mut Text, With<Waiting>>,
    steps: Single<Entity, With<Steps>>,
) {
    text.0 = waiting(&session);
    let first = session.steps.len().saturating_sub(STEPS_MAX);
    let rows = steps_rows(&session.steps[first..], session.hosting.is_some());
    super::replace_children(&mut commands, *steps, rows);
}

/// The steps of a search: what is done has a tick before it, what goes on an arrow.
pub(super) fn steps_rows(steps: &[String], is_done: bool) -> Vec<impl Bundle> {
    let last = steps.len().saturating_sub(1);
    let row = |(number, step): (usize, &String)| {
        let is_current = number == last && !is_done;
        let (mark, color) = if is_current { (">", theme::TEXT) } else { ("+", theme::TEXT_FAINT) };
        theme::label(format!("{mark} {}", theme::short_name(step, 72)), 18.0, color)
    };
    steps.iter().enumerate().map(row).collect()
}

fn waiting(session: &Session) -> String {
    match session.hosting {
        Some(Hosting::Match { players_wanted }) => {
            format!("Waiting for players: {} of {players_wanted}", session.players_here())
        }
        None if session.is_watching => "Asking to watch ...".to_owned(),
        Some(Hosting::Lobby) | None => {
            format!("{} is joining ...", theme::short_name(&session.player_id, 32))
        }
    }
}
