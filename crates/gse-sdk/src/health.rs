//! Runs the game's health function: off the async threads, one at a time, bounded, and deaf to panics.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

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
        let (answer, answered) = oneshot::channel();
        let (ask, busy) = (self.ask.clone(), self.busy.clone());
        // A thread of its own, not `spawn_blocking`: a runtime waits for its blocking tasks when it is dropped,
        // so a health function that hangs would keep the process from ever exiting.
        let spawned = thread::Builder::new().name("gse-health".into()).spawn(move || {
            let healthy = catch_unwind(AssertUnwindSafe(|| ask())).unwrap_or(false);
            busy.store(false, Ordering::Release);
            // Nobody listens any more when the limit has passed.
            let _ = answer.send(healthy);
        });
        if spawned.is_err() {
            self.busy.store(false, Ordering::Release);
            return false;
        }
        matches!(timeout(self.limit, answered).await, Ok(Ok(true)))
    }
}

#[cfg(test)]
mod tests;
