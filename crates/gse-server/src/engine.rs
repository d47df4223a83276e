//! The only writer: one task that owns the control plane and the store.
//!
//! A closed set of inputs and the wake-up timer are all causes of change. Each input is one step of the core. What came
//! in while the last commit ran forms a group: the changes of all its steps are committed together, then the orders are
//! dispatched, then the answers are given. So nothing is visible that is not durable, and nobody waits for a timer:
//! when no commit runs, a group begins with the first input and is committed at once. While a commit runs the next
//! group is already stepped. When a commit fails the task ends with an error and every caller is told that the
//! service stopped.
//!
//! Reads are not here: they go to a replica that follows what was committed (`reader`).
//!
//! Not here: any decision.

mod handle;
mod reader;

use std::sync::Arc;
use std::time::{Duration, Instant};

use gse_core::clocks::Clocks;
use gse_core::control_plane::ControlPlane;
use gse_core::cx::{Cx, Step};
use gse_core::error::Error;
use gse_core::host::{HostOrder, HostReport, ReportKind};
use gse_core::id::{IdSource, InstanceId};
use gse_core::quota::Quotas;
use gse_core::state::{Change, State};
use gse_core::trace_context::TraceContext;
use gse_store::{Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::MissedTickBehavior;

pub use handle::{ArchiveError, EngineHandle, SubmitError};

use crate::backend::FleetBackend;
use crate::clock::Clock;
use crate::otlp::SpanSink;
use reader::Reader;

/// Inputs that wait while a commit runs; more than that wait at the sender.
const QUEUE_LENGTH: usize = 1024;
/// Steps of one group.
const GROUP_LENGTH: usize = 1024;
/// This long after the last commit the store does what is not urgent; under load it decides itself.
const SETTLE_PERIOD: Duration = Duration::from_secs(1);
/// The longest sleep, so that a changed system clock is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// What the engine works with, besides the store.
pub struct Parts {
    /// Where orders go.
    pub backend: Arc<dyn FleetBackend>,
    /// Where ids come from.
    pub ids: Box<dyn IdSource + Send>,
    /// Where the time comes from.
    pub clock: Clock,
    /// The durations of operations.md 0.3.
    pub clocks: Clocks,
    /// The limits of operations.md 12.1.
    pub quotas: Quotas,
}

/// Why the engine ended before it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The rows could not be read at the start.
    #[error("the stored state could not be read")]
    Load(#[source] StoreError),
    /// A group of steps could not be made durable; its callers were not answered.
    #[error("the service stops because its changes cannot be stored")]
    Commit(#[source] StoreError),
    /// The store's thread ended by a panic.
    #[error("the service stops because its store ended unexpectedly")]
    StoreLost(#[source] JoinError),
    /// The task that serves reads ended by a panic.
    #[error("the service stops because its reader ended unexpectedly")]
    ReaderLost(#[source] JoinError),
}

/// Everything that can change the control plane, besides time.
enum Input {
    Command { request_id: String, trace: TraceContext, command: Box<dyn PendingCommand> },
    Report { report: HostReport, reply: oneshot::Sender<Result<(), Error>> },
}

type Answer = Box<dyn FnOnce() + Send>;

/// A command whose type the engine does not know any more.
trait PendingCommand: Send {
    fn name(&self) -> &'static str;
    fn apply(self: Box<Self>, control_plane: &mut ControlPlane, cx: Cx<'_>) -> Step<Outcome>;
}

/// How a step ended, and how the caller hears of it.
struct Outcome {
    refusal: Option<String>,
    answer: Answer,
}

/// Owns the control plane; see the module.
pub struct Engine {
    control_plane: ControlPlane,
    /// Away while it commits.
    store: Option<Box<dyn Store>>,
    parts: Parts,
    inputs: mpsc::Receiver<Input>,
    /// Taken by `run`.
    reader: Option<Reader>,
    /// Where the replica for reads hears of what was committed.
    committed: mpsc::Sender<Vec<Change>>,
    /// Steps that are not being committed yet.
    group: Group,
    under_way: Option<Commit>,
    /// Whether something was committed since the store settled last.
    is_settled: bool,
}

/// A commit that is running, and what is to be done when it is through.
struct Commit {
    task: JoinHandle<Committed>,
    group: Group,
}

/// The steps that are committed together.
#[derive(Default)]
struct Group {
    changes: Vec<Change>,
    orders: Vec<(InstanceId, HostOrder)>,
    answers: Vec<Answer>,
    lines: Vec<Line>,
}

/// The log line of a step.
struct Line {
    action: &'static str,
    request_id: String,
    trace: Option<TraceContext>,
    refusal: Option<String>,
    changes: usize,
    orders: usize,
    reasons: Vec<String>,
    since: Instant,
}

impl Engine {
    /// Reads the stored state. Blocks while it reads.
    pub fn restore(mut store: Box<dyn Store>, parts: Parts) -> Result<(EngineHandle, Self), EngineError> {
        let rows = store.load().map_err(EngineError::Load)?;
        let archive = store.archive().map_err(EngineError::Load)?;
        let count = rows.len();
        let control_plane = ControlPlane::restore(rows);
        tracing::info!(rows = count, "state restored");
        let (sender, inputs) = mpsc::channel(QUEUE_LENGTH);
        let (reader, committed, queries) =
            Reader::new(control_plane.state().clone(), parts.clock.clone(), parts.clocks.metrics_period);
        let archive = reader::serve_archive(archive, parts.clock.clone());
        let engine = Self {
            control_plane,
            store: Some(store),
            parts,
            inputs,
            reader: Some(reader),
            committed,
            group: Group::default(),
            under_way: None,
            is_settled: false,
        };
        Ok((EngineHandle::new(sender, queries, archive), engine))
    }

    /// Has the spans of timelines sent there.
    pub fn tell_spans_to(&mut self, sink: SpanSink) {
        if let Some(reader) = &mut self.reader {
            reader.tell_spans_to(sink);
        }
    }

    /// Works until it is told to stop, or every handle is gone, or a commit fails. What was accepted before is done.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), EngineError> {
        let reader = self.reader.take().expect("an engine runs once");
        let reader = tokio::spawn(reader.run());
        let result = self.work(stop).await;
        // The reader ends when nobody can tell it of changes any more.
        drop(self);
        let reader = reader.await.map_err(EngineError::ReaderLost);
        result.and(reader)
    }

    async fn work(&mut self, stop: impl Future<Output = ()>) -> Result<(), EngineError> {
        let mut stop = std::pin::pin!(stop);
        let (mut is_stopping, mut has_ended) = (false, false);
        let mut resync = tokio::time::interval(self.parts.clocks.host_resync);
        resync.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut settle = tokio::time::interval(SETTLE_PERIOD);
        settle.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut waiting = Vec::with_capacity(GROUP_LENGTH);
        loop {
            self.begin_commit();
            if has_ended && self.under_way.is_none() {
                return Ok(());
            }
            let room = GROUP_LENGTH.saturating_sub(self.group.lines.len());
            let pause = self.pause();
            tokio::select! {
                biased;
                done = committed(&mut self.under_way), if self.under_way.is_some() => {
                    self.finish(done).await?;
                    settle.reset();
                }
                // The first tick comes at once: that is the resync of the start.
                _ = resync.tick() => self.resync(),
                count = self.inputs.recv_many(&mut waiting, room), if room > 0 && !has_ended => {
                    has_ended = count == 0;
                    // What is due by time comes before what came in later.
                    self.wake();
                    for input in waiting.drain(..) {
                        self.step(input);
                    }
                }
                () = &mut stop, if !is_stopping => {
                    is_stopping = true;
                    self.inputs.close();
                }
                () = tokio::time::sleep(pause), if room > 0 => self.wake(),
                _ = settle.tick(), if !self.is_settled && self.under_way.is_none() => self.settle()?,
            }
        }
    }

    /// How long nothing happens by itself.
    fn pause(&self) -> Duration {
        let now = self.parts.clock.now();
        self.control_plane.next_wakeup().map_or(LONGEST_SLEEP, |at| at.since(now)).min(LONGEST_SLEEP)
    }

    /// Orders can be lost, so they are derived again for every instance that exists. They go with the group, because
    /// they may follow from steps that are not durable yet.
    fn resync(&mut self) {
        let parts = &mut self.parts;
        let cx = Cx::new(parts.clock.now(), &mut *parts.ids, &parts.clocks, &parts.quotas);
        for instance in self.control_plane.state().instances.values() {
            self.group.orders.extend(self.control_plane.resync(&cx, &instance.id));
        }
    }

    fn wake(&mut self) {
        let since = Instant::now();
        let now = self.parts.clock.now();
        if self.control_plane.next_wakeup().is_none_or(|at| at > now) {
            return;
        }
        let parts = &mut self.parts;
        let cx = Cx::new(now, &mut *parts.ids, &parts.clocks, &parts.quotas);
        let step = self.control_plane.on_timer(cx);
        self.group.take("on_timer", (String::new(), None), since, step, |()| Outcome::silent());
    }

    fn step(&mut self, input: Input) {
        let since = Instant::now();
        let now = self.parts.clock.now();
        let parts = &mut self.parts;
        let cx = Cx::new(now, &mut *parts.ids, &parts.clocks, &parts.quotas);
        match input {
            Input::Command { request_id, trace, command } => {
                let name = command.name();
                let step = command.apply(&mut self.control_plane, cx.in_trace(Some(trace)));
                self.group.take(name, (request_id, Some(trace)), since, step, |outcome| outcome);
            }
            Input::Report { report, reply } => {
                let (name, instance) = (report_name(&report), report.instance.to_string());
                let trace = trace_of(self.control_plane.state(), &report);
                let step = self.control_plane.on_report(cx, report);
                self.group.take(name, (instance, trace), since, step, |result| Outcome {
                    refusal: result.as_ref().err().map(Error::to_string),
                    answer: Box::new(move || drop(reply.send(result))),
                });
            }
        }
    }

    /// Commits the group when no commit runs. The store blocks, so it works on a thread that may.
    fn begin_commit(&mut self) {
        if self.under_way.is_some() || self.group.is_empty() {
            return;
        }
        let mut group = std::mem::take(&mut self.group);
        if group.changes.is_empty() {
            self.tell(group);
            return;
        }
        let changes = std::mem::take(&mut group.changes);
        let mut store = self.store.take().expect("the store is back after each commit");
        let task = tokio::task::spawn_blocking(move || {
            let result = store.commit(&changes);
            (store, changes, result)
        });
        self.under_way = Some(Commit { task, group });
    }

    /// What is durable becomes visible: to reads, to hosts, to callers, in this order.
    async fn finish(&mut self, (group, done): (Group, CommitResult)) -> Result<(), EngineError> {
        let (store, changes, result) = done.map_err(EngineError::StoreLost)?;
        self.store = Some(store);
        result.map_err(EngineError::Commit)?;
        self.is_settled = false;
        // When the reader is gone, that is found at the end.
        let _ = self.committed.send(changes).await;
        self.tell(group);
        Ok(())
    }

    /// The only place where a step becomes visible.
    fn tell(&self, group: Group) {
        for line in group.lines {
            line.write();
        }
        for (instance, order) in group.orders {
            tracing::debug!(%instance, ?order, "order");
            self.parts.backend.dispatch(instance, order);
        }
        for answer in group.answers {
            answer();
        }
    }

    fn settle(&mut self) -> Result<(), EngineError> {
        let Some(store) = &mut self.store else { return Ok(()) };
        self.is_settled = true;
        store.settle(self.parts.clock.now()).map_err(EngineError::Commit)
    }
}

/// The store, what it was given, and what it said.
type Committed = (Box<dyn Store>, Vec<Change>, Result<(), StoreError>);
type CommitResult = Result<Committed, JoinError>;

/// Waits for the commit that is under way. Dropped before it is through, it can be called again.
async fn committed(under_way: &mut Option<Commit>) -> (Group, CommitResult) {
    let commit = under_way.as_mut().expect("only called while a commit is under way");
    let result = (&mut commit.task).await;
    let commit = under_way.take().expect("it was there");
    (commit.group, result)
}

impl Outcome {
    fn silent() -> Self {
        Self { refusal: None, answer: Box::new(|| ()) }
    }
}

impl Group {
    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.orders.is_empty()
    }

    fn take<R>(
        &mut self,
        action: &'static str,
        (request_id, trace): (String, Option<TraceContext>),
        since: Instant,
        step: Step<R>,
        outcome: impl FnOnce(R) -> Outcome,
    ) {
        let Outcome { refusal, answer } = outcome(step.reply);
        self.lines.push(Line {
            action,
            request_id,
            trace,
            refusal,
            changes: step.changes.len(),
            orders: step.orders.len(),
            reasons: step.reasons,
            since,
        });
        self.changes.extend(step.changes);
        self.orders.extend(step.orders);
        self.answers.push(answer);
    }
}

impl Line {
    /// The duration is that of the step, from its beginning until it was durable.
    fn write(self) {
        let duration_us = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            action = self.action,
            request_id = self.request_id,
            trace_id = self.trace.map(TraceContext::trace_id),
            outcome = self.refusal.as_deref().unwrap_or("ok"),
            changes = self.changes,
            orders = self.orders,
            reasons = self.reasons.join("; "),
            duration_us,
            "step"
        );
    }
}

/// The trace of the session that a game server's call is about, for the log.
fn trace_of(state: &State, report: &HostReport) -> Option<TraceContext> {
    let ReportKind::Call { call, .. } = &report.kind else { return None };
    state.game_server_sessions.get(call.session())?.timeline.trace
}

/// The kind of a report, for the log; never its content, which a game chooses.
fn report_name(report: &HostReport) -> &'static str {
    match &report.kind {
        ReportKind::PreparationStarted => "report.preparation_started",
        ReportKind::SlotReattached { .. } => "report.slot_reattached",
        ReportKind::PackageExtracted { .. } => "report.package_extracted",
        ReportKind::PreparationNoted { .. } => "report.preparation_noted",
        ReportKind::InstallScriptRan { .. } => "report.install_script_ran",
        ReportKind::PreparationFailed { .. } => "report.preparation_failed",
        ReportKind::LaunchPathsChecked { .. } => "report.launch_paths_checked",
        ReportKind::InstanceStopped => "report.instance_stopped",
        ReportKind::ProcessReady(_) => "report.process_ready",
        ReportKind::ProcessUnhealthy { .. } => "report.process_unhealthy",
        ReportKind::ProcessEnded { .. } => "report.process_ended",
        ReportKind::StartSessionFailed { .. } => "report.start_session_failed",
        ReportKind::Call { .. } => "report.call",
        ReportKind::Observed { .. } => "report.observed",
        ReportKind::ProcessEnding { .. } => "report.process_ending",
        ReportKind::CustomCounts { .. } => "report.custom_counts",
        ReportKind::LogsCollected { .. } => "report.logs_collected",
    }
}

#[cfg(test)]
mod tests;
