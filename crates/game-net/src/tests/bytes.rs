//! What a match costs on the wire, in numbers.

use std::collections::BTreeSet;

use game_sim::{Aim, PlayerInput};

use super::bad_line::MOBILE;
use super::{Arena, CALM, Weather, wander};
use crate::protocol::SnapshotRate;
use crate::protocol::seen::SeenDatagram;
use crate::protocol::snapshot::Header;
use crate::server::{FORESEEN_STEPS_MAX, Receiver, WatcherId};

/// Walks, shoots, dashes, and moves the mouse all the time.
fn fight(seed: u64, now: u64) -> PlayerInput {
    let aim = Aim((seed * 37 + now * (1 + seed % 3)) as u8);
    PlayerInput { aim: Some(aim), ..wander(seed, now) }
}

/// Bytes that each player of such a match receives, at most and on average, in so many ticks.
fn bytes_down(arena: &mut Arena, ticks: u32, input: fn(u64, u64) -> PlayerInput) -> (u64, u64) {
    let bytes = |arena: &Arena| -> Vec<u64> {
        arena.clients.iter().map(|client| client.statistics().snapshot_bytes).collect()
    };
    arena.run(60, |_, _| PlayerInput::default());
    let before = bytes(arena);
    arena.run(ticks, |whose, now| input(whose as u64, now));
    let each: Vec<u64> = bytes(arena).iter().zip(before).map(|(after, before)| after - before).collect();
    (*each.iter().max().unwrap(), each.iter().sum::<u64>() / each.len() as u64)
}

/// One row per number of players and rate: bytes a tick in hundredths, bytes a second, and the most of a player.
fn table(players: &[usize], weather: Weather, input: fn(u64, u64) -> PlayerInput) -> String {
    const SECONDS: u64 = 6;
    let mut rows = Vec::new();
    for players in players {
        for rate in SnapshotRate::ALL {
            let mut arena = Arena::at_rate(*players, 3, weather, rate);
            let (most, average) = bytes_down(&mut arena, SECONDS as u32 * 60, input);
            let per_tick = average as f64 / (SECONDS * 60) as f64;
            let (most, average) = (most / SECONDS, average / SECONDS);
            rows.push(format!(
                "{players} players, {} Hz: {per_tick:>5.1} a tick, {average:>4} a second, at most {most:>4}",
                rate.per_second()
            ));
        }
    }
    rows.join("\n")
}

#[test]
fn bytes_down_per_player_by_keyboard() {
    // A change for the worse is a change of the protocol to think about.
    insta::assert_snapshot!(table(&[2, 8, 16], CALM, wander), @r"
    2 players, 20 Hz:   6.1 a tick,  368 a second, at most  368
    2 players, 30 Hz:   8.9 a tick,  536 a second, at most  536
    2 players, 60 Hz:  17.8 a tick, 1069 a second, at most 1069
    8 players, 20 Hz:  13.1 a tick,  788 a second, at most  788
    8 players, 30 Hz:  18.5 a tick, 1107 a second, at most 1107
    8 players, 60 Hz:  36.8 a tick, 2205 a second, at most 2205
    16 players, 20 Hz:  22.7 a tick, 1360 a second, at most 1360
    16 players, 30 Hz:  31.7 a tick, 1901 a second, at most 1901
    16 players, 60 Hz:  63.1 a tick, 3786 a second, at most 3786
    ");
}

#[test]
fn bytes_down_per_player_with_the_mouse() {
    insta::assert_snapshot!(table(&[2, 8, 16], CALM, fight), @r"
    2 players, 20 Hz:   7.4 a tick,  442 a second, at most  442
    2 players, 30 Hz:  10.8 a tick,  648 a second, at most  648
    2 players, 60 Hz:  21.7 a tick, 1300 a second, at most 1300
    8 players, 20 Hz:  17.8 a tick, 1069 a second, at most 1069
    8 players, 30 Hz:  25.8 a tick, 1546 a second, at most 1546
    8 players, 60 Hz:  51.5 a tick, 3089 a second, at most 3089
    16 players, 20 Hz:  31.9 a tick, 1911 a second, at most 1911
    16 players, 30 Hz:  45.9 a tick, 2753 a second, at most 2753
    16 players, 60 Hz:  91.5 a tick, 5489 a second, at most 5489
    ");
}

#[test]
fn bytes_down_per_player_on_a_mobile_line() {
    insta::assert_snapshot!(table(&[8, 16], MOBILE, fight), @r"
    8 players, 20 Hz:  18.8 a tick, 1125 a second, at most 1162
    8 players, 30 Hz:  25.6 a tick, 1534 a second, at most 1611
    8 players, 60 Hz:  39.1 a tick, 2345 a second, at most 2510
    16 players, 20 Hz:  34.1 a tick, 2047 a second, at most 2122
    16 players, 30 Hz:  45.5 a tick, 2732 a second, at most 2901
    16 players, 60 Hz:  69.9 a tick, 4195 a second, at most 4494
    ");
}

#[test]
fn eight_players_at_twenty_hertz_take_less_than_two_and_a_half_kilobytes_a_second() {
    for (weather, seed) in [(CALM, 1), (MOBILE, 2), (MOBILE, 3)] {
        let (most, _) = bytes_down(&mut Arena::new(8, seed, weather), 600, fight);
        assert!(most / 10 < 2_500, "{} bytes a second", most / 10);
    }
}

#[test]
fn who_never_acknowledges_stays_within_the_budget() {
    let mut arena = Arena::new(16, 3, CALM);
    let mut bytes = 0;
    for now in 0..600 {
        // Inputs of all but the first arrive.
        for whose in 1..16 {
            let datagram = arena.clients[whose].tick(wander(whose as u64, now));
            arena.server.on_datagram(game_sim::PlayerSlot(whose as u8), &datagram).unwrap();
        }
        for outgoing in arena.server.tick() {
            let Receiver::Player(slot) = outgoing.receiver else { panic!("nobody watches") };
            if slot.0 == 0 {
                bytes += outgoing.datagram.len() as u64;
            } else {
                arena.clients[usize::from(slot.0)].on_datagram(&outgoing.datagram).unwrap();
            }
        }
    }
    // Ten seconds, and the second that was saved up.
    assert!(bytes <= 11 * u64::from(SnapshotRate::Hz20.bytes_per_second_max()) + 1100, "{bytes} bytes");
    assert!(bytes > 10 * 1000, "{bytes} bytes: they get something");
}

#[test]
fn who_chooses_old_baselines_costs_little_and_harms_nobody() {
    let mut arena = Arena::at_rate(16, 3, CALM, SnapshotRate::Hz60);
    let watchers: Vec<WatcherId> = (0..60).map(WatcherId).collect();
    watchers.iter().for_each(|id| arena.server.watch(*id));
    arena.run(120, |whose, now| wander(whose as u64, now));
    for _ in 0..10 {
        // Each says to have another snapshot and none since: baselines of every age that there is.
        let now = arena.server.world().tick();
        for (age, id) in (0..).zip(&watchers) {
            for snapshot_tick in [0, now - age] {
                arena.server.on_watcher_datagram(*id, &SeenDatagram { snapshot_tick }.encode()).unwrap();
            }
        }
        arena.watched.clear();
        arena.tick(|whose, now| wander(whose as u64, now));
        let headers: Vec<_> = arena.watched.iter().map(|bytes| Header::decode(bytes).unwrap()).collect();
        let players = arena.on_the_way.values().filter(|(to_server, _, _)| !to_server);
        let players: Vec<_> = players.map(|(_, _, bytes)| Header::decode(bytes).unwrap()).collect();
        assert_eq!(headers.len(), 60);
        assert!(!players.is_empty());
        let baselines: BTreeSet<u32> = headers.iter().filter_map(|header| header.baseline_tick).collect();
        let tick = arena.server.world().tick();
        let steps: u32 = baselines.iter().map(|baseline| tick - baseline).sum();
        assert!(steps <= FORESEEN_STEPS_MAX, "{steps} steps for one snapshot");
        // Who plays on an ordinary line is not asked to pay for it.
        assert!(players.iter().all(|header| header.baseline_tick.is_some()), "{players:?}");
        let youngest = headers.iter().filter(|header| header.tick - header.baseline_tick.unwrap_or(0) <= 30);
        assert!(youngest.count() >= 25);
    }
}
