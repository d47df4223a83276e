//! Things that are installed once into the target directory, and used again until what was asked for changes.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::flow::Stage;
use crate::flow::record::Call;
use crate::interrupt;
use crate::processes;
use crate::workspace::Workspace;

/// Where installed things are kept.
pub(crate) struct Cache {
    directory: PathBuf,
}

impl Cache {
    /// The one in this folder of the target directory.
    pub(crate) fn new(workspace: &Workspace, folder: &str) -> Self {
        Self { directory: workspace.target().join(folder) }
    }

    /// The folder named after `what` and a hash of everything that `inputs` says; made by `install` if it is not there.
    /// It gets its name when it is complete, so a run that was cut short leaves nothing that looks complete.
    pub(crate) fn keep(
        &self,
        stage: &mut Stage<'_>,
        what: &str,
        inputs: &[Vec<u8>],
        install: impl FnOnce(&mut Stage<'_>, &Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let mut hasher = DefaultHasher::new();
        inputs.hash(&mut hasher);
        let folder = self.directory.join(format!("{what}-{:016x}", hasher.finish()));
        if folder.is_dir() {
            stage.answer(&format!("{what}: installed before, in {}", Workspace::shown(&folder)));
            return Ok(folder);
        }
        let partial = self.directory.join(format!("{what}-{}.partial", std::process::id()));
        let _ = fs::remove_dir_all(&partial);
        fs::create_dir_all(&partial).with_context(|| format!("cannot make `{}`", partial.display()))?;
        if let Err(error) = install(stage, &partial) {
            let _ = fs::remove_dir_all(&partial);
            return Err(error.context(format!("cannot install what {what} needs")));
        }
        if let Err(error) = fs::rename(&partial, &folder) {
            let _ = fs::remove_dir_all(&partial);
            // Another run may have been quicker, and has made the same.
            if !folder.is_dir() {
                return Err(error).with_context(|| format!("cannot make `{}`", folder.display()));
            }
        }
        Ok(folder)
    }
}

/// How long to wait before what failed over the network is tried again.
const PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(30)];

/// Tries again what needs the network: a registry that has a bad minute should not cost a whole run of CI.
pub(crate) fn persist<T>(
    stage: &mut Stage<'_>,
    mut attempt: impl FnMut(&mut Stage<'_>) -> Result<T>,
) -> Result<T> {
    for pause in PAUSES {
        match attempt(stage) {
            Err(error) if !error.is::<interrupt::Interrupted>() => {
                stage.answer(&format!("{error:#}\ntried again in {} s", pause.as_secs()));
                let end = Instant::now() + pause;
                while Instant::now() < end {
                    interrupt::pause(Duration::from_millis(100))?;
                }
            }
            outcome => return outcome,
        }
    }
    attempt(stage)
}

/// Runs a command that has nothing to say unless it fails.
pub(crate) fn quiet(stage: &mut Stage<'_>, shown: &str, command: &mut Command) -> Result<()> {
    stage.show(shown);
    stage.waiting(shown);
    let name = command.get_program().display().to_string();
    let log = stage.directory.join("install.log");
    let file = fs::File::options().create(true).append(true).open(&log);
    let file = file.with_context(|| format!("cannot write `{}`", log.display()))?;
    let copy = file.try_clone().context("cannot share a log file")?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(copy)
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let status = processes::wait(&mut child)?;
    if interrupt::requested() {
        return Err(interrupt::Interrupted.into());
    }
    if !status.success() {
        bail!("`{shown}` ended with {status}\n{}", processes::tail(&log, 20).join("\n"));
    }
    stage.record(Call::command(shown, None));
    Ok(())
}

/// What a program says about itself.
pub(crate) fn version(program: &str, arguments: &[&str]) -> Result<Vec<u8>> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{program}`"))?;
    if !output.status.success() {
        bail!("`{program} {}` ended with {}", arguments.join(" "), output.status);
    }
    Ok(output.stdout)
}
