//! Rows in memory, for tests of what lies above: a clone of the store sees the same rows, as a restart would.
//!
//! Rows are kept in the embedded store's form, so that a row that cannot be read back fails here too.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gse_core::archive::{ArchiveProperties, ArchiveQuestion};
use gse_core::state::{Change, Row, RowKind};
use gse_core::time::Timestamp;

use crate::{Archive, Store, StoreError};

type Rows = BTreeMap<(RowKind, String), String>;

/// A store that lasts as long as one of its clones.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Clone, Debug, Default)]
struct Kept {
    rows: Rows,
    archived: BTreeMap<(RowKind, String), (Row, Timestamp)>,
}

impl MemoryStore {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        self.kept().rows.iter().map(|((kind, key), text)| read_row(*kind, key, text)).collect()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let texts: Vec<Option<String>> = changes
            .iter()
            .map(|change| match change {
                Change::Put(row) => row_text(row).map(Some),
                Change::Delete(..) | Change::Archive { .. } => Ok(None),
            })
            .collect::<Result<_, _>>()?;
        let mut kept = self.kept();
        for (change, text) in changes.iter().zip(texts) {
            match change {
                Change::Put(row) => {
                    drop(text.and_then(|text| kept.rows.insert((row.kind(), row.key()), text)))
                }
                Change::Delete(kind, key) => drop(kept.rows.remove(&(*kind, key.clone()))),
                Change::Archive { row, until } => {
                    let key = (row.kind(), row.key());
                    kept.rows.remove(&key);
                    kept.archived.insert(key, (row.clone(), *until));
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.kept().archived.retain(|_, (_, until)| *until > now);
        Ok(())
    }

    fn archive(&self) -> Result<Box<dyn Archive>, StoreError> {
        Ok(Box::new(self.clone()))
    }
}

impl Archive for MemoryStore {
    fn read(&mut self, question: &ArchiveQuestion, now: Timestamp) -> Result<Vec<Row>, StoreError> {
        let place = |row: &Row| (Reverse(row.archive_position()), row.key());
        let after = question.after.as_ref().map(|(position, key)| (Reverse(*position), key.clone()));
        let kept = self.kept();
        let mut rows: Vec<&Row> = kept
            .archived
            .values()
            .filter(|(row, until)| *until > now && row.kind() == question.kind)
            .map(|(row, _)| row)
            .filter(|row| has(&row.archive_properties(), &question.properties))
            .filter(|row| after.as_ref().is_none_or(|after| place(row) > *after))
            .collect();
        rows.sort_by_key(|row| place(row));
        Ok(rows.into_iter().take(question.limit).cloned().collect())
    }
}

fn has(row: &ArchiveProperties, wanted: &ArchiveProperties) -> bool {
    let texts = |properties: &ArchiveProperties| {
        let ArchiveProperties { key, scope, fleet, session, player, status, custom_id, token } =
            properties.clone();
        [key, scope, fleet, session, player, status, custom_id, token]
    };
    texts(row).iter().zip(texts(wanted)).all(|(has, wanted)| wanted.is_none() || *has == wanted)
}

/// Writes the stored form of a row: JSON, readable with the database's own tools.
pub(crate) fn write_row(row: &Row, to: &mut Vec<u8>) -> Result<(), StoreError> {
    serde_json::to_writer(to, row).map_err(|source| StoreError::BadRow {
        table: row.kind().table_name(),
        key: row.key(),
        source,
    })
}

/// The stored form of a row.
pub(crate) fn row_text(row: &Row) -> Result<String, StoreError> {
    let mut text = Vec::new();
    write_row(row, &mut text)?;
    Ok(String::from_utf8(text).expect("JSON is text"))
}

/// The row that a stored form stands for. One that has another key than it lies under is damaged: it would take the
/// place of a second row.
pub(crate) fn read_row(kind: RowKind, key: &str, text: &str) -> Result<Row, StoreError> {
    let mut from = serde_json::Deserializer::from_str(text);
    // What follows the row belongs to no row: the text is damaged, and so may be what was read.
    Row::deserialize(kind, &mut from)
        .and_then(|row| from.end().map(|()| row))
        .and_then(|row| match row.shared_key() {
            own if *own == *key => Ok(row),
            own => {
                Err(serde::de::Error::custom(format_args!("it lies under this key and has the key `{own}`")))
            }
        })
        .map_err(|source| StoreError::BadRow { table: kind.table_name(), key: key.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::contract;

    #[test]
    fn a_row_with_something_behind_it_is_refused() {
        let mut text = Vec::new();
        write_row(&contract::alias("alias-1", "live"), &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(read_row(RowKind::Alias, "alias-1", &format!("{text} ")).is_ok());
        for tail in ["}", "{}", "\0", &text] {
            let error = read_row(RowKind::Alias, "alias-1", &format!("{text}{tail}")).unwrap_err();
            assert!(matches!(error, StoreError::BadRow { table: "alias", .. }), "{error}");
        }
    }

    #[test]
    fn a_row_under_the_key_of_another_is_refused() {
        let text = row_text(&contract::alias("alias-1", "live")).unwrap();
        assert!(read_row(RowKind::Alias, "alias-1", &text).is_ok());
        let error = read_row(RowKind::Alias, "alias-2", &text).unwrap_err();
        let StoreError::BadRow { table: "alias", key, source } = error else { panic!("{error}") };
        assert_eq!((key.as_str(), source.to_string().contains("`alias-1`")), ("alias-2", true));
    }

    #[test]
    fn the_memory_store_keeps_the_contract() {
        let store = RefCell::new(MemoryStore::default());
        contract::check(|| store.borrow().clone(), || drop(store.replace(MemoryStore::default())));
    }
}
