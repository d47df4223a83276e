//! Asks the game's health function: one question at a time, and no answer is a no.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::user_code;

/// The agent waits 60 s; an answer of our own must come before that (8.2).
const LIMIT: Duration = Duration::from_secs(50);

/// The game's answer to "are you well?", and whether it is being asked right now.
pub(crate) struct Health {
    ask: Arc<dyn Fn() -> bool + Send + Sync>,
    busy: Arc<AtomicBool>,
    limit: Duration,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Health {
    pub(crate) fn new(ask: Arc<dyn Fn() -> bool + Send + Sync>) -> Self {
        Self { ask, busy: Arc::new(AtomicBool::new(false)), limit: LIMIT }
    }

    /// False when the function says so, panics, takes too long, or still hangs since an earlier check.
    pub(crate) async fn check(&self) -> bool {
        if self.busy.swap(true, Ordering::AcqRel) {
            return false;
        }
        let (ask, busy) = (self.ask.clone(), Busy(self.busy.clone()));
        let asked = user_code::run("gse-health", self.limit, move || {
            // Dropped with the function, however it ends, and with it if no thread could be had.
            let _busy = busy;
            ask()
        });
        matches!(asked.await, Ok(true))
    }
}

/// Marks that the function is being asked.
struct Busy(Arc<AtomicBool>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
