//! The logs of sessions: blobs that go after their time, or when there are too many (G-21).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use gse_core::id::BlobId;

use super::{BlobError, BlobStore, copy_hashed};

impl BlobStore {
    /// Copies a file to the logs, and says its id. One that is there already counts as new.
    pub fn keep_log(&self, file: &Path) -> Result<BlobId, BlobError> {
        let mut partial = self.partial()?;
        let copied = File::open(file).and_then(|from| copy_hashed(from, &mut partial.file));
        let (hash, _) = copied.map_err(BlobError::io("copy the log"))?;
        let blob = BlobId::new(hash);
        partial.place(&self.log_directory().join(blob.as_str())).map_err(BlobError::io("keep the log"))?;
        Ok(blob)
    }

    /// The file of a log; `None`: no id that `keep_log` gives. It may be gone.
    pub fn log_path(&self, blob: &str) -> Option<PathBuf> {
        let is_hash = blob.len() == 64 && blob.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| self.log_directory().join(blob))
    }

    /// Removes the logs that are older than that, and then the oldest until at most so many bytes are left. Says how many
    /// went.
    pub fn prune_logs(&self, oldest: Duration, most_bytes: u64) -> Result<usize, BlobError> {
        prune(&self.log_directory(), oldest, most_bytes).map_err(BlobError::io("remove old logs"))
    }

    pub(super) fn log_directory(&self) -> PathBuf {
        self.root.join("logs")
    }
}

fn prune(directory: &Path, oldest: Duration, most_bytes: u64) -> io::Result<usize> {
    let mut logs = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        logs.push((metadata.modified()?, metadata.len(), entry.path()));
    }
    logs.sort_by(|(a, ..), (b, ..)| b.cmp(a));
    let now = SystemTime::now();
    let (mut bytes, mut gone) = (0_u64, 0);
    for (modified, length, path) in logs {
        bytes = bytes.saturating_add(length);
        // A clock that was set back makes nothing old.
        let is_old = now.duration_since(modified).is_ok_and(|age| age > oldest);
        if is_old || bytes > most_bytes {
            fs::remove_file(path)?;
            gone += 1;
        }
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// A log of so many bytes, so many days old.
    fn log(store: &BlobStore, directory: &Path, bytes: usize, days: u32) -> PathBuf {
        let file = directory.join("packed");
        fs::write(&file, vec![u8::try_from(days).unwrap(); bytes]).unwrap();
        let path = store.log_path(store.keep_log(&file).unwrap().as_str()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), bytes as u64);
        let at = SystemTime::now() - DAY * days;
        File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
        path
    }

    #[test]
    fn old_logs_go_and_then_the_oldest_of_too_many() {
        let directory = tempfile::tempdir().unwrap();
        let store = BlobStore::open(&directory.path().join("objects")).unwrap();
        let logs = [1, 2, 3, 31].map(|days| log(&store, directory.path(), 10, days));
        let there = || logs.clone().map(|path| path.exists());
        assert_eq!(store.prune_logs(30 * DAY, 30).unwrap(), 1);
        assert_eq!(there(), [true, true, true, false]);
        assert_eq!(store.prune_logs(30 * DAY, 29).unwrap(), 1);
        assert_eq!(there(), [true, true, false, false]);
        // The same content again is a new log.
        log(&store, directory.path(), 10, 2);
        assert_eq!(store.prune_logs(DAY * 3 / 2, 100).unwrap(), 1);
        assert_eq!(there(), [true, false, false, false]);
    }

    #[test]
    fn what_is_no_log_has_no_path() {
        let directory = tempfile::tempdir().unwrap();
        let store = BlobStore::open(directory.path()).unwrap();
        for name in ["", "..", "../blobs/x", &"a/".repeat(32), &"g".repeat(64)] {
            assert_eq!(store.log_path(name), None, "{name}");
        }
    }
}
