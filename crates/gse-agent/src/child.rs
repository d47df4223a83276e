//! Child processes: starting them in a group of their own, signalling that group, keeping their output.
//!
//! The watching task owns the handle, and signals go through it: a pid is only ever signalled while its process is not
//! collected, so it cannot belong to somebody else.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use gse_core::id::{FleetId, ProcessId};
use gse_core::supervisor::{Input, Signal};
use rustix::process::{Pid, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::output_dir::OutputFiles;
use crate::{leftover, open_files, procfs, slot, strays};

/// So much of each output stream of a process is kept in its file.
pub(crate) const OUTPUT_KEPT: u64 = 8 * 1024 * 1024;
/// So much of the end of each stream goes up with the report of the end.
const TAIL: usize = 4 * 1024;
/// Pauses between two looks at a group that is ending; the system does not tell when the last member went.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// How long output is still read when the process is gone; only a stranger that inherited the pipe can hold it open.
const LAST_OUTPUT: Duration = Duration::from_secs(1);

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
    let mut command = Command::new(&launch.executable);
    command
        .args(&launch.arguments)
        .current_dir(&launch.game)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command.env_clear().envs(environment(std::env::vars_os(), &launch));
    let child = command.spawn()?;
    let pid = child.id().expect("a child that was not waited for has a pid");
    if let Some(open_files) = launch.open_files {
        open_files::set_for(pid, open_files);
    }
    let file = launch.slot.join(format!("{}.child", launch.process));
    if let Err(error) = leftover::write_down(&file, pid, &launch.token) {
        tracing::warn!(process = %launch.process, %error, "the child could not be written down");
    }
    let (signals, signal_requests) = mpsc::channel(16);
    Ok(Running { pid, signals, child, signal_requests, launch })
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
        ("GSE_FLEET_ID", launch.fleet.as_str()),
    ] {
        variables.insert(name.into(), value.into());
    }
    variables
}

impl Running {
    /// Keeps its output, passes signals on, and ends when it is gone with everything in its group.
    pub(crate) async fn watch(mut self) -> Input {
        let OutputFiles { stdout: output, stderr: errors } = self.launch.output.clone();
        let stdout = self.child.stdout.take().expect("stdout is piped");
        let stderr = self.child.stderr.take().expect("stderr is piped");
        let mut output = tokio::spawn(keep(stdout, output));
        let mut errors = tokio::spawn(keep(stderr, errors));
        let status = self.wait().await;
        let (output, errors) = tokio::join!(tail(&mut output), tail(&mut errors));
        let file = self.launch.slot.join(format!("{}.child", self.launch.process));
        // The slot may be gone already; then the file is too.
        let _ = std::fs::remove_file(file);
        let status = match status {
            Ok(status) => status.to_string(),
            Err(error) => format!("its end could not be observed: {error}"),
        };
        let log = format!("[stdout]\n{output}[stderr]\n{errors}");
        Input::Exited { process: self.launch.process, status, log }
    }

    /// The end is noticed before the process is collected: until then its number, and so its group, is ours.
    async fn wait(&mut self) -> io::Result<ExitStatus> {
        let group = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let mut ends = signal(SignalKind::child())?;
        let mut polite = false;
        while !has_ended(group) {
            tokio::select! {
                _ = ends.recv() => {}
                Some(signal) = self.signal_requests.recv() => {
                    polite = signal == Signal::Terminate;
                    signal_group(group, signal);
                }
            }
        }
        if polite {
            self.let_group_end(group).await;
        }
        signal_group(group, Signal::Kill);
        self.child.wait().await
    }

    /// A wrapper script dies of the polite signal before the server in it has ended as politely. How long that may take is
    /// decided by the supervisor, whose second signal is not polite.
    async fn let_group_end(&mut self, group: Option<Pid>) {
        let (mut pause, leader) = (FIRST_PAUSE, self.pid);
        loop {
            let members = tokio::task::spawn_blocking(move || procfs::group_members(leader)).await;
            if members.is_ok_and(|members| members.is_empty()) {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                Some(signal) = self.signal_requests.recv() => match signal {
                    Signal::Terminate => signal_group(group, signal),
                    Signal::Kill => return,
                },
            }
        }
    }
}

/// Looks without collecting. What cannot be looked at is left to `Child::wait`.
fn has_ended(pid: Option<Pid>) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    pid.is_none_or(|pid| !matches!(waitid(WaitId::Pid(pid), options), Ok(None)))
}

fn signal_group(group: Option<Pid>, signal: Signal) {
    let signal = match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
    };
    if let Some(group) = group {
        // Nobody left in the group is the usual error, and what was wanted.
        let _ = kill_process_group(group, signal);
    }
}

async fn tail(output: &mut tokio::task::JoinHandle<String>) -> String {
    match tokio::time::timeout(LAST_OUTPUT, &mut *output).await {
        Ok(tail) => tail.unwrap_or_default(),
        Err(_) => {
            output.abort();
            "(the output is held open by a process outside the group)\n".to_owned()
        }
    }
}

/// Copies a stream to a file up to `OUTPUT_KEPT`, reads on so that the writer never blocks, and returns its end.
async fn keep(mut stream: impl AsyncRead + Unpin, path: PathBuf) -> String {
    let mut file = slot::create_log(&path)
        .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "output is not kept"))
        .ok();
    let (mut tail, mut kept) = (VecDeque::new(), 0);
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length) = stream.read(&mut buffer).await {
        if length == 0 {
            break;
        }
        let bytes = &buffer[..length];
        if let Some(to) = &mut file {
            kept += length as u64;
            let fits = kept <= OUTPUT_KEPT;
            // Files are written here and not in another thread: a line of a game server is small and the cache takes it.
            let written = if fits {
                to.write_all(bytes)
            } else {
                to.write_all(b"\n(output beyond 8 MiB is not kept)\n")
            };
            if !fits || written.is_err() {
                file = None;
            }
        }
        tail.extend(bytes);
        let surplus = tail.len().saturating_sub(TAIL);
        tail.drain(..surplus);
    }
    let mut text = String::from_utf8_lossy(tail.make_contiguous()).into_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
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

    #[tokio::test]
    async fn output_beyond_the_limit_is_read_but_not_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("logs/out.log");
        let line = b"0123456789abcde\n";
        let lines = usize::try_from(OUTPUT_KEPT).unwrap() / line.len() + 10_000;
        let mut stream = line.repeat(lines);
        stream.extend(b"the end");
        let tail = keep(&stream[..], path.clone()).await;
        assert!(tail.ends_with("\nthe end\n") && tail.len() <= TAIL + 1, "{}", tail.len());
        let kept = std::fs::metadata(&path).unwrap().len();
        assert!(kept <= OUTPUT_KEPT + 100 && kept > OUTPUT_KEPT - 100_000, "{kept}");
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("(output beyond 8 MiB is not kept)\n"));
    }
}
