//! The ready process: the next session, the end, and a handle for other tasks.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

use crate::agent::Agent;
use crate::callback::{CallbackServer, Inbox};
use crate::current::CurrentSession;
use crate::error::{ErrorName, GseError};
use crate::model::time;
use crate::presence::Presence;
use crate::session::{Link, StartRequested};

/// The agent asks this process to finish: scale-in, bad health, or somebody ended the session together with its
/// process. The process decides how; the fleet's protection policy bounds when (3.4).
///
/// ```
/// use std::time::{Duration, Instant, SystemTime};
/// use gse_sdk::ProcessTerminate;
///
/// /// Until when the match may go on; `None`: as long as it takes.
/// fn last_tick(asked: ProcessTerminate) -> Option<Instant> {
///     let left = asked.termination_time()?.duration_since(SystemTime::now()).unwrap_or_default();
///     Instant::now().checked_add(left.saturating_sub(Duration::from_secs(10)))
/// }
/// ```
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

/// A process that the agent knows as ready, and that hosts one session after the other.
///
/// A session borrows it, so there cannot be two at once; after the session it takes the next one, without another
/// ProcessReady (3.1). A server for one match per process calls [`ending`](Self::ending) instead, exits, and is
/// started again.
///
/// ```
/// # use gse_sdk::testing::ScriptedAgent;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), gse_sdk::GseError> {
/// # let agent = ScriptedAgent::start();
/// # let builder = agent.builder();
/// let mut ready = builder.client_port(3237).ready().await?;
/// # agent.process_terminate(1_700_000_300).await?;
/// while let Some(starting) = ready.next_session().await {
///     let session = starting.activate().await?;
///     // ... the match ...
///     session.terminate().await?;
/// }
/// ready.ending().await
/// # }
/// ```
///
/// Dropping it stops the callbacks without a word to the agent, which then sees a crash.
#[derive(Debug)]
#[must_use = "a process that does not ask for its next session fails it"]
pub struct Ready {
    inbox: Inbox,
    server: CallbackServer,
    handle: ProcessHandle,
    /// The session that was handed out and is not known to have ended.
    open: Option<Link>,
    /// Stops with the process.
    _presence: Presence,
    // Last: the place is free again when all else is gone.
    _claim: Claim,
}

impl Ready {
    pub(crate) fn new(
        agent: Arc<Agent>,
        current: Arc<CurrentSession>,
        server: CallbackServer,
        inbox: Inbox,
        claim: Claim,
    ) -> Self {
        let presence = Presence::watch(&agent, &current, &inbox);
        let handle = ProcessHandle { agent, current, terminations: inbox.terminations.clone() };
        Self { inbox, server, handle, open: None, _presence: presence, _claim: claim }
    }

    /// Waits for the next session. `None`: the agent has asked this process to finish (OnProcessTerminate), and a
    /// session can come no more; call [`ending`](Self::ending).
    ///
    /// Cancel safe: it can be one branch of a `select!`. A session that was dropped without `terminate` (an early
    /// return, a `?`) is terminated here first, so that the agent knows the process as free.
    pub async fn next_session(&mut self) -> Option<StartRequested<'_>> {
        if let Some(left_open) = &self.open {
            // When the agent refuses, it has closed the session by itself.
            let _ = left_open.terminate().await;
            self.open = None;
        }
        let mut terminations = self.inbox.terminations.clone();
        // In this order, because the agent hands out no session after it has asked for the end.
        let info = tokio::select! {
            biased;
            info = self.inbox.sessions.recv() => info?,
            _ = terminations.wait_for(Option::is_some) => return None,
        };
        let link = Link {
            agent: self.handle.agent.clone(),
            current: self.handle.current.clone(),
            terminations: self.inbox.terminations.clone(),
            info,
        };
        self.open = Some(link.clone());
        Some(StartRequested::new(&mut self.open, link))
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
    /// It does not exit: return from `main` afterwards; the agent ends what is still there after 30 s (R7). A hosted session ends with
    /// the process.
    ///
    /// # Errors
    /// As the agent answers. The callbacks have stopped all the same, and there is nothing left to do but exit.
    pub async fn ending(self) -> Result<(), GseError> {
        let Self { server, handle, _presence: presence, .. } = self;
        drop(presence);
        let answer = handle.agent.process_ending().await;
        server.stop().await;
        answer
    }
}

/// What any task may ask or tell about the process. Cheap to clone.
///
/// ```no_run
/// # async fn example(ready: &gse_sdk::Ready) {
/// let mut handle = ready.handle();
/// tokio::spawn(async move {
///     // 3 of 10 rooms in use: shown with the session, and a fleet can scale by it.
///     if let Err(error) = handle.report_custom_data(3, 10).await {
///         eprintln!("not reported: {error}");
///     }
///     if let Some(asked) = handle.process_terminate().await {
///         eprintln!("finish before {:?}", asked.termination_time());
///     }
/// });
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ProcessHandle {
    agent: Arc<Agent>,
    current: Arc<CurrentSession>,
    terminations: watch::Receiver<Option<i64>>,
}

impl ProcessHandle {
    /// Reports two numbers of the game's own choosing: how much is in use, of how much. They are shown with the
    /// session, and a fleet can scale by them (4.4).
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

    /// When the process is ended by force; `None` until the agent asked it to finish, and when it gave no time.
    pub fn termination_time(&self) -> Option<SystemTime> {
        self.terminations.borrow().and_then(time)
    }

    /// Waits until the agent asks the process to finish; each handle hears it once, and again when the agent asks
    /// again with another time. `None`: the process has ended. Cancel safe.
    pub async fn process_terminate(&mut self) -> Option<ProcessTerminate> {
        next_termination(&mut self.terminations).await
    }
}

/// The agent's next word that the process is to finish, if the receiver has not seen it yet.
pub(crate) async fn next_termination(
    terminations: &mut watch::Receiver<Option<i64>>,
) -> Option<ProcessTerminate> {
    loop {
        terminations.changed().await.ok()?;
        if let Some(termination_time) = *terminations.borrow_and_update() {
            return Some(ProcessTerminate { termination_time });
        }
    }
}

/// The same without waiting.
pub(crate) fn termination_if_any(
    terminations: &mut watch::Receiver<Option<i64>>,
) -> Option<ProcessTerminate> {
    // Who could send is gone: nothing comes any more.
    let changed = terminations.has_changed().unwrap_or(false);
    let asked = if changed { *terminations.borrow_and_update() } else { None };
    asked.map(|termination_time| ProcessTerminate { termination_time })
}

/// The agents at which this OS process has a live [`Ready`]: an agent knows a process by its pid alone.
static CLAIMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn claimed() -> MutexGuard<'static, BTreeSet<String>> {
    CLAIMED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The right to be this OS process at one agent.
#[derive(Debug)]
pub(crate) struct Claim(String);

impl Claim {
    pub(crate) fn new(agent: &str) -> Result<Self, GseError> {
        if claimed().insert(agent.to_string()) {
            return Ok(Self(agent.to_string()));
        }
        Err(GseError::new(
            ErrorName::AlreadyInitialized,
            format!("this process is already known to the agent at `{agent}`; hint: keep the first `Ready`"),
        ))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        claimed().remove(&self.0);
    }
}
