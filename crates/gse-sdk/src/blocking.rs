//! The same life cycle for game servers without async: every call waits on its thread.
//!
//! The agent's callbacks are answered by a thread of the SDK, so a game loop may take as long as it likes. Calls may be
//! made from any thread, inside a tokio runtime as well.
//!
//! ```no_run
//! fn main() -> Result<(), gse_sdk::GseError> {
//!     let socket = std::net::UdpSocket::bind(("0.0.0.0", 0)).expect("a free port");
//!     let port = socket.local_addr().expect("a bound socket has an address").port();
//!     let detected = gse_sdk::blocking::detect()?;
//!     eprintln!("{detected}");
//!     let mut ready = detected.builder().client_port(port).ready_blocking()?;
//!     while let Some(starting) = ready.next_session() {
//!         let mut session = starting.activate()?;
//!         while session.process_terminate().is_none() {
//!             // One frame: read the socket, accept who connects, step the world.
//! #           break;
//!         }
//!         session.terminate()?;
//!     }
//!     ready.ending()
//! }
//! ```

mod background;

use std::time::{Duration, SystemTime};

use self::background::Background;
use crate::builder::{ClientPort, SdkBuilder};
use crate::detect::Detected;
use crate::error::GseError;
use crate::model::{GameServerSession, PlayerSession, PlayerSessionCreationPolicy, PlayerSessionFilter};
use crate::ready::ProcessTerminate;

/// [`Sdk::detect`](crate::Sdk::detect), waiting for it: at most a second.
///
/// # Errors
/// `INTERNAL_SERVICE_EXCEPTION`: the system gives no thread for it.
///
/// ```no_run
/// # fn main() -> Result<(), gse_sdk::GseError> {
/// println!("{}", gse_sdk::blocking::detect()?);
/// # Ok(()) }
/// ```
pub fn detect() -> Result<Detected, GseError> {
    let background = Background::start()?;
    Ok(background.wait(crate::Sdk::detect()))
}

impl SdkBuilder<ClientPort> {
    /// [`ready`](Self::ready) for a game without async.
    ///
    /// # Errors
    /// As there, and `INTERNAL_SERVICE_EXCEPTION`: the system gives no thread for the callbacks.
    pub fn ready_blocking(self) -> Result<Ready, GseError> {
        let background = Background::start()?;
        let ready = background.wait(self.ready())?;
        Ok(Ready { inner: ready, background })
    }
}

/// The blocking form of [`gse_sdk::Ready`](crate::Ready): a process that hosts one session after the other.
///
/// ```no_run
/// # fn main() -> Result<(), gse_sdk::GseError> {
/// let mut ready = gse_sdk::Sdk::builder().client_port(3237).ready_blocking()?;
/// while let Some(starting) = ready.next_session() {
///     starting.activate()?.terminate()?;
/// }
/// ready.ending()
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a process that does not ask for its next session fails it"]
pub struct Ready {
    inner: crate::Ready,
    // Last: what it runs belongs to the fields above.
    background: Background,
}

impl Ready {
    /// Waits for the next session, see [`Ready::next_session`](crate::Ready::next_session). `None`: call
    /// [`ending`](Self::ending).
    pub fn next_session(&mut self) -> Option<StartRequested<'_>> {
        let inner = self.background.wait(self.inner.next_session())?;
        Some(StartRequested { inner, background: &self.background })
    }

    /// Waits for the next session at most so long. For a loop that has other things to do: `Duration::ZERO` looks
    /// without waiting. `None`: call [`ending`](Self::ending).
    ///
    /// # Errors
    /// [`NoSession`]: the process is idle still.
    pub fn next_session_within(&mut self, limit: Duration) -> Result<Option<StartRequested<'_>>, NoSession> {
        let next = self.inner.next_session();
        let next = self.background.wait(async { tokio::time::timeout(limit, next).await });
        let inner = next.map_err(|_| NoSession)?;
        Ok(inner.map(|inner| StartRequested { inner, background: &self.background }))
    }

    /// A handle for other threads.
    pub fn handle(&self) -> ProcessHandle {
        ProcessHandle { inner: self.inner.handle(), background: self.background.clone() }
    }

    /// See [`Ready::ending`](crate::Ready::ending).
    ///
    /// # Errors
    /// As there.
    pub fn ending(self) -> Result<(), GseError> {
        self.background.wait(self.inner.ending())
    }
}

/// No session came in the time given; the process is idle still.
///
/// ```no_run
/// # fn main() -> Result<(), gse_sdk::GseError> {
/// # let mut ready = gse_sdk::Sdk::builder().client_port(3237).ready_blocking()?;
/// use gse_sdk::blocking::NoSession;
///
/// if let Err(NoSession) = ready.next_session_within(std::time::Duration::ZERO) {
///     println!("idle");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no session came in the time given")]
pub struct NoSession;

/// The blocking form of [`gse_sdk::ProcessHandle`](crate::ProcessHandle). Cheap to clone.
///
/// ```no_run
/// # fn example(ready: &gse_sdk::blocking::Ready) {
/// let handle = ready.handle();
/// std::thread::spawn(move || handle.report_custom_data(3, 10));
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ProcessHandle {
    inner: crate::ProcessHandle,
    background: Background,
}

impl ProcessHandle {
    /// See [`ProcessHandle::report_custom_data`](crate::ProcessHandle::report_custom_data).
    ///
    /// # Errors
    /// As there.
    pub fn report_custom_data(&self, current: u32, max: u32) -> Result<(), GseError> {
        self.background.wait(self.inner.report_custom_data(current, max))
    }

    /// The session that the agent handed to this process and that has not been terminated.
    pub fn game_server_session_id(&self) -> Option<String> {
        self.inner.game_server_session_id()
    }

    /// When the process is ended by force; `None` until the agent asked it to finish, and when it gave no time.
    pub fn termination_time(&self) -> Option<SystemTime> {
        self.inner.termination_time()
    }
}

/// The blocking form of [`gse_sdk::StartRequested`](crate::StartRequested).
///
/// ```no_run
/// # fn example(starting: gse_sdk::blocking::StartRequested<'_>) -> Result<(), gse_sdk::GseError> {
/// println!("loading {:?}", starting.info().properties().get("map"));
/// starting.activate()?.terminate()
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a session that is not activated fails at the activation timeout"]
pub struct StartRequested<'p> {
    inner: crate::StartRequested<'p>,
    background: &'p Background,
}

impl<'p> StartRequested<'p> {
    /// What the agent said about the session.
    pub fn info(&self) -> &GameServerSession {
        self.inner.info()
    }

    /// See [`StartRequested::activate`](crate::StartRequested::activate).
    ///
    /// # Errors
    /// As there.
    pub fn activate(self) -> Result<ActiveSession<'p>, GseError> {
        let inner = self.background.wait(self.inner.activate())?;
        let players = Players { inner: inner.players(), background: self.background.clone() };
        Ok(ActiveSession { inner, players, background: self.background })
    }

    /// See [`StartRequested::terminate`](crate::StartRequested::terminate).
    ///
    /// # Errors
    /// As there.
    pub fn terminate(self) -> Result<(), GseError> {
        self.background.wait(self.inner.terminate())
    }
}

/// The blocking form of [`gse_sdk::ActiveSession`](crate::ActiveSession).
///
/// ```no_run
/// # fn one_frame() {}
/// # fn example(mut session: gse_sdk::blocking::ActiveSession<'_>) -> Result<(), gse_sdk::GseError> {
/// let players = session.players();
/// std::thread::spawn(move || players.accept_player_session("psess-1"));
/// while session.process_terminate().is_none() {
///     one_frame();
/// }
/// session.terminate()
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a session ends by `terminate`, or with its process"]
pub struct ActiveSession<'p> {
    inner: crate::ActiveSession<'p>,
    players: Players,
    background: &'p Background,
}

impl ActiveSession<'_> {
    /// What the agent said about the session.
    pub fn info(&self) -> &GameServerSession {
        self.inner.info()
    }

    /// A handle for other threads.
    pub fn players(&self) -> Players {
        self.players.clone()
    }

    /// Whether the agent has asked the process to finish since this was asked last. It does not wait: ask once a frame.
    pub fn process_terminate(&mut self) -> Option<ProcessTerminate> {
        self.inner.process_terminate_if_any()
    }

    /// See [`Players::accept_player_session`].
    ///
    /// # Errors
    /// As there.
    pub fn accept_player_session(&self, player_session_id: &str) -> Result<(), GseError> {
        self.players.accept_player_session(player_session_id)
    }

    /// See [`Players::remove_player_session`].
    ///
    /// # Errors
    /// As there.
    pub fn remove_player_session(&self, player_session_id: &str) -> Result<(), GseError> {
        self.players.remove_player_session(player_session_id)
    }

    /// Opens or closes the door for new joins. Who holds a reservation may still enter.
    ///
    /// # Errors
    /// As the agent answers; see [`GseError`].
    pub fn update_player_session_creation_policy(
        &self,
        policy: PlayerSessionCreationPolicy,
    ) -> Result<(), GseError> {
        self.background.wait(self.inner.update_player_session_creation_policy(policy))
    }

    /// See [`ActiveSession::terminate`](crate::ActiveSession::terminate).
    ///
    /// # Errors
    /// As there.
    pub fn terminate(self) -> Result<(), GseError> {
        self.background.wait(self.inner.terminate())
    }
}

/// The blocking form of [`gse_sdk::Players`](crate::Players), for as many threads as there are connections.
///
/// ```no_run
/// # fn example(players: gse_sdk::blocking::Players) -> Result<(), gse_sdk::GseError> {
/// players.accept_player_session("psess-1")?;
/// players.remove_player_session("psess-1")
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Players {
    inner: crate::Players,
    background: Background,
}

impl Players {
    /// What the agent said about the session.
    pub fn info(&self) -> &GameServerSession {
        self.inner.info()
    }

    /// See [`Players::accept_player_session`](crate::Players::accept_player_session).
    ///
    /// # Errors
    /// As there.
    pub fn accept_player_session(&self, player_session_id: &str) -> Result<(), GseError> {
        self.background.wait(self.inner.accept_player_session(player_session_id))
    }

    /// See [`Players::remove_player_session`](crate::Players::remove_player_session).
    ///
    /// # Errors
    /// As there.
    pub fn remove_player_session(&self, player_session_id: &str) -> Result<(), GseError> {
        self.background.wait(self.inner.remove_player_session(player_session_id))
    }

    /// See [`Players::tell_milestone`](crate::Players::tell_milestone).
    ///
    /// # Errors
    /// As there.
    pub fn tell_milestone(&self, name: &str) -> Result<(), GseError> {
        self.background.wait(self.inner.tell_milestone(name))
    }

    /// See [`Players::describe_player_sessions`](crate::Players::describe_player_sessions).
    ///
    /// # Errors
    /// As there.
    pub fn describe_player_sessions(
        &self,
        filter: PlayerSessionFilter,
    ) -> Result<Vec<PlayerSession>, GseError> {
        self.background.wait(self.inner.describe_player_sessions(filter))
    }
}

#[cfg(test)]
mod tests;
