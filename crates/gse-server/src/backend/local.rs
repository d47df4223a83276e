//! Fleets on this machine: orders go to the agent in this process, its messages come to the engine.

use std::collections::BTreeSet;
use std::sync::Arc;

use gse_agent::{AgentHandle, UplinkMessage};
use gse_core::error::Error;
use gse_core::host::{HostOrder, HostReport, ProcessEnd, ReportKind};
use gse_core::id::{InstanceId, ProcessId};
use gse_store::BlobStore;
use tokio::sync::{mpsc, oneshot};

use super::{FleetBackend, ProcessPlace, logs};
use crate::engine::{EngineHandle, SubmitError};

/// The machine that the service runs on.
pub struct LocalBackend {
    agent: AgentHandle,
}

impl LocalBackend {
    /// Sends orders to this agent.
    pub fn new(agent: AgentHandle) -> Self {
        Self { agent }
    }
}

impl FleetBackend for LocalBackend {
    fn dispatch(&self, instance: InstanceId, order: HostOrder) {
        self.agent.send(instance, order);
    }

    fn output(&self, place: &ProcessPlace, most_bytes: u64) -> Option<[Vec<u8>; 2]> {
        self.agent.output(&place.fleet, &place.instance, &place.process, most_bytes)
    }
}

/// Tells the control plane what the agent found of an earlier run: of the slots that it goes on with, its `reports`; of
/// every other instance nothing is left, so its processes are lost (R21). Told before the first request, so that no
/// session is placed on a process that is gone. Orders then come by the resync.
pub async fn report_restart(engine: &EngineHandle, reports: Vec<HostReport>) -> Result<(), SubmitError> {
    let is_start = |report: &&HostReport| matches!(report.kind, ReportKind::SlotReattached { .. });
    let kept: BTreeSet<InstanceId> =
        reports.iter().filter(is_start).map(|report| report.instance.clone()).collect();
    let processes: Vec<(InstanceId, ProcessId)> = engine
        .query(|state, _now| {
            let processes = state.processes.values();
            processes.map(|process| (process.instance.clone(), process.id.clone())).collect()
        })
        .await?;
    let lost = processes.into_iter().filter(|(instance, _)| !kept.contains(instance));
    let lost = lost.map(|(instance, process)| HostReport {
        instance,
        kind: ReportKind::ProcessEnded { process, end: ProcessEnd::Lost, log: String::new() },
    });
    for report in lost.collect::<Vec<_>>().into_iter().chain(reports) {
        match engine.report(report).await {
            Ok(()) => {}
            Err(SubmitError::Refused(error)) => {
                tracing::warn!(%error, "what became of an earlier run was not recorded")
            }
            Err(stopped @ SubmitError::Stopped) => return Err(stopped),
        }
    }
    Ok(())
}

/// A report of the agent, and what the control plane said to it; `None`: nothing.
#[derive(Debug)]
pub struct Witnessed {
    /// The report.
    pub report: HostReport,
    /// The answer.
    pub answer: Option<Result<(), Error>>,
}

/// Passes on what the agent says, in its order, until the agent is gone. A witness hears of each report in that order,
/// before the agent has the answer.
pub async fn pump(
    mut uplink: mpsc::Receiver<UplinkMessage>,
    engine: EngineHandle,
    blobs: Arc<BlobStore>,
    witness: Option<mpsc::Sender<Witnessed>>,
) {
    while let Some(message) = uplink.recv().await {
        match message {
            UplinkMessage::Report { report, reply } => match &witness {
                None => engine.forward_report(report, reply).await,
                Some(witness) => {
                    let (tapped, answer) = oneshot::channel();
                    engine.forward_report(report.clone(), tapped).await;
                    let answer = answer.await.ok();
                    // The witness may have seen enough.
                    let _ = witness.send(Witnessed { report, answer: answer.clone() }).await;
                    if let Some(answer) = answer {
                        let _ = reply.send(answer);
                    }
                }
            },
            UplinkMessage::Measured { usages } => engine.measured(usages).await,
            UplinkMessage::KeepLog { file, reply } => logs::keep(&blobs, file, reply),
            UplinkMessage::PlayerSessions { query, reply } => {
                let read =
                    move |state: &_, _now| gse_core::player_session::describe_for_process(state, &query);
                engine.forward_query(read, reply).await;
            }
        }
    }
}
