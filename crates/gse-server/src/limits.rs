//! How much of everything the service takes on at a time, and how slow a peer may be. What is past a limit is refused
//! at once: waiting clients cost memory, and an answer that comes too late is worth nothing.

use std::time::Duration;

use gse_api::rate_limit::Factor;

/// The limits of one process. The defaults bound what the API listener holds in memory to about a gigabyte.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Scales the vendor's limits per action and second; `None` is off (cloud-api.md 7).
    pub rate: Option<Factor>,
    /// Calls that are worked on at a time, between their body and their answer.
    pub calls: usize,
    /// Open connections of the API listener.
    pub connections: usize,
    /// Uploads at a time; each occupies a thread that writes.
    pub uploads: usize,
    /// Bytes of large bodies and large answers that are held at a time.
    pub held_bytes: usize,
    /// The longest that a connection may wait for the whole head of its next request.
    pub head_time: Duration,
    /// How fast the body of a call must come, and how fast an answer must be taken.
    pub pace: Pace,
    /// How fast an upload must come.
    pub upload_pace: Pace,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rate: None,
            calls: 1024,
            connections: 12_000,
            uploads: 64,
            held_bytes: 256 << 20,
            head_time: Duration::from_secs(30),
            pace: Pace { period: Duration::from_secs(10), bytes: 64 << 10 },
            upload_pace: Pace { period: Duration::from_secs(60), bytes: 64 << 10 },
        }
    }
}

/// The least that must move: in every period so many bytes, or the end. There is no limit to the total time, and what
/// went fast before earns no pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long a peer may take for the least.
    pub period: Duration,
    /// The least.
    pub bytes: usize,
}

/// What moved within the present period. Time is an argument, counted from any fixed moment.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pace: Pace,
    until: Duration,
    moved: usize,
}

impl Progress {
    /// The first period begins.
    pub fn new(pace: Pace, now: Duration) -> Self {
        Self { pace, until: now.saturating_add(pace.period), moved: 0 }
    }

    /// Bytes moved. The least of a period begins the next one.
    pub fn add(&mut self, bytes: usize, now: Duration) {
        self.moved = self.moved.saturating_add(bytes);
        if self.moved >= self.pace.bytes {
            *self = Self::new(self.pace, now);
        }
    }

    /// When the peer is too slow, unless more moves before.
    pub fn deadline(&self) -> Duration {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { period: Duration::from_secs(10), bytes: 100 };

    /// Second and bytes in order; the deadline in seconds after all of them.
    fn check(moves: &[(u64, usize)], deadline: u64) {
        let mut progress = Progress::new(PACE, Duration::ZERO);
        for &(second, bytes) in moves {
            progress.add(bytes, Duration::from_secs(second));
        }
        assert_eq!(progress.deadline(), Duration::from_secs(deadline), "{moves:?}");
    }

    #[test]
    fn too_little_does_not_move_the_deadline_and_enough_does() {
        check(&[], 10);
        check(&[(9, 99)], 10);
        check(&[(9, 100)], 19);
        check(&[(1, 50), (8, 50)], 18);
        check(&[(1, 1), (2, 1), (9, 1)], 10);
    }

    #[test]
    fn speed_earns_no_pause() {
        check(&[(1, 1_000_000)], 11);
        check(&[(1, 1_000_000), (5, 10)], 11);
        check(&[(1, usize::MAX), (2, 1), (3, usize::MAX)], 13);
    }
}
