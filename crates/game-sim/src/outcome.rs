//! Who won, and by which rule.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::world::{PlayerSlot, World};

/// Why a match ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndReason {
    /// Somebody has `score_to_win` points.
    ScoreReached,
    /// `ticks_max` ticks were played.
    TimeUp,
    /// Everybody else left.
    LastPresent,
    /// The server could play it no further; the points so far count.
    BrokenOff,
}

/// The end of a match. Once there, it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The winner; there always is one.
    pub winner: PlayerSlot,
    /// Points by slot, of those who left as well.
    pub scores: Vec<u16>,
    /// Which rule ended it.
    pub reason: EndReason,
}

impl World {
    /// The end of the match, if it has come. Of [`World::as_prediction`] points alone are none.
    ///
    /// The winner is, among those still present, who has the most points; of equals, who got there at the earlier
    /// tick; of those, who has the lower slot.
    pub fn outcome(&self) -> Option<Outcome> {
        self.judged(self.end_reason()?)
    }

    /// The end of the match if it is broken off now, by the same rule. `None`: nobody is present.
    pub fn broken_off(&self) -> Option<Outcome> {
        self.outcome().or_else(|| self.judged(EndReason::BrokenOff))
    }

    fn judged(&self, reason: EndReason) -> Option<Outcome> {
        let present = self.players().iter().enumerate().filter(|(_, player)| player.present);
        let (winner, _) = present
            .max_by_key(|(slot, player)| (player.score, Reverse(player.scored_at_tick), Reverse(*slot)))?;
        let scores = self.players().iter().map(|player| player.score).collect();
        Some(Outcome { winner: PlayerSlot(winner as u8), scores, reason })
    }

    pub(crate) fn end_reason(&self) -> Option<EndReason> {
        let present = || self.players().iter().filter(|player| player.present);
        if self.points_end && present().any(|player| player.score >= self.score_to_win()) {
            Some(EndReason::ScoreReached)
        } else if self.tick() >= self.ticks_max() {
            Some(EndReason::TimeUp)
        } else if present().count() <= 1 {
            Some(EndReason::LastPresent)
        } else {
            None
        }
    }
}
