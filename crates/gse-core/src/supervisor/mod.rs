//! What a host knows about its processes: which to start, who is calling, whether they are healthy, when they end.
//!
//! A state machine without IO: `step` takes what happened and returns what to do. One `Supervisor` serves all slots of a
//! host, because one agent port does (server-sdk.md 2.1). It holds what dies with its processes: pids, health counters,
//! back-off, kill deadlines. What must survive a restart, sessions above all, is the control plane's. A successor takes up
//! the processes that kept running (`recovery`).
//! It never wants a process signalled that the agent did not launch.

pub mod launch;

mod call;
mod callback;
mod ending;
mod identity;
mod install;
mod logs;
mod message;
mod milestone;
mod observed;
mod ready;
mod reconfigure;
mod record;
mod recovery;
mod slot;

use std::collections::BTreeMap;

use crate::clocks::Clocks;
use crate::host::{HostOrder, HostReport, ReportKind};
use crate::id::{IdKind, IdSource, InstanceId, ProcessId};
use crate::time::Timestamp;

pub use identity::Adoption;
pub use message::{
    CallError, CallId, Callback, CallbackKind, CallbackOutcome, Caller, Effect, Input, RpcRequest, Signal,
    Ticket,
};
pub use recovery::{Found, ProcessRecord, Record, Recovered, SlotRecord};

use call::Waiting;
use record::{Phase, Process};
use recovery::Written;
use slot::Slot;

/// Ended records are kept to answer late calls (`PROCESS_NOT_ACTIVE`, a repeated ProcessEnding); so many at most.
const ENDED_KEPT: usize = 256;

/// The world as one step sees it.
pub struct HostCx<'a> {
    /// The time of the step.
    pub now: Timestamp,
    /// The durations of operations.md 0.3.
    pub clocks: &'a Clocks,
    ids: &'a mut dyn IdSource,
    effects: Vec<Effect>,
}

impl<'a> HostCx<'a> {
    /// The context of one step.
    pub fn new(now: Timestamp, clocks: &'a Clocks, ids: &'a mut dyn IdSource) -> Self {
        Self { now, clocks, ids, effects: Vec::new() }
    }

    fn process_id(&mut self) -> ProcessId {
        ProcessId::new(format!("process-{}", self.ids.suffix(IdKind::Process)))
    }

    fn want(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn note(&mut self, text: impl Into<String>) {
        self.effects.push(Effect::Note(text.into()));
    }

    fn report(&mut self, instance: &InstanceId, kind: ReportKind) {
        self.want(Effect::Report { report: HostReport { instance: instance.clone(), kind }, ticket: None });
    }
}

/// The processes of one host.
#[derive(Debug)]
pub struct Supervisor {
    public_ip: String,
    adoption: Adoption,
    runs_install_scripts: bool,
    stopping: bool,
    slots: BTreeMap<InstanceId, Slot>,
    processes: BTreeMap<ProcessId, Process>,
    waiting: BTreeMap<Ticket, Waiting>,
    next_ticket: u64,
    written: Written,
}

impl Supervisor {
    /// A host without slots. `public_ip` is what players are told; `adoption` says what becomes of
    /// processes that somebody else launched; a `bool` will do.
    pub fn new(public_ip: impl Into<String>, adoption: impl Into<Adoption>) -> Self {
        Self {
            public_ip: public_ip.into(),
            adoption: adoption.into(),
            runs_install_scripts: false,
            stopping: false,
            slots: BTreeMap::new(),
            processes: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next_ticket: 0,
            written: Written::default(),
        }
    }

    /// Takes one input and says what to do, in order.
    pub fn step(&mut self, mut cx: HostCx<'_>, input: Input) -> Vec<Effect> {
        match input {
            Input::Order(instance, order) => self.on_order(&mut cx, instance, order),
            Input::SlotExtracted { instance, log, setup } => {
                self.on_extracted(&mut cx, &instance, log, &setup);
            }
            Input::InstallScriptEnded { instance, outcome, log } => {
                self.on_install_script_ended(&mut cx, &instance, outcome, log);
            }
            Input::SlotFailed { instance, step, reason, log } => {
                self.on_slot_failed(&mut cx, &instance, ReportKind::PreparationFailed { step, reason, log });
            }
            Input::LaunchPathsResolved { instance, runtime_version, found } => {
                self.on_resolved(&mut cx, &instance, runtime_version, found);
            }
            Input::SlotRemoved { instance } => self.on_slot_removed(&mut cx, &instance),
            Input::Spawned { process, pid, token } => self.on_spawned(&mut cx, &process, pid, token),
            Input::SpawnFailed { process, missing, reason } => {
                self.on_spawn_failed(&mut cx, &process, missing, reason);
            }
            Input::Exited { process, status, log } => self.on_exited(&mut cx, &process, &status, log),
            Input::StraysEnded { processes } => {
                processes.iter().for_each(|process| self.on_strays_ended(&mut cx, process));
            }
            Input::Call { call, caller, rpc } => self.on_call(&mut cx, call, &caller, rpc),
            Input::StartSending { process } => self.on_start_sending(cx.now, &process),
            Input::CallbackDone { process, callback, outcome } => {
                self.on_callback_done(&mut cx, &process, callback, outcome);
            }
            Input::ReportAnswered { ticket, answer } => self.on_report_answered(&mut cx, ticket, answer),
            Input::LogsCollected { process, session, outcome } => {
                self.on_logs_collected(&mut cx, &process, session, outcome);
            }
            Input::Recovered { slot, processes } => self.on_recovered(&mut cx, *slot, processes),
            Input::ShutDown => self.on_shut_down(&mut cx),
        }
        self.forget_old_records();
        cx.effects
    }

    /// Does what is due at `cx.now`. Afterwards `next_wakeup` is in the future.
    pub fn on_timer(&mut self, mut cx: HostCx<'_>) -> Vec<Effect> {
        let due: Vec<ProcessId> = self
            .processes
            .values()
            .filter(|process| process.next_wakeup().is_some_and(|at| at <= cx.now))
            .map(|process| process.id.clone())
            .collect();
        for process in due {
            self.on_start_timeout(&mut cx, &process);
            self.on_kill_time(&mut cx, &process);
            self.on_health_time(&mut cx, &process);
        }
        self.on_answer_time(&mut cx);
        let instances: Vec<InstanceId> = self.slots.keys().cloned().collect();
        for instance in instances {
            self.keep_running(&mut cx, &instance);
        }
        self.forget_old_records();
        cx.effects
    }

    /// When `on_timer` has something to do next.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        let processes = self.processes.values().filter_map(Process::next_wakeup);
        let slots = self.slots.keys().filter_map(|instance| self.next_launch(instance));
        processes.chain(slots).chain(self.next_answer_time()).min()
    }

    /// Whether nothing that the agent launched is alive any more, nor anything that it started, and all logs are stored.
    pub fn is_quiet(&self) -> bool {
        let busy = self.processes.values().any(|process| process.is_launched() && process.needs_slot());
        !busy && !self.is_installing()
    }

    /// The pids of what runs for each instance, for measuring what it uses; those that were started by hand too.
    pub fn pids(&self) -> BTreeMap<u32, InstanceId> {
        let pids = |process: &Process| {
            let instance = process.instance.clone();
            process.pid.into_iter().chain(process.bound_pid).map(move |pid| (pid, instance.clone()))
        };
        self.alive().flat_map(pids).collect()
    }

    fn on_order(&mut self, cx: &mut HostCx<'_>, instance: InstanceId, order: HostOrder) {
        if self.stopping {
            cx.note(format!("order for `{instance}` ignored: the agent is shutting down"));
            return;
        }
        match order {
            HostOrder::StartInstance(spec) => self.start_instance(cx, instance, spec),
            HostOrder::StartGameServerSession { process, session, deadline } => {
                self.start_session(cx, &instance, &process, session, deadline);
            }
            HostOrder::TerminateProcess { process, termination, reason } => {
                self.terminate_process(cx, &instance, &process, termination, &reason);
            }
            HostOrder::KillProcess { process, reason } => {
                self.kill_process(cx, &instance, &process, &reason);
            }
            HostOrder::ConfirmProcesses(processes) => self.confirm_processes(cx, &instance, &processes),
            HostOrder::DrainInstance { hosting, others } => {
                self.drain_instance(cx, &instance, &hosting, others)
            }
            HostOrder::StopInstance => self.stop_instance(cx, &instance),
        }
    }

    fn on_shut_down(&mut self, cx: &mut HostCx<'_>) {
        self.stopping = true;
        let alive: Vec<ProcessId> = self.alive().map(|process| process.id.clone()).collect();
        for process in alive {
            self.end_politely(cx, &process, crate::host::ProcessEnd::Terminated);
        }
        self.slots.keys().for_each(|instance| self.stop_install_script(cx, instance));
    }

    fn alive(&self) -> impl Iterator<Item = &Process> {
        self.processes.values().filter(|process| process.is_alive())
    }

    fn alive_on(&self, instance: &InstanceId) -> impl Iterator<Item = &Process> {
        self.alive().filter(move |process| process.instance == *instance)
    }

    /// As `alive_on`, and those whose strays are still being ended.
    fn there_on(&self, instance: &InstanceId) -> impl Iterator<Item = &Process> {
        self.processes.values().filter(move |process| process.is_there() && process.instance == *instance)
    }

    /// Whether the files of a slot may go.
    fn is_vacant(&self, instance: &InstanceId) -> bool {
        !self.processes.values().any(|process| process.needs_slot() && process.instance == *instance)
    }

    fn alive_mut(&mut self, process: &ProcessId) -> Option<&mut Process> {
        let record = self.processes.get_mut(process).filter(|process| process.is_alive())?;
        self.written.touched_processes.insert(process.clone());
        Some(record)
    }

    fn slot_mut(&mut self, instance: &InstanceId) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(instance)?;
        self.written.touched_slots.insert(instance.clone());
        Some(slot)
    }

    fn forget_old_records(&mut self) {
        let mut ended: Vec<(Timestamp, ProcessId)> = self
            .processes
            .values()
            .filter_map(|process| match process.phase {
                Phase::Ended { at } if !process.needs_slot() => Some((at, process.id.clone())),
                Phase::Ended { .. }
                | Phase::Spawning
                | Phase::Activating { .. }
                | Phase::Active
                | Phase::Ending { .. } => None,
            })
            .collect();
        if ended.len() > ENDED_KEPT {
            ended.sort();
            for (_, process) in &ended[..ended.len() - ENDED_KEPT] {
                self.processes.remove(process);
            }
        }
    }
}

#[cfg(test)]
mod tests;
