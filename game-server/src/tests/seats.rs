//! Seats against a fake agent: none is lost when a player gives up while joining, or when many leave at once.

use gse_sdk::testing::{Call, FakeAgent};
use gse_sdk::{ActiveSession, Event, GameServer, GameServerSession, Process};
use tokio::time::timeout;

use super::player::DEADLINE;
use crate::seats::{self, PlayerSessionId};

async fn active_session() -> (FakeAgent, Process, ActiveSession) {
    let agent = FakeAgent::start().await.unwrap();
    let builder = GameServer::builder().agent_address(agent.address());
    let mut process = builder.client_port(30_000).ready().await.unwrap();
    let session = GameServerSession {
        game_server_session_id: "gs-1".into(),
        max_players: 200,
        port: 30_000,
        ..GameServerSession::default()
    };
    agent.start_game_server_session(&session).await.unwrap();
    let Some(Event::StartGameServerSession(starting)) = process.next_event().await else {
        panic!("no session")
    };
    let session = starting.activate().await.unwrap();
    (agent, process, session)
}

#[tokio::test]
async fn a_seat_that_nobody_waits_for_is_freed_again() {
    let (agent, _process, session) = active_session().await;
    let (seats, served) = seats::channel();
    tokio::select! {
        biased;
        _ = seats.accept(PlayerSessionId::new("psess-1")) => panic!("nobody serves the seats yet"),
        // The request was sent; the connection that waits for it is lost.
        () = std::future::ready(()) => {}
    }
    let serving = tokio::spawn(seats::serve(session.players(), served));
    let removed = timeout(DEADLINE, agent.wait_for(Call::RemovePlayerSession, 1)).await.unwrap();
    assert_eq!(removed.field("playerSessionId"), "psess-1");
    drop(seats);
    timeout(DEADLINE, serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_crowd_that_leaves_at_once_frees_every_seat() {
    let (agent, _process, session) = active_session().await;
    let (seats, served) = seats::channel();
    for player in 0..200 {
        seats.remove(PlayerSessionId::new(&format!("psess-{player}")));
    }
    // The room goes away with them; what it freed last is still freed.
    drop(seats);
    let serving = tokio::spawn(seats::serve(session.players(), served));
    timeout(DEADLINE, serving).await.unwrap().unwrap();
    let removals = agent.calls().iter().filter(|recorded| recorded.call == Call::RemovePlayerSession).count();
    assert_eq!(removals, 200);
}
