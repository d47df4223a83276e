//! What runs on a fleet now (DescribeFleetUtilization).

use super::{Fleet, find};
use crate::error::Error;
use crate::game_server_session::GameServerSessionStatus;
use crate::id::{FleetId, Scope};
use crate::state::State;

/// The counts of one fleet, from the processes that run and what they host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetUtilization {
    /// The fleet.
    pub fleet: FleetId,
    /// Sessions that are ACTIVE.
    pub active_sessions: u64,
    /// Processes that reported ready.
    pub processes: u64,
    /// RESERVED and ACTIVE player sessions.
    pub players: u64,
    /// Sum of MaximumPlayerSessionCount of the live sessions.
    pub max_players: u64,
}

/// The utilization of the named fleets; any unknown id refuses the whole question.
pub fn describe(state: &State, scope: &Scope, ids: &[FleetId]) -> Result<Vec<FleetUtilization>, Error> {
    ids.iter().map(|id| Ok(of(state, find(state, scope, id)?))).collect()
}

fn of(state: &State, fleet: &Fleet) -> FleetUtilization {
    let (fleet, instances) = (fleet.id.clone(), state.instances_of(&fleet.id));
    let mut counts = FleetUtilization { fleet, active_sessions: 0, processes: 0, players: 0, max_players: 0 };
    for process in instances.flat_map(|instance| state.processes_of(&instance.id)) {
        counts.processes += 1;
        let session = process.load.session().and_then(|session| state.game_server_sessions.get(session));
        if let Some(session) = session {
            counts.active_sessions += u64::from(session.status == GameServerSessionStatus::Active);
            counts.players += u64::from(session.seats_taken);
            counts.max_players += u64::from(session.max_players);
        }
    }
    counts
}

#[cfg(test)]
mod tests;
