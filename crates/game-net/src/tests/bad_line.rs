//! What a player notices of a bad line, in numbers.

use game_sim::{Aim, HEALTH_MAX, PlayerInput, PlayerSlot, REWIND_TICKS_MAX, Shot};

use super::{Arena, CALM, Weather, wander};
use crate::protocol::input::InputDatagram;
use crate::protocol::{ProtocolError, SnapshotRate};

/// 100 ms ± 30 ms each way and 2 % loss.
pub(super) const MOBILE: Weather = Weather { loss_percent: 2, latency_ticks: (4, 8), ..CALM };

/// Three pixels: a player's disc is 24 wide, and the drawing glides.
const CORRECTION_SEEN_UNITS: i32 = 3 * game_sim::arena::UNITS_PER_PIXEL;

/// Where players start far from each other and nobody shoots, so that all corrections come from the line.
fn walk(whose: usize, now: u64) -> PlayerInput {
    PlayerInput { shoot: false, dash: false, ..wander(whose as u64, now) }
}

#[test]
fn corrections_on_a_mobile_line_are_too_small_to_see() {
    let mut mispredictions = 0;
    for seed in 0..20 {
        let mut arena = Arena::new(2, seed, MOBILE);
        arena.run(180, |_, _| PlayerInput::default());
        arena.run(1200, walk);
        for client in &arena.clients {
            let statistics = client.statistics();
            mispredictions += statistics.mispredictions;
            assert!(statistics.correction_units_max <= CORRECTION_SEEN_UNITS, "seed {seed}: {statistics:?}");
        }
    }
    // Over thirteen minutes of play of one player, in all.
    assert!(mispredictions <= 20, "{mispredictions} mispredictions");
}

#[test]
fn corrections_in_a_fight_on_a_mobile_line_are_rare_and_at_most_a_players_width() {
    // Dashes and shots as well: a dash that comes late, or somebody in the way who was not foreseen. Being stunned or
    // knocked out is no correction but an event that is shown.
    let (mut worst, mut visible, mut wrong) = (0, 0, 0);
    for (seed, players) in (0..10).map(|seed| (seed, 2)).chain((0..4).map(|seed| (seed, 8))) {
        let mut arena = Arena::new(players, seed, MOBILE);
        arena.run(180, |_, _| PlayerInput::default());
        arena.run(1200, |whose, now| wander(seed * 31 + whose as u64, now));
        for client in &arena.clients {
            let statistics = client.statistics();
            worst = worst.max(statistics.correction_units_max);
            visible += u32::from(statistics.correction_units_max > CORRECTION_SEEN_UNITS);
            wrong += statistics.mispredictions;
        }
    }
    // 52 players for 20 seconds each.
    assert!(worst <= 24 * game_sim::arena::UNITS_PER_PIXEL, "{worst} units");
    assert!(visible <= 6, "{visible} players saw one");
    assert!(wrong <= 52, "{wrong} mispredictions");
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

#[test]
fn a_client_whose_baselines_are_wrong_starts_again() {
    let mut arena = Arena::new(4, 3, CALM);
    arena.run(200, |whose, now| wander(whose as u64, now));
    // As after a fault of our own: the state that both should have differs by a unit.
    arena.clients[2].spoil_baselines(|state| state.players[0].score += 1);
    arena.run(60, |whose, now| wander(whose as u64, now));
    let client = &arena.clients[2];
    assert!((1..=8).contains(&client.statistics().differing_snapshots), "{:?}", client.statistics());
    assert!(arena.server.world().tick() - client.confirmed().tick() <= 8);
    assert_eq!(client.confirmed().state(), &arena.truth[client.confirmed().tick() as usize]);
    assert!(arena.clients[..2].iter().all(|client| client.statistics().differing_snapshots == 0));
}

#[test]
fn a_baseline_that_leads_to_bits_without_meaning_is_not_trusted_any_more() {
    let mut arena = Arena::new(4, 3, CALM);
    arena.run(120, |whose, now| wander(whose as u64, now));
    let mut without_meaning = 0;
    for _ in 0..300 {
        arena.tick(|whose, now| wander(whose as u64, now));
        let on_the_way: Vec<_> = arena.on_the_way.values().cloned().collect();
        for (_, whose, bytes) in on_the_way.iter().filter(|(to_server, _, _)| !to_server) {
            let mut client = arena.clients[*whose].clone();
            // One shot more than the server knows of, and all bits after it mean something else.
            client.spoil_baselines(|state| {
                let origin = state.players[0].position;
                let (aim, fired_at_tick) = (Aim(0), state.tick.saturating_sub(1));
                state.shots.push(Shot { owner: PlayerSlot(0), fired_at_tick, origin, aim, rewind_ticks: 0 });
            });
            let Err(error) = client.on_datagram(bytes) else { continue };
            without_meaning += u32::from(error == ProtocolError::Datagram);
            let says = InputDatagram::decode(&client.tick(PlayerInput::default())).unwrap();
            assert_eq!(says.snapshot_tick, 0, "after `{error}` the same baseline is acknowledged");
        }
    }
    assert!(without_meaning > 0, "no datagram lost its meaning: this proves nothing");
}

#[test]
fn shots_meet_what_is_seen_up_to_the_round_trip_that_the_docs_state() {
    // docs/game.md: by how many ticks the others are in the past, at each rate of snapshots and each steady round trip.
    let mut rows = Vec::new();
    for rate in SnapshotRate::ALL {
        let rewinds = [2, 3, 4, 6].map(|latency| {
            let mut arena = Arena::at_rate(2, 2, Weather { latency_ticks: (latency, latency), ..CALM }, rate);
            arena.run(300, walk);
            arena.clients[0].rewind_ticks()
        });
        assert!(rewinds[0] <= REWIND_TICKS_MAX, "{rate:?}, round trip of 67 ms: {rewinds:?}");
        rows.push(format!("{} Hz: {rewinds:?} at 67, 100, 133, 200 ms", rate.per_second()));
    }
    insta::assert_snapshot!(rows.join("\n"), @r"
    20 Hz: [12, 14, 16, 20] at 67, 100, 133, 200 ms
    30 Hz: [11, 13, 15, 19] at 67, 100, 133, 200 ms
    60 Hz: [10, 12, 14, 18] at 67, 100, 133, 200 ms
    ");
}
