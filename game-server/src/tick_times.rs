//! How late ticks are done, for the log at the end of a match: whether a host has too many of them.

use std::time::Duration;

/// Width of a class, in microseconds.
const CLASS_US: u64 = 100;
/// Classes; the last one has all that is later: more than 100 ms.
const CLASSES: usize = 1000;

/// Counts by lateness.
#[derive(Debug)]
pub(crate) struct TickTimes {
    counts: Vec<u64>,
    ticks: u64,
}

impl TickTimes {
    /// Nothing yet.
    pub(crate) fn new() -> TickTimes {
        TickTimes { counts: vec![0; CLASSES], ticks: 0 }
    }

    /// A tick was done so long after it was due: what it waited for the processor, and what it took.
    pub(crate) fn done(&mut self, late: Duration) {
        let class = (late.as_micros() as u64 / CLASS_US).min(CLASSES as u64 - 1);
        self.counts[class as usize] += 1;
        self.ticks += 1;
    }

    /// So many percent of the ticks were done by then, in microseconds.
    pub(crate) fn percentile_us(&self, percent: u64) -> u64 {
        let enough = (self.ticks * percent).div_ceil(100);
        let mut seen = 0;
        let class = self.counts.iter().position(|count| {
            seen += count;
            seen >= enough
        });
        (class.unwrap_or(0) as u64 + 1) * CLASS_US
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::TickTimes;

    #[test]
    fn percentiles_are_the_upper_ends_of_classes() {
        let mut times = TickTimes::new();
        for tick in 0..100 {
            times.done(Duration::from_micros(tick * 1000 + 50));
        }
        times.done(Duration::from_secs(3600));
        assert_eq!(times.percentile_us(50), 50_100);
        assert_eq!(times.percentile_us(99), 99_100);
        assert_eq!(times.percentile_us(100), 100_000, "the last class has the rest");
    }
}
