//! What the kernel tells about a pid: its parents and when it started. Read only, and never the basis of a signal to a
//! process that was not launched here.

use std::fs;

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

/// Tells one start of the system from another.
pub(crate) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

struct Stat {
    parent: u32,
    started: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets and may hold anything, so count from the last bracket.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    // Fields 4 and 22 of proc(5); the first here is field 3.
    Some(Stat { parent: fields.get(1)?.parse().ok()?, started: fields.get(19)?.parse().ok()? })
}
