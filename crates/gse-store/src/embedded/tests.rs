use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::contract::{self, alias};

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
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
        },
    );
}

/// A group whose second change fails leaves nothing of its first.
#[test]
fn a_group_is_kept_whole_or_not_at_all() {
    let (_directory, path) = directory();
    let mut store = EmbeddedStore::open(&path).unwrap();
    store.commit(&[Change::Put(alias("before", ""))]).unwrap();
    store.connection.execute_batch("DROP TABLE event").unwrap();
    let group = [
        Change::Put(alias("first", "")),
        Change::Delete(RowKind::Alias, "before".into()),
        Change::Delete(RowKind::Event, "event-1".into()),
    ];
    assert!(matches!(store.commit(&group), Err(StoreError::Database { attempt: "write a row", .. })));
    drop(store);
    assert_eq!(EmbeddedStore::open(&path).unwrap().load().unwrap(), [alias("before", "")]);
}

/// The settings that make `commit` mean what it says.
#[test]
fn commits_are_synced() {
    let (_directory, path) = directory();
    let store = EmbeddedStore::open(&path).unwrap();
    let pragma = |name: &str| -> String {
        let value =
            store.connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
        format!("{:?}", value.unwrap())
    };
    assert_eq!(
        (pragma("journal_mode").as_str(), pragma("synchronous").as_str()),
        ("Text(\"wal\")", "Integer(2)")
    );
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let (_directory, path) = directory();
    let store = EmbeddedStore::open(&path).unwrap();
    store.connection.execute_batch("UPDATE meta SET value = '999'").unwrap();
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
    store.connection.execute_batch("INSERT INTO alias VALUES ('alias-7', '{}')").unwrap();
    let error = store.load().unwrap_err().to_string();
    assert!(error.contains("`alias-7`") && error.contains("`alias`"), "{error}");
}

/// Rows can be looked at with the database's own tools.
#[test]
fn rows_are_readable_json() {
    let (_directory, path) = directory();
    let mut store = EmbeddedStore::open(&path).unwrap();
    store.commit(&[Change::Put(alias("alias-1", "房间"))]).unwrap();
    let name: String = store
        .connection
        .query_row("SELECT json_extract(row, '$.name') FROM alias", [], |row| row.get(0))
        .unwrap();
    assert_eq!(name, "房间");
}
