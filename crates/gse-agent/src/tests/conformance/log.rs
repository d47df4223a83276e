//! What the agent logs while a test runs. The test's runtime has one thread, so a subscriber of that thread hears all.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use super::super::host::until;

/// While one subscriber is alive in the whole process, `tracing` asks the thread that comes by a place first whether
/// anybody listens there, and believes it for all. With a second one it asks the subscribers themselves.
static SECOND: OnceLock<Dispatch> = OnceLock::new();

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

pub(super) struct Log {
    lines: Lines,
    _guard: DefaultGuard,
}

impl Log {
    /// The lines from now on, in the format of the service.
    pub(super) fn start() -> Self {
        SECOND.get_or_init(|| Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish()));
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).finish();
        Self { lines, _guard: tracing::subscriber::set_default(subscriber) }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).expect("the log is text")
    }

    /// Waits for a line with all of these.
    pub(super) async fn until(&self, parts: &[&str]) -> String {
        let has_all = |line: &&str| parts.iter().all(|part| line.contains(part));
        until(|| self.text().lines().find(has_all).map(str::to_owned)).await
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}
