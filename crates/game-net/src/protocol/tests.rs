//! The bytes on the wire, exactly; and what must not pass as bytes of this protocol.

use game_sim::{COINS, Direction, Player, PlayerInput, Position, World, WorldState};

use super::frame::{CLIENT_FRAME_MAX, FrameReader, SERVER_FRAME_MAX};
use super::input::InputDatagram;
use super::snapshot::Snapshot;
use super::*;
use crate::tests::{Noise, config};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn input(x: i8, y: i8, dash: bool) -> PlayerInput {
    PlayerInput { direction: Direction { x, y }, dash }
}

#[test]
fn input_datagram_bytes() {
    let datagram =
        InputDatagram { newest_tick: 0x0102_0304, inputs: vec![input(1, 0, true), input(-1, -1, false)] };
    let bytes = datagram.encode();
    assert_eq!(hex(&bytes), "0101020304021600");
    assert_eq!(InputDatagram::decode(&bytes), Ok(datagram));
    let many = InputDatagram { newest_tick: 9, inputs: vec![input(0, 1, false); 12] };
    assert_eq!(hex(&many.encode()), "0100000009080909090909090909");
}

#[test]
fn snapshot_bytes() {
    let player = Player {
        position: Position { x: 0x0123, y: 0x3fff },
        direction: Direction { x: 1, y: -1 },
        facing: Direction { x: -1, y: 0 },
        dash_ticks: 10,
        dash_cooldown_ticks: 90,
        stun_ticks: 40,
        shield_ticks: 120,
        score: 0x0203,
        scored_at_tick: 0x0001_02fe,
        present: true,
    };
    let gone = Player { present: false, dash_ticks: 0, ..player.clone() };
    let state = WorldState {
        tick: 7,
        random: 0x1122_3344_5566_7788,
        players: vec![player, gone],
        coins: vec![Position { x: 256, y: 1 }],
    };
    let snapshot = Snapshot { lead: Some(-2), state };
    let bytes = snapshot.encode();
    let expected = [
        "02",
        "fe",
        "00000007",
        "1122334455667788",
        "02",
        "01",
        "01233fff428a5a2878020301", /* present, dashing */
        "02fe",
        "01233fff42005a287802030102fe",
        "01000001",
    ];
    assert_eq!(hex(&bytes), expected.concat());
    assert_eq!(Snapshot::decode(&bytes), Ok(snapshot.clone()));
    let unheard = Snapshot { lead: None, ..snapshot };
    assert_eq!(Snapshot::decode(&unheard.encode()), Ok(unheard));
}

#[test]
fn a_snapshot_of_sixteen_players_is_a_quarter_of_a_datagram() {
    let state = World::new(&config(16)).unwrap().state().clone();
    assert_eq!(state.coins.len(), COINS);
    let bytes = Snapshot { lead: None, state }.encode();
    assert_eq!(bytes.len(), 272);
    assert!(bytes.len() <= DATAGRAM_MAX);
}

#[test]
fn datagrams_that_are_none_are_refused() {
    let good = InputDatagram { newest_tick: 5, inputs: vec![input(0, 0, false); 3] }.encode();
    let check =
        |bytes: &[u8]| assert_eq!(InputDatagram::decode(bytes), Err(ProtocolError::Datagram), "{bytes:?}");
    for length in 0..good.len() {
        check(&good[..length]);
    }
    check(&[good.as_slice(), &[5]].concat());
    check(&[1, 0, 0, 0, 5, 0]);
    check(&[1, 0, 0, 0, 5, 9, 5, 5, 5, 5, 5, 5, 5, 5, 5]);
    check(&[2, 0, 0, 0, 5, 1, 5]);
    check(&[1, 0, 0, 0, 5, 1, 0b0011]);
    check(&[1, 0, 0, 0, 5, 1, 0b10_0101]);

    let good = Snapshot { lead: Some(1), state: World::new(&config(3)).unwrap().state().clone() }.encode();
    for length in 0..good.len() {
        assert_eq!(Snapshot::decode(&good[..length]), Err(ProtocolError::Datagram));
    }
    assert_eq!(Snapshot::decode(&[good.as_slice(), &[0]].concat()), Err(ProtocolError::Datagram));
}

#[test]
fn frames_survive_any_chunking() {
    let messages = [
        ServerMessage::Welcome { proof: ServerProof([7; 32]), hosting: Hosting::Match { players_wanted: 4 } },
        ServerMessage::Presence(Presence::Joined { player_id: "anna".to_owned() }),
        ServerMessage::MatchStart { slot: PlayerSlot(1), config: config(3) },
        ServerMessage::Chat { from: "bert".to_owned(), text: "hello".to_owned() },
        ServerMessage::MatchEnd {
            winner: "anna".to_owned(),
            scores: vec![Score { player_id: "anna".to_owned(), score: 10 }],
            reason: EndReason::ScoreReached,
        },
        ServerMessage::Closing { reason: "over".to_owned() },
    ];
    let stream: Vec<u8> = messages.iter().flat_map(|message| message.to_frame().unwrap()).collect();
    for chunk in [1, 2, 3, 7, 64, stream.len()] {
        let mut reader = FrameReader::from_server();
        let mut read = Vec::new();
        for chunk in stream.chunks(chunk) {
            reader.push(chunk);
            while let Some(content) = reader.next_content().unwrap() {
                read.push(ServerMessage::from_content(&content).unwrap());
            }
        }
        assert_eq!(read, messages);
    }
}

#[test]
fn hello_bytes() {
    let hello = ClientMessage::Hello { player_id: "ab".to_owned(), proof: ClientProof([0x5a; 32]) };
    let frame = hello.to_frame().unwrap();
    assert_eq!(hex(&frame), format!("002400026162{}", "5a".repeat(32)));
    assert_eq!(ClientMessage::from_content(&frame[2..]), Ok(hello));
}

#[test]
fn the_longest_messages_fit_and_longer_ones_are_refused() {
    let hello = |length| ClientMessage::Hello { player_id: "x".repeat(length), proof: ClientProof([0; 32]) };
    assert!(hello(PLAYER_ID_MAX).to_frame().is_ok());
    for length in [0, PLAYER_ID_MAX + 1] {
        assert_eq!(hello(length).to_frame(), Err(ProtocolError::TextLength));
        let content = postcard::to_stdvec(&hello(length)).unwrap();
        assert_eq!(ClientMessage::from_content(&content), Err(ProtocolError::TextLength));
    }
    assert!(ClientMessage::ChatSend { text: "x".repeat(CHAT_TEXT_MAX) }.to_frame().is_ok());
    let long = ClientMessage::ChatSend { text: "x".repeat(CHAT_TEXT_MAX + 1) };
    assert_eq!(long.to_frame(), Err(ProtocolError::TextLength));

    let players = vec!["x".repeat(PLAYER_ID_MAX); 16];
    let start =
        ServerMessage::MatchStart { slot: PlayerSlot(0), config: MatchConfig { players, ..config(2) } };
    assert!(start.to_frame().is_ok());

    let ids: Vec<String> = (0..200).map(|index| format!("{index:0PLAYER_ID_MAX$}")).collect();
    let lists = Presence::here(ids.iter().map(String::as_str));
    let mut listed = Vec::new();
    for list in lists {
        assert!(ServerMessage::Presence(list.clone()).to_frame().is_ok());
        if let Presence::Here { player_ids } = list {
            listed.extend(player_ids);
        }
    }
    assert_eq!(listed, ids);
}

#[test]
fn a_frame_above_the_limit_is_refused_at_its_prefix() {
    let check = |mut reader: FrameReader, max: usize| {
        let length = max + 1;
        reader.push(&(length as u16).to_be_bytes());
        assert_eq!(reader.next_content(), Err(ProtocolError::FrameTooLong { length, max }));
    };
    check(FrameReader::from_client(), CLIENT_FRAME_MAX);
    check(FrameReader::from_server(), SERVER_FRAME_MAX);
}

#[test]
fn garbage_never_panics_and_trailing_bytes_are_refused() {
    let mut noise = Noise(4);
    for _ in 0..20_000 {
        let length = noise.below(300);
        let mut bytes: Vec<u8> = (0..length).map(|_| noise.below(256) as u8).collect();
        if let Some(kind) = bytes.first_mut() {
            *kind %= 8;
        }
        let _ = InputDatagram::decode(&bytes);
        let _ = Snapshot::decode(&bytes);
        let _ = ClientMessage::from_content(&bytes);
        let _ = ServerMessage::from_content(&bytes);
    }
    assert_eq!(ClientMessage::from_content(&[2, 0]), Err(ProtocolError::Malformed));
    assert_eq!(ClientMessage::from_content(&[]), Err(ProtocolError::Malformed));
    assert_eq!(ClientMessage::from_content(&[2]), Ok(ClientMessage::Leave));
}
