//! Where fleets run: one of the two isolating traits.

pub mod local;
pub mod logs;

use gse_core::host::HostOrder;
use gse_core::id::{FleetId, InstanceId, ProcessId};

/// Orders go down and never fail here: what came of them arrives as reports. An order that is lost is derived again
/// by the next resync. Never blocks.
pub trait FleetBackend: Send + Sync + 'static {
    /// Wants something done on a host.
    fn dispatch(&self, instance: InstanceId, order: HostOrder);

    /// The last bytes of standard output and error of a process, at most so many of each, as they are. `None`: nothing is
    /// kept of it, or this kind of host keeps none. May block.
    fn output(&self, place: &ProcessPlace, most_bytes: u64) -> Option<[Vec<u8>; 2]> {
        let _ = (place, most_bytes);
        None
    }
}

/// A process and where it runs or ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessPlace {
    /// Its fleet.
    pub fleet: FleetId,
    /// Its instance.
    pub instance: InstanceId,
    /// Its record.
    pub process: ProcessId,
}
