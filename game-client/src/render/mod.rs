//! What a match looks like. It reads the predicted world and changes nothing in it: smoothing is drawing.
//!
//! Everything is laid out on one canvas of fixed size; a window of another size scales the canvas.

use bevy::{
    camera::{RenderTarget, ScalingMode},
    prelude::*,
};
use game_sim::arena::{Position, UNITS_PER_PIXEL};

use crate::{prediction::Match, theme};

pub(crate) mod arena;
pub(crate) mod hud;
pub(crate) mod network;
pub(crate) mod players;
pub(crate) mod scenes;
pub(crate) mod screenshot;
pub(crate) mod shots;

/// The image that is drawn into, when there is no window.
#[derive(Resource)]
struct Canvas(Handle<Image>);

/// A part of the picture of a match, which goes when the match is forgotten: the result is laid over it.
#[derive(Component)]
struct OfMatch;

/// Adds the camera and everything that moves.
pub(crate) fn plugin(app: &mut App) {
    app.insert_resource(ClearColor(theme::BACKGROUND))
        .add_systems(Startup, spawn_camera)
        .add_systems(Update, scale_interface)
        .add_systems(PostUpdate, clear_away.run_if(resource_removed::<Match>))
        .add_plugins((arena::plugin, players::plugin, shots::plugin, hud::plugin, network::plugin));
}

fn clear_away(mut commands: Commands, parts: Query<Entity, With<OfMatch>>) {
    for part in &parts {
        commands.entity(part).despawn();
    }
}

fn spawn_camera(mut commands: Commands, canvas: Option<Res<Canvas>>) {
    let projection = OrthographicProjection {
        scaling_mode: ScalingMode::AutoMin { min_width: theme::CANVAS.x, min_height: theme::CANVAS.y },
        ..OrthographicProjection::default_2d()
    };
    let mut camera = commands.spawn((Camera2d, Projection::Orthographic(projection), IsDefaultUiCamera));
    if let Some(canvas) = canvas {
        camera.insert(RenderTarget::Image(canvas.0.clone().into()));
    }
}

/// The interface follows the window as the camera does.
fn scale_interface(windows: Query<&Window, Changed<Window>>, mut scale: ResMut<UiScale>) {
    for window in &windows {
        let fits = (window.width() / theme::CANVAS.x).min(window.height() / theme::CANVAS.y);
        if fits > 0.0 {
            scale.0 = fits;
        }
    }
}

/// Where a place of the arena lies on the canvas: to the left of the panel, below the header.
fn to_canvas(place: Position) -> Vec2 {
    let top_left = Vec2::new(
        theme::MARGIN - theme::CANVAS.x / 2.0,
        theme::CANVAS.y / 2.0 - theme::MARGIN - theme::HEADER_HEIGHT,
    );
    top_left + Vec2::new(place.x as f32, -place.y as f32) / UNITS_PER_PIXEL as f32
}

/// The place of the arena below a point of a window of this size: what [`to_canvas`] does, backwards.
pub(crate) fn from_window(point: Vec2, window: Vec2) -> Position {
    let scale = (window.x / theme::CANVAS.x).min(window.y / theme::CANVAS.y).max(f32::EPSILON);
    // The canvas lies in the middle of the window.
    let canvas = (point - window / 2.0) / scale + theme::CANVAS / 2.0;
    let arena = canvas - Vec2::new(theme::MARGIN, theme::MARGIN + theme::HEADER_HEIGHT);
    let units = arena * UNITS_PER_PIXEL as f32;
    Position { x: units.x as i32, y: units.y as i32 }
}

/// Lengths of the arena on the canvas.
fn pixels(units: i32) -> f32 {
    units as f32 / UNITS_PER_PIXEL as f32
}

#[cfg(test)]
mod tests {
    use bevy::math::Vec2;
    use game_sim::arena::{HEIGHT, Position, WIDTH};

    use super::{from_window, to_canvas};
    use crate::theme;

    #[test]
    fn the_mouse_points_at_what_is_drawn_there() {
        for window in [theme::CANVAS, theme::CANVAS * 2.0, Vec2::new(800.0, 800.0), Vec2::new(2000.0, 400.0)]
        {
            let scale = (window.x / theme::CANVAS.x).min(window.y / theme::CANVAS.y);
            for place in [Position { x: 0, y: 0 }, Position { x: WIDTH / 3, y: HEIGHT / 2 }] {
                let drawn = to_canvas(place) * scale;
                let point = window / 2.0 + Vec2::new(drawn.x, -drawn.y);
                let found = from_window(point, window);
                assert!(
                    (found.x - place.x).abs() <= 1 && (found.y - place.y).abs() <= 1,
                    "{found:?} {place:?}"
                );
            }
        }
    }
}
