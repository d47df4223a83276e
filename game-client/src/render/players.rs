//! The players: a disc in the colour of the seat, the name above it, what is going on with it around it.
//!
//! What is drawn follows the world smoothly: a correction after a misprediction glides instead of jumping. The world itself is never touched.

use bevy::prelude::*;
use game_sim::{Direction, HEALTH_MAX, Player};

use super::to_canvas;
use crate::{prediction::Match, screens::Screen, theme};

const PLAYER_Z: f32 = 3.0;
const NAME_Z: f32 = 5.0;
const RADIUS: f32 = 12.0;
/// How quickly the drawing follows the world: the share of the distance left after a second is e^-30.
const FOLLOW_PER_SECOND: f32 = 30.0;
/// A distance that nobody walks between two frames: jump instead of gliding.
const JUMP_PIXELS: f32 = 96.0;

/// A player, by slot.
#[derive(Component)]
struct Avatar(usize);

/// The disc of a player, in the two looks it has.
#[derive(Component)]
struct Disc {
    awake: Handle<ColorMaterial>,
    stunned: Handle<ColorMaterial>,
}

/// Points where the player faces.
#[derive(Component)]
struct Nose;

/// One of the hits that a player can take, by number.
#[derive(Component)]
struct Health(u8);

/// Shown while the player cannot be tagged.
#[derive(Component)]
struct Shield;

/// Shown while the player dashes.
#[derive(Component)]
struct Dash;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Playing), spawn)
        .add_systems(Update, (follow, show_state, show_health).run_if(resource_exists::<Match>));
}

fn spawn(
    mut commands: Commands,
    match_: Res<Match>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<ColorMaterial>>,
) {
    let edge = meshes.add(Circle::new(RADIUS + 1.5));
    let disc = meshes.add(Circle::new(RADIUS));
    let nose = meshes.add(Circle::new(3.5));
    let own = meshes.add(Annulus::new(RADIUS + 3.0, RADIUS + 5.5));
    let shield = meshes.add(Annulus::new(RADIUS + 7.0, RADIUS + 9.0));
    let dark = materials.add(theme::BACKGROUND);
    let white = materials.add(theme::TEXT);
    let faint = materials.add(theme::TEXT.with_alpha(0.45));
    for (slot, name) in match_.names().iter().enumerate() {
        let color = theme::player_color(slot as u8);
        let looks =
            Disc { awake: materials.add(color), stunned: materials.add(color.mix(&theme::FLOOR, 0.7)) };
        let is_own = slot == usize::from(match_.own().0);
        let avatar = commands
            .spawn((
                Avatar(slot),
                Transform::from_xyz(0.0, 0.0, PLAYER_Z + slot as f32 * 0.05),
                Visibility::Hidden,
                children![
                    (Mesh2d(edge.clone()), MeshMaterial2d(dark.clone())),
                    (
                        Mesh2d(disc.clone()),
                        MeshMaterial2d(looks.awake.clone()),
                        looks,
                        Transform::from_xyz(0.0, 0.0, 0.01)
                    ),
                    (
                        Nose,
                        Mesh2d(nose.clone()),
                        MeshMaterial2d(dark.clone()),
                        Transform::from_xyz(0.0, 0.0, 0.02)
                    ),
                    (Shield, Mesh2d(shield.clone()), MeshMaterial2d(faint.clone()), Visibility::Hidden),
                    (
                        Dash,
                        Mesh2d(disc.clone()),
                        MeshMaterial2d(materials.add(color.with_alpha(0.4))),
                        Transform::from_xyz(0.0, 0.0, -0.01),
                        Visibility::Hidden,
                    ),
                    name_tag(name, color, is_own),
                ],
            ))
            .id();
        for number in 0..HEALTH_MAX {
            let x = (f32::from(number) - f32::from(HEALTH_MAX - 1) / 2.0) * 8.0;
            commands.entity(avatar).with_child((
                Health(number),
                Sprite::from_color(theme::TEXT, Vec2::new(6.0, 3.0)),
                Transform::from_xyz(x, -RADIUS - 8.0, NAME_Z),
            ));
        }
        if is_own {
            commands.entity(avatar).with_child((
                Mesh2d(own.clone()),
                MeshMaterial2d(white.clone()),
                Transform::from_xyz(0.0, 0.0, 0.02),
            ));
        }
    }
}

fn name_tag(name: &str, color: Color, is_own: bool) -> impl Bundle {
    let name = theme::short_name(name, 14);
    (
        Text2d::new(if is_own { format!("{name} (you)") } else { name }),
        TextFont { font_size: FontSize::Px(14.0), ..default() },
        TextColor(color.mix(&Color::WHITE, 0.6)),
        TextBackgroundColor(theme::BACKGROUND.with_alpha(0.65)),
        Transform::from_xyz(0.0, RADIUS + 15.0, NAME_Z),
    )
}

fn follow(
    match_: Res<Match>,
    time: Res<Time>,
    mut avatars: Query<(&Avatar, &mut Transform, &mut Visibility)>,
) {
    let share = 1.0 - (-FOLLOW_PER_SECOND * time.delta_secs()).exp();
    let players = match_.players();
    for (avatar, mut transform, mut visibility) in &mut avatars {
        let Some(player) = players.get(avatar.0) else { continue };
        let (drawn, real) = (transform.translation.truncate(), to_canvas(player.position));
        let glide = *visibility == Visibility::Visible && drawn.distance(real) < JUMP_PIXELS;
        let place = if glide { drawn.lerp(real, share) } else { real };
        transform.translation = place.extend(transform.translation.z);
        *visibility = if player.present { Visibility::Visible } else { Visibility::Hidden };
    }
}

type Part<'w> = (
    &'w ChildOf,
    &'w mut Transform,
    &'w mut Visibility,
    Option<&'w Disc>,
    Option<&'w mut MeshMaterial2d<ColorMaterial>>,
    Has<Nose>,
    Has<Shield>,
    Has<Dash>,
);

fn show_state(match_: Res<Match>, avatars: Query<&Avatar>, mut parts: Query<Part, Without<Avatar>>) {
    let players = match_.players();
    for (parent, mut transform, mut visibility, disc, material, is_nose, is_shield, is_dash) in &mut parts {
        let Ok(avatar) = avatars.get(parent.parent()) else { continue };
        let Some(player) = players.get(avatar.0) else { continue };
        if let (Some(disc), Some(mut material)) = (disc, material) {
            let look = if player.stun_ticks > 0 { &disc.stunned } else { &disc.awake };
            if material.0 != *look {
                material.0 = look.clone();
            }
        }
        if is_nose {
            transform.translation = (facing(player.facing) * 6.5).extend(transform.translation.z);
        }
        if is_dash {
            transform.translation = (facing(player.facing) * -14.0).extend(transform.translation.z);
        }
        if is_shield || is_dash {
            *visibility = shown(if is_shield { is_shielded(player) } else { player.dash_ticks > 0 });
        }
    }
}

fn show_health(
    match_: Res<Match>,
    avatars: Query<&Avatar>,
    mut marks: Query<(&ChildOf, &Health, &mut Visibility), Without<Avatar>>,
) {
    let players = match_.players();
    for (parent, mark, mut visibility) in &mut marks {
        let Ok(avatar) = avatars.get(parent.parent()) else { continue };
        let Some(player) = players.get(avatar.0) else { continue };
        *visibility = shown(mark.0 < player.health);
    }
}

fn is_shielded(player: &Player) -> bool {
    player.shield_ticks > 0
}

fn shown(is_shown: bool) -> Visibility {
    if is_shown { Visibility::Inherited } else { Visibility::Hidden }
}

/// On the canvas y grows upward, in the arena downward.
fn facing(direction: Direction) -> Vec2 {
    Vec2::new(f32::from(direction.x), -f32::from(direction.y)).normalize_or_zero()
}
