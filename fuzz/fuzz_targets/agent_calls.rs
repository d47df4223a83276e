//! What game servers call, and who they say they are: any pid, token, port and session, in any order, while processes
//! end and the control plane answers late. Each call is answered once, and only launched processes are signalled.

#![no_main]

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use gse_core::clocks::Clocks;
use gse_core::error::Error;
use gse_core::fleet::ServerProcess;
use gse_core::host::{HostOrder, InstanceSpec, SessionSpec, Termination};
use gse_core::id::{BlobId, CounterIds, FleetId, GameServerSessionId, InstanceId, ProcessId};
use gse_core::supervisor::{
    CallId, Callback, CallbackKind, CallbackOutcome, Caller, Effect, HostCx, Input, RpcRequest, Supervisor,
    Ticket,
};
use gse_core::time::Timestamp;
use libfuzzer_sys::fuzz_target;

/// Steps of one run.
const STEPS: usize = 200;

fuzz_target!(|data: &[u8]| {
    let mut script = Script(data);
    let mut host = Host::new();
    let spec = InstanceSpec {
        reserved: false,
        fleet: FleetId::new("fleet-1"),
        region: fuzz::world::scope().region,
        package: BlobId::new("blob-1"),
        runtime_version: 1,
        server_processes: vec![ServerProcess {
            launch_path: "/local/game/server".into(),
            parameters: String::new(),
            concurrent_executions: 2,
        }],
        trial: false,
    };
    host.input(Input::Order(instance(), HostOrder::StartInstance(spec)));
    for _ in 0..STEPS {
        if host.act(&mut script).is_none() {
            break;
        }
    }
    host.input(Input::ShutDown);
});

fn instance() -> InstanceId {
    InstanceId::new("ins-1")
}

struct Host {
    supervisor: Supervisor,
    clocks: Clocks,
    ids: CounterIds,
    now: Timestamp,
    inputs: VecDeque<Input>,
    launched: BTreeSet<ProcessId>,
    open_calls: BTreeSet<CallId>,
    /// Reports that the control plane has not answered.
    tickets: VecDeque<Ticket>,
    next: u32,
}

impl Host {
    fn new() -> Self {
        Self {
            supervisor: Supervisor::new("127.0.0.1", true),
            clocks: Clocks::default(),
            ids: CounterIds::default(),
            now: fuzz::world::NOW,
            inputs: VecDeque::new(),
            launched: BTreeSet::new(),
            open_calls: BTreeSet::new(),
            tickets: VecDeque::new(),
            next: 100,
        }
    }

    fn act(&mut self, script: &mut Script<'_>) -> Option<()> {
        match script.byte()? % 8 {
            0..=2 => self.call(script)?,
            3 => {
                self.now = self.now.plus(Duration::from_secs(u64::from(script.byte()?)));
                let cx = HostCx::new(self.now, &self.clocks, &mut self.ids);
                let effects = self.supervisor.on_timer(cx);
                self.carry_out(effects);
                assert!(self.supervisor.next_wakeup().is_none_or(|next| next > self.now), "still due");
            }
            4 => {
                let process = script.process()?;
                if self.launched.contains(&process) {
                    self.input(Input::Exited { process, status: "exit code 1".into(), log: String::new() });
                }
            }
            5 => {
                let answer = match script.byte()? % 3 {
                    0 => None,
                    1 => Some(Err(Error::BadToken)),
                    _ => Some(Ok(())),
                };
                if let Some(ticket) = self.tickets.pop_front() {
                    self.input(Input::ReportAnswered { ticket, answer });
                }
            }
            6 => {
                let order = script.order(self.now)?;
                self.input(Input::Order(instance(), order));
            }
            _ => {
                let (process, kind, outcome) = (script.process()?, script.byte()?, script.byte()?);
                let callback = match kind % 3 {
                    0 => CallbackKind::Health,
                    1 => CallbackKind::Start,
                    _ => CallbackKind::Terminate,
                };
                let outcome = match outcome % 5 {
                    0 => CallbackOutcome::Health(true),
                    1 => CallbackOutcome::Health(false),
                    2 => CallbackOutcome::TimedOut,
                    3 => CallbackOutcome::Rejected(script.text()?),
                    _ => CallbackOutcome::Done,
                };
                self.input(Input::CallbackDone { process, callback, outcome });
            }
        }
        Some(())
    }

    fn call(&mut self, script: &mut Script<'_>) -> Option<()> {
        self.next += 1;
        let call = CallId(u64::from(self.next));
        self.open_calls.insert(call);
        let caller = script.caller()?;
        let rpc = script.rpc()?;
        self.input(Input::Call { call, caller: Box::new(caller), rpc });
        Some(())
    }

    fn input(&mut self, input: Input) {
        self.inputs.push_back(input);
        while let Some(input) = self.inputs.pop_front() {
            let cx = HostCx::new(self.now, &self.clocks, &mut self.ids);
            let effects = self.supervisor.step(cx, input);
            self.carry_out(effects);
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::PrepareSlot { instance, .. } => {
                    self.inputs.push_back(Input::SlotExtracted {
                        instance,
                        log: String::new(),
                        setup: Default::default(),
                    });
                }
                Effect::ResolveLaunchPaths { instance, runtime_version, targets } => {
                    let found =
                        targets.iter().map(|target| Some(target.as_ref()?.in_package.clone())).collect();
                    self.inputs.push_back(Input::LaunchPathsResolved { instance, runtime_version, found });
                }
                Effect::RemoveSlot { instance } => self.inputs.push_back(Input::SlotRemoved { instance }),
                Effect::Spawn { process, .. } => {
                    self.next += 1;
                    let token = format!("t{}", self.next);
                    self.launched.insert(process.clone());
                    self.inputs.push_back(Input::Spawned { process, pid: self.next, token });
                }
                Effect::Signal { process, .. } => {
                    assert!(self.launched.contains(&process), "`{process}` was not launched by us");
                }
                Effect::CollectLogs { process, session, .. } => {
                    let outcome = Err("no store".to_owned());
                    self.inputs.push_back(Input::LogsCollected { process, session, outcome });
                }
                Effect::EndStrays { process, .. } => {
                    assert!(self.launched.contains(&process), "`{process}` was not launched by us");
                    self.inputs.push_back(Input::StraysEnded { processes: vec![process] });
                }
                Effect::Report { ticket: Some(ticket), .. } => self.tickets.push_back(ticket),
                Effect::Answer { call, .. } | Effect::Query { call, .. } => {
                    assert!(self.open_calls.remove(&call), "answered twice");
                }
                Effect::Callback { callback: Callback::Health, process, .. }
                    if self.now.seconds() % 2 == 0 =>
                {
                    let outcome = CallbackOutcome::Health(true);
                    let callback = CallbackKind::Health;
                    self.inputs.push_back(Input::CallbackDone { process, callback, outcome });
                }
                Effect::Report { ticket: None, .. }
                | Effect::Callback { .. }
                | Effect::RunInstallScript { .. }
                | Effect::StopInstallScript { .. }
                | Effect::WatchAdopted { .. }
                | Effect::ForgetAdopted { .. }
                | Effect::Note(_) => {}
            }
        }
    }
}

/// What the fuzzer decides.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// A port: mostly a small one, sometimes any number.
    fn number(&mut self) -> Option<i32> {
        let byte = self.byte()?;
        if byte < 0xf0 {
            return Some(i32::from(byte) * 256);
        }
        let (bytes, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(i32::from_be_bytes(*bytes))
    }

    /// Mostly one of few names, so that calls meet, sometimes any text.
    fn text(&mut self) -> Option<String> {
        let byte = self.byte()?;
        if byte < 0xe0 {
            return Some(
                ["", "s1", "s2", "101", "103", "t102", "t104", "ACCEPT_ALL"][usize::from(byte % 8)].into(),
            );
        }
        let length = usize::from(byte - 0xe0).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    fn process(&mut self) -> Option<ProcessId> {
        Some(ProcessId::new(format!("process-{:04}", self.byte()? % 8)))
    }

    fn caller(&mut self) -> Option<Caller> {
        let bits = self.byte()?;
        Some(Caller {
            pid: if bits & 1 != 0 { Some(self.text()?) } else { None },
            request_id: self.text()?,
            token: if bits & 2 != 0 { Some(self.text()?) } else { None },
            ancestors: if bits & 4 != 0 { vec![100 + u32::from(self.byte()? % 8)] } else { Vec::new() },
            started: (bits & 8 != 0).then_some(u64::from(bits >> 4)),
            fleet: (bits & 16 != 0).then(|| "fleet-1".to_owned()),
            is_remote: bits & 32 != 0,
        })
    }

    fn rpc(&mut self) -> Option<RpcRequest> {
        Some(match self.byte()? % 10 {
            0 => RpcRequest::ProcessReady {
                log_paths: vec![self.text()?],
                client_port: self.number()?,
                grpc_port: self.number()?,
            },
            1 => RpcRequest::Activate { session: self.text()?, max_players: self.number()? },
            2 => RpcRequest::AcceptPlayer { session: self.text()?, player_session: self.text()? },
            3 => RpcRequest::RemovePlayer { session: self.text()?, player_session: self.text()? },
            4 => RpcRequest::DescribePlayers {
                session: self.text()?,
                player_id: self.text()?,
                player_session: self.text()?,
                status_filter: self.text()?,
                next_token: self.text()?,
                limit: self.number()?,
            },
            5 => RpcRequest::UpdatePolicy { session: self.text()?, policy: self.text()? },
            6 => RpcRequest::Terminate { session: self.text()? },
            7 => RpcRequest::ProcessEnding,
            8 => RpcRequest::Milestone { session: self.text()?, name: self.text()? },
            _ => RpcRequest::ReportCustomData { current: self.number()?, max: self.number()? },
        })
    }

    fn order(&mut self, now: Timestamp) -> Option<HostOrder> {
        let termination = Termination {
            termination_time_s: now.seconds() + 60,
            deadline: Some(now.plus(Duration::from_secs(60))),
        };
        Some(match self.byte()? % 4 {
            0 | 1 => HostOrder::StartGameServerSession {
                process: self.process()?,
                session: session(&self.text()?),
                deadline: now.plus(Duration::from_secs(60)),
            },
            2 => HostOrder::TerminateProcess { process: self.process()?, termination, reason: String::new() },
            _ if self.byte()? % 2 == 0 => HostOrder::StopInstance,
            _ => HostOrder::DrainInstance {
                hosting: vec![(self.process()?, termination)],
                others: termination,
            },
        })
    }
}

fn session(name: &str) -> SessionSpec {
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
