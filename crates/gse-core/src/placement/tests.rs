use super::*;
use crate::fixture::{World, scope, scope_in};
use crate::game_server_session::{GameServerSession, GameServerSessionStatus};
use crate::host::{HostOrder, ReportKind, SessionCall};
use crate::player_session::PlayerSessionStatus;
use crate::queue::{
    CreateGameServerSessionQueue, DeleteGameServerSessionQueue, LatencyPolicy, UpdateGameServerSessionQueue,
};

fn queue(world: &mut World, fleets: &[&FleetId], timeout_s: u32, policies: &[(u64, u64)]) -> QueueName {
    let name = QueueName::new("q");
    let destinations = fleets.iter().map(|fleet| world.fleet(fleet).resource_name()).collect();
    let policy =
        |&(maximum_latency_ms, duration_s): &(u64, u64)| LatencyPolicy { maximum_latency_ms, duration_s };
    let policies = policies.iter().map(policy).collect();
    let (scope, tags, timeout_s) = (scope(), vec![], Some(timeout_s));
    let request =
        CreateGameServerSessionQueue { scope, name: name.clone(), destinations, policies, timeout_s, tags };
    world.apply(request).unwrap();
    name
}

fn request(players: &[&str]) -> PlacementRequest {
    let joining = |player: &&str| Joining { player: player.to_string(), data: String::new() };
    PlacementRequest {
        queue: QueueName::new("q"),
        max_players: 2,
        players: players.iter().map(joining).collect(),
        latencies: vec![],
        properties: vec![],
        data: String::new(),
        name: String::new(),
        matchmaker_data: String::new(),
    }
}

fn start(world: &mut World, id: &str, request: PlacementRequest) -> Result<Placement, Error> {
    world.apply(StartGameServerSessionPlacement { scope: scope(), id: PlacementId::new(id), request })
}

fn stop(world: &mut World, id: &str) -> Result<Placement, Error> {
    world.apply(StopGameServerSessionPlacement { scope: scope(), id: PlacementId::new(id) })
}

fn placement(world: &World, id: &str) -> Placement {
    find(world.control_plane.state(), &scope(), &PlacementId::new(id)).unwrap().clone()
}

fn activating(world: &World, id: &str) -> GameServerSession {
    world.session(&placement(world, id).activating.unwrap())
}

fn activate(world: &mut World, session: &GameServerSession) {
    world
        .call(
            session,
            SessionCall::Activate { session: session.id.clone(), max_players: 0, start: Default::default() },
        )
        .unwrap();
}

/// P-1, P-5, G41.
#[test]
fn p5_a_placement_is_fulfilled_when_its_session_is_active() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    queue(&mut world, &[&fleet], 30, &[]);
    let answer = start(&mut world, "one", request(&["a", "b"])).unwrap();
    assert_eq!((answer.status, answer.ended, answer.fulfilment), (PlacementStatus::Pending, None, None));
    world.pass_seconds(0);
    let session = activating(&world, "one");
    assert!(session.id.as_str().ends_with("/one"));
    world.pass_seconds(3);
    assert_eq!(placement(&world, "one").status, PlacementStatus::Pending);
    activate(&mut world, &session);
    let done = placement(&world, "one");
    let fulfilment = done.fulfilment.unwrap();
    assert_eq!((done.status, done.ended), (PlacementStatus::Fulfilled, Some(world.now)));
    assert_eq!((fulfilment.session, fulfilment.port), (session.id, session.port));
    assert_eq!(fulfilment.players.iter().map(|seat| seat.player.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    // The usual sixty seconds count from FULFILLED.
    let seat = &fulfilment.players[0].player_session;
    world.pass_seconds(59);
    assert_eq!(world.player(seat).status, PlayerSessionStatus::Reserved);
    world.pass_seconds(1);
    assert_eq!(world.player(seat).status, PlayerSessionStatus::TimedOut);
}

/// PX6: waits for the better fleet, then takes the other one.
#[test]
fn px6_policies_relax_by_time() {
    let mut world = World::new();
    let near = world.active_fleet(&scope(), 1);
    let far = world.active_fleet(&scope_in("na-siliconvalley"), 1);
    let busy = crate::fixture::session_request(&scope_in("na-siliconvalley"), &far);
    world.apply(busy).unwrap();
    queue(&mut world, &[&near, &far], 30, &[(80, 10), (100, 10), (150, 0)]);
    let latency = |player: &str, region: &str, latency_ms| PlayerLatency {
        player: player.into(),
        region: Region::new(region),
        latency_ms,
    };
    let latencies = vec![
        latency("1", "ap-shanghai", 100),
        latency("1", "na-siliconvalley", 50),
        latency("2", "ap-shanghai", 60),
        latency("2", "na-siliconvalley", 80),
    ];
    start(&mut world, "x", PlacementRequest { latencies, ..request(&[]) }).unwrap();
    world.pass_seconds(9);
    assert_eq!(placement(&world, "x").activating, None);
    world.pass_seconds(2);
    assert_eq!(activating(&world, "x").fleet, near);
}

/// A whole search, told: two policies, two fleets, and a session that is lost.
#[test]
fn a_search_is_told_in_sentences() {
    let mut world = World::new();
    let near = world.active_fleet(&scope(), 1);
    let far = world.active_fleet(&scope_in("na-siliconvalley"), 1);
    world.apply(crate::fixture::session_request(&scope_in("na-siliconvalley"), &far)).unwrap();
    queue(&mut world, &[&near, &far], 30, &[(80, 10), (150, 0)]);
    let latency = |region: &str, latency_ms| PlayerLatency {
        player: "1".into(),
        region: Region::new(region),
        latency_ms,
    };
    let latencies = vec![latency("ap-shanghai", 100), latency("na-siliconvalley", 50)];
    start(&mut world, "x", PlacementRequest { latencies, ..request(&["1"]) }).unwrap();
    world.pass_seconds(10);
    let lost = activating(&world, "x");
    let report = ReportKind::StartSessionFailed {
        process: lost.process.clone(),
        session: lost.id.clone(),
        reason: "no".into(),
    };
    world.report(&lost.instance, report).unwrap();
    world.pass_seconds(0);
    stop(&mut world, "x").unwrap();
    let told = trace::sentences(&placement(&world, "x")).join("\n");
    let wanted = format!(
        "Queue q was asked at 2021-01-01T12:00:00Z for a session of at most 2 players and seats for 1, with 2 latencies.\n\
         After 0 ms, with at most 80 ms for every player, nothing was found:\n  \
           fleet {near} in ap-shanghai: a player is 100 ms away.\n  \
           fleet {far} in na-siliconvalley: no process is free: 1 busy.\n\
         After 10000 ms, with at most 150 ms for every player, fleet {near} was taken, the first in order.\n\
         After 10000 ms, the session in fleet {near} was given up, and the search went on: \
         OnStartGameServerSession failed: no.\n\
         After 10000 ms, with at most 150 ms for every player, nothing was found:\n  \
           fleet {near} in ap-shanghai: no process is free: 1 ending"
    );
    assert!(told.starts_with(&wanted), "{told}\n\n{wanted}");
    assert!(told.ends_with("It is CANCELLED after 10000 ms: stopped by request."), "{told}");
}

/// P-11, PX4: the first in order that has a free process.
#[test]
fn p11_queue_order_decides() {
    let mut world = World::new();
    let (first, second) = (world.active_fleet(&scope(), 1), world.active_fleet(&scope(), 1));
    queue(&mut world, &[&first, &second], 30, &[]);
    for (id, fleet) in [("a", &first), ("b", &second)] {
        start(&mut world, id, request(&[])).unwrap();
        world.pass_seconds(0);
        assert_eq!(activating(&world, id).fleet, *fleet);
    }
}

/// S46, G38, PX9.
#[test]
fn p14_a_placement_times_out_exactly() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    world.create_session(&fleet).unwrap();
    queue(&mut world, &[&fleet], 5, &[]);
    let started = start(&mut world, "x", request(&[])).unwrap().started;
    world.pass_seconds(4);
    assert!(placement(&world, "x").reason.contains("1 busy"));
    world.pass_seconds(60);
    let done = placement(&world, "x");
    assert_eq!(
        (done.status, done.ended),
        (PlacementStatus::TimedOut, Some(started.plus(Duration::from_secs(5))))
    );
}

/// S47, P-17: who waits longest is served first, as soon as a process is free.
#[test]
fn p17_waiting_placements_are_served_in_order() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.active_session(&fleet);
    queue(&mut world, &[&fleet], 30, &[]);
    start(&mut world, "z-first", request(&[])).unwrap();
    world.pass(Duration::from_millis(10));
    start(&mut world, "a-second", request(&[])).unwrap();
    world.pass(Duration::from_millis(3_003));
    world.call(&session, SessionCall::Terminate { session: session.id.clone() }).unwrap();
    world.pass_seconds(0);
    assert!(placement(&world, "z-first").activating.is_some());
    assert!(placement(&world, "a-second").activating.is_none());
}

/// P-15, PX8, S51.
#[test]
fn p13_hopeless_placements_fail_at_once() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    queue(&mut world, &[&fleet], 30, &[(150, 0)]);
    let far = PlayerLatency { player: "1".into(), region: Region::new("ap-shanghai"), latency_ms: 400 };
    start(&mut world, "x", PlacementRequest { latencies: vec![far], ..request(&[]) }).unwrap();
    world.pass_seconds(0);
    let done = placement(&world, "x");
    assert_eq!(done.status, PlacementStatus::Failed);
    assert!(done.reason.contains("150 ms"), "{}", done.reason);
}

/// S48, G40, P-6.
#[test]
fn p6_stopping_a_placement() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let busy = world.active_session(&fleet);
    queue(&mut world, &[&fleet], 30, &[]);
    start(&mut world, "x", request(&[])).unwrap();
    world.pass_seconds(1);
    let stopped = stop(&mut world, "x").unwrap();
    assert_eq!((stopped.status, stopped.ended), (PlacementStatus::Cancelled, Some(world.now)));
    assert_eq!(stop(&mut world, "x").unwrap(), stopped);
    // The id of a finished placement may be used again.
    world.call(&busy, SessionCall::Terminate { session: busy.id.clone() }).unwrap();
    start(&mut world, "x", request(&[])).unwrap();
    world.pass_seconds(0);
    let session = activating(&world, "x");
    activate(&mut world, &session);
    let finished =
        Error::PlacementFinished { placement: PlacementId::new("x"), status: PlacementStatus::Fulfilled };
    assert_eq!(stop(&mut world, "x").unwrap_err(), finished);
    let unknown = PlacementId::new("unknown");
    assert_eq!(stop(&mut world, "unknown").unwrap_err(), Error::PlacementNotFound(unknown));
}

/// P-6: a session that is just being activated is ended, and its process is replaced.
#[test]
fn p6_stopping_ends_the_session_in_activation() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    queue(&mut world, &[&fleet], 30, &[]);
    start(&mut world, "x", request(&[])).unwrap();
    world.pass_seconds(0);
    let session = activating(&world, "x");
    world.orders.clear();
    stop(&mut world, "x").unwrap();
    assert_eq!(world.session(&session.id).status, GameServerSessionStatus::Terminated);
    assert!(matches!(&world.orders[..], [(_, HostOrder::TerminateProcess { .. })]));
    assert!(matches!(world.create_session(&fleet), Err(Error::NoIdleProcess { .. })));
}

/// P-16.
#[test]
fn p16_a_session_that_fails_is_dropped_and_the_search_goes_on() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 2);
    queue(&mut world, &[&fleet], 30, &[]);
    start(&mut world, "x", request(&[])).unwrap();
    world.pass_seconds(0);
    let failed = activating(&world, "x");
    let report = ReportKind::StartSessionFailed {
        process: failed.process.clone(),
        session: failed.id.clone(),
        reason: "no".into(),
    };
    world.report(&failed.instance, report).unwrap();
    world.pass_seconds(0);
    let next = activating(&world, "x");
    assert_ne!((next.id.clone(), next.process.clone()), (failed.id, failed.process));
    activate(&mut world, &next);
    assert_eq!(placement(&world, "x").status, PlacementStatus::Fulfilled);
}

/// R4, G45, and the limits of the request.
#[test]
fn r4_the_id_of_a_pending_placement() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    world.create_session(&fleet).unwrap();
    let unknown = Error::QueueNotFound(QueueName::new("q"));
    assert_eq!(start(&mut world, "x", request(&[])).unwrap_err(), unknown);
    queue(&mut world, &[&fleet], 30, &[]);
    let first = start(&mut world, "x", request(&["a"])).unwrap();
    world.pass_seconds(2);
    assert_eq!(start(&mut world, "x", request(&["a"])).unwrap().started, first.started);
    let other = start(&mut world, "x", request(&["b"])).unwrap_err();
    assert_eq!(other, Error::PlacementPending(PlacementId::new("x")));
    for bad in [
        request(&["a", "b", "c"]),
        request(&["a", "a"]),
        PlacementRequest { max_players: 0, ..request(&[]) },
        PlacementRequest { max_players: 201, ..request(&[]) },
    ] {
        assert!(matches!(start(&mut world, "y", bad), Err(Error::Invalid { .. })));
    }
}

/// `maxPlayers` lowers the maximum (4.4), but not below the seats that the placement's players were promised.
#[test]
fn p5_every_player_is_seated_whatever_the_game_says() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    queue(&mut world, &[&fleet], 60, &[]);
    start(&mut world, "p-1", PlacementRequest { max_players: 4, ..request(&["a", "b"]) }).unwrap();
    world.pass_seconds(0);
    let session = activating(&world, "p-1");
    world
        .call(
            &session,
            SessionCall::Activate { session: session.id.clone(), max_players: 1, start: Default::default() },
        )
        .unwrap();
    let session = world.session(&session.id);
    assert_eq!((session.seats_taken, session.max_players), (2, 2));
}

fn change(destinations: Option<Vec<String>>, timeout_s: Option<u32>) -> UpdateGameServerSessionQueue {
    let (name, policies) = (QueueName::new("q"), None);
    UpdateGameServerSessionQueue { scope: scope(), name, destinations, policies, timeout_s }
}

/// P-19: what waits goes to where the queue leads now.
#[test]
fn q5_what_waits_is_placed_by_the_new_definition() {
    let mut world = World::new();
    let (busy, free) = (world.active_fleet(&scope(), 1), world.active_fleet(&scope(), 1));
    world.create_session(&busy).unwrap();
    queue(&mut world, &[&busy], 30, &[]);
    start(&mut world, "one", request(&[])).unwrap();
    world.pass_seconds(5);
    assert_eq!(placement(&world, "one").activating, None);
    let destination = world.fleet(&free).resource_name();
    world.apply(change(Some(vec![destination]), None)).unwrap();
    world.pass_seconds(0);
    assert_eq!(activating(&world, "one").fleet, free);
}

/// P-12: the timeout counts from the start of the placement.
#[test]
fn q5_a_new_timeout_holds_for_what_waits() {
    let mut world = World::new();
    queue(&mut world, &[], 60, &[]);
    let fleet = world.active_fleet(&scope(), 1);
    world.create_session(&fleet).unwrap();
    let destination = world.fleet(&fleet).resource_name();
    world.apply(change(Some(vec![destination]), None)).unwrap();
    let started = start(&mut world, "one", request(&[])).unwrap().started;
    world.pass_seconds(5);
    world.apply(change(None, Some(20))).unwrap();
    world.pass_seconds(14);
    assert_eq!(placement(&world, "one").status, PlacementStatus::Pending);
    world.pass_seconds(1);
    let over = placement(&world, "one");
    assert_eq!(
        (over.status, over.ended),
        (PlacementStatus::TimedOut, Some(started.plus(Duration::from_secs(20))))
    );
    // One that has waited longer than the new timeout allows ends now, and not before now.
    start(&mut world, "two", request(&[])).unwrap();
    world.pass_seconds(10);
    world.apply(change(None, Some(2))).unwrap();
    world.pass_seconds(0);
    let over = placement(&world, "two");
    assert_eq!((over.status, over.ended), (PlacementStatus::TimedOut, Some(world.now)));
}

#[test]
fn q6_what_waits_in_a_deleted_queue_fails() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    queue(&mut world, &[&fleet], 30, &[]);
    start(&mut world, "activating", request(&["a"])).unwrap();
    world.pass_seconds(0);
    let session = activating(&world, "activating");
    start(&mut world, "waiting", request(&[])).unwrap();
    let delete = DeleteGameServerSessionQueue { scope: scope(), name: QueueName::new("q") };
    world.apply(delete.clone()).unwrap();
    for id in ["activating", "waiting"] {
        let failed = placement(&world, id);
        assert_eq!((failed.status, failed.ended), (PlacementStatus::Failed, Some(world.now)), "{id}");
        assert_eq!(failed.reason, "the queue was deleted");
    }
    assert_eq!(world.session(&session.id).status, GameServerSessionStatus::Terminated);
    assert_eq!(world.apply(delete).unwrap_err(), Error::QueueNotFound(QueueName::new("q")));
    // A queue of the same name is another one.
    queue(&mut world, &[&fleet], 30, &[]);
    world.pass_seconds(1);
    assert_eq!(placement(&world, "waiting").status, PlacementStatus::Failed);
}
