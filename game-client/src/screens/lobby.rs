//! The lobby: who is here and what was said. A window only watches; `--say` speaks.

use bevy::prelude::*;

use super::Screen;
use crate::{report::ChatLine, session::Session, theme};

/// Lines of chat that fit.
const CHAT_LINES_MAX: usize = 20;
/// Names that fit.
const NAMES_MAX: usize = 20;

/// Holds the list of those who are here.
#[derive(Component)]
struct PresenceList;

/// Holds what was said.
#[derive(Component)]
struct ChatList;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Lobby), spawn).add_systems(
        Update,
        (show_presence, show_chat)
            .run_if(in_state(Screen::Lobby).and_then(resource_exists_and_changed::<Session>)),
    );
}

fn spawn(mut commands: Commands) {
    let column = |width: Val| Node {
        width,
        height: percent(100),
        flex_direction: FlexDirection::Column,
        padding: UiRect::all(px(20)),
        row_gap: px(8),
        border_radius: BorderRadius::all(px(12)),
        ..default()
    };
    let list = || Node { flex_direction: FlexDirection::Column, row_gap: px(6), ..default() };
    commands.spawn((
        DespawnOnExit(Screen::Lobby),
        Node {
            width: percent(100),
            height: percent(100),
            padding: UiRect::all(px(theme::MARGIN)),
            column_gap: px(theme::MARGIN),
            ..default()
        },
        children![
            (
                column(px(theme::PANEL_WIDTH)),
                BackgroundColor(theme::PANEL),
                children![theme::label("In the lobby", 26.0, theme::TEXT), (list(), PresenceList)],
            ),
            (
                Node { flex_grow: 1.0, ..column(auto()) },
                BackgroundColor(theme::PANEL),
                children![theme::label("Chat", 26.0, theme::TEXT), (list(), ChatList)],
            ),
        ],
    ));
}

fn show_presence(mut commands: Commands, session: Res<Session>, list: Single<Entity, With<PresenceList>>) {
    let own = format!("{} (you)", theme::short_name(&session.player_id, 16));
    let mut rows = vec![presence_row(&session.player_id, own)];
    let others = session.present.iter().take(NAMES_MAX);
    rows.extend(others.map(|peer| presence_row(peer, theme::short_name(peer, 20))));
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
    let first = session.chat.len().saturating_sub(CHAT_LINES_MAX);
    let rows = session.chat[first..].iter().map(chat_row).collect();
    replace_children(&mut commands, *list, rows);
}

fn chat_row(line: &ChatLine) -> impl Bundle {
    let from = theme::short_name(&line.from, 16);
    (
        Node { column_gap: px(12), ..default() },
        children![
            theme::label(from, 18.0, color_of(&line.from)),
            theme::label(theme::short_name(&line.text, 64), 18.0, theme::TEXT)
        ],
    )
}

/// In a lobby there are no seats: the colour comes from the name, so that a player keeps it (FNV-1a).
fn color_of(player_id: &str) -> Color {
    let mixed = player_id
        .bytes()
        .fold(0x811c_9dc5_u32, |mixed, byte| (mixed ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    theme::player_color((mixed >> 16) as u8)
}

fn replace_children(commands: &mut Commands, list: Entity, rows: Vec<impl Bundle>) {
    commands.entity(list).despawn_children().with_children(|parent| {
        for row in rows {
            parent.spawn(row);
        }
    });
}
