//! Replays on disk: one file per match, the newest few of this process; and playing one again.

use std::collections::VecDeque;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, bail};
use game_net::replay::{REPLAY_BYTES_MAX, Replay};
use tracing::{info, warn};

/// Replays that are kept; a process that hosts match after match must not fill the disk.
const KEPT: usize = 4;
/// The longest path that the agent takes for collection, in bytes.
const LOG_PATH_MAX: usize = 1024;

/// Where the replays of this process go.
#[derive(Debug, Clone)]
pub(crate) struct ReplayFolder {
    folder: PathBuf,
    written: Arc<Mutex<VecDeque<PathBuf>>>,
}

impl ReplayFolder {
    /// A folder of this process's own below `parent`: processes that share it do not collect each other's matches.
    pub(crate) fn new(parent: &Path, client_port: u16) -> ReplayFolder {
        let folder = parent.join(client_port.to_string());
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        ReplayFolder { folder, written: Arc::default() }
    }

    /// The folder as ProcessReady names it, so that it is collected with the session's logs.
    pub(crate) fn log_path(&self) -> Option<&str> {
        self.folder.to_str().filter(|path| path.len() <= LOG_PATH_MAX)
    }

    /// Writes a match down. A disk that is full harms no match: the failure is told in the log.
    pub(crate) async fn write(&self, session: &str, replay: Replay) {
        let path = self.folder.join(format!("{}.replay", file_name(session)));
        let folder = self.clone();
        let shown = path.display().to_string();
        let written = tokio::task::spawn_blocking(move || folder.write_now(path, &replay)).await;
        match written {
            Ok(Ok(bytes)) => info!(path = shown, bytes, "replay written"),
            Ok(Err(error)) => warn!(path = shown, error = format!("{error:#}"), "replay not written"),
            Err(error) => warn!(path = shown, %error, "replay not written"),
        }
    }

    fn write_now(&self, path: PathBuf, replay: &Replay) -> anyhow::Result<usize> {
        fs::create_dir_all(&self.folder).context("cannot make the folder")?;
        let bytes = replay.encode();
        fs::write(&path, &bytes)?;
        let Ok(mut written) = self.written.lock() else { bail!("an earlier write panicked") };
        written.retain(|other| *other != path);
        written.push_back(path);
        while written.len() > KEPT {
            if let Some(oldest) = written.pop_front() {
                fs::remove_file(&oldest).context("cannot remove the oldest replay")?;
            }
        }
        Ok(bytes.len())
    }
}

/// The last part of a session id, without what a file name may not have.
fn file_name(session: &str) -> String {
    let last = session.rsplit('/').next().unwrap_or(session);
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    last.chars().take(64).map(fits).collect()
}

/// Plays the file again; the words to print.
///
/// # Errors
/// The file cannot be read, is no replay, or its hashes differ.
pub fn play(path: &Path) -> anyhow::Result<String> {
    let context = || format!("cannot play `{}` again", path.display());
    let mut bytes = Vec::new();
    let file = fs::File::open(path).with_context(context)?;
    file.take(REPLAY_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).with_context(context)?;
    if bytes.len() > REPLAY_BYTES_MAX {
        return Err(anyhow::anyhow!("it is longer than `{REPLAY_BYTES_MAX}` bytes")).with_context(context);
    }
    let replay = Replay::decode(&bytes).with_context(context)?;
    let played = replay.play().with_context(context)?;
    let players = &replay.config().players;
    let end = match &played.outcome {
        None => "it was broken off".to_owned(),
        Some(outcome) => {
            let scores =
                players.iter().zip(&outcome.scores).map(|(player, score)| format!("{player} {score}"));
            let winner = &players[usize::from(outcome.winner.0)];
            format!("{winner} won ({})", scores.collect::<Vec<_>>().join(", "))
        }
    };
    Ok(format!(
        "{} players, {} ticks, {} bytes: {end}; all {} hashes agree",
        players.len(),
        played.ticks,
        bytes.len(),
        played.hashes
    ))
}

#[cfg(test)]
mod tests;
