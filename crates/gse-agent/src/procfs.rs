//! What the kernel tells about a pid: its parents, its group, when it started and with which environment. Read only;
//! what of it may be the basis of a signal is the business of `attached.rs`, `leftover.rs` and `strays.rs`.

use std::fs;

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

struct Stat {
    runs: bool,
    parent: u32,
    group: u32,
    started: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets and may hold anything, so count from the last bracket.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    // Fields 3, 4, 5 and 22 of proc(5); the first here is field 3.
    Some(Stat {
        runs: !fields.first()?.starts_with(['Z', 'X']),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}
