//! `cargo xtask screenshot`: the game client draws every screen with a software renderer, and the pictures are
//! compared with those in `docs/pictures`, which the README shows.
//!
//! The client makes the pictures from fixed states, without a window, a network and a clock (`--scenes`).

mod compare;
mod driver;
mod picture;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::cargo;
use crate::flow::Stage;
use crate::flow::record::Call;
use crate::kept::{Cache, quiet};
use crate::narrator::{self, Step};
use crate::workspace::Workspace;

use compare::Verdict;
use driver::Driver;
use picture::Picture;

/// Options of `cargo xtask screenshot`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Keep the new pictures as those to compare with
    #[arg(long)]
    bless: bool,
    /// Download the Vulkan driver from Debian and unpack it into the target directory, if the system has none
    #[arg(long)]
    download: bool,
    /// Use the programs that were built before
    #[arg(long)]
    no_build: bool,
}

const STEPS: &[Step] = &[
    Step { title: "Set up", about: "the client, and Mesa's software renderer", commands: 3 },
    Step { title: "Draw", about: "every screen, from fixed states", commands: 1 },
    Step { title: "Compare", about: "with docs/pictures", commands: 0 },
];
/// The pictures to compare with, below the root.
const REFERENCES: &str = "docs/pictures";

/// Draws and compares. Fails only if it could not even begin.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let narrator = narrator::choose(false);
    let mut stage = Stage::new(workspace, "screenshots", narrator, "OpenGSE: pictures of the client", STEPS)?;
    let outcome = course(&mut stage, options);
    let good = stage.close(outcome, false);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn course(stage: &mut Stage<'_>, options: &Options) -> Result<()> {
    stage.step();
    if !options.no_build {
        build(stage)?;
    }
    let driver = match Driver::of_system() {
        Some(driver) => driver,
        None if options.download => {
            driver::download(stage, &Cache::new(stage.workspace, "screenshots/cache"))?
        }
        None => bail!(
            "nothing can be drawn: the system has no Vulkan loader with Mesa's software renderer\n  hint: on Debian, `apt-get install {}`; or let them be downloaded without root: `cargo xtask screenshot --download`",
            driver::PACKAGES.join(" ")
        ),
    };
    stage.answer(&driver.told());
    stage.done();

    stage.step();
    let folder = stage.directory.join("new");
    let mut client = Command::new(stage.workspace.program("game-client")?);
    client.arg("--scenes").arg(&folder);
    driver.apply(&mut client, &stage.directory);
    quiet(stage, "game-client --scenes …", &mut client)?;
    stage.done();

    stage.step();
    let references = stage.workspace.root.join(REFERENCES);
    if options.bless {
        bless(stage, &folder, &references)?
    } else {
        judge(stage, &folder, &references)?
    }
    stage.done();
    Ok(())
}

fn build(stage: &mut Stage<'_>) -> Result<()> {
    let command = format!("cargo {}", cargo::BUILD_PROGRAMS.join(" "));
    stage.show(&command);
    cargo::build(stage.workspace, cargo::BUILD_PROGRAMS, |built, name| {
        stage.waiting(&format!("{} compiled, now {name}", built.compiled));
    })?;
    stage.record(Call::command(command, None));
    Ok(())
}

/// The names of the pictures in a folder.
fn names(folder: &Path) -> Result<BTreeSet<String>> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(BTreeSet::new()) };
    let mut names = BTreeSet::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read `{}`", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "png") {
            names.extend(path.file_stem().and_then(|name| name.to_str()).map(str::to_owned));
        }
    }
    Ok(names)
}

fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.png"))
}

/// The new pictures become those to compare with; what looks the same already is left as it is.
fn bless(stage: &mut Stage<'_>, new: &Path, references: &Path) -> Result<()> {
    let drawn = names(new)?;
    for name in names(references)?.difference(&drawn) {
        let path = file(references, name);
        fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
        stage.answer(&format!("{name}: not drawn any more, removed"));
    }
    for name in &drawn {
        let picture = Picture::read(&file(new, name))?;
        let path = file(references, name);
        let is_same = Picture::read(&path).is_ok_and(|reference| reference == picture);
        if !is_same {
            picture.write(&path)?;
        }
        stage.answer(&format!("{name}: {}", if is_same { "as it was" } else { "written" }));
    }
    Ok(())
}

/// Compares all, and fails with all that differ at once.
fn judge(stage: &mut Stage<'_>, new: &Path, references: &Path) -> Result<()> {
    let (drawn, known) = (names(new)?, names(references)?);
    let mut failures = Vec::new();
    for name in known.difference(&drawn) {
        failures.push(format!("{name}: the client does not draw it any more"));
    }
    for name in drawn.difference(&known) {
        failures.push(format!("{name}: new, in {}", Workspace::shown(&file(new, name))));
    }
    for name in drawn.intersection(&known) {
        let (picture, reference) =
            (Picture::read(&file(new, name))?, Picture::read(&file(references, name))?);
        let verdict = compare::compare(&picture, &reference);
        stage.answer(&format!("{name}: {verdict}"));
        if let Verdict::Differs { difference, .. } = &verdict {
            let path = stage.directory.join(format!("{name}-difference.png"));
            difference.write(&path)?;
            failures.push(format!(
                "{name}: {verdict}\n    new         {}\n    difference  {}",
                Workspace::shown(&file(new, name)),
                Workspace::shown(&path)
            ));
        } else if let Verdict::OtherSize { .. } = verdict {
            failures.push(format!("{name}: {verdict}; new in {}", Workspace::shown(&file(new, name))));
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    bail!(
        "pictures differ from those in `{REFERENCES}`\n  {}\n  hint: look at them; if they are as they should be, `cargo xtask screenshot --bless`",
        failures.join("\n  ")
    )
}
