//! A control plane with a virtual clock and a host that does as it is told, for the tests of this crate.

use std::time::Duration;

use crate::asset::CreateAsset;
use crate::fleet::copy::CopyFleet;
use crate::fleet::{CreateFleet, Fleet, FleetStatus, ServerProcess};
use crate::game_server_session::{CreateGameServerSession, GameServerSession, Target};
use crate::host::{HostOrder, HostReport, ReadyProcess, ReportKind, SessionCall};
use crate::id::{
    AssetId, BlobId, CounterIds, FleetId, GameServerSessionId, IdKind, IdSource, InstanceId, PlayerSessionId,
    ProcessId, Region, Scope, Uin,
};
use crate::player_session::{JoinGameServerSession, Joining, PlayerSession};
use crate::{Change, Clocks, Command, ControlPlane, Cx, Error, Quotas, Row, Step, Timestamp};

pub(crate) struct World {
    pub(crate) control_plane: ControlPlane,
    pub(crate) ids: CounterIds,
    pub(crate) clocks: Clocks,
    pub(crate) quotas: Quotas,
    pub(crate) now: Timestamp,
    /// Orders that nobody has looked at.
    pub(crate) orders: Vec<(InstanceId, HostOrder)>,
    /// What the store would hold.
    pub(crate) stored: std::collections::BTreeMap<(crate::RowKind, String), Row>,
    /// What left memory, and until when it is kept.
    pub(crate) archived: Vec<(Row, Timestamp)>,
    /// Every change, in order, until somebody takes them.
    pub(crate) changes: Vec<Change>,
}

pub(crate) fn scope_in(region: &str) -> Scope {
    Scope { uin: Uin::new("100000000001"), region: Region::new(region) }
}

pub(crate) fn scope() -> Scope {
    scope_in("ap-shanghai")
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            control_plane: ControlPlane::default(),
            ids: CounterIds::default(),
            clocks: Clocks::default(),
            quotas: Quotas::default(),
            now: Timestamp::from_seconds(1_609_502_400),
            orders: Vec::new(),
            stored: std::collections::BTreeMap::new(),
            archived: Vec::new(),
            changes: Vec::new(),
        }
    }

    pub(crate) fn apply<C: Command>(&mut self, command: C) -> Result<C::Reply, Error> {
        let cx = Cx::new(self.now, &mut self.ids, &self.clocks, &self.quotas);
        let step = self.control_plane.apply(cx, command);
        self.take(step)
    }

    pub(crate) fn report(&mut self, instance: &InstanceId, kind: ReportKind) -> Result<(), Error> {
        let cx = Cx::new(self.now, &mut self.ids, &self.clocks, &self.quotas);
        let step = self.control_plane.on_report(cx, HostReport { instance: instance.clone(), kind });
        self.take(step)
    }

    /// Lets time pass, waking the control plane exactly when it wants to be.
    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now.plus(duration);
        while let Some(wakeup) = self.control_plane.next_wakeup().filter(|&wakeup| wakeup <= end) {
            self.now = self.now.max(wakeup);
            let cx = Cx::new(self.now, &mut self.ids, &self.clocks, &self.quotas);
            let step = self.control_plane.on_timer(cx);
            self.take(step);
            let next = self.control_plane.next_wakeup();
            assert!(next.is_none_or(|next| next > self.now), "still due at {:?}", self.now);
        }
        self.now = end;
    }

    pub(crate) fn pass_seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    fn take<R>(&mut self, step: Step<R>) -> R {
        self.changes.extend(step.changes.iter().cloned());
        for change in step.changes {
            match change {
                Change::Put(row) => drop(self.stored.insert((row.kind(), row.key()), row)),
                Change::Delete(kind, key) => drop(self.stored.remove(&(kind, key))),
                Change::Archive { row, until } => {
                    self.stored.remove(&(row.kind(), row.key()));
                    self.archived.push((row, until));
                }
            }
        }
        self.orders.extend(step.orders);
        step.reply
    }

    /// The control plane as a restart would find it.
    pub(crate) fn restart(&mut self) {
        self.control_plane = ControlPlane::restore(self.stored.values().cloned());
    }

    pub(crate) fn asset(&mut self, scope: &Scope, inspection: Result<(), String>) -> AssetId {
        self.apply(asset_request(scope, inspection)).unwrap().id
    }

    pub(crate) fn create_fleet(&mut self, scope: &Scope, processes: u32) -> Fleet {
        let asset = self.asset(scope, Ok(()));
        self.apply(fleet_request(scope, &asset, processes)).unwrap()
    }

    /// A fleet whose one instance runs `processes` ready processes.
    pub(crate) fn active_fleet(&mut self, scope: &Scope, processes: u32) -> FleetId {
        let fleet = self.create_fleet(scope, processes).id;
        let instance = self.instances(&fleet)[0].clone();
        self.deploy(&instance);
        for _ in 0..processes {
            self.ready(&instance);
        }
        assert_eq!(self.fleet(&fleet).status, FleetStatus::Active);
        self.orders.clear();
        fleet
    }

    pub(crate) fn deploy(&mut self, instance: &InstanceId) {
        self.report(instance, ReportKind::PreparationStarted).unwrap();
        self.report(instance, ReportKind::PackageExtracted { log: "server".into() }).unwrap();
        self.report(instance, ReportKind::LaunchPathsChecked { missing: vec![], log: "found".into() })
            .unwrap();
    }

    pub(crate) fn ready(&mut self, instance: &InstanceId) -> ProcessId {
        let number = self.ids.suffix(IdKind::Process);
        let process = ProcessId::new(format!("process-{number}"));
        let port = 3000 + number.parse::<u16>().unwrap();
        let state = self.control_plane.state();
        let runtime =
            state.instances.get(instance).map(|instance| &state.fleets.get(&instance.fleet).unwrap().runtime);
        let (version, entry) =
            runtime.map_or((1, None), |runtime| (runtime.version, Some(runtime.server_processes[0].key())));
        let ready = ReadyProcess {
            process: process.clone(),
            pid: u32::from(port),
            runtime_version: version,
            entry,
            client_port: port,
            grpc_port: port + 1000,
            ip_address: "127.0.0.1".into(),
            log_paths: vec![],
        };
        self.report(instance, ReportKind::ProcessReady(ready)).unwrap();
        process
    }

    pub(crate) fn create_session(&mut self, fleet: &FleetId) -> Result<GameServerSession, Error> {
        self.apply(session_request(&scope(), fleet))
    }

    pub(crate) fn call(&mut self, session: &GameServerSession, call: SessionCall) -> Result<(), Error> {
        self.report(&session.instance, ReportKind::Call { process: session.process.clone(), call })
    }

    /// A session that its process has activated.
    pub(crate) fn active_session(&mut self, fleet: &FleetId) -> GameServerSession {
        let session = self.create_session(fleet).unwrap();
        self.call(
            &session,
            SessionCall::Activate { session: session.id.clone(), max_players: 0, start: Default::default() },
        )
        .unwrap();
        self.session(&session.id)
    }

    pub(crate) fn join(
        &mut self,
        session: &GameServerSessionId,
        players: &[&str],
    ) -> Result<Vec<PlayerSession>, Error> {
        let joining = |player: &&str| Joining { player: player.to_string(), data: String::new() };
        let players = players.iter().map(joining).collect();
        self.apply(JoinGameServerSession { scope: scope(), session: session.clone(), players })
    }

    pub(crate) fn fleet(&self, id: &FleetId) -> Fleet {
        self.control_plane.state().fleets.get(id).unwrap().clone()
    }

    pub(crate) fn session(&self, id: &GameServerSessionId) -> GameServerSession {
        self.control_plane.state().game_server_sessions.get(id).unwrap().clone()
    }

    pub(crate) fn player(&self, id: &PlayerSessionId) -> PlayerSession {
        self.control_plane.state().player_sessions.get(id).unwrap().clone()
    }

    pub(crate) fn instances(&self, fleet: &FleetId) -> Vec<InstanceId> {
        self.control_plane.state().instances_of(fleet).map(|instance| instance.id.clone()).collect()
    }

    /// The event codes of a fleet, oldest first.
    pub(crate) fn events(&self, fleet: &FleetId) -> Vec<&'static str> {
        let state = self.control_plane.state();
        let archived = self.archived.iter().filter_map(|(row, _)| match row {
            Row::Event(row) => Some(row.as_ref()),
            _ => None,
        });
        let mut events: Vec<_> =
            state.events.values().chain(archived).filter(|event| event.fleet == *fleet).collect();
        events.sort_by_key(|event| event.sequence);
        events.iter().map(|event| event.code.as_str()).collect()
    }
}

pub(crate) fn asset_request(scope: &Scope, inspection: Result<(), String>) -> CreateAsset {
    CreateAsset {
        scope: scope.clone(),
        name: "demo".into(),
        version: "1.0".into(),
        operate_system: "CentOS7.16".into(),
        image_id: String::new(),
        bucket_key: "server.zip".into(),
        package: BlobId::new("blob"),
        size_bytes: 1,
        inspection,
        tags: vec![],
    }
}

pub(crate) fn fleet_request(scope: &Scope, asset: &AssetId, processes: u32) -> CreateFleet {
    CreateFleet {
        scope: scope.clone(),
        asset: asset.clone(),
        name: "f1".into(),
        description: String::new(),
        instance_type: "S5.LARGE8".into(),
        tags: vec![],
        server_processes: vec![ServerProcess {
            launch_path: "/local/game/server".into(),
            parameters: String::new(),
            concurrent_executions: processes,
        }],
        max_concurrent_activations: 0,
        activation_timeout_s: None,
        inbound: vec![],
        protection: None,
        protection_time_limit_minutes: None,
        creator_limit: None,
        bandwidth_mbps: None,
        system_disk: None,
        data_disks: None,
        ccns: vec![],
    }
}

pub(crate) fn session_request(scope: &Scope, fleet: &FleetId) -> CreateGameServerSession {
    CreateGameServerSession {
        scope: scope.clone(),
        target: Target { fleet: Some(fleet.clone()), alias: None },
        max_players: 2,
        creator: String::new(),
        properties: vec![],
        data: String::new(),
        custom_id: None,
        idempotency_token: None,
        name: String::new(),
    }
}

/// A copy in which nothing is replaced.
pub(crate) fn copy_request(source: &FleetId, count: u64) -> CopyFleet {
    CopyFleet {
        scope: scope(),
        source: source.clone(),
        count,
        asset: None,
        name: None,
        description: None,
        instance_type: None,
        tags: None,
        server_processes: None,
        max_concurrent_activations: None,
        activation_timeout_s: None,
        inbound: None,
        protection: None,
        protection_time_limit_minutes: None,
        creator_limit: None,
        bandwidth_mbps: None,
        system_disk: None,
        data_disks: None,
        ccns: None,
        with_ccns: None,
        with_scaling: false,
        with_timers: false,
    }
}
