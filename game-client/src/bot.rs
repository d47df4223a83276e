//! A player that nobody steers, for headless runs: made from a seed and what it sees, nothing else.
//!
//! It is a player like any other: it reads the world and gives an input, and the rules decide what becomes of it.

use bevy::prelude::Resource;
use game_sim::{
    Direction, Player, PlayerInput, PlayerSlot, World,
    arena::{self, COLUMNS, Position, ROWS, TILE, UNITS_PER_PIXEL},
};

use crate::options::BotKind;

/// How long the bot keeps one plan, in ticks.
const PLAN_TICKS: u32 = 90;
/// How near somebody must be to be worth a dash, in units.
const DASH_REACH: i32 = 90 * UNITS_PER_PIXEL;
/// How near somebody must be to be worth a shot, in units.
const SHOT_REACH: i32 = 10 * TILE;
/// How far from the middle of a tile still counts as there, in units; a step is 48.
const NEAR: i32 = 40;

/// A bot and its plan.
#[derive(Resource, Clone, Debug)]
pub(crate) struct Bot {
    kind: BotKind,
    random: u64,
    target: Option<Position>,
    replan_at_tick: u32,
}

impl Bot {
    /// The same kind and seed make the same choices in the same world.
    pub(crate) fn new(kind: BotKind, seed: u64) -> Bot {
        Bot { kind, random: seed, target: None, replan_at_tick: 0 }
    }

    /// What the bot does in this tick.
    pub(crate) fn input(&mut self, world: &World, own: PlayerSlot) -> PlayerInput {
        match self.kind {
            BotKind::Idle => PlayerInput::default(),
            BotKind::Wander => self.wander(world, own),
        }
    }

    fn wander(&mut self, world: &World, own: PlayerSlot) -> PlayerInput {
        let Some(player) = world.players().get(usize::from(own.0)) else { return PlayerInput::default() };
        let gone = self.target.is_none_or(|target| !world.coins().any(|coin| coin == target));
        if gone || world.tick() >= self.replan_at_tick {
            self.target = self.choose_coin(&world.coins().collect::<Vec<_>>(), player.position);
            self.replan_at_tick = world.tick() + PLAN_TICKS;
        }
        let Some(target) = self.target else { return PlayerInput::default() };
        let direction = heading(player.position, next_stop(player.position, target));
        let prey = |sees: fn(&Player, Position) -> bool| {
            world.players().iter().enumerate().any(|(slot, other)| {
                slot != usize::from(own.0)
                    && other.present
                    && other.shield_ticks == 0
                    && sees(player, other.position)
            })
        };
        PlayerInput {
            direction,
            dash: prey(ahead) && player.dash_cooldown_ticks == 0 && self.below(20) == 0,
            shoot: prey(in_line) && player.reload_ticks == 0 && self.below(6) == 0,
            ..PlayerInput::default()
        }
    }

    /// The nearest coin most of the time, any coin otherwise, so that bots do not all run to the same one.
    fn choose_coin(&mut self, coins: &[Position], from: Position) -> Option<Position> {
        if coins.is_empty() {
            return None;
        }
        if self.below(3) == 0 {
            return Some(coins[self.below(coins.len())]);
        }
        coins.iter().copied().min_by_key(|coin| (coin.x - from.x).abs() + (coin.y - from.y).abs())
    }

    /// A number below `limit` (splitmix64).
    fn below(&mut self, limit: usize) -> usize {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}

/// Whether the place lies where the player faces, within reach of a dash.
fn ahead(player: &Player, place: Position) -> bool {
    let (x, y) = (place.x - player.position.x, place.y - player.position.y);
    let along = |distance: i32, facing: i8| match facing.signum() {
        0 => distance.abs() <= TILE / 2,
        sign => distance.signum() == i32::from(sign) && distance.abs() <= DASH_REACH,
    };
    along(x, player.facing.x) && along(y, player.facing.y)
}

/// Whether a shot would pass the place, were there no walls.
fn in_line(player: &Player, place: Position) -> bool {
    let (x, y) = (place.x - player.position.x, place.y - player.position.y);
    let (ahead_x, ahead_y) = (i32::from(player.facing.x), i32::from(player.facing.y));
    let along = x * ahead_x + y * ahead_y;
    let beside = x * ahead_y - y * ahead_x;
    (0..SHOT_REACH).contains(&along) && beside.abs() < TILE / 2
}

fn heading(from: Position, to: Position) -> Direction {
    let part = |distance: i32| if distance.abs() <= NEAR { 0 } else { distance.signum() as i8 };
    Direction { x: part(to.x - from.x), y: part(to.y - from.y) }
}

/// Where to walk next on the way to `target`: the middle of the next tile of a shortest path around the walls.
fn next_stop(from: Position, target: Position) -> Position {
    let tile = |place: Position| (place.x.div_euclid(TILE), place.y.div_euclid(TILE));
    let index = |(column, row): (i32, i32)| (row * COLUMNS + column) as usize;
    let (start, goal) = (tile(from), tile(target));
    if start == goal || arena::is_wall(goal.0, goal.1) {
        return target;
    }
    // Breadth first from the goal: the tile from which the start is reached is the next one to walk to.
    let mut seen = [false; (COLUMNS * ROWS) as usize];
    let mut queue = std::collections::VecDeque::from([goal]);
    seen[index(goal)] = true;
    while let Some((column, row)) = queue.pop_front() {
        for next in [(column + 1, row), (column - 1, row), (column, row + 1), (column, row - 1)] {
            if next == start {
                return towards_tile(from, (column, row), start);
            }
            if !arena::is_wall(next.0, next.1) && !seen[index(next)] {
                seen[index(next)] = true;
                queue.push_back(next);
            }
        }
    }
    target
}

/// The middle of the next tile; but first the middle of the own lane, so that no corner is cut and no wall is hit.
fn towards_tile(from: Position, next: (i32, i32), own: (i32, i32)) -> Position {
    let (here, there) = (arena::centre(own.0, own.1), arena::centre(next.0, next.1));
    // A player is 24 pixels wide and a tile 32: up to 4 pixels beside the middle pass.
    let fits = |beside: i32| beside.abs() <= 4 * UNITS_PER_PIXEL - NEAR / 2;
    let lane_kept = if next.0 == own.0 { fits(from.x - here.x) } else { fits(from.y - here.y) };
    if lane_kept { there } else { here }
}

#[cfg(test)]
mod tests;
