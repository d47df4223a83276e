//! Durable rows and blobs: what the control plane must find again after a restart.
//!
//! `Store` keeps rows; `EmbeddedStore` (SQLite) and `MemoryStore` are its homes, and pass the same `contract` suite.
//! `BlobStore` keeps uploaded objects and the packages frozen from them. `DataDir` is the folder both live in, with a
//! lock that keeps a second service out.
//!
//! Not here: what a row means (`gse-core`), and async: every call blocks, and the engine runs it beside its own task.

mod blob;
mod data_dir;
mod embedded;
mod memory;

#[cfg(test)]
mod contract;

use gse_core::archive::ArchiveQuestion;
use gse_core::state::{Change, Row};
use gse_core::time::Timestamp;

pub use blob::{BlobError, BlobStore, OpenUpload, PartInfo, Stored, Upload};
pub use data_dir::{DataDir, DataDirError};
pub use embedded::EmbeddedStore;
pub use memory::MemoryStore;

/// Durable rows, written by one writer.
///
/// Calls block the thread; a shell runs them where that is allowed.
pub trait Store: Send + 'static {
    /// Every row, in no order.
    fn load(&mut self) -> Result<Vec<Row>, StoreError>;

    /// Makes the changes of a group of steps durable, all of them or none; a later change of a key wins.
    /// When this returns `Ok`, they survive the loss of power.
    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError>;

    /// Does what is not urgent: brings readable forms up to date, and forgets what was archived until `now`. Called
    /// now and then by who commits; quick, because the work is done beside it. An error is fatal as that of a commit.
    fn settle(&mut self, now: Timestamp) -> Result<(), StoreError>;

    /// A reader of the rows that changes archived.
    fn archive(&self) -> Result<Box<dyn Archive>, StoreError>;
}

/// Rows that left memory, until they are forgotten. Reads beside the writer; a row is here when the commit of the
/// change that archived it has returned.
pub trait Archive: Send + 'static {
    /// The rows that are asked for, without those that are to be forgotten.
    fn read(&mut self, question: &ArchiveQuestion, now: Timestamp) -> Result<Vec<Row>, StoreError>;
}

/// Why rows could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file exists and cannot be read as a store. It is left as it is.
    #[error(
        "`{path}` is not a readable store of this service\nhint: it was left untouched; move it away or start with another `--data-dir`"
    )]
    Unreadable {
        /// The file.
        path: String,
        /// What the database said.
        #[source]
        source: rusqlite::Error,
    },
    /// The file is a database, but was not made by this service. It is left as it is.
    #[error(
        "`{path}` is a database of something else\nhint: it was left untouched; start with another `--data-dir`"
    )]
    Foreign {
        /// The file.
        path: String,
    },
    /// The file was written by a newer version. It is left as it is.
    #[error(
        "`{path}` has schema version {found}, this program knows up to {known}\nhint: it was left untouched; start the newer program, or use another `--data-dir`"
    )]
    NewerSchema {
        /// The file.
        path: String,
        /// The version in the file.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// A stored row does not have the form that its kind has.
    #[error("row `{key}` of table `{table}` cannot be read\nhint: restore the data directory from a backup")]
    BadRow {
        /// The table.
        table: &'static str,
        /// The key of the row.
        key: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The journal has a hole, or a damaged group before its end. It is left as it is.
    #[error(
        "the journal `{path}` is damaged after group {last}\nhint: it was left untouched; restore the data directory from a backup"
    )]
    DamagedJournal {
        /// The part of the journal.
        path: String,
        /// The last group that could be read, or 0.
        last: u64,
    },
    /// A file of the journal could not be read or written.
    #[error("the store failed while trying to {attempt} (`{path}`){}", hint(.source.kind() == std::io::ErrorKind::StorageFull))]
    Journal {
        /// The file or directory.
        path: String,
        /// What was attempted.
        attempt: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The thread that brings the tables up to date ended by a panic. The journal holds what it had to do.
    #[error("the store failed: the thread that brings its tables up to date ended unexpectedly")]
    FoldLost,
    /// The database refused to read or write.
    #[error("the store failed while trying to {attempt}{}", hint(.source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)))]
    Database {
        /// What was attempted.
        attempt: &'static str,
        /// What the database said.
        #[source]
        source: rusqlite::Error,
    },
}

/// What to do when the disk is full.
fn hint(is_full: bool) -> &'static str {
    if is_full {
        "\nhint: the disk is full; make room and start again: everything that was answered is kept"
    } else {
        ""
    }
}

impl StoreError {
    fn database(attempt: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Database { attempt, source }
    }
}
