//! Putting and removing policies (S-4, S-9, S-14 to S-19, F-26, F-28.5).

use super::*;
use crate::capacity::rule_based::{Comparison, Metric};
use crate::capacity::threshold::Threshold;
use crate::fixture::{World, scope, scope_in};
use crate::fleet::DeleteFleet;
use crate::fleet::settings::SetFleetActions;

fn target(fleet: &FleetId, name: Option<&str>, percent: u32) -> PutScalingPolicy {
    let policy = NewPolicy::TargetBased { name: name.map(str::to_owned), percent };
    PutScalingPolicy { scope: scope(), fleet: fleet.clone(), policy }
}

fn crowded(adjustment: i64) -> Rule {
    Rule {
        metric: Metric::CurrentPlayerSessions,
        comparison: Comparison::GreaterOrEqual,
        threshold: Threshold::parse("5").unwrap(),
        minutes: 3,
        adjustment_type: AdjustmentType::ChangeInCapacity,
        adjustment,
    }
}

fn ruled(fleet: &FleetId, name: &str, rule: Rule) -> PutScalingPolicy {
    let policy = NewPolicy::RuleBased { name: name.into(), rule };
    PutScalingPolicy { scope: scope(), fleet: fleet.clone(), policy }
}

fn names(world: &World, fleet: &FleetId) -> Vec<String> {
    let state = world.control_plane.state();
    let page = describe(state, &scope(), Some(fleet), 0, 100).unwrap();
    assert_eq!(page.total, page.items.len());
    page.items.iter().map(|policy| policy.name.to_owned()).collect()
}

#[test]
fn s9_a_fleet_has_one_target_based_policy() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    assert_eq!(world.apply(target(&fleet, None, 30)).unwrap(), "TargetBased");
    assert_eq!(world.apply(target(&fleet, Some("buffer"), 40)).unwrap(), "buffer");
    assert_eq!(names(&world, &fleet), ["buffer"]);
    assert_eq!(world.apply(target(&fleet, None, 50)).unwrap(), "buffer");
    let scaling = world.control_plane.state().scalings.get(&fleet).unwrap();
    assert_eq!(scaling.target(), Some(("buffer", 50)));
    // A policy of that name is replaced, whatever its type.
    world.apply(ruled(&fleet, "crowded", crowded(1))).unwrap();
    assert_eq!(names(&world, &fleet), ["buffer", "crowded"]);
    world.apply(target(&fleet, Some("crowded"), 10)).unwrap();
    assert_eq!(names(&world, &fleet), ["crowded"]);
}

#[test]
fn s14_rules_are_kept_by_name_and_a_repeated_one_goes_on() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    world.apply(ruled(&fleet, "a", crowded(1))).unwrap();
    let history = |world: &World| match &world.control_plane.state().scalings.get(&fleet).unwrap().policies["a"]
    {
        Policy::RuleBased(history) => history.clone(),
        Policy::TargetBased(_) => panic!("a rule"),
    };
    let first = history(&world);
    world.pass_seconds(5);
    world.apply(ruled(&fleet, "a", crowded(1))).unwrap();
    assert_eq!(history(&world), first);
    world.apply(ruled(&fleet, "a", crowded(2))).unwrap();
    assert_eq!((history(&world).rule.adjustment, history(&world).put), (2, world.now));
    for number in 1..50 {
        world.apply(ruled(&fleet, &format!("rule {number}"), crowded(1))).unwrap();
    }
    let refused = world.apply(ruled(&fleet, "one more", crowded(1))).unwrap_err();
    assert_eq!(refused, Error::Quota { what: "scaling policies of a fleet", limit: 50 });
    world.apply(ruled(&fleet, "rule 7", crowded(3))).unwrap();
}

#[test]
fn a_target_without_a_name_takes_the_place_of_no_rule() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    world.apply(ruled(&fleet, "TargetBased", crowded(1))).unwrap();
    assert_eq!(world.apply(target(&fleet, None, 30)).unwrap(), "TargetBased-2");
    assert_eq!(world.apply(target(&fleet, None, 40)).unwrap(), "TargetBased-2");
    assert_eq!(names(&world, &fleet), ["TargetBased", "TargetBased-2"]);
}

#[test]
fn s16_an_adjustment_stays_inside_its_range() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let mut check = |adjustment_type, adjustment, taken| {
        let rule = Rule { adjustment_type, ..crowded(adjustment) };
        assert_eq!(world.apply(ruled(&fleet, "a", rule)).is_ok(), taken, "{adjustment_type} {adjustment}");
    };
    check(AdjustmentType::ChangeInCapacity, 20, true);
    check(AdjustmentType::ChangeInCapacity, 21, false);
    check(AdjustmentType::ExactCapacity, -20, true);
    check(AdjustmentType::ExactCapacity, i64::MIN, false);
    check(AdjustmentType::PercentChangeInCapacity, -99, true);
    check(AdjustmentType::PercentChangeInCapacity, 100, false);
    for percent in [0, 100] {
        assert!(world.apply(target(&fleet, None, percent)).is_err());
    }
    assert!(world.apply(ruled(&fleet, "a", Rule { minutes: 0, ..crowded(1) })).is_err());
}

/// S-4: no automatic settings before the first deployment; S-18: asked at once from then on, in the automatic mode.
#[test]
fn s4_policies_wait_for_the_first_deployment() {
    let mut world = World::new();
    let young = world.create_fleet(&scope(), 1).id;
    let refused = world.apply(target(&young, None, 30)).unwrap_err();
    assert_eq!(refused, Error::NoPolicyNow { fleet: young, status: FleetStatus::New });
    let unknown = FleetId::new("fleet-none");
    assert_eq!(world.apply(target(&unknown, None, 30)).unwrap_err(), Error::FleetNotFound(unknown));

    let fleet = world.active_fleet(&scope(), 1);
    world.apply(target(&fleet, None, 30)).unwrap();
    let asked = |world: &World| world.control_plane.state().scalings.get(&fleet).unwrap().evaluate_at;
    assert_eq!(asked(&world), Some(world.now));
    let mode = |auto_scaling| SetFleetActions { scope: scope(), fleet: fleet.clone(), auto_scaling };
    world.apply(mode(false)).unwrap();
    assert_eq!(asked(&world), None);
    world.apply(mode(true)).unwrap();
    assert_eq!(asked(&world), Some(world.now));
}

#[test]
fn s19_policies_are_removed_by_name_or_all() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let delete = |name: Option<&str>| DeleteScalingPolicy {
        scope: scope(),
        fleet: fleet.clone(),
        name: name.map(str::to_owned),
    };
    world.apply(delete(None)).unwrap();
    for name in ["a", "b", "c"] {
        world.apply(ruled(&fleet, name, crowded(1))).unwrap();
    }
    world.apply(delete(Some("b"))).unwrap();
    assert_eq!(names(&world, &fleet), ["a", "c"]);
    let missing = Error::PolicyNotFound { fleet: fleet.clone(), name: "b".into() };
    assert_eq!(world.apply(delete(Some("b"))).unwrap_err(), missing);
    world.apply(delete(None)).unwrap();
    assert_eq!(names(&world, &fleet), Vec::<String>::new());
    // The row goes with its last policy.
    world.apply(ruled(&fleet, "a", crowded(1))).unwrap();
    world.apply(delete(Some("a"))).unwrap();
    assert!(world.control_plane.state().scalings.is_empty());
}

#[test]
fn policies_of_a_region_are_listed_by_name() {
    let mut world = World::new();
    let (one, two) = (world.active_fleet(&scope(), 1), world.active_fleet(&scope(), 1));
    world.apply(ruled(&one, "b", crowded(1))).unwrap();
    world.apply(ruled(&two, "a", crowded(1))).unwrap();
    world.apply(ruled(&two, "c", crowded(1))).unwrap();
    let state = world.control_plane.state();
    let page = describe(state, &scope(), None, 1, 1).unwrap();
    assert_eq!((page.items[0].name, page.items[0].fleet, page.total), ("b", &one, 3));
    assert_eq!(describe(state, &scope_in("ap-beijing"), None, 0, 9).unwrap().total, 0);
    assert!(describe(state, &scope(), Some(&FleetId::new("fleet-none")), 0, 9).is_err());
}

#[test]
fn f28_a_deleted_fleet_has_no_policies() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    world.apply(target(&fleet, None, 30)).unwrap();
    let empty = crate::capacity::UpdateFleetCapacity {
        scope: scope(),
        fleet: fleet.clone(),
        desired: Some(0),
        min: None,
        max: None,
        scaling_interval_minutes: None,
    };
    world.apply(empty).unwrap();
    let instance = world.instances(&fleet)[0].clone();
    world.report(&instance, crate::host::ReportKind::InstanceStopped).unwrap();
    world.apply(DeleteFleet { scope: scope(), fleet: fleet.clone() }).unwrap();
    let state = world.control_plane.state();
    assert!(state.scalings.is_empty() && state.decision_logs.is_empty());
    let refused = world.apply(target(&fleet, None, 30)).unwrap_err();
    assert_eq!(refused, Error::NoPolicyNow { fleet, status: FleetStatus::Deleting });
}
