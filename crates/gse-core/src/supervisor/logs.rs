//! When the logs of a session are collected: when it is over, or else when its process is gone (G-21, server-sdk.md 4.4).
//! Once for each session, and again by a successor of this host if that was not finished.

use crate::host::ReportKind;
use crate::id::{GameServerSessionId, ProcessId};
use crate::log::SessionLog;
use crate::supervisor::record::Phase;
use crate::supervisor::{Effect, HostCx, Supervisor};

impl Supervisor {
    /// TerminateGameServerSession was recorded. The answer does not wait for this.
    pub(super) fn collect_logs(
        &mut self,
        cx: &mut HostCx<'_>,
        process: &ProcessId,
        session: &GameServerSessionId,
    ) {
        let Some(record) = self.processes.get_mut(process) else { return };
        let Some(slot) = self.slots.get(&record.instance) else { return };
        let mut due = record.uncollected.iter_mut().filter(|due| due.session == *session && !due.under_way);
        let Some(due) = due.next() else { return };
        due.under_way = true;
        let log_paths = record.ready.as_ref().map_or(Vec::new(), |ready| ready.log_paths.clone());
        let instance = record.instance.clone();
        let (process, session, fleet) = (process.clone(), session.clone(), slot.spec.fleet.clone());
        cx.want(Effect::CollectLogs { process, session, instance, fleet, log_paths });
    }

    /// The process is gone: everything that it was given is over.
    pub(super) fn collect_all_logs(&mut self, cx: &mut HostCx<'_>, process: &ProcessId) {
        let Some(record) = self.processes.get(process).filter(|record| !record.is_alive()) else { return };
        let sessions: Vec<_> = record.uncollected.iter().map(|due| due.session.clone()).collect();
        sessions.iter().for_each(|session| self.collect_logs(cx, process, session));
    }

    /// A successor goes on: what the process was given before the session that it hosts is over.
    pub(super) fn collect_earlier_logs(&mut self, cx: &mut HostCx<'_>, process: &ProcessId) {
        let Some(record) = self.processes.get(process).filter(|record| record.phase == Phase::Active) else {
            return;
        };
        let hosted = record.hosted.as_ref().map(|hosted| hosted.id.clone());
        let sessions: Vec<_> = record.uncollected.iter().map(|due| due.session.clone()).collect();
        for session in sessions.iter().filter(|session| Some(*session) != hosted.as_ref()) {
            self.collect_logs(cx, process, session);
        }
    }

    pub(super) fn on_logs_collected(
        &mut self,
        cx: &mut HostCx<'_>,
        process: &ProcessId,
        session: GameServerSessionId,
        outcome: Result<SessionLog, String>,
    ) {
        let Some(record) = self.processes.get_mut(process) else { return };
        self.written.touched_processes.insert(process.clone());
        record.uncollected.retain(|due| due.session != session);
        let instance = record.instance.clone();
        match &outcome {
            Ok(log) => cx.note(format!("the logs of `{session}` are stored, {} bytes", log.bytes)),
            Err(reason) => cx.note(format!("the logs of `{session}` could not be kept: {reason}")),
        }
        cx.report(&instance, ReportKind::LogsCollected { session, outcome });
        self.remove_when_empty(cx, &instance);
    }
}
