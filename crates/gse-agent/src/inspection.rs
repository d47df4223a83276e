//! Reads a build and this machine for `gse_core::package::lint`: what the files are, and what the system offers. A build is a
//! folder, before it is packed, or a package that was uploaded. Blocking.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read, Seek, SeekFrom},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use gse_core::package::lint::{Build, BuildFile, Content, Elf, Machine};
use gse_core::package::{EntryKind, PackageLimits, check_package, entry_path};
use object::{
    Endianness, ReadCache, ReadRef,
    elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, EM_AARCH64, EM_X86_64, FileHeader32, FileHeader64},
    read::elf::{Dyn as _, FileHeader, ProgramHeader as _},
};
use zip::result::ZipError;

use crate::package::{self, PackageError};

/// Enough of a file to tell what it is.
const HEAD_BYTES: u64 = 4096;
/// Programs of a package that are looked into, and bytes of the names in one of them that are kept: more is no game server.
const PROGRAMS_MOST: u32 = 2048;
const NAMES_BYTES: usize = 32 * 1024;
/// An interpreter's path is no longer.
const INTERPRETER_BYTES: usize = 255;
/// Where interpreters are looked for that a package names. Whether other files are there is nobody's business.
const INTERPRETER_FOLDERS: [&str; 7] =
    ["/bin/", "/usr/bin/", "/usr/local/bin/", "/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/"];
/// Enough of `gse.yaml`.
const SETUP_BYTES: u64 = 1 << 20;
/// Of a package so much is unpacked to look into programs; what comes after that is not looked into.
const UNPACKED_BYTES: u64 = 1 << 30;
/// Where the loader looks by itself, besides what the configuration says.
const LIBRARY_FOLDERS: [&str; 6] =
    ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"];
const LOADER_CONFIGURATION: &str = "/etc/ld.so.conf.d";
/// Where instances find their setup.
const SETUP: &str = "gse.yaml";

/// Reads the folder, and what of this machine matters to it.
///
/// # Errors
/// A folder that cannot be read: which path, and why.
pub fn folder(folder: &Path, launch: Vec<String>) -> Result<Build, (PathBuf, io::Error)> {
    let mut files = Vec::new();
    collect(folder, "", &mut files)?;
    Ok(build(files, fs::read(folder.join(SETUP)).ok(), launch, |path| path.is_file()))
}

/// What is in a package, as far as its lint asks. As long as the package is the same, so is this.
#[derive(Debug)]
pub struct Contents {
    files: Vec<BuildFile>,
    gse_yaml: Option<Vec<u8>>,
}

impl Contents {
    /// Together with what of this machine matters to it now.
    pub fn build(&self, launch: Vec<String>) -> Build {
        let is_there = |path: &Path| !is_looked_for(path) || path.is_file();
        build(self.files.clone(), self.gse_yaml.clone(), launch, is_there)
    }

    /// Bytes that it takes in memory, about.
    pub fn weight(&self) -> usize {
        let text = |text: &String| text.len() + size_of::<String>();
        let of_content = |content: &Content| match content {
            Content::Elf(elf) => elf.needed.iter().chain(&elf.search).chain(&elf.interpreter).map(text).sum(),
            Content::Script { interpreter, .. } => interpreter.len(),
            Content::Windows | Content::Mac | Content::Other => 0,
        };
        let of_file = |file: &BuildFile| size_of::<BuildFile>() + file.path.len() + of_content(&file.content);
        self.files.iter().map(of_file).sum::<usize>() + self.gse_yaml.as_ref().map_or(0, Vec::len)
    }
}

/// Looks into a package.
///
/// # Errors
/// As `inspect`: nothing is looked into that could not be unpacked.
pub fn package(path: &Path) -> Result<Contents, PackageError> {
    let mut archive = package::open(path)?;
    let entries = package::entries(&mut archive)?;
    check_package(&entries, &PackageLimits::default())?;
    let (mut files, mut setup) = (Vec::new(), None);
    let mut room = Room { bytes: UNPACKED_BYTES, programs: PROGRAMS_MOST };
    for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.kind == EntryKind::File) {
        let path = entry_path(&entry.name)?.join("/");
        let unreadable = |source| {
            let name = entry.name.clone();
            package::system_error(source, |source| PackageError::Entry { name, source })
        };
        let mut packed = archive.by_index(index).map_err(unreadable)?;
        let content = if path == SETUP {
            let mut text = Vec::new();
            let read = (&mut packed).take(SETUP_BYTES).read_to_end(&mut text);
            read.map_err(|error| unreadable(ZipError::Io(error)))?;
            setup = Some(text);
            Content::Other
        } else {
            unpacked(&mut packed, entry.size, &mut room).map_err(|error| unreadable(ZipError::Io(error)))?
        };
        let is_executable = entry.mode.is_some_and(|mode| mode & 0o111 != 0);
        files.push(BuildFile { path, bytes: entry.size, is_executable, content });
    }
    Ok(Contents { files, gse_yaml: setup })
}

fn is_looked_for(path: &Path) -> bool {
    let is_plain = !path.components().any(|part| part == std::path::Component::ParentDir);
    is_plain && INTERPRETER_FOLDERS.iter().any(|folder| path.starts_with(folder))
}

/// What of a package may still be looked into.
struct Room {
    bytes: u64,
    programs: u32,
}

/// What a packed file is. Only programs are unpacked, into a file without a name.
fn unpacked(packed: &mut impl Read, size: u64, room: &mut Room) -> io::Result<Content> {
    let mut head = Vec::new();
    packed.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    if !head.starts_with(b"\x7fELF") {
        return Ok(small(&head));
    }
    let left = room.bytes.checked_sub(size).zip(room.programs.checked_sub(1));
    let Some((bytes, programs)) = left else { return Ok(Content::Other) };
    *room = Room { bytes, programs };
    let mut whole = tempfile::tempfile()?;
    io::copy(&mut (&*head).chain(packed.take(size)), &mut whole)?;
    content(whole)
}

fn build(
    files: Vec<BuildFile>,
    gse_yaml: Option<Vec<u8>>,
    launch: Vec<String>,
    is_there: impl Fn(&Path) -> bool,
) -> Build {
    let named = files.iter().filter_map(|file| match &file.content {
        Content::Elf(elf) => elf.interpreter.clone(),
        Content::Script { interpreter, .. } => Some(interpreter.clone()),
        Content::Windows | Content::Mac | Content::Other => None,
    });
    let interpreters = named.filter(|path| is_there(Path::new(path))).collect();
    let machine = match std::env::consts::ARCH {
        "aarch64" => Machine::Aarch64,
        _ => Machine::X86_64,
    };
    Build { files, gse_yaml, launch, machine, system_libraries: system_libraries(), interpreters }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<BuildFile>) -> Result<(), (PathBuf, io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(at(&path))?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if kind.is_dir() {
            collect(&path, &format!("{name}/"), files)?;
        } else if kind.is_file() {
            let metadata = entry.metadata().map_err(at(&path))?;
            let content = File::open(&path).and_then(content).map_err(at(&path))?;
            let is_executable = metadata.permissions().mode() & 0o111 != 0;
            files.push(BuildFile { path: name, bytes: metadata.len(), is_executable, content });
        }
    }
    Ok(())
}

/// What a file is.
fn content(mut file: File) -> io::Result<Content> {
    let mut head = Vec::new();
    file.rewind()?;
    file.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(match &*head {
        [0x7f, b'E', b'L', b'F', class, ..] => {
            file.seek(SeekFrom::Start(0))?;
            let data = ReadCache::new(file);
            let elf = match class {
                1 => elf::<FileHeader32<Endianness>, _>(&data),
                _ => elf::<FileHeader64<Endianness>, _>(&data),
            };
            // Half an ELF file is data, as far as this goes.
            elf.map_or(Content::Other, Content::Elf)
        }
        head => small(head),
    })
}

/// What its first bytes tell of what is no ELF.
fn small(head: &[u8]) -> Content {
    match head {
        [b'#', b'!', line @ ..] => script(line),
        [b'M', b'Z', ..] => Content::Windows,
        [0xcf, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0..=8, ..] => Content::Mac,
        _ => Content::Other,
    }
}

/// `#!` was cut off.
fn script(line: &[u8]) -> Content {
    let mut first = Vec::new();
    let _ = BufReader::new(line).read_until(b'\n', &mut first);
    let text = String::from_utf8_lossy(&first);
    let text = text.trim_end_matches('\n');
    let has_carriage_return = text.ends_with('\r');
    let interpreter = text.split_whitespace().next().filter(|path| path.len() <= INTERPRETER_BYTES);
    let interpreter = interpreter.unwrap_or_default().to_owned();
    Content::Script { interpreter, has_carriage_return }
}

fn elf<'data, E, R>(data: R) -> Option<Elf>
where
    E: FileHeader<Endian = Endianness>,
    R: ReadRef<'data>,
{
    let header = E::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let machine = match header.e_machine(endian) {
        EM_X86_64 => Machine::X86_64,
        EM_AARCH64 => Machine::Aarch64,
        other => Machine::Other(other),
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned();
    let segments = header.program_headers(endian, data).ok()?;
    let interpreter = segments.iter().find_map(|segment| segment.interpreter(endian, data).ok().flatten());
    let interpreter = interpreter.filter(|path| path.len() <= INTERPRETER_BYTES);
    let mut room = NAMES_BYTES;
    let mut elf = Elf { machine, interpreter: interpreter.map(text), needed: vec![], search: vec![] };
    let sections = header.sections(endian, data).ok()?;
    if let Some((entries, strings)) = sections.dynamic(endian, data).ok()? {
        let strings = sections.strings(endian, data, strings).ok()?;
        for entry in entries {
            let tag = entry.tag(endian);
            if ![DT_NEEDED, DT_RPATH, DT_RUNPATH].contains(&tag) {
                continue;
            }
            let Ok(value) = entry.string(endian, strings) else { continue };
            // Many entries may be one long name.
            let Some(left) = room.checked_sub(value.len() + 1) else { break };
            room = left;
            match tag {
                DT_NEEDED => elf.needed.push(text(value)),
                DT_RPATH | DT_RUNPATH => elf.search.extend(text(value).split(':').map(str::to_owned)),
                _ => {}
            }
        }
    }
    Some(elf)
}

/// The names of what lies where the loader looks by itself.
fn system_libraries() -> BTreeSet<String> {
    let mut folders: Vec<PathBuf> = LIBRARY_FOLDERS.iter().map(PathBuf::from).collect();
    folders.push(format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH).into());
    let configured = fs::read_dir(LOADER_CONFIGURATION).into_iter().flatten().flatten();
    for file in configured {
        let text = fs::read_to_string(file.path()).unwrap_or_default();
        folders.extend(text.lines().filter(|line| line.starts_with('/')).map(PathBuf::from));
    }
    let entries = folders.into_iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.contains(".so"))
        .collect()
}
