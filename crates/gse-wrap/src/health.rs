//! The answer to OnHealthCheck: the program runs, and the operator's command has nothing against it.

use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::procfs;

/// Below the 50 s that the SDK gives an answer.
const COMMAND_LIMIT: Duration = Duration::from_secs(40);
const PERIOD: Duration = Duration::from_millis(20);

/// What runs now; asked from a thread of the SDK.
#[derive(Debug)]
pub(crate) struct Health {
    command: Option<String>,
    limit: Duration,
    running: Mutex<Option<Running>>,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    pid: u32,
    port: u16,
}

impl Health {
    pub(crate) fn new(command: Option<String>) -> Self {
        Self { command, limit: COMMAND_LIMIT, running: Mutex::new(None) }
    }

    /// The program runs with this pid and is expected to be well.
    pub(crate) fn watch(&self, pid: u32, port: u16) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(Running { pid, port });
    }

    /// No program is meant to run, and so none can be ill.
    pub(crate) fn rest(&self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The answer. May take as long as the command may.
    pub(crate) fn is_well(&self) -> bool {
        let running = *self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = running else { return true };
        if !procfs::is_alive(running.pid) {
            eprintln!("gse-wrap: not healthy: the program does not run");
            return false;
        }
        match self.command.as_ref().map(|command| self.ask(command, running)) {
            None => true,
            Some(Ok(())) => true,
            Some(Err(why)) => {
                eprintln!("gse-wrap: not healthy: the health command {why}");
                false
            }
        }
    }

    fn ask(&self, command: &str, running: Running) -> Result<(), String> {
        let mut child = Command::new("sh")
            .args(["-c", command])
            .env("GSE_WRAP_PID", running.pid.to_string())
            .env("GSE_WRAP_PORT", running.port.to_string())
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("could not be started: {error}"))?;
        let deadline = Instant::now() + self.limit;
        loop {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("ended with {status}")),
                Ok(None) if Instant::now() < deadline => std::thread::sleep(PERIOD),
                Ok(None) => {
                    end(&mut child);
                    return Err(format!("did not end within {} s", self.limit.as_secs()));
                }
                Err(error) => {
                    end(&mut child);
                    return Err(format!("could not be watched: {error}"));
                }
            }
        }
    }
}

/// Ends the shell and what it started, which would go on once a minute for as long as the program lives.
fn end(child: &mut Child) {
    let family = procfs::family(child.id());
    // That it has just gone is the usual error.
    let _ = child.kill();
    for member in family.into_iter().filter(|member| *member != child.id()) {
        procfs::kill(member);
    }
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_is_running_and_having_the_commands_consent() {
        let me = std::process::id();
        let gone = {
            let mut child = Command::new("true").spawn().unwrap();
            child.wait().unwrap();
            child.id()
        };
        for (running, command, expected) in [
            (None, Some("false"), true),
            (Some(me), None, true),
            (Some(gone), None, false),
            (Some(me), Some("true"), true),
            (Some(me), Some("exit 3"), false),
            (Some(me), Some("test $GSE_WRAP_PORT = 3237 && test -d /proc/$GSE_WRAP_PID"), true),
            (Some(me), Some("sleep 60"), false),
        ] {
            let mut health = Health::new(command.map(str::to_owned));
            health.limit = if command == Some("sleep 60") { PERIOD } else { Duration::from_secs(20) };
            if let Some(pid) = running {
                health.watch(pid, 3237);
            }
            assert_eq!(health.is_well(), expected, "{running:?} {command:?}");
        }
    }

    /// Waits for something that another process does.
    fn until(what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !is_so() {
            assert!(Instant::now() < deadline, "{what}");
            std::thread::sleep(PERIOD);
        }
    }

    #[test]
    fn a_command_that_hangs_is_ended_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        // The shell waits for another process, so killing the shell is not enough.
        let command = format!("sleep 3600 & echo $! > '{0}.part'; mv '{0}.part' '{0}'; wait", pid.display());
        let mut shell = Command::new("sh").args(["-c", &command]).stdin(Stdio::null()).spawn().unwrap();
        until("the shell starts another process", || pid.exists());
        let sleeper = std::fs::read_to_string(&pid).unwrap().trim().parse().unwrap();
        assert!(procfs::is_alive(sleeper));
        end(&mut shell);
        until("that process is ended", || !procfs::is_alive(sleeper));
    }
}
