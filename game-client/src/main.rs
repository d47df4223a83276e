//! The program: reads the command line, starts the connection, runs the app, exits with its outcome.

use std::process::ExitCode;

use bevy::app::AppExit;
use clap::Parser as _;
use game_client::{
    options::{Config, Options, View},
    outlet::Outlet,
};

/// Exit code of a command line that cannot be: the same as clap's.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match Options::parse().check().and_then(needs_display) {
        Ok(config) => run(&config),
        Err(problems) => {
            for problem in problems.lines() {
                let prefix = if problem.starts_with("hint: ") { "" } else { "error: " };
                eprintln!("{prefix}{problem}");
            }
            ExitCode::from(USAGE)
        }
    }
}

fn run(config: &Config) -> ExitCode {
    explain_missing_driver();
    let outlet = Outlet::new(std::io::stdout(), std::io::stderr(), config.verbose);
    match game_client::build(config, outlet).map(|mut app| app.run()) {
        Ok(AppExit::Success) => ExitCode::SUCCESS,
        Ok(AppExit::Error(code)) => ExitCode::from(code.get()),
        Err(error) => {
            eprintln!("error: the system gives no thread for the network: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The renderer panics when there is no driver; this says the same as an error. Other panics stay as they are.
fn explain_missing_driver() {
    let report_panic = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str().is_some_and(|text| text.starts_with("Unable to find a GPU")) {
            eprintln!(
                "error: nothing can be drawn: there is no vulkan driver\nhint: install one (debian: `libvulkan1 mesa-vulkan-drivers`), or play with `--headless --bot wander`"
            );
            std::process::exit(1);
        }
        report_panic(panic);
    }));
}

/// A window without a display would end in a panic of the window library.
fn needs_display(config: Config) -> Result<Config, String> {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_display = is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET") || is_set("DISPLAY");
    if cfg!(target_os = "linux") && config.view == View::Window && !has_display {
        return Err(
            "there is no display (neither `WAYLAND_DISPLAY` nor `DISPLAY` is set)\nhint: play with `--headless --bot wander`, or draw one picture with `--screenshot FILE.png`"
                .to_owned(),
        );
    }
    Ok(config)
}
