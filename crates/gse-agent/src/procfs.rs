//! What the kernel tells about a pid: its parents, its group, when it started, what it was given. Read only, and never
//! the basis of a signal to a process that was not launched by an agent.

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
    stat(pid).is_some_and(|stat| stat.started == started && !stat.has_ended)
}

/// The process that leads a group and was started with this variable (`NAME=value`) in its environment.
pub(crate) fn group_leader_with(variable: &str) -> Option<SystemProcess> {
    let entries = fs::read_dir("/proc").ok()?;
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let stat = stat(pid).filter(|stat| stat.group == i64::from(pid) && !stat.has_ended)?;
        // Of processes that are not ours it cannot be read.
        let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
        let has_it = environment.split(|&byte| byte == 0).any(|entry| entry == variable.as_bytes());
        has_it.then_some(SystemProcess { pid, started: stat.started })
    })
    .next()
}

/// Tells one start of the system from another.
pub(crate) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

struct Stat {
    has_ended: bool,
    parent: u32,
    group: i64,
    started: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets and may hold anything, so count from the last bracket.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    // Fields 3, 4, 5 and 22 of proc(5); the first here is field 3.
    Some(Stat {
        has_ended: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}
