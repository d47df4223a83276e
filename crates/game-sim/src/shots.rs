//! Shots: a shot flies straight until a wall, a player, or the end of its range.
//!
//! A shot is what was fired, not where it is: its place follows from the tick, so that it never changes in a snapshot.
//! Who fires sees the others a little in the past (the way of a snapshot and of an input). The input says by how
//! much, and the shot meets the others where they were so many ticks ago, but at most [`REWIND_TICKS_MAX`]: nobody is
//! hit more than that after they got away.

use serde::{Deserialize, Serialize};

use crate::aim::{AIM_UNIT, Aim};
use crate::arena::{self, Position, UNITS_PER_PIXEL};
use crate::world::{PLAYER_HALF, PlayerSlot, World, touch};

/// How long a shot flies, in ticks.
pub const SHOT_TICKS: u32 = 50;
/// Ticks from one shot of a player to the next.
pub const RELOAD_TICKS: u8 = 24;
/// Hits that knock a player out.
pub const HEALTH_MAX: u8 = 3;
/// What a knock-out is worth, in points.
pub const KNOCK_OUT_POINTS: u16 = 2;
/// How long who was knocked out stands still at their start, in ticks.
pub const KNOCK_OUT_TICKS: u8 = 60;
/// By so many ticks at most the past counts for a hit: 200 ms. What a player sees at 20 snapshots a second and a steady
/// round trip of 67 ms is that old.
pub const REWIND_TICKS_MAX: u8 = 12;
/// Shots in flight at most: three of each player.
pub const SHOTS_MAX: usize = 3 * crate::PLAYERS_MAX;

/// Half the side of a shot's square, in units.
pub const SHOT_HALF: i32 = 4 * UNITS_PER_PIXEL;
/// How fast a shot flies, in units per tick. Far below a tile, so that no shot passes through a wall.
pub const SHOT_SPEED: i32 = 160;

/// A shot in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shot {
    /// Who fired.
    pub owner: PlayerSlot,
    /// The tick of the input that fired it.
    pub fired_at_tick: u32,
    /// The owner's place at that tick.
    pub origin: Position,
    /// Where to.
    pub aim: Aim,
    /// By so many ticks the owner saw the others in the past, at most [`REWIND_TICKS_MAX`].
    pub rewind_ticks: u8,
}

impl Shot {
    /// Where the shot is at this tick, not before it was fired.
    pub fn position(&self, tick: u32) -> Position {
        let flown = tick.saturating_sub(self.fired_at_tick).min(SHOT_TICKS) as i32;
        let (x, y) = self.aim.vector();
        // Division rounds towards the origin on both sides: no direction is better.
        let along = |part: i32| part * SHOT_SPEED * flown / AIM_UNIT;
        Position { x: self.origin.x + along(x), y: self.origin.y + along(y) }
    }

    /// Whether such a shot can be in flight at this tick of a match of so many players.
    pub(crate) fn fits(&self, tick: u32, players: usize) -> bool {
        usize::from(self.owner.0) < players
            && tick.checked_sub(self.fired_at_tick).is_some_and(|age| age < SHOT_TICKS)
            && !arena::blocked(self.origin, SHOT_HALF)
            && self.rewind_ticks <= REWIND_TICKS_MAX
    }
}

impl World {
    /// Fires for every player who wants to and can. `wants` holds by slot by how much they saw the others in the past.
    pub(crate) fn fire(&mut self, wants: &[Option<u8>; crate::PLAYERS_MAX]) {
        let tick = self.state.tick;
        for (slot, player) in (0..).map(PlayerSlot).zip(&mut self.state.players) {
            player.reload_ticks = player.reload_ticks.saturating_sub(1);
            let Some(rewind_ticks) = wants[usize::from(slot.0)] else { continue };
            if !player.present || player.stun_ticks > 0 || player.reload_ticks > 0 {
                continue;
            }
            player.reload_ticks = RELOAD_TICKS;
            self.state.shots.push(Shot {
                owner: slot,
                fired_at_tick: tick,
                origin: player.position,
                aim: player.aims(),
                rewind_ticks: rewind_ticks.min(REWIND_TICKS_MAX),
            });
        }
    }

    /// Moves all shots on by one tick; those that hit something or are at their end are gone.
    pub(crate) fn fly(&mut self) {
        for shot in std::mem::take(&mut self.state.shots) {
            let place = shot.position(self.state.tick + 1);
            let spent = self.state.tick + 1 - shot.fired_at_tick >= SHOT_TICKS;
            if arena::blocked(place, SHOT_HALF) {
                continue;
            }
            match self.target(&shot, place) {
                Some(target) => self.hit(shot.owner, target),
                None if spent => (),
                None => self.state.shots.push(shot),
            }
        }
    }

    /// Who is hit: not the owner, and nobody who is dashing or shielded now.
    fn target(&self, shot: &Shot, place: Position) -> Option<usize> {
        self.turn_order().find(|index| {
            let player = &self.state.players[*index];
            *index != usize::from(shot.owner.0)
                && player.present
                && player.shield_ticks == 0
                && player.dash_ticks == 0
                && touch(place, self.past_position(*index, shot.rewind_ticks), PLAYER_HALF + SHOT_HALF)
        })
    }

    fn hit(&mut self, owner: PlayerSlot, target: usize) {
        let tick = self.state.tick;
        let victim = &mut self.state.players[target];
        victim.health = victim.health.saturating_sub(1);
        if victim.health > 0 {
            return;
        }
        victim.health = HEALTH_MAX;
        victim.position = arena::start(target);
        victim.stun_ticks = KNOCK_OUT_TICKS;
        victim.shield_ticks = crate::SHIELD_TICKS;
        // Where they were does not count any more: nobody is hit at the place they were knocked out from.
        self.past.iter_mut().for_each(|places| places[target] = arena::start(target));
        let shooter = &mut self.state.players[usize::from(owner.0)];
        if shooter.present {
            shooter.score = shooter.score.saturating_add(KNOCK_OUT_POINTS);
            shooter.scored_at_tick = tick;
        }
    }
}

#[cfg(test)]
mod tests;
