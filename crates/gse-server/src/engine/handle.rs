//! How the rest of the process reaches the engine. Cheap to clone; the engine ends when the last one is gone.

use gse_core::archive::ArchiveQuestion;
use gse_core::command::Command;
use gse_core::control_plane::ControlPlane;
use gse_core::cx::{Cx, Step};
use gse_core::error::Error;
use gse_core::host::HostReport;
use gse_core::id::InstanceId;
use gse_core::monitoring::{InstanceUsage, Monitor};
use gse_core::state::{Row, State};
use gse_core::time::Timestamp;
use gse_core::trace_context::TraceContext;
use gse_store::StoreError;
use tokio::sync::{mpsc, oneshot};

use super::reader::{ArchiveRead, Query};
use super::{Answer, Input, Outcome, PendingCommand};

/// A door to the engine, to the replica for reads, and to the archive.
#[derive(Clone)]
pub struct EngineHandle {
    pub(super) inputs: mpsc::Sender<Input>,
    queries: mpsc::Sender<Query>,
    archive: mpsc::Sender<ArchiveRead>,
}

/// Why the archive gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The store could not read it.
    #[error("the archive could not be read")]
    Store(#[source] StoreError),
    /// Nothing reads it any more.
    #[error("the service is stopping")]
    Stopped,
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The control plane refused; nothing changed.
    #[error("the control plane refused")]
    Refused(#[source] Error),
    /// The engine has ended. Whether the command took effect is not known.
    #[error("the service is stopping")]
    Stopped,
}

impl EngineHandle {
    pub(super) fn new(
        inputs: mpsc::Sender<Input>,
        queries: mpsc::Sender<Query>,
        archive: mpsc::Sender<ArchiveRead>,
    ) -> Self {
        Self { inputs, queries, archive }
    }

    /// Applies a command; the reply comes when it is durable.
    pub async fn submit<C: Command>(&self, request_id: &str, command: C) -> Result<C::Reply, SubmitError> {
        self.submit_in(TraceContext::of_request(request_id), request_id, command).await
    }

    /// The same for a request that belongs to a trace of its caller.
    pub async fn submit_in<C: Command>(
        &self,
        trace: TraceContext,
        request_id: &str,
        command: C,
    ) -> Result<C::Reply, SubmitError> {
        let (reply, answer) = oneshot::channel();
        let command = Box::new(Pending { command, reply });
        self.send(Input::Command { request_id: request_id.to_owned(), trace, command }).await?;
        answer.await.map_err(|_| SubmitError::Stopped)?.map_err(SubmitError::Refused)
    }

    /// Tells what happened on a host; the answer comes when its effect is durable.
    pub async fn report(&self, report: HostReport) -> Result<(), SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.send(Input::Report { report, reply }).await?;
        answer.await.map_err(|_| SubmitError::Stopped)?.map_err(SubmitError::Refused)
    }

    /// Reads what is in memory. It sees nothing that is not durable, and everything that was answered before.
    pub async fn query<R, F>(&self, read: F) -> Result<R, SubmitError>
    where
        R: Send + 'static,
        F: FnOnce(&State, Timestamp) -> R + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.forward_query(read, reply).await;
        answer.await.map_err(|_| SubmitError::Stopped)
    }

    /// Reads what left memory. Asked after memory it misses nothing: a row is archived before it leaves memory.
    pub async fn archived(&self, question: ArchiveQuestion) -> Result<Vec<Row>, ArchiveError> {
        let (reply, answer) = oneshot::channel();
        let read = ArchiveRead { question, reply };
        self.archive.send(read).await.map_err(|_| ArchiveError::Stopped)?;
        answer.await.map_err(|_| ArchiveError::Stopped)?.map_err(ArchiveError::Store)
    }

    /// Passes a report on in the order of arrival, without waiting for its answer. A dropped `reply` says that the
    /// report could not be recorded.
    pub async fn forward_report(&self, report: HostReport, reply: oneshot::Sender<Result<(), Error>>) {
        // The reply is dropped with the input when the engine has ended.
        let _ = self.send(Input::Report { report, reply }).await;
    }

    /// Passes a read on, without waiting for its result.
    pub async fn forward_query<R, F>(&self, read: F, reply: oneshot::Sender<R>)
    where
        R: Send + 'static,
        F: FnOnce(&State, Timestamp) -> R + Send + 'static,
    {
        let query = Box::new(move |state: &State, _: &mut Monitor, now: Timestamp| {
            drop(reply.send(read(state, now)));
        });
        // The reply is dropped with the query when the engine has ended.
        let _ = self.queries.send(query).await;
    }

    /// Reads what was measured; what is due has been sampled.
    pub async fn monitoring<R, F>(&self, read: F) -> Result<R, SubmitError>
    where
        R: Send + 'static,
        F: FnOnce(&Monitor, &State, Timestamp) -> R + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let query = move |state: &State, monitor: &mut Monitor, now: Timestamp| {
            drop(reply.send(read(monitor, state, now)));
        };
        self.queries.send(Box::new(query)).await.map_err(|_| SubmitError::Stopped)?;
        answer.await.map_err(|_| SubmitError::Stopped)
    }

    /// Tells what a host measured of its instances. Nobody answers: it decides nothing and is told again.
    pub async fn measured(&self, usages: Vec<(InstanceId, InstanceUsage)>) {
        let query = move |_: &State, monitor: &mut Monitor, now: Timestamp| monitor.measured(now, usages);
        // When the engine has ended, that is found elsewhere.
        let _ = self.queries.send(Box::new(query)).await;
    }

    async fn send(&self, input: Input) -> Result<(), SubmitError> {
        self.inputs.send(input).await.map_err(|_| SubmitError::Stopped)
    }
}

struct Pending<C: Command> {
    command: C,
    reply: oneshot::Sender<Result<C::Reply, Error>>,
}

impl<C: Command> PendingCommand for Pending<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn apply(self: Box<Self>, control_plane: &mut ControlPlane, cx: Cx<'_>) -> Step<Outcome> {
        let Self { command, reply } = *self;
        let Step { reply: result, changes, orders, reasons } = control_plane.apply(cx, command);
        let refusal = result.as_ref().err().map(Error::to_string);
        // Whoever asked may be gone; the step stands.
        let answer: Answer = Box::new(move || drop(reply.send(result)));
        Step { reply: Outcome { refusal, answer }, changes, orders, reasons }
    }
}
