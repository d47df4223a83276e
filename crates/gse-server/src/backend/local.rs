//! Fleets on this machine: orders go to the agent in this process, its messages come to the engine.

use gse_agent::{AgentHandle, UplinkMessage};
use gse_core::host::{HostOrder, HostReport, ProcessEnd, ReportKind};
use gse_core::id::{InstanceId, ProcessId};
use tokio::sync::mpsc;

use super::FleetBackend;
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
}

/// Tells the control plane that nothing of an earlier run is left on this machine: the agent ended with it. Told before
/// the first request, so that no session is placed on a process that is gone. Orders then come by the resync.
pub async fn report_restart(engine: &EngineHandle) -> Result<(), SubmitError> {
    let processes: Vec<(InstanceId, ProcessId)> = engine
        .query(|state, _now| {
            let processes = state.processes.values();
            processes.map(|process| (process.instance.clone(), process.id.clone())).collect()
        })
        .await?;
    for (instance, process) in processes {
        let kind = ReportKind::ProcessEnded { process, end: ProcessEnd::Lost, log: String::new() };
        match engine.report(HostReport { instance, kind }).await {
            Ok(()) => {}
            Err(SubmitError::Refused(error)) => {
                tracing::warn!(%error, "the loss of a process was not recorded")
            }
            Err(stopped @ SubmitError::Stopped) => return Err(stopped),
        }
    }
    Ok(())
}

/// Passes on what the agent says, in its order, until the agent is gone.
pub async fn pump(mut uplink: mpsc::Receiver<UplinkMessage>, engine: EngineHandle) {
    while let Some(message) = uplink.recv().await {
        match message {
            UplinkMessage::Report { report, reply } => engine.forward_report(report, reply).await,
            UplinkMessage::PlayerSessions { query, reply } => {
                let read =
                    move |state: &_, _now| gse_core::player_session::describe_for_process(state, &query);
                engine.forward_query(read, reply).await;
            }
        }
    }
}
