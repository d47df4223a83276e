//! The owner task: one loop that feeds the supervisor and carries out what it wants. No locks; bounded channels.

mod logs;
mod measuring;
mod script;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gse_core::host::{HostOrder, HostReport};
use gse_core::id::{FleetId, GameServerSessionId, InstanceId, ProcessId};
use gse_core::player_session::ProcessQuery;
use gse_core::supervisor::{
    CallError, CallId, Callback, CallbackKind, Effect, HostCx, Input, Signal, Supervisor, Ticket,
};
use gse_core::time::Timestamp;
use gse_core::trace_context::TraceContext;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};

use crate::agent::AgentConfig;
use crate::attached::{self, Attached};
use crate::callback::{self, Patience};
use crate::child::{self, Launch};
use crate::logs::Collection;
use crate::notes::{self, SystemProcess};
use crate::output_dir::OutputDir;
use crate::random::{RandomIds, random_hex};
use crate::sdk_service::{IncomingCall, Reply};
use crate::slot::{self, SlotDir};
use crate::strays;
use crate::uplink::UplinkMessage;
use measuring::Measuring;
use script::script_of;

/// Messages to the control plane that may wait before further calls are refused.
const OUTBOX: usize = 4096;
/// Sessions that may wait to be sent; a process waits for one at most.
const SENDING: usize = 64;
/// How long the last messages may take at the end.
const FLUSH: Duration = Duration::from_secs(2);

pub(crate) type Serving = tokio::task::JoinHandle<()>;

/// What the loop wakes up for.
enum Event {
    /// Told to end, or the gRPC server ended.
    ShutDown,
    Input(Input),
    Call(IncomingCall),
    Sending(Sending),
    Measure,
    Measured(measuring::Measured),
    Done(Result<Option<Input>, tokio::task::JoinError>),
    Timer,
}

/// A session is about to be sent to a process: that is written down first.
struct Sending {
    process: ProcessId,
    go: oneshot::Sender<()>,
}

/// Everything that the loop owns.
pub(crate) struct Owner {
    supervisor: Supervisor,
    config: AgentConfig,
    agent_address: String,
    slots: PathBuf,
    outputs: OutputDir,
    ids: RandomIds,
    /// Every task that was started; each ends in an input, or in nothing to tell.
    work: JoinSet<Option<Input>>,
    children: BTreeMap<ProcessId, mpsc::Sender<Signal>>,
    /// Who looks whether adopted processes still run; there is nothing else to do to them.
    adopted: BTreeMap<ProcessId, AbortHandle>,
    /// Logs that wait to be packed, and how many are being packed: a fleet that ends must not fill every thread.
    collections: VecDeque<(ProcessId, GameServerSessionId, Collection)>,
    collecting: usize,
    /// Tokens that are over and not looked for yet. One look at a time, however many processes end together.
    strays: BTreeMap<ProcessId, String>,
    looks_for_strays: bool,
    sending: (mpsc::Sender<Sending>, mpsc::Receiver<Sending>),
    measuring: Measuring,
    calls: BTreeMap<CallId, oneshot::Sender<Result<Reply, CallError>>>,
    next_call: u64,
    outbox: VecDeque<UplinkMessage>,
    uplink: mpsc::Sender<UplinkMessage>,
    /// What happened while effects were carried out.
    inputs: VecDeque<Input>,
    /// What is wanted before the loop runs.
    held: Vec<Effect>,
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owner").field("supervisor", &self.supervisor).finish_non_exhaustive()
    }
}

impl Owner {
    pub(crate) fn new(
        config: AgentConfig,
        slots: PathBuf,
        agent_address: String,
        uplink: mpsc::Sender<UplinkMessage>,
    ) -> Self {
        Self {
            supervisor: Supervisor::new(config.public_ip.clone(), config.adoption.clone())
                .with_install_scripts(config.run_install_scripts),
            outputs: OutputDir::new(&config.data_dir),
            config,
            agent_address,
            slots,
            ids: RandomIds,
            work: JoinSet::new(),
            children: BTreeMap::new(),
            adopted: BTreeMap::new(),
            collections: VecDeque::new(),
            collecting: 0,
            strays: BTreeMap::new(),
            looks_for_strays: false,
            sending: mpsc::channel(SENDING),
            measuring: Measuring::new(),
            calls: BTreeMap::new(),
            next_call: 0,
            outbox: VecDeque::new(),
            uplink,
            inputs: VecDeque::new(),
            held: Vec::new(),
        }
    }

    /// Goes on with what an earlier agent left behind; what follows from it waits for `run`.
    pub(crate) fn recover(&mut self, slots: Vec<Input>) {
        for input in slots {
            let effects = self.decide(input);
            self.held.extend(effects);
        }
    }

    /// The reports that wait for `run`, which does not send them any more.
    pub(crate) fn take_first_reports(&mut self) -> Vec<HostReport> {
        let held = std::mem::take(&mut self.held);
        let mut reports = Vec::new();
        self.held.extend(held.into_iter().filter_map(|effect| match effect {
            Effect::Report { report, ticket: None } => {
                reports.push(report);
                None
            }
            other => Some(other),
        }));
        reports
    }

    /// Watches processes that an earlier agent launched.
    pub(crate) fn attach(&mut self, processes: Vec<Attached>) {
        for attached in processes {
            let (signals, requests) = child::signal_channel();
            self.children.insert(attached.process.clone(), signals);
            self.work.spawn(async move { Some(attached.watch(requests).await) });
        }
    }

    pub(crate) async fn run(
        &mut self,
        mut orders: mpsc::Receiver<(InstanceId, HostOrder)>,
        mut incoming: mpsc::Receiver<IncomingCall>,
        shutdown: impl Future<Output = ()> + Send,
        stop: oneshot::Sender<()>,
        serving: &mut Serving,
    ) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut running = true;
        std::mem::take(&mut self.held).into_iter().for_each(|effect| self.carry_out(effect));
        self.end_strays();
        self.pack_logs();
        self.take_inputs();
        let mut measure = measuring::ticks(self.config.clocks.metrics_period);
        // Game servers are served to the last: they say how they end.
        while running || !self.supervisor.is_quiet() {
            let wakeup = self.supervisor.next_wakeup();
            let event = tokio::select! {
                () = &mut shutdown, if running => Event::ShutDown,
                _ = &mut *serving, if running => Event::ShutDown,
                Some((instance, order)) = orders.recv() => Event::Input(Input::Order(instance, order)),
                Some(call) = incoming.recv() => Event::Call(call),
                Some(sending) = self.sending.1.recv() => Event::Sending(sending),
                _ = measure.tick(), if running => Event::Measure,
                Some(measured) = self.measuring.results.1.recv() => Event::Measured(measured),
                Some(done) = self.work.join_next(), if !self.work.is_empty() => Event::Done(done),
                permit = self.uplink.reserve(), if !self.outbox.is_empty() => {
                    match (permit, self.outbox.pop_front()) {
                        (Ok(permit), Some(message)) => permit.send(message),
                        // Dropping messages answers them: nobody is there.
                        (Err(_), _) | (_, None) => self.outbox.clear(),
                    }
                    continue;
                }
                () = sleep_until(wakeup), if wakeup.is_some() => Event::Timer,
            };
            match event {
                Event::ShutDown => {
                    running = false;
                    self.step(Input::ShutDown);
                }
                Event::Input(input) => self.step(input),
                Event::Call(call) => self.take_call(call),
                Event::Sending(Sending { process, go }) => {
                    self.step(Input::StartSending { process });
                    // The callback may have run out of time.
                    let _ = go.send(());
                }
                Event::Measure => self.measure(),
                Event::Measured(measured) => self.take_measured(measured),
                Event::Done(done) => self.take_result(done),
                Event::Timer => self.on_timer(),
            }
        }
        // The server may have ended by itself.
        let _ = stop.send(());
        self.flush().await;
    }

    /// The last reports go out if somebody takes them; tasks that nobody waits for any more are ended.
    async fn flush(&mut self) {
        let uplink = self.uplink.clone();
        let messages = std::mem::take(&mut self.outbox);
        let all = async {
            for message in messages {
                if uplink.send(message).await.is_err() {
                    return;
                }
            }
        };
        if tokio::time::timeout(FLUSH, all).await.is_err() {
            tracing::warn!("the last reports were not taken");
        }
        self.calls.clear();
        self.work.shutdown().await;
    }

    fn take_call(&mut self, IncomingCall { caller, rpc, reply }: IncomingCall) {
        if self.outbox.len() >= OUTBOX {
            let words = "too many calls wait for the control plane";
            let _ = reply.send(Err(CallError::Unavailable(words.into())));
            return;
        }
        let call = CallId(self.next_call);
        self.next_call += 1;
        self.calls.insert(call, reply);
        self.step(Input::Call { call, caller: Box::new(caller), rpc });
    }

    fn take_result(&mut self, done: Result<Option<Input>, tokio::task::JoinError>) {
        match done {
            Ok(Some(input)) => self.step(input),
            Ok(None) => {}
            Err(error) if error.is_cancelled() => {}
            // A task of ours cannot fail without being wrong.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    fn step(&mut self, input: Input) {
        self.inputs.push_back(input);
        self.take_inputs();
    }

    fn on_timer(&mut self) {
        let effects = self.supervisor.on_timer(HostCx::new(now(), &self.config.clocks, &mut self.ids));
        self.write_down();
        effects.into_iter().for_each(|effect| self.carry_out(effect));
        self.end_strays();
        self.pack_logs();
        self.take_inputs();
    }

    /// Until nothing new happens: carrying out an effect may make the next input.
    fn take_inputs(&mut self) {
        while let Some(input) = self.inputs.pop_front() {
            match &input {
                Input::Exited { process, .. } => drop(self.children.remove(process)),
                Input::InstallScriptEnded { instance, .. } => {
                    self.children.remove(&script_of(instance));
                }
                Input::StraysEnded { .. } => self.looks_for_strays = false,
                Input::LogsCollected { .. } => self.collecting = self.collecting.saturating_sub(1),
                _ => {}
            }
            let effects = self.decide(input);
            effects.into_iter().for_each(|effect| self.carry_out(effect));
            self.end_strays();
            self.pack_logs();
        }
    }

    fn end_strays(&mut self) {
        if self.looks_for_strays || self.strays.is_empty() {
            return;
        }
        self.looks_for_strays = true;
        let (processes, tokens): (Vec<_>, BTreeSet<_>) = std::mem::take(&mut self.strays).into_iter().unzip();
        self.work.spawn_blocking(move || {
            strays::end(&tokens);
            Some(Input::StraysEnded { processes })
        });
    }

    /// One step. What a successor needs is written down before anything of it is carried out.
    fn decide(&mut self, input: Input) -> Vec<Effect> {
        let effects = self.supervisor.step(HostCx::new(now(), &self.config.clocks, &mut self.ids), input);
        self.write_down();
        effects
    }

    /// Small files, written here and not in another thread: the cache takes them.
    fn write_down(&mut self) {
        for record in self.supervisor.take_records() {
            notes::write(&self.slots, &record);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::PrepareSlot { instance, package } => {
                let package = self.config.packages.path(&package);
                self.on_slot(instance, move |instance, dir| slot::prepare(instance, dir, &package));
            }
            Effect::ResolveLaunchPaths { instance, runtime_version, targets } => {
                self.on_slot(instance, move |instance, dir| {
                    slot::resolve(instance, dir, runtime_version, targets)
                });
            }
            Effect::RemoveSlot { instance } => self.on_slot(instance, slot::remove),
            Effect::Spawn { process, instance, fleet, executable, arguments } => {
                self.spawn((process, instance, fleet), executable, arguments);
            }
            Effect::Signal { process, signal } => {
                if let Some(child) = self.children.get(&process) {
                    // Full: sixteen signals wait already, and the supervisor comes again.
                    let _ = child.try_send(signal);
                }
            }
            Effect::RunInstallScript { instance, fleet, within } => self.run_script(instance, fleet, within),
            Effect::StopInstallScript { instance } => self.stop_script(&instance),
            Effect::WatchAdopted { process, pid, started } => {
                let system = SystemProcess { pid, started };
                let watch = attached::watch_adopted(process.clone(), system);
                let watch = self.work.spawn(async move { Some(watch.await) });
                self.adopted.insert(process, watch);
            }
            Effect::ForgetAdopted { process } => {
                if let Some(watch) = self.adopted.remove(&process) {
                    watch.abort();
                }
            }
            Effect::CollectLogs { process, session, instance, fleet, log_paths } => {
                self.collect_logs((process, session), &instance, &fleet, log_paths);
            }
            // Looked for when the step is done.
            Effect::EndStrays { process, token } => drop(self.strays.insert(process, token)),
            Effect::Callback { process, grpc_port, callback, dial_for, answer_within, answer_for } => {
                let kind = callback.kind();
                if let Callback::Start(session) = &callback {
                    let trace_id = session.trace.map(TraceContext::trace_id);
                    tracing::info!(%process, session = %session.id, trace_id, "a session is handed over");
                }
                let may_send = may_send(kind, process.clone(), self.sending.0.clone());
                let patience = Patience { dial_for, answer_within, answer_for };
                self.work.spawn(async move {
                    let outcome = callback::call(grpc_port, callback, random_hex(), patience, may_send).await;
                    Some(Input::CallbackDone { process, callback: kind, outcome })
                });
            }
            Effect::Report { report, ticket } => self.report(report, ticket),
            Effect::Answer { call, result } => {
                if let Some(reply) = self.calls.remove(&call) {
                    // The caller may have gone away.
                    let _ = reply.send(result.map(|()| Reply::Done));
                }
            }
            Effect::Query { call, query } => self.query(call, query),
            Effect::Note(text) => tracing::info!("{}", one_line(&text)),
        }
    }

    fn on_slot(
        &mut self,
        instance: InstanceId,
        work: impl FnOnce(InstanceId, &SlotDir) -> Input + Send + 'static,
    ) {
        let Some(dir) = SlotDir::new(&self.slots, &instance) else {
            let reason = format!("`{instance}` cannot name a directory");
            let step = gse_core::host::PreparationStep::Download;
            self.inputs.push_back(Input::SlotFailed { instance, step, reason, log: String::new() });
            return;
        };
        self.work.spawn_blocking(move || Some(work(instance, &dir)));
    }

    fn spawn(
        &mut self,
        (process, instance, fleet): (ProcessId, InstanceId, FleetId),
        executable: String,
        arguments: Vec<String>,
    ) {
        let dir = SlotDir::new(&self.slots, &instance);
        let output = self.outputs.files(&fleet, &instance, &process);
        let (Some(dir), Some(output)) = (dir, output) else {
            let reason = format!("`{fleet}`, `{instance}` or `{process}` cannot name a file");
            self.inputs.push_back(Input::SpawnFailed { process, missing: false, reason });
            return;
        };
        self.launch(Launch {
            process,
            fleet: fleet.clone(),
            executable,
            arguments,
            game: dir.game(),
            slot: dir.root().to_owned(),
            output,
            agent_address: self.agent_address.clone(),
            token: random_hex(),
            open_files: self.config.open_files_of_games,
        });
        self.prune_outputs(fleet);
    }

    fn launch(&mut self, launch: Launch) {
        let (process, token) = (launch.process.clone(), launch.token.clone());
        let input = match child::start(launch) {
            Ok(running) => {
                let pid = running.pid;
                self.children.insert(process.clone(), running.signals.clone());
                self.work.spawn(async move { Some(running.watch().await) });
                Input::Spawned { process, pid, token }
            }
            Err(error) => {
                let missing = error.kind() == std::io::ErrorKind::NotFound;
                let reason = match error.raw_os_error() {
                    Some(no) if no == rustix::io::Errno::NOEXEC.raw_os_error() => {
                        format!(
                            "{error} (hint: it is no program of this system; a script begins with a line such as `#!/bin/sh`)"
                        )
                    }
                    _ => error.to_string(),
                };
                Input::SpawnFailed { process, missing, reason }
            }
        };
        self.inputs.push_back(input);
    }

    fn prune_outputs(&mut self, fleet: FleetId) {
        let outputs = self.outputs.clone();
        let running: BTreeSet<ProcessId> = self.children.keys().cloned().collect();
        self.work.spawn_blocking(move || {
            outputs.prune(&fleet, |process| running.contains(&ProcessId::new(process)));
            None
        });
    }

    fn report(&mut self, report: HostReport, ticket: Option<Ticket>) {
        let (reply, answer) = oneshot::channel();
        self.outbox.push_back(UplinkMessage::Report { report, reply });
        self.work.spawn(async move {
            let answer = answer.await.ok();
            match (ticket, answer) {
                (Some(ticket), answer) => Some(Input::ReportAnswered { ticket, answer }),
                (None, Some(Err(error))) => {
                    tracing::warn!(%error, "the control plane refused a report");
                    None
                }
                (None, _) => None,
            }
        });
    }

    fn query(&mut self, call: CallId, query: ProcessQuery) {
        let Some(caller) = self.calls.remove(&call) else { return };
        let (reply, answer) = oneshot::channel();
        self.outbox.push_back(UplinkMessage::PlayerSessions { query, reply });
        let within = self.config.clocks.uplink_answer;
        self.work.spawn(async move {
            let result = match tokio::time::timeout(within, answer).await {
                Ok(Ok(page)) => page.map(Reply::Players).map_err(CallError::Refused),
                Ok(Err(_)) | Err(_) => {
                    Err(CallError::Unavailable("the control plane is not reachable".into()))
                }
            };
            let _ = caller.send(result);
            None
        });
    }
}

/// Before a session is sent the owner writes that down; other callbacks may be made twice.
async fn may_send(kind: CallbackKind, process: ProcessId, sending: mpsc::Sender<Sending>) -> bool {
    if kind != CallbackKind::Start {
        return true;
    }
    let (go, gone) = oneshot::channel();
    sending.send(Sending { process, go }).await.is_ok() && gone.await.is_ok()
}

/// A line of the log stays one line, whatever a game server says in it (conformance case 50).
fn one_line(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

async fn sleep_until(wakeup: Option<Timestamp>) {
    let wait = wakeup.map_or(Duration::ZERO, |at| at.since(now()));
    tokio::time::sleep(wait).await;
}
