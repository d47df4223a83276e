//! The output of game servers: files that they write to by themselves, so that it survives the agent; kept short from
//! outside.
//!
//! A pipe would break with the agent that reads it, and the game server with the pipe.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::slot;

/// A stream whose file grows beyond this begins a new one; as much of its end is kept beside it.
const FILE_MOST: u64 = 8 * 1024 * 1024;
/// So much of the end of each stream goes up with the report of the end.
const TAIL: u64 = 4 * 1024;
/// Outputs of so many processes are kept per slot; the oldest go.
const OUTPUTS_KEPT: usize = 50;
/// How often the files are looked at.
pub(crate) const PERIOD: Duration = Duration::from_millis(250);

const STREAMS: [&str; 2] = ["stdout", "stderr"];

/// Standard output and error of a new process: appended, so that a file may be cut while it is written.
pub(crate) fn open(directory: &Path) -> [Stdio; 2] {
    STREAMS.map(|stream| {
        let path = file(directory, stream);
        let opened = fs::create_dir_all(directory)
            .and_then(|()| OpenOptions::new().create(true).append(true).open(&path));
        opened.map_or_else(
            |error| {
                tracing::warn!(path = %path.display(), %error, "output is not kept");
                Stdio::null()
            },
            Stdio::from,
        )
    })
}

fn file(directory: &Path, stream: &str) -> PathBuf {
    directory.join(format!("{stream}.log"))
}

fn older(directory: &Path, stream: &str) -> PathBuf {
    directory.join(format!("{stream}.log.1"))
}

/// Cuts files that have grown too long. What is written between the copy and the cut is lost.
pub(crate) fn bound(directory: &Path) {
    for stream in STREAMS {
        let path = file(directory, stream);
        if fs::metadata(&path).is_ok_and(|meta| meta.len() > FILE_MOST)
            && let Err(error) = rotate(&path, &older(directory, stream))
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
pub(crate) fn tail(directory: &Path) -> String {
    let [stdout, stderr] = STREAMS.map(|stream| {
        let mut end = end_of(&file(directory, stream), TAIL);
        let missing = TAIL - end.len() as u64;
        if missing > 0 {
            end.splice(0..0, end_of(&older(directory, stream), missing));
        }
        let mut text = String::from_utf8_lossy(&end).into_owned();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    });
    format!("[stdout]\n{stdout}[stderr]\n{stderr}")
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

/// Servers with one match per process would fill the disk with their outputs. What still runs is left alone.
pub(crate) fn prune(slot: &Path, logs: &Path) {
    let Ok(entries) = fs::read_dir(logs) else { return };
    let runs = |name: &std::ffi::OsString| {
        let mut file = name.clone();
        file.push(".child");
        slot.join(file).exists()
    };
    let mut outputs: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| !runs(&entry.file_name()))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    outputs.sort();
    let surplus = outputs.len().saturating_sub(OUTPUTS_KEPT);
    for (_, path) in &outputs[..surplus] {
        if let Err(error) = slot::remove_tree(path) {
            tracing::warn!(path = %path.display(), %error, "old output could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn append(path: &Path, bytes: &[u8]) {
        OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(bytes).unwrap();
    }

    #[test]
    fn long_output_is_cut_and_its_end_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = file(directory.path(), "stdout");
        // What the process holds open all the while.
        let mut written = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        for round in 0..3 {
            written.write_all(&vec![b'x'; usize::try_from(FILE_MOST).unwrap() + 1000]).unwrap();
            written.write_all(format!("\nend of round {round}\n").as_bytes()).unwrap();
            bound(directory.path());
            let lengths = [path.clone(), older(directory.path(), "stdout")]
                .map(|path| fs::metadata(path).unwrap().len());
            assert_eq!(lengths, [0, FILE_MOST], "round {round}");
        }
        written.write_all(b"the end").unwrap();
        let tail = tail(directory.path());
        assert!(tail.ends_with("end of round 2\nthe end\n[stderr]\n"), "{}", &tail[tail.len() - 100..]);
        assert!(tail.len() < 5000, "{}", tail.len());
    }

    #[test]
    fn short_output_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        append(&file(directory.path(), "stderr"), b"a line\n");
        bound(directory.path());
        assert_eq!(tail(directory.path()), "[stdout]\n[stderr]\na line\n");
        assert!(!older(directory.path(), "stderr").exists());
    }

    #[test]
    fn old_outputs_go_and_those_of_running_processes_stay() {
        let slot = tempfile::tempdir().unwrap();
        let logs = slot.path().join("logs");
        for number in 0..OUTPUTS_KEPT + 10 {
            fs::create_dir_all(logs.join(format!("process-{number}"))).unwrap();
        }
        for number in 0..5 {
            fs::write(slot.path().join(format!("process-{number}.child")), "{}").unwrap();
        }
        prune(slot.path(), &logs);
        assert_eq!(fs::read_dir(&logs).unwrap().count(), OUTPUTS_KEPT + 5);
        assert!((0..5).all(|number| logs.join(format!("process-{number}")).exists()));
    }
}
