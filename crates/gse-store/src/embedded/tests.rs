use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::contract::{self, alias, loaded};

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.sqlite3");
    (directory, path)
}

#[test]
fn the_embedded_store_keeps_the_contract() {
    let (directory, path) = directory();
    contract::check(
        || EmbeddedStore::open(&path).unwrap(),
        || {
            for entry in fs::read_dir(directory.path()).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
            }
        },
    );
}

/// As `kill -9` leaves it: nothing is folded any more.
fn crash(store: EmbeddedStore) {
    let mut store = std::mem::ManuallyDrop::new(store);
    // Wait, so that the thread of the dead store does not go on beside the next one.
    store.folder.wait().unwrap();
}

fn put(key: &str, name: &str) -> Change {
    Change::Put(alias(key, name))
}

fn segments(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path.with_extension("journal")).unwrap();
    let mut segments: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    segments.sort();
    segments
}

fn load(path: &Path) -> Vec<Row> {
    loaded(&mut EmbeddedStore::open(path).unwrap())
}

/// A group of which any part is missing is dropped whole, and what was acknowledged before it stays.
#[test]
fn a_torn_last_group_is_dropped_and_the_rest_is_kept() {
    let (directory, path) = directory();
    let mut store = EmbeddedStore::open(&path).unwrap();
    store.commit(&[put("a", "1")]).unwrap();
    let whole = fs::read(&segments(&path)[0]).unwrap().len();
    store.commit(&[put("a", "2"), put("b", "2")]).unwrap();
    // So that the file alone is a copy of the tables.
    store.tables.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    crash(store);
    let segment = segments(&path)[0].clone();
    let bytes = fs::read(&segment).unwrap();
    for length in (whole..bytes.len()).step_by(61) {
        for filling in [0, 300] {
            let mut torn = bytes[..length].to_vec();
            // A file system may have made the file longer before it wrote what is in it.
            torn.resize(length + filling, 0);
            fs::write(&segment, &torn).unwrap();
            let copy = directory.path().join(format!("{length}-{filling}.sqlite3"));
            fs::copy(&path, &copy).unwrap();
            fs::create_dir_all(copy.with_extension("journal")).unwrap();
            fs::copy(&segment, copy.with_extension("journal").join(segment.file_name().unwrap())).unwrap();
            assert_eq!(load(&copy), [alias("a", "1")], "{length} of {} bytes", bytes.len());
            // And it goes on from there.
            let mut store = EmbeddedStore::open(&copy).unwrap();
            store.commit(&[put("c", "3")]).unwrap();
            crash(store);
            assert_eq!(load(&copy), [alias("a", "1"), alias("c", "3")]);
        }
    }
}

/// Damage before the end is not a torn group: nothing may be dropped silently.
#[test]
fn a_damaged_group_before_the_end_is_refused_and_left_alone() {
    let (_directory, path) = directory();
    let mut store = EmbeddedStore::open(&path).unwrap();
    store.commit(&[put("a", "1")]).unwrap();
    store.commit(&[put("a", "2")]).unwrap();
    crash(store);
    let segment = segments(&path)[0].clone();
    let mut bytes = fs::read(&segment).unwrap();
    bytes[40] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let error = EmbeddedStore::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::DamagedJournal { last: 0, .. }), "{error:?}");
    assert!(error.to_string().contains("hint: "), "{error}");
    assert_eq!(fs::read(&segment).unwrap(), bytes);
}

/// A part of the journal that is missing is not taken for an end.
#[test]
fn a_hole_in_the_journal_is_refused() {
    let (_directory, path) = directory();
    for name in ["1", "2", "3"] {
        let mut store = EmbeddedStore::open(&path).unwrap();
        store.commit(&[put("a", name)]).unwrap();
        crash(store);
    }
    fs::remove_file(&segments(&path)[1]).unwrap();
    let error = EmbeddedStore::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::DamagedJournal { last: 1, .. }), "{error:?}");
}

/// A crash after any step of a fold: some rows written, all of them, the number of the group, some segments removed.
#[test]
fn a_crash_between_any_two_steps_of_a_fold_loses_nothing() {
    let wanted = [alias("a", "3"), alias("c", "2")];
    for step in 0..5 {
        let (_directory, path) = directory();
        for group in [
            vec![put("a", "1"), put("b", "1")],
            vec![put("a", "2"), put("c", "2")],
            vec![put("a", "3"), Change::Delete(RowKind::Alias, "b".into())],
        ] {
            let mut store = EmbeddedStore::open(&path).unwrap();
            store.commit(&group).unwrap();
            crash(store);
        }
        let mut tables = Tables::open(&path, Part::Fold).unwrap();
        let rows = [("a", Some("3")), ("b", None), ("c", Some("2"))];
        let written = [0, 2, 3, 3, 3][step];
        let transaction = tables.connection.transaction().unwrap();
        for (key, name) in &rows[..written] {
            let text = name.map(|name| crate::memory::row_text(&alias(key, name)).unwrap());
            tables::write(&transaction, RowKind::Alias, key, text.as_deref()).unwrap();
        }
        if step >= 3 {
            set_meta(&transaction, "folded", "3").unwrap();
        }
        transaction.commit().unwrap();
        drop(tables);
        if step >= 4 {
            // Removed in any order: the oldest is still there.
            fs::remove_file(&segments(&path)[1]).unwrap();
            fs::remove_file(&segments(&path)[1]).unwrap();
        }
        assert_eq!(load(&path), wanted, "step {step}");
        let mut store = EmbeddedStore::open(&path).unwrap();
        store.commit(&[put("d", "4")]).unwrap();
        crash(store);
        assert_eq!(load(&path).len(), 3, "step {step}");
    }
}

/// A crash after a row was archived and before the group was appended: it is in memory again, and archived again later.
#[test]
fn a_crash_between_archive_and_journal_keeps_the_row() {
    let (_directory, path) = directory();
    let mut store = EmbeddedStore::open(&path).unwrap();
    store.commit(&[put("a", "1")]).unwrap();
    store.tables.archive(&[(&alias("a", "1"), Timestamp::from_seconds(9))]).unwrap();
    crash(store);
    assert_eq!(load(&path), [alias("a", "1")]);
}

/// What was committed is in the tables after `settle`, and the journal is short again.
#[test]
fn settle_brings_the_tables_up_to_date() {
    let (_directory, path) = directory();
    let mut store = EmbeddedStore::open(&path).unwrap();
    for number in 0..600 {
        store.commit(&[put(&format!("alias-{number}"), "x"), put("a", &number.to_string())]).unwrap();
    }
    store.settle(Timestamp::default()).unwrap();
    store.folder.wait().unwrap();
    let query = "SELECT count(*), max(json_extract(row, '$.name')) FROM alias";
    let found: (i64, String) =
        store.tables.connection.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!((found.0, segments(&path).len()), (601, 0));
    assert_eq!(loaded(&mut store).len(), 601);
    crash(store);
    assert_eq!(load(&path).len(), 601);
}

/// No room for the journal: the commit fails with what to do, nothing that was acknowledged is lost, and with room
/// again it goes on.
#[test]
fn a_full_disk_stops_the_store_and_loses_nothing() {
    let (_directory, path) = directory();
    let mut store = EmbeddedStore::open(&path).unwrap();
    store.commit(&[put("a", "1")]).unwrap();
    crash(store);
    let mut store = EmbeddedStore::open(&path).unwrap();
    // The device that is always full, in place of the next part of the journal.
    let full = path.with_extension("journal").join(format!("{:020}.journal", 2));
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    let error = store.commit(&[put("a", "2")]).unwrap_err();
    assert!(error.to_string().contains("hint: the disk is full"), "{error}");
    // Not even when there seems to be room: nobody knows what the file holds.
    assert!(store.commit(&[put("a", "3")]).is_err());
    crash(store);
    fs::remove_file(&full).unwrap();
    let mut store = EmbeddedStore::open(&path).unwrap();
    assert_eq!(loaded(&mut store), [alias("a", "1")]);
    store.commit(&[put("a", "2")]).unwrap();
    crash(store);
    assert_eq!(load(&path), [alias("a", "2")]);
}

/// No room for the tables: told by the next commit, and the journal keeps everything.
#[test]
fn a_full_disk_while_folding_is_told_and_loses_nothing() {
    let (_directory, path) = directory();
    let mut store = EmbeddedStore::open(&path).unwrap();
    let mut tables = Tables::open(&path, Part::Fold).unwrap();
    tables.connection.pragma_update(None, "max_page_count", 1).unwrap();
    let pages: i64 = tables.connection.pragma_query_value(None, "max_page_count", |row| row.get(0)).unwrap();
    let name = "x".repeat(4000);
    store.commit(&(0..pages + 9).map(|key| put(&key.to_string(), &name)).collect::<Vec<_>>()).unwrap();
    let rows = store.unfolded.clone();
    let error = fold::fold(&mut tables, &rows, 1).unwrap_err();
    assert!(error.to_string().contains("hint: the disk is full"), "{error}");
    crash(store);
    assert_eq!(load(&path).len(), rows.len());
}

/// The settings that make `commit` mean what it says.
#[test]
fn commits_are_synced() {
    let (_directory, path) = directory();
    let store = EmbeddedStore::open(&path).unwrap();
    let pragma = |name: &str| -> String {
        let connection = &store.tables.connection;
        let value = connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
        format!("{:?}", value.unwrap())
    };
    assert_eq!(
        (pragma("journal_mode").as_str(), pragma("synchronous").as_str()),
        ("Text(\"wal\")", "Integer(2)")
    );
}

/// A database that version 1 of this program wrote: sessions, players and placements of all kinds, events.
fn version_1(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(include_str!("../../fixtures/version-1.sql")).unwrap();
}

#[test]
fn version_1_is_migrated() {
    let (_directory, path) = directory();
    version_1(&path);
    let mut store = EmbeddedStore::open(&path).unwrap();
    let rows = loaded(&mut store);
    assert_eq!(rows.len(), 24);
    let deadline = |key: &str| {
        let row = rows.iter().find(|row| row.key().ends_with(key)).unwrap_or_else(|| panic!("no {key}"));
        row.deadline().map(Timestamp::millis)
    };
    let hour = 3_600_000;
    // Over: an hour after the end. Live: what it waits for.
    assert_eq!(deadline("gssess-0001"), Some(1_609_502_400_200 + hour));
    assert_eq!(deadline("gssess-0002"), None);
    assert_eq!(deadline("psess-0001"), Some(1_609_502_400_200 + hour));
    assert_eq!(deadline("psess-0002"), Some(1_609_502_400_140 + 60_000));
    assert_eq!(
        deadline("100000000001/ap-shanghai/place-1").map(|at| at > 1_609_502_400_000 + hour),
        Some(true)
    );
    assert_eq!(deadline("event-0001"), Some(1_609_502_400_020 + hour));
    assert_eq!(deadline("event-0008"), None);
    let control_plane = gse_core::ControlPlane::restore(rows.clone());
    assert_eq!(control_plane.state().game_server_sessions.len(), 3);
    // It is the new version now, and opens as such.
    drop(store);
    assert_eq!(check_existing(&path, SCHEMA_VERSION).unwrap(), 2);
    assert_eq!(load(&path), rows);
}

/// A migration that fails leaves the old version as it was.
#[test]
fn a_migration_is_whole_or_not_at_all() {
    let (_directory, path) = directory();
    version_1(&path);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("INSERT INTO event VALUES ('event-9', 'no json')").unwrap();
    drop(connection);
    let error = EmbeddedStore::open(&path).unwrap_err();
    assert_eq!(check_existing(&path, SCHEMA_VERSION).unwrap(), 1, "{error}");
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let (_directory, path) = directory();
    let store = EmbeddedStore::open(&path).unwrap();
    store.tables.connection.execute_batch("UPDATE meta SET value = '999'").unwrap();
    drop(store);
    let before = fs::read(&path).unwrap();
    let error = EmbeddedStore::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 999, known: SCHEMA_VERSION, .. }), "{error:?}");
    assert!(error.to_string().contains("hint: "), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_alone() {
    let (_directory, path) = directory();
    let text =
        b"this is somebody's diary, and it is longer than a database header would be, by far".repeat(9);
    fs::write(&path, &text).unwrap();
    let error = EmbeddedStore::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert_eq!(fs::read(&path).unwrap(), text);
}

#[test]
fn a_database_of_something_else_is_refused() {
    let (_directory, path) = directory();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE diary (text)").unwrap();
    let error = EmbeddedStore::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
}

#[test]
fn a_damaged_row_is_named() {
    let (_directory, path) = directory();
    let mut store = EmbeddedStore::open(&path).unwrap();
    store.tables.connection.execute_batch("INSERT INTO alias VALUES ('alias-7', '{}')").unwrap();
    let error = store.load().unwrap_err().to_string();
    assert!(error.contains("`alias-7`") && error.contains("`alias`"), "{error}");
}

/// Rows can be looked at with the database's own tools.
#[test]
fn rows_are_readable_json() {
    let (_directory, path) = directory();
    let mut store = EmbeddedStore::open(&path).unwrap();
    store.commit(&[Change::Put(alias("alias-1", "房间"))]).unwrap();
    store.settle(Timestamp::default()).unwrap();
    store.folder.wait().unwrap();
    let name: String = store
        .tables
        .connection
        .query_row("SELECT json_extract(row, '$.name') FROM alias", [], |row| row.get(0))
        .unwrap();
    assert_eq!(name, "房间");
}
