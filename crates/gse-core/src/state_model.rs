//! Sessions, player sessions and placements against a small model of them (operations.md 5.2, 6.3, 6.5).
//!
//! The model knows no rows, deadlines or indexes: it is what a reader of the spec would keep on paper. Random commands
//! go to both, and after each of them both must say the same.

use std::time::Duration;

use proptest::prelude::*;

use crate::fixture::{World, scope, session_request};
use crate::game_server_session::{CreateGameServerSession, GameServerSessionStatus as Status};
use crate::host::{ProcessEnd, ReportKind, SessionCall};
use crate::id::{FleetId, GameServerSessionId, PlacementId, PlayerSessionId, ProcessId, QueueName};
use crate::placement::{
    PlacementKey, PlacementRequest, PlacementStatus, StartGameServerSessionPlacement,
    StopGameServerSessionPlacement,
};
use crate::player_session::{Joining, PlayerSessionCreationPolicy as Policy, PlayerSessionStatus};
use crate::queue::CreateGameServerSessionQueue;

mod model;

use model::{Model, PROCESSES, RESERVED_S, TIMEOUT_S};

/// What is done. Things are named by number, modulo how many there are.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Create { max_players: u32 },
    Activate { session: usize, max_players: u32 },
    StartFails { session: usize },
    Terminate { session: usize },
    Crash { session: usize },
    Policy { session: usize, open: bool },
    Join { session: usize, players: u32 },
    Accept { player: usize, request: u32 },
    Remove { player: usize },
    StartPlacement { id: u32, players: u32, max_players: u32 },
    StopPlacement { id: u32 },
    Pass { seconds: u64 },
}

fn deed() -> impl Strategy<Value = Deed> {
    let number = 0..50_usize;
    prop_oneof![
        3 => (0..4_u32).prop_map(|max_players| Deed::Create { max_players }),
        5 => (number.clone(), 0..4_u32)
            .prop_map(|(session, max_players)| Deed::Activate { session, max_players }),
        1 => number.clone().prop_map(|session| Deed::StartFails { session }),
        2 => number.clone().prop_map(|session| Deed::Terminate { session }),
        1 => number.clone().prop_map(|session| Deed::Crash { session }),
        1 => (number.clone(), any::<bool>()).prop_map(|(session, open)| Deed::Policy { session, open }),
        4 => (number.clone(), 1..4_u32).prop_map(|(session, players)| Deed::Join { session, players }),
        4 => (number.clone(), 0..3_u32).prop_map(|(player, request)| Deed::Accept { player, request }),
        2 => number.prop_map(|player| Deed::Remove { player }),
        3 => (0..4_u32, 0..3_u32, 1..4_u32)
            .prop_map(|(id, players, max_players)| Deed::StartPlacement { id, players, max_players }),
        1 => (0..4_u32).prop_map(|id| Deed::StopPlacement { id }),
        4 => prop_oneof![4 => 1..3_u64, 2 => 9..12_u64, 4 => 8..70_u64, 1 => Just(601)].prop_map(|seconds| Deed::Pass { seconds }),
    ]
}

/// The real thing, with names for what was made.
struct Real {
    world: World,
    fleet: FleetId,
    sessions: Vec<GameServerSessionId>,
    players: Vec<PlayerSessionId>,
}

fn placement_id(id: u32) -> PlacementId {
    PlacementId::new(format!("place-{id}"))
}

impl Real {
    fn new() -> Self {
        let mut world = World::new();
        world.clocks.player_reserve = Duration::from_secs(RESERVED_S);
        let fleet = world.active_fleet(&scope(), PROCESSES);
        let destination = world.fleet(&fleet).resource_name();
        let queue = CreateGameServerSessionQueue {
            scope: scope(),
            name: QueueName::new("q"),
            destinations: vec![destination],
            policies: vec![],
            timeout_s: Some(u32::try_from(TIMEOUT_S).unwrap()),
            tags: vec![],
        };
        world.apply(queue).unwrap();
        Self { world, fleet, sessions: vec![], players: vec![] }
    }

    fn call(&mut self, session: usize, call: SessionCall) -> bool {
        let session = self.world.session(&self.sessions[session]);
        self.world.call(&session, call).is_ok()
    }

    /// Does it, and says whether it was taken.
    fn act(&mut self, deed: &Deed) -> bool {
        let pick = |number: usize, count: usize| number.checked_rem(count);
        let (sessions, players) = (self.sessions.len(), self.players.len());
        let taken = match *deed {
            Deed::Create { max_players } => {
                let request = session_request(&scope(), &self.fleet);
                self.world.apply(CreateGameServerSession { max_players, ..request }).is_ok()
            }
            Deed::Activate { session, max_players } => pick(session, sessions).is_some_and(|session| {
                let id = self.sessions[session].clone();
                self.call(
                    session,
                    SessionCall::Activate { session: id, max_players, start: Default::default() },
                )
            }),
            Deed::StartFails { session } => pick(session, sessions).is_some_and(|session| {
                let row = self.world.session(&self.sessions[session]);
                let (process, session) = (row.process, row.id);
                let kind = ReportKind::StartSessionFailed { process, session, reason: "no".into() };
                self.world.report(&row.instance, kind).is_ok()
            }),
            Deed::Terminate { session } => pick(session, sessions).is_some_and(|session| {
                let id = self.sessions[session].clone();
                self.call(session, SessionCall::Terminate { session: id })
            }),
            Deed::Crash { session } => pick(session, sessions).is_some_and(|session| {
                let row = self.world.session(&self.sessions[session]);
                let lives = self.world.control_plane.state().processes.get(&row.process).is_some();
                if lives {
                    self.end(&row.process, ProcessEnd::Crashed("test".into()));
                }
                lives
            }),
            Deed::Policy { session, open } => pick(session, sessions).is_some_and(|session| {
                let policy = if open { Policy::AcceptAll } else { Policy::DenyAll };
                let id = self.sessions[session].clone();
                self.call(session, SessionCall::UpdatePolicy { session: id, policy })
            }),
            Deed::Join { session, players } => pick(session, sessions).is_some_and(|session| {
                let names: Vec<String> = (0..players).map(|number| format!("p{number}")).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let session = self.sessions[session].clone();
                self.world.join(&session, &names).is_ok()
            }),
            Deed::Accept { player, request } => pick(player, players).is_some_and(|player| {
                let row = self.world.player(&self.players[player]);
                let attempt = format!("7/request-{request}");
                let call = SessionCall::AcceptPlayer {
                    session: row.session.clone(),
                    player_session: row.id,
                    attempt,
                };
                let session = self.world.session(&row.session);
                self.world.call(&session, call).is_ok()
            }),
            Deed::Remove { player } => pick(player, players).is_some_and(|player| {
                let row = self.world.player(&self.players[player]);
                let call = SessionCall::RemovePlayer { session: row.session.clone(), player_session: row.id };
                let session = self.world.session(&row.session);
                self.world.call(&session, call).is_ok()
            }),
            Deed::StartPlacement { id, players, max_players } => {
                self.start_placement(id, players, max_players)
            }
            Deed::StopPlacement { id } => {
                let stop = StopGameServerSessionPlacement { scope: scope(), id: placement_id(id) };
                self.world.apply(stop).is_ok()
            }
            Deed::Pass { seconds } => {
                for _ in 0..seconds {
                    self.world.pass_seconds(1);
                    self.settle();
                }
                true
            }
        };
        self.settle();
        taken
    }

    fn start_placement(&mut self, id: u32, players: u32, max_players: u32) -> bool {
        let joining = |number| Joining { player: format!("p{number}"), data: String::new() };
        let request = PlacementRequest {
            queue: QueueName::new("q"),
            max_players,
            players: (0..players).map(joining).collect(),
            latencies: vec![],
            properties: vec![],
            data: String::new(),
            name: String::new(),
            matchmaker_data: String::new(),
        };
        let start = StartGameServerSessionPlacement { scope: scope(), id: placement_id(id), request };
        self.world.apply(start).is_ok()
    }

    fn end(&mut self, process: &ProcessId, end: ProcessEnd) {
        let row = self.world.control_plane.state().processes.get(process).cloned().unwrap();
        let kind = ReportKind::ProcessEnded { process: row.id, end, log: String::new() };
        self.world.report(&row.instance, kind).unwrap();
    }

    /// The host replaces what ended or was told to end, and what is due at this moment is done.
    fn settle(&mut self) {
        self.world.pass_seconds(0);
        let state = self.world.control_plane.state();
        let told: Vec<ProcessId> =
            state.processes.values().filter(|row| row.draining).map(|row| row.id.clone()).collect();
        for process in told {
            self.end(&process, ProcessEnd::Terminated);
        }
        let instance = self.world.instances(&self.fleet)[0].clone();
        while self.world.control_plane.state().processes.len() < PROCESSES as usize {
            self.world.ready(&instance);
        }
        self.world.pass_seconds(0);
        let state = self.world.control_plane.state();
        let new: Vec<_> = state.game_server_sessions.values().map(|row| row.id.clone()).collect();
        self.sessions.extend(new.into_iter().filter(|id| !self.sessions.contains(id)).collect::<Vec<_>>());
        let state = self.world.control_plane.state();
        let new: Vec<_> = state.player_sessions.values().map(|row| row.id.clone()).collect();
        self.players.extend(new.into_iter().filter(|id| !self.players.contains(id)).collect::<Vec<_>>());
    }

    /// The states, in the words of the model.
    fn shown(&self) -> Vec<String> {
        let state = self.world.control_plane.state();
        let sessions = self.sessions.iter().map(|id| {
            let row = state.game_server_sessions.get(id).unwrap();
            let live = matches!(row.status, Status::Activating | Status::Active);
            format!("session {} {}/{}", row.status, row.seats_taken, if live { row.max_players } else { 0 })
        });
        let players = self.players.iter().map(|id| {
            let row = state.player_sessions.get(id).unwrap();
            let session = self.sessions.iter().position(|id| *id == row.session).unwrap();
            format!("player {} in {session}", row.status)
        });
        let placements = (0..4).filter_map(|id| {
            let key = PlacementKey { scope: scope(), id: placement_id(id) };
            let row = state.placements.get(&key)?;
            let has = |session: &GameServerSessionId| self.sessions.iter().position(|id| id == session);
            let session = match row.status {
                PlacementStatus::Fulfilled => row.fulfilment.as_ref().and_then(|got| has(&got.session)),
                _ => row.activating.as_ref().and_then(has),
            };
            Some(format!("placement {id} {} {session:?}", row.status))
        });
        sessions.chain(players).chain(placements).collect()
    }
}

#[test]
fn sessions_players_and_placements_follow_their_model() {
    // A failure prints what is needed to repeat it; nothing is written beside the sources.
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(deeds in proptest::collection::vec(deed(), 1..60))| {
        let (mut real, mut model) = (Real::new(), Model::new());
        for (step, deed) in deeds.iter().enumerate() {
            let expected = model.act(deed);
            let taken = real.act(deed);
            prop_assert_eq!(taken, expected, "step {}: {:?}", step, deed);
            prop_assert_eq!(real.shown(), model.shown(), "step {}: {:?}", step, deed);
        }
    });
}

/// The names that the model uses are those of the core.
#[test]
fn the_model_speaks_the_words_of_the_core() {
    let words: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
    assert_eq!(words, ["ACTIVATING", "ACTIVE", "TERMINATING", "TERMINATED", "ERROR"]);
    let words: Vec<&str> = PlayerSessionStatus::ALL.iter().map(|status| status.as_str()).collect();
    assert_eq!(words, ["RESERVED", "ACTIVE", "COMPLETED", "TIMEDOUT"]);
}
