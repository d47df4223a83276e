//! Where fleets run: one of the two isolating traits.

pub mod local;
pub mod logs;

use gse_core::host::HostOrder;
use gse_core::id::InstanceId;

/// Orders go down and never fail here: what came of them arrives as reports. An order that is lost is derived again
/// by the next resync. Never blocks.
pub trait FleetBackend: Send + Sync + 'static {
    /// Wants something done on a host.
    fn dispatch(&self, instance: InstanceId, order: HostOrder);
}
