//! What this agent writes down for its successor, one small file each: `<slot>/slot.record`, and for each process
//! `<slot>/<process>.record` (what the supervisor knows) and `<slot>/<process>.child` (which process of the system it is).
//!
//! Written whole or not at all. Not synchronised to the disk: a start of the system ends every process anyway.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use gse_core::id::ProcessId;
use gse_core::supervisor::Record;
use serde::{Deserialize, Serialize};

use crate::slot::SlotDir;
use crate::{procfs, strays};

/// The file of the slot itself.
pub(crate) const SLOT: &str = "slot.record";

/// Which process of the system a child is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChildNote {
    /// The value of its `GSE_PROCESS_TOKEN`.
    pub(crate) token: String,
    /// Where it was told that the agent is.
    pub(crate) agent_address: String,
    /// Which start of the system its number belongs to.
    pub(crate) boot: String,
    /// `None`: it is about to be started; if it was, its token finds it.
    pub(crate) system: Option<SystemProcess>,
}

/// A pid alone is no proof: it may have been given to somebody else since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SystemProcess {
    pub(crate) pid: u32,
    /// The kernel's start time of it.
    pub(crate) started: u64,
}

impl ChildNote {
    /// Before the start.
    pub(crate) fn new(token: &str, agent_address: &str) -> Self {
        let (token, agent_address) = (token.to_owned(), agent_address.to_owned());
        Self { token, agent_address, boot: procfs::boot_id(), system: None }
    }

    /// Whether its numbers mean anything.
    pub(crate) fn is_of_this_boot(&self) -> bool {
        self.boot == procfs::boot_id()
    }

    /// The process that was written down, if it still runs.
    pub(crate) fn find(&self) -> Option<SystemProcess> {
        if !self.is_of_this_boot() {
            return None;
        }
        match self.system {
            Some(system) => system.runs().then_some(system),
            None => procfs::group_leader_with(strays::TOKEN, &self.token),
        }
    }
}

impl SystemProcess {
    /// The process that has this number now.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        Some(Self { pid, started: procfs::started(pid)? })
    }

    /// Whether it is still this one, and not only waiting to be collected.
    pub(crate) fn runs(self) -> bool {
        procfs::runs(self.pid, self.started)
    }
}

/// Where a child is written down.
pub(crate) fn child_path(slot: &Path, process: &ProcessId) -> PathBuf {
    slot.join(format!("{process}.child"))
}

fn record_path(slot: &Path, process: &ProcessId) -> PathBuf {
    slot.join(format!("{process}.record"))
}

/// Writes down a child.
pub(crate) fn write_child(path: &Path, note: &ChildNote) -> io::Result<()> {
    write_whole(path, &serde_json::to_vec(note)?)
}

/// Carries a change of the records out. A record that cannot be written is an old one then: said in the log.
pub(crate) fn write(slots: &Path, record: &Record) {
    let (instance, process) = match record {
        Record::Slot(slot) => (slot.instance(), None),
        Record::SlotGone(instance) => (instance, None),
        Record::Process(process) => (process.instance(), Some(process.id())),
        Record::ProcessGone { instance, process } => (instance, Some(process)),
    };
    let Some(dir) = SlotDir::new(slots, instance) else { return };
    let path = process.map_or_else(|| dir.root().join(SLOT), |process| record_path(dir.root(), process));
    let written = match record {
        Record::Slot(slot) => to_json(slot).and_then(|bytes| write_whole(&path, &bytes)),
        Record::Process(process) => to_json(process).and_then(|bytes| write_whole(&path, &bytes)),
        Record::SlotGone(_) | Record::ProcessGone { .. } => match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        },
    };
    if let Err(error) = written {
        tracing::warn!(path = %path.display(), %error, "what a successor needs could not be written down");
    }
}

fn to_json(record: &impl Serialize) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(record)?)
}

/// Writes a small file so that it is there completely or not at all, whatever happens to us meanwhile. For us only: it
/// may hold a token.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(bytes)?;
    fs::rename(&partial, path)
}
