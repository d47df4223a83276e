//! The folder that a service keeps everything in, and the lock that keeps a second service out of it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

const LOCK_TRIES: u32 = 200;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The data directory, locked for this process. The lock ends with the value, and with the process in any case.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another service holds the lock.
    #[error(
        "data directory `{path}` is in use by another running service\nhint: stop that one, or start this one with another `--data-dir`"
    )]
    InUse {
        /// The directory.
        path: String,
    },
    /// The directory or a file in it could not be made or read.
    #[error("cannot use `{path}` as data directory: failed to {attempt}")]
    Io {
        /// The directory or file.
        path: String,
        /// What was attempted.
        attempt: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl DataDir {
    /// Makes the directory where it does not exist, and takes its lock. Blocks for two seconds when it is taken.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let failed = |attempt, at: &Path| {
            let path = at.display().to_string();
            move |source| DataDirError::Io { path, attempt, source }
        };
        create_private(path).map_err(failed("create the directory", path))?;
        let path = fs::canonicalize(path).map_err(failed("resolve the directory", path))?;
        let lock_path = path.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(failed("open the lock file", &lock_path))?;
        match lock_soon(&lock) {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse { path: path.display().to_string() }),
            Err(TryLockError::Error(source)) => Err(failed("lock the directory", &lock_path)(source)),
        }
    }

    /// The directory itself, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the embedded store.
    pub fn store_path(&self) -> PathBuf {
        self.path.join("store.sqlite3")
    }

    /// Where uploaded objects and packages are kept.
    pub fn blob_path(&self) -> PathBuf {
        self.path.join("objects")
    }

    /// Where the agent makes its slots.
    pub fn slot_path(&self) -> PathBuf {
        self.path.join("slots")
    }

    /// The text of a small private file, or `None` when there is none.
    pub fn read_private(&self, name: &str) -> Result<Option<String>, DataDirError> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => {
                Err(DataDirError::Io { path: path.display().to_string(), attempt: "read the file", source })
            }
        }
    }

    /// Writes a small file that only the owner may read, whole or not at all.
    pub fn write_private(&self, name: &str, text: &str) -> Result<(), DataDirError> {
        let path = self.path.join(name);
        self.replace_private(name, text).map_err(|source| DataDirError::Io {
            path: path.display().to_string(),
            attempt: "write the file",
            source,
        })
    }

    fn replace_private(&self, name: &str, text: &str) -> io::Result<()> {
        let partial = self.path.join(format!("{name}.partial"));
        // A leftover of an earlier try could have other rights.
        match fs::remove_file(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = File::options();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&partial)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, self.path.join(name))?;
        sync_directory(&self.path)
    }
}

/// A service that is killed while it starts a process leaves its locks to that process until this one has become another
/// program, which is a matter of milliseconds, and of more where the machine is busy.
fn lock_soon(file: &File) -> Result<(), TryLockError> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            other => return other,
        }
    }
    file.try_lock()
}

/// What is in it is nobody else's business: player session ids are tickets.
fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes a rename durable: the entry lives in the directory, not in the file.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests;
