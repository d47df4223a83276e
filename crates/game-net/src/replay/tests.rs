//! A recorded match plays back to the same hashes, and another one does not.

use game_sim::{EndReason, PlayerSlot};

use super::*;
use crate::protocol::SnapshotRate;
use crate::protocol::input::InputDatagram;
use crate::server::Server;
use crate::tests::{Noise, config};

/// A match of three of whom one leaves, played for so many ticks.
fn played(ticks: u32) -> Server {
    let mut server =
        Server::new(&MatchConfig { ticks_max: 700, ..config(3) }, 5, SnapshotRate::Hz20).unwrap();
    let mut noise = Noise(1);
    for tick in 0..ticks {
        for slot in 0..3 {
            // Nobody changes their mind in every tick.
            let changes = noise.below(5) == 0;
            let input = noise.input();
            if changes {
                let inputs = InputDatagram { newest_tick: tick, snapshot_tick: 0, inputs: vec![input] };
                server.on_datagram(PlayerSlot(slot), &inputs.encode()).unwrap();
            }
        }
        if tick == 300 {
            server.leave(PlayerSlot(1));
        }
        server.tick();
    }
    server
}

#[test]
fn a_match_plays_back_to_the_same_hashes() {
    for ticks in [0, 1, 59, 60, 250, 301, 700, 720] {
        let server = played(ticks);
        let bytes = server.replay().encode();
        let replay = Replay::decode(&bytes).unwrap();
        assert_eq!(replay, server.replay());
        let again = replay.play().unwrap();
        let ticks = ticks.min(700);
        assert_eq!((again.ticks, again.hashes), (ticks, (ticks / TICKS_PER_HASH) as usize + 1));
        assert_eq!(again.outcome, server.outcome());
    }
}

#[test]
fn who_left_last_is_in_it() {
    let mut server = played(400);
    server.leave(PlayerSlot(0));
    let again = server.replay().play().unwrap();
    assert_eq!(again.outcome.unwrap().reason, EndReason::LastPresent);
}

#[test]
fn a_replay_is_compact() {
    let bytes = played(700).replay().encode();
    // Twelve seconds of three who change their mind twelve times a second, and two bytes for each tick.
    assert!(bytes.len() < 2 * 700 + 2_800, "{} bytes", bytes.len());
}

#[test]
fn another_match_is_noticed() {
    let replay = played(400).replay();
    let check = |change: &dyn Fn(&mut Replay), expected: ReplayError| {
        let mut changed = replay.clone();
        change(&mut changed);
        assert_eq!(Replay::decode(&changed.encode()).and_then(|replay| replay.play()), Err(expected));
    };
    // The very tick is found at which another match begins.
    check(&|replay| replay.seed += 1, ReplayError::Differs { tick: 1 });
    check(&|replay| replay.tick_hashes[2 * 76] ^= 1, ReplayError::Differs { tick: 77 });
    check(&|replay| replay.hashes[2] ^= 1, ReplayError::Differs { tick: 180 });
    let left_out: u32 = replay.events[..=100].iter().map(|event| event.ticks_later).sum();
    check(&|replay| replay.events.truncate(100), ReplayError::Differs { tick: left_out + 1 });
    check(&|replay| replay.ticks += 1, ReplayError::Format);
    check(&|replay| replay.tick_hashes.truncate(799), ReplayError::Format);
    check(&|replay| replay.hashes.push(0), ReplayError::Format);
    check(&|replay| replay.ticks = 701, ReplayError::Format);
    check(&|replay| replay.config.ticks_max = 0, ReplayError::Config(ConfigError::TicksMax(0)));
    check(&|replay| replay.protocol = "chess/1".to_owned(), ReplayError::Protocol("chess/1".to_owned()));
}

#[test]
fn damaged_files_are_refused_and_nothing_panics() {
    let bytes = played(90).replay().encode();
    for length in (0..bytes.len()).step_by(7) {
        assert_eq!(Replay::decode(&bytes[..length]), Err(ReplayError::Format), "{length}");
    }
    assert_eq!(Replay::decode(&[bytes.as_slice(), &[0]].concat()), Err(ReplayError::Format));
    let mut noise = Noise(3);
    for _ in 0..300 {
        let mut bytes = bytes.clone();
        let place = noise.below(bytes.len() as u64) as usize;
        bytes[place] = noise.below(256) as u8;
        if let Ok(replay) = Replay::decode(&bytes) {
            let _ = replay.play();
        }
    }
}
