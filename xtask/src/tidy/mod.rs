//! `cargo xtask tidy`: what the compiler cannot check. Every check is a function from text or metadata to findings,
//! so that it is tested without a workspace.

mod edges;
mod links;
mod manifests;
mod metadata;
mod sources;
mod versions;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::workspace::Workspace;

/// Something that is not tidy: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    file: String,
    what: String,
    hint: String,
}

impl Finding {
    fn new(file: impl Into<String>, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { file: file.into(), what: what.into(), hint: hint.into() }
    }
}

/// A text file of the workspace, with its path relative to the root.
struct File {
    path: String,
    text: String,
}

/// Runs every check and prints what it found.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let metadata = metadata::read(workspace)?;
    let files = files(&workspace.root)?;
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock")).context("cannot read `Cargo.lock`")?;

    let mut findings = edges::check(&metadata);
    findings.extend(versions::check(&lock));
    for file in &files {
        match Path::new(&file.path).extension().and_then(|extension| extension.to_str()) {
            Some("toml") if file.path.ends_with("Cargo.toml") => findings.extend(manifests::check(file)),
            Some("rs") => findings.extend(sources::check(file)),
            Some("md") => findings.extend(links::check(file, |path| workspace.root.join(path).exists())),
            _ => {}
        }
    }
    findings.sort_by(|a, b| (&a.file, &a.what).cmp(&(&b.file, &b.what)));
    for finding in &findings {
        eprintln!("{}: {}\n  hint: {}", finding.file, finding.what, finding.hint);
    }
    if findings.is_empty() {
        eprintln!("tidy: {} files, nothing to do", files.len());
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("tidy: {} findings", findings.len());
    Ok(ExitCode::FAILURE)
}

/// The manifests, sources and pages of the workspace.
fn files(root: &Path) -> Result<Vec<File>> {
    let mut found = Vec::new();
    let mut directories = vec![PathBuf::new()];
    while let Some(directory) = directories.pop() {
        let full = root.join(&directory);
        for entry in fs::read_dir(&full).with_context(|| format!("cannot read `{}`", full.display()))? {
            let entry = entry?;
            let path = directory.join(entry.file_name());
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type()?;
            if kind.is_dir() && name != "target" && !name.starts_with('.') {
                directories.push(path);
            } else if kind.is_file()
                && ["rs", "toml", "md"].iter().any(|end| name.ends_with(&format!(".{end}")))
            {
                let text = fs::read_to_string(root.join(&path))
                    .with_context(|| format!("`{}` is not readable text", path.display()))?;
                found.push(File { path: path.to_string_lossy().into_owned(), text });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
