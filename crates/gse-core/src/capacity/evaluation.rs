//! Asking the policies of a fleet once a minute, and doing what they want (operations.md 3.1 to 3.5). The arithmetic is
//! in `target_based`, `rule_based` and `combine`.

use super::combine::{self, Situation};
use super::decision::{self, Cause, Evaluation, Opinion, Verdict, View};
use super::load::FleetLoad;
use super::policy::{Policy, Scaling};
use super::{Capacity, set, target_based};
use crate::cx::Cx;
use crate::fleet::{Fleet, FleetStatus};
use crate::id::FleetId;
use crate::planted::planted;
use crate::state::State;
use crate::time::Timestamp;

/// The policies may have to be asked from now on, or not any more: they were changed, the mode was, or the fleet became
/// ACTIVE. Who was not asked before is asked at once (S-18).
pub(crate) fn schedule(state: &mut State, cx: &Cx<'_>, id: &FleetId) {
    let runs = state.fleets.get(id).is_some_and(is_asked);
    let Some(scaling) = state.scalings.get(id) else { return };
    match (runs, scaling.evaluate_at) {
        (true, None) => set_evaluation(state, id, Some(cx.now)),
        (false, Some(_)) if planted!(StoppedIsAsked) => {}
        (false, Some(_)) => {
            set_evaluation(state, id, None);
            // What was not looked at in between does not hold for minutes in a row.
            let Some(scaling) = state.scalings.get_mut(id) else { return };
            for policy in scaling.policies.values_mut() {
                if let Policy::RuleBased(history) = policy {
                    history.met = 0;
                }
            }
        }
        (true, Some(_)) | (false, None) => {}
    }
}

fn set_evaluation(state: &mut State, id: &FleetId, at: Option<Timestamp>) {
    if let Some(scaling) = state.scalings.get_mut(id) {
        scaling.evaluate_at = at;
    }
}

/// 3.1: the automatic mode, once the fleet is deployed (S-4).
fn is_asked(fleet: &Fleet) -> bool {
    fleet.auto_scaling && fleet.status == FleetStatus::Active
}

/// The minute is over.
pub(crate) fn on_deadline(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    let Some(at) = state.scalings.get(id).and_then(|scaling| scaling.evaluate_at) else { return };
    // The period is that of the deadlines, so lateness does not add up; what was missed is not made up for.
    let next = at.plus(cx.clocks.scaling_tick);
    let next = if next > cx.now { next } else { cx.now.plus(cx.clocks.scaling_tick) };
    set_evaluation(state, id, Some(next));
    evaluate(state, cx, id);
}

/// Asks the policies, and does what they want unless the last change is too young.
fn evaluate(state: &mut State, cx: &mut Cx<'_>, id: &FleetId) {
    let (Some(fleet), Some(scaling)) = (state.fleets.get(id), state.scalings.get(id)) else { return };
    let load = FleetLoad::of(state, fleet, scaling.rules().next().is_some());
    let capacity = fleet.capacity;
    let heard = hear(scaling, &load, cx);
    let situation =
        Situation { instances: load.instances, idle: load.idle, min: capacity.min, max: capacity.max };
    let fired: Vec<u32> = heard.iter().filter_map(Opinion::fired).collect();
    let bounds = scaling.target().map(|(_, percent)| bounds_of(&load, percent));
    let choice = combine::combine(situation, bounds, &fired);
    let cool_until =
        capacity.cool_until(cx.clocks).filter(|&until| cx.now < until && !planted!(CoolDownIgnored));
    let verdict = match choice.desired {
        // What a reserved instance keeps from being there is desired already.
        desired if desired == load.instances || desired == capacity.desired => {
            verdict_of_rest(situation, bounds, choice.wanted)
        }
        desired => match cool_until {
            Some(until) => Verdict::CoolDown { until },
            None if desired > load.instances => Verdict::Grow,
            None => Verdict::Shrink,
        },
    };
    remember(state, id, &heard, cool_until.is_none());
    let evaluation = Evaluation::new(load, (capacity.min, capacity.max), choice.wanted, verdict, heard);
    match verdict {
        Verdict::Grow | Verdict::Shrink => {
            let capacity = Capacity { desired: choice.desired, ..capacity };
            set(state, cx, id, capacity, Cause::Policies(evaluation));
        }
        Verdict::Hold | Verdict::Range | Verdict::Busy | Verdict::CoolDown { .. } => {
            decision::note(state, cx.now, id, capacity.desired, Cause::Policies(evaluation));
        }
    }
}

fn bounds_of(load: &FleetLoad, percent: u32) -> target_based::Bounds {
    target_based::bounds(load.processes_per_instance, load.sessions, percent)
}

/// Why nothing changes although nobody has to wait.
fn verdict_of_rest(situation: Situation, bounds: Option<target_based::Bounds>, wanted: u32) -> Verdict {
    if wanted != wanted.clamp(situation.min, situation.max) {
        Verdict::Range
    } else if wanted == situation.instances
        && bounds.is_some_and(|bounds| situation.instances > bounds.shrink)
    {
        Verdict::Busy
    } else {
        Verdict::Hold
    }
}

/// What each policy has to say.
fn hear(scaling: &Scaling, load: &FleetLoad, cx: &Cx<'_>) -> Vec<Opinion> {
    let opinion = |(name, policy): (&String, &Policy)| {
        let view = match policy {
            Policy::TargetBased(percent) => {
                let bounds = bounds_of(load, *percent);
                View::Target { percent: *percent, grow: bounds.grow, shrink: bounds.shrink }
            }
            Policy::RuleBased(history) => {
                let needed = evaluations(history.rule.minutes, cx);
                let value = history.rule.metric.value(load);
                // What it says for the very moment at which it was put says nothing about a minute.
                let is_met = history.rule.is_met(value) && history.put < cx.now;
                let met = if is_met { history.met.saturating_add(1).min(needed) } else { 0 };
                let wanted = history.rule.adjusted(load.instances);
                View::Rule { rule: history.rule.clone(), value, met, needed, wanted }
            }
        };
        Opinion { policy: name.clone(), view }
    };
    scaling.policies.iter().map(opinion).collect()
}

/// EvaluationPeriods are minutes; there may be more evaluations in a minute than one.
fn evaluations(minutes: u32, cx: &Cx<'_>) -> u32 {
    let wanted = cx.clocks.scaling_minute.as_millis() * u128::from(minutes);
    let count = wanted.div_ceil(cx.clocks.scaling_tick.as_millis().max(1));
    u32::try_from(count).unwrap_or(u32::MAX).max(1)
}

/// Writes down for how long each rule has held. One that acted begins again; one that had to wait for the cool-down
/// goes on.
fn remember(state: &mut State, id: &FleetId, heard: &[Opinion], may_act: bool) {
    let Some(scaling) = state.scalings.get_mut(id) else { return };
    for opinion in heard {
        let Some(Policy::RuleBased(history)) = scaling.policies.get_mut(&opinion.policy) else { continue };
        if let View::Rule { met, needed, .. } = opinion.view {
            history.met = if may_act && met >= needed { 0 } else { met };
        }
    }
}

#[cfg(test)]
mod tests;
