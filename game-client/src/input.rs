//! What the player wants in the next tick: from the keyboard, or from a bot.

use bevy::prelude::*;
use game_sim::{Direction, PlayerInput};

use crate::{bot::Bot, prediction, prediction::Match};

/// The input of the next tick.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub(crate) struct Intent(pub(crate) PlayerInput);

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Intent>()
        .add_systems(
            PreUpdate,
            // Once per frame: a key that was pressed between two ticks must not be missed.
            read_keys.run_if(resource_exists::<ButtonInput<KeyCode>>.and_then(not(resource_exists::<Bot>))),
        )
        .add_systems(
            FixedUpdate,
            (
                ask_bot
                    .run_if(resource_exists::<Bot>.and_then(resource_exists::<Match>))
                    .before(prediction::tick),
                forget_dash.after(prediction::tick),
            ),
        );
}

fn read_keys(keys: Res<ButtonInput<KeyCode>>, mut intent: ResMut<Intent>) {
    let axis = |less: [KeyCode; 2], more: [KeyCode; 2]| {
        i8::from(keys.any_pressed(more)) - i8::from(keys.any_pressed(less))
    };
    intent.0.direction = Direction {
        x: axis([KeyCode::KeyA, KeyCode::ArrowLeft], [KeyCode::KeyD, KeyCode::ArrowRight]),
        y: axis([KeyCode::KeyW, KeyCode::ArrowUp], [KeyCode::KeyS, KeyCode::ArrowDown]),
    };
    intent.0.dash |= keys.any_just_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]);
    intent.0.shoot = keys.pressed(KeyCode::Space);
}

fn ask_bot(mut bot: ResMut<Bot>, match_: Res<Match>, mut intent: ResMut<Intent>) {
    intent.0 = bot.input(match_.world(), match_.own());
}

/// A dash is a press, not a state: it goes into one tick.
fn forget_dash(mut intent: ResMut<Intent>) {
    intent.0.dash = false;
}
