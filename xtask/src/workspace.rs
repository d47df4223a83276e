//! Where things are: the root of the workspace, the directory with the built programs, `cargo` itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The checkout that this xtask was built from, and where its programs lie.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// The directory of the root `Cargo.toml`.
    pub root: PathBuf,
    /// The directory with the built programs, for example `target/debug`.
    pub programs: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies in the root of the workspace")?
            .to_path_buf();
        // The programs lie beside this one: true for CARGO_TARGET_DIR, for a configured target and for profiles.
        let xtask = std::env::current_exe().context("the path of this program is unknown")?;
        let programs = xtask.parent().context("a program lies in a directory")?.to_path_buf();
        Ok(Self { root, programs })
    }

    /// The same workspace, with the programs of another profile.
    pub(crate) fn with_profile(&self, profile: &str) -> Self {
        Self { root: self.root.clone(), programs: self.programs.with_file_name(profile) }
    }

    /// The directory that holds all build results.
    pub(crate) fn target(&self) -> PathBuf {
        self.programs.parent().unwrap_or(&self.programs).to_path_buf()
    }

    /// The path of a built program.
    pub(crate) fn program(&self, name: &str) -> Result<PathBuf> {
        let path = self.programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        if !path.is_file() {
            bail!(
                "the program `{name}` is not in `{}`\n  hint: run `cargo build --workspace --bins --locked`, or leave out `--no-build`",
                self.programs.display()
            );
        }
        Ok(path)
    }

    /// `cargo`, started in the root. No input is offered, so nothing can wait for it.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root).stdin(std::process::Stdio::null());
        // What `cargo run` sets for this program does not concern the packages that the new cargo builds; left in
        // place it would make build scripts that look at it run again.
        for (name, _) in std::env::vars_os() {
            if name
                .to_str()
                .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
            {
                cargo.env_remove(name);
            }
        }
        cargo
    }

    /// A path as a reader wants to see it: relative to the current directory where possible.
    pub(crate) fn shown(path: &Path) -> String {
        let current = std::env::current_dir().unwrap_or_default();
        path.strip_prefix(&current).unwrap_or(path).display().to_string()
    }
}
