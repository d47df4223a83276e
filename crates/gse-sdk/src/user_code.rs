//! Runs functions of the game: off the async threads, bounded in time, and deaf to panics.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// Why a function of the game gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// It panicked, with these words.
    Panicked(String),
    /// It took longer than this.
    TooSlow(Duration),
    /// The system gave no thread for it.
    NoThread,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(words) => write!(f, "the game server's function panicked: {words}"),
            Self::TooSlow(limit) => write!(f, "the game server's function took longer than {limit:?}"),
            Self::NoThread => f.write_str("the system gave no thread for the game server's function"),
        }
    }
}

/// Runs `function` on a thread of its own and waits for it, at most for `limit`.
///
/// A thread, not `spawn_blocking`: a runtime waits for its blocking tasks when it is dropped, so a function that
/// hangs would keep the process from ever exiting.
pub(crate) async fn run<T: Send + 'static>(
    name: &str,
    limit: Duration,
    function: impl FnOnce() -> T + Send + 'static,
) -> Result<T, NoAnswer> {
    let (answer, answered) = oneshot::channel();
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(function));
        // Nobody listens any more when the limit has passed.
        let _ = answer.send(result.map_err(|panic| NoAnswer::Panicked(words(&*panic))));
    });
    if spawned.is_err() {
        return Err(NoAnswer::NoThread);
    }
    match timeout(limit, answered).await {
        Ok(Ok(result)) => result,
        // The thread cannot end without an answer; if it did, it is a panic that nobody could name.
        Ok(Err(_)) => Err(NoAnswer::Panicked(UNKNOWN.to_owned())),
        Err(_) => Err(NoAnswer::TooSlow(limit)),
    }
}

const UNKNOWN: &str = "no text";

/// What a panic says, if it says text.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| UNKNOWN.to_owned())
}
