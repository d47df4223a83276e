//! Rules of the sample game: a top-down arena for 2 to 16 players, in integers.
//!
//! Collect coins; dash into somebody to take a point from them; three shots that hit knock somebody out and are two
//! points; hearts heal. The first with `score_to_win` points wins, or whoever leads when time is up. [`World::step`]
//! is the only rule code: the server's room and the client's prediction both call it, and the same seed with the same
//! inputs is the same run, bit for bit, which [`World::hash`] tells by one number.
//!
//! Not here: the network, the clock, rendering, and anything that only one of the two sides needs.

#![deny(clippy::float_arithmetic)]

mod aim;
pub mod arena;
mod config;
mod hash;
mod outcome;
mod random;
mod shots;
mod world;

pub use aim::{AIM_UNIT, Aim};
pub use arena::Position;
pub use config::{ConfigError, MatchConfig, PLAYERS_MAX, PLAYERS_MIN, SCORE_TO_WIN_MAX, TICKS_LIMIT};
pub use outcome::{EndReason, Outcome};
pub use shots::{
    HEALTH_MAX, KNOCK_OUT_POINTS, KNOCK_OUT_TICKS, RELOAD_TICKS, REWIND_TICKS_MAX, SHOT_HALF, SHOT_SPEED,
    SHOT_TICKS, SHOTS_MAX, Shot,
};
pub use world::{
    COINS, DASH_COOLDOWN_TICKS, DASH_TICKS, Direction, HEARTS, PICKUPS, PLAYER_HALF, Player, PlayerInput,
    PlayerSlot, SHIELD_TICKS, STUN_TICKS, StateError, WALK, World, WorldState,
};

/// Steps of the world per second of play. The world itself never looks at a clock.
pub const TICKS_PER_SECOND: u32 = 60;

#[cfg(test)]
mod tests;
