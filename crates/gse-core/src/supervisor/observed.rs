//! What is told of game servers although it decides nothing: it is what a diagnosis is made from (`observation`).

use crate::host::ReportKind;
use crate::id::ProcessId;
use crate::observation::{CallbackFailure, Observation, Refusal, Rpc};
use crate::supervisor::identity::Identity;
use crate::supervisor::{CallError, CallbackKind, CallbackOutcome, Caller, HostCx, Supervisor};

impl Supervisor {
    pub(super) fn observed(&self, cx: &mut HostCx<'_>, process: &ProcessId, observation: Observation) {
        let Some(record) = self.processes.get(process) else { return };
        cx.report(&record.instance, ReportKind::Observed { process: process.clone(), observation });
    }

    /// Tells of a callback that failed.
    pub(super) fn observe_callback(
        &self,
        cx: &mut HostCx<'_>,
        process: &ProcessId,
        callback: CallbackKind,
        outcome: &CallbackOutcome,
    ) {
        let alive = self.processes.get(process).is_some_and(|record| record.is_alive());
        if let Some(failure) = CallbackFailure::of(outcome).filter(|_| alive) {
            let words = outcome.to_string();
            self.observed(cx, process, Observation::CallbackFailed { callback, failure, words });
        }
    }

    /// Tells of a call that was refused here. A game server that calls in a loop must not fill the uplink: of the
    /// refusals of one process the 1st, 2nd, 4th, 8th, … are told.
    pub(super) fn observe_refusal(
        &mut self,
        cx: &mut HostCx<'_>,
        caller: &Caller,
        rpc: Rpc,
        error: &CallError,
    ) {
        let Some(refusal) = Refusal::of_host(error) else { return };
        let Ok(Identity::Known(process)) = self.identify(cx, caller) else { return };
        let Some(record) = self.alive_mut(&process) else { return };
        record.refused = record.refused.saturating_add(1);
        if record.refused.is_power_of_two() {
            let words = error.to_string();
            self.observed(cx, &process, Observation::CallRefused { rpc, refusal, words });
        }
    }
}
