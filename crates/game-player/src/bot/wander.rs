//! The bot without an aim in life: coins, and now and then a shot or a dash at whoever is in the way.

use game_sim::{
    Player, PlayerInput, PlayerSlot, World,
    arena::{Position, TILE, UNITS_PER_PIXEL},
};

use super::{Bot, route};

/// How long the bot keeps one plan, in ticks.
const PLAN_TICKS: u32 = 90;
/// How near somebody must be to be worth a dash, in units.
const DASH_REACH: i32 = 90 * UNITS_PER_PIXEL;
/// How near somebody must be to be worth a shot, in units.
const SHOT_REACH: i32 = 10 * TILE;

impl Bot {
    pub(super) fn wander(&mut self, world: &World, own: PlayerSlot) -> PlayerInput {
        let Some(player) = world.players().get(usize::from(own.0)) else { return PlayerInput::default() };
        let gone = self.target.is_none_or(|target| !world.coins().any(|coin| coin == target));
        if gone || world.tick() >= self.replan_at_tick {
            self.target = self.choose_coin(&world.coins().collect::<Vec<_>>(), player.position);
            self.replan_at_tick = world.tick() + PLAN_TICKS;
        }
        let Some(target) = self.target else { return PlayerInput::default() };
        let direction = route::heading(player.position, route::next_stop(player.position, target));
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
            dash: prey(ahead) && player.dash_cooldown_ticks == 0 && self.random.below(20) == 0,
            shoot: prey(in_line) && player.reload_ticks == 0 && self.random.below(6) == 0,
            ..PlayerInput::default()
        }
    }

    /// The nearest coin most of the time, any coin otherwise, so that bots do not all run to the same one.
    fn choose_coin(&mut self, coins: &[Position], from: Position) -> Option<Position> {
        if coins.is_empty() {
            return None;
        }
        if self.random.below(3) == 0 {
            return Some(coins[self.random.below(coins.len())]);
        }
        coins.iter().copied().min_by_key(|coin| (coin.x - from.x).abs() + (coin.y - from.y).abs())
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
