//! The demo package of the console's wizard: the sample game server as a zip, from the program that lies beside `gse` or
//! from a file that the operator names. It is made when it is asked for, while it is written; nothing of it is kept in memory.

use std::fs::File;
use std::io::{self, Read as _, Write};
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

impl DemoError {
    /// What a visitor is told, who need not know where the operator keeps things: that is for the log.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::None => self.to_string(),
            Self::Missing { .. } => format!("the demo package of this service is not there\nhint: {HOW}"),
            Self::Io { .. } => "the demo package of this service cannot be read; its log says why".to_owned(),
            Self::Content { .. } => {
                format!(
                    "what this service has is no demo package: it has no program `{PROGRAM}`\nhint: {HOW}"
                )
            }
        }
    }
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

/// Writes the package, as it is made. Blocking; packing a program takes as long as it is large.
pub(crate) fn write(package: &Package, mut to: impl Write) -> Result<(), DemoError> {
    let (path, written) = match package {
        Package::Zip(path) => {
            (path, File::open(path).and_then(|mut zip| io::copy(&mut zip, &mut to).map(drop)))
        }
        Package::Program(path) => (path, pack(path, to)),
    };
    written.map_err(|error| DemoError::Io { path: path.display().to_string(), error })
}

/// The same program gives the same bytes, so that the service keeps them once.
fn pack(program: &Path, to: impl Write) -> io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new_stream(UntilFailure { to, has_failed: false });
    zip.start_file(PROGRAM, options)?;
    io::copy(&mut File::open(program)?, &mut zip)?;
    zip.finish()?;
    Ok(())
}

/// Fails once and takes everything after that: a zip that is given up writes its end all the same, and would tell standard
/// error that it could not.
struct UntilFailure<W> {
    to: W,
    has_failed: bool,
}

impl<W: Write> Write for UntilFailure<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.has_failed {
            return Ok(bytes.len());
        }
        let written = self.to.write(bytes);
        self.has_failed = matches!(&written, Ok(0) | Err(_));
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.has_failed { Ok(()) } else { self.to.flush() }
    }
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
            write(package, &mut bytes).unwrap();
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

    /// The limit of an object holds while it is packed, so no more than that is ever made.
    #[test]
    fn packing_ends_where_there_is_no_more_room() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("program");
        // What does not get smaller by packing.
        let mut seed = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()[0]
        })
        .take(1 << 20)
        .collect();
        std::fs::write(&program, noise).unwrap();
        let mut room = [0; 4096];
        let refused = write(&Package::Program(program), &mut room[..]).unwrap_err();
        assert!(matches!(refused, DemoError::Io { .. }), "{refused}");
        assert_eq!(room[..4], ZIP_MAGIC);
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
            let error = find(path.as_deref()).unwrap_err();
            let told = error.told();
            for text in [&error.to_string(), &told] {
                assert!(
                    text.contains(said) && text.contains("hint: ") && text.contains("--demo-package"),
                    "{text}"
                );
            }
            assert!(!told.contains(directory.path().to_str().unwrap()), "{told}");
        }
    }
}
