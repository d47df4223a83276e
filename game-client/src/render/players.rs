//! The players: the mark of the seat, the name above it, what is going on with it around it.
//!
//! What is drawn follows the world smoothly: a correction after a misprediction glides instead of jumping. The world itself is never touched.

use bevy::prelude::*;
use game_sim::{HEALTH_MAX, Player};

use super::{OfMatch, to_canvas};
use crate::{
    navigation::Screen,
    palette::{self, Shape},
    prediction::Match,
    theme,
};

const PLAYER_Z: f32 = 3.0;
const NAME_Z: f32 = 5.0;
const RADIUS: f32 = 13.0;
/// How far from the middle the arrow is that shows where a player faces.
const NOSE_DISTANCE: f32 = RADIUS + 8.0;
/// How quickly the drawing follows the world: the share of the distance left after a second is e^-30.
const FOLLOW_PER_SECOND: f32 = 30.0;
/// A distance that nobody walks between two frames: jump instead of gliding.
const JUMP_PIXELS: f32 = 96.0;

/// A player, by slot.
#[derive(Component)]
struct Avatar(usize);

/// The body of a player, in the two looks it has.
#[derive(Component)]
struct Body {
    awake: Handle<ColorMaterial>,
    stunned: Handle<ColorMaterial>,
}

/// Points where the player aims.
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

/// The meshes of a shape: with the rim, without it, and turned so that it stands right.
struct Outline {
    rim: Handle<Mesh>,
    body: Handle<Mesh>,
    turn: Quat,
}

impl Outline {
    fn new(shape: Shape, meshes: &mut Assets<Mesh>) -> Outline {
        let square = |side: f32| Rectangle::new(side, side);
        // A square on its corner is wider than on its side; a disc looks smaller than a square.
        let side = |radius: f32| match shape {
            Shape::Diamond => radius * 1.62,
            Shape::Circle | Shape::Square => radius * 1.82,
        };
        let mut of = |radius: f32| match shape {
            Shape::Circle => meshes.add(Circle::new(radius)),
            Shape::Square | Shape::Diamond => meshes.add(square(side(radius))),
        };
        let (rim, body) = (of(RADIUS + 2.0), of(RADIUS));
        let turn = if shape == Shape::Diamond { std::f32::consts::FRAC_PI_4 } else { 0.0 };
        Outline { rim, body, turn: Quat::from_rotation_z(turn) }
    }
}

fn spawn(
    mut commands: Commands,
    match_: Res<Match>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<ColorMaterial>>,
) {
    let outlines =
        [Shape::Circle, Shape::Square, Shape::Diamond].map(|shape| (shape, Outline::new(shape, &mut meshes)));
    let nose = meshes.add(Triangle2d::new(Vec2::new(5.0, 0.0), Vec2::new(-3.0, 5.0), Vec2::new(-3.0, -5.0)));
    let own = meshes.add(Annulus::new(RADIUS + 3.5, RADIUS + 6.0));
    let shield = meshes.add(Annulus::new(RADIUS + 13.0, RADIUS + 15.0));
    let dark = materials.add(theme::BACKGROUND);
    let white = materials.add(theme::TEXT);
    let faint = materials.add(theme::TEXT.with_alpha(0.5));
    for (slot, name) in match_.names().iter().enumerate() {
        let mark = palette::mark(slot as u8);
        let color = theme::color(mark.color);
        let Some((_, outline)) = outlines.iter().find(|(shape, _)| *shape == mark.shape) else { continue };
        let looks =
            Body { awake: materials.add(color), stunned: materials.add(color.mix(&theme::FLOOR, 0.7)) };
        let is_own = match_.own().is_some_and(|own| slot == usize::from(own.0));
        let at = |z: f32| Transform::from_xyz(0.0, 0.0, z).with_rotation(outline.turn);
        let mut avatar = commands.spawn((
            OfMatch,
            Avatar(slot),
            Transform::from_xyz(0.0, 0.0, PLAYER_Z + slot as f32 * 0.05),
            Visibility::Hidden,
            children![
                (Mesh2d(outline.rim.clone()), MeshMaterial2d(dark.clone()), at(0.0)),
                (Mesh2d(outline.body.clone()), MeshMaterial2d(looks.awake.clone()), looks, at(0.01)),
                letter(mark),
                (Nose, Mesh2d(nose.clone()), MeshMaterial2d(white.clone()), at(0.03)),
                (Shield, Mesh2d(shield.clone()), MeshMaterial2d(faint.clone()), Visibility::Hidden),
                (
                    Dash,
                    Mesh2d(outline.body.clone()),
                    MeshMaterial2d(materials.add(color.with_alpha(0.45))),
                    at(-0.01),
                    Visibility::Hidden,
                ),
                name_tag(name, color, is_own),
            ],
        ));
        for number in 0..HEALTH_MAX {
            let x = (f32::from(number) - f32::from(HEALTH_MAX - 1) / 2.0) * 9.0;
            avatar.with_child((
                Health(number),
                Sprite::from_color(theme::TEXT, Vec2::new(7.0, 4.0)),
                Transform::from_xyz(x, -RADIUS - 12.0, NAME_Z),
            ));
        }
        if is_own {
            avatar.with_child((
                Mesh2d(own.clone()),
                MeshMaterial2d(white.clone()),
                Transform::from_xyz(0.0, 0.0, 0.02),
            ));
        }
    }
}

fn letter(mark: palette::Mark) -> impl Bundle {
    (
        Text2d::new(mark.letter),
        TextFont { font_size: FontSize::Px(17.0), ..default() },
        TextColor(theme::color(palette::ink(mark.color))),
        Transform::from_xyz(0.0, 0.5, 0.02),
    )
}

fn name_tag(name: &str, color: Color, is_own: bool) -> impl Bundle {
    let name = theme::short_name(name, 14);
    (
        Text2d::new(if is_own { format!(" {name} (you) ") } else { format!(" {name} ") }),
        TextFont { font_size: FontSize::Px(14.0), ..default() },
        TextColor(color.mix(&Color::WHITE, 0.7)),
        TextBackgroundColor(theme::BACKGROUND.with_alpha(0.75)),
        Transform::from_xyz(0.0, RADIUS + 21.0, NAME_Z),
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
    Option<&'w Body>,
    Option<&'w mut MeshMaterial2d<ColorMaterial>>,
    Has<Nose>,
    Has<Shield>,
    Has<Dash>,
);

fn show_state(match_: Res<Match>, avatars: Query<&Avatar>, mut parts: Query<Part, Without<Avatar>>) {
    let players = match_.players();
    for (parent, mut transform, mut visibility, body, material, is_nose, is_shield, is_dash) in &mut parts {
        let Ok(avatar) = avatars.get(parent.parent()) else { continue };
        let Some(player) = players.get(avatar.0) else { continue };
        if let (Some(body), Some(mut material)) = (body, material) {
            let look = if player.stun_ticks > 0 { &body.stunned } else { &body.awake };
            if material.0 != *look {
                material.0 = look.clone();
            }
        }
        if is_nose {
            let aims = aims(player);
            transform.translation = (aims * NOSE_DISTANCE).extend(transform.translation.z);
            transform.rotation = Quat::from_rotation_z(aims.to_angle());
        }
        if is_dash {
            transform.translation = (facing(player) * -15.0).extend(transform.translation.z);
        }
        if is_shield || is_dash {
            *visibility = shown(if is_shield { player.shield_ticks > 0 } else { player.dash_ticks > 0 });
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

fn shown(is_shown: bool) -> Visibility {
    if is_shown { Visibility::Inherited } else { Visibility::Hidden }
}

/// On the canvas y grows upward, in the arena downward.
fn facing(player: &Player) -> Vec2 {
    Vec2::new(f32::from(player.facing.x), -f32::from(player.facing.y)).normalize_or_zero()
}

/// Where a shot would fly.
fn aims(player: &Player) -> Vec2 {
    let (x, y) = player.aims().vector();
    Vec2::new(x as f32, -y as f32).normalize_or_zero()
}
