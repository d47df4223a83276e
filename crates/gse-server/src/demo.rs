//! The demo package of the console's wizard: the sample game server as a zip, from the program that lies beside `gse` or
//! from a file that the operator names. It is read when it is asked for; nothing of it is kept in memory.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use gse_agent::package;
use gse_core::package::EntryKind;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The program in the package; its launch path is `/local/game/` and this.
pub(crate) const PROGRAM: &str = "game-server";
/// How every zip begins.
const ZIP_MAGIC: [u8; 4] = *b"PK\x03\x04";

/// Why there is no demo package.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error("this service has no demo package\nhint: {HOW}")]
    None,
    #[error("the demo package `{path}` is not there\nhint: {HOW}")]
    Missing { path: String },
    #[error("the demo package `{path}` cannot be read: {error}")]
    Io { path: String, error: io::Error },
    #[error("the zip `{path}` is no demo package: it has no program `{PROGRAM}` at its root\nhint: {HOW}")]
    Content { path: String },
}

/// How to get one.
const HOW: &str = "build the sample game server, so that its program `game-server` lies beside `gse` \
                   (`cargo build -p game-server`), or start the service with `--demo-package FILE`";

/// What is packed: a zip as it is, or a program to be put into one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Package {
    /// A zip with the program at its root.
    Zip(PathBuf),
    /// The program.
    Program(PathBuf),
}

/// Looks whether there is one. Blocking.
pub(crate) fn find(path: Option<&Path>) -> Result<Package, DemoError> {
    let path = path.ok_or(DemoError::None)?;
    let shown = || path.display().to_string();
    let mut start = Vec::new();
    match File::open(path).map(|file| file.take(4).read_to_end(&mut start)) {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(DemoError::Io { path: shown(), error }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(DemoError::Missing { path: shown() });
        }
        Err(error) => return Err(DemoError::Io { path: shown(), error }),
    }
    if start != ZIP_MAGIC {
        return Ok(Package::Program(path.to_owned()));
    }
    let entries = package::read_entries(path).unwrap_or_default();
    let has_program = entries.iter().any(|entry| entry.kind == EntryKind::File && entry.name == PROGRAM);
    if has_program { Ok(Package::Zip(path.to_owned())) } else { Err(DemoError::Content { path: shown() }) }
}

/// The bytes of the package. Blocking; packing a program takes as long as it is large.
pub(crate) fn read(package: &Package) -> Result<Box<dyn Read + Send>, DemoError> {
    let (path, read) = match package {
        Package::Zip(path) => (path, File::open(path).map(|file| Box::new(file) as Box<dyn Read + Send>)),
        Package::Program(path) => (path, pack(path)),
    };
    read.map_err(|error| DemoError::Io { path: path.display().to_string(), error })
}

/// The same program gives the same bytes, so that the service keeps them once.
fn pack(program: &Path) -> io::Result<Box<dyn Read + Send>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(PROGRAM, options)?;
    io::copy(&mut File::open(program)?, &mut zip)?;
    zip.flush()?;
    let mut packed = zip.finish()?;
    packed.seek(SeekFrom::Start(0))?;
    Ok(Box::new(packed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_becomes_a_package_that_can_be_launched() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("any-name");
        std::fs::write(&program, "#!/bin/sh\n").unwrap();
        let found = find(Some(&program)).unwrap();
        assert_eq!(found, Package::Program(program));
        let bytes = |package: &Package| {
            let mut bytes = Vec::new();
            read(package).unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        };
        let packed = bytes(&found);
        assert_eq!(packed, bytes(&found), "the same each time");
        let zip = directory.path().join("demo.zip");
        std::fs::write(&zip, &packed).unwrap();
        assert!(package::inspect(&zip).is_ok());
        // What was packed is a package itself.
        assert_eq!(find(Some(&zip)).unwrap(), Package::Zip(zip.clone()));
        assert_eq!(bytes(&Package::Zip(zip)), packed);
    }

    #[test]
    fn what_is_missing_is_said_with_a_way_to_get_it() {
        let directory = tempfile::tempdir().unwrap();
        let none = directory.path().join("none");
        let empty = directory.path().join("empty.zip");
        ZipWriter::new(File::create(&empty).unwrap()).finish().unwrap();
        std::fs::write(none.with_extension("zip"), [&ZIP_MAGIC[..], b"damaged"].concat()).unwrap();
        for (path, said) in [
            (None, "no demo package"),
            (Some(none.clone()), "is not there"),
            (Some(none.with_extension("zip")), "no program `game-server`"),
        ] {
            let text = find(path.as_deref()).unwrap_err().to_string();
            assert!(
                text.contains(said) && text.contains("hint: ") && text.contains("--demo-package"),
                "{text}"
            );
        }
    }
}
