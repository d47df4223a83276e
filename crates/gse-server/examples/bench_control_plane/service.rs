//! The control plane under test, and the two handlers beside it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use gse_api::admission::AuthMode;
use gse_core::asset::CreateAsset;
use gse_core::capacity::UpdateFleetCapacity;
use gse_core::clocks::Clocks;
use gse_core::fleet::{CreateFleet, FleetStatus, ServerProcess};
use gse_core::game_server_session::{CreateGameServerSession, Target};
use gse_core::id::{BlobId, FleetId, Region, Scope};
use gse_core::player_session::{JoinGameServerSession, Joining};
use gse_core::quota::Quotas;
use gse_core::state::{Change, Row};
use gse_core::time::Timestamp;
use gse_server::account::activation::Activations;
use gse_server::account::{Account, Accounts};
use gse_server::clock::Clock;
use gse_server::config::Config;
use gse_server::engine::{Engine, EngineHandle, Parts};
use gse_server::http::gate::Gate;
use gse_server::http::inspection::Inspections;
use gse_server::http::rate::RateGate;
use gse_server::http::{Api, router};
use gse_store::{Archive, BlobStore, DataDir, EmbeddedStore, Store, StoreError};
use tokio::net::TcpListener;

use crate::Failure;
use crate::host::{Host, NumberedIds, PROCESSES, Places, obey};

pub(crate) struct Service {
    pub(crate) engine: EngineHandle,
    pub(crate) account: Account,
    pub(crate) scope: Scope,
    pub(crate) fleet: FleetId,
    pub(crate) places: Places,
    pub(crate) api: SocketAddr,
    /// What listens there.
    pub(crate) router: Router,
    /// Reads the body and answers.
    pub(crate) no_op: SocketAddr,
    /// Parses the body and answers as many bytes as the service does.
    pub(crate) bare: SocketAddr,
    counter: Arc<Counter>,
}

#[derive(Default)]
struct Counter {
    commits: AtomicU64,
    changes: AtomicU64,
}

/// What was committed.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) commits: u64,
    pub(crate) changes: u64,
}

impl Counts {
    pub(crate) fn since(&self, later: &Self) -> Self {
        Self { commits: later.commits - self.commits, changes: later.changes - self.changes }
    }
}

struct CountingStore {
    store: EmbeddedStore,
    counter: Arc<Counter>,
}

impl Store for CountingStore {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        self.store.load()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.counter.commits.fetch_add(1, Ordering::Relaxed);
        self.counter.changes.fetch_add(changes.len() as u64, Ordering::Relaxed);
        self.store.commit(changes)
    }

    fn settle(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.store.settle(now)
    }

    fn archive(&self) -> Result<Box<dyn Archive>, StoreError> {
        self.store.archive()
    }
}

const STORE: &str = "store.sqlite3";

fn parts()
-> (Parts, tokio::sync::mpsc::UnboundedReceiver<(gse_core::id::InstanceId, gse_core::host::HostOrder)>) {
    let (host, orders) = Host::new();
    let quotas = Quotas { instances: u32::MAX, ..Quotas::default() };
    // Nobody accepts the players here, and nobody leaves.
    let clocks = Clocks { player_reserve: Duration::from_secs(3600), ..Clocks::default() };
    let ids = Box::new(NumberedIds::default());
    (Parts { backend: Arc::new(host), ids, clock: Clock::system(), clocks, quotas }, orders)
}

/// Opens what a killed service left: sessions in memory, and all rows. The store folds when it is dropped.
pub(crate) fn recover(directory: &Path) -> Result<(usize, usize, EmbeddedStore), Failure> {
    let mut store = EmbeddedStore::open(&directory.join(STORE))?;
    let rows = store.load()?;
    let count = rows.len();
    let control_plane = gse_core::ControlPlane::restore(rows);
    let replica = control_plane.state().clone();
    Ok((replica.game_server_sessions.len(), count, store))
}

impl Service {
    /// A service with that many processes, all idle.
    pub(crate) async fn start(directory: &Path, processes: usize) -> Result<Self, Failure> {
        Self::start_with(directory, processes, AuthMode::Required).await
    }

    /// The same where calls need not be signed.
    pub(crate) async fn start_with(
        directory: &Path,
        processes: usize,
        auth: AuthMode,
    ) -> Result<Self, Failure> {
        let counter = Arc::new(Counter::default());
        let store = EmbeddedStore::open(&directory.join(STORE))?;
        let store = CountingStore { store, counter: Arc::clone(&counter) };
        let (parts, orders) = parts();
        let config = Config { quotas: parts.quotas.clone(), auth, ..Config::new(directory) };
        let backend = Arc::clone(&parts.backend);
        let clock = parts.clock.clone();
        let (engine, work) = Engine::restore(Box::new(store), parts)?;
        tokio::spawn(work.run(std::future::pending()));
        let places = Places::default();
        tokio::spawn(obey(orders, engine.clone(), Arc::clone(&places)));
        let account = Account::random();
        let scope = Scope { uin: account.uin.clone(), region: Region::new("ap-shanghai") };
        let fleet = deploy(&engine, &scope, processes).await?;

        let blobs = Arc::new(BlobStore::open(&directory.join("objects"))?);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let api_address = listener.local_addr()?;
        let objects_url = format!("http://{api_address}/objects");
        let gate = Gate::new(&config.limits, RateGate::off());
        let engine_of_api = engine.clone();
        let (activations, _owner) = Activations::of(Arc::new(DataDir::open(directory)?))?;
        let (beacons, _) = gse_server::beacon::build(Vec::new())?;
        let (inspections, owner) = Inspections::new(Arc::clone(&blobs));
        tokio::spawn(owner.run());
        let api = Api {
            engine: engine_of_api,
            blobs,
            account: account.clone(),
            accounts: Accounts::only(&account),
            activations,
            service_key: String::new(),
            config,
            gate,
            objects_url,
            clock,
            beacons,
            backend,
            inspections,
            spans: Arc::default(),
        };
        let router = router(Arc::new(api));
        let served = router.clone();
        tokio::spawn(async move { axum::serve(listener, served).await });
        let text = answer_like();
        let no_op = serve(Router::new().fallback(move |_: Bytes| async move { text.clone() })).await?;
        let text = answer_like();
        let bare = serve(Router::new().fallback(move |body: Bytes| async move {
            match serde_json::from_slice::<serde_json::Value>(&body) {
                Ok(_) => text.clone(),
                Err(error) => error.to_string(),
            }
        }))
        .await?;
        Ok(Self { engine, account, scope, fleet, places, api: api_address, router, no_op, bare, counter })
    }

    /// Sessions with a player each.
    pub(crate) async fn fill(&self, sessions: usize) -> Result<(), Failure> {
        let each = async |count: usize| -> Result<(), Failure> {
            for _ in 0..count {
                let session = self.engine.submit("fill", self.new_session()).await?;
                let join = JoinGameServerSession {
                    scope: self.scope.clone(),
                    session: session.id,
                    players: vec![Joining { player: "player".into(), data: String::new() }],
                };
                while self.engine.submit("fill", join.clone()).await.is_err() {
                    tokio::task::yield_now().await;
                }
            }
            Ok(())
        };
        let at_once = sessions.min(400);
        futures_util::future::try_join_all((0..at_once).map(|at| each((sessions + at) / at_once))).await?;
        Ok(())
    }

    fn new_session(&self) -> CreateGameServerSession {
        CreateGameServerSession {
            scope: self.scope.clone(),
            target: Target { fleet: Some(self.fleet.clone()), alias: None },
            max_players: 8,
            creator: String::new(),
            properties: vec![("mode".into(), "deathmatch".into())],
            data: "map=arena".into(),
            custom_id: None,
            idempotency_token: None,
            name: "match".into(),
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts { commits: value(&self.counter.commits), changes: value(&self.counter.changes) }
    }

    /// Until the tables are up to date and nothing is under way.
    pub(crate) async fn settle(&self) {
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}

async fn serve(router: Router) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// As long as an answer of the service: a session with the members that it has.
fn answer_like() -> String {
    format!(r#"{{"Response":{{"Filler":"{}"}}}}"#, "x".repeat(850))
}

async fn deploy(engine: &EngineHandle, scope: &Scope, processes: usize) -> Result<FleetId, Failure> {
    let asset = CreateAsset {
        scope: scope.clone(),
        name: "bench".into(),
        version: "1".into(),
        operate_system: "CentOS7.16".into(),
        image_id: String::new(),
        bucket_key: "server.zip".into(),
        package: BlobId::new("blob"),
        size_bytes: 1,
        inspection: Ok(()),
        tags: Vec::new(),
    };
    let asset = engine.submit("deploy", asset).await?.id;
    let fleet = CreateFleet {
        scope: scope.clone(),
        asset,
        name: "bench".into(),
        description: String::new(),
        instance_type: "S5.LARGE8".into(),
        tags: Vec::new(),
        server_processes: vec![ServerProcess {
            launch_path: "/local/game/server".into(),
            parameters: String::new(),
            concurrent_executions: PROCESSES,
        }],
        max_concurrent_activations: 0,
        activation_timeout_s: None,
        inbound: Vec::new(),
        protection: None,
        protection_time_limit_minutes: None,
        creator_limit: None,
        bandwidth_mbps: None,
        system_disk: None,
        data_disks: None,
        ccns: Vec::new(),
    };
    let fleet = engine.submit("deploy", fleet).await?.id;
    let of = fleet.clone();
    wait(engine, move |state| state.fleets.get(&of).is_some_and(|row| row.status == FleetStatus::Active))
        .await?;
    let instances = u32::try_from(processes.div_ceil(PROCESSES as usize))?;
    let capacity = UpdateFleetCapacity {
        scope: scope.clone(),
        fleet: fleet.clone(),
        desired: Some(instances),
        min: None,
        max: Some(instances),
        scaling_interval_minutes: None,
    };
    engine.submit("deploy", capacity).await?;
    wait(engine, move |state| state.processes.len() >= processes).await?;
    Ok(fleet)
}

async fn wait(
    engine: &EngineHandle,
    is_done: impl Fn(&gse_core::State) -> bool + Clone + Send + 'static,
) -> Result<(), Failure> {
    loop {
        let is_done = is_done.clone();
        if engine.query(move |state, _| is_done(state)).await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
