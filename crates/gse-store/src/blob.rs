//! Uploaded objects and the packages frozen from them, in a directory.
//!
//! An object is what lies under a bucket and key now; a later upload replaces it. A blob is what an asset was made of;
//! its name is the hash of its content and it never changes. Both appear whole or not at all: written beside,
//! synced, then renamed. File names are hashes, so a key can hold anything.

mod logs;
mod parts;

pub use parts::{OpenUpload, PartInfo};

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use gse_core::id::BlobId;
use sha2::{Digest, Sha256};

use crate::data_dir::sync_directory;

/// A directory of objects and blobs. Calls block.
#[derive(Debug)]
pub struct BlobStore {
    root: PathBuf,
    next_partial: AtomicU64,
}

/// Why an object could not be written or frozen.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The object is larger than one upload may be.
    #[error("the object is larger than {max_bytes} bytes")]
    TooLarge {
        /// The limit.
        max_bytes: u64,
    },
    /// Nothing was uploaded under that key.
    #[error("bucket `{bucket}` holds no object `{key}`")]
    NoObject {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// The bucket's name is not one that this store makes.
    #[error("`{bucket}` is not a bucket name")]
    BadBucket {
        /// What was given.
        bucket: String,
    },
    /// No upload in parts of that id is open for that object.
    #[error("no upload in parts `{id}` is open for this object")]
    NoUpload {
        /// The id.
        id: String,
    },
    /// A part is not there, or not as it is named; nothing was put together.
    #[error("part `{number}` was not uploaded as it is named, or the parts are not in ascending order")]
    BadPart {
        /// Its number.
        number: u32,
    },
    /// More uploads in parts are open than are kept at a time.
    #[error("{limit} uploads in parts are open; complete or abort one first")]
    TooManyUploads {
        /// The limit.
        limit: usize,
    },
    /// The disk refused.
    #[error("the blob store failed to {attempt}")]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl BlobError {
    fn io(attempt: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { attempt, source }
    }
}

impl BlobStore {
    /// Opens the directory, makes it where it does not exist, and clears what earlier uploads left half done.
    /// The caller holds the lock of the data directory.
    pub fn open(root: &Path) -> Result<Self, BlobError> {
        let store = Self { root: root.to_owned(), next_partial: AtomicU64::new(0) };
        let failed = BlobError::io("create its directories");
        store.create_directories().map_err(failed)?;
        Ok(store)
    }

    fn create_directories(&self) -> io::Result<()> {
        match fs::remove_dir_all(self.partial_directory()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        for directory in [
            self.partial_directory(),
            self.blob_directory(),
            self.bucket_directory(),
            self.log_directory(),
            self.parts_directory(),
        ] {
            fs::create_dir_all(directory)?;
        }
        sync_directory(&self.root)
    }

    /// Begins to write an object of at most `max_bytes`. It appears with `Upload::finish`.
    pub fn begin(&self, bucket: &str, key: &str, max_bytes: u64) -> Result<Upload, BlobError> {
        let target = self.object_path(bucket, key)?;
        self.upload(Target::Object(target), max_bytes)
    }

    fn upload(&self, target: Target, max_bytes: u64) -> Result<Upload, BlobError> {
        Ok(Upload { partial: self.partial()?, target, hasher: Sha256::new(), size: 0, max_bytes })
    }

    /// Writes an object from a reader, and says how many bytes it has.
    pub fn put_object(
        &self,
        bucket: &str,
        key: &str,
        mut from: impl Read,
        max_bytes: u64,
    ) -> Result<u64, BlobError> {
        let mut upload = self.begin(bucket, key, max_bytes)?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            match from.read(&mut buffer).map_err(BlobError::io("read the object"))? {
                0 => return upload.finish().map(|stored| stored.size_bytes),
                count => upload.write(&buffer[..count])?,
            }
        }
    }

    /// Copies the object as it is now to a blob, and says its id and size.
    pub fn freeze(&self, bucket: &str, key: &str) -> Result<(BlobId, u64), BlobError> {
        let source = match File::open(self.object_path(bucket, key)?) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BlobError::NoObject { bucket: bucket.to_owned(), key: key.to_owned() });
            }
            Err(error) => return Err(BlobError::io("open the object")(error)),
        };
        let mut partial = self.partial()?;
        let (hash, size) =
            copy_hashed(source, &mut partial.file).map_err(BlobError::io("copy the object"))?;
        let blob = BlobId::new(hash);
        partial.place(&self.blob_path(&blob)).map_err(BlobError::io("keep the copy"))?;
        Ok((blob, size))
    }

    /// The file of a blob.
    pub fn blob_path(&self, blob: &BlobId) -> PathBuf {
        self.blob_directory().join(blob.as_str())
    }

    /// Removes a blob, which may be gone already. The caller knows that nothing refers to it.
    pub fn remove_blob(&self, blob: &BlobId) -> Result<(), BlobError> {
        match fs::remove_file(self.blob_path(blob)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(BlobError::io("remove a package")(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes each blob that is not wanted, and says how many there were. The caller knows that none is being made.
    pub fn retain_blobs(&self, is_wanted: impl Fn(&BlobId) -> bool) -> Result<usize, BlobError> {
        let mut removed = 0;
        for entry in fs::read_dir(self.blob_directory()).map_err(BlobError::io("list the packages"))? {
            let name = entry.map_err(BlobError::io("list the packages"))?.file_name();
            // Any other name is none that was made here.
            let Some(blob) = name.to_str().map(BlobId::new).filter(|blob| !is_wanted(blob)) else { continue };
            self.remove_blob(&blob)?;
            removed += 1;
        }
        Ok(removed)
    }

    fn object_path(&self, bucket: &str, key: &str) -> Result<PathBuf, BlobError> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if bucket.is_empty() || bucket.len() > 100 || !bucket.bytes().all(is_plain) {
            return Err(BlobError::BadBucket { bucket: bucket.to_owned() });
        }
        let directory = self.bucket_directory().join(bucket);
        if !directory.is_dir() {
            let created =
                fs::create_dir_all(&directory).and_then(|()| sync_directory(&self.bucket_directory()));
            created.map_err(BlobError::io("create the bucket"))?;
        }
        Ok(directory.join(hex::encode(Sha256::digest(key))))
    }

    fn partial(&self) -> Result<Partial, BlobError> {
        let number = self.next_partial.fetch_add(1, Ordering::Relaxed);
        let path = self.partial_directory().join(number.to_string());
        let file = File::options().create_new(true).write(true).open(&path);
        Ok(Partial { file: file.map_err(BlobError::io("create a file"))?, path, is_placed: false })
    }

    fn partial_directory(&self) -> PathBuf {
        self.root.join("partial")
    }

    fn blob_directory(&self) -> PathBuf {
        self.root.join("blobs")
    }

    fn bucket_directory(&self) -> PathBuf {
        self.root.join("buckets")
    }
}

fn copy_hashed(mut from: impl Read, to: &mut impl Write) -> io::Result<(String, u64)> {
    let (mut hasher, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 64 << 10]);
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok((hex::encode(hasher.finalize()), size));
        }
        hasher.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
        size += count as u64;
    }
}

/// An object on its way in. Dropped before `finish`, it leaves nothing behind.
#[derive(Debug)]
pub struct Upload {
    partial: Partial,
    target: Target,
    hasher: Sha256,
    size: u64,
    max_bytes: u64,
}

/// What an upload becomes.
#[derive(Debug)]
enum Target {
    Object(PathBuf),
    Part { directory: PathBuf, number: u32 },
}

/// An object or a part that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its size, bytes.
    pub size_bytes: u64,
    /// Says whether it is the same as another: 32 hexadecimal digits of its hash.
    pub etag: String,
}

/// Digits of an ETag.
const ETAG_LENGTH: usize = 32;

impl Upload {
    /// Appends to the object.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        let size = self.size + bytes.len() as u64;
        if size > self.max_bytes {
            return Err(BlobError::TooLarge { max_bytes: self.max_bytes });
        }
        self.partial.file.write_all(bytes).map_err(BlobError::io("write the object"))?;
        self.hasher.update(bytes);
        self.size = size;
        Ok(())
    }

    /// Makes the object durable and visible under its key, or the part under its number, in place of an earlier one.
    pub fn finish(self) -> Result<Stored, BlobError> {
        let mut etag = hex::encode(self.hasher.finalize());
        etag.truncate(ETAG_LENGTH);
        let failed = BlobError::io("keep the object");
        match self.target {
            Target::Object(path) => self.partial.place(&path).map_err(failed)?,
            Target::Part { directory, number } => {
                parts::place(self.partial, &directory, number, &etag).map_err(failed)?;
            }
        }
        Ok(Stored { size_bytes: self.size, etag })
    }
}

/// A file that has no name that anybody looks for yet.
#[derive(Debug)]
struct Partial {
    file: File,
    path: PathBuf,
    is_placed: bool,
}

impl Partial {
    fn place(mut self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, target)?;
        self.is_placed = true;
        sync_directory(target.parent().expect("a file in the store has a directory"))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_placed {
            // Nothing more can be done here; the next start clears the directory.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests;
