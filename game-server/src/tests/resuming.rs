//! Players whose connection is lost and who come back: with a token, without one, in time and too late.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use game_net::client::Client;
use game_net::handshake::{ResumeToken, Secret, client_proof};
use game_net::protocol::snapshot::Header;
use game_net::protocol::{ClientMessage, Hosting, Presence, ServerMessage};
use game_sim::{EndReason, PlayerInput};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::player::{DEADLINE, Joined, Player};
use super::relay::Relay;
use super::stage::{SeatLog, Stage, enter, hear_out, run_match, settings, table, token, wait_for_seat};
use crate::config::MatchSettings;
use crate::guests::RESUME_WITHIN;
use crate::room::{Departure, GuestId, Inlet, Outlet, Refusal, Resume, Resumed, Room, RoomEnd, RoomInput};

const EXPORTER: [u8; 32] = [7; 32];
const IN_MATCH: Hosting = Hosting::Match { players_wanted: 2 };

/// A match that goes on for as long as the test does, without a network.
fn open(players_wanted: usize) -> (mpsc::Sender<RoomInput>, tokio::task::JoinHandle<RoomEnd>, SeatLog) {
    let (seats, log) = table(&[]);
    let (room, taken) = Room::new(seats.clone(), None);
    let settings = MatchSettings { ticks_max: 36_000, players_wanted, ..settings() };
    (room.inputs, tokio::spawn(run_match(settings, seats, taken)), log)
}

fn lost(id: u64) -> RoomInput {
    RoomInput::Gone { id: GuestId(id), departure: Departure::Lost }
}

/// Asks a room for a seat back as a connection does.
async fn resume(
    inputs: &mpsc::Sender<RoomInput>,
    id: u64,
    player_id: &str,
    token: ResumeToken,
    exporter: [u8; 32],
) -> (Inlet, Result<Resumed, Refusal>) {
    let (outlet, inlet) = Outlet::channel();
    let (answer, answered) = oneshot::channel();
    let proof = client_proof(Secret::ResumeToken(&token), &EXPORTER);
    let resume = Resume { player_id: player_id.to_owned(), proof, exporter, outlet, answer };
    inputs.send(RoomInput::Resume { id: GuestId(id), resume }).await.unwrap();
    (inlet, answered.await.unwrap())
}

fn presence(messages: &[ServerMessage]) -> Vec<&Presence> {
    let found = messages.iter().filter_map(|message| match message {
        ServerMessage::Presence(presence) => Some(presence),
        _ => None,
    });
    found.collect()
}

const BERT: &str = "bert";
#[tokio::test(start_paused = true)]
async fn who_comes_back_in_time_plays_on_and_others_see_no_gap() {
    let (inputs, owner, mut log) = open(2);
    let mut anna = enter(&inputs, 1, "anna").await;
    let mut first = enter(&inputs, 2, "bert").await;
    inputs.send(lost(2)).await.unwrap();
    while first.messages.recv().await.is_some() {}
    tokio::time::sleep(RESUME_WITHIN - Duration::from_secs(1)).await;
    let (mut second, resumed) = resume(&inputs, 3, "bert", token("bert"), EXPORTER).await;
    let resumed = resumed.unwrap();
    assert_eq!((resumed.hosting, resumed.resume), (IN_MATCH, token("bert")));
    assert!(resumed.proof.verify(Secret::ResumeToken(&token("bert")), &EXPORTER));
    assert_eq!(
        second.messages.recv().await.unwrap(),
        ServerMessage::Presence(Presence::Here { player_ids: vec!["anna".to_owned(), BERT.to_owned()] })
    );
    let start = second.messages.recv().await.unwrap();
    let ServerMessage::MatchStart { slot, config, snapshot_rate } = start else { panic!("{start:?}") };
    assert_eq!(slot.0, 1);
    // The whole state comes first, and he can play on from it.
    let mut client = Client::new(&config, slot, snapshot_rate).unwrap();
    let datagram = second.datagrams.recv().await.unwrap();
    assert_eq!(Header::decode(&datagram).unwrap().baseline_tick, None);
    assert_eq!(client.on_datagram(&datagram), Ok(true));
    assert!(client.confirmed().tick() > 500 && client.confirmed().players()[1].present);
    // The last word of the old connection changes nothing.
    inputs.send(lost(2)).await.unwrap();
    // Later he really leaves.
    inputs.send(RoomInput::Message { id: GuestId(3), message: ClientMessage::Leave }).await.unwrap();
    let heard = hear_out(&inputs, 1, &mut anna).await;
    let [.., joined, away, back, left] = &presence(&heard)[..] else { panic!("{heard:?}") };
    assert_eq!(**joined, Presence::Joined { player_id: BERT.to_owned() });
    assert_eq!(**away, Presence::Away { player_id: BERT.to_owned() });
    assert_eq!(**back, Presence::Back { player_id: BERT.to_owned() });
    assert_eq!(**left, Presence::Left { player_id: BERT.to_owned() });
    assert!(matches!(heard.last(), Some(ServerMessage::MatchEnd { reason: EndReason::LastPresent, .. })));
    // Snapshots came to anna all the while: what waits is as much as there is room for.
    assert!(anna.datagrams.recv().await.is_some());
    assert_eq!(owner.await.unwrap(), RoomEnd::Won { player_id: "anna".to_owned() });
    wait_for_seat(&mut log, "remove psess-bert").await;
    assert_eq!(*log.borrow(), ["remove psess-bert"]);
}

#[tokio::test(start_paused = true)]
async fn who_stays_away_loses_the_seat() {
    let (inputs, owner, mut log) = open(2);
    let mut anna = enter(&inputs, 1, "anna").await;
    let _bert = enter(&inputs, 2, "bert").await;
    inputs.send(lost(2)).await.unwrap();
    let since = Instant::now();
    let heard = hear_out(&inputs, 1, &mut anna).await;
    assert!(matches!(heard.last(), Some(ServerMessage::MatchEnd { reason: EndReason::LastPresent, .. })));
    let waited = since.elapsed();
    assert!((RESUME_WITHIN..RESUME_WITHIN + Duration::from_millis(50)).contains(&waited), "{waited:?}");
    assert_eq!(owner.await.unwrap(), RoomEnd::Won { player_id: "anna".to_owned() });
    wait_for_seat(&mut log, "remove psess-bert").await;
}

#[tokio::test(start_paused = true)]
async fn only_the_token_opens_the_seat_and_only_on_its_own_connection() {
    let (inputs, _owner, _log) = open(3);
    let mut anna = enter(&inputs, 1, "anna").await;
    let _bert = enter(&inputs, 2, "bert").await;
    let _carl = enter(&inputs, 3, "carl").await;
    inputs.send(lost(2)).await.unwrap();
    for (player_id, token, exporter) in [
        ("bert", token("anna"), EXPORTER),
        ("anna", token("bert"), EXPORTER),
        ("carl", token("bert"), EXPORTER),
        ("bert", token("bert"), [8; 32]),
    ] {
        let (mut inlet, answer) = resume(&inputs, 9, player_id, token, exporter).await;
        assert_eq!(answer, Err(Refusal::NothingToResume), "{player_id}");
        assert_eq!(inlet.messages.recv().await, None);
    }
    tokio::time::sleep(RESUME_WITHIN).await;
    let (_, answer) = resume(&inputs, 9, "bert", token("bert"), EXPORTER).await;
    assert_eq!(answer, Err(Refusal::NothingToResume), "too late");
    inputs.send(RoomInput::Close { by: Some(Instant::now()) }).await.unwrap();
    let heard = hear_out(&inputs, 1, &mut anna).await;
    assert!(!presence(&heard).contains(&&Presence::Back { player_id: BERT.to_owned() }));
}

#[tokio::test(start_paused = true)]
async fn who_was_cut_off_for_garbage_cannot_resume() {
    let (seats, _log) = table(&[]);
    let (room, taken) = Room::new(seats.clone(), None);
    let settings = MatchSettings { ticks_max: 36_000, players_wanted: 2, ..settings() };
    let _owner = tokio::spawn(run_match(settings, seats, taken));
    let _anna = enter(&room.inputs, 1, "anna").await;
    let mut bert = enter(&room.inputs, 2, "bert").await;
    while !is_start(&bert.messages.recv().await.unwrap()) {}
    // Over two connections, so that strikes are not forgiven by coming back.
    for id in [2, 3] {
        for _ in 0..16 {
            room.datagrams.send((GuestId(id), bytes::Bytes::from_static(&[1, 2, 9]))).await.unwrap();
        }
        if id == 2 {
            // The next tick takes them in.
            while bert.datagrams.try_recv().is_ok() {}
            bert.datagrams.recv().await.unwrap();
            let (inlet, resumed) = resume(&room.inputs, 3, BERT, token(BERT), EXPORTER).await;
            assert!(resumed.is_ok(), "half of the strikes are none");
            bert = inlet;
        }
    }
    while bert.messages.recv().await.is_some() {}
    let (_, resumed) = resume(&room.inputs, 4, BERT, token(BERT), EXPORTER).await;
    assert_eq!(resumed, Err(Refusal::NothingToResume));
    room.inputs.send(lost(3)).await.unwrap();
    let (_, resumed) = resume(&room.inputs, 4, BERT, token(BERT), EXPORTER).await;
    assert_eq!(resumed, Err(Refusal::NothingToResume), "nor when the line is lost as well");
}

#[tokio::test(start_paused = true)]
async fn a_match_that_waits_keeps_the_seat_and_counts_who_is_here() {
    let (inputs, _owner, _log) = open(2);
    let mut anna = enter(&inputs, 1, "anna").await;
    inputs.send(lost(1)).await.unwrap();
    while anna.messages.recv().await.is_some() {}
    let mut bert = enter(&inputs, 2, "bert").await;
    let here = Presence::Here { player_ids: vec!["anna".to_owned(), "bert".to_owned()] };
    assert_eq!(bert.messages.recv().await, Some(ServerMessage::Presence(here)));
    let away = Presence::Away { player_id: "anna".to_owned() };
    assert_eq!(bert.messages.recv().await, Some(ServerMessage::Presence(away)));
    // One is not enough to begin, until she is back.
    assert!(bert.messages.try_recv().is_err());
    let (_anna, resumed) = resume(&inputs, 3, "anna", token("anna"), EXPORTER).await;
    assert!(resumed.is_ok());
    let back = Presence::Back { player_id: "anna".to_owned() };
    assert_eq!(bert.messages.recv().await, Some(ServerMessage::Presence(back)));
    let start = bert.messages.recv().await;
    assert!(matches!(start, Some(ServerMessage::MatchStart { .. })), "{start:?}");
}

#[tokio::test(start_paused = true)]
async fn the_seat_of_a_slow_reader_waits() {
    let (inputs, _owner, _log) = open(3);
    let mut anna = enter(&inputs, 1, "anna").await;
    let mut bert = enter(&inputs, 2, "bert").await;
    for number in 0..400 {
        let message = ClientMessage::ChatSend { text: number.to_string() };
        inputs.send(RoomInput::Message { id: GuestId(1), message }).await.unwrap();
        while !matches!(anna.messages.recv().await.unwrap(), ServerMessage::Chat { .. }) {}
    }
    while bert.messages.recv().await.is_some() {}
    // The connection has passed on all it had, and ends as one that was dismissed.
    inputs.send(RoomInput::Gone { id: GuestId(2), departure: Departure::Left }).await.unwrap();
    let away = ServerMessage::Presence(Presence::Away { player_id: "bert".to_owned() });
    assert_eq!(anna.messages.recv().await, Some(away));
    let (_bert, resumed) = resume(&inputs, 3, "bert", token("bert"), EXPORTER).await;
    assert!(resumed.is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_forgot_the_token_may_come_in_anew_while_away() {
    let (inputs, _owner, mut log) = open(2);
    let _first = enter(&inputs, 1, "anna").await;
    inputs.send(lost(1)).await.unwrap();
    let mut again = enter(&inputs, 2, "anna").await;
    let here = Presence::Here { player_ids: vec!["anna".to_owned()] };
    assert_eq!(again.messages.recv().await, Some(ServerMessage::Presence(here)));
    // The seat of the lost one is free.
    wait_for_seat(&mut log, "remove psess-anna").await;
}

/// Hears messages until one is found.
async fn until(player: &mut Player, found: impl Fn(&ServerMessage) -> bool) -> ServerMessage {
    loop {
        let message = player.hear().await.expect("the way is open");
        if found(&message) {
            return message;
        }
    }
}

fn is_start(message: &ServerMessage) -> bool {
    matches!(message, ServerMessage::MatchStart { .. })
}

#[tokio::test]
async fn a_cut_line_is_resumed_over_quic() {
    let settings = MatchSettings { ticks_max: 36_000, ..settings() };
    let stage = Stage::hosting_match(settings, &[("anna", "psess-a"), ("bert", "psess-b")]);
    let mut anna = Player::join(stage.port, "anna", "psess-a").await;
    let relay = Relay::to(stage.port).await;
    let mut bert = Player::join(relay.port, "bert", "psess-b").await;
    until(&mut bert, is_start).await;
    relay.cut();
    // The server does not know yet that the line is cut.
    let token = bert.token.unwrap();
    let (mut again, joined) = Player::resume(stage.port, "bert", token).await;
    assert_eq!((joined, again.token), (Joined::In(IN_MATCH), Some(token)));
    let start = until(&mut again, is_start).await;
    let ServerMessage::MatchStart { slot, config, snapshot_rate } = start else { unreachable!() };
    let mut client = Client::new(&config, slot, snapshot_rate).unwrap();
    let right = game_sim::Direction { x: -1, y: -1 };
    let input = PlayerInput { direction: right, ..PlayerInput::default() };
    let before = game_sim::arena::start(1);
    let moved = async {
        while client.confirmed().players()[1].position == before {
            again.connection.send_datagram(client.tick(input).into()).unwrap();
            let datagram = again.connection.read_datagram().await.unwrap();
            client.on_datagram(&datagram).unwrap();
        }
    };
    timeout(DEADLINE, moved).await.expect("his inputs count again");
    // Nobody came or went: it is the same seat.
    again.say(&ClientMessage::ChatSend { text: "here again".to_owned() }).await;
    let heard = until(&mut anna, |message| {
        !is_start(message)
            && !matches!(message, ServerMessage::Presence(Presence::Here { .. } | Presence::Joined { .. }))
    })
    .await;
    assert_eq!(heard, ServerMessage::Chat { from: BERT.to_owned(), text: "here again".to_owned() });
    assert_eq!(*stage.seat_log.borrow(), ["accept psess-a", "accept psess-b"]);
    let (_, joined) = Player::resume(stage.port, "anna", token).await;
    assert_eq!(joined, Joined::Refused(Refusal::NothingToResume.to_string()));
}

#[tokio::test]
async fn a_changed_address_needs_no_resuming() {
    let settings = MatchSettings { ticks_max: 36_000, ..settings() };
    let stage = Stage::hosting_match(settings, &[("anna", "psess-a"), ("bert", "psess-b")]);
    let mut anna = Player::join(stage.port, "anna", "psess-a").await;
    let mut bert = Player::join(stage.port, "bert", "psess-b").await;
    until(&mut bert, is_start).await;
    let before = bert.endpoint.local_addr().unwrap();
    bert.endpoint.rebind(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).unwrap();
    assert_ne!(bert.endpoint.local_addr().unwrap(), before);
    bert.say(&ClientMessage::ChatSend { text: "from elsewhere".to_owned() }).await;
    let chat = ServerMessage::Chat { from: BERT.to_owned(), text: "from elsewhere".to_owned() };
    until(&mut anna, |message| *message == chat).await;
    until(&mut bert, |message| *message == chat).await;
    // Snapshots find the new address too: what was on its way to the old one is no second's worth.
    for _ in 0..40 {
        timeout(DEADLINE, bert.connection.read_datagram()).await.unwrap().unwrap();
    }
    assert_eq!(*stage.seat_log.borrow(), ["accept psess-a", "accept psess-b"]);
}
