//! `cargo xtask flow`: the whole flowchart on real parts, told step by step.
//!
//! Each step is a file and does what a user would do, through `gse call` and the programs. What a step needs to run
//! and tell commands is in `stage.rs`.

mod address;
pub(crate) mod cloud;
mod connect;
mod deploy;
mod integrate;
pub(crate) mod match_session;
mod player;
pub(crate) mod record;
pub(crate) mod service;
pub(crate) mod stage;
mod update;

use std::process::ExitCode;

use anyhow::Result;

use crate::narrator::{self, Step};
use crate::workspace::Workspace;

pub(crate) use deploy::{Fleet, Published, deploy_match_fleet, publish, route_alias, wait_until_active};
pub(crate) use integrate::integrate;
pub(crate) use match_session::{MatchRules, create_match, join_all};
pub(crate) use player::Seat;
pub(crate) use service::Addresses;
pub(crate) use stage::Stage;
pub(crate) use update::drain;

/// Options of `cargo xtask flow`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Print one JSON line per step and one for the run, nothing else
    #[arg(long)]
    json: bool,
    /// Leave the service running at the end, and print how to reach and how to stop it
    #[arg(long)]
    keep: bool,
    /// Use the programs that were built before
    #[arg(long)]
    no_build: bool,
}

const STEPS: &[Step] = &[
    Step { title: "Integrate", about: "a game server that links gse-sdk", commands: 1 },
    Step { title: "Publish", about: "package, upload, asset, fleets", commands: 12 },
    Step { title: "Get an address", about: "three ways to an IP address and a port", commands: 17 },
    Step { title: "Connect", about: "headless clients join, play and leave", commands: 11 },
    Step { title: "Update without downtime", about: "an alias moves while a match goes on", commands: 30 },
];

/// Runs the flow. Fails only if it could not even begin.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let narrator = narrator::choose(options.json);
    let mut stage =
        Stage::new(workspace, "flow", narrator, "OpenGSE: one game, from its source to its players", STEPS)?;
    let outcome = course(&mut stage, options);
    let good = stage.close(outcome, options.keep);
    if good && options.keep {
        let lines = kept(&mut stage);
        stage.epilogue(&lines);
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn course(stage: &mut Stage<'_>, options: &Options) -> Result<()> {
    stage.step();
    integrate(stage, !options.no_build)?;
    stage.done();

    stage.step();
    let published = deploy::publish(stage)?;
    stage.done();

    stage.step();
    let addresses = address::get(stage, &published)?;
    stage.done();

    stage.step();
    connect::connect(stage, &published, &addresses)?;
    stage.done();

    stage.step();
    update::update(stage, &published, &addresses)?;
    stage.done();
    Ok(())
}

/// Lets the service live on, and says how to reach it.
fn kept(stage: &mut Stage<'_>) -> Vec<String> {
    let directory = Workspace::shown(&stage.directory);
    let Some(mut service) = stage.service.take() else { return Vec::new() };
    service.keep();
    let mut lines = vec!["The service is still running. To call it:".to_owned(), String::new()];
    lines.extend(exports(stage.workspace, &service));
    lines.extend([
        "  gse call DescribeFleetAttributes --json '{}'".to_owned(),
        String::new(),
        "To stop it, and to forget what it kept:".to_owned(),
        String::new(),
        format!("  kill {}", service.pid()),
        format!("  rm -r {directory}"),
    ]);
    lines
}

/// The shell lines that point `gse call` at a service.
pub(crate) fn exports(workspace: &Workspace, service: &service::Service) -> Vec<String> {
    let mut lines = vec![format!("  export PATH=\"{}:$PATH\"", workspace.programs.display())];
    lines.extend(
        cloud::environment(&service.ready)
            .into_iter()
            .map(|(name, value)| format!("  export {name}='{value}'")),
    );
    lines
}
