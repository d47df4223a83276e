//! One match at a player: prediction, reconciliation, and the pace at which to run ahead of the server.
//!
//! The client plays in the server's future: an input is for a tick that the server has not reached when the input
//! arrives. [`Client::tick`] predicts with the player's own inputs and lets the others go on as they went. A
//! snapshot replaces the confirmed world and the inputs since then are played again on top of it.
//!
//! Not here: interpolation and smoothing, which are rendering; time, which the caller has.

use std::collections::BTreeMap;

use game_sim::{ConfigError, MatchConfig, Outcome, PlayerInput, PlayerSlot, World};

use crate::protocol::ProtocolError;
use crate::protocol::input::{INPUTS_PER_DATAGRAM, InputDatagram};
use crate::protocol::snapshot::Snapshot;

/// By so many ticks inputs should arrive before their tick.
pub const LEAD_WANTED_TICKS: i32 = 4;
/// No correction of the pace while the lead is in this range.
pub const LEAD_ACCEPTED_TICKS: std::ops::RangeInclusive<i32> = 2..=8;
/// The prediction stops when it is so far ahead of the last snapshot, in ticks: nothing has come for two seconds.
pub const AHEAD_MAX_TICKS: u32 = 120;

/// A match as one player knows it.
#[derive(Debug, Clone)]
pub struct Client {
    slot: PlayerSlot,
    confirmed: World,
    predicted: World,
    /// Own inputs by the tick they are for.
    history: BTreeMap<u32, PlayerInput>,
    /// Ticks to make up for (positive) or to wait (negative).
    pace: i32,
    /// The lead is believed again when it stems from an input for this tick or a later one.
    paced_from_tick: u32,
    statistics: Statistics,
}

/// Counts since the match began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Snapshots that were used.
    pub snapshots: u32,
    /// Snapshots that were older than one used before.
    pub stale_snapshots: u32,
    /// Snapshots after which the player was not where the prediction had them.
    pub mispredictions: u32,
    /// Corrections of the pace.
    pub pace_corrections: u32,
}

impl Client {
    /// The match before its first tick, from what MatchStart says.
    pub fn new(config: &MatchConfig, slot: PlayerSlot) -> Result<Client, ConfigError> {
        let world = World::new(config)?;
        if usize::from(slot.0) >= world.players().len() {
            return Err(ConfigError::Players(world.players().len()));
        }
        Ok(Client {
            slot,
            confirmed: world.clone(),
            predicted: world,
            history: BTreeMap::new(),
            pace: 0,
            paced_from_tick: 0,
            statistics: Statistics::default(),
        })
    }

    /// To be called sixty times a second with what the player wants; returns the datagram to send.
    ///
    /// Mostly one tick of the prediction; none or several when the pace needs it.
    pub fn tick(&mut self, input: PlayerInput) -> Vec<u8> {
        for _ in 0..self.ticks_due() {
            let tick = self.predicted.tick();
            self.history.insert(tick, input);
            self.predicted.step(&[(self.slot, input)]);
        }
        self.input_datagram()
    }

    /// Takes in a datagram from the server. `Ok(false)`: it was older than what is known, or known.
    ///
    /// An error changes nothing and the match goes on.
    pub fn on_datagram(&mut self, datagram: &[u8]) -> Result<bool, ProtocolError> {
        let Snapshot { lead, state } = Snapshot::decode(datagram)?;
        let tick = state.tick;
        if tick < self.confirmed.tick() || (tick == self.confirmed.tick() && self.statistics.snapshots > 0) {
            self.statistics.stale_snapshots += 1;
            return Ok(false);
        }
        self.confirmed = self.confirmed.with_state(state).map_err(|_| ProtocolError::Datagram)?;
        self.statistics.snapshots += 1;
        self.reconcile();
        if let Some(lead) = lead {
            self.correct_pace(i32::from(lead));
        }
        Ok(true)
    }

    /// The player's own slot.
    pub fn slot(&self) -> PlayerSlot {
        self.slot
    }

    /// The world of the last snapshot.
    pub fn confirmed(&self) -> &World {
        &self.confirmed
    }

    /// The world as the player should see it: their own inputs count at once.
    pub fn predicted(&self) -> &World {
        &self.predicted
    }

    /// The end of the match as the server knows it. The reliable MatchEnd says the same.
    pub fn outcome(&self) -> Option<Outcome> {
        self.confirmed.outcome()
    }

    /// Counts since the match began.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// How many ticks the prediction goes now.
    fn ticks_due(&mut self) -> u32 {
        if self.pace < 0 && !self.history.is_empty() {
            self.pace += 1;
            return 0;
        }
        let due = 1 + self.pace.max(0).unsigned_abs();
        self.pace = 0;
        let ahead = self.predicted.tick().saturating_sub(self.confirmed.tick());
        // With an empty history one tick is made in any case: there must be an input to send.
        due.min(AHEAD_MAX_TICKS.saturating_sub(ahead)).max(u32::from(self.history.is_empty()))
    }

    fn input_datagram(&self) -> Vec<u8> {
        let (newest_tick, _) = self.history.last_key_value().expect("a tick leaves an input in the history");
        let ticks = (0..INPUTS_PER_DATAGRAM as u32).map_while(|age| newest_tick.checked_sub(age));
        let inputs = ticks.map_while(|tick| self.history.get(&tick).copied()).collect();
        InputDatagram { newest_tick: *newest_tick, inputs }.encode()
    }

    /// Plays the inputs since the snapshot again.
    fn reconcile(&mut self) {
        let before = std::mem::replace(&mut self.predicted, self.confirmed.clone());
        // The last inputs stay although their ticks are over: a datagram repeats them.
        let keep_from = self.confirmed.tick().saturating_sub(INPUTS_PER_DATAGRAM as u32);
        self.history = self.history.split_off(&keep_from);
        if before.tick() < self.confirmed.tick() {
            return;
        }
        while self.predicted.tick() < before.tick() && self.predicted.outcome().is_none() {
            let input = self.history.get(&self.predicted.tick()).map(|input| (self.slot, *input));
            self.predicted.step(input.as_slice());
        }
        let own = usize::from(self.slot.0);
        if self.predicted.players()[own].position != before.players()[own].position {
            self.statistics.mispredictions += 1;
        }
    }

    /// `lead` is by how many ticks the newest input that the server knew at the snapshot was early.
    fn correct_pace(&mut self, lead: i32) {
        let newest = i64::from(self.confirmed.tick()) + i64::from(lead);
        if newest < i64::from(self.paced_from_tick) || LEAD_ACCEPTED_TICKS.contains(&lead) {
            return;
        }
        self.pace = LEAD_WANTED_TICKS - lead;
        // Inputs that are on their way still have the old pace: their lead says nothing new.
        self.paced_from_tick = self.predicted.tick() + self.pace.max(0).unsigned_abs();
        self.statistics.pace_corrections += 1;
    }
}
