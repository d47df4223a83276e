//! The only way to a row: a table remembers every row that was touched, so that no change can miss the store.
//!
//! Rows are shared: a change on its way to the store and the replica that serves reads hold the same row, and
//! `get_mut` copies it only while somebody else holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeBounds;
use std::sync::Arc;

/// Rows of one kind by their key. Touched rows are collected until `take_touched`.
#[derive(Clone, Debug)]
pub struct Table<K: Ord + Clone, V> {
    rows: BTreeMap<K, Arc<V>>,
    touched: BTreeSet<K>,
}

impl<K: Ord + Clone, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), touched: BTreeSet::new() }
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    /// The row of that key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key).map(Arc::as_ref)
    }

    /// The row of that key, to be kept.
    pub fn get_shared(&self, key: &K) -> Option<&Arc<V>> {
        self.rows.get(key)
    }

    /// The row of that key, to be changed: it counts as changed from here on.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let row = self.rows.get_mut(key)?;
        self.touched.insert(key.clone());
        Some(Arc::make_mut(row))
    }

    /// Puts a row in, in place of an earlier one of that key.
    pub fn insert(&mut self, key: K, row: V) {
        self.touched.insert(key.clone());
        self.rows.insert(key, Arc::new(row));
    }

    /// Takes a row out.
    pub fn remove(&mut self, key: &K) -> Option<Arc<V>> {
        let row = self.rows.remove(key)?;
        self.touched.insert(key.clone());
        Some(row)
    }

    /// Takes a row out that goes on elsewhere: it does not count as touched.
    pub(crate) fn take(&mut self, key: &K) -> Option<Arc<V>> {
        self.touched.remove(key);
        self.rows.remove(key)
    }

    /// All rows, by key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.iter().map(|(key, row)| (key, row.as_ref()))
    }

    /// All rows, by key, without the keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.rows.values().map(Arc::as_ref)
    }

    /// All rows, by key, to be kept.
    pub fn iter_shared(&self) -> impl DoubleEndedIterator<Item = &Arc<V>> {
        self.rows.values()
    }

    /// The rows whose keys lie in a range.
    pub fn range(&self, range: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.range(range).map(|(key, row)| (key, row.as_ref()))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether no row was touched since the last `take_touched`.
    pub fn is_untouched(&self) -> bool {
        self.touched.is_empty()
    }

    /// The keys that were touched, each with its row, or `None` where the row was taken out.
    pub fn take_touched(&mut self) -> Vec<(K, Option<Arc<V>>)> {
        let touched = std::mem::take(&mut self.touched);
        let row = |key: K| {
            let row = self.rows.get(&key).cloned();
            (key, row)
        };
        touched.into_iter().map(row).collect()
    }

    /// Puts a row in that the store already has.
    pub(crate) fn restore(&mut self, key: K, row: Arc<V>) -> Option<Arc<V>> {
        self.rows.insert(key, row)
    }
}
