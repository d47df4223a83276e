//! Why a fleet has as many instances as it has: each decision with its inputs as numbers. Kept with the rows, bounded,
//! and told in sentences by `words`.

use serde::{Deserialize, Serialize};

use super::load::FleetLoad;
use super::rule_based::Rule;
use super::threshold::Fraction;
use crate::id::FleetId;
use crate::state::State;
use crate::time::Timestamp;

mod explanation;
pub(crate) mod words;

pub use explanation::{Explanation, Mode, explain};
pub use words::sentence;

/// Decisions of one fleet that are kept; those that changed nothing go first.
const DECISIONS_MAX: usize = 100;
/// Policies of one decision that are kept, those that said most first.
const OPINIONS_MAX: usize = 6;
/// Characters of a policy's name that are kept.
const NAME_MAX: usize = 64;

/// The last decisions about the number of instances of a fleet, but for the one that stands now: that one changes every
/// minute, and lies with the policies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionLog {
    /// The fleet.
    pub fleet: FleetId,
    /// Oldest first.
    pub decisions: Vec<Decision>,
}

impl DecisionLog {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        None
    }
}

/// One decision, or several in a row that changed nothing for the same reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// When it was made first.
    pub time: Timestamp,
    /// When it was made last.
    pub last: Timestamp,
    /// How often in a row.
    pub times: u64,
    /// DesiredInstances before.
    pub from: u32,
    /// DesiredInstances after.
    pub to: u32,
    /// Why; of several, that of the last one.
    pub cause: Cause,
}

/// Who decided, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Cause {
    /// UpdateFleetCapacity (S-5).
    Request,
    /// The timer of that name (T-1).
    Timer(String),
    /// The settings of the fleet that this one is a copy of (F-26).
    Copy,
    /// The scaling policies.
    Policies(Evaluation),
}

/// One evaluation of the policies of a fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What the fleet did at that moment.
    pub load: FleetLoad,
    /// MinSize.
    pub min: u32,
    /// MaxSize.
    pub max: u32,
    /// What the policies want together, whatever the range.
    pub wanted: u32,
    /// What came of it.
    pub verdict: Verdict,
    /// What each policy said; of many, the most important ones.
    pub opinions: Vec<Opinion>,
}

/// What came of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// More instances.
    Grow,
    /// Fewer instances.
    Shrink,
    /// The number is right.
    Hold,
    /// Another number is wanted, and the range forbids it (S-1).
    Range,
    /// Fewer would do, but none is unused (S-11).
    Busy,
    /// Another number is wanted, and the last change is too young (S-7).
    CoolDown {
        /// When it is old enough.
        until: Timestamp,
    },
}

impl Verdict {
    fn changes(self) -> bool {
        match self {
            Self::Grow | Self::Shrink => true,
            Self::Hold | Self::Range | Self::Busy | Self::CoolDown { .. } => false,
        }
    }
}

/// What one policy said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    /// Its name, shortened where it is very long.
    pub policy: String,
    /// What it saw.
    pub view: View,
}

/// What a policy saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum View {
    /// A target-based policy.
    Target {
        /// The percentage that is to stay free.
        percent: u32,
        /// With fewer instances it grows.
        grow: u32,
        /// With more instances it shrinks.
        shrink: u32,
    },
    /// A rule.
    Rule {
        /// The rule.
        rule: Rule,
        /// The value of its metric; `None` where it is not defined.
        value: Option<Fraction>,
        /// Evaluations in a row at which it was met.
        met: u32,
        /// How many there must be.
        needed: u32,
        /// The number of instances that it would make.
        wanted: u32,
    },
}

impl Opinion {
    /// What a rule wants now that it was met long enough.
    pub(super) fn fired(&self) -> Option<u32> {
        match self.view {
            View::Target { .. } => None,
            View::Rule { met, needed, wanted, .. } => (met >= needed).then_some(wanted),
        }
    }

    /// Whether it is a target that would do with fewer instances.
    fn wants_fewer_than(&self, instances: u32) -> bool {
        matches!(self.view, View::Target { shrink, .. } if shrink < instances)
    }

    /// The lower, the more it explains.
    fn rank(&self) -> u32 {
        match self.view {
            View::Target { .. } => 0,
            View::Rule { met, needed, .. } if met >= needed => 1,
            View::Rule { met, .. } if met > 0 => 2,
            View::Rule { .. } => 3,
        }
    }
}

impl Evaluation {
    pub(super) fn new(
        load: FleetLoad,
        (min, max): (u32, u32),
        wanted: u32,
        verdict: Verdict,
        mut opinions: Vec<Opinion>,
    ) -> Self {
        opinions.sort_by_key(Opinion::rank);
        opinions.truncate(OPINIONS_MAX);
        for opinion in &mut opinions {
            if let Some((at, _)) = opinion.policy.char_indices().nth(NAME_MAX) {
                opinion.policy.truncate(at);
                opinion.policy.push('…');
            }
        }
        Self { load, min, max, wanted, verdict, opinions }
    }
}

impl Cause {
    /// Whether the same would be said of both.
    fn repeats(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Policies(now), Self::Policies(before)) => {
                !now.verdict.changes() && now.verdict == before.verdict
            }
            _ => false,
        }
    }
}

/// Writes a decision of the policies that changed nothing. Where it repeats the one before, the log is not touched.
pub(super) fn note(state: &mut State, now: Timestamp, fleet: &FleetId, desired: u32, cause: Cause) {
    let decision = Decision { time: now, last: now, times: 1, from: desired, to: desired, cause };
    let Some(scaling) = state.scalings.get_mut(fleet) else { return };
    match &mut scaling.standing {
        Some(standing) if standing.to == desired && decision.cause.repeats(&standing.cause) => {
            *standing = Decision { time: standing.time, times: standing.times + 1, ..decision };
        }
        standing => {
            if let Some(earlier) = standing.replace(decision) {
                push(state, fleet, earlier);
            }
        }
    }
}

/// Writes a decision that changed something, or was made by somebody.
pub(super) fn write(state: &mut State, decision: Decision, fleet: &FleetId) {
    settle(state, fleet);
    push(state, fleet, decision);
}

/// What stood until now is history: something else comes, or the policies go.
pub(super) fn settle(state: &mut State, fleet: &FleetId) {
    let has_one = state.scalings.get(fleet).is_some_and(|scaling| scaling.standing.is_some());
    let scaling = has_one.then(|| state.scalings.get_mut(fleet)).flatten();
    if let Some(standing) = scaling.and_then(|scaling| scaling.standing.take()) {
        push(state, fleet, standing);
    }
}

fn push(state: &mut State, fleet: &FleetId, decision: Decision) {
    if state.decision_logs.get(fleet).is_none() {
        state.decision_logs.insert(fleet.clone(), DecisionLog { fleet: fleet.clone(), decisions: vec![] });
    }
    let Some(log) = state.decision_logs.get_mut(fleet) else { return };
    log.decisions.push(decision);
    if log.decisions.len() > DECISIONS_MAX {
        let earlier = &log.decisions[..DECISIONS_MAX];
        let idle = earlier.iter().position(|decision| decision.from == decision.to);
        log.decisions.remove(idle.unwrap_or(0));
    }
}

/// The decisions of a fleet that are known, newest first.
pub fn newest_first(state: &State, fleet: &FleetId) -> Vec<Decision> {
    let standing = state.scalings.get(fleet).and_then(|scaling| scaling.standing.clone());
    let log = state.decision_logs.get(fleet);
    let logged = log.into_iter().flat_map(|log| log.decisions.iter().rev().cloned());
    standing.into_iter().chain(logged).collect()
}

/// The fleet is gone.
pub(crate) fn forget(state: &mut State, fleet: &FleetId) {
    if state.decision_logs.get(fleet).is_some() {
        state.decision_logs.remove(fleet);
    }
}
