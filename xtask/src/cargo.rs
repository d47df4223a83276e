//! Building our programs, with a count of what was compiled.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::interrupt;
use crate::processes;
use crate::workspace::Workspace;

/// The arguments that build every program. All commands use the same ones: another selection of packages would
/// choose other features for shared crates and build them again.
pub(crate) const BUILD_PROGRAMS: &[&str] = &["build", "--workspace", "--bins", "--locked"];

/// What a build did.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Built {
    /// Compilations that were needed.
    pub compiled: u32,
    /// Compilations whose result was there already.
    pub fresh: u32,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    fresh: Option<bool>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// Runs `cargo` with `arguments`, reporting each finished compilation to `progress`.
pub(crate) fn build(
    workspace: &Workspace,
    arguments: &[&str],
    mut progress: impl FnMut(&Built, &str),
) -> Result<Built> {
    let mut child = workspace
        .cargo()
        .args(arguments)
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start `cargo`")?;
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout was asked for"));
    let mut stderr = child.stderr.take().expect("stderr was asked for");

    // Both pipes are read at once: cargo would stop at a full one.
    let (built, errors) = std::thread::scope(|scope| {
        let errors = scope.spawn(move || {
            let mut bytes = Vec::new();
            let _ = stderr.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let mut built = Built::default();
        let mut line = String::new();
        while stdout.read_line(&mut line).is_ok_and(|length| length > 0) {
            if let Ok(message) = serde_json::from_str::<Message>(&line)
                && message.reason == "compiler-artifact"
            {
                match message.fresh {
                    Some(true) => built.fresh += 1,
                    _ => built.compiled += 1,
                }
                progress(&built, message.target.as_ref().map_or("", |target| &target.name));
            }
            line.clear();
            if interrupt::requested() {
                processes::terminate(&child);
            }
        }
        (built, errors.join().unwrap_or_default())
    });
    let status = child.wait().context("cannot wait for `cargo`")?;
    if interrupt::requested() {
        return Err(interrupt::Interrupted.into());
    }
    if !status.success() {
        bail!("`cargo {}` failed with {status}\n{}", arguments.join(" "), last_lines(&errors, 60));
    }
    Ok(built)
}

/// Builds the programs for a command that narrates nothing, with one line when it takes long.
pub(crate) fn build_quietly(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let start = Instant::now();
    let mut told = Duration::ZERO;
    build(workspace, arguments, |built, name| {
        if start.elapsed() > told + Duration::from_secs(20) {
            told = start.elapsed();
            eprintln!("building: {} compiled, now {name} ({} s)", built.compiled, told.as_secs());
        }
    })?;
    Ok(())
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
