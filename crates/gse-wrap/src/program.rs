//! The wrapped program as a child process: started, signalled and collected by the handle that started it.
//!
//! It stays in the process group of gse-wrap, so whatever happens to gse-wrap, the agent that ends the group ends the
//! program too.

use std::io;
use std::process::ExitStatus;

use gse_sdk::GameServerSession;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::options::Settings;
use crate::procfs;

/// Where programs that trace look for what they are a part of, as OpenTelemetry names it for child processes.
const TRACEPARENT: &str = "TRACEPARENT";

/// A program that runs. Dropped, it is killed with everything that it started.
pub(crate) struct Program {
    child: Child,
    pid: u32,
}

impl Program {
    /// Starts it where gse-wrap was started, with its output and variables, the trace of its session where there is one,
    /// and what the settings add.
    pub(crate) fn start(
        settings: &Settings,
        port: Option<u16>,
        session: Option<&GameServerSession>,
    ) -> io::Result<Self> {
        let trace = session.map(|session| &session.traceparent).filter(|trace| !trace.is_empty());
        let child = Command::new(&settings.program)
            .envs(trace.map(|trace| (TRACEPARENT, trace)))
            .args(settings.arguments.iter().map(|argument| argument.fill(port, session)))
            .envs(settings.variables.iter().map(|(name, value)| (name, value.fill(port, session))))
            .spawn()?;
        let pid = child.id().expect("a child that was not waited for has a pid");
        Ok(Self { child, pid })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for its end. Cancel safe.
    pub(crate) async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    pub(crate) fn ask_to_end(&self) {
        self.signal(self.pid, Signal::TERM);
    }

    /// Kills it and everything that it started.
    pub(crate) fn kill(&self) {
        if self.child.id().is_none() {
            return;
        }
        let family = procfs::family(self.pid);
        self.signal(self.pid, Signal::KILL);
        for member in family.into_iter().filter(|member| *member != self.pid) {
            self.signal(member, Signal::KILL);
        }
    }

    fn signal(&self, pid: u32, signal: Signal) {
        // Collected already: its number may belong to somebody else.
        if self.child.id().is_none() {
            return;
        }
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            // That it has just gone is the usual error, and what was wanted.
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
