//! The private `gse local` of a run: started on free ports, ended by its handle.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal};
use serde::Deserialize;

use crate::interrupt;
use crate::processes::{Logged, tail};

/// How long the service may take until everything listens.
const START_DEADLINE: Duration = Duration::from_secs(60);
/// How long it may take to end what it launched. It waits for the game servers itself.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// The one line that `gse local` prints when everything listens.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Ready {
    /// Where the cloud API listens.
    pub api: String,
    /// Where the agent listens for game servers.
    pub agent: String,
    /// Where packages are uploaded.
    pub objects: String,
    /// The default region.
    pub region: String,
    /// The id of the account's key.
    pub secret_id: String,
    /// The key itself.
    pub secret_key: String,
}

/// A running `gse local`.
#[derive(Debug)]
pub(crate) struct Service {
    process: Logged,
    /// What it said when it was ready.
    pub ready: Ready,
}

/// Where the service listens, and what it does differently. Port 0 is a free port.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    /// Of the cloud API.
    pub api: String,
    /// Of the agent.
    pub agent: String,
    /// Clocks and limits, each as `KEY=VALUE`.
    pub settings: &'static [&'static str],
}

impl Default for Addresses {
    fn default() -> Self {
        Self { api: "127.0.0.1:0".to_owned(), agent: "127.0.0.1:0".to_owned(), settings: &[] }
    }
}

impl Service {
    /// The arguments of the command that starts a service.
    pub(crate) fn arguments(data: &str, addresses: &Addresses) -> Vec<String> {
        let settings = addresses.settings.iter().flat_map(|setting| ["--set", *setting]);
        ["local", "--api", &addresses.api, "--agent", &addresses.agent, "--data-dir", data]
            .into_iter()
            .chain(settings)
            .map(str::to_owned)
            .collect()
    }

    /// Starts the service and waits until everything listens.
    pub(crate) fn start(gse: &Path, directory: &Path, addresses: &Addresses) -> Result<Self> {
        let data = directory.join("data");
        // A process group of its own: a Ctrl-C at the terminal reaches this program only, which then ends the
        // service in order; and with --keep the service outlives the terminal's job.
        let mut command = Command::new(gse);
        command.args(Self::arguments(&data.display().to_string(), addresses)).process_group(0);
        let mut process = Logged::start(&mut command, directory, "service")?;

        let deadline = Instant::now() + START_DEADLINE;
        let line = loop {
            let output = process.output();
            if let Some((line, _)) = output.split_once('\n') {
                break line.to_owned();
            }
            if let Some(status) = process.ended()? {
                bail!("`gse local` ended with {status}\n{}", tail(&process.stderr, 8).join("\n"));
            }
            if Instant::now() > deadline {
                bail!(
                    "`gse local` was not ready after {} s\n  hint: read `{}`",
                    START_DEADLINE.as_secs(),
                    process.stderr.display()
                );
            }
            interrupt::pause(Duration::from_millis(20))?;
        };
        let ready = serde_json::from_str(&line).with_context(|| format!("`gse local` said `{line}`"))?;
        Ok(Self { process, ready })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Where its log is.
    pub(crate) fn log(&self) -> &Path {
        &self.process.stderr
    }

    /// Says so if the service has ended although nobody asked it to.
    pub(crate) fn crash(&mut self) -> Option<String> {
        let status = self.process.ended().ok()??;
        Some(format!("`gse local` has ended by itself with {status}"))
    }

    /// Ends the service in order; it ends its own children. An error says what was not in order.
    pub(crate) fn stop(&mut self) -> Result<()> {
        if self.process.stop(STOP_PATIENCE) {
            return match self.process.ended()? {
                Some(status) if status.success() => Ok(()),
                Some(status) => bail!("`gse local` ended with {status}"),
                None => bail!("`gse local` is still there"),
            };
        }
        bail!("`gse local` did not end within {} s and was killed", STOP_PATIENCE.as_secs())
    }

    /// Lets it run on after this program has ended.
    pub(crate) fn keep(&mut self) {
        self.process.detach();
    }
}

/// Kills what a service that could not end in order has left in the private directory of its run.
pub(crate) fn kill_left_over(directory: &Path) {
    for pid in left_over(directory) {
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
    }
}

/// Processes that still work in `directory`. Only Linux can tell; elsewhere the answer is empty.
pub(crate) fn left_over(directory: &Path) -> Vec<u32> {
    let Ok(directory) = directory.canonicalize() else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let mut pids: Vec<u32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            ["cwd", "exe"].iter().any(|link| {
                std::fs::read_link(format!("/proc/{pid}/{link}"))
                    .is_ok_and(|path| path.starts_with(&directory))
            })
        })
        .collect();
    pids.sort_unstable();
    pids
}
