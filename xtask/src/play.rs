//! `cargo xtask play`: the service, a fleet, one window for you and bots as opponents.

use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::cargo;
use crate::flow::{
    Addresses, MatchRules, Seat, Stage, create_match, deploy_match_fleet, integrate, join_all,
};
use crate::interrupt;
use crate::narrator::{self, Step};
use crate::processes::Logged;
use crate::workspace::Workspace;

/// Options of `cargo xtask play`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many bots play against you
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=15))]
    bots: u32,
    /// How long the match lasts, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(10..=3600))]
    seconds: u32,
    /// How many points end it earlier
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=9999))]
    points: u32,
    /// Build with optimised dependencies: smoother, and the first build takes much longer
    #[arg(long)]
    smooth: bool,
    /// Use the programs that were built before
    #[arg(long)]
    no_build: bool,
}

const STEPS: &[Step] = &[
    Step { title: "Integrate", about: "a game server that links gse-sdk", commands: 1 },
    Step { title: "Publish", about: "package, upload, asset, fleet", commands: 9 },
    Step { title: "Play", about: "one window, and bots", commands: 3 },
];
const YOU: &str = "you";

/// Runs until the window is closed or the match is over.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let workspace = if options.smooth { workspace.with_profile("play") } else { workspace.clone() };
    let mut stage = Stage::new(&workspace, "flow", narrator::choose(false), "OpenGSE: play", STEPS)?;
    let outcome = play(&mut stage, options);
    let good = stage.close(outcome, false);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn play(stage: &mut Stage<'_>, options: &Options) -> Result<()> {
    stage.step();
    if options.smooth && !options.no_build {
        stage.answer("with optimised dependencies; the first time this takes many minutes");
        let arguments = [cargo::BUILD_PROGRAMS, &["--profile", "play"]].concat();
        cargo::build(stage.workspace, &arguments, |built, name| {
            stage.waiting(&format!("{} compiled, now {name}", built.compiled));
        })?;
    }
    integrate(stage, !options.no_build && !options.smooth)?;
    stage.done();

    stage.step();
    stage.start_service(&Addresses::default())?;
    let fleet = deploy_match_fleet(stage, "1.0", 1)?;
    stage.done();

    stage.step();
    let names: Vec<String> = (1..=options.bots).map(|number| format!("bot-{number}")).collect();
    let players: Vec<&str> = std::iter::once(YOU).chain(names.iter().map(String::as_str)).collect();
    let rules =
        MatchRules { players: players.len(), ticks: options.seconds * 60, score_to_win: options.points };
    let session = create_match(stage, ("FleetId", &fleet.id), "arena", rules)?;
    let seats = join_all(stage, &session, &players)?;
    let Some((you, bots)) = seats.split_first() else { bail!("nobody has a seat") };
    // The bots end with the match, or with this function.
    let _bots =
        bots.iter().zip(1u32..).map(|(seat, seed)| bot(stage, seat, seed)).collect::<Result<Vec<_>>>()?;
    window(stage, you)?;
    stage.done();
    Ok(())
}

fn bot(stage: &Stage<'_>, seat: &Seat, seed: u32) -> Result<Logged> {
    let mut client = client(stage, seat)?;
    client.args(["--headless", "--bot", "wander", "--seed", &seed.to_string(), "--deadline-seconds", "3700"]);
    Logged::start(&mut client, &stage.directory.join("players"), &seat.player)
}

fn window(stage: &mut Stage<'_>, seat: &Seat) -> Result<()> {
    let mut client = Logged::start(&mut client(stage, seat)?, &stage.directory.join("players"), YOU)?;
    stage.waiting("the window is open");
    let status = loop {
        match client.ended()? {
            Some(status) => break status,
            // Ctrl-C is a way to stop playing, not a failure.
            None if interrupt::pause(Duration::from_millis(50)).is_err() => return Ok(()),
            None => {}
        }
    };
    if !status.success() {
        stage.log_in_focus = Some(client.stderr.clone());
        bail!(
            "the client ended with {status}\n  hint: a window needs a display; `cargo xtask flow` plays without one"
        );
    }
    Ok(())
}

fn client(stage: &Stage<'_>, seat: &Seat) -> Result<Command> {
    let mut client = Command::new(stage.workspace.program("game-client")?);
    client
        .args(["--connect", &seat.address, "--player-id", &seat.player])
        .env("GAME_PLAYER_SESSION_ID", &seat.player_session)
        .stdin(std::process::Stdio::null());
    Ok(client)
}
