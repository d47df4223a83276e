//! When a session got how far: from the request to the first tick of its first player, kept with its row and archived
//! with it. It decides nothing; `gse why session` and the console tell it.
//!
//! Every time is the control plane's. What a host did it tells as "so long ago", because clocks of two machines differ;
//! what would come out before the step that it follows is put beside it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cx::Cx;
use crate::error::Error;
use crate::game_server_session::{self, GameServerSession, GameServerSessionStatus};
use crate::id::{GameServerSessionId, ProcessId, Region};
use crate::placement::{Placement, PlacementKey};
use crate::planted::planted;
use crate::state::State;
use crate::time::Timestamp;
use crate::trace_context::TraceContext;

pub mod spans;
mod told;

pub use told::{Hop, Stands, Teller, Told, tell};

/// Moments that a game server can name in one session.
pub const MILESTONES_MOST: usize = 16;
/// Characters of such a name.
pub const MILESTONE_NAME_MOST: usize = 32;
/// What a game server tells when its first player is in the game.
pub const FIRST_PLAYER: &str = "first-player";
/// What a game server tells when the first tick of a client has reached it.
pub const FIRST_TICK: &str = "first-tick";

/// The moments of one session; what has not happened, or was not heard of, is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// The trace of the request, with the span of whoever made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceContext>,
    /// Where the placement's queue is, when that is not where the session is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_region: Option<Region>,
    /// When the placement was asked for. A session that was asked for by itself exists since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<Timestamp>,
    /// When the host had the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered: Option<Timestamp>,
    /// When the connection to the process stood and OnStartGameServerSession was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Timestamp>,
    /// When it became ACTIVE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated: Option<Timestamp>,
    /// When its first seat was reserved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<Timestamp>,
    /// When its first player was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Timestamp>,
    /// What its game server named, in the order in which it did; each name once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub milestones: Vec<Milestone>,
}

/// A moment that a game server named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    /// 1 to 32 of `a` to `z`, `0` to `9` and `-`.
    pub name: String,
    /// When it was heard of.
    pub at: Timestamp,
}

/// How long before its report a host did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StartTimes {
    /// It had the order to start the session.
    pub ordered_ago: Option<Duration>,
    /// It sent OnStartGameServerSession.
    pub sent_ago: Option<Duration>,
}

impl Timeline {
    /// Nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What a host told of the start of a session that exists since `created`.
    pub(crate) fn note_start(&mut self, now: Timestamp, created: Timestamp, times: StartTimes) {
        let at = |ago: Duration, not_before: Timestamp| {
            if planted!(HostTimesInFuture) {
                return now.plus(ago);
            }
            let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
            Timestamp::from_millis(now.millis().saturating_sub(ago)).max(not_before)
        };
        if self.ordered.is_none() {
            self.ordered = times.ordered_ago.map(|ago| at(ago, created));
        }
        if self.sent.is_none() {
            self.sent = times.sent_ago.map(|ago| at(ago, self.ordered.unwrap_or(created)));
        }
    }
}

/// Whether a game server may give that name to a moment.
pub fn is_milestone_name(name: &str) -> bool {
    let is_fine = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    !name.is_empty() && name.len() <= MILESTONE_NAME_MOST && name.bytes().all(is_fine)
}

/// A game server names a moment of its session. The first time counts; what is too much is not kept.
pub(crate) fn on_milestone(
    state: &mut State,
    cx: &Cx<'_>,
    caller: &ProcessId,
    id: &GameServerSessionId,
    name: &str,
) -> Result<(), Error> {
    let session = game_server_session::of_caller(state, caller, id)?;
    match session.status {
        GameServerSessionStatus::Activating | GameServerSessionStatus::Active => {}
        GameServerSessionStatus::Terminating
        | GameServerSessionStatus::Terminated
        | GameServerSessionStatus::Error => {
            return Err(game_server_session::over_error(state, caller, session));
        }
    }
    let known = &session.timeline.milestones;
    let is_full = known.len() >= MILESTONES_MOST && !planted!(MilestonesUnbounded);
    if !is_milestone_name(name) || is_full || known.iter().any(|known| known.name == name) {
        return Ok(());
    }
    if let Some(session) = state.game_server_sessions.get_mut(id) {
        session.timeline.milestones.push(Milestone { name: name.to_owned(), at: cx.now });
    }
    Ok(())
}

/// The key of the placement that made a session, if one did.
pub fn placement_of(session: &GameServerSession) -> Option<PlacementKey> {
    let mut scope = session.scope.clone();
    if let Some(region) = &session.timeline.queue_region {
        scope.region = region.clone();
    }
    Some(PlacementKey { scope, id: session.placement.clone()? })
}

/// Whether this placement is the one that made that session, and not a later one of its id (R4).
pub fn has_made(placement: &Placement, session: &GameServerSession) -> bool {
    session.timeline.requested.is_none_or(|requested| requested == placement.started)
}

#[cfg(test)]
mod tests;
