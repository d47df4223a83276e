//! A player that nobody steers: made from a seed and what it sees, nothing else.
//!
//! It is a player like any other: it reads the world and gives an input, and the rules decide what becomes of it.
//! How well it plays is [`skill::Skill`]: how late it sees, how well it aims, what it knows of tactics.

mod fight;
mod route;
mod skill;
mod wander;

use std::collections::VecDeque;

use clap::ValueEnum;
use game_sim::{
    COINS, Direction, HEALTH_MAX, Player, PlayerInput, PlayerSlot, World,
    arena::{Position, TILE},
};

use self::{
    fight::{Combat, Sight},
    skill::Skill,
};

/// Who plays when nobody sits there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum BotKind {
    /// Walks about and collects what is near
    Wander,
    /// Stands still
    Idle,
    /// An opponent for the first match
    Easy,
    /// An opponent that aims ahead and steps aside now and then
    Normal,
    /// An opponent that sees fast, aims well and picks its fights
    Hard,
}

/// A bot and its plan.
#[derive(Clone, Debug)]
pub struct Bot {
    kind: BotKind,
    random: Random,
    target: Option<Position>,
    replan_at_tick: u32,
    /// Where everybody was of late, the newest last: it is looked at as late as the skill says.
    seen: VecDeque<Sight>,
}

impl Bot {
    /// The same kind and seed make the same choices in the same world.
    pub fn new(kind: BotKind, seed: u64) -> Bot {
        Bot { kind, random: Random(seed), target: None, replan_at_tick: 0, seen: VecDeque::new() }
    }

    /// What the bot does in this tick, by the world as its player sees it.
    pub fn input(&mut self, world: &World, own: PlayerSlot) -> PlayerInput {
        match self.kind {
            BotKind::Idle => PlayerInput::default(),
            BotKind::Wander => self.wander(world, own),
            BotKind::Easy => self.play(&skill::EASY, world, own),
            BotKind::Normal => self.play(&skill::NORMAL, world, own),
            BotKind::Hard => self.play(&skill::HARD, world, own),
        }
    }

    fn play(&mut self, skill: &Skill, world: &World, own: PlayerSlot) -> PlayerInput {
        let Some(player) = world.players().get(usize::from(own.0)) else { return PlayerInput::default() };
        self.look(skill, world);
        let gone = self.target.is_none_or(|target| !world.state().pickups.contains(&Some(target)));
        if gone || world.tick() >= self.replan_at_tick {
            self.target = self.choose_pickup(skill, world, own, player);
            self.replan_at_tick = world.tick() + skill.plan_ticks;
        }
        let direction = match self.target {
            Some(target) => route::heading(player.position, route::next_stop(player.position, target)),
            None => Direction::default(),
        };
        let walk = PlayerInput { direction, ..PlayerInput::default() };
        let Some(seen) = self.seen.front() else { return walk };
        let combat = Combat { skill, seen, now: world, own, player };
        let mut random = self.random;
        let input = combat.input(walk, &mut random);
        self.random = random;
        input
    }

    /// Remembers what is to be seen now, and forgets what is older than the skill's reaction.
    fn look(&mut self, skill: &Skill, world: &World) {
        // A correction of the prediction may lead back.
        self.seen.retain(|sight| sight.tick < world.tick());
        self.seen.push_back(Sight::of(world));
        while self.seen.front().is_some_and(|sight| sight.tick + skill.reaction_ticks < world.tick()) {
            self.seen.pop_front();
        }
    }

    /// What is worth the way: mostly the nearest coin, for the better ones the one that nobody else is nearer to, and
    /// a heart when one is needed.
    fn choose_pickup(
        &mut self,
        skill: &Skill,
        world: &World,
        own: PlayerSlot,
        player: &Player,
    ) -> Option<Position> {
        let pickups = &world.state().pickups;
        let (coins, hearts) = pickups.split_at(COINS.min(pickups.len()));
        let coins: Vec<Position> = coins.iter().copied().flatten().collect();
        if !coins.is_empty() && self.random.one_in(skill.stray_one_in) {
            return Some(coins[self.random.below(coins.len())]);
        }
        let ways = route::Ways::from(player.position);
        let others = world.players().iter().enumerate();
        let others: Vec<Position> = others
            .filter(|(slot, other)| *slot != usize::from(own.0) && other.present)
            .map(|(_, other)| other.position)
            .collect();
        let effort = |coin: &Position| {
            let way = i32::from(ways.to(*coin));
            let rival = others.iter().map(|other| distance(*other, *coin) / TILE).min().unwrap_or(i32::MAX);
            // Who comes second walks for nothing.
            if skill.minds_rivals && rival < way { way + 2 * (way - rival) } else { way }
        };
        let coin = coins.iter().copied().min_by_key(effort);
        let heart = hearts.iter().copied().flatten().min_by_key(|heart| ways.to(*heart));
        match heart {
            Some(heart) if skill.heals && player.health < HEALTH_MAX => {
                let worth = if player.health == 1 { 12 } else { 4 };
                let coin_way = coin.map_or(i32::MAX, |coin| effort(&coin));
                if i32::from(ways.to(heart)) - worth < coin_way { Some(heart) } else { coin }
            }
            _ => coin,
        }
    }
}

/// The longer of the two ways along the axes, in units.
fn distance(from: Position, to: Position) -> i32 {
    (from.x - to.x).abs().max((from.y - to.y).abs())
}

/// The bot's own numbers (splitmix64): the rules' generator is not for players.
#[derive(Clone, Copy, Debug)]
struct Random(u64);

impl Random {
    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    /// True once in so many times; 0: never.
    fn one_in(&mut self, times: usize) -> bool {
        times > 0 && self.below(times) == 0
    }
}

#[cfg(test)]
mod tests;
