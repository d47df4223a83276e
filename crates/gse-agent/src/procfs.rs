//! What the kernel tells about a pid: its parents, its group, when it started and with which environment, what it uses. Read only;
//! what of it may be the basis of a signal is the business of `attached.rs`, `leftover.rs` and `strays.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use gse_core::monitoring::{HostReading, SystemUsage};
use gse_core::time::Timestamp;

use crate::notes::SystemProcess;

/// The parents of a process, nearest first, at most sixteen.
pub(crate) fn ancestors(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut at = pid;
    while let Some(stat) = stat(at).filter(|stat| stat.parent > 1 && found.len() < 16) {
        found.push(stat.parent);
        at = stat.parent;
    }
    found
}

/// Clock ticks from the start of the system to the start of the process.
pub(crate) fn started(pid: u32) -> Option<u64> {
    stat(pid).map(|stat| stat.started)
}

/// Whether the process with this number started then and has not ended: one that nobody collected does not run.
pub(crate) fn runs(pid: u32, started: u64) -> bool {
    stat(pid).is_some_and(|stat| stat.started == started && stat.runs)
}

/// The process that leads a group and was started with this value of a variable in its environment.
pub(crate) fn group_leader_with(name: &str, value: &str) -> Option<SystemProcess> {
    pids().into_iter().find_map(|pid| {
        let stat = stat(pid).filter(|stat| stat.group == pid && stat.runs)?;
        // Of processes that are not ours it cannot be read.
        let has_it = variable(pid, name)? == value.as_bytes();
        has_it.then_some(SystemProcess { pid, started: stat.started })
    })
}

/// Tells one start of the system from another.
pub(crate) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Every process that the system lists now, in the order of their numbers.
pub(crate) fn pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// The processes of a group that run. One that ended and was not collected is not among them.
pub(crate) fn group_members(group: u32) -> Vec<u32> {
    let mut members = pids();
    members.retain(|pid| stat(*pid).is_some_and(|stat| stat.group == group && stat.runs));
    members
}

/// The value of a variable in the environment that a program was started with. `None` also for what belongs to another
/// user and for what has ended. A program can change what is read here, but only its own.
pub(crate) fn variable(pid: u32, name: &str) -> Option<Vec<u8>> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let value = |entry: &[u8]| Some(entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?.to_vec());
    environment.split(|byte| *byte == 0).find_map(value)
}

/// What every process uses, without its connections.
pub(crate) fn usage(at: Timestamp) -> HostReading {
    let processors = std::thread::available_parallelism().map_or(0, |count| count.get());
    HostReading {
        at,
        processors: u32::try_from(processors).unwrap_or(u32::MAX),
        memory_bytes: memory_bytes().unwrap_or(0),
        processes: pids().into_iter().filter_map(usage_of).collect(),
        connections: BTreeMap::new(),
    }
}

fn usage_of(pid: u32) -> Option<SystemUsage> {
    let stat = stat(pid).filter(|stat| stat.runs)?;
    let ticks_per_second = rustix::param::clock_ticks_per_second().max(1);
    let page_bytes = u64::try_from(rustix::param::page_size()).ok()?;
    Some(SystemUsage {
        pid,
        parent: stat.parent,
        group: stat.group,
        started: stat.started,
        cpu_ms: stat.cpu_ticks.saturating_mul(1000) / ticks_per_second,
        memory_bytes: stat.resident_pages.saturating_mul(page_bytes),
    })
}

/// The memory of this host.
fn memory_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    total.split_ascii_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// The TCP sockets in ESTABLISHED that each process holds. One whose files cannot be read is not among them.
pub(crate) fn established(pids: impl Iterator<Item = u32>) -> BTreeMap<u32, BTreeSet<u64>> {
    let mut sockets = BTreeSet::new();
    let mut is_known = false;
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let Ok(text) = fs::read_to_string(table) else { continue };
        is_known = true;
        sockets.extend(text.lines().filter_map(established_socket));
    }
    let held = |pid: u32| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
        let of_files = files.flatten().filter_map(|file| socket(&file));
        Some((pid, of_files.filter(|number| sockets.contains(number)).collect()))
    };
    pids.filter(|_| is_known).filter_map(held).collect()
}

/// The number of the socket that an open file is.
fn socket(file: &fs::DirEntry) -> Option<u64> {
    let target = fs::read_link(file.path()).ok()?;
    target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The number of the socket of a line of `/proc/net/tcp` if its connection is in ESTABLISHED.
fn established_socket(line: &str) -> Option<u64> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    if *fields.get(3)? == "01" { fields.get(9)?.parse().ok() } else { None }
}

struct Stat {
    runs: bool,
    parent: u32,
    group: u32,
    started: u64,
    /// In user and kernel mode.
    cpu_ticks: u64,
    resident_pages: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets and may hold anything, so count from the last bracket.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    // Fields 3, 4, 5, 14, 15, 22 and 24 of proc(5); the first here is field 3.
    Some(Stat {
        runs: !fields.first()?.starts_with(['Z', 'X']),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
        cpu_ticks: fields.get(11)?.parse::<u64>().ok()?.saturating_add(fields.get(12)?.parse().ok()?),
        resident_pages: fields.get(21)?.parse().ok()?,
    })
}
