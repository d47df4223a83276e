use super::*;
use crate::fixture::{World, asset_request, fleet_request, scope, scope_in};

fn note(world: &mut World, progress: Progress) -> Result<Standing, Error> {
    world.apply(UpdateDemo { scope: scope(), progress })
}

fn open(world: &mut World, step: u32) -> Result<Standing, Error> {
    note(world, Progress { step: Some(step), ..Progress::default() })
}

fn now(world: &World) -> Standing {
    standing(world.control_plane.state(), &scope())
}

#[test]
fn c_d4_the_wizard_resumes_where_it_was_in_its_region_and_after_a_restart() {
    let mut world = World::new();
    assert_eq!(now(&world), Standing { step: 1, ..Standing::default() });
    let asset = world.asset(&scope(), Ok(()));
    note(&mut world, Progress { asset: Some(asset.clone()), step: Some(2), ..Progress::default() }).unwrap();
    let fleet = world.active_fleet(&scope(), 2);
    note(&mut world, Progress { fleet: Some(fleet.clone()), ..Progress::default() }).unwrap();
    open(&mut world, 3).unwrap();
    let session = world.active_session(&fleet);
    note(&mut world, Progress { session: Some(session.id.clone()), ..Progress::default() }).unwrap();
    open(&mut world, 4).unwrap();
    let whole = Standing {
        step: 4,
        asset: Some(asset),
        fleet: Some((fleet, FleetStatus::Active)),
        session: Some(session.id),
    };
    assert_eq!(now(&world), whole);
    world.restart();
    assert_eq!(now(&world), whole);
    assert_eq!(standing(world.control_plane.state(), &scope_in("na-siliconvalley")).step, 1);
}

#[test]
fn c_d4_complete_forgets_the_round_and_keeps_what_it_made() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    note(&mut world, Progress { fleet: Some(fleet.clone()), step: Some(3), ..Progress::default() }).unwrap();
    let after = world.apply(CompleteDemo { scope: scope() }).unwrap();
    assert_eq!(after, Standing { step: 1, ..Standing::default() });
    assert_eq!(world.fleet(&fleet).status, FleetStatus::Active);
    world.apply(CompleteDemo { scope: scope() }).unwrap();
}

#[test]
fn a_step_needs_what_the_one_before_it_makes() {
    let mut world = World::new();
    assert!(open(&mut world, 2).is_err());
    assert!(world.control_plane.state().demos.is_empty(), "what is refused changes nothing");
    let asset = world.asset(&scope(), Ok(()));
    note(&mut world, Progress { asset: Some(asset), ..Progress::default() }).unwrap();
    let fleet = world.create_fleet(&scope(), 1);
    note(&mut world, Progress { fleet: Some(fleet.id.clone()), ..Progress::default() }).unwrap();
    for (step, is_possible) in [(0, false), (1, true), (2, true), (3, false), (5, false)] {
        assert_eq!(open(&mut world, step).is_ok(), is_possible, "{step}");
    }
    let instance = world.instances(&fleet.id).remove(0);
    world.deploy(&instance);
    world.ready(&instance);
    assert_eq!(open(&mut world, 3).unwrap().step, 3);
    // Somebody makes it fail: the wizard is back at the fleet.
    world.apply(crate::region::FailFleet { scope: scope(), fleet: fleet.id }).unwrap();
    assert_eq!(now(&world).step, 2);
}

#[test]
fn only_a_running_session_of_the_demo_fleet_is_chosen() {
    let mut world = World::new();
    let (fleet, other) = (world.active_fleet(&scope(), 2), world.active_fleet(&scope(), 1));
    note(&mut world, Progress { fleet: Some(fleet.clone()), ..Progress::default() }).unwrap();
    let choose = |world: &mut World, session: &GameServerSessionId| {
        note(world, Progress { session: Some(session.clone()), ..Progress::default() })
    };
    let elsewhere = world.active_session(&other);
    assert_eq!(choose(&mut world, &elsewhere.id), Err(Error::SessionNotFound(elsewhere.id)));
    let session = world.active_session(&fleet);
    assert_eq!(choose(&mut world, &session.id).unwrap().session, Some(session.id.clone()));
    world.call(&session, crate::host::SessionCall::Terminate { session: session.id.clone() }).unwrap();
    assert_eq!(now(&world).session, None);
    assert!(choose(&mut world, &session.id).is_err());
    let missing = AssetId::new("asset-none");
    assert!(note(&mut world, Progress { asset: Some(missing), ..Progress::default() }).is_err());
}

/// Two clicks at a time: each is a command of its own, and the second finds what the first one made.
#[test]
fn c_d2_a_round_has_one_package_and_one_fleet() {
    let mut world = World::new();
    let package = |bucket_key: &str| CreateDemoAsset {
        create: CreateAsset { bucket_key: bucket_key.into(), ..asset_request(&scope(), Ok(())) },
    };
    let first = world.apply(package("one.zip")).unwrap();
    assert_eq!((first.step, world.apply(package("other.zip")).unwrap()), (1, first.clone()));
    assert_eq!(world.control_plane.state().assets.values().count(), 1);

    let asset = first.asset.unwrap();
    let create = fleet_request(&scope(), &asset, 2);
    let fleet = CreateDemoFleet { create, scaling_interval_minutes: 3 };
    let begun = world.apply(fleet.clone()).unwrap();
    assert_eq!((begun.step, world.apply(fleet.clone()).unwrap()), (2, begun.clone()));
    let (made, _) = begun.fleet.unwrap();
    assert_eq!(world.fleet(&made).capacity.scaling_interval_minutes, 3);
    assert_eq!(world.control_plane.state().fleets.values().count(), 1);

    // One that failed is made anew.
    world.apply(crate::region::FailFleet { scope: scope(), fleet: made.clone() }).unwrap();
    let (anew, _) = world.apply(fleet).unwrap().fleet.unwrap();
    assert_ne!(anew, made);
}

/// What is refused leaves no fleet that the wizard does not know.
#[test]
fn a_fleet_that_is_refused_leaves_nothing() {
    let mut world = World::new();
    let create = fleet_request(&scope(), &AssetId::new("asset-none"), 1);
    assert!(world.apply(CreateDemoFleet { create, scaling_interval_minutes: 3 }).is_err());
    let state = world.control_plane.state();
    assert!(state.fleets.values().next().is_none() && state.demos.is_empty());
}
