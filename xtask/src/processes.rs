//! Child processes: started, watched and ended by the handle that started them, never by a name.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal};

use crate::interrupt;

/// How often a wait for a process looks.
const PERIOD: Duration = Duration::from_millis(20);

/// How long a child that is dropped before its end may take to end what it started itself.
const DROP_PATIENCE: Duration = Duration::from_secs(20);

/// A child whose output goes to two files, which only this user may read: a service says its key there.
/// Dropped before its end, also by a panic, it is asked to end, because what it started ends with it only then.
#[derive(Debug)]
pub(crate) struct Logged {
    child: Child,
    /// Where its standard output goes.
    pub stdout: PathBuf,
    /// Where its standard error goes.
    pub stderr: PathBuf,
    detached: bool,
}

impl Logged {
    /// Starts a command. Its files are `DIRECTORY/NAME.out` and `DIRECTORY/NAME.log`.
    pub(crate) fn start(command: &mut Command, directory: &Path, name: &str) -> Result<Self> {
        fs::create_dir_all(directory).with_context(|| format!("cannot make `{}`", directory.display()))?;
        let stdout = directory.join(format!("{name}.out"));
        let stderr = directory.join(format!("{name}.log"));
        let child = command
            .stdin(Stdio::null())
            .stdout(private_file(&stdout)?)
            .stderr(private_file(&stderr)?)
            .spawn()
            .with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
        Ok(Self { child, stdout, stderr, detached: false })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The status, if it has ended.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("cannot ask for the state of a child process")
    }

    /// Everything it wrote to standard output so far.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(&self.stdout).unwrap_or_default()
    }

    /// Asks it to end, waits up to `patience`, and kills it if it is still there. True if it ended by itself.
    pub(crate) fn stop(&mut self, patience: Duration) -> bool {
        if let Ok(Some(_)) = self.child.try_wait() {
            return true;
        }
        terminate(&self.child);
        if ended_within(&mut self.child, patience) {
            return true;
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        false
    }

    /// Lets it live on after this program has ended.
    pub(crate) fn detach(&mut self) {
        self.detached = true;
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        if !self.detached {
            self.stop(DROP_PATIENCE);
        }
    }
}

fn private_file(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).with_context(|| format!("cannot write `{}`", path.display()))
}

/// Waits for a child, and ends it when the user asks to stop.
pub(crate) fn wait(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().context("cannot ask for the state of a child process")? {
            return Ok(status);
        }
        if let Err(interrupted) = interrupt::pause(PERIOD) {
            terminate(child);
            if !ended_within(child, Duration::from_secs(30)) {
                let _ = child.kill();
                let _ = child.wait();
            }
            return Err(interrupted.into());
        }
    }
}

/// The last lines of a file, for a failure report. Reads at most the last 64 KiB.
pub(crate) fn tail(path: &Path, lines: usize) -> Vec<String> {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(64 * 1024)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].iter().map(|line| (*line).to_owned()).collect()
}

/// Asks a child to end.
pub(crate) fn terminate(child: &Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, Signal::TERM);
    }
}

fn ended_within(child: &mut Child, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        if !matches!(child.try_wait(), Ok(None)) {
            return true;
        }
        std::thread::sleep(PERIOD);
    }
    false
}
