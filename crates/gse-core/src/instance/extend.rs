//! What an instance is doing, in numbers (DescribeInstancesExtend, operations.md 2.7).

use super::{Instance, InstanceStatus};
use crate::state::State;

/// The counters of one instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstanceCounters {
    /// Processes that are ready and pass their health checks.
    pub healthy_processes: u32,
    /// Processes that are ready, healthy or not: the console shows "healthy/active" (operations.md 2.7).
    pub active_processes: u32,
    /// Live sessions.
    pub sessions: u32,
    /// As many sessions as processes are configured.
    pub max_sessions: u32,
    /// RESERVED and ACTIVE player sessions.
    pub players: u32,
    /// Sum of MaximumPlayerSessionCount of its sessions.
    pub max_players: u32,
}

/// Counts what runs on an instance.
pub fn counters(state: &State, instance: &Instance) -> InstanceCounters {
    let fleet = state.fleets.get(&instance.fleet);
    let mut counters = InstanceCounters {
        max_sessions: fleet.map_or(0, |fleet| fleet.runtime.processes_per_instance()),
        ..InstanceCounters::default()
    };
    for process in state.processes_of(&instance.id) {
        counters.active_processes += 1;
        counters.healthy_processes += u32::from(!process.unhealthy);
        let session = process.load.session().and_then(|session| state.game_server_sessions.get(session));
        if let Some(session) = session {
            counters.sessions += 1;
            counters.players = counters.players.saturating_add(session.seats_taken);
            counters.max_players = counters.max_players.saturating_add(session.max_players);
        }
    }
    counters
}

/// The fleet's view of an instance: Pending, Active or Terminating.
pub fn fleet_side_state(status: InstanceStatus) -> &'static str {
    match status {
        InstanceStatus::Pending => "Pending",
        InstanceStatus::Active => "Active",
        InstanceStatus::Leaving | InstanceStatus::Stopping => "Terminating",
    }
}

#[cfg(test)]
mod tests;
