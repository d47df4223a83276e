//! Rows in memory, for tests of what lies above: a clone of the store sees the same rows, as a restart would.
//!
//! Rows are kept in the embedded store's form, so that a row that cannot be read back fails here too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use gse_core::state::{Change, Row, RowKind};

use crate::{Store, StoreError};

type Rows = BTreeMap<(RowKind, String), String>;

/// A store that lasts as long as one of its clones.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    rows: Arc<Mutex<Rows>>,
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter().map(|((kind, key), text)| read_row(*kind, key, text)).collect()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = rows.clone();
        for change in changes {
            match change {
                Change::Put(row) => {
                    next.insert((row.kind(), row.key()), write_row(row)?);
                }
                Change::Delete(kind, key) => {
                    next.remove(&(*kind, key.clone()));
                }
            }
        }
        *rows = next;
        Ok(())
    }
}

/// The stored form of a row: JSON, readable with the database's own tools.
pub(crate) fn write_row(row: &Row) -> Result<String, StoreError> {
    serde_json::to_string(row).map_err(|source| StoreError::BadRow {
        table: row.kind().table_name(),
        key: row.key(),
        source,
    })
}

/// The row that a stored form stands for.
pub(crate) fn read_row(kind: RowKind, key: &str, text: &str) -> Result<Row, StoreError> {
    let mut from = serde_json::Deserializer::from_str(text);
    // What follows the row belongs to no row: the text is damaged, and so may be what was read.
    Row::deserialize(kind, &mut from)
        .and_then(|row| from.end().map(|()| row))
        .map_err(|source| StoreError::BadRow { table: kind.table_name(), key: key.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::contract;

    #[test]
    fn a_row_with_something_behind_it_is_refused() {
        let text = write_row(&contract::alias("alias-1", "live")).unwrap();
        assert!(read_row(RowKind::Alias, "alias-1", &format!("{text} ")).is_ok());
        for tail in ["}", "{}", "\0", &text] {
            let error = read_row(RowKind::Alias, "alias-1", &format!("{text}{tail}")).unwrap_err();
            assert!(matches!(error, StoreError::BadRow { table: "alias", .. }), "{error}");
        }
    }

    #[test]
    fn the_memory_store_keeps_the_contract() {
        let store = RefCell::new(MemoryStore::default());
        contract::check(|| store.borrow().clone(), || drop(store.replace(MemoryStore::default())));
    }
}
