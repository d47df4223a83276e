//! Children of an earlier run of the service: found by what it wrote down, ended when they are still the same process.
//!
//! Each child has a file `<slot>/<process>.child` with its pid, the kernel's start time of it, the system's boot id and the
//! token that it was given. A pid alone is no proof: it may have been given to somebody else since.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use serde::{Deserialize, Serialize};

use crate::{procfs, slot, strays};

/// What is written down about a child.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ChildFile {
    pid: u32,
    started: u64,
    boot: String,
    #[serde(default)]
    token: String,
}

/// Writes down a child that was just started.
pub(crate) fn write_down(path: &Path, pid: u32, token: &str) -> io::Result<()> {
    let Some(started) = procfs::started(pid) else { return Ok(()) };
    let file = ChildFile { pid, started, boot: procfs::boot_id(), token: token.to_owned() };
    // Whoever knows the token may speak for the process.
    let mut to = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    to.write_all(&serde_json::to_vec(&file)?)
}

/// Ends what an earlier run left over and removes its slots. Returns how many process groups were killed.
pub(crate) async fn clean(slots: &Path) -> io::Result<usize> {
    let mut killed = Vec::new();
    let mut tokens = BTreeSet::new();
    for file in child_files(slots)? {
        let Some(child) =
            fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<ChildFile>(&bytes).ok())
        else {
            continue;
        };
        if procfs::boot_id() != child.boot {
            continue;
        }
        let is_there = procfs::started(child.pid) == Some(child.started);
        let is_left = is_there || strays::is_group_of(child.pid, &child.token);
        tokens.insert(child.token);
        if !is_left {
            continue;
        }
        let Some(group) = i32::try_from(child.pid).ok().and_then(Pid::from_raw) else { continue };
        tracing::warn!(pid = child.pid, "a game server of an earlier run is still there and is killed");
        if kill_process_group(group, Signal::KILL).is_ok() {
            killed.push(group);
        }
    }
    for group in &killed {
        wait_until_gone(*group).await;
    }
    // What left its group before the earlier run ended.
    tokio::task::spawn_blocking(move || strays::end(&tokens)).await?;
    for directory in directories(slots)? {
        slot::remove_tree(&directory)?;
    }
    Ok(killed.len())
}

/// The group is gone, or a parent that is not us has not collected it within two seconds.
async fn wait_until_gone(group: Pid) {
    for _ in 0..100 {
        if test_kill_process_group(group).is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tracing::warn!(?group, "a killed process group is still listed by the system");
}

fn directories(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn child_files(slots: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for directory in directories(slots)? {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "child") {
                found.push(path);
            }
        }
    }
    Ok(found)
}
