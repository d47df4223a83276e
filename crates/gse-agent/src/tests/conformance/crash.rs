//! Cases 43 and 44: processes that crash, and processes that live for one match.

use std::time::{Duration, Instant};

use gse_core::game_server_session::GameServerSessionStatus;
use gse_core::player_session::PlayerSessionStatus;
use gse_core::{Error, State};

use super::super::game::Incoming;
use super::ending::kill;
use super::peer::{Peer, ok};
use super::service::{FleetForm, STAYS, Service, clocks};

#[tokio::test]
async fn case_43_crash_while_hosting() {
    let mut service = Service::start(clocks(&[])).await;
    let (fleet, mut peer) = service.fleet_of_one(FleetForm::default()).await;
    let session = service.create(&fleet).await.unwrap().id;
    peer.host().await;
    let playing = service.join(&session, "anna").await.unwrap().id;
    let reserved = service.join(&session, "bert").await.unwrap().id;
    peer.accept(&session, &playing).await.unwrap();
    let began = Instant::now();
    kill(peer.pid);
    let ended = service.until_status(&session, GameServerSessionStatus::Error).await;
    assert!(began.elapsed() < Duration::from_secs(10), "2 s where nothing else runs: {:?}", began.elapsed());
    assert_eq!(ended.status_reason, "SERVER_PROCESS_CRASHED");
    assert_eq!(service.player(&playing).await, PlayerSessionStatus::Completed);
    assert_eq!(service.player(&reserved).await, PlayerSessionStatus::TimedOut);
    assert!(service.events(&fleet).await.contains(&"SERVER_PROCESS_CRASHED"));
    let mut replacement = service.launched().await;
    replacement.ready().await.unwrap();
    let next = service.create(&fleet).await.unwrap().id;
    assert_eq!(replacement.host().await, next);
    service.end().await;
}

#[tokio::test]
async fn case_43_ten_quick_crashes() {
    let changes = [("launch.backoff.first", "20ms"), ("launch.backoff.most", "100ms")];
    let mut service = Service::start(clocks(&changes)).await;
    let script = "#!/bin/sh\n: >pid.$$\n[ -e crash ] && exit 3\nexec sleep 600\n";
    let form = FleetForm { script: script.into(), ..FleetForm::default() };
    let (fleet, peer) = service.fleet_of_one(form).await;
    let slots = service.data.path().join("slots");
    let slot = std::fs::read_dir(slots).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap();
    std::fs::write(slot.path().join("game/crash"), "").unwrap();
    let began = Instant::now();
    kill(peer.pid);
    for _ in 0..10 {
        service.next_pid().await;
    }
    // 20, 40, 80, then 100 ms between two starts.
    assert!(began.elapsed() >= Duration::from_millis(840), "no busy loop: {:?}", began.elapsed());
    let crashes = |events: Vec<&str>| events.iter().filter(|code| **code == "SERVER_PROCESS_CRASHED").count();
    assert!(crashes(service.events(&fleet).await) >= 10, "each has its event");
    service.end().await;
}

/// Rounds of case 44.
const ROUNDS: usize = 500;
/// Processes that play them side by side.
const PROCESSES: u32 = 8;

/// One match, then it says goodbye and is gone.
async fn one_match(mut peer: Peer) {
    while let Some(callback) = peer.callbacks.recv().await {
        let Incoming::Start(session, reply) = callback else { continue };
        let session = gse_core::id::GameServerSessionId::new(session.game_server_session_id);
        peer.activate(&session, 0).await.unwrap();
        let _ = reply.send(ok());
        peer.terminate(&session).await.unwrap();
        peer.ending().await.unwrap();
        kill(peer.pid);
        return;
    }
}

fn is_over(state: &State) -> bool {
    state.game_server_sessions.values().all(|session| session.status.is_over())
}

#[tokio::test]
async fn case_44_one_match_server() {
    let mut service = Service::start(clocks(&[])).await;
    let form = FleetForm { processes: PROCESSES, script: STAYS.into(), ..FleetForm::default() };
    let (fleet, peers) = service.fleet_of(form).await;
    let mut matches = tokio::task::JoinSet::new();
    for peer in peers {
        matches.spawn(one_match(peer));
    }
    let (control, target) = (service.control.clone(), fleet.clone());
    let creating = tokio::spawn(async move {
        let mut created = 0;
        while created < ROUNDS {
            match control.create(&target).await {
                Ok(_) => created += 1,
                Err(Error::NoIdleProcess { .. }) => control.next_step().await,
                Err(error) => panic!("{error}"),
            }
        }
    });
    while !creating.is_finished() {
        if let Some(mut peer) = service.try_launched().await {
            peer.ready().await.unwrap();
            matches.spawn(one_match(peer));
        }
    }
    creating.await.unwrap();
    service.until(|state| is_over(state).then_some(())).await;
    let count = service.read(|state| state.game_server_sessions.len()).await;
    assert_eq!(count, ROUNDS);
    let events = service.events(&fleet).await;
    assert!(!events.contains(&"SERVER_PROCESS_CRASHED"), "{events:?}");
    assert!(!events.contains(&"GAME_SESSION_ACTIVATION_TIMEOUT"), "{events:?}");
    matches.abort_all();
    service.end().await;
}
