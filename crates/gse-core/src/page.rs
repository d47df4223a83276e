//! Paging: by offset with a total, and by token (cloud-api.md 6.2).
//!
//! A token names the last record that was given by its sort key and id, and the question that it belongs to. So no
//! state is kept for it, and rows that come or go between calls never make an unchanged row appear twice.

use std::sync::Arc;

use crate::archive::ArchiveQuestion;
use crate::error::Error;

/// One page by offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetPage<T> {
    /// The records of the page.
    pub items: Vec<T>,
    /// All matches, whatever the page.
    pub total: usize,
}

impl<T> OffsetPage<T> {
    /// Cuts a page out of all matches.
    pub fn cut(matches: impl Iterator<Item = T>, offset: usize, limit: usize) -> Self {
        let mut items = Vec::new();
        let mut total = 0;
        for (position, item) in matches.enumerate() {
            total = position + 1;
            if position >= offset && items.len() < limit {
                items.push(item);
            }
        }
        Self { items, total }
    }
}

/// One page by token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPage<T> {
    /// The records of the page.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last page.
    pub next_token: Option<String>,
}

/// Bytes of an id that a token has room for: it may have 1024 characters (cloud-api.md 4.1), and ids 4096.
const LONGEST_ID: usize = 400;

/// What a token says: the sort key and the id of the last record that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// The sort key.
    pub(crate) key: i64,
    /// The id; the beginning of one that is longer than a token has room for.
    pub(crate) id: String,
    /// The checksum of such an id.
    rest: Option<u64>,
}

impl Position {
    fn new(key: i64, id: &str) -> Self {
        if id.len() <= LONGEST_ID {
            return Self { key, id: id.to_owned(), rest: None };
        }
        Self { key, id: id[..id.floor_char_boundary(LONGEST_ID)].to_owned(), rest: Some(checksum(id)) }
    }

    /// Whether a record is the one that was given last.
    fn is_at(&self, key: i64, id: &str) -> bool {
        self.key == key && self.is_id(id)
    }

    fn is_id(&self, id: &str) -> bool {
        match self.rest {
            None => self.id == id,
            Some(rest) => id.starts_with(&self.id) && checksum(id) == rest,
        }
    }

    /// Completes a long id by those that it can be. Without it the position is before every id that begins alike, and
    /// `after_last` leaves out what was given.
    pub(crate) fn complete<'a>(mut self, mut ids: impl Iterator<Item = &'a str>) -> Self {
        if self.rest.is_some()
            && let Some(id) = ids.find(|id| self.is_id(id))
        {
            (self.id, self.rest) = (id.to_owned(), None);
        }
        self
    }

    /// Records more to look at: those that begin like a long id that is not complete, and were given before. They all
    /// were made in the same millisecond.
    pub(crate) fn alike(&self) -> usize {
        if self.rest.is_some() { MOST_ALIKE } else { 0 }
    }
}

/// What leaves out, of records in order that come after a position, those that are not after it: it has the beginning of
/// a long id only.
fn after_last<T>(rows: &mut Vec<T>, last: Option<&Position>, place: impl Fn(&T) -> (i64, String)) {
    let Some(last) = last.filter(|last| last.rest.is_some()) else { return };
    let is_last = |row: &T| {
        let (key, id) = place(row);
        last.is_at(key, &id)
    };
    if let Some(at) = rows.iter().position(is_last) {
        rows.drain(..=at);
    }
}

/// Sessions that can be made in a millisecond, and more.
const MOST_ALIKE: usize = 1000;

/// Cuts a page out of matches that are already in order.
///
/// * `question` is everything that the caller must repeat (action, selection, filter, sort).
/// * `after` is what its token says, by `position`.
/// * `key` gives the number that the order goes by; equal numbers are ordered by id.
/// * `ascending` is the direction of the key; ids always ascend.
pub(crate) fn cut_by_token<T>(
    mut matches: Vec<T>,
    question: &str,
    after: Option<&Position>,
    limit: usize,
    ascending: bool,
    position: impl Fn(&T) -> (i64, String),
) -> TokenPage<T> {
    let checksum = checksum(question);
    after_last(&mut matches, after, &position);
    let is_after = |item: &T| {
        let Some(after) = after else { return true };
        let (key, id) = position(item);
        let beyond = if ascending { key > after.key } else { key < after.key };
        beyond || (key == after.key && id > after.id)
    };
    let mut rest = matches.into_iter().filter(is_after);
    let items: Vec<T> = rest.by_ref().take(limit).collect();
    let more = rest.next().is_some();
    let next_token = items.last().filter(|_| more).map(|last| {
        let (key, id) = position(last);
        write_token(&Position::new(key, &id), checksum)
    });
    TokenPage { items, next_token }
}

/// Rows of memory that match a question, at most one more than a page has, and what to look for in the archive. The
/// archive is asked after memory: a row is there before it leaves memory.
#[derive(Clone, Debug)]
pub struct Selection<T> {
    /// The rows in memory, in the order of the answer.
    pub rows: Vec<Arc<T>>,
    /// The rest.
    pub archive: ArchiveQuestion,
}

/// Where the page of a token begins; `None` for the first.
pub(crate) fn position(question: &str, token: Option<&str>) -> Result<Option<Position>, Error> {
    token.map(|token| read_token(token, checksum(question)).ok_or(Error::BadToken)).transpose()
}

/// Whether a record comes after a position, in the order of `merge`.
pub(crate) fn is_after(place: (i64, &str), position: &Position) -> bool {
    place.0 < position.key || (place.0 == position.key && place.1 > position.id.as_str())
}

/// Cuts the page after `last` out of rows of memory and of the archive that were looked for after it: by position
/// downwards, then by id, each once.
pub(crate) fn merge<T>(
    memory: Vec<Arc<T>>,
    archived: impl Iterator<Item = Arc<T>>,
    question: &str,
    last: Option<&Position>,
    limit: usize,
    place: impl Fn(&T) -> (i64, String),
) -> TokenPage<Arc<T>> {
    let mut rows: Vec<_> = memory.into_iter().chain(archived).map(|row| (place(&row), row)).collect();
    rows.sort_by(|((a, a_id), _), ((b, b_id), _)| b.cmp(a).then_with(|| a_id.cmp(b_id)));
    rows.dedup_by(|(a, _), (b, _)| a == b);
    after_last(&mut rows, last, |(place, _)| place.clone());
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more);
    let next_token = last.map(|((key, id), _)| write_token(&Position::new(*key, id), checksum(question)));
    TokenPage { items: rows.into_iter().map(|(_, row)| row).collect(), next_token }
}

/// The token after a record, for orders that cannot be told by a number.
pub(crate) fn token_of(id: &str, question: &str) -> String {
    write_token(&Position::new(0, id), checksum(question))
}

/// `ntoken-<checksum>-<key>-<id in hex>`, and `-<checksum of the id>` where that is only the beginning of a long one: only
/// characters of `[a-z0-9-]`.
fn write_token(position: &Position, checksum: u64) -> String {
    let id: String = position.id.bytes().map(|byte| format!("{byte:02x}")).collect();
    let rest = position.rest.map(|rest| format!("-{rest:016x}")).unwrap_or_default();
    format!("ntoken-{checksum:016x}-{:016x}-{id}{rest}", position.key)
}

fn read_token(token: &str, checksum: u64) -> Option<Position> {
    let mut parts = token.strip_prefix("ntoken-")?.split('-');
    let (sum, key, id) = (parts.next()?, parts.next()?, parts.next()?);
    let rest = match parts.next() {
        None => None,
        Some(rest) => Some(u64::from_str_radix(rest, 16).ok().filter(|_| rest.len() == 16)?),
    };
    if parts.next().is_some()
        || u64::from_str_radix(sum, 16).ok()? != checksum
        || id.len() % 2 != 0
        || !id.is_ascii()
    {
        return None;
    }
    let key = u64::from_str_radix(key, 16).ok()?.cast_signed();
    let bytes: Option<Vec<u8>> =
        (0..id.len()).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).ok()).collect();
    Some(Position { key, id: String::from_utf8(bytes?).ok()?, rest })
}

/// FNV-1a: only to notice that a token is used with another question, not a protection.
fn checksum(question: &str) -> u64 {
    question
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(items: &[(i64, &str)], token: Option<&str>, ascending: bool) -> Result<TokenPage<String>, Error> {
        let mut items: Vec<_> = items.iter().map(|&(key, id)| (key, id.to_string())).collect();
        items.sort_by(|a, b| (if ascending { a.0.cmp(&b.0) } else { b.0.cmp(&a.0) }).then(a.1.cmp(&b.1)));
        let after = position("question", token)?;
        let page = cut_by_token(items, "question", after.as_ref(), 2, ascending, |item| item.clone());
        Ok(TokenPage {
            items: page.items.into_iter().map(|item| item.1).collect(),
            next_token: page.next_token,
        })
    }

    /// G23, S29: 2, 2, 1 without repeats, and an empty token at the end.
    #[test]
    fn s29_five_records_by_two() {
        let all = [(1, "a"), (1, "b"), (2, "c"), (-3, "d"), (2, "e")];
        for (ascending, wanted) in [(true, ["d", "a", "b", "c", "e"]), (false, ["c", "e", "a", "b", "d"])] {
            let (mut seen, mut token, mut pages) = (Vec::new(), None, Vec::new());
            loop {
                let page = page(&all, token.as_deref(), ascending).unwrap();
                pages.push(page.items.len());
                seen.extend(page.items);
                token = page.next_token;
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(
                (seen.as_slice(), pages.as_slice()),
                (wanted.map(String::from).as_slice(), [2, 2, 1].as_slice())
            );
        }
    }

    #[test]
    fn rows_that_come_and_go_do_not_repeat_others() {
        let first = page(&[(1, "a"), (2, "b"), (3, "c")], None, true).unwrap();
        let second =
            page(&[(1, "a"), (1, "new"), (3, "c"), (4, "d")], first.next_token.as_deref(), true).unwrap();
        assert_eq!((first.items, second.items), (vec!["a".into(), "b".into()], vec!["c".into(), "d".into()]));
    }

    /// Ids that differ where a token has no room any more: each comes once, also when the last one given is gone.
    #[test]
    fn long_ids_are_paged_exactly() {
        let ids: Vec<String> = (0..7).map(|number| format!("{}{number}", "x".repeat(4095))).collect();
        let all: Vec<(i64, &str)> = ids.iter().map(|id| (1, id.as_str())).collect();
        for ascending in [true, false] {
            let (mut seen, mut token) = (Vec::new(), None);
            loop {
                let page = page(&all, token.as_deref(), ascending).unwrap();
                seen.extend(page.items);
                token = page.next_token;
                let Some(token) = &token else { break };
                assert!(token.len() < 950, "{} characters, and a time is still to come", token.len());
            }
            assert_eq!(seen, ids);
        }
    }

    /// G24: a damaged token, and one of another question.
    #[test]
    fn g24_foreign_tokens_are_refused() {
        let token = page(&[(1, "a"), (2, "b"), (3, "c")], None, true).unwrap().next_token.unwrap();
        assert!(token.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
        for bad in [
            "",
            "x",
            "ntoken-",
            &token[..token.len() - 1],
            &format!("{token}-0"),
            &token.replace("ntoken", "nt"),
            "ntoken-é-0-0",
        ] {
            assert_eq!(page(&[(1, "a")], Some(bad), true), Err(Error::BadToken), "{bad}");
        }
        assert_eq!(position("other", Some(&token)), Err(Error::BadToken));
    }

    #[test]
    fn offset_pages_count_everything() {
        let page = OffsetPage::cut(0..5, 3, 10);
        assert_eq!((page.items, page.total), (vec![3, 4], 5));
        assert_eq!(OffsetPage::cut(0..5, 9, 10), OffsetPage { items: vec![], total: 5 });
        assert_eq!(OffsetPage::cut(0..5, 0, 0), OffsetPage { items: vec![], total: 5 });
    }
}
