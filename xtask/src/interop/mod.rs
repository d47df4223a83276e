//! `cargo xtask interop`: clients and game servers that share no line with us, from package to players.
//!
//! The vendor's own clients of the cloud API go through its getting-started walkthrough (`clients.rs`). Then come
//! game servers of other stacks:
//! A server in Python on gRPC's C core, one in Node.js on grpc-js, and a server from Debian packages that never heard
//! of the contract and is spoken for by `gse-wrap`. Each is put into a fleet of a private service and through its
//! whole life. What they need is set up here and kept for the next run (`setup.rs`).

mod clients;
mod debian;
mod hosting;
mod install;
mod line_player;
mod package;
mod scripted;
mod teeworlds;
mod wrapped;

use std::process::ExitCode;

use anyhow::Result;

use crate::cargo;
use crate::flow::record::Call;
use crate::flow::{Addresses, Stage};
use crate::narrator::{self, Step};
use crate::workspace::Workspace;

use install::Cache;
use scripted::Stack;

/// Options of `cargo xtask interop`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Print one JSON line per step and one for the run, nothing else
    #[arg(long)]
    json: bool,
    /// Write down which actions the vendor's clients drove, instead of comparing it with what is written down
    #[arg(long)]
    accept: bool,
    /// Run the vendor's clients only
    #[arg(long)]
    clients_only: bool,
    /// Use the programs that were built before
    #[arg(long)]
    no_build: bool,
}

const STEPS: &[Step] = &[
    Step {
        title: "Set up",
        about: "Python, Node.js and Debian packages, kept for the next run",
        commands: 11,
    },
    Step {
        title: "Clients",
        about: "tencentcloud-sdk-python-gse, tccli and cos-python-sdk-v5, unmodified",
        commands: 9,
    },
    Step { title: "Python", about: "grpcio on C core, ports bound to 0", commands: 24 },
    Step { title: "Node.js", about: "grpc-js, protos loaded at run time, fixed ports", commands: 24 },
    Step { title: "Wrapped", about: "teeworlds-server of Debian, unmodified, in gse-wrap", commands: 40 },
];

/// Health checks are wanted within the seconds of a run, not after a minute, and so is the next process after a crash.
const SETTINGS: &[&str] = &["health.interval=500ms", "launch.backoff.first=200ms"];

/// Runs everything. Fails only if it could not even begin.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let narrator = narrator::choose(options.json);
    let headline = "OpenGSE: clients and game servers of others";
    let mut stage = Stage::new(workspace, "interop/runs", narrator, headline, STEPS)?;
    let outcome = course(&mut stage, options);
    let good = stage.close(outcome, false);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn course(stage: &mut Stage<'_>, options: &Options) -> Result<()> {
    stage.step();
    install::check()?;
    if !options.no_build {
        build(stage)?;
    }
    let cache = Cache::new(stage.workspace, "interop/cache");
    let python = install::python(stage, &cache)?;
    let clients = install::clients(stage, &cache)?;
    let others = match options.clients_only {
        true => None,
        false => Some((install::node(stage, &cache)?, debian::teeworlds(stage, &cache)?)),
    };
    stage.start_service(&Addresses { settings: SETTINGS, ..Addresses::default() })?;
    stage.done();

    stage.step();
    clients::drive(stage, &clients, &Stack::python(&python), options.accept)?;
    stage.done();
    let Some((node, teeworlds)) = others else { return Ok(()) };

    stage.step();
    scripted::host(stage, &Stack::python(&python))?;
    stage.done();

    stage.step();
    let stack = Stack::node(stage, &node)?;
    scripted::host(stage, &stack)?;
    stage.done();

    stage.step();
    wrapped::host(stage, &teeworlds)?;
    stage.done();
    Ok(())
}

fn build(stage: &mut Stage<'_>) -> Result<()> {
    let command = format!("cargo {}", cargo::BUILD_PROGRAMS.join(" "));
    stage.show(&command);
    let workspace = stage.workspace;
    cargo::build(workspace, cargo::BUILD_PROGRAMS, |built, name| {
        stage.waiting(&format!("{} compiled, now {name}", built.compiled));
    })?;
    stage.record(Call::command(command, None));
    Ok(())
}
