//! One game server session as types: [`StartRequested`], then [`ActiveSession`], then nothing.
//!
//! A call that the contract allows only in one state exists only on the type of that state. Both types borrow the
//! process, so the next session cannot be asked for while there is one.

use std::sync::Arc;

use gse_proto::grpcsdk::DescribePlayerSessionsRequest;
use tokio::sync::watch;

use crate::agent::Agent;
use crate::current::CurrentSession;
use crate::error::GseError;
use crate::model::{GameServerSession, PlayerSession, PlayerSessionCreationPolicy, PlayerSessionFilter};
use crate::ready::{ProcessTerminate, next_termination, termination_if_any};

/// Entries asked for at a time: with the largest player data a page stays far below gRPC's 4 MiB.
const PAGE: i32 = 200;
/// Far above what a session can hold; an agent that goes on after this many pages is broken.
const MAX_PAGES: usize = 1000;

/// The moment when the first player of a session is in the game; see [`Players::tell_milestone`].
pub const FIRST_PLAYER: &str = "first-player";
/// The moment when the first tick of a client reached the game server; see [`Players::tell_milestone`].
pub const FIRST_TICK: &str = "first-tick";

/// What a session needs to speak for itself.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) agent: Arc<Agent>,
    pub(crate) current: Arc<CurrentSession>,
    pub(crate) terminations: watch::Receiver<Option<i64>>,
    pub(crate) info: Arc<GameServerSession>,
}

impl Link {
    fn id(&self) -> &str {
        &self.info.game_server_session_id
    }

    async fn update_policy(&self, policy: PlayerSessionCreationPolicy) -> Result<(), GseError> {
        self.agent.update_player_session_creation_policy(self.id(), policy.as_str()).await
    }

    pub(crate) async fn terminate(&self) -> Result<(), GseError> {
        self.agent.terminate_game_server_session(self.id()).await?;
        self.current.clear(&self.info);
        Ok(())
    }
}

/// A session that was handed to this process and does not take players yet.
///
/// Load what it needs, then [`activate`](Self::activate) before the fleet's activation timeout (1 to 600 s).
/// Players cannot be accepted before:
///
/// ```compile_fail,E0599
/// # async fn wrong(starting: gse_sdk::StartRequested<'_>) {
/// starting.accept_player_session("psess-1").await;
/// # }
/// ```
///
/// A session that cannot be played is given up at once, with [`terminate`](Self::terminate) or by dropping it:
///
/// ```no_run
/// # async fn example(ready: &mut gse_sdk::Ready) -> Result<(), gse_sdk::GseError> {
/// while let Some(starting) = ready.next_session().await {
///     let Some(map) = starting.info().properties().get("map").map(|map| map.to_string()) else {
///         starting.terminate().await?;
///         continue;
///     };
///     println!("loading {map}");
///     let session = starting.activate().await?;
///     session.terminate().await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a session that is not activated fails at the activation timeout"]
pub struct StartRequested<'p> {
    open: &'p mut Option<Link>,
    link: Link,
}

impl<'p> StartRequested<'p> {
    pub(crate) fn new(open: &'p mut Option<Link>, link: Link) -> Self {
        Self { open, link }
    }

    /// What the agent said about the session.
    pub fn info(&self) -> &GameServerSession {
        &self.link.info
    }

    /// Opens the session to players (ActivateGameServerSession, with the session's own number of seats).
    ///
    /// # Errors
    /// The session is over then, and the process goes on with the next one. `GAME_SERVER_SESSION_READY_FAILED`: too
    /// late, it has failed already. `SERVICE_CALL_FAILED`: the agent was away for longer than this call is repeated.
    pub async fn activate(self) -> Result<ActiveSession<'p>, GseError> {
        let seats = i32::try_from(self.link.info.max_players).unwrap_or(i32::MAX);
        self.link.agent.activate_game_server_session(self.link.id(), seats).await?;
        let terminations = self.link.terminations.clone();
        Ok(ActiveSession { open: self.open, players: Players { link: self.link }, terminations })
    }

    /// Opens or closes the door before the first player can come.
    ///
    /// # Errors
    /// As the agent answers; see [`GseError`].
    pub async fn update_player_session_creation_policy(
        &self,
        policy: PlayerSessionCreationPolicy,
    ) -> Result<(), GseError> {
        self.link.update_policy(policy).await
    }

    /// Gives the session up without having activated it; the process may get another one.
    ///
    /// # Errors
    /// As the agent answers. [`next_session`](crate::Ready::next_session) tells the agent once more.
    pub async fn terminate(self) -> Result<(), GseError> {
        self.link.terminate().await?;
        *self.open = None;
        Ok(())
    }
}

/// A session that takes players.
///
/// There is one value per session, so that it ends once. Tasks that serve connections take a
/// [`players`](Self::players) handle each: it is cheap to clone and can do all but end the session.
///
/// ```no_run
/// # async fn one_tick() {}
/// # async fn example(mut session: gse_sdk::ActiveSession<'_>) -> Result<(), gse_sdk::GseError> {
/// for _tick in 0..3600 {
///     tokio::select! {
///         () = one_tick() => {}
///         asked = session.process_terminate() => {
///             println!("the process is asked to finish: {asked:?}");
///             break;
///         }
///     }
/// }
/// session.terminate().await?;
/// # Ok(()) }
/// ```
///
/// One that is dropped is terminated by the next [`next_session`](crate::Ready::next_session).
#[derive(Debug)]
#[must_use = "a session ends by `terminate`, or with its process"]
pub struct ActiveSession<'p> {
    open: &'p mut Option<Link>,
    players: Players,
    terminations: watch::Receiver<Option<i64>>,
}

impl ActiveSession<'_> {
    /// What the agent said about the session.
    pub fn info(&self) -> &GameServerSession {
        self.players.info()
    }

    /// A handle for the tasks that serve connections.
    pub fn players(&self) -> Players {
        self.players.clone()
    }

    /// Waits until the agent asks the process to finish, once for each time that it asks; at once when it has asked
    /// before the session became active. What to do is the game's choice: finish the match, or end it now.
    /// `None`: the agent can ask no more. Cancel safe.
    pub async fn process_terminate(&mut self) -> Option<ProcessTerminate> {
        next_termination(&mut self.terminations).await
    }

    /// The same without waiting.
    pub(crate) fn process_terminate_if_any(&mut self) -> Option<ProcessTerminate> {
        termination_if_any(&mut self.terminations)
    }

    /// See [`Players::accept_player_session`].
    ///
    /// # Errors
    /// As there.
    pub async fn accept_player_session(&self, player_session_id: &str) -> Result<(), GseError> {
        self.players.accept_player_session(player_session_id).await
    }

    /// See [`Players::remove_player_session`].
    ///
    /// # Errors
    /// As there.
    pub async fn remove_player_session(&self, player_session_id: &str) -> Result<(), GseError> {
        self.players.remove_player_session(player_session_id).await
    }

    /// See [`Players::tell_milestone`].
    ///
    /// # Errors
    /// As there.
    pub async fn tell_milestone(&self, name: &str) -> Result<(), GseError> {
        self.players.tell_milestone(name).await
    }

    /// See [`Players::describe_player_sessions`].
    ///
    /// # Errors
    /// As there.
    pub async fn describe_player_sessions(
        &self,
        filter: PlayerSessionFilter,
    ) -> Result<Vec<PlayerSession>, GseError> {
        self.players.describe_player_sessions(filter).await
    }

    /// Opens or closes the door for new joins. Who holds a reservation may still enter.
    ///
    /// # Errors
    /// As the agent answers; see [`GseError`]. It is not repeated after a lost connection: it may have happened.
    pub async fn update_player_session_creation_policy(
        &self,
        policy: PlayerSessionCreationPolicy,
    ) -> Result<(), GseError> {
        self.players.link.update_policy(policy).await
    }

    /// Ends the session (TerminateGameServerSession). The process is free for the next one at once.
    ///
    /// # Errors
    /// As the agent answers. [`next_session`](crate::Ready::next_session) tells the agent once more; ending twice is
    /// harmless (4.3).
    pub async fn terminate(self) -> Result<(), GseError> {
        self.players.link.terminate().await?;
        *self.open = None;
        Ok(())
    }
}

/// The players of an active session, for as many tasks as there are connections.
///
/// It may outlive the session; the agent then refuses what makes no sense any more.
///
/// ```no_run
/// use gse_sdk::{ErrorName, Players};
///
/// /// Whether somebody who shows this ticket may come in. Ask before anything else of theirs is believed.
/// async fn let_in(players: &Players, player_session_id: &str) -> bool {
///     match players.accept_player_session(player_session_id).await {
///         Ok(()) => true,
///         Err(error) if error.name == ErrorName::UnexpectedPlayerSession => false,
///         Err(error) => {
///             eprintln!("the agent cannot check tickets: {}", error.name);
///             false
///         }
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Players {
    link: Link,
}

impl Players {
    /// What the agent said about the session.
    pub fn info(&self) -> &GameServerSession {
        &self.link.info
    }

    /// Checks a connecting player's ticket and uses it up. A server that never asks has its players' seats time out
    /// after 60 s.
    ///
    /// # Errors
    /// `UNEXPECTED_PLAYER_SESSION`: unknown, of another session, expired (60 s), or used already. Do not let
    /// the player in.
    pub async fn accept_player_session(&self, player_session_id: &str) -> Result<(), GseError> {
        self.link.agent.accept_player_session(self.link.id(), player_session_id).await
    }

    /// Frees the seat of a player who left.
    ///
    /// # Errors
    /// `UNEXPECTED_PLAYER_SESSION`: unknown. Removing twice is harmless.
    pub async fn remove_player_session(&self, player_session_id: &str) -> Result<(), GseError> {
        self.link.agent.remove_player_session(self.link.id(), player_session_id).await
    }

    /// Names a moment of this session for its timeline, which the console and `gse why session` show: [`FIRST_PLAYER`],
    /// [`FIRST_TICK`], or a name of the game's own of at most 32 of `a` to `z`, `0` to `9` and `-`. The time is that of
    /// its arrival at the agent, the first time counts, and a session keeps 16 names.
    ///
    /// It is tried once, for 2 s at most, and nothing depends on it: a game tells it from a task of its own, or ignores
    /// what it returns. An agent that knows no moments, and there are such, is not asked again.
    ///
    /// ```no_run
    /// # async fn example(players: gse_sdk::Players) {
    /// // The first input of the first player has arrived.
    /// tokio::spawn(async move { players.tell_milestone(gse_sdk::FIRST_TICK).await });
    /// # }
    /// ```
    ///
    /// # Errors
    /// `BAD_REQUEST_EXCEPTION`: the name has another form, or is one too many. Otherwise as the agent answers.
    pub async fn tell_milestone(&self, name: &str) -> Result<(), GseError> {
        self.link.agent.tell_milestone(self.link.id(), name).await
    }

    /// Lists player sessions of this session, oldest first, all pages.
    ///
    /// # Errors
    /// As the agent answers. `SERVICE_CALL_FAILED` when the answer makes no sense.
    pub async fn describe_player_sessions(
        &self,
        filter: PlayerSessionFilter,
    ) -> Result<Vec<PlayerSession>, GseError> {
        let mut request = DescribePlayerSessionsRequest {
            game_server_session_id: self.link.id().to_string(),
            player_id: filter.player_id.unwrap_or_default(),
            player_session_id: filter.player_session_id.unwrap_or_default(),
            player_session_status_filter: filter.status.map(|s| s.as_str().to_string()).unwrap_or_default(),
            next_token: String::new(),
            limit: PAGE,
        };
        let mut players = Vec::new();
        for _ in 0..MAX_PAGES {
            let page = self.link.agent.describe_player_sessions(request.clone()).await?;
            for player in page.player_sessions {
                players.push(PlayerSession::from_wire(player).map_err(|text| nonsense(&text))?);
            }
            if page.next_token.is_empty() {
                return Ok(players);
            }
            if page.next_token == request.next_token {
                return Err(nonsense("the same `nextToken` twice in a row"));
            }
            request.next_token = page.next_token;
        }
        Err(nonsense(&format!("more than {MAX_PAGES} pages")))
    }
}

fn nonsense(text: &str) -> GseError {
    GseError::service_call_failed(format!("the agent's list of players makes no sense: {text}"))
}
