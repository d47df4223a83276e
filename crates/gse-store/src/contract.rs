//! What every store must do; `embedded` and `memory` pass the same suite. A store is opened again by `reopen`, as a
//! restart of the service would.

use gse_core::alias::{Alias, RoutingStrategy};
use gse_core::event::{Event, EventCode};
use gse_core::id::{AliasId, EventId, FleetId, Region, Scope, Uin};
use gse_core::state::{Change, Row, RowKind};
use gse_core::time::Timestamp;

use crate::Store;

/// Runs the suite; `open` gives a store over the same rows each time, and `fresh` removes them.
pub(crate) fn check<S: Store>(mut open: impl FnMut() -> S, mut fresh: impl FnMut()) {
    let cases: [fn(&mut dyn FnMut() -> S); 6] = [
        an_empty_store_has_no_rows,
        a_put_row_is_there_after_a_restart,
        a_later_put_wins_within_a_group_and_across_groups,
        a_deleted_row_is_gone,
        rows_come_by_kind_and_key,
        any_text_is_kept,
    ];
    for case in cases {
        fresh();
        case(&mut open);
    }
}

pub(crate) fn alias(id: &str, name: &str) -> Row {
    Row::Alias(Alias {
        id: AliasId::new(id),
        scope: Scope { uin: Uin::new("1"), region: Region::new("ap-shanghai") },
        name: name.into(),
        description: String::new(),
        routing: RoutingStrategy::Simple(FleetId::new("fleet-1")),
        tags: Vec::new(),
        created: Timestamp::from_seconds(1),
        updated: Timestamp::from_seconds(2),
    })
}

fn event(id: &str) -> Row {
    Row::Event(Event {
        id: EventId::new(id),
        fleet: FleetId::new("fleet-1"),
        sequence: 0,
        code: EventCode::FleetCreated,
        time: Timestamp::from_seconds(3),
        message: "created".into(),
        log: None,
    })
}

fn commit<S: Store>(store: &mut S, changes: &[Change]) {
    store.commit(changes).unwrap();
}

fn an_empty_store_has_no_rows<S: Store>(open: &mut dyn FnMut() -> S) {
    assert_eq!(open().load().unwrap(), []);
}

fn a_put_row_is_there_after_a_restart<S: Store>(open: &mut dyn FnMut() -> S) {
    let mut store = open();
    commit(&mut store, &[Change::Put(alias("alias-1", "one"))]);
    assert_eq!(store.load().unwrap(), [alias("alias-1", "one")]);
    drop(store);
    assert_eq!(open().load().unwrap(), [alias("alias-1", "one")]);
}

fn a_later_put_wins_within_a_group_and_across_groups<S: Store>(open: &mut dyn FnMut() -> S) {
    let mut store = open();
    commit(&mut store, &[Change::Put(alias("a", "1")), Change::Put(alias("a", "2"))]);
    assert_eq!(store.load().unwrap(), [alias("a", "2")]);
    commit(&mut store, &[Change::Put(alias("a", "3"))]);
    drop(store);
    assert_eq!(open().load().unwrap(), [alias("a", "3")]);
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
    assert_eq!(open().load().unwrap(), [alias("b", ""), event("a")]);
}

fn rows_come_by_kind_and_key<S: Store>(open: &mut dyn FnMut() -> S) {
    let mut store = open();
    for key in ["b", "a", "B", "é", "aa"] {
        commit(&mut store, &[Change::Put(event(key)), Change::Put(alias(key, ""))]);
    }
    drop(store);
    let rows = open().load().unwrap();
    let found: Vec<_> = rows.iter().map(|row| (row.kind(), row.key())).collect();
    let mut sorted = found.clone();
    sorted.sort();
    assert_eq!((found.len(), &found), (10, &sorted));
}

fn any_text_is_kept<S: Store>(open: &mut dyn FnMut() -> S) {
    let names = ["房间-1", "'; DROP TABLE alias; --", "line\nline\u{0}", "\"", ""];
    let rows: Vec<Row> =
        names.iter().enumerate().map(|(at, name)| alias(&format!("alias-{at}"), name)).collect();
    let changes: Vec<Change> = rows.iter().cloned().map(Change::Put).collect();
    commit(&mut open(), &changes);
    assert_eq!(open().load().unwrap(), rows);
}
