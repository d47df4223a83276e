//! `cargo xtask test` and `cargo xtask ci`: the phases that a change must pass, with the time of each.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::interrupt;
use crate::narrator::duration;
use crate::processes;
use crate::workspace::Workspace;

/// Options of `cargo xtask ci`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Leave out the tests, because they ran just before
    #[arg(long)]
    skip_tests: bool,
}

/// The programs and the tests, chosen together so that shared crates get the same features in both. Each phase below
/// uses what this one built: the programs alone would be another choice of features and build a part of it again.
const BUILD_TESTS: &[&str] = &["build", "--workspace", "--bins", "--tests", "--locked"];
const RUN_TESTS: &[&str] = &["test", "--workspace", "--locked"];

/// A part of CI: a name for the table and a command.
struct Phase {
    name: &'static str,
    program: Program,
    arguments: &'static [&'static str],
}

enum Program {
    /// `cargo`
    Cargo,
    /// This program.
    Xtask,
}

const fn cargo_phase(name: &'static str, arguments: &'static [&'static str]) -> Phase {
    Phase { name, program: Program::Cargo, arguments }
}

const fn xtask_phase(name: &'static str, arguments: &'static [&'static str]) -> Phase {
    Phase { name, program: Program::Xtask, arguments }
}

/// A wrong format should not cost a build.
const QUICK: &[Phase] =
    &[cargo_phase("format", &["fmt", "--all", "--check"]), xtask_phase("tidy", &["tidy"])];
const BUILD: &[Phase] = &[cargo_phase("build", BUILD_TESTS)];
const TESTS: &[Phase] = &[cargo_phase("tests", RUN_TESTS)];
const REST: &[Phase] = &[
    xtask_phase("generated code", &["codegen", "--check", "--no-build"]),
    xtask_phase("simulation", &["simulate", "--seeds", "200", "--no-build"]),
    xtask_phase("planted faults", &["simulate", "--planted"]),
    xtask_phase("flow", &["flow", "--no-build"]),
    xtask_phase("pictures", &["screenshot", "--download", "--no-build"]),
    xtask_phase("interop", &["interop", "--no-build"]),
    cargo_phase(
        "clippy",
        &["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"],
    ),
];

/// Every test. The stories in `tests/` start programs, so those are built first.
pub(crate) fn test(workspace: &Workspace) -> Result<ExitCode> {
    run_phases(workspace, BUILD.iter().chain(TESTS))
}

/// Everything that CI runs.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let tests = if options.skip_tests { &[][..] } else { TESTS };
    run_phases(workspace, QUICK.iter().chain(BUILD).chain(tests).chain(REST))
}

fn run_phases<'a>(workspace: &Workspace, phases: impl Iterator<Item = &'a Phase>) -> Result<ExitCode> {
    let mut table = Vec::new();
    let mut good = true;
    for phase in phases {
        eprintln!("\n── {}", phase.name);
        let start = Instant::now();
        good = run_phase(workspace, phase)?;
        table.push((phase.name, start.elapsed(), good));
        if !good {
            break;
        }
    }
    eprintln!();
    for (name, took, good) in &table {
        let result = if *good { "ok" } else { "failed" };
        eprintln!("{name:<16} {:>12}  {result}", duration(*took));
    }
    let total: Duration = table.iter().map(|(_, took, _)| *took).sum();
    eprintln!("{:<16} {:>12}", "total", duration(total));
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs one phase to its end. Its output goes where ours goes.
fn run_phase(workspace: &Workspace, phase: &Phase) -> Result<bool> {
    let mut command = match phase.program {
        Program::Cargo => workspace.cargo(),
        Program::Xtask => {
            // By its path, not by what runs now: a build may have replaced that.
            let mut xtask = Command::new(workspace.program("xtask")?);
            xtask.current_dir(&workspace.root).stdin(Stdio::null());
            xtask
        }
    };
    let mut child = command
        .args(phase.arguments)
        .spawn()
        .with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
    let status = processes::wait(&mut child)?;
    if interrupt::requested() {
        return Err(interrupt::Interrupted.into());
    }
    Ok(status.success())
}
