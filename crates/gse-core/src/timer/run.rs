//! What is done when a timer is due: its settings are written as if a user had done so (T-1), or it is said why not.

use std::collections::BTreeSet;

use crate::capacity::decision::Cause;
use crate::capacity::{self, UpdateFleetCapacity, policy};
use crate::cx::Cx;
use crate::error::Error;
use crate::event::{self, EventCode};
use crate::fleet::{self, FleetStatus, settings};
use crate::id::TimerId;
use crate::planted::planted;
use crate::state::State;
use crate::time::Timestamp;
use crate::timer::{ScalingMode, Timer};

/// Takes the runs of all timers that are due. They are taken together, because their order is that of their runs and
/// not that of the deadlines that woke them: after a time in which the service was down a timer that missed many runs
/// makes up the latest of them, which may lie after that of another timer (T-5, T-6).
pub(crate) fn on_due(state: &mut State, cx: &mut Cx<'_>) {
    let now = cx.now;
    let due = state.timers.values().filter(|timer| timer.next.is_some_and(|next| next <= now));
    let mut runs: Vec<(Timestamp, u64, TimerId)> = due
        .filter_map(|timer| {
            Some((timer.schedule.last_until(now).or(timer.next)?, timer.sequence, timer.id.clone()))
        })
        .collect();
    runs.sort();
    if planted!(TimerOlderWins) {
        runs.reverse();
    }
    let mut fleets = BTreeSet::new();
    for (run, _, id) in runs {
        if let Some(timer) = rearmed(state, cx, &id, run) {
            take(state, cx, &timer, run);
            fleets.insert(timer.fleet);
        }
    }
    // Once all is written: what only an older timer of the same second wanted would start instances or end matches.
    for fleet in fleets {
        capacity::reconcile(state, cx, &fleet);
    }
}

/// The timer with its next run set, so that this one is not taken again whatever comes of it.
fn rearmed(state: &mut State, cx: &mut Cx<'_>, id: &TimerId, run: Timestamp) -> Option<Timer> {
    let timer = state.timers.get_mut(id)?;
    let missed = timer.next.filter(|&next| next < run);
    timer.last = Some(run);
    timer.arm(cx.now);
    if planted!(TimerRunsTwice) && timer.next.is_none() {
        timer.next = Some(Timestamp::from_seconds(cx.now.seconds() + 7));
    }
    if let Some(missed) = missed {
        let words = timer.words();
        cx.because(format!("{words} missed its runs from {}; the latest is made up", missed.to_iso()));
    }
    Some(timer.clone())
}

fn take(state: &mut State, cx: &mut Cx<'_>, timer: &Timer, run: Timestamp) {
    if let Err(error) = write(state, cx, timer)
        && !planted!(TimerSkippedSilently)
    {
        // T-7
        let message = format!("{}, due at {}, was skipped: {error}", timer.words(), run.to_iso());
        cx.because(message.clone());
        event::write(state, cx, &timer.fleet, EventCode::GenericEvent, message);
    }
}

/// Checks everything first, like the commands that a user would give.
fn write(state: &mut State, cx: &mut Cx<'_>, timer: &Timer) -> Result<(), Error> {
    let fleet = fleet::find_live(state, &timer.scope, &timer.fleet)?;
    // Starting and stopping automatic scaling need an ACTIVE fleet.
    if timer.settings.mode.is_some() && fleet.status != FleetStatus::Active {
        let (status, reason) = (fleet.status, String::new());
        return Err(Error::FleetNotActive { fleet: fleet.id.clone(), status, reason });
    }
    let change = UpdateFleetCapacity {
        scope: timer.scope.clone(),
        fleet: timer.fleet.clone(),
        desired: timer.settings.desired,
        min: timer.settings.min,
        max: timer.settings.max,
        scaling_interval_minutes: Some(timer.settings.scaling_interval_minutes),
    };
    let capacity = change.check(state, cx)?;
    if let Some(ScalingMode::Automatic { target_percent }) = timer.settings.mode {
        policy::check_target(state, &timer.fleet, target_percent)?;
    }
    capacity::write(state, cx, &timer.fleet, capacity, Cause::Timer(timer.name.clone()));
    match timer.settings.mode {
        None => {}
        Some(_) if planted!(TimerModeForgotten) => {}
        Some(ScalingMode::Manual) => settings::set_auto_scaling(state, cx, &timer.fleet, false),
        Some(ScalingMode::Automatic { target_percent }) => {
            settings::set_auto_scaling(state, cx, &timer.fleet, true);
            policy::put_target(state, cx, &timer.fleet, target_percent);
        }
    }
    Ok(())
}
