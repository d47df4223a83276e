use super::*;
use crate::alias::{CreateAlias, DeleteAlias, RoutingStrategy};
use crate::capacity::UpdateFleetCapacity;
use crate::fixture::{World, fleet_request, scope, scope_in};
use crate::fleet::DeleteFleet;
use crate::{Error, Row};

fn left(world: &World, scope: &Scope, resource: QuotaResource) -> u64 {
    let allowance = allowance(world.control_plane.state(), scope, &world.quotas, resource);
    assert!(allowance.remaining <= allowance.limit);
    allowance.remaining
}

fn all_left(world: &World, scope: &Scope) -> [u64; 5] {
    QuotaResource::ALL.map(|resource| left(world, scope, resource))
}

/// 12.1: each is counted for itself, and each region for itself.
#[test]
fn s3_what_is_made_is_no_longer_left() {
    let mut world = World::new();
    assert_eq!(all_left(&world, &scope()), [1000, 20, 20, 20, 20]);
    let fleet = world.active_fleet(&scope(), 1);
    assert_eq!(all_left(&world, &scope()), [999, 19, 20, 20, 19]);
    let bytes = asset_bytes(world.control_plane.state(), &scope(), &world.quotas);
    assert_eq!(bytes, Allowance { limit: 100 << 30, remaining: (100 << 30) - 1 });
    // S-3: MaxSize counts, whatever is running.
    let more = UpdateFleetCapacity {
        scope: scope(),
        fleet: fleet.clone(),
        desired: Some(0),
        min: Some(0),
        max: Some(5),
        scaling_interval_minutes: None,
    };
    world.apply(more).unwrap();
    let alias = CreateAlias {
        scope: scope(),
        name: "a".into(),
        description: String::new(),
        routing: RoutingStrategy::Simple(fleet.clone()),
        tags: vec![],
    };
    let alias = world.apply(alias).unwrap().id;
    assert_eq!(all_left(&world, &scope()), [999, 19, 19, 20, 15]);
    assert_eq!(all_left(&world, &scope_in("ap-beijing")), [1000, 20, 20, 20, 20]);
    // A fleet that is gone uses nothing.
    let instance = world.instances(&fleet)[0].clone();
    world.report(&instance, crate::host::ReportKind::InstanceStopped).unwrap();
    world.apply(DeleteAlias { scope: scope(), alias }).unwrap();
    world.apply(DeleteFleet { scope: scope(), fleet }).unwrap();
    world.pass_seconds(1);
    assert_eq!(all_left(&world, &scope()), [999, 20, 20, 20, 20]);
}

/// What is told to be left is what the next creation is held to.
#[test]
fn f5_with_none_left_the_next_one_is_refused() {
    let mut world = World::new();
    world.quotas.fleets = 2;
    let asset = world.asset(&scope(), Ok(()));
    while left(&world, &scope(), QuotaResource::Fleet) > 0 {
        world.apply(fleet_request(&scope(), &asset, 1)).unwrap();
    }
    let refused = world.apply(fleet_request(&scope(), &asset, 1)).unwrap_err();
    assert_eq!(refused, Error::FleetQuota { limit: 2 });
    let rows = world.control_plane.state().rows().filter(|row| matches!(row, Row::Fleet(_)));
    assert_eq!(rows.count(), 2);
    // A quota that was lowered is overdrawn, not negative.
    world.quotas.fleets = 1;
    assert_eq!(left(&world, &scope(), QuotaResource::Fleet), 0);
}

#[test]
fn every_quota_has_a_name_and_a_most() {
    for name in Quotas::NAMES {
        let mut quotas = Quotas::default();
        assert_eq!(quotas.set(name, 7), Some(Ok(())), "{name}");
        assert_ne!(quotas, Quotas::default(), "{name}");
        if let Some(Err(most)) = quotas.set(name, u64::MAX) {
            let before = quotas.clone();
            assert_eq!(quotas.set(name, most + 1), Some(Err(most)), "{name}");
            assert_eq!(quotas, before, "a refused value changes nothing");
            assert_eq!(quotas.set(name, most), Some(Ok(())), "{name}");
        }
    }
    assert_eq!(Quotas::default().set("fleet", 1), None);
}

/// `--quota off`: what would be one too many is made.
#[test]
fn without_quotas_nothing_is_one_too_many() {
    let mut world = World::new();
    let asset = world.asset(&scope(), Ok(()));
    for _ in 0..20 {
        world.apply(fleet_request(&scope(), &asset, 1)).unwrap();
    }
    assert_eq!(world.apply(fleet_request(&scope(), &asset, 1)), Err(Error::FleetQuota { limit: 20 }));
    world.quotas = Quotas::none();
    world.apply(fleet_request(&scope(), &asset, 1)).unwrap();
}
