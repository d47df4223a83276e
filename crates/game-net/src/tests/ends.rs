//! The end of a match as players see it: when it has come, and not before.

use game_sim::{COINS, Direction, EndReason, MatchConfig, PlayerInput, PlayerSlot, WorldState, arena};

use super::{Arena, CALM, RATE, config, wander};
use crate::client::Client;
use crate::protocol::SnapshotRate;
use crate::protocol::input::InputDatagram;
use crate::protocol::snapshot::{Header, Snapshot};
use crate::server::{Receiver, WatcherId};
use crate::watcher::Watcher;

#[test]
fn a_point_that_is_only_foreseen_does_not_end_the_match() {
    let config = MatchConfig { score_to_win: 1, ..config(2) };
    let mut client = Client::new(&config, PlayerSlot(0), RATE).unwrap();
    let start = client.confirmed().state().clone();
    // The other walks towards a coin; in a few ticks they will have it, or turn away.
    let mut state = WorldState { tick: 30, ..start.clone() };
    let right = Direction { x: 1, y: 0 };
    state.players[1].position = arena::centre(5, 11);
    state.players[1].direction = right;
    state.pickups[COINS - 1] = Some(arena::centre(7, 11));
    let header = Header { lead: None, tick: 30, baseline_tick: None };
    assert_eq!(client.on_datagram(&Snapshot { header, state: state.clone() }.encode(&start)), Ok(true));

    let walk = PlayerInput { direction: right, ..PlayerInput::default() };
    let mut place = client.predicted().players()[0].position;
    for tick in 30..70 {
        let sent = InputDatagram::decode(&client.tick(walk)).unwrap();
        assert_eq!((sent.newest_tick, client.predicted().tick()), (tick, tick + 1), "it stands still");
        let now = client.predicted().players()[0].position;
        assert!(now.x > place.x, "the player is held at {now:?} in tick {tick}");
        place = now;
    }
    assert!(client.predicted().players()[1].score > 0, "the coin was never reached: this proves nothing");
    assert_eq!(client.outcome(), None);

    // When it has come it is the end here as well.
    state.tick = 42;
    state.players[1].score = 1;
    let header = Header { tick: 42, ..header };
    assert_eq!(client.on_datagram(&Snapshot { header, state }.encode(&start)), Ok(true));
    assert_eq!(client.outcome().unwrap().reason, EndReason::ScoreReached);
    client.tick(walk);
    assert_eq!(client.predicted().tick(), 42);
}

#[test]
fn an_end_by_leaving_reaches_whoever_is_left_and_whoever_watches() {
    for rate in SnapshotRate::ALL {
        // At ticks with a snapshot and at ticks without.
        for ticks in 120..126 {
            let mut arena = Arena::at_rate(3, 3, CALM, rate);
            let id = WatcherId(7);
            let mut watcher = Watcher::new(&config(3), rate).unwrap();
            arena.server.watch(id);
            for _ in 0..ticks {
                arena.tick(|whose, now| wander(whose as u64, now));
                for datagram in arena.watched.drain(..) {
                    watcher.on_datagram(&datagram).unwrap();
                }
                if let Some(seen) = watcher.tick() {
                    arena.server.on_watcher_datagram(id, &seen).unwrap();
                }
            }
            arena.server.leave(PlayerSlot(1));
            assert_eq!(arena.server.outcome(), None);
            arena.server.leave(PlayerSlot(2));
            let outcome = arena.server.outcome().unwrap();
            assert_eq!(outcome.reason, EndReason::LastPresent);
            let last = arena.server.tick();
            // The snapshot before may be the very baseline: none is told as a difference from itself.
            assert!(last.iter().all(|last| Header::decode(&last.datagram).unwrap().baseline_tick.is_some()));
            assert_eq!(last.len(), 2, "one is left and one watches");
            for outgoing in last {
                let used = match outgoing.receiver {
                    Receiver::Player(slot) => {
                        let client = &mut arena.clients[usize::from(slot.0)];
                        let late: Vec<_> = std::mem::take(&mut arena.on_the_way).into_values().collect();
                        for (_, _, bytes) in late.iter().filter(|(up, whose, _)| !up && *whose == 0) {
                            client.on_datagram(bytes).unwrap();
                        }
                        let used = client.on_datagram(&outgoing.datagram);
                        assert_eq!(client.outcome().as_ref(), Some(&outcome), "{rate:?}, {ticks} ticks");
                        used
                    }
                    Receiver::Watcher(_) => {
                        let used = watcher.on_datagram(&outgoing.datagram);
                        assert_eq!(watcher.outcome().as_ref(), Some(&outcome), "{rate:?}, {ticks} ticks");
                        used
                    }
                };
                assert_eq!(used, Ok(true));
            }
            // What was written down has the same end.
            assert_eq!(arena.server.replay().play().unwrap().outcome, Some(outcome));
        }
    }
}
