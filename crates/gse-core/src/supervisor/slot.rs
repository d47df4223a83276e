//! Slots: preparing them, keeping exactly the configured processes running, draining and removing them (F-12, P18, S-24).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fleet::ServerProcess;
use crate::fleet::runtime_configuration::EntryKey;
use crate::host::{HostReport, InstanceSpec, PreparationStep, ProcessEnd, ReportKind, Termination};
use crate::id::{InstanceId, ProcessId};
use crate::observation::Observation;
use crate::package::setup::PackageSetup;
use crate::planted::planted;
use crate::supervisor::launch::{LaunchProblem, LaunchTarget, launch_target, split_words};
use crate::supervisor::record::{Origin, Phase, Process};
use crate::supervisor::{Adoption, Effect, HostCx, Supervisor};
use crate::time::Timestamp;

/// One instance of a fleet on this host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Slot {
    pub(super) spec: InstanceSpec,
    pub(super) phase: SlotPhase,
    /// Nothing is started any more; the slot goes when its last process went.
    pub(super) leaving: bool,
    pub(super) entries: Vec<Entry>,
    /// Preparations that failed in a row.
    failures: u32,
    /// When a failed slot may be prepared again.
    not_before: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SlotPhase {
    /// The package is being unpacked.
    Preparing,
    /// The install script runs.
    Installing,
    /// The launch paths are looked up.
    Resolving,
    /// Processes are kept running.
    Running,
    /// It could not be made. The control plane stops it, or orders it again.
    Failed,
    /// Its files are being removed.
    Removing,
}

/// Processes that the agent launches on one instance at a time, old and new ones together (quota of operations.md). As
/// many may be started by hand there (R32).
pub(super) const PROCESSES_MAX: usize = 50;

/// One launch entry with its back-off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// With a count of 0 once the configuration does not list it any more; it stays for the processes that it has.
    pub(super) process: ServerProcess,
    /// What the launch path leads to; `None`: not looked up yet, or not there.
    executable: Option<String>,
    /// A process of this entry was accepted as ready (F-10).
    had_ready: bool,
    /// Early ends in a row.
    early_ends: u32,
    last_early_end: Option<Timestamp>,
    not_before: Option<Timestamp>,
}

impl Entry {
    pub(super) fn new(process: ServerProcess) -> Self {
        let (executable, last_early_end, not_before) = (None, None, None);
        Self { process, executable, had_ready: false, early_ends: 0, last_early_end, not_before }
    }

    /// How many processes of it are configured.
    pub(super) fn count(&self) -> usize {
        usize::try_from(self.process.concurrent_executions).unwrap_or(usize::MAX)
    }
}

impl Slot {
    fn new(spec: InstanceSpec) -> Self {
        let entries = spec.server_processes.iter().cloned().map(Entry::new).collect();
        let phase = SlotPhase::Preparing;
        Self { spec, phase, leaving: false, entries, failures: 0, not_before: None }
    }

    /// What was wrong may have been mended since, a full disk or a package that was not there; it is not asked at every
    /// order whether it was.
    fn fail(&mut self, cx: &HostCx<'_>) {
        self.phase = SlotPhase::Failed;
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(cx.now.plus(back_off(cx, self.failures)));
    }

    /// Whether this order shall prepare it once more. That also tells a failure again that was not heard: had it been,
    /// there would be no such order.
    fn may_try_again(&self, now: Timestamp) -> bool {
        self.phase == SlotPhase::Failed && !self.leaving && self.not_before.is_none_or(|at| at <= now)
    }

    /// An entry is configured whose launch path leads nowhere yet.
    pub(super) fn wants_lookup(&self) -> bool {
        self.entries.iter().any(|entry| entry.count() > 0 && entry.executable.is_none())
    }

    /// How many processes of an entry shall run now (F-12, and the trial start of F-9).
    fn wanted(&self, entry: usize) -> usize {
        let found = self.entries[entry].executable.is_some();
        if self.leaving || self.spec.reserved || self.phase != SlotPhase::Running || !found {
            return 0;
        }
        let count = self.entries[entry].count();
        let trial =
            self.spec.trial && !self.entries.iter().all(|entry| entry.had_ready || entry.count() == 0);
        if trial { count.min(1) } else { count }
    }
}

impl Supervisor {
    pub(super) fn start_instance(&mut self, cx: &mut HostCx<'_>, instance: InstanceId, spec: InstanceSpec) {
        let empty = self.is_vacant(&instance);
        let mut failures = 0;
        if let Some(slot) = self.slot_mut(&instance) {
            if !(empty && slot.may_try_again(cx.now)) {
                // The end of the fleet's trial is news (F-10), and so is a newer configuration.
                slot.spec.trial &= spec.trial;
                slot.spec.reserved = spec.reserved;
                if spec.runtime_version > slot.spec.runtime_version {
                    self.reconfigure(cx, &instance, spec);
                }
                self.keep_running(cx, &instance);
                return;
            }
            failures = slot.failures;
        }
        cx.report(&instance, ReportKind::PreparationStarted);
        cx.want(Effect::PrepareSlot { instance: instance.clone(), package: spec.package.clone() });
        self.slots.insert(instance, Slot { failures, ..Slot::new(spec) });
    }

    pub(super) fn on_extracted(
        &mut self,
        cx: &mut HostCx<'_>,
        instance: &InstanceId,
        log: String,
        setup: &PackageSetup,
    ) {
        let stopping = self.stopping;
        let Some(slot) = self.slot_mut(instance) else { return };
        if slot.leaving || stopping {
            slot.phase = SlotPhase::Failed;
            self.remove_when_empty(cx, instance);
            return;
        }
        cx.report(instance, ReportKind::PackageExtracted { log });
        self.set_up(cx, instance, setup);
    }

    pub(super) fn look_up_launch_paths(&mut self, cx: &mut HostCx<'_>, instance: &InstanceId) {
        let Some(slot) = self.slots.get(instance) else { return };
        let paths = slot.entries.iter().map(|entry| launch_target(&entry.process.launch_path));
        let targets: Vec<Option<LaunchTarget>> = paths.map(Result::ok).collect();
        let (instance, runtime_version) = (instance.clone(), slot.spec.runtime_version);
        cx.want(Effect::ResolveLaunchPaths { instance, runtime_version, targets });
    }

    pub(super) fn on_slot_failed(&mut self, cx: &mut HostCx<'_>, instance: &InstanceId, report: ReportKind) {
        let Some(slot) = self.slot_mut(instance) else { return };
        slot.fail(cx);
        if slot.leaving {
            self.remove_when_empty(cx, instance);
        } else {
            cx.report(instance, report);
        }
    }

    pub(super) fn on_resolved(
        &mut self,
        cx: &mut HostCx<'_>,
        instance: &InstanceId,
        runtime_version: u64,
        found: Vec<Option<String>>,
    ) {
        // An answer to an older question is not wanted any more.
        let Some(slot) = self.slot_mut(instance).filter(|slot| slot.spec.runtime_version == runtime_version)
        else {
            return;
        };
        let changed = slot.phase == SlotPhase::Running;
        if slot.leaving && changed {
            return;
        }
        if slot.leaving {
            slot.phase = SlotPhase::Failed;
            self.remove_when_empty(cx, instance);
            return;
        }
        if found.len() != slot.entries.len() && !changed {
            slot.fail(cx);
            let reason = "the launch paths could not be looked up".to_owned();
            let step = PreparationStep::Extract;
            cx.report(instance, ReportKind::PreparationFailed { step, reason, log: String::new() });
            return;
        }
        let mut missing = Vec::new();
        let mut log = String::new();
        for (entry, found) in slot.entries.iter_mut().zip(found) {
            let path = &entry.process.launch_path;
            log.push_str(&match (&found, launch_target(path)) {
                (Some(found), _) => format!("`{path}`: found, {found}\n"),
                (None, Ok(_)) => format!("`{path}`: not found in the package\n"),
                (None, Err(problem)) => format!("`{path}`: {problem}\n"),
            });
            if found.is_none() && entry.count() > 0 {
                missing.push(path.clone());
            }
            entry.executable = found;
        }
        if changed {
            // What is missing is not started, and what was running goes on (F-23).
        } else if missing.is_empty() {
            slot.phase = SlotPhase::Running;
            slot.failures = 0;
        } else {
            // A first deployment fails with it (F-9), once the control plane has heard of it.
            slot.fail(cx);
        }
        cx.report(instance, ReportKind::LaunchPathsChecked { missing, log });
        self.keep_running(cx, instance);
    }

    /// Starts what is missing and may be started now (P1, P18).
    pub(super) fn keep_running(&mut self, cx: &mut HostCx<'_>, instance: &InstanceId) {
        if !self.launches_on(instance) {
            return;
        }
        let entries = self.slots.get(instance).map_or(0, |slot| slot.entries.len());
        for entry in 0..entries {
            let slot = &self.slots[instance];
            if slot.entries[entry].not_before.is_some_and(|at| at > cx.now) {
                continue;
            }
            for _ in self.running(instance, entry)..slot.wanted(entry) {
                if self.is_full(instance) {
                    return;
                }
                self.launch(cx, instance, entry);
            }
        }
    }

    /// Nothing is launched while the host ends, nor ever for the fleet whose processes are started by hand.
    fn launches_on(&self, instance: &InstanceId) -> bool {
        let by_hand = |slot: &Slot| self.adoption == Adoption::Fleet(slot.spec.fleet.clone());
        !self.stopping && !self.slots.get(instance).is_some_and(by_hand)
    }

    /// Which launch entry a process was started for.
    pub(super) fn entry_key(&self, process: &ProcessId) -> Option<EntryKey> {
        let record = self.processes.get(process)?;
        let Origin::Launched { entry } = record.origin else { return None };
        self.slots.get(&record.instance)?.entries.get(entry).map(|entry| entry.process.key())
    }

    /// Old processes that host a session to its end leave less room for new ones.
    fn is_full(&self, instance: &InstanceId) -> bool {
        self.there_on(instance).filter(|process| process.is_launched()).count() >= PROCESSES_MAX
    }

    /// When `keep_running` has something to do.
    pub(super) fn next_launch(&self, instance: &InstanceId) -> Option<Timestamp> {
        let may_launch = self.launches_on(instance) && !self.is_full(instance);
        let slot = self.slots.get(instance).filter(|_| may_launch)?;
        let waiting = |entry: &usize| self.running(instance, *entry) < slot.wanted(*entry);
        (0..slot.entries.len()).filter(waiting).filter_map(|entry| slot.entries[entry].not_before).min()
    }

    /// Processes of an entry that exist in the operating system. One that called ProcessEnding counts until it is gone
    /// with all that it started: its replacement may need its fixed ports (server-sdk.md 7, Node.js and Java).
    pub(super) fn running(&self, instance: &InstanceId, entry: usize) -> usize {
        let counts = |process: &&Process| {
            process.origin == Origin::Launched { entry }
                && !(planted!(ReplacedTooEarly) && matches!(process.phase, Phase::Ending { .. }))
        };
        self.there_on(instance).filter(counts).count()
    }

    fn launch(&mut self, cx: &mut HostCx<'_>, instance: &InstanceId, entry: usize) {
        let slot = &self.slots[instance];
        let id = cx.process_id();
        let origin = Origin::Launched { entry };
        let process = Process::new(id.clone(), instance.clone(), origin, slot.spec.runtime_version, cx.now);
        self.written.touched_processes.insert(id.clone());
        self.processes.insert(id.clone(), process);
        let arguments = split_words(&slot.entries[entry].process.parameters);
        match (slot.entries[entry].executable.clone(), arguments) {
            (Some(executable), Ok(arguments)) => cx.want(Effect::Spawn {
                process: id,
                instance: instance.clone(),
                fleet: slot.spec.fleet.clone(),
                executable,
                arguments,
            }),
            (None, _) => self.end_record(
                cx,
                &id,
                ProcessEnd::InvalidPath(LaunchProblem::Empty.to_string()),
                String::new(),
            ),
            (_, Err(problem)) => {
                self.end_record(cx, &id, ProcessEnd::NotExecutable(problem.to_string()), String::new())
            }
        }
    }

    pub(super) fn on_spawned(&mut self, cx: &mut HostCx<'_>, process: &ProcessId, pid: u32, token: String) {
        let until = cx.now.plus(cx.clocks.process_ready);
        let Some(record) = self.alive_mut(process) else { return };
        record.pid = Some(pid);
        record.token = Some(token);
        record.phase = Phase::Activating { until };
        if record.doomed.is_some() {
            cx.want(Effect::Signal { process: process.clone(), signal: super::Signal::Kill });
        }
        self.observed(cx, process, Observation::Started { pid });
    }

    pub(super) fn on_spawn_failed(
        &mut self,
        cx: &mut HostCx<'_>,
        process: &ProcessId,
        missing: bool,
        reason: String,
    ) {
        let end = if missing { ProcessEnd::InvalidPath(reason) } else { ProcessEnd::NotExecutable(reason) };
        self.end_record(cx, process, end, String::new());
    }

    /// A process of the entry was accepted: the rest of a trial may start.
    pub(super) fn on_entry_ready(&mut self, cx: &mut HostCx<'_>, process: &ProcessId) {
        let Some(record) = self.processes.get(process) else { return };
        let Origin::Launched { entry } = record.origin else { return };
        let instance = record.instance.clone();
        if let Some(slot) = self.slot_mut(&instance) {
            slot.entries[entry].had_ready = true;
        }
        self.keep_running(cx, &instance);
    }

    /// Back-off (P4 to P7, R8): an early end doubles the wait before the next start of its entry; a process that was
    /// ready for long, or did its work and left, resets it. Ends of processes started together count once.
    pub(super) fn count_end(&mut self, cx: &mut HostCx<'_>, process: &ProcessId, end: &ProcessEnd) {
        let Some(record) = self.processes.get(process) else { return };
        let Origin::Launched { entry } = record.origin else { return };
        let Some(slot) = self.slots.get_mut(&record.instance) else { return };
        self.written.touched_slots.insert(record.instance.clone());
        let entry = &mut slot.entries[entry];
        let ready_long = record.ready_at.is_some_and(|at| cx.now.since(at) >= cx.clocks.launch_backoff_reset);
        if ready_long {
            entry.early_ends = 0;
        }
        let early = match end {
            ProcessEnd::InvalidPath(_)
            | ProcessEnd::NotExecutable(_)
            | ProcessEnd::NoContact
            | ProcessEnd::NotReady
            | ProcessEnd::Crashed(_)
            | ProcessEnd::ExitTimeout => !ready_long,
            // One match per process is normal; coming and going without a match would spin.
            ProcessEnd::Clean => !ready_long && record.sessions.is_empty(),
            ProcessEnd::Terminated
            | ProcessEnd::ForceTerminated
            | ProcessEnd::UnhealthyTerminated
            | ProcessEnd::Lost => false,
        };
        if !early || entry.last_early_end.is_some_and(|last| record.started_at <= last) {
            return;
        }
        entry.early_ends = entry.early_ends.saturating_add(1);
        let wait = back_off(cx, entry.early_ends);
        entry.last_early_end = Some(cx.now);
        entry.not_before = Some(cx.now.plus(wait));
        let (path, count) = (&entry.process.launch_path, entry.early_ends);
        let text = format!("early end {count} in a row of `{path}` on `{}`", record.instance);
        cx.note(format!("{text}: next start in {} ms", wait.as_millis()));
    }

    pub(super) fn drain_instance(
        &mut self,
        cx: &mut HostCx<'_>,
        instance: &InstanceId,
        hosting: &[(ProcessId, Termination)],
        others: Termination,
    ) {
        if !self.begin_leaving(cx, instance) {
            return;
        }
        let alive: Vec<ProcessId> = self.alive_on(instance).map(|process| process.id.clone()).collect();
        for process in alive {
            let named = hosting.iter().find(|(id, _)| *id == process).map(|(_, termination)| *termination);
            self.tell_to_end(cx, &process, named.unwrap_or(others));
        }
        self.remove_when_empty(cx, instance);
    }

    pub(super) fn stop_instance(&mut self, cx: &mut HostCx<'_>, instance: &InstanceId) {
        if !self.begin_leaving(cx, instance) {
            return;
        }
        let alive: Vec<ProcessId> = self.alive_on(instance).map(|process| process.id.clone()).collect();
        for process in alive {
            self.kill(cx, &process, ProcessEnd::ForceTerminated);
        }
        self.remove_when_empty(cx, instance);
    }

    /// `false`: there is no such slot, which was reported.
    fn begin_leaving(&mut self, cx: &mut HostCx<'_>, instance: &InstanceId) -> bool {
        match self.slot_mut(instance) {
            Some(slot) => {
                slot.leaving = true;
                self.stop_install_script(cx, instance);
            }
            None => cx.report(instance, ReportKind::InstanceStopped),
        }
        self.slots.contains_key(instance)
    }

    pub(super) fn remove_when_empty(&mut self, cx: &mut HostCx<'_>, instance: &InstanceId) {
        let empty = self.is_vacant(instance);
        let Some(slot) = self.slot_mut(instance).filter(|slot| slot.leaving && empty) else { return };
        match slot.phase {
            SlotPhase::Running | SlotPhase::Failed => {
                slot.phase = SlotPhase::Removing;
                cx.want(Effect::RemoveSlot { instance: instance.clone() });
            }
            // What is under way comes to its end first, and comes back here.
            SlotPhase::Preparing | SlotPhase::Installing | SlotPhase::Resolving | SlotPhase::Removing => {}
        }
    }

    pub(super) fn on_slot_removed(&mut self, cx: &mut HostCx<'_>, instance: &InstanceId) {
        self.written.touched_slots.insert(instance.clone());
        if self.slots.remove(instance).is_some() {
            let report = HostReport { instance: instance.clone(), kind: ReportKind::InstanceStopped };
            cx.want(Effect::Report { report, ticket: None });
        }
    }
}

/// The wait after so many failures in a row (R8): doubled each time, up to a bound.
fn back_off(cx: &HostCx<'_>, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(30);
    cx.clocks.launch_backoff_first.saturating_mul(1 << doublings).min(cx.clocks.launch_backoff_most)
}
