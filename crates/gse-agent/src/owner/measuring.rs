//! What the processes of the slots use: the kernel is asked once per `metrics.period`, on a thread that may block, and what
//! that means is worked out by `gse_core::monitoring`.

use std::sync::Arc;
use std::time::Duration;

use gse_core::id::InstanceId;
use gse_core::monitoring::{HostReading, InstanceUsage, belonging, measure};
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior};

use super::{OUTBOX, Owner, now};
use crate::procfs;
use crate::uplink::UplinkMessage;

/// Between two looks.
pub(super) struct Measuring {
    /// The last look.
    earlier: Option<Arc<HostReading>>,
    is_under_way: bool,
    pub(super) results: (mpsc::Sender<Measured>, mpsc::Receiver<Measured>),
}

/// What came of a look.
pub(super) struct Measured {
    reading: HostReading,
    usages: Vec<(InstanceId, InstanceUsage)>,
}

impl Measuring {
    pub(super) fn new() -> Self {
        // One look at a time.
        Self { earlier: None, is_under_way: false, results: mpsc::channel(1) }
    }
}

/// The first tick comes at once: CPU time is that between two looks.
pub(super) fn ticks(period: Duration) -> Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

impl Owner {
    pub(super) fn measure(&mut self) {
        if self.measuring.is_under_way {
            return;
        }
        self.measuring.is_under_way = true;
        let (launched, earlier) = (self.supervisor.pids(), self.measuring.earlier.clone());
        let results = self.measuring.results.0.clone();
        self.work.spawn_blocking(move || {
            let mut reading = procfs::usage(now());
            let pids = belonging(&reading.processes, &launched).into_values().flatten();
            reading.connections = procfs::established(pids);
            let usages = measure(earlier.as_deref(), &reading, &launched);
            // The agent may have ended.
            let _ = results.blocking_send(Measured { reading, usages });
            None
        });
    }

    pub(super) fn take_measured(&mut self, Measured { reading, usages }: Measured) {
        self.measuring.is_under_way = false;
        self.measuring.earlier = Some(Arc::new(reading));
        if !usages.is_empty() && self.outbox.len() < OUTBOX {
            self.outbox.push_back(UplinkMessage::Measured { usages });
        }
    }
}
