//! Game server sessions: creating, activating, ending, finding (operations.md 6.2–6.4, server-sdk.md 3.2).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::alias::canary;
use crate::allocation;
use crate::archive::{self, ArchiveProperties, ArchiveQuestion};
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::{Fleet, ProtectionPolicy};
use crate::host::{HostOrder, SessionSpec};
use crate::id::{FleetId, GameServerSessionId, IdKind, InstanceId, PlacementId, ProcessId, Scope};
use crate::log::SessionLog;
use crate::observation::SessionObservations;
use crate::placement;
use crate::planted::planted;
use crate::player_session::{self, PlayerSessionCreationPolicy};
use crate::process::{self, Load};
use crate::state::{Row, RowKind, State};
use crate::time::Timestamp;
use crate::timeline::{StartTimes, Timeline};
use crate::words::words;

pub(crate) mod activation;
mod describe;
pub mod emulated;
mod end_process;
pub mod search;
mod target;
mod update;

pub(crate) use activation::on_start_failed;
pub use describe::{SessionQuery, describe, page, select};
pub use end_process::EndGameServerSessionAndProcess;
pub use target::Target;
pub use update::UpdateGameServerSession;

words! {
    /// The states of operations.md 6.3.
    pub enum GameServerSessionStatus {
        /// Placed on a process that has not activated it yet.
        Activating = "ACTIVATING",
        /// Takes players.
        Active = "ACTIVE",
        /// Ended; logs are being saved.
        Terminating = "TERMINATING",
        /// Over.
        Terminated = "TERMINATED",
        /// Ended by a failure.
        Error = "ERROR",
    }
}

impl GameServerSessionStatus {
    /// Terminal states never change again.
    pub fn is_over(self) -> bool {
        match self {
            Self::Activating | Self::Active | Self::Terminating => false,
            Self::Terminated | Self::Error => true,
        }
    }
}

/// A game server session. Kept for the retention time after its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GameServerSession {
    /// Its id.
    pub id: GameServerSessionId,
    /// The account and region.
    pub scope: Scope,
    /// Its fleet.
    pub fleet: FleetId,
    /// Where it runs.
    pub instance: InstanceId,
    /// What runs it.
    pub process: ProcessId,
    /// Name, or empty.
    pub name: String,
    /// CreatorId, or empty.
    pub creator: String,
    /// GameProperties, in the given order.
    pub properties: Vec<(String, String)>,
    /// GameServerSessionData, or empty.
    pub data: String,
    /// MatchmakerData, or empty.
    pub matchmaker_data: String,
    /// MaximumPlayerSessionCount.
    pub max_players: u32,
    /// RESERVED and ACTIVE player sessions (Y-10).
    pub seats_taken: u32,
    /// Whether players may join.
    pub policy: PlayerSessionCreationPolicy,
    /// Copied from the fleet (F-21).
    pub protection: ProtectionPolicy,
    /// Where it stands.
    pub status: GameServerSessionStatus,
    /// Why it ended, when it is ERROR; else empty.
    pub status_reason: String,
    /// AvailabilityStatus: false when its process is unhealthy or leaving (F-16, S-24).
    pub enabled: bool,
    /// Weight of its instance when it was placed.
    pub weight: u32,
    /// From the fleet.
    pub instance_type: String,
    /// Where players connect.
    pub ip_address: String,
    /// Where players connect.
    pub port: u16,
    /// Current and maximum of ReportCustomData.
    pub custom_counts: (u32, u32),
    /// The placement that made it.
    pub placement: Option<PlacementId>,
    /// IdempotencyToken of the request.
    pub idempotency_token: Option<String>,
    /// Custom id of the request.
    pub custom_id: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ended.
    pub terminated: Option<Timestamp>,
    /// Until when it must be activated, while ACTIVATING.
    pub activation_deadline: Option<Timestamp>,
    /// When it leaves memory, once it is over.
    #[serde(default)]
    pub archive_at: Option<Timestamp>,
    /// Its collected logs, some moments after its end (G-21).
    #[serde(default)]
    pub log: Option<SessionLog>,
    /// What was seen of it; decides nothing.
    #[serde(default)]
    pub observations: SessionObservations,
    /// When it got how far; decides nothing.
    #[serde(default, skip_serializing_if = "Timeline::is_empty")]
    pub timeline: Timeline,
}

impl GameServerSession {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.activation_deadline.or(self.archive_at)
    }

    /// G-10: placements are exempt, and so is who names no creator.
    pub(crate) fn counts_for_creator(&self) -> bool {
        !self.creator.is_empty() && self.placement.is_none()
    }

    /// Seats that are free.
    pub fn free_seats(&self) -> u32 {
        self.max_players.saturating_sub(self.seats_taken)
    }
}

/// Makes a session on a free process now, or is refused; nothing waits (G-1 to G-10).
#[derive(Clone, Debug)]
pub struct CreateGameServerSession {
    /// The account and region.
    pub scope: Scope,
    /// FleetId or AliasId.
    pub target: Target,
    /// MaximumPlayerSessionCount, 0–200.
    pub max_players: u32,
    /// CreatorId, or empty.
    pub creator: String,
    /// GameProperties.
    pub properties: Vec<(String, String)>,
    /// GameServerSessionData, or empty.
    pub data: String,
    /// GameServerSessionId: a custom id.
    pub custom_id: Option<String>,
    /// IdempotencyToken.
    pub idempotency_token: Option<String>,
    /// Name, or empty.
    pub name: String,
}

impl Command for CreateGameServerSession {
    type Reply = GameServerSession;
    const NAME: &'static str = "CreateGameServerSession";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<GameServerSession, Error> {
        self.create(state, cx, None)
    }
}

impl CreateGameServerSession {
    /// `called` is what the fleet is called in the id, where that is not its own id.
    fn create(
        self,
        state: &mut State,
        cx: &mut Cx<'_>,
        called: Option<FleetId>,
    ) -> Result<GameServerSession, Error> {
        let fleet = self.target.resolve(state, &self.scope)?;
        let canary = self.target.canary(state, &self.scope);
        let in_canary = || canary.and_then(|(canary, _)| self.earlier(state, canary));
        if let Some(earlier) = self.earlier(state, fleet).or_else(in_canary) {
            return Ok(earlier.clone());
        }
        if self.max_players > cx.quotas.players_per_session {
            let expected = format!("at most {}", cx.quotas.players_per_session);
            let value = self.max_players.to_string();
            return Err(Error::Invalid { member: "MaximumPlayerSessionCount", value, expected });
        }
        // R78: a canary that cannot take the session costs nobody a session.
        let first = canary.filter(|(_, is_next)| *is_next);
        let first = first.and_then(|(canary, _)| self.choose(state, canary, cx.now).ok());
        let (fleet, process) = first.map_or_else(|| self.choose(state, fleet, cx.now), Ok)?;
        let alias = self.target.alias().cloned();
        let request = NewSession {
            name: self.name,
            creator: self.creator,
            properties: self.properties,
            data: self.data,
            matchmaker_data: String::new(),
            max_players: self.max_players,
            placement: None,
            idempotency_token: self.idempotency_token,
            custom_id: self.custom_id,
            called,
            timeline: Timeline { trace: cx.trace, ..Timeline::default() },
        };
        let session = place(state, cx, &fleet, &process, request)?;
        if let Some(alias) = alias {
            canary::count(state, &alias, &fleet);
        }
        Ok(session)
    }

    /// The process of this fleet that takes the session.
    fn choose(&self, state: &State, fleet: &Fleet, now: Timestamp) -> Result<(FleetId, ProcessId), Error> {
        self.check_creator_limit(state, fleet, now)?;
        Ok((fleet.id.clone(), allocation::choose_process(state, fleet)?))
    }

    /// Where an earlier session of that custom id or token is to be looked for when it has left memory (G-9).
    pub fn earlier_in_archive(&self, fleet: &FleetId) -> ArchiveQuestion {
        let properties = ArchiveProperties {
            fleet: Some(fleet.to_string()),
            custom_id: self.custom_id.clone(),
            token: self.idempotency_token.clone().filter(|_| self.custom_id.is_none()),
            ..ArchiveProperties::default()
        };
        ArchiveQuestion { kind: RowKind::GameServerSession, properties, after: None, limit: 1 }
    }

    /// G-9: the custom id decides when both are given.
    fn earlier<'a>(&self, state: &'a State, fleet: &Fleet) -> Option<&'a GameServerSession> {
        if planted!(TokenIgnored) {
            return None;
        }
        let (index, text) = match (&self.custom_id, &self.idempotency_token) {
            (Some(custom_id), _) => (&state.index.session_of_custom_id, custom_id),
            (None, Some(token)) => (&state.index.session_of_token, token),
            (None, None) => return None,
        };
        let ids = index.get(&(fleet.id.clone(), text.clone()))?;
        ids.first().and_then(|id| state.game_server_sessions.get(id))
    }

    /// G-10: a sliding window; ended sessions count, placements do not.
    fn check_creator_limit(&self, state: &State, fleet: &Fleet, now: Timestamp) -> Result<(), Error> {
        let limit = fleet.creator_limit;
        if self.creator.is_empty() || limit.sessions == 0 || planted!(CreatorLimitIgnored) {
            return Ok(());
        }
        let creator = (fleet.id.clone(), self.creator.clone());
        let sessions = state.index.sessions_of_creator.get(&creator).into_iter().flatten();
        let newest_first = sessions.rev().map(|(created, _)| *created);
        let recent = newest_first.take_while(|created| now.since(*created) < creator_period(fleet));
        if recent.take(limit.sessions as usize).count() >= limit.sessions as usize {
            let (limit, period_minutes) = (limit.sessions, limit.period_minutes);
            return Err(Error::CreatorLimit { creator: self.creator.clone(), limit, period_minutes });
        }
        Ok(())
    }
}

fn creator_period(fleet: &Fleet) -> std::time::Duration {
    std::time::Duration::from_secs(u64::from(fleet.creator_limit.period_minutes) * 60)
}

/// What a new session takes from its request.
pub(crate) struct NewSession {
    pub(crate) name: String,
    pub(crate) creator: String,
    pub(crate) properties: Vec<(String, String)>,
    pub(crate) data: String,
    pub(crate) matchmaker_data: String,
    pub(crate) max_players: u32,
    pub(crate) placement: Option<PlacementId>,
    pub(crate) idempotency_token: Option<String>,
    pub(crate) custom_id: Option<String>,
    /// What the fleet is called in an id of the form that the emulator had.
    pub(crate) called: Option<FleetId>,
    /// What happened before it.
    pub(crate) timeline: Timeline,
}

/// Puts a new session on a process that was chosen: reserved first, then told (G1, G-6).
pub(crate) fn place(
    state: &mut State,
    cx: &mut Cx<'_>,
    fleet: &FleetId,
    process: &ProcessId,
    request: NewSession,
) -> Result<GameServerSession, Error> {
    let fleet = state.fleets.get(fleet).ok_or_else(|| Error::FleetNotFound(fleet.clone()))?;
    let row = state.processes.get(process).ok_or_else(|| Error::ProcessUnknown(process.clone()))?;
    let tail = request.placement.as_ref().map(PlacementId::as_str).or(request.custom_id.as_deref());
    let suffix = cx.suffix(IdKind::GameServerSession);
    let timeout = std::time::Duration::from_secs(u64::from(fleet.runtime.activation_timeout_s));
    let id = match &request.called {
        None => fleet.scope.game_server_session_id(&fleet.id, &suffix, tail),
        Some(called) => emulated::session_id(called, &suffix, tail),
    };
    let session = GameServerSession {
        id,
        scope: fleet.scope.clone(),
        fleet: fleet.id.clone(),
        instance: row.instance.clone(),
        process: process.clone(),
        name: request.name,
        creator: request.creator,
        properties: request.properties,
        data: request.data,
        matchmaker_data: request.matchmaker_data,
        max_players: request.max_players,
        seats_taken: 0,
        policy: PlayerSessionCreationPolicy::AcceptAll,
        protection: fleet.protection,
        status: GameServerSessionStatus::Activating,
        status_reason: String::new(),
        enabled: true,
        weight: state.instances.get(&row.instance).map_or(0, |instance| instance.weight),
        instance_type: fleet.instance_type.clone(),
        ip_address: row.ip_address.clone(),
        port: row.client_port,
        custom_counts: row.custom_counts,
        placement: request.placement,
        idempotency_token: request.idempotency_token,
        custom_id: request.custom_id,
        created: cx.now,
        terminated: None,
        activation_deadline: Some(cx.now.plus(timeout)).filter(|_| !planted!(ActivationDeadlineForgotten)),
        archive_at: None,
        log: None,
        observations: SessionObservations::default(),
        timeline: request.timeline,
    };
    if !planted!(ProcessNotReserved) {
        state.edit_process(process, |row| row.load = Load::Reserved(session.id.clone()));
    }
    state.insert_game_server_session(session.clone());
    if let Some(order) = start_order(state, &session.id) {
        cx.order(&session.instance, order);
    }
    Ok(session)
}

/// The order that hands a session to its process, while it is ACTIVATING.
pub(crate) fn start_order(state: &State, id: &GameServerSessionId) -> Option<HostOrder> {
    let session = state.game_server_sessions.get(id)?;
    let deadline = session.activation_deadline?;
    let spec = SessionSpec {
        id: session.id.clone(),
        fleet: session.fleet.clone(),
        name: session.name.clone(),
        max_players: session.max_players,
        joinable: session.policy == PlayerSessionCreationPolicy::AcceptAll,
        properties: session.properties.clone(),
        port: session.port,
        ip_address: session.ip_address.clone(),
        data: session.data.clone(),
        matchmaker_data: session.matchmaker_data.clone(),
        dns_name: String::new(),
        trace: session.timeline.trace.map(|trace| trace.below(session.id.as_str())),
    };
    Some(HostOrder::StartGameServerSession { process: session.process.clone(), session: spec, deadline })
}

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionEnd {
    /// G5, G6, G7.
    Terminated,
    /// G3, G4, G8.
    Error,
}

/// Ends a session, whoever wanted it. Does nothing when it is over already: terminal states are final.
pub(crate) fn end(
    state: &mut State,
    cx: &mut Cx<'_>,
    id: &GameServerSessionId,
    how: SessionEnd,
    reason: &str,
) {
    let Some(session) = state.game_server_sessions.get_mut(id) else { return };
    if session.status.is_over() && !planted!(EndsTwice) {
        return;
    }
    let was_activating = session.status == GameServerSessionStatus::Activating;
    session.status = match how {
        SessionEnd::Terminated => GameServerSessionStatus::Terminated,
        SessionEnd::Error => GameServerSessionStatus::Error,
    };
    session.status_reason = match how {
        SessionEnd::Terminated => String::new(),
        SessionEnd::Error => reason.to_string(),
    };
    session.terminated = Some(cx.now);
    session.activation_deadline = None;
    // As long as it may count for the creator limit, it is needed in memory.
    let limiting = state.fleets.get(&session.fleet).filter(|_| session.counts_for_creator());
    let counts_until = limiting.map_or(cx.now, |fleet| session.created.plus(creator_period(fleet)));
    session.archive_at = Some(cx.now.plus(cx.clocks.archive_after).max(counts_until));
    session.enabled = false;
    session.seats_taken = 0;
    let (process, placement) = (session.process.clone(), session.placement.clone());
    let scope_uin = session.scope.uin.clone();
    cx.because(format!("session {id} ended: {reason}"));
    if !planted!(PlayersOutliveSession) {
        player_session::end_all(state, cx, id);
    }
    let hosts = state.processes.get(&process).is_some_and(|process| process.load.session() == Some(id));
    if hosts && !planted!(ProcessNotFreed) {
        process::free(state, cx, &process);
    }
    if let Some(placement) = placement.filter(|_| was_activating) {
        placement::on_session_failed(state, cx, &scope_uin, &placement, id);
    }
}

/// What is due: it was not activated in time, or it leaves memory.
pub(crate) fn on_deadline(state: &mut State, cx: &mut Cx<'_>, id: &GameServerSessionId) {
    let Some(session) = state.game_server_sessions.get_shared(id) else { return };
    let session = Arc::clone(session);
    match session.terminated {
        None => activation::on_activation_timeout(state, cx, id),
        Some(ended) => {
            player_session::leave_all(state, cx, id);
            archive::leave(state, cx, Row::GameServerSession(session), ended);
        }
    }
}

/// The session that a game server's call names, if this process may name it (server-sdk.md 4.2).
pub(crate) fn of_caller<'a>(
    state: &'a State,
    caller: &ProcessId,
    id: &GameServerSessionId,
) -> Result<&'a GameServerSession, Error> {
    let process = state.processes.get(caller).ok_or_else(|| Error::ProcessUnknown(caller.clone()))?;
    let session = state.game_server_sessions.get(id).ok_or_else(|| Error::SessionNotFound(id.clone()))?;
    if session.fleet != process.fleet {
        return Err(Error::SessionOfAnotherFleet(id.clone()));
    }
    if session.process != *caller {
        return Err(Error::SessionOfAnotherProcess(id.clone()));
    }
    Ok(session)
}

/// The error of a call that needs a live session: names both ids when the process hosts another one (4.2, step 4).
pub(crate) fn over_error(state: &State, caller: &ProcessId, session: &GameServerSession) -> Error {
    match hosted_instead(state, caller, &session.id) {
        Some(hosted) => Error::SessionEndedHostingAnother { named: session.id.clone(), hosted },
        None => Error::SessionNotReady { session: session.id.clone(), status: session.status },
    }
}

/// The session that a process hosts, when it is another one than this.
fn hosted_instead(
    state: &State,
    process: &ProcessId,
    id: &GameServerSessionId,
) -> Option<GameServerSessionId> {
    let hosted = state.processes.get(process).and_then(|process| process.load.session());
    hosted.filter(|hosted| *hosted != id).cloned()
}

/// ActivateGameServerSession (G2, G-7).
pub(crate) fn activate(
    state: &mut State,
    cx: &mut Cx<'_>,
    caller: &ProcessId,
    id: &GameServerSessionId,
    (max_players, start): (u32, StartTimes),
) -> Result<(), Error> {
    let session = of_caller(state, caller, id)?;
    match session.status {
        GameServerSessionStatus::Active => return Ok(()),
        GameServerSessionStatus::Activating => {}
        GameServerSessionStatus::Terminating
        | GameServerSessionStatus::Terminated
        | GameServerSessionStatus::Error => {
            let hosted = hosted_instead(state, caller, id);
            return Err(Error::ActivationTooLate { session: id.clone(), status: session.status, hosted });
        }
    }
    // The timer may not have run yet (G3).
    if session.activation_deadline.is_some_and(|deadline| cx.now >= deadline) {
        activation::on_activation_timeout(state, cx, id);
        let status = GameServerSessionStatus::Error;
        return Err(Error::ActivationTooLate { session: id.clone(), status, hosted: None });
    }
    let placement = session.placement.clone();
    let uin = session.scope.uin.clone();
    if max_players > session.max_players {
        let most = session.max_players;
        cx.because(format!(
            "maxPlayers {max_players} of session {id} is above its maximum of {most}: ignored"
        ));
    }
    let promised =
        placement.as_ref().map_or(0, |placement| placement::promised_seats(state, &uin, placement, id));
    if let Some(session) = state.game_server_sessions.get_mut(id) {
        session.status = GameServerSessionStatus::Active;
        session.activation_deadline = None;
        session.timeline.note_start(cx.now, session.created, start);
        session.timeline.activated = Some(cx.now);
        // server-sdk.md 4.4: lowers, never raises; 0 is ignored. Not below the seats of its placement's players (P-5).
        if max_players > 0 {
            session.max_players = session.max_players.min(max_players).max(promised);
        }
    }
    state.edit_process(caller, |process| process.load = Load::Hosting(id.clone()));
    if let Some(placement) = placement {
        placement::on_session_active(state, cx, &uin, &placement, id);
    }
    Ok(())
}

/// TerminateGameServerSession (G5, G-12). Over already: fine, and the process has shown life (P11).
pub(crate) fn terminate(
    state: &mut State,
    cx: &mut Cx<'_>,
    caller: &ProcessId,
    id: &GameServerSessionId,
) -> Result<(), Error> {
    of_caller(state, caller, id)?;
    // Fine by 4.3, and yet a server that remembers only its first session does this for ever.
    if let Some(hosted) = hosted_instead(state, caller, id) {
        cx.because(format!("session {id} is over already; process {caller} hosts {hosted} now"));
    }
    state.edit_process(caller, |process| process.tainted = false);
    end(state, cx, id, SessionEnd::Terminated, "the game server ended it");
    Ok(())
}

/// UpdatePlayerSessionCreationPolicy (Y-9).
pub(crate) fn update_policy(
    state: &mut State,
    caller: &ProcessId,
    id: &GameServerSessionId,
    policy: PlayerSessionCreationPolicy,
) -> Result<(), Error> {
    let session = of_caller(state, caller, id)?;
    match session.status {
        GameServerSessionStatus::Activating | GameServerSessionStatus::Active => {}
        GameServerSessionStatus::Terminating
        | GameServerSessionStatus::Terminated
        | GameServerSessionStatus::Error => return Err(over_error(state, caller, session)),
    }
    if let Some(session) = state.game_server_sessions.get_mut(id) {
        session.policy = policy;
    }
    Ok(())
}

/// A session of this account and region.
pub fn find<'a>(
    state: &'a State,
    scope: &Scope,
    id: &GameServerSessionId,
) -> Result<&'a GameServerSession, Error> {
    let session = state.game_server_sessions.get(id).filter(|session| session.scope == *scope);
    session.ok_or_else(|| Error::SessionNotFound(id.clone()))
}

#[cfg(test)]
mod tests;
