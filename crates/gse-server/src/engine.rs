//! The only writer: one task that owns the control plane and the store.
//!
//! A closed set of inputs and the wake-up timer are all causes of change. What came in while the last commit ran forms
//! a group: each input is one step of the core, the changes of all are committed in one transaction, then the orders
//! are dispatched, then the answers are given. So nothing is visible that is not durable. When a commit fails the
//! task ends with an error and every caller is told that the service stopped.
//!
//! Not here: any decision.

mod handle;

use std::sync::Arc;
use std::time::{Duration, Instant};

use gse_core::clocks::Clocks;
use gse_core::control_plane::ControlPlane;
use gse_core::cx::{Cx, Step};
use gse_core::error::Error;
use gse_core::host::{HostOrder, HostReport};
use gse_core::id::{IdSource, InstanceId};
use gse_core::quota::Quotas;
use gse_core::state::{Change, State};
use gse_core::time::Timestamp;
use gse_store::{Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

pub use handle::{EngineHandle, SubmitError};

use crate::backend::FleetBackend;
use crate::clock::Clock;

/// Inputs that wait while a commit runs; more than that wait at the sender.
const QUEUE_LENGTH: usize = 1024;
/// Steps of one transaction.
const GROUP_LENGTH: usize = 256;
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
    StoreLost(#[source] tokio::task::JoinError),
}

/// Everything that can change the control plane, besides time; and reads.
enum Input {
    Command { request_id: String, command: Box<dyn PendingCommand> },
    Report { report: HostReport, reply: oneshot::Sender<Result<(), Error>> },
    Query(Query),
}

/// A read. It gives a function that delivers the result, because that must wait for the commit of earlier steps.
type Query = Box<dyn FnOnce(&State, Timestamp) -> Answer + Send>;
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
}

/// The steps of one transaction.
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
        let count = rows.len();
        let control_plane = ControlPlane::restore(rows);
        tracing::info!(rows = count, "state restored");
        let (sender, inputs) = mpsc::channel(QUEUE_LENGTH);
        Ok((EngineHandle::new(sender), Self { control_plane, store: Some(store), parts, inputs }))
    }

    /// Works until it is told to stop, or every handle is gone, or a commit fails. What was accepted before is done.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), EngineError> {
        let mut stop = std::pin::pin!(stop);
        let mut is_stopping = false;
        let mut resync = tokio::time::interval(self.parts.clocks.host_resync);
        resync.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut waiting = Vec::with_capacity(GROUP_LENGTH);
        loop {
            let pause = self.pause();
            tokio::select! {
                biased;
                // The first tick comes at once: that is the resync of the start.
                _ = resync.tick() => self.resync(),
                count = self.inputs.recv_many(&mut waiting, GROUP_LENGTH) => {
                    if count == 0 {
                        return Ok(());
                    }
                    self.run_group(&mut waiting).await?;
                }
                () = &mut stop, if !is_stopping => {
                    is_stopping = true;
                    self.inputs.close();
                }
                () = tokio::time::sleep(pause) => self.run_group(&mut waiting).await?,
            }
        }
    }

    /// How long nothing happens by itself.
    fn pause(&self) -> Duration {
        let now = self.parts.clock.now();
        self.control_plane.next_wakeup().map_or(LONGEST_SLEEP, |at| at.since(now)).min(LONGEST_SLEEP)
    }

    /// Orders can be lost, so they are derived again for every instance that exists.
    fn resync(&mut self) {
        let parts = &mut self.parts;
        let cx = Cx::new(parts.clock.now(), &mut *parts.ids, &parts.clocks, &parts.quotas);
        for instance in self.control_plane.state().instances.values() {
            for (instance, order) in self.control_plane.resync(&cx, &instance.id) {
                tracing::debug!(%instance, ?order, "order repeated");
                parts.backend.dispatch(instance, order);
            }
        }
    }

    async fn run_group(&mut self, waiting: &mut Vec<Input>) -> Result<(), EngineError> {
        let mut group = Group::default();
        // What is due by time comes before what came in later.
        self.wake(&mut group);
        for input in waiting.drain(..) {
            self.step(input, &mut group);
        }
        self.finish(group).await
    }

    fn wake(&mut self, group: &mut Group) {
        let since = Instant::now();
        let now = self.parts.clock.now();
        if self.control_plane.next_wakeup().is_none_or(|at| at > now) {
            return;
        }
        let parts = &mut self.parts;
        let cx = Cx::new(now, &mut *parts.ids, &parts.clocks, &parts.quotas);
        let step = self.control_plane.on_timer(cx);
        group.take("on_timer", String::new(), since, step, |()| Outcome::silent());
    }

    fn step(&mut self, input: Input, group: &mut Group) {
        let since = Instant::now();
        let now = self.parts.clock.now();
        let parts = &mut self.parts;
        let cx = Cx::new(now, &mut *parts.ids, &parts.clocks, &parts.quotas);
        match input {
            Input::Command { request_id, command } => {
                let name = command.name();
                let step = command.apply(&mut self.control_plane, cx);
                group.take(name, request_id, since, step, |outcome| outcome);
            }
            Input::Report { report, reply } => {
                let (name, instance) = (report_name(&report), report.instance.to_string());
                let step = self.control_plane.on_report(cx, report);
                group.take(name, instance, since, step, |result| Outcome {
                    refusal: result.as_ref().err().map(Error::to_string),
                    answer: Box::new(move || drop(reply.send(result))),
                });
            }
            Input::Query(query) => group.answers.push(query(self.control_plane.state(), now)),
        }
    }

    /// Commits, dispatches, answers. The only place where a step becomes visible.
    async fn finish(&mut self, group: Group) -> Result<(), EngineError> {
        if !group.changes.is_empty() {
            self.commit(group.changes).await?;
        }
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
        Ok(())
    }

    /// The store blocks, so it works on a thread that may; nothing else can happen meanwhile.
    async fn commit(&mut self, changes: Vec<Change>) -> Result<(), EngineError> {
        let mut store = self.store.take().expect("the store is back after each commit");
        let committed = tokio::task::spawn_blocking(move || {
            let result = store.commit(&changes);
            (store, result)
        });
        let (store, result) = committed.await.map_err(EngineError::StoreLost)?;
        self.store = Some(store);
        result.map_err(EngineError::Commit)
    }
}

impl Outcome {
    fn silent() -> Self {
        Self { refusal: None, answer: Box::new(|| ()) }
    }
}

impl Group {
    fn take<R>(
        &mut self,
        action: &'static str,
        request_id: String,
        since: Instant,
        step: Step<R>,
        outcome: impl FnOnce(R) -> Outcome,
    ) {
        let Outcome { refusal, answer } = outcome(step.reply);
        self.lines.push(Line {
            action,
            request_id,
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
            outcome = self.refusal.as_deref().unwrap_or("ok"),
            changes = self.changes,
            orders = self.orders,
            reasons = self.reasons.join("; "),
            duration_us,
            "step"
        );
    }
}

/// The kind of a report, for the log; never its content, which a game chooses.
fn report_name(report: &HostReport) -> &'static str {
    use gse_core::host::ReportKind;
    match &report.kind {
        ReportKind::PreparationStarted => "report.preparation_started",
        ReportKind::SlotReattached { .. } => "report.slot_reattached",
        ReportKind::PackageExtracted { .. } => "report.package_extracted",
        ReportKind::PreparationFailed { .. } => "report.preparation_failed",
        ReportKind::LaunchPathsChecked { .. } => "report.launch_paths_checked",
        ReportKind::InstanceStopped => "report.instance_stopped",
        ReportKind::ProcessReady(_) => "report.process_ready",
        ReportKind::ProcessUnhealthy { .. } => "report.process_unhealthy",
        ReportKind::ProcessEnded { .. } => "report.process_ended",
        ReportKind::StartSessionFailed { .. } => "report.start_session_failed",
        ReportKind::Call { .. } => "report.call",
        ReportKind::ProcessEnding { .. } => "report.process_ending",
        ReportKind::CustomCounts { .. } => "report.custom_counts",
    }
}

#[cfg(test)]
mod tests;
