//! Who gets in and who does not, over real QUIC on loopback: the three attacks first.

use std::net::{Ipv4Addr, SocketAddr};

use game_net::handshake::ServerProof;
use game_net::protocol::frame::FrameReader;
use game_net::protocol::{ClientMessage, Hosting, ServerMessage};
use quinn::{Connection, ConnectionError, Endpoint};

use super::player::{Joined, Player, connect};
use super::stage::{Stage, settings, wait_for_seat};
use crate::config::MatchSettings;
use crate::room::Refusal;
use crate::transport::server_config;

const ANNA: (&str, &str) = ("anna", "psess-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
const BERT: (&str, &str) = ("bert", "psess-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");

fn in_match() -> Joined {
    Joined::In(Hosting::Match { players_wanted: 2 })
}

fn refused(refusal: Refusal) -> Joined {
    Joined::Refused(refusal.to_string())
}

async fn hello(stage: &Stage, player_id: &str, player_session_id: &str) -> Joined {
    Player::connect(stage.port).await.say_hello(player_id, player_session_id).await
}

#[tokio::test]
async fn the_right_player_enters_and_knows_the_right_server() {
    let mut stage = Stage::hosting_match(settings(), &[ANNA]);
    assert_eq!(hello(&stage, ANNA.0, ANNA.1).await, in_match());
    wait_for_seat(&mut stage.seat_log, &format!("accept {}", ANNA.1)).await;
    // The connection was dropped with the player: the seat becomes free.
    wait_for_seat(&mut stage.seat_log, &format!("remove {}", ANNA.1)).await;
}

#[tokio::test]
async fn attack_forged_id() {
    let stage = Stage::hosting_match(settings(), &[ANNA, BERT]);
    let forged = "psess-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";
    // One answer for all of them: a stranger does not learn who is expected.
    for (player_id, player_session_id) in
        [(ANNA.0, forged), (ANNA.0, BERT.1), ("mallory", ANNA.1), ("anna", "")]
    {
        assert_eq!(hello(&stage, player_id, player_session_id).await, refused(Refusal::NotProven));
    }
    assert!(stage.seat_log.borrow().is_empty(), "no ticket was spent");
    assert_eq!(hello(&stage, ANNA.0, ANNA.1).await, in_match());
}

/// What the man in the middle says to the player in place of the server.
#[derive(Clone, Copy)]
enum Answer {
    /// What the server said to him.
    Forwarded,
    /// A Welcome with the player's own proof.
    Reflected,
    /// A Welcome with anything.
    Invented,
}

/// Ends TLS on both sides with a certificate of his own and passes the Hello on. Returns his port.
fn man_in_the_middle(server: u16, answer: Answer) -> u16 {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let endpoint = Endpoint::server(server_config().unwrap(), address).unwrap();
    let port = endpoint.local_addr().unwrap().port();
    tokio::spawn(async move {
        let victim: Connection = endpoint.accept().await.unwrap().await.unwrap();
        let (mut to_victim, mut from_victim) = victim.accept_bi().await.unwrap();
        let mut reader = FrameReader::from_client();
        let content = loop {
            if let Some(content) = reader.next_content().unwrap() {
                break content;
            }
            reader.push(&from_victim.read_chunk(4096, true).await.unwrap().unwrap().bytes);
        };
        let hello = ClientMessage::from_content(&content).unwrap();
        let ClientMessage::Hello { proof, .. } = &hello else { panic!("`{hello:?}` as first message") };
        let hosting = Hosting::Match { players_wanted: 2 };
        let message = match answer {
            Answer::Forwarded => {
                let mut toward_server = Player::connect(server).await;
                toward_server.say(&hello).await;
                toward_server.hear().await.unwrap()
            }
            Answer::Reflected => {
                ServerMessage::Welcome { proof: ServerProof(proof.0), hosting, resume: None }
            }
            Answer::Invented => {
                ServerMessage::Welcome { proof: ServerProof([0x17; 32]), hosting, resume: None }
            }
        };
        to_victim.write_all(&message.to_frame().unwrap()).await.unwrap();
        victim.closed().await;
    });
    port
}

#[tokio::test]
async fn attack_man_in_the_middle() {
    let stage = Stage::hosting_match(settings(), &[ANNA]);
    let forwarded = man_in_the_middle(stage.port, Answer::Forwarded);
    let joined = Player::connect(forwarded).await.say_hello(ANNA.0, ANNA.1).await;
    assert_eq!(joined, refused(Refusal::NotProven), "the server sees another exporter value");
    for answer in [Answer::Reflected, Answer::Invented] {
        let port = man_in_the_middle(stage.port, answer);
        let joined = Player::connect(port).await.say_hello(ANNA.0, ANNA.1).await;
        assert_eq!(joined, Joined::Impostor, "the player sees that this is not the server");
    }
    assert!(stage.seat_log.borrow().is_empty(), "no ticket was spent");
    assert_eq!(hello(&stage, ANNA.0, ANNA.1).await, in_match());
}

#[tokio::test]
async fn attack_replay() {
    let stage = Stage::hosting_match(settings(), &[ANNA]);
    let mut anna = Player::connect(stage.port).await;
    let recorded = anna.hello(ANNA.0, ANNA.1);
    let mut mallory = Player::connect(stage.port).await;
    mallory.say(&recorded).await;
    assert_eq!(mallory.joined(ANNA.1).await, refused(Refusal::NotProven));
    // On its own connection the very same Hello is good.
    anna.say(&recorded).await;
    assert_eq!(anna.joined(ANNA.1).await, in_match());
}

#[tokio::test]
async fn one_id_lets_one_player_in_once() {
    let stage = Stage::hosting_lobby(&[ANNA]);
    let anna = Player::join(stage.port, ANNA.0, ANNA.1).await;
    assert_eq!(hello(&stage, ANNA.0, ANNA.1).await, refused(Refusal::NotProven));
    drop(anna);
    assert_eq!(hello(&stage, ANNA.0, ANNA.1).await, refused(Refusal::NotProven));
}

#[tokio::test]
async fn a_ticket_is_not_spent_at_a_closed_door() {
    let again = ("anna", "psess-cccccccccccccccccccccccccccccccc");
    // It goes on until Carl has been at the door.
    let settings = MatchSettings { ticks_max: 36_000, ..settings() };
    let stage = Stage::hosting_match(settings, &[ANNA, again, BERT, ("carl", "psess-carl")]);
    let _anna = Player::join(stage.port, ANNA.0, ANNA.1).await;
    assert_eq!(hello(&stage, again.0, again.1).await, refused(Refusal::AlreadyIn));
    let mut bert = Player::join(stage.port, BERT.0, BERT.1).await;
    while !matches!(bert.hear().await, Some(ServerMessage::MatchStart { .. })) {}
    assert_eq!(hello(&stage, "carl", "psess-carl").await, refused(Refusal::Begun));
    assert_eq!(hello(&stage, "carl", "psess-forged").await, refused(Refusal::NotProven));
    let spent = stage.seat_log.borrow().clone();
    assert_eq!(spent, [format!("accept {}", ANNA.1), format!("accept {}", BERT.1)]);
}

#[tokio::test]
async fn without_a_session_nobody_is_let_in() {
    let stage = Stage::hosting_match(settings(), &[ANNA]);
    stage.hosted.send_replace(None);
    assert_eq!(hello(&stage, ANNA.0, ANNA.1).await, refused(Refusal::NoSession));
}

#[tokio::test]
async fn another_version_of_the_protocol_is_refused_in_the_handshake() {
    let stage = Stage::hosting_match(settings(), &[ANNA]);
    let (_endpoint, connection) = connect(stage.port, b"opengse-arena/0").await;
    let error = connection.unwrap_err();
    // 0x100 + TLS alert 120, no_application_protocol (RFC 9001 §4.8).
    let ConnectionError::ConnectionClosed(close) = &error else { panic!("{error:?}") };
    assert_eq!(u64::from(close.error_code), 0x178, "{error}");
}

#[tokio::test]
async fn who_does_not_keep_to_the_protocol_is_cut_off() {
    let stage = Stage::hosting_match(settings(), &[ANNA]);
    let too_long = 5000u16.to_be_bytes().to_vec();
    let no_message = vec![0, 3, 9, 9, 9];
    let chat_before_hello = ClientMessage::ChatSend { text: "let me in".to_owned() }.to_frame().unwrap();
    for bytes in [too_long, no_message, chat_before_hello] {
        let mut stranger = Player::connect(stage.port).await;
        stranger.send.write_all(&bytes).await.unwrap();
        assert_eq!(stranger.hear().await, None);
        let ConnectionError::ApplicationClosed(close) = stranger.connection.closed().await else {
            panic!("not closed by the server")
        };
        assert_eq!(close.reason.as_ref(), b"protocol");
    }
    assert!(stage.seat_log.borrow().is_empty());
}

#[tokio::test]
async fn who_floods_is_cut_off_and_the_others_stay() {
    let mut stage = Stage::hosting_lobby(&[ANNA, BERT]);
    let mut anna = Player::join(stage.port, ANNA.0, ANNA.1).await;
    let mut bert = Player::join(stage.port, BERT.0, BERT.1).await;
    let frame = ClientMessage::ChatSend { text: "!".to_owned() }.to_frame().unwrap();
    // The server may cut her off before all is written.
    let _ = bert.send.write_all(&frame.repeat(200)).await;
    wait_for_seat(&mut stage.seat_log, &format!("remove {}", BERT.1)).await;
    anna.say(&ClientMessage::ChatSend { text: "quiet now".to_owned() }).await;
    let quiet = ServerMessage::Chat { from: "anna".to_owned(), text: "quiet now".to_owned() };
    while anna.hear().await.expect("anna stays") != quiet {}
}
