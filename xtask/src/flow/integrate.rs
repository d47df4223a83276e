//! Step 1: a game server that links gse-sdk, built with everything else that the run starts.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::record::Call;
use super::stage::Stage;
use crate::cargo;

/// The programs that a run starts.
const PROGRAMS: &[&str] = &["gse", "game-server", "game-client"];

/// Builds the programs, or checks that they are there.
pub(crate) fn integrate(stage: &mut Stage<'_>, build: bool) -> Result<()> {
    let command = format!("cargo {}", cargo::BUILD_PROGRAMS.join(" "));
    stage.show(&command);
    if build {
        let workspace = stage.workspace;
        let built = cargo::build(workspace, cargo::BUILD_PROGRAMS, |built, name| {
            stage.waiting(&format!("{} compiled, now {name}", built.compiled));
        })?;
        stage.answer(&match built.compiled {
            0 => "everything was up to date".to_owned(),
            count => format!("{count} compilations, {} were up to date", built.fresh),
        });
    } else {
        stage.answer("left out: --no-build");
    }
    let mut sizes = Vec::new();
    for name in PROGRAMS {
        let path = stage.workspace.program(name)?;
        sizes.push(format!("{name} {}", megabytes(&path)?));
    }
    stage.answer(&sizes.join("  "));
    stage.record(Call::command(command, None));
    stage.fact("programs", json!(PROGRAMS));
    Ok(())
}

/// The size of a file for a reader.
pub(super) fn megabytes(path: &Path) -> Result<String> {
    let tenths = std::fs::metadata(path)?.len() / 100_000;
    Ok(format!("{}.{} MB", tenths / 10, tenths % 10))
}
