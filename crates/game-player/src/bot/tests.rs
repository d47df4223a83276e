use game_sim::{MatchConfig, PlayerInput, PlayerSlot, World};

use super::{Bot, BotKind};

fn new_world(seed: u64, players: usize, score_to_win: u16, ticks_max: u32) -> World {
    let players = (0..players).map(|slot| format!("bot-{slot}")).collect();
    World::seeded(&MatchConfig { players, ticks_max, score_to_win }, seed).unwrap()
}

/// The inputs of the first bot while all of them play.
fn play(world: &mut World, mut bots: Vec<Bot>) -> Vec<PlayerInput> {
    let mut seen = Vec::new();
    while world.outcome().is_none() {
        let slots = (0..).map(PlayerSlot);
        let inputs: Vec<_> = slots.zip(&mut bots).map(|(slot, bot)| (slot, bot.input(world, slot))).collect();
        seen.push(inputs[0].1);
        world.step(&inputs);
    }
    seen
}

fn pair(kind: BotKind, seeds: [u64; 2]) -> Vec<Bot> {
    seeds.map(|seed| Bot::new(kind, seed)).to_vec()
}

#[test]
fn same_seed_same_inputs() {
    for kind in [BotKind::Wander, BotKind::Easy, BotKind::Normal, BotKind::Hard] {
        let run = |seed| play(&mut new_world(7, 2, 20, 3600), pair(kind, [seed, 99]));
        assert_eq!(run(1), run(1), "{kind:?}");
        assert_ne!(run(1), run(2), "the seed makes a difference: {kind:?}");
    }
}

#[test]
fn wanderers_collect_and_do_not_get_stuck() {
    for seed in 0..20 {
        let mut world = new_world(seed, 2, 10, 60 * 60);
        play(&mut world, pair(BotKind::Wander, [seed, seed + 1000]));
        let best = world.players().iter().map(|player| player.score).max().unwrap();
        assert_eq!(best, 10, "seed {seed}: ten coins within a minute, tick {}", world.tick());
    }
}

#[test]
fn idle_does_nothing() {
    let inputs = play(&mut new_world(7, 2, 20, 600), pair(BotKind::Idle, [1, 2]));
    assert_eq!(inputs.len(), 600);
    assert!(inputs.iter().all(|input| *input == PlayerInput::default()));
}

/// How many of so many duels the first kind wins. It has either slot equally often.
fn duels_won(better: BotKind, worse: BotKind, duels: u64) -> usize {
    let won = |duel: u64| {
        let slot = (duel % 2) as usize;
        let mut bots = vec![Bot::new(worse, duel), Bot::new(worse, duel)];
        bots[slot] = Bot::new(better, duel + 1000);
        let mut world = new_world(duel / 2, 2, 25, 60 * 60);
        play(&mut world, bots);
        usize::from(world.outcome().unwrap().winner.0) == slot
    };
    (0..duels).filter(|duel| won(*duel)).count()
}

#[test]
fn each_level_beats_the_one_below_it() {
    const DUELS: u64 = 40;
    for (better, worse) in [(BotKind::Hard, BotKind::Normal), (BotKind::Normal, BotKind::Easy)] {
        let won = duels_won(better, worse, DUELS);
        // Three of four, and some of the weaker ones' wins, or nobody would play against it twice.
        assert!(won >= 30, "{better:?} wins {won} of {DUELS} against {worse:?}");
    }
}

#[test]
fn in_a_crowd_the_better_ones_have_more_points() {
    let kinds = [BotKind::Easy, BotKind::Normal, BotKind::Hard];
    let mut points = [0_u32; 3];
    for game in 0..10 {
        let bots = (0..6).map(|slot| Bot::new(kinds[(slot + game) % 3], (game * 6 + slot) as u64)).collect();
        let mut world = new_world(game as u64, 6, 60, 60 * 60);
        play(&mut world, bots);
        for (slot, player) in world.players().iter().enumerate() {
            points[(slot + game) % 3] += u32::from(player.score);
        }
    }
    assert!(points[2] * 2 > points[1] * 3 && points[1] * 2 > points[0] * 3, "{kinds:?} have {points:?}");
}
