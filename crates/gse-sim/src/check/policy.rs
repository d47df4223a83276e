//! Checkers of scaling by policies (operations.md 3.1 to 3.5). The numbers are found by trying, not by the formula.

use std::time::Duration;

use gse_core::capacity::Scaling;
use gse_core::capacity::policy::Policy;
use gse_core::fleet::{Fleet, FleetStatus};
use gse_core::instance::InstanceStatus;
use gse_core::{Row, State};

use super::scaling::{leavers, sessions_on};
use super::{Cause, Look, ensure, timer};

pub(super) fn range(look: &Look<'_>) -> Result<(), String> {
    for (_, row) in look.changed() {
        let Row::Fleet(fleet) = row else { continue };
        let capacity = &fleet.capacity;
        ensure((capacity.min..=capacity.max).contains(&capacity.desired), || {
            format!("{} wants {capacity:?}", fleet.id)
        })?;
    }
    Ok(())
}

pub(super) fn asked_in_the_automatic_mode(look: &Look<'_>) -> Result<(), String> {
    for scaling in look.state.scalings.values() {
        let fleet = look.state.fleets.get(&scaling.fleet);
        let is_asked = fleet.is_some_and(|fleet| fleet.auto_scaling && fleet.status == FleetStatus::Active);
        ensure(scaling.evaluate_at.is_some() == is_asked, || {
            format!("{} is asked at {:?}", scaling.fleet, scaling.evaluate_at)
        })?;
        ensure(!scaling.policies.is_empty(), || format!("{} has a row without a policy", scaling.fleet))?;
    }
    Ok(())
}

fn cool_down(look: &Look<'_>, fleet: &Fleet) -> Duration {
    look.clocks.scaling_minute * fleet.capacity.scaling_interval_minutes
}

/// Whether the last change of the fleet was so young before the step that policies had to wait.
fn had_to_wait(look: &Look<'_>, fleet: &Fleet) -> bool {
    fleet.capacity.changed.is_some_and(|changed| look.now.since(changed) < cool_down(look, fleet))
}

/// Fleets whose desired number the step changed because time passed: before and after.
fn moved<'a>(look: &Look<'a>) -> Vec<(&'a Fleet, &'a Fleet)> {
    let moved = look.changed().filter_map(|(before, row)| match (before, row) {
        (Some(Row::Fleet(old)), Row::Fleet(new)) if old.capacity.desired != new.capacity.desired => {
            Some((&**old, &**new)).filter(|(fleet, _)| !timer::has_touched(look, &fleet.id))
        }
        _ => None,
    });
    if matches!(look.cause, Cause::Timer) { moved.collect() } else { Vec::new() }
}

pub(super) fn cool_down_is_kept(look: &Look<'_>) -> Result<(), String> {
    for (old, new) in moved(look) {
        ensure(!had_to_wait(look, old), || {
            format!("{} goes from {:?} to {:?}", old.id, old.capacity, new.capacity)
        })?;
        ensure(new.capacity.changed == Some(look.now), || format!("{} begins no cool-down", new.id))?;
    }
    Ok(())
}

/// The percentage of a fleet that has a target-based policy and no rule.
fn only_target(scaling: &Scaling) -> Option<u64> {
    let mut policies = scaling.policies.values();
    match (policies.next(), policies.next()) {
        (Some(Policy::TargetBased(percent)), None) => Some((*percent).into()),
        _ => None,
    }
}

pub(super) fn target_removes_unused(look: &Look<'_>) -> Result<(), String> {
    if !matches!(look.cause, Cause::Timer) {
        return Ok(());
    }
    for gone in leavers(look).into_iter().filter(|gone| !timer::has_touched(look, &gone.fleet)) {
        let scaling = look.state.scalings.get(&gone.fleet);
        if scaling.and_then(only_target).is_some() {
            let sessions = sessions_on(look.state, &gone.id);
            ensure(sessions == 0, || format!("{} leaves with {sessions} session(s)", gone.id))?;
        }
    }
    Ok(())
}

/// The fewest instances with which enough sessions stay free, found by trying.
fn fewest(is_enough: impl Fn(u64) -> bool) -> u64 {
    (1..).find(|&count| is_enough(count)).unwrap_or(1)
}

pub(super) fn target_is_kept(look: &Look<'_>) -> Result<(), String> {
    // What else happened in the step may have changed the numbers since the policies were asked.
    let is_other = |row: &Row| {
        matches!(row, Row::GameServerSession(_) | Row::Process(_) | Row::Placement(_) | Row::Instance(_))
    };
    for (before, row) in look.changed() {
        let (Some(Row::Scaling(old)), Row::Scaling(new)) = (before, row) else { continue };
        let was_asked = old.evaluate_at.is_some_and(|at| at <= look.now);
        let (Some(percent), Some(fleet)) = (only_target(new), look.state.fleets.get(&new.fleet)) else {
            continue;
        };
        let was = look.changed().find_map(|(before, _)| match before {
            Some(Row::Fleet(was)) if was.id == fleet.id => Some(&**was),
            _ => None,
        });
        let quiet = !timer::has_touched(look, &fleet.id)
            && look.changed().all(|(_, row)| !is_other(row) || of_fleet(row, fleet));
        if was_asked && quiet && !had_to_wait(look, was.unwrap_or(fleet)) {
            keeps(look.state, fleet, percent)?;
        }
    }
    Ok(())
}

/// Instances of the fleet itself, which the policy may have started or let go.
fn of_fleet(row: &Row, fleet: &Fleet) -> bool {
    match row {
        Row::Instance(instance) => instance.fleet == fleet.id && instance.status != InstanceStatus::Active,
        Row::Process(process) => process.fleet == fleet.id && process.load.session().is_none(),
        _ => false,
    }
}

fn keeps(state: &State, fleet: &Fleet, percent: u64) -> Result<(), String> {
    let staying: Vec<_> =
        state.instances_of(&fleet.id).filter(|row| !row.is_leaving() && !row.reserved).collect();
    let sessions: Vec<usize> = staying.iter().map(|row| sessions_on(state, &row.id)).collect();
    let used: u64 = sessions.iter().map(|&count| count as u64).sum();
    let each: u64 =
        fleet.runtime.server_processes.iter().map(|entry| u64::from(entry.concurrent_executions)).sum();
    let free = |count: u64| (each * count).saturating_sub(used) * 100;
    let fits = |count: u64| each * count >= used;
    let grow = fewest(|count| fits(count) && free(count) >= percent * each * count);
    let shrink = fewest(|count| fits(count) && free(count) > percent * each * count);
    let (min, max) = (u64::from(fleet.capacity.min), u64::from(fleet.capacity.max));
    let desired = u64::from(fleet.capacity.desired);
    ensure(desired >= grow.min(max), || {
        format!("{} wants {desired}, {grow} are needed for {used} session(s) and {percent} %", fleet.id)
    })?;
    let idle = sessions.iter().filter(|&&count| count == 0).count();
    let too_many = staying.len() as u64 > shrink.max(min);
    ensure(!too_many || idle == 0, || {
        format!(
            "{} keeps {} for {used} session(s), {idle} unused, {shrink} would do",
            fleet.id,
            staying.len()
        )
    })
}
