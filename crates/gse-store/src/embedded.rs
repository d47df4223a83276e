//! Rows on a disk: a journal with one entry per group of steps, and behind it one SQLite file.
//!
//! * `commit` appends the group to the journal and syncs it: that is all a caller waits for. What was acknowledged
//!   survives `kill -9` and the loss of power.
//! * The fold writes what the journal tells into a table per kind of row, which the database's own tools can read,
//!   beside the commits; then the journal is shortened.
//! * `load` reads the tables and then the journal, where the last entry of a row wins.
//! * Archived rows are written to the table `archive` before the group that takes them out of memory is appended. A
//!   crash in between leaves a row in both places; it is archived again later, in place of the first.
//!
//! One row per insertion would be simpler, and is two to eight times slower: docs/performance.md has the figures.
//! A file that cannot be used is never written to.

mod fold;
mod journal;
mod migration;
mod tables;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gse_core::state::{Change, Row, RowKind, SCHEMA_VERSION};
use gse_core::time::Timestamp;

use crate::memory::read_row;
use crate::{Archive, Store, StoreError};
use fold::{Folder, Unfolded, Work};
use journal::Journal;
use tables::{EmbeddedArchive, Part, Tables, check_existing, set_meta};

/// How long the journal may become before the tables are brought up to date.
const FOLD_BYTES: u64 = 32 << 20;
/// How long it may become while the fold is under way; then commits wait for the fold.
const JOURNAL_BYTES_MAX: u64 = 512 << 20;

/// The embedded store. Dropped, it brings the tables up to date.
#[derive(Debug)]
pub struct EmbeddedStore {
    path: PathBuf,
    tables: Tables,
    journal: Journal,
    unfolded: Unfolded,
    folder: Folder,
}

impl EmbeddedStore {
    /// Opens the file and its journal, or makes them when there are none; an older version is migrated. The caller
    /// holds the lock of the data directory.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let is_new = !path.exists() || path.metadata().is_ok_and(|file| file.len() == 0);
        let version = if is_new { SCHEMA_VERSION } else { check_existing(path, SCHEMA_VERSION)? };
        let mut tables = Tables::open(path, Part::Commit)?;
        if version == SCHEMA_VERSION {
            tables.prepare().map_err(StoreError::database("create the tables"))?;
        }
        let failed = || StoreError::database("read how far the tables are");
        let folded = tables.folded().map_err(failed())?;
        let (journal, mut found) = Journal::open(&path.with_extension("journal"), folded)?;
        if version < SCHEMA_VERSION {
            migration::migrate(&mut tables, version, SCHEMA_VERSION, &found, journal.last())?;
            found.clear();
        }
        let mut unfolded = Unfolded::new();
        for ((kind, key), text) in found {
            let row = text.map(|text| read_row(kind, &key, &text)).transpose()?;
            let key = row.as_ref().map_or_else(|| key.as_str().into(), Row::shared_key);
            unfolded.insert((kind, key), row);
        }
        let folder = Folder::start(path)?;
        Ok(Self { path: path.to_owned(), tables, journal, unfolded, folder })
    }

    /// Begins to bring the tables up to date with everything that was committed.
    fn fold(&mut self) {
        let rows = std::mem::take(&mut self.unfolded);
        let (through, segments) = (self.journal.last(), self.journal.rotate());
        if !segments.is_empty() {
            self.folder.give(Work::Fold { rows, through, segments });
        }
    }
}

impl Tables {
    fn prepare(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        Self::create(&transaction)?;
        set_meta(&transaction, "schema_version", &SCHEMA_VERSION.to_string())?;
        transaction.commit()
    }
}

impl Store for EmbeddedStore {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        // What is being folded is neither in the one place nor in the other.
        self.folder.wait()?;
        let mut rows = Vec::new();
        for &kind in RowKind::ALL {
            let of_kind = self.unfolded.iter().filter(|((of, _), _)| *of == kind);
            let mut told: HashMap<&str, &Option<Row>> =
                of_kind.map(|((_, key), row)| (&**key, row)).collect();
            self.tables.each(kind, |key, text| {
                match told.remove(key) {
                    Some(row) => rows.extend(row.clone()),
                    None => rows.push(read_row(kind, key, text)?),
                }
                Ok(())
            })?;
            rows.extend(told.into_values().flatten().cloned());
        }
        Ok(rows)
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let is_idle = self.folder.is_idle()?;
        let archived: Vec<(&Row, Timestamp)> = changes
            .iter()
            .filter_map(|change| match change {
                Change::Archive { row, until } => Some((row, *until)),
                Change::Put(_) | Change::Delete(..) => None,
            })
            .collect();
        if !archived.is_empty() {
            self.tables.archive(&archived)?;
        }
        self.journal.append(changes)?;
        for change in changes {
            match change {
                Change::Put(row) => self.unfolded.insert((row.kind(), row.shared_key()), Some(row.clone())),
                Change::Delete(kind, key) => self.unfolded.insert((*kind, key.as_str().into()), None),
                Change::Archive { row, .. } => self.unfolded.insert((row.kind(), row.shared_key()), None),
            };
        }
        if self.journal.length() >= JOURNAL_BYTES_MAX {
            self.folder.wait()?;
            self.fold();
        } else if is_idle && self.journal.length() >= FOLD_BYTES {
            self.fold();
        }
        Ok(())
    }

    fn settle(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.folder.is_idle()? {
            self.fold();
            self.folder.give(Work::Forget(now));
        }
        Ok(())
    }

    fn archive(&self) -> Result<Box<dyn Archive>, StoreError> {
        Ok(Box::new(EmbeddedArchive::open(&self.path)?))
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        // An error has no listener here; the journal still holds what is not folded.
        self.fold();
    }
}

#[cfg(test)]
mod tests;
