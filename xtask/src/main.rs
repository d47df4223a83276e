//! `cargo xtask …`: everything a developer starts by hand or a machine starts in CI.
//!
//! It links none of our crates: it builds and starts programs, so it compiles in seconds and can only do what a
//! user of those programs can do. Heavy generators are a package of their own (`xtask/codegen`).

mod bench;
mod cargo;
mod ci;
mod codegen;
mod debian;
mod flow;
mod interop;
mod interrupt;
mod kept;
mod load;
mod narrator;
mod play;
mod processes;
mod replay;
mod screenshot;
mod simulate;
mod tidy;
mod up;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Work with OpenGSE")]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole flowchart: package, upload, deploy, place, play, update without downtime
    Flow(flow::Options),
    /// Play: the service, a fleet, one window for you and bots as opponents
    Play(play::Options),
    /// Keep a service with the game deployed until Ctrl-C
    Up(up::Options),
    /// Let many bots play on a private service, through placement, join and match, and say what was measured
    Load(load::Options),
    /// Host game servers in Python and Node.js, and one from Debian that knows nothing of us
    Interop(interop::Options),
    /// Run every test
    Test,
    /// Run what CI runs: format, clippy, tidy, generated files, tests, simulation, flow, pictures, other stacks
    Ci(ci::Options),
    /// Measure, with optimisation; the figures are kept in docs/performance.md
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Refresh the generated code, or check that it is up to date
    Codegen(codegen::Options),
    /// Simulate the control plane and the agents on a virtual clock, from seeds, with faults
    Simulate(simulate::Options),
    /// Play a match again from its replay and compare the hashes
    Replay(replay::Options),
    /// Draw every screen of the game client and compare the pictures with those in docs/pictures
    Screenshot(screenshot::Options),
    /// Check what the compiler cannot: crate edges, manifests, versions, file sizes, links
    Tidy,
}

fn main() -> ExitCode {
    let options = Options::parse();
    interrupt::listen();
    match run(options.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    match command {
        Command::Flow(options) => flow::run(&workspace, &options),
        Command::Play(options) => play::run(&workspace, &options),
        Command::Up(options) => up::run(&workspace, &options),
        Command::Load(options) => load::run(&workspace, &options),
        Command::Interop(options) => interop::run(&workspace, &options),
        Command::Test => ci::test(&workspace),
        Command::Ci(options) => ci::run(&workspace, &options),
        Command::Bench(bench) => bench::run(&workspace, &bench),
        Command::Codegen(options) => codegen::run(&workspace, &options),
        Command::Simulate(options) => simulate::run(&workspace, &options),
        Command::Replay(options) => replay::run(&workspace, &options),
        Command::Screenshot(options) => screenshot::run(&workspace, &options),
        Command::Tidy => tidy::run(&workspace),
    }
}
