//! Menus: lines that can be chosen with the mouse or the keyboard. What they say and do is `navigation.rs`'s business.

use bevy::{input::keyboard::KeyboardInput, prelude::*};

use crate::{
    chat::Draft,
    journey::{Chosen, Finder, Journey},
    navigation::{Choice, Item, Move, Screen, escape, step},
    theme,
};

/// A line of the menu on the screen, by its number.
#[derive(Component)]
pub(crate) struct Line {
    number: usize,
    choice: Choice,
    is_enabled: bool,
}

/// The menu on the screen: which line is selected, and how many stand side by side.
#[derive(Resource, Debug, Default)]
pub(crate) struct Menu {
    /// The line that Enter chooses.
    pub(crate) selected: usize,
    columns: usize,
    enabled: Vec<bool>,
}

impl Line {
    /// Its number on the screen.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// What it does.
    pub(crate) fn choice(&self) -> &Choice {
        &self.choice
    }
}

impl Menu {
    /// Whether there is no menu.
    pub(crate) fn is_empty(&self) -> bool {
        self.enabled.is_empty()
    }
}

pub(crate) fn plugin(app: &mut App) {
    app.init_resource::<Menu>().add_systems(
        Update,
        ((by_keyboard, by_escape, by_mouse).run_if(resource_exists::<ButtonInput<KeyCode>>), highlight)
            .chain(),
    );
}

/// Makes the lines of a menu, to be put below each other or in columns by their parent. The first that can be chosen
/// is selected.
pub(crate) fn spawn(parent: &mut ChildSpawnerCommands, menu: &mut Menu, items: &[Item], width: f32) {
    begin(menu, items, 1);
    for (number, item) in items.iter().enumerate() {
        spawn_line(parent, number, item, width);
    }
}

/// Begins another menu, whose lines the caller makes with [`spawn_line`].
pub(crate) fn begin(menu: &mut Menu, items: &[Item], columns: usize) {
    let enabled: Vec<bool> = items.iter().map(|item| item.is_enabled).collect();
    let selected = enabled.iter().position(|is_enabled| *is_enabled).unwrap_or_default();
    *menu = Menu { selected, columns, enabled };
}

/// One line of a menu.
pub(crate) fn spawn_line(parent: &mut ChildSpawnerCommands, number: usize, item: &Item, width: f32) {
    let ink = if item.is_enabled { theme::TEXT } else { theme::TEXT_OFF };
    parent.spawn((
        Line { number, choice: item.choice.clone(), is_enabled: item.is_enabled },
        Button,
        Node {
            width: px(width),
            padding: UiRect::axes(px(18), px(9)),
            border: UiRect::all(px(2)),
            border_radius: BorderRadius::all(px(8)),
            ..default()
        },
        BackgroundColor(theme::PANEL_RAISED),
        BorderColor::all(theme::PANEL_RAISED),
        children![theme::label(&item.label, 22.0, ink)],
    ));
}

pub(crate) fn by_keyboard(
    mut pressed: MessageReader<KeyboardInput>,
    mut menu: ResMut<Menu>,
    mut chosen: MessageWriter<Chosen>,
    lines: Query<&Line>,
    screen: Res<State<Screen>>,
    journey: Res<Journey>,
    draft: Option<Res<Draft>>,
) {
    if journey.binding.is_some() {
        // That key is an answer; `screens/settings.rs` takes it.
        pressed.clear();
    }
    // While a match is played the keys steer; only a question laid over it is a menu.
    let is_menu = *screen.get() != Screen::Playing || journey.is_leave_asked;
    // In a line of text some keys belong to the text.
    let is_writing = *screen.get() == Screen::Lobby && draft.is_some_and(|draft| !draft.text().is_empty());
    for key in pressed.read().filter(|key| key.state.is_pressed() && is_menu) {
        let to = match key.key_code {
            KeyCode::ArrowUp => Move::Up,
            KeyCode::ArrowDown | KeyCode::Tab => Move::Down,
            KeyCode::ArrowLeft if !is_writing => Move::Left,
            KeyCode::ArrowRight if !is_writing => Move::Right,
            KeyCode::Enter | KeyCode::NumpadEnter if !key.repeat && !is_writing => {
                let line = lines.iter().find(|line| line.number == menu.selected && line.is_enabled);
                if let Some(line) = line {
                    chosen.write(Chosen(line.choice.clone()));
                }
                continue;
            }
            _ => continue,
        };
        menu.selected = step(menu.selected, menu.columns.max(1), &menu.enabled, to);
    }
}

pub(crate) fn by_escape(
    mut pressed: MessageReader<KeyboardInput>,
    mut chosen: MessageWriter<Chosen>,
    screen: Res<State<Screen>>,
    journey: Res<Journey>,
    finder: Res<Finder>,
) {
    let is_escape =
        |key: &KeyboardInput| key.key_code == KeyCode::Escape && key.state.is_pressed() && !key.repeat;
    // All are read, also those that are answers.
    let escapes = pressed.read().filter(|key| is_escape(key)).count();
    if escapes > 0 && journey.binding.is_none() {
        let choice = escape(*screen.get(), journey.is_leave_asked, finder.is_finding());
        chosen.write_batch(choice.map(Chosen));
    }
}

pub(crate) fn by_mouse(
    mut menu: ResMut<Menu>,
    mut chosen: MessageWriter<Chosen>,
    lines: Query<(&Line, &Interaction), Changed<Interaction>>,
    journey: Res<Journey>,
) {
    for (line, interaction) in lines.iter().filter(|(line, _)| line.is_enabled) {
        match interaction {
            // That button is an answer, as above.
            Interaction::Pressed | Interaction::Hovered if journey.binding.is_some() => {}
            Interaction::Pressed => {
                chosen.write(Chosen(line.choice.clone()));
            }
            Interaction::Hovered => menu.selected = line.number,
            Interaction::None => {}
        }
    }
}

/// The selected line has a bright frame and a brighter ground: not a colour alone.
fn highlight(menu: Res<Menu>, mut lines: Query<(&Line, &mut BackgroundColor, &mut BorderColor)>) {
    for (line, mut ground, mut frame) in &mut lines {
        let is_selected = line.number == menu.selected && line.is_enabled;
        let (to, around) = match is_selected {
            true => (theme::PANEL_OWN, theme::TEXT),
            false => (theme::PANEL_RAISED, theme::PANEL_RAISED),
        };
        if ground.0 != to {
            ground.0 = to;
            *frame = BorderColor::all(around);
        }
    }
}
