//! A control plane without sockets, disks or processes: the router, a memory store, and a host that does what it is
//! told at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use gse_api::admission::AuthMode;
use gse_api::signature::tc3;
use gse_core::host::{
    HostOrder, HostReport, InstanceSpec, ProcessEnd, ReadyProcess, ReportKind, SessionCall,
};
use gse_core::id::{CounterIds, InstanceId, ProcessId};
use gse_core::time::Timestamp;
use gse_store::{BlobStore, DataDir, MemoryStore};
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use crate::account::activation::Activations;
use crate::account::{Account, Accounts};
use crate::backend::{FleetBackend, ProcessPlace};
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::{Engine, EngineHandle, Parts};
use crate::http::gate::Gate;
use crate::http::inspection::Inspections;
use crate::http::rate::RateGate;
use crate::http::{Api, router};

/// The time of the signature vectors, 2021-01-01T12:00:00Z.
pub(super) const NOW: i64 = 1_609_502_400;
pub(super) const HOST: &str = "127.0.0.1:8080";
pub(super) const REGION: &str = "ap-shanghai";

pub(super) struct Stack {
    pub(super) api: Arc<Api>,
    pub(super) clock: Clock,
    pub(super) store: MemoryStore,
    _directory: TempDir,
}

/// Parameters of a process whose host says nothing more once it has begun.
pub(super) const SILENT: &str = "--silent";
/// Parameters of a process that cannot be launched, on a host that never says that it stopped.
pub(super) const ABSENT: &str = "--absent";

/// A code and a message.
pub(super) type Refused = (String, String);

impl Stack {
    pub(super) fn start() -> Self {
        Self::start_with(AuthMode::Required, |_| {})
    }

    pub(super) fn start_with(mode: AuthMode, change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::new(directory.path());
        config.auth = mode;
        change(&mut config);
        let clock = Clock::manual(Timestamp::from_seconds(NOW));
        let store = MemoryStore::default();
        let (backend, orders) = ScriptedHost::new();
        let backend: Arc<dyn FleetBackend> = Arc::new(backend);
        let parts = Parts {
            backend: Arc::clone(&backend),
            ids: Box::new(CounterIds::default()),
            clock: clock.clone(),
            clocks: config.clocks.clone(),
            quotas: config.quotas.clone(),
        };
        let (handle, engine) = Engine::restore(Box::new(store.clone()), parts).unwrap();
        tokio::spawn(engine.run(std::future::pending()));
        tokio::spawn(obey(orders, handle.clone()));
        let blobs = Arc::new(BlobStore::open(&directory.path().join("objects")).unwrap());
        let account = Account {
            uin: gse_core::id::Uin::new("100000000001"),
            secret_id: "AKIDEXAMPLEaaaaaaaaaaaaaaaaaaaaaaaaa".into(),
            secret_key: "EXAMPLEsecretKey0123456789abcdef".into(),
        };
        let objects_url = format!("http://{HOST}/objects");
        let rate = match config.limits.rate {
            Some(factor) => {
                let (gate, owner) = RateGate::new(factor, clock.clone());
                tokio::spawn(owner.run());
                gate
            }
            None => RateGate::off(),
        };
        let gate = Gate::new(&config.limits, rate);
        let (beacons, _) = crate::beacon::build(Vec::new()).unwrap();
        let data_dir = Arc::new(DataDir::open(directory.path()).unwrap());
        let (activations, owner) = Activations::of(data_dir).unwrap();
        tokio::spawn(owner.run());
        let accounts = Accounts::new(&account, config.access.clone()).unwrap();
        let (inspections, owner) = Inspections::new(Arc::clone(&blobs));
        tokio::spawn(owner.run());
        let (service_key, clock_of_api) = ("only-the-service-knows".to_owned(), clock.clone());
        let engine = handle;
        let api = Api {
            engine,
            blobs,
            account,
            accounts,
            activations,
            service_key,
            config,
            gate,
            objects_url,
            clock: clock_of_api,
            beacons,
            backend,
            inspections,
            spans: Arc::default(),
        };
        Self { api: Arc::new(api), clock, store, _directory: directory }
    }

    /// What the router answers.
    pub(super) async fn send(&self, request: Request) -> http::Response<Body> {
        router(Arc::clone(&self.api)).oneshot(request).await.unwrap()
    }

    /// Status and text of what the router answers.
    pub(super) async fn send_for_text(&self, request: Request) -> (StatusCode, String) {
        let response = self.send(request).await;
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// A signed call: the members of the answer, or code and message.
    pub(super) async fn call(&self, action: &str, body: &str) -> Result<Value, Refused> {
        answer(self.send(self.signed(action, body)).await).await
    }

    /// A signed call that succeeds.
    pub(super) async fn done(&self, action: &str, body: impl ToString) -> Value {
        let body = body.to_string();
        self.call(action, &body).await.unwrap_or_else(|error| panic!("{action} {body}: {error:?}"))
    }

    /// A signed call that is refused: code and message.
    pub(super) async fn refusal(&self, action: &str, body: impl ToString) -> Refused {
        let body = body.to_string();
        match self.call(action, &body).await {
            Ok(answer) => panic!("{action} {body} was not refused: {answer}"),
            Err(refused) => refused,
        }
    }

    pub(super) fn signed(&self, action: &str, body: &str) -> Request {
        self.signed_at(action, body, self.clock.now().seconds())
    }

    pub(super) fn signed_at(&self, action: &str, body: &str, timestamp: i64) -> Request {
        let account = &self.api.account;
        let key = tc3::Key { secret_id: &account.secret_id, secret_key: &account.secret_key };
        signed(key, REGION, action, body, timestamp)
    }

    /// A call with another key: the members of the answer, or code and message.
    pub(super) async fn call_with(
        &self,
        key: tc3::Key<'_>,
        action: &str,
        body: &Value,
    ) -> Result<Value, Refused> {
        let request = signed(key, REGION, action, &body.to_string(), self.clock.now().seconds());
        answer(self.send(request).await).await
    }
}

/// A signed request.
pub(super) fn signed(key: tc3::Key<'_>, region: &str, action: &str, body: &str, timestamp: i64) -> Request {
    let call = tc3::Call {
        method: "POST",
        host: HOST,
        query: "",
        content_type: "application/json",
        body: body.as_bytes(),
    };
    Request::builder()
        .method("POST")
        .uri("/")
        .header("Host", HOST)
        .header("Content-Type", "application/json")
        .header("X-TC-Action", action)
        .header("X-TC-Version", "2019-11-12")
        .header("X-TC-Region", region)
        .header("X-TC-Timestamp", timestamp)
        .header("Authorization", tc3::sign(&call, key, "gse", timestamp))
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// The members of an answer, or its code and message; and everything that holds for every answer (1.8).
pub(super) async fn answer(response: http::Response<Body>) -> Result<Value, Refused> {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json");
    let header = response.headers()["x-tc-requestid"].to_str().unwrap().to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let value: Value = serde_json::from_slice(&body).unwrap();
    let envelope = value.as_object().unwrap();
    assert_eq!(envelope.keys().collect::<Vec<_>>(), ["Response"]);
    let mut members = envelope["Response"].as_object().unwrap().clone();
    let request_id = members.remove("RequestId").unwrap();
    assert_eq!((request_id.as_str(), header.len()), (Some(header.as_str()), 36));
    let Some(error) = members.remove("Error") else { return Ok(Value::Object(members)) };
    assert!(members.is_empty(), "an error has no other members: {value}");
    let text = |name: &str| error[name].as_str().unwrap().to_owned();
    Err((text("Code"), text("Message")))
}

/// What processes of the scripted host write: markup, colours, bytes that are no text, and a ticket.
pub(super) const OUTPUT: &[u8] = b"<b>hello</b>\n\x1b[31mred\xff\nticket psess-abc123 taken\n";

/// A host whose packages are always good and whose processes are always ready, unless their parameters say otherwise:
/// those of [`SILENT`] are never heard of, and what [`ABSENT`] launches is not there and never gone.
struct ScriptedHost {
    orders: mpsc::UnboundedSender<(InstanceId, HostOrder)>,
}

impl ScriptedHost {
    fn new() -> (Self, mpsc::UnboundedReceiver<(InstanceId, HostOrder)>) {
        let (orders, received) = mpsc::unbounded_channel();
        (Self { orders }, received)
    }
}

impl FleetBackend for ScriptedHost {
    fn dispatch(&self, instance: InstanceId, order: HostOrder) {
        // The test may be over.
        let _ = self.orders.send((instance, order));
    }

    /// Every process that is there has written the same.
    fn output(&self, place: &ProcessPlace, most_bytes: u64) -> Option<[Vec<u8>; 2]> {
        let is_one = place.process.as_str().starts_with(place.instance.as_str());
        let from = OUTPUT.len().saturating_sub(usize::try_from(most_bytes).unwrap());
        is_one.then(|| [OUTPUT[from..].to_vec(), Vec::new()])
    }
}

async fn obey(mut orders: mpsc::UnboundedReceiver<(InstanceId, HostOrder)>, engine: EngineHandle) {
    let mut slots = BTreeMap::new();
    while let Some((instance, order)) = orders.recv().await {
        for kind in reports(&mut slots, &instance, order) {
            let report = HostReport { instance: instance.clone(), kind };
            engine.report(report).await.unwrap();
        }
    }
}

/// The parameters of what each instance launches first.
type Slots = BTreeMap<InstanceId, String>;

fn reports(slots: &mut Slots, instance: &InstanceId, order: HostOrder) -> Vec<ReportKind> {
    match order {
        HostOrder::StartInstance(spec) if !slots.contains_key(instance) => {
            let parameters = spec.server_processes[0].parameters.to_string();
            slots.insert(instance.clone(), parameters.clone());
            match parameters.as_str() {
                SILENT => return vec![ReportKind::PreparationStarted],
                ABSENT => {
                    let missing = vec![spec.server_processes[0].launch_path.clone()];
                    let log = String::new();
                    return vec![
                        ReportKind::PreparationStarted,
                        ReportKind::PackageExtracted { log: "server\n".into() },
                        ReportKind::LaunchPathsChecked { missing, log },
                    ];
                }
                _ => {}
            }
            let count: u32 = spec.server_processes.iter().map(|entry| entry.concurrent_executions).sum();
            let mut reports = vec![
                ReportKind::PreparationStarted,
                ReportKind::PackageExtracted { log: "server\n".into() },
                ReportKind::LaunchPathsChecked { missing: Vec::new(), log: String::new() },
            ];
            reports.extend((0..count).map(|number| ready(instance, number, &spec)));
            reports
        }
        HostOrder::StartInstance(_) | HostOrder::TerminateProcess { .. } | HostOrder::ConfirmProcesses(_) => {
            Vec::new()
        }
        HostOrder::KillProcess { process, .. } => {
            vec![ReportKind::ProcessEnded { process, end: ProcessEnd::ForceTerminated, log: String::new() }]
        }
        HostOrder::StartGameServerSession { process, session, .. } => {
            let call =
                SessionCall::Activate { session: session.id, max_players: 0, start: Default::default() };
            vec![ReportKind::Call { process, call }]
        }
        HostOrder::DrainInstance { .. } | HostOrder::StopInstance
            if slots.get(instance).is_some_and(|parameters| parameters == ABSENT) =>
        {
            Vec::new()
        }
        HostOrder::DrainInstance { .. } | HostOrder::StopInstance => {
            slots.remove(instance);
            vec![ReportKind::InstanceStopped]
        }
    }
}

fn ready(instance: &InstanceId, number: u32, spec: &InstanceSpec) -> ReportKind {
    let port = |base: u16| base + u16::try_from(number).unwrap();
    ReportKind::ProcessReady(ReadyProcess {
        process: ProcessId::new(format!("{instance}-process-{number}")),
        pid: 1000 + number,
        runtime_version: spec.runtime_version,
        entry: Some(spec.server_processes[0].key()),
        client_port: port(6000),
        grpc_port: port(7000),
        ip_address: "127.0.0.1".into(),
        log_paths: Vec::new(),
    })
}
