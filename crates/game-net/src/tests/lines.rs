//! Who is away, who comes back, and who only watches.

use game_sim::{Direction, PlayerInput, PlayerSlot, arena};

use super::{Arena, CALM, RATE, Weather, config, wander};
use crate::client::Client;
use crate::protocol::SnapshotRate;
use crate::protocol::snapshot::Header;
use crate::server::{Outgoing, Receiver, Server, WatcherId};
use crate::watcher::Watcher;

fn walking_right() -> PlayerInput {
    PlayerInput { direction: Direction { x: 1, y: 0 }, ..PlayerInput::default() }
}

fn is_for(slot: u8) -> impl Fn(&Outgoing) -> bool {
    move |outgoing| outgoing.receiver == Receiver::Player(PlayerSlot(slot))
}

#[test]
fn who_is_away_stands_still_and_gets_nothing() {
    let mut server = Server::new(&config(2), 11, RATE).unwrap();
    let mut client = Client::new(&config(2), PlayerSlot(0), RATE).unwrap();
    for _ in 0..6 {
        server.on_datagram(PlayerSlot(0), &client.tick(walking_right())).unwrap();
        server.tick();
    }
    // Inputs for ticks to come are on the way when the line breaks.
    (0..30).for_each(|_| server.on_datagram(PlayerSlot(0), &client.tick(walking_right())).unwrap());
    server.away(PlayerSlot(0));
    let place = server.world().players()[0].position;
    assert_ne!(place, arena::start(0));
    for _ in 0..60 {
        // What comes late on the lost line counts for nothing.
        server.on_datagram(PlayerSlot(0), &client.tick(walking_right())).unwrap();
        assert!(!server.tick().iter().any(is_for(0)));
    }
    assert_eq!(server.world().players()[0].position, place);
    assert!(server.world().players()[0].present && server.outcome().is_none());
    // What was written down says the same.
    assert_eq!(server.replay().play().unwrap().ticks, server.world().tick());
}

#[test]
fn who_comes_back_starts_with_a_whole_state_and_finds_the_pace_again() {
    let mut arena = Arena::new(3, 2, Weather { loss_percent: 5, latency_ticks: (2, 5), ..CALM });
    arena.run(300, |whose, now| wander(whose as u64, now));
    arena.server.away(PlayerSlot(1));
    // Their machine sends and hears nothing.
    let elsewhere = arena.clients.remove(1);
    for now in 0..90 {
        arena.now += 1;
        for outgoing in arena.server.tick() {
            assert_ne!(outgoing.receiver, Receiver::Player(PlayerSlot(1)));
            let Receiver::Player(slot) = outgoing.receiver else { continue };
            arena.clients[usize::from(slot.0.min(1))].on_datagram(&outgoing.datagram).unwrap();
        }
        for (client, slot) in arena.clients.iter_mut().zip([0, 2]) {
            let datagram = client.tick(wander(slot, now));
            arena.server.on_datagram(PlayerSlot(slot as u8), &datagram).unwrap();
        }
        arena.truth.push(arena.server.world().state().clone());
    }
    drop(elsewhere);
    arena.on_the_way.clear();
    arena.server.back(PlayerSlot(1));
    arena.clients.insert(1, Client::new(&config(3), PlayerSlot(1), RATE).unwrap());
    arena.run(300, |whose, now| wander(whose as u64, now));
    for client in &arena.clients {
        let confirmed = client.confirmed();
        assert_eq!(confirmed.state(), &arena.truth[confirmed.tick() as usize]);
        assert!(arena.server.world().tick() - confirmed.tick() <= 12);
        // Ahead of the server, so that inputs count.
        assert!(client.predicted().tick() > arena.server.world().tick());
    }
    let statistics = arena.clients[1].statistics();
    assert!((80..=100).contains(&statistics.snapshots), "{statistics:?}");
}

#[test]
fn a_spectator_sees_what_players_see_and_costs_as_much() {
    for rate in SnapshotRate::ALL {
        let mut arena = Arena::at_rate(4, 3, CALM, rate);
        let id = WatcherId(77);
        let mut watcher = Watcher::new(&config(4), rate).unwrap();
        // They come in the middle of the match.
        arena.run(120, |whose, now| wander(whose as u64, now));
        arena.server.watch(id);
        let before = arena.clients[0].statistics();
        let mut from_start = 0;
        for _ in 0..300 {
            arena.tick(|whose, now| wander(whose as u64, now));
            for datagram in arena.watched.drain(..) {
                from_start += u32::from(Header::decode(&datagram).unwrap().baseline_tick.is_none());
                assert_eq!(watcher.on_datagram(&datagram), Ok(true));
            }
            if let Some(seen) = watcher.tick() {
                arena.server.on_watcher_datagram(id, &seen).unwrap();
            }
            let seen = watcher.confirmed();
            assert!(seen.tick() == 0 || seen.state() == &arena.truth[seen.tick() as usize]);
        }
        assert_eq!(from_start, 1, "only the first is a whole state");
        let (seen, player) = (watcher.statistics(), arena.clients[0].statistics());
        assert_eq!(seen.snapshots, 300 / rate.ticks());
        // Their baselines are newer than those of a player on a slower line.
        let of_player = player.snapshot_bytes - before.snapshot_bytes;
        assert!(seen.snapshot_bytes <= of_player + 200, "{seen:?} beside {of_player} of a player");
        arena.server.unwatch(id);
        arena.run(12, |_, _| PlayerInput::default());
        assert!(arena.watched.is_empty());
        assert!(arena.server.on_watcher_datagram(id, &[3, 0, 0, 0, 0]).is_err());
    }
}

#[test]
fn points_shown_are_never_taken_back_by_a_prediction() {
    let mut arena = Arena::new(4, 5, Weather { latency_ticks: (4, 8), loss_percent: 5, ..CALM });
    let mut predicted_otherwise = 0;
    for _ in 0..3_000 {
        arena.tick(|whose, now| wander(whose as u64, now));
        for client in &arena.clients {
            let shown: Vec<u16> = client.shown().iter().map(|player| player.score).collect();
            assert_eq!(shown, client.scores());
            let confirmed = &arena.truth[client.confirmed().tick() as usize];
            assert!(confirmed.players.iter().map(|player| player.score).eq(shown));
            let own = usize::from(client.slot().0);
            let predicted = client.predicted().players()[own].score;
            predicted_otherwise += u32::from(predicted != confirmed.players[own].score);
        }
    }
    assert!(predicted_otherwise > 0, "no prediction was ever ahead: this proves nothing");
}
