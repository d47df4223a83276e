//! Player sessions: one seat in a game server session each (operations.md 6.5, server-sdk.md 3.3).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::archive::{self, ArchiveProperties, ArchiveQuestion, scope_text};
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::game_server_session::{self, GameServerSession, GameServerSessionStatus};
use crate::id::{FleetId, GameServerSessionId, IdKind, PlayerSessionId, ProcessId, Scope};
use crate::page::{Selection, TokenPage, cut_by_token, is_after, merge, position};
use crate::planted::planted;
use crate::state::{Row, RowKind, State};
use crate::table::Spread;
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
    /// The pid and requestid of the call that accepted it, for the transport-retry rule (server-sdk.md 4.3).
    pub accepted_by: Option<String>,
    /// When it leaves memory, once it is over.
    #[serde(default)]
    pub archive_at: Option<Timestamp>,
}

impl PlayerSession {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.reserved_until.or(self.archive_at)
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
    session.timeline.reserved.get_or_insert(cx.now);
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
        archive_at: None,
    };
    state.insert_player_session(row.clone());
    Some(row)
}

/// What is due: the reservation is over (Y-6), or it leaves memory.
pub(crate) fn on_deadline(state: &mut State, cx: &mut Cx<'_>, id: &PlayerSessionId) {
    let Some(player) = state.player_sessions.get_shared(id) else { return };
    match player.terminated {
        None => close(state, cx, id, PlayerSessionStatus::TimedOut),
        Some(ended) => {
            let row = Row::PlayerSession(Arc::clone(player));
            archive::leave(state, cx, row, ended);
        }
    }
}

/// Their session leaves memory.
pub(crate) fn leave_all(state: &mut State, cx: &Cx<'_>, session: &GameServerSessionId) {
    let ids: Vec<_> =
        state.index.players_of_session.get(&Spread::new(session)).into_iter().flatten().cloned().collect();
    for id in ids {
        let Some(player) = state.player_sessions.get_shared(&id).cloned() else { continue };
        // The end of a session is the end of its players at the latest (G-14).
        let ended = player.terminated.unwrap_or(cx.now);
        archive::leave(state, cx, Row::PlayerSession(player), ended);
    }
}

/// Closes a player session and frees its seat. Does nothing when it is over already.
fn close(state: &mut State, cx: &Cx<'_>, id: &PlayerSessionId, status: PlayerSessionStatus) {
    let Some(player) = state.player_sessions.get(id) else { return };
    match player.status {
        PlayerSessionStatus::Reserved | PlayerSessionStatus::Active => {}
        PlayerSessionStatus::Completed | PlayerSessionStatus::TimedOut => return,
    }
    let session = player.session.clone();
    if let Some(player) = state.player_sessions.get_mut(id) {
        player.status = status;
        player.terminated = Some(cx.now);
        player.reserved_until = None;
        player.archive_at = Some(cx.now.plus(cx.clocks.archive_after));
    }
    if let Some(session) = state.game_server_sessions.get_mut(&session).filter(|_| !planted!(SeatNotFreed)) {
        session.seats_taken = session.seats_taken.saturating_sub(1);
    }
}

/// The session is over: whoever was in has completed, whoever never came has timed out (R6).
pub(crate) fn end_all(state: &mut State, cx: &Cx<'_>, session: &GameServerSessionId) {
    let players: Vec<_> =
        state.players_of(session).map(|player| (player.id.clone(), player.status)).collect();
    for (id, status) in players {
        match status {
            PlayerSessionStatus::Active => close(state, cx, &id, PlayerSessionStatus::Completed),
            PlayerSessionStatus::Reserved => close(state, cx, &id, PlayerSessionStatus::TimedOut),
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
    attempt: &str,
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
            if !attempt.is_empty() && player.accepted_by.as_deref() == Some(attempt) =>
        {
            return Ok(());
        }
        PlayerSessionStatus::Active | PlayerSessionStatus::Completed | PlayerSessionStatus::TimedOut => {
            return Err(Error::PlayerNotReserved { status: player.status });
        }
    }
    if player.reserved_until.is_some_and(|until| cx.now >= until) {
        close(state, cx, id, PlayerSessionStatus::TimedOut);
        return Err(Error::PlayerNotReserved { status: PlayerSessionStatus::TimedOut });
    }
    if let Some(player) = state.player_sessions.get_mut(id) {
        player.status = PlayerSessionStatus::Active;
        player.reserved_until = None;
        player.accepted_by = Some(attempt.to_string());
    }
    // Once only: that row is large.
    let is_first = |session: &GameServerSession| session.timeline.accepted.is_none();
    if state.game_server_sessions.get(session).is_some_and(is_first)
        && let Some(session) = state.game_server_sessions.get_mut(session)
    {
        session.timeline.accepted = Some(cx.now);
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
    close(state, cx, id, PlayerSessionStatus::Completed);
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

impl PlayerQuery {
    /// Everything that the caller must repeat with a token.
    fn question(&self) -> String {
        let Self { scope, session, player, player_session, status, .. } = self;
        format!("players {scope:?} {session:?} {player:?} {player_session:?} {status:?}")
    }

    fn matches(&self, row: &PlayerSession) -> bool {
        row.scope == self.scope
            && self.session.as_ref().is_none_or(|wanted| row.session == *wanted)
            && self.player.as_ref().is_none_or(|wanted| row.player == *wanted)
            && self.player_session.as_ref().is_none_or(|wanted| row.id == *wanted)
            && self.status.is_none_or(|wanted| row.status == wanted)
    }
}

/// The player sessions in memory that match, newest first, then by id, and what to look for in the archive.
pub fn select(state: &State, query: &PlayerQuery) -> Result<Selection<PlayerSession>, Error> {
    let after = position(&query.question(), query.next_token.as_deref())?;
    let players = &state.player_sessions;
    let found: Vec<&Arc<PlayerSession>> = if let Some(id) = &query.player_session {
        players.get_shared(id).into_iter().collect()
    } else if let Some(session) = &query.session {
        let ids = state.index.players_of_session.get(&Spread::new(session)).into_iter().flatten();
        ids.filter_map(|id| players.get_shared(id)).collect()
    } else if query.player.is_some() {
        players.iter_shared().collect()
    } else {
        return Err(Error::Missing { member: "GameServerSessionId" });
    };
    let is_next = |row: &PlayerSession| {
        let place = (row.created.millis(), row.id.as_str());
        after.as_ref().is_none_or(|after| is_after(place, after))
    };
    // Whether the named one exists comes before whether it passes the filters.
    let is_named = query.player_session.is_some();
    let wanted =
        |row: &PlayerSession| row.scope == query.scope && (is_named || (query.matches(row) && is_next(row)));
    let matching = found.into_iter().filter(|row| wanted(row));
    let mut rows: Vec<Arc<PlayerSession>> = matching.cloned().collect();
    rows.sort_by(|a, b| b.created.cmp(&a.created).then(a.id.cmp(&b.id)));
    rows.truncate(query.limit + 1);
    let scope = Some(scope_text(&query.scope));
    let properties = match &query.player_session {
        Some(id) => ArchiveProperties { key: Some(id.to_string()), scope, ..ArchiveProperties::default() },
        None => ArchiveProperties {
            scope,
            session: query.session.as_ref().map(GameServerSessionId::to_string),
            player: query.player.clone(),
            status: query.status.map(|status| status.to_string()),
            ..ArchiveProperties::default()
        },
    };
    // Ids of player sessions are ours, and short: a token has room for them.
    let after = after.filter(|_| !is_named).map(|after| (after.key, after.id));
    let archive = ArchiveQuestion { kind: RowKind::PlayerSession, properties, after, limit: query.limit + 1 };
    Ok(Selection { rows, archive })
}

/// The page of the player sessions in memory and those that the archive gave. `session_exists` says whether the session
/// that was asked for is in memory or archived.
pub fn page(
    query: &PlayerQuery,
    selected: Vec<Arc<PlayerSession>>,
    archived: Vec<Row>,
    session_exists: bool,
) -> Result<TokenPage<Arc<PlayerSession>>, Error> {
    if let Some(session) = query.session.as_ref().filter(|_| !session_exists) {
        return Err(Error::SessionNotFound(session.clone()));
    }
    let archived = archived.into_iter().filter_map(|row| match row {
        Row::PlayerSession(row) => Some(row),
        _ => None,
    });
    let question = query.question();
    let last = position(&question, query.next_token.as_deref())?;
    let mut page = merge(selected, archived, &question, last.as_ref(), query.limit, |player| {
        (player.created.millis(), player.id.to_string())
    });
    if let Some(id) = &query.player_session {
        if page.items.is_empty() {
            return Err(Error::PlayerSessionNotFound(id.clone()));
        }
        page.items.retain(|player| last.is_none() && query.matches(player));
    }
    Ok(page)
}

/// The player sessions in memory that match. What is archived is not in it: see `select` and `page`.
pub fn describe(state: &State, query: &PlayerQuery) -> Result<TokenPage<Arc<PlayerSession>>, Error> {
    let session = query.session.as_ref();
    let exists = session.is_some_and(|id| game_server_session::find(state, &query.scope, id).is_ok());
    page(query, select(state, query)?.rows, Vec::new(), exists)
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
        (None, None) if query.player.is_some() || query.status.is_some() => {
            state.player_sessions.values().filter(own).collect()
        }
        (None, None) => return Err(Error::NoCurrentSession(query.process.clone())),
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
    let after = position(&question, next_token.as_deref())?;
    let page = cut_by_token(players, &question, after.as_ref(), limit, true, |player| {
        (player.created.millis(), player.id.to_string())
    });
    Ok(TokenPage { items: page.items.into_iter().cloned().collect(), next_token: page.next_token })
}

#[cfg(test)]
mod tests;
