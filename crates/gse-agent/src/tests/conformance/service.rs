//! The control plane behind the agent: the real core with rows in memory, one owner task, and a clock that a test may
//! stop. What gse-server does with a store, an engine and a backend.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gse_core::asset::CreateAsset;
use gse_core::capacity::UpdateFleetCapacity;
use gse_core::fleet::{CreateFleet, FleetStatus, ProtectionPolicy, ServerProcess};
use gse_core::game_server_session::{
    CreateGameServerSession, GameServerSession, GameServerSessionStatus, Target,
};
use gse_core::id::{BlobId, FleetId, GameServerSessionId, PlayerSessionId, Region, Scope, Uin};
use gse_core::player_session::{JoinGameServerSession, Joining, PlayerSession, PlayerSessionStatus};
use gse_core::{Clocks, Command, ControlPlane, Cx, Error, Quotas, State, Step, Timestamp};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::super::host::{DEADLINE, until, zip_of};
use super::peer::Peer;
use crate::random::RandomIds;
use crate::{AgentConfig, AgentError, AgentHandle, PackagePaths, UplinkMessage, build};

/// The name of a child's file is its pid, so it is whole as soon as it is there.
pub(super) const STAYS: &str = "#!/bin/sh\n: >pid.$$\nexec sleep 600\n";

type Job = Box<dyn FnOnce(&mut Core) + Send>;

/// What the owner task owns.
struct Core {
    control_plane: ControlPlane,
    /// How many zips with the logs of a session were stored.
    logs: u32,
    clocks: Clocks,
    quotas: Quotas,
    ids: RandomIds,
    agent: AgentHandle,
    /// Stopped at this time.
    stopped: Option<Timestamp>,
    /// Whether what is due happens by itself.
    timers: bool,
}

/// What callers of the cloud API can do.
#[derive(Clone)]
pub(super) struct Control {
    jobs: mpsc::Sender<Job>,
    steps: watch::Receiver<u64>,
}

/// A service as a test sees it. The agent is reached over its socket only.
pub(super) struct Service {
    pub(super) address: SocketAddr,
    pub(super) data: TempDir,
    pub(super) control: Control,
    seen: BTreeSet<u32>,
    stop: oneshot::Sender<()>,
    agent: JoinHandle<Result<(), AgentError>>,
    core: JoinHandle<()>,
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

pub(super) fn scope() -> Scope {
    Scope { uin: Uin::new("100000000001"), region: Region::new("ap-shanghai") }
}

impl Core {
    fn now(&self) -> Timestamp {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        self.stopped.unwrap_or(Timestamp::from_millis(i64::try_from(real.as_millis()).unwrap()))
    }

    fn step<R>(&mut self, run: impl FnOnce(&mut ControlPlane, Cx<'_>) -> Step<R>) -> R {
        let now = self.now();
        let cx = Cx::new(now, &mut self.ids, &self.clocks, &self.quotas);
        let step = run(&mut self.control_plane, cx);
        for reason in step.reasons {
            tracing::info!(reason, "step");
        }
        for (instance, order) in step.orders {
            self.agent.send(instance, order);
        }
        step.reply
    }

    fn resync(&mut self) {
        let now = self.now();
        let cx = Cx::new(now, &mut self.ids, &self.clocks, &self.quotas);
        let instances: Vec<_> = self.control_plane.state().instances.values().map(|row| &row.id).collect();
        let orders: Vec<_> = instances.iter().flat_map(|id| self.control_plane.resync(&cx, id)).collect();
        for (instance, order) in orders {
            self.agent.send(instance, order);
        }
    }

    fn take(&mut self, message: UplinkMessage) {
        match message {
            UplinkMessage::Report { report, reply } => {
                let answer = self.step(|control_plane, cx| control_plane.on_report(cx, report));
                let _ = reply.send(answer);
            }
            // Kept nowhere; which one it is says how many there were.
            UplinkMessage::KeepLog { reply, .. } => {
                self.logs += 1;
                let _ = reply.send(Ok(gse_core::id::BlobId::new(format!("log-{}", self.logs))));
            }
            UplinkMessage::PlayerSessions { query, reply } => {
                let state = self.control_plane.state();
                let _ = reply.send(gse_core::player_session::describe_for_process(state, &query));
            }
        }
    }

    async fn run(
        mut self,
        mut jobs: mpsc::Receiver<Job>,
        mut uplink: mpsc::Receiver<UplinkMessage>,
        steps: watch::Sender<u64>,
    ) {
        let mut resync = tokio::time::interval(self.clocks.host_resync);
        loop {
            let wakeup = self.control_plane.next_wakeup().filter(|_| self.timers);
            let pause = wakeup.map_or(DEADLINE, |at| at.since(self.now()));
            tokio::select! {
                Some(job) = jobs.recv() => job(&mut self),
                message = uplink.recv() => match message {
                    Some(message) => self.take(message),
                    // The agent has ended.
                    None => return,
                },
                _ = resync.tick() => self.resync(),
                () = tokio::time::sleep(pause), if self.timers => self.step(ControlPlane::on_timer),
            }
            steps.send_modify(|step| *step += 1);
        }
    }
}

impl Service {
    pub(super) async fn start(clocks: Clocks) -> Self {
        Self::start_with(clocks, |config| config).await
    }

    pub(super) async fn start_with(clocks: Clocks, change: impl FnOnce(AgentConfig) -> AgentConfig) -> Self {
        let data = tempfile::tempdir().unwrap();
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
        let (jobs, queue) = mpsc::channel(64);
        let (step, steps) = watch::channel(0);
        let core = Core {
            control_plane: ControlPlane::default(),
            logs: 0,
            clocks,
            quotas: Quotas::default(),
            ids: RandomIds,
            agent: handle,
            stopped: None,
            timers: true,
        };
        let core = tokio::spawn(core.run(queue, uplink, step));
        let control = Control { jobs, steps };
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

impl Control {
    async fn with<R: Send + 'static>(&self, job: impl FnOnce(&mut Core) -> R + Send + 'static) -> R {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |core| drop(reply.send(job(core))));
        assert!(self.jobs.send(job).await.is_ok(), "the core runs");
        timeout(DEADLINE, answer).await.expect("an answer in time").expect("the core runs")
    }

    pub(super) async fn apply<C>(&self, command: C) -> Result<C::Reply, Error>
    where
        C: Command,
    {
        self.with(move |core| core.step(|control_plane, cx| control_plane.apply(cx, command))).await
    }

    pub(super) async fn read<R: Send + 'static>(&self, read: impl FnOnce(&State) -> R + Send + 'static) -> R {
        self.with(move |core| read(core.control_plane.state())).await
    }

    /// Stops the clock of the control plane at a time; the agent's goes on. What is due then has happened.
    pub(super) async fn stop_clock(&self, at: Timestamp) {
        self.with(move |core| {
            core.stopped = Some(at);
            core.step(ControlPlane::on_timer);
        })
        .await;
    }

    /// As `stop_clock`, but nothing happens by itself any more.
    pub(super) async fn stop_clock_and_timers(&self, at: Timestamp) {
        self.with(move |core| (core.stopped, core.timers) = (Some(at), false)).await;
    }

    /// Waits until something has happened, or a moment.
    pub(super) async fn next_step(&self) {
        let mut steps = self.steps.clone();
        steps.mark_unchanged();
        let _ = timeout(Duration::from_millis(5), steps.changed()).await;
    }

    /// Waits until the rows say so.
    pub(super) async fn until<R: Send + 'static>(
        &self,
        read: impl Fn(&State) -> Option<R> + Send + Sync + Clone + 'static,
    ) -> R {
        let mut steps = self.steps.clone();
        let wait = async {
            loop {
                steps.mark_unchanged();
                if let Some(value) = self.read(read.clone()).await {
                    return value;
                }
                steps.changed().await.expect("the core runs");
            }
        };
        timeout(DEADLINE, wait).await.expect("the rows in time")
    }

    pub(super) async fn create(&self, fleet: &FleetId) -> Result<GameServerSession, Error> {
        self.create_for(fleet, 10).await
    }

    pub(super) async fn create_for(
        &self,
        fleet: &FleetId,
        max_players: u32,
    ) -> Result<GameServerSession, Error> {
        self.apply(CreateGameServerSession {
            scope: scope(),
            target: Target { fleet: Some(fleet.clone()), alias: None },
            max_players,
            creator: String::new(),
            properties: vec![],
            data: String::new(),
            custom_id: None,
            idempotency_token: None,
            name: String::new(),
        })
        .await
    }

    pub(super) async fn join(
        &self,
        session: &GameServerSessionId,
        player: &str,
    ) -> Result<PlayerSession, Error> {
        let players = vec![Joining { player: player.into(), data: String::new() }];
        let joined =
            self.apply(JoinGameServerSession { scope: scope(), session: session.clone(), players }).await?;
        Ok(joined.into_iter().next().expect("one seat for one player"))
    }

    pub(super) async fn session(&self, id: &GameServerSessionId) -> GameServerSession {
        let id = id.clone();
        self.read(move |state| state.game_server_sessions.get(&id).unwrap().clone()).await
    }

    pub(super) async fn player(&self, id: &PlayerSessionId) -> PlayerSessionStatus {
        let id = id.clone();
        self.read(move |state| state.player_sessions.get(&id).unwrap().status).await
    }

    /// The session when it is in that state.
    pub(super) async fn until_status(
        &self,
        id: &GameServerSessionId,
        status: GameServerSessionStatus,
    ) -> GameServerSession {
        let id = id.clone();
        self.until(move |state| {
            state.game_server_sessions.get(&id).filter(|session| session.status == status).cloned()
        })
        .await
    }

    /// The event codes of a fleet, oldest first.
    pub(super) async fn events(&self, fleet: &FleetId) -> Vec<&'static str> {
        let fleet = fleet.clone();
        self.read(move |state| event_codes(state, &fleet)).await
    }

    /// Waits for an event of a fleet.
    pub(super) async fn until_event(&self, fleet: &FleetId, code: &'static str) {
        let fleet = fleet.clone();
        self.until(move |state| event_codes(state, &fleet).contains(&code).then_some(())).await;
    }

    /// Scale-in to nothing.
    pub(super) async fn scale_in(&self, fleet: &FleetId) {
        let capacity = UpdateFleetCapacity {
            scope: scope(),
            fleet: fleet.clone(),
            desired: Some(0),
            min: None,
            max: None,
            scaling_interval_minutes: None,
        };
        self.apply(capacity).await.unwrap();
    }
}

fn event_codes(state: &State, fleet: &FleetId) -> Vec<&'static str> {
    let mut events: Vec<_> = state.events.values().filter(|event| event.fleet == *fleet).collect();
    events.sort_by_key(|event| event.sequence);
    events.iter().map(|event| event.code.as_str()).collect()
}

/// The children that said so, of every slot.
fn pids_below(slots: &std::path::Path) -> Vec<u32> {
    let entries = |path: std::path::PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten();
    let games = entries(slots.to_owned()).map(|slot| slot.path().join("game"));
    let names = games.flat_map(entries).map(|file| file.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_prefix("pid.")?.parse().ok()).collect()
}
