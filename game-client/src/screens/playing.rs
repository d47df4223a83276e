//! The match: what is laid over the arena. The arena, the players and the scores are in `render/`.

use bevy::prelude::*;

use crate::{
    journey::Journey,
    menu::{self, Menu},
    navigation::{Choice, Item, Screen},
    prediction::Match,
    session::Session,
    theme,
};

/// Said before anybody can move, because the round has not begun on the server.
#[derive(Component)]
struct Waiting;

/// The question whether to leave.
#[derive(Component)]
struct Question;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Playing), spawn_waiting).add_systems(
        Update,
        (hide_waiting, ask.run_if(resource_exists_and_changed::<Journey>)).run_if(in_state(Screen::Playing)),
    );
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

fn ask(
    mut commands: Commands,
    mut menu: ResMut<Menu>,
    journey: Res<Journey>,
    session: Res<Session>,
    question: Query<Entity, With<Question>>,
) {
    if journey.is_leave_asked != question.is_empty() {
        return;
    }
    for entity in &question {
        commands.entity(entity).despawn();
    }
    if journey.is_leave_asked {
        let stay = if session.is_watching { "Watch on" } else { "Play on" };
        let items = [Item::new(stay, Choice::Stay), Item::new("Leave the match", Choice::Title)];
        let veil = BackgroundColor(theme::BACKGROUND.with_alpha(0.6));
        let page = (Question, DespawnOnExit(Screen::Playing), theme::centered());
        commands.spawn((page, veil, GlobalZIndex(1))).with_children(|page| {
            page.spawn(theme::card()).with_children(|card| {
                card.spawn(theme::label("Leave?", 36.0, theme::TEXT));
                card.spawn(theme::label("The match goes on without you.", 18.0, theme::TEXT_FAINT));
                menu::spawn(card, &mut menu, &items, 320.0);
            });
        });
    }
}
