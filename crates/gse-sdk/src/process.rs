//! The ready process: its events, its end, and a handle for other tasks.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

use crate::agent::Agent;
use crate::callback::{CallbackServer, Inbox};
use crate::current::CurrentSession;
use crate::error::{ErrorName, GseError};
use crate::model::{GameServerSession, time};
use crate::session::{Link, StartingSession};

/// Something that the agent asks of this process.
#[derive(Debug)]
pub enum Event {
    /// Host this session.
    StartGameServerSession(StartingSession),
    /// Finish: scale-in, bad health, or somebody ended the session together with its process.
    /// The process decides how; the fleet's protection policy bounds when. May come again with another time.
    ProcessTerminate(ProcessTerminate),
}

/// The agent asks this process to finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessTerminate {
    termination_time: i64,
}

impl ProcessTerminate {
    /// When the process is ended by force. Under full protection that is the end of the year 9999: never.
    /// `None` when the agent gave no time.
    pub fn termination_time(&self) -> Option<SystemTime> {
        time(self.termination_time)
    }
}

/// A process that the agent knows as ready.
///
/// Dropping it stops the callbacks without a word to the agent, which then sees a crash;
/// [`ending`](Self::ending) is the proper end.
#[derive(Debug)]
#[must_use = "a process that does not read its events fails its sessions"]
pub struct Process {
    inbox: Inbox,
    server: CallbackServer,
    handle: ProcessHandle,
    // Last: the place is free again when all else is gone.
    _claim: Claim,
}

impl Process {
    pub(crate) fn new(
        agent: Arc<Agent>,
        current: Arc<CurrentSession>,
        server: CallbackServer,
        inbox: Inbox,
        claim: Claim,
    ) -> Self {
        let handle = ProcessHandle { agent, current, terminations: inbox.terminations.clone() };
        Self { inbox, server, handle, _claim: claim }
    }

    /// The next event; `None` when no event can come any more.
    ///
    /// Cancel safe: it can be one branch of a `select!`.
    pub async fn next_event(&mut self) -> Option<Event> {
        // In this order, because the agent hands out no session after it has asked for the end.
        tokio::select! {
            biased;
            Some(info) = self.inbox.sessions.recv() => Some(self.start(info)),
            Ok(()) = self.inbox.terminations.changed() => {
                let termination_time = self.inbox.terminations.borrow_and_update().unwrap_or_default();
                Some(Event::ProcessTerminate(ProcessTerminate { termination_time }))
            }
            else => None,
        }
    }

    fn start(&self, info: Arc<GameServerSession>) -> Event {
        let link = Link { agent: self.handle.agent.clone(), current: self.handle.current.clone(), info };
        Event::StartGameServerSession(StartingSession::new(link))
    }

    /// A handle for tasks that do not own the process.
    pub fn handle(&self) -> ProcessHandle {
        self.handle.clone()
    }

    /// See [`ProcessHandle::report_custom_data`].
    ///
    /// # Errors
    /// As there.
    pub async fn report_custom_data(&self, current: u32, max: u32) -> Result<(), GseError> {
        self.handle.report_custom_data(current, max).await
    }

    /// See [`ProcessHandle::game_server_session_id`].
    pub fn game_server_session_id(&self) -> Option<String> {
        self.handle.game_server_session_id()
    }

    /// See [`ProcessHandle::termination_time`].
    pub fn termination_time(&self) -> Option<SystemTime> {
        self.handle.termination_time()
    }

    /// The port on loopback where the agent calls this process.
    pub fn grpc_port(&self) -> u16 {
        self.server.grpc_port()
    }

    /// Tells the agent that this process goes away (ProcessEnding), then stops the callbacks.
    ///
    /// It does not exit: return from `main` afterwards, within 30 s. A hosted session ends with the process.
    ///
    /// # Errors
    /// As the agent answers. The callbacks have stopped all the same, and there is nothing left to do but exit.
    pub async fn ending(self) -> Result<(), GseError> {
        let answer = self.handle.agent.process_ending().await;
        self.server.stop().await;
        answer
    }
}

/// What any task may ask or tell about the process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ProcessHandle {
    agent: Arc<Agent>,
    current: Arc<CurrentSession>,
    terminations: watch::Receiver<Option<i64>>,
}

impl ProcessHandle {
    /// Reports two numbers of the game's own choosing: how much is in use, of how much. They are shown with the
    /// session, and a fleet can scale by them.
    ///
    /// # Errors
    /// `BAD_REQUEST_EXCEPTION` above 2147483647. Otherwise as the agent answers; it is not repeated after a lost
    /// connection, because it may have happened.
    pub async fn report_custom_data(&self, current: u32, max: u32) -> Result<(), GseError> {
        let count = |count: u32| {
            i32::try_from(count).map_err(|_| {
                GseError::bad_request(format!("count `{count}` is above the limit `{}`", i32::MAX))
            })
        };
        self.agent.report_custom_data(count(current)?, count(max)?).await
    }

    /// The session that the agent handed to this process and that has not been terminated.
    pub fn game_server_session_id(&self) -> Option<String> {
        self.current.id()
    }

    /// When the process is ended by force; `None` until the agent asked it to finish.
    pub fn termination_time(&self) -> Option<SystemTime> {
        self.terminations.borrow().and_then(time)
    }
}

/// The agents at which this OS process has a live [`Process`]: an agent knows a process by its pid alone.
static CLAIMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn claimed() -> MutexGuard<'static, BTreeSet<String>> {
    CLAIMED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The right to be this OS process at one agent.
#[derive(Debug)]
pub(crate) struct Claim(String);

impl Claim {
    pub(crate) fn new(address: &str) -> Result<Self, GseError> {
        if claimed().insert(address.to_string()) {
            return Ok(Self(address.to_string()));
        }
        Err(GseError::new(
            ErrorName::AlreadyInitialized,
            format!(
                "this process is already known to the agent at `{address}`; hint: keep the first `Process`"
            ),
        ))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        claimed().remove(&self.0);
    }
}
