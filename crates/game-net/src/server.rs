//! One match at the server: an input buffer per player, the fixed step, snapshots on a cadence.
//!
//! Whoever owns it calls [`Server::tick`] sixty times a second; it knows nothing of time, sockets or accounts.

use std::collections::BTreeMap;

use game_sim::{ConfigError, MatchConfig, Outcome, PlayerInput, PlayerSlot, World};

use crate::protocol::ProtocolError;
use crate::protocol::input::InputDatagram;
use crate::protocol::snapshot;

/// Every so many ticks each player gets a snapshot: 20 a second.
pub const TICKS_PER_SNAPSHOT: u32 = 3;
/// Inputs further ahead than this are not kept, in ticks.
pub const INPUT_WINDOW_TICKS: u32 = 128;

/// A match and what its players sent for the ticks to come.
#[derive(Debug)]
pub struct Server {
    world: World,
    seats: Vec<Seat>,
}

#[derive(Debug, Default)]
struct Seat {
    /// Inputs by the tick they are for.
    inputs: BTreeMap<u32, PlayerInput>,
    /// The newest tick that an input came for.
    newest_tick: Option<u32>,
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
    /// The match before its first tick.
    pub fn new(config: &MatchConfig) -> Result<Server, ConfigError> {
        let world = World::new(config)?;
        let seats = world.players().iter().map(|_| Seat::default()).collect();
        Ok(Server { world, seats })
    }

    /// Takes in a datagram from the player of this slot. Inputs for ticks that are over are dropped; the first input
    /// for a tick counts, so that nobody rewrites what they announced.
    pub fn on_datagram(&mut self, slot: PlayerSlot, datagram: &[u8]) -> Result<(), ProtocolError> {
        let InputDatagram { newest_tick, inputs } = InputDatagram::decode(datagram)?;
        let seat = self.seats.get_mut(usize::from(slot.0)).ok_or(ProtocolError::Datagram)?;
        let now = self.world.tick();
        let last = now.saturating_add(INPUT_WINDOW_TICKS);
        seat.newest_tick = seat.newest_tick.max(Some(newest_tick.min(last)));
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
        self.world.leave(slot);
    }

    /// One step of the world. Returns what is to be sent now; after the last step that is always something.
    pub fn tick(&mut self) -> Vec<Outgoing> {
        let now = self.world.tick();
        let mut inputs = Vec::with_capacity(self.seats.len());
        for (slot, seat) in (0..).map(PlayerSlot).zip(&mut self.seats) {
            inputs.extend(seat.inputs.remove(&now).map(|input| (slot, input)));
        }
        self.world.step(&inputs);
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

    /// The world as it is.
    pub fn world(&self) -> &World {
        &self.world
    }

    fn snapshots(&self) -> Vec<Outgoing> {
        let now = i64::from(self.world.tick());
        let outgoing = (0..).map(PlayerSlot).zip(&self.seats).zip(self.world.players());
        outgoing
            .filter(|(_, player)| player.present)
            .map(|((slot, seat), _)| {
                let lead = seat.newest_tick.map(|newest| (i64::from(newest) - now).clamp(-127, 127) as i8);
                Outgoing { slot, datagram: snapshot::encode(self.world.state(), lead) }
            })
            .collect()
    }
}
