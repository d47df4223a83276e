//! Placements: requests that wait in a queue for a session (operations.md 5.2–5.4).

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::game_server_session::{self, SessionEnd};
use crate::id::{FleetId, GameServerSessionId, PlacementId, PlayerSessionId, QueueName, Region, Scope, Uin};
use crate::planted::planted;
use crate::player_session::{self, Joining};
use crate::process;
use crate::queue;
use crate::state::State;
use crate::table::{Key, Spread, spread};
use crate::time::Timestamp;
use crate::trace_context::TraceContext;
use crate::words::words;

pub mod latency;
mod search;
pub mod trace;
mod waiting;

use latency::PlayerLatency;
use trace::SearchTrace;
pub(crate) use waiting::{on_alias_changed, on_due, on_queue_changed, on_queue_deleted, wake, wake_all};

words! {
    /// The states of operations.md 5.2.
    pub enum PlacementStatus {
        /// In the queue.
        Pending = "PENDING",
        /// The session exists and is ACTIVE.
        Fulfilled = "FULFILLED",
        /// Stopped by the caller.
        Cancelled = "CANCELLED",
        /// The queue timeout passed.
        TimedOut = "TIMED_OUT",
        /// Can never succeed.
        Failed = "FAILED",
    }
}

/// The key of a placement: its id is unique per account and region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlacementKey {
    /// The account and region.
    pub scope: Scope,
    /// The id.
    pub id: PlacementId,
}

impl PlacementKey {
    /// Reads the printed form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let (uin, region, id) = (parts.next()?, parts.next()?, parts.next()?);
        let scope = Scope { uin: Uin::new(uin), region: Region::new(region) };
        Some(Self { scope, id: PlacementId::new(id) })
    }
}

impl Key for PlacementKey {
    fn spread(&self) -> u64 {
        spread(self.id.as_str())
    }
}

impl fmt::Display for PlacementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.scope.uin, self.scope.region, self.id)
    }
}

/// What the caller asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementRequest {
    /// GameServerSessionQueueName.
    pub queue: QueueName,
    /// MaximumPlayerSessionCount, 1–200.
    pub max_players: u32,
    /// DesiredPlayerSessions.
    pub players: Vec<Joining>,
    /// PlayerLatencies.
    pub latencies: Vec<PlayerLatency>,
    /// GameProperties.
    pub properties: Vec<(String, String)>,
    /// GameServerSessionData, or empty.
    pub data: String,
    /// GameServerSessionName, or empty.
    pub name: String,
    /// MatchmakerData, or empty.
    pub matchmaker_data: String,
}

/// A player that got a seat (P-5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedPlayer {
    /// PlayerId.
    pub player: String,
    /// PlayerSessionId.
    pub player_session: PlayerSessionId,
}

/// The session of a fulfilled placement (P-5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fulfilment {
    /// GameServerSessionId.
    pub session: GameServerSessionId,
    /// GameServerSessionRegion.
    pub region: Region,
    /// IpAddress.
    pub ip_address: String,
    /// Port.
    pub port: u16,
    /// One per desired player.
    pub players: Vec<PlacedPlayer>,
}

/// A placement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// Chosen by the caller.
    pub id: PlacementId,
    /// The account and region of the queue.
    pub scope: Scope,
    /// What was asked for.
    pub request: PlacementRequest,
    /// Where it stands.
    pub status: PlacementStatus,
    /// When it was started.
    pub started: Timestamp,
    /// When it was finished.
    pub ended: Option<Timestamp>,
    /// When it times out.
    pub timeout: Timestamp,
    /// When it is looked at next, while PENDING, if nothing wakes it before.
    pub next_attempt: Option<Timestamp>,
    /// The session that is being activated for it.
    pub activating: Option<GameServerSessionId>,
    /// The fleets that would do and had nothing free: when one has, it is tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<FleetId>,
    /// What its search found.
    #[serde(default)]
    pub trace: SearchTrace,
    /// The trace of the request that started it (W3C); its session belongs to it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_context: Option<TraceContext>,
    /// What it got.
    pub fulfilment: Option<Fulfilment>,
    /// Why it stands where it stands, in words.
    pub reason: String,
    /// When it leaves memory, once it is over.
    #[serde(default)]
    pub archive_at: Option<Timestamp>,
}

impl Placement {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.next_attempt.or(self.archive_at)
    }

    /// What a stop of a placement that is over is answered: stopped twice is fine (P-6).
    pub fn stopped(&self) -> Result<&Self, Error> {
        match self.status {
            PlacementStatus::Pending | PlacementStatus::Cancelled => Ok(self),
            PlacementStatus::Fulfilled | PlacementStatus::TimedOut | PlacementStatus::Failed => {
                Err(Error::PlacementFinished { placement: self.id.clone(), status: self.status })
            }
        }
    }

    /// Its key.
    pub fn key(&self) -> PlacementKey {
        PlacementKey { scope: self.scope.clone(), id: self.id.clone() }
    }
}

/// Asks a queue for a session; it is answered at once and placed as soon as possible (P-1).
#[derive(Clone, Debug)]
pub struct StartGameServerSessionPlacement {
    /// The account and region of the queue.
    pub scope: Scope,
    /// PlacementId.
    pub id: PlacementId,
    /// Everything else.
    pub request: PlacementRequest,
}

impl Command for StartGameServerSessionPlacement {
    type Reply = Placement;
    const NAME: &'static str = "StartGameServerSessionPlacement";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Placement, Error> {
        let key = PlacementKey { scope: self.scope.clone(), id: self.id.clone() };
        let queue = queue::find(state, &self.scope, &self.request.queue)?;
        // R4
        if let Some(earlier) =
            state.placements.get(&key).filter(|earlier| earlier.status == PlacementStatus::Pending)
        {
            return if earlier.request == self.request {
                Ok(earlier.clone())
            } else {
                Err(Error::PlacementPending(self.id))
            };
        }
        self.check(cx)?;
        let placement = Placement {
            id: self.id,
            scope: self.scope,
            request: self.request,
            status: PlacementStatus::Pending,
            started: cx.now,
            ended: None,
            timeout: cx.now.plus(Duration::from_secs(u64::from(queue.timeout_s))),
            // The first attempt is the timer's, which is due at once: the answer is PENDING in any case (P-1).
            next_attempt: Some(cx.now),
            activating: None,
            waits_for: Vec::new(),
            trace: SearchTrace::default(),
            trace_context: cx.trace,
            fulfilment: None,
            reason: String::new(),
            archive_at: None,
        };
        state.insert_placement(placement.clone());
        Ok(placement)
    }
}

impl StartGameServerSessionPlacement {
    fn check(&self, cx: &Cx<'_>) -> Result<(), Error> {
        let max_players = self.request.max_players;
        if !(1..=cx.quotas.players_per_session).contains(&max_players) {
            let expected = format!("1 to {}", cx.quotas.players_per_session);
            let value = max_players.to_string();
            return Err(Error::Invalid { member: "MaximumPlayerSessionCount", value, expected });
        }
        let players = &self.request.players;
        if players.len() > max_players as usize {
            let expected = format!("at most MaximumPlayerSessionCount, which is {max_players}");
            let value = players.len().to_string();
            return Err(Error::Invalid { member: "DesiredPlayerSessions", value, expected });
        }
        let twice = players.iter().enumerate().find(|(position, joining)| {
            players[..*position].iter().any(|other| other.player == joining.player)
        });
        if let Some((_, joining)) = twice {
            let expected = "each PlayerId once".into();
            return Err(Error::Invalid {
                member: "DesiredPlayerSessions",
                value: joining.player.clone(),
                expected,
            });
        }
        Ok(())
    }
}

/// Stops a placement that is PENDING (P-6).
#[derive(Clone, Debug)]
pub struct StopGameServerSessionPlacement {
    /// The account and region of the queue.
    pub scope: Scope,
    /// PlacementId.
    pub id: PlacementId,
}

impl Command for StopGameServerSessionPlacement {
    type Reply = Placement;
    const NAME: &'static str = "StopGameServerSessionPlacement";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Placement, Error> {
        let placement = find(state, &self.scope, &self.id)?;
        if placement.status != PlacementStatus::Pending {
            return placement.stopped().cloned();
        }
        let key = placement.key();
        finish(state, cx, &key, PlacementStatus::Cancelled, "stopped by request");
        find(state, &self.scope, &self.id).cloned()
    }
}

/// A placement of this account and region.
pub fn find<'a>(state: &'a State, scope: &Scope, id: &PlacementId) -> Result<&'a Placement, Error> {
    let key = PlacementKey { scope: scope.clone(), id: id.clone() };
    state.placements.get(&key).ok_or_else(|| Error::PlacementNotFound(id.clone()))
}

/// The placement whose session this is, in whichever region its queue is.
fn owner(state: &State, uin: &Uin, id: &PlacementId, session: &GameServerSessionId) -> Option<PlacementKey> {
    let key = state.index.placement_of_session.get(&Spread::new(session))?;
    (key.scope.uin == *uin && key.id == *id).then(|| key.clone())
}

/// The sessions that are being activated for placements.
pub(crate) fn activating(state: &State) -> impl Iterator<Item = &GameServerSessionId> {
    state.index.placement_of_session.keys().map(|session| &session.key)
}

/// How many players get a seat as soon as this session is active.
pub(crate) fn promised_seats(
    state: &State,
    uin: &Uin,
    id: &PlacementId,
    session: &GameServerSessionId,
) -> u32 {
    let placement = owner(state, uin, id, session).and_then(|key| state.placements.get(&key));
    placement.map_or(0, |placement| u32::try_from(placement.request.players.len()).unwrap_or(u32::MAX))
}

/// The session was activated: FULFILLED, and every desired player gets a seat (P-5).
pub(crate) fn on_session_active(
    state: &mut State,
    cx: &mut Cx<'_>,
    uin: &Uin,
    id: &PlacementId,
    session_id: &GameServerSessionId,
) {
    let Some(key) = owner(state, uin, id, session_id) else { return };
    let Some(session) = state.game_server_sessions.get(session_id) else { return };
    let (region, ip_address, port) = (session.scope.region.clone(), session.ip_address.clone(), session.port);
    let joining =
        state.placements.get(&key).map_or_else(Vec::new, |placement| placement.request.players.clone());
    let mut players = Vec::new();
    let forgotten = usize::from(planted!(PlacementForgetsPlayer));
    let seated = joining.len().saturating_sub(forgotten);
    for joining in joining.into_iter().take(seated) {
        if let Some(seat) = player_session::reserve(state, cx, session_id, joining) {
            players.push(PlacedPlayer { player: seat.player, player_session: seat.id });
        }
    }
    state.edit_placement(&key, |placement| {
        placement.activating = None;
        placement.fulfilment =
            Some(Fulfilment { session: session_id.clone(), region, ip_address, port, players });
    });
    finish(state, cx, &key, PlacementStatus::Fulfilled, "the session is active");
}

/// The session could not be activated: it is dropped and the search goes on (P-16).
pub(crate) fn on_session_failed(
    state: &mut State,
    cx: &mut Cx<'_>,
    uin: &Uin,
    id: &PlacementId,
    session: &GameServerSessionId,
) {
    let Some(key) = owner(state, uin, id, session) else { return };
    let lost = state.game_server_sessions.get(session);
    let lost = lost.map(|session| (session.fleet.clone(), session.status_reason.clone()));
    state.edit_placement(&key, |placement| {
        placement.activating = None;
        placement.next_attempt = Some(cx.now);
        if let Some((fleet, reason)) = lost {
            placement.trace.note_lost(
                cx.now,
                fleet,
                if reason.is_empty() { "it was ended" } else { &reason },
            );
        }
    });
}

/// Ends a placement. A session that is just being activated for it is ended as well (P-6).
fn finish(state: &mut State, cx: &mut Cx<'_>, key: &PlacementKey, status: PlacementStatus, reason: &str) {
    let (now, archive_at) = (cx.now, cx.now.plus(cx.clocks.archive_after));
    let activating = state.edit_placement(key, |placement| {
        placement.status = status;
        placement.ended = Some(match status {
            // G38: exactly StartTime plus the timeout.
            PlacementStatus::TimedOut => placement.timeout,
            PlacementStatus::Pending
            | PlacementStatus::Fulfilled
            | PlacementStatus::Cancelled
            | PlacementStatus::Failed => now,
        });
        placement.next_attempt = None;
        placement.waits_for = Vec::new();
        placement.archive_at = Some(archive_at);
        placement.reason = reason.to_string();
        if planted!(PlacementKeepsSession) { None } else { placement.activating.take() }
    });
    let Some(activating) = activating else { return };
    cx.because(format!("placement {} is {status}: {reason}", key.id));
    let Some(session) = activating else { return };
    let process = state.game_server_sessions.get(&session).map(|session| session.process.clone());
    // The process was told of a session that nobody wants any more: it is replaced, as after a failed start (P10).
    if let Some(process) = &process {
        state.edit_process(process, |row| row.tainted = true);
    }
    game_server_session::end(state, cx, &session, SessionEnd::Terminated, "its placement is over");
    if let Some(process) = process {
        process::terminate(state, cx, &process, "the placement of its session is over");
    }
}

#[cfg(test)]
mod examples;
#[cfg(test)]
mod tests;
