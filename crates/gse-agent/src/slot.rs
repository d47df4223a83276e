//! Slots on disk: `<slots>/<instance>/game/` is the package of one instance.
//!
//! Blocking functions that answer with an `Input`. What may be unpacked is decided by `gse_core::package`; nothing here
//! writes a path that it did not build itself from checked parts.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use gse_core::host::PreparationStep;
use gse_core::id::InstanceId;
use gse_core::package::setup::{GSE_YAML_BYTES, PackageSetup};
use gse_core::package::{EntryKind, PackageEntry, PackageLimits, check_package, entry_path};
use gse_core::supervisor::Input;
use gse_core::supervisor::launch::LaunchTarget;

use crate::package::{self, Archive, PackageError};

/// An extraction log is at most about so long; the rest is counted.
const LONGEST_LOG: usize = 64 * 1024;

/// In the package root; run with `bash`, so it need not be executable.
pub(crate) const INSTALL_SCRIPT: &str = "install.sh";

/// The directory of one slot.
#[derive(Clone, Debug)]
pub(crate) struct SlotDir {
    root: PathBuf,
}

impl SlotDir {
    /// `None`: the id cannot be a directory name.
    pub(crate) fn new(slots: &Path, instance: &InstanceId) -> Option<Self> {
        let name = instance.as_str();
        is_file_name(name).then(|| Self { root: slots.join(name) })
    }

    /// A directory that the caller vouches for.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The package root, which launch paths call `/local/game`.
    pub(crate) fn game(&self) -> PathBuf {
        self.root.join("game")
    }
}

/// Whether an id may be the name of a file or directory.
pub(crate) fn is_file_name(name: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !name.is_empty() && name.len() <= 128 && name.bytes().all(fine)
}

/// Unpacks a package into a tree of its own.
pub(crate) fn prepare(instance: InstanceId, dir: &SlotDir, package: &Path) -> Input {
    match unpack(dir, package) {
        Ok(log) => {
            let setup = setup_of(&dir.game());
            Input::SlotExtracted { instance, log, setup }
        }
        Err((step, error)) => {
            let reason = chain(&error);
            let log = format!("{reason}\n");
            Input::SlotFailed { instance, step, reason, log }
        }
    }
}

pub(crate) fn unpack(dir: &SlotDir, package: &Path) -> Result<String, (PreparationStep, PackageError)> {
    let mut archive = package::open(package).map_err(|error| match error {
        PackageError::Io(_) => (PreparationStep::Download, error),
        error => (PreparationStep::Extract, error),
    })?;
    unpack_archive(dir, &mut archive).map_err(|error| (PreparationStep::Extract, error))
}

fn unpack_archive(dir: &SlotDir, archive: &mut Archive) -> Result<String, PackageError> {
    let entries = package::entries(archive)?;
    let summary = check_package(&entries, &PackageLimits::default())?;
    remove_tree(dir.root())?;
    fs::create_dir_all(dir.root())?;
    // The tree appears under its name only when it is complete.
    let partial = dir.root().join("game.partial");
    fs::create_dir(&partial)?;
    for (index, entry) in entries.iter().enumerate() {
        write_entry(&partial, archive, index, entry)?;
    }
    // Links last, so that nothing is ever written through one.
    for entry in entries.iter().filter(|entry| entry.kind == EntryKind::Symlink) {
        let path = place(&partial, entry)?;
        symlink(entry.link_target.as_deref().unwrap_or_default(), path)?;
    }
    fs::rename(&partial, dir.game())?;
    Ok(extraction_log(&entries, summary.bytes))
}

fn write_entry(
    root: &Path,
    archive: &mut Archive,
    index: usize,
    entry: &PackageEntry,
) -> Result<(), PackageError> {
    match entry.kind {
        EntryKind::Directory => fs::create_dir_all(place(root, entry)?)?,
        EntryKind::File => {
            let path = place(root, entry)?;
            let name = || entry.name.clone();
            let file =
                archive.by_index(index).map_err(|source| PackageError::Entry { name: name(), source })?;
            // Never special bits, always usable by us.
            let mode = entry.mode.unwrap_or(0o644) & 0o777 | 0o600;
            let mut to = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
            // The declared size was checked against the limits; more than that is not written.
            let written = io::copy(&mut file.take(entry.size + 1), &mut to)?;
            if written != entry.size {
                let text =
                    format!("`{}` does not unpack to the {} bytes it declares", entry.name, entry.size);
                return Err(io::Error::new(io::ErrorKind::InvalidData, text).into());
            }
        }
        EntryKind::Symlink | EntryKind::Special => {}
    }
    Ok(())
}

/// The path of an entry below the root; its parents are made.
fn place(root: &Path, entry: &PackageEntry) -> Result<PathBuf, PackageError> {
    let path = entry_path(&entry.name)?.iter().fold(root.to_owned(), |path, part| path.join(part));
    if let Some(parent) = path.parent().filter(|_| path != root) {
        fs::create_dir_all(parent)?;
    }
    Ok(path)
}

/// What lies in the package root for the host. Only plain files count: a package that escapes was refused before.
fn setup_of(game: &Path) -> PackageSetup {
    let is_file = |path: &Path| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    let yaml = Some(game.join("gse.yaml")).filter(|path| is_file(path));
    let gse_yaml = yaml.and_then(|path| {
        let mut content = Vec::new();
        let read =
            fs::File::open(path).and_then(|file| file.take(GSE_YAML_BYTES as u64).read_to_end(&mut content));
        read.ok().map(|_| content)
    });
    PackageSetup { install_script: is_file(&game.join(INSTALL_SCRIPT)), gse_yaml }
}

fn extraction_log(entries: &[PackageEntry], bytes: u64) -> String {
    let mut log = format!("{} entries, {bytes} bytes\n", entries.len());
    let mut left_out = 0_usize;
    for entry in entries.iter().filter(|entry| entry.kind != EntryKind::Directory) {
        if log.len() < LONGEST_LOG {
            log.push_str(&format!("{} {}\n", entry.size, entry.name));
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        log.push_str(&format!("and {left_out} more\n"));
    }
    log
}

/// Looks up launch targets and makes those of the package executable.
pub(crate) fn resolve(
    instance: InstanceId,
    dir: &SlotDir,
    runtime_version: u64,
    targets: Vec<Option<LaunchTarget>>,
) -> Input {
    let found = targets.iter().map(|target| find(&dir.game(), target.as_ref()?)).collect();
    Input::LaunchPathsResolved { instance, runtime_version, found }
}

fn find(game: &Path, target: &LaunchTarget) -> Option<String> {
    let own = game.join(&target.in_package);
    if own.is_file() {
        // A link that something in the package made may lead to a program that is not ours to change.
        let real = own.canonicalize().ok()?;
        if real.starts_with(game.canonicalize().ok()?) {
            make_executable(&real).ok()?;
        }
        return own.to_str().map(str::to_owned);
    }
    let name = target.in_path.as_ref()?;
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|file| {
            fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        })
        .and_then(|file| file.to_str().map(str::to_owned))
}

fn make_executable(file: &Path) -> io::Result<()> {
    let mode = fs::metadata(file)?.permissions().mode();
    fs::set_permissions(file, Permissions::from_mode(mode | 0o111))
}

/// Removes the files of a slot.
pub(crate) fn remove(instance: InstanceId, dir: &SlotDir) -> Input {
    if let Err(error) = remove_tree(dir.root()) {
        tracing::warn!(%instance, %error, "the files of the slot could not be removed");
    }
    Input::SlotRemoved { instance }
}

pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// An error with all its sources, for a log that people read.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
