//! Faults of regions and fleets that somebody asks for, to see what a failover does (`gse fault`). Regions themselves are
//! no rows: each is a namespace (cloud-api.md 1.12), and which are served is configuration.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::{self, FleetStatus, lifecycle};
use crate::game_server_session::{GameServerSession, GameServerSessionStatus, activation};
use crate::id::{FleetId, GameServerSessionId, ProcessId, Region, Scope};
use crate::placement;
use crate::planted::planted;
use crate::state::State;
use crate::time::Timestamp;

/// What is wrong with a region. A region without such a row is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionFault {
    /// The region.
    pub region: Region,
    /// Nothing is placed there, and its beacon does not answer.
    pub down: bool,
    /// How much later its beacon answers, ms.
    pub delay_ms: u64,
    /// Since when.
    pub since: Timestamp,
}

impl RegionFault {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        None
    }
}

/// Whether nothing may be placed in a region now.
pub fn is_down(state: &State, region: &Region) -> bool {
    state.region_faults.get(region).is_some_and(|fault| fault.down) && !planted!(DownIsUsed)
}

/// The longest delay of a beacon: what takes longer than a second counts as not measurable (Z-4).
pub const DELAY_MOST_MS: u64 = 2_000;

/// What `SetRegionFault` makes of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It is well again.
    Up,
    /// It is skipped at once, and its beacon does not answer.
    Down,
    /// Its beacon answers later, by ms.
    Slow(u64),
}

/// Makes a region fail, or well again; for trying a failover.
#[derive(Clone, Debug)]
pub struct SetRegionFault {
    /// The region.
    pub region: Region,
    /// What becomes of it.
    pub condition: Condition,
}

impl Command for SetRegionFault {
    type Reply = ();
    const NAME: &'static str = "SetRegionFault";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        let (down, delay_ms) = match self.condition {
            Condition::Up => {
                state.region_faults.remove(&self.region);
                placement::wake_all(state, cx);
                return Ok(());
            }
            Condition::Down => (true, 0),
            Condition::Slow(delay_ms) if (1..=DELAY_MOST_MS).contains(&delay_ms) => (false, delay_ms),
            Condition::Slow(delay_ms) => {
                let (value, expected) = (delay_ms.to_string(), format!("1 to {DELAY_MOST_MS} ms"));
                return Err(Error::Invalid { member: "DelayMs", value, expected });
            }
        };
        let fault = RegionFault { region: self.region.clone(), down, delay_ms, since: cx.now };
        state.region_faults.insert(self.region.clone(), fault);
        cx.because(format!("region {} is {:?}, as was asked for", self.region, self.condition));
        if down {
            let there = |session: &GameServerSession| session.scope.region == self.region;
            give_up_activations(state, cx, "its region is down", there);
        } else {
            placement::wake_all(state, cx);
        }
        Ok(())
    }
}

/// What is being activated there for placements will not come: they search on elsewhere, at once (P-16).
fn give_up_activations(
    state: &mut State,
    cx: &mut Cx<'_>,
    reason: &str,
    is_there: impl Fn(&GameServerSession) -> bool,
) {
    let sessions: Vec<(GameServerSessionId, ProcessId)> = placement::activating(state)
        .filter_map(|session| state.game_server_sessions.get(session))
        .filter(|session| session.status == GameServerSessionStatus::Activating && is_there(session))
        .map(|session| (session.id.clone(), session.process.clone()))
        .collect();
    for (session, process) in sessions {
        activation::fail_activation(state, cx, &session, &process, reason);
    }
}

/// Makes a fleet fail as if a step of its creation had: ERROR, which is final (F-8); for trying a failover.
#[derive(Clone, Debug)]
pub struct FailFleet {
    /// The account and region.
    pub scope: Scope,
    /// The fleet.
    pub fleet: FleetId,
}

impl Command for FailFleet {
    type Reply = ();
    const NAME: &'static str = "FailFleet";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        let fleet = fleet::find_live(state, &self.scope, &self.fleet)?;
        match fleet.status {
            FleetStatus::Error | FleetStatus::Deleting | FleetStatus::Terminated => Ok(()),
            FleetStatus::New
            | FleetStatus::Downloading
            | FleetStatus::Validating
            | FleetStatus::Building
            | FleetStatus::Activating
            | FleetStatus::Active => {
                lifecycle::fail_as_asked(state, cx, &self.fleet);
                let of_it = |session: &GameServerSession| session.fleet == self.fleet;
                give_up_activations(state, cx, "its fleet failed", of_it);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
