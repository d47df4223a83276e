//! What an earlier agent left behind: slots to go on with, and processes to end.
//!
//! Found by what it wrote down. Read before anything is decided; nothing is changed until `clean`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gse_core::supervisor::{Found, Input, ProcessRecord, Recovered, SlotRecord};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use serde::de::DeserializeOwned;

use crate::attached::Attached;
use crate::notes::{self, ChildNote, SystemProcess};
use crate::output_dir::OutputDir;
use crate::{output, slot, strays};

/// Everything that was left behind.
#[derive(Debug, Default)]
pub(crate) struct Leftover {
    /// An input for each slot that is gone on with.
    pub(crate) recovered: Vec<Input>,
    /// The processes of those slots that run and that an agent launched.
    pub(crate) attached: Vec<Attached>,
    /// Where those processes were told that the agent is.
    pub(crate) told_addresses: Vec<String>,
    /// Directories of slots that are not gone on with.
    abandoned: Vec<PathBuf>,
    /// Processes that nobody can go on with, and those that are gone but may have left something.
    condemned: Vec<ChildNote>,
    /// The tokens of everything that is over.
    tokens: BTreeSet<String>,
}

/// A child file with what became of its process.
struct Child {
    name: String,
    path: PathBuf,
    note: ChildNote,
    runs: Option<SystemProcess>,
}

impl Leftover {
    /// Looks at every slot.
    pub(crate) fn read(slots: &Path, outputs: &OutputDir) -> io::Result<Self> {
        let mut leftover = Self::default();
        for directory in directories(slots)? {
            leftover.read_slot(directory, outputs)?;
        }
        Ok(leftover)
    }

    fn read_slot(&mut self, directory: PathBuf, outputs: &OutputDir) -> io::Result<()> {
        let children = children(&directory)?;
        let records = records(&directory)?;
        let is_named_so = |slot: &SlotRecord| directory.ends_with(slot.instance().as_str());
        let slot = read_json::<SlotRecord>(&directory.join(notes::SLOT)).filter(is_named_so);
        let slot = slot.filter(|_| directory.join("game").is_dir());
        let tokens = records.iter().filter_map(|record| record.given_token().map(str::to_owned));
        let mut tokens: BTreeSet<String> = tokens.collect();
        let processes = match &slot {
            Some(slot) => processes(records, slot, &children, outputs),
            None => Vec::new(),
        };
        let slot = slot.filter(|slot| slot.can_be_taken_up(&processes));
        for Child { name, path, mut note, runs } in children {
            let known = processes.iter().map(|process| process.record.id()).find(|id| id.as_str() == name);
            let output = slot.as_ref().zip(known);
            let output = output.and_then(|(slot, id)| outputs.files(slot.fleet(), slot.instance(), id));
            match (runs, known, output) {
                (Some(system), Some(process), Some(output)) => {
                    tokens.remove(&note.token);
                    self.attached.push(Attached { process: process.clone(), system, note: path, output });
                    self.told_addresses.push(note.agent_address);
                }
                _ if note.is_of_this_boot() => {
                    tokens.insert(note.token.clone());
                    note.system = runs.or(note.system);
                    self.condemned.push(note);
                }
                _ => drop(tokens.remove(&note.token)),
            }
        }
        self.tokens.append(&mut tokens);
        match slot {
            Some(slot) => self.recovered.push(Input::Recovered { slot: Box::new(slot), processes }),
            None => self.abandoned.push(directory),
        }
        Ok(())
    }

    /// Ends what nobody goes on with and removes its slots.
    pub(crate) async fn clean(&self) -> io::Result<()> {
        let mut killed = Vec::new();
        for note in &self.condemned {
            let Some(system) = note.system else { continue };
            if !system.runs() && !strays::is_group_of(system.pid, &note.token) {
                continue;
            }
            let Some(group) = i32::try_from(system.pid).ok().and_then(Pid::from_raw) else { continue };
            tracing::warn!(pid = system.pid, "a game server of an earlier run is still there and is killed");
            if kill_process_group(group, Signal::KILL).is_ok() {
                killed.push(group);
            }
        }
        for group in &killed {
            wait_until_gone(*group).await;
        }
        // What left its group before the earlier run ended.
        let tokens = self.tokens.clone();
        tokio::task::spawn_blocking(move || strays::end(&tokens)).await?;
        self.abandoned.iter().try_for_each(|directory| slot::remove_tree(directory))
    }
}

fn records(directory: &Path) -> io::Result<Vec<ProcessRecord>> {
    Ok(files(directory, "record")?.iter().filter_map(|path| read_json(path)).collect())
}

/// What was written down of a slot's processes, with what became of them.
fn processes(
    records: Vec<ProcessRecord>,
    slot: &SlotRecord,
    children: &[Child],
    outputs: &OutputDir,
) -> Vec<Recovered> {
    let state = |record: &ProcessRecord| {
        let running = match record.adopted() {
            Some((pid, started)) => {
                let same = started.is_none_or(|started| SystemProcess { pid, started }.runs());
                same.then_some(Found::Running { pid, token: None })
            }
            None => {
                let child = children.iter().find(|child| child.name == record.id().as_str());
                child.and_then(|child| {
                    let token = Some(child.note.token.clone());
                    child.runs.map(|system| Found::Running { pid: system.pid, token })
                })
            }
        };
        let log = || {
            let files = outputs.files(slot.fleet(), slot.instance(), record.id());
            files.map(|files| output::tail(&files)).unwrap_or_default()
        };
        running.unwrap_or_else(|| Found::Gone { log: log() })
    };
    let fitting = records.into_iter().filter(|record| record.fits(slot));
    fitting.map(|record| Recovered { found: state(&record), record }).collect()
}

fn children(directory: &Path) -> io::Result<Vec<Child>> {
    let mut found = Vec::new();
    for path in files(directory, "child")? {
        let name = path.file_stem().and_then(|name| name.to_str()).map(str::to_owned);
        if let (Some(name), Some(note)) = (name, read_json::<ChildNote>(&path)) {
            let runs = note.find();
            found.push(Child { name, path, note, runs });
        }
    }
    Ok(found)
}

/// What cannot be read was not written by us, or by another version: as if it were not there.
fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let bytes = fs::read(path).ok()?;
    let read = serde_json::from_slice(&bytes);
    read.inspect_err(|error| tracing::warn!(path = %path.display(), %error, "not understood")).ok()
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

/// In the order of their names, whatever the order in the directory.
fn files(directory: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let is_slot = path.file_name().is_some_and(|name| name == notes::SLOT);
        if !is_slot && path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
