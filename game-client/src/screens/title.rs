//! The title: what the game is called, what can be done, and how it looks like.

use bevy::prelude::*;

use crate::{
    journey::Journey,
    menu::{self, Menu},
    navigation::{Screen, title_menu},
    session::Session,
    settings::Settings,
    theme,
};

/// Tiles of the board beside the menu.
const COLUMNS: u16 = 11;
const ROWS: u16 = 10;
const TILE: f32 = 60.0;
const WALLS: &[(u16, u16)] = &[(3, 2), (4, 2), (3, 3), (7, 6), (7, 7), (6, 7), (9, 2), (1, 7)];
const COINS: &[(u16, u16)] = &[(5, 4), (8, 4), (2, 5), (9, 8), (5, 1)];
/// Who stands where, by slot.
const PLAYERS: &[(u16, u16)] = &[(2, 1), (8, 3), (4, 5), (9, 6), (2, 8), (5, 8)];

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Title), spawn);
}

fn spawn(
    mut commands: Commands,
    mut menu: ResMut<Menu>,
    journey: Res<Journey>,
    session: Res<Session>,
    settings: Res<Settings>,
) {
    let page = Node {
        flex_direction: FlexDirection::Row,
        justify_content: JustifyContent::SpaceBetween,
        align_items: AlignItems::Center,
        ..theme::page()
    };
    let region = settings.region.clone().unwrap_or_else(|| "anywhere".to_owned());
    let about = format!("{}, playing {}", theme::short_name(&session.player_id, 24), place(&region));
    let items = title_menu(journey.ways());
    commands.spawn((DespawnOnExit(Screen::Title), page)).with_children(|page| {
        page.spawn(theme::column(10.0)).with_children(|column| {
            column.spawn(theme::label("OpenGSE", 30.0, theme::TEXT_FAINT));
            column.spawn(theme::label("ARENA", 104.0, theme::TEXT));
            column.spawn(theme::label("coins, dashes and three shots", 22.0, theme::TEXT_FAINT));
            column.spawn(Node { height: px(14), ..default() });
            menu::spawn(column, &mut menu, &items, 400.0);
            column.spawn(Node { height: px(6), ..default() });
            column.spawn(theme::label(about, 17.0, theme::TEXT));
            column.spawn(theme::label("arrows and Enter, or the mouse", 17.0, theme::TEXT_FAINT));
        });
        page.spawn((
            Node {
                width: px(f32::from(COLUMNS) * TILE),
                height: px(f32::from(ROWS) * TILE),
                border_radius: BorderRadius::all(px(14)),
                overflow: Overflow::clip(),
                ..default()
            },
            BackgroundColor(theme::FLOOR),
        ))
        .with_children(board);
    });
}

fn place(region: &str) -> String {
    if region == "anywhere" { region.to_owned() } else { format!("in {region}") }
}

/// A picture of the game, made of the same shapes as the game.
fn board(board: &mut ChildSpawnerCommands) {
    let at = |(column, row): (u16, u16), size: f32| Node {
        position_type: PositionType::Absolute,
        left: px(f32::from(column) * TILE + (TILE - size) / 2.0),
        top: px(f32::from(row) * TILE + (TILE - size) / 2.0),
        width: px(size),
        height: px(size),
        ..default()
    };
    for tile in (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (column, row))) {
        if (tile.0 + tile.1) % 2 == 0 {
            board.spawn((at(tile, TILE), BackgroundColor(theme::FLOOR_CHECK)));
        }
    }
    for &wall in WALLS {
        board.spawn((at(wall, TILE), BackgroundColor(theme::WALL_TOP)));
        if !WALLS.contains(&(wall.0, wall.1 + 1)) {
            let side =
                Node { top: px(f32::from(wall.1 + 1) * TILE - 12.0), height: px(12), ..at(wall, TILE) };
            board.spawn((side, BackgroundColor(theme::WALL)));
        }
    }
    for &coin in COINS {
        let round = |size: f32| Node { border_radius: BorderRadius::all(px(size / 2.0)), ..at(coin, size) };
        board.spawn((round(26.0), BackgroundColor(theme::COIN_RIM)));
        board.spawn((round(19.0), BackgroundColor(theme::COIN)));
        board.spawn((
            Node { width: px(4), left: px(f32::from(coin.0) * TILE + 28.0), ..at(coin, 11.0) },
            BackgroundColor(theme::COIN_RIM),
        ));
    }
    for (slot, &player) in (0..).zip(PLAYERS) {
        board.spawn(at(player, 40.0)).with_children(|place| {
            place.spawn(theme::token(slot, 40.0));
        });
    }
}
