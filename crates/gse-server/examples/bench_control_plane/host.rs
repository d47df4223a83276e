//! A host whose packages are good, whose processes are ready, and whose games activate sessions at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use gse_core::host::{HostOrder, HostReport, InstanceSpec, ReadyProcess, ReportKind, SessionCall};
use gse_core::id::{GameServerSessionId, IdKind, IdSource, InstanceId, ProcessId};
use gse_server::backend::FleetBackend;
use gse_server::engine::EngineHandle;
use tokio::sync::mpsc;

/// Processes of an instance.
pub(crate) const PROCESSES: u32 = 100;

/// Ids whose number can be read back, spread as random ones are.
#[derive(Default)]
pub(crate) struct NumberedIds {
    next: BTreeMap<IdKind, u64>,
}

impl IdSource for NumberedIds {
    fn suffix(&mut self, kind: IdKind) -> String {
        let next = self.next.entry(kind).or_default();
        *next += 1;
        suffix(*next)
    }
}

/// The suffix of the id with that number.
pub(crate) fn suffix(number: u64) -> String {
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    format!("{spread:08x}-{number:08}")
}

/// Where each live session runs.
pub(crate) type Places = Arc<Mutex<BTreeMap<u64, (GameServerSessionId, InstanceId, ProcessId)>>>;

pub(crate) struct Host {
    orders: mpsc::UnboundedSender<(InstanceId, HostOrder)>,
}

impl Host {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<(InstanceId, HostOrder)>) {
        let (orders, received) = mpsc::unbounded_channel();
        (Self { orders }, received)
    }
}

impl FleetBackend for Host {
    fn dispatch(&self, instance: InstanceId, order: HostOrder) {
        // The run may be over.
        let _ = self.orders.send((instance, order));
    }
}

/// Does what it is told, without waiting for answers.
pub(crate) async fn obey(
    mut orders: mpsc::UnboundedReceiver<(InstanceId, HostOrder)>,
    engine: EngineHandle,
    places: Places,
) {
    let mut slots = std::collections::BTreeSet::new();
    while let Some((instance, order)) = orders.recv().await {
        match order {
            HostOrder::StartInstance(spec) if slots.insert(instance.clone()) => {
                let mut reports = vec![
                    ReportKind::PreparationStarted,
                    ReportKind::PackageExtracted { log: String::new() },
                    ReportKind::LaunchPathsChecked { missing: Vec::new(), log: String::new() },
                ];
                reports.extend((0..PROCESSES).map(|number| ready(&instance, number, &spec)));
                for kind in reports {
                    tell(&engine, &instance, kind).await;
                }
            }
            HostOrder::StartGameServerSession { process, session, .. } => {
                let place = (session.id.clone(), instance.clone(), process.clone());
                let number = number(session.id.as_str());
                places.lock().unwrap_or_else(PoisonError::into_inner).insert(number, place);
                let call =
                    SessionCall::Activate { session: session.id, max_players: 0, start: Default::default() };
                tell(&engine, &instance, ReportKind::Call { process, call }).await;
            }
            _ => {}
        }
    }
}

/// The number in the id of a session.
pub(crate) fn number(id: &str) -> u64 {
    id.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

pub(crate) async fn tell(engine: &EngineHandle, instance: &InstanceId, kind: ReportKind) {
    let (reply, _) = tokio::sync::oneshot::channel();
    engine.forward_report(HostReport { instance: instance.clone(), kind }, reply).await;
}

fn ready(instance: &InstanceId, number: u32, spec: &InstanceSpec) -> ReportKind {
    let number = u16::try_from(number).unwrap_or(0);
    ReportKind::ProcessReady(ReadyProcess {
        process: ProcessId::new(format!("{instance}-{number}")),
        pid: u32::from(number),
        runtime_version: spec.runtime_version,
        entry: Some(spec.server_processes[0].key()),
        client_port: 6000 + number,
        grpc_port: 7000 + number,
        ip_address: "127.0.0.1".into(),
        log_paths: Vec::new(),
    })
}
