//! The world: one virtual clock, the real control plane and supervisors, and everybody who deals with them.
//!
//! One thread, one queue of events. Everything that depends on chance asks a stream of the seed.

use std::collections::BTreeMap;
use std::fmt;

use gse_core::host::{HostOrder, HostReport, ReportKind};
use gse_core::id::{CounterIds, InstanceId, PlayerSessionId, ProcessId, Region, Scope, Uin};
use gse_core::supervisor::{CallId, Input, Ticket};
use gse_core::{Clocks, Error, Quotas, Timestamp};

use crate::after;
use crate::check::Violation;
use crate::claims::Known;
use crate::engine::Engine;
use crate::fault::Fault;
use crate::host::{self, Host, HostEvent};
use crate::network::Network;
use crate::random::Random;
use crate::scenario::{Action, Scenario};
use crate::trace::Trace;
use crate::{check, converge, operator, player};

/// The regions in use.
pub const REGIONS: [&str; 2] = ["ap-shanghai", "na-siliconvalley"];

/// When every run begins.
pub const START: Timestamp = Timestamp::from_seconds(1_609_502_400);

/// A region by number.
pub fn region(number: usize) -> Region {
    Region::new(REGIONS[number % REGIONS.len()])
}

/// The account in a region.
pub fn scope_in(number: u32) -> Scope {
    Scope { uin: Uin::new("100000000001"), region: region(usize::try_from(number).unwrap_or(0)) }
}

/// What waits for its time.
#[derive(Clone, Debug)]
pub enum Event {
    /// An item of the plan.
    Plan(usize),
    /// The group of steps is committed.
    Commit,
    /// The control plane derives all orders again.
    Resync,
    /// The control plane is started again.
    Restart,
    /// A report arrives.
    Report {
        /// From which host.
        number: usize,
        /// What it says.
        report: HostReport,
        /// Who waits for the answer.
        waiting: Option<Waiting>,
    },
    /// An order arrives at the host of its instance.
    Order(InstanceId, HostOrder),
    /// The answer of a report, or the time at which nobody waits for it any more.
    Answered(Waiting, Option<Result<(), Error>>),
    /// A host has its power back.
    HostStarts(usize),
    /// Something on a host; of an earlier run: nothing.
    Host {
        /// Which host.
        number: usize,
        /// The run that it belongs to.
        run: u64,
        /// What.
        event: HostEvent,
    },
    /// A player knocks at a game server.
    Knock(ProcessId, gse_core::id::GameServerSessionId, PlayerSessionId),
    /// Nothing goes wrong any more.
    Calm,
}

/// A report whose answer somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    number: usize,
    run: u64,
    ticket: Ticket,
}

/// How long an agent waits for an answer of the control plane.
const ANSWER_MS: u64 = 2_000;

/// Everything.
pub struct World {
    /// The virtual clock.
    pub now: Timestamp,
    /// Where chance comes from.
    pub seed: u64,
    /// The durations, shrunk.
    pub clocks: Clocks,
    /// The limits.
    pub quotas: Quotas,
    /// Where ids come from; a restart does not begin them again.
    pub ids: CounterIds,
    /// The control plane, its store and the group of steps under way.
    pub engine: Engine,
    /// The machines.
    pub hosts: Vec<Host>,
    /// What callers were told.
    pub known: Known,
    /// What happened.
    pub trace: Trace,
    /// The first rule that was broken.
    pub violation: Option<Violation>,
    /// Chance of the world itself.
    pub random: Random,
    pub(crate) network: Network,
    scenario: Scenario,
    queue: BTreeMap<(Timestamp, u64), Event>,
    events: u64,
    homes: BTreeMap<InstanceId, usize>,
    waiting: BTreeMap<Waiting, ()>,
    calls: u64,
    pids: u32,
    bad_manners: (Timestamp, u32),
}

/// The clocks of the simulation: the documented ones, shrunk about tenfold, so that a run sees each of them pass.
pub fn clocks() -> Clocks {
    let mut clocks = Clocks::default();
    for (key, value) in [
        ("health.interval", "5s"),
        // The archive is the store's; what the simulation follows stays in memory.
        ("archive.after", "365d"),
        ("health.timeout", "2s"),
        ("player.reserve", "10s"),
        ("protection.none", "15s"),
        ("protection.minute", "2s"),
        ("process.ready", "12s"),
        ("process.exit", "4s"),
        ("process.kill", "1s"),
        ("callback.dial", "2s"),
        ("launch.backoff.first", "500ms"),
        ("launch.backoff.most", "5s"),
        ("launch.backoff.reset", "20s"),
        ("fleet.deploy", "40s"),
        ("host.resync", "3s"),
        ("scaling.tick", "2s"),
        ("scaling.minute", "2s"),
    ] {
        clocks.set(key, value).expect("the keys are those of the spec's table");
    }
    clocks
}

impl World {
    /// A world at its beginning.
    pub fn new(scenario: &Scenario, whole_trace: bool) -> Self {
        let seed = scenario.seed;
        let mut world = Self {
            now: START,
            seed,
            clocks: clocks(),
            quotas: Quotas::default(),
            ids: CounterIds::default(),
            engine: Engine::default(),
            hosts: (0..scenario.hosts).map(|number| Host::new(seed, number as usize)).collect(),
            known: Known::default(),
            trace: Trace::new(START, whole_trace),
            violation: None,
            random: Random::stream(seed, "world", 0),
            network: Network::new(seed),
            scenario: scenario.clone(),
            queue: BTreeMap::new(),
            events: 0,
            homes: BTreeMap::new(),
            waiting: BTreeMap::new(),
            calls: 0,
            pids: 100,
            bad_manners: (START, 0),
        };
        world.at(START, Event::Resync);
        for (index, (at_ms, _)) in scenario.plan.iter().enumerate() {
            world.at(after(START, *at_ms), Event::Plan(index));
        }
        world.at(after(START, scenario.calm_after_ms), Event::Calm);
        world
    }

    /// Runs to the end, or to the first rule that is broken.
    pub fn run(&mut self) {
        let end = after(START, self.scenario.ends_after_ms);
        while self.violation.is_none() {
            let event = self.queue.first_key_value().map(|((at, _), _)| *at);
            let wakeup = self.engine.next_wakeup().map(|at| at.max(self.now));
            let hosts = self.hosts.iter().filter_map(|host| Some((host.next_wakeup()?, host.number)));
            let host = hosts.min().map(|(at, number)| (at.max(self.now), number));
            let first = [event, wakeup, host.map(|(at, _)| at)].into_iter().flatten().min();
            let Some(first) = first.filter(|&first| first <= end) else { break };
            self.now = first;
            if event == Some(first) {
                if let Some((_, event)) = self.queue.pop_first() {
                    self.happen(event);
                }
            } else if wakeup == Some(first) {
                self.wake_control_plane();
            } else if let Some((_, number)) = host {
                host::wake(self, number);
            }
        }
        self.now = self.now.max(end);
        if self.violation.is_none() {
            converge::check(self);
        }
    }

    /// Lets something happen later.
    pub fn at(&mut self, at: Timestamp, event: Event) {
        self.events += 1;
        self.queue.insert((at, self.events), event);
    }

    /// Lets something happen on a host later, unless its power goes out before.
    pub fn on_host(&mut self, number: usize, after_ms: u64, event: HostEvent) {
        let event = host::event(self, number, event);
        self.at(after(self.now, after_ms), event);
    }

    /// A line of the trace.
    pub fn note(&mut self, text: fmt::Arguments<'_>) {
        self.trace.line(self.now, text);
    }

    /// A rule was broken. The first one counts.
    pub fn violation(&mut self, rule: &'static str, detail: String) {
        self.note(format_args!("BROKEN {rule}: {detail}"));
        if self.violation.is_none() {
            self.violation = Some(Violation { rule, detail });
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Plan(index) => {
                let (_, action) = self.scenario.plan[index].clone();
                self.note(format_args!("plan {action:?}"));
                match action {
                    Action::Operator(deed) => operator::act(self, &deed),
                    Action::Player(deed) => player::act(self, &deed),
                    Action::Fault(fault) => self.go_wrong(fault),
                }
            }
            Event::Commit => self.commit(),
            Event::Resync => self.resync(),
            Event::Restart => self.restart(),
            Event::Report { number, report, waiting } => self.take_report(number, report, waiting),
            Event::Order(instance, order) => {
                let number = self.home(&instance);
                self.on_host(number, 0, HostEvent::input(Input::Order(instance, order)));
            }
            Event::Answered(waiting, answer) => {
                if self.waiting.remove(&waiting).is_some() {
                    let Waiting { number, run, ticket } = waiting;
                    let event = HostEvent::input(Input::ReportAnswered { ticket, answer });
                    self.at(self.now, Event::Host { number, run, event });
                }
            }
            Event::HostStarts(number) => {
                self.note(format_args!("host{number} has its power back"));
                host::start(self, number);
            }
            Event::Host { number, run, event } => {
                if self.hosts[number].run != run || self.hosts[number].supervisor.is_none() {
                    return;
                }
                match host::postponed(self, number) {
                    Some(until) => self.at(until, Event::Host { number, run, event }),
                    None => host::on_event(self, number, event),
                }
            }
            Event::Knock(process, session, player) => host::on_player(self, &process, session, player),
            Event::Calm => self.calm(),
        }
    }

    fn go_wrong(&mut self, fault: Fault) {
        let count = self.hosts.len();
        let host_number = |host: u32| usize::try_from(host).unwrap_or(0) % count;
        match fault {
            Fault::Weather { weather, for_ms } => self.network.set(weather, after(self.now, for_ms)),
            Fault::StopHost { host, down_ms } => {
                host::stop(self, host_number(host));
                self.at(after(self.now, down_ms), Event::HostStarts(host_number(host)));
            }
            Fault::HangHost { host, for_ms } => {
                self.hosts[host_number(host)].hangs_until = after(self.now, for_ms);
            }
            Fault::KillControlPlane { down_ms, before_commit } => {
                if before_commit {
                    self.engine.dies_at_commit = Some(down_ms);
                } else {
                    self.kill_control_plane(down_ms);
                }
            }
            Fault::BadManners { for_ms, share } => self.bad_manners = (after(self.now, for_ms), share),
            Fault::Crash { process } => {
                if let Some((number, process)) = self.pick_server(process) {
                    self.note(format_args!("host{number} {process} crashes"));
                    host::exit(self, number, &process, "signal 11");
                }
            }
            Fault::Hang { process } => {
                if let Some((number, process)) = self.pick_server(process) {
                    self.note(format_args!("host{number} {process} hangs"));
                    if let Some(server) = self.hosts[number].servers.get_mut(&process) {
                        server.hangs = true;
                    }
                }
            }
            Fault::BadDisk { for_ms } => {
                for host in &mut self.hosts {
                    host.bad_disk_until = after(self.now, for_ms);
                }
            }
        }
    }

    fn pick_server(&self, number: u32) -> Option<(usize, ProcessId)> {
        let servers: Vec<_> = self
            .hosts
            .iter()
            .flat_map(|host| host.servers.keys().map(|process| (host.number, process.clone())))
            .collect();
        servers.get(usize::try_from(number).unwrap_or(0).checked_rem(servers.len())?).cloned()
    }

    /// The faults stop, and game servers that did nothing go on.
    fn calm(&mut self) {
        self.note(format_args!("calm"));
        self.engine.dies_at_commit = None;
        self.network.set(crate::network::Weather::FINE, self.now);
        self.bad_manners = (self.now, 0);
        let now = self.now;
        let mut resumed = Vec::new();
        for host in &mut self.hosts {
            host.bad_disk_until = now;
            host.hangs_until = host.hangs_until.min(now);
            for server in host.servers.values_mut() {
                server.manners.heal();
                if server.hangs || server.is_ending {
                    resumed.push((host.number, server.process.clone()));
                }
            }
        }
        // One that hung has lost its timers: it ends, as a person would make it.
        for (number, process) in resumed {
            host::exit(self, number, &process, "ended by hand");
        }
        if self.engine.control_plane.is_none() {
            self.restart();
        }
    }

    /// The operating system's number of a new process.
    pub fn next_pid(&mut self) -> u32 {
        self.pids += 1;
        self.pids
    }

    /// The name of a new call.
    pub fn next_call(&mut self) -> CallId {
        self.calls += 1;
        CallId(self.calls)
    }

    /// Whether a server that is started now has bad manners.
    pub fn bad_manners(&self, pid: u32) -> bool {
        let (until, share) = self.bad_manners;
        self.now < until && Random::stream(self.seed, "bad", pid.into()).in_thousand(share)
    }

    /// The machine of an instance; a new instance gets one.
    pub fn home(&mut self, instance: &InstanceId) -> usize {
        let count = self.hosts.len();
        let next = self.homes.len() % count;
        *self.homes.entry(instance.clone()).or_insert(next)
    }

    /// 3.4: a process that plays under FullProtection is not killed, unless its whole instance is.
    pub fn check_kill(&mut self, number: usize, process: &ProcessId) {
        let Some(server) = self.hosts[number].servers.get(process) else { return };
        let Some(control_plane) = &self.engine.control_plane else { return };
        if let Some(detail) = check::kill_is_wrong(control_plane.state(), server) {
            self.violation("server-sdk 3.4: a protected session is not killed", detail);
        }
    }

    /// A report leaves a host; the answer, or its absence, comes back when somebody waits for it.
    pub fn send_report(&mut self, number: usize, report: HostReport, ticket: Option<Ticket>) {
        self.note(format_args!("host{number} reports {} {}", report.instance, report_words(&report.kind)));
        let run = self.hosts[number].run;
        let waiting = ticket.map(|ticket| Waiting { number, run, ticket });
        if let Some(waiting) = &waiting {
            self.waiting.insert(waiting.clone(), ());
            self.at(after(self.now, ANSWER_MS), Event::Answered(waiting.clone(), None));
        }
        for arrival in self.network.arrivals(self.now) {
            let (report, waiting) = (report.clone(), waiting.clone());
            self.at(arrival, Event::Report { number, report, waiting });
        }
    }

    /// The answer of a report leaves the control plane.
    pub fn send_answer(&mut self, waiting: Waiting, answer: Result<(), Error>) {
        for arrival in self.network.arrivals(self.now) {
            self.at(arrival, Event::Answered(waiting.clone(), Some(answer.clone())));
        }
    }

    /// An order leaves the control plane.
    pub fn send_order(&mut self, instance: &InstanceId, order: &HostOrder) {
        for arrival in self.network.arrivals(self.now) {
            self.at(arrival, Event::Order(instance.clone(), order.clone()));
        }
    }
}

/// An order in a few words.
pub fn order_words(order: &HostOrder) -> String {
    match order {
        HostOrder::StartInstance(spec) => format!("start trial={}", spec.trial),
        HostOrder::StartGameServerSession { process, session, .. } => {
            format!("session {} on {process}", short(session.id.as_str()))
        }
        HostOrder::TerminateProcess { process, termination, reason } => {
            format!("terminate {process} until {:?}: {reason}", termination.deadline.map(Timestamp::millis))
        }
        HostOrder::KillProcess { process, .. } => format!("kill {process}"),
        HostOrder::ConfirmProcesses(processes) => format!("confirm {}", processes.len()),
        HostOrder::DrainInstance { hosting, .. } => format!("drain, {} host", hosting.len()),
        HostOrder::StopInstance => "stop".into(),
    }
}

/// A report in a few words.
pub fn report_words(kind: &ReportKind) -> String {
    match kind {
        ReportKind::ProcessReady(ready) => format!("ready {}", ready.process),
        ReportKind::PackageExtracted { .. } => "extracted".into(),
        other => format!("{other:?}"),
    }
}

fn short(id: &str) -> &str {
    id.rsplit("gssess-").next().unwrap_or(id)
}
