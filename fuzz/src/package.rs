//! Zips as a hostile tool writes them: entries of any name, mode and content, stored, with the right checksums, which
//! a fuzzer would never hit by itself.

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Its name, not necessarily text.
    pub name: &'a [u8],
    /// UNIX mode with the kind of file in it.
    pub mode: u16,
    /// What it holds.
    pub content: &'a [u8],
}

/// The modes that a script can name by its kind byte.
const MODES: [u16; 8] = [0o100_644, 0o100_755, 0o040_755, 0o120_777, 0, 0o060_644, 0o104_777, 0o100_000];

/// Reads a script: for each entry a kind, the lengths of name and content, then both. What is cut off is left out.
pub fn script(mut bytes: &[u8]) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    while let [kind, name, content, rest @ ..] = bytes {
        let Some((name, rest)) = rest.split_at_checked(usize::from(*name)) else { break };
        let Some((content, rest)) = rest.split_at_checked(usize::from(*content)) else { break };
        entries.push(Entry { name, mode: MODES[usize::from(*kind) % MODES.len()], content });
        bytes = rest;
    }
    entries
}

/// The script that [`script`] reads as these entries. Names and contents of at most 255 bytes, modes of the list.
pub fn to_script(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        let kind = MODES.iter().position(|mode| *mode == entry.mode).expect("a mode of the list");
        bytes.push(kind as u8);
        bytes.push(u8::try_from(entry.name.len()).expect("a short name"));
        bytes.push(u8::try_from(entry.content.len()).expect("a short content"));
        bytes.extend(entry.name);
        bytes.extend(entry.content);
    }
    bytes
}

/// The zip.
pub fn zip(entries: &[Entry<'_>]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = zip.len() as u32;
        let common = |out: &mut Vec<u8>| {
            out.extend([20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0]);
            out.extend(crc32fast::hash(entry.content).to_le_bytes());
            out.extend((entry.content.len() as u32).to_le_bytes());
            out.extend((entry.content.len() as u32).to_le_bytes());
            out.extend((entry.name.len() as u16).to_le_bytes());
            out.extend([0, 0]);
        };
        zip.extend(b"PK\x03\x04");
        common(&mut zip);
        zip.extend(entry.name);
        zip.extend(entry.content);
        directory.extend(b"PK\x01\x02\x14\x03");
        common(&mut directory);
        directory.extend([0; 6]);
        directory.extend((u32::from(entry.mode) << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.name);
    }
    let (at, length, count) = (zip.len() as u32, directory.len() as u32, entries.len() as u16);
    zip.extend(directory);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend(count.to_le_bytes());
    zip.extend(count.to_le_bytes());
    zip.extend(length.to_le_bytes());
    zip.extend(at.to_le_bytes());
    zip.extend([0, 0]);
    zip
}
