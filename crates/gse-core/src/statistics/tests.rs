use std::time::Duration;

use super::*;
use crate::error::Error;
use crate::fixture::{World, scope};
use crate::host::ReportKind;

const HOUR: u64 = 3600;

fn query(fleet: Option<&FleetId>, begin: &str, end: &str) -> StatisticsQuery {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    StatisticsQuery { scope: scope(), fleet: fleet.cloned(), begin: text(begin), end: text(end), ahead_s: 0 }
}

fn lives(world: &World) -> Vec<InstanceLife> {
    world.control_plane.state().instance_lives.values().cloned().collect()
}

impl World {
    fn used(&self, query: &StatisticsQuery) -> i64 {
        let state = self.control_plane.state();
        used_seconds(state, query, range(state, query, self.now).unwrap())
    }

    /// The begin of each bucket, and its seconds; the oldest first.
    fn flows(&self, query: &StatisticsQuery) -> Vec<(String, i64)> {
        let state = self.control_plane.state();
        let page = flows(state, query, range(state, query, self.now).unwrap(), (0, 100));
        page.items.iter().rev().map(|bucket| (bucket.begin.to_iso(), bucket.used_seconds)).collect()
    }

    /// Begin, end and instance of each row.
    fn details(&self, query: &StatisticsQuery) -> Vec<(String, String, String)> {
        let state = self.control_plane.state();
        let page = details(state, query, range(state, query, self.now).unwrap(), (0, 100));
        let text = |detail: &Detail<'_>| {
            (detail.begin.to_iso(), detail.end.to_iso(), detail.life.instance.to_string())
        };
        page.items.iter().map(text).collect()
    }

    fn refusal(&self, query: &StatisticsQuery) -> Error {
        range(self.control_plane.state(), query, self.now).unwrap_err()
    }
}

/// The world begins at 2021-01-01T12:00:00Z.
#[test]
fn time_counts_from_running_to_gone_and_is_cut_at_hours() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.deploy(&instance);
    world.pass_seconds(60);
    assert_eq!(lives(&world), []);
    world.ready(&instance);
    world.pass_seconds(2 * HOUR);
    let all = query(None, "", "");
    assert_eq!(world.used(&all), 2 * HOUR as i64);
    assert_eq!(
        world.flows(&query(Some(&fleet), "2021-01-01 11:30:00", "2021-01-01 13:30:00")),
        [
            ("2021-01-01T11:00:00Z".to_owned(), 0),
            ("2021-01-01T12:00:00Z".to_owned(), 3540),
            ("2021-01-01T13:00:00Z".to_owned(), 1800),
        ]
    );
    world.report(&instance, ReportKind::InstanceStopped).unwrap();
    world.pass_seconds(HOUR);
    assert_eq!(world.used(&all), 2 * HOUR as i64);
    let row = |begin: &str, end: &str| {
        (format!("2021-01-01T{begin}Z"), format!("2021-01-01T{end}Z"), instance.to_string())
    };
    let of_it: Vec<_> = world.details(&all).into_iter().filter(|row| row.2 == instance.as_str()).collect();
    assert_eq!(
        of_it,
        [row("14:00:00", "14:01:00"), row("13:00:00", "14:00:00"), row("12:01:00", "13:00:00")]
    );
    // What ended stays, and outlives a restart.
    world.restart();
    assert_eq!(world.used(&all), 2 * HOUR as i64);
}

#[test]
fn days_are_those_of_the_clock_of_the_requests() {
    let mut world = World::new();
    world.active_fleet(&scope(), 1);
    world.pass(Duration::from_secs(3 * 24 * HOUR));
    let mut query = query(None, "2021-01-01 00:00:00", "2021-01-04 00:00:00");
    let day = |begin: &str, hours: u64| (format!("{begin}:00:00Z"), (hours * HOUR) as i64);
    let days = world.flows(&query);
    assert_eq!(days, [day("2021-01-01T00", 12), day("2021-01-02T00", 24), day("2021-01-03T00", 24)]);
    query.ahead_s = 8 * HOUR as i64;
    let days = world.flows(&query);
    assert_eq!(days, [day("2020-12-31T16", 4), day("2021-01-01T16", 24), day("2021-01-02T16", 24)]);
}

/// Neither while the machine slept nor while the service was down did anybody see that the instance ran.
#[test]
fn what_nobody_saw_is_not_counted() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    world.pass_seconds(600);
    world.now = world.now.plus(Duration::from_secs(10 * HOUR));
    world.restart();
    world.pass_seconds(300);
    let seen: Vec<_> = lives(&world).iter().map(|life| (life.ended.is_some(), life.fleet.clone())).collect();
    assert_eq!(seen, [(true, fleet.clone()), (false, fleet)]);
    assert_eq!(world.used(&query(None, "", "")), 900);
}

#[test]
fn an_instance_that_is_lost_does_not_run_until_it_is_made_again() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    let instance = world.instances(&fleet)[0].clone();
    let process = world.control_plane.state().processes_of(&instance).next().unwrap().id.clone();
    world.pass_seconds(100);
    let end = crate::host::ProcessEnd::Lost;
    world.report(&instance, ReportKind::ProcessEnded { process, end, log: String::new() }).unwrap();
    world.pass_seconds(100);
    assert_eq!(world.used(&query(None, "", "")), 100);
    world.deploy(&instance);
    world.ready(&instance);
    world.pass_seconds(100);
    assert_eq!(world.used(&query(None, "", "")), 200);
    assert_eq!(lives(&world).len(), 2);
}

#[test]
fn lives_are_forgotten_after_their_time() {
    let mut world = World::new();
    world.clocks.statistics_retention = Duration::from_secs(HOUR);
    let fleet = world.active_fleet(&scope(), 1);
    let instance = world.instances(&fleet)[0].clone();
    world.report(&instance, ReportKind::InstanceStopped).unwrap();
    let ended = |world: &World| lives(world).iter().filter(|life| life.ended.is_some()).count();
    world.pass_seconds(HOUR - 1);
    assert_eq!(ended(&world), 1);
    world.pass_seconds(2);
    assert_eq!(ended(&world), 0);
}

#[test]
fn ranges_have_a_default_and_limits() {
    let world = World::new();
    let state = world.control_plane.state();
    let of = |begin: &str, end: &str| range(state, &query(None, begin, end), world.now).unwrap();
    let day = of("", "");
    assert_eq!((day.begin.to_iso(), day.end), ("2020-12-31T12:00:00Z".to_owned(), world.now));
    assert_eq!(of("2020-12-30 12:00:00", "").granularity, Granularity::Hour);
    assert_eq!(of("2020-12-30 11:59:59", "").granularity, Granularity::Day);
    assert_eq!(of("2020-12-30T20:00:00+08:00", "").begin, of("2020-12-30 12:00:00", "").begin);
    assert_eq!(of("2020-12-01 12:00:00", "").granularity, Granularity::Day);
    // What is still to come has not run.
    assert_eq!(of("", "2021-01-01 13:00:00").end, world.now);
    let refused = |begin: &str, end: &str| match world.refusal(&query(None, begin, end)) {
        Error::Invalid { member, .. } => member,
        other => panic!("{other}"),
    };
    assert_eq!(refused("2020-12-01 11:59:59", ""), "BeginTime");
    assert_eq!(refused("2021-01-01 12:00:01", ""), "BeginTime");
    assert_eq!(refused("2020-13-01 00:00:00", ""), "BeginTime");
    assert_eq!(refused("", "2021-01-01"), "EndTime");
    let unknown = FleetId::new("fleet-none");
    assert_eq!(world.refusal(&query(Some(&unknown), "", "")), Error::FleetNotFound(unknown));
}
