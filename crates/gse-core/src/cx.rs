//! What a step may know about the outside, and what it wants done there.

use crate::clocks::Clocks;
use crate::host::HostOrder;
use crate::id::{IdKind, IdSource, InstanceId};
use crate::quota::Quotas;
use crate::state::Change;
use crate::time::Timestamp;
use crate::trace_context::TraceContext;

/// The world as one step sees it.
pub struct Cx<'a> {
    /// The time of the step.
    pub now: Timestamp,
    /// The durations of operations.md 0.3.
    pub clocks: &'a Clocks,
    /// The limits of operations.md 12.1.
    pub quotas: &'a Quotas,
    /// The trace of whatever made the step; what it begins belongs to that trace.
    pub trace: Option<TraceContext>,
    ids: &'a mut dyn IdSource,
    orders: Vec<(InstanceId, HostOrder)>,
    reasons: Vec<String>,
}

impl<'a> Cx<'a> {
    /// The context of one step.
    pub fn new(now: Timestamp, ids: &'a mut dyn IdSource, clocks: &'a Clocks, quotas: &'a Quotas) -> Self {
        Self { now, clocks, quotas, trace: None, ids, orders: Vec::new(), reasons: Vec::new() }
    }

    /// The same context for a step that belongs to a trace.
    #[must_use]
    pub fn in_trace(self, trace: Option<TraceContext>) -> Self {
        Self { trace, ..self }
    }

    /// The suffix of a new id of that kind.
    pub fn suffix(&mut self, kind: IdKind) -> String {
        self.ids.suffix(kind)
    }

    /// Wants something done on a host.
    pub fn order(&mut self, instance: &InstanceId, order: HostOrder) {
        self.orders.push((instance.clone(), order));
    }

    /// Says why something was decided; it ends in the log line of the step.
    pub fn because(&mut self, reason: impl Into<String>) {
        self.reasons.push(reason.into());
    }

    pub(crate) fn has_orders(&self) -> bool {
        !self.orders.is_empty()
    }

    pub(crate) fn into_parts(self) -> (Vec<(InstanceId, HostOrder)>, Vec<String>) {
        (self.orders, self.reasons)
    }
}

/// What came of one step. The shell commits `changes`, then dispatches `orders`, then gives `reply`, in that order.
#[must_use]
#[derive(Debug)]
pub struct Step<R> {
    /// The answer to whoever asked.
    pub reply: R,
    /// The rows that changed.
    pub changes: Vec<Change>,
    /// What is wanted from hosts.
    pub orders: Vec<(InstanceId, HostOrder)>,
    /// Why it was decided so, for the log.
    pub reasons: Vec<String>,
}
