//! The bytes on the wire, exactly; and what must not pass as bytes of this protocol.

use game_sim::{
    Aim, Direction, HEALTH_MAX, PICKUPS, PlayerInput, Position, SHOTS_MAX, Shot, World, WorldState,
};

use super::frame::{CLIENT_FRAME_MAX, FrameReader, SERVER_FRAME_MAX};
use super::input::InputDatagram;
use super::seen::SeenDatagram;
use super::snapshot::{BASELINE_AGE_MAX, Header, Snapshot, foresee};
use super::*;
use crate::tests::{Noise, config};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn input(x: i8, y: i8, dash: bool) -> PlayerInput {
    PlayerInput { direction: Direction { x, y }, dash, ..PlayerInput::default() }
}

const FULL: Header = Header { lead: Some(-2), tick: 7, baseline_tick: None };

#[test]
fn input_datagram_bytes() {
    let shot = PlayerInput { shoot: true, aim: Some(Aim(0xc1)), rewind_ticks: 9, ..input(0, 0, false) };
    let datagram = InputDatagram {
        newest_tick: 0x0102_0304,
        snapshot_tick: 0x0102_0300,
        inputs: vec![input(1, 0, true), input(-1, -1, false), shot],
    };
    let bytes = datagram.encode();
    assert_eq!(hex(&bytes), "0101020304010203000300001600000009c165");
    assert_eq!(InputDatagram::decode(&bytes), Ok(datagram));
    let many = InputDatagram { newest_tick: 9, snapshot_tick: 0, inputs: vec![input(0, 1, false); 12] };
    assert_eq!(hex(&many.encode()), format!("01000000090000000008{}", "000009".repeat(8)));
}

/// The start of a match of two, and a state of it in which everything differs.
fn start_and_everything_changed() -> (World, WorldState) {
    let start = World::new(&config(2)).unwrap();
    let mut state = WorldState { tick: 7, ..start.state().clone() };
    let player = &mut state.players[0];
    player.position = Position { x: player.position.x + 5, y: player.position.y - 5 };
    player.direction = Direction { x: 1, y: -1 };
    player.facing = Direction { x: -1, y: 0 };
    player.aim = Some(Aim(0xa5));
    (player.dash_ticks, player.dash_cooldown_ticks, player.stun_ticks) = (10, 90, 40);
    (player.shield_ticks, player.reload_ticks, player.health) = (120, 24, 1);
    (player.score, player.scored_at_tick, player.present) = (0x0203, 0x0001_02fe, false);
    state.players[1].position = game_sim::arena::centre(15, 5);
    state.pickups[3] = Some(game_sim::arena::centre(5, 5));
    state.shots.push(Shot {
        owner: PlayerSlot(1),
        fired_at_tick: 3,
        origin: game_sim::arena::centre(14, 5),
        aim: Aim(0x5a),
        rewind_ticks: 11,
    });
    (start, state)
}

#[test]
fn snapshot_bytes() {
    let (start, state) = start_and_everything_changed();
    let snapshot = Snapshot { header: FULL, state };
    let bytes = snapshot.encode(start.state());
    assert_eq!(hex(&bytes), SNAPSHOT_BYTES);
    assert_eq!(Snapshot::decode(&bytes, start.state()), Ok(snapshot.clone()));
    let unheard = Snapshot { header: Header { lead: None, ..FULL }, ..snapshot };
    assert_eq!(Snapshot::decode(&unheard.encode(start.state()), start.state()), Ok(unheard));
}

#[test]
fn what_was_foreseen_costs_a_bit() {
    let mut world = World::seeded(&config(8), 6).unwrap();
    let start = World::new(&config(8)).unwrap();
    let inputs: Vec<_> = (0..8).map(|slot| (PlayerSlot(slot), input(1, 0, slot == 0))).collect();
    world.step(&inputs);
    let baseline = world.state().clone();
    (0..12).for_each(|_| world.step(&[]));
    let foreseen = foresee(&start, Some(&baseline), world.tick()).unwrap();
    let header = Header { lead: None, tick: world.tick(), baseline_tick: Some(baseline.tick) };
    let bytes = Snapshot { header, state: world.state().clone() }.encode(&foreseen);
    // Eight players, ten pick-ups, six bits for no new shots and sixteen of the hash, after seven bytes.
    assert_eq!(bytes.len(), 7 + 5, "they all go on as they went");
    assert_eq!(Snapshot::decode(&bytes, &foreseen).unwrap().state, *world.state());
}

#[test]
fn the_largest_snapshot_is_one_datagram() {
    let start = World::new(&config(16)).unwrap();
    let (_, changed) = start_and_everything_changed();
    let mut state = start.state().clone();
    state.tick = 7;
    for player in &mut state.players {
        *player = changed.players[0].clone();
    }
    state.players[0].position.x += 3000;
    state.pickups = vec![changed.pickups[3]; PICKUPS];
    state.shots = vec![changed.shots[0]; SHOTS_MAX];
    // Everything that was foreseen has come differently.
    let gone = Shot { rewind_ticks: 0, ..changed.shots[0] };
    let foreseen = WorldState { shots: vec![gone; SHOTS_MAX], ..start.state().clone() };
    let bytes = Snapshot { header: FULL, state }.encode(&foreseen);
    // Seven bytes, and 16 x 140 + 10 x 30 + 48 + 6 + 48 x 50 + 16 bits.
    assert_eq!(bytes.len(), 634);
    assert!(bytes.len() <= DATAGRAM_MAX);
}

#[test]
fn random_states_survive_any_baseline() {
    let mut hurt = 0;
    for seed in 0..6 {
        let players = 2 + seed as usize * 2;
        let mut world = World::seeded(&config(players), seed).unwrap();
        let start = World::new(&config(players)).unwrap();
        let mut noise = Noise(seed);
        let mut states = vec![world.state().clone()];
        for _ in 0..300 {
            let inputs: Vec<_> = (0..players as u8).map(|slot| (PlayerSlot(slot), noise.input())).collect();
            world.step(&inputs);
            states.push(world.state().clone());
            let tick = world.tick();
            let age = 1 + noise.below(u64::from(BASELINE_AGE_MAX.min(tick))) as u32;
            for baseline_tick in [None, Some(tick - age)] {
                let baseline = baseline_tick.map(|tick| &states[tick as usize]);
                let foreseen = foresee(&start, baseline, tick).unwrap();
                let header = Header { lead: Some(3), tick, baseline_tick };
                let snapshot = Snapshot { header, state: world.state().clone() };
                let bytes = snapshot.encode(&foreseen);
                assert_eq!(Snapshot::decode(&bytes, &foreseen), Ok(snapshot), "seed {seed}, tick {tick}");
            }
        }
        hurt += world.players().iter().filter(|player| player.health < HEALTH_MAX).count();
    }
    assert!(hurt > 0, "nobody was hit in all these matches");
}

#[test]
fn baselines_that_cannot_be_are_refused() {
    let check = |bytes: [u8; 8]| assert_eq!(Header::decode(&bytes), Err(ProtocolError::Datagram));
    check([2, 0, 0, 0, 0, 9, 10, 0]);
    check([2, 0, 0, 0, 9, 9, 61, 0]);
    check([1, 0, 0, 0, 9, 9, 1, 0]);
    let world = World::new(&config(2)).unwrap();
    assert!(foresee(&world, Some(world.state()), BASELINE_AGE_MAX + 1).is_err());
}

#[test]
fn datagrams_that_are_none_are_refused() {
    let good =
        InputDatagram { newest_tick: 5, snapshot_tick: 0, inputs: vec![input(0, 0, false); 3] }.encode();
    let check =
        |bytes: &[u8]| assert_eq!(InputDatagram::decode(bytes), Err(ProtocolError::Datagram), "{bytes:?}");
    for length in 0..good.len() {
        check(&good[..length]);
    }
    check(&[good.as_slice(), &[5]].concat());
    let head = [1, 0, 0, 0, 5, 0, 0, 0, 0];
    check(&[head.as_slice(), &[0]].concat());
    check(&[head.as_slice(), &[9], &[0, 0, 5].repeat(9)].concat());
    check(&[head.as_slice(), &[1, 0, 0, 0b0011]].concat());
    check(&[head.as_slice(), &[1, 0, 0, 0b1000_0101]].concat());
    // An aim without the word that there is one.
    check(&[head.as_slice(), &[1, 0, 9, 0b0101]].concat());
    check(&[head.as_slice(), &[1, 13, 0, 0b0101]].concat());
    check(&[head.as_slice(), &[1, 16, 0, 0b0101]].concat());
    check(&[[2, 0, 0, 0, 5, 0, 0, 0, 0].as_slice(), &[1, 0, 0, 5]].concat());

    let good = SeenDatagram { snapshot_tick: 0x0102_0304 };
    assert_eq!(hex(&good.encode()), "0301020304");
    assert_eq!(SeenDatagram::decode(&good.encode()), Ok(good));
    for bytes in [&[][..], &[3], &[3, 0, 0, 0], &[3, 0, 0, 0, 0, 0], &[1, 0, 0, 0, 0]] {
        assert_eq!(SeenDatagram::decode(bytes), Err(ProtocolError::Datagram), "{bytes:?}");
    }

    let (start, state) = start_and_everything_changed();
    let good = Snapshot { header: FULL, state }.encode(start.state());
    let check =
        |bytes: &[u8]| assert_eq!(Snapshot::decode(bytes, start.state()), Err(ProtocolError::Datagram));
    for length in 0..good.len() {
        check(&good[..length]);
    }
    check(&[good.as_slice(), &[0]].concat());
}

#[test]
fn frames_survive_any_chunking() {
    let messages = [
        ServerMessage::Welcome {
            proof: ServerProof([7; 32]),
            hosting: Hosting::Match { players_wanted: 4 },
            resume: Some(ResumeToken([9; 16])),
        },
        ServerMessage::Presence(Presence::Joined { player_id: "anna".to_owned() }),
        ServerMessage::MatchStart {
            slot: PlayerSlot(1),
            config: config(3),
            snapshot_rate: SnapshotRate::Hz30,
        },
        ServerMessage::WatchStart { config: config(3), snapshot_rate: SnapshotRate::Hz60 },
        ServerMessage::Countdown { left_ms: 290_000 },
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
fn first_messages_and_their_answer_bytes() {
    let proof = ClientProof([0x5a; 32]);
    let resume = ClientMessage::Resume { player_id: "ab".to_owned(), proof };
    assert_eq!(hex(&resume.to_frame().unwrap()), format!("002403026162{}", "5a".repeat(32)));
    let watch = ClientMessage::Watch { proof };
    assert_eq!(hex(&watch.to_frame().unwrap()), format!("002104{}", "5a".repeat(32)));
    for message in [resume, watch] {
        let frame = message.to_frame().unwrap();
        assert_eq!(ClientMessage::from_content(&frame[2..]), Ok(message));
    }
    let welcome = ServerMessage::Welcome {
        proof: ServerProof([0xa5; 32]),
        hosting: Hosting::Lobby,
        resume: Some(ResumeToken([0x17; 16])),
    };
    let expected = format!("003300{}0101{}", "a5".repeat(32), "17".repeat(16));
    assert_eq!(hex(&welcome.to_frame().unwrap()), expected);
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
    let start = ServerMessage::MatchStart {
        slot: PlayerSlot(0),
        config: MatchConfig { players, ..config(2) },
        snapshot_rate: SnapshotRate::Hz20,
    };
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
    let start = World::new(&config(3)).unwrap();
    for _ in 0..20_000 {
        let length = noise.below(300);
        let mut bytes: Vec<u8> = (0..length).map(|_| noise.below(256) as u8).collect();
        if let Some(kind) = bytes.first_mut() {
            *kind %= 8;
        }
        let _ = InputDatagram::decode(&bytes);
        let _ = SeenDatagram::decode(&bytes);
        let _ = Snapshot::decode(&bytes, start.state());
        let _ = ClientMessage::from_content(&bytes);
        let _ = ServerMessage::from_content(&bytes);
    }
    assert_eq!(ClientMessage::from_content(&[2, 0]), Err(ProtocolError::Malformed));
    assert_eq!(ClientMessage::from_content(&[]), Err(ProtocolError::Malformed));
    assert_eq!(ClientMessage::from_content(&[2]), Ok(ClientMessage::Leave));
}

/// Written by another program from the layout in the module's comment.
const SNAPSHOT_BYTES: &str =
    "02fe0000000700f02bf724e96155a945e231604060205fdcf801600000cb002c00004447400b005ab8bca0";
