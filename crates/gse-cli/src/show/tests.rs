//! The look of tables and lines, and which events are new.

use gse_api::types::{Event, InstanceCounts};
use gse_core::Timestamp;

use super::age;
use super::events::{Told, line};
use super::fleets::instances;
use super::table::Table;

#[test]
fn a_table_is_as_wide_as_what_is_in_it() {
    let mut table = Table::new(&["FLEET", "NAME", "AGE"]);
    table.row(["fleet-1".into(), "näher".into(), "5m".into()]);
    table.row(["f".into(), "two\nlines".into(), "120s".into()]);
    assert_eq!(
        table.text(),
        "FLEET    NAME       AGE\n\
         fleet-1  näher      5m\n\
         f        two lines  120s\n"
    );
}

#[test]
fn instances_on_their_way_are_shown() {
    let counts = InstanceCounts { active: 2, desired: 3, ..InstanceCounts::default() };
    assert_eq!(instances(&counts), "2/3");
    assert_eq!(instances(&InstanceCounts { pending: 1, terminating: 4, ..counts }), "2/3 +1 -4");
}

#[test]
fn ages_are_round() {
    let now = Timestamp::parse_iso("2026-11-20T12:00:00Z").unwrap();
    let table = [
        ("2026-11-20T11:59:18Z", "42s"),
        ("2026-11-20T11:58:01Z", "119s"),
        ("2026-11-20T11:55:00Z", "5m"),
        ("2026-11-20T09:30:00Z", "2h"),
        ("2026-11-01T12:00:00Z", "19d"),
        ("2026-11-20T12:00:09Z", "0s"),
        ("", "-"),
    ];
    for (time, expected) in table {
        assert_eq!(age(time, now), expected, "{time}");
    }
}

fn event(id: &str) -> Event {
    Event { event_id: id.into(), ..Event::default() }
}

#[test]
fn an_event_is_told_once() {
    let mut told = Told::default();
    let ids = |events: Vec<Event>| events.into_iter().map(|event| event.event_id).collect::<Vec<_>>();
    let page = |newest: u32| (1..=newest).rev().map(|id| event(&id.to_string())).collect::<Vec<_>>();
    let (new, met) = told.new_ones("fleet-1", page(3));
    assert_eq!((ids(new), met), (vec!["3".into(), "2".into(), "1".into()], false));
    told.note("fleet-1", Some(&event("3")));
    let (new, met) = told.new_ones("fleet-1", page(5));
    assert_eq!((ids(new), met), (vec!["5".into(), "4".into()], true));
    told.note("fleet-1", None);
    let (new, met) = told.new_ones("fleet-1", page(3));
    assert_eq!((ids(new), met), (vec![], true));
}

#[test]
fn an_event_is_a_line() {
    let event = Event {
        event_code: "FLEET_STATE_ACTIVE".into(),
        event_time: "2026-11-20T12:00:00Z".into(),
        message: "it\nruns".into(),
        pre_signed_log_url: "http://x".into(),
        resource_id: "fleet-1".into(),
        ..Event::default()
    };
    let expected =
        "2026-11-20T12:00:00Z  FLEET_STATE_ACTIVE                        fleet-1  it runs (has a log)\n";
    assert_eq!(line(&event), expected);
}
