//! `cargo xtask bench`: measures, with optimisation. What is measured and how is told where it is: in the example
//! `bench_control_plane` of gse-server. docs/performance.md keeps the figures.

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::workspace::Workspace;

/// What is measured.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Bench {
    /// Durable Create and Join per second, cost at 100 to 100,000 live sessions, recovery after a kill
    ControlPlane {
        /// Only the runs with 1 to 1,000 requests in flight
        #[arg(long, conflicts_with = "size")]
        in_flight: bool,
        /// Only the run with that many live sessions
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
        size: Option<u32>,
    },
    /// How long the console takes for each of its pages beside ten thousand sessions
    Console {
        /// Another number of live sessions
        #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
        sessions: u32,
    },
}

/// Builds in the release profile, and runs.
pub(crate) fn run(workspace: &Workspace, bench: &Bench) -> Result<ExitCode> {
    let mut cargo = workspace.cargo();
    cargo.args([
        "run",
        "--release",
        "--locked",
        "--package",
        "gse-server",
        "--example",
        "bench_control_plane",
        "--",
    ]);
    match bench {
        Bench::ControlPlane { in_flight: true, .. } => drop(cargo.arg("--in-flight")),
        Bench::ControlPlane { size: Some(size), .. } => drop(cargo.args(["--size", &size.to_string()])),
        Bench::ControlPlane { .. } => {}
        Bench::Console { sessions } => drop(cargo.args(["--console", &sessions.to_string()])),
    }
    let status = cargo.status().context("cannot start `cargo`")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
