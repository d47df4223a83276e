//! A service as a test sees it: the agent on a port of its own, the control plane behind it, fleets and game servers.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gse_core::Clocks;
use gse_core::asset::CreateAsset;
use gse_core::fleet::{CreateFleet, FleetStatus, ProtectionPolicy, ServerProcess};
use gse_core::id::{BlobId, FleetId};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::super::host::{DEADLINE, until, zip_of};
use super::control::{Control, scope};
use super::ending::kill;
use super::peer::Peer;
use crate::{AgentConfig, AgentError, PackagePaths, build};

/// The name of a child's file is its pid, so it is whole as soon as it is there.
pub(super) const STAYS: &str = "#!/bin/sh\n: >pid.$$\nexec sleep 600\n";

/// A service as a test sees it. The agent is reached over its socket only.
pub(super) struct Service {
    pub(super) address: SocketAddr,
    pub(super) data: DataDir,
    pub(super) control: Control,
    seen: BTreeSet<u32>,
    stop: oneshot::Sender<()>,
    agent: JoinHandle<Result<(), AgentError>>,
    core: JoinHandle<()>,
}

/// A test that fails leaves its agent without an end, and so its children: they are ended with their directory.
pub(super) struct DataDir(TempDir);

impl DataDir {
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        for pid in pids_below(&self.path().join("slots")) {
            // A number may belong to somebody else by now.
            let is_ours = |cwd: PathBuf| cwd.starts_with(self.path());
            if std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(is_ours) {
                kill(pid);
            }
        }
    }
}

impl std::ops::Deref for Service {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

/// What a test chooses of a fleet.
pub(super) struct FleetForm {
    pub(super) script: String,
    pub(super) processes: u32,
    pub(super) activation_timeout_s: u32,
    pub(super) max_concurrent_activations: u32,
    pub(super) protection: ProtectionPolicy,
    pub(super) protection_minutes: u32,
}

impl Default for FleetForm {
    fn default() -> Self {
        Self {
            script: STAYS.into(),
            processes: 1,
            activation_timeout_s: 600,
            max_concurrent_activations: 0,
            protection: ProtectionPolicy::NoProtection,
            protection_minutes: 60,
        }
    }
}

/// The documented clocks, but for those that only make a test wait.
pub(super) fn clocks(changes: &[(&str, &str)]) -> Clocks {
    let mut clocks = Clocks::default();
    let common = [
        ("process.exit", "300ms"),
        ("process.kill", "300ms"),
        ("launch.backoff.first", "50ms"),
        ("launch.backoff.most", "200ms"),
        ("host.resync", "500ms"),
    ];
    for (key, value) in common.iter().chain(changes) {
        clocks.set(key, value).unwrap();
    }
    clocks
}

impl Service {
    pub(super) async fn start(clocks: Clocks) -> Self {
        Self::start_with(clocks, |config| config).await
    }

    pub(super) async fn start_with(clocks: Clocks, change: impl FnOnce(AgentConfig) -> AgentConfig) -> Self {
        let data = DataDir(tempfile::tempdir().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let root = data.path().to_owned();
        let packages = PackagePaths::new(move |blob| root.join(blob.as_str()));
        let (sender, uplink) = mpsc::channel(64);
        let config = change(AgentConfig::new(data.path(), packages, clocks.clone()));
        let (handle, agent) = build(config, listener, sender).unwrap();
        let address = agent.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let agent = tokio::spawn(agent.run(async move {
            let _ = stopped.await;
        }));
        let (control, core) = Control::behind(handle, uplink, clocks);
        Self { address, data, control, seen: BTreeSet::new(), stop, agent, core }
    }

    /// A fleet whose instance is being made.
    pub(super) async fn fleet(&self, form: FleetForm) -> FleetId {
        let package = format!("package-{}", form.processes);
        zip_of(&self.data.path().join(&package), &[("run.sh", &form.script)]);
        let asset = CreateAsset {
            scope: scope(),
            name: "demo".into(),
            version: "1.0".into(),
            operate_system: "CentOS7.16".into(),
            image_id: String::new(),
            bucket_key: "server.zip".into(),
            package: BlobId::new(package),
            size_bytes: 1,
            inspection: Ok(()),
            tags: vec![],
        };
        let asset = self.apply(asset).await.unwrap().id;
        let fleet = CreateFleet {
            scope: scope(),
            asset,
            name: "f1".into(),
            description: String::new(),
            instance_type: "S5.LARGE8".into(),
            tags: vec![],
            server_processes: vec![ServerProcess {
                launch_path: "/local/game/run.sh".into(),
                parameters: String::new(),
                concurrent_executions: form.processes,
            }],
            max_concurrent_activations: form.max_concurrent_activations,
            activation_timeout_s: Some(form.activation_timeout_s),
            inbound: vec![],
            protection: Some(form.protection),
            protection_time_limit_minutes: Some(form.protection_minutes),
            creator_limit: None,
            bandwidth_mbps: None,
            system_disk: None,
            data_disks: None,
            ccns: Vec::new(),
        };
        self.apply(fleet).await.unwrap().id
    }

    /// A fleet that is ACTIVE with one ready process.
    pub(super) async fn fleet_of_one(&mut self, form: FleetForm) -> (FleetId, Peer) {
        let fleet = self.fleet(form).await;
        let mut peer = self.launched().await;
        peer.ready().await.unwrap();
        let id = fleet.clone();
        self.until(move |state| {
            state.fleets.get(&id).filter(|fleet| fleet.status == FleetStatus::Active).map(|_| ())
        })
        .await;
        (fleet, peer)
    }

    /// A fleet with so many ready processes.
    pub(super) async fn fleet_of(&mut self, form: FleetForm) -> (FleetId, Vec<Peer>) {
        let processes = form.processes;
        let (fleet, first) = self.fleet_of_one(form).await;
        let mut peers = vec![first];
        for _ in 1..processes {
            let mut peer = self.launched().await;
            peer.ready().await.unwrap();
            peers.push(peer);
        }
        (fleet, peers)
    }

    /// The pid of the next process that the agent has launched.
    pub(super) async fn next_pid(&mut self) -> u32 {
        let slots = self.data.path().join("slots");
        let seen = &self.seen;
        let pid = until(|| pids_below(&slots).into_iter().find(|pid| !seen.contains(pid))).await;
        self.seen.insert(pid);
        pid
    }

    /// A game server in the name of the next process that the agent has launched.
    pub(super) async fn launched(&mut self) -> Peer {
        let pid = self.next_pid().await;
        Peer::start(self.address, pid, "127.0.0.1:0").await
    }

    /// As `launched`, if there is one by now; takes a moment.
    pub(super) async fn try_launched(&mut self) -> Option<Peer> {
        let slots = self.data.path().join("slots");
        let Some(pid) = pids_below(&slots).into_iter().find(|pid| !self.seen.contains(pid)) else {
            self.next_step().await;
            return None;
        };
        self.seen.insert(pid);
        Some(Peer::start(self.address, pid, "127.0.0.1:0").await)
    }

    /// A game server that somebody else has launched.
    pub(super) async fn stranger(&self, pid: u32) -> Peer {
        Peer::start(self.address, pid, "127.0.0.1:0").await
    }

    /// Every case must hold that: the agent is alive afterwards, answers others, and ends in order.
    pub(super) async fn end(self) {
        let stranger = Peer::start(self.address, 4_194_999, "127.0.0.1:0").await;
        let status = timeout(DEADLINE, stranger.ending()).await.expect("the agent answers").unwrap_err();
        assert!(status.message().starts_with("PROCESS_NOT_READY: "), "{status:?}");
        self.stop.send(()).unwrap();
        let both = async { tokio::join!(self.agent, self.core) };
        let (agent, core) = timeout(DEADLINE, both).await.expect("the agent ends in time");
        agent.unwrap().unwrap();
        core.unwrap();
    }
}

/// The children that said so, of every slot.
fn pids_below(slots: &std::path::Path) -> Vec<u32> {
    let entries = |path: std::path::PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten();
    let games = entries(slots.to_owned()).map(|slot| slot.path().join("game"));
    let names = games.flat_map(entries).map(|file| file.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_prefix("pid.")?.parse().ok()).collect()
}
