//! The snapshots of a match as they arrive, at a player or a spectator: the confirmed world, the baselines for what
//! comes next, and the tick at which the others are drawn.

use std::collections::BTreeMap;

use game_sim::{ConfigError, MatchConfig, Player, World, WorldState};

use crate::protocol::snapshot::{self, BASELINE_AGE_MAX, Header, Snapshot};
use crate::protocol::{ProtocolError, SnapshotRate};
use crate::view;

/// What has arrived of a match.
#[derive(Debug, Clone)]
pub(crate) struct Snapshots {
    /// The match before its first tick.
    start: World,
    confirmed: World,
    /// The last snapshots, by tick: baselines for the next, and what the others are drawn by.
    received: BTreeMap<u32, WorldState>,
    /// The tick at which the others are drawn.
    view_tick: Option<u32>,
    rate: SnapshotRate,
    pub(crate) statistics: Statistics,
}

/// Counts since the match began. What a spectator cannot have stays 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Snapshots that were used.
    pub snapshots: u32,
    /// Snapshots that were older than one used before.
    pub stale_snapshots: u32,
    /// Snapshots whose baseline is not known any more.
    pub unusable_snapshots: u32,
    /// Snapshots that came to another state here than at the server, or to none.
    pub differing_snapshots: u32,
    /// Bytes of all snapshots.
    pub snapshot_bytes: u64,
    /// The longest way by which a snapshot moved the player, in units along one axis. Not counted: what stuns, so tags
    /// and knock-outs, and the end of a stun; and the jumps of `overtaken`.
    pub correction_units_max: i32,
    /// Snapshots after which the player was not where the prediction had them, whatever the reason.
    pub mispredictions: u32,
    /// Snapshots from a tick that the prediction had not reached, so that it jumped there: at the beginning and after a
    /// stall.
    pub overtaken: u32,
    /// Corrections of the pace.
    pub pace_corrections: u32,
}

impl Snapshots {
    pub(crate) fn new(config: &MatchConfig, rate: SnapshotRate) -> Result<Snapshots, ConfigError> {
        let start = World::new(config)?;
        Ok(Snapshots {
            confirmed: start.clone(),
            start,
            received: BTreeMap::new(),
            view_tick: None,
            rate,
            statistics: Statistics::default(),
        })
    }

    /// Takes in a datagram from the server. `None`: it was older than what is known, known, or of no use. After an error
    /// the worlds are as before.
    pub(crate) fn take(&mut self, datagram: &[u8]) -> Result<Option<Header>, ProtocolError> {
        let header = Header::decode(datagram)?;
        let tick = header.tick;
        if tick < self.confirmed.tick() || (tick == self.confirmed.tick() && self.statistics.snapshots > 0) {
            self.statistics.stale_snapshots += 1;
            return Ok(None);
        }
        let baseline = header.baseline_tick.map(|tick| self.received.get(&tick));
        if baseline == Some(None) {
            self.statistics.unusable_snapshots += 1;
            return Ok(None);
        }
        let world = self.decode(datagram, baseline.flatten(), tick);
        if header.baseline_tick.is_some() && world.is_err() {
            // A difference from something else than what the server meant may come to another state or have no meaning
            // at all. No baseline is to be trusted any more: the next datagram says that there is none.
            self.received.clear();
            self.statistics.differing_snapshots += 1;
        }
        self.confirmed = world?;
        self.received = self.received.split_off(&tick.saturating_sub(BASELINE_AGE_MAX));
        self.received.insert(tick, self.confirmed.state().clone());
        self.statistics.snapshots += 1;
        self.statistics.snapshot_bytes += datagram.len() as u64;
        Ok(Some(header))
    }

    /// The world that a snapshot tells as a difference from what is foreseen of its baseline.
    fn decode(
        &self,
        datagram: &[u8],
        baseline: Option<&WorldState>,
        tick: u32,
    ) -> Result<World, ProtocolError> {
        let foreseen = snapshot::foresee(&self.start, baseline, tick)?;
        let Snapshot { state, .. } = Snapshot::decode(datagram, &foreseen)?;
        self.start.with_state(state).map_err(|_| ProtocolError::Datagram)
    }

    /// Moves the view on by a tick.
    pub(crate) fn advance_view(&mut self) {
        self.view_tick = view::advance(self.view_tick, &self.received, self.rate);
    }

    /// The tick at which the others are drawn; `None` before the first snapshot.
    pub(crate) fn view_tick(&self) -> Option<u32> {
        self.view_tick
    }

    /// The players as they were a moment ago, but with the points and hearts of the newest snapshot.
    pub(crate) fn viewed(&self) -> Vec<Player> {
        let mut players = match self.view_tick.and_then(|tick| view::at(&self.received, tick)) {
            Some(players) => players,
            None => self.confirmed.players().to_vec(),
        };
        for (player, confirmed) in players.iter_mut().zip(self.confirmed.players()) {
            (player.score, player.scored_at_tick) = (confirmed.score, confirmed.scored_at_tick);
            player.health = confirmed.health;
        }
        players
    }

    /// The newest baseline to tell the server of, by its tick; 0: none.
    pub(crate) fn newest_tick(&self) -> u32 {
        self.received.last_key_value().map_or(0, |(tick, _)| *tick)
    }

    /// The world of the last snapshot.
    pub(crate) fn confirmed(&self) -> &World {
        &self.confirmed
    }

    pub(crate) fn rate(&self) -> SnapshotRate {
        self.rate
    }

    /// A fault for tests: every baseline is another.
    #[cfg(test)]
    pub(crate) fn spoil_baselines(&mut self, spoil: impl Fn(&mut WorldState)) {
        self.received.values_mut().for_each(spoil);
    }
}
