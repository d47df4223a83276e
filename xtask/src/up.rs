//! `cargo xtask up`: a service with the game deployed behind an alias, until Ctrl-C.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::flow::{Addresses, Stage, deploy_match_fleet, exports, integrate, route_alias};
use crate::interrupt;
use crate::narrator::{self, Step};
use crate::workspace::Workspace;

/// Options of `cargo xtask up`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where the cloud API listens; port 0 is a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    api: String,
    /// Where the agent listens for game servers
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5758")]
    agent: String,
    /// How many matches can run at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=50))]
    matches: u32,
    /// Use the programs that were built before
    #[arg(long)]
    no_build: bool,
}

const STEPS: &[Step] = &[
    Step { title: "Integrate", about: "a game server that links gse-sdk", commands: 1 },
    Step { title: "Publish", about: "package, upload, asset, fleet, alias", commands: 10 },
];

/// Runs until the user asks to stop.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut stage = Stage::new(
        workspace,
        "flow",
        narrator::choose(false),
        "OpenGSE: a service with a game on it",
        STEPS,
    )?;
    let outcome = deploy(&mut stage, options);
    let up = outcome.is_ok();
    if let Ok(alias) = &outcome {
        let mut lines = vec!["Ready. To call it from another terminal:".to_owned(), String::new()];
        lines.extend(exports(workspace, stage.service()));
        lines.extend([
            format!("  gse call CreateGameServerSession --json '{{\"AliasId\":\"{alias}\",\"MaximumPlayerSessionCount\":2}}'"),
            String::new(),
            "Ctrl-C ends the service and everything that it launched.".to_owned(),
        ]);
        stage.epilogue(&lines);
        while interrupt::pause(Duration::from_millis(100)).is_ok() {}
    }
    let good = stage.close(outcome.map(drop), false);
    Ok(if up && good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Gives the id of the alias.
fn deploy(stage: &mut Stage<'_>, options: &Options) -> Result<String> {
    stage.step();
    integrate(stage, !options.no_build)?;
    stage.done();

    stage.step();
    stage.start_service(&Addresses {
        api: options.api.clone(),
        agent: options.agent.clone(),
        settings: &[],
    })?;
    let fleet = deploy_match_fleet(stage, "1.0", options.matches)?;
    let alias = route_alias(stage, "live", &fleet)?;
    stage.done();
    Ok(alias)
}
