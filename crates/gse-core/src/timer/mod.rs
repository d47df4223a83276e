//! Timers: scheduled changes of a fleet's scaling settings (operations.md 3.7). When a timer runs is `schedule`; what a
//! run does is `run`.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::{self, FleetStatus};
use crate::id::{FleetId, IdKind, Scope, TimerId};
use crate::page::OffsetPage;
use crate::state::State;
use crate::time::Timestamp;

mod run;
pub mod schedule;

pub(crate) use run::on_due;
pub use schedule::{Recurrence, Schedule};

/// Timers of one fleet (R72): each of them can write settings and events every day.
pub const MAX_TIMERS: usize = 100;

/// ScalingType.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScalingMode {
    /// As StopFleetActions: DesiredInstances alone drives the size.
    Manual,
    /// As StartFleetActions, with a target-based policy.
    Automatic {
        /// TargetConfiguration.TargetValue, 1–99: the buffer.
        target_percent: u32,
    },
}

/// What a run writes into the fleet (T-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerSettings {
    /// MinSize; absent: stays as it is.
    pub min: Option<u32>,
    /// MaxSize; absent: stays as it is.
    pub max: Option<u32>,
    /// DesiredInstances; absent: stays as it is, inside the range.
    pub desired: Option<u32>,
    /// ScalingInterval, 1–30.
    pub scaling_interval_minutes: u32,
    /// ScalingType; `None`: undefined, the mode stays as it is (R72).
    pub mode: Option<ScalingMode>,
}

/// A timer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    /// Its id.
    pub id: TimerId,
    /// The account and region.
    pub scope: Scope,
    /// The fleet that it changes.
    pub fleet: FleetId,
    /// 1–50 characters, unique in its fleet.
    pub name: String,
    /// Its place in the order of creation: of two that are due in one second the younger one wins (T-5).
    pub sequence: u64,
    /// When it runs.
    pub schedule: Schedule,
    /// What a run writes.
    pub settings: TimerSettings,
    /// Whether a user stopped it.
    pub stopped: bool,
    /// The next run; `None`: stopped, or there is none any more.
    pub next: Option<Timestamp>,
    /// The last run that was taken or skipped.
    pub last: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
}

/// TimerStatus (T-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerStatus {
    /// 1: before BeginTime.
    NotYetInForce,
    /// 2: inside the period of validity.
    InForce,
    /// 3: a user stopped it.
    Stopped,
    /// 4: after EndTime, or after the single run.
    Expired,
}

impl Timer {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.next
    }

    /// Where it stands (R72: it is in force from BeginTime on, also before the first listed day).
    pub fn status(&self, now: Timestamp) -> TimerStatus {
        let is_after_end = self.schedule.end.is_some_and(|end| now.seconds() > end.seconds());
        let is_done = self.schedule.recurrence == Recurrence::Once && self.last.is_some();
        if is_done && self.next.is_none() || is_after_end && self.next.is_none_or(|next| next > now) {
            TimerStatus::Expired
        } else if self.stopped {
            TimerStatus::Stopped
        } else if now < self.schedule.begin && self.last.is_none() {
            TimerStatus::NotYetInForce
        } else {
            TimerStatus::InForce
        }
    }

    /// Sets the next run: not before this second, and none that was taken already.
    fn arm(&mut self, now: Timestamp) {
        let after_last = self.last.map(|last| Timestamp::from_seconds(last.seconds() + 1));
        let earliest = after_last.map_or(now, |after| after.max(now));
        self.next = if self.stopped { None } else { self.schedule.first_from(earliest) };
    }

    /// "timer `evening` (timerId-1)".
    fn words(&self) -> String {
        format!("timer `{}` ({})", self.name, self.id)
    }
}

/// Makes a timer, or replaces the whole definition of one.
#[derive(Clone, Debug)]
pub struct PutTimerScalingPolicy {
    /// The account and region.
    pub scope: Scope,
    /// TimerId; `None` makes a new one.
    pub timer: Option<TimerId>,
    /// TimerFleetCapacity.FleetId.
    pub fleet: FleetId,
    /// TimerName.
    pub name: String,
    /// TimerConfiguration.
    pub schedule: Schedule,
    /// TimerFleetCapacity.
    pub settings: TimerSettings,
    /// TimerStatus 3.
    pub stopped: bool,
}

impl Command for PutTimerScalingPolicy {
    type Reply = Timer;
    const NAME: &'static str = "PutTimerScalingPolicy";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Timer, Error> {
        let old = self.timer.as_ref().map(|id| find(state, &self.scope, id)).transpose()?.cloned();
        self.check(state, cx)?;
        let newest = state.timers.values().map(|timer| timer.sequence).max();
        let mut timer = Timer {
            id: match &old {
                Some(old) => old.id.clone(),
                None => TimerId::new(format!("timerId-{}", cx.suffix(IdKind::Timer))),
            },
            scope: self.scope,
            fleet: self.fleet,
            name: self.name,
            sequence: old.as_ref().map_or(newest.map_or(0, |newest| newest + 1), |old| old.sequence),
            schedule: self.schedule,
            settings: self.settings,
            stopped: self.stopped,
            next: None,
            last: None,
            created: old.as_ref().map_or(cx.now, |old| old.created),
        };
        // A run that was taken in this second is not taken again.
        timer.last = old.and_then(|old| old.last).filter(|&last| last >= timer.schedule.begin);
        timer.arm(cx.now);
        state.timers.insert(timer.id.clone(), timer.clone());
        Ok(timer)
    }
}

impl PutTimerScalingPolicy {
    fn check(&self, state: &State, cx: &Cx<'_>) -> Result<(), Error> {
        if fleet::find_live(state, &self.scope, &self.fleet)?.status == FleetStatus::Deleting {
            return Err(Error::FleetNotFound(self.fleet.clone()));
        }
        self.check_name(state)?;
        self.check_times(cx.now)?;
        // S-3 is held against the other fleets when the timer runs: they may be smaller then.
        if let Some(max) = self.settings.max.filter(|&max| max > cx.quotas.instances) {
            return Err(Error::InstanceQuota { limit: cx.quotas.instances, wanted: max });
        }
        Ok(())
    }

    fn check_name(&self, state: &State) -> Result<(), Error> {
        let others = || of_fleet(state, &self.fleet).filter(|other| Some(&other.id) != self.timer.as_ref());
        if others().any(|other| other.name == self.name) {
            return Err(Error::Invalid {
                member: "TimerScalingPolicy.TimerName",
                value: self.name.clone(),
                expected: "a name that no other timer of the fleet has".into(),
            });
        }
        if others().count() >= MAX_TIMERS {
            return Err(Error::Quota { what: "timers of a fleet", limit: MAX_TIMERS });
        }
        Ok(())
    }

    fn check_times(&self, now: Timestamp) -> Result<(), Error> {
        let invalid = |member, time: Timestamp, expected: &str| {
            Err(Error::Invalid { member, value: time.to_iso_exact(), expected: expected.into() })
        };
        let Schedule { recurrence, begin, end } = &self.schedule;
        if let Some(end) = *end {
            let member = "TimerScalingPolicy.TimerConfiguration.EndTime";
            if end <= *begin {
                return invalid(member, end, "a time after BeginTime");
            }
            if end <= now {
                return invalid(member, end, "a time in the future");
            }
        }
        // R71: it would never run.
        if *recurrence == Recurrence::Once && begin.seconds() < now.seconds() {
            let member = "TimerScalingPolicy.TimerConfiguration.BeginTime";
            return invalid(
                member,
                *begin,
                "a time in the future, because a timer of type 1 runs then and only then",
            );
        }
        Ok(())
    }
}

/// Which timer DeleteTimerScalingPolicy means; all that is given must agree.
#[derive(Clone, Debug)]
pub struct DeleteTimerScalingPolicy {
    /// The account and region.
    pub scope: Scope,
    /// TimerId; without it both of the others are needed.
    pub timer: Option<TimerId>,
    /// FleetId.
    pub fleet: Option<FleetId>,
    /// TimerName.
    pub name: Option<String>,
}

impl Command for DeleteTimerScalingPolicy {
    type Reply = ();
    const NAME: &'static str = "DeleteTimerScalingPolicy";

    /// T-8: what the timer did stays.
    fn apply(self, state: &mut State, _: &mut Cx<'_>) -> Result<(), Error> {
        if self.timer.is_none() {
            let missing = |member| Err(Error::Missing { member });
            match (&self.fleet, &self.name) {
                (Some(_), Some(_)) => {}
                (Some(_), None) => return missing("TimerName"),
                (None, Some(_)) => return missing("FleetId"),
                (None, None) => return missing("TimerId"),
            }
        }
        let means = |timer: &&Timer| {
            timer.scope == self.scope
                && self.timer.as_ref().is_none_or(|id| timer.id == *id)
                && self.fleet.as_ref().is_none_or(|fleet| timer.fleet == *fleet)
                && self.name.as_ref().is_none_or(|name| timer.name == *name)
        };
        let found = state.timers.values().find(means).map(|timer| timer.id.clone());
        let asked = || self.timer.as_ref().map(ToString::to_string).or(self.name.clone()).unwrap_or_default();
        let id = found.ok_or_else(|| Error::TimerNotFound(asked()))?;
        state.timers.remove(&id);
        Ok(())
    }
}

/// A timer of this account and region.
pub fn find<'a>(state: &'a State, scope: &Scope, id: &TimerId) -> Result<&'a Timer, Error> {
    let timer = state.timers.get(id).filter(|timer| timer.scope == *scope);
    timer.ok_or_else(|| Error::TimerNotFound(id.to_string()))
}

fn of_fleet<'a>(state: &'a State, fleet: &'a FleetId) -> impl Iterator<Item = &'a Timer> {
    state.timers.values().filter(move |timer| timer.fleet == *fleet)
}

/// What DescribeTimerScalingPolicies asks for.
#[derive(Clone, Debug)]
pub struct TimerQuery {
    /// Who asks.
    pub scope: Scope,
    /// FleetId.
    pub fleet: Option<FleetId>,
    /// TimerName, exact.
    pub name: Option<String>,
    /// BeginTime: only timers that are valid then or later.
    pub from: Option<Timestamp>,
    /// EndTime: only timers that are valid then or earlier.
    pub to: Option<Timestamp>,
    /// Records to leave out.
    pub offset: usize,
    /// Records at most.
    pub limit: usize,
}

/// The timers that match, oldest first (T-8).
pub fn describe<'a>(state: &'a State, query: &TimerQuery) -> Result<OffsetPage<&'a Timer>, Error> {
    if let (Some(from), Some(to)) = (query.from, query.to)
        && from > to
    {
        let (member, expected) = ("BeginTime", "a time not after EndTime".into());
        return Err(Error::Invalid { member, value: from.to_iso_exact(), expected });
    }
    if let Some(id) = &query.fleet {
        fleet::find(state, &query.scope, id)?;
    }
    let intersects = |Schedule { recurrence, begin, end }: &Schedule| {
        let end = if *recurrence == Recurrence::Once { Some(end.unwrap_or(*begin)) } else { *end };
        query.to.is_none_or(|to| *begin <= to)
            && query.from.is_none_or(|from| end.is_none_or(|end| end >= from))
    };
    let mut timers: Vec<&Timer> = state
        .timers
        .values()
        .filter(|timer| timer.scope == query.scope)
        .filter(|timer| query.fleet.as_ref().is_none_or(|fleet| timer.fleet == *fleet))
        .filter(|timer| query.name.as_ref().is_none_or(|name| timer.name == *name))
        .filter(|timer| intersects(&timer.schedule))
        .collect();
    timers.sort_by_key(|timer| timer.sequence);
    Ok(OffsetPage::cut(timers.into_iter(), query.offset, query.limit))
}

/// A copied fleet gets the timers of its source, under ids of their own and in the same order (F-26).
pub(crate) fn copy(state: &mut State, cx: &mut Cx<'_>, source: &FleetId, copy: &FleetId) {
    let mut timers: Vec<Timer> = of_fleet(state, source).cloned().collect();
    timers.sort_by_key(|timer| timer.sequence);
    let newest = state.timers.values().map(|timer| timer.sequence).max().unwrap_or(0);
    for (timer, sequence) in timers.into_iter().zip(newest + 1..) {
        let id = TimerId::new(format!("timerId-{}", cx.suffix(IdKind::Timer)));
        let mut timer = Timer { id, fleet: copy.clone(), sequence, created: cx.now, ..timer };
        // What the source did, the copy does not make up.
        timer.arm(cx.now);
        state.timers.insert(timer.id.clone(), timer);
    }
}

/// The fleet is being deleted, and its timers with it (F-28.5).
pub(crate) fn remove_of(state: &mut State, fleet: &FleetId) {
    let gone: Vec<TimerId> = of_fleet(state, fleet).map(|timer| timer.id.clone()).collect();
    for id in gone {
        state.timers.remove(&id);
    }
}

#[cfg(test)]
mod tests;
