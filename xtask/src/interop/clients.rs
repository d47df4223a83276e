//! The vendor's clients of the cloud API, put through the stories of `tests/interop/clients`, and the list of the
//! actions that they drove: `tests/interop/driven.json` says what a run must drive, no more and no less.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::json;

use super::scripted::Stack;
use super::story::follow;
use crate::flow::Stage;
use crate::flow::record::Call;
use crate::processes::Logged;
use crate::workspace::Workspace;

/// The words after `run.py`. The refusals come first: they want a service that has nothing yet.
const STORIES: &[&[&str]] = &[
    &["errors"],
    &["walkthrough", "python-sdk-json"],
    &["walkthrough", "python-sdk-get"],
    &["walkthrough", "python-sdk-multipart"],
    &["walkthrough", "python-sdk-form"],
    &["walkthrough", "tccli"],
    &["command-line"],
    &["actions"],
];
/// A story takes seconds; this is for a very busy machine.
const STORY_DEADLINE: Duration = Duration::from_secs(300);

/// An action, and the clients that read an answer of it.
type Driven = BTreeMap<String, BTreeSet<String>>;

/// A line of a story.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Line {
    part: Option<String>,
    answer: Option<String>,
    call: Option<String>,
    client: Option<String>,
    ms: Option<u64>,
    refused: Option<String>,
    driven: Option<String>,
    failed: Option<String>,
    done: bool,
}

/// Runs every story, then compares what was driven with what is written down, or writes it down.
pub(super) fn drive(stage: &mut Stage<'_>, installed: &Path, server: &Stack, accept: bool) -> Result<()> {
    stage.part("a package for them: the game server in Python of tests/interop");
    let package = pack(stage, server)?;
    let mut driven = Driven::new();
    for words in STORIES {
        run_story(stage, installed, &package, words, &mut driven)?;
    }
    stage.fact("actions_driven", driven.len());
    let list = stage.workspace.root.join("tests/interop/driven.json");
    if accept {
        let text =
            serde_json::to_string_pretty(&driven).context("cannot write the list of driven actions")?;
        fs::write(&list, text + "\n").with_context(|| format!("cannot write `{}`", list.display()))?;
    }
    compare(&list, &driven)?;
    stage.answer(&format!("{} actions were driven, as tests/interop/driven.json says", driven.len()));
    Ok(())
}

fn compare(list: &Path, driven: &Driven) -> Result<()> {
    let text = fs::read(list).with_context(|| format!("cannot read `{}`", list.display()))?;
    let written: Driven =
        serde_json::from_slice(&text).with_context(|| format!("cannot understand `{}`", list.display()))?;
    let [missing, new] = differences(&written, driven);
    if missing.is_empty() && new.is_empty() {
        return Ok(());
    }
    bail!(
        "what was driven is not what tests/interop/driven.json says; not driven: [{}], not written down: [{}]\n  \
         hint: `cargo xtask interop --accept` writes it down",
        missing.join(", "),
        new.join(", ")
    )
}

/// What is written down and was not driven, and what was driven and is not written down.
fn differences(written: &Driven, driven: &Driven) -> [Vec<String>; 2] {
    let pairs = |all: &Driven| -> BTreeSet<String> {
        let pairs = all
            .iter()
            .flat_map(|(action, clients)| clients.iter().map(move |client| format!("{action} by {client}")));
        pairs.collect()
    };
    let (written, driven) = (pairs(written), pairs(driven));
    [written.difference(&driven).cloned().collect(), driven.difference(&written).cloned().collect()]
}

fn pack(stage: &mut Stage<'_>, server: &Stack) -> Result<PathBuf> {
    let folder = server.assemble(stage)?;
    let zip = stage.directory.join("server.zip");
    let command =
        format!("gse asset pack --dir {} --out {}", Workspace::shown(&folder), Workspace::shown(&zip));
    let mut pack = Command::new(stage.workspace.program("gse")?);
    pack.args(["asset", "pack", "--dir"]).arg(&folder).arg("--out").arg(&zip);
    super::install::quiet(stage, &command, &mut pack)?;
    Ok(zip)
}

/// Runs one story and tells it while it runs.
fn run_story(
    stage: &mut Stage<'_>,
    installed: &Path,
    package: &Path,
    words: &[&str],
    driven: &mut Driven,
) -> Result<()> {
    let command = format!("python3 run.py {}", words.join(" "));
    stage.show(&command);
    let mut story = start(stage, installed, package, words)?;
    let (mut calls, mut refusals, mut done) = (0, 0, false);
    follow(stage, &command, &mut story, STORY_DEADLINE, |stage, line: Line| {
        calls += usize::from(line.call.is_some());
        refusals += usize::from(line.refused.is_some());
        done |= line.done;
        tell(stage, line, driven)
    })?;
    if !done {
        bail!("`{command}` ended before its end");
    }
    stage.answer(&format!("{calls} calls, {refusals} of them refused as they should be"));
    stage.record(Call::command(command, Some(json!({"calls": calls, "refused": refusals}))));
    Ok(())
}

fn tell(stage: &mut Stage<'_>, line: Line, driven: &mut Driven) -> Result<()> {
    if let Some(failed) = line.failed {
        bail!("{failed}");
    }
    if let Some(title) = line.part {
        stage.part(&title);
    }
    if let Some(text) = line.answer {
        stage.answer(&text);
    }
    let client = line.client.unwrap_or_default();
    if let Some(action) = line.call {
        stage.waiting(&format!("{client}: {action}, {} ms", line.ms.unwrap_or_default()));
    }
    if let Some(action) = line.driven {
        driven.entry(action).or_default().insert(client);
    }
    Ok(())
}

fn start(stage: &Stage<'_>, installed: &Path, package: &Path, words: &[&str]) -> Result<Logged> {
    let ready = &stage.service().ready;
    let home = stage.directory.join("home");
    fs::create_dir_all(&home).with_context(|| format!("cannot make `{}`", home.display()))?;
    let mut story = Command::new("python3");
    story
        .arg(stage.workspace.root.join("tests/interop/clients/run.py"))
        .args(words)
        .env("PYTHONPATH", installed.join("sdk"))
        // Not beside the sources.
        .env("PYTHONPYCACHEPREFIX", installed.join("bytecode"))
        .env("INTEROP_ENDPOINT", &ready.api)
        .env("INTEROP_OBJECTS", &ready.objects)
        .env("INTEROP_TCCLI", installed.join("tccli"))
        .env("INTEROP_HOME", home)
        .env("INTEROP_PACKAGE", package)
        .env("TENCENTCLOUD_REGION", &ready.region)
        .env("TENCENTCLOUD_SECRET_ID", &ready.secret_id)
        .env("TENCENTCLOUD_SECRET_KEY", &ready.secret_key);
    Logged::start(&mut story, &stage.directory, &words.join("-"))
}

#[cfg(test)]
mod tests;
