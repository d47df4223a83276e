//! Packages to deploy. They are small: a script in place of a program of eighty megabytes.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::programs::program;

/// A zip of these entries, in this order; a name may be anything.
#[must_use]
pub fn zip(directory: &Path, name: &str, entries: &[(&str, &str)]) -> PathBuf {
    let path = directory.join(name);
    let mut zip = ZipWriter::new(File::create(&path).expect("a file for the zip"));
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).expect("an entry begins");
        zip.write_all(content.as_bytes()).expect("an entry is written");
    }
    zip.finish().expect("the zip is complete");
    path
}

/// The sample game server: a script that becomes the program under test, so it has the same pid.
#[must_use]
pub fn game_server(directory: &Path) -> PathBuf {
    let script = format!("#!/bin/sh\nexec '{}' \"$@\"\n", program("game-server").display());
    zip(directory, "game.zip", &[("game-server", &script)])
}

/// The game server that misbehaves, and a file that no system executes.
#[must_use]
pub fn misbehaving(directory: &Path) -> PathBuf {
    let script = format!("#!/bin/sh\nexec '{}' \"$@\"\n", program("misbehave").display());
    zip(directory, "misbehave.zip", &[("misbehave", &script), ("no-program", "\u{7f}ELF of nothing\n")])
}

/// A program that runs and never says a word to the service.
#[must_use]
pub fn silent(directory: &Path) -> PathBuf {
    zip(directory, "silent.zip", &[("silent", "#!/bin/sh\nexec sleep 1000\n")])
}

/// A build in a folder: the game server on the bare contract, with a name so that builds differ.
#[must_use]
pub fn build(directory: &Path, name: &str) -> PathBuf {
    let folder = directory.join(name);
    std::fs::create_dir_all(&folder).expect("a folder for the build");
    let script = format!("#!/bin/sh\n# {name}\nexec '{}' \"$@\"\n", program("misbehave").display());
    let server = folder.join("server");
    std::fs::write(&server, script).expect("a script");
    std::fs::set_permissions(&server, Permissions::from_mode(0o755)).expect("the script can be run");
    folder
}
