//! When to call a process and what its answers mean: health (3.1), sessions and termination (4.5).

use std::time::Duration;

use crate::host::{ProcessEnd, ReportKind, SessionSpec};
use crate::id::{GameServerSessionId, InstanceId, ProcessId};
use crate::observation::Observation;
use crate::planted::planted;
use crate::supervisor::record::Health;
use crate::supervisor::{Callback, CallbackKind, CallbackOutcome, Effect, HostCx, Supervisor};
use crate::time::Timestamp;

/// Deadline of one OnProcessTerminate once a connection stands (4.5).
pub(super) const TERMINATE_ANSWER: Duration = Duration::from_secs(60);

impl Supervisor {
    /// P8: hands a session to a process.
    pub(super) fn start_session(
        &mut self,
        cx: &mut HostCx<'_>,
        instance: &InstanceId,
        process: &ProcessId,
        session: SessionSpec,
        deadline: Timestamp,
    ) {
        if self.report_if_gone(cx, instance, process) {
            return;
        }
        let Some(record) = self.alive_mut(process) else { return };
        if record.was_given(&session.id) && !planted!(HandedOverTwice) {
            return;
        }
        let refusal = if !record.is_active() || record.doomed.is_some() {
            Some("the process is not ready".to_owned())
        } else if record.hosted.as_ref().is_some_and(|hosted| hosted.start_in_flight) {
            Some("OnStartGameServerSession for another session has not returned".to_owned())
        } else {
            None
        };
        if let Some(reason) = refusal {
            let session = session.id;
            let process = process.clone();
            cx.report(instance, ReportKind::StartSessionFailed { process, session, reason });
            return;
        }
        record.give(session.id.clone(), cx.now);
        let answer_within = deadline.since(cx.now);
        let grpc_port = record.ready.as_ref().map_or(0, |ready| ready.grpc_port);
        cx.want(Effect::Callback {
            process: process.clone(),
            grpc_port,
            callback: Callback::Start(Box::new(session)),
            dial_for: cx.clocks.callback_dial.min(answer_within),
            answer_within,
            answer_for: answer_within,
        });
    }

    pub(super) fn on_callback_done(
        &mut self,
        cx: &mut HostCx<'_>,
        process: &ProcessId,
        callback: CallbackKind,
        outcome: CallbackOutcome,
    ) {
        match callback {
            CallbackKind::Health => self.on_health(cx, process, &outcome),
            CallbackKind::Start => self.on_start_returned(cx, process, outcome),
            CallbackKind::Terminate => {
                let told = self.alive_mut(process).and_then(|record| record.terminating.as_mut());
                if let Some(told) = told.filter(|_| outcome == CallbackOutcome::Done) {
                    told.answered = true;
                }
                cx.note(format!("OnProcessTerminate of process `{process}`: {outcome}"));
                if outcome == CallbackOutcome::Done {
                    self.observed(cx, process, Observation::TerminateReturned);
                }
                self.observe_callback(cx, process, callback, &outcome);
            }
        }
    }

    /// From now on the process may know of the session: a successor of this host does not tell it again.
    pub(super) fn on_start_sending(&mut self, now: Timestamp, process: &ProcessId) {
        if let Some(hosted) = self.alive_mut(process).and_then(|record| record.hosted.as_mut()) {
            hosted.sent = true;
            hosted.sent_at.get_or_insert(now);
        }
    }

    /// 4.5, outcome: an activation that came first stands.
    fn on_start_returned(&mut self, cx: &mut HostCx<'_>, process: &ProcessId, outcome: CallbackOutcome) {
        let Some(record) = self.alive_mut(process) else { return };
        let instance = record.instance.clone();
        let Some(hosted) = record.hosted.as_mut().filter(|hosted| hosted.start_in_flight) else { return };
        hosted.start_in_flight = false;
        let (session, activated) = (hosted.id.clone(), hosted.activated);
        let start = hosted.start_times(cx.now);
        self.observe_callback(cx, process, CallbackKind::Start, &outcome);
        match outcome {
            CallbackOutcome::Done if !activated => {
                self.observed(cx, process, Observation::StartReturned { session, start });
            }
            CallbackOutcome::Done => {}
            // The control plane's activation timer ends the session at the same moment (G3).
            CallbackOutcome::TimedOut => {
                cx.note(format!("OnStartGameServerSession of `{session}`: {outcome}"))
            }
            CallbackOutcome::Health(_)
            | CallbackOutcome::Rejected(_)
            | CallbackOutcome::Status { .. }
            | CallbackOutcome::Unreachable(_) => {
                cx.note(format!(
                    "OnStartGameServerSession of `{session}`, activated: {activated}: {outcome}"
                ));
                if !activated {
                    let (process, reason) = (process.clone(), outcome.to_string());
                    cx.report(&instance, ReportKind::StartSessionFailed { process, session, reason });
                }
            }
        }
    }

    /// P11: TerminateGameServerSession was recorded; the process may get the next session.
    pub(super) fn on_session_over(
        &mut self,
        cx: &mut HostCx<'_>,
        process: &ProcessId,
        session: &GameServerSessionId,
    ) {
        let Some(record) = self.alive_mut(process) else { return };
        if record.hosted.as_ref().is_none_or(|hosted| hosted.id != *session) {
            return;
        }
        record.hosted = None;
        record.idle_since = cx.now;
        self.set_kill_time(cx, process);
        self.collect_logs(cx, process, session);
    }

    /// A check is due. One at a time, and none while OnStartGameServerSession runs (3.1).
    pub(super) fn on_health_time(&mut self, cx: &mut HostCx<'_>, process: &ProcessId) {
        let Some(record) = self.alive_mut(process) else { return };
        if !record.is_active()
            || record.doomed.is_some()
            || record.health.next_check.is_none_or(|at| at > cx.now)
        {
            return;
        }
        record.health.next_check = Some(cx.now.plus(cx.clocks.health_interval));
        let starting = record.hosted.as_ref().is_some_and(|hosted| hosted.start_in_flight);
        if record.health.in_flight || starting {
            return;
        }
        record.health.in_flight = true;
        let grace = if record.health.ever_succeeded { Duration::ZERO } else { cx.clocks.callback_dial };
        cx.want(Effect::Callback {
            process: process.clone(),
            grpc_port: record.ready.as_ref().map_or(0, |ready| ready.grpc_port),
            callback: Callback::Health,
            dial_for: grace.min(cx.clocks.health_timeout),
            answer_within: cx.clocks.health_timeout,
            answer_for: cx.clocks.health_timeout,
        });
    }

    fn on_health(&mut self, cx: &mut HostCx<'_>, process: &ProcessId, outcome: &CallbackOutcome) {
        let Some(record) = self.alive_mut(process).filter(|record| record.is_active()) else { return };
        record.health.in_flight = false;
        let starting = record.hosted.as_ref().is_some_and(|hosted| hosted.start_in_flight);
        if *outcome == CallbackOutcome::Health(true) {
            let is_first = !std::mem::replace(&mut record.health.ever_succeeded, true);
            if !std::mem::take(&mut record.health.failures).is_empty() || is_first {
                self.observed(cx, process, Observation::HealthSucceeded);
            }
            return;
        }
        cx.note(format!("OnHealthCheck of process `{process}`: {outcome}"));
        // Once it was told to end it is checked for the log only; a slow map load must not look like a hang.
        if record.health.unhealthy || record.terminating.is_some() || starting {
            return;
        }
        record.health.failures.push(outcome.to_string());
        self.observe_callback(cx, process, CallbackKind::Health, outcome);
        let Some(record) = self.alive_mut(process) else { return };
        let failures = &record.health.failures;
        if u32::try_from(failures.len()).unwrap_or(u32::MAX) < cx.clocks.health_failures {
            return;
        }
        let mut kinds = failures.clone();
        kinds.dedup();
        let reason = format!("{} failed health checks in a row: {}", failures.len(), kinds.join("; "));
        let instance = record.instance.clone();
        record.health = Health { unhealthy: true, failures: Vec::new(), ..record.health.clone() };
        cx.note(format!("process `{process}` is unhealthy: {reason}"));
        cx.report(&instance, ReportKind::ProcessUnhealthy { process: process.clone(), reason });
    }

    /// An order for a process that this host never knew, or forgot, or that ended: whoever gave it must hear so.
    pub(super) fn report_if_gone(
        &mut self,
        cx: &mut HostCx<'_>,
        instance: &InstanceId,
        process: &ProcessId,
    ) -> bool {
        let end = match self.processes.get(process) {
            Some(record) if record.is_alive() => return false,
            Some(record) => record.end.clone().unwrap_or(ProcessEnd::Lost),
            None => ProcessEnd::Lost,
        };
        cx.report(instance, ReportKind::ProcessEnded { process: process.clone(), end, log: String::new() });
        true
    }

    /// Reports can be lost: what the control plane does not know yet is told again.
    pub(super) fn confirm_processes(
        &mut self,
        cx: &mut HostCx<'_>,
        instance: &InstanceId,
        processes: &[ProcessId],
    ) {
        let processes = if planted!(ConfirmationIgnored) { &[] } else { processes };
        for process in processes {
            if self.report_if_gone(cx, instance, process) {
                continue;
            }
            let unheard = self
                .processes
                .get(process)
                .is_some_and(|record| record.health.unhealthy && record.terminating.is_none());
            if unheard {
                let (process, reason) = (process.clone(), "it was found unhealthy before".to_owned());
                cx.report(instance, ReportKind::ProcessUnhealthy { process, reason });
            }
        }
    }
}
