//! What a fleet does at the moment, in the numbers that its scaling is decided by (S-10, S-17).

use serde::{Deserialize, Serialize};

use super::live_sessions;
use crate::fleet::Fleet;
use crate::state::State;

/// The numbers of a moment. "Its instances" are those that are neither leaving nor reserved, pending ones included, so
/// that a start in progress is not repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetLoad {
    /// Its instances.
    pub instances: u32,
    /// Those of them without a session.
    pub idle: u32,
    /// Those of them that are not ready yet.
    pub pending: u32,
    /// Instances that are kept for investigation (F-32).
    pub reserved: u32,
    /// Instances on their way out.
    pub leaving: u32,
    /// The sum of ConcurrentExecutions.
    pub processes_per_instance: u32,
    /// Sessions that are ACTIVATING or ACTIVE on its instances.
    pub sessions: u32,
    /// RESERVED and ACTIVE player sessions on all instances of the fleet.
    pub players: u64,
    /// The sum of what the processes of its instances report.
    pub custom_count: u64,
    /// The sum of the maxima that they report.
    pub custom_maximum: u64,
}

impl FleetLoad {
    /// Counts. Players and custom counts are those of every process: they are looked at only where a rule wants them.
    pub fn of(state: &State, fleet: &Fleet, with_processes: bool) -> Self {
        let processes_per_instance = fleet.runtime.processes_per_instance();
        let mut load = Self { processes_per_instance, ..Self::default() };
        for instance in state.instances_of(&fleet.id) {
            let counts = !instance.is_leaving() && !instance.reserved;
            if instance.is_leaving() {
                load.leaving += 1;
            } else if instance.reserved {
                load.reserved += 1;
            } else {
                let sessions = live_sessions(state, &instance.id);
                load.instances += 1;
                load.idle += u32::from(sessions == 0);
                load.pending += u32::from(instance.is_pending());
                load.sessions += sessions;
            }
            for process in state.processes_of(&instance.id).filter(|_| with_processes) {
                let session = process.load.session().and_then(|id| state.game_server_sessions.get(id));
                load.players += session.map_or(0, |session| session.seats_taken.into());
                if counts {
                    load.custom_count += u64::from(process.custom_counts.0);
                    load.custom_maximum += u64::from(process.custom_counts.1);
                }
            }
        }
        load
    }

    /// Sessions that its instances can have at a time.
    pub fn all_sessions(&self) -> u64 {
        u64::from(self.instances) * u64::from(self.processes_per_instance)
    }

    /// Those that are not in use.
    pub fn free_sessions(&self) -> u64 {
        self.all_sessions().saturating_sub(self.sessions.into())
    }
}
