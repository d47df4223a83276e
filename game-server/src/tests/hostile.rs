//! Clients that harm: floods, garbage, crowds at the door, and one that never reads. The others play on.

use game_net::protocol::{ClientMessage, Presence, ServerMessage};
use quinn::{ConnectionError, Endpoint};
use tokio::time::timeout;

use super::player::{DEADLINE, Joined, Player, client_config};
use super::relay::Relay;
use super::stage::{LIMITS, SPECTATOR_KEY, Stage, settings, wait_for_seat};
use crate::config::MatchSettings;
use crate::room::{GuestId, RoomInput};

const ANNA: (&str, &str) = ("anna", "psess-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
const BERT: (&str, &str) = ("bert", "psess-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");

/// A lobby, and two who are in it.
async fn two_in_a_lobby() -> (Stage, Player, Player) {
    let stage = Stage::hosting_lobby(&[ANNA, BERT]);
    let anna = Player::join(stage.port, ANNA.0, ANNA.1).await;
    let bert = Player::join(stage.port, BERT.0, BERT.1).await;
    (stage, anna, bert)
}

/// Anna is served as ever.
async fn anna_talks(anna: &mut Player) {
    anna.say(&ClientMessage::ChatSend { text: "still here".to_owned() }).await;
    let chat = ServerMessage::Chat { from: "anna".to_owned(), text: "still here".to_owned() };
    while anna.hear().await.expect("anna stays") != chat {}
}

/// Sends datagrams until the connection is closed; the reason.
async fn flood(connection: &quinn::Connection, datagram: &[u8]) -> Vec<u8> {
    let closed = async {
        loop {
            for _ in 0..100 {
                if connection.send_datagram_wait(datagram.to_vec().into()).await.is_err() {
                    match connection.closed().await {
                        ConnectionError::ApplicationClosed(close) => return close.reason.to_vec(),
                        other => panic!("{other}"),
                    }
                }
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, closed).await.expect("nobody is cut off")
}

#[tokio::test]
async fn who_floods_with_datagrams_is_cut_off() {
    let (mut stage, mut anna, bert) = two_in_a_lobby().await;
    // A lobby has no use for datagrams, so these are not even wrong, only many.
    assert_eq!(flood(&bert.connection, &[3, 0, 0, 0, 0]).await, b"protocol");
    wait_for_seat(&mut stage.seat_log, &format!("remove {}", BERT.1)).await;
    anna_talks(&mut anna).await;
}

#[tokio::test]
async fn who_sends_garbage_in_a_match_is_cut_off_and_told_why() {
    let settings = MatchSettings { ticks_max: 36_000, ..settings() };
    let mut stage = Stage::hosting_match(settings, &[ANNA, BERT]);
    let mut anna = Player::join(stage.port, ANNA.0, ANNA.1).await;
    let mut bert = Player::join(stage.port, BERT.0, BERT.1).await;
    while !matches!(bert.hear().await.unwrap(), ServerMessage::MatchStart { .. }) {}
    let (mut watcher, _) = Player::watch(stage.port, SPECTATOR_KEY).await;
    for guest in [&mut watcher, &mut bert] {
        let cut_off = async {
            let mut garbage = (0..=u8::MAX).cycle();
            let connection = guest.connection.clone();
            loop {
                tokio::select! {
                    message = guest.hear() => match message {
                        Some(ServerMessage::Closing { reason }) => return reason,
                        Some(_) => (),
                        None => panic!("no last word"),
                    },
                    sent = connection.send_datagram_wait(vec![1, garbage.next().unwrap(), 9].into()) => {
                        // Closed, and the last word is still to be read.
                        let _ = sent;
                        tokio::task::yield_now().await;
                    }
                }
            }
        };
        let reason = timeout(DEADLINE, cut_off).await.expect("nobody is cut off");
        assert_eq!(reason, "you send datagrams that are none of this protocol");
    }
    // Bert is out, not away.
    wait_for_seat(&mut stage.seat_log, &format!("remove {}", BERT.1)).await;
    let away = ServerMessage::Presence(Presence::Away { player_id: BERT.0.to_owned() });
    loop {
        match anna.hear().await.unwrap() {
            ServerMessage::MatchEnd { .. } => break,
            message => assert_ne!(message, away),
        }
    }
}

#[tokio::test]
async fn who_never_reads_cannot_make_the_server_keep_all_of_it() {
    let (stage, mut anna, bert) = two_in_a_lobby().await;
    // Anna talks past her own limit, as many could together. Bert takes nothing from his stream.
    let text = "x".repeat(game_net::protocol::CHAT_TEXT_MAX);
    // A few hundred messages wait for him at most; then he is cut off, and may come back: his line may be to blame.
    let away = ServerMessage::Presence(Presence::Away { player_id: "bert".to_owned() });
    let inputs = stage.room.inputs.clone();
    let flood = tokio::spawn(async move {
        // The room may be over first.
        loop {
            let message = ClientMessage::ChatSend { text: text.clone() };
            // Anna is the first connection of this process.
            if inputs.send(RoomInput::Message { id: GuestId(0), message }).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    });
    let seen = async { while anna.hear().await.expect("anna reads, and stays") != away {} };
    timeout(DEADLINE, seen).await.expect("bert is not cut off");
    flood.abort();
    drop(bert);
    anna_talks(&mut anna).await;
}

#[tokio::test]
async fn a_crowd_at_the_door_must_show_its_address_and_is_limited() {
    let (stage, mut anna, _bert) = two_in_a_lobby().await;
    let relay = Relay::to(stage.port).await;
    drop(Player::connect(relay.port).await);
    assert_eq!(relay.retries(), 0, "an empty door asks for no proof of address");

    // Nobody of these ever says who they are.
    let mut endpoint = Endpoint::client((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    endpoint.set_default_client_config(client_config(game_net::protocol::PROTOCOL));
    let (mut crowd, mut silent) = (Vec::new(), None);
    let refused = loop {
        let connecting = endpoint.connect((std::net::Ipv4Addr::LOCALHOST, stage.port).into(), "x").unwrap();
        match timeout(DEADLINE, connecting).await.unwrap() {
            Ok(connection) => crowd.push(connection),
            Err(error) => break error,
        }
        if crowd.len() == LIMITS.without_retry {
            let relay = Relay::to(stage.port).await;
            // One who does not ask for it gets in all the same.
            silent = Some(Player::connect(relay.port).await);
            assert_eq!(relay.retries(), 1, "a full one does");
        }
        assert!(crowd.len() < LIMITS.per_address, "nobody is refused");
    };
    let ConnectionError::ConnectionClosed(close) = &refused else { panic!("{refused:?}") };
    assert_eq!(close.error_code, quinn::TransportErrorCode::CONNECTION_REFUSED);
    assert_eq!(crowd.len() + usize::from(silent.is_some()), LIMITS.per_address);
    anna_talks(&mut anna).await;
    // When they go, the door is free again.
    crowd.iter().for_each(|connection| connection.close(0u8.into(), b""));
    let again = async {
        loop {
            let (endpoint, connection) =
                super::player::connect(stage.port, game_net::protocol::PROTOCOL).await;
            if connection.is_ok() {
                return endpoint;
            }
        }
    };
    timeout(DEADLINE, again).await.expect("the door stays shut");
}

#[tokio::test]
async fn a_first_message_in_the_middle_is_against_the_protocol() {
    let (mut stage, mut anna, mut bert) = two_in_a_lobby().await;
    let again = bert.hello(BERT.0, BERT.1);
    bert.say(&again).await;
    wait_for_seat(&mut stage.seat_log, &format!("remove {}", BERT.1)).await;
    let (_, joined) = Player::resume(stage.port, BERT.0, bert.token.unwrap()).await;
    assert!(matches!(joined, Joined::Refused(_)), "who is cut off does not come back: {joined:?}");
    anna_talks(&mut anna).await;
}
