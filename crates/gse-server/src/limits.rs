//! How much of everything the service takes on at a time, and how slow a peer may be. What is past a limit is refused,
//! at once or after a moment: waiting clients cost memory, and an answer that comes too late is worth nothing.

use std::time::Duration;

use gse_api::rate_limit::Factor;
use gse_core::clocks::parse_duration;
use gse_core::log::SESSION_LOG_BYTES;

/// The limits of one process. The defaults bound what the API listener holds in memory to about a gigabyte.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Scales the vendor's limits per action and second; `None` is off (cloud-api.md 7).
    pub rate: Option<Factor>,
    /// Calls that are worked on at a time, between their body and their answer. Enough to fill groups of commits; with
    /// more the service does less when everybody calls at once (docs/performance.md).
    pub calls: usize,
    /// The longest that a call waits for its turn before it is refused.
    pub calls_wait: Duration,
    /// Open connections of the API listener.
    pub connections: usize,
    /// Open connections of game servers at the agent.
    pub agent_connections: usize,
    /// Uploads at a time; each occupies a thread that writes.
    pub uploads: usize,
    /// Bytes of large bodies and large answers that are held at a time.
    pub held_bytes: usize,
    /// The most that is collected of the logs of one session, bytes before packing (G-21).
    pub session_log_bytes: usize,
    /// Bytes of session logs that are kept in all; the oldest go first.
    pub log_bytes: usize,
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
            calls: 256,
            calls_wait: Duration::from_secs(1),
            connections: 12_000,
            agent_connections: 12_000,
            uploads: 64,
            held_bytes: 256 << 20,
            session_log_bytes: usize::try_from(SESSION_LOG_BYTES).unwrap_or(usize::MAX),
            log_bytes: usize::try_from(10_u64 << 30).unwrap_or(usize::MAX),
            head_time: Duration::from_secs(30),
            pace: Pace { period: Duration::from_secs(10), bytes: 64 << 10 },
            upload_pace: Pace { period: Duration::from_secs(60), bytes: 64 << 10 },
        }
    }
}

/// The keys of `Limits::set`.
pub const KEYS: [&str; 14] = [
    "limit.calls",
    "limit.calls_wait_time",
    "limit.connections",
    "limit.agent_connections",
    "limit.uploads",
    "limit.held_bytes",
    "limit.session_log_bytes",
    "limit.log_bytes",
    "limit.head_time",
    "limit.pace_time",
    "limit.pace_bytes",
    "limit.upload_pace_time",
    "limit.upload_pace_bytes",
    "limit.rate",
];

impl Limits {
    /// Sets one limit by its key; `None` when the key is not one of [`KEYS`]. Nothing changes when it is refused.
    pub fn set(&mut self, key: &str, value: &str) -> Option<Result<(), String>> {
        let count = |place: &mut usize| match value.parse() {
            Ok(count) if count > 0 => {
                *place = count;
                Ok(())
            }
            _ => Err(format!("`{value}` is not a number for `{key}`\nhint: write a whole number above 0")),
        };
        let time = |place: &mut Duration| match parse_duration(value) {
            Some(time) => {
                *place = time;
                Ok(())
            }
            None => Err(format!(
                "`{value}` is not a duration for `{key}`\nhint: write one such as 500ms, 30s or 5m"
            )),
        };
        Some(match key {
            "limit.calls" => count(&mut self.calls),
            "limit.calls_wait_time" => time(&mut self.calls_wait),
            "limit.connections" => count(&mut self.connections),
            "limit.agent_connections" => count(&mut self.agent_connections),
            "limit.uploads" => count(&mut self.uploads),
            "limit.held_bytes" => count(&mut self.held_bytes),
            "limit.session_log_bytes" => count(&mut self.session_log_bytes),
            "limit.log_bytes" => count(&mut self.log_bytes),
            "limit.head_time" => time(&mut self.head_time),
            "limit.pace_time" => time(&mut self.pace.period),
            "limit.pace_bytes" => count(&mut self.pace.bytes),
            "limit.upload_pace_time" => time(&mut self.upload_pace.period),
            "limit.upload_pace_bytes" => count(&mut self.upload_pace.bytes),
            "limit.rate" => parse_rate(value).map(|rate| self.rate = rate),
            _ => return None,
        })
    }
}

/// `off`, or a factor for the vendor's limits.
///
/// # Errors
/// A text for whoever wrote it.
pub fn parse_rate(text: &str) -> Result<Option<Factor>, String> {
    if text == "off" {
        return Ok(None);
    }
    let factor = text.parse().ok().and_then(Factor::new);
    factor.map(Some).ok_or_else(|| {
        format!(
            "`{text}` is no rate limit\nhint: write `off`, or a factor above 0 for the vendor's limits, such as 1 or 0.5"
        )
    })
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
    fn every_key_is_known_and_a_wrong_value_changes_nothing() {
        for key in KEYS {
            let mut limits = Limits::default();
            let before = format!("{limits:?}");
            let error = limits.set(key, "-1").unwrap().unwrap_err();
            assert!(error.contains("`-1`") && error.contains("hint: "), "{error}");
            assert_eq!(format!("{limits:?}"), before);
            let good = if key.ends_with("_time") { "7s" } else { "7" };
            limits.set(key, good).unwrap().unwrap();
            assert_ne!(format!("{limits:?}"), before, "{key}");
        }
        assert_eq!(Limits::default().set("limit.call", "7"), None);
    }

    #[test]
    fn a_rate_is_off_or_a_factor() {
        assert_eq!(parse_rate("off"), Ok(None));
        assert_eq!(parse_rate("0.5"), Ok(Factor::new(0.5)));
        for bad in ["0", "on", "", "1x", "inf"] {
            assert!(parse_rate(bad).is_err(), "{bad}");
        }
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
