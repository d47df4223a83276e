//! How processes end: told to, by themselves, or killed (P5 to P7, P13 to P17; server-sdk.md 3.4, 3.5).

use crate::host::{ProcessEnd, ReportKind, Termination};
use crate::id::{InstanceId, ProcessId};
use crate::planted::planted;
use crate::supervisor::callback::TERMINATE_ANSWER;
use crate::supervisor::record::{Doomed, Phase, Process, Terminating};
use crate::supervisor::{Callback, Effect, HostCx, Signal, Supervisor};
use crate::time::Timestamp;

impl Supervisor {
    pub(super) fn terminate_process(
        &mut self,
        cx: &mut HostCx<'_>,
        instance: &InstanceId,
        process: &ProcessId,
        termination: Termination,
        reason: &str,
    ) {
        if self.report_if_gone(cx, instance, process) {
            return;
        }
        let first = self.alive_mut(process).is_some_and(|record| record.terminating.is_none());
        if first {
            cx.note(format!("process `{process}` is told to end: {reason}"));
        }
        self.tell_to_end(cx, process, termination);
    }

    /// G-15: no OnProcessTerminate, no time to end by itself.
    pub(super) fn kill_process(
        &mut self,
        cx: &mut HostCx<'_>,
        instance: &InstanceId,
        process: &ProcessId,
        reason: &str,
    ) {
        if self.report_if_gone(cx, instance, process) {
            return;
        }
        // The order is repeated until its end was heard; `on_kill_time` repeats the signal.
        let is_killed = |record: &mut Process| {
            record.doomed.as_ref().is_some_and(|doomed| doomed.end == ProcessEnd::ForceTerminated)
        };
        if self.alive_mut(process).is_some_and(is_killed) {
            return;
        }
        cx.note(format!("process `{process}` is killed {reason}"));
        self.kill(cx, process, ProcessEnd::ForceTerminated);
    }

    /// P13. Orders are repeated, each with a deadline counted from its own time: the earliest one stands.
    pub(super) fn tell_to_end(&mut self, cx: &mut HostCx<'_>, process: &ProcessId, termination: Termination) {
        let Some(record) = self.alive_mut(process).filter(|record| record.doomed.is_none()) else { return };
        match record.phase {
            Phase::Spawning | Phase::Activating { .. } => {
                self.kill(cx, process, ProcessEnd::ForceTerminated);
                return;
            }
            Phase::Active => {}
            Phase::Ending { .. } | Phase::Ended { .. } => return,
        }
        let told = record.terminating.take();
        let answered = told.as_ref().is_some_and(|told| told.answered);
        let mut termination = termination;
        if let Some(told) = &told {
            termination.deadline = earlier(told.termination.deadline, termination.deadline);
        }
        record.terminating = Some(Terminating { termination, kill_at: None, answered });
        if told.is_none() {
            record.idle_since = cx.now.max(record.idle_since);
        }
        self.set_kill_time(cx, process);
        if told.is_none() {
            self.call_terminate(cx, process, termination);
        }
    }

    /// Calls OnProcessTerminate, and tries until the process would be killed.
    pub(super) fn call_terminate(
        &mut self,
        cx: &mut HostCx<'_>,
        process: &ProcessId,
        termination: Termination,
    ) {
        let Some(record) = self.alive_mut(process) else { return };
        let grpc_port = record.ready.as_ref().map_or(0, |ready| ready.grpc_port);
        let kill_at = record.terminating.as_ref().and_then(|terminating| terminating.kill_at);
        let dial_for = kill_at.map_or(cx.clocks.protection_none, |at| at.since(cx.now));
        cx.want(Effect::Callback {
            process: process.clone(),
            grpc_port,
            callback: Callback::Terminate { termination_time_s: termination.termination_time_s },
            dial_for,
            answer_within: dial_for.saturating_add(TERMINATE_ANSWER),
            answer_for: TERMINATE_ANSWER,
        });
    }

    /// 3.4: what hosts a session has its protection; what hosts none is never protected longer than NoProtection.
    pub(super) fn set_kill_time(&mut self, cx: &HostCx<'_>, process: &ProcessId) {
        let Some(record) = self.alive_mut(process) else { return };
        let idle_deadline =
            record.hosted.is_none().then(|| record.idle_since.plus(cx.clocks.protection_none));
        if let Some(terminating) = &mut record.terminating {
            if planted!(ProtectionIgnored) && terminating.termination.deadline.is_none() {
                terminating.termination.deadline = Some(cx.now.plus(cx.clocks.protection_none));
            }
            terminating.kill_at = earlier(terminating.termination.deadline, idle_deadline);
        }
    }

    /// ProcessEnding was answered: now the exit grace runs (3.5, R7). What was not launched here is simply gone.
    pub(super) fn begin_exit_grace(&mut self, cx: &mut HostCx<'_>, process: &ProcessId) {
        let exit_by = cx.now.plus(cx.clocks.process_exit);
        let Some(record) = self.alive_mut(process) else { return };
        if !record.is_launched() {
            self.end_record(cx, process, ProcessEnd::Clean, String::new());
        } else if let Phase::Ending { exit_by: grace } = &mut record.phase {
            *grace = Some(exit_by);
        }
    }

    /// P5, P6.
    pub(super) fn on_start_timeout(&mut self, cx: &mut HostCx<'_>, process: &ProcessId) {
        let Some(record) = self.alive_mut(process).filter(|record| record.doomed.is_none()) else { return };
        let Phase::Activating { until } = record.phase else { return };
        if until <= cx.now {
            let end = if record.contacted { ProcessEnd::NotReady } else { ProcessEnd::NoContact };
            cx.note(format!("process `{process}` did not call ProcessReady in time and is killed"));
            self.kill(cx, process, end);
        }
    }

    /// P16, P17, and signals that have not helped yet.
    pub(super) fn on_kill_time(&mut self, cx: &mut HostCx<'_>, process: &ProcessId) {
        let Some(record) = self.alive_mut(process) else { return };
        if let Some(doomed) = &mut record.doomed {
            if doomed.kill_at <= cx.now {
                doomed.kill_at = cx.now.plus(cx.clocks.process_kill);
                cx.want(Effect::Signal { process: process.clone(), signal: Signal::Kill });
            }
            return;
        }
        let deadline_passed = record
            .terminating
            .as_ref()
            .and_then(|terminating| terminating.kill_at)
            .is_some_and(|at| at <= cx.now);
        match record.phase {
            Phase::Ending { exit_by: Some(at) } if at <= cx.now => {
                cx.note(format!("process `{process}` called ProcessEnding and did not end in time"));
                self.end_politely(cx, process, ProcessEnd::ExitTimeout);
            }
            Phase::Active if deadline_passed => {
                let unhealthy = record.health.unhealthy;
                let end =
                    if unhealthy { ProcessEnd::UnhealthyTerminated } else { ProcessEnd::ForceTerminated };
                cx.note(format!("process `{process}` did not end by its deadline and is killed"));
                self.kill(cx, process, end);
            }
            Phase::Spawning
            | Phase::Activating { .. }
            | Phase::Active
            | Phase::Ending { .. }
            | Phase::Ended { .. } => {}
        }
    }

    pub(super) fn kill(&mut self, cx: &mut HostCx<'_>, process: &ProcessId, end: ProcessEnd) {
        self.doom(cx, process, end, Signal::Kill);
    }

    /// SIGTERM now, SIGKILL after `process.kill` (R7).
    pub(super) fn end_politely(&mut self, cx: &mut HostCx<'_>, process: &ProcessId, end: ProcessEnd) {
        self.doom(cx, process, end, Signal::Terminate);
    }

    fn doom(&mut self, cx: &mut HostCx<'_>, process: &ProcessId, end: ProcessEnd, signal: Signal) {
        let kill_at = cx.now.plus(cx.clocks.process_kill);
        let Some(record) = self.alive_mut(process) else { return };
        if !record.is_launched() {
            self.end_record(cx, process, end, String::new());
            return;
        }
        let spawning = record.phase == Phase::Spawning;
        // The first reason stands; a second one may only hurry.
        let end = record.doomed.take().map_or(end, |doomed| doomed.end);
        record.doomed = Some(Doomed { end, kill_at });
        if !spawning {
            cx.want(Effect::Signal { process: process.clone(), signal });
        }
    }

    /// The operating system's process is gone (P7, P15).
    pub(super) fn on_exited(&mut self, cx: &mut HostCx<'_>, process: &ProcessId, status: &str, log: String) {
        let Some(record) = self.alive_mut(process) else { return };
        let end = match (&record.doomed, &record.phase, &record.terminating) {
            (Some(doomed), _, _) => doomed.end.clone(),
            (None, Phase::Ending { .. }, _) => ProcessEnd::Clean,
            (None, _, Some(_)) => ProcessEnd::Terminated,
            (None, _, None) if record.bound_pid.is_some() => ProcessEnd::Crashed(format!(
                "{status}: the launched program ended before the process that it started\nhint: start the server with `exec`"
            )),
            (None, _, None) => ProcessEnd::Crashed(status.to_owned()),
        };
        cx.note(format!("process `{process}` (pid {}) is gone, {status}: {end:?}", record.shown_pid()));
        self.end_record(cx, process, end, log);
    }

    /// Closes a record, tells the control plane, and sees to what follows on its slot.
    pub(super) fn end_record(
        &mut self,
        cx: &mut HostCx<'_>,
        process: &ProcessId,
        end: ProcessEnd,
        log: String,
    ) {
        let now = cx.now;
        let Some(record) = self.alive_mut(process) else { return };
        record.phase = Phase::Ended { at: now };
        record.hosted = None;
        record.terminating = None;
        record.doomed = None;
        record.end = Some(end.clone());
        let instance = record.instance.clone();
        let token = record.token.clone().filter(|_| record.is_launched());
        record.has_strays = token.is_some();
        if !record.is_launched() {
            cx.want(Effect::ForgetAdopted { process: process.clone() });
        }
        self.count_end(cx, process, &end);
        cx.report(&instance, ReportKind::ProcessEnded { process: process.clone(), end, log });
        self.collect_all_logs(cx, process);
        if let Some(token) = token {
            cx.want(Effect::EndStrays { process: process.clone(), token });
        }
        self.keep_running(cx, &instance);
        self.remove_when_empty(cx, &instance);
    }

    /// Its token is over: only now is its place free, and may its slot go.
    pub(super) fn on_strays_ended(&mut self, cx: &mut HostCx<'_>, process: &ProcessId) {
        let Some(record) = self.processes.get_mut(process) else { return };
        self.written.touched_processes.insert(process.clone());
        record.has_strays = false;
        let instance = record.instance.clone();
        self.keep_running(cx, &instance);
        self.remove_when_empty(cx, &instance);
    }
}

/// The earlier of two deadlines; `None` is never.
fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}
