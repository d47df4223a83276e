//! Checkers of timers (operations.md 3.7), with a calendar of their own: one day after the other.

use gse_core::event::{Event, EventCode};
use gse_core::fleet::Fleet;
use gse_core::id::FleetId;
use gse_core::timer::{Recurrence, ScalingMode, Schedule, Timer};
use gse_core::{Row, Timestamp};

use super::{Cause, Look, ensure};

const DAY_S: i64 = 86_400;

/// The next run of any timer of a scenario lies within so many days.
const HORIZON_DAYS: i64 = 70;

/// 2021-01-01, a Friday.
const FRIDAY: i64 = 18_628;

/// All runs from the beginning up to a second.
fn runs(schedule: &Schedule, until_s: i64) -> Vec<i64> {
    let begin_s = schedule.begin.seconds();
    if schedule.recurrence == Recurrence::Once {
        return if begin_s <= until_s { vec![begin_s] } else { vec![] };
    }
    let until_s = schedule.end.map_or(until_s, |end| until_s.min(end.seconds()));
    let (mut found, mut number, mut run_s) = (vec![], 0, begin_s);
    while run_s <= until_s {
        let listed = match &schedule.recurrence {
            Recurrence::Once => false,
            Recurrence::EveryDays(days) => number % days == 0,
            Recurrence::Monthly { from, to } => {
                let of_month = Timestamp::from_seconds(run_s).to_iso()[8..10].parse::<u8>().unwrap_or(0);
                (*from..=*to).contains(&of_month)
            }
            Recurrence::Weekly(days) => {
                let since_monday = (run_s.div_euclid(DAY_S) - FRIDAY + 4).rem_euclid(7);
                days.iter().any(|&day| i64::from(day) == since_monday + 1)
            }
        };
        found.extend(listed.then_some(run_s));
        (number, run_s) = (number + 1, run_s + DAY_S);
    }
    found
}

fn changed<'a>(look: &Look<'a>) -> impl Iterator<Item = (Option<&'a Timer>, &'a Timer)> {
    look.changed().filter_map(|(before, row)| match (before, row) {
        (Some(Row::Timer(before)), Row::Timer(timer)) => Some((Some(&**before), &**timer)),
        (_, Row::Timer(timer)) => Some((None, &**timer)),
        _ => None,
    })
}

/// Whether the step looked at a timer of that fleet. A timer acts at once (S-5), so rules that bind policies do not hold
/// for what it wrote.
pub(super) fn has_touched(look: &Look<'_>, fleet: &FleetId) -> bool {
    changed(look).any(|(_, timer)| timer.fleet == *fleet)
}

/// Events that this step wrote about timers.
fn told<'a>(look: &Look<'a>) -> impl Iterator<Item = &'a Event> {
    look.changed().filter_map(|(before, row)| match row {
        Row::Event(event) if before.is_none() && event.message.contains("timer `") => Some(&**event),
        _ => None,
    })
}

fn tells_of(event: &Event, timer: &Timer) -> bool {
    // Names are unique in a fleet.
    event.fleet == timer.fleet && event.message.contains(&format!("timer `{}`", timer.name))
}

pub(super) fn next_run(look: &Look<'_>) -> Result<(), String> {
    for (_, timer) in changed(look) {
        let horizon_s = look.now.seconds() + HORIZON_DAYS * DAY_S;
        let is_to_come = |run_s: &i64| {
            *run_s >= look.now.seconds() && timer.last.is_none_or(|last| *run_s > last.seconds())
        };
        let wanted = runs(&timer.schedule, horizon_s).into_iter().find(is_to_come).filter(|_| !timer.stopped);
        let next = timer.next.map(Timestamp::seconds);
        ensure(next == wanted, || {
            format!("{} runs next at {next:?}, not at {wanted:?}: {timer:?}", timer.id)
        })?;
    }
    Ok(())
}

pub(super) fn each_run_once(look: &Look<'_>) -> Result<(), String> {
    let is_by_time = matches!(look.cause, Cause::Timer);
    let mut taken = 0;
    for (before, timer) in changed(look).filter(|_| is_by_time) {
        let due = before.and_then(|before| before.next).filter(|&next| next <= look.now);
        ensure(due.is_some(), || format!("{} was not due", timer.id))?;
        let latest = runs(&timer.schedule, look.now.seconds()).last().copied();
        let last = timer.last.map(Timestamp::seconds);
        ensure(last == latest, || format!("{} took the run of {last:?}, not of {latest:?}", timer.id))?;
        let count = told(look).filter(|event| tells_of(event, timer)).count();
        ensure(count == 1, || format!("the run of {} is told {count} time(s)", timer.id))?;
        taken += 1;
    }
    let told = told(look).count();
    ensure(told == taken, || format!("{taken} run(s) and {told} event(s)"))?;
    let mut left = look.state.timers.values().filter(|timer| timer.next.is_some_and(|next| next <= look.now));
    let left = left.next().filter(|_| is_by_time);
    ensure(left.is_none(), || format!("{left:?} is still due"))
}

pub(super) fn last_writer_wins(look: &Look<'_>) -> Result<(), String> {
    let wrote = |timer: &Timer| {
        told(look).any(|event| event.code == EventCode::FleetScalingEvent && tells_of(event, timer))
    };
    let writers: Vec<&Timer> = changed(look).map(|(_, timer)| timer).filter(|timer| wrote(timer)).collect();
    for winner in &writers {
        let is_beaten = |other: &&Timer| {
            other.fleet == winner.fleet && (other.last, other.sequence) > (winner.last, winner.sequence)
        };
        if writers.iter().any(is_beaten) {
            continue;
        }
        let fleet = look.state.fleets.get(&winner.fleet);
        ensure(fleet.is_some_and(|fleet| is_written(winner, fleet)), || {
            format!("{} did not write {:?} into {fleet:?}", winner.id, winner.settings)
        })?;
    }
    Ok(())
}

/// T-1: capacity, cool-down and mode.
fn is_written(timer: &Timer, fleet: &Fleet) -> bool {
    let (settings, capacity) = (&timer.settings, fleet.capacity);
    let mode = match settings.mode {
        None => true,
        Some(ScalingMode::Manual) => !fleet.auto_scaling,
        Some(ScalingMode::Automatic { .. }) => fleet.auto_scaling,
    };
    mode && settings.min.is_none_or(|min| min == capacity.min)
        && settings.max.is_none_or(|max| max == capacity.max)
        // A policy may have something to say about it in the same step.
        && (fleet.auto_scaling || settings.desired.is_none_or(|desired| desired == capacity.desired))
        && settings.scaling_interval_minutes == capacity.scaling_interval_minutes
}
