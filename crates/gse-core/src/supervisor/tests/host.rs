//! A host whose shell does everything at once and whose control plane agrees with everything, unless told otherwise.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clocks::Clocks;
use crate::error::Error;
use crate::fleet::ServerProcess;
use crate::host::{
    HostOrder, InstanceSpec, PreparationStep, ProcessEnd, ReportKind, SessionSpec, Termination,
};
use crate::id::{BlobId, CounterIds, FleetId, GameServerSessionId, InstanceId, ProcessId, Region};
use crate::log::SessionLog;
use crate::observation::Observation;
use crate::package::setup::PackageSetup;
use crate::supervisor::{
    CallError, CallId, Callback, CallbackKind, CallbackOutcome, Caller, Effect, HostCx, Input, RpcRequest,
    Signal, Supervisor, Ticket,
};
use crate::time::Timestamp;

pub(super) type Answer = Box<dyn Fn(&ReportKind) -> Option<Result<(), Error>>>;

pub(super) struct Host {
    pub(super) supervisor: Supervisor,
    pub(super) clocks: Clocks,
    pub(super) now: Timestamp,
    /// Everything that was wanted, with its time, until `take`.
    pub(super) log: Vec<(Timestamp, Effect)>,
    /// What the control plane says.
    pub(super) answer: Answer,
    /// Signals end processes at once.
    pub(super) signals_work: bool,
    /// Strays are ended at once.
    pub(super) strays_end: bool,
    /// Logs are collected at once.
    pub(super) logs_are_stored: bool,
    /// What packages ask for.
    pub(super) setup: PackageSetup,
    /// Packages are there.
    pub(super) packages: bool,
    /// Processes take connections.
    pub(super) listens: bool,
    /// The control plane says nothing until `answer_withheld`.
    pub(super) withholds_answers: bool,
    withheld: Vec<Ticket>,
    /// How health checks go; `None`: they do not return.
    pub(super) health: Option<CallbackOutcome>,
    /// Comes before the next answer of the control plane.
    pub(super) before_answers: Option<Input>,
    ids: CounterIds,
    inputs: VecDeque<Input>,
    next_pid: u32,
    next_call: u64,
}

pub(super) fn instance() -> InstanceId {
    InstanceId::new("ins-1")
}

/// The record of the n-th process of a test.
pub(super) fn record(number: u32) -> ProcessId {
    ProcessId::new(format!("process-{number:04}"))
}

pub(super) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(super) fn spec(counts: &[u32]) -> InstanceSpec {
    let entry = |count: &u32| ServerProcess {
        launch_path: "/local/game/server".into(),
        parameters: String::new(),
        concurrent_executions: *count,
    };
    InstanceSpec {
        fleet: FleetId::new("fleet-1"),
        region: Region::new("ap-shanghai"),
        package: BlobId::new("blob-1"),
        runtime_version: 7,
        server_processes: counts.iter().map(entry).collect(),
        trial: false,
        reserved: false,
    }
}

pub(super) fn session(name: &str) -> SessionSpec {
    SessionSpec {
        id: GameServerSessionId::new(name),
        fleet: FleetId::new("fleet-1"),
        name: String::new(),
        max_players: 10,
        joinable: true,
        properties: Vec::new(),
        port: 2000,
        ip_address: "127.0.0.1".into(),
        data: String::new(),
        matchmaker_data: String::new(),
        dns_name: String::new(),
        trace: None,
    }
}

pub(super) fn pid(number: u32) -> Caller {
    Caller { pid: Some(number.to_string()), request_id: "request-1".into(), ..Caller::default() }
}

pub(super) fn ready_on(client_port: i32, grpc_port: i32) -> RpcRequest {
    RpcRequest::ProcessReady { log_paths: vec!["./logs".into()], client_port, grpc_port }
}

pub(super) fn stored_log() -> SessionLog {
    SessionLog { blob: BlobId::new("log"), bytes: 1, left_out_bytes: 0 }
}

impl Host {
    pub(super) fn new() -> Self {
        Self {
            supervisor: Supervisor::new("127.0.0.1", true),
            clocks: Clocks::default(),
            now: Timestamp::from_seconds(1_000_000),
            log: Vec::new(),
            answer: Box::new(|_| Some(Ok(()))),
            signals_work: true,
            strays_end: true,
            logs_are_stored: true,
            setup: PackageSetup::default(),
            packages: true,
            listens: true,
            withholds_answers: false,
            withheld: Vec::new(),
            health: Some(CallbackOutcome::Health(true)),
            before_answers: None,
            ids: CounterIds::default(),
            inputs: VecDeque::new(),
            next_pid: 100,
            next_call: 0,
        }
    }

    /// One slot with one entry of so many processes, all started. Pids count from 101.
    pub(super) fn with_processes(count: u32) -> Self {
        let mut host = Self::new();
        host.order(HostOrder::StartInstance(spec(&[count])));
        host
    }

    /// One process that is ready on port 7000; the log is empty.
    pub(super) fn with_ready_process() -> Self {
        let mut host = Self::with_processes(1);
        assert_eq!(host.call(pid(101), ready_on(2000, 7000)), Some(Ok(())));
        host.log.clear();
        host
    }

    /// One step whose effects are not carried out.
    pub(super) fn step(&mut self, input: Input) -> Vec<Effect> {
        self.supervisor.step(HostCx::new(self.now, &self.clocks, &mut self.ids), input)
    }

    pub(super) fn input(&mut self, input: Input) {
        self.inputs.push_back(input);
        self.take_inputs();
    }

    /// Effects of one step are carried out before what they cause is told, as the real shell does.
    fn take_inputs(&mut self) {
        while let Some(input) = self.inputs.pop_front() {
            let effects = self.supervisor.step(HostCx::new(self.now, &self.clocks, &mut self.ids), input);
            self.carry_out(effects);
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.log.push((self.now, effect.clone()));
            self.react(effect);
        }
    }

    fn react(&mut self, effect: Effect) {
        match effect {
            Effect::PrepareSlot { instance, .. } if !self.packages => {
                let (step, reason, log) = (PreparationStep::Download, "not there".into(), String::new());
                self.inputs.push_back(Input::SlotFailed { instance, step, reason, log });
            }
            Effect::PrepareSlot { instance, .. } => {
                self.inputs.push_back(Input::SlotExtracted {
                    instance,
                    log: "files".into(),
                    setup: self.setup.clone(),
                });
            }
            Effect::ResolveLaunchPaths { instance, runtime_version, targets } => {
                let found =
                    targets.iter().map(|target| Some(format!("/slots/{}", target.as_ref()?.in_package)));
                let found = found.collect();
                self.inputs.push_back(Input::LaunchPathsResolved { instance, runtime_version, found });
            }
            Effect::RemoveSlot { instance } => self.inputs.push_back(Input::SlotRemoved { instance }),
            Effect::CollectLogs { process, session, .. } if self.logs_are_stored => {
                self.inputs.push_back(Input::LogsCollected { process, session, outcome: Ok(stored_log()) });
            }
            Effect::Spawn { process, .. } => {
                self.next_pid += 1;
                let (pid, token) = (self.next_pid, format!("token-{}", self.next_pid));
                self.inputs.push_back(Input::Spawned { process, pid, token });
            }
            Effect::Signal { process, signal } if self.signals_work => {
                let status = if signal == Signal::Kill { "signal 9" } else { "signal 15" };
                self.inputs.push_back(Input::Exited { process, status: status.into(), log: "tail".into() });
            }
            Effect::EndStrays { process, .. } if self.strays_end => {
                self.inputs.push_back(Input::StraysEnded { processes: vec![process] });
            }
            Effect::Report { ticket: Some(ticket), .. } if self.withholds_answers => {
                self.withheld.push(ticket);
            }
            Effect::Report { report, ticket: Some(ticket) } => {
                let answer = (self.answer)(&report.kind);
                self.inputs.extend(self.before_answers.take());
                self.inputs.push_back(Input::ReportAnswered { ticket, answer });
            }
            Effect::Callback { process, callback: Callback::Health, .. } => {
                if let Some(outcome) = self.health.clone() {
                    self.inputs.push_back(Input::CallbackDone {
                        process,
                        callback: CallbackKind::Health,
                        outcome,
                    });
                }
            }
            Effect::Callback { process, callback: Callback::Start(_), .. } if self.listens => {
                self.inputs.push_back(Input::StartSending { process });
            }
            Effect::Signal { .. }
            | Effect::CollectLogs { .. }
            | Effect::RunInstallScript { .. }
            | Effect::StopInstallScript { .. }
            | Effect::WatchAdopted { .. }
            | Effect::ForgetAdopted { .. }
            | Effect::EndStrays { .. }
            | Effect::Report { .. }
            | Effect::Callback { .. }
            | Effect::Answer { .. }
            | Effect::Query { .. }
            | Effect::Note(_) => {}
        }
    }

    /// The control plane answers everything that it has not answered.
    pub(super) fn answer_withheld(&mut self, answer: Option<Result<(), Error>>) {
        for ticket in std::mem::take(&mut self.withheld) {
            self.input(Input::ReportAnswered { ticket, answer: answer.clone() });
        }
    }

    /// What calls were answered.
    pub(super) fn answers(&self) -> Vec<Result<(), CallError>> {
        let answer = |(_, effect): &(Timestamp, Effect)| match effect {
            Effect::Answer { result, .. } => Some(result.clone()),
            _ => None,
        };
        self.log.iter().filter_map(answer).collect()
    }

    pub(super) fn order(&mut self, order: HostOrder) {
        self.input(Input::Order(instance(), order));
    }

    pub(super) fn exited(&mut self, process: &ProcessId, status: &str) {
        self.input(Input::Exited { process: process.clone(), status: status.into(), log: "tail".into() });
    }

    /// The answer, when there is one already.
    pub(super) fn call(&mut self, caller: Caller, rpc: RpcRequest) -> Option<Result<(), CallError>> {
        self.next_call += 1;
        let id = CallId(self.next_call);
        self.input(Input::Call { call: id, caller: Box::new(caller), rpc });
        let answers = self.log.iter().filter_map(|(_, effect)| match effect {
            Effect::Answer { call, result } if *call == id => Some(result.clone()),
            _ => None,
        });
        let answers: Vec<_> = answers.collect();
        assert!(answers.len() <= 1, "one call has one answer");
        answers.into_iter().next()
    }

    /// Lets time pass, and checks that no time is due for ever.
    pub(super) fn advance(&mut self, by: Duration) {
        let end = self.now.plus(by);
        while let Some(at) = self.supervisor.next_wakeup().filter(|at| *at <= end) {
            assert!(at >= self.now, "a wake-up in the past");
            self.now = at;
            let cx = HostCx::new(self.now, &self.clocks, &mut self.ids);
            let effects = self.supervisor.on_timer(cx);
            self.carry_out(effects);
            self.take_inputs();
            let next = self.supervisor.next_wakeup();
            assert!(
                next.is_none_or(|next| next > self.now),
                "after on_timer the next wake-up is in the future"
            );
        }
        self.now = end;
    }

    /// The timer runs late: nobody was there when it was due.
    pub(super) fn wake(&mut self) {
        let effects = self.supervisor.on_timer(HostCx::new(self.now, &self.clocks, &mut self.ids));
        self.carry_out(effects);
        self.take_inputs();
    }

    pub(super) fn callback_done(
        &mut self,
        process: &ProcessId,
        callback: CallbackKind,
        outcome: CallbackOutcome,
    ) {
        self.input(Input::CallbackDone { process: process.clone(), callback, outcome });
    }

    pub(super) fn start_session(&mut self, process: &ProcessId, name: &str, within: Duration) {
        let deadline = self.now.plus(within);
        self.order(HostOrder::StartGameServerSession {
            process: process.clone(),
            session: session(name),
            deadline,
        });
    }

    pub(super) fn terminate(&mut self, process: &ProcessId, deadline: Option<Duration>) {
        let deadline = deadline.map(|after| self.now.plus(after));
        let termination = Termination { termination_time_s: 42, deadline };
        self.order(HostOrder::TerminateProcess {
            process: process.clone(),
            termination,
            reason: "test".into(),
        });
    }

    /// Drops what was wanted until now.
    pub(super) fn forget(&mut self) -> &mut Self {
        self.log.clear();
        self
    }

    pub(super) fn reports(&self) -> Vec<ReportKind> {
        self.told().filter(|kind| !matches!(kind, ReportKind::Observed { .. })).collect()
    }

    /// What was told although it decides nothing.
    pub(super) fn observations(&self) -> Vec<Observation> {
        let observation = |kind| match kind {
            ReportKind::Observed { observation, .. } => Some(observation),
            _ => None,
        };
        self.told().filter_map(observation).collect()
    }

    fn told(&self) -> impl Iterator<Item = ReportKind> + '_ {
        self.log.iter().filter_map(|(_, effect)| match effect {
            Effect::Report { report, .. } => Some(report.kind.clone()),
            _ => None,
        })
    }

    pub(super) fn ends(&self) -> Vec<ProcessEnd> {
        let end = |report| match report {
            ReportKind::ProcessEnded { end, .. } => Some(end),
            _ => None,
        };
        self.reports().into_iter().filter_map(end).collect()
    }

    /// When each process was started.
    pub(super) fn spawns(&self) -> Vec<(Timestamp, ProcessId)> {
        let spawn = |(at, effect): &(Timestamp, Effect)| match effect {
            Effect::Spawn { process, .. } => Some((*at, process.clone())),
            _ => None,
        };
        self.log.iter().filter_map(spawn).collect()
    }

    pub(super) fn signals(&self) -> Vec<(Timestamp, Signal)> {
        let signal = |(at, effect): &(Timestamp, Effect)| match effect {
            Effect::Signal { signal, .. } => Some((*at, *signal)),
            _ => None,
        };
        self.log.iter().filter_map(signal).collect()
    }

    /// The tokens whose carriers were to be ended.
    pub(super) fn tokens_over(&self) -> Vec<String> {
        let token = |(_, effect): &(Timestamp, Effect)| match effect {
            Effect::EndStrays { token, .. } => Some(token.clone()),
            _ => None,
        };
        self.log.iter().filter_map(token).collect()
    }

    pub(super) fn callbacks(&self) -> Vec<(Timestamp, Callback)> {
        let callback = |(at, effect): &(Timestamp, Effect)| match effect {
            Effect::Callback { callback, .. } => Some((*at, callback.clone())),
            _ => None,
        };
        self.log.iter().filter_map(callback).collect()
    }

    pub(super) fn notes(&self) -> String {
        let note = |(_, effect): &(Timestamp, Effect)| match effect {
            Effect::Note(text) => Some(format!("{text}\n")),
            _ => None,
        };
        self.log.iter().filter_map(note).collect()
    }
}
