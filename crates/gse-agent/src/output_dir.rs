//! Where the output of processes is kept: `<data>/logs/<fleet>/<instance>/<process>.stdout` and `.stderr`, and with `.1`
//! what came before.
//!
//! Beside the slots, so that it outlives the process, its slot, its fleet and the service: the output of what failed is
//! read after it failed. Bounded per process (`output.rs`), per fleet and by the number of fleets. Blocking.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use gse_core::id::{FleetId, InstanceId, ProcessId};

use crate::slot;

/// Outputs of so many ended processes are kept per fleet. A crash loop at its longest back-off fills this in three hours:
/// the first crashes are still there when somebody looks after lunch.
const PROCESSES_KEPT: usize = 200;
/// So many bytes of ended processes are kept per fleet: thirty that wrote all that is kept of one, and for ordinary ones
/// the number above comes first.
const BYTES_KEPT: u64 = 512 * 1024 * 1024;
/// Fleets come and go, and with them their directories. A year of a fleet a week.
const FLEETS_KEPT: usize = 52;

/// The directory of all outputs.
#[derive(Clone, Debug)]
pub(crate) struct OutputDir {
    root: PathBuf,
}

/// The two files of one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputFiles {
    pub(crate) stdout: PathBuf,
    pub(crate) stderr: PathBuf,
}

/// What is there of one process.
struct Kept {
    modified: SystemTime,
    bytes: u64,
    files: Vec<PathBuf>,
}

impl OutputDir {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self { root: data_dir.join("logs") }
    }

    /// `None`: an id cannot be a file name.
    pub(crate) fn files(
        &self,
        fleet: &FleetId,
        instance: &InstanceId,
        process: &ProcessId,
    ) -> Option<OutputFiles> {
        let (fleet, instance, process) = (fleet.as_str(), instance.as_str(), process.as_str());
        let fine = [fleet, instance, process].into_iter().all(slot::is_file_name);
        let file = |kind| self.root.join(fleet).join(instance).join(format!("{process}.{kind}"));
        fine.then(|| OutputFiles { stdout: file("stdout"), stderr: file("stderr") })
    }

    /// A process of a fleet was started: the oldest outputs go. Those of processes that run are left alone.
    pub(crate) fn prune(&self, fleet: &FleetId, runs: impl Fn(&str) -> bool) {
        if !slot::is_file_name(fleet.as_str()) {
            return;
        }
        let pruned = prune_fleet(&self.root.join(fleet.as_str()), &runs).or_else(not_there);
        let pruned = pruned.and_then(|()| prune_fleets(&self.root, &runs).or_else(not_there));
        if let Err(error) = pruned {
            tracing::warn!(%fleet, %error, "old output could not be removed");
        }
    }
}

fn prune_fleet(directory: &Path, runs: &impl Fn(&str) -> bool) -> io::Result<()> {
    let mut kept: Vec<Kept> =
        outputs(directory)?.into_iter().filter(|(process, _)| !runs(process)).map(|(_, kept)| kept).collect();
    // The newest first: they stay until a bound is reached.
    kept.sort_by_key(|kept| std::cmp::Reverse(kept.modified));
    let mut bytes = 0_u64;
    for (number, kept) in kept.iter().enumerate() {
        bytes = bytes.saturating_add(kept.bytes);
        if number < PROCESSES_KEPT && bytes <= BYTES_KEPT {
            continue;
        }
        for file in &kept.files {
            fs::remove_file(file).or_else(not_there)?;
            // The instance's directory, when this was its last; any other error is that it was not.
            let _ = file.parent().map(fs::remove_dir);
        }
    }
    Ok(())
}

/// When there are too many fleets, the directories of those go whose last output is the oldest.
fn prune_fleets(root: &Path, runs: &impl Fn(&str) -> bool) -> io::Result<()> {
    let all = fs::read_dir(root)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    let surplus = all.len().saturating_sub(FLEETS_KEPT);
    if surplus == 0 {
        return Ok(());
    }
    let mut fleets = Vec::new();
    for path in all {
        let outputs = outputs(&path)?;
        if !outputs.keys().any(|process| runs(process)) {
            let newest = outputs.into_values().map(|kept| kept.modified).max();
            fleets.push((newest.unwrap_or(SystemTime::UNIX_EPOCH), path));
        }
    }
    fleets.sort();
    fleets.iter().take(surplus).try_for_each(|(_, path)| slot::remove_tree(path))
}

/// The outputs below a fleet's directory, by process.
fn outputs(fleet: &Path) -> io::Result<BTreeMap<String, Kept>> {
    let mut found: BTreeMap<String, Kept> = BTreeMap::new();
    for instance in fs::read_dir(fleet)? {
        let Ok(files) = fs::read_dir(instance?.path()) else { continue };
        for file in files {
            let file = file?;
            let (path, metadata) = (file.path(), file.metadata()?);
            // Ids have no dot.
            let name = path.file_name().and_then(|name| name.to_str());
            let Some((process, _)) = name.and_then(|name| name.split_once('.')) else { continue };
            let kept = found.entry(process.to_owned()).or_insert(Kept {
                modified: SystemTime::UNIX_EPOCH,
                bytes: 0,
                files: Vec::new(),
            });
            kept.modified = kept.modified.max(metadata.modified()?);
            kept.bytes = kept.bytes.saturating_add(metadata.len());
            kept.files.push(path);
        }
    }
    Ok(found)
}

fn not_there(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Outputs of processes 0, 1, 2 …, each a minute younger than the one before, of so many bytes in each file.
    fn fill(outputs: &OutputDir, fleet: &FleetId, processes: u32, bytes: u64) -> Vec<OutputFiles> {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let write = |number: u32| {
            // Two instances, so that the oldest of the fleet are spread.
            let instance = InstanceId::new(format!("ins-{}", number % 2));
            let files =
                outputs.files(fleet, &instance, &ProcessId::new(format!("process-{number}"))).unwrap();
            for path in [&files.stdout, &files.stderr] {
                let file = crate::output::open_file(path).unwrap();
                // A hole: no disk is used.
                file.set_len(bytes).unwrap();
                file.set_modified(start + Duration::from_secs(60) * number).unwrap();
            }
            files
        };
        (0..processes).map(write).collect()
    }

    fn kept(files: &[OutputFiles]) -> Vec<usize> {
        let there = |files: &OutputFiles| match (files.stdout.exists(), files.stderr.exists()) {
            (true, true) => true,
            (false, false) => false,
            half => panic!("half of {files:?} is there: {half:?}"),
        };
        (0..files.len()).filter(|number| there(&files[*number])).collect()
    }

    #[test]
    fn the_oldest_outputs_of_a_fleet_go_and_those_of_running_processes_stay() {
        let data = tempfile::tempdir().unwrap();
        let outputs = OutputDir::new(data.path());
        let (fleet, other) = (FleetId::new("fleet-1"), FleetId::new("fleet-2"));
        let files = fill(&outputs, &fleet, 220, 1);
        let others = fill(&outputs, &other, 3, 1);
        outputs.prune(&fleet, |process| process == "process-0" || process == "process-7");
        let mut expected = vec![0, 7];
        expected.extend(20..220);
        assert_eq!(kept(&files), expected);
        assert_eq!(kept(&others), [0, 1, 2]);
    }

    #[test]
    fn the_outputs_of_a_fleet_are_bounded_in_size() {
        let data = tempfile::tempdir().unwrap();
        let outputs = OutputDir::new(data.path());
        let fleet = FleetId::new("fleet-1");
        let files = fill(&outputs, &fleet, 40, 8 * 1024 * 1024);
        outputs.prune(&fleet, |_| false);
        assert_eq!(kept(&files), (8..40).collect::<Vec<_>>(), "32 times 16 MiB");
    }

    #[test]
    fn the_outputs_of_the_oldest_fleets_go_when_there_is_a_new_one() {
        let data = tempfile::tempdir().unwrap();
        let outputs = OutputDir::new(data.path());
        let fleet = |number: usize| FleetId::new(format!("fleet-{number}"));
        let mut files = Vec::new();
        for number in 0..FLEETS_KEPT + 3 {
            let process = ProcessId::new(format!("process-{number}"));
            let of = outputs.files(&fleet(number), &InstanceId::new("ins-1"), &process).unwrap();
            for path in [&of.stdout, &of.stderr] {
                let at = SystemTime::UNIX_EPOCH + Duration::from_secs(number as u64);
                crate::output::open_file(path).unwrap().set_modified(at).unwrap();
            }
            outputs.prune(&fleet(number), |process| process == "process-0");
            files.push(of);
        }
        let mut expected = vec![0];
        expected.extend(4..FLEETS_KEPT + 3);
        assert_eq!(kept(&files), expected, "the first runs");
    }

    #[test]
    fn ids_that_are_no_file_names_have_no_files() {
        let outputs = OutputDir::new(Path::new("data"));
        let instance = InstanceId::new("ins-1");
        for fleet in ["..", "a/b", "", "."] {
            let files = outputs.files(&FleetId::new(fleet), &instance, &ProcessId::new("process-1"));
            assert_eq!(files, None, "{fleet}");
        }
    }
}
