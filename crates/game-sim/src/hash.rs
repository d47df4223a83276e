//! One number for the whole state, to compare two machines by: the same on every machine.

use crate::arena::Position;
use crate::world::{Direction, Player, World, WorldState};

impl World {
    /// A number that differs when anything in the state does, or in what will appear (64 bits). Not against forgery.
    pub fn hash(&self) -> u64 {
        let mut hash = Mixed(self.state().hash());
        hash.add(self.drawn() as i64);
        hash.0
    }
}

impl WorldState {
    /// The same for a state alone.
    pub fn hash(&self) -> u64 {
        let mut hash = Mixed(0xcbf2_9ce4_8422_2325);
        hash.add(i64::from(self.tick));
        for player in &self.players {
            hash.player(player);
        }
        for pickup in &self.pickups {
            hash.position(pickup.unwrap_or(Position { x: -1, y: -1 }));
        }
        for shot in &self.shots {
            hash.add(i64::from(shot.owner.0));
            hash.add(i64::from(shot.fired_at_tick));
            hash.position(shot.origin);
            hash.add(i64::from(shot.aim.0));
            hash.add(i64::from(shot.rewind_ticks));
        }
        hash.0
    }
}

/// Multiply and shift, a number at a time: it runs in every tick. The shift brings high bits down, because the low
/// ones alone go into snapshots and replays.
struct Mixed(u64);

impl Mixed {
    fn add(&mut self, number: i64) {
        self.0 = (self.0 ^ number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }

    fn position(&mut self, Position { x, y }: Position) {
        self.add(i64::from(x));
        self.add(i64::from(y));
    }

    fn direction(&mut self, Direction { x, y }: Direction) {
        self.add(i64::from(x));
        self.add(i64::from(y));
    }

    fn player(&mut self, player: &Player) {
        self.position(player.position);
        self.direction(player.direction);
        self.direction(player.facing);
        self.add(player.aim.map_or(-1, |aim| i64::from(aim.0)));
        for ticks in [
            player.dash_ticks,
            player.dash_cooldown_ticks,
            player.stun_ticks,
            player.shield_ticks,
            player.reload_ticks,
            player.health,
        ] {
            self.add(i64::from(ticks));
        }
        self.add(i64::from(player.score));
        self.add(i64::from(player.scored_at_tick));
        self.add(i64::from(player.present));
    }
}
