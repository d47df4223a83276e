//! What the search of a placement found, kept in its row and archived with it: `gse why placement` tells it.
//!
//! It stays small. Attempts that found the same are one step with a count, the middle of a long search is left out, and
//! a placement whose first attempt took the first destination has no step at all: its session says the rest.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fleet::FleetStatus;
use crate::id::{AliasId, FleetId, Region};
use crate::time::Timestamp;

mod sentences;

pub use sentences::sentences;

/// Steps that are kept of a search: the first ones, and the last ones.
pub const STEPS_MOST: usize = 16;
/// Of those, from the beginning.
const FIRST_STEPS: usize = 4;
/// Destinations that are kept of an attempt.
const PASSED_MOST: usize = 24;
/// Characters of a reason in words.
const WORDS_MOST: usize = 200;

/// The steps of a search, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchTrace {
    /// At most sixteen.
    pub steps: Vec<SearchStep>,
    /// Steps that are left out after the fourth.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u32,
    /// Attempts, also those of steps that are left out.
    #[serde(default)]
    pub attempts: u32,
}

/// Attempts one after the other that found the same, or what became of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchStep {
    /// When that was found first.
    pub first: Timestamp,
    /// When that was found last.
    pub last: Timestamp,
    /// How often.
    pub times: u32,
    /// The latency policy in force, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_ms: Option<u64>,
    /// The destinations that were passed over, in the order of the queue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<PassedOver>,
    /// Destinations that are left out of that list.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u32,
    /// What came of it.
    pub outcome: Outcome,
}

/// A destination that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// The region that counts for latency.
    pub region: Region,
    /// The alias, if the destination is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<AliasId>,
    /// The fleet that it led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetId>,
    /// Why it was not taken.
    pub why: WhyNot,
}

/// Why a destination was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhyNot {
    /// Not every player has a usable latency to its region (P-7, P-8).
    Unreachable,
    /// A player's latency, ms, is above the policy in force (P-9).
    TooFar(u64),
    /// The region is down (`gse fault region`).
    RegionDown,
    /// The alias is TERMINAL, or what was named is gone.
    LeadsNowhere,
    /// The fleet is not ACTIVE (P-11).
    NotActive(FleetStatus),
    /// No process of the fleet is eligible (G-3), in words.
    NoProcess(String),
}

impl WhyNot {
    /// Whether a second attempt that finds this found nothing new: the words may count other processes.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::NoProcess(_), Self::NoProcess(_)) => true,
            (one, other) => one == other,
        }
    }
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Nothing was free: the placement waits.
    Waits,
    /// A session was made in this fleet.
    Chosen(FleetId),
    /// The session in this fleet did not become active, and the search went on (P-16).
    Lost(FleetId, String),
    /// It can never succeed (P-13, P-15).
    Hopeless,
}

impl SearchTrace {
    /// Notes an attempt.
    pub(crate) fn note(
        &mut self,
        now: Timestamp,
        limit_ms: Option<u64>,
        mut passed: Vec<PassedOver>,
        outcome: Outcome,
    ) {
        self.attempts = self.attempts.saturating_add(1);
        let is_first_choice = self.steps.is_empty() && passed.is_empty() && limit_ms.is_none();
        if is_first_choice && matches!(outcome, Outcome::Chosen(_)) {
            return;
        }
        let more = u32::try_from(passed.len().saturating_sub(PASSED_MOST)).unwrap_or(u32::MAX);
        passed.truncate(PASSED_MOST);
        for one in &mut passed {
            if let WhyNot::NoProcess(words) = &mut one.why {
                *words = short(words);
            }
        }
        if let Some(last) = self.steps.last_mut()
            && last.is_same(limit_ms, &passed, &outcome)
        {
            (last.last, last.times, last.passed) = (now, last.times.saturating_add(1), passed);
            return;
        }
        self.push(SearchStep { first: now, last: now, times: 1, limit_ms, passed, more, outcome });
    }

    /// Notes that a session did not become active.
    pub(crate) fn note_lost(&mut self, now: Timestamp, fleet: FleetId, reason: &str) {
        let outcome = Outcome::Lost(fleet, short(reason));
        let passed = Vec::new();
        self.push(SearchStep { first: now, last: now, times: 1, limit_ms: None, passed, more: 0, outcome });
    }

    fn push(&mut self, step: SearchStep) {
        if self.steps.len() == STEPS_MOST {
            self.steps.remove(FIRST_STEPS);
            self.left_out = self.left_out.saturating_add(1);
        }
        // Most searches have one step, and a list grows to four.
        self.steps.reserve_exact(1);
        self.steps.push(step);
    }
}

impl SearchStep {
    fn is_same(&self, limit_ms: Option<u64>, passed: &[PassedOver], outcome: &Outcome) -> bool {
        let same = |(one, other): (&PassedOver, &PassedOver)| {
            (&one.region, &one.alias, &one.fleet) == (&other.region, &other.alias, &other.fleet)
                && one.why.is_same(&other.why)
        };
        *outcome == Outcome::Waits
            && self.outcome == Outcome::Waits
            && self.limit_ms == limit_ms
            && self.passed.len() == passed.len()
            && self.passed.iter().zip(passed).all(same)
    }
}

fn short(words: &str) -> String {
    words.chars().take(WORDS_MOST).collect()
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("not every player has a usable latency to its region"),
            Self::TooFar(worst_ms) => write!(f, "a player is {worst_ms} ms away"),
            Self::RegionDown => f.write_str("its region is down"),
            Self::LeadsNowhere => f.write_str("it leads to no fleet"),
            Self::NotActive(status) => write!(f, "the fleet is {status}"),
            Self::NoProcess(words) => write!(f, "no process is free: {words}"),
        }
    }
}

#[cfg(test)]
mod tests;
