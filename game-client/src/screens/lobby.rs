//! The lobby: who is here, what was said, the line that is being written, and the search for a match.

use bevy::{input::keyboard::KeyboardInput, prelude::*};
use game_net::protocol::ClientMessage;

use super::replace_children;
use crate::{
    chat::Draft,
    journey::{Finder, Journey},
    menu::{self, Menu},
    navigation::{Screen, lobby_menu},
    net::{Link, Outgoing},
    palette,
    report::ChatLine,
    session::Session,
    theme,
};

/// Lines of chat that fit.
const CHAT_LINES_MAX: usize = 17;
/// Names that fit.
const NAMES_MAX: usize = 18;
/// Steps of the search that fit.
const STEPS_MAX: usize = 9;
/// Characters of the line that is written that fit.
const LINE_MAX: usize = 46;
/// Characters of what was said that fit beside the name.
const TEXT_MAX: usize = 38;

/// Holds the list of those who are here.
#[derive(Component)]
struct PresenceList;

/// Holds what was said.
#[derive(Component)]
struct ChatList;

/// The line that is being written.
#[derive(Component)]
struct DraftLine;

/// Holds the menu and the search.
#[derive(Component)]
struct Search;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Draft>().add_systems(OnEnter(Screen::Lobby), spawn).add_systems(
        Update,
        (
            write.run_if(resource_exists::<ButtonInput<KeyCode>>).after(menu::by_keyboard),
            (show_presence, show_chat).run_if(resource_exists_and_changed::<Session>),
            show_draft.run_if(resource_changed::<Draft>),
            show_search.run_if(resource_exists_and_changed::<Finder>),
        )
            .run_if(in_state(Screen::Lobby)),
    );
}

fn spawn(
    mut commands: Commands,
    mut session: ResMut<Session>,
    mut draft: ResMut<Draft>,
    finder: Option<ResMut<Finder>>,
) {
    // Shown once, also when nothing is new.
    session.set_changed();
    draft.set_changed();
    if let Some(mut finder) = finder {
        finder.set_changed();
    }
    let across = Node { flex_direction: FlexDirection::Row, column_gap: px(theme::MARGIN), ..theme::page() };
    let page = Node { padding: UiRect::all(px(theme::MARGIN)), ..across };
    commands.spawn((DespawnOnExit(Screen::Lobby), page)).with_children(|page| {
        page.spawn(theme::panel(px(290))).with_children(|column| {
            column.spawn(theme::label("Here", 28.0, theme::TEXT));
            column.spawn((theme::column(8.0), PresenceList));
        });
        // The chat takes what room is left.
        let chat = Node { flex_grow: 1.0, flex_basis: px(0), ..theme::panel_node(auto()) };
        page.spawn((chat, BackgroundColor(theme::PANEL))).with_children(|column| {
            column.spawn(theme::label("Lobby", 28.0, theme::TEXT));
            let list = Node { flex_grow: 1.0, overflow: Overflow::clip(), ..theme::column(6.0) };
            column.spawn((list, ChatList));
            let line = Node {
                padding: UiRect::axes(px(14), px(10)),
                border: UiRect::all(px(2)),
                border_radius: BorderRadius::all(px(8)),
                ..default()
            };
            column
                .spawn((line, BackgroundColor(theme::BACKGROUND), BorderColor::all(theme::WALL)))
                .with_child((DraftLine, theme::label("", 19.0, theme::TEXT)));
        });
        page.spawn(theme::panel(px(400))).with_children(|column| {
            column.spawn(theme::label("Match", 28.0, theme::TEXT));
            column.spawn((theme::column(8.0), Search));
        });
    });
}

fn show_presence(mut commands: Commands, session: Res<Session>, list: Single<Entity, With<PresenceList>>) {
    let own = format!("{} (you)", theme::short_name(&session.player_id, 12));
    let mut rows = vec![presence_row(&session.player_id, own)];
    let others = session.present.iter().take(NAMES_MAX);
    rows.extend(others.map(|peer| {
        let away = if session.away.contains(peer) { " (away)" } else { "" };
        presence_row(peer, format!("{}{away}", theme::short_name(peer, 18 - away.len())))
    }));
    replace_children(&mut commands, *list, rows);
}

fn presence_row(player_id: &str, shown: String) -> impl Bundle {
    let dot = Node { width: px(12), height: px(12), border_radius: BorderRadius::all(px(6)), ..default() };
    (
        Node { align_items: AlignItems::Center, column_gap: px(10), ..default() },
        children![(dot, BackgroundColor(color_of(player_id))), theme::label(shown, 18.0, theme::TEXT)],
    )
}

fn show_chat(mut commands: Commands, session: Res<Session>, list: Single<Entity, With<ChatList>>) {
    let first = first_that_fits(&session.chat);
    let rows = session.chat[first..].iter().map(chat_row).collect();
    replace_children(&mut commands, *list, rows);
}

/// The oldest line of chat that is shown: as many as fit, long ones counted as they are cut.
fn first_that_fits(chat: &[ChatLine]) -> usize {
    let mut room = CHAT_LINES_MAX;
    let is_shown = |line: &&ChatLine| {
        let lines = theme::wrapped(&line.text, TEXT_MAX).lines().count().max(1);
        let fits = lines <= room;
        room = room.saturating_sub(lines);
        fits
    };
    chat.len() - chat.iter().rev().take_while(is_shown).count()
}

fn chat_row(line: &ChatLine) -> impl Bundle {
    let from = theme::short_name(&line.from, 10);
    (
        Node { column_gap: px(12), ..default() },
        children![
            (
                Node { width: px(112), flex_shrink: 0.0, ..default() },
                children![theme::label(from, 18.0, color_of(&line.from))]
            ),
            theme::label(theme::wrapped(&line.text, TEXT_MAX), 18.0, theme::TEXT)
        ],
    )
}

/// In a lobby there are no seats: the colour comes from the name, so that a player keeps it (FNV-1a). It adds to the
/// name and says nothing alone.
fn color_of(player_id: &str) -> Color {
    let mixed = player_id
        .bytes()
        .fold(0x811c_9dc5_u32, |mixed, byte| (mixed ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let of = (mixed >> 5) as usize % palette::COLORS.len();
    theme::color(palette::COLORS[of]).mix(&Color::WHITE, 0.25)
}

/// What is typed becomes a line of chat, and Enter says it.
fn write(
    mut pressed: MessageReader<KeyboardInput>,
    mut draft: ResMut<Draft>,
    link: Res<Link>,
    keys: Res<ButtonInput<KeyCode>>,
) {
    let is_command = keys.any_pressed([KeyCode::ControlLeft, KeyCode::ControlRight, KeyCode::AltLeft]);
    for key in pressed.read().filter(|key| key.state.is_pressed()) {
        match (key.key_code, &key.text) {
            (KeyCode::Enter | KeyCode::NumpadEnter, _) if !draft.text().is_empty() => {
                if let Some(text) = draft.send() {
                    link.send(Outgoing::Message(ClientMessage::ChatSend { text }));
                }
            }
            (KeyCode::Backspace, _) => draft.erase(),
            (_, Some(text)) if !is_command && text.chars().any(|c| !c.is_control()) => draft.write(text),
            _ => {}
        }
    }
}

fn show_draft(draft: Res<Draft>, line: Single<(&mut Text, &mut TextColor), With<DraftLine>>) {
    let (mut text, mut color) = line.into_inner();
    let is_empty = draft.text().is_empty();
    let end = theme::end(draft.text(), LINE_MAX);
    text.0 = if is_empty { "type here, Enter says it".to_owned() } else { format!("{end}_") };
    color.0 = if is_empty { theme::TEXT_FAINT } else { theme::TEXT };
}

fn show_search(
    mut commands: Commands,
    mut menu: ResMut<Menu>,
    finder: Res<Finder>,
    journey: Res<Journey>,
    body: Single<Entity, With<Search>>,
) {
    let items = lobby_menu(journey.ways(), finder.is_finding());
    commands.entity(*body).despawn_children().with_children(|body| {
        menu::spawn(body, &mut menu, &items, 350.0);
        body.spawn(Node { height: px(4), ..default() });
        let first = finder.steps.len().saturating_sub(STEPS_MAX);
        for (number, step) in finder.steps.iter().enumerate().skip(first) {
            let is_current = finder.is_finding() && number + 1 == finder.steps.len();
            let (mark, color) = if is_current { (">", theme::TEXT) } else { ("+", theme::TEXT_FAINT) };
            let step = theme::wrapped(step, 34).replace('\n', "\n  ");
            body.spawn(theme::label(format!("{mark} {step}"), 16.0, color));
        }
        if finder.is_finding() && finder.steps.is_empty() {
            body.spawn(theme::label("> asking ...", 16.0, theme::TEXT));
        }
        if let Some(problem) = &finder.problem {
            body.spawn(theme::label(theme::wrapped(problem, 36), 16.0, theme::TEXT_ALARM));
        }
        if !journey.ways().play {
            let missing = "nobody was named who finds a match: `--alias` or `--matchmaker`";
            body.spawn(theme::label(theme::wrapped(missing, 36), 16.0, theme::TEXT_FAINT));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{CHAT_LINES_MAX, TEXT_MAX, first_that_fits};
    use crate::report::ChatLine;

    #[test]
    fn the_newest_lines_are_shown_as_far_as_they_fit() {
        let line = |text: &str| ChatLine { from: "ada".to_owned(), text: text.to_owned() };
        let short = vec![line("hi"); CHAT_LINES_MAX + 3];
        assert_eq!(first_that_fits(&short), 3);
        assert_eq!(first_that_fits(&short[..2]), 0);
        let long = vec![line(&"x".repeat(TEXT_MAX + 1)); CHAT_LINES_MAX];
        assert_eq!(first_that_fits(&long), CHAT_LINES_MAX - CHAT_LINES_MAX / 2);
    }
}
