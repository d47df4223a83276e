//! The lobby: presence, chat, leaving, and the end.

use game_net::protocol::{ClientMessage, Hosting, Presence, ServerMessage};
use tokio::time::timeout;

use super::player::{DEADLINE, Joined, Player};
use super::stage::{Stage, enter, wait_for_seat};
use crate::room::{Departure, GuestId, RoomEnd, RoomInput};

fn here(player_ids: &[&str]) -> ServerMessage {
    let player_ids = player_ids.iter().map(|id| (*id).to_owned()).collect();
    ServerMessage::Presence(Presence::Here { player_ids })
}

fn chat(from: &str, text: &str) -> ServerMessage {
    ServerMessage::Chat { from: from.to_owned(), text: text.to_owned() }
}

#[tokio::test]
async fn players_meet_talk_and_leave() {
    let mut stage = Stage::hosting_lobby(&[("anna", "psess-a"), ("bert", "psess-b")]);
    let mut anna = Player::connect(stage.port).await;
    assert_eq!(anna.say_hello("anna", "psess-a").await, Joined::In(Hosting::Lobby));
    assert_eq!(anna.hear().await, Some(here(&["anna"])));
    let mut bert = Player::join(stage.port, "bert", "psess-b").await;
    assert_eq!(bert.hear().await, Some(here(&["anna", "bert"])));
    let joined = Presence::Joined { player_id: "bert".to_owned() };
    assert_eq!(anna.hear().await, Some(ServerMessage::Presence(joined)));

    bert.say(&ClientMessage::ChatSend { text: "hello, anna".to_owned() }).await;
    for player in [&mut anna, &mut bert] {
        assert_eq!(player.hear().await, Some(chat("bert", "hello, anna")));
    }
    // Inputs of a match have no meaning here and do no harm.
    anna.connection.send_datagram(vec![1, 2, 3].into()).unwrap();
    bert.say(&ClientMessage::Leave).await;
    assert_eq!(bert.hear().await, None);
    let left = Presence::Left { player_id: "bert".to_owned() };
    assert_eq!(anna.hear().await, Some(ServerMessage::Presence(left)));
    wait_for_seat(&mut stage.seat_log, "remove psess-b").await;
}

/// Somebody says something between the end of a player's connection and the word of it.
#[tokio::test]
async fn who_left_has_left_though_somebody_talks() {
    let mut stage = Stage::hosting_lobby(&[]);
    let inputs = stage.room.inputs.clone();
    let mut anna = enter(&inputs, 0, "anna").await;
    drop(enter(&inputs, 1, "bert").await);
    let talk = ClientMessage::ChatSend { text: "still there?".to_owned() };
    inputs.send(RoomInput::Message { id: GuestId(0), message: talk }).await.unwrap();
    inputs.send(RoomInput::Gone { id: GuestId(1), departure: Departure::Left }).await.unwrap();
    wait_for_seat(&mut stage.seat_log, "remove psess-bert").await;
    let left = ServerMessage::Presence(Presence::Left { player_id: "bert".to_owned() });
    let away = ServerMessage::Presence(Presence::Away { player_id: "bert".to_owned() });
    loop {
        let heard = timeout(DEADLINE, anna.messages.recv()).await.unwrap().expect("anna stays");
        assert_ne!(heard, away);
        if heard == left {
            break;
        }
    }
}

#[tokio::test]
async fn everybody_is_told_of_the_end() {
    let stage = Stage::hosting_lobby(&[("anna", "psess-a")]);
    let mut anna = Player::join(stage.port, "anna", "psess-a").await;
    stage.room.inputs.send(RoomInput::Close { by: None }).await.unwrap();
    assert_eq!(anna.hear().await, Some(here(&["anna"])));
    assert_eq!(anna.hear().await, Some(ServerMessage::Closing { reason: "the lobby closes".to_owned() }));
    assert_eq!(anna.hear().await, None);
    assert_eq!(timeout(DEADLINE, stage.owner).await.unwrap().unwrap(), RoomEnd::Closed);
}
