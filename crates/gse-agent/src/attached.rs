//! Game servers that an earlier agent launched: they are not our children, so nobody collects them for us and nobody
//! keeps their number free.
//!
//! The end is told by a pidfd, and where there is none by looking. Before a signal goes to the group, the kernel's start
//! time of its leader is compared with what was written down.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use gse_core::id::ProcessId;
use gse_core::supervisor::{Input, Signal};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

use crate::child::{let_group_end, signal_group};
use crate::notes::SystemProcess;
use crate::output_dir::OutputFiles;
use crate::{output, procfs};

/// A process that is gone on with. `watch` must be driven to its end.
#[derive(Debug)]
pub(crate) struct Attached {
    pub(crate) process: ProcessId,
    pub(crate) system: SystemProcess,
    /// Its `.child` file, which goes with it.
    pub(crate) note: PathBuf,
    /// Where its output is.
    pub(crate) output: OutputFiles,
}

impl Attached {
    /// Passes signals on and ends when it is gone with everything in its group.
    pub(crate) async fn watch(self, signals: mpsc::Receiver<Signal>) -> Input {
        let pidfd = self.open();
        self.watch_by(pidfd, signals).await
    }

    /// `None`: this system has none, or the process is gone already.
    fn open(&self) -> Option<OwnedFd> {
        pidfd_open(group(self.system)?, PidfdFlags::empty()).ok().filter(|_| self.system.runs())
    }

    pub(crate) async fn watch_by(self, pidfd: Option<OwnedFd>, mut signals: mpsc::Receiver<Signal>) -> Input {
        let pidfd = pidfd.and_then(register);
        let mut look = tokio::time::interval(output::PERIOD);
        let mut polite = false;
        loop {
            tokio::select! {
                () = ended(pidfd.as_ref()) => break,
                Some(signal) = signals.recv() => {
                    if self.system.runs() {
                        polite = signal == Signal::Terminate;
                        signal_group(group(self.system), signal);
                    }
                }
                _ = look.tick() => {
                    output::bound(&self.output);
                    if !self.system.runs() {
                        break;
                    }
                }
            }
        }
        // What it started is left in its group, and keeps the number of the group from being given away. When the
        // number belongs to another process, the group was empty.
        let system = self.system;
        let is_ours = || procfs::started(system.pid).is_none_or(|started| started == system.started);
        if polite {
            let_group_end(system.pid, is_ours, &mut signals).await;
        }
        if is_ours() {
            signal_group(group(self.system), Signal::Kill);
        }
        // The slot may be gone already; then the file is too.
        let _ = std::fs::remove_file(&self.note);
        let status = "its exit status is not known, because the agent was restarted while it ran".to_owned();
        Input::Exited { process: self.process, status, log: output::tail(&self.output) }
    }
}

/// Ends when a process that somebody else launched has ended. There is no way to signal it from here.
pub(crate) async fn watch_adopted(process: ProcessId, system: SystemProcess) -> Input {
    let pidfd = group(system).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    let pidfd = pidfd.filter(|_| system.runs()).and_then(register);
    let mut look = tokio::time::interval(output::PERIOD);
    while system.runs() {
        tokio::select! {
            () = ended(pidfd.as_ref()) => break,
            _ = look.tick() => {}
        }
    }
    let status = "it ended, and its exit status is known only to who launched it".to_owned();
    Input::Exited { process, status, log: String::new() }
}

#[expect(
    deprecated,
    reason = "an OwnedFd stays open and the same, which is all that the replacement asks; unsafe is forbidden"
)]
fn register(pidfd: OwnedFd) -> Option<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(pidfd, Interest::READABLE).ok()
}

/// A pidfd becomes readable when its process ends.
async fn ended(pidfd: Option<&AsyncFd<OwnedFd>>) {
    let readable = match pidfd {
        Some(pidfd) => pidfd.readable().await.is_ok(),
        None => false,
    };
    if !readable {
        std::future::pending::<()>().await;
    }
}

fn group(system: SystemProcess) -> Option<Pid> {
    i32::try_from(system.pid).ok().and_then(Pid::from_raw)
}
