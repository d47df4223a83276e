//! The control plane as one state machine: what must survive a restart.
//!
//! Three doors change it: a command, a report of a host, the timer. Each gives a `Step`; nothing else leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::capacity;
use crate::command::Command;
use crate::cx::{Cx, Step};
use crate::error::Error;
use crate::event;
use crate::fleet::lifecycle;
use crate::game_server_session;
use crate::host::{HostOrder, HostReport, ReportKind, SessionCall};
use crate::id::InstanceId;
use crate::instance;
use crate::log;
use crate::observation::recording;
use crate::placement;
use crate::planted::planted;
use crate::player_session;
use crate::process;
use crate::state::{Change, Row, RowKind, State};
use crate::statistics;
use crate::table::spread;
use crate::time::Timestamp;
use crate::timer;

/// The decisions of the service. `Clone`, so that checkers can compare before and after.
#[derive(Clone, Debug, Default)]
pub struct ControlPlane {
    state: State,
    wakeups: Wakeups,
}

/// When which row wants to be looked at.
#[derive(Clone, Debug, Default)]
struct Wakeups {
    by_time: BTreeSet<(Timestamp, RowKind, Arc<str>)>,
    /// With the number that rows are spread by.
    by_row: BTreeMap<(u64, RowKind, Arc<str>), Timestamp>,
}

impl Wakeups {
    fn set(&mut self, kind: RowKind, key: Arc<str>, deadline: Option<Timestamp>) {
        let row = (spread(&key), kind, key);
        let old = match deadline {
            Some(deadline) => self.by_row.insert(row.clone(), deadline),
            None => self.by_row.remove(&row),
        };
        if old == deadline {
            return;
        }
        if let Some(old) = old {
            self.by_time.remove(&(old, kind, Arc::clone(&row.2)));
        }
        if let Some(deadline) = deadline {
            self.by_time.insert((deadline, kind, row.2));
        }
    }

    fn is_due(&self, kind: RowKind, key: &Arc<str>, now: Timestamp) -> bool {
        self.by_row.get(&(spread(key), kind, Arc::clone(key))).is_some_and(|deadline| *deadline <= now)
    }

    fn due(&self, now: Timestamp) -> Vec<(RowKind, Arc<str>)> {
        let due = self.by_time.iter().take_while(|(deadline, ..)| *deadline <= now);
        due.map(|(_, kind, key)| (*kind, key.clone())).collect()
    }
}

/// A deadline handler that leaves its row due again is a bug; this many rounds show it.
const TIMER_ROUNDS_MAX: usize = 100;

impl ControlPlane {
    /// The control plane as the store has it.
    pub fn restore(rows: impl IntoIterator<Item = Row>) -> Self {
        let mut control_plane = Self::default();
        for row in rows {
            control_plane.wakeups.set(row.kind(), row.shared_key(), row.deadline());
            control_plane.state.restore(row);
        }
        control_plane
    }

    /// Everything that is known, for reads.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Applies a command. A refused one has changed nothing.
    pub fn apply<C: Command>(&mut self, mut cx: Cx<'_>, command: C) -> Step<Result<C::Reply, Error>> {
        let reply = command.apply(&mut self.state, &mut cx);
        placement::wake(&mut self.state, &cx);
        if reply.is_err() {
            assert!(
                self.state.is_untouched() && !cx.has_orders(),
                "{} was refused and changed something",
                C::NAME
            );
        }
        self.finish(cx, reply)
    }

    /// Takes what a host tells. It may change rows and still be answered with an error.
    pub fn on_report(&mut self, mut cx: Cx<'_>, report: HostReport) -> Step<Result<(), Error>> {
        let reply = on_report(&mut self.state, &mut cx, report);
        placement::wake(&mut self.state, &cx);
        self.finish(cx, reply)
    }

    /// Does what is due. Afterwards `next_wakeup` lies in the future.
    pub fn on_timer(&mut self, mut cx: Cx<'_>) -> Step<()> {
        let mut changes = Vec::new();
        for round in 0.. {
            assert!(round < TIMER_ROUNDS_MAX, "rows are due again and again: {:?}", self.wakeups.due(cx.now));
            let due = self.wakeups.due(cx.now);
            if due.is_empty() {
                break;
            }
            for (kind, key) in due {
                // What was done for one row may have done it for another: a placement that times out ends its session.
                if self.wakeups.is_due(kind, &key, cx.now) {
                    on_deadline(&mut self.state, &mut cx, kind, &key);
                    placement::wake(&mut self.state, &cx);
                    changes.extend(self.take_changes());
                }
            }
        }
        let (orders, reasons) = cx.into_parts();
        Step { reply: (), changes: last_of_each_row(changes), orders, reasons }
    }

    /// When `on_timer` wants to be called next.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.wakeups.by_time.first().map(|(deadline, ..)| *deadline)
    }

    /// Everything that the host of an instance must be doing now, derived from the rows.
    pub fn resync(&self, cx: &Cx<'_>, id: &InstanceId) -> Vec<(InstanceId, HostOrder)> {
        let orders =
            instance::orders(&self.state, cx.now, cx.clocks.protection_none, cx.clocks.protection_minute, id);
        orders.into_iter().map(|order| (id.clone(), order)).collect()
    }

    fn finish<R>(&mut self, cx: Cx<'_>, reply: R) -> Step<R> {
        let changes = self.take_changes();
        let (orders, reasons) = cx.into_parts();
        Step { reply, changes, orders, reasons }
    }

    fn take_changes(&mut self) -> Vec<Change> {
        let mut changes = self.state.take_changes();
        if planted!(PlayersNotStored) {
            changes.retain(
                |change| !matches!(change, Change::Put(Row::PlayerSession(row)) if row.terminated.is_some()),
            );
        }
        for change in &changes {
            match change {
                Change::Put(row) if may_wait(row.kind()) => {
                    self.wakeups.set(row.kind(), row.shared_key(), row.deadline());
                }
                Change::Put(_) => {}
                Change::Delete(kind, key) => self.wakeups.set(*kind, key.as_str().into(), None),
                Change::Archive { row, .. } => self.wakeups.set(row.kind(), row.shared_key(), None),
            }
        }
        changes
    }
}

/// Several rounds may have changed one row; a step tells of it once, as it is in the end.
fn last_of_each_row(changes: Vec<Change>) -> Vec<Change> {
    let mut seen = BTreeSet::new();
    let mut last: Vec<Change> = changes
        .into_iter()
        .rev()
        .filter(|change| {
            seen.insert(match change {
                Change::Put(row) | Change::Archive { row, .. } => (row.kind(), row.key()),
                Change::Delete(kind, key) => (*kind, key.clone()),
            })
        })
        .collect();
    last.reverse();
    last
}

fn on_report(state: &mut State, cx: &mut Cx<'_>, report: HostReport) -> Result<(), Error> {
    let HostReport { instance: id, kind } = report;
    // A late order made a slot for an instance that is gone. Ids are never used again, so it can only be stopped.
    if state.instances.get(&id).is_none()
        && kind != ReportKind::InstanceStopped
        && !planted!(UnknownInstanceRuns)
    {
        cx.order(&id, HostOrder::StopInstance);
    }
    match kind {
        ReportKind::PreparationStarted => instance::on_preparation_started(state, cx, &id),
        ReportKind::SlotReattached { processes } => instance::on_reattached(state, cx, &id, &processes),
        ReportKind::PackageExtracted { log } => {
            if let Some(fleet) = state.instances.get(&id).map(|instance| instance.fleet.clone()) {
                lifecycle::on_extracted(state, cx, &fleet, log);
            }
        }
        ReportKind::PreparationNoted { text } => {
            if let Some(fleet) = state.instances.get(&id).map(|instance| instance.fleet.clone()) {
                lifecycle::on_preparation_noted(state, cx, &fleet, text);
            }
        }
        ReportKind::InstallScriptRan { took, log } => {
            if let Some(fleet) = state.instances.get(&id).map(|instance| instance.fleet.clone()) {
                lifecycle::on_installed(state, cx, &fleet, took, log);
            }
        }
        ReportKind::PreparationFailed { step, reason, log } => {
            instance::on_preparation_failed(state, cx, &id, step, &reason, log);
        }
        ReportKind::LaunchPathsChecked { missing, log } => {
            if let Some(fleet) = state.instances.get(&id).map(|instance| instance.fleet.clone()) {
                lifecycle::on_launch_paths_checked(state, cx, &fleet, &missing, log);
            }
        }
        ReportKind::InstanceStopped => instance::on_stopped(state, cx, &id),
        ReportKind::ProcessReady(ready) => return process::on_ready(state, cx, &id, ready),
        ReportKind::ProcessUnhealthy { process, reason } => {
            process::on_unhealthy(state, cx, &process, &reason)
        }
        ReportKind::ProcessEnded { process, end, log } => {
            process::on_ended(state, cx, &id, &process, &end, log)
        }
        ReportKind::LogsCollected { session, outcome } => log::on_collected(state, cx, &session, outcome),
        ReportKind::StartSessionFailed { process, session, reason } => {
            game_server_session::on_start_failed(state, cx, &session, &process, &reason);
        }
        ReportKind::ProcessEnding { process } => process::on_ending(state, cx, &process),
        ReportKind::CustomCounts { process, current, max } => {
            return process::on_custom_counts(state, &process, (current, max));
        }
        ReportKind::Observed { process, observation } => {
            recording::on_observed(state, cx, &id, &process, observation);
        }
        ReportKind::Call { process, call } => {
            let (rpc, session) = recording::named(&call);
            let answer = on_call(state, cx, &process, call);
            if let Err(error) = &answer {
                recording::on_refused(state, cx.now, &process, (rpc, &session), error);
            }
            return answer;
        }
    }
    Ok(())
}

fn on_call(
    state: &mut State,
    cx: &mut Cx<'_>,
    caller: &crate::id::ProcessId,
    call: SessionCall,
) -> Result<(), Error> {
    match call {
        SessionCall::Activate { session, max_players } => {
            game_server_session::activate(state, cx, caller, &session, max_players)
        }
        SessionCall::AcceptPlayer { session, player_session, attempt } => {
            player_session::accept(state, cx, caller, &session, &player_session, &attempt)
        }
        SessionCall::RemovePlayer { session, player_session } => {
            player_session::remove(state, cx, caller, &session, &player_session)
        }
        SessionCall::UpdatePolicy { session, policy } => {
            game_server_session::update_policy(state, caller, &session, policy)
        }
        SessionCall::Terminate { session } => game_server_session::terminate(state, cx, caller, &session),
    }
}

fn on_deadline(state: &mut State, cx: &mut Cx<'_>, kind: RowKind, key: &str) {
    match kind {
        RowKind::Fleet => lifecycle::on_deadline(state, cx, &crate::id::FleetId::new(key)),
        RowKind::Instance => instance::on_deadline(state, cx, &InstanceId::new(key)),
        RowKind::GameServerSession => {
            game_server_session::on_deadline(state, cx, &crate::id::GameServerSessionId::new(key));
        }
        RowKind::PlayerSession => {
            player_session::on_deadline(state, cx, &crate::id::PlayerSessionId::new(key))
        }
        RowKind::Placement => placement::on_due(state, cx, key),
        RowKind::Timer => timer::on_due(state, cx),
        RowKind::Event => event::on_deadline(state, cx, &crate::id::EventId::new(key)),
        RowKind::Scaling => capacity::evaluation::on_deadline(state, cx, &crate::id::FleetId::new(key)),
        RowKind::InstanceLife => statistics::on_deadline(state, cx, &crate::id::InstanceLifeId::new(key)),
        // These rows wait for nothing.
        RowKind::Asset
        | RowKind::Process
        | RowKind::Alias
        | RowKind::Queue
        | RowKind::RegionFault
        | RowKind::Bucket
        | RowKind::Demo
        | RowKind::DecisionLog => {}
    }
}

/// Whether rows of that kind ever have a deadline.
fn may_wait(kind: RowKind) -> bool {
    match kind {
        RowKind::Asset
        | RowKind::Process
        | RowKind::Alias
        | RowKind::Queue
        | RowKind::RegionFault
        | RowKind::Bucket
        | RowKind::Demo
        | RowKind::DecisionLog => false,
        RowKind::Fleet
        | RowKind::Scaling
        | RowKind::Instance
        | RowKind::GameServerSession
        | RowKind::PlayerSession
        | RowKind::Placement
        | RowKind::Timer
        | RowKind::Event
        | RowKind::InstanceLife => true,
    }
}

#[cfg(test)]
mod tests;
