use super::*;
use crate::fixture::{World, scope};
use crate::game_server_session::GameServerSession;
use crate::host::{ProcessEnd, ReportKind, SessionCall};
use crate::id::{PlacementId, QueueName};
use crate::placement::latency::PlayerLatency;
use crate::placement::{PlacementRequest, StartGameServerSessionPlacement, StopGameServerSessionPlacement};
use crate::queue::CreateGameServerSessionQueue;

const MINUTE: Duration = Duration::from_secs(60);

/// A world with a replica that is watched.
struct Watched {
    world: World,
    replica: State,
    monitor: Monitor,
}

impl Watched {
    fn new() -> Self {
        let world = World::new();
        let (replica, now) = (State::default(), world.now);
        let monitor = Monitor::new(&replica, now, MINUTE);
        Self { world, replica, monitor }
    }

    fn follow(&mut self) {
        for change in std::mem::take(&mut self.world.changes) {
            self.monitor.see(&self.replica, &change);
            self.replica.follow(change);
        }
        self.monitor.on_time(&self.replica, self.world.now);
    }

    /// What the sample of the minute that ends now says.
    fn sample(&mut self, resource: &Resource) -> BTreeMap<&'static str, Value> {
        self.follow();
        self.world.pass(MINUTE);
        self.follow();
        let begin = Timestamp::from_millis(self.monitor.due().millis() - 120_000);
        let window = Window { begin, end: self.world.now, period_ms: None, ahead_ms: 0 };
        let parts = self.monitor.read(resource, window);
        assert_eq!(parts.len(), 1, "{resource:?}");
        let values = parts[0].summaries.iter().zip(resource.metrics());
        values.map(|(summary, metric)| (metric.name, summary.value(metric.kind))).collect()
    }

    /// Those that a sample has and that are not 0.
    fn counts(&mut self, resource: &Resource) -> Vec<(&'static str, u64)> {
        let values = self.sample(resource).into_iter();
        values.filter_map(|(name, value)| Some((name, value.filter(|&value| value > 0)?))).collect()
    }

    fn accept(&mut self, session: &GameServerSession, player: &str) {
        let joined = self.world.join(&session.id, &[player]).unwrap();
        let (player_session, attempt) = (joined[0].id.clone(), "1/1".to_owned());
        let call = SessionCall::AcceptPlayer { session: session.id.clone(), player_session, attempt };
        self.world.call(session, call).unwrap();
    }
}

/// Beside what a fleet of one instance with two processes always says.
fn beside<'a>(counts: &[(&'a str, u64)]) -> Vec<(&'a str, u64)> {
    let always = ["MaxInstances", "DesiredInstances", "MinInstances", "ActiveInstances"];
    counts.iter().filter(|(name, _)| !always.contains(name)).copied().collect()
}

#[test]
fn a_fleet_is_followed_from_its_first_process_to_a_crash() {
    let mut watched = Watched::new();
    let fleet = watched.world.active_fleet(&scope(), 2);
    let resource = Resource::Fleet(fleet.clone());
    let first = watched.sample(&resource);
    for (name, value) in [
        ("ActiveInstances", Some(1000)),
        ("IdleInstances", Some(1000)),
        ("PercentIdleInstances", Some(100_000)),
        ("MaxInstances", Some(1000)),
        ("DesiredInstances", Some(1000)),
        ("HealthyServerProcesses", Some(2000)),
        ("ActiveServerProcesses", Some(2000)),
        ("PercentHealthyServerProcesses", Some(100_000)),
        ("AvailableGameServerSessions", Some(2000)),
        ("PercentAvailableGameServerSessions", Some(100_000)),
        ("ServerProcessActivations", Some(2000)),
        ("ActiveGameServerSessions", Some(0)),
        ("CurrentPlayerSessions", Some(0)),
    ] {
        assert_eq!(first[name], value, "{name}");
    }

    let session = watched.world.active_session(&fleet);
    watched.accept(&session, "alice");
    watched.world.join(&session.id, &["bob"]).unwrap();
    watched.follow();
    let second = watched.sample(&resource);
    for (name, value) in [
        ("ActiveGameServerSessions", 1000),
        ("ActivatingGameServerSessions", 0),
        ("IdleInstances", 0),
        ("AvailableGameServerSessions", 1000),
        ("PercentAvailableGameServerSessions", 50_000),
        ("PlayerSessionActivations", 1000),
        ("ServerProcessActivations", 0),
        // Bob never came: his minute is over.
        ("CurrentPlayerSessions", 1000),
    ] {
        assert_eq!(second[name], Some(value), "{name}");
    }

    let ended = ReportKind::ProcessEnded {
        process: session.process.clone(),
        end: ProcessEnd::Crashed("by a signal".into()),
        log: String::new(),
    };
    watched.world.report(&session.instance, ended).unwrap();
    let third = watched.counts(&resource);
    assert_eq!(
        beside(&third),
        [
            ("ActiveServerProcesses", 1000),
            ("AvailableGameServerSessions", 1000),
            ("HealthyServerProcesses", 1000),
            ("IdleInstances", 1000),
            ("PercentAvailableGameServerSessions", 100_000),
            ("PercentHealthyServerProcesses", 100_000),
            ("PercentIdleInstances", 100_000),
            ("ServerProcessAbnormalTerminations", 1000),
            ("ServerProcessTerminations", 1000),
        ]
    );
}

#[test]
fn what_is_kept_is_what_the_rows_give() {
    let mut watched = Watched::new();
    let fleet = watched.world.active_fleet(&scope(), 3);
    let session = watched.world.active_session(&fleet);
    watched.world.create_session(&fleet).unwrap();
    watched.accept(&session, "alice");
    watched.follow();
    let derived = Monitor::new(&watched.replica, watched.world.now, MINUTE);
    let gauges = |monitor: &Monitor| {
        let current = monitor.now(&watched.replica, watched.world.now);
        let gauges = FLEET.iter().filter(|metric| metric.kind == MetricKind::Gauge).count();
        current[0].values[..gauges].to_vec()
    };
    assert_eq!(gauges(&derived), gauges(&watched.monitor));
    assert_eq!(derived.tally.instances, watched.monitor.tally.instances);
}

#[test]
fn an_instance_shows_what_its_host_measured_lately() {
    let mut watched = Watched::new();
    let fleet = watched.world.active_fleet(&scope(), 1);
    watched.world.active_session(&fleet);
    let instance = watched.world.instances(&fleet)[0].clone();
    let resource = Resource::Instance(instance.clone());
    let usage = InstanceUsage {
        cpu_milli_percent: Some(12_500),
        memory_milli_megabytes: Some(64_000),
        memory_milli_percent: None,
        connections: Some(2),
    };
    watched.monitor.measured(watched.world.now, vec![(instance, usage)]);
    let values = watched.sample(&resource);
    for (name, value) in [
        ("CpuUtilization", Some(12_500)),
        ("MemoryUsed", Some(64_000)),
        ("MemoryUtilization", None),
        ("EstablishedTcpConnections", Some(2000)),
        ("ActiveServerProcesses", Some(1000)),
        ("GameServerSessions", Some(1000)),
    ] {
        assert_eq!(values[name], value, "{name}");
    }
    // Its host says nothing any more.
    watched.world.pass(2 * MINUTE);
    let values = watched.sample(&resource);
    assert_eq!((values["CpuUtilization"], values["ActiveServerProcesses"]), (None, Some(1000)));
}

#[test]
fn what_was_missed_is_one_sample() {
    let mut watched = Watched::new();
    let fleet = watched.world.active_fleet(&scope(), 1);
    watched.follow();
    watched.world.pass(10 * MINUTE);
    watched.follow();
    let window = Window { begin: Timestamp::default(), end: watched.world.now, period_ms: None, ahead_ms: 0 };
    let parts = watched.monitor.read(&Resource::Fleet(fleet), window);
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].begin.plus(MINUTE), watched.world.now);
    assert!(watched.monitor.due() > watched.world.now);
}

fn queue(watched: &mut Watched, destinations: Vec<String>) -> QueueKey {
    let name = QueueName::new("queue1");
    let request = CreateGameServerSessionQueue {
        scope: scope(),
        name: name.clone(),
        destinations,
        policies: vec![],
        timeout_s: Some(600),
        tags: vec![],
    };
    watched.world.apply(request).unwrap();
    QueueKey { scope: scope(), name }
}

fn place(watched: &mut Watched, id: &str, latencies: &[(&str, u64)]) {
    let latency = |&(region, latency_ms): &(&str, u64)| PlayerLatency {
        player: "alice".into(),
        region: Region::new(region),
        latency_ms,
    };
    let request = PlacementRequest {
        queue: QueueName::new("queue1"),
        max_players: 2,
        players: vec![],
        latencies: latencies.iter().map(latency).collect(),
        properties: vec![],
        data: String::new(),
        name: String::new(),
        matchmaker_data: String::new(),
    };
    let id = PlacementId::new(id);
    watched.world.apply(StartGameServerSessionPlacement { scope: scope(), id, request }).unwrap();
    watched.world.pass(Duration::from_millis(1));
}

#[test]
fn a_queue_counts_how_its_placements_end_and_where() {
    let mut watched = Watched::new();
    let (first, second) = (watched.world.active_fleet(&scope(), 1), watched.world.active_fleet(&scope(), 1));
    let name = |fleet: &FleetId| scope().resource_name("fleet", fleet.as_str());
    let key = queue(&mut watched, vec![name(&first), name(&second)]);
    let resource = Resource::Queue(key.clone());
    for (id, latencies) in [("a", &[][..]), ("b", &[("ap-shanghai", 20), ("ap-tokyo", 80)]), ("c", &[])] {
        place(&mut watched, id, latencies);
        let activating: Vec<GameServerSession> = watched
            .world
            .control_plane
            .state()
            .game_server_sessions
            .values()
            .filter(|session| session.activation_deadline.is_some())
            .cloned()
            .collect();
        for session in activating {
            let call = SessionCall::Activate {
                session: session.id.clone(),
                max_players: 0,
                start: Default::default(),
            };
            watched.world.call(&session, call).unwrap();
        }
    }
    let counts: BTreeMap<_, _> = watched.counts(&resource).into_iter().collect();
    let wait = counts["AverageWaitTime"];
    assert!((59_000..=61_000).contains(&wait), "{wait}");
    for (name, value) in [
        ("PlacementsStarted", 3000),
        ("PlacementsSucceeded", 2000),
        ("QueueDepth", 1000),
        ("FirstChoiceOutOfCapacity", 1000),
        ("LowestLatencyPlacement", 1000),
    ] {
        assert_eq!(counts.get(name), Some(&value), "{name} in {counts:?}");
    }
    let region = Region::new("ap-shanghai");
    assert_eq!(watched.monitor.regions_of(&key), std::slice::from_ref(&region));
    let (begin, end) = (Timestamp::default(), watched.world.now);
    let window = Window { begin, end, period_ms: None, ahead_ms: 0 };
    let placed = watched.monitor.read(&Resource::PlacementIn(key, region), window);
    assert_eq!(placed[0].summaries[0].sum, 2000);

    let stop = StopGameServerSessionPlacement { scope: scope(), id: PlacementId::new("c") };
    watched.world.apply(stop).unwrap();
    assert_eq!(watched.counts(&resource), [("PlacementsCanceled", 1000)]);
    // The id of one that is over, again.
    place(&mut watched, "c", &[]);
    let counts: BTreeMap<_, _> = watched.counts(&resource).into_iter().collect();
    assert_eq!((counts.get("PlacementsStarted"), counts.get("QueueDepth")), (Some(&1000), Some(&1000)));
}

#[test]
fn only_the_owner_may_ask_and_only_for_what_there_is() {
    let mut watched = Watched::new();
    let fleet = watched.world.active_fleet(&scope(), 1);
    let instance = watched.world.instances(&fleet)[0].clone();
    watched.follow();
    let other = crate::fixture::scope_in("ap-tokyo");
    for resource in [Resource::Fleet(fleet), Resource::Instance(instance)] {
        assert_eq!(watched.monitor.check(&watched.replica, &scope(), &resource), Ok(()), "{resource:?}");
        assert!(watched.monitor.check(&watched.replica, &other, &resource).is_err(), "{resource:?}");
    }
    let unknown = QueueKey { scope: scope(), name: QueueName::new("none") };
    assert!(watched.monitor.check(&watched.replica, &scope(), &Resource::Queue(unknown)).is_err());
}

#[test]
fn what_is_there_keeps_its_room_and_what_is_gone_gives_it() {
    let mut monitor = Monitor::new(&State::default(), Timestamp::from_seconds(0), MINUTE);
    let instance = |number: usize| Resource::Instance(InstanceId::new(format!("ins-{number}")));
    let values = vec![whole(1); INSTANCE.len()];
    let at = |minute: i64| Timestamp::from_seconds(minute * 60);
    for number in 0..=RESOURCES_MOST {
        monitor.keep(scope(), instance(number), at(1), &values);
    }
    assert_eq!(monitor.kept.len(), RESOURCES_MOST);
    assert!(!monitor.kept.contains_key(&instance(RESOURCES_MOST)));
    for number in 1..RESOURCES_MOST {
        monitor.keep(scope(), instance(number), at(3), &values);
    }
    monitor.keep(scope(), instance(RESOURCES_MOST), at(3), &values);
    assert_eq!(monitor.kept.len(), RESOURCES_MOST);
    assert!(monitor.kept.contains_key(&instance(RESOURCES_MOST)) && !monitor.kept.contains_key(&instance(0)));
    monitor.forget(&State::default(), at(8 * 24 * 60));
    assert!(monitor.kept.is_empty());
}
