//! The target-based policy (operations.md 3.3): which numbers of instances keep the wanted share of sessions free. Pure.

/// The numbers between which a target-based policy is content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The fewest instances that leave the target free, at least 1: with fewer the fleet grows.
    pub grow: u32,
    /// The fewest instances that leave more than the target free, at least 1: with more the fleet shrinks.
    pub shrink: u32,
}

/// S-12, in integers: `sessions` in use, `processes` on each instance, and `target` percent (1–99) that are to stay free.
///
/// The number of free sessions *after* a change counts, so that nothing is removed that would be needed again at once.
pub fn bounds(processes: u32, sessions: u32, target: u32) -> Bounds {
    let used = 100 * u64::from(sessions);
    let usable = u64::from(processes.max(1)) * u64::from(100_u32.saturating_sub(target).max(1));
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    Bounds { grow: number(used.div_ceil(usable).max(1)), shrink: number(used / usable + 1) }
}

/// How many percent of all sessions are free, rounded down; `None` where there is no session at all.
pub fn free_percent(processes: u32, instances: u32, sessions: u32) -> Option<u32> {
    let all = u64::from(processes) * u64::from(instances);
    let free = all.saturating_sub(sessions.into());
    (free * 100).checked_div(all).and_then(|percent| u32::try_from(percent).ok())
}
