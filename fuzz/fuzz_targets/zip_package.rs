//! Uploaded packages: judging and unpacking any bytes writes nothing outside the slot, nothing beyond what was declared,
//! and leaves no link that leads out.

#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use gse_agent::package::{inspect, read_entries, unpack};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

/// Larger packages are judged and not unpacked: that they are is the limits' business, which unit tests cover.
const UNPACKED_MAX: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let root = root();
    let (package, slot) = (root.join("package.zip"), root.join("slots/ins-1"));
    // A zip begins with `P`; anything else is a script that a zip is made of.
    let script = fuzz::package::script(data);
    let raw = data.first() == Some(&b'P');
    let zip = if raw { data.to_vec() } else { fuzz::package::zip(&script) };
    fs::write(&package, zip).expect("a writable directory");

    let judged = inspect(&package);
    if let Err(error) = &judged {
        let _ = error.to_string();
    }
    let Ok(summary) = judged else {
        assert!(unpack(&package, &slot).is_err(), "refused packages are not unpacked");
        outside_is_untouched(&root);
        return;
    };
    if !raw {
        let read = read_entries(&package).expect("it was just judged");
        assert_eq!(read.len(), script.len(), "entries that nobody judged");
    }
    if summary.bytes > UNPACKED_MAX {
        return;
    }
    let unpacked = unpack(&package, &slot);
    outside_is_untouched(&root);
    if unpacked.is_err() {
        assert!(!slot.join("game").exists(), "a package that fails half-way is not offered");
    } else {
        let game = slot.join("game").canonicalize().expect("an unpacked package");
        let (files, bytes) = measure(&game, &game);
        assert_eq!(
            (files, bytes <= summary.bytes),
            (summary.files, true),
            "{summary:?}, on disk {bytes} bytes"
        );
    }
    let _ = fs::remove_dir_all(&slot);
});

/// A directory of this run: the package, a file that nobody may touch, and the slots.
fn root() -> PathBuf {
    static ROOT: OnceLock<TempDir> = OnceLock::new();
    let root = ROOT.get_or_init(|| {
        let root = tempfile::tempdir().expect("a directory for temporary files");
        fs::write(root.path().join("outside"), "outside").expect("a writable directory");
        fs::create_dir(root.path().join("slots")).expect("a writable directory");
        root
    });
    root.path().to_owned()
}

fn outside_is_untouched(root: &Path) {
    let names = |directory: &Path| {
        let entries = fs::read_dir(directory).expect("a readable directory");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("a readable entry").file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(root), ["outside", "package.zip", "slots"]);
    assert_eq!(fs::read(root.join("outside")).expect("still there"), b"outside");
    assert!(names(&root.join("slots")).iter().all(|name| name == "ins-1"));
}

/// Regular files and their bytes below a directory. Links must stay inside; special modes must not have survived.
fn measure(game: &Path, directory: &Path) -> (u64, u64) {
    use std::os::unix::fs::PermissionsExt as _;
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(directory).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        let metadata = fs::symlink_metadata(&path).expect("it was just listed");
        if metadata.is_symlink() {
            // A link to nothing, or in a circle, leads nowhere.
            if let Ok(real) = path.canonicalize() {
                assert!(real.starts_with(game), "{} leads to {}", path.display(), real.display());
            }
        } else if metadata.is_dir() {
            let (more_files, more_bytes) = measure(game, &path);
            (files, bytes) = (files + more_files, bytes + more_bytes);
        } else {
            assert!(metadata.is_file(), "{} is special", path.display());
            assert_eq!(metadata.permissions().mode() & 0o7000, 0, "{} has special bits", path.display());
            (files, bytes) = (files + 1, bytes + metadata.len());
        }
    }
    (files, bytes)
}
