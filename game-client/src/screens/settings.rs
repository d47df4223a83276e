//! The settings: which key does what. A line is chosen, and the next key is it.

use bevy::{
    input::{keyboard::KeyboardInput, mouse::MouseButtonInput},
    prelude::*,
};

use crate::{
    bindings::{Action, TRIGGERS, Trigger},
    journey::{self, Journey},
    menu::{self, Menu},
    navigation::{Choice, Item, Screen},
    settings::Settings,
    settings_file::SettingsFile,
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

fn spawn(mut commands: Commands, mut settings: ResMut<Settings>, mut note: ResMut<Note>) {
    // Shown once, also when nothing is new.
    settings.set_changed();
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
fn take_key(world: &mut World, mut was_waiting: Local<bool>) {
    let keys: Vec<KeyCode> = world
        .resource_mut::<Messages<KeyboardInput>>()
        .iter_current_update_messages()
        .filter(|key| key.state.is_pressed() && !key.repeat)
        .map(|key| key.key_code)
        .collect();
    let buttons: Vec<MouseButton> = world
        .resource_mut::<Messages<MouseButtonInput>>()
        .iter_current_update_messages()
        .filter(|button| button.state.is_pressed())
        .map(|button| button.button)
        .collect();
    let waiting = world.resource::<Journey>().binding;
    // What chose the line is not the answer to it.
    let is_first = !std::mem::replace(&mut *was_waiting, waiting.is_some());
    let Some((action, place)) = waiting.filter(|_| !is_first) else { return };
    let pressed = keys.into_iter().map(Trigger::Key).chain(buttons.into_iter().map(Trigger::Button)).next();
    let Some(pressed) = pressed else { return };
    *was_waiting = false;
    world.resource_mut::<Journey>().binding = None;
    if pressed == Trigger::Key(KeyCode::Escape) {
        return;
    }
    let said = match pressed.name() {
        None => "that key cannot be used here".to_owned(),
        Some(name) => {
            let other = world.resource_mut::<Settings>().bindings.bind(action, place, pressed);
            journey::save(world);
            match other {
                Some(other) => format!("`{name}` was `{}`; the two have swapped", other.title()),
                None => format!("`{name}` is `{}`", action.title()),
            }
        }
    };
    world.resource_mut::<Note>().0 = said;
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
