//! Shots in flight, in the colour of who fired them.

use bevy::prelude::*;
use game_sim::SHOTS_MAX;

use super::to_canvas;
use crate::{prediction::Match, screens::Screen, theme};

const SHOT_Z: f32 = 4.0;
const SIZE: Vec2 = Vec2::new(14.0, 5.0);

/// A shot, by its place in the world's list.
#[derive(Component)]
struct Shot(usize);

pub(super) fn plugin(app: &mut App) {
    app.add_systems(OnEnter(Screen::Playing), spawn)
        .add_systems(Update, follow.run_if(resource_exists::<Match>));
}

fn spawn(mut commands: Commands) {
    for index in 0..SHOTS_MAX {
        commands.spawn((
            Shot(index),
            Sprite::from_color(theme::TEXT, SIZE),
            Transform::from_xyz(0.0, 0.0, SHOT_Z),
            Visibility::Hidden,
        ));
    }
}

fn follow(match_: Res<Match>, mut drawn: Query<(&Shot, &mut Transform, &mut Sprite, &mut Visibility)>) {
    let world = match_.world();
    for (shot, mut transform, mut sprite, mut visibility) in &mut drawn {
        let Some(shot) = world.shots().get(shot.0) else {
            *visibility = Visibility::Hidden;
            continue;
        };
        let (x, y) = shot.aim.vector();
        let along = Vec2::new(x as f32, -y as f32);
        transform.translation = to_canvas(shot.position(world.tick())).extend(SHOT_Z);
        transform.rotation = Quat::from_rotation_z(along.to_angle());
        sprite.color = theme::player_color(shot.owner.0).mix(&Color::WHITE, 0.35);
        *visibility = Visibility::Visible;
    }
}
