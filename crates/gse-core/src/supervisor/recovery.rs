//! What a host writes down so that its successor can go on with game servers that kept running, and going on (R21).
//!
//! The records are the supervisor's own, as data; the shell keeps them as they are and knows nothing of them but whose
//! they are. Health counters are left out: they begin again. Whether a process still runs, and is still the same one, is
//! for the shell to find out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::host::{ReadyProcess, ReportKind};
use crate::id::{FleetId, InstanceId, ProcessId};
use crate::supervisor::record::{Health, Origin, Phase, Process};
use crate::supervisor::slot::{Slot, SlotPhase};
use crate::supervisor::{Effect, HostCx, Supervisor};

/// Grows when a record changes other than by a member that has a default. A record of another version is not used.
const RECORD_VERSION: u32 = 2;

/// A slot as its host has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRecord {
    version: u32,
    instance: InstanceId,
    slot: Slot,
}

/// A process as its host has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRecord {
    version: u32,
    process: Process,
}

/// A change of what is written down. It is written before the effects of the same step are carried out: what may have
/// been done twice is never done again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The slot is so now.
    Slot(Box<SlotRecord>),
    /// The slot cannot be taken up any more.
    SlotGone(InstanceId),
    /// The process is so now.
    Process(Box<ProcessRecord>),
    /// The process has ended.
    ProcessGone {
        /// Its slot.
        instance: InstanceId,
        /// The process.
        process: ProcessId,
    },
}

/// What the shell found out about a process that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It still runs, and it is the same one.
    Running {
        /// Its number.
        pid: u32,
        /// The value of its `GSE_PROCESS_TOKEN`; `None`: somebody else launched it.
        token: Option<String>,
    },
    /// It does not run any more, or its number belongs to another process now.
    Gone {
        /// The last lines of its output.
        log: String,
    },
}

/// A process that was written down, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// As it was.
    pub record: ProcessRecord,
    /// As it is.
    pub found: Found,
}

impl SlotRecord {
    /// Whose slot it is.
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// Whose processes run in it.
    pub fn fleet(&self) -> &FleetId {
        &self.slot.spec.fleet
    }

    /// Whether the slot is gone on with. One whose processes are all gone, or whose record is of another version, is
    /// made from nothing (R21).
    pub fn can_be_taken_up(&self, processes: &[Recovered]) -> bool {
        let runs = |process: &Recovered| matches!(process.found, Found::Running { .. });
        self.version == RECORD_VERSION && self.slot.phase == SlotPhase::Running && processes.iter().any(runs)
    }
}

impl ProcessRecord {
    /// The process.
    pub fn id(&self) -> &ProcessId {
        &self.process.id
    }

    /// Its slot.
    pub fn instance(&self) -> &InstanceId {
        &self.process.instance
    }

    /// The pid and the kernel's start time of a process that somebody else launched; `None`: the agent launched it.
    pub fn adopted(&self) -> Option<(u32, Option<u64>)> {
        match self.process.origin {
            Origin::Adopted { started } => Some((self.process.pid.unwrap_or(0), started)),
            Origin::Launched { .. } => None,
        }
    }

    /// The value of the `GSE_PROCESS_TOKEN` that an agent gave it.
    pub fn given_token(&self) -> Option<&str> {
        self.process.token.as_deref().filter(|_| self.process.is_launched())
    }

    /// Whether it is of a version that can be used, for this slot.
    pub fn fits(&self, slot: &SlotRecord) -> bool {
        let entry = match self.process.origin {
            Origin::Launched { entry } => entry < slot.slot.entries.len(),
            Origin::Adopted { .. } => true,
        };
        self.version == RECORD_VERSION && self.process.instance == slot.instance && entry
    }
}

/// What is written down already, and what may have changed since.
#[derive(Debug, Default)]
pub(super) struct Written {
    slots: BTreeMap<InstanceId, Slot>,
    processes: BTreeMap<ProcessId, Process>,
    pub(super) touched_slots: BTreeSet<InstanceId>,
    pub(super) touched_processes: BTreeSet<ProcessId>,
}

impl Process {
    /// As a successor shall find it; `None`: not at all.
    fn to_record(&self) -> Option<Self> {
        let health = Health {
            ever_succeeded: self.health.ever_succeeded,
            unhealthy: self.health.unhealthy,
            ..Health::default()
        };
        let mut record = Self { health, ..self.clone() };
        // A session that it cannot have heard of is given by the successor, when the order comes again.
        if let Some(hosted) = record.hosted.take_if(|hosted| !hosted.sent) {
            record.sessions.retain(|session| *session != hosted.id);
            record.uncollected.retain(|uncollected| uncollected.session != hosted.id);
        }
        record.uncollected.iter_mut().for_each(|uncollected| uncollected.under_way = false);
        self.needs_slot().then_some(record)
    }
}

impl Supervisor {
    /// What has changed since the last time, for the shell to write down before it carries out the step's effects.
    pub fn take_records(&mut self) -> Vec<Record> {
        let mut records = Vec::new();
        for instance in std::mem::take(&mut self.written.touched_slots) {
            let slot = self.slots.get(&instance).filter(|slot| slot.phase == SlotPhase::Running);
            if slot == self.written.slots.get(&instance) {
                continue;
            }
            records.push(match slot.cloned() {
                Some(slot) => {
                    self.written.slots.insert(instance.clone(), slot.clone());
                    Record::Slot(Box::new(SlotRecord { version: RECORD_VERSION, instance, slot }))
                }
                None => {
                    self.written.slots.remove(&instance);
                    Record::SlotGone(instance)
                }
            });
        }
        for id in std::mem::take(&mut self.written.touched_processes) {
            let process = self.processes.get(&id).and_then(Process::to_record);
            if process.as_ref() == self.written.processes.get(&id) {
                continue;
            }
            records.extend(match process {
                Some(process) => {
                    self.written.processes.insert(id, process.clone());
                    Some(Record::Process(Box::new(ProcessRecord { version: RECORD_VERSION, process })))
                }
                None => {
                    let before = self.written.processes.remove(&id);
                    before.map(|before| Record::ProcessGone { instance: before.instance, process: id })
                }
            });
        }
        records
    }

    /// Goes on with a slot of the host that this one follows.
    pub(super) fn on_recovered(&mut self, cx: &mut HostCx<'_>, slot: SlotRecord, processes: Vec<Recovered>) {
        let instance = slot.instance;
        if self.slots.contains_key(&instance) {
            cx.note(format!("slot `{instance}` is there already and is not taken up again"));
            return;
        }
        self.written.touched_slots.insert(instance.clone());
        self.slots.insert(instance.clone(), slot.slot);
        let named = processes.iter().map(|process| process.record.process.id.clone()).collect();
        cx.report(&instance, ReportKind::SlotReattached { processes: named });
        let mut found = Vec::new();
        for Recovered { record: ProcessRecord { process, .. }, found: state } in processes {
            let id = process.id.clone();
            self.written.touched_processes.insert(id.clone());
            // It is written down, so that its end takes it away.
            self.written.processes.insert(id.clone(), process.clone());
            self.processes.insert(id.clone(), process);
            found.push((id, state));
        }
        // First those that are gone: nothing is placed on them any more when the others are told.
        for (id, state) in &found {
            if let Found::Gone { log } = state {
                self.end_strays_again(cx, id);
                self.tell_ending(cx, id);
                self.on_exited(cx, id, "it ended while the agent was away", log.clone());
                // Of one that had ended before, its logs may have been under way.
                self.collect_all_logs(cx, id);
            }
        }
        for (id, state) in found {
            if let Found::Running { pid, token } = state {
                self.take_up(cx, &id, pid, token);
            }
        }
        // A lookup that was under way is not answered any more.
        if self.slots[&instance].wants_lookup() {
            self.look_up_launch_paths(cx, &instance);
        }
        self.keep_running(cx, &instance);
    }

    fn take_up(&mut self, cx: &mut HostCx<'_>, id: &ProcessId, pid: u32, token: Option<String>) {
        let (ready_by, exit_by) = (cx.clocks.process_ready, cx.now.plus(cx.clocks.process_exit));
        let next_check = cx.now.plus(cx.clocks.health_interval);
        let Some(process) = self.alive_mut(id) else { return };
        cx.note(format!("process `{id}` (pid {pid}) kept running while the agent was away"));
        process.pid = Some(pid);
        process.token = token.or(process.token.take());
        match &mut process.phase {
            Phase::Spawning => process.phase = Phase::Activating { until: process.started_at.plus(ready_by) },
            Phase::Active => process.health.next_check = Some(next_check),
            Phase::Ending { exit_by: grace } => *grace = grace.or(Some(exit_by)),
            Phase::Activating { .. } | Phase::Ended { .. } => {}
        }
        // OnStartGameServerSession was sent, as far as can be known. Never twice: the activation time-out decides (G3).
        if let Some(hosted) = &mut process.hosted {
            hosted.start_in_flight = false;
        }
        self.watch_adopted(cx, id);
        self.tell_ready(cx, id);
        self.tell_ending(cx, id);
        self.call_again(cx, id);
        self.collect_earlier_logs(cx, id);
    }

    /// One that had ended before, and whose strays were being ended. That it ended may not have been heard either.
    fn end_strays_again(&mut self, cx: &mut HostCx<'_>, id: &ProcessId) {
        let Some(record) = self.processes.get(id).filter(|record| !record.is_alive()) else { return };
        let instance = record.instance.clone();
        let (token, has_strays) = (record.token.clone(), record.has_strays);
        self.report_if_gone(cx, &instance, id);
        if !has_strays {
            return;
        }
        match token {
            Some(token) => cx.want(Effect::EndStrays { process: id.clone(), token }),
            None => self.on_strays_ended(cx, id),
        }
    }

    /// ProcessReady and what followed from it may not have been heard. The control plane ignores what it knows.
    fn tell_ready(&mut self, cx: &mut HostCx<'_>, id: &ProcessId) {
        let Some(process) = self.alive_mut(id).filter(|process| process.is_active()) else { return };
        let Some(ready) = process.ready.clone() else { return };
        let (instance, unhealthy) = (process.instance.clone(), process.health.unhealthy);
        let (pid, runtime_version) = (process.shown_pid(), process.runtime_version);
        let entry = self.entry_key(id);
        let ready = ReadyProcess {
            process: id.clone(),
            pid,
            runtime_version,
            entry,
            client_port: ready.client_port,
            grpc_port: ready.grpc_port,
            ip_address: self.public_ip.clone(),
            log_paths: ready.log_paths,
        };
        cx.report(&instance, ReportKind::ProcessReady(ready));
        if unhealthy {
            let reason = "it was unhealthy before the agent was restarted".to_owned();
            cx.report(&instance, ReportKind::ProcessUnhealthy { process: id.clone(), reason });
        }
    }

    /// So may ProcessEnding, of one that was ready before.
    fn tell_ending(&mut self, cx: &mut HostCx<'_>, id: &ProcessId) {
        let Some(process) = self.alive_mut(id).filter(|process| process.ready.is_some()) else { return };
        if let Phase::Ending { .. } = process.phase {
            let instance = process.instance.clone();
            cx.report(&instance, ReportKind::ProcessEnding { process: id.clone() });
        }
    }

    /// OnProcessTerminate may come again with the same time (4.5); not at all would be worse.
    fn call_again(&mut self, cx: &mut HostCx<'_>, id: &ProcessId) {
        let Some(process) = self.alive_mut(id).filter(|process| process.is_active()) else { return };
        let told = process.terminating.as_ref().filter(|told| !told.answered && process.doomed.is_none());
        if let Some(termination) = told.map(|told| told.termination) {
            self.call_terminate(cx, id, termination);
        }
    }
}
