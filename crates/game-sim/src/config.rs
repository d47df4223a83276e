//! What a match is played by: fixed before the first tick, known to both sides.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Fewest players of a match.
pub const PLAYERS_MIN: usize = 2;
/// Most players of a match.
pub const PLAYERS_MAX: usize = 16;
/// Longest match: one hour of ticks.
pub const TICKS_LIMIT: u32 = 60 * 60 * crate::TICKS_PER_SECOND;
/// Highest `score_to_win`.
pub const SCORE_TO_WIN_MAX: u16 = 9_999;

/// The parameters of one match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchConfig {
    /// Player ids; a player's index is their [`PlayerSlot`](crate::PlayerSlot). 2 to 16 of them.
    pub players: Vec<String>,
    /// The match ends after so many ticks, 1 to [`TICKS_LIMIT`].
    pub ticks_max: u32,
    /// The match ends when somebody has so many points, 1 to [`SCORE_TO_WIN_MAX`].
    pub score_to_win: u16,
}

/// Why a [`MatchConfig`] cannot be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigError {
    /// Fewer than 2 or more than 16 players.
    Players(usize),
    /// `ticks_max` is 0 or above [`TICKS_LIMIT`].
    TicksMax(u32),
    /// `score_to_win` is 0 or above [`SCORE_TO_WIN_MAX`].
    ScoreToWin(u16),
}

impl MatchConfig {
    /// Checks the ranges given with each field.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(PLAYERS_MIN..=PLAYERS_MAX).contains(&self.players.len()) {
            return Err(ConfigError::Players(self.players.len()));
        }
        if !(1..=TICKS_LIMIT).contains(&self.ticks_max) {
            return Err(ConfigError::TicksMax(self.ticks_max));
        }
        if !(1..=SCORE_TO_WIN_MAX).contains(&self.score_to_win) {
            return Err(ConfigError::ScoreToWin(self.score_to_win));
        }
        Ok(())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::Players(players) => {
                write!(f, "`{players}` players, expected {PLAYERS_MIN} to {PLAYERS_MAX}")
            }
            ConfigError::TicksMax(ticks) => write!(f, "ticks_max is `{ticks}`, expected 1 to {TICKS_LIMIT}"),
            ConfigError::ScoreToWin(score) => {
                write!(f, "score_to_win is `{score}`, expected 1 to {SCORE_TO_WIN_MAX}")
            }
        }
    }
}

impl std::error::Error for ConfigError {}
