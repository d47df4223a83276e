//! Brings the tables up to date behind the journal, on a thread of its own: commits go on meanwhile.
//!
//! A fold writes the last state of each row that some complete segments tell of, in several transactions, and with the
//! last one the number of their last group; then the segments go. A crash between any two of these steps is harmless:
//! what is still in the journal is applied again, in order, and its last state is the same.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;

use gse_core::state::{Row, RowKind};
use gse_core::time::Timestamp;

use super::tables::{Part, Tables, set_meta, write};
use crate::StoreError;
use crate::data_dir::sync_directory;
use crate::memory::row_text;

/// What changed since the last fold began: the row, or `None` when it left the tables.
pub(super) type Unfolded = HashMap<(RowKind, Arc<str>), Option<Row>>;

/// Rows of one transaction: it is short, because archiving waits for it.
const ROWS_PER_TRANSACTION: usize = 1024;
/// Archived rows that are forgotten in one transaction.
const FORGOTTEN_PER_TRANSACTION: usize = 1000;

/// Something for the thread to do.
pub(super) enum Work {
    /// Writes rows; then the segments can go.
    Fold { rows: Unfolded, through: u64, segments: Vec<PathBuf> },
    /// Forgets what was archived until then.
    Forget(Timestamp),
}

/// The thread, seen from the store.
#[derive(Debug)]
pub(super) struct Folder {
    work: Option<mpsc::Sender<Work>>,
    done: mpsc::Receiver<Result<(), StoreError>>,
    /// Pieces of work that were not yet reported done.
    under_way: usize,
    thread: Option<JoinHandle<()>>,
}

impl Folder {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let mut tables = Tables::open(path, Part::Fold)?;
        let (work, inbox) = mpsc::channel();
        let (outbox, done) = mpsc::channel();
        let run = move || {
            for work in inbox {
                // The store is gone when nobody listens; the rest of the work is then done all the same.
                let _ = outbox.send(run(&mut tables, work));
            }
        };
        let thread = std::thread::Builder::new().name("gse-fold".into()).spawn(run);
        let thread = thread.map_err(|source| StoreError::Journal {
            path: path.display().to_string(),
            attempt: "start the thread that folds the journal",
            source,
        })?;
        Ok(Self { work: Some(work), done, under_way: 0, thread: Some(thread) })
    }

    pub(super) fn give(&mut self, work: Work) {
        let sender = self.work.as_ref().expect("the sender lives as long as the store");
        if sender.send(work).is_ok() {
            self.under_way += 1;
        }
    }

    /// Whether it has nothing to do. An error of earlier work is told here, once.
    pub(super) fn is_idle(&mut self) -> Result<bool, StoreError> {
        while self.under_way > 0 {
            match self.done.try_recv() {
                Ok(result) => {
                    self.under_way -= 1;
                    result?;
                }
                Err(mpsc::TryRecvError::Empty) => return Ok(false),
                Err(mpsc::TryRecvError::Disconnected) => return Err(StoreError::FoldLost),
            }
        }
        Ok(true)
    }

    /// Waits until it has nothing to do.
    pub(super) fn wait(&mut self) -> Result<(), StoreError> {
        while self.under_way > 0 {
            let result = self.done.recv().map_err(|_| StoreError::FoldLost)?;
            self.under_way -= 1;
            result?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.work.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already; the journal still holds what was not folded.
            let _ = thread.join();
        }
    }
}

fn run(tables: &mut Tables, work: Work) -> Result<(), StoreError> {
    match work {
        Work::Fold { rows, through, segments } => {
            fold(tables, &rows, through)?;
            remove(&segments)
        }
        Work::Forget(now) => forget(tables, now).map_err(StoreError::database("forget archived rows")),
    }
}

pub(super) fn fold(tables: &mut Tables, rows: &Unfolded, through: u64) -> Result<(), StoreError> {
    let failed = || StoreError::database("bring the tables up to date");
    let set_synchronous =
        |tables: &Tables, value| tables.connection.pragma_update(None, "synchronous", value);
    // Until the last transaction nothing depends on these being on the disk; its sync covers them.
    set_synchronous(tables, "NORMAL").map_err(failed())?;
    // By key: neighbours lie in the same pages of the file, which are then written once.
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    for rows in rows.chunks(ROWS_PER_TRANSACTION) {
        let texts: Vec<Option<String>> =
            rows.iter().map(|(_, row)| row.as_ref().map(row_text).transpose()).collect::<Result<_, _>>()?;
        let transaction = tables.connection.transaction().map_err(failed())?;
        for (((kind, key), _), text) in rows.iter().zip(&texts) {
            write(&transaction, *kind, key, text.as_deref()).map_err(failed())?;
        }
        transaction.commit().map_err(failed())?;
    }
    set_synchronous(tables, "FULL").map_err(failed())?;
    let transaction = tables.connection.transaction().map_err(failed())?;
    set_meta(&transaction, "folded", &through.to_string()).map_err(failed())?;
    transaction.commit().map_err(failed())
}

fn remove(segments: &[PathBuf]) -> Result<(), StoreError> {
    for path in segments {
        let removed = std::fs::remove_file(path).and_then(|()| match path.parent() {
            Some(directory) => sync_directory(directory),
            None => Ok(()),
        });
        removed.map_err(|source| StoreError::Journal {
            path: path.display().to_string(),
            attempt: "remove a part of the journal that is folded",
            source,
        })?;
    }
    Ok(())
}

fn forget(tables: &mut Tables, now: Timestamp) -> rusqlite::Result<()> {
    let query = format!(
        "DELETE FROM archive WHERE rowid IN \
         (SELECT rowid FROM archive WHERE until <= ?1 LIMIT {FORGOTTEN_PER_TRANSACTION})"
    );
    while tables.connection.execute(&query, [now.millis()])? == FORGOTTEN_PER_TRANSACTION {}
    Ok(())
}
