//! Why a fleet has as many instances as it has: the settings, the mode, and the decisions that led there.

use super::words::{counted, sentence, time};
use super::{Decision, newest_first};
use crate::capacity::{self, FleetCapacity};
use crate::clocks::Clocks;
use crate::error::Error;
use crate::fleet::{self, Fleet};
use crate::id::{FleetId, Scope};
use crate::state::State;
use crate::time::Timestamp;

/// The answer for one fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Settings and counts.
    pub counts: FleetCapacity,
    /// Instances that are kept for investigation.
    pub reserved: u32,
    /// Whether the policies decide; else DesiredInstances does.
    pub mode: Mode,
    /// When the policies are asked next.
    pub next_evaluation: Option<Timestamp>,
    /// Until when they have to wait, if they have to.
    pub cool_down_until: Option<Timestamp>,
    /// For a person, one after the other.
    pub sentences: Vec<String>,
    /// Newest first.
    pub decisions: Vec<Decision>,
}

crate::words::words! {
    /// The modes of 3.1.
    pub enum Mode {
        /// AUTO_SCALING is on, and there is a policy.
        Policies = "Policies",
        /// AUTO_SCALING is on, and there is no policy.
        NoPolicy = "NoPolicy",
        /// AUTO_SCALING is stopped.
        Manual = "Manual",
    }
}

/// Explains the number of instances of a fleet.
pub fn explain(
    state: &State,
    now: Timestamp,
    clocks: &Clocks,
    scope: &Scope,
    id: &FleetId,
) -> Result<Explanation, Error> {
    let fleet = fleet::find(state, scope, id)?;
    let decisions = newest_first(state, id);
    let counts = capacity::counts(state, fleet);
    let reserved = state.instances_of(id).filter(|row| row.reserved && !row.is_leaving()).count();
    let reserved = u32::try_from(reserved).unwrap_or(u32::MAX);
    let scaling = state.scalings.get(id);
    let mode = match (fleet.auto_scaling, scaling) {
        (true, Some(_)) => Mode::Policies,
        (true, None) => Mode::NoPolicy,
        (false, _) => Mode::Manual,
    };
    let next_evaluation = scaling.and_then(|scaling| scaling.evaluate_at);
    let cool_down_until = fleet.capacity.cool_until(clocks).filter(|&until| until > now);
    let policies = scaling.map_or(0, |scaling| scaling.policies.len());
    let mut sentences = vec![present(fleet, &counts, reserved), rule_of(mode, policies)];
    sentences.extend(history(&decisions, now));
    if mode == Mode::Policies {
        sentences.extend(outlook(fleet, next_evaluation, cool_down_until, now));
    }
    Ok(Explanation { counts, reserved, mode, next_evaluation, cool_down_until, sentences, decisions })
}

fn present(fleet: &Fleet, counts: &FleetCapacity, reserved: u32) -> String {
    let FleetCapacity { active, idle, pending, terminating, capacity, .. } = counts;
    let staying = counted(active + pending, "instance");
    let mut words = format!("fleet {} is {} and has {staying}", fleet.id, fleet.status);
    words += &match (*idle, active + pending) {
        (0, _) => String::new(),
        (1, 1) => " without a session".to_owned(),
        (idle, all) if idle == all => ", all of them without a session".to_owned(),
        (idle, _) => format!(", {idle} of them without a session"),
    };
    for (count, state) in
        [(*pending, "not ready yet"), (reserved, "reserved"), (*terminating, "leaving besides")]
    {
        if count > 0 {
            words += &format!(", {count} {state}");
        }
    }
    format!("{words}; {} desired, in the range {} to {}", capacity.desired, capacity.min, capacity.max)
}

fn rule_of(mode: Mode, policies: usize) -> String {
    match mode {
        Mode::Policies if policies == 1 => "1 scaling policy decides the number".into(),
        Mode::Policies => format!("{policies} scaling policies decide the number"),
        Mode::NoPolicy => "it has no scaling policy, so only DesiredInstances decides the number".into(),
        Mode::Manual => "AUTO_SCALING is stopped, so only DesiredInstances decides the number".into(),
    }
}

/// The last change, and what was decided since.
fn history(decisions: &[Decision], now: Timestamp) -> Vec<String> {
    let changed = decisions.iter().find(|decision| decision.from != decision.to);
    let mut sentences = match changed {
        Some(change) => {
            vec![format!("{}: {}", counted(change.to, "instance"), sentence(change, now))]
        }
        None => {
            vec!["nobody has changed the number since the fleet was made, or as far back as is kept".into()]
        }
    };
    if let Some(newest) = decisions.first().filter(|newest| newest.from == newest.to) {
        sentences.push(sentence(newest, now));
    }
    sentences
}

fn outlook(
    fleet: &Fleet,
    next: Option<Timestamp>,
    cool_until: Option<Timestamp>,
    now: Timestamp,
) -> Option<String> {
    let next = time(next?, now);
    let minutes = fleet.capacity.scaling_interval_minutes;
    Some(match cool_until {
        Some(until) => format!(
            "the policies are asked next at {next}, and change nothing before {}: the cool-down is {}",
            time(until, now),
            counted(minutes, "minute")
        ),
        None => format!("the policies are asked next at {next}"),
    })
}
