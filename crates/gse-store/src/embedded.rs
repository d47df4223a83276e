//! Rows in one SQLite file: a table per kind of row, one transaction per group of steps.
//!
//! `journal_mode=WAL` with `synchronous=FULL` syncs the log at each commit: what was acknowledged survives `kill -9` and
//! the loss of power. A file that cannot be used is never written to.

use std::path::Path;

use gse_core::state::{Change, Row, RowKind, SCHEMA_VERSION};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};

use crate::memory::{read_row, write_row};
use crate::{Store, StoreError};

/// Marks the file as ours: "GSE1" in the database header.
const APPLICATION_ID: i64 = 0x4753_4531;

/// The embedded store.
#[derive(Debug)]
pub struct EmbeddedStore {
    connection: Connection,
}

impl EmbeddedStore {
    /// Opens the file, or makes it when there is none. The caller holds the lock of the data directory.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        let is_new = !path.exists() || path.metadata().is_ok_and(|file| file.len() == 0);
        if !is_new {
            check_existing(path, &name)?;
        }
        let connection = Connection::open(path).map_err(StoreError::database("open the file"))?;
        let mut store = Self { connection };
        store.configure().map_err(StoreError::database("configure the file"))?;
        store.create_tables().map_err(StoreError::database("create the tables"))?;
        Ok(store)
    }

    fn configure(&self) -> rusqlite::Result<()> {
        self.connection.pragma_update(None, "journal_mode", "WAL")?;
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        self.connection.pragma_update(None, "application_id", APPLICATION_ID)
    }

    /// Additive: a kind of row that a newer program brings gets its table here.
    fn create_tables(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        transaction
            .execute_batch("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")?;
        for kind in RowKind::ALL {
            transaction.execute_batch(&format!(
                "CREATE TABLE IF NOT EXISTS \"{}\" (key TEXT PRIMARY KEY, row TEXT NOT NULL) WITHOUT ROWID",
                kind.table_name()
            ))?;
        }
        transaction.execute(
            "INSERT INTO meta (key, value) VALUES ('schema_version', ?1) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [SCHEMA_VERSION.to_string()],
        )?;
        transaction.commit()
    }
}

/// Looks at an existing file without changing it.
fn check_existing(path: &Path, name: &str) -> Result<(), StoreError> {
    let unreadable = |source| StoreError::Unreadable { path: name.to_owned(), source };
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(unreadable)?;
    let application: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(unreadable)?;
    if application != APPLICATION_ID {
        return Err(StoreError::Foreign { path: name.to_owned() });
    }
    let version: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE key = 'schema_version'", [], |row| row.get(0))
        .optional()
        .map_err(unreadable)?;
    match version.and_then(|text| text.parse::<u32>().ok()) {
        Some(found) if found > SCHEMA_VERSION => {
            Err(StoreError::NewerSchema { path: name.to_owned(), found, known: SCHEMA_VERSION })
        }
        Some(_) => Ok(()),
        None => Err(StoreError::Foreign { path: name.to_owned() }),
    }
}

impl Store for EmbeddedStore {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        for &kind in RowKind::ALL {
            for (key, text) in self.read_table(kind).map_err(StoreError::database("read the rows"))? {
                rows.push(read_row(kind, &key, &text)?);
            }
        }
        Ok(rows)
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let failed = StoreError::database("commit a group of steps");
        let transaction = match self.connection.transaction() {
            Ok(transaction) => transaction,
            Err(source) => return Err(failed(source)),
        };
        for change in changes {
            write_change(&transaction, change)?;
        }
        transaction.commit().map_err(failed)
    }
}

impl EmbeddedStore {
    fn read_table(&self, kind: RowKind) -> rusqlite::Result<Vec<(String, String)>> {
        let query = format!("SELECT key, row FROM \"{}\" ORDER BY key", kind.table_name());
        let mut statement = self.connection.prepare(&query)?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }
}

/// A transaction that is dropped without a commit is rolled back.
fn write_change(transaction: &Transaction<'_>, change: &Change) -> Result<(), StoreError> {
    let written = match change {
        Change::Put(row) => {
            let text = write_row(row)?;
            let query =
                format!("INSERT OR REPLACE INTO \"{}\" (key, row) VALUES (?1, ?2)", row.kind().table_name());
            let statement = transaction.prepare_cached(&query);
            statement.and_then(|mut statement| statement.execute(params![row.key(), text]))
        }
        Change::Delete(kind, key) => {
            let query = format!("DELETE FROM \"{}\" WHERE key = ?1", kind.table_name());
            let statement = transaction.prepare_cached(&query);
            statement.and_then(|mut statement| statement.execute([key]))
        }
    };
    written.map(drop).map_err(StoreError::database("write a row"))
}

#[cfg(test)]
mod tests;
