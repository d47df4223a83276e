//! What is written down of a session's way, and how it is told.

use std::time::Duration;

use super::{
    FIRST_PLAYER, FIRST_TICK, MILESTONES_MOST, StartTimes, has_made, is_milestone_name, placement_of, spans,
    tell,
};
use crate::error::Error;
use crate::fixture::{World, scope, scope_in};
use crate::game_server_session::GameServerSession;
use crate::host::{HostOrder, SessionCall};
use crate::id::{FleetId, GameServerSessionId, PlacementId, QueueName};
use crate::placement::{PlacementKey, PlacementRequest, StartGameServerSessionPlacement};
use crate::player_session::Joining;
use crate::queue::CreateGameServerSessionQueue;
use crate::trace_context::TraceContext;
use crate::{ControlPlane, Cx, Row};

const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn activate(session: &GameServerSession, ordered_ago: u64, sent_ago: u64) -> SessionCall {
    let start = StartTimes { ordered_ago: Some(millis(ordered_ago)), sent_ago: Some(millis(sent_ago)) };
    SessionCall::Activate { session: session.id.clone(), max_players: 0, start }
}

fn milestone(session: &GameServerSessionId, name: &str) -> SessionCall {
    SessionCall::Milestone { session: session.clone(), name: name.into() }
}

/// The names of the hops, each with its milliseconds.
fn hops(session: &GameServerSession) -> Vec<(String, u128)> {
    tell(session, None).hops.into_iter().map(|hop| (hop.name, hop.took.as_millis())).collect()
}

/// A placement of two players in a queue of that region, asked for with a trace.
fn place(world: &mut World, fleet: &FleetId, region: &str) -> PlacementKey {
    let scope = scope_in(region);
    let queue = CreateGameServerSessionQueue {
        scope: scope.clone(),
        name: QueueName::new("q"),
        timeout_s: Some(60),
        destinations: vec![format!("qcs::gse:ap-shanghai:uin/100000000001:fleet/{fleet}")],
        policies: vec![],
        tags: vec![],
    };
    world.apply(queue).unwrap();
    let player = |name: &str| Joining { player: name.into(), data: String::new() };
    let start = StartGameServerSessionPlacement {
        scope: scope.clone(),
        id: PlacementId::new("p"),
        request: PlacementRequest {
            queue: QueueName::new("q"),
            max_players: 2,
            players: vec![player("a"), player("b")],
            latencies: vec![],
            properties: vec![],
            data: String::new(),
            name: String::new(),
            matchmaker_data: String::new(),
        },
    };
    let cx = Cx::new(world.now, &mut world.ids, &world.clocks, &world.quotas);
    let step = world.control_plane.apply(cx.in_trace(TraceContext::parse(HEADER)), start);
    step.reply.unwrap();
    PlacementKey { scope, id: PlacementId::new("p") }
}

fn placed(world: &World, key: &PlacementKey) -> GameServerSession {
    let placement = world.control_plane.state().placements.get(key).unwrap();
    world.session(placement.activating.as_ref().unwrap())
}

#[test]
fn r120_every_hop_from_the_request_to_the_first_tick_is_told_in_order() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let key = place(&mut world, &fleet, "ap-shanghai");
    world.pass(millis(20));
    let session = placed(&world, &key);
    world.pass(millis(30));
    world.call(&session, activate(&session, 25, 18)).unwrap();
    world.pass(millis(100));
    let placement = world.control_plane.state().placements.get(&key).unwrap().clone();
    let ticket = placement.fulfilment.as_ref().unwrap().players[0].player_session.clone();
    let accept = SessionCall::AcceptPlayer {
        session: session.id.clone(),
        player_session: ticket,
        attempt: "1/1".into(),
    };
    world.call(&session, accept).unwrap();
    for name in [FIRST_PLAYER, FIRST_TICK, FIRST_TICK] {
        world.pass(millis(7));
        world.call(&session, milestone(&session.id, name)).unwrap();
    }
    let told = tell(&world.session(&session.id), Some(&placement));
    let took = |name: &str| told.hops.iter().find(|hop| hop.name == name).unwrap().took.as_millis();
    let names: Vec<&str> = told.hops.iter().map(|hop| hop.name.as_str()).collect();
    let expected = [
        "requested",
        "process-chosen",
        "order-received",
        "start-sent",
        "activated",
        "player-reserved",
        "player-accepted",
        "first-player",
        "first-tick",
    ];
    assert_eq!(names, expected);
    assert_eq!((took("start-sent"), took("activated"), took("player-reserved")), (7, 18, 0));
    assert_eq!((took("player-accepted"), took("first-player"), took("first-tick")), (100, 7, 7));
    assert_eq!(told.trace.unwrap().to_string(), HEADER);
    assert!(told.search.last().unwrap().contains("FULFILLED"), "{:?}", told.search);
    assert_eq!(told.stands_words, "It is ACTIVE and is played.");
}

#[test]
fn r121_the_order_and_a_resync_carry_the_trace() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let key = place(&mut world, &fleet, "ap-shanghai");
    world.pass(millis(1));
    let session = placed(&world, &key);
    let below = TraceContext::parse(HEADER).map(|trace| trace.below(session.id.as_str()));
    let traces = |orders: Vec<(crate::id::InstanceId, HostOrder)>| -> Vec<_> {
        let start = |(_, order)| match order {
            HostOrder::StartGameServerSession { session, .. } => Some(session.trace),
            _ => None,
        };
        orders.into_iter().filter_map(start).collect()
    };
    assert_eq!(traces(std::mem::take(&mut world.orders)), [below]);
    let restarted = ControlPlane::restore(world.control_plane.state().rows().collect::<Vec<Row>>());
    let cx = Cx::new(world.now, &mut world.ids, &world.clocks, &world.quotas);
    assert_eq!(traces(restarted.resync(&cx, &session.instance)), [below]);
}

#[test]
fn the_placement_of_a_queue_elsewhere_is_found_again() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let key = place(&mut world, &fleet, "na-siliconvalley");
    world.pass(millis(1));
    let session = placed(&world, &key);
    assert_eq!(placement_of(&session), Some(key.clone()));
    let mut placement = world.control_plane.state().placements.get(&key).unwrap().clone();
    assert!(has_made(&placement, &session));
    // The id was used again.
    placement.started = placement.started.plus(millis(1));
    assert!(!has_made(&placement, &session));
    assert_eq!(placement_of(&GameServerSession { placement: None, ..session }), None);
}

/// Clocks of two machines differ, and so may what they tell.
#[test]
fn what_a_host_tells_is_put_between_what_is_known() {
    for (ordered_ago, sent_ago, expected) in [
        (30, 10, [20, 20, 10]),
        (900, 10, [0, 40, 10]),
        (10, 900, [40, 0, 10]),
        (u64::MAX, u64::MAX, [0, 0, 50]),
    ] {
        let mut world = World::new();
        let fleet = world.active_fleet(&scope(), 1);
        let session = world.create_session(&fleet).unwrap();
        world.pass(millis(50));
        world.call(&session, activate(&session, ordered_ago, sent_ago)).unwrap();
        let took: Vec<u128> = hops(&world.session(&session.id))[1..].iter().map(|(_, took)| *took).collect();
        assert_eq!(took, expected, "{ordered_ago} {sent_ago}");
    }
}

#[test]
fn moments_are_kept_once_each_and_not_without_end() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.active_session(&fleet);
    for number in 0..40 {
        world.call(&session, milestone(&session.id, &format!("moment-{}", number / 2))).unwrap();
    }
    for name in ["", "Upper", "with space", "<b>", &"x".repeat(33)] {
        assert!(!is_milestone_name(name));
        world.call(&session, milestone(&session.id, name)).unwrap();
    }
    let kept = world.session(&session.id).timeline.milestones;
    assert_eq!(kept.len(), MILESTONES_MOST);
    assert_eq!((kept[0].name.as_str(), kept[15].name.as_str()), ("moment-0", "moment-15"));
    // What is over, unknown or of somebody else has no moments.
    let error = world.call(&session, milestone(&GameServerSessionId::new("gs-9"), "x")).unwrap_err();
    assert!(matches!(error, Error::SessionNotFound(_)), "{error:?}");
    world.call(&session, SessionCall::Terminate { session: session.id.clone() }).unwrap();
    let error = world.call(&session, milestone(&session.id, "late")).unwrap_err();
    assert!(matches!(error, Error::SessionNotReady { .. }), "{error:?}");
    let over = world.session(&session.id);
    assert_eq!(hops(&over).last().unwrap().0, "ended");
    assert_eq!(tell(&over, None).stands_words, "It is over.");
}

#[test]
fn a_row_of_before_has_no_timeline_and_is_told() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let session = world.active_session(&fleet);
    let mut stored = serde_json::to_value(&session).unwrap();
    stored.as_object_mut().unwrap().remove("timeline").unwrap();
    let old: GameServerSession = serde_json::from_value(stored).unwrap();
    assert_eq!(hops(&old), [("process-chosen".to_owned(), 0)]);
    assert_eq!(tell(&old, None).stands_words, "It waits for its first player session.");
}

/// The spans that a replica sees, in order: name, parent by name, milliseconds, whether it failed.
fn spans_of(world: &mut World) -> Vec<(String, Option<String>, u128, bool)> {
    let mut replica = crate::State::default();
    let mut spans = Vec::new();
    for change in std::mem::take(&mut world.changes) {
        spans.extend(spans::of_change(&replica, &change));
        replica.follow(change);
    }
    let names: std::collections::BTreeMap<_, _> =
        spans.iter().filter_map(|span| Some((span.context.span_id()?, span.name.clone()))).collect();
    assert_eq!(names.len(), spans.len(), "each span has an id of its own: {spans:?}");
    let named = |span: spans::Span| {
        let parent = span.parent.map(|id| names.get(&id).cloned().unwrap_or(id));
        (span.name, parent, span.to.since(span.from).as_millis(), span.error.is_some())
    };
    spans.into_iter().map(named).collect()
}

#[test]
fn r123_each_hop_is_a_span_once_below_the_whole_way() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let key = place(&mut world, &fleet, "ap-shanghai");
    // That step was not the world's own.
    let placement = world.control_plane.state().placements.get(&key).unwrap().clone();
    world.changes.push(crate::Change::Put(placement.into()));
    world.pass(millis(20));
    let session = placed(&world, &key);
    world.pass(millis(30));
    world.call(&session, activate(&session, 25, 18)).unwrap();
    world.pass(millis(7));
    for name in [FIRST_TICK, "second"] {
        world.call(&session, milestone(&session.id, name)).unwrap();
    }
    world.call(&session, SessionCall::Terminate { session: session.id.clone() }).unwrap();
    let client = Some("00f067aa0ba902b7".to_owned());
    let whole = Some("game server session".to_owned());
    let hop = |name: &str, took| (name.to_owned(), whole.clone(), took, false);
    let expected = [
        hop("process-chosen", 0),
        hop("order-received", 25),
        hop("start-sent", 7),
        hop("activated", 18),
        hop("player-reserved", 0),
        ("placement".into(), client.clone(), 50, false),
        hop("first-tick", 7),
        ("game server session".into(), client, 57, false),
        hop("second", 0),
        hop("ended", 0),
    ];
    let mut spans = spans_of(&mut world);
    let mut expected: Vec<_> = expected.into();
    spans.sort();
    expected.sort();
    assert_eq!(spans, expected);
}

#[test]
fn r123_what_failed_is_told_as_failed_and_what_nobody_samples_is_not_told() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    for (header, count) in [(HEADER.to_owned(), 2), (HEADER.replace("-01", "-00"), 0)] {
        let cx = Cx::new(world.now, &mut world.ids, &world.clocks, &world.quotas);
        let request = crate::fixture::session_request(&scope(), &fleet);
        let step = world.control_plane.apply(cx.in_trace(TraceContext::parse(&header)), request);
        world.changes.clear();
        world.changes.extend(step.changes);
        let session = step.reply.unwrap();
        world.pass_seconds(700);
        let spans = spans_of(&mut world);
        assert_eq!(spans.len(), count, "{spans:?}");
        assert!(
            spans.iter().all(|(name, .., failed)| *failed && (name == "ended" || name.contains("session")))
        );
        assert!(!world.session(&session.id).status_reason.is_empty());
        world.ready(&session.instance);
    }
}
