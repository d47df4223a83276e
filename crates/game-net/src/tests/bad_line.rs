//! What a player notices of a bad line, and what a match costs, in numbers.

use game_sim::{HEALTH_MAX, PlayerInput, REWIND_TICKS_MAX};

use super::{Arena, CALM, Weather, wander};
use crate::protocol::SnapshotRate;
use crate::server::Receiver;

/// 100 ms ± 30 ms each way and 2 % loss.
const MOBILE: Weather = Weather { loss_percent: 2, latency_ticks: (4, 8), ..CALM };

/// Where players start far from each other and nobody shoots, so that all corrections come from the line.
fn walk(whose: usize, now: u64) -> PlayerInput {
    PlayerInput { shoot: false, dash: false, ..wander(whose as u64, now) }
}

#[test]
fn corrections_on_a_mobile_line_are_too_small_to_see() {
    // Three pixels: a player's disc is 24 wide, and the drawing glides.
    let units_max = 3 * game_sim::arena::UNITS_PER_PIXEL;
    let mut mispredictions = 0;
    for seed in 0..20 {
        let mut arena = Arena::new(2, seed, MOBILE);
        arena.run(180, |_, _| PlayerInput::default());
        arena.run(1200, walk);
        for client in &arena.clients {
            let statistics = client.statistics();
            mispredictions += statistics.mispredictions;
            assert!(statistics.correction_units_max <= units_max, "seed {seed}: {statistics:?}");
        }
    }
    // Over thirteen minutes of play of one player, in all.
    assert!(mispredictions <= 20, "{mispredictions} mispredictions");
}

#[test]
fn all_is_well_again_after_thirty_percent_loss_in_bursts() {
    let weather = Weather { loss_percent: 30, burst_percent: 2, duplicate_percent: 5, latency_ticks: (2, 9) };
    for seed in 0..20 {
        let mut arena = Arena::new(4, seed, weather);
        arena.run(600, |whose, now| wander(seed + whose as u64, now));
        for client in &arena.clients {
            // Also while it lasts: nobody is left behind.
            let behind = arena.server.world().tick() - client.confirmed().tick();
            assert!(behind <= 60, "seed {seed}: {behind} ticks without a snapshot");
            let confirmed = client.confirmed();
            assert_eq!(confirmed.state(), &arena.truth[confirmed.tick() as usize], "seed {seed}");
        }
        arena.weather = CALM;
        arena.run(120, |_, _| PlayerInput::default());
        for client in &arena.clients {
            assert!(arena.server.world().tick() - client.confirmed().tick() <= 8, "seed {seed}");
        }
    }
}

#[test]
fn others_are_drawn_where_they_were_and_inputs_say_when() {
    let mut arena = Arena::new(2, 1, Weather { latency_ticks: (2, 4), ..CALM });
    arena.run(120, |_, _| PlayerInput::default());
    let mut last = arena.clients[0].shown()[1].position;
    for now in 0..600 {
        arena.run(1, |whose, _| if whose == 1 { walk(7, now) } else { PlayerInput::default() });
        let client = &arena.clients[0];
        let shown = client.shown();
        let rewind = u32::from(client.rewind_ticks());
        assert!((8..=30).contains(&rewind), "{rewind} ticks in the past");
        let truth = &arena.truth[(client.predicted().tick() - rewind) as usize];
        let (seen, was) = (shown[1].position, truth.players[1].position);
        // Between two snapshots a turn is cut short by a step or two.
        assert!((seen.x - was.x).abs() <= 100 && (seen.y - was.y).abs() <= 100, "{seen:?} was {was:?}");
        assert!((seen.x - last.x).abs() <= 100 && (seen.y - last.y).abs() <= 100, "jumps at {now}");
        last = seen;
        let own = &client.predicted().players()[0];
        assert_eq!((shown[0].position, shown[0].direction), (own.position, own.direction));
    }
}

#[test]
fn who_shoots_what_they_see_hits() {
    let mut arena = Arena::new(2, 1, Weather { latency_ticks: (1, 1), ..CALM });
    let [up, right, down] = [(0, -1), (1, 0), (0, 1)]
        .map(|(x, y)| PlayerInput { direction: game_sim::Direction { x, y }, ..PlayerInput::default() });
    // One goes to row 2, and there to five tiles from the lane in which the other will come up.
    arena.run(60, |_, _| PlayerInput::default());
    arena.run(11, |whose, _| if whose == 0 { down } else { PlayerInput::default() });
    arena.run(256, |whose, _| if whose == 0 { right } else { PlayerInput::default() });
    arena.run(30, |_, _| PlayerInput::default());
    let own = arena.clients[0].predicted().players()[0].position;
    let far = arena.clients[0].shown()[1].position.x - own.x;
    // What the player sees is all they aim by: the other is there when the shot is.
    let ahead = far / 160 * 48;
    for _ in 0..600 {
        let sees = arena.clients[0].shown()[1].position.y - own.y <= ahead;
        let fire = PlayerInput { shoot: sees, ..PlayerInput::default() };
        arena.run(1, |whose, _| if whose == 0 { fire } else { up });
        if sees {
            break;
        }
    }
    let rewind = arena.clients[0].rewind_ticks();
    assert!((7..=REWIND_TICKS_MAX + 1).contains(&rewind), "{rewind} ticks in the past on a good line");
    arena.run(60, |whose, _| if whose == 0 { PlayerInput::default() } else { up });
    // They were twelve steps further by then: without the past it would have been a miss.
    assert_eq!(arena.server.world().players()[1].health, HEALTH_MAX - 1);
}

/// Bytes per second that each player of such a match receives, at most and on average.
fn bytes_per_second(players: usize, weather: Weather) -> (u64, u64) {
    let mut arena = Arena::new(players, 3, weather);
    arena.run(60, |_, _| PlayerInput::default());
    let bytes = |arena: &Arena| -> Vec<u64> {
        arena.clients.iter().map(|client| client.statistics().snapshot_bytes).collect()
    };
    let before = bytes(&arena);
    arena.run(600, |whose, now| wander(whose as u64, now));
    let each: Vec<u64> =
        bytes(&arena).iter().zip(before).map(|(after, before)| (after - before) / 10).collect();
    (*each.iter().max().unwrap(), each.iter().sum::<u64>() / players as u64)
}

#[test]
fn bytes_down_per_player() {
    // (most of a player, average); a change for the worse is a change of the protocol to think about.
    let cases = [(2, CALM), (8, CALM), (16, CALM), (8, MOBILE), (16, MOBILE)];
    let found = cases.map(|(players, weather)| bytes_per_second(players, weather));
    assert_eq!(found, [(364, 364), (787, 787), (1358, 1358), (941, 908), (1721, 1620)]);
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
fn a_client_whose_baselines_are_wrong_starts_again() {
    let mut arena = Arena::new(4, 3, CALM);
    arena.run(200, |whose, now| wander(whose as u64, now));
    // As after a fault of our own: the state that both should have differs by a unit.
    arena.clients[2].spoil_baselines();
    arena.run(60, |whose, now| wander(whose as u64, now));
    let client = &arena.clients[2];
    assert!((1..=8).contains(&client.statistics().differing_snapshots), "{:?}", client.statistics());
    assert!(arena.server.world().tick() - client.confirmed().tick() <= 8);
    assert_eq!(client.confirmed().state(), &arena.truth[client.confirmed().tick() as usize]);
    assert!(arena.clients[..2].iter().all(|client| client.statistics().differing_snapshots == 0));
}
