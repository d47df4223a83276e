//! The programs under test. They lie in the target directory, where `cargo xtask test` has put them.

use std::path::PathBuf;

/// The path of a program of this workspace.
///
/// # Panics
/// If it was not built: a story must not pass, and cannot be told, without its programs.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    // The test lies in `target/debug/deps`, the programs one above.
    let directory = test.parent().and_then(|deps| deps.parent()).expect("a test lies in `deps`");
    let path = directory.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "the program `{name}` is not in `{}`\nhint: run `cargo xtask test`, which builds the programs first",
        directory.display()
    );
    path
}
