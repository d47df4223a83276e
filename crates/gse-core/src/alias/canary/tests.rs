//! The share is exact, never costs a session, and ends with the next UpdateAlias.

use super::*;
use crate::alias::{CreateAlias, UpdateAlias};
use crate::fixture::{World, scope, session_request};
use crate::game_server_session::{CreateGameServerSession, Target};

fn alias_to(world: &mut World, fleet: &FleetId) -> AliasId {
    let routing = RoutingStrategy::Simple(fleet.clone());
    let (name, description) = ("live".to_owned(), String::new());
    world.apply(CreateAlias { scope: scope(), name, description, routing, tags: vec![] }).unwrap().id
}

fn set(world: &mut World, alias: &AliasId, canary: Option<(&FleetId, u32)>) -> Result<Alias, Error> {
    let canary = canary.map(|(fleet, percent)| (fleet.clone(), percent));
    world.apply(SetAliasCanary { scope: scope(), alias: alias.clone(), canary })
}

fn through(alias: &AliasId, token: Option<&str>) -> CreateGameServerSession {
    let target = Target { fleet: None, alias: Some(alias.clone()) };
    let idempotency_token = token.map(str::to_owned);
    CreateGameServerSession { target, idempotency_token, ..session_request(&scope(), &FleetId::new("")) }
}

fn two_fleets(processes: u32) -> (World, FleetId, FleetId, AliasId) {
    let mut world = World::new();
    let (main, canary) = (world.active_fleet(&scope(), processes), world.active_fleet(&scope(), processes));
    let alias = alias_to(&mut world, &main);
    (world, main, canary, alias)
}

#[test]
fn of_any_n_sessions_the_share_is_exact() {
    for percent in 1..=99 {
        let mut canary = Canary {
            fleet: FleetId::new("f"),
            percent,
            since: Timestamp::from_millis(0),
            created: 0,
            given: 0,
        };
        for n in 1..=500_u64 {
            canary.given += u64::from(canary.is_next());
            canary.created += 1;
            assert_eq!(canary.given, (n * u64::from(percent)).div_ceil(100), "{percent} of {n}");
        }
    }
}

#[test]
fn r78_a_share_of_the_new_sessions_goes_to_the_canary() {
    let (mut world, main, canary, alias) = two_fleets(8);
    set(&mut world, &alias, Some((&canary, 25))).unwrap();
    let fleets: Vec<FleetId> = (0..8).map(|_| world.apply(through(&alias, None)).unwrap().fleet).collect();
    let place = |n: usize| if n.is_multiple_of(4) { canary.clone() } else { main.clone() };
    assert_eq!(fleets, (0..8).map(place).collect::<Vec<_>>());
    // Who names the fleet gets the fleet.
    assert_eq!(crate::alias::resolve(world.control_plane.state(), &scope(), &alias).unwrap().id, main);
}

#[test]
fn r78_a_canary_that_is_full_costs_no_session() {
    let (mut world, main, canary, alias) = two_fleets(2);
    set(&mut world, &alias, Some((&canary, 99))).unwrap();
    let fleets: Vec<FleetId> = (0..4).map(|_| world.apply(through(&alias, None)).unwrap().fleet).collect();
    assert_eq!(fleets, [canary.clone(), canary, main.clone(), main]);
    assert!(world.apply(through(&alias, None)).is_err(), "both are full");
}

#[test]
fn r78_a_repeated_request_is_not_placed_twice() {
    let (mut world, _, canary, alias) = two_fleets(4);
    set(&mut world, &alias, Some((&canary, 50))).unwrap();
    let first = world.apply(through(&alias, Some("one"))).unwrap();
    assert_eq!(first.fleet, canary);
    assert_eq!(world.apply(through(&alias, Some("one"))).unwrap().id, first.id);
}

#[test]
fn r78_it_ends_with_the_switch_and_holds_its_fleet_until_then() {
    let (mut world, main, canary, alias) = two_fleets(1);
    set(&mut world, &alias, Some((&canary, 10))).unwrap();
    let holds = |world: &World| {
        let fleet = world.control_plane.state().fleets.get(&canary).unwrap();
        fleet::related_resources(world.control_plane.state(), fleet).len()
    };
    assert_eq!(holds(&world), 1, "the fleet cannot be deleted meanwhile");
    let update = |description: Option<&str>, routing| UpdateAlias {
        scope: scope(),
        alias: alias.clone(),
        name: None,
        description: description.map(str::to_owned),
        routing,
    };
    assert!(world.apply(update(Some("words"), None)).unwrap().canary.is_some());
    let routing = Some(RoutingStrategy::Simple(main.clone()));
    assert_eq!(world.apply(update(None, routing)).unwrap().canary, None);
    assert_eq!(holds(&world), 0);

    set(&mut world, &alias, Some((&canary, 10))).unwrap();
    assert_eq!(set(&mut world, &alias, None).unwrap().canary, None);
    for (fleet, percent) in [(&main, 10), (&canary, 0), (&canary, 100), (&FleetId::new("fleet-none"), 10)] {
        assert!(set(&mut world, &alias, Some((fleet, percent))).is_err(), "{fleet} {percent}");
    }
}
