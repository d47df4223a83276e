//! Seats against a scripted agent: none is lost when a player gives up while joining, or when many leave at once.

use gse_sdk::testing::{Answer, Call, ScriptedAgent};
use gse_sdk::{GameServerSession, Players, Ready};
use tokio::time::timeout;

use super::player::DEADLINE;
use crate::seats::{self, PlayerSessionId};

/// The players of an active session. The process lives as long as its value.
async fn active_session() -> (ScriptedAgent, Ready, Players) {
    let agent = ScriptedAgent::start();
    let mut ready = agent.builder().client_port(30_000).ready().await.unwrap();
    let session = GameServerSession {
        game_server_session_id: "gs-1".into(),
        max_players: 200,
        port: 30_000,
        ..GameServerSession::default()
    };
    agent.start_game_server_session(&session).await.unwrap();
    let starting = ready.next_session().await.expect("a session was handed out");
    let players = starting.activate().await.unwrap().players();
    (agent, ready, players)
}

#[tokio::test]
async fn a_seat_that_nobody_waits_for_is_freed_again() {
    let (agent, _ready, players) = active_session().await;
    let (seats, served) = seats::channel();
    tokio::select! {
        biased;
        _ = seats.accept(PlayerSessionId::new("psess-1")) => panic!("nobody serves the seats yet"),
        // The request was sent; the connection that waits for it is lost.
        () = std::future::ready(()) => {}
    }
    let serving = tokio::spawn(seats::serve(players, served));
    let removed = timeout(DEADLINE, agent.wait_for(Call::RemovePlayerSession, 1)).await.unwrap();
    assert_eq!(removed.field("playerSessionId"), "psess-1");
    drop(seats);
    timeout(DEADLINE, serving).await.unwrap().unwrap();
}

/// Whoever says a name makes the server ask about it.
#[tokio::test]
async fn nobody_waits_behind_those_who_only_say_a_name() {
    let (agent, _ready, players) = active_session().await;
    let (seats, served) = seats::channel();
    let serving = tokio::spawn(seats::serve(players, served));
    let crowd: Vec<_> = (0..3)
        .map(|number| {
            agent.answer_next(Call::DescribePlayerSessions, Answer::Never);
            let seats = seats.clone();
            tokio::spawn(async move { seats.reserved(&format!("nobody-{number}")).await })
        })
        .collect();
    timeout(DEADLINE, agent.wait_for(Call::DescribePlayerSessions, 3)).await.unwrap();
    let reserved = timeout(DEADLINE, seats.reserved("anna")).await.unwrap();
    assert_eq!(reserved, Some(Vec::new()));
    assert!(timeout(DEADLINE, seats.accept(PlayerSessionId::new("psess-1"))).await.unwrap());
    assert!(crowd.iter().all(|one| !one.is_finished()), "these are still not answered");
    crowd.iter().for_each(tokio::task::JoinHandle::abort);
    drop((seats, crowd));
    serving.abort();
}

#[tokio::test]
async fn a_crowd_that_leaves_at_once_frees_every_seat() {
    let (agent, _ready, players) = active_session().await;
    let (seats, served) = seats::channel();
    for player in 0..200 {
        seats.remove(PlayerSessionId::new(&format!("psess-{player}")));
    }
    // The room goes away with them; what it freed last is still freed.
    drop(seats);
    let serving = tokio::spawn(seats::serve(players, served));
    timeout(DEADLINE, serving).await.unwrap().unwrap();
    let removals = agent.calls().iter().filter(|recorded| recorded.call == Call::RemovePlayerSession).count();
    assert_eq!(removals, 200);
}
