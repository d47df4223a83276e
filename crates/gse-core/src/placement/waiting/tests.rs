//! What wakes a placement that waits, and that nothing else does.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::alias::{CreateAlias, RoutingStrategy, UpdateAlias};
use crate::fixture::{World, scope, scope_in};
use crate::fleet::runtime_configuration::UpdateRuntimeConfiguration;
use crate::host::SessionCall;
use crate::id::{PlacementId, QueueName, Region};
use crate::instance::SetServerWeight;
use crate::placement::latency::PlayerLatency;
use crate::placement::{
    PlacementRequest, StartGameServerSessionPlacement, StopGameServerSessionPlacement, find,
};
use crate::player_session::Joining;
use crate::queue::{CreateGameServerSessionQueue, LatencyPolicy};

fn queue(world: &mut World, destinations: Vec<String>, policies: Vec<LatencyPolicy>) {
    let (name, tags, timeout_s) = (QueueName::new("q"), vec![], Some(60));
    let request =
        CreateGameServerSessionQueue { scope: scope(), name, destinations, policies, timeout_s, tags };
    world.apply(request).unwrap();
}

fn queue_over(world: &mut World, fleet: &FleetId) {
    let destination = world.fleet(fleet).resource_name();
    queue(world, vec![destination], vec![]);
}

fn request(players: usize, latencies: Vec<PlayerLatency>) -> PlacementRequest {
    let joining = |number| Joining { player: format!("player-{number}"), data: String::new() };
    PlacementRequest {
        queue: QueueName::new("q"),
        max_players: 4,
        players: (0..players).map(joining).collect(),
        latencies,
        properties: vec![],
        data: String::new(),
        name: String::new(),
        matchmaker_data: String::new(),
    }
}

fn start(world: &mut World, id: &str) {
    let request = request(1, vec![]);
    let id = PlacementId::new(id);
    world.apply(StartGameServerSessionPlacement { scope: scope(), id, request }).unwrap();
    world.pass_seconds(0);
}

fn placement(world: &World, id: &str) -> Placement {
    find(world.control_plane.state(), &scope(), &PlacementId::new(id)).unwrap().clone()
}

fn is_served(world: &mut World, id: &str) -> bool {
    world.pass_seconds(0);
    placement(world, id).activating.is_some()
}

fn activate(world: &mut World, id: &str) {
    let session = world.session(&placement(world, id).activating.unwrap());
    world
        .call(
            &session,
            SessionCall::Activate { session: session.id.clone(), max_players: 0, start: Default::default() },
        )
        .unwrap();
}

fn end(world: &mut World, id: &str) {
    let session = world.session(&placement(world, id).fulfilment.unwrap().session);
    world.call(&session, SessionCall::Terminate { session: session.id.clone() }).unwrap();
}

#[test]
fn what_waits_is_not_looked_at_until_its_timeout() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    queue_over(&mut world, &fleet);
    start(&mut world, "a");
    activate(&mut world, "a");
    start(&mut world, "b");
    let before = placement(&world, "b");
    assert_eq!((before.next_attempt, before.trace.attempts), (Some(before.timeout), 1));
    world.pass_seconds(59);
    assert_eq!(placement(&world, "b"), before);
}

#[test]
fn a_process_that_becomes_ready_wakes() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    queue_over(&mut world, &fleet);
    start(&mut world, "a");
    let instance = world.instances(&fleet)[0].clone();
    world.deploy(&instance);
    assert!(!is_served(&mut world, "a"));
    world.ready(&instance);
    assert!(is_served(&mut world, "a"));
}

#[test]
fn a_weight_wakes() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let instance = world.instances(&fleet)[0].clone();
    let weight =
        |weight| SetServerWeight { scope: scope(), fleet: fleet.clone(), instance: instance.clone(), weight };
    world.apply(weight(0)).unwrap();
    queue_over(&mut world, &fleet);
    start(&mut world, "a");
    assert!(!is_served(&mut world, "a"));
    world.apply(weight(5)).unwrap();
    assert!(is_served(&mut world, "a"));
}

#[test]
fn an_activation_that_is_over_wakes_where_they_are_limited() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 4);
    let limit = |most| UpdateRuntimeConfiguration {
        scope: scope(),
        fleet: fleet.clone(),
        server_processes: None,
        max_concurrent_activations: Some(most),
        activation_timeout_s: None,
    };
    world.apply(limit(1)).unwrap();
    queue_over(&mut world, &fleet);
    for id in ["a", "b", "c"] {
        start(&mut world, id);
    }
    assert!(is_served(&mut world, "a") && !is_served(&mut world, "b"));
    activate(&mut world, "a");
    assert!(is_served(&mut world, "b") && !is_served(&mut world, "c"));
    world.apply(limit(2)).unwrap();
    assert!(is_served(&mut world, "c"), "also when the limit is another one");
}

/// S52: an alias that leads elsewhere, and one that led nowhere.
#[test]
fn s52_an_alias_that_leads_elsewhere_wakes() {
    let mut world = World::new();
    let fleets = [world.active_fleet(&scope(), 1), world.active_fleet(&scope(), 1)];
    let terminal = RoutingStrategy::Terminal { message: "closed".into(), fleet: None };
    let create = CreateAlias {
        scope: scope(),
        name: "play".into(),
        description: String::new(),
        routing: terminal.clone(),
        tags: vec![],
    };
    let alias = world.apply(create).unwrap();
    let lead = |routing| UpdateAlias {
        scope: scope(),
        alias: alias.id.clone(),
        name: None,
        description: None,
        routing: Some(routing),
    };
    queue(&mut world, vec![alias.resource_name()], vec![]);
    start(&mut world, "a");
    assert!(!is_served(&mut world, "a"));
    assert!(placement(&world, "a").reason.contains("leads to no fleet"));
    for (id, fleet) in ["a", "b"].iter().zip(&fleets) {
        world.apply(lead(RoutingStrategy::Simple(fleet.clone()))).unwrap();
        if *id == "b" {
            start(&mut world, id);
        }
        assert!(is_served(&mut world, id));
        assert_eq!(world.session(&placement(&world, id).activating.unwrap()).fleet, *fleet);
    }
    world.apply(lead(terminal)).unwrap();
    start(&mut world, "c");
    world.pass_seconds(60);
    assert_eq!(placement(&world, "c").status, PlacementStatus::TimedOut);
}

/// P-17: when several processes come at once, a placement that is new does not get ahead of those that wait.
#[test]
fn p17_who_comes_last_is_served_last() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 3);
    let instance = world.instances(&fleet)[0].clone();
    let weight =
        |weight| SetServerWeight { scope: scope(), fleet: fleet.clone(), instance: instance.clone(), weight };
    world.apply(weight(0)).unwrap();
    queue_over(&mut world, &fleet);
    for id in ["z", "y", "x"] {
        start(&mut world, id);
        world.pass_seconds(1);
    }
    world.apply(weight(5)).unwrap();
    let last = StartGameServerSessionPlacement {
        scope: scope(),
        id: PlacementId::new("a"),
        request: request(1, vec![]),
    };
    world.apply(last).unwrap();
    assert!(["z", "y", "x"].iter().all(|id| is_served(&mut world, id)) && !is_served(&mut world, "a"));
}

/// A placement that was woken for one fleet and took another leaves that one to whoever comes next.
#[test]
fn a_process_that_the_woken_one_left_goes_to_the_next() {
    let mut world = World::new();
    let fleets = [world.active_fleet(&scope(), 1), world.active_fleet(&scope_in("na-siliconvalley"), 1)];
    let destinations = fleets.clone().map(|fleet| world.fleet(&fleet).resource_name());
    queue(&mut world, destinations.to_vec(), vec![]);
    for id in ["a", "b"] {
        start(&mut world, id);
        activate(&mut world, id);
    }
    start(&mut world, "both");
    world.pass_seconds(1);
    let near = PlayerLatency { player: "p".into(), region: Region::new("na-siliconvalley"), latency_ms: 9 };
    let far_only = request(0, vec![near]);
    let id = PlacementId::new("far");
    world.apply(StartGameServerSessionPlacement { scope: scope(), id, request: far_only }).unwrap();
    world.pass_seconds(1);
    // The far one first: it wakes `both`, which then takes the near one.
    end(&mut world, "b");
    end(&mut world, "a");
    assert!(is_served(&mut world, "both") && is_served(&mut world, "far"));
}

/// A thousand at once with capacity for half of them: half are FULFILLED, and the rest follow as matches end, in the
/// order in which they came.
#[test]
fn a_thousand_placements_for_five_hundred_processes() {
    const PROCESSES: usize = 500;
    let mut world = World::new();
    let fleets: Vec<FleetId> = (0..10).map(|_| world.active_fleet(&scope(), 50)).collect();
    let destinations = fleets.iter().map(|fleet| world.fleet(fleet).resource_name()).collect();
    queue(&mut world, destinations, vec![]);
    let ids: Vec<String> =
        (0..2 * PROCESSES).map(|number| format!("p-{}", 999_983 * number % 1_000_003)).collect();
    for id in &ids {
        start(&mut world, id);
        world.pass(Duration::from_millis(1));
        if placement(&world, id).activating.is_some() {
            activate(&mut world, id);
        }
    }
    let count = |world: &World, status| ids.iter().filter(|id| placement(world, id).status == status).count();
    assert_eq!(count(&world, PlacementStatus::Fulfilled), PROCESSES);
    assert_eq!(count(&world, PlacementStatus::Pending), PROCESSES);
    for (over, next) in ids[..PROCESSES].iter().rev().zip(&ids[PROCESSES..]) {
        end(&mut world, over);
        assert!(is_served(&mut world, next), "{next} is next");
        activate(&mut world, next);
    }
    assert_eq!(count(&world, PlacementStatus::Fulfilled), 2 * PROCESSES);
    let most = ids.iter().map(|id| placement(&world, id).trace.attempts).max();
    assert_eq!(most, Some(2), "once when it came, and once when there was a process");
}

/// The limit in force, from the text of P-12 and P-13: `None` where nothing can satisfy the last one.
fn limit_in_force(policies: &[LatencyPolicy], regions: &BTreeMap<&str, u64>, elapsed_s: u64) -> Option<u64> {
    let mut begins = 0;
    for (number, policy) in policies.iter().enumerate() {
        if !regions.values().any(|&worst| worst <= policy.maximum_latency_ms) {
            continue;
        }
        begins += policy.duration_s;
        if number + 1 == policies.len() || policy.duration_s == 0 || elapsed_s < begins {
            return Some(policy.maximum_latency_ms);
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// No placement goes above the limit in force, none FAILS or waits while there is a process for it, and seats that
    /// were promised are reserved.
    #[test]
    fn placements_keep_to_the_latency_policies(
        latencies in prop::collection::vec((0..3_usize, 0..3_usize, prop_oneof![Just(0), 1..300_u64, Just(u64::MAX)]), 0..8),
        steps in prop::collection::vec((1..120_u64, 0..12_u64), 0..4),
        processes in prop::collection::vec(0..2_u32, 3),
        frees in prop::collection::vec((0..40_u64, 0..3_usize), 0..4),
        players in 0..4_usize,
    ) {
        const REGIONS: [&str; 3] = ["ap-shanghai", "na-siliconvalley", "ap-tokyo"];
        let mut world = World::new();
        let scopes = REGIONS.map(scope_in);
        let fleets = scopes.clone().map(|scope| world.active_fleet(&scope, 1));
        let mut busy = BTreeMap::new();
        for number in (0..3).filter(|number| processes[*number] == 0) {
            let session = world.apply(crate::fixture::session_request(&scopes[number], &fleets[number])).unwrap();
            world.call(&session, SessionCall::Activate { session: session.id.clone(), max_players: 0, start: Default::default() }).unwrap();
            busy.insert(number, session);
        }
        let mut most_ms = 0;
        let policies: Vec<LatencyPolicy> = steps.iter().map(|&(more_ms, duration_s)| {
            most_ms += more_ms;
            LatencyPolicy { maximum_latency_ms: most_ms, duration_s }
        }).collect();
        let destinations = fleets.iter().map(|fleet| world.fleet(fleet).resource_name()).collect();
        queue(&mut world, destinations, policies.clone());
        // One value of each player for each region.
        let measured: BTreeMap<(usize, usize), u64> =
            latencies.iter().map(|&(player, region, ms)| ((player, region), ms)).collect();
        let measured_by: std::collections::BTreeSet<usize> = measured.keys().map(|(player, _)| *player).collect();
        let common: BTreeMap<&str, u64> = (0..3).filter_map(|region| {
            let values: Vec<u64> = measured.iter()
                .filter(|((_, of), ms)| *of == region && (1..1_000_000).contains(*ms)).map(|(_, ms)| *ms).collect();
            (values.len() == measured_by.len()).then(|| (REGIONS[region], values.into_iter().max().unwrap_or(0)))
        }).collect();
        let wire = measured.iter().map(|(&(player, region), &latency_ms)| PlayerLatency {
            player: format!("player-{player}"), region: Region::new(REGIONS[region]), latency_ms,
        }).collect();
        let id = PlacementId::new("p");
        let start = StartGameServerSessionPlacement { scope: scope(), id, request: request(players, wire) };
        world.apply(start).unwrap();
        let admits = |region: &str, elapsed_s| {
            if measured.is_empty() { return true }
            let Some(&worst) = common.get(region) else { return false };
            policies.is_empty() || limit_in_force(&policies, &common, elapsed_s).is_some_and(|limit| worst <= limit)
        };
        for second in 0..=60_u64 {
            for (_, number) in frees.iter().filter(|(at, _)| *at == second) {
                if let Some(session) = busy.remove(number) {
                    world.call(&session, SessionCall::Terminate { session: session.id.clone() }).unwrap();
                }
            }
            world.pass_seconds(0);
            let row = placement(&world, "p");
            let free: Vec<&str> = (0..3).filter(|number| !busy.contains_key(number) && admits(REGIONS[*number], second))
                .map(|number| REGIONS[number]).collect();
            match (row.status, row.activating) {
                (PlacementStatus::Pending, None) => prop_assert!(free.is_empty(), "it waits beside {free:?}"),
                (PlacementStatus::Pending, Some(session)) => {
                    let region = world.session(&session).scope.region.to_string();
                    prop_assert_eq!(Some(&region.as_str()), free.first(), "the first in order");
                    activate(&mut world, "p");
                    let got = placement(&world, "p").fulfilment.unwrap();
                    prop_assert_eq!(got.players.len(), players);
                    prop_assert_eq!(world.session(&got.session).seats_taken as usize, players);
                    return Ok(());
                }
                (PlacementStatus::Failed, _) => {
                    let ever = REGIONS.iter().any(|region| admits(region, u64::MAX));
                    prop_assert!(second == 0 && !ever, "it failed although {common:?} under {policies:?}");
                    return Ok(());
                }
                (PlacementStatus::TimedOut, _) => {
                    prop_assert_eq!(second, 60);
                    return Ok(());
                }
                (PlacementStatus::Fulfilled | PlacementStatus::Cancelled, _) => unreachable!("nobody did that"),
            }
            world.pass_seconds(1);
        }
        prop_assert!(false, "it never ended");
    }
}

/// A placement that is stopped waits for nothing any more.
#[test]
fn what_is_over_is_not_woken() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    queue_over(&mut world, &fleet);
    start(&mut world, "a");
    activate(&mut world, "a");
    for id in ["b", "c"] {
        start(&mut world, id);
        world.pass_seconds(1);
    }
    world.apply(StopGameServerSessionPlacement { scope: scope(), id: PlacementId::new("b") }).unwrap();
    end(&mut world, "a");
    assert!(is_served(&mut world, "c") && !is_served(&mut world, "b"));
}
