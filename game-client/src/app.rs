//! The app: one set of gameplay plugins, and a view that is a window, a picture or nothing.
//!
//! The gameplay plugins do not know which view they run under; the view adds only what is seen.

use std::time::Duration;

use bevy::{
    app::{
        PluginGroupBuilder, ScheduleRunnerPlugin, TaskPoolOptions, TaskPoolPlugin, TerminalCtrlCHandlerPlugin,
    },
    log::{DEFAULT_FILTER, Level, LogPlugin},
    prelude::*,
    render::RenderPlugin,
    state::app::StatesPlugin,
    window::{ExitCondition, WindowResolution},
    winit::WinitPlugin,
};

use game_net::protocol::PLAYER_ID_MAX;
use game_player::bot::Bot;

use crate::{
    fonts, input,
    journey::{self, Journey},
    menu,
    navigation::Screen,
    net,
    options::{Config, View},
    outlet::{self, Exit},
    prediction, regions, render, screens,
    session::{self, Goal, Session},
    settings::Settings,
    settings_file::{self, SettingsFile},
    theme,
    watching::{self, Watching},
};

/// A missing driver is told by `main.rs`, and a slow one is no surprise.
const QUIET: &str = ",wgpu_hal=off,bevy_render::renderer=error";
/// Simulation steps per second; the same number as the server's.
const TICKS_PER_SECOND: f64 = game_sim::TICKS_PER_SECOND as f64;

/// An app that is ready to run: [`App::run`] returns when the session is over and everything was reported.
///
/// # Errors
/// When the system gives no thread for the network.
pub fn build(config: &Config, outlet: outlet::Outlet) -> std::io::Result<App> {
    let mut app = App::new();
    let (settings, file) = match config.view {
        View::Scenes { .. } => made_up_settings(),
        View::Window | View::Screenshot { .. } => {
            let place = || settings_file::place(&|name| std::env::var_os(name));
            settings_file::load(config.settings.clone().or_else(place))
        }
        View::Headless => (Settings::default(), SettingsFile::default()),
    };
    let player_id = player_id(config, &settings);
    match &config.view {
        View::Headless => {
            app.add_plugins(headless());
        }
        View::Window => {
            app.add_plugins(drawn(Some(Window {
                title: format!("OpenGSE arena - {}", theme::short_name(&player_id, 32)),
                resolution: WindowResolution::new(theme::CANVAS.x as u32, theme::CANVAS.y as u32),
                ..default()
            })));
            app.add_plugins((render::plugin, screens::plugin, fonts::plugin(config)));
        }
        View::Scenes { folder } => {
            app.add_plugins(drawn(None).disable::<WinitPlugin>());
            app.add_plugins(ScheduleRunnerPlugin::run_loop(Duration::ZERO));
            app.add_plugins((render::plugin, screens::plugin, fonts::plugin(config)));
            app.add_plugins(render::scenes::plugin(folder.clone()));
        }
        View::Screenshot { path, after_ticks } => {
            app.add_plugins(drawn(None).disable::<WinitPlugin>());
            app.add_plugins(ScheduleRunnerPlugin::run_loop(Duration::ZERO));
            app.add_plugins((render::plugin, screens::plugin, fonts::plugin(config)));
            app.add_plugins(render::screenshot::plugin(path.clone(), *after_ticks));
        }
    }
    // Last: nobody should be made to wait for a player whose renderer does not start.
    let mut journey = match config.view {
        View::Scenes { .. } => Journey::made_up(),
        View::Headless | View::Window | View::Screenshot { .. } => Journey::new(config, &settings),
    };
    let link = match journey.first(config) {
        Some(destination) => net::Link::start(destination, player_id.clone())?,
        None => net::Link::idle(),
    };
    let begins_at_title = !link.is_there();
    gameplay(&mut app, config, player_id, link, outlet);
    if config.view != View::Headless {
        app.insert_resource(settings).insert_resource(file).insert_resource(journey);
        app.insert_resource(Watching::new(config));
        app.add_plugins((journey::plugin, regions::plugin, watching::plugin, menu::plugin));
        if begins_at_title {
            app.insert_state(Screen::Title);
        }
    }
    Ok(app)
}

/// Who plays: as the command line says, else the settings, else the system.
fn player_id(config: &Config, settings: &Settings) -> String {
    let user = || std::env::var("USER").ok().filter(|name| (1..=PLAYER_ID_MAX).contains(&name.len()));
    let said = config.player_id.clone().or_else(|| settings.name.clone());
    said.or_else(user).unwrap_or_else(|| "player".to_owned())
}

/// Settings that are nobody's, for pictures.
fn made_up_settings() -> (Settings, SettingsFile) {
    let path = Some("opengse-arena/settings.json".into());
    (Settings::default(), SettingsFile { path, ..SettingsFile::default() })
}

/// What every view needs: states, the fixed tick, net, prediction, input, the session, the report.
pub(crate) fn gameplay(
    app: &mut App,
    config: &Config,
    player_id: String,
    link: net::Link,
    outlet: outlet::Outlet,
) {
    app.insert_resource(Time::<Fixed>::from_hz(TICKS_PER_SECOND))
        .insert_resource(Session::new(player_id))
        .insert_resource(Goal {
            say: config.say.clone(),
            expect_peers: config.expect_peers,
            deadline: config.deadline,
        })
        .insert_resource(Exit::of(&config.view))
        .insert_resource(link)
        .insert_resource(outlet)
        .add_plugins((net::plugin, prediction::plugin, input::plugin, session::plugin, outlet::plugin));
    if let Some(kind) = config.bot {
        app.insert_resource(input::Steered(Bot::new(kind, config.seed)));
    }
}

/// No renderer, no window, no log: a loop that sleeps between ticks.
fn headless() -> PluginGroupBuilder {
    MinimalPlugins
        .build()
        // Many of these run side by side on a small machine; the work of one fits one thread.
        .set(TaskPoolPlugin { task_pool_options: TaskPoolOptions::with_num_threads(1) })
        .set(ScheduleRunnerPlugin::run_loop(Duration::from_secs_f64(1.0 / TICKS_PER_SECOND)))
        .add(StatesPlugin)
        .add(TerminalCtrlCHandlerPlugin)
}

fn drawn(window: Option<Window>) -> PluginGroupBuilder {
    let exit_condition = if window.is_some() { ExitCondition::OnAllClosed } else { ExitCondition::DontExit };
    DefaultPlugins
        .set(WindowPlugin { primary_window: window, exit_condition, ..default() })
        .set(LogPlugin { filter: format!("{DEFAULT_FILTER}{QUIET}"), level: Level::WARN, ..default() })
        .set(RenderPlugin {
            // The first frame is complete: nothing is left out because a shader is not compiled yet.
            synchronous_pipeline_compilation: true,
            ..default()
        })
}

#[cfg(test)]
mod tests;
