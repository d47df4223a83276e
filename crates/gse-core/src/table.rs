//! The only way to a row: a table remembers every row that was touched, so that no change can miss the store.
//!
//! Rows are shared: a change on its way to the store and the replica that serves reads hold the same row, and
//! `get_mut` copies it only while somebody else holds it.
//!
//! The keys of kinds with very many rows are ordered by a number that is worked out of them (`Key::spread`), not by
//! their text: ids have a hundred bytes of which most are the same, and comparing them in a tree that no cache holds
//! was a tenth of the cost of a step at 100,000 sessions. The order is the same in every run; it means nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a row is found by.
pub trait Key: Ord + Clone {
    /// The number that rows of this kind are ordered by before their keys; 0 leaves the order to the key itself.
    fn spread(&self) -> u64 {
        0
    }
}

/// A key beside its number: as long as the numbers differ, no text is looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spread<K> {
    number: u64,
    pub(crate) key: K,
}

impl<K: Key> Spread<K> {
    pub(crate) fn new(key: &K) -> Self {
        Self { number: key.spread(), key: key.clone() }
    }
}

/// A number for a text, the same in every run. Texts that were made to collide cost time and nothing else.
pub(crate) fn spread(text: &str) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut parts = text.as_bytes().chunks_exact(8);
    let mut number = text.len() as u64;
    let mut mix = |part: u64| number = (number.rotate_left(23) ^ part).wrapping_mul(ODD);
    for part in &mut parts {
        mix(part.try_into().map(u64::from_le_bytes).unwrap_or_default());
    }
    mix(parts.remainder().iter().fold(0, |part, &byte| part << 8 | u64::from(byte)));
    number ^ (number >> 32)
}

/// Rows of one kind by their key. Touched rows are collected until `take_touched`.
#[derive(Clone, Debug)]
pub struct Table<K: Key, V> {
    rows: BTreeMap<Spread<K>, Arc<V>>,
    touched: BTreeSet<K>,
}

impl<K: Key, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), touched: BTreeSet::new() }
    }
}

impl<K: Key, V: Clone> Table<K, V> {
    /// The row of that key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.get_shared(key).map(Arc::as_ref)
    }

    /// The row of that key, to be kept.
    pub fn get_shared(&self, key: &K) -> Option<&Arc<V>> {
        self.rows.get(&Spread::new(key))
    }

    /// The row of that key, to be changed: it counts as changed from here on.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let row = self.rows.get_mut(&Spread::new(key))?;
        self.touched.insert(key.clone());
        Some(Arc::make_mut(row))
    }

    /// Puts a row in, in place of an earlier one of that key.
    pub fn insert(&mut self, key: K, row: V) {
        self.rows.insert(Spread::new(&key), Arc::new(row));
        self.touched.insert(key);
    }

    /// Takes a row out.
    pub fn remove(&mut self, key: &K) -> Option<Arc<V>> {
        let row = self.rows.remove(&Spread::new(key))?;
        self.touched.insert(key.clone());
        Some(row)
    }

    /// Takes a row out that goes on elsewhere: it does not count as touched.
    pub(crate) fn take(&mut self, key: &K) -> Option<Arc<V>> {
        self.touched.remove(key);
        self.rows.remove(&Spread::new(key))
    }

    /// All rows, in the order of their keys where those are not spread.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.iter().map(|(spread, row)| (&spread.key, row.as_ref()))
    }

    /// The same without the keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.rows.values().map(Arc::as_ref)
    }

    /// The same, to be kept.
    pub fn iter_shared(&self) -> impl DoubleEndedIterator<Item = &Arc<V>> {
        self.rows.values()
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
            let row = self.rows.get(&Spread::new(&key)).cloned();
            (key, row)
        };
        touched.into_iter().map(row).collect()
    }

    /// Puts a row in that the store already has.
    pub(crate) fn restore(&mut self, key: K, row: Arc<V>) -> Option<Arc<V>> {
        self.rows.insert(Spread::new(&key), row)
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Table, spread};

    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
    struct Colliding(&'static str);

    impl Key for Colliding {
        fn spread(&self) -> u64 {
            7
        }
    }

    #[test]
    fn keys_with_the_same_number_are_different_rows() {
        let mut table = Table::default();
        table.insert(Colliding("a"), 1);
        table.insert(Colliding("b"), 2);
        table.take_touched();
        assert_eq!((table.get(&Colliding("a")), table.get(&Colliding("b"))), (Some(&1), Some(&2)));
        table.remove(&Colliding("a"));
        assert_eq!((table.get(&Colliding("a")), table.len()), (None, 1));
        assert_eq!(table.take_touched().len(), 1);
    }

    #[test]
    fn a_changed_byte_anywhere_changes_the_number() {
        let text = "qcs::gse:ap-shanghai:uin/1:gameserversession/fleet-1/gssess-1-2";
        let number = spread(text);
        assert_eq!(number, spread(text));
        for at in 0..text.len() {
            let mut other = text.to_owned();
            other.replace_range(at..=at, "~");
            assert_ne!(spread(&other), number, "{other}");
        }
        assert_ne!(spread("a"), spread("a\0"));
    }
}
