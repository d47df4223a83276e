//! What the processes of an instance use, from what the kernel of their host tells of every process (9.3).
//!
//! A process belongs to the instance whose launched process is its nearest parent, or leads its group. CPU time is that
//! between two looks, of processes that are there at the second one: what one that ended used after the first look is
//! nowhere to be read. Memory is what is resident; pages that processes share are counted in each.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::InstanceId;
use crate::time::Timestamp;

/// How many parents are looked at before a process counts as nobody's.
const PARENTS_MOST: usize = 32;
const MEGABYTE: u64 = 1 << 20;

/// What the kernel tells of one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemUsage {
    /// Its number.
    pub pid: u32,
    /// Its parent.
    pub parent: u32,
    /// Its group.
    pub group: u32,
    /// Clock ticks from the start of the system to its start: tells a number that was used again.
    pub started: u64,
    /// CPU time of all its threads since its start, milliseconds.
    pub cpu_ms: u64,
    /// Resident memory, bytes.
    pub memory_bytes: u64,
}

/// One look at a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostReading {
    /// When.
    pub at: Timestamp,
    /// Processors that are there; 0: not known.
    pub processors: u32,
    /// Memory that is there, bytes; 0: not known.
    pub memory_bytes: u64,
    /// Every process.
    pub processes: Vec<SystemUsage>,
    /// The numbers of the sockets in ESTABLISHED that a process holds, of those that were looked at.
    pub connections: BTreeMap<u32, BTreeSet<u64>>,
}

/// What one instance uses; `None`: it cannot be measured now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstanceUsage {
    /// Of all processors of its host, thousandths of a percent.
    pub cpu_milli_percent: Option<u64>,
    /// Thousandths of a megabyte (2^20 bytes).
    pub memory_milli_megabytes: Option<u64>,
    /// Of the memory of its host, thousandths of a percent.
    pub memory_milli_percent: Option<u64>,
    /// TCP connections in ESTABLISHED.
    pub connections: Option<u64>,
}

/// The numbers of the processes that belong to each instance, given those that were launched for it.
pub fn belonging(
    processes: &[SystemUsage],
    launched: &BTreeMap<u32, InstanceId>,
) -> BTreeMap<InstanceId, Vec<u32>> {
    let parents: BTreeMap<u32, (u32, u32)> =
        processes.iter().map(|process| (process.pid, (process.parent, process.group))).collect();
    let mut found: BTreeMap<InstanceId, Vec<u32>> = BTreeMap::new();
    for process in processes {
        let mut at = process.pid;
        let mut owner = launched.get(&at);
        for _ in 0..PARENTS_MOST {
            let Some(&(parent, _)) = parents.get(&at).filter(|_| owner.is_none()) else { break };
            owner = launched.get(&parent);
            at = parent;
        }
        if let Some(instance) = owner.or_else(|| launched.get(&process.group)) {
            found.entry(instance.clone()).or_default().push(process.pid);
        }
    }
    found
}

/// What each instance uses, from two looks; without an earlier one nothing is known of CPU time.
pub fn measure(
    earlier: Option<&HostReading>,
    now: &HostReading,
    launched: &BTreeMap<u32, InstanceId>,
) -> Vec<(InstanceId, InstanceUsage)> {
    let before: BTreeMap<(u32, u64), u64> = earlier
        .into_iter()
        .flat_map(|reading| &reading.processes)
        .map(|process| ((process.pid, process.started), process.cpu_ms))
        .collect();
    let by_pid: BTreeMap<u32, &SystemUsage> =
        now.processes.iter().map(|process| (process.pid, process)).collect();
    let available_ms = earlier.and_then(|earlier| {
        let elapsed = u64::try_from(now.at.since(earlier.at).as_millis()).unwrap_or(u64::MAX);
        Some(elapsed.saturating_mul(now.processors.into())).filter(|&available| available > 0)
    });
    let usage = |pids: Vec<u32>| {
        let processes = || pids.iter().filter_map(|pid| by_pid.get(pid));
        let cpu_ms: u64 = processes()
            .map(|process| {
                let key = (process.pid, process.started);
                process.cpu_ms.saturating_sub(before.get(&key).copied().unwrap_or(0))
            })
            .sum();
        let bytes: u64 = processes().map(|process| process.memory_bytes).sum();
        // A child holds what its parent had open: that is one connection.
        let held: Option<Vec<&BTreeSet<u64>>> = pids.iter().map(|pid| now.connections.get(pid)).collect();
        let connections = held.map(|held| held.into_iter().flatten().collect::<BTreeSet<_>>().len());
        InstanceUsage {
            cpu_milli_percent: available_ms.map(|available| share(cpu_ms, available)),
            memory_milli_megabytes: Some(bytes.saturating_mul(1000) / MEGABYTE),
            memory_milli_percent: (now.memory_bytes > 0).then(|| share(bytes, now.memory_bytes)),
            connections: connections.and_then(|count| u64::try_from(count).ok()),
        }
    };
    belonging(&now.processes, launched).into_iter().map(|(instance, pids)| (instance, usage(pids))).collect()
}

/// Thousandths of a percent; what was read a moment apart cannot be more than all.
fn share(part: u64, whole: u64) -> u64 {
    let share = u128::from(part) * 100_000 / u128::from(whole);
    u64::try_from(share).unwrap_or(u64::MAX).min(100_000)
}

#[cfg(test)]
mod tests;
