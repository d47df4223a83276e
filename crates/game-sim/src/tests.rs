//! The rules, each by a small match; and runs with random inputs for what must hold in all of them.

use crate::arena::{self, COLUMNS, Position, ROWS, TILE};
use crate::world::PLAYER_HALF;
use crate::*;

pub(crate) const STILL: PlayerInput = PlayerInput {
    direction: Direction { x: 0, y: 0 },
    dash: false,
    shoot: false,
    aim: None,
    rewind_ticks: 0,
};
const RIGHT: PlayerInput = PlayerInput { direction: Direction { x: 1, y: 0 }, ..STILL };
const DASH_RIGHT: PlayerInput = PlayerInput { direction: Direction { x: 1, y: 0 }, dash: true, ..STILL };

fn config(players: usize) -> MatchConfig {
    let players = (0..players).map(|index| format!("player-{index}")).collect();
    MatchConfig { players, ticks_max: 3600, score_to_win: 10 }
}

/// A world of two whose players stand where the test wants them, with every coin in the far corner.
pub(crate) fn duel(first: Position, second: Position) -> World {
    let mut world = World::seeded(&config(2), 7).unwrap();
    world.state.players[0].position = first;
    world.state.players[1].position = second;
    world.state.pickups = vec![Some(arena::centre(30, 1)); PICKUPS];
    world
}

pub(crate) fn edit(world: &World, change: impl FnOnce(&mut WorldState)) -> World {
    let mut world = world.clone();
    change(&mut world.state);
    // Nothing that a snapshot could not carry.
    world.with_state(world.state().clone()).unwrap();
    world
}

/// Inputs that look like play: directions held for a while, a dash now and then.
fn random_inputs(seed: &mut u64, players: usize) -> Vec<(PlayerSlot, PlayerInput)> {
    (0..players)
        .filter_map(|slot| {
            *seed += 1;
            let bits = random::sip_hash(77, *seed);
            let direction = Direction { x: (bits % 3) as i8 - 1, y: (bits / 3 % 3) as i8 - 1 };
            let rewind_ticks = (bits >> 20 & 15) as u8;
            let shoot = bits & 0x3000 == 0;
            let aim = (bits >> 40 & 1 == 1).then_some(Aim((bits >> 32) as u8));
            let input = PlayerInput { direction, dash: bits & 0x700 == 0, shoot, aim, rewind_ticks };
            (bits >> 60 < 3).then_some((PlayerSlot(slot as u8), input))
        })
        .collect()
}

#[test]
fn the_arena_is_fair_and_closed() {
    for (column, row) in arena::tiles() {
        assert_eq!(arena::is_wall(column, row), arena::is_wall(COLUMNS - 1 - column, ROWS - 1 - row));
        if column == 0 || row == 0 || column == COLUMNS - 1 || row == ROWS - 1 {
            assert!(arena::is_wall(column, row), "hole at {column}, {row}");
        }
    }
    for pair in 0..8 {
        let (one, other) = (arena::start(2 * pair), arena::start(2 * pair + 1));
        assert_eq!((one.x + other.x, one.y + other.y), (arena::WIDTH, arena::HEIGHT), "starts {pair}");
    }
    assert!(arena::is_wall(-1, 5) && arena::is_wall(COLUMNS, 5) && arena::is_wall(5, ROWS));
}

#[test]
fn config_out_of_range_is_refused() {
    let check = |change: fn(&mut MatchConfig), expected| {
        let mut config = config(2);
        change(&mut config);
        assert_eq!(World::new(&config).unwrap_err(), expected);
    };
    check(|config| config.players.truncate(1), ConfigError::Players(1));
    check(|config| config.players = vec![String::new(); 17], ConfigError::Players(17));
    check(|config| config.ticks_max = 0, ConfigError::TicksMax(0));
    check(|config| config.ticks_max = TICKS_LIMIT + 1, ConfigError::TicksMax(TICKS_LIMIT + 1));
    check(|config| config.score_to_win = 0, ConfigError::ScoreToWin(0));
    check(|config| config.score_to_win = 10_000, ConfigError::ScoreToWin(10_000));
    assert_eq!(ConfigError::Players(17).to_string(), "`17` players, expected 2 to 16");
}

#[test]
fn same_seed_same_run_and_another_seed_another_run() {
    let run = |seed| {
        let mut world = World::seeded(&config(5), seed).unwrap();
        let mut inputs = 99;
        for _ in 0..1500 {
            world.step(&random_inputs(&mut inputs, 5));
        }
        world
    };
    assert_eq!(run(1), run(1));
    assert_eq!(run(1).hash(), run(1).hash());
    assert_ne!(run(1).state().pickups, run(2).state().pickups);
}

#[test]
fn a_known_run_ends_in_known_numbers() {
    // A change here is a change of the rules: bump the protocol version in game-net with it.
    let mut world =
        World::seeded(&MatchConfig { ticks_max: 1200, score_to_win: 99, ..config(4) }, 7).unwrap();
    let mut inputs = 5;
    let (mut hashes, mut every_tick) = (Vec::new(), 0);
    while world.outcome().is_none() {
        world.step(&random_inputs(&mut inputs, 4));
        every_tick = random::sip_hash(every_tick, world.hash());
        if world.tick().is_multiple_of(300) {
            hashes.push(world.hash());
        }
    }
    let outcome = world.outcome().unwrap();
    assert_eq!((world.tick(), outcome.reason), (1200, EndReason::TimeUp));
    assert_eq!(
        (hashes.as_slice(), outcome.scores.as_slice()),
        (KNOWN_RUN.0.as_slice(), KNOWN_RUN.1.as_slice())
    );
    assert_eq!(every_tick, KNOWN_TICKS);
}

#[test]
fn the_generator_is_siphash() {
    // Computed by an implementation that gives the vector of the paper's appendix A.
    assert_eq!(random::sip_hash(7, 0), SIP_7_0);
    assert_eq!(random::sip_hash(0x0706_0504_0302_0100, 42), SIP_K_42);
}

#[test]
fn every_part_of_the_state_is_in_the_hash() {
    let world = duel(arena::centre(4, 9), arena::centre(25, 10));
    let mut seen = vec![world.hash()];
    let shot = Shot {
        owner: PlayerSlot(0),
        fired_at_tick: 0,
        origin: arena::centre(4, 9),
        aim: Aim(0),
        rewind_ticks: 0,
    };
    let mut check = |change: &dyn Fn(&mut WorldState)| {
        let hash = edit(&world, change).hash();
        assert!(!seen.contains(&hash), "change {} is not seen", seen.len());
        seen.push(hash);
    };
    check(&|state| state.tick = 1);
    check(&|state| state.players[1].position.y += 1);
    check(&|state| state.players[1].direction.x = 1);
    check(&|state| state.players[1].facing.y = 1);
    check(&|state| state.players[1].aim = Some(Aim(0)));
    check(&|state| state.players[1].aim = Some(Aim(1)));
    check(&|state| state.players[1].dash_ticks = 1);
    check(&|state| state.players[1].dash_cooldown_ticks = 1);
    check(&|state| state.players[1].stun_ticks = 1);
    check(&|state| state.players[1].shield_ticks = 1);
    check(&|state| state.players[1].reload_ticks = 1);
    check(&|state| state.players[1].health = 1);
    check(&|state| state.players[1].score = 1);
    check(&|state| state.players[1].scored_at_tick = 1);
    check(&|state| state.players[1].present = false);
    check(&|state| state.pickups[9] = None);
    check(&|state| state.shots = vec![shot]);
    check(&|state| state.shots = vec![Shot { rewind_ticks: 1, ..shot }]);
    check(&|state| state.shots = vec![Shot { aim: Aim(1), ..shot }]);
    check(&|state| state.shots = vec![Shot { owner: PlayerSlot(1), ..shot }]);
}

#[test]
fn whatever_players_do_nobody_is_in_a_wall_and_nothing_leaves_its_range() {
    for seed in 0..40 {
        let players = 2 + seed as usize % 15;
        let mut world = World::seeded(&MatchConfig { score_to_win: 30, ..config(players) }, seed).unwrap();
        let mut inputs = seed;
        while world.outcome().is_none() {
            world.step(&random_inputs(&mut inputs, players));
            for player in world.players() {
                assert!(!arena::blocked(player.position, PLAYER_HALF), "seed {seed}, tick {}", world.tick());
            }
            // `with_state` accepts whatever `step` makes: a snapshot of a real world is never refused.
            assert!(world.with_state(world.state().clone()).is_ok(), "seed {seed}, tick {}", world.tick());
            let mut pickups = world.state().pickups.clone();
            pickups.sort();
            pickups.dedup();
            assert!(pickups.len() == PICKUPS && !pickups.contains(&None), "two in one place, seed {seed}");
        }
    }
}

#[test]
fn players_walk_up_to_the_wall_and_slide_along_it() {
    let start = arena::centre(5, 9);
    let mut world = duel(start, arena::centre(25, 10));
    world.step(&[(PlayerSlot(0), RIGHT)]);
    assert_eq!(world.players()[0].position, Position { x: start.x + 48, y: start.y });
    // The wall is at column 8. Without further inputs the player goes on.
    for _ in 0..60 {
        world.step(&[]);
    }
    assert_eq!(world.players()[0].position, Position { x: 8 * TILE - PLAYER_HALF, y: start.y });
    let down_right = PlayerInput { direction: Direction { x: 1, y: 1 }, ..STILL };
    world.step(&[(PlayerSlot(0), down_right)]);
    assert_eq!(world.players()[0].position, Position { x: 8 * TILE - PLAYER_HALF, y: start.y + 34 });
}

#[test]
fn a_dash_stops_at_the_wall_from_every_side() {
    for (x, y) in [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)] {
        let mut world = duel(arena::centre(15, 5), arena::centre(25, 17));
        for _ in 0..400 {
            world
                .step(&[(PlayerSlot(0), PlayerInput { direction: Direction { x, y }, dash: true, ..STILL })]);
            assert!(!arena::blocked(world.players()[0].position, PLAYER_HALF));
        }
    }
}

#[test]
fn a_dash_is_faster_and_needs_its_cooldown() {
    let mut world = duel(arena::centre(2, 2), arena::centre(25, 17));
    let mut steps = Vec::new();
    for _ in 0..100 {
        let before = world.players()[0].position.x;
        world.step(&[(PlayerSlot(0), DASH_RIGHT)]);
        steps.push(world.players()[0].position.x - before);
    }
    assert_eq!(steps[..10], [144; 10]);
    assert_eq!(steps[10..90], [48; 80]);
    assert_eq!(steps[90..], [144; 10]);
}

#[test]
fn a_coin_is_a_point_and_appears_elsewhere() {
    let place = arena::centre(5, 9);
    let mut world =
        edit(&duel(arena::centre(4, 9), arena::centre(25, 10)), |state| state.pickups[3] = Some(place));
    while world.players()[0].score == 0 && world.tick() < 60 {
        world.step(&[(PlayerSlot(0), RIGHT)]);
    }
    let player = &world.players()[0];
    assert_eq!((player.score, player.scored_at_tick), (1, world.tick() - 1));
    assert!(!world.state().pickups.contains(&Some(place)));
    assert_eq!(world.coins().count(), COINS);
}

#[test]
fn a_coin_between_two_goes_to_the_nearer() {
    let coin = arena::centre(5, 9);
    let near = Position { x: coin.x + 100, ..coin };
    let far = Position { x: coin.x - 101, ..coin };
    for (first, second, scores) in [(near, far, [1, 0]), (far, near, [0, 1])] {
        let mut world = edit(&duel(first, second), |state| state.pickups[0] = Some(coin));
        world.step(&[]);
        assert_eq!([world.players()[0].score, world.players()[1].score], scores);
    }
}

#[test]
fn a_tag_takes_one_point_stuns_and_shields() {
    let victim = arena::centre(6, 2);
    let mut world = edit(&duel(arena::centre(4, 2), victim), |state| state.players[1].score = 3);
    for _ in 0..DASH_TICKS {
        world.step(&[(PlayerSlot(0), DASH_RIGHT)]);
    }
    assert_eq!([world.players()[0].score, world.players()[1].score], [1, 2]);
    let tagged = world.players()[1].clone();
    assert!(tagged.stun_ticks > 0 && tagged.shield_ticks > tagged.stun_ticks);
    world.step(&[(PlayerSlot(0), PlayerInput::default()), (PlayerSlot(1), RIGHT)]);
    assert_eq!(world.players()[1].position, tagged.position, "who is stunned stands still");
    for _ in 0..DASH_COOLDOWN_TICKS {
        world.step(&[(PlayerSlot(0), DASH_RIGHT), (PlayerSlot(1), PlayerInput::default())]);
    }
    assert_eq!(world.players()[1].score, 2, "the shield holds");
}

#[test]
fn a_tag_without_points_to_take_makes_none() {
    let mut world = duel(arena::centre(4, 2), arena::centre(6, 2));
    for _ in 0..DASH_TICKS {
        world.step(&[(PlayerSlot(0), DASH_RIGHT)]);
    }
    assert_eq!([world.players()[0].score, world.players()[1].score], [0, 0]);
    assert!(world.players()[1].stun_ticks > 0);
}

/// Winner and reason of a world of three with these scores, ticks of scoring, and presence.
fn check_winner(rows: [(u16, u32, bool); 3], tick: u32, expected: Option<(u8, EndReason)>) {
    let world = edit(&World::new(&config(3)).unwrap(), |state| {
        state.tick = tick;
        for (player, (score, scored_at_tick, present)) in state.players.iter_mut().zip(rows) {
            (player.score, player.scored_at_tick, player.present) = (score, scored_at_tick, present);
        }
    });
    let outcome = world.outcome();
    assert_eq!(outcome.as_ref().map(|outcome| (outcome.winner.0, outcome.reason)), expected);
    if let Some(outcome) = outcome {
        assert_eq!(outcome.scores, rows.map(|row| row.0));
    }
}

#[test]
fn who_wins() {
    use EndReason::{LastPresent, ScoreReached, TimeUp};
    check_winner([(9, 5, true), (0, 0, true), (3, 8, true)], 100, None);
    check_winner([(3, 5, true), (10, 99, true), (9, 8, true)], 100, Some((1, ScoreReached)));
    check_winner([(10, 99, true), (11, 99, true), (0, 0, true)], 100, Some((1, ScoreReached)));
    check_winner([(3, 5, true), (4, 9, true), (2, 8, true)], 3600, Some((1, TimeUp)));
    // Ties: who got there first, then the lower slot.
    check_winner([(4, 50, true), (4, 49, true), (2, 8, true)], 3600, Some((1, TimeUp)));
    check_winner([(1, 8, true), (4, 49, true), (4, 49, true)], 3600, Some((1, TimeUp)));
    check_winner([(0, 0, true), (0, 0, true), (0, 0, true)], 3600, Some((0, TimeUp)));
    // Who left does not win, whatever their points.
    check_winner([(9, 5, false), (1, 9, true), (2, 8, true)], 3600, Some((2, TimeUp)));
    check_winner([(9, 5, false), (1, 9, true), (2, 8, false)], 100, Some((1, LastPresent)));
}

#[test]
fn a_match_that_is_broken_off_goes_to_who_leads() {
    let mut world = edit(&World::new(&config(3)).unwrap(), |state| {
        (state.players[0].score, state.players[0].present) = (9, false);
        state.players[2].score = 2;
    });
    let outcome = world.broken_off().unwrap();
    assert_eq!((outcome.winner, outcome.reason), (PlayerSlot(2), EndReason::BrokenOff));
    assert_eq!(world.outcome(), None, "the rules know no such end");
    world.leave(PlayerSlot(1));
    assert_eq!(world.broken_off(), world.outcome(), "one that has ended is not broken off");
}

#[test]
fn the_end_is_final() {
    let mut world = World::new(&config(2)).unwrap();
    world.leave(PlayerSlot(0));
    world.leave(PlayerSlot(1));
    world.leave(PlayerSlot(77));
    let end = world.clone();
    assert_eq!(end.outcome().unwrap().winner, PlayerSlot(1));
    assert_eq!(end.tick(), 1, "the last state has a tick of its own");
    world.step(&[(PlayerSlot(1), RIGHT)]);
    assert_eq!(world, end);
}

#[test]
fn inputs_of_nobody_and_wild_directions_are_harmless() {
    let wild = PlayerInput { direction: Direction { x: i8::MIN, y: i8::MAX }, dash: true, ..STILL };
    let tame = PlayerInput { direction: Direction { x: -1, y: 1 }, dash: true, ..STILL };
    let mut one = World::new(&config(2)).unwrap();
    let mut other = one.clone();
    one.step(&[(PlayerSlot(200), RIGHT), (PlayerSlot(1), RIGHT), (PlayerSlot(1), wild)]);
    other.step(&[(PlayerSlot(1), tame)]);
    assert_eq!(one, other);
}

#[test]
fn a_state_of_another_match_is_refused() {
    let world = World::new(&config(3)).unwrap();
    let check = |change: fn(&mut WorldState)| {
        let mut state = world.state().clone();
        change(&mut state);
        assert_eq!(world.with_state(state), Err(StateError));
    };
    check(|state| state.players.truncate(2));
    check(|state| state.pickups.truncate(1));
    check(|state| state.players[0].health = 0);
    check(|state| state.players[0].health = HEALTH_MAX + 1);
    check(|state| state.tick = 3601);
    check(|state| state.players[1].position = Position { x: 0, y: 0 });
    check(|state| state.players[1].position = Position { x: i32::MIN, y: i32::MAX });
    check(|state| state.pickups[0] = Some(Position { x: -1, y: 5 }));
}

/// Hashes at every 300th tick, and the scores at the end of the known run.
const KNOWN_RUN: ([u64; 4], [u16; 4]) =
    ([13744154053268815905, 14271700484854011090, 15242635522771535125, 12466001386468089097], [2, 1, 0, 1]);
/// The hashes of all 1200 ticks in one number, each under the one before as key.
const KNOWN_TICKS: u64 = 14607212457720962364;
const SIP_7_0: u64 = 1713164587786208252;
const SIP_K_42: u64 = 4439213950999712362;
