//! Folders that become packages, and their upload.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::flow::Stage;
use crate::flow::cloud::{environment, need};
use crate::flow::record::Call;
use crate::workspace::Workspace;

/// Puts a file or a whole folder into a package, by a hard link where that is possible.
pub(super) fn add(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("cannot put `{}` into a package", from.display());
    if from.is_dir() {
        fs::create_dir_all(to).with_context(failed)?;
        for entry in fs::read_dir(from).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            add(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).with_context(failed)?;
    }
    // What an earlier package left there may be a link to `from`, and a copy onto itself would empty both.
    if let Err(error) = fs::remove_file(to)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error).with_context(failed);
    }
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).with_context(failed)?;
    }
    Ok(())
}

/// Packs a folder, uploads it and makes an asset of it; gives the asset's id.
pub(super) fn upload(stage: &mut Stage<'_>, folder: &Path, name: &str) -> Result<String> {
    let ready = stage.service().ready.clone();
    let arguments =
        ["asset", "upload", "--name", name, "--asset-version", "1.0", "--objects", &ready.objects];
    let command = format!("gse {} --dir {}", arguments.join(" "), Workspace::shown(folder));
    stage.show(&command);
    stage.waiting("the package is checked");
    let output = Command::new(stage.workspace.program("gse")?)
        .args(arguments)
        .arg("--dir")
        .arg(folder)
        .envs(environment(&ready))
        .stdin(Stdio::null())
        .output()
        .context("cannot start `gse`")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("`gse asset upload` ended with {}\n{}", output.status, said.trim());
    }
    let answer: Value = serde_json::from_slice(&output.stdout).context("`gse asset upload` said no JSON")?;
    let asset = need(&answer, "/AssetId")?;
    stage.answer(&format!("AssetId {asset}  {}", said.lines().next().unwrap_or_default()));
    stage.record(Call::command(command, Some(answer)));
    Ok(asset)
}
