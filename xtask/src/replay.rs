//! `cargo xtask replay FILE`: a match again, from the file that the game server wrote.
//!
//! `game-server replay` does the work: the rules of the match are in it.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result};

use crate::cargo;
use crate::processes;
use crate::workspace::Workspace;

/// Options of `cargo xtask replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The replay; the zip of a session's logs has it below `logs/replays`
    file: PathBuf,
    /// Use the program that was built before
    #[arg(long)]
    no_build: bool,
}

/// Plays it; fails when a hash differs.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if !options.no_build {
        cargo::build_quietly(workspace, &["build", "-p", "game-server", "--locked", "--bin", "game-server"])?;
    }
    let mut replay = Command::new(workspace.program("game-server")?);
    replay.arg("replay").arg(&options.file).stdin(Stdio::null());
    let status = processes::wait(&mut replay.spawn().context("cannot start the game server")?)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
