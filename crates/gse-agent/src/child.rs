//! Child processes: starting them in a group of their own, signalling that group, watching for their end.
//!
//! The watching task owns the handle, and signals go through it: a pid is only ever signalled while its process is not
//! collected, so it cannot belong to somebody else. A child is written down before and after its start and survives the
//! agent (`attached`): dropping a handle ends nothing.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use gse_core::id::{FleetId, ProcessId};
use gse_core::supervisor::{Input, Signal};
use rustix::process::{Pid, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::notes::{self, ChildNote, SystemProcess};
use crate::output;
use crate::output_dir::OutputFiles;
use crate::{open_files, procfs, sdk_service, strays};

/// Signals that may wait for a watching task.
const SIGNALS: usize = 16;
/// Pauses between two looks at a group that is ending; the system does not tell when the last member went.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// What a child needs.
pub(crate) struct Launch {
    pub(crate) process: ProcessId,
    pub(crate) fleet: FleetId,
    pub(crate) executable: String,
    pub(crate) arguments: Vec<String>,
    /// The package root: the working directory.
    pub(crate) game: PathBuf,
    /// Where `<process>.child` goes.
    pub(crate) slot: PathBuf,
    /// Where its output goes.
    pub(crate) output: OutputFiles,
    pub(crate) agent_address: String,
    pub(crate) token: String,
    /// Its soft limit of open files, if not ours.
    pub(crate) open_files: Option<u64>,
}

/// A child that runs. `watch` must be driven to its end.
pub(crate) struct Running {
    pub(crate) pid: u32,
    pub(crate) signals: mpsc::Sender<Signal>,
    child: Child,
    signal_requests: mpsc::Receiver<Signal>,
    launch: Launch,
}

/// Starts a child. Errors are the system's, and those of its log files.
pub(crate) fn start(launch: Launch) -> io::Result<Running> {
    let path = notes::child_path(&launch.slot, &launch.process);
    let mut note = ChildNote::new(&launch.token, &launch.agent_address);
    let write_down = |note: &ChildNote| {
        if let Err(error) = notes::write_child(&path, note) {
            tracing::warn!(process = %launch.process, %error, "the child could not be written down");
        }
    };
    // Before the start: we may be killed between the start and the second writing, and then its token finds it.
    write_down(&note);
    let [stdout, stderr] = output::open(&launch.output);
    let mut command = Command::new(&launch.executable);
    command
        .args(&launch.arguments)
        .current_dir(&launch.game)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0);
    command.env_clear().envs(environment(std::env::vars_os(), &launch));
    let child = command.spawn().inspect_err(|_| drop(std::fs::remove_file(&path)))?;
    let pid = child.id().expect("a child that was not waited for has a pid");
    if let Some(open_files) = launch.open_files {
        open_files::set_for(pid, open_files);
    }
    note.system = SystemProcess::of(pid);
    write_down(&note);
    let (signals, signal_requests) = signal_channel();
    Ok(Running { pid, signals, child, signal_requests, launch })
}

/// How signals reach a watching task.
pub(crate) fn signal_channel() -> (mpsc::Sender<Signal>, mpsc::Receiver<Signal>) {
    mpsc::channel(SIGNALS)
}

/// The service's own environment without its secrets, and what server-sdk.md 5 adds.
fn environment(
    own: impl IntoIterator<Item = (OsString, OsString)>,
    launch: &Launch,
) -> BTreeMap<OsString, OsString> {
    let is_secret = |name: &OsString| name.to_string_lossy().starts_with("GSE_SECRET");
    let mut variables: BTreeMap<_, _> = own.into_iter().filter(|(name, _)| !is_secret(name)).collect();
    // C-core clients send even loopback calls through a proxy (2.1).
    for name in ["NO_PROXY", "no_proxy"] {
        let value = variables.entry(name.into()).or_default();
        if !value.is_empty() {
            value.push(",");
        }
        value.push("127.0.0.1,localhost,::1");
    }
    for (name, value) in [
        ("GSE_AGENT_ADDRESS", launch.agent_address.as_str()),
        (strays::TOKEN, &launch.token),
        (sdk_service::FLEET, launch.fleet.as_str()),
    ] {
        variables.insert(name.into(), value.into());
    }
    variables
}

impl Running {
    /// Passes signals on and ends when it is gone with everything in its group.
    pub(crate) async fn watch(mut self) -> Input {
        let status = match self.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => format!("its end could not be observed: {error}"),
        };
        // The slot may be gone already; then the file is too.
        let _ = std::fs::remove_file(notes::child_path(&self.launch.slot, &self.launch.process));
        Input::Exited { process: self.launch.process, status, log: output::tail(&self.launch.output) }
    }

    /// The same of an install script, which is killed when its time is over. How long it took, or how it failed; and its
    /// output.
    pub(crate) async fn watch_script(mut self, within: Duration) -> (Result<Duration, String>, String) {
        let start = Instant::now();
        let kill = self.signals.clone();
        let ended = {
            let mut wait = std::pin::pin!(self.wait());
            tokio::select! {
                status = &mut wait => Ok(status),
                () = tokio::time::sleep(within) => {
                    // Full: others want the same.
                    let _ = kill.try_send(Signal::Kill);
                    Err(wait.await)
                }
            }
        };
        let _ = std::fs::remove_file(notes::child_path(&self.launch.slot, &self.launch.process));
        let (outcome, ending) = match ended {
            Ok(Ok(status)) if status.success() => (Ok(start.elapsed()), status.to_string()),
            Ok(Ok(status)) => (Err(format!("it ended with {status}")), status.to_string()),
            Ok(Err(error)) => (Err(format!("its end could not be observed: {error}")), error.to_string()),
            Err(_) => {
                let text = format!("it did not end within {within:?} and was killed");
                (Err(text.clone()), text)
            }
        };
        (outcome, format!("{}[end]\n{ending}\n", output::script_tail(&self.launch.output)))
    }

    /// The end is noticed before the process is collected: until then its number, and so its group, is ours.
    async fn wait(&mut self) -> io::Result<ExitStatus> {
        let group = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let mut ends = signal(SignalKind::child())?;
        let mut look = tokio::time::interval(output::PERIOD);
        let mut polite = false;
        while !has_ended(group) {
            tokio::select! {
                _ = ends.recv() => {}
                Some(signal) = self.signal_requests.recv() => {
                    polite = signal == Signal::Terminate;
                    signal_group(group, signal);
                }
                _ = look.tick() => output::bound(&self.launch.output),
            }
        }
        if polite {
            // Not collected, so its number stays ours.
            let_group_end(self.pid, || true, &mut self.signal_requests).await;
        }
        signal_group(group, Signal::Kill);
        self.child.wait().await
    }
}

/// A wrapper script dies of the polite signal before the server in it has ended as politely. How long that may take is
/// decided by the supervisor, whose second signal is not polite. Returns when nothing of the group is left, or what is
/// left shall be killed, or the number is not `ours` any more.
pub(crate) async fn let_group_end(
    leader: u32,
    is_ours: impl Fn() -> bool,
    signals: &mut mpsc::Receiver<Signal>,
) {
    let group = i32::try_from(leader).ok().and_then(Pid::from_raw);
    let mut pause = FIRST_PAUSE;
    loop {
        let members = tokio::task::spawn_blocking(move || procfs::group_members(leader)).await;
        if members.is_ok_and(|members| members.is_empty()) || !is_ours() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            Some(signal) = signals.recv() => match signal {
                Signal::Terminate => signal_group(group, signal),
                Signal::Kill => return,
            },
        }
    }
}

/// Looks without collecting. What cannot be looked at is left to `Child::wait`.
fn has_ended(pid: Option<Pid>) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    pid.is_none_or(|pid| !matches!(waitid(WaitId::Pid(pid), options), Ok(None)))
}

pub(crate) fn signal_group(group: Option<Pid>, signal: Signal) {
    let signal = match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
    };
    if let Some(group) = group {
        // Nobody left in the group is the usual error, and what was wanted.
        let _ = kill_process_group(group, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_get_no_secret_and_no_proxy_for_this_machine() {
        let own =
            [("PATH", "/bin"), ("GSE_SECRET_KEY", "s"), ("GSE_SECRET_ID", "s"), ("NO_PROXY", "intra.net")];
        let own = own.map(|(name, value)| (name.into(), value.into()));
        let launch = Launch {
            process: ProcessId::new("process-1"),
            fleet: FleetId::new("fleet-1"),
            executable: "run".into(),
            arguments: Vec::new(),
            game: PathBuf::new(),
            slot: PathBuf::new(),
            output: OutputFiles { stdout: PathBuf::new(), stderr: PathBuf::new() },
            agent_address: "127.0.0.1:5758".into(),
            token: "token".into(),
            open_files: None,
        };
        let mut lines: Vec<_> = environment(own, &launch)
            .into_iter()
            .map(|(name, value)| format!("{}={}", name.to_string_lossy(), value.to_string_lossy()))
            .collect();
        lines.sort();
        assert_eq!(
            lines,
            [
                "GSE_AGENT_ADDRESS=127.0.0.1:5758",
                "GSE_FLEET_ID=fleet-1",
                "GSE_PROCESS_TOKEN=token",
                "NO_PROXY=intra.net,127.0.0.1,localhost,::1",
                "PATH=/bin",
                "no_proxy=127.0.0.1,localhost,::1",
            ]
        );
    }
}
