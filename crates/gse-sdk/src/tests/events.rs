//! The three callbacks, from the agent's side and from the game's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::ErrorName;

#[tokio::test]
async fn health_is_what_the_function_says() {
    let agent = ScriptedAgent::start();
    let well = Arc::new(AtomicBool::new(true));
    let asked = well.clone();
    let builder = agent.builder().client_port(3237).health(move || asked.load(Ordering::Relaxed));
    let process = within(builder.ready()).await.unwrap();
    assert!(within(agent.health_check()).await.unwrap());
    well.store(false, Ordering::Relaxed);
    assert!(!within(agent.health_check()).await.unwrap());
    within(process.ending()).await.unwrap();
}

#[tokio::test]
async fn without_a_function_a_process_is_healthy_and_after_ending_it_is_unreachable() {
    let (agent, process) = pair().await;
    assert!(within(agent.health_check()).await.unwrap());
    within(process.ending()).await.unwrap();
    assert_eq!(within(agent.health_check()).await.unwrap_err().name, ErrorName::ServiceCallFailed);
}

#[tokio::test]
async fn a_dropped_process_stops_its_callbacks_and_gives_its_place_back() {
    let (agent, process) = pair().await;
    assert!(within(agent.health_check()).await.unwrap());
    drop(process);
    let gone = within(async {
        loop {
            if let Err(error) = agent.health_check().await {
                break error;
            }
        }
    })
    .await;
    assert_eq!(gone.name, ErrorName::ServiceCallFailed);
    let again = agent.builder().client_port(3237).ready();
    within(within(again).await.unwrap().ending()).await.unwrap();
}

#[tokio::test]
async fn a_peer_that_does_not_hang_up_cannot_hold_the_end() {
    let (_agent, process) = loopback_pair().await;
    let mut peer = TcpStream::connect(("127.0.0.1", process.grpc_port())).await.unwrap();
    // The greeting of HTTP/2 and empty settings; what follows is silence, GOAWAY or not.
    peer.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut greeting = [0; 9];
    within(peer.read_exact(&mut greeting)).await.unwrap();
    within(process.ending()).await.unwrap();
}

#[tokio::test]
async fn start_is_answered_before_the_game_acts_and_activate_may_come_inside_it() {
    let (agent, mut process) = pair().await;
    // Both run at once: the game activates while the agent still waits for the answer of its callback.
    let start = info("gs-1");
    let (started, session) = within(async {
        tokio::join!(agent.start_game_server_session(&start), async {
            next_session(&mut process).await.activate().await.unwrap().terminate().await
        })
    })
    .await;
    started.unwrap();
    session.unwrap();

    // And the answer does not depend on the game reading its events at all.
    within(agent.start_game_server_session(&info("gs-2"))).await.unwrap();
    assert_eq!(next_session(&mut process).await.info().game_server_session_id, "gs-2");
}

#[tokio::test]
async fn terminate_reaches_the_game_with_its_time() {
    let (agent, mut process) = pair().await;
    assert_eq!(process.termination_time(), None);
    within(agent.process_terminate(1_700_000_300)).await.unwrap();
    let mut handle = process.handle();
    let terminate = within(handle.process_terminate()).await.unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_300);
    assert_eq!(terminate.termination_time(), Some(time));
    assert_eq!(process.termination_time(), Some(time));
    // It may come again, in milliseconds or without a time.
    for (value, expected) in [(1_700_000_300_000, Some(time)), (-1, None), (i64::MIN, None)] {
        within(agent.process_terminate(value)).await.unwrap();
        let again = within(handle.process_terminate()).await.unwrap();
        assert_eq!(again.termination_time(), expected);
    }
    // A process that goes on asking for sessions is told the same each time.
    for _ in 0..2 {
        assert!(within(process.next_session()).await.is_none());
    }
}

#[tokio::test]
async fn a_game_that_does_not_read_gets_no_more_sessions_but_still_hears_the_end() {
    let (agent, mut process) = pair().await;
    let mut taken = 0;
    let refusal = loop {
        match within(agent.start_game_server_session(&info(&format!("gs-{taken}")))).await {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 1000, "the queue has no bound");
    };
    assert_eq!(refusal.name, ErrorName::GameServerSessionReadyFailed, "{refusal}");
    within(agent.process_terminate(1_700_000_300)).await.unwrap();
    for n in 0..taken {
        assert_eq!(next_session(&mut process).await.info().game_server_session_id, format!("gs-{n}"));
    }
    assert!(within(process.next_session()).await.is_none());
}

#[tokio::test]
async fn a_session_that_makes_no_sense_is_refused_and_the_next_one_is_taken() {
    let (agent, mut process) = pair().await;
    let error = within(agent.start_game_server_session(&info(""))).await.unwrap_err();
    assert_eq!(error.to_string(), "BAD_REQUEST_EXCEPTION: `gameServerSessionId` is empty");
    assert_eq!(process.game_server_session_id(), None);
    within(agent.start_game_server_session(&info("gs-1"))).await.unwrap();
    assert_eq!(next_session(&mut process).await.info().game_server_session_id, "gs-1");
}

#[tokio::test]
async fn one_session_after_the_other_on_one_process() {
    let (agent, mut process) = pair().await;
    for round in 0..50 {
        let id = format!("gs-{round}");
        within(agent.start_game_server_session(&info(&id))).await.unwrap();
        let session = within(next_session(&mut process).await.activate()).await.unwrap();
        assert_eq!(session.info().game_server_session_id, id);
        within(session.terminate()).await.unwrap();
    }
    assert_eq!(sequence(&agent).iter().filter(|call| **call == Call::ProcessReady).count(), 1);
}
