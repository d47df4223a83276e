//! How the prediction keeps its distance to the server, and what a player notices when that is corrected.

use game_sim::{PlayerInput, PlayerSlot};

use super::{Arena, CALM, RATE, Weather, config, wander};
use crate::client::Client;
use crate::server::Receiver;

#[test]
fn who_comes_back_runs_no_further_ahead_than_the_line_needs() {
    for latency in 1..=8 {
        for (seed, loss_percent) in [(1, 0), (2, 0), (3, 30), (4, 30)] {
            let weather = Weather { loss_percent, latency_ticks: (latency, latency + 4), ..CALM };
            let mut arena = Arena::new(2, seed, weather);
            arena.run(500, |whose, now| wander(whose as u64, now));
            arena.server.away(PlayerSlot(1));
            arena.on_the_way.clear();
            arena.server.back(PlayerSlot(1));
            arena.clients[1] = Client::new(&config(2), PlayerSlot(1), RATE).unwrap();
            for since in 0..400 {
                arena.tick(|whose, now| wander(whose as u64, now));
                let ahead =
                    i64::from(arena.clients[1].predicted().tick()) - i64::from(arena.server.world().tick());
                // What an input needs, the lead wanted, and what jitter and loss hide of it for a while.
                let enough = latency as i64 + 24;
                assert!(ahead <= enough, "latency {latency}, seed {seed}: {ahead} ahead after {since}");
                assert!(since < 120 || ahead > 0, "latency {latency}, seed {seed}: {ahead} after {since}");
            }
        }
    }
}

/// The tick at which a client draws the others.
fn view_tick(client: &Client) -> u32 {
    client.predicted().tick() - u32::from(client.rewind_ticks())
}

fn still(ticks: u64) -> Weather {
    Weather { latency_ticks: (ticks, ticks), ..CALM }
}

#[test]
fn others_move_evenly_while_the_own_pace_is_corrected() {
    let mut arena = Arena::new(2, 1, still(20));
    arena.run(300, |whose, now| wander(whose as u64, now));
    for (latency, stands_still_max) in [(2, 4), (20, 20)] {
        let before = arena.clients[0].statistics().pace_corrections;
        arena.weather = still(latency);
        let (mut view, mut stands_still) = (view_tick(&arena.clients[0]), 0);
        for _ in 0..240 {
            arena.tick(|whose, now| wander(whose as u64, now));
            let now = view_tick(&arena.clients[0]);
            let step = now - view;
            assert!(step <= 2, "latency {latency}: a leap of {step} ticks");
            stands_still = if step == 0 { stands_still + 1 } else { 0 };
            // When the line gets slower, nothing comes for as long as it got slower.
            assert!(
                stands_still <= stands_still_max,
                "latency {latency}: {stands_still} ticks of standing still"
            );
            view = now;
        }
        assert!(arena.clients[0].statistics().pace_corrections > before, "latency {latency}: no correction");
    }
}

#[test]
fn what_is_pressed_while_the_prediction_waits_is_done_afterwards() {
    let mut arena = Arena::new(2, 1, still(20));
    arena.run(300, |_, _| PlayerInput::default());
    arena.weather = still(2);
    // Until the next tick is one without a step.
    let waits = |client: &Client| {
        let mut later = client.clone();
        later.tick(PlayerInput::default());
        later.predicted().tick() == client.predicted().tick()
    };
    let begin = arena.now;
    while !waits(&arena.clients[0]) {
        assert!(arena.now < begin + 240, "the pace was never slowed");
        arena.tick(|_, _| PlayerInput::default());
    }
    let client = &mut arena.clients[0];
    client.tick(PlayerInput { dash: true, shoot: true, ..PlayerInput::default() });
    let tick = client.predicted().tick();
    while client.predicted().tick() == tick {
        assert!(client.predicted().shots().is_empty());
        client.tick(PlayerInput::default());
    }
    let player = &client.predicted().players()[0];
    assert!(player.dash_ticks > 0, "the dash was swallowed");
    assert_eq!(client.predicted().shots().len(), 1, "the shot was swallowed");
    // Once.
    client.tick(PlayerInput::default());
    assert_eq!(client.predicted().shots().len(), 1);
}

#[test]
fn a_stall_is_counted_as_falling_behind_and_not_as_a_correction() {
    let mut arena = Arena::new(2, 1, CALM);
    arena.run(300, |_, _| PlayerInput::default());
    let before = arena.clients[0].statistics();
    // Their machine does nothing for a second while snapshots come in.
    for _ in 0..60 {
        for outgoing in arena.server.tick() {
            let Receiver::Player(slot) = outgoing.receiver else { panic!("nobody watches") };
            arena.clients[usize::from(slot.0)].on_datagram(&outgoing.datagram).unwrap();
        }
    }
    let after = arena.clients[0].statistics();
    assert!(after.overtaken > before.overtaken, "{after:?}");
    assert_eq!(after.mispredictions, before.mispredictions);
}
