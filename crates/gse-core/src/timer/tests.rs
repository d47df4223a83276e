use std::time::Duration;

use super::*;
use crate::capacity::UpdateFleetCapacity;
use crate::capacity::policy::{NewPolicy, PutScalingPolicy};
use crate::capacity::rule_based::{AdjustmentType, Comparison, Metric, Rule};
use crate::capacity::threshold::Threshold;
use crate::event::Event;
use crate::fixture::{World, scope, scope_in};
use crate::fleet::DeleteFleet;
use crate::fleet::copy::CopyFleet;

/// The fixture's clock starts on Friday 2021-01-01 at 12:00:00 UTC.
const START: &str = "2021-01-01T12:00:00Z";
const HOUR_S: u64 = 3600;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_iso(text).unwrap()
}

fn settings(min: u32, max: u32, desired: u32, mode: ScalingMode) -> TimerSettings {
    TimerSettings {
        min: Some(min),
        max: Some(max),
        desired: Some(desired),
        scaling_interval_minutes: 7,
        mode: Some(mode),
    }
}

fn once(fleet: &FleetId, name: &str, begin: &str, desired: u32) -> PutTimerScalingPolicy {
    PutTimerScalingPolicy {
        scope: scope(),
        timer: None,
        fleet: fleet.clone(),
        name: name.into(),
        schedule: Schedule { recurrence: Recurrence::Once, begin: at(begin), end: None },
        settings: settings(1, 3, desired, ScalingMode::Manual),
        stopped: false,
    }
}

fn repeated(
    fleet: &FleetId,
    name: &str,
    recurrence: Recurrence,
    begin: &str,
    end: &str,
) -> PutTimerScalingPolicy {
    let schedule = Schedule { recurrence, begin: at(begin), end: Some(at(end)) };
    PutTimerScalingPolicy { schedule, ..once(fleet, name, begin, 2) }
}

fn capacity(world: &mut World, fleet: &FleetId, desired: u32) {
    let command = UpdateFleetCapacity {
        scope: scope(),
        fleet: fleet.clone(),
        desired: Some(desired),
        min: Some(0),
        max: Some(5),
        scaling_interval_minutes: None,
    };
    world.apply(command).unwrap();
}

fn status(world: &World, id: &TimerId) -> TimerStatus {
    world.control_plane.state().timers.get(id).unwrap().status(world.now)
}

/// The events that timers wrote, oldest first.
fn events(world: &World, fleet: &FleetId) -> Vec<Event> {
    let archived = world.archived.iter().filter_map(|(row, _)| match row {
        crate::Row::Event(row) => Some(row.as_ref()),
        _ => None,
    });
    let events = world.control_plane.state().events.values().chain(archived);
    let of_timers = events.filter(|event| event.fleet == *fleet && event.message.contains("timer `"));
    let mut events: Vec<Event> = of_timers.cloned().collect();
    events.sort_by_key(|event| event.sequence);
    events
}

/// Their codes and messages.
fn history(world: &World, fleet: &FleetId) -> Vec<(String, String)> {
    events(world, fleet).into_iter().map(|event| (event.code.to_string(), event.message)).collect()
}

#[test]
fn s42_a_timer_runs_once_and_the_last_writer_wins() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let timer = world.apply(once(&fleet, "match day", "2021-01-01T12:01:00Z", 3)).unwrap();
    assert_eq!(timer.id.as_str(), "timerId-0001");
    world.pass_seconds(59);
    assert_eq!(status(&world, &timer.id), TimerStatus::NotYetInForce);
    assert_eq!((world.fleet(&fleet).capacity.desired, world.fleet(&fleet).auto_scaling), (1, true));
    world.pass_seconds(1);
    assert_eq!(status(&world, &timer.id), TimerStatus::Expired);
    let row = world.fleet(&fleet);
    let crate::capacity::Capacity { min, max, desired, scaling_interval_minutes, changed } = row.capacity;
    assert_eq!((min, max, desired, scaling_interval_minutes), (1, 3, 3, 7));
    assert_eq!((row.auto_scaling, changed), (false, Some(world.now)));
    assert_eq!(world.instances(&fleet).len(), 3);
    let event = "timer `match day` set the capacity: from 1 to 3 instances; desired 3, min 1, max 3";
    assert_eq!(history(&world, &fleet), [("FLEET_SCALING_EVENT".into(), event.into())]);
    capacity(&mut world, &fleet, 1);
    world.pass_seconds(10 * HOUR_S);
    assert_eq!((world.fleet(&fleet).capacity.desired, history(&world, &fleet).len()), (1, 1));
}

#[test]
fn s43_a_timer_by_week_runs_until_its_end() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let weekly = Recurrence::Weekly([1, 3].into());
    // A Tuesday; the end is a Wednesday.
    let put = repeated(&fleet, "w", weekly, "2021-01-05T10:00:00Z", "2021-01-20T10:00:00Z");
    let timer = world.apply(put).unwrap();
    let mut seen = vec![];
    while world.now < at("2021-01-22T00:00:00Z") {
        world.pass_seconds(12 * HOUR_S);
        world.restart();
        seen.push((world.now.to_iso(), status(&world, &timer.id)));
    }
    let due: Vec<String> =
        events(&world, &fleet).iter().map(|event| event.time.to_iso()[..13].into()).collect();
    assert_eq!(due, ["2021-01-06T10", "2021-01-11T10", "2021-01-13T10", "2021-01-18T10", "2021-01-20T10"]);
    let first = |wanted| seen.iter().find(|(_, status)| *status == wanted).unwrap().0.as_str();
    assert_eq!(first(TimerStatus::NotYetInForce), "2021-01-02T00:00:00Z");
    assert_eq!(first(TimerStatus::InForce), "2021-01-05T12:00:00Z");
    assert_eq!(first(TimerStatus::Expired), "2021-01-20T12:00:00Z");
    assert_eq!(world.control_plane.state().timers.get(&timer.id).unwrap().next, None);
}

/// The timers of 3.8: X, the user at 13:00, and Y, whose policy shrinks at once to what 30 sessions need.
#[test]
fn t1_settings_stay_until_something_else_changes_them() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 10);
    let days = |name, begin, sizes: (u32, Option<u32>), mode| {
        let put = repeated(&fleet, name, Recurrence::EveryDays(1), begin, "2021-02-01T00:00:00Z");
        let settings = TimerSettings { desired: sizes.1, ..settings(sizes.0, 10, 5, mode) };
        PutTimerScalingPolicy { settings, ..put }
    };
    world.apply(days("X", "2021-01-02T11:50:00Z", (5, Some(5)), ScalingMode::Manual)).unwrap();
    let automatic = ScalingMode::Automatic { target_percent: 20 };
    world.apply(days("Y", "2021-01-02T14:00:00Z", (1, None), automatic)).unwrap();
    let is_at = |world: &mut World, time: &str| {
        world.pass(at(time).since(world.now));
        let fleet = world.fleet(&fleet);
        (fleet.capacity.desired, fleet.auto_scaling)
    };
    assert_eq!(is_at(&mut world, "2021-01-02T11:49:59Z"), (1, true));
    assert_eq!(is_at(&mut world, "2021-01-02T11:50:00Z"), (5, false));
    assert_eq!(is_at(&mut world, "2021-01-02T13:00:00Z"), (5, false));
    let (scope, desired, min, max) = (scope(), Some(7), None, None);
    let user = UpdateFleetCapacity {
        scope,
        fleet: fleet.clone(),
        desired,
        min,
        max,
        scaling_interval_minutes: None,
    };
    world.apply(user).unwrap();
    for instance in world.instances(&fleet).into_iter().skip(1) {
        world.deploy(&instance);
        (0..10).for_each(|_| drop(world.ready(&instance)));
    }
    world.pass_seconds(10);
    (0..30).for_each(|_| drop(world.active_session(&fleet)));
    assert_eq!(is_at(&mut world, "2021-01-02T13:59:59Z"), (7, false));
    assert_eq!(is_at(&mut world, "2021-01-02T14:00:00Z"), (4, true));
    let target = world.control_plane.state().scalings.get(&fleet).unwrap().target().unwrap().1;
    assert_eq!((target, world.fleet(&fleet).capacity.min), (20, 1));
    assert_eq!(is_at(&mut world, "2021-01-03T11:50:00Z"), (5, false));
}

/// What only an older timer of the same second wanted does not happen: nothing is started to be ended.
#[test]
fn t5_the_older_of_two_starts_nothing() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    world.apply(once(&fleet, "older", "2021-01-01T13:00:00Z", 3)).unwrap();
    world.apply(once(&fleet, "younger", "2021-01-01T13:00:00Z", 1)).unwrap();
    world.pass_seconds(HOUR_S);
    assert_eq!((events(&world, &fleet).len(), world.instances(&fleet).len()), (2, 1));
}

#[test]
fn t5_of_two_in_one_second_the_younger_wins() {
    for (first, second) in [(".9Z", ".1Z"), ("Z", "Z")] {
        let mut world = World::new();
        let fleet = world.active_fleet(&scope(), 1);
        let begin = |fraction| format!("2021-01-01T13:00:00{fraction}");
        world.apply(once(&fleet, "older", &begin(first), 1)).unwrap();
        world.apply(once(&fleet, "younger", &begin(second), 2)).unwrap();
        world.pass_seconds(HOUR_S + 5);
        assert_eq!((world.fleet(&fleet).capacity.desired, history(&world, &fleet).len()), (2, 2));
        // An update does not make a timer younger.
        let id = TimerId::new("timerId-0001");
        let again =
            PutTimerScalingPolicy { timer: Some(id), ..once(&fleet, "older", "2021-01-01T14:00:00Z", 1) };
        world.apply(again).unwrap();
        let third = once(&fleet, "youngest", "2021-01-01T14:00:00Z", 3);
        world.apply(third).unwrap();
        world.pass_seconds(HOUR_S);
        assert_eq!(world.fleet(&fleet).capacity.desired, 3);
    }
}

/// Down for three days: one run of each timer, in the order in which their latest runs were due.
#[test]
fn t6_only_the_latest_missed_run_is_made_up() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let daily = |name, begin| repeated(&fleet, name, Recurrence::EveryDays(1), begin, "2021-01-31T00:00:00Z");
    let mut every_day = daily("every day", "2021-01-02T11:50:00Z");
    every_day.settings.desired = Some(3);
    world.apply(every_day).unwrap();
    world.apply(once(&fleet, "first day", "2021-01-02T14:00:00Z", 1)).unwrap();
    let over =
        repeated(&fleet, "over", Recurrence::EveryDays(2), "2021-01-02T09:00:00Z", "2021-01-03T00:00:00Z");
    let over = world.apply(over).unwrap();
    // Nobody wakes it for three days.
    world.now = at("2021-01-05T12:00:00Z");
    world.restart();
    world.pass(Duration::ZERO);
    let told = history(&world, &fleet);
    let names: Vec<&str> = told.iter().map(|(_, message)| message.split('`').nth(1).unwrap()).collect();
    assert_eq!(names, ["over", "first day", "every day"]);
    let last = |name: &str| {
        let timer = of_fleet(world.control_plane.state(), &fleet).find(|timer| timer.name == name).unwrap();
        timer.last.unwrap().to_iso()
    };
    assert_eq!(last("every day"), "2021-01-05T11:50:00Z");
    assert_eq!(last("over"), "2021-01-02T09:00:00Z");
    assert_eq!((world.fleet(&fleet).capacity.desired, status(&world, &over.id)), (3, TimerStatus::Expired));
    world.pass_seconds(23 * HOUR_S);
    assert_eq!(history(&world, &fleet).len(), 3);
    world.pass_seconds(HOUR_S);
    assert_eq!(history(&world, &fleet).len(), 4);
}

#[test]
fn t7_an_invalid_run_is_skipped_and_said() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let daily = Recurrence::EveryDays(1);
    let put = repeated(&fleet, "big", daily, "2021-01-01T13:00:00Z", "2021-02-01T00:00:00Z");
    let timer = world.apply(put).unwrap();
    world.quotas.instances = 2;
    let before = world.fleet(&fleet);
    world.pass_seconds(HOUR_S);
    assert_eq!(world.fleet(&fleet), before);
    let message = "timer `big` (timerId-0001), due at 2021-01-01T13:00:00Z, was skipped: the fleets of the region \
                   would add up to 3 instances; the quota is 2";
    assert_eq!(history(&world, &fleet), [("GENERIC_EVENT".into(), message.into())]);
    assert_eq!(status(&world, &timer.id), TimerStatus::InForce);
    world.quotas.instances = 20;
    world.pass_seconds(24 * HOUR_S);
    assert_eq!(world.fleet(&fleet).capacity.desired, 2);
}

/// A timer makes no policy that PutScalingPolicy would refuse (2.4).
#[test]
fn t7_a_run_that_needs_a_fifty_first_policy_is_skipped() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let rule = |number: usize| {
        let rule = Rule {
            metric: Metric::CurrentPlayerSessions,
            comparison: Comparison::GreaterOrEqual,
            threshold: Threshold::parse("5").unwrap(),
            minutes: 3,
            adjustment_type: AdjustmentType::ChangeInCapacity,
            adjustment: 1,
        };
        NewPolicy::RuleBased { name: format!("rule {number}"), rule }
    };
    for policy in (0..50).map(rule) {
        world.apply(PutScalingPolicy { scope: scope(), fleet: fleet.clone(), policy }).unwrap();
    }
    let automatic = settings(1, 3, 2, ScalingMode::Automatic { target_percent: 30 });
    let put =
        PutTimerScalingPolicy { settings: automatic, ..once(&fleet, "peak", "2021-01-01T13:00:00Z", 2) };
    world.apply(put).unwrap();
    let before = world.fleet(&fleet).capacity;
    world.pass_seconds(HOUR_S);
    let scaling = world.control_plane.state().scalings.get(&fleet).unwrap();
    assert_eq!((scaling.policies.len(), scaling.target()), (50, None));
    assert_eq!(world.fleet(&fleet).capacity, before);
    let [(_, message)] = history(&world, &fleet).try_into().unwrap();
    assert!(message.contains("was skipped") && message.contains("scaling policies of a fleet"), "{message}");
}

#[test]
fn t7_a_fleet_that_is_not_active_is_left_alone() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    world.apply(once(&fleet, "early", "2021-01-01T12:00:01Z", 3)).unwrap();
    world.pass_seconds(1);
    let [(code, message)] = history(&world, &fleet).try_into().unwrap();
    assert_eq!(code, "GENERIC_EVENT");
    assert!(message.contains("was skipped: fleet `fleet-0001` is NEW, not ACTIVE"), "{message}");
    assert_eq!(world.fleet(&fleet).capacity, crate::capacity::Capacity::NEW_FLEET);
}

#[test]
fn t4_a_stopped_timer_does_not_run_and_goes_on_when_it_is_started() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let daily =
        repeated(&fleet, "d", Recurrence::EveryDays(1), "2021-01-01T13:00:00Z", "2021-01-05T00:00:00Z");
    let timer = world.apply(daily.clone()).unwrap();
    let change = |stopped| PutTimerScalingPolicy { timer: Some(timer.id.clone()), stopped, ..daily.clone() };
    world.apply(change(true)).unwrap();
    assert_eq!(status(&world, &timer.id), TimerStatus::Stopped);
    world.pass_seconds(30 * HOUR_S);
    assert_eq!(history(&world, &fleet), []);
    let restarted = world.apply(change(false)).unwrap();
    assert_eq!(restarted.next, Some(at("2021-01-03T13:00:00Z")));
    assert_eq!((restarted.created, status(&world, &timer.id)), (at(START), TimerStatus::InForce));
    world.apply(change(true)).unwrap();
    world.pass_seconds(72 * HOUR_S);
    assert_eq!((history(&world, &fleet), status(&world, &timer.id)), (vec![], TimerStatus::Expired));
}

/// Replacing a definition in the second of a run does not take the run twice.
#[test]
fn an_update_in_the_second_of_a_run_does_not_repeat_it() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let daily =
        repeated(&fleet, "d", Recurrence::EveryDays(1), "2021-01-01T12:00:00Z", "2021-01-05T00:00:00Z");
    let timer = world.apply(daily.clone()).unwrap();
    world.pass(Duration::from_millis(10));
    assert_eq!(history(&world, &fleet).len(), 1);
    world.apply(PutTimerScalingPolicy { timer: Some(timer.id), ..daily }).unwrap();
    world.pass(Duration::from_millis(10));
    assert_eq!(history(&world, &fleet).len(), 1);
    world.pass_seconds(24 * HOUR_S);
    assert_eq!(history(&world, &fleet).len(), 2);
}

#[test]
fn what_cannot_be_is_refused() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let first = world.apply(once(&fleet, "taken", "2021-01-01T13:00:00Z", 1)).unwrap();
    let mut refused = |put: PutTimerScalingPolicy| world.apply(put).unwrap_err().to_string();
    let name = once(&fleet, "taken", "2021-01-01T13:00:00Z", 1);
    assert!(refused(name).contains("a name that no other timer of the fleet has"));
    let nobody = PutTimerScalingPolicy {
        timer: Some(TimerId::new("timerId-9")),
        ..once(&fleet, "a", "2021-01-01T13:00:00Z", 1)
    };
    assert!(refused(nobody).starts_with("timer `timerId-9` does not exist"));
    let elsewhere = PutTimerScalingPolicy {
        scope: scope_in("na-siliconvalley"),
        timer: Some(first.id),
        ..once(&fleet, "a", "2021-01-01T13:00:00Z", 1)
    };
    assert!(refused(elsewhere).starts_with("timer `timerId-0001` does not exist"));
    assert!(
        refused(once(&FleetId::new("fleet-9"), "a", "2021-01-01T13:00:00Z", 1))
            .starts_with("fleet `fleet-9`")
    );
    assert!(refused(once(&fleet, "a", "2021-01-01T11:59:59Z", 1)).contains("runs then and only then"));
    let daily = |begin, end| repeated(&fleet, "a", Recurrence::EveryDays(1), begin, end);
    assert!(
        refused(daily("2021-01-02T00:00:00Z", "2021-01-02T00:00:00Z")).contains("a time after BeginTime")
    );
    assert!(refused(daily("2020-01-02T00:00:00Z", "2020-12-31T00:00:00Z")).contains("a time in the future"));
    let mut large = once(&fleet, "a", "2021-01-01T13:00:00Z", 1);
    large.settings.max = Some(21);
    assert!(refused(large).contains("the quota is 20"));
    for number in 1..MAX_TIMERS {
        world.apply(once(&fleet, &format!("timer {number}"), "2021-01-01T13:00:00Z", 1)).unwrap();
    }
    let error = world.apply(once(&fleet, "one more", "2021-01-01T13:00:00Z", 1)).unwrap_err();
    assert_eq!(error, Error::Quota { what: "timers of a fleet", limit: MAX_TIMERS });
}

#[test]
fn t8_timers_are_found_by_fleet_name_and_time() {
    let mut world = World::new();
    let fleets = [world.active_fleet(&scope(), 1), world.active_fleet(&scope(), 1)];
    let daily = Recurrence::EveryDays(1);
    world
        .apply(repeated(&fleets[0], "b", daily.clone(), "2021-01-02T00:00:00Z", "2021-01-10T00:00:00Z"))
        .unwrap();
    world.apply(once(&fleets[0], "a", "2021-01-05T00:00:00Z", 1)).unwrap();
    world.apply(repeated(&fleets[1], "a", daily, "2021-01-20T00:00:00Z", "2021-02-10T00:00:00Z")).unwrap();
    let all =
        TimerQuery { scope: scope(), fleet: None, name: None, from: None, to: None, offset: 0, limit: 20 };
    let found = |query: TimerQuery| {
        let page = describe(world.control_plane.state(), &query).unwrap();
        let names =
            page.items.iter().map(|timer| timer.id.as_str().trim_start_matches("timerId-000").to_owned());
        (names.collect::<Vec<_>>().join(" "), page.total)
    };
    assert_eq!(found(all.clone()), ("1 2 3".into(), 3));
    assert_eq!(found(TimerQuery { offset: 1, limit: 1, ..all.clone() }), ("2".into(), 3));
    assert_eq!(found(TimerQuery { fleet: Some(fleets[1].clone()), ..all.clone() }).0, "3");
    assert_eq!(found(TimerQuery { name: Some("a".into()), ..all.clone() }).0, "2 3");
    assert_eq!(found(TimerQuery { scope: scope_in("na-siliconvalley"), ..all.clone() }).0, "");
    let between = |from: &str, to: &str| TimerQuery { from: Some(at(from)), to: Some(at(to)), ..all.clone() };
    assert_eq!(found(between("2021-01-05T00:00:00Z", "2021-01-06T00:00:00Z")).0, "1 2");
    assert_eq!(found(between("2021-01-05T00:00:00.001Z", "2021-01-20T00:00:00Z")).0, "1 3");
    assert_eq!(found(between("2021-01-11T00:00:00Z", "2021-01-19T00:00:00Z")).0, "");
    let state = world.control_plane.state();
    assert!(describe(state, &between("2021-01-11T00:00:00Z", "2021-01-10T00:00:00Z")).is_err());
    let unknown = TimerQuery { fleet: Some(FleetId::new("fleet-9")), ..all };
    assert_eq!(describe(state, &unknown), Err(Error::FleetNotFound(FleetId::new("fleet-9"))));
}

#[test]
fn t8_deleting_needs_one_that_all_names_agree_on() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let other = world.active_fleet(&scope(), 1);
    let timer = world.apply(once(&fleet, "a", "2021-01-01T13:00:00Z", 2)).unwrap().id;
    world.apply(once(&other, "a", "2021-01-01T13:00:00Z", 2)).unwrap();
    let delete =
        |timer: Option<&TimerId>, fleet: Option<&FleetId>, name: Option<&str>| DeleteTimerScalingPolicy {
            scope: scope(),
            timer: timer.cloned(),
            fleet: fleet.cloned(),
            name: name.map(Into::into),
        };
    let not_found = |text: &str| Err(Error::TimerNotFound(text.into()));
    assert_eq!(world.apply(delete(None, None, None)), Err(Error::Missing { member: "TimerId" }));
    assert_eq!(world.apply(delete(None, Some(&fleet), None)), Err(Error::Missing { member: "TimerName" }));
    assert_eq!(world.apply(delete(None, None, Some("a"))), Err(Error::Missing { member: "FleetId" }));
    assert_eq!(world.apply(delete(Some(&timer), Some(&other), None)), not_found("timerId-0001"));
    assert_eq!(world.apply(delete(Some(&timer), None, Some("b"))), not_found("timerId-0001"));
    assert_eq!(world.apply(delete(None, Some(&fleet), Some("b"))), not_found("b"));
    world.pass_seconds(HOUR_S);
    world.apply(delete(None, Some(&fleet), Some("a"))).unwrap();
    // What it did stays.
    assert_eq!((world.fleet(&fleet).capacity.desired, world.fleet(&fleet).auto_scaling), (2, false));
    assert_eq!(world.apply(delete(Some(&timer), None, None)), not_found("timerId-0001"));
    assert_eq!(world.control_plane.state().timers.len(), 1);
}

#[test]
fn f26_and_f28_timers_are_copied_and_go_with_their_fleet() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    world.apply(once(&fleet, "done", "2021-01-01T12:00:00Z", 1)).unwrap();
    let stopped =
        repeated(&fleet, "s", Recurrence::EveryDays(1), "2021-01-01T13:00:00Z", "2021-01-05T00:00:00Z");
    world.apply(PutTimerScalingPolicy { stopped: true, ..stopped }).unwrap();
    world.apply(once(&fleet, "later", "2021-01-01T18:00:00Z", 2)).unwrap();
    world.pass_seconds(1);
    let copy = |with_timers| CopyFleet { with_timers, ..crate::fixture::copy_request(&fleet, 1) };
    let without = world.apply(copy(false)).unwrap()[0].id.clone();
    let with = world.apply(copy(true)).unwrap()[0].id.clone();
    let state = world.control_plane.state();
    assert_eq!(of_fleet(state, &without).count(), 0);
    let of_copy: Vec<_> =
        of_fleet(state, &with).map(|timer| (timer.name.as_str(), timer.status(world.now))).collect();
    let wanted =
        [("done", TimerStatus::Expired), ("s", TimerStatus::Stopped), ("later", TimerStatus::NotYetInForce)];
    assert_eq!(of_copy, wanted);
    capacity(&mut world, &fleet, 0);
    for instance in world.instances(&fleet) {
        world.report(&instance, crate::host::ReportKind::InstanceStopped).unwrap();
    }
    world.apply(DeleteFleet { scope: scope(), fleet: fleet.clone() }).unwrap();
    assert_eq!(of_fleet(world.control_plane.state(), &fleet).count(), 0);
    let error = world.apply(once(&fleet, "a", "2021-01-01T13:00:00Z", 1)).unwrap_err();
    assert_eq!(error, Error::FleetNotFound(fleet));
}
