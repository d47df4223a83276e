//! Cases 16 to 23: a session is handed to a process and activated, or not.

use std::time::{Duration, Instant};

use gse_core::game_server_session::GameServerSessionStatus;
use gse_core::id::GameServerSessionId;
use gse_proto::grpcsdk as proto;
use tonic::{Code, Status};

use super::log::Log;
use super::peer::{Peer, ok, refused};
use super::service::{FleetForm, Service, clocks};

fn processes(processes: u32) -> FleetForm {
    FleetForm { processes, ..FleetForm::default() }
}

/// For fifty sessions. One that stalls for ever is found by the deadline of each wait; stalls that end, as one after the
/// other would, delay every round, and a machine that has much else to do only some.
const NO_STALL: Duration = Duration::from_secs(10);

#[tokio::test]
async fn case_16_nested_activate() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, peers) = service.fleet_of(processes(50)).await;
    let callers: std::collections::BTreeMap<i32, _> =
        peers.into_iter().map(|peer| (peer.client_port, peer.behave())).collect();
    let mut quickest = Duration::MAX;
    for _ in 0..20 {
        let began = Instant::now();
        let mut sessions = Vec::new();
        for _ in 0..50 {
            sessions.push(service.create(&fleet).await.unwrap());
        }
        let mut ended = tokio::task::JoinSet::new();
        for session in sessions {
            let active = service.until_status(&session.id, GameServerSessionStatus::Active).await;
            let caller = callers[&i32::from(active.port)].clone();
            ended.spawn(async move { caller.terminate(&active.id).await });
        }
        while let Some(answer) = ended.join_next().await {
            answer.unwrap().unwrap();
        }
        quickest = quickest.min(began.elapsed());
    }
    assert!(quickest < NO_STALL, "50 sessions took {quickest:?} at least");
    let terminated = service.read(|state| {
        let sessions = state.game_server_sessions.values();
        sessions.filter(|session| session.status == GameServerSessionStatus::Terminated).count()
    });
    assert_eq!(terminated.await, 1000);
    service.end().await;
}

#[tokio::test]
async fn case_17_late_activate() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let id = service.create(&fleet).await.unwrap().id;
    let (session, reply) = peer.next_start().await;
    assert_eq!(session.game_server_session_id, id.as_str());
    reply.send(ok()).unwrap();
    // An answer of the agent after the callback has returned.
    peer.report(1, 1).await.unwrap();
    assert_eq!(service.session(&id).await.status, GameServerSessionStatus::Activating);
    peer.activate(&id, 0).await.unwrap();
    assert_eq!(service.session(&id).await.status, GameServerSessionStatus::Active);
    service.end().await;
}

#[tokio::test]
async fn case_18_slow_start() {
    let log = Log::start();
    let mut service = Service::start(clocks(&[("health.interval", "50ms")])).await;
    let (fleet, mut peers) = service.fleet_of(processes(2)).await;
    for peer in &mut peers {
        peer.next_health().await.send(true).unwrap();
    }
    let session = service.create(&fleet).await.unwrap();
    let slow = peers.iter().position(|peer| peer.client_port == i32::from(session.port)).unwrap();
    let (mut slow, mut other) = (peers.remove(slow), peers.remove(0));
    let (_, reply) = loop {
        match slow.next().await {
            super::super::game::Incoming::Start(session, reply) => break (session, reply),
            super::super::game::Incoming::Health(reply) => reply.send(true).unwrap(),
            super::super::game::Incoming::Terminate(..) => panic!("it is healthy"),
        }
    };
    // The clock that both have: six checks of the other one.
    for _ in 0..6 {
        other.next_health().await.send(true).unwrap();
    }
    assert!(slow.callbacks.try_recv().is_err(), "one callback at a time");
    slow.activate(&session.id, 0).await.unwrap();
    reply.send(ok()).unwrap();
    assert_eq!(service.session(&session.id).await.status, GameServerSessionStatus::Active);
    slow.next_health().await.send(true).unwrap();
    assert!(!log.text().contains("OnHealthCheck of process"), "no failure was counted");
    service.end().await;
}

#[tokio::test]
async fn case_19_activation_timeout() {
    let mut service = Service::start(clocks(&[])).await;
    let form = FleetForm { activation_timeout_s: 120, ..FleetForm::default() };
    let (fleet, mut peer) = service.fleet_of_one(form).await;
    let created = service.create(&fleet).await.unwrap();
    let id = created.id;
    let (_, reply) = peer.next_start().await;
    reply.send(ok()).unwrap();
    service.stop_clock(created.created.plus(Duration::from_millis(119_999))).await;
    assert_eq!(service.session(&id).await.status, GameServerSessionStatus::Activating);
    service.stop_clock(created.created.plus(Duration::from_secs(120))).await;
    let session = service.session(&id).await;
    assert_eq!(session.status, GameServerSessionStatus::Error);
    let reason = &session.status_reason;
    assert!(
        reason.starts_with("GAME_SESSION_ACTIVATION_TIMEOUT: OnStartGameServerSession returned OK"),
        "{reason}"
    );
    assert!(service.events(&fleet).await.contains(&"GAME_SESSION_ACTIVATION_TIMEOUT"));
    peer.next_terminate(true).await.1.send(ok()).unwrap();
    let answer = peer.activate(&id, 5).await;
    refused(answer, Code::FailedPrecondition, "GAME_SERVER_SESSION_READY_FAILED");
    assert_eq!(service.session(&id).await, session, "nothing changed");
    service.end().await;
}

#[tokio::test]
async fn case_20_activate_twice_or_by_a_stranger() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peers) = service.fleet_of(processes(2)).await;
    let session = service.create(&fleet).await.unwrap();
    let host = peers.iter().position(|peer| peer.client_port == i32::from(session.port)).unwrap();
    let (mut host, stranger) = (peers.remove(host), peers.remove(0));
    let (_, reply) = host.next_start().await;
    let before = service.session(&session.id).await;
    let answer = stranger.activate(&session.id, 1).await;
    refused(answer, Code::PermissionDenied, "BAD_REQUEST_EXCEPTION");
    assert_eq!(service.session(&session.id).await, before);
    host.activate(&session.id, 0).await.unwrap();
    let active = service.session(&session.id).await;
    host.activate(&session.id, 0).await.unwrap();
    refused(stranger.activate(&session.id, 1).await, Code::PermissionDenied, "BAD_REQUEST_EXCEPTION");
    assert_eq!(service.session(&session.id).await, active);
    reply.send(ok()).unwrap();
    service.end().await;
}

#[tokio::test]
async fn case_21_activate_then_fail() {
    let log = Log::start();
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let id = service.create(&fleet).await.unwrap().id;
    let (_, reply) = peer.next_start().await;
    peer.activate(&id, 0).await.unwrap();
    reply.send(Err(Status::unknown("lost my head"))).unwrap();
    log.until(&["OnStartGameServerSession", id.as_str(), "lost my head"]).await;
    peer.report(1, 1).await.unwrap();
    assert_eq!(service.session(&id).await.status, GameServerSessionStatus::Active);
    service.end().await;
}

async fn start_answered(
    service: &Service,
    peer: &mut Peer,
    fleet: &gse_core::id::FleetId,
    answer: Result<proto::GseResponse, Status>,
) -> GameServerSessionId {
    let id = service.create(fleet).await.unwrap().id;
    let (_, reply) = peer.next_start().await;
    reply.send(answer).unwrap();
    id
}

#[tokio::test]
async fn case_22_rich_failure() {
    let rich = |status, message: &str| {
        Ok(proto::GseResponse { status, response_data: String::new(), error_message: message.into() })
    };
    let table = [
        (rich(2, "no memory"), "no memory"),
        (rich(1, "bad map"), "bad map"),
        (rich(7, "odd"), "odd"),
        (Err(Status::unimplemented("no handler")), "base class"),
    ];
    for (answer, words) in table {
        let mut service = Service::start(clocks(&[])).await;
        let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
        let id = start_answered(&service, &mut peer, &fleet, answer).await;
        let session = service.until_status(&id, GameServerSessionStatus::Error).await;
        assert!(session.status_reason.contains(words), "{}", session.status_reason);
        assert!(service.events(&fleet).await.contains(&"GENERIC_EVENT"));
        service.end().await;
    }
    for success in [ok(), rich(0, "SUCCESS")] {
        let mut service = Service::start(clocks(&[])).await;
        let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
        let id = start_answered(&service, &mut peer, &fleet, success).await;
        peer.activate(&id, 0).await.unwrap();
        assert_eq!(service.session(&id).await.status, GameServerSessionStatus::Active);
        service.end().await;
    }
}

#[tokio::test]
async fn case_23_max_players() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    for (told, maximum) in [(0, 10), (4, 4), (50, 10), (10, 10)] {
        let id = service.create_for(&fleet, 10).await.unwrap().id;
        let (session, reply) = peer.next_start().await;
        assert_eq!(session.max_players, 10);
        refused(peer.activate(&id, -1).await, Code::InvalidArgument, "BAD_REQUEST_EXCEPTION");
        assert_eq!(service.session(&id).await.status, GameServerSessionStatus::Activating);
        peer.activate(&id, told).await.unwrap();
        let session = service.session(&id).await;
        assert_eq!((session.status, session.max_players), (GameServerSessionStatus::Active, maximum));
        reply.send(ok()).unwrap();
        peer.terminate(&id).await.unwrap();
    }
    service.end().await;
}
