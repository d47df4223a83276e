//! The output of game servers: files that they write to by themselves, so that it survives the agent; kept short from
//! outside.
//!
//! A pipe would break with the agent that reads it, and the game server with the pipe.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::output_dir::OutputFiles;

/// A stream whose file grows beyond this begins a new one; as much of its end is kept beside it. So 8 MiB of each stream
/// are kept.
const FILE_MOST: u64 = 4 * 1024 * 1024;
/// So much of the end of each stream goes up with the report of the end.
const TAIL: u64 = 4 * 1024;
/// Of an install script more: its output is an event's log, and nobody sees it otherwise.
const SCRIPT_TAIL: u64 = 28 * 1024;
/// How often the files are looked at.
pub(crate) const PERIOD: Duration = Duration::from_millis(250);

/// Standard output and error of a new process: appended, so that a file may be cut while it is written.
pub(crate) fn open(output: &OutputFiles) -> [Stdio; 2] {
    streams(output).map(|path| {
        open_file(path).map_or_else(
            |error| {
                tracing::warn!(path = %path.display(), %error, "output is not kept");
                Stdio::null()
            },
            Stdio::from,
        )
    })
}

pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

fn streams(output: &OutputFiles) -> [&Path; 2] {
    [&output.stdout, &output.stderr]
}

/// Everything that is kept of each stream, under its name and in the order in which it was written.
pub(crate) fn parts(output: &OutputFiles) -> [(&'static str, [PathBuf; 2]); 2] {
    let parts = |path: &Path| [older(path), path.to_owned()];
    [("stdout", parts(&output.stdout)), ("stderr", parts(&output.stderr))]
}

fn older(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

/// Cuts files that have grown too long. What is written between the copy and the cut is lost.
pub(crate) fn bound(output: &OutputFiles) {
    for path in streams(output) {
        if fs::metadata(path).is_ok_and(|meta| meta.len() > FILE_MOST)
            && let Err(error) = rotate(path, &older(path))
        {
            tracing::warn!(path = %path.display(), %error, "long output could not be cut");
        }
    }
}

fn rotate(path: &Path, older: &Path) -> io::Result<()> {
    let mut from = OpenOptions::new().read(true).write(true).open(path)?;
    let length = from.metadata()?.len();
    from.seek(SeekFrom::Start(length.saturating_sub(FILE_MOST)))?;
    let copied = copy(&mut (&mut from).take(FILE_MOST), older);
    // Cut in any case: a disk that is full must not be filled further.
    from.set_len(0)?;
    copied
}

fn copy(from: &mut impl Read, to: &Path) -> io::Result<()> {
    io::copy(from, &mut File::create(to)?).map(drop)
}

/// The end of both streams, for the report of the end.
pub(crate) fn tail(output: &OutputFiles) -> String {
    end_of_both(output, TAIL)
}

/// The same of an install script.
pub(crate) fn script_tail(output: &OutputFiles) -> String {
    end_of_both(output, SCRIPT_TAIL)
}

fn end_of_both(output: &OutputFiles, most: u64) -> String {
    let [stdout, stderr] = ends(output, most).unwrap_or_default().map(|end| {
        let mut text = String::from_utf8_lossy(&end).into_owned();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    });
    format!("[stdout]\n{stdout}[stderr]\n{stderr}")
}

/// The last bytes of both streams as they are, at most so many of each; `None`: nothing is kept of the process.
pub(crate) fn ends(output: &OutputFiles, most: u64) -> Option<[Vec<u8>; 2]> {
    let is_kept = streams(output).iter().any(|path| path.exists() || older(path).exists());
    is_kept.then(|| {
        streams(output).map(|path| {
            let mut end = end_of(path, most);
            let missing = most - end.len() as u64;
            if missing > 0 {
                end.splice(0..0, end_of(&older(path), missing));
            }
            end
        })
    })
}

/// A file that is not there has no end.
fn end_of(path: &Path, most: u64) -> Vec<u8> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn files(directory: &Path) -> OutputFiles {
        OutputFiles { stdout: directory.join("p.stdout"), stderr: directory.join("p.stderr") }
    }

    fn append(path: &Path, bytes: &[u8]) {
        OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(bytes).unwrap();
    }

    #[test]
    fn long_output_is_cut_and_its_end_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let output = files(directory.path());
        let path = output.stdout.clone();
        // What the process holds open all the while.
        let mut written = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        for round in 0..3 {
            written.write_all(&vec![b'x'; usize::try_from(FILE_MOST).unwrap() + 1000]).unwrap();
            written.write_all(format!("\nend of round {round}\n").as_bytes()).unwrap();
            bound(&output);
            let lengths = [path.clone(), older(&path)].map(|path| fs::metadata(path).unwrap().len());
            assert_eq!(lengths, [0, FILE_MOST], "round {round}");
        }
        written.write_all(b"the end").unwrap();
        let tail = tail(&output);
        assert!(tail.ends_with("end of round 2\nthe end\n[stderr]\n"), "{}", &tail[tail.len() - 100..]);
        assert!(tail.len() < 5000, "{}", tail.len());
        // Of bytes that are no text as many as were asked for, across the cut.
        written.write_all(b"\xff\0").unwrap();
        let [end, none] = ends(&output, 15).unwrap();
        assert_eq!((end, none), (b"und 2\nthe end\xff\0"[0..].to_vec(), Vec::new()));
        assert_eq!(ends(&files(&directory.path().join("nothing")), 10), None);
    }

    #[test]
    fn short_output_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let output = files(directory.path());
        append(&output.stderr, b"a line\n");
        bound(&output);
        assert_eq!(tail(&output), "[stdout]\n[stderr]\na line\n");
        assert!(!older(&output.stderr).exists());
    }
}
