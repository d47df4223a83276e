//! `cargo xtask simulate`: the control plane and the agents against fake hosts and players, seed after seed.
//!
//! `gse-sim` does the work. The planted faults are another program, built with a feature that no product has.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result};

use crate::cargo;
use crate::processes;
use crate::workspace::Workspace;

/// Options of `cargo xtask simulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many seeds
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print every line of what happens
    #[arg(long)]
    trace: bool,
    /// Test the checkers instead: plant each known fault and see whether it is noticed
    #[arg(long, conflicts_with_all = ["seeds", "seed", "trace"])]
    planted: bool,
    /// Use the program that was built before
    #[arg(long)]
    no_build: bool,
    /// Build optimised: slower to build, about ten times faster to run
    #[arg(long)]
    release: bool,
}

/// Runs the simulation.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let program = if options.planted { "gse-sim-planted" } else { "gse-sim" };
    let workspace = if options.release { &workspace.with_profile("release") } else { workspace };
    if !options.no_build {
        let mut arguments = vec!["build", "-p", "gse-sim", "--locked", "--bin", program];
        if options.planted {
            arguments.extend(["--features", "planted"]);
        }
        if options.release {
            arguments.push("--release");
        }
        cargo::build_quietly(workspace, &arguments)?;
    }
    let mut simulation = Command::new(workspace.program(program)?);
    simulation.args(["--commit", &commit(workspace)]).stdin(Stdio::null());
    if !options.planted {
        simulation.args(["--seeds", &options.seeds.to_string(), "--seed", &options.seed.to_string()]);
        simulation.args(options.trace.then_some("--trace"));
    }
    let status = processes::wait(&mut simulation.spawn().context("cannot start the simulation")?)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The commit that is simulated; a failure without it could not be repeated.
fn commit(workspace: &Workspace) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(&workspace.root).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".into() };
    let changed = git(&["status", "--porcelain", "crates"]).is_some_and(|changes| !changes.is_empty());
    if changed { format!("{commit} and changes") } else { commit }
}
