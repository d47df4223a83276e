//! Player sessions: one seat in a game server session each (operations.md 6.5, server-sdk.md 3.3).

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::game_server_session::{self, GameServerSession, GameServerSessionStatus};
use crate::id::{FleetId, GameServerSessionId, IdKind, PlayerSessionId, ProcessId, Scope};
use crate::page::{TokenPage, cut_by_token};
use crate::planted::planted;
use crate::state::State;
use crate::time::Timestamp;
use crate::words::words;

words! {
    /// The states of Y-1.
    pub enum PlayerSessionStatus {
        /// The seat is held.
        Reserved = "RESERVED",
        /// The player is connected and accepted.
        Active = "ACTIVE",
        /// The player left.
        Completed = "COMPLETED",
        /// The player never came.
        TimedOut = "TIMEDOUT",
    }
}

words! {
    /// Whether players may join a session (Y-9).
    pub enum PlayerSessionCreationPolicy {
        /// The start value.
        AcceptAll = "ACCEPT_ALL",
        /// No new joins; whoever is in, or holds a seat, stays.
        DenyAll = "DENY_ALL",
    }
}

/// One player session. Its id is the player's ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlayerSession {
    /// Its id.
    pub id: PlayerSessionId,
    /// The account and region of its session.
    pub scope: Scope,
    /// Its session.
    pub session: GameServerSessionId,
    /// Its fleet.
    pub fleet: FleetId,
    /// PlayerId, the caller's.
    pub player: String,
    /// PlayerData, or empty.
    pub data: String,
    /// Where it stands.
    pub status: PlayerSessionStatus,
    /// Where the player connects.
    pub ip_address: String,
    /// Where the player connects.
    pub port: u16,
    /// When it was made.
    pub created: Timestamp,
    /// When it was COMPLETED or TIMEDOUT.
    pub terminated: Option<Timestamp>,
    /// Until when AcceptPlayerSession must come, while RESERVED; at this very moment it is too late.
    pub reserved_until: Option<Timestamp>,
    /// requestid of the call that accepted it, for the transport-retry rule (server-sdk.md 4.3).
    pub accepted_by: Option<String>,
}

impl PlayerSession {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.reserved_until
    }
}

/// A player that wants a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// PlayerId.
    pub player: String,
    /// PlayerData, or empty.
    pub data: String,
}

/// Reserves seats, all or none (Y-2 to Y-5).
#[derive(Clone, Debug)]
pub struct JoinGameServerSession {
    /// The account and region.
    pub scope: Scope,
    /// GameServerSessionId.
    pub session: GameServerSessionId,
    /// One, or 1–25 for the batch.
    pub players: Vec<Joining>,
}

impl Command for JoinGameServerSession {
    type Reply = Vec<PlayerSession>;
    const NAME: &'static str = "JoinGameServerSession";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Vec<PlayerSession>, Error> {
        if planted!(RefusedJoinTouches) {
            state.game_server_sessions.get_mut(&self.session);
        }
        let session = game_server_session::find(state, &self.scope, &self.session)?;
        check_joinable(session, u32::try_from(self.players.len()).unwrap_or(u32::MAX))?;
        let players = self.players.into_iter();
        Ok(players.filter_map(|player| reserve(state, cx, &self.session, player)).collect())
    }
}

/// Y-3, in the order of the API text.
fn check_joinable(session: &GameServerSession, wanted: u32) -> Result<(), Error> {
    let id = || session.id.clone();
    if session.status != GameServerSessionStatus::Active && !planted!(JoinWhileActivating) {
        return Err(Error::SessionNotActive { session: id(), status: session.status });
    }
    if !session.enabled && !planted!(JoinWhileDisabled) {
        return Err(Error::SessionDisabled(id()));
    }
    if session.policy == PlayerSessionCreationPolicy::DenyAll {
        return Err(Error::SessionDeniesJoins(id()));
    }
    if session.free_seats() < wanted && !planted!(SeatLimitIgnored) {
        return Err(Error::SessionFull { session: id(), free: session.free_seats(), wanted });
    }
    Ok(())
}

/// Holds one seat. The caller has checked that it may.
pub(crate) fn reserve(
    state: &mut State,
    cx: &mut Cx<'_>,
    session: &GameServerSessionId,
    joining: Joining,
) -> Option<PlayerSession> {
    let session = state.game_server_sessions.get_mut(session)?;
    session.seats_taken += 1;
    let row = PlayerSession {
        id: PlayerSessionId::new(format!("psess-{}", cx.suffix(IdKind::PlayerSession))),
        scope: session.scope.clone(),
        session: session.id.clone(),
        fleet: session.fleet.clone(),
        player: joining.player,
        data: joining.data,
        status: PlayerSessionStatus::Reserved,
        ip_address: session.ip_address.clone(),
        port: session.port,
        created: cx.now,
        terminated: None,
        reserved_until: Some(
            cx.now.plus(cx.clocks.player_reserve * if planted!(ReservationTooLong) { 2 } else { 1 }),
        ),
        accepted_by: None,
    };
    state.insert_player_session(row.clone());
    Some(row)
}

/// The reservation is over (Y-6).
pub(crate) fn on_deadline(state: &mut State, cx: &mut Cx<'_>, id: &PlayerSessionId) {
    close(state, cx.now, id, PlayerSessionStatus::TimedOut);
}

/// Closes a player session and frees its seat. Does nothing when it is over already.
fn close(state: &mut State, now: Timestamp, id: &PlayerSessionId, status: PlayerSessionStatus) {
    let Some(player) = state.player_sessions.get(id) else { return };
    match player.status {
        PlayerSessionStatus::Reserved | PlayerSessionStatus::Active => {}
        PlayerSessionStatus::Completed | PlayerSessionStatus::TimedOut => return,
    }
    let session = player.session.clone();
    if let Some(player) = state.player_sessions.get_mut(id) {
        player.status = status;
        player.terminated = Some(now);
        player.reserved_until = None;
    }
    if let Some(session) = state.game_server_sessions.get_mut(&session).filter(|_| !planted!(SeatNotFreed)) {
        session.seats_taken = session.seats_taken.saturating_sub(1);
    }
}

/// The session is over: whoever was in has completed, whoever never came has timed out (R6).
pub(crate) fn end_all(state: &mut State, now: Timestamp, session: &GameServerSessionId) {
    let players: Vec<_> =
        state.players_of(session).map(|player| (player.id.clone(), player.status)).collect();
    for (id, status) in players {
        match status {
            PlayerSessionStatus::Active => close(state, now, &id, PlayerSessionStatus::Completed),
            PlayerSessionStatus::Reserved => close(state, now, &id, PlayerSessionStatus::TimedOut),
            PlayerSessionStatus::Completed | PlayerSessionStatus::TimedOut => {}
        }
    }
}

/// A player session of the session that a game server's call names.
fn of_session<'a>(
    state: &'a State,
    session: &GameServerSessionId,
    id: &PlayerSessionId,
) -> Result<&'a PlayerSession, Error> {
    let player = state.player_sessions.get(id).filter(|player| player.session == *session);
    player.ok_or_else(|| Error::PlayerUnknown { session: session.clone() })
}

/// AcceptPlayerSession (Y-7). The clock is checked here: the timer may not have run yet.
pub(crate) fn accept(
    state: &mut State,
    cx: &mut Cx<'_>,
    caller: &ProcessId,
    session: &GameServerSessionId,
    id: &PlayerSessionId,
    request_id: &str,
) -> Result<(), Error> {
    let row = game_server_session::of_caller(state, caller, session)?;
    if row.status != GameServerSessionStatus::Active {
        return Err(game_server_session::over_error(state, caller, row));
    }
    let player = of_session(state, session, id)?;
    match player.status {
        PlayerSessionStatus::Reserved => {}
        PlayerSessionStatus::TimedOut if planted!(TimedOutIsAccepted) => {}
        // A transport retry of the very call that was accepted.
        PlayerSessionStatus::Active
            if !request_id.is_empty() && player.accepted_by.as_deref() == Some(request_id) =>
        {
            return Ok(());
        }
        PlayerSessionStatus::Active | PlayerSessionStatus::Completed | PlayerSessionStatus::TimedOut => {
            return Err(Error::PlayerNotReserved { status: player.status });
        }
    }
    if player.reserved_until.is_some_and(|until| cx.now >= until) {
        close(state, cx.now, id, PlayerSessionStatus::TimedOut);
        return Err(Error::PlayerNotReserved { status: PlayerSessionStatus::TimedOut });
    }
    if let Some(player) = state.player_sessions.get_mut(id) {
        player.status = PlayerSessionStatus::Active;
        player.reserved_until = None;
        player.accepted_by = Some(request_id.to_string());
    }
    Ok(())
}

/// RemovePlayerSession (Y-8). Over already: fine.
pub(crate) fn remove(
    state: &mut State,
    cx: &mut Cx<'_>,
    caller: &ProcessId,
    session: &GameServerSessionId,
    id: &PlayerSessionId,
) -> Result<(), Error> {
    let row = game_server_session::of_caller(state, caller, session)?;
    if row.status.is_over() {
        // 4.3: harmless, unless the process confuses its sessions (the Unity demo does).
        let error = game_server_session::over_error(state, caller, row);
        let confused = matches!(error, Error::SessionEndedHostingAnother { .. });
        return if confused { Err(error) } else { Ok(()) };
    }
    of_session(state, session, id)?;
    close(state, cx.now, id, PlayerSessionStatus::Completed);
    Ok(())
}

/// What DescribePlayerSessions asks for; at least one selector, combined with AND (Y-11).
#[derive(Clone, Debug)]
pub struct PlayerQuery {
    /// Who asks.
    pub scope: Scope,
    /// GameServerSessionId.
    pub session: Option<GameServerSessionId>,
    /// PlayerId.
    pub player: Option<String>,
    /// PlayerSessionId.
    pub player_session: Option<PlayerSessionId>,
    /// PlayerSessionStatusFilter.
    pub status: Option<PlayerSessionStatus>,
    /// NextToken.
    pub next_token: Option<String>,
    /// Records at most, 1–100.
    pub limit: usize,
}

/// The player sessions that match, newest first, then by id.
pub fn describe<'a>(state: &'a State, query: &PlayerQuery) -> Result<TokenPage<&'a PlayerSession>, Error> {
    let mut players: Vec<&PlayerSession> = if let Some(id) = &query.player_session {
        let player = state.player_sessions.get(id).filter(|player| player.scope == query.scope);
        vec![player.ok_or_else(|| Error::PlayerSessionNotFound(id.clone()))?]
    } else if let Some(session) = &query.session {
        state.players_of(&game_server_session::find(state, &query.scope, session)?.id).collect()
    } else if query.player.is_some() {
        state.player_sessions.values().filter(|player| player.scope == query.scope).collect()
    } else {
        return Err(Error::Missing { member: "GameServerSessionId" });
    };
    if let Some(session) = &query.session {
        game_server_session::find(state, &query.scope, session)?;
        players.retain(|player| player.session == *session);
    }
    players.retain(|player| {
        query.player.as_ref().is_none_or(|wanted| player.player == *wanted)
            && query.status.is_none_or(|status| player.status == status)
    });
    players.sort_by(|a, b| b.created.cmp(&a.created).then(a.id.cmp(&b.id)));
    let PlayerQuery { scope, session, player, player_session, status, .. } = query;
    let question = format!("players {scope:?} {session:?} {player:?} {player_session:?} {status:?}");
    cut_by_token(players, &question, query.next_token.as_deref(), query.limit, false, |player| {
        (player.created.millis(), player.id.to_string())
    })
}

/// The same question from a game server, about a session of its own (server-sdk.md 4.4).
#[derive(Clone, Debug)]
pub struct ProcessQuery {
    /// The caller.
    pub process: ProcessId,
    /// gameServerSessionId; `None`: the current session.
    pub session: Option<GameServerSessionId>,
    /// playerId.
    pub player: Option<String>,
    /// playerSessionId.
    pub player_session: Option<PlayerSessionId>,
    /// playerSessionStatusFilter.
    pub status: Option<PlayerSessionStatus>,
    /// nextToken.
    pub next_token: Option<String>,
    /// Records at most: 0 is 50, at most 1024.
    pub limit: u32,
}

/// A page of player sessions for a game server.
pub type PlayerSessionPage = TokenPage<PlayerSession>;

const DEFAULT_PAGE: usize = 50;
const LARGEST_PAGE: usize = 1024;

/// The player sessions of a session of the calling process, oldest first, then by id.
pub fn describe_for_process(state: &State, query: &ProcessQuery) -> Result<PlayerSessionPage, Error> {
    let process =
        state.processes.get(&query.process).ok_or_else(|| Error::ProcessUnknown(query.process.clone()))?;
    let session = match (&query.session, process.load.session()) {
        (Some(session), _) | (None, Some(session)) => {
            Some(&game_server_session::of_caller(state, &query.process, session)?.id)
        }
        (None, None) => None,
    };
    // Current or past sessions of the caller, and no others.
    let own = |player: &&PlayerSession| {
        let session = state.game_server_sessions.get(&player.session);
        session.is_some_and(|session| session.process == query.process)
    };
    let mut players: Vec<&PlayerSession> = match (session, &query.player_session) {
        (Some(session), _) => state.players_of(session).collect(),
        (None, Some(id)) => state.player_sessions.get(id).into_iter().filter(own).collect(),
        (None, None) if query.player.is_some() => state.player_sessions.values().filter(own).collect(),
        (None, None) => return Err(Error::Missing { member: "gameServerSessionId" }),
    };
    players.retain(|player| {
        query.player.as_ref().is_none_or(|wanted| player.player == *wanted)
            && query.player_session.as_ref().is_none_or(|id| player.id == *id)
            && query.status.is_none_or(|status| player.status == status)
    });
    players.sort_by(|a, b| a.created.cmp(&b.created).then(a.id.cmp(&b.id)));
    let ProcessQuery { process, session, player, player_session, status, next_token, limit } = query;
    let question = format!("process {process} {session:?} {player:?} {player_session:?} {status:?}");
    let limit = if *limit == 0 { DEFAULT_PAGE } else { (*limit as usize).min(LARGEST_PAGE) };
    let page = cut_by_token(players, &question, next_token.as_deref(), limit, true, |player| {
        (player.created.millis(), player.id.to_string())
    })?;
    Ok(TokenPage { items: page.items.into_iter().cloned().collect(), next_token: page.next_token })
}

#[cfg(test)]
mod tests;
