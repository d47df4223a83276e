use super::*;
use crate::fixture::{World, scope, scope_in};
use crate::host::SessionCall;
use crate::id::{PlacementId, QueueName};
use crate::placement::{
    Placement, PlacementRequest, PlacementStatus, StartGameServerSessionPlacement, find, trace,
};
use crate::queue::CreateGameServerSessionQueue;

const FAR: &str = "na-siliconvalley";

/// Two regions, a fleet with one process in each, and a queue over both.
fn two_regions() -> (World, FleetId, FleetId) {
    let mut world = World::new();
    let near = world.active_fleet(&scope(), 1);
    let far = world.active_fleet(&scope_in(FAR), 1);
    let destinations = [&near, &far].map(|fleet| world.fleet(fleet).resource_name()).to_vec();
    let name = QueueName::new("q");
    let (policies, tags, timeout_s) = (vec![], vec![], Some(60));
    let request =
        CreateGameServerSessionQueue { scope: scope(), name, destinations, policies, timeout_s, tags };
    world.apply(request).unwrap();
    (world, near, far)
}

fn start(world: &mut World, id: &str) {
    let request = PlacementRequest {
        queue: QueueName::new("q"),
        max_players: 2,
        players: vec![],
        latencies: vec![],
        properties: vec![],
        data: String::new(),
        name: String::new(),
        matchmaker_data: String::new(),
    };
    let id = PlacementId::new(id);
    world.apply(StartGameServerSessionPlacement { scope: scope(), id, request }).unwrap();
    world.pass_seconds(0);
}

fn placement(world: &World, id: &str) -> Placement {
    find(world.control_plane.state(), &scope(), &PlacementId::new(id)).unwrap().clone()
}

fn fleet_of(world: &World, id: &str) -> Option<FleetId> {
    placement(world, id).activating.map(|session| world.session(&session).fleet)
}

fn set(world: &mut World, region: &str, condition: Condition) {
    world.apply(SetRegionFault { region: Region::new(region), condition }).unwrap();
    world.pass_seconds(0);
}

#[test]
fn a_region_that_is_down_is_skipped_at_once_and_used_again_when_it_is_up() {
    let (mut world, near, far) = two_regions();
    set(&mut world, "ap-shanghai", Condition::Down);
    start(&mut world, "a");
    assert_eq!(fleet_of(&world, "a"), Some(far));
    assert!(trace::sentences(&placement(&world, "a")).join("\n").contains("its region is down"));
    // It waits, and does not fail: the region may come back (P-13).
    start(&mut world, "b");
    world.pass_seconds(9);
    assert_eq!((placement(&world, "b").status, fleet_of(&world, "b")), (PlacementStatus::Pending, None));
    set(&mut world, "ap-shanghai", Condition::Up);
    assert_eq!(fleet_of(&world, "b"), Some(near), "without waiting for anything");
}

/// P-16: what is being activated in the region is given up, and its process gets nothing else.
#[test]
fn what_is_being_activated_in_a_region_that_fails_goes_elsewhere() {
    let (mut world, near, far) = two_regions();
    start(&mut world, "a");
    let given_up = placement(&world, "a").activating.unwrap();
    assert_eq!(fleet_of(&world, "a"), Some(near.clone()));
    set(&mut world, "ap-shanghai", Condition::Down);
    assert_eq!(fleet_of(&world, "a"), Some(far));
    assert_eq!(world.session(&given_up).status, GameServerSessionStatus::Error);
    let told = trace::sentences(&placement(&world, "a")).join("\n");
    assert!(told.contains(&format!("the session in fleet {near} was given up")), "{told}");
    assert!(told.contains("its region is down"), "{told}");
}

#[test]
fn a_fleet_that_fails_is_skipped_at_once_and_so_is_what_was_being_activated_in_it() {
    let (mut world, near, far) = two_regions();
    start(&mut world, "a");
    world.apply(FailFleet { scope: scope(), fleet: near.clone() }).unwrap();
    world.pass_seconds(0);
    assert_eq!(world.fleet(&near).status, FleetStatus::Error);
    assert_eq!(fleet_of(&world, "a"), Some(far));
    // F-8: there is no way back, and asking twice changes nothing.
    world.apply(FailFleet { scope: scope(), fleet: near.clone() }).unwrap();
    assert_eq!(world.fleet(&near).status, FleetStatus::Error);
    let elsewhere = FailFleet { scope: scope_in(FAR), fleet: near };
    assert!(matches!(world.apply(elsewhere), Err(Error::FleetNotFound { .. })));
}

#[test]
fn a_slow_region_is_used_and_a_delay_has_bounds() {
    let (mut world, near, _) = two_regions();
    set(&mut world, "ap-shanghai", Condition::Slow(80));
    start(&mut world, "a");
    assert_eq!(fleet_of(&world, "a"), Some(near));
    for ms in [0, DELAY_MOST_MS + 1] {
        let wrong = SetRegionFault { region: Region::new(FAR), condition: Condition::Slow(ms) };
        assert!(matches!(world.apply(wrong), Err(Error::Invalid { member: "DelayMs", .. })));
    }
    world.restart();
    assert_eq!(world.control_plane.state().region_faults.values().next().unwrap().delay_ms, 80);
}

/// What was active when its region failed is its own affair: players are in it.
#[test]
fn sessions_that_are_active_stay() {
    let (mut world, ..) = two_regions();
    start(&mut world, "a");
    let session = world.session(&placement(&world, "a").activating.unwrap());
    world
        .call(
            &session,
            SessionCall::Activate { session: session.id.clone(), max_players: 0, start: Default::default() },
        )
        .unwrap();
    set(&mut world, "ap-shanghai", Condition::Down);
    assert_eq!(world.session(&session.id).status, GameServerSessionStatus::Active);
    assert_eq!(placement(&world, "a").status, PlacementStatus::Fulfilled);
}
