//! Collecting the logs of a session: the files of its slot that the game server named, and the captured output of its
//! process, in one zip (G-21). What is named, and how much is kept, is decided by `gse_core::log`.
//!
//! Nothing outside the package root is read: links are followed only as far as they stay inside, and only plain files
//! are opened. Files are copied as they are while the game may still write to them.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use gse_core::id::BlobId;
use gse_core::log::{SessionLog, fit, log_target};
use rustix::fs::OFlags;
use tokio::sync::{mpsc, oneshot};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::output;
use crate::output_dir::OutputFiles;
use crate::slot::chain;
use crate::uplink::UplinkMessage;

/// Directories are followed so deep, and so many entries are looked at in all.
const DEEPEST: usize = 32;
const ENTRIES_MOST: usize = 20_000;
/// Says what became of each log path.
const REPORT: &str = "collection.txt";

/// What is to be collected.
#[derive(Clone, Debug)]
pub(crate) struct Collection {
    /// The package root.
    pub(crate) game: PathBuf,
    /// The captured output of the process.
    pub(crate) output: OutputFiles,
    /// logPathsToUpload, unchecked.
    pub(crate) log_paths: Vec<String>,
    /// Bytes at most, before packing.
    pub(crate) most_bytes: u64,
    /// How long packing may take, and storing again.
    pub(crate) within: Duration,
}

/// A file that was found.
struct Found {
    path: PathBuf,
    bytes: u64,
    modified: SystemTime,
}

/// Packs into `file`, hands it over, and removes it.
pub(crate) async fn keep(
    collection: Collection,
    file: PathBuf,
    uplink: mpsc::Sender<UplinkMessage>,
) -> Result<SessionLog, String> {
    let (target, within) = (file.clone(), collection.within);
    let packed = tokio::task::spawn_blocking(move || pack(&collection, &target)).await;
    let packed = packed.map_err(|_| "packing failed; the log says why".to_owned());
    let stored = match packed.and_then(|packed| packed.map_err(|error| chain(&error))) {
        Ok((bytes, left_out_bytes)) => {
            let stored = tokio::time::timeout(within, hand_over(file.clone(), uplink)).await;
            let stored = stored.unwrap_or_else(|_| Err(format!("they were not stored within {within:?}")));
            stored.map(|blob| SessionLog { blob, bytes, left_out_bytes })
        }
        Err(reason) => Err(reason),
    };
    // It may never have been made; what is left of it goes with the next start.
    let _ = tokio::fs::remove_file(&file).await;
    stored
}

async fn hand_over(file: PathBuf, uplink: mpsc::Sender<UplinkMessage>) -> Result<BlobId, String> {
    let (reply, answer) = oneshot::channel();
    let gone = "nobody is there to store them".to_owned();
    uplink.send(UplinkMessage::KeepLog { file, reply }).await.map_err(|_| gone.clone())?;
    answer.await.unwrap_or(Err(gone))
}

/// The length of the zip, and what was left out.
pub(crate) fn pack(collection: &Collection, to: &Path) -> io::Result<(u64, u64)> {
    let until = Instant::now() + collection.within;
    let mut report = String::new();
    let mut zip = ZipWriter::new(File::create(to)?);
    // What is longer than four gigabytes has to be announced.
    let options = SimpleFileOptions::default().large_file(collection.most_bytes > u64::from(u32::MAX));
    let mut room = collection.most_bytes;
    // The output comes first: it is bounded, and always there.
    for (name, parts) in output::parts(&collection.output) {
        zip.start_file(format!("output/{name}.txt"), options)?;
        for part in parts.iter().filter(|part| part.is_file()) {
            let copied = copy(part, 0, room, &mut zip)?;
            room = room.saturating_sub(copied);
        }
    }
    let mut found: Vec<(String, Found)> = find(collection, &mut report).into_iter().collect();
    found.sort_by(|(a, one), (b, other)| other.modified.cmp(&one.modified).then_with(|| a.cmp(b)));
    let kept = fit(found.iter().map(|(_, file)| file.bytes), room);
    let mut left_out = 0;
    for ((name, file), skip) in found.iter().zip(kept) {
        let late = Instant::now() >= until;
        let Some(skip) = skip.filter(|_| !late) else {
            left_out += file.bytes;
            let why = if late { "there was no time left" } else { "there was no room left" };
            report.push_str(&format!("{name}: left out, {why}\n"));
            continue;
        };
        left_out += skip;
        if skip > 0 {
            report.push_str(&format!("{name}: its first {skip} bytes are left out, there was no room\n"));
        }
        zip.start_file(format!("logs/{name}"), options)?;
        if let Err(error) = copy(&file.path, skip, file.bytes - skip, &mut zip) {
            report.push_str(&format!("{name}: it could not be read: {error}\n"));
        }
    }
    zip.start_file(REPORT, options)?;
    zip.write_all(report.as_bytes())?;
    let file = zip.finish()?;
    Ok((file.metadata()?.len(), left_out))
}

/// At most so many bytes: a game that still writes must not make it more.
fn copy(from: &Path, skip: u64, most: u64, to: &mut impl Write) -> io::Result<u64> {
    // Not a link that has come since, and no waiting for whoever writes into a pipe.
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).map_err(io::Error::other)?;
    let mut from = OpenOptions::new().read(true).custom_flags(flags).open(from)?;
    if !from.metadata()?.is_file() {
        return Err(io::Error::other("it is no file any more"));
    }
    from.seek(SeekFrom::Start(skip))?;
    io::copy(&mut from.take(most), to)
}

/// Every file that the log paths lead to, by its path below the package root.
fn find(collection: &Collection, report: &mut String) -> BTreeMap<String, Found> {
    let mut walk = Walk { root: PathBuf::new(), found: BTreeMap::new(), looked_at: 0, report };
    let Ok(root) = collection.game.canonicalize() else {
        walk.report.push_str("the package root is not there any more\n");
        return walk.found;
    };
    walk.root = root;
    for path in &collection.log_paths {
        let shown: String = path.chars().flat_map(char::escape_default).collect();
        match log_target(path, &walk.root.to_string_lossy()) {
            Ok(target) => {
                let before = walk.found.len();
                walk.visit(&walk.root.join(target), 0);
                let count = walk.found.len() - before;
                walk.report.push_str(&format!("{shown}: {count} files\n"));
            }
            Err(problem) => walk.report.push_str(&format!("{shown}: refused, {problem}\n")),
        }
    }
    walk.found
}

struct Walk<'a> {
    /// Canonical.
    root: PathBuf,
    found: BTreeMap<String, Found>,
    looked_at: usize,
    report: &'a mut String,
}

impl Walk<'_> {
    /// What cannot be looked at is not there, or not ours.
    fn visit(&mut self, path: &Path, depth: usize) {
        self.looked_at += 1;
        if self.looked_at > ENTRIES_MOST || depth > DEEPEST {
            return;
        }
        let Ok(name) = path.strip_prefix(&self.root).map(|name| zip_name(&name.to_string_lossy())) else {
            return;
        };
        let Ok(real) = path.canonicalize() else {
            self.report.push_str(&format!("{name}: it is not there\n"));
            return;
        };
        if !real.starts_with(&self.root) {
            self.report.push_str(&format!("{name}: refused, it leads out of the package root\n"));
            return;
        }
        let Ok(metadata) = fs::metadata(&real) else { return };
        if metadata.is_file() {
            let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            self.found.insert(name, Found { path: real, bytes: metadata.len(), modified });
        } else if metadata.is_dir() && (depth == 0 || !path.is_symlink()) {
            // A directory behind a link is reached by its own name, if it was asked for.
            let Ok(entries) = fs::read_dir(&real) else { return };
            for entry in entries.filter_map(Result::ok) {
                self.visit(&path.join(entry.file_name()), depth + 1);
            }
        }
    }
}

/// A game may name its files as it likes. Who unpacks them elsewhere must not meet `..\` as a way up, nor a line of the
/// report that the game wrote.
fn zip_name(name: &str) -> String {
    name.chars().map(|c| if c == '\\' || c.is_control() { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests;
