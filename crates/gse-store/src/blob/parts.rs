//! Uploads in parts: each is a directory with a file that names the object and a file for each part. Parts are put
//! together when the upload is completed; one that nobody completes goes after a day.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{BlobError, BlobStore, Partial, Stored, Target, Upload};

/// Uploads that are open at a time.
const UPLOADS_MOST: usize = 64;
/// An upload that was begun so long ago is removed when another begins.
const UPLOAD_AGE_MOST: Duration = Duration::from_secs(24 * 3600);
/// The file that names bucket and key.
const OBJECT_FILE: &str = "object";

/// A part that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartInfo {
    /// Its place in the object, from 1.
    pub number: u32,
    /// Size and ETag.
    pub stored: Stored,
}

/// An upload that was begun, and neither completed nor aborted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenUpload {
    /// Its id.
    pub id: String,
    /// The object that it will be.
    pub key: String,
}

impl BlobStore {
    /// Begins an upload in parts; the id is new, and letters and digits.
    pub fn begin_parts(&self, bucket: &str, key: &str, id: &str) -> Result<(), BlobError> {
        // Refuses what is no bucket.
        self.object_path(bucket, key)?;
        self.remove_old_uploads().map_err(BlobError::io("remove old uploads in parts"))?;
        let failed = || BlobError::io("begin an upload in parts");
        if fs::read_dir(self.parts_directory()).map_err(failed())?.count() >= UPLOADS_MOST {
            return Err(BlobError::TooManyUploads { limit: UPLOADS_MOST });
        }
        let directory = self.upload_directory(id).ok_or_else(|| BlobError::NoUpload { id: id.to_owned() })?;
        fs::create_dir(&directory).map_err(failed())?;
        fs::write(directory.join(OBJECT_FILE), format!("{bucket}\n{key}")).map_err(failed())
    }

    /// Begins to write a part; all parts together have at most `max_bytes`.
    pub fn begin_part(
        &self,
        (bucket, key): (&str, &str),
        id: &str,
        number: u32,
        max_bytes: u64,
    ) -> Result<Upload, BlobError> {
        let directory = self.open_upload(bucket, key, id)?;
        let others = read_parts(&directory)?.into_iter().filter(|part| part.number != number);
        let used: u64 = others.map(|part| part.stored.size_bytes).sum();
        let mut upload = self.upload(Target::Part { directory, number }, max_bytes)?;
        upload.max_bytes = max_bytes.saturating_sub(used);
        Ok(upload)
    }

    /// The parts that were uploaded, by their number.
    pub fn parts(&self, bucket: &str, key: &str, id: &str) -> Result<Vec<PartInfo>, BlobError> {
        read_parts(&self.open_upload(bucket, key, id)?)
    }

    /// Puts the named parts together in their order: number and ETag. The upload is gone then.
    pub fn complete_parts(
        &self,
        (bucket, key): (&str, &str),
        id: &str,
        named: &[(u32, String)],
        max_bytes: u64,
    ) -> Result<Stored, BlobError> {
        let directory = self.open_upload(bucket, key, id)?;
        let known = read_parts(&directory)?;
        let mut before = 0;
        for (number, etag) in named {
            let is_known = known.iter().any(|part| part.number == *number && part.stored.etag == *etag);
            if !is_known || *number <= before {
                return Err(BlobError::BadPart { number: *number });
            }
            before = *number;
        }
        if named.is_empty() {
            return Err(BlobError::BadPart { number: 1 });
        }
        let mut upload = self.begin(bucket, key, max_bytes)?;
        for (number, etag) in named {
            let part = File::open(directory.join(part_name(*number, etag)));
            copy(part.map_err(BlobError::io("open a part"))?, &mut upload)?;
        }
        let stored = upload.finish()?;
        fs::remove_dir_all(directory).map_err(BlobError::io("remove the parts"))?;
        Ok(stored)
    }

    /// Forgets an upload and its parts.
    pub fn abort_parts(&self, bucket: &str, key: &str, id: &str) -> Result<(), BlobError> {
        let directory = self.open_upload(bucket, key, id)?;
        fs::remove_dir_all(directory).map_err(BlobError::io("remove the parts"))
    }

    /// The uploads to a bucket that are open, by key.
    pub fn open_uploads(&self, bucket: &str) -> Result<Vec<OpenUpload>, BlobError> {
        let failed = || BlobError::io("list the uploads in parts");
        let mut uploads = Vec::new();
        for entry in fs::read_dir(self.parts_directory()).map_err(failed())? {
            let entry = entry.map_err(failed())?;
            // One that is being made or removed has no such file.
            let Ok(object) = fs::read_to_string(entry.path().join(OBJECT_FILE)) else { continue };
            let Some((_, key)) = object.split_once('\n').filter(|(of, _)| *of == bucket) else { continue };
            let id = entry.file_name().to_string_lossy().into_owned();
            uploads.push(OpenUpload { id, key: key.to_owned() });
        }
        uploads.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
        Ok(uploads)
    }

    /// The directory of an upload of that object.
    fn open_upload(&self, bucket: &str, key: &str, id: &str) -> Result<PathBuf, BlobError> {
        let missing = || BlobError::NoUpload { id: id.to_owned() };
        let directory = self.upload_directory(id).ok_or_else(missing)?;
        let object = fs::read_to_string(directory.join(OBJECT_FILE)).map_err(|_| missing())?;
        if object == format!("{bucket}\n{key}") { Ok(directory) } else { Err(missing()) }
    }

    fn upload_directory(&self, id: &str) -> Option<PathBuf> {
        let is_plain = (16..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_plain.then(|| self.parts_directory().join(id))
    }

    fn remove_old_uploads(&self) -> io::Result<()> {
        let now = SystemTime::now();
        for entry in fs::read_dir(self.parts_directory())? {
            let path = entry?.path();
            // The file is written when the upload begins, and never again.
            let Ok(begun) = fs::metadata(path.join(OBJECT_FILE)).and_then(|file| file.modified()) else {
                continue;
            };
            if now.duration_since(begun).is_ok_and(|age| age > UPLOAD_AGE_MOST) {
                fs::remove_dir_all(path)?;
            }
        }
        Ok(())
    }

    pub(super) fn parts_directory(&self) -> PathBuf {
        self.root.join("parts")
    }
}

/// Keeps a part under its number and ETag, in place of an earlier one of that number.
pub(super) fn place(partial: Partial, directory: &Path, number: u32, etag: &str) -> io::Result<()> {
    let name = part_name(number, etag);
    partial.place(&directory.join(&name))?;
    let prefix = part_name(number, "");
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let other = entry.file_name();
        if other.to_string_lossy().starts_with(&prefix) && other.to_string_lossy() != name {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn part_name(number: u32, etag: &str) -> String {
    format!("{number:05}-{etag}")
}

fn read_parts(directory: &Path) -> Result<Vec<PartInfo>, BlobError> {
    let failed = || BlobError::io("list the parts");
    let mut parts = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((number, etag)) = name.split_once('-') else { continue };
        let Ok(number) = number.parse() else { continue };
        let size_bytes = entry.metadata().map_err(failed())?.len();
        parts.push(PartInfo { number, stored: Stored { size_bytes, etag: etag.to_owned() } });
    }
    parts.sort_by_key(|part| part.number);
    Ok(parts)
}

fn copy(mut from: File, to: &mut Upload) -> Result<(), BlobError> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match io::Read::read(&mut from, &mut buffer).map_err(BlobError::io("read a part"))? {
            0 => return Ok(()),
            count => to.write(&buffer[..count])?,
        }
    }
}
