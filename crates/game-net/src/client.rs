//! One match at a player: prediction, reconciliation, the pace at which to run ahead of the server, and the others as
//! they were a moment ago.
//!
//! The client plays in the server's future: an input is for a tick that the server has not reached when the input
//! arrives. [`Client::tick`] predicts with the player's own inputs and lets the others go on as they went. A
//! snapshot replaces the confirmed world and the inputs since then are played again on top of it.
//!
//! The player's own part is drawn as predicted. The others are drawn where they were in the last snapshots
//! ([`Client::shown`]), because what they do now cannot be known; inputs say how long ago that is, and shots hit what
//! was seen.
//!
//! Not here: smoothing between ticks, which is rendering; time, which the caller has.

use std::collections::{BTreeMap, VecDeque};

use game_sim::{ConfigError, MatchConfig, Outcome, Player, PlayerInput, PlayerSlot, World};

use crate::protocol::input::{INPUTS_PER_DATAGRAM, InputDatagram};
use crate::protocol::{ProtocolError, SnapshotRate};
use crate::snapshots::Snapshots;
pub use crate::snapshots::Statistics;

/// By so many ticks inputs should arrive before their tick, at the least of the last second: jitter makes the distance
/// to the average grow by itself. The pace is slowed after a second of snapshots, and quickened at once, because a late
/// input is a lost one.
pub const LEAD_WANTED_TICKS: i32 = 4;
/// No correction of the pace while that least lead is in this range.
pub const LEAD_ACCEPTED_TICKS: std::ops::RangeInclusive<i32> = 1..=7;
/// The prediction stops when it is so far ahead of the last snapshot, in ticks: nothing has come for two seconds.
pub const AHEAD_MAX_TICKS: u32 = 120;

/// A match as one player knows it.
#[derive(Debug, Clone)]
pub struct Client {
    slot: PlayerSlot,
    snapshots: Snapshots,
    predicted: World,
    /// Own inputs by the tick they are for.
    history: BTreeMap<u32, PlayerInput>,
    /// Ticks to make up for (positive) or to wait (negative).
    pace: i32,
    /// The lead is believed again when it stems from an input for this tick or a later one.
    paced_from_tick: u32,
    /// By how much inputs were early, in the snapshots since the last correction.
    leads: VecDeque<i32>,
    /// A dash and a shot that were wanted while the prediction waited.
    waiting: (bool, bool),
}

impl Client {
    /// The match before its first tick, from what MatchStart says.
    pub fn new(config: &MatchConfig, slot: PlayerSlot, rate: SnapshotRate) -> Result<Client, ConfigError> {
        let snapshots = Snapshots::new(config, rate)?;
        let predicted = snapshots.confirmed().clone().as_prediction();
        if usize::from(slot.0) >= predicted.players().len() {
            return Err(ConfigError::Players(predicted.players().len()));
        }
        Ok(Client {
            slot,
            snapshots,
            predicted,
            history: BTreeMap::new(),
            pace: 0,
            paced_from_tick: 0,
            leads: VecDeque::new(),
            waiting: (false, false),
        })
    }

    /// To be called sixty times a second with what the player wants; returns the datagram to send.
    ///
    /// Mostly one tick of the prediction; none or several when the pace needs it. A dash or a shot that is wanted in a
    /// call without a tick is done in the next one.
    pub fn tick(&mut self, input: PlayerInput) -> Vec<u8> {
        // Once a call, whatever the own pace: the others must not stop or leap because of it.
        self.snapshots.advance_view();
        let waits = self.waits();
        let (dash, shoot) = std::mem::take(&mut self.waiting);
        let input = PlayerInput { dash: input.dash || dash, shoot: input.shoot || shoot, ..input };
        if waits {
            self.waiting = (input.dash, input.shoot);
        }
        for _ in 0..self.ticks_due() {
            let tick = self.predicted.tick();
            let input = PlayerInput { rewind_ticks: self.rewind_ticks(), ..input };
            // At the end the tick stays. The first word for it counts, here as at the server.
            let input = *self.history.entry(tick).or_insert(input);
            self.predicted.step(&[(self.slot, input)]);
        }
        self.input_datagram()
    }

    /// Takes in a datagram from the server. `Ok(false)`: it was older than what is known, or known.
    ///
    /// An error changes nothing of the worlds and the match goes on.
    pub fn on_datagram(&mut self, datagram: &[u8]) -> Result<bool, ProtocolError> {
        let Some(header) = self.snapshots.take(datagram)? else { return Ok(false) };
        self.reconcile();
        if let Some(lead) = header.lead {
            self.correct_pace(i32::from(lead));
        }
        Ok(true)
    }

    /// The players as they should be drawn: oneself where predicted, the others as they were a moment ago. Points and
    /// hearts are what the server has confirmed, also one's own: a prediction of them may have to be taken back.
    pub fn shown(&self) -> Vec<Player> {
        let own = usize::from(self.slot.0);
        let mut players = self.snapshots.viewed();
        let Player { score, scored_at_tick, health, .. } = players[own];
        players[own] = Player { score, scored_at_tick, health, ..self.predicted.players()[own].clone() };
        players
    }

    /// By how many ticks the others are drawn in the past; shots reach at most
    /// [`REWIND_TICKS_MAX`](game_sim::REWIND_TICKS_MAX) of them.
    pub fn rewind_ticks(&self) -> u8 {
        let view = self.snapshots.view_tick().unwrap_or(self.predicted.tick());
        self.predicted.tick().saturating_sub(view).min(u32::from(u8::MAX)) as u8
    }

    /// Everybody's points as the server has confirmed them, by slot.
    pub fn scores(&self) -> Vec<u16> {
        self.confirmed().players().iter().map(|player| player.score).collect()
    }

    /// By how many ticks the prediction is ahead of the last snapshot.
    pub fn ahead_ticks(&self) -> u32 {
        self.predicted.tick().saturating_sub(self.confirmed().tick())
    }

    /// The player's own slot.
    pub fn slot(&self) -> PlayerSlot {
        self.slot
    }

    /// The world of the last snapshot.
    pub fn confirmed(&self) -> &World {
        self.snapshots.confirmed()
    }

    /// The world as the player should see it: their own inputs count at once. Points do not end it, [`Client::outcome`]
    /// does.
    pub fn predicted(&self) -> &World {
        &self.predicted
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

    /// A fault for tests: every baseline is another.
    #[cfg(test)]
    pub(crate) fn spoil_baselines(&mut self, spoil: impl Fn(&mut game_sim::WorldState)) {
        self.snapshots.spoil_baselines(spoil);
    }

    /// Whether the prediction is so early that it makes no tick now.
    fn waits(&self) -> bool {
        self.pace < 0 && !self.history.is_empty()
    }

    /// How many ticks the prediction goes now.
    fn ticks_due(&mut self) -> u32 {
        if self.waits() {
            self.pace += 1;
            return 0;
        }
        let due = 1 + self.pace.max(0).unsigned_abs();
        self.pace = 0;
        let ahead = self.predicted.tick().saturating_sub(self.confirmed().tick());
        // With an empty history one tick is made in any case: there must be an input to send.
        due.min(AHEAD_MAX_TICKS.saturating_sub(ahead)).max(u32::from(self.history.is_empty()))
    }

    fn input_datagram(&self) -> Vec<u8> {
        let (newest_tick, _) = self.history.last_key_value().expect("a tick leaves an input in the history");
        let ticks = (0..INPUTS_PER_DATAGRAM as u32).map_while(|age| newest_tick.checked_sub(age));
        let inputs = ticks.map_while(|tick| self.history.get(&tick).copied()).collect();
        let snapshot_tick = self.snapshots.newest_tick();
        InputDatagram { newest_tick: *newest_tick, snapshot_tick, inputs }.encode()
    }

    /// Plays the inputs since the snapshot again.
    fn reconcile(&mut self) {
        let confirmed = self.confirmed().clone();
        let confirmed_tick = confirmed.tick();
        let is_over = confirmed.outcome().is_some();
        // Somebody who is foreseen to get the last point may not get it. Only the server ends a match by points: own
        // keys must not wait for a snapshot that says so or not.
        let world = if is_over { confirmed } else { confirmed.as_prediction() };
        let before = std::mem::replace(&mut self.predicted, world);
        // The last inputs stay although their ticks are over: a datagram repeats them.
        let keep_from = confirmed_tick.saturating_sub(INPUTS_PER_DATAGRAM as u32);
        self.history = self.history.split_off(&keep_from);
        if before.tick() < confirmed_tick {
            // A beginning, a resume or a stall. What was sent until now is over at the server, so its lead says
            // nothing of the line.
            (self.pace, self.paced_from_tick) = (0, confirmed_tick);
            self.leads.clear();
            self.snapshots.statistics.overtaken += 1;
            return;
        }
        while self.predicted.tick() < before.tick() && self.predicted.outcome().is_none() {
            let input = self.history.get(&self.predicted.tick()).map(|input| (self.slot, *input));
            self.predicted.step(input.as_slice());
        }
        let own = usize::from(self.slot.0);
        let (now, then) = (&self.predicted.players()[own], &before.players()[own]);
        if now.position != then.position {
            self.snapshots.statistics.mispredictions += 1;
            if (now.stun_ticks > 0) == (then.stun_ticks > 0) {
                let (x, y) = (now.position.x - then.position.x, now.position.y - then.position.y);
                let units = x.abs().max(y.abs());
                self.snapshots.statistics.correction_units_max =
                    self.snapshots.statistics.correction_units_max.max(units);
            }
        }
    }

    /// `lead` is by how many ticks the newest input that the server knew at the snapshot was early.
    fn correct_pace(&mut self, lead: i32) {
        let newest = i64::from(self.confirmed().tick()) + i64::from(lead);
        if newest < i64::from(self.paced_from_tick) {
            return;
        }
        let leads = self.snapshots.rate().per_second() as usize;
        self.leads.truncate(leads - 1);
        self.leads.push_front(lead);
        let least = *self.leads.iter().min().expect("one was added");
        let is_late = lead < *LEAD_ACCEPTED_TICKS.start();
        let is_early = self.leads.len() == leads && least > *LEAD_ACCEPTED_TICKS.end();
        // So far out is no jitter, but a beginning or a stall.
        let is_far = lead > 4 * LEAD_ACCEPTED_TICKS.end();
        if !is_late && !is_early && !is_far {
            return;
        }
        self.pace = LEAD_WANTED_TICKS - if is_early { least } else { lead };
        self.leads.clear();
        // Inputs that are on their way still have the old pace: their lead says nothing new.
        self.paced_from_tick = self.predicted.tick() + self.pace.max(0).unsigned_abs();
        self.snapshots.statistics.pace_corrections += 1;
    }
}
