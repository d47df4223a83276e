//! `cargo xtask load`: many bots through the whole flow on a private service: placed by a queue, joined, connected, match
//! after match until the time is over.
//!
//! The bots are the program `game-load` (`crates/game-player`), one process; here is the stack around it.

use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::json;

use crate::flow::{Addresses, Fleet, Stage, deploy_match_fleet, integrate};
use crate::interrupt;
use crate::narrator::{self, Step};
use crate::processes::Logged;
use crate::workspace::Workspace;

/// Options of `cargo xtask load`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many players
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=800))]
    players: u32,
    /// How many minutes they play
    #[arg(long, value_name = "M", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
    /// How many seconds, instead of minutes
    #[arg(long, value_name = "S", conflicts_with = "minutes", value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: Option<u32>,
    /// Players of one match
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..=16))]
    match_players: u32,
    /// How long a match lasts, in seconds; the next one follows
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=180))]
    match_seconds: u32,
    /// Who plays: wander, idle, easy, normal or hard
    #[arg(long, value_name = "KIND", default_value = "normal")]
    bot: String,
    /// Print one JSON object at the end and nothing else; the rest goes to standard error
    #[arg(long)]
    json: bool,
    /// Use the programs that were built before
    #[arg(long)]
    no_build: bool,
}

const STEPS: &[Step] = &[
    Step { title: "Integrate", about: "a game server that links gse-sdk", commands: 1 },
    Step { title: "Publish", about: "package, upload, asset, fleet, queue", commands: 10 },
    Step { title: "Load", about: "bots, match after match", commands: 1 },
];
const QUEUE: &str = "load";
/// Matches that can run besides one for each party: an ended one frees its process a moment later.
const SPARE_PROCESSES: u32 = 2;
/// Processes of an instance at most (quota).
const PROCESSES_MAX: u32 = 50;
/// How long the bots may take to leave.
const LEAVE_PATIENCE: Duration = Duration::from_secs(30);

/// Runs until the time is over or Ctrl-C; both ways everything that was started has ended.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let narrator = if options.json { narrator::aside() } else { narrator::choose(false) };
    let mut stage = Stage::new(workspace, "flow", narrator, "OpenGSE: load", STEPS)?;
    let mut measured = None;
    let outcome = load(&mut stage, options, &mut measured);
    let good = stage.close(outcome, false);
    if let (true, Some(measured)) = (options.json, measured) {
        println!("{}", measured.trim());
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn load(stage: &mut Stage<'_>, options: &Options, measured: &mut Option<String>) -> Result<()> {
    let parties = options.players.div_ceil(options.match_players);
    let processes = parties + SPARE_PROCESSES;
    if processes > PROCESSES_MAX {
        bail!(
            "{parties} matches at once need {processes} processes, an instance has {PROCESSES_MAX}\n  hint: fewer players, or more of them in a match (`--match-players`)"
        );
    }
    stage.step();
    integrate(stage, !options.no_build)?;
    stage.done();

    stage.step();
    stage.start_service(&Addresses::default())?;
    let fleet = deploy_match_fleet(stage, "1.0", processes)?;
    create_queue(stage, &fleet)?;
    stage.done();

    stage.step();
    let mut bots = start(stage, options)?;
    let seconds = options.seconds.unwrap_or(options.minutes * 60);
    stage.waiting(&format!("{} bots play for {seconds} s", options.players));
    let status = loop {
        match bots.ended()? {
            Some(status) => break Some(status),
            None if interrupt::pause(Duration::from_millis(100)).is_err() => {
                // What was measured until now is told all the same.
                bots.stop(LEAVE_PATIENCE);
                break bots.ended()?;
            }
            None => {}
        }
    };
    let output = bots.output();
    if options.json {
        *measured = Some(output.clone()).filter(|output| !output.trim().is_empty());
    } else {
        stage.answer(output.trim_end());
    }
    if !status.is_some_and(|status| status.success()) {
        stage.log_in_focus = Some(bots.stderr.clone());
        bail!("not everybody got in and played to the end of the match\n{}", output.trim_end());
    }
    stage.done();
    Ok(())
}

fn create_queue(stage: &mut Stage<'_>, fleet: &Fleet) -> Result<()> {
    let destinations = json!([{ "DestinationArn": fleet.arn }]);
    let queue = json!({ "Name": QUEUE, "TimeoutInSeconds": 60, "Destinations": destinations });
    stage.call("CreateGameServerSessionQueue", queue)?;
    Ok(())
}

fn start(stage: &mut Stage<'_>, options: &Options) -> Result<Logged> {
    let seconds = options.seconds.unwrap_or(options.minutes * 60);
    let ready = stage.service().ready.clone();
    let (players, match_players) = (options.players.to_string(), options.match_players.to_string());
    let ticks = format!("match_ticks={}", options.match_seconds * 60);
    // Nobody ends a match earlier: all of them last equally long.
    let properties = ["--property", &ticks, "--property", "score_to_win=9999"];
    let arguments = ["--players", &players, "--match-players", &match_players, "--bot", &options.bot];
    stage.show(&format!("game-load --queue {QUEUE} --seconds {seconds} {}", arguments.join(" ")));
    let mut command = Command::new(stage.workspace.program("game-load")?);
    command
        .args(["--endpoint", &ready.api, "--region", &ready.region, "--queue", QUEUE])
        .args(["--seconds", &seconds.to_string()])
        .args(arguments)
        .args(properties)
        .env("GSE_SECRET_ID", &ready.secret_id)
        .env("GSE_SECRET_KEY", &ready.secret_key);
    if options.json {
        command.arg("--json");
    }
    Logged::start(&mut command, &stage.directory, "load")
}
