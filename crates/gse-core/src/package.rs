//! Which packages may be unpacked: every entry stays inside its directory, and none explodes.
//!
//! Pure: the entries are what a shell read from the central directory of the zip. Used when an asset is made and again
//! when it is unpacked on a host. Not here: reading or writing files.

use std::collections::BTreeMap;
use std::fmt;

pub mod lint;
pub mod setup;

/// What an entry of a zip is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link; `PackageEntry::link_target` says where to.
    Symlink,
    /// A device, pipe or socket.
    Special,
}

/// One entry as the zip declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageEntry {
    /// The name, unchanged.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes when unpacked.
    pub size: u64,
    /// Bytes in the zip.
    pub compressed_size: u64,
    /// UNIX permission bits, when the zip has them.
    pub mode: Option<u32>,
    /// Where a symbolic link points.
    pub link_target: Option<String>,
}

/// Bounds that keep a small zip from filling a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageLimits {
    /// Most entries.
    pub entries: usize,
    /// Most bytes when unpacked.
    pub bytes: u64,
    /// Most unpacked bytes per packed byte, over all entries together.
    pub ratio: u64,
    /// Packages that unpack to at most so many bytes are not judged by their ratio.
    pub ratio_free_bytes: u64,
}

impl Default for PackageLimits {
    /// 200 000 entries, 20 GiB, 200 to 1 above 64 MiB.
    fn default() -> Self {
        Self { entries: 200_000, bytes: 20 << 30, ratio: 200, ratio_free_bytes: 64 << 20 }
    }
}

/// What an acceptable package holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSummary {
    /// Regular files.
    pub files: u64,
    /// Bytes when unpacked.
    pub bytes: u64,
    /// Whether `install.sh` lies in its root.
    pub has_install_script: bool,
}

/// Why a package is refused. Names are shortened for print.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the members are what their names say")]
pub enum PackageProblem {
    /// No regular file at all.
    Empty,
    /// More entries than allowed.
    TooManyEntries { entries: usize, limit: usize },
    /// It would unpack to more than allowed.
    TooLarge { limit: u64 },
    /// It would unpack to suspiciously much.
    Ratio { bytes: u64, compressed: u64, limit: u64 },
    /// A name that is not a path inside the directory.
    BadName { name: String, why: &'static str },
    /// Two entries of one path.
    Duplicate { name: String },
    /// Entries that unpack the same packed bytes, which multiplies what a small zip unpacks to.
    SharedBytes,
    /// A path below something that is not a directory.
    NotADirectory { name: String, parent: String },
    /// A link that could lead out of the directory.
    BadLink { name: String, target: String, why: &'static str },
    /// A device, pipe or socket.
    Special { name: String },
}

impl fmt::Display for PackageProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => {
                f.write_str("the package holds no file\nhint: zip the contents of the server's folder")
            }
            Self::TooManyEntries { entries, limit } => {
                write!(f, "the package has {entries} entries, at most {limit} are allowed")
            }
            Self::TooLarge { limit } => write!(f, "the package unpacks to more than {limit} bytes"),
            Self::Ratio { bytes, compressed, limit } => write!(
                f,
                "the package unpacks from {compressed} to {bytes} bytes, more than {limit} to 1, like a zip bomb"
            ),
            Self::BadName { name, why } => write!(f, "the entry `{}` {why}", shorten(name)),
            Self::Duplicate { name } => write!(f, "the entry `{}` exists twice", shorten(name)),
            Self::SharedBytes => f.write_str("entries of the package share packed bytes, like a zip bomb"),
            Self::NotADirectory { name, parent } => {
                write!(
                    f,
                    "the entry `{}` lies below `{}`, which is not a directory",
                    shorten(name),
                    shorten(parent)
                )
            }
            Self::BadLink { name, target, why } => {
                write!(f, "the link `{}` to `{}` {why}", shorten(name), shorten(target))
            }
            Self::Special { name } => write!(f, "the entry `{}` is a device, pipe or socket", shorten(name)),
        }
    }
}

impl std::error::Error for PackageProblem {}

/// At most 120 characters, control characters shown as escapes, so that a name cannot forge a log line.
fn shorten(name: &str) -> String {
    let mut shown: String = name.chars().take(120).flat_map(|c| c.escape_debug()).collect();
    if name.chars().nth(120).is_some() {
        shown.push('…');
    }
    shown
}

/// Between the parts of a path in the table of all paths. No name has it, and it comes before everything that a name
/// has, so that a path is followed by what lies below it.
const SEPARATOR: &str = "\0";

/// Checks a whole package. Order of entries does not matter, so what passes here cannot trick the unpacking by order.
pub fn check_package(
    entries: &[PackageEntry],
    limits: &PackageLimits,
) -> Result<PackageSummary, PackageProblem> {
    if entries.len() > limits.entries {
        return Err(PackageProblem::TooManyEntries { entries: entries.len(), limit: limits.entries });
    }
    let mut kinds = BTreeMap::new();
    let mut summary = PackageSummary { files: 0, bytes: 0, has_install_script: false };
    let mut compressed = 0_u64;
    for entry in entries {
        let path = entry_path(&entry.name)?;
        check_kind(entry, &path)?;
        if path.is_empty() {
            continue;
        }
        let old = kinds.insert(path.join(SEPARATOR), entry.kind);
        // Zips that name a directory twice are common and harmless; a second file of a path hides the first.
        if old.is_some_and(|old| old != EntryKind::Directory || entry.kind != EntryKind::Directory) {
            return Err(PackageProblem::Duplicate { name: entry.name.clone() });
        }
        summary.files += u64::from(entry.kind == EntryKind::File);
        summary.has_install_script |= entry.kind == EntryKind::File && path == ["install.sh"];
        summary.bytes = summary.bytes.saturating_add(entry.size);
        compressed = compressed.saturating_add(entry.compressed_size);
    }
    check_parents(&kinds)?;
    check_sizes(&summary, compressed, limits)?;
    Ok(summary)
}

/// The components of an entry's name below the target directory; `.` and empty ones dropped. Empty for the root itself.
pub fn entry_path(name: &str) -> Result<Vec<String>, PackageProblem> {
    let bad = |why| Err(PackageProblem::BadName { name: name.to_owned(), why });
    if name.is_empty() {
        return bad("has no name");
    }
    if name.len() > 1024 {
        return bad("has a name of more than 1024 bytes");
    }
    if name.chars().any(char::is_control) {
        return bad("has a control character in its name");
    }
    if name.contains('\\') {
        return bad("has a backslash in its name; write paths with `/`");
    }
    if name.starts_with('/') {
        return bad("is an absolute path");
    }
    if name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic() {
        return bad("begins with a drive letter");
    }
    let parts: Vec<String> =
        name.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect();
    if parts.iter().any(|part| part == "..") {
        return bad("leaves the directory by `..`");
    }
    if parts.iter().any(|part| part.len() > 255) {
        return bad("has a part of more than 255 bytes");
    }
    Ok(parts)
}

fn check_kind(entry: &PackageEntry, path: &[String]) -> Result<(), PackageProblem> {
    match entry.kind {
        EntryKind::Directory => Ok(()),
        EntryKind::File if path.is_empty() => {
            Err(PackageProblem::BadName { name: entry.name.clone(), why: "names the directory itself" })
        }
        EntryKind::File => Ok(()),
        EntryKind::Symlink => check_link(entry, path),
        EntryKind::Special => Err(PackageProblem::Special { name: entry.name.clone() }),
    }
}

/// `..` may only lead a target: after a name it could climb out of wherever another link led.
fn check_link(entry: &PackageEntry, path: &[String]) -> Result<(), PackageProblem> {
    let target = entry.link_target.as_deref().unwrap_or_default();
    let bad = |why| Err(PackageProblem::BadLink { name: entry.name.clone(), target: target.to_owned(), why });
    if path.is_empty() {
        return bad("replaces the directory itself");
    }
    if target.is_empty()
        || target.len() > 1024
        || target.chars().any(char::is_control)
        || target.contains('\\')
    {
        return bad("has no usable target");
    }
    if target.starts_with('/') {
        return bad("points to an absolute path");
    }
    let depth = path.len() - 1;
    let (mut ups, mut named) = (0, false);
    for part in target.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part != ".." {
            named = true;
        } else if named {
            return bad("has `..` after a name");
        } else {
            ups += 1;
        }
    }
    if ups > depth { bad("points out of the package") } else { Ok(()) }
}

/// A file or link has nothing below it: unpacking below a link would write wherever it points.
fn check_parents(kinds: &BTreeMap<String, EntryKind>) -> Result<(), PackageProblem> {
    // What lies below a path follows it at once in this order. Looking up all parents of each path instead is quadratic
    // in the depth: seconds of work for a zip of 10 MB.
    for ((parent, kind), (path, _)) in kinds.iter().zip(kinds.iter().skip(1)) {
        let is_below = path.strip_prefix(parent.as_str()).is_some_and(|rest| rest.starts_with(SEPARATOR));
        if *kind != EntryKind::Directory && is_below {
            let shown = |path: &str| path.replace(SEPARATOR, "/");
            return Err(PackageProblem::NotADirectory { name: shown(path), parent: shown(parent) });
        }
    }
    Ok(())
}

fn check_sizes(
    summary: &PackageSummary,
    compressed: u64,
    limits: &PackageLimits,
) -> Result<(), PackageProblem> {
    if summary.files == 0 {
        return Err(PackageProblem::Empty);
    }
    if summary.bytes > limits.bytes {
        return Err(PackageProblem::TooLarge { limit: limits.bytes });
    }
    if summary.bytes > limits.ratio_free_bytes && summary.bytes / limits.ratio.max(1) > compressed {
        return Err(PackageProblem::Ratio { bytes: summary.bytes, compressed, limit: limits.ratio });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
