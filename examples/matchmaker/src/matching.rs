//! Who plays with whom: a pure function of who waits and how long.
//!
//! The player who has waited longest decides: with every second he takes opponents that are further from his skill
//! and regions that are further away, so nobody waits for ever. Around him the nearest in skill are gathered, in the
//! region where most of them can play. This is the file to change for rules of your own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a good match is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Players of a full match, at least 1.
    pub players: usize,
    /// Players who may begin once the one who has waited longest has waited for `patience`, 1 to `players`.
    pub players_min: usize,
    /// How long a full match is waited for.
    pub patience: Duration,
    /// How far the skill of an opponent may be at first, and how much further with each second of waiting.
    pub skill: Widening,
    /// How many milliseconds away the region may be at first, and how many more with each second of waiting.
    pub latency: Widening,
}

/// A limit that grows with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widening {
    /// At the beginning.
    pub first: u32,
    /// More with each full second.
    pub per_second: u32,
}

impl Widening {
    /// The limit after that time.
    pub fn after(self, waited: Duration) -> u32 {
        let seconds = u32::try_from(waited.as_secs()).unwrap_or(u32::MAX);
        self.first.saturating_add(self.per_second.saturating_mul(seconds))
    }
}

/// Somebody who wants to play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeker<T> {
    /// How the caller knows this seeker.
    pub ticket: T,
    /// How good he is, in whatever unit the game has.
    pub skill: u32,
    /// Milliseconds to each region that he can reach. Empty: not measured, and any region will do.
    pub latencies: BTreeMap<String, u32>,
    /// How long he has waited.
    pub waited: Duration,
}

/// People who play together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<T> {
    /// Their tickets; the one who waited longest first, then by difference of skill.
    pub tickets: Vec<T>,
    /// Where all of them can play; `None` when nobody has measured. The queue decides in the end, by its own policies.
    pub region: Option<String>,
}

/// The matches that can begin now. `seekers` are in the order in which they came.
pub fn groups<T: Clone + Ord>(rules: &Rules, seekers: &[Seeker<T>]) -> Vec<Group<T>> {
    let mut taken = BTreeSet::new();
    let mut found = Vec::new();
    for anchor in seekers {
        let free: Vec<&Seeker<T>> = seekers.iter().filter(|other| !taken.contains(&other.ticket)).collect();
        if taken.contains(&anchor.ticket) {
            continue;
        }
        let Some(group) = around(rules, anchor, &free) else { continue };
        taken.extend(group.tickets.iter().cloned());
        found.push(group);
    }
    found
}

/// The best match with this seeker in it, if it may begin.
fn around<T: Clone + Ord>(rules: &Rules, anchor: &Seeker<T>, free: &[&Seeker<T>]) -> Option<Group<T>> {
    let skill = rules.skill.after(anchor.waited);
    let mut near: Vec<_> = free
        .iter()
        .filter(|other| other.ticket != anchor.ticket && other.skill.abs_diff(anchor.skill) <= skill)
        .collect();
    // A stable sort: of two who are equally near, the one who came first.
    near.sort_by_key(|other| other.skill.abs_diff(anchor.skill));

    let limit = rules.latency.after(anchor.waited);
    let gather = |region: Option<&String>| {
        let near = near.iter().filter(|other| plays_in(other, region, limit));
        let tickets = near.take(rules.players - 1).map(|other| other.ticket.clone());
        std::iter::once(anchor.ticket.clone()).chain(tickets).collect::<Vec<_>>()
    };
    // Most players first, then the region that is nearest to the anchor, then its name.
    let best = regions(anchor, free, limit).into_iter().map(|region| (gather(region), region)).max_by_key(
        |(tickets, region)| {
            let away = region.and_then(|region| anchor.latencies.get(region)).copied().unwrap_or_default();
            (tickets.len(), std::cmp::Reverse((away, *region)))
        },
    );
    let (tickets, region) = best?;
    let enough = if anchor.waited >= rules.patience { rules.players_min } else { rules.players };
    (tickets.len() >= enough).then(|| Group { tickets, region: region.cloned() })
}

/// Where the anchor would play. Who has not measured would play wherever somebody else does, or just anywhere.
fn regions<'a, T>(anchor: &'a Seeker<T>, free: &[&'a Seeker<T>], limit: u32) -> Vec<Option<&'a String>> {
    if !anchor.latencies.is_empty() {
        return anchor
            .latencies
            .iter()
            .filter(|(_, ms)| **ms <= limit)
            .map(|(region, _)| Some(region))
            .collect();
    }
    let named: BTreeSet<&String> = free.iter().flat_map(|other| other.latencies.keys()).collect();
    named.into_iter().map(Some).chain([None]).collect()
}

/// Whether a seeker can be in a match there. Without a region only those who have not measured can.
fn plays_in<T>(seeker: &Seeker<T>, region: Option<&String>, limit: u32) -> bool {
    seeker.latencies.is_empty()
        || region.and_then(|region| seeker.latencies.get(region)).is_some_and(|ms| *ms <= limit)
}

#[cfg(test)]
mod tests;
