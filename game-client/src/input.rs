//! What the player wants in the next tick: from the keyboard and the mouse, or from a bot.

use bevy::prelude::*;
use game_player::bot::Bot;
use game_sim::{Aim, Direction, PlayerInput, PlayerSlot, World, arena::Position};

use crate::{
    bindings::{Action, Bindings, Trigger},
    journey::Journey,
    prediction,
    prediction::Match,
    render,
    settings::Settings,
};

/// The input of the next tick, and whether a shot was asked for that no tick has seen.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub(crate) struct Intent(pub(crate) PlayerInput, bool);

impl Intent {
    /// What is pressed in this frame, and whether the shot is a new press. Presses that no tick has seen stay, also if
    /// the key is up again.
    fn follow(&mut self, now: PlayerInput, is_new_shot: bool) {
        self.1 |= is_new_shot;
        self.0 = PlayerInput { dash: now.dash || self.0.dash, shoot: now.shoot || self.1, ..now };
    }

    /// A tick has seen the presses.
    fn forget_presses(&mut self) {
        self.0.dash = false;
        self.1 = false;
    }
}

/// Where the mouse points in the arena, once it was used.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub(crate) struct Pointer(Option<Position>);

/// The bot that plays in place of keys and mouse.
#[derive(Resource)]
pub(crate) struct Steered(pub(crate) Bot);

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Intent>()
        .init_resource::<Pointer>()
        .add_systems(
            PreUpdate,
            // Once per frame: a key that was pressed between two ticks must not be missed.
            (point.run_if(resource_exists::<Messages<CursorMoved>>), read).chain().run_if(
                resource_exists::<ButtonInput<KeyCode>>
                    .and_then(resource_exists::<Settings>)
                    .and_then(not(resource_exists::<Steered>)),
            ),
        )
        .add_systems(
            FixedUpdate,
            (
                ask_bot
                    .run_if(resource_exists::<Steered>.and_then(resource_exists::<Match>))
                    .before(prediction::tick),
                forget_presses.after(prediction::tick),
            ),
        );
}

fn read(
    keys: Res<ButtonInput<KeyCode>>,
    buttons: Res<ButtonInput<MouseButton>>,
    settings: Res<Settings>,
    journey: Option<Res<Journey>>,
    match_: Option<Res<Match>>,
    pointer: Res<Pointer>,
    mut intent: ResMut<Intent>,
) {
    // While a question is asked, the keys answer it.
    if journey.is_some_and(|journey| journey.is_leave_asked) {
        *intent = Intent::default();
        return;
    }
    let pressed = |trigger| match trigger {
        Trigger::Key(key) => keys.pressed(key),
        Trigger::Button(button) => buttons.pressed(button),
    };
    let just_pressed = |trigger| match trigger {
        Trigger::Key(key) => keys.just_pressed(key),
        Trigger::Button(button) => buttons.just_pressed(button),
    };
    let is_new_shot = settings.bindings.any(Action::Shoot, just_pressed);
    intent.follow(wanted(&settings.bindings, pressed, just_pressed), is_new_shot);
    intent.0.aim = match (pointer.0, match_) {
        (Some(place), Some(match_)) => match_.own().and_then(|own| aim(match_.world(), own, place)),
        _ => None,
    };
}

/// The way from the player to the pointer, by what the player sees of themselves.
fn aim(world: &World, own: PlayerSlot, pointer: Position) -> Option<Aim> {
    let from = world.players().get(usize::from(own.0))?.position;
    Aim::towards(pointer.x - from.x, pointer.y - from.y)
}

/// The pointer counts once it was used: who plays with keys alone aims where they face, and a pointer that lies
/// somewhere does not disturb them. Outside the window it counts no more.
fn point(
    mut moved: MessageReader<CursorMoved>,
    windows: Query<&Window>,
    buttons: Res<ButtonInput<MouseButton>>,
    mut pointer: ResMut<Pointer>,
) {
    let is_used = moved.read().count() > 0 || buttons.get_just_pressed().count() > 0;
    if is_used && let Ok(window) = windows.single() {
        pointer.0 = window
            .cursor_position()
            .map(|place| render::from_window(place, Vec2::new(window.width(), window.height())));
    }
}

/// What is wanted by whoever presses this.
fn wanted(
    bindings: &Bindings,
    pressed: impl Fn(Trigger) -> bool,
    just_pressed: impl Fn(Trigger) -> bool,
) -> PlayerInput {
    let axis = |less, more| i8::from(bindings.any(more, &pressed)) - i8::from(bindings.any(less, &pressed));
    PlayerInput {
        direction: Direction { x: axis(Action::Left, Action::Right), y: axis(Action::Up, Action::Down) },
        dash: bindings.any(Action::Dash, &just_pressed),
        shoot: bindings.any(Action::Shoot, &pressed),
        ..PlayerInput::default()
    }
}

fn ask_bot(mut bot: ResMut<Steered>, match_: Res<Match>, mut intent: ResMut<Intent>) {
    if let Some(own) = match_.own() {
        intent.0 = bot.0.input(match_.world(), own);
    }
}

/// A dash is a press, not a state: it goes into one tick. So does a shot whose key is up again.
fn forget_presses(mut intent: ResMut<Intent>) {
    intent.forget_presses();
}

#[cfg(test)]
mod tests {
    use bevy::input::{keyboard::KeyCode, mouse::MouseButton};
    use game_sim::{Direction, PlayerInput};

    use super::{Intent, wanted};
    use crate::bindings::{Action, Bindings, Trigger};

    #[test]
    fn keys_and_buttons_do_what_they_are_bound_to() {
        let mut bindings = Bindings::default();
        bindings.bind(Action::Up, 0, Trigger::Key(KeyCode::KeyI));
        let held = [Trigger::Key(KeyCode::KeyI), Trigger::Key(KeyCode::ArrowLeft)];
        let input = wanted(&bindings, |trigger| held.contains(&trigger), |_| false);
        assert_eq!(input.direction, Direction { x: -1, y: -1 });
        assert!(!input.dash && !input.shoot);
        let right = Trigger::Button(MouseButton::Right);
        let input = wanted(&bindings, |_| true, |trigger| trigger == right);
        assert_eq!(input.direction, Direction { x: 0, y: 0 }, "both ways at once is none");
        assert!(input.dash && input.shoot);
        let held_for_long = wanted(&bindings, |trigger| trigger == right, |_| false);
        assert!(!held_for_long.dash, "a dash is a press");
    }

    #[test]
    fn a_press_between_two_ticks_is_done_in_one() {
        let mut intent = Intent::default();
        intent.follow(PlayerInput { dash: true, shoot: true, ..PlayerInput::default() }, true);
        intent.follow(PlayerInput::default(), false);
        assert!(intent.0.dash && intent.0.shoot, "no tick has seen them");
        intent.forget_presses();
        intent.follow(PlayerInput::default(), false);
        assert!(!intent.0.dash && !intent.0.shoot, "once is enough");
        intent.follow(PlayerInput { shoot: true, ..PlayerInput::default() }, false);
        assert!(intent.0.shoot, "who holds the key shoots on");
    }
}
