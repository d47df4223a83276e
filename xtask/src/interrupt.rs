//! Ctrl-C and its relatives. A signal sets a flag; every wait in this program looks at it, so that the one place
//! that started the processes also ends them. Every wait has a deadline, so there is no second, harder Ctrl-C that
//! would leave something running.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static REQUESTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// The error of a wait that ended because the user asked to stop.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Starts listening. Without it the signals keep their default effect.
pub(crate) fn listen() {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Fails only for signals that may not be caught, and none of these is one.
        let _ = signal_hook::flag::register(signal, Arc::clone(&REQUESTED));
    }
}

/// Asks to stop, as a signal does.
pub(crate) fn request() {
    REQUESTED.store(true, Ordering::Relaxed);
}

/// Whether the user asked to stop.
pub(crate) fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Waits one polling period, or fails as soon as the user asked to stop.
pub(crate) fn pause(period: Duration) -> Result<(), Interrupted> {
    if requested() {
        return Err(Interrupted);
    }
    std::thread::sleep(period);
    if requested() { Err(Interrupted) } else { Ok(()) }
}
