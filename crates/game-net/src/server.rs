//! One match at the server: an input buffer per player, the fixed step, snapshots on a cadence.
//!
//! Whoever owns it calls [`Server::tick`] sixty times a second; it knows nothing of time, sockets or accounts.

use std::collections::BTreeMap;

use game_sim::{
    ConfigError, MatchConfig, Outcome, PlayerInput, PlayerSlot, TICKS_PER_SECOND, World, WorldState,
};

use crate::protocol::ProtocolError;
use crate::protocol::input::InputDatagram;
use crate::protocol::snapshot::{self, BASELINE_AGE_MAX, Header};
use crate::replay::{Recorder, Replay};

/// Every so many ticks each player gets a snapshot: 20 a second.
pub const TICKS_PER_SNAPSHOT: u32 = 3;
/// Inputs further ahead than this are not kept, in ticks.
pub const INPUT_WINDOW_TICKS: u32 = 128;
/// Snapshots of one player may take so many bytes a second; more are left out. Sixteen who fight take a third of it.
pub const BYTES_PER_SECOND_MAX: u32 = 6_000;

/// What a player may save up of the budget, in bytes: a second's worth.
const BUDGET_MAX: i64 = BYTES_PER_SECOND_MAX as i64;
const BUDGET_PER_TICK: i64 = (BYTES_PER_SECOND_MAX / TICKS_PER_SECOND) as i64;

/// A match and what its players sent for the ticks to come.
#[derive(Debug)]
pub struct Server {
    world: World,
    /// The world at the start as players know it.
    start: World,
    seats: Vec<Seat>,
    /// What snapshots of late told, by tick: baselines for the next.
    told: BTreeMap<u32, WorldState>,
    recorder: Recorder,
}

#[derive(Debug, Default)]
struct Seat {
    /// Inputs by the tick they are for.
    inputs: BTreeMap<u32, PlayerInput>,
    /// The newest tick that an input came for.
    newest_tick: Option<u32>,
    /// The newest snapshot that the player has.
    baseline_tick: Option<u32>,
    /// Bytes that may be sent now; below zero none.
    budget: i64,
}

/// A snapshot and whom to send it to, once, in a datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The receiver.
    pub slot: PlayerSlot,
    /// The datagram.
    pub datagram: Vec<u8>,
}

impl Server {
    /// The match before its first tick. Players must not know the seed, see [`World::seeded`].
    pub fn new(config: &MatchConfig, seed: u64) -> Result<Server, ConfigError> {
        let (world, start) = (World::seeded(config, seed)?, World::new(config)?);
        let seats = world.players().iter().map(|_| Seat { budget: BUDGET_MAX, ..Seat::default() }).collect();
        Ok(Server { world, start, seats, told: BTreeMap::new(), recorder: Recorder::new(config, seed) })
    }

    /// Takes in a datagram from the player of this slot. Inputs for ticks that are over are dropped; the first input
    /// for a tick counts, so that nobody rewrites what they announced.
    pub fn on_datagram(&mut self, slot: PlayerSlot, datagram: &[u8]) -> Result<(), ProtocolError> {
        let InputDatagram { newest_tick, snapshot_tick, inputs } = InputDatagram::decode(datagram)?;
        let seat = self.seats.get_mut(usize::from(slot.0)).ok_or(ProtocolError::Datagram)?;
        let now = self.world.tick();
        let last = now.saturating_add(INPUT_WINDOW_TICKS);
        seat.newest_tick = seat.newest_tick.max(Some(newest_tick.min(last)));
        if snapshot_tick == 0 {
            // The player has none, or trusts none.
            seat.baseline_tick = None;
        } else if self.told.contains_key(&snapshot_tick) {
            seat.baseline_tick = seat.baseline_tick.max(Some(snapshot_tick));
        }
        for (age, input) in (0..).zip(inputs) {
            let Some(tick) = newest_tick.checked_sub(age) else { break };
            if (now..=last).contains(&tick) {
                seat.inputs.entry(tick).or_insert(input);
            }
        }
        Ok(())
    }

    /// The player is gone and does not come back.
    pub fn leave(&mut self, slot: PlayerSlot) {
        self.recorder.leave(&self.world, slot);
        self.world.leave(slot);
    }

    /// One step of the world. Returns what is to be sent now; after the last step that is always something.
    pub fn tick(&mut self) -> Vec<Outgoing> {
        let now = self.world.tick();
        let mut inputs = Vec::with_capacity(self.seats.len());
        for (slot, seat) in (0..).map(PlayerSlot).zip(&mut self.seats) {
            inputs.extend(seat.inputs.remove(&now).map(|input| (slot, input)));
            seat.budget = (seat.budget + BUDGET_PER_TICK).min(BUDGET_MAX);
        }
        self.recorder.inputs(&self.world, &inputs);
        self.world.step(&inputs);
        self.recorder.stepped(&self.world);
        if self.world.tick().is_multiple_of(TICKS_PER_SNAPSHOT) || self.world.outcome().is_some() {
            self.snapshots()
        } else {
            Vec::new()
        }
    }

    /// The end of the match, if it has come.
    pub fn outcome(&self) -> Option<Outcome> {
        self.world.outcome()
    }

    /// The match so far, to be played again. It has the seed in it.
    pub fn replay(&self) -> Replay {
        self.recorder.replay(&self.world)
    }

    /// The world as it is.
    pub fn world(&self) -> &World {
        &self.world
    }

    fn snapshots(&mut self) -> Vec<Outgoing> {
        let tick = self.world.tick();
        self.told = self.told.split_off(&tick.saturating_sub(BASELINE_AGE_MAX));
        self.told.insert(tick, self.world.state().clone());
        // Most players have the same baseline.
        let mut foreseen: BTreeMap<Option<u32>, WorldState> = BTreeMap::new();
        let is_last = self.world.outcome().is_some();
        let mut outgoing = Vec::with_capacity(self.seats.len());
        for ((slot, seat), player) in (0..).map(PlayerSlot).zip(&mut self.seats).zip(self.world.players()) {
            if !player.present || (seat.budget < 0 && !is_last) {
                continue;
            }
            let baseline = seat.baseline_tick.and_then(|tick| self.told.get(&tick));
            let baseline_tick = baseline.map(|state| state.tick);
            let foreseen = foreseen.entry(baseline_tick).or_insert_with(|| {
                snapshot::foresee(&self.start, baseline, tick).expect("own states are good and young")
            });
            let lead =
                seat.newest_tick.map(|newest| (i64::from(newest) - i64::from(tick)).clamp(-127, 127) as i8);
            let header = Header { lead, tick, baseline_tick };
            let datagram = snapshot::encode(&header, foreseen, self.world.state());
            seat.budget -= datagram.len() as i64;
            outgoing.push(Outgoing { slot, datagram });
        }
        outgoing
    }
}
