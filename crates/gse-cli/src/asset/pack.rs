//! Zips the contents of a folder, so that the same contents always give the same bytes: entries are sorted,
//! times are fixed, owners are left out, and of the mode only "may be executed" is kept.

use std::{
    fs::{self, File},
    io::{self, Seek, Write},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// One entry of the zip.
struct Entry {
    /// Relative, with `/`; folders end with one.
    name: String,
    path: PathBuf,
    mode: u32,
    bytes: u64,
}

/// Writes the zip and returns how many files it holds.
///
/// # Errors
/// The folder cannot be read, is empty, or holds something that a zip should not carry: a link, a device, a socket,
/// or a name that is not UTF-8.
pub(super) fn pack(folder: &Path, out: impl Write + Seek) -> anyhow::Result<usize> {
    let mut entries = Vec::new();
    collect(folder, "", &mut entries)?;
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let files = entries.iter().filter(|entry| !entry.is_folder()).count();
    if files == 0 {
        bail!("it holds no file");
    }
    let mut zip = ZipWriter::new(out);
    for entry in &entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(entry.mode)
            .large_file(entry.bytes >= u64::from(u32::MAX));
        let written = if entry.is_folder() {
            zip.add_directory(entry.name.as_str(), options)
        } else {
            zip.start_file(entry.name.as_str(), options)
        };
        written.with_context(|| format!("cannot add `{}`", entry.name))?;
        if !entry.is_folder() {
            let copied = File::open(&entry.path).and_then(|mut file| io::copy(&mut file, &mut zip));
            copied.with_context(|| format!("cannot add `{}`", entry.name))?;
        }
    }
    zip.finish().context("cannot finish the zip")?;
    Ok(files)
}

impl Entry {
    fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }
}

fn collect(folder: &Path, prefix: &str, entries: &mut Vec<Entry>) -> anyhow::Result<()> {
    for item in
        fs::read_dir(folder).with_context(|| format!("cannot read the folder `{}`", folder.display()))?
    {
        let path = item.with_context(|| format!("cannot read the folder `{}`", folder.display()))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name else { bail!("the name of `{}` is not UTF-8", path.display()) };
        let name = format!("{prefix}{name}");
        let metadata =
            fs::symlink_metadata(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let kind = metadata.file_type();
        if kind.is_dir() {
            let name = format!("{name}/");
            collect(&path, &name, entries)?;
            entries.push(Entry { name, path, mode: 0o755, bytes: 0 });
        } else if kind.is_file() {
            let executable = metadata.permissions().mode() & 0o111 != 0;
            let mode = if executable { 0o755 } else { 0o644 };
            entries.push(Entry { name, path, mode, bytes: metadata.len() });
        } else if kind.is_symlink() {
            bail!(
                "`{}` is a symbolic link; hint: put a copy of what it points to in its place",
                path.display()
            );
        } else {
            bail!("`{}` is neither a file nor a folder", path.display());
        }
    }
    Ok(())
}
