//! The tables of the SQLite file: a table per kind of row as of the last fold, and the archive.

use std::path::Path;

use gse_core::archive::{ArchiveProperties, ArchiveQuestion};
use gse_core::state::{Row, RowKind};
use gse_core::time::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params, params_from_iter};

use crate::memory::{read_row, row_text};
use crate::{Archive, StoreError};

/// Marks the file as ours: "GSE1" in the database header.
const APPLICATION_ID: i64 = 0x4753_4531;
/// How long one connection waits for the other's transaction.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);
/// Pages of the log after which the fold writes them into the file: 16 MiB.
const LOG_PAGES: i64 = 4096;

/// Memory for pages while the journal is folded: the upper levels of the largest tables, and the leaves of many rows.
const FOLD_CACHE_KIB: i64 = 32 << 10;

/// One connection to the file.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) connection: Connection,
}

/// Who opens the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Reads at the start and writes the archive: never has to move the log.
    Commit,
    /// Writes what the journal holds.
    Fold,
}

impl Tables {
    pub(super) fn open(path: &Path, part: Part) -> Result<Self, StoreError> {
        let connection = Connection::open(path).map_err(StoreError::database("open the file"))?;
        let tables = Self { connection };
        tables.configure(part).map_err(StoreError::database("configure the file"))?;
        Ok(tables)
    }

    fn configure(&self, part: Part) -> rusqlite::Result<()> {
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        self.connection.pragma_update(None, "journal_mode", "WAL")?;
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        let pages = if part == Part::Fold { LOG_PAGES } else { 0 };
        if part == Part::Fold {
            self.connection.pragma_update(None, "cache_size", -FOLD_CACHE_KIB)?;
        }
        self.connection.pragma_update(None, "wal_autocheckpoint", pages)?;
        self.connection.pragma_update(None, "application_id", APPLICATION_ID)
    }

    /// Additive: a kind of row that a newer program brings gets its table here. Rows lie in the order in which they
    /// came, because those that change at the same time came at the same time; only the index is in the order of keys,
    /// which is random. Files of earlier versions have the rows in the order of keys; every statement works on both.
    pub(super) fn create(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        transaction
            .execute_batch("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")?;
        for kind in RowKind::ALL {
            transaction.execute_batch(&format!(
                "CREATE TABLE IF NOT EXISTS \"{}\" (key TEXT NOT NULL UNIQUE, row TEXT NOT NULL)",
                kind.table_name()
            ))?;
        }
        transaction.execute_batch(
            "CREATE TABLE IF NOT EXISTS archive (
                kind TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, until INTEGER NOT NULL,
                scope TEXT, fleet TEXT, session TEXT, player TEXT, status TEXT, custom_id TEXT, token TEXT,
                row TEXT NOT NULL, UNIQUE (kind, key));
            CREATE INDEX IF NOT EXISTS archive_by_fleet ON archive (kind, fleet, position DESC, key)
                WHERE fleet IS NOT NULL AND kind != 'player_session';
            CREATE INDEX IF NOT EXISTS archive_by_session ON archive (session, position DESC, key)
                WHERE session IS NOT NULL;
            CREATE INDEX IF NOT EXISTS archive_by_player ON archive (player, position DESC, key)
                WHERE player IS NOT NULL;
            CREATE INDEX IF NOT EXISTS archive_by_token ON archive (fleet, token) WHERE token IS NOT NULL;
            CREATE INDEX IF NOT EXISTS archive_by_custom_id ON archive (fleet, custom_id)
                WHERE custom_id IS NOT NULL;
            CREATE INDEX IF NOT EXISTS archive_by_until ON archive (until);",
        )
    }

    pub(super) fn folded(&self) -> rusqlite::Result<u64> {
        let text: Option<String> = self
            .connection
            .query_row("SELECT value FROM meta WHERE key = 'folded'", [], |row| row.get(0))
            .optional()?;
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Gives each stored row of a kind, in no order, as long as `each` wants more.
    pub(super) fn each(
        &self,
        kind: RowKind,
        mut each: impl FnMut(&str, &str) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let failed = || StoreError::database("read the rows");
        let query = format!("SELECT key, row FROM \"{}\"", kind.table_name());
        let mut statement = self.connection.prepare(&query).map_err(failed())?;
        let mut rows = statement.query([]).map_err(failed())?;
        while let Some(row) = rows.next().map_err(failed())? {
            let text = |at| row.get_ref(at).and_then(|value| Ok(value.as_str()?));
            each(text(0).map_err(failed())?, text(1).map_err(failed())?)?;
        }
        Ok(())
    }

    /// Puts rows into the archive, all or none; a row of the same kind and key is replaced.
    pub(super) fn archive(&mut self, rows: &[(&Row, Timestamp)]) -> Result<(), StoreError> {
        let failed = || StoreError::database("archive ended rows");
        let transaction = self.connection.transaction().map_err(failed())?;
        for (row, until) in rows {
            let found_by = row.archive_properties();
            let ArchiveProperties { key, scope, fleet, session, player, status, custom_id, token } = found_by;
            let (kind, position, text) = (row.kind().table_name(), row.archive_position(), row_text(row)?);
            let written = transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO archive (kind, key, position, until, scope, fleet, session, player, \
                     status, custom_id, token, row) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                )
                .and_then(|mut statement| {
                    let values = params![
                        kind, key, position, until.millis(), scope, fleet, session, player, status, custom_id,
                        token, text
                    ];
                    statement.execute(values)
                });
            written.map_err(failed())?;
        }
        transaction.commit().map_err(failed())
    }
}

/// Writes stored forms; a transaction that is dropped without a commit is rolled back.
pub(super) fn write(
    transaction: &Transaction<'_>,
    kind: RowKind,
    key: &str,
    row: Option<&str>,
) -> rusqlite::Result<()> {
    match row {
        Some(row) => {
            let query = format!(
                "INSERT INTO \"{}\" (key, row) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET row = excluded.row",
                kind.table_name()
            );
            transaction.prepare_cached(&query)?.execute(params![key, row]).map(drop)
        }
        None => {
            let query = format!("DELETE FROM \"{}\" WHERE key = ?1", kind.table_name());
            transaction.prepare_cached(&query)?.execute([key]).map(drop)
        }
    }
}

pub(super) fn set_meta(transaction: &Transaction<'_>, key: &str, value: &str) -> rusqlite::Result<()> {
    let query = "INSERT INTO meta (key, value) VALUES (?1, ?2) \
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    transaction.execute(query, [key, value]).map(drop)
}

/// Looks at an existing file without changing it, and says its schema version.
pub(super) fn check_existing(path: &Path, known: u32) -> Result<u32, StoreError> {
    let name = path.display().to_string();
    let unreadable = |source| StoreError::Unreadable { path: name.clone(), source };
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(unreadable)?;
    let application: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(unreadable)?;
    if application != APPLICATION_ID {
        return Err(StoreError::Foreign { path: name });
    }
    let version: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE key = 'schema_version'", [], |row| row.get(0))
        .optional()
        .map_err(unreadable)?;
    match version.and_then(|text| text.parse::<u32>().ok()) {
        Some(found) if found > known => Err(StoreError::NewerSchema { path: name, found, known }),
        Some(found) => Ok(found),
        None => Err(StoreError::Foreign { path: name }),
    }
}

/// Reads the archive beside the writer: in WAL mode neither waits for the other.
#[derive(Debug)]
pub(super) struct EmbeddedArchive {
    connection: Connection,
}

impl EmbeddedArchive {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = || StoreError::database("open the archive");
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed())?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed())?;
        Ok(Self { connection })
    }
}

impl Archive for EmbeddedArchive {
    fn read(&mut self, question: &ArchiveQuestion, now: Timestamp) -> Result<Vec<Row>, StoreError> {
        let failed = || StoreError::database("read the archive");
        let ArchiveQuestion { kind, properties, after, limit } = question;
        let mut query = String::from("SELECT key, row FROM archive WHERE kind = ? AND until > ?");
        let mut values: Vec<Value> = vec![kind.table_name().to_owned().into(), now.millis().into()];
        let ArchiveProperties { key, scope, fleet, session, player, status, custom_id, token } = properties;
        let columns = [
            ("key", key),
            ("scope", scope),
            ("fleet", fleet),
            ("session", session),
            ("player", player),
            ("status", status),
            ("custom_id", custom_id),
            ("token", token),
        ];
        for (column, value) in columns {
            if let Some(value) = value {
                query.push_str(&format!(" AND {column} = ?"));
                values.push(value.clone().into());
            }
        }
        if *kind != RowKind::PlayerSession {
            // Lets the planner use the index that leaves them out.
            query.push_str(" AND kind != 'player_session'");
        }
        if let Some((position, key)) = after {
            query.push_str(" AND (position < ? OR (position = ? AND key > ?))");
            values.extend([(*position).into(), (*position).into(), key.clone().into()]);
        }
        query.push_str(" ORDER BY position DESC, key LIMIT ?");
        values.push(i64::try_from(*limit).unwrap_or(i64::MAX).into());
        let mut statement = self.connection.prepare_cached(&query).map_err(failed())?;
        let mut found = statement.query(params_from_iter(values)).map_err(failed())?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(failed())? {
            let text = |at| row.get_ref(at).and_then(|value| Ok(value.as_str()?));
            rows.push(read_row(*kind, text(0).map_err(failed())?, text(1).map_err(failed())?)?);
        }
        Ok(rows)
    }
}
