//! What every store must do; `embedded` and `memory` pass the same suite. A store is opened again by `reopen`, as a
//! restart of the service would.

use gse_core::alias::{Alias, RoutingStrategy};
use gse_core::archive::{ArchiveProperties, ArchiveQuestion};
use gse_core::event::{Event, EventCode};
use gse_core::id::{AliasId, EventId, FleetId, Region, Scope, Uin};
use gse_core::state::{Change, Row, RowKind};
use gse_core::time::Timestamp;

use crate::Store;

/// Runs the suite; `open` gives a store over the same rows each time, and `fresh` removes them.
pub(crate) fn check<S: Store>(mut open: impl FnMut() -> S, mut fresh: impl FnMut()) {
    let cases: [fn(&mut dyn FnMut() -> S); 10] = [
        an_empty_store_has_no_rows,
        a_put_row_is_there_after_a_restart,
        a_later_put_wins_within_a_group_and_across_groups,
        a_deleted_row_is_gone,
        each_row_comes_once,
        any_text_is_kept,
        an_archived_row_is_read_from_the_archive_only,
        the_archive_gives_pages_in_order,
        archived_rows_are_forgotten_at_their_time,
        a_row_archived_twice_is_there_once,
    ];
    for case in cases {
        fresh();
        case(&mut open);
    }
}

pub(crate) fn alias(id: &str, name: &str) -> Row {
    Row::from(Alias {
        id: AliasId::new(id),
        scope: Scope { uin: Uin::new("1"), region: Region::new("ap-shanghai") },
        name: name.into(),
        description: String::new(),
        routing: RoutingStrategy::Simple(FleetId::new("fleet-1")),
        tags: Vec::new(),
        created: Timestamp::from_seconds(1),
        updated: Timestamp::from_seconds(2),
        canary: None,
    })
}

fn event(id: &str) -> Row {
    event_at(id, 0, EventCode::FleetCreated)
}

fn event_at(id: &str, sequence: u64, code: EventCode) -> Row {
    Row::from(Event {
        id: EventId::new(id),
        fleet: FleetId::new("fleet-1"),
        sequence,
        code,
        time: Timestamp::from_seconds(3),
        message: "created".into(),
        log: None,
        archive_at: None,
        observations: Default::default(),
    })
}

/// Every row, by kind and then by key.
pub(crate) fn loaded<S: Store>(store: &mut S) -> Vec<Row> {
    let mut rows = store.load().unwrap();
    rows.sort_by_cached_key(|row| (row.kind(), row.key()));
    rows
}

fn commit<S: Store>(store: &mut S, changes: &[Change]) {
    store.commit(changes).unwrap();
}

fn an_empty_store_has_no_rows<S: Store>(open: &mut dyn FnMut() -> S) {
    assert_eq!(loaded(&mut open()), []);
}

fn a_put_row_is_there_after_a_restart<S: Store>(open: &mut dyn FnMut() -> S) {
    let mut store = open();
    commit(&mut store, &[Change::Put(alias("alias-1", "one"))]);
    assert_eq!(loaded(&mut store), [alias("alias-1", "one")]);
    drop(store);
    assert_eq!(loaded(&mut open()), [alias("alias-1", "one")]);
}

fn a_later_put_wins_within_a_group_and_across_groups<S: Store>(open: &mut dyn FnMut() -> S) {
    let mut store = open();
    commit(&mut store, &[Change::Put(alias("a", "1")), Change::Put(alias("a", "2"))]);
    assert_eq!(loaded(&mut store), [alias("a", "2")]);
    commit(&mut store, &[Change::Put(alias("a", "3"))]);
    drop(store);
    assert_eq!(loaded(&mut open()), [alias("a", "3")]);
}

fn a_deleted_row_is_gone<S: Store>(open: &mut dyn FnMut() -> S) {
    let mut store = open();
    commit(&mut store, &[Change::Put(alias("a", "")), Change::Put(alias("b", "")), Change::Put(event("a"))]);
    // One of the same group, one of an earlier group, one that never was; the event of the same key stays.
    commit(
        &mut store,
        &[
            Change::Put(alias("c", "")),
            Change::Delete(RowKind::Alias, "c".into()),
            Change::Delete(RowKind::Alias, "a".into()),
            Change::Delete(RowKind::Alias, "nobody".into()),
        ],
    );
    drop(store);
    assert_eq!(loaded(&mut open()), [alias("b", ""), event("a")]);
}

fn each_row_comes_once<S: Store>(open: &mut dyn FnMut() -> S) {
    let mut store = open();
    let keys = ["B", "a", "aa", "b", "é"];
    for key in keys {
        commit(&mut store, &[Change::Put(event(key)), Change::Put(alias(key, ""))]);
    }
    drop(store);
    let rows: Vec<_> =
        keys.iter().map(|key| alias(key, "")).chain(keys.iter().map(|key| event(key))).collect();
    assert_eq!(loaded(&mut open()), rows);
}

fn any_text_is_kept<S: Store>(open: &mut dyn FnMut() -> S) {
    let names = ["房间-1", "'; DROP TABLE alias; --", "line\nline\u{0}", "\"", ""];
    let rows: Vec<Row> =
        names.iter().enumerate().map(|(at, name)| alias(&format!("alias-{at}"), name)).collect();
    let changes: Vec<Change> = rows.iter().cloned().map(Change::Put).collect();
    commit(&mut open(), &changes);
    assert_eq!(loaded(&mut open()), rows);
}

const UNTIL: Timestamp = Timestamp::from_seconds(1000);

fn archive(row: Row) -> Change {
    Change::Archive { row, until: UNTIL }
}

fn keys(rows: &[Row]) -> Vec<String> {
    rows.iter().map(Row::key).collect()
}

fn of_fleet(fleet: &str) -> ArchiveQuestion {
    ArchiveQuestion {
        kind: RowKind::Event,
        properties: ArchiveProperties { fleet: Some(fleet.into()), ..ArchiveProperties::default() },
        after: None,
        limit: 100,
    }
}

/// As soon as the commit returned, also for a reader that was there before; and after a restart.
fn an_archived_row_is_read_from_the_archive_only<S: Store>(open: &mut dyn FnMut() -> S) {
    let mut store = open();
    let mut reader = store.archive().unwrap();
    let now = Timestamp::from_seconds(1);
    let mut find = |key: &str| reader.read(&ArchiveQuestion::key(RowKind::Event, key), now).unwrap();
    commit(&mut store, &[Change::Put(event("a")), Change::Put(event("b"))]);
    assert_eq!(find("a"), []);
    commit(&mut store, &[Change::Put(alias("a", "")), archive(event("a"))]);
    assert_eq!((find("a"), find("b")), (vec![event("a")], vec![]));
    assert_eq!(loaded(&mut store), [alias("a", ""), event("b")]);
    drop(store);
    let mut store = open();
    assert_eq!(loaded(&mut store), [alias("a", ""), event("b")]);
    let found = store.archive().unwrap().read(&ArchiveQuestion::key(RowKind::Event, "a"), now);
    assert_eq!(found.unwrap(), [event("a")]);
}

fn the_archive_gives_pages_in_order<S: Store>(open: &mut dyn FnMut() -> S) {
    let mut store = open();
    let scaling = EventCode::FleetScalingEvent;
    let rows = [event_at("e", 1, scaling), event_at("d", 2, scaling), event_at("c", 2, scaling), event("b")];
    commit(&mut store, &rows.map(archive));
    let mut reader = store.archive().unwrap();
    let mut read = |question: ArchiveQuestion| keys(&reader.read(&question, Timestamp::default()).unwrap());
    assert_eq!(read(of_fleet("fleet-1")), ["c", "d", "e", "b"]);
    assert_eq!(read(ArchiveQuestion { limit: 2, ..of_fleet("fleet-1") }), ["c", "d"]);
    assert_eq!(
        read(ArchiveQuestion { after: Some((2, "c".into())), ..of_fleet("fleet-1") }),
        ["d", "e", "b"]
    );
    assert_eq!(read(ArchiveQuestion { after: Some((1, "x".into())), ..of_fleet("fleet-1") }), ["b"]);
    assert_eq!(read(of_fleet("fleet-2")), [""; 0]);
    let mut question = of_fleet("fleet-1");
    question.properties.status = Some("FLEET_CREATED".into());
    assert_eq!(read(question), ["b"]);
}

fn archived_rows_are_forgotten_at_their_time<S: Store>(open: &mut dyn FnMut() -> S) {
    let mut store = open();
    commit(&mut store, &[archive(event("a"))]);
    let mut reader = store.archive().unwrap();
    let mut read = |now: Timestamp| reader.read(&of_fleet("fleet-1"), now).unwrap().len();
    let just_before = Timestamp::from_millis(UNTIL.millis() - 1);
    // Before it is deleted it is hidden.
    assert_eq!((read(just_before), read(UNTIL)), (1, 0));
    store.settle(just_before).unwrap();
    drop(store);
    let mut store = open();
    assert_eq!(read(just_before), 1);
    store.settle(UNTIL).unwrap();
    drop(store);
    let store = open();
    let found = store.archive().unwrap().read(&of_fleet("fleet-1"), just_before);
    assert_eq!(found.unwrap(), []);
}

/// A crash can leave a row in the archive that is still in memory, and it is archived again later.
fn a_row_archived_twice_is_there_once<S: Store>(open: &mut dyn FnMut() -> S) {
    let mut store = open();
    commit(&mut store, &[archive(event_at("a", 1, EventCode::FleetCreated))]);
    commit(&mut store, &[archive(event_at("a", 2, EventCode::FleetCreated))]);
    let found = store.archive().unwrap().read(&of_fleet("fleet-1"), Timestamp::default()).unwrap();
    assert_eq!(found, [event_at("a", 2, EventCode::FleetCreated)]);
}
