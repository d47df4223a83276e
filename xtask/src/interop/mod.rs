//! `cargo xtask interop`: clients and game servers that share no line with us, from package to players.
//!
//! The vendor's own clients of the cloud API go through its getting-started walkthrough (`clients.rs`), and Chromium goes
//! through the console (`browser.rs`). Then come game servers of other stacks:
//! A server in Python on gRPC's C core, one in Node.js on grpc-js, and a server from Debian packages that never heard
//! of the contract and is spoken for by `gse-wrap`. Each is put into a fleet of a private service and through its
//! whole life. What they need is set up here and kept for the next run (`setup.rs`).

mod browser;
mod chromium;
mod clients;
mod debian;
mod hosting;
mod install;
mod line_player;
mod package;
mod scripted;
mod story;
mod teeworlds;
mod wrapped;

use std::path::PathBuf;
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
    #[arg(long, conflicts_with = "browser_only")]
    clients_only: bool,
    /// Put the console through Chromium only
    #[arg(long)]
    browser_only: bool,
    /// With `--browser-only`: the stories of tests/interop/browser to run; without it, all of them
    #[arg(long, value_name = "NAME", requires = "browser_only")]
    story: Vec<String>,
    /// Use the programs that were built before
    #[arg(long)]
    no_build: bool,
}

const SET_UP: Step = Step {
    title: "Set up",
    about: "Python, Node.js and Debian packages, kept for the next run",
    commands: 15,
};
const BROWSER: Step =
    Step { title: "Browser", about: "the console in Chromium, by mouse and keyboard", commands: 2 };
const BROWSER_STEPS: &[Step] = &[SET_UP, BROWSER];
const STEPS: &[Step] = &[
    SET_UP,
    Step {
        title: "Clients",
        about: "tencentcloud-sdk-python-gse, tccli and cos-python-sdk-v5, unmodified",
        commands: 9,
    },
    BROWSER,
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
    let mut stage = Stage::new(
        workspace,
        "interop/runs",
        narrator,
        headline,
        if options.browser_only { BROWSER_STEPS } else { STEPS },
    )?;
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
    if options.browser_only {
        let browser = browser::install(stage, &cache)?;
        stage.done();
        stage.step();
        browser::drive(stage, &browser, &options.story)?;
        stage.done();
        return Ok(());
    }
    let python = install::python(stage, &cache)?;
    let clients = install::clients(stage, &cache)?;
    let others = match options.clients_only {
        true => None,
        false => Some(Others {
            browser: browser::install(stage, &cache)?,
            node: install::node(stage, &cache)?,
            teeworlds: debian::teeworlds(stage, &cache)?,
        }),
    };
    stage.start_service(&Addresses { settings: SETTINGS, ..Addresses::default() })?;
    stage.done();

    stage.step();
    clients::drive(stage, &clients, &Stack::python(&python), options.accept)?;
    stage.done();
    let Some(others) = others else { return Ok(()) };

    stage.step();
    browser::drive(stage, &others.browser, &[])?;
    stage.done();

    stage.step();
    scripted::host(stage, &Stack::python(&python))?;
    stage.done();

    stage.step();
    let stack = Stack::node(stage, &others.node)?;
    scripted::host(stage, &stack)?;
    stage.done();

    stage.step();
    wrapped::host(stage, &others.teeworlds)?;
    stage.done();
    Ok(())
}

/// What is installed for the steps after the clients.
struct Others {
    browser: browser::Installed,
    node: PathBuf,
    teeworlds: PathBuf,
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
