//! Cases 24 to 27, and 53: one session after another.

use gse_core::Error;
use gse_core::game_server_session::GameServerSessionStatus;
use tonic::Code;

use super::peer::{ok, refused};
use super::service::{FleetForm, Service, clocks};

#[tokio::test]
async fn case_24_reuse() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    for _ in 0..2 {
        let session = service.create(&fleet).await.unwrap();
        let busy = service.create(&fleet).await.unwrap_err();
        assert!(matches!(busy, Error::NoIdleProcess { .. }), "never at the same time: {busy:?}");
        assert_eq!(peer.host().await, session.id);
        peer.terminate(&session.id).await.unwrap();
        assert_eq!(service.session(&session.id).await.status, GameServerSessionStatus::Terminated);
    }
    service.end().await;
}

#[tokio::test]
async fn case_25_stale_id() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let ended = service.create(&fleet).await.unwrap().id;
    peer.host().await;
    let player = service.join(&ended, "anna").await.unwrap().id;
    peer.terminate(&ended).await.unwrap();
    let hosted = service.create(&fleet).await.unwrap().id;
    peer.host().await;
    let before = service.session(&hosted).await;
    for (answer, name) in [
        (peer.remove(&ended, &player).await, "GAME_SERVER_SESSION_NOT_READY"),
        (peer.accept(&ended, &player).await, "GAME_SERVER_SESSION_NOT_READY"),
        (peer.update_policy(&ended, "DENY_ALL").await, "GAME_SERVER_SESSION_NOT_READY"),
        (peer.activate(&ended, 0).await, "GAME_SERVER_SESSION_READY_FAILED"),
    ] {
        let text = refused(answer, Code::FailedPrecondition, name);
        assert!(text.contains(ended.as_str()) && text.contains(hosted.as_str()), "{text}");
    }
    // What was refused is kept for a diagnosis, told behind the answers.
    let id = hosted.clone();
    let mut after = service
        .until(move |state| {
            let session = state.game_server_sessions.get(&id)?;
            (!session.observations.refused.is_empty()).then(|| session.clone())
        })
        .await;
    after.observations = before.observations.clone();
    assert_eq!(after, before);
    service.end().await;
}

#[tokio::test]
async fn case_26_terminate_twice() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let id = service.create(&fleet).await.unwrap().id;
    peer.host().await;
    peer.terminate(&id).await.unwrap();
    assert_eq!(service.session(&id).await.status, GameServerSessionStatus::Terminated);
    let ended = id.clone();
    let log = service.until(move |state| state.game_server_sessions.get(&ended)?.log.clone()).await;
    assert_eq!(log.blob.as_str(), "log-1");
    let once = service.session(&id).await;
    peer.terminate(&id).await.unwrap();
    assert_eq!(service.session(&id).await, once, "once");
    service.end().await;
}

#[tokio::test]
async fn case_26_terminate_an_error_session() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let id = service.create(&fleet).await.unwrap().id;
    let (_, reply) = peer.next_start().await;
    reply.send(Err(tonic::Status::unknown("no map"))).unwrap();
    service.until_status(&id, GameServerSessionStatus::Error).await;
    let failed = service.session(&id).await;
    let tainted = async || service.read(|state| state.processes.values().next().map(|row| row.tainted)).await;
    assert_eq!(tainted().await, Some(true));
    peer.terminate(&id).await.unwrap();
    let mut after = service.session(&id).await;
    // Its log may be stored before or after.
    after.log = failed.log.clone();
    assert_eq!(after, failed, "the status stays");
    assert_eq!(tainted().await, Some(false));
    service.end().await;
}

/// The second half of case 26. The launched process is busy, so that the adopted one is the only one that is idle.
#[tokio::test]
async fn case_26_terminating_an_error_session() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut launched) = service.fleet_of_one(FleetForm::default()).await;
    service.create(&fleet).await.unwrap();
    launched.host().await;
    let mut adopted = service.stranger(4_194_005).await;
    adopted.ready().await.unwrap();
    let failed = service.create(&fleet).await.unwrap().id;
    let (_, reply) = adopted.next_start().await;
    reply.send(Err(tonic::Status::unknown("no map"))).unwrap();
    service.until_status(&failed, GameServerSessionStatus::Error).await;
    let failed = service.session(&failed).await;
    let refusal = service.create(&fleet).await.unwrap_err();
    assert!(refusal.to_string().contains("failed to start its last session"), "{refusal}");
    adopted.terminate(&failed.id).await.unwrap();
    assert_eq!(service.session(&failed.id).await, failed, "the status stays");
    let next = service.create(&fleet).await.unwrap().id;
    assert_eq!(adopted.host().await, next, "eligible again");
    service.end().await;
}

#[tokio::test]
async fn case_27_activation_limit() {
    let mut service = Service::start(clocks(&[])).await;
    let form = FleetForm { processes: 2, max_concurrent_activations: 1, ..FleetForm::default() };
    let (fleet, mut peers) = service.fleet_of(form).await;
    let first = service.create(&fleet).await.unwrap();
    let refusal = service.create(&fleet).await.unwrap_err();
    assert!(refusal.to_string().contains("activates as many sessions as it may"), "{refusal}");
    let of = |port: u16| peers.iter().position(|peer| peer.client_port == i32::from(port)).unwrap();
    let host = of(first.port);
    peers[host].host().await;
    let second = service.create(&fleet).await.unwrap();
    assert_ne!(second.process, first.process);
    let (_, reply) = peers[1 - host].next_start().await;
    reply.send(ok()).unwrap();
    service.end().await;
}

#[tokio::test]
async fn case_53_custom_data() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let first = service.create(&fleet).await.unwrap().id;
    peer.host().await;
    peer.report(3, 10).await.unwrap();
    assert_eq!(service.session(&first).await.custom_counts, (3, 10));
    for (current, max) in [(-1, 0), (0, -1), (i32::MIN, i32::MIN)] {
        refused(peer.report(current, max).await, Code::InvalidArgument, "BAD_REQUEST_EXCEPTION");
    }
    assert_eq!(service.session(&first).await.custom_counts, (3, 10), "old values kept");
    peer.terminate(&first).await.unwrap();
    peer.report(5, 4).await.unwrap();
    assert_eq!(service.session(&first).await.custom_counts, (3, 10), "the last values of its time");
    let second = service.create(&fleet).await.unwrap();
    assert_eq!(second.custom_counts, (5, 4), "reported while idle");
    service.end().await;
}

/// 4.2, step 3, which no case names.
#[tokio::test]
async fn a_session_of_another_fleet_is_a_mismatch() {
    let mut service = Service::start(clocks(&[])).await;
    let (first, mut host) = service.fleet_of_one(FleetForm::default()).await;
    let (_, stranger) = service.fleet_of_one(FleetForm::default()).await;
    let session = service.create(&first).await.unwrap().id;
    host.host().await;
    let before = service.session(&session).await;
    for answer in [
        stranger.activate(&session, 0).await,
        stranger.update_policy(&session, "DENY_ALL").await,
        stranger.terminate(&session).await,
    ] {
        refused(answer, Code::PermissionDenied, "FLEET_MISMATCH");
    }
    assert_eq!(service.session(&session).await, before);
    service.end().await;
}
