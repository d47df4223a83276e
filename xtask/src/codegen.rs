//! `cargo xtask codegen`: the committed generated code. The generator is a package of its own, because what it
//! needs to read proto files is heavy and nothing else needs it.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::cargo;
use crate::processes;
use crate::workspace::Workspace;

/// Options of `cargo xtask codegen`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Change nothing; fail if the committed code is not what would be generated
    #[arg(long)]
    check: bool,
    /// Use the generator that was built before
    #[arg(long)]
    no_build: bool,
}

/// Runs the generator.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if !options.no_build {
        cargo::build_quietly(workspace, &["build", "--workspace", "--locked", "--bin", "codegen"])?;
    }
    let mut generator = Command::new(workspace.program("codegen")?);
    generator.current_dir(&workspace.root).env("CARGO_MANIFEST_DIR", workspace.root.join("xtask/codegen"));
    if options.check {
        generator.arg("--check");
    }
    let status = processes::wait(&mut generator.spawn().context("cannot start the generator")?)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
