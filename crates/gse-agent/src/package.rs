//! Reading asset packages: the entries of a zip, for `gse_core::package` to judge. Blocking.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use gse_core::package::{
    EntryKind, PackageEntry, PackageLimits, PackageProblem, PackageSummary, check_package,
};
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use crate::slot::{self, SlotDir};

/// Why a package cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The system cannot open, read or write what it should: nothing is known of the package.
    #[error("the package cannot be read")]
    Io(#[from] io::Error),
    /// It is not a zip, or a damaged one.
    #[error("the package is not a readable zip")]
    Zip(#[source] ZipError),
    /// An entry is encrypted, or packed by a method that is not supported.
    #[error("the entry `{name}` cannot be unpacked")]
    Entry {
        /// The entry.
        name: String,
        /// Why.
        #[source]
        source: ZipError,
    },
    /// Its content is refused.
    #[error(transparent)]
    Refused(#[from] PackageProblem),
}

pub(crate) type Archive = ZipArchive<BufReader<File>>;

/// A link's target longer than this is refused anyway.
const LONGEST_TARGET: u64 = 4096;

/// Reads the entries and judges them by the default limits; what CreateAsset needs to know.
pub fn inspect(path: &Path) -> Result<PackageSummary, PackageError> {
    Ok(check_package(&read_entries(path)?, &PackageLimits::default())?)
}

/// Unpacks a package below an empty or missing directory, as for an instance: its files come into `game` there. Answers
/// the log. For `fuzz/`, which checks that nothing is written anywhere else.
pub fn unpack(path: &Path, directory: &Path) -> Result<String, PackageError> {
    slot::unpack(&SlotDir::at(directory), path).map_err(|(_, error)| error)
}

/// The entries as the zip declares them.
pub fn read_entries(path: &Path) -> Result<Vec<PackageEntry>, PackageError> {
    entries(&mut open(path)?)
}

pub(crate) fn open(path: &Path) -> Result<Archive, PackageError> {
    let file = BufReader::new(File::open(path)?);
    let archive = ZipArchive::new(file).map_err(|error| system_error(error, PackageError::Zip))?;
    if archive.has_duplicate_names() {
        // The archive holds the last entry of each name only, so `check_package` could not see it.
        let name = named_twice(path, archive.central_directory_start())?.unwrap_or_default();
        return Err(PackageProblem::Duplicate { name }.into());
    }
    Ok(archive)
}

/// The first name that the directory of the zip, which begins there, has a second time.
fn named_twice(path: &Path, directory: u64) -> io::Result<Option<String>> {
    let mut file = BufReader::new(File::open(path)?);
    file.seek(SeekFrom::Start(directory))?;
    let (mut seen, mut header) = (BTreeSet::new(), [0; 46]);
    while file.read_exact(&mut header).is_ok() && header.starts_with(b"PK\x01\x02") {
        let length = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let mut name = vec![0; usize::from(length(28))];
        file.read_exact(&mut name)?;
        if seen.contains(&name) {
            return Ok(Some(String::from_utf8_lossy(&name).into_owned()));
        }
        seen.insert(name);
        file.seek_relative(i64::from(length(30)) + i64::from(length(32)))?;
    }
    Ok(None)
}

/// A fault of the system has the system's number; what the zip crate finds wrong with the bytes has none, although it says
/// some of it as an `io::Error` too. A place outside of any file is what damaged bytes ask for.
pub(crate) fn system_error(
    error: ZipError,
    otherwise: impl FnOnce(ZipError) -> PackageError,
) -> PackageError {
    match error {
        ZipError::Io(error)
            if error.raw_os_error().is_some() && error.kind() != io::ErrorKind::InvalidInput =>
        {
            PackageError::Io(error)
        }
        error => otherwise(error),
    }
}

pub(crate) fn entries(archive: &mut Archive) -> Result<Vec<PackageEntry>, PackageError> {
    let mut entries = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        // `by_index` also finds what cannot be read back later: encryption, unknown methods, overlapping data.
        let mut file = archive.by_index(index).map_err(|source| {
            let name = format!("number {index}");
            system_error(source, |source| PackageError::Entry { name, source })
        })?;
        let mut entry = PackageEntry {
            name: file.name().map_or_else(|_| String::new(), |name| name.into_owned()),
            kind: kind(&file),
            size: file.size(),
            compressed_size: file.compressed_size(),
            mode: file.unix_mode(),
            link_target: None,
        };
        if entry.kind == EntryKind::Symlink {
            let mut target = Vec::new();
            let read = (&mut file).take(LONGEST_TARGET + 1).read_to_end(&mut target);
            read.map_err(|source| {
                let name = entry.name.clone();
                system_error(ZipError::Io(source), |source| PackageError::Entry { name, source })
            })?;
            entry.link_target = String::from_utf8(target).ok();
        }
        entries.push(entry);
    }
    // The limit of the ratio counts packed bytes once for each entry that has them.
    if archive.has_overlapping_files().map_err(PackageError::Zip)? {
        return Err(PackageProblem::SharedBytes.into());
    }
    Ok(entries)
}

fn kind<R: Read>(file: &ZipFile<'_, R>) -> EntryKind {
    match file.unix_mode().unwrap_or(0) & 0o170_000 {
        0o120_000 => EntryKind::Symlink,
        0o040_000 => EntryKind::Directory,
        0 | 0o100_000 if file.is_dir() => EntryKind::Directory,
        0 | 0o100_000 => EntryKind::File,
        _ => EntryKind::Special,
    }
}
