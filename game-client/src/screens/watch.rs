//! What can be watched: a list of what runs, and two lines for who was told an address and a key.

use bevy::{input::keyboard::KeyboardInput, prelude::*};

use crate::{
    journey::Chosen,
    menu::{self, Line, Menu},
    navigation::{Choice, Field, Item, Screen},
    theme,
    watching::{Known, Watching},
};

/// Width of the list, and of what is written on.
const LIST_WIDTH: f32 = 900.0;
const FIELD_WIDTH: f32 = 700.0;
const DEED_WIDTH: f32 = (LIST_WIDTH - 24.0) / 3.0;
/// Characters of a line that fit.
const FIELD_MAX: usize = 44;

/// Holds what changes with what is known.
#[derive(Component)]
struct Body;

/// What is wrong with what was chosen.
#[derive(Component)]
struct Problem;

/// Whether keys that were pressed before this screen are still to be passed over.
#[derive(Resource, Default)]
struct IsFresh(bool);

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<IsFresh>().add_systems(OnEnter(Screen::Watch), spawn).add_systems(
        Update,
        (
            write
                .run_if(resource_exists::<ButtonInput<KeyCode>>)
                .after(menu::by_keyboard)
                .after(menu::by_mouse),
            show.run_if(resource_exists_and_changed::<Watching>),
            show_fields,
        )
            .chain()
            .run_if(in_state(Screen::Watch)),
    );
}

fn spawn(
    mut commands: Commands,
    mut menu: ResMut<Menu>,
    mut watching: ResMut<Watching>,
    mut is_fresh: ResMut<IsFresh>,
) {
    // Shown once, also when nothing is new.
    watching.set_changed();
    *menu = Menu::default();
    is_fresh.0 = true;
    let page = Node { row_gap: px(14), padding: UiRect::axes(px(80), px(40)), ..theme::page() };
    commands.spawn((
        DespawnOnExit(Screen::Watch),
        page,
        children![
            theme::label("Watch", 48.0, theme::TEXT),
            theme::label(
                "A match of others. Who watches has no seat and sees what players see.",
                19.0,
                theme::TEXT_FAINT
            ),
            (theme::column(8.0), Body),
            (theme::label("", 18.0, theme::TEXT_ALARM), Problem),
        ],
    ));
}

/// The field that is selected, if one is.
fn selected(menu: &Menu, lines: &Query<(&Line, &Children)>) -> Option<Field> {
    let line = lines.iter().map(|(line, _)| line).find(|line| line.number() == menu.selected)?;
    match line.choice() {
        Choice::Write(field) => Some(*field),
        _ => None,
    }
}

/// What is typed goes to the line that is selected, and Enter watches what is written.
fn write(
    mut pressed: MessageReader<KeyboardInput>,
    mut chosen: MessageWriter<Chosen>,
    mut watching: ResMut<Watching>,
    mut is_fresh: ResMut<IsFresh>,
    menu: Res<Menu>,
    lines: Query<(&Line, &Children)>,
    keys: Res<ButtonInput<KeyCode>>,
) {
    if std::mem::take(&mut is_fresh.0) {
        // What led here is no text.
        pressed.clear();
        return;
    }
    let is_command = keys.any_pressed([KeyCode::ControlLeft, KeyCode::ControlRight, KeyCode::AltLeft]);
    let field = selected(&menu, &lines);
    for key in pressed.read().filter(|key| key.state.is_pressed()) {
        let Some(field) = field else { continue };
        match (key.key_code, &key.text) {
            (KeyCode::Enter | KeyCode::NumpadEnter, _) if !key.repeat => {
                chosen.write(Chosen(Choice::WatchWritten));
            }
            (KeyCode::Backspace, _) => watching.erase(field),
            (_, Some(text)) if !is_command && text.chars().any(|c| !c.is_control()) => {
                watching.write(field, text)
            }
            _ => {}
        }
    }
}

/// Draws the lines anew when they are others; what is written on them is drawn below, so that nothing moves while
/// somebody writes.
fn show(
    mut commands: Commands,
    mut menu: ResMut<Menu>,
    mut drawn: Local<(Vec<Item>, String)>,
    watching: Res<Watching>,
    body: Single<(Entity, Option<&Children>), With<Body>>,
) {
    let items = watching.menu();
    let (said, color) = said(&watching.known);
    let (body, lines) = *body;
    if lines.is_some() && drawn.0 == items && drawn.1 == said {
        return;
    }
    // Who has moved to a line stays on it when the list is another.
    let kept = drawn.0.get(menu.selected).filter(|_| !menu.is_empty()).map(|item| item.choice.clone());
    menu::begin(&mut menu, &items, 1);
    let again = items.iter().position(|item| item.is_enabled && Some(&item.choice) == kept.as_ref());
    menu.selected = again.unwrap_or(menu.selected);
    commands.entity(body).despawn_children().with_children(|body| {
        let rows = items.iter().take_while(|item| matches!(item.choice, Choice::WatchListed(_))).count();
        for (number, item) in items.iter().enumerate() {
            if number == rows {
                body.spawn(theme::label(theme::wrapped(&said, 90), 18.0, color));
            }
            match item.choice {
                Choice::WatchListed(_) => menu::spawn_line(body, number, item, LIST_WIDTH),
                Choice::Write(field) => draw_field(body, number, item, field),
                _ => {}
            }
        }
        let is_deed = |item: &Item| !matches!(item.choice, Choice::WatchListed(_) | Choice::Write(_));
        body.spawn(Node { column_gap: px(12), ..default() }).with_children(|across| {
            for (number, item) in items.iter().enumerate().filter(|(_, item)| is_deed(item)) {
                menu::spawn_line(across, number, item, DEED_WIDTH);
            }
        });
    });
    *drawn = (items, said);
}

/// What is said below the list.
fn said(known: &Known) -> (String, Color) {
    match known {
        Known::Asking => ("asking what runs ...".to_owned(), theme::TEXT),
        Known::Failed(problem) => (problem.clone(), theme::TEXT_ALARM),
        Known::Rows(rows) if rows.is_empty() => ("nothing runs there now".to_owned(), theme::TEXT_FAINT),
        Known::Rows(_) => {
            ("Or another, whose address and key somebody told you:".to_owned(), theme::TEXT_FAINT)
        }
        Known::Nothing => {
            let nobody = "No service is named that lists what runs (`--watch-alias`). Whoever made a session knows its address and key:";
            (nobody.to_owned(), theme::TEXT_FAINT)
        }
    }
}

fn draw_field(body: &mut ChildSpawnerCommands, number: usize, item: &Item, field: Field) {
    let about = match field {
        Field::Address => "Address",
        Field::Key => "Spectator key",
    };
    let across = Node { column_gap: px(12), align_items: AlignItems::Center, ..default() };
    body.spawn(across).with_children(|across| {
        let name = Node { width: px(LIST_WIDTH - FIELD_WIDTH - 12.0), ..default() };
        across.spawn(name).with_child(theme::label(about, 20.0, theme::TEXT));
        menu::spawn_line(across, number, item, FIELD_WIDTH);
    });
}

/// What is written, with a mark where the next character goes; of the key, only that there is something.
fn show_fields(
    menu: Res<Menu>,
    watching: Res<Watching>,
    lines: Query<(&Line, &Children)>,
    mut texts: Query<(&mut Text, &mut TextColor), Without<Problem>>,
    problem: Single<&mut Text, With<Problem>>,
) {
    let selected = selected(&menu, &lines);
    for (line, children) in &lines {
        let Choice::Write(field) = line.choice() else { continue };
        let written = watching.shown(*field);
        let (shown, color) = match (selected == Some(*field), written.is_empty()) {
            (false, true) => (empty(*field).to_owned(), theme::TEXT_FAINT),
            (false, false) => (theme::end(&written, FIELD_MAX).to_owned(), theme::TEXT),
            (true, _) => (format!("{}_", theme::end(&written, FIELD_MAX)), theme::TEXT),
        };
        for child in children {
            if let Ok((mut text, mut ink)) = texts.get_mut(*child) {
                text.set_if_neq(Text::new(&shown));
                ink.set_if_neq(TextColor(color));
            }
        }
    }
    let said = watching.problem.as_deref().unwrap_or_default();
    problem.into_inner().set_if_neq(Text::new(theme::wrapped(said, 90)));
}

/// What stands on a line on which nothing is written.
fn empty(field: Field) -> &'static str {
    match field {
        Field::Address => "IP:PORT, as the session's description says",
        Field::Key => "its game property `spectator_key`",
    }
}

#[cfg(test)]
mod tests {
    use bevy::{
        input::{
            ButtonState,
            keyboard::{Key, KeyboardInput},
        },
        prelude::*,
    };

    use super::{IsFresh, write};
    use crate::{
        journey::Chosen,
        menu::{self, Menu},
        navigation::{Choice, Field},
        watching::Watching,
    };

    fn press(app: &mut App, key_code: KeyCode, text: Option<&str>) {
        let pressed = KeyboardInput {
            key_code,
            logical_key: Key::Enter,
            state: ButtonState::Pressed,
            text: text.map(Into::into),
            repeat: false,
            window: Entity::PLACEHOLDER,
        };
        app.world_mut().write_message(pressed);
        app.update();
    }

    fn select(app: &mut App, choice: &Choice) {
        let items = Watching::default().menu();
        let number = items.iter().position(|item| item.choice == *choice).expect("the menu has that line");
        app.world_mut().resource_mut::<Menu>().selected = number;
    }

    #[test]
    fn what_is_typed_goes_to_the_line_that_is_selected() {
        let mut app = App::new();
        app.add_plugins(MinimalPlugins)
            .add_message::<KeyboardInput>()
            .add_message::<Chosen>()
            .init_resource::<ButtonInput<KeyCode>>()
            .init_resource::<Watching>()
            .init_resource::<Menu>()
            .insert_resource(IsFresh(true))
            .add_systems(Update, write);
        app.add_systems(Startup, |mut commands: Commands, watching: Res<Watching>| {
            commands.spawn(Node::default()).with_children(|parent| {
                for (number, item) in watching.menu().iter().enumerate() {
                    menu::spawn_line(parent, number, item, 100.0);
                }
            });
        });
        let chosen = |app: &mut App| -> Vec<Choice> {
            app.world_mut().resource_mut::<Messages<Chosen>>().drain().map(|Chosen(choice)| choice).collect()
        };
        select(&mut app, &Choice::Write(Field::Address));
        press(&mut app, KeyCode::Enter, None);
        assert_eq!(chosen(&mut app), [], "the key that led here is not meant for this line");
        for digit in ["1", "2"] {
            press(&mut app, KeyCode::Digit1, Some(digit));
        }
        press(&mut app, KeyCode::Backspace, None);
        select(&mut app, &Choice::Write(Field::Key));
        press(&mut app, KeyCode::KeyS, Some("s"));
        press(&mut app, KeyCode::Tab, Some("\t"));
        select(&mut app, &Choice::Watch);
        press(&mut app, KeyCode::KeyX, Some("x"));
        press(&mut app, KeyCode::Enter, None);
        assert_eq!(chosen(&mut app), [], "the menu's own keys are the menu's");
        let watching = app.world().resource::<Watching>();
        assert_eq!(
            (watching.shown(Field::Address), watching.shown(Field::Key)),
            ("1".to_owned(), "*".to_owned())
        );
        select(&mut app, &Choice::Write(Field::Key));
        press(&mut app, KeyCode::Enter, Some("\r"));
        assert_eq!(chosen(&mut app), [Choice::WatchWritten], "as the button below");
    }
}
