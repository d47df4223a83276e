//! A control plane that has a row of every kind, made by real commands and reports.

use std::sync::OnceLock;
use std::time::Duration;

use gse_core::alias::{CreateAlias, RoutingStrategy};
use gse_core::asset::CreateAsset;
use gse_core::fleet::{CreateFleet, ServerProcess};
use gse_core::game_server_session::{CreateGameServerSession, GameServerSession, Target};
use gse_core::host::{HostReport, ReadyProcess, ReportKind, SessionCall};
use gse_core::id::{
    BlobId, CounterIds, FleetId, InstanceId, PlacementId, ProcessId, QueueName, Region, Scope, Uin,
};
use gse_core::placement::latency::PlayerLatency;
use gse_core::placement::{PlacementRequest, StartGameServerSessionPlacement};
use gse_core::player_session::{JoinGameServerSession, Joining};
use gse_core::queue::{CreateGameServerSessionQueue, LatencyPolicy};
use gse_core::tag::Tag;
use gse_core::timeline::StartTimes;
use gse_core::trace_context::TraceContext;
use gse_core::{Change, Clocks, Command, ControlPlane, Cx, Quotas, Row, Timestamp};

/// The time at which everything in it happened.
pub const NOW: Timestamp = Timestamp::from_seconds(1_609_502_400);

/// The account and region of everything in it.
pub fn scope() -> Scope {
    Scope { uin: Uin::new("100000000001"), region: Region::new("ap-shanghai") }
}

/// Its fleet.
pub fn target() -> Target {
    Target { fleet: Some(FleetId::new("fleet-0001")), alias: None }
}

/// The control plane, for reads.
pub fn shared() -> &'static ControlPlane {
    static WORLD: OnceLock<ControlPlane> = OnceLock::new();
    WORLD.get_or_init(|| ControlPlane::restore(rows()))
}

/// Its rows as the store would hold them.
pub fn rows() -> Vec<Row> {
    let mut maker = Maker::default();
    maker.fill();
    maker.rows
}

#[derive(Default)]
struct Maker {
    control_plane: ControlPlane,
    ids: CounterIds,
    rows: Vec<Row>,
}

impl Maker {
    fn fill(&mut self) {
        let tags = vec![Tag { key: "team".into(), value: "a".into() }];
        let asset = self.apply(CreateAsset {
            scope: scope(),
            name: "demo".into(),
            version: "1.0".into(),
            operate_system: "CentOS7.16".into(),
            image_id: String::new(),
            bucket_key: "server.zip".into(),
            package: BlobId::new("blob"),
            size_bytes: 1,
            inspection: Ok(()),
            tags: tags.clone(),
        });
        let fleet = self.apply(CreateFleet {
            scope: scope(),
            asset: asset.id,
            name: "f1".into(),
            description: String::new(),
            instance_type: "S5.LARGE8".into(),
            tags: tags.clone(),
            server_processes: vec![ServerProcess {
                launch_path: "/local/game/server".into(),
                parameters: "--port 7000".into(),
                concurrent_executions: 4,
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
            ccns: Vec::new(),
        });
        let fleet = fleet.id;
        self.start_processes(&fleet);
        let routing = RoutingStrategy::Simple(fleet.clone());
        self.apply(CreateAlias {
            scope: scope(),
            name: "live".into(),
            description: String::new(),
            routing,
            tags: tags.clone(),
        });
        self.sessions();
        self.placement(&fleet, tags);
    }

    fn start_processes(&mut self, fleet: &FleetId) {
        let instance =
            self.control_plane.state().instances_of(fleet).next().expect("a fleet asks for one").id.clone();
        self.report(&instance, ReportKind::PreparationStarted);
        self.report(&instance, ReportKind::PackageExtracted { log: "server".into() });
        self.report(&instance, ReportKind::LaunchPathsChecked { missing: vec![], log: "found".into() });
        for number in 1..=4_u16 {
            let ready = ReadyProcess {
                process: ProcessId::new(format!("process-{number}")),
                pid: u32::from(number),
                runtime_version: 1,
                entry: None,
                client_port: 3000 + number,
                grpc_port: 4000 + number,
                ip_address: "127.0.0.1".into(),
                log_paths: vec!["./logs".into()],
            };
            self.report(&instance, ReportKind::ProcessReady(ready));
        }
    }

    /// Two active sessions, one with a player, and one that its process has not activated yet.
    fn sessions(&mut self) {
        for (number, name) in ["duel", "it's a \\ lobby", ""].into_iter().enumerate() {
            let session = self.apply(CreateGameServerSession {
                scope: scope(),
                target: target(),
                max_players: 2 + u32::try_from(number).expect("small"),
                creator: String::new(),
                properties: vec![("mode".into(), name.into()), ("Map".into(), "arena".into())],
                data: "{}".into(),
                custom_id: None,
                idempotency_token: Some(format!("token-{number}")),
                name: name.into(),
            });
            if !name.is_empty() {
                self.activate(&session);
            }
            if number == 0 {
                let players = vec![Joining { player: "ann".into(), data: String::new() }];
                self.apply(JoinGameServerSession { scope: scope(), session: session.id, players });
            }
        }
    }

    fn placement(&mut self, fleet: &FleetId, tags: Vec<Tag>) {
        let queue = QueueName::new("queue");
        self.apply(CreateGameServerSessionQueue {
            scope: scope(),
            name: queue.clone(),
            destinations: vec![scope().resource_name("fleet", fleet.as_str())],
            policies: vec![LatencyPolicy { maximum_latency_ms: 50, duration_s: 0 }],
            timeout_s: Some(60),
            tags,
        });
        self.apply(StartGameServerSessionPlacement {
            scope: scope(),
            id: PlacementId::new("place-1"),
            request: PlacementRequest {
                queue,
                max_players: 2,
                players: vec![Joining { player: "bob".into(), data: String::new() }],
                latencies: vec![PlayerLatency {
                    player: "bob".into(),
                    region: Region::new("ap-shanghai"),
                    latency_ms: 20,
                }],
                properties: vec![],
                data: String::new(),
                name: String::new(),
                matchmaker_data: String::new(),
            },
        });
    }

    fn activate(&mut self, session: &GameServerSession) {
        let start = StartTimes { ordered_ago: Some(Duration::ZERO), sent_ago: Some(Duration::ZERO) };
        let activate = SessionCall::Activate { session: session.id.clone(), max_players: 0, start };
        let milestone = SessionCall::Milestone { session: session.id.clone(), name: "first-tick".into() };
        for call in [activate, milestone] {
            let call = ReportKind::Call { process: session.process.clone(), call };
            self.report(&session.instance, call);
        }
    }

    fn apply<C: Command>(&mut self, command: C) -> C::Reply {
        let (clocks, quotas) = (Clocks::default(), Quotas::default());
        let trace = TraceContext::of_request(C::NAME);
        let cx = Cx::new(NOW, &mut self.ids, &clocks, &quotas).in_trace(Some(trace));
        let step = self.control_plane.apply(cx, command);
        self.keep(step.changes);
        step.reply.unwrap_or_else(|error| panic!("{}: {error}", C::NAME))
    }

    fn report(&mut self, instance: &InstanceId, kind: ReportKind) {
        let (clocks, quotas) = (Clocks::default(), Quotas::default());
        let report = HostReport { instance: instance.clone(), kind };
        let step = self.control_plane.on_report(Cx::new(NOW, &mut self.ids, &clocks, &quotas), report);
        self.keep(step.changes);
        step.reply.unwrap_or_else(|error| panic!("a report: {error}"));
    }

    fn keep(&mut self, changes: Vec<Change>) {
        for change in changes {
            let Change::Put(row) = change else { continue };
            self.rows.retain(|old| (old.kind(), old.key()) != (row.kind(), row.key()));
            self.rows.push(row);
        }
    }
}
