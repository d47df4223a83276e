//! The one place of this crate that reads the time of day.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use gse_core::time::Timestamp;

/// Where the time comes from. It never runs backwards, whatever the system's clock does.
#[derive(Clone, Debug)]
pub struct Clock {
    latest_ms: Arc<AtomicI64>,
    is_manual: bool,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self { latest_ms: Arc::new(AtomicI64::new(0)), is_manual: false }
    }

    /// A clock that stands still until `set`, for tests.
    pub fn manual(at: Timestamp) -> Self {
        Self { latest_ms: Arc::new(AtomicI64::new(at.millis())), is_manual: true }
    }

    /// Moves a manual clock on. The system's clock is not moved, and no clock goes back.
    pub fn set(&self, to: Timestamp) {
        if self.is_manual {
            self.latest_ms.fetch_max(to.millis(), Ordering::SeqCst);
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        if self.is_manual {
            return Timestamp::from_millis(self.latest_ms.load(Ordering::SeqCst));
        }
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let system_ms = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        let earlier_ms = self.latest_ms.fetch_max(system_ms, Ordering::SeqCst);
        Timestamp::from_millis(system_ms.max(earlier_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_goes_on_from_the_latest_time() {
        let clock = Clock::system();
        let first = clock.now();
        assert!(first.seconds() > 1_700_000_000, "the clock of this machine is set: {first:?}");
        let future = Timestamp::from_seconds(first.seconds() + 3600);
        clock.latest_ms.store(future.millis(), Ordering::SeqCst);
        assert_eq!(clock.now(), future);
    }

    #[test]
    fn a_manual_clock_stands_still_and_does_not_go_back() {
        let clock = Clock::manual(Timestamp::from_seconds(100));
        clock.set(Timestamp::from_seconds(99));
        assert_eq!(clock.now(), Timestamp::from_seconds(100));
        clock.clone().set(Timestamp::from_seconds(101));
        assert_eq!(clock.now(), Timestamp::from_seconds(101));
    }
}
