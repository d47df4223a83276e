//! Reads, beside the writer: a replica of the state that follows what was committed.
//!
//! The engine hands each group's changes over after its commit and before its answers. Whoever has an answer therefore
//! asks a replica that has it too: a read runs after every change that was handed over before it was asked. It never
//! waits for a commit under way, and sees nothing that is not durable. Rows are shared with the writer, so the replica
//! costs its indexes only.
//!
//! Beside the replica is what is measured (`gse_core::monitoring`): it sees each change, and a sample is taken here once per
//! `metrics.period`, so the engine has nothing to do with it.
//!
//! What left memory is read from the archive, on a thread of its own because that blocks.

use std::time::Duration;

use gse_core::archive::ArchiveQuestion;
use gse_core::monitoring::Monitor;
use gse_core::state::{Change, Row, State};
use gse_core::time::Timestamp;
use gse_core::timeline::spans;
use gse_store::{Archive, StoreError};
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::otlp::SpanSink;

/// Groups that wait to be followed; the engine waits behind more.
const GROUPS_LENGTH: usize = 64;
/// Reads that wait; more than that wait at the sender.
const QUERIES_LENGTH: usize = 1024;

/// The longest sleep between samples, so that a changed system clock is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// A read, with the way of its result.
pub(super) type Query = Box<dyn FnOnce(&State, &mut Monitor, Timestamp) + Send>;

/// Owns the replica.
pub(super) struct Reader {
    state: State,
    monitor: Monitor,
    clock: Clock,
    groups: mpsc::Receiver<Vec<Change>>,
    queries: mpsc::Receiver<Query>,
    /// Where the spans of timelines go.
    spans: Option<SpanSink>,
}

impl Reader {
    /// A reader that begins with this state; the doors for changes and for reads.
    pub(super) fn new(
        state: State,
        clock: Clock,
        metrics_period: Duration,
    ) -> (Self, mpsc::Sender<Vec<Change>>, mpsc::Sender<Query>) {
        let monitor = Monitor::new(&state, clock.now(), metrics_period);
        let (group_sender, groups) = mpsc::channel(GROUPS_LENGTH);
        let (query_sender, queries) = mpsc::channel(QUERIES_LENGTH);
        (Self { state, monitor, clock, groups, queries, spans: None }, group_sender, query_sender)
    }

    /// Has the spans of what is committed from now on sent there.
    pub(super) fn tell_spans_to(&mut self, sink: SpanSink) {
        self.spans = Some(sink);
    }

    /// Works until the engine is gone. What was asked before is answered.
    pub(super) async fn run(mut self) {
        let mut may_ask = true;
        loop {
            let pause = self.monitor.due().since(self.clock.now()).min(LONGEST_SLEEP);
            tokio::select! {
                biased;
                group = self.groups.recv() => match group {
                    Some(changes) => self.follow(changes),
                    None => break,
                },
                query = self.queries.recv(), if may_ask => match query {
                    Some(query) => self.answer(query),
                    None => may_ask = false,
                },
                () = tokio::time::sleep(pause) => self.sample(),
            }
        }
        self.queries.close();
        while let Some(query) = self.queries.recv().await {
            self.answer(query);
        }
    }

    fn follow(&mut self, changes: Vec<Change>) {
        self.monitor.committed(changes.len());
        for change in changes {
            self.monitor.see(&self.state, &change);
            if let Some(sink) = &self.spans {
                spans::of_change(&self.state, &change).into_iter().for_each(|span| sink.send(span));
            }
            self.state.follow(change);
        }
        // Load must not keep it from being taken.
        self.sample();
    }

    /// Takes a sample if one is due.
    fn sample(&mut self) {
        self.monitor.on_time(&self.state, self.clock.now());
    }

    fn answer(&mut self, query: Query) {
        // Handed over before the query was asked, perhaps after the channel was looked at.
        while let Ok(changes) = self.groups.try_recv() {
            self.follow(changes);
        }
        self.sample();
        query(&self.state, &mut self.monitor, self.clock.now());
    }
}

/// A question for the archive, with the way of its answer.
pub(super) struct ArchiveRead {
    pub(super) question: ArchiveQuestion,
    pub(super) reply: oneshot::Sender<Result<Vec<Row>, StoreError>>,
}

/// Reads the archive on a thread, which ends when the last sender is gone.
pub(super) fn serve_archive(mut archive: Box<dyn Archive>, clock: Clock) -> mpsc::Sender<ArchiveRead> {
    let (sender, mut reads) = mpsc::channel::<ArchiveRead>(QUERIES_LENGTH);
    std::thread::spawn(move || {
        while let Some(ArchiveRead { question, reply }) = reads.blocking_recv() {
            // Whoever asked may be gone.
            let _ = reply.send(archive.read(&question, clock.now()));
        }
    });
    sender
}
