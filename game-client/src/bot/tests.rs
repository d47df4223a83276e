use game_sim::{MatchConfig, PlayerInput, PlayerSlot, World};

use super::Bot;
use crate::options::BotKind;

fn new_world(seed: u64, score_to_win: u16, ticks_max: u32) -> World {
    let players = ["ada", "bob"].map(str::to_owned).to_vec();
    World::seeded(&MatchConfig { players, ticks_max, score_to_win }, seed).unwrap()
}

/// The inputs of one bot while two of them play.
fn play(world: &mut World, kind: BotKind, seeds: [u64; 2]) -> Vec<PlayerInput> {
    let mut bots = seeds.map(|seed| Bot::new(kind, seed));
    let mut seen = Vec::new();
    while world.outcome().is_none() {
        let slots = [PlayerSlot(0), PlayerSlot(1)];
        let inputs = [0, 1].map(|index| (slots[index], bots[index].input(world, slots[index])));
        seen.push(inputs[0].1);
        world.step(&inputs);
    }
    seen
}

#[test]
fn same_seed_same_inputs() {
    let run = |seed| play(&mut new_world(7, 20, 3600), BotKind::Wander, [seed, 99]);
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2), "the seed makes a difference");
}

#[test]
fn wanderers_collect_and_do_not_get_stuck() {
    for seed in 0..20 {
        let mut world = new_world(seed, 10, 60 * 60);
        play(&mut world, BotKind::Wander, [seed, seed + 1000]);
        let best = world.players().iter().map(|player| player.score).max().unwrap();
        assert_eq!(best, 10, "seed {seed}: ten coins within a minute, tick {}", world.tick());
    }
}

#[test]
fn idle_does_nothing() {
    let inputs = play(&mut new_world(7, 20, 600), BotKind::Idle, [1, 2]);
    assert_eq!(inputs.len(), 600);
    assert!(inputs.iter().all(|input| *input == PlayerInput::default()));
}
