//! Values over time, bounded: a day of samples and a week of hours of each thing that is measured.
//!
//! Values are whole thousandths, so that percentages and seconds have their decimals without floating point.

use std::collections::VecDeque;

use super::metric::MetricKind;
use crate::time::Timestamp;

/// Samples that are kept of one resource: a day of minutes.
const SAMPLES_MOST: usize = 24 * 60;
/// Hours that are kept of one resource.
const HOURS_MOST: usize = 7 * 24;
const HOUR_MS: i64 = 3_600_000;
/// A value that could not be measured.
const NONE: u32 = u32::MAX;

/// A value in thousandths; `None`: it could not be measured.
pub type Value = Option<u64>;

/// What the samples of a period come to, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Of those that could be measured.
    pub samples: u64,
    /// Of all of them.
    pub sum: u64,
    /// The least.
    pub minimum: u64,
    /// The most.
    pub maximum: u64,
}

impl Summary {
    fn of(value: Value) -> Self {
        value.map_or(Self::default(), |value| Self { samples: 1, sum: value, minimum: value, maximum: value })
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.samples, other.samples) {
            (0, _) => other,
            (_, 0) => self,
            _ => Self {
                samples: self.samples + other.samples,
                sum: self.sum.saturating_add(other.sum),
                minimum: self.minimum.min(other.minimum),
                maximum: self.maximum.max(other.maximum),
            },
        }
    }

    /// What is shown for the period: a gauge's average, a counter's sum.
    pub fn value(&self, kind: MetricKind) -> Value {
        match kind {
            _ if self.samples == 0 => None,
            MetricKind::Gauge => Some(self.sum / self.samples),
            MetricKind::Counter => Some(self.sum),
        }
    }
}

/// The values of one resource.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    width: usize,
    times: VecDeque<i64>,
    /// `width` for each time.
    values: VecDeque<u32>,
    hours: VecDeque<(i64, Box<[Summary]>)>,
}

/// A period of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// When it began.
    pub begin: Timestamp,
    /// A summary for each metric.
    pub summaries: Vec<Summary>,
}

/// Which periods are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub begin: Timestamp,
    /// The moment after the last one.
    pub end: Timestamp,
    /// The length of a period, milliseconds; `None`: each sample by itself.
    pub period_ms: Option<i64>,
    /// How far the clocks are ahead of UTC whose days are meant, milliseconds.
    pub ahead_ms: i64,
}

impl Window {
    /// Where the period of a time begins.
    fn begin_of(&self, time: i64) -> i64 {
        match self.period_ms {
            None => time,
            Some(period) => (time + self.ahead_ms).div_euclid(period) * period - self.ahead_ms,
        }
    }
}

impl Series {
    pub(super) fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// A sample of the period that began then. One for the same time replaces nothing: it is not taken.
    pub(super) fn push(&mut self, begin: Timestamp, values: &[Value]) {
        let time = begin.millis();
        if values.len() != self.width || self.times.back().is_some_and(|&last| last >= time) {
            return;
        }
        let stored = |value: &Value| {
            // What is too much for the store is shown as the most that it can hold.
            value.map_or(NONE, |value| u32::try_from(value).unwrap_or(NONE - 1).min(NONE - 1))
        };
        self.times.push_back(time);
        self.values.extend(values.iter().map(stored));
        while self.times.len() > SAMPLES_MOST {
            self.times.pop_front();
            drop(self.values.drain(..self.width));
        }
        let hour = time.div_euclid(HOUR_MS);
        if self.hours.back().is_none_or(|(last, _)| *last != hour) {
            self.hours.push_back((hour, vec![Summary::default(); self.width].into()));
        }
        if let Some((_, summaries)) = self.hours.back_mut() {
            for (summary, value) in summaries.iter_mut().zip(values) {
                *summary = summary.and(Summary::of(*value));
            }
        }
        while self.hours.len() > HOURS_MOST {
            self.hours.pop_front();
        }
    }

    /// When the last sample was of.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.times.back().copied().map(Timestamp::from_millis)
    }

    /// The periods of a window that have samples, the oldest first.
    pub(super) fn parts(&self, window: Window) -> Vec<Part> {
        if window.period_ms.is_some_and(|period| period >= HOUR_MS) {
            let hours = self.hours.iter().map(|(hour, summaries)| (hour * HOUR_MS, summaries.to_vec()));
            return roll_up(window, hours);
        }
        let of_sample = |(index, time): (usize, &i64)| {
            let values = self.values.range(index * self.width..(index + 1) * self.width);
            let value = |&stored: &u32| (stored != NONE).then(|| u64::from(stored));
            (*time, values.map(|stored| Summary::of(value(stored))).collect())
        };
        roll_up(window, self.times.iter().enumerate().map(of_sample))
    }
}

/// Puts what lies in the same period together. What begins before the window or after it is left out.
fn roll_up(window: Window, items: impl Iterator<Item = (i64, Vec<Summary>)>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let (begin, end) = (window.begin_of(window.begin.millis()), window.end.millis());
    for (time, summaries) in items.filter(|(time, _)| (begin..end).contains(time)) {
        let at = Timestamp::from_millis(window.begin_of(time));
        match parts.last_mut().filter(|part| part.begin == at) {
            Some(part) => {
                for (known, more) in part.summaries.iter_mut().zip(summaries) {
                    *known = known.and(more);
                }
            }
            None => parts.push(Part { begin: at, summaries }),
        }
    }
    parts
}

#[cfg(test)]
mod tests;
