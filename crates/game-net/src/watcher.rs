//! One match at a spectator: everybody a moment ago, nothing predicted.
//!
//! Not here: smoothing between ticks, which is rendering; time, which the caller has.

use game_sim::{ConfigError, MatchConfig, Outcome, Player, World};

use crate::protocol::seen::SeenDatagram;
use crate::protocol::{ProtocolError, SnapshotRate};
use crate::snapshots::Snapshots;
pub use crate::snapshots::Statistics;

/// Without a new snapshot the newest tick is told again after so many ticks: the datagram may have been lost.
const TICKS_PER_REPEAT: u32 = 15;

/// A match as one spectator knows it.
#[derive(Debug, Clone)]
pub struct Watcher {
    snapshots: Snapshots,
    /// The tick that was told last, and how many ticks ago.
    told: (u32, u32),
}

impl Watcher {
    /// The match before the first snapshot, from what WatchStart says.
    pub fn new(config: &MatchConfig, rate: SnapshotRate) -> Result<Watcher, ConfigError> {
        Ok(Watcher { snapshots: Snapshots::new(config, rate)?, told: (0, 0) })
    }

    /// To be called sixty times a second; returns the datagram to send, if one is due.
    pub fn tick(&mut self) -> Option<Vec<u8>> {
        self.snapshots.advance_view();
        let newest = self.snapshots.newest_tick();
        let (told, ticks_ago) = self.told;
        if newest == told && ticks_ago + 1 < TICKS_PER_REPEAT {
            self.told = (told, ticks_ago + 1);
            return None;
        }
        self.told = (newest, 0);
        Some(SeenDatagram { snapshot_tick: newest }.encode())
    }

    /// Takes in a datagram from the server. `Ok(false)`: it was older than what is known, or known.
    ///
    /// An error changes nothing of the world and the match goes on.
    pub fn on_datagram(&mut self, datagram: &[u8]) -> Result<bool, ProtocolError> {
        Ok(self.snapshots.take(datagram)?.is_some())
    }

    /// The players as they should be drawn: as they were a moment ago, with the newest points and hearts.
    pub fn shown(&self) -> Vec<Player> {
        self.snapshots.viewed()
    }

    /// The world of the last snapshot.
    pub fn confirmed(&self) -> &World {
        self.snapshots.confirmed()
    }

    /// The end of the match as the last snapshot tells it. `None` may stay: that snapshot can be lost, and none tells of
    /// a match that is broken off. What counts is the reliable MatchEnd.
    pub fn outcome(&self) -> Option<Outcome> {
        self.confirmed().outcome()
    }

    /// Counts since the match began.
    pub fn statistics(&self) -> Statistics {
        self.snapshots.statistics
    }
}
