//! One picture without a window and without a display: drawn into an image, written as a PNG.
//!
//! Needs a Vulkan driver at run time (Mesa's software one will do), and nothing of the kind at build time.

use std::path::{Path, PathBuf};

use bevy::{
    prelude::*,
    render::{
        render_resource::{TextureFormat, TextureUsages},
        view::screenshot::{Screenshot, ScreenshotCaptured},
    },
};

use super::Canvas;
use crate::{
    navigation::Screen,
    outlet::Exit,
    prediction,
    report::Outcome,
    session::{self, Session, Verdict},
    theme,
};

/// Frames between asking for the picture and giving up; the copy from the renderer takes two or three.
const FRAMES_MAX: u32 = 600;

/// What is to be done and how far it has come.
#[derive(Resource)]
struct Order {
    path: PathBuf,
    after_ticks: u32,
    frames_since_asked: Option<u32>,
}

/// Draws into an image, and takes the picture `after_ticks` after joining, or at the end if that comes first.
pub(crate) fn plugin(path: PathBuf, after_ticks: u32) -> impl Plugin {
    move |app: &mut App| {
        app.insert_resource(Order { path: path.clone(), after_ticks, frames_since_asked: None })
            .add_systems(PreStartup, create_canvas(theme::CANVAS))
            .add_systems(Update, take_picture.after(session::advance).after(prediction::observe));
    }
}

/// A system that makes the image that is drawn into.
pub(super) fn create_canvas(size: Vec2) -> impl FnMut(Commands, ResMut<Assets<Image>>) {
    move |mut commands, mut images| {
        let (width, height) = (size.x.round() as u32, size.y.round() as u32);
        let mut image = Image::new_target_texture(width, height, TextureFormat::Rgba8UnormSrgb, None);
        image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
        commands.insert_resource(Canvas(images.add(image)));
    }
}

fn take_picture(
    mut commands: Commands,
    mut order: ResMut<Order>,
    mut session: ResMut<Session>,
    mut exit: ResMut<Exit>,
    screen: Res<State<Screen>>,
    canvas: Res<Canvas>,
) {
    match order.frames_since_asked.as_mut() {
        Some(frames) => {
            *frames += 1;
            if *frames > FRAMES_MAX {
                fail(&mut session, "the renderer gave no picture".to_owned());
                *exit = Exit::AtEnd;
            }
        }
        None => {
            let is_over = matches!(screen.get(), Screen::Ended | Screen::Trouble);
            if is_over || (session.hosting.is_some() && session.ticks >= u64::from(order.after_ticks)) {
                order.frames_since_asked = Some(0);
                commands.spawn(Screenshot::image(canvas.0.clone())).observe(keep_picture);
            }
        }
    }
}

fn keep_picture(
    captured: On<ScreenshotCaptured>,
    order: Res<Order>,
    mut session: ResMut<Session>,
    mut exit: ResMut<Exit>,
) {
    match write_png(&captured.image, &order.path) {
        Ok(()) => session.end(Outcome::Left, format!("the picture is in `{}`", order.path.display())),
        Err(problem) => fail(&mut session, format!("cannot write `{}`: {problem}", order.path.display())),
    }
    *exit = Exit::AtEnd;
}

/// Without the picture the run has failed, whatever became of the match.
fn fail(session: &mut Session, reason: String) {
    session.verdict = Some(Verdict { outcome: Outcome::Failed, reason });
}

pub(super) fn write_png(image: &Image, path: &Path) -> Result<(), String> {
    let image = image.clone().try_into_dynamic().map_err(|error| error.to_string())?;
    image.to_rgb8().save(path).map_err(|error| error.to_string())
}
