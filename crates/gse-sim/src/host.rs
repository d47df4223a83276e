//! A fake host: the real `Supervisor`, and a machine that carries out its effects on game servers that do not exist.

use std::collections::BTreeMap;

use gse_core::Timestamp;
use gse_core::host::{HostOrder, InstanceSpec, PreparationStep};
use gse_core::id::{BlobId, GameServerSessionId, InstanceId, ProcessId};
use gse_core::log::SessionLog;
use gse_core::package::setup::PackageSetup;
use gse_core::supervisor::{
    CallId, Callback, CallbackKind, CallbackOutcome, Effect, HostCx, Input, Signal, Supervisor,
};

use crate::after;
use crate::game_server::{GameServer, Intent, Manners, Reaction};
use crate::random::Random;
use crate::world::{Event, World};

/// What happens on a host.
#[derive(Clone, Debug)]
pub enum HostEvent {
    /// The supervisor is told.
    Input(Box<Input>),
    /// A game server does something by itself.
    Act(ProcessId, Intent),
    /// A game server gives up waiting for its agent and calls again.
    Retry(ProcessId, Intent, u32),
}

impl HostEvent {
    /// The supervisor is told.
    pub fn input(input: Input) -> Self {
        Self::Input(Box::new(input))
    }
}

/// One machine.
#[derive(Debug)]
pub struct Host {
    /// Its place in the list of hosts.
    pub number: usize,
    /// Grows with each start of its agent; what belongs to an earlier start is forgotten.
    pub run: u64,
    /// `None`: it has no power.
    pub supervisor: Option<Supervisor>,
    /// It does nothing until then.
    pub hangs_until: Timestamp,
    /// Packages cannot be unpacked until then.
    pub bad_disk_until: Timestamp,
    /// What runs on it.
    pub servers: BTreeMap<ProcessId, GameServer>,
    /// What each slot is to run: the newest order that came since it was made.
    ordered: BTreeMap<InstanceId, InstanceSpec>,
    calls: BTreeMap<CallId, (ProcessId, Intent, u32)>,
    random: Random,
}

impl Host {
    /// A machine with an agent that knows nothing.
    pub fn new(seed: u64, number: usize) -> Self {
        Self {
            number,
            run: 0,
            supervisor: Some(Supervisor::new(format!("10.0.0.{number}"), false)),
            hangs_until: Timestamp::default(),
            bad_disk_until: Timestamp::default(),
            ordered: BTreeMap::new(),
            servers: BTreeMap::new(),
            calls: BTreeMap::new(),
            random: Random::stream(seed, "host", number as u64),
        }
    }

    /// When its supervisor wants to be woken.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.supervisor.as_ref()?.next_wakeup().map(|at| at.max(self.hangs_until))
    }
}

/// The power goes out.
pub fn stop(world: &mut World, number: usize) {
    let host = &mut world.hosts[number];
    host.run += 1;
    host.supervisor = None;
    host.servers.clear();
    host.calls.clear();
}

/// The power is back.
pub fn start(world: &mut World, number: usize) {
    let host = &mut world.hosts[number];
    if host.supervisor.is_none() {
        host.supervisor = Some(Supervisor::new(format!("10.0.0.{number}"), false));
    }
}

/// The supervisor's timer.
pub fn wake(world: &mut World, number: usize) {
    let now = world.now;
    let host = &mut world.hosts[number];
    let Some(supervisor) = &mut host.supervisor else { return };
    let effects = supervisor.on_timer(HostCx::new(now, &world.clocks, &mut world.ids));
    let next = supervisor.next_wakeup();
    if let Some(next) = next.filter(|&next| next <= now) {
        world.violation("supervisor: on_timer leaves nothing due", format!("host {number}: {next:?}"));
    }
    carry_out(world, number, effects);
}

/// Something happens on a host that has power and does not hang.
pub fn on_event(world: &mut World, number: usize, event: HostEvent) {
    match event {
        HostEvent::Input(input) => {
            if !is_routine(&input) {
                world.note(format_args!("host{number} {}", shown(&input)));
            }
            if let Input::Order(instance, HostOrder::StartInstance(spec)) = &*input {
                note_order(&mut world.hosts[number], instance, spec);
            }
            step(world, number, *input);
        }
        HostEvent::Act(process, intent) => act(world, number, &process, intent, 1),
        HostEvent::Retry(process, intent, tries) => act(world, number, &process, intent, tries),
    }
}

/// A slot that is there takes a newer configuration over and no older one (F-23).
fn note_order(host: &mut Host, instance: &InstanceId, spec: &InstanceSpec) {
    let known = host.ordered.get(instance).map_or(0, |known| known.runtime_version);
    if spec.runtime_version >= known {
        host.ordered.insert(instance.clone(), spec.clone());
    }
}

/// What happens all the time and changes nothing would hide the rest of the trace.
fn is_routine(input: &Input) -> bool {
    match input {
        Input::CallbackDone { outcome, .. } => *outcome == CallbackOutcome::Health(true),
        Input::Order(_, order) => {
            matches!(order, HostOrder::StartInstance(_) | HostOrder::ConfirmProcesses(_))
        }
        _ => false,
    }
}

fn shown(input: &Input) -> String {
    match input {
        Input::Order(instance, order) => format!("order {instance} {}", crate::world::order_words(order)),
        Input::SlotExtracted { instance, .. } => format!("extracted {instance}"),
        Input::Exited { process, .. } => format!("exited {process}"),
        other => format!("{other:?}"),
    }
}

/// One step of the supervisor, and what it wants done.
fn step(world: &mut World, number: usize, input: Input) {
    let now = world.now;
    let host = &mut world.hosts[number];
    let Some(supervisor) = &mut host.supervisor else { return };
    let effects = supervisor.step(HostCx::new(now, &world.clocks, &mut world.ids), input);
    carry_out(world, number, effects);
}

fn carry_out(world: &mut World, number: usize, effects: Vec<Effect>) {
    for effect in effects {
        one(world, number, effect);
    }
}

fn one(world: &mut World, number: usize, effect: Effect) {
    let now = world.now;
    match effect {
        Effect::PrepareSlot { instance, .. } => {
            let host = &mut world.hosts[number];
            let after_ms = host.random.within(100, 900);
            let input = if now < host.bad_disk_until {
                let (step, reason) = (PreparationStep::Extract, "the disk is full".to_owned());
                Input::SlotFailed { instance, step, reason, log: String::new() }
            } else {
                Input::SlotExtracted { instance, log: String::new(), setup: PackageSetup::default() }
            };
            world.on_host(number, after_ms, HostEvent::input(input));
        }
        Effect::ResolveLaunchPaths { instance, runtime_version, targets } => {
            let found = targets.iter().map(|target| Some(target.as_ref()?.in_package.clone())).collect();
            world.on_host(
                number,
                20,
                HostEvent::input(Input::LaunchPathsResolved { instance, runtime_version, found }),
            );
        }
        Effect::RemoveSlot { instance } => {
            world.on_host(number, 30, HostEvent::input(Input::SlotRemoved { instance }));
        }
        Effect::Spawn { process, instance, executable, .. } => {
            spawn(world, number, process, instance, executable);
        }
        Effect::Signal { process, signal } => on_signal(world, number, &process, signal),
        // The fake games start nothing; looking for what they started takes a moment all the same.
        Effect::EndStrays { process, .. } => {
            let input = Input::StraysEnded { processes: vec![process] };
            world.on_host(number, 5, HostEvent::input(input));
        }
        Effect::CollectLogs { process, session, .. } => {
            let log = SessionLog { blob: BlobId::new("log"), bytes: 1, left_out_bytes: 0 };
            let input = Input::LogsCollected { process, session, outcome: Ok(log) };
            world.on_host(number, 40, HostEvent::input(input));
        }
        Effect::Callback { process, callback, dial_for, answer_within, .. } => {
            let (dial_ms, answer_ms) = (millis(dial_for), millis(answer_within));
            call_back(world, number, &process, &callback, (dial_ms, answer_ms));
        }
        Effect::Report { report, ticket } => world.send_report(number, report, ticket),
        Effect::Answer { call, result } => on_answer(world, number, call, &result),
        // The fake packages have no script.
        Effect::RunInstallScript { .. } | Effect::StopInstallScript { .. } => {}
        // The fake game servers do not ask for player sessions, and none is launched by somebody else.
        Effect::Query { .. } | Effect::WatchAdopted { .. } | Effect::ForgetAdopted { .. } => {}
        Effect::Note(text) => world.note(format_args!("host{number} note: {text}")),
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn spawn(world: &mut World, number: usize, process: ProcessId, instance: InstanceId, program: String) {
    let pid = world.next_pid();
    let bad = world.bad_manners(pid);
    let mut random = Random::stream(world.seed, "manners", pid.into());
    let manners = if bad { Manners::bad(&mut random) } else { Manners::good(&mut random) };
    world.note(format_args!("host{number} spawn {process} pid {pid}{}", if bad { " bad" } else { "" }));
    check_running(world, number, &instance, &program);
    let token = format!("token-{pid}");
    let server = GameServer {
        process: process.clone(),
        instance,
        program,
        pid,
        token: token.clone(),
        manners: manners.clone(),
        play: None,
        is_ready: false,
        hangs: false,
        told_to_end: false,
        is_ending: false,
    };
    world.hosts[number].servers.insert(process.clone(), server);
    step(world, number, Input::Spawned { process: process.clone(), pid, token });
    if let Some(after_ms) = manners.ready_after_ms {
        world.on_host(number, after_ms, HostEvent::Act(process.clone(), Intent::Ready));
    }
    if let Some(after_ms) = manners.crashes_after_ms {
        world.on_host(number, after_ms, HostEvent::Act(process, Intent::Crash));
    }
}

/// F-12: nothing is started of an entry that has as many processes as its configuration says; F-23: nor any when there
/// are fifty, old and new together.
fn check_running(world: &mut World, number: usize, instance: &InstanceId, program: &str) {
    let host = &world.hosts[number];
    let on_it = || host.servers.values().filter(|server| server.instance == *instance);
    let running = on_it().filter(|server| server.program == program).count();
    let entries = host.ordered.get(instance).map_or(&[][..], |spec| &spec.server_processes[..]);
    let entry = entries.iter().find(|entry| entry.launch_path.ends_with(program));
    let most = entry.map_or(0, |entry| entry.concurrent_executions as usize);
    if running >= most || on_it().count() >= 50 {
        let detail = format!("{} of {program} on {instance}", running + 1);
        world.violation("F-12: as many processes as configured", detail);
    }
}

fn on_signal(world: &mut World, number: usize, process: &ProcessId, signal: Signal) {
    world.note(format_args!("host{number} signal {signal:?} {process}"));
    world.check_kill(number, process);
    let lingers = world.hosts[number].servers.get(process).is_some_and(|server| server.manners.lingers);
    if signal == Signal::Kill || !lingers {
        exit(world, number, process, "signal");
    }
}

/// The operating system's process ends.
pub fn exit(world: &mut World, number: usize, process: &ProcessId, status: &str) {
    if world.hosts[number].servers.remove(process).is_some() {
        let input = Input::Exited { process: process.clone(), status: status.into(), log: String::new() };
        world.on_host(number, 5, HostEvent::input(input));
    }
}

fn call_back(
    world: &mut World,
    number: usize,
    process: &ProcessId,
    callback: &Callback,
    (dial_ms, answer_ms): (u64, u64),
) {
    let kind = callback.kind();
    if kind != CallbackKind::Health {
        world.note(format_args!("host{number} callback {kind:?} {process}"));
    }
    let host = &mut world.hosts[number];
    let reaction = match (host.servers.get_mut(process), callback) {
        (None, _) => {
            let outcome = CallbackOutcome::Unreachable("refused".into());
            Reaction { answer: Some((dial_ms, outcome)), intents: vec![] }
        }
        (Some(server), Callback::Health) => server.on_health(),
        (Some(server), Callback::Start(spec)) => match server.on_start(&spec.id) {
            Ok(reaction) => reaction,
            Err(played) => {
                let detail = format!("{process} plays {played} and is given {}", spec.id);
                world.violation("M-1: a process is never given to two sessions", detail);
                return;
            }
        },
        (Some(server), Callback::Terminate { .. }) => server.on_terminate(),
    };
    let (after_ms, outcome) = match reaction.answer {
        Some((after_ms, outcome)) if after_ms <= answer_ms => (after_ms, outcome),
        Some(_) | None => (answer_ms, CallbackOutcome::TimedOut),
    };
    if matches!(callback, Callback::Start(_)) && world.hosts[number].servers.contains_key(process) {
        world.on_host(number, 0, HostEvent::input(Input::StartSending { process: process.clone() }));
    }
    for (after_ms, intent) in reaction.intents {
        world.on_host(number, after_ms, HostEvent::Act(process.clone(), intent));
    }
    let input = Input::CallbackDone { process: process.clone(), callback: kind, outcome };
    world.on_host(number, after_ms, HostEvent::input(input));
}

/// How often a game server calls again when its agent cannot answer.
const TRIES: u32 = 30;

fn act(world: &mut World, number: usize, process: &ProcessId, intent: Intent, tries: u32) {
    let Some(server) = world.hosts[number].servers.get_mut(process) else { return };
    let dies = matches!(intent, Intent::Crash | Intent::Exit);
    if !dies && (server.hangs || (server.is_ending && intent != Intent::Ending)) {
        return;
    }
    server.begin(&intent);
    let grpc_port = grpc_port(server);
    let Some(rpc) = server.request(&intent, grpc_port) else {
        exit(world, number, process, "exit code 1");
        return;
    };
    let call = world.next_call();
    let Some(server) = world.hosts[number].servers.get(process) else { return };
    let caller = server.caller(call.0);
    world.note(format_args!("host{number} {process} calls {intent:?}"));
    world.hosts[number].calls.insert(call, (process.clone(), intent, tries));
    step(world, number, Input::Call { call, caller: Box::new(caller), rpc });
}

/// Ports are given by the system, so they differ, unless a server insists on one.
fn grpc_port(server: &GameServer) -> u16 {
    let own = u16::try_from(2000 + server.pid % 20_000).unwrap_or(2000);
    if server.manners.clashes { 2001 } else { own }
}

fn on_answer(
    world: &mut World,
    number: usize,
    call: CallId,
    result: &Result<(), gse_core::supervisor::CallError>,
) {
    let Some((process, intent, tries)) = world.hosts[number].calls.remove(&call) else { return };
    let Some(server) = world.hosts[number].servers.get_mut(&process) else { return };
    if let Err(gse_core::supervisor::CallError::Unavailable(_)) = result {
        if tries < TRIES {
            world.on_host(number, 500, HostEvent::Retry(process, intent, tries + 1));
        } else {
            // Whether its call was heard it cannot know: it can only end.
            world.note(format_args!("host{number} {process} gives up {intent:?}"));
            exit(world, number, &process, "exit code 2");
        }
        return;
    }
    let next = server.on_answer(&intent, result.is_ok());
    match result {
        Ok(()) => world.note(format_args!("host{number} {process} {intent:?}: ok")),
        Err(error) => world.note(format_args!("host{number} {process} {intent:?}: {error}")),
    }
    for (after_ms, intent) in next {
        world.on_host(number, after_ms, HostEvent::Act(process.clone(), intent));
    }
    if let (Intent::Accept(session, player), Ok(())) = (intent, result) {
        let stays_ms = world.hosts[number].random.within(200, 15_000);
        world.on_host(number, stays_ms, HostEvent::Act(process, Intent::Remove(session, player)));
    }
}

/// A player knocks at the game server that the answer named.
pub fn on_player(
    world: &mut World,
    process: &ProcessId,
    session: GameServerSessionId,
    player: gse_core::id::PlayerSessionId,
) {
    let number = world.hosts.iter().position(|host| host.servers.contains_key(process));
    if let Some(number) = number {
        world.on_host(number, 0, HostEvent::Act(process.clone(), Intent::Accept(session, player)));
    }
}

/// When the next event of a hanging host is carried out.
pub fn postponed(world: &World, number: usize) -> Option<Timestamp> {
    let until = world.hosts[number].hangs_until;
    (until > world.now).then(|| after(until, 0))
}

/// An event for the present run of a host.
pub fn event(world: &World, number: usize, event: HostEvent) -> Event {
    Event::Host { number, run: world.hosts[number].run, event }
}
