//! The floor, the walls and what lies on the floor.

use bevy::prelude::*;
use game_sim::{
    COINS, PICKUPS,
    arena::{self, HEIGHT, Position, TILE, WIDTH},
};

use super::{OfMatch, pixels, to_canvas};
use crate::{navigation::Screen, prediction::Match, theme};

/// What lies above what.
const FLOOR_Z: f32 = 0.0;
const CHECK_Z: f32 = 0.1;
const PICKUP_Z: f32 = 1.0;
const WALL_Z: f32 = 2.0;
/// Height of the side of a wall that is seen.
const WALL_SIDE: f32 = 7.0;
const COIN_RADIUS: f32 = 8.0;

/// A coin or a heart, by its place in the world's list.
#[derive(Component)]
struct Pickup(usize);

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Playing), (spawn_floor, spawn_pickups))
        .add_systems(Update, move_pickups.run_if(resource_exists::<Match>));
}

fn spawn_floor(mut commands: Commands) {
    let tile = Vec2::splat(pixels(TILE));
    let middle = to_canvas(Position { x: WIDTH / 2, y: HEIGHT / 2 });
    commands.spawn((
        OfMatch,
        Sprite::from_color(theme::FLOOR, Vec2::new(pixels(WIDTH), pixels(HEIGHT))),
        Transform::from_translation(middle.extend(FLOOR_Z)),
    ));
    for (column, row) in arena::tiles() {
        let place = to_canvas(arena::centre(column, row));
        if arena::is_wall(column, row) {
            commands.spawn((
                OfMatch,
                Sprite::from_color(theme::WALL_TOP, tile),
                Transform::from_translation(place.extend(WALL_Z)),
            ));
            if !arena::is_wall(column, row + 1) {
                let side = place - Vec2::Y * (tile.y - WALL_SIDE) / 2.0;
                commands.spawn((
                    OfMatch,
                    Sprite::from_color(theme::WALL, Vec2::new(tile.x, WALL_SIDE)),
                    Transform::from_translation(side.extend(WALL_Z + 0.1)),
                ));
            }
        } else if (column + row) % 2 == 0 {
            commands.spawn((
                OfMatch,
                Sprite::from_color(theme::FLOOR_CHECK, tile),
                Transform::from_translation(place.extend(CHECK_Z)),
            ));
        }
    }
}

fn spawn_pickups(
    mut commands: Commands,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<ColorMaterial>>,
) {
    let rim = (Mesh2d(meshes.add(Circle::new(COIN_RADIUS))), MeshMaterial2d(materials.add(theme::COIN_RIM)));
    let face =
        (Mesh2d(meshes.add(Circle::new(COIN_RADIUS - 2.0))), MeshMaterial2d(materials.add(theme::COIN)));
    let mark = Sprite::from_color(theme::COIN_RIM, Vec2::new(2.0, 6.0));
    let box_ = Sprite::from_color(theme::TEXT, Vec2::splat(2.0 * COIN_RADIUS));
    let bar = |size| Sprite::from_color(theme::HEART, size);
    for index in 0..PICKUPS {
        let pickup = (OfMatch, Pickup(index), Transform::from_xyz(0.0, 0.0, PICKUP_Z), Visibility::Hidden);
        if index < COINS {
            commands.spawn((
                pickup,
                rim.clone(),
                children![
                    (face.clone(), Transform::from_xyz(0.0, 0.0, 0.1)),
                    (mark.clone(), Transform::from_xyz(0.0, 0.0, 0.2)),
                ],
            ));
        } else {
            // A cross on a box: another shape as well as another colour.
            commands.spawn((
                pickup,
                box_.clone(),
                children![
                    (bar(Vec2::new(12.0, 4.0)), Transform::from_xyz(0.0, 0.0, 0.1)),
                    (bar(Vec2::new(4.0, 12.0)), Transform::from_xyz(0.0, 0.0, 0.1)),
                ],
            ));
        }
    }
}

fn move_pickups(match_: Res<Match>, mut pickups: Query<(&Pickup, &mut Transform, &mut Visibility)>) {
    let places = &match_.world().state().pickups;
    for (pickup, mut transform, mut visibility) in &mut pickups {
        match places.get(pickup.0).copied().flatten() {
            Some(place) => {
                let place = to_canvas(place);
                transform.translation = place.extend(transform.translation.z);
                *visibility = Visibility::Visible;
            }
            None => *visibility = Visibility::Hidden,
        }
    }
}
