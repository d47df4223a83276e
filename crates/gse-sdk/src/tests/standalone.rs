//! A process without an agent: the same types, sessions of its own, a seat for whoever comes.

use super::*;
use crate::{ErrorName, PlayerSessionCreationPolicy, PlayerSessionFilter};

fn of(player_id: &str) -> PlayerSessionFilter {
    PlayerSessionFilter { player_id: Some(player_id.into()), ..Default::default() }
}

#[tokio::test]
async fn one_session_after_the_other_with_a_seat_for_everybody() {
    let standalone = Sdk::standalone();
    let two_seats = GameServerSession { max_players: 2, ..standalone.session().clone() };
    let standalone = standalone.with_session(two_seats);
    let mut ready = within(standalone.builder().client_port(3237).ready()).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let session = within(next_session(&mut ready).await.activate()).await.unwrap();
        assert_eq!((session.info().port, session.info().max_players), (3237, 2));
        ids.push(session.info().game_server_session_id.clone());
        let anna = standalone.player_session_id("anna");
        let reserved = within(session.describe_player_sessions(of("anna"))).await.unwrap();
        assert_eq!(reserved.len(), 1);
        assert_eq!(
            (reserved[0].player_session_id.as_str(), reserved[0].status.as_str()),
            (&*anna, "RESERVED")
        );
        within(session.accept_player_session(&anna)).await.unwrap();
        let active = within(session.describe_player_sessions(of("anna"))).await.unwrap();
        assert_eq!((active.len(), active[0].status.as_str()), (1, "ACTIVE"));

        // A ticket is good for one; who left may come again; there are two seats.
        let replay = within(session.accept_player_session(&anna)).await.unwrap_err();
        assert_eq!(replay.name, ErrorName::UnexpectedPlayerSession);
        within(session.remove_player_session(&anna)).await.unwrap();
        for player in ["anna", "bert"] {
            within(session.accept_player_session(&standalone.player_session_id(player))).await.unwrap();
        }
        let third = within(session.accept_player_session(&standalone.player_session_id("carl"))).await;
        assert_eq!(third.unwrap_err().to_string(), "UNEXPECTED_PLAYER_SESSION: all `2` seats are taken");
        within(session.terminate()).await.unwrap();
    }
    assert_ne!(ids[0], ids[1]);
    within(ready.ending()).await.unwrap();
}

#[tokio::test]
async fn the_rules_are_those_of_an_agent() {
    let standalone = Sdk::standalone();
    let mut ready = within(standalone.builder().client_port(3237).ready()).await.unwrap();
    within(ready.report_custom_data(1, 2)).await.unwrap();
    let starting = next_session(&mut ready).await;
    within(starting.update_player_session_creation_policy(PlayerSessionCreationPolicy::DenyAll))
        .await
        .unwrap();
    let session = within(starting.activate()).await.unwrap();
    let players = session.players();
    assert_eq!(within(players.describe_player_sessions(of("anna"))).await.unwrap(), [], "the door is closed");
    let stranger = within(players.accept_player_session("psess-1")).await.unwrap_err();
    assert_eq!(stranger.name, ErrorName::UnexpectedPlayerSession);
    assert!(stranger.detail.contains("hint: "), "{stranger}");
    within(session.terminate()).await.unwrap();
    let late =
        within(players.accept_player_session(&standalone.player_session_id("anna"))).await.unwrap_err();
    assert_eq!(late.name, ErrorName::BadRequestException, "{late}");
    within(ready.ending()).await.unwrap();
}

#[tokio::test]
async fn a_game_that_cannot_host_the_session_gets_no_other() {
    let (asked, mut questions) = tokio::sync::mpsc::unbounded_channel();
    let builder = Sdk::standalone().builder().client_port(3237).on_start(move |_| {
        asked.send(()).unwrap();
        Err("no map".to_owned())
    });
    let mut ready = within(builder.ready()).await.unwrap();
    within(questions.recv()).await.unwrap();
    let next = timeout(Duration::from_millis(50), ready.next_session()).await;
    assert!(next.is_err(), "{next:?}");
    assert_eq!(ready.game_server_session_id(), None);
    within(ready.ending()).await.unwrap();
}
