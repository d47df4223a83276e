//! Brings one folder of generated files in line with what a generator produced, or tells how it differs.
//! Knows nothing about what the files mean.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// File name to text.
pub(crate) type Files = BTreeMap<String, String>;

/// Makes `folder` hold exactly `wanted`; with `check` it only compares.
/// Returns the files that differ, are missing, or are no longer produced.
pub(crate) fn sync(folder: &Path, wanted: &Files, check: bool) -> anyhow::Result<Vec<PathBuf>> {
    let present = if folder.is_dir() { read(folder)? } else { Files::new() };
    let mut differing = Vec::new();
    for (name, text) in wanted {
        if present.get(name) != Some(text) {
            let path = folder.join(name);
            if !check {
                fs::create_dir_all(folder)
                    .with_context(|| format!("cannot create `{}`", folder.display()))?;
                fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
            }
            differing.push(path);
        }
    }
    for name in present.keys().filter(|name| !wanted.contains_key(*name)) {
        let path = folder.join(name);
        if !check {
            fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
        }
        differing.push(path);
    }
    Ok(differing)
}

/// The files directly in `folder`. Folders inside it are left alone.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Files> {
    let mut files = Files::new();
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let path = entry.path();
            let bytes = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // A file spoiled by other bytes must count as different, not stop the check.
            files.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
