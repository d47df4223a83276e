//! The settings: which key does what. A line is chosen, and the next key is it.

use bevy::{
    input::{keyboard::KeyboardInput, mouse::MouseButtonInput},
    prelude::*,
};

use crate::{
    bindings::{Action, TRIGGERS, Trigger},
    journey::Journey,
    menu::{self, Menu},
    navigation::{Choice, Item, Screen},
    settings::Settings,
    settings_file::{self, SettingsFile},
    theme,
};

/// Holds what changes with the settings.
#[derive(Component)]
struct Body;

/// What was said about the last key.
#[derive(Resource, Default)]
struct Note(String);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Note>()
        .add_systems(OnEnter(Screen::Settings), spawn)
        .add_systems(OnExit(Screen::Settings), stop_waiting)
        .add_systems(
            Update,
            (
                // After the menu, which must still know that the key is an answer.
                take_key
                    .run_if(resource_exists::<ButtonInput<KeyCode>>)
                    .after(menu::by_keyboard)
                    .after(menu::by_escape)
                    .after(menu::by_mouse),
                show.run_if(
                    resource_changed::<Settings>
                        .or_else(resource_changed::<Journey>)
                        .or_else(resource_changed::<SettingsFile>)
                        .or_else(resource_changed::<Note>),
                ),
            )
                .chain()
                .run_if(in_state(Screen::Settings)),
        );
}

fn spawn(
    mut commands: Commands,
    mut menu: ResMut<Menu>,
    mut settings: ResMut<Settings>,
    mut note: ResMut<Note>,
) {
    // Shown once, also when nothing is new.
    settings.set_changed();
    *menu = Menu::default();
    note.0.clear();
    commands.spawn((
        DespawnOnExit(Screen::Settings),
        Node { row_gap: px(14), padding: UiRect::axes(px(80), px(40)), ..theme::page() },
        children![
            theme::label("Settings", 48.0, theme::TEXT),
            theme::label(
                "Choose a field and press the key or the mouse button that is to do this. Escape keeps what was there.",
                18.0,
                theme::TEXT_FAINT
            ),
            (theme::column(8.0), Body),
        ],
    ));
}

fn stop_waiting(mut journey: ResMut<Journey>) {
    journey.binding = None;
}

/// What becomes of the key that is pressed while one is waited for.
fn take_key(
    mut keys: MessageReader<KeyboardInput>,
    mut buttons: MessageReader<MouseButtonInput>,
    mut journey: ResMut<Journey>,
    mut settings: ResMut<Settings>,
    mut file: ResMut<SettingsFile>,
    mut note: ResMut<Note>,
    mut was_waiting: Local<bool>,
) {
    let keys = keys.read().filter(|key| key.state.is_pressed() && !key.repeat);
    let buttons = buttons.read().filter(|button| button.state.is_pressed());
    let keys = keys.map(|key| Trigger::Key(key.key_code));
    // All are read, so that what was pressed before is not taken later.
    let pressed: Vec<Trigger> = keys.chain(buttons.map(|button| Trigger::Button(button.button))).collect();
    // What chose the line is not the answer to it.
    let is_first = !std::mem::replace(&mut *was_waiting, journey.binding.is_some());
    let Some((action, place)) = journey.binding.filter(|_| !is_first) else { return };
    let Some(&pressed) = pressed.first() else { return };
    journey.binding = None;
    *was_waiting = false;
    if pressed == Trigger::Key(KeyCode::Escape) {
        return;
    }
    note.0 = match pressed.name() {
        None => "that key cannot be used here".to_owned(),
        Some(name) => {
            let other = settings.bindings.bind(action, place, pressed);
            *file = settings_file::save(&settings, &file);
            match other {
                Some(other) => format!("`{name}` was `{}`; the two have swapped", other.title()),
                None => format!("`{name}` is `{}`", action.title()),
            }
        }
    };
}

fn show(
    mut commands: Commands,
    mut menu: ResMut<Menu>,
    settings: Res<Settings>,
    file: Res<SettingsFile>,
    journey: Res<Journey>,
    note: Res<Note>,
    body: Single<Entity, With<Body>>,
) {
    let items = items(&settings, journey.binding);
    let selected = menu.selected;
    let is_shown_again = !menu.is_empty();
    menu::begin(&mut menu, &items, TRIGGERS);
    if is_shown_again {
        menu.selected = selected.min(items.len() - 1);
    }
    commands.entity(*body).despawn_children().with_children(|body| {
        for (row, pair) in items.chunks(TRIGGERS).enumerate() {
            let across = Node { column_gap: px(12), align_items: AlignItems::Center, ..default() };
            body.spawn(across).with_children(|across| {
                across.spawn(Node { width: px(260), ..default() }).with_child(theme::label(
                    Action::ALL.get(row).map_or("", |action| action.title()),
                    20.0,
                    theme::TEXT,
                ));
                for (place, item) in pair.iter().enumerate() {
                    menu::spawn_line(across, row * TRIGGERS + place, item, 300.0);
                }
            });
        }
        let path = file.path.as_ref().map(|path| format!("kept in {}", path.display()));
        let (said, color) = match (&file.problem, journey.binding) {
            (_, Some((action, _))) => (format!("press a key for `{}` ...", action.title()), theme::COIN),
            (Some(problem), None) => (problem.clone(), theme::TEXT_ALARM),
            (None, None) if !note.0.is_empty() => (note.0.clone(), theme::TEXT),
            (None, None) => (path.unwrap_or_default(), theme::TEXT_FAINT),
        };
        body.spawn(theme::label(theme::wrapped(&said, 105), 17.0, color));
    });
}

fn items(settings: &Settings, binding: Option<(Action, usize)>) -> Vec<Item> {
    let mut items = Vec::new();
    for action in Action::ALL {
        for (place, trigger) in settings.bindings.of(action).into_iter().enumerate() {
            let name = trigger.and_then(Trigger::name).unwrap_or("-");
            let label = if binding == Some((action, place)) { "..." } else { name };
            items.push(Item::new(label, Choice::Bind(action, place)));
        }
    }
    items.extend([Item::new("All as at first", Choice::ResetKeys), Item::new("Back", Choice::Title)]);
    items
}

#[cfg(test)]
mod tests {
    use bevy::{
        input::{
            ButtonState,
            keyboard::{Key, KeyboardInput},
            mouse::MouseButtonInput,
        },
        prelude::*,
    };

    use super::{Note, take_key};
    use crate::{
        bindings::{Action, Trigger},
        journey::Journey,
        settings::Settings,
        settings_file::SettingsFile,
    };

    fn press(app: &mut App, key_code: KeyCode) {
        let pressed = KeyboardInput {
            key_code,
            logical_key: Key::Enter,
            state: ButtonState::Pressed,
            text: None,
            repeat: false,
            window: Entity::PLACEHOLDER,
        };
        // As the window does it: between two frames.
        app.world_mut().write_message(pressed);
        app.update();
    }

    fn wait_for(app: &mut App, action: Action) {
        app.world_mut().resource_mut::<Journey>().binding = Some((action, 0));
        press(app, KeyCode::Enter);
        assert!(app.world().resource::<Journey>().binding.is_some(), "what chose the line is no answer");
    }

    #[test]
    fn the_next_key_is_it() {
        let mut app = App::new();
        app.add_plugins(MinimalPlugins)
            .add_message::<KeyboardInput>()
            .add_message::<MouseButtonInput>()
            .insert_resource(Journey::made_up())
            .init_resource::<Settings>()
            .init_resource::<SettingsFile>()
            .init_resource::<Note>()
            .add_systems(Update, take_key);
        let first = |app: &App, action| app.world().resource::<Settings>().bindings.of(action)[0];
        wait_for(&mut app, Action::Dash);
        press(&mut app, KeyCode::KeyE);
        assert_eq!(first(&app, Action::Dash), Some(Trigger::Key(KeyCode::KeyE)));
        assert_eq!(app.world().resource::<Journey>().binding, None);
        press(&mut app, KeyCode::KeyR);
        assert_eq!(first(&app, Action::Dash), Some(Trigger::Key(KeyCode::KeyE)), "nobody waits any more");
        wait_for(&mut app, Action::Up);
        press(&mut app, KeyCode::Escape);
        assert_eq!(first(&app, Action::Up), Some(Trigger::Key(KeyCode::KeyW)), "escape keeps it");
        wait_for(&mut app, Action::Up);
        press(&mut app, KeyCode::PrintScreen);
        assert!(app.world().resource::<Note>().0.contains("cannot be used"));
        wait_for(&mut app, Action::Up);
        press(&mut app, KeyCode::KeyE);
        assert_eq!(first(&app, Action::Dash), Some(Trigger::Key(KeyCode::KeyW)));
        assert_eq!(app.world().resource::<Note>().0, "`E` was `dash`; the two have swapped");
    }
}
