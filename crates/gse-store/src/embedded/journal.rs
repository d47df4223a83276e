//! The journal: one entry per group of steps, appended to a file and synced, before anybody hears of the group.
//!
//! A segment is a file named after the number of its first group. Groups count up by one through all segments. A group
//! is a line `group <number> <bytes> <crc32>` and that many bytes: a line per change, as text. Whatever a crash left
//! after the last whole group was never acknowledged and is cut off; anything else that does not fit is damage, and is
//! refused.
//!
//! Not here: the tables that the journal is folded into.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use gse_core::state::{Change, RowKind};

use crate::StoreError;
use crate::data_dir::sync_directory;
use crate::memory::write_row;

/// The last state of each row that the journal tells of: its stored form, or `None` when it left the tables.
pub(super) type Entries = std::collections::HashMap<(RowKind, String), Option<String>>;

/// The open end of the journal.
#[derive(Debug)]
pub(super) struct Journal {
    directory: PathBuf,
    /// Segments that are complete, oldest first.
    closed: Vec<PathBuf>,
    current: Option<Segment>,
    /// The number of the last group.
    last: u64,
    /// After a write that failed nobody knows what the file holds.
    is_broken: bool,
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    file: File,
    bytes: u64,
}

fn failed(path: &Path, attempt: &'static str) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.display().to_string();
    move |source| StoreError::Journal { path, attempt, source }
}

impl Journal {
    /// Reads what is there after the group `folded`, the last one that the tables hold; then appends to a new segment.
    pub(super) fn open(directory: &Path, folded: u64) -> Result<(Self, Entries), StoreError> {
        fs::create_dir_all(directory).map_err(failed(directory, "create the journal"))?;
        let mut closed = Vec::new();
        for entry in fs::read_dir(directory).map_err(failed(directory, "read the journal"))? {
            closed.push(entry.map_err(failed(directory, "read the journal"))?.path());
        }
        closed.sort();
        let mut entries = Entries::new();
        let mut last = None;
        for (at, path) in closed.iter().enumerate() {
            let bytes = fs::read(path).map_err(failed(path, "read the journal"))?;
            let whole = read_segment(path, &bytes, &mut last, folded, &mut entries)?;
            if whole < bytes.len() {
                if at + 1 < closed.len() {
                    return Err(damaged(path, last));
                }
                cut(path, whole as u64).map_err(failed(path, "cut the torn end of the journal"))?;
            }
        }
        let last = last.unwrap_or(folded).max(folded);
        Ok((Self { directory: directory.to_owned(), closed, current: None, last, is_broken: false }, entries))
    }

    /// Makes a group durable.
    pub(super) fn append(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        if self.is_broken {
            let error = io::Error::other("an earlier write failed");
            return Err(failed(&self.directory, "append to the journal")(error));
        }
        let number = self.last + 1;
        let group = write_group(number, changes)?;
        let segment = match self.current.as_mut() {
            Some(segment) => segment,
            None => self.current.insert(Segment::create(&self.directory, number)?),
        };
        let written = segment.file.write_all(&group).and_then(|()| segment.file.sync_data());
        if let Err(error) = written {
            self.is_broken = true;
            // Tidiness only: a torn end is cut at the next start.
            let _ = segment.file.set_len(segment.bytes);
            return Err(failed(&segment.path, "append to the journal")(error));
        }
        segment.bytes += group.len() as u64;
        self.last = number;
        Ok(())
    }

    /// The number of the last group.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// The bytes that were appended since the last `rotate`.
    pub(super) fn length(&self) -> u64 {
        self.current.as_ref().map_or(0, |segment| segment.bytes)
    }

    /// Ends the current segment, and gives all that are complete: they can go when the tables hold what they tell.
    pub(super) fn rotate(&mut self) -> Vec<PathBuf> {
        self.closed.extend(self.current.take().map(|segment| segment.path));
        std::mem::take(&mut self.closed)
    }
}

impl Segment {
    fn create(directory: &Path, first: u64) -> Result<Self, StoreError> {
        let path = directory.join(format!("{first:020}.journal"));
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(failed(&path, "create a part of the journal"))?;
        sync_directory(directory).map_err(failed(directory, "create a part of the journal"))?;
        Ok(Self { path, file, bytes: 0 })
    }
}

fn cut(path: &Path, length: u64) -> io::Result<()> {
    let file = File::options().write(true).open(path)?;
    file.set_len(length)?;
    file.sync_all()
}

fn write_group(number: u64, changes: &[Change]) -> Result<Vec<u8>, StoreError> {
    let mut lines = Vec::with_capacity(changes.len() * 1024);
    for change in changes {
        write_change(&mut lines, change)?;
    }
    let mut group = format!("group {number} {} {:08x}\n", lines.len(), crc32fast::hash(&lines)).into_bytes();
    group.append(&mut lines);
    Ok(group)
}

/// JSON has no line feed and no tabulator of its own, so these separate.
fn write_change(lines: &mut Vec<u8>, change: &Change) -> Result<(), StoreError> {
    let (word, kind, key) = match change {
        Change::Put(row) => ("put", row.kind(), row.shared_key()),
        Change::Delete(kind, key) => ("delete", *kind, key.as_str().into()),
        // The archive has the row already.
        Change::Archive { row, .. } => ("archive", row.kind(), row.shared_key()),
    };
    lines.extend_from_slice(word.as_bytes());
    lines.push(b'\t');
    lines.extend_from_slice(kind.table_name().as_bytes());
    lines.push(b'\t');
    serde_json::to_writer(&mut *lines, &*key).expect("a text has a JSON form");
    if let Change::Put(row) = change {
        lines.push(b'\t');
        write_row(row, lines)?;
    }
    lines.push(b'\n');
    Ok(())
}

/// Reads whole groups, and says how many bytes they take. `last` is the number of the last group read.
fn read_segment(
    path: &Path,
    bytes: &[u8],
    last: &mut Option<u64>,
    folded: u64,
    entries: &mut Entries,
) -> Result<usize, StoreError> {
    let mut at = 0;
    while let Some((number, lines, end)) = read_group(&bytes[at..]) {
        // The first group that is there may be folded already, but none may be missing.
        let follows = last.map_or(number <= folded + 1, |last| number == last + 1);
        if !follows {
            return Err(damaged(path, *last));
        }
        if number > folded {
            for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
                read_change(line, entries).ok_or_else(|| damaged(path, *last))?;
            }
        }
        *last = Some(number);
        at += end;
    }
    // A group that was being written when the machine stopped has nothing after it.
    let rest = &bytes[at..];
    let is_start =
        |&start: &usize| start > 0 && rest[start - 1] == b'\n' && rest[start..].starts_with(b"group ");
    if (1..rest.len()).filter(is_start).any(|start| read_group(&rest[start..]).is_some()) {
        return Err(damaged(path, *last));
    }
    Ok(at)
}

/// The number and lines of the group that the bytes begin with, and where it ends.
fn read_group(bytes: &[u8]) -> Option<(u64, &[u8], usize)> {
    let head_length = bytes.iter().take(80).position(|&byte| byte == b'\n')?;
    let mut words = std::str::from_utf8(&bytes[..head_length]).ok()?.split(' ');
    let ("group", number, length, checksum, None) =
        (words.next()?, words.next()?, words.next()?, words.next()?, words.next())
    else {
        return None;
    };
    let (number, length) = (number.parse().ok()?, length.parse::<usize>().ok()?);
    let end = (head_length + 1).checked_add(length)?;
    let lines = bytes.get(head_length + 1..end)?;
    (crc32fast::hash(lines) == u32::from_str_radix(checksum, 16).ok()?).then_some((number, lines, end))
}

fn read_change(line: &[u8], entries: &mut Entries) -> Option<()> {
    let mut parts = std::str::from_utf8(line).ok()?.splitn(4, '\t');
    let (word, table, key) = (parts.next()?, parts.next()?, parts.next()?);
    let kind = RowKind::ALL.iter().copied().find(|kind| kind.table_name() == table)?;
    let row = match (word, parts.next()) {
        ("put", Some(row)) => Some(row.to_owned()),
        ("delete" | "archive", None) => None,
        _ => return None,
    };
    entries.insert((kind, serde_json::from_str(key).ok()?), row);
    Some(())
}

fn damaged(path: &Path, last: Option<u64>) -> StoreError {
    StoreError::DamagedJournal { path: path.display().to_string(), last: last.unwrap_or(0) }
}
