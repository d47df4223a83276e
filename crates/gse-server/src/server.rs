//! Puts the process together, runs it, and takes it down in order.
//!
//! Listeners are passed in, so that tests bind port 0. The way down: no new requests, those under way are finished
//! within the grace period; the agent ends what it launched, and its last reports are stored; then the store is closed.

use std::net::SocketAddr;
use std::sync::Arc;

use gse_agent::{Agent, AgentConfig, AgentError, PackagePaths};
use gse_store::{BlobError, BlobStore, DataDir, DataDirError, EmbeddedStore, StoreError};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};

use crate::account::activation::{ActivationOwner, Activations};
use crate::account::{self, Account, AccountError, Accounts};
use crate::backend::FleetBackend;
use crate::backend::local::{LocalBackend, Witnessed, pump, report_restart};
use crate::backend::logs;
use crate::beacon::{self, BeaconAddress, BeaconSockets, BeaconTasks};
use crate::clock::Clock;
use crate::config::Config;
use crate::cos;
use crate::engine::{Engine, EngineError, EngineHandle, Parts};
use crate::http::gate::Gate;
use crate::http::inspection::{InspectionOwner, Inspections};
use crate::http::rate::{RateGate, RateOwner};
use crate::http::{Api, router, serve};
use crate::ids::RandomIds;
use crate::otlp::{self, Exporter, SpanCounts};
use crate::packages;
use crate::tls::{Tls, TlsError};

/// Messages of the agent that wait for the engine.
const UPLINK_LENGTH: usize = 256;

/// A control plane with an agent beside it, ready to run.
pub struct Server {
    data_dir: Arc<DataDir>,
    engine: Engine,
    handle: EngineHandle,
    agent: Agent,
    uplink: mpsc::Receiver<gse_agent::UplinkMessage>,
    api: Arc<Api>,
    rate_owner: Option<RateOwner>,
    exporter: Option<Exporter>,
    activation_owner: ActivationOwner,
    inspection_owner: InspectionOwner,
    api_listener: TcpListener,
    tls: Option<Tls>,
    addresses: Addresses,
    beacons: BeaconTasks,
    witness: Option<mpsc::Sender<Witnessed>>,
}

/// Where a server listens.
#[derive(Clone, Copy, Debug)]
struct Addresses {
    api: SocketAddr,
    agent: SocketAddr,
}

/// What a client needs to know of a server that is ready.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The cloud API.
    pub api_url: String,
    /// Where game servers call.
    pub agent_address: SocketAddr,
    /// Where objects are uploaded.
    pub objects_url: String,
    /// The region of a request that names none.
    pub region: String,
    /// The regions that are served.
    pub regions: Vec<String>,
    /// The latency beacons.
    pub beacons: Vec<BeaconAddress>,
    /// The account and its key.
    pub account: Account,
    /// The certificate that clients must trust, when it is this service's own.
    pub certificate: Option<std::path::PathBuf>,
    /// Where everything is kept, absolute.
    pub data_dir: std::path::PathBuf,
}

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The data directory is in use, or cannot be used.
    #[error("the data directory cannot be used")]
    DataDir(#[from] DataDirError),
    /// The account's key cannot be read or made.
    #[error("there is no account to work with")]
    Account(#[from] AccountError),
    /// The store cannot be opened.
    #[error("the store cannot be opened")]
    Store(#[from] StoreError),
    /// The stored state cannot be read.
    #[error("the control plane cannot be restored")]
    Engine(#[from] EngineError),
    /// The object store cannot be opened.
    #[error("the object store cannot be opened")]
    Blobs(#[from] BlobError),
    /// The agent cannot be made.
    #[error("the agent cannot be started")]
    Agent(#[from] AgentError),
    /// The certificate cannot be read or made.
    #[error("the cloud API cannot be served by HTTPS")]
    Tls(#[from] TlsError),
    /// A listener has no address.
    #[error("a listener has no address")]
    Listener(#[from] std::io::Error),
}

/// Why a server ended other than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The control plane stopped.
    #[error("the control plane stopped")]
    Engine(#[from] EngineError),
    /// The agent stopped.
    #[error("the agent stopped")]
    Agent(#[from] AgentError),
    /// The API listener failed.
    #[error("the API listener failed")]
    Api(#[from] std::io::Error),
    /// A part ended by a panic.
    #[error("a part of the service ended unexpectedly")]
    Panic(#[from] JoinError),
}

impl Server {
    /// Opens everything; takes the lock of the data directory. Blocks while it reads the stored state.
    pub fn build(
        config: Config,
        api_listener: TcpListener,
        agent_listener: TcpListener,
    ) -> Result<Self, BuildError> {
        Self::build_with_beacons(config, api_listener, agent_listener, Vec::new())
    }

    /// The same, with the latency beacons of regions.
    pub fn build_with_beacons(
        config: Config,
        api_listener: TcpListener,
        agent_listener: TcpListener,
        beacons: Vec<BeaconSockets>,
    ) -> Result<Self, BuildError> {
        let addresses = Addresses { api: api_listener.local_addr()?, agent: agent_listener.local_addr()? };
        let data_dir = Arc::new(DataDir::open(&config.data_dir)?);
        let (activations, activation_owner) = Activations::of(Arc::clone(&data_dir))?;
        let account = Account::of(&data_dir)?;
        let accounts = Accounts::new(&account, config.access.clone())?;
        let service_key = account::service_key(&data_dir)?;
        let store = EmbeddedStore::open(&data_dir.store_path())?;
        let blobs = Arc::new(BlobStore::open(&data_dir.blob_path())?);

        let packages = Arc::clone(&blobs);
        let packages = PackagePaths::new(move |blob| packages.blob_path(blob));
        let mut agent_config = AgentConfig::new(data_dir.path(), packages, config.clocks.clone());
        agent_config.public_ip.clone_from(&config.public_ip);
        agent_config.session_log_bytes = config.limits.session_log_bytes as u64;
        agent_config.run_install_scripts = config.run_install_scripts;
        agent_config.adoption = config.adoption.clone();
        agent_config.connections = config.limits.agent_connections;
        agent_config.open_files_of_games = config.open_files_of_games;
        let (uplink_sender, uplink) = mpsc::channel(UPLINK_LENGTH);
        let (agent_handle, agent) = gse_agent::build(agent_config, agent_listener, uplink_sender)?;

        let clock = Clock::system();
        let backend: Arc<dyn FleetBackend> = Arc::new(LocalBackend::new(agent_handle));
        let parts = Parts {
            backend: Arc::clone(&backend),
            ids: Box::new(RandomIds),
            clock: clock.clone(),
            clocks: config.clocks.clone(),
            quotas: config.quotas.clone(),
        };
        let (handle, mut engine) = Engine::restore(Box::new(store), parts)?;
        let spans = Arc::new(SpanCounts::default());
        let exporter = config.otlp.clone().map(|collector| {
            let (sink, exporter) = otlp::exporter(collector, Arc::clone(&spans));
            engine.tell_spans_to(sink);
            exporter
        });
        let api_ip = addresses.api.ip();
        let prepare = |source| Tls::prepare(source, &data_dir, api_ip, &config.public_hosts);
        let tls = config.tls.as_ref().map(prepare).transpose()?;
        let objects_url = format!("{}{}", url(tls.is_some(), addresses.api), cos::PATH);
        let (rate, rate_owner) = match config.limits.rate {
            Some(factor) => {
                let (gate, owner) = RateGate::new(factor, clock.clone());
                (gate, Some(owner))
            }
            None => (RateGate::off(), None),
        };
        let gate = Gate::new(&config.limits, rate);
        let (beacons, beacon_tasks) = beacon::build(beacons)?;
        let (inspections, inspection_owner) = Inspections::new(Arc::clone(&blobs));
        let api = Arc::new(Api {
            engine: handle.clone(),
            blobs,
            account,
            accounts,
            activations,
            service_key,
            config,
            gate,
            objects_url,
            clock,
            beacons,
            backend,
            inspections,
            spans,
        });
        Ok(Self {
            data_dir,
            engine,
            handle,
            agent,
            uplink,
            api,
            rate_owner,
            exporter,
            activation_owner,
            inspection_owner,
            api_listener,
            tls,
            addresses,
            beacons: beacon_tasks,
            witness: None,
        })
    }

    /// What a client needs to know.
    pub fn ready(&self) -> Ready {
        Ready {
            api_url: url(self.tls.is_some(), self.addresses.api),
            agent_address: self.addresses.agent,
            objects_url: self.api.objects_url.clone(),
            region: self.api.config.default_region.to_string(),
            regions: self.api.config.regions.iter().map(ToString::to_string).collect(),
            beacons: self.api.beacons.addresses().to_vec(),
            account: self.api.account.clone(),
            certificate: self.tls.as_ref().and_then(|tls| tls.self_signed.clone()),
            data_dir: self.data_dir.path().to_owned(),
        }
    }

    /// Has every report of the agent told, with its answer. One report is answered after the other then, so this is for
    /// looking at a game server, not for serving many.
    pub fn witness(&mut self) -> mpsc::Receiver<Witnessed> {
        let (sender, receiver) = mpsc::channel(UPLINK_LENGTH);
        self.witness = Some(sender);
        receiver
    }

    /// Serves until `shutdown`, or until a part fails; then everything is taken down in order.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
        let grace = self.api.config.shutdown_grace;
        let (stop_api, stop_agent, stop_engine, stop_spans) =
            (Stop::new(), Stop::new(), Stop::new(), Stop::new());
        // Any part that ends brings the others down.
        let ended = Stop::new();
        let engine = spawn(&ended, self.engine.run(stop_engine.wait()));
        let mut agent = self.agent;
        // When the engine has ended, that is found below.
        let _ = report_restart(&self.handle, agent.take_first_reports()).await;
        packages::sweep(&self.handle, &self.api.blobs).await;
        let agent = spawn(&ended, agent.run(stop_agent.wait()));
        let beacons = spawn(&ended, self.beacons.run(self.handle.clone(), stop_api.wait()));
        let pump = tokio::spawn(pump(self.uplink, self.handle, Arc::clone(&self.api.blobs), self.witness));
        let (retention, log_bytes) = (self.api.config.clocks.retention, self.api.config.limits.log_bytes);
        let blobs = Arc::clone(&self.api.blobs);
        let sweep = spawn(&ended, logs::sweep(blobs, retention, log_bytes as u64, stop_api.wait()));
        let activation_owner = spawn(&ended, self.activation_owner.run());
        let inspection_owner = spawn(&ended, self.inspection_owner.run());
        let rate_owner = self.rate_owner.map(|owner| spawn(&ended, owner.run()));
        let exporter = self.exporter.map(|exporter| tokio::spawn(exporter.run(stop_spans.wait())));
        let (limits, stop) = (self.api.config.limits.clone(), stop_api.wait());
        let listener = serve::Listener { tcp: self.api_listener, tls: self.tls.map(|tls| tls.acceptor) };
        let router = router(self.api);
        let mut api = spawn(&ended, async move { serve::serve(listener, router, &limits, stop).await });
        tokio::select! {
            () = shutdown => tracing::info!("stopping"),
            () = ended.wait() => tracing::error!("a part of the service ended, so all of it stops"),
        }
        stop_api.set();
        let api = match tokio::time::timeout(grace, &mut api).await {
            Ok(result) => result,
            Err(_) => {
                tracing::warn!("requests that took longer than the grace period are cut off");
                api.abort();
                Ok(Ok(()))
            }
        };
        if let Some(rate_owner) = rate_owner {
            // The last connection is gone, and with it whoever could ask.
            rate_owner.await?;
        }
        activation_owner.await?;
        inspection_owner.await?;
        sweep.await?;
        beacons.await?;
        stop_agent.set();
        let agent = agent.await;
        // The agent is gone, and with it the sender: the pump ends when the last report is passed on.
        pump.await?;
        stop_engine.set();
        let engine = engine.await;
        // What it committed last has spans too.
        stop_spans.set();
        if let Some(exporter) = exporter {
            exporter.await?;
        }
        // The cause comes first: what fails after the store failed only fails because of it.
        engine??;
        agent??;
        api??;
        tracing::info!("stopped");
        Ok(())
    }
}

/// A task that tells `ended` when it ends, however it ends.
fn spawn<F>(ended: &Stop, part: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let ended = SetOnDrop(ended.clone());
    tokio::spawn(async move {
        let _ended = ended;
        part.await
    })
}

/// A signal that is set once.
#[derive(Clone)]
struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    fn set(&self) {
        self.0.send_replace(true);
    }

    fn wait(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut receiver = self.0.subscribe();
        async move {
            // The sender may be gone: then nobody can stop this any more, and it should stop.
            let _ = receiver.wait_for(|&is_set| is_set).await;
        }
    }
}

struct SetOnDrop(Stop);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.set();
    }
}

/// The address as a client on this machine reaches it.
fn url(is_https: bool, address: SocketAddr) -> String {
    let mut address = address;
    if address.ip().is_unspecified() {
        let loopback =
            if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
    }
    let scheme = if is_https { "https" } else { "http" };
    format!("{scheme}://{address}")
}

#[cfg(test)]
mod tests;
