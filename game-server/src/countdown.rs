//! The time that a process which has to end still gives its match.

use std::time::Duration;

use game_net::protocol::ServerMessage;
use tokio::time::Instant;

/// When so many milliseconds are left, it is said again. In between players' machines count by themselves.
const MARKS_MS: [u64; 4] = [60_000, 30_000, 10_000, 5_000];

/// A time by which the match ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Countdown {
    by: Instant,
    /// Marks that are still to come.
    marks: Vec<Duration>,
}

impl Countdown {
    pub(crate) fn until(by: Instant) -> Countdown {
        let left = by.saturating_duration_since(Instant::now());
        let marks = MARKS_MS.into_iter().map(Duration::from_millis).filter(|mark| *mark < left);
        // The next one to come is the last of the list.
        Countdown { by, marks: marks.rev().collect() }
    }

    /// What players are told now.
    pub(crate) fn message(&self) -> ServerMessage {
        let left = self.by.saturating_duration_since(Instant::now());
        ServerMessage::Countdown { left_ms: u32::try_from(left.as_millis()).unwrap_or(u32::MAX) }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.by <= Instant::now()
    }

    /// Whether it is to be said again; once for each mark.
    pub(crate) fn is_due(&mut self) -> bool {
        let left = self.by.saturating_duration_since(Instant::now());
        let due = self.marks.last().is_some_and(|mark| left <= *mark);
        if due {
            self.marks.pop();
        }
        due
    }
}
