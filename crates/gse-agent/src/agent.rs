//! Building and running an agent: its configuration, the handle that takes orders, the gRPC server.

use std::fs::{File, TryLockError};
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gse_core::clocks::Clocks;
use gse_core::host::{HostOrder, HostReport};
use gse_core::id::{BlobId, FleetId, InstanceId, ProcessId};
use gse_core::log::SESSION_LOG_BYTES;
use gse_core::supervisor::Adoption;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::address;
use crate::connection::{Incoming, Limits};
use crate::leftover::Leftover;
use crate::output;
use crate::output_dir::OutputDir;
use crate::owner::Owner;
use crate::serving;
use crate::slot;
use crate::uplink::UplinkMessage;

/// Orders that may wait. They are derived from rows, so one that does not fit is dropped and comes again.
const ORDERS: usize = 16 * 1024;
/// Calls of game servers that may wait for the owner task.
const CALLS: usize = 1024;
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(10);
/// How long open connections may take at the end.
const FLUSH: Duration = Duration::from_secs(2);

/// What an agent needs to know.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// The agent uses `slots/`, `logs/` and `packing/` in it.
    pub data_dir: PathBuf,
    /// What players are told to connect to.
    pub public_ip: String,
    /// What becomes of a process that somebody else launched and that calls ProcessReady.
    pub adoption: Adoption,
    /// Where packages lie.
    pub packages: PackagePaths,
    /// The durations of operations.md 0.3.
    pub clocks: Clocks,
    /// Whether `install.sh` of a package is run.
    pub run_install_scripts: bool,
    /// The most that is collected of the logs of one session, bytes (G-21).
    pub session_log_bytes: u64,
    /// Connections of game servers at a time; one more is closed at once.
    pub connections: usize,
    /// The soft limit of open files of a game; `None` leaves it that of this process.
    pub open_files_of_games: Option<u64>,
}

impl AgentConfig {
    /// The local mode: players on this machine, adoption allowed.
    pub fn new(data_dir: impl Into<PathBuf>, packages: PackagePaths, clocks: Clocks) -> Self {
        Self {
            data_dir: data_dir.into(),
            public_ip: "127.0.0.1".into(),
            adoption: Adoption::On,
            packages,
            clocks,
            run_install_scripts: false,
            session_log_bytes: SESSION_LOG_BYTES,
            connections: 12_000,
            open_files_of_games: None,
        }
    }
}

/// Where the bytes of a blob lie as a file. The file need not exist: the slot fails then, and says so.
#[derive(Clone)]
pub struct PackagePaths(Arc<dyn Fn(&BlobId) -> PathBuf + Send + Sync>);

impl PackagePaths {
    /// Takes the rule.
    pub fn new(rule: impl Fn(&BlobId) -> PathBuf + Send + Sync + 'static) -> Self {
        Self(Arc::new(rule))
    }

    pub(crate) fn path(&self, package: &BlobId) -> PathBuf {
        (self.0)(package)
    }
}

impl std::fmt::Debug for PackagePaths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PackagePaths")
    }
}

/// Why an agent cannot run.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The directory of the slots cannot be made or read.
    #[error("the slot directory `{path}` cannot be used")]
    Slots {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another agent uses the directory: it would end our processes, and we its.
    #[error(
        "the slot directory `{path}` is used by another agent\nhint: give each service a data directory of its own"
    )]
    Taken {
        /// The directory.
        path: PathBuf,
    },
    /// The listener has no address.
    #[error("the agent's listener cannot be used")]
    Listener(#[source] std::io::Error),
}

/// Takes orders. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AgentHandle {
    orders: mpsc::Sender<(InstanceId, HostOrder)>,
    outputs: OutputDir,
}

impl AgentHandle {
    /// Hands an order over. Never blocks and never fails: an order that cannot be taken is dropped, and derived again.
    pub fn send(&self, instance: InstanceId, order: HostOrder) {
        if let Err(error) = self.orders.try_send((instance, order)) {
            tracing::warn!(%error, "an order was dropped");
        }
    }
}

impl AgentHandle {
    /// The last bytes of standard output and error of a process that the agent launched, at most so many of each and as
    /// they are; `None`: nothing is kept of it. It may have ended. Blocks: it reads files.
    pub fn output(
        &self,
        fleet: &FleetId,
        instance: &InstanceId,
        process: &ProcessId,
        most_bytes: u64,
    ) -> Option<[Vec<u8>; 2]> {
        output::ends(&self.outputs.files(fleet, instance, process)?, most_bytes)
    }
}

/// An agent that is ready to run.
#[derive(Debug)]
pub struct Agent {
    owner: Owner,
    leftover: Leftover,
    listener: TcpListener,
    address: SocketAddr,
    slots: PathBuf,
    limits: Limits,
    /// Held as long as the agent is there; the kernel gives it back whatever happens to us.
    lock: File,
    orders: mpsc::Receiver<(InstanceId, HostOrder)>,
}

/// Makes an agent that serves game servers on `listener` and tells the control plane through `uplink`. Looks for what an
/// earlier agent left behind and takes it up (R21); nothing is started or ended before `run`. Blocks for half a
/// second when another agent uses the directory.
pub fn build(
    config: AgentConfig,
    listener: TcpListener,
    uplink: mpsc::Sender<UplinkMessage>,
) -> Result<(AgentHandle, Agent), AgentError> {
    let address = listener.local_addr().map_err(AgentError::Listener)?;
    let slots = config.data_dir.join("slots");
    let made = std::fs::create_dir_all(&slots).and_then(|()| slots.canonicalize());
    let slots = made.map_err(|source| AgentError::Slots { path: slots, source })?;
    let lock = lock(&slots)?;
    let slots_error = |source| AgentError::Slots { path: slots.clone(), source };
    let packing = packing_dir(&config.data_dir);
    slot::remove_tree(&packing).and_then(|()| std::fs::create_dir(&packing)).map_err(slots_error)?;
    let outputs = OutputDir::new(&config.data_dir);
    let mut leftover = Leftover::read(&slots, &outputs).map_err(slots_error)?;
    address::remember(&slots, address).map_err(slots_error)?;
    let told = local_form(address).to_string();
    let lost = leftover.told_addresses.iter().filter(|&before| *before != told).count();
    if lost > 0 {
        tracing::warn!(
            "{lost} game servers keep running that call the agent at another address than `{told}`: they cannot reach \
             it\nhint: start the service with the address that it had before"
        );
    }
    let limits = Limits {
        most: config.connections,
        silence: config.clocks.connection_silence,
        idle: config.clocks.connection_idle,
        ping: config.clocks.connection_ping,
        call: config.clocks.call_longest,
    };
    let mut owner = Owner::new(config, slots.clone(), told, uplink);
    owner.recover(std::mem::take(&mut leftover.recovered));
    let (sender, orders) = mpsc::channel(ORDERS);
    let agent = Agent { owner, leftover, listener, address, slots, limits, lock, orders };
    Ok((AgentHandle { orders: sender, outputs }, agent))
}

/// Where the logs of sessions are packed before they are stored.
pub(crate) fn packing_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("packing")
}

fn lock(slots: &Path) -> Result<File, AgentError> {
    let file = File::create(slots.join("lock"))
        .map_err(|source| AgentError::Slots { path: slots.to_owned(), source })?;
    // An agent that is killed while it starts a child leaves the lock to the child until that has become another program:
    // when we have it, every child of an earlier agent is what it was to be.
    let mut tries = 0;
    let mut locked = file.try_lock();
    while matches!(locked, Err(TryLockError::WouldBlock)) && tries < LOCK_TRIES {
        std::thread::sleep(LOCK_PAUSE);
        tries += 1;
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(AgentError::Taken { path: slots.to_owned() }),
        Err(TryLockError::Error(source)) => Err(AgentError::Slots { path: slots.to_owned(), source }),
    }
}

impl Agent {
    /// Where game servers reach it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the control plane has to know before it places a session: the slots that are gone on with, and what became of
    /// their processes. For an embedder that can wait for the answers; what is not taken goes through the uplink.
    pub fn take_first_reports(&mut self) -> Vec<HostReport> {
        self.owner.take_first_reports()
    }

    /// Runs until `shutdown`, then ends every process that it launched and returns when the last one is gone.
    ///
    /// Before the first order is taken, children of an earlier run that nobody can go on with are killed, and their slots
    /// removed.
    pub async fn run(mut self, shutdown: impl Future<Output = ()> + Send) -> Result<(), AgentError> {
        let slots_error = |source| AgentError::Slots { path: self.slots.clone(), source };
        self.leftover.clean().await.map_err(slots_error)?;
        self.owner.attach(self.leftover.attached);
        let (calls, incoming) = mpsc::channel(CALLS);
        let (stop, stopped) = oneshot::channel::<()>();
        let connections = Incoming::new(self.listener, self.limits);
        let mut serving = tokio::spawn(serving::serve(connections, self.limits, calls, stopped));
        self.owner.run(self.orders, incoming, shutdown, stop, &mut serving).await;
        if !serving.is_finished() {
            // Its clients are gone; whoever else keeps a connection open cannot keep us.
            let _ = tokio::time::timeout(FLUSH, &mut serving).await;
            serving.abort();
        }
        drop(self.lock);
        Ok(())
    }
}

/// Children connect from this machine, whatever the listener is bound to.
fn local_form(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
    } else {
        address
    }
}
