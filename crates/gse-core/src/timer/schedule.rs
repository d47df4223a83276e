//! When a timer runs: calendar arithmetic and nothing else (T-2, T-3, T-9). Pure: points in time in, points in time out.
//!
//! A timer is as precise as a second: a fraction of `begin` or `end` is kept for answers and does not count (R71).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::time::{Timestamp, civil_from_days};

const DAY_S: i64 = 86_400;

/// Days from one listed day to the next are fewer, whatever the list: from the 31st of one month over a month without
/// one to the next are 62 at most.
const GAP_DAYS: i64 = 63;

/// TimerType with the member of TimerValue that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recurrence {
    /// One run, at the beginning.
    Once,
    /// Every so many days from the beginning on, at least 1.
    EveryDays(u32),
    /// On each of these days of every month, 1–31; a month without the day has no run for it (T-3).
    Monthly {
        /// FromDay.
        from: u8,
        /// ToDay, not before `from`.
        to: u8,
    },
    /// On these days of every week, 1 (Monday) to 7 (Sunday); not empty.
    Weekly(BTreeSet<u8>),
}

/// The runs of a timer: at the time of day of `begin`, in UTC, inside the period of validity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// How it repeats.
    pub recurrence: Recurrence,
    /// BeginTime.
    pub begin: Timestamp,
    /// EndTime, inclusive; a run at `begin` alone needs none and does not look at it.
    pub end: Option<Timestamp>,
}

impl Schedule {
    /// The first run in the second of `at` or later.
    pub fn first_from(&self, at: Timestamp) -> Option<Timestamp> {
        let begin = self.begin.seconds();
        let at = at.seconds().max(begin);
        let run = match &self.recurrence {
            Recurrence::Once => (begin >= at).then_some(begin),
            Recurrence::EveryDays(days) => {
                let period = i64::from((*days).max(1)) * DAY_S;
                let runs = (at - begin + period - 1) / period;
                Some(begin + runs * period)
            }
            Recurrence::Monthly { .. } | Recurrence::Weekly(_) => {
                let time = begin.rem_euclid(DAY_S);
                let first = (at - time + DAY_S - 1).div_euclid(DAY_S);
                (first..first + GAP_DAYS).find(|&day| self.lists(day)).map(|day| day * DAY_S + time)
            }
        };
        run.filter(|&run| run <= self.last_second()).map(Timestamp::from_seconds)
    }

    /// The last run in the second of `at` or earlier.
    pub fn last_until(&self, at: Timestamp) -> Option<Timestamp> {
        let begin = self.begin.seconds();
        let at = at.seconds().min(self.last_second());
        if at < begin {
            return None;
        }
        let run = match &self.recurrence {
            Recurrence::Once => Some(begin),
            Recurrence::EveryDays(days) => {
                let period = i64::from((*days).max(1)) * DAY_S;
                Some(begin + (at - begin) / period * period)
            }
            Recurrence::Monthly { .. } | Recurrence::Weekly(_) => {
                let time = begin.rem_euclid(DAY_S);
                let last = (at - time).div_euclid(DAY_S);
                let earliest = begin.div_euclid(DAY_S).max(last - GAP_DAYS);
                (earliest..=last).rev().find(|&day| self.lists(day)).map(|day| day * DAY_S + time)
            }
        };
        run.map(Timestamp::from_seconds)
    }

    fn last_second(&self) -> i64 {
        match self.recurrence {
            Recurrence::Once => i64::MAX,
            Recurrence::EveryDays(_) | Recurrence::Monthly { .. } | Recurrence::Weekly(_) => {
                self.end.map_or(i64::MAX, Timestamp::seconds)
            }
        }
    }

    /// Whether a day, counted from 1970-01-01, is one of the listed ones.
    fn lists(&self, day: i64) -> bool {
        match &self.recurrence {
            Recurrence::Once | Recurrence::EveryDays(_) => true,
            Recurrence::Monthly { from, to } => {
                let (_, _, of_month) = civil_from_days(day);
                (i64::from(*from)..=i64::from(*to)).contains(&of_month)
            }
            Recurrence::Weekly(days) => days.contains(&day_of_week(day)),
        }
    }
}

/// 1 (Monday) to 7 (Sunday) of a day counted from 1970-01-01, which was a Thursday.
fn day_of_week(day: i64) -> u8 {
    match (day + 3).rem_euclid(7) {
        0 => 1,
        1 => 2,
        2 => 3,
        3 => 4,
        4 => 5,
        5 => 6,
        _ => 7,
    }
}

#[cfg(test)]
mod tests;
