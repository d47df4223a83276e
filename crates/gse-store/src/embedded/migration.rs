//! From an older schema to the present one, in one transaction: a crash leaves the old one.
//!
//! How to write one: raise `SCHEMA_VERSION` in gse-core, add a step here that takes the rows of the version before as
//! JSON (never as the types of gse-core, which are those of the newest version), and commit a dump of a database of the
//! version before to `fixtures/` with a test. The journal of an older version is folded first, as text.

use rusqlite::{Transaction, params};
use serde_json::Value;

use super::journal::Entries;
use super::tables::{Tables, set_meta, write};
use crate::StoreError;

/// `archive.after` of the documented clocks: rows that ended before version 2 leave memory this long after their end.
const ARCHIVE_AFTER_MS: i64 = 3_600_000;

/// Brings a database of version `from` to version `to`.
pub(super) fn migrate(
    tables: &mut Tables,
    from: u32,
    to: u32,
    journal: &Entries,
    through: u64,
) -> Result<(), StoreError> {
    let failed = || StoreError::database("migrate from an older version");
    let transaction = tables.connection.transaction().map_err(failed())?;
    Tables::create(&transaction).map_err(failed())?;
    for ((kind, key), row) in journal {
        write(&transaction, *kind, key, row.as_deref()).map_err(failed())?;
    }
    set_meta(&transaction, "folded", &through.to_string()).map_err(failed())?;
    if from < 2 {
        version_2(&transaction)?;
    }
    set_meta(&transaction, "schema_version", &to.to_string()).map_err(failed())?;
    transaction.commit().map_err(failed())
}

/// Rows that are over say when they leave memory.
fn version_2(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    for (table, ended) in
        [("game_server_session", "terminated"), ("player_session", "terminated"), ("placement", "ended")]
    {
        change_rows(transaction, table, |row| {
            if let Some(ended) = row[ended].as_i64() {
                row["archive_at"] = (ended + ARCHIVE_AFTER_MS).into();
            }
        })?;
    }
    // The newest event of each fleet stays: the place of the next one follows from it.
    let failed = || StoreError::database("migrate the events");
    let newest =
        "SELECT json_extract(row, '$.fleet'), max(json_extract(row, '$.sequence')) FROM event GROUP BY 1";
    let newest: Vec<(String, i64)> = transaction
        .prepare(newest)
        .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(failed())?;
    change_rows(transaction, "event", |row| {
        let place =
            (row["fleet"].as_str().unwrap_or_default().to_owned(), row["sequence"].as_i64().unwrap_or(0));
        if let Some(time) = row["time"].as_i64().filter(|_| !newest.contains(&place)) {
            row["archive_at"] = (time + ARCHIVE_AFTER_MS).into();
        }
    })
}

fn change_rows(
    transaction: &Transaction<'_>,
    table: &'static str,
    change: impl Fn(&mut Value),
) -> Result<(), StoreError> {
    let failed = || StoreError::database("migrate the rows of a table");
    let rows: Vec<(String, String)> = transaction
        .prepare(&format!("SELECT key, row FROM \"{table}\""))
        .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(failed())?;
    for (key, text) in rows {
        let read = serde_json::from_str::<Value>(&text);
        let mut row = read.map_err(|source| StoreError::BadRow { table, key: key.clone(), source })?;
        change(&mut row);
        transaction
            .execute(
                &format!("UPDATE \"{table}\" SET row = ?2 WHERE key = ?1"),
                params![key, row.to_string()],
            )
            .map_err(failed())?;
    }
    Ok(())
}
