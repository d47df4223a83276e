//! One match at the server: an input buffer per player, the fixed step, snapshots on a cadence.
//!
//! Whoever owns it calls [`Server::tick`] sixty times a second; it knows nothing of time, sockets or accounts.

use std::collections::{BTreeMap, BTreeSet};

use game_sim::{
    ConfigError, MatchConfig, Outcome, PlayerInput, PlayerSlot, TICKS_PER_SECOND, World, WorldState,
};

use crate::protocol::input::InputDatagram;
use crate::protocol::seen::SeenDatagram;
use crate::protocol::snapshot::{self, BASELINE_AGE_MAX, Header};
use crate::protocol::{ProtocolError, SnapshotRate};
use crate::replay::{Recorder, Replay};

/// Inputs further ahead than this are not kept, in ticks.
pub const INPUT_WINDOW_TICKS: u32 = 128;

/// For the snapshots of one tick the rules go on from baselines by so many steps at most, all together. Whoever says
/// what they have seen chooses a baseline, and each other one costs its age in steps: baselines of up to 30 ticks always
/// fit, all of them at once; of what is older, the oldest give way, and their receivers get the state from the start of
/// the match.
pub const FORESEEN_STEPS_MAX: u32 = 480;

/// A match and what its players sent for the ticks to come.
#[derive(Debug)]
pub struct Server {
    world: World,
    /// The world at the start as players know it.
    start: World,
    seats: Vec<Seat>,
    watchers: BTreeMap<WatcherId, Line>,
    rate: SnapshotRate,
    /// What snapshots of late told, by tick: baselines for the next.
    told: BTreeMap<u32, WorldState>,
    recorder: Recorder,
}

/// A spectator, by a number that the owner of the server chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatcherId(pub u64);

#[derive(Debug)]
struct Seat {
    /// Inputs by the tick they are for.
    inputs: BTreeMap<u32, PlayerInput>,
    /// The newest tick that an input came for.
    newest_tick: Option<u32>,
    /// The player's connection is lost.
    away: bool,
    line: Line,
}

/// The way to a player or spectator.
#[derive(Debug)]
struct Line {
    /// The newest snapshot that they have.
    baseline_tick: Option<u32>,
    /// Bytes that may be sent now; below zero none.
    budget: i64,
}

/// A snapshot and whom to send it to, once, in a datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The receiver.
    pub receiver: Receiver,
    /// The datagram.
    pub datagram: Vec<u8>,
}

/// Whom a snapshot is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// The player of this slot.
    Player(PlayerSlot),
    /// A spectator.
    Watcher(WatcherId),
}

impl Server {
    /// The match before its first tick. Players must not know the seed, see [`World::seeded`].
    pub fn new(config: &MatchConfig, seed: u64, rate: SnapshotRate) -> Result<Server, ConfigError> {
        let (world, start) = (World::seeded(config, seed)?, World::new(config)?);
        let seats = world.players().iter().map(|_| Seat::new(rate)).collect();
        let recorder = Recorder::new(config, seed);
        Ok(Server { world, start, seats, watchers: BTreeMap::new(), rate, told: BTreeMap::new(), recorder })
    }

    /// Takes in a datagram from the player of this slot. Inputs for ticks that are over are dropped; the first input
    /// for a tick counts, so that nobody rewrites what they announced. Of a player who is away none counts: what is late
    /// on the lost connection must not make them walk on.
    pub fn on_datagram(&mut self, slot: PlayerSlot, datagram: &[u8]) -> Result<(), ProtocolError> {
        let InputDatagram { newest_tick, snapshot_tick, inputs } = InputDatagram::decode(datagram)?;
        let seat = self.seats.get_mut(usize::from(slot.0)).ok_or(ProtocolError::Datagram)?;
        if seat.away {
            return Ok(());
        }
        let now = self.world.tick();
        let last = now.saturating_add(INPUT_WINDOW_TICKS);
        seat.newest_tick = seat.newest_tick.max(Some(newest_tick.min(last)));
        seat.line.has_seen(snapshot_tick, &self.told);
        for (age, input) in (0..).zip(inputs) {
            let Some(tick) = newest_tick.checked_sub(age) else { break };
            if (now..=last).contains(&tick) {
                seat.inputs.entry(tick).or_insert(input);
            }
        }
        Ok(())
    }

    /// Takes in a datagram from a spectator.
    pub fn on_watcher_datagram(&mut self, id: WatcherId, datagram: &[u8]) -> Result<(), ProtocolError> {
        let SeenDatagram { snapshot_tick } = SeenDatagram::decode(datagram)?;
        let line = self.watchers.get_mut(&id).ok_or(ProtocolError::Datagram)?;
        line.has_seen(snapshot_tick, &self.told);
        Ok(())
    }

    /// The player is gone and does not come back.
    pub fn leave(&mut self, slot: PlayerSlot) {
        self.recorder.leave(&self.world, slot);
        self.world.leave(slot);
        self.forget(slot, true);
    }

    /// The player's connection is lost: they stand still until [`Server::back`] or [`Server::leave`].
    pub fn away(&mut self, slot: PlayerSlot) {
        self.forget(slot, true);
        if let Some(seat) = self.seats.get_mut(usize::from(slot.0)) {
            seat.inputs.insert(self.world.tick(), PlayerInput::default());
        }
    }

    /// The player is here again, over another connection: nothing of the old one counts, and their next snapshot is a
    /// whole state.
    pub fn back(&mut self, slot: PlayerSlot) {
        self.forget(slot, false);
    }

    fn forget(&mut self, slot: PlayerSlot, away: bool) {
        if let Some(seat) = self.seats.get_mut(usize::from(slot.0)) {
            *seat = Seat { away, ..Seat::new(self.rate) };
        }
    }

    /// A spectator gets snapshots from now on.
    pub fn watch(&mut self, id: WatcherId) {
        self.watchers.insert(id, Line::new(self.rate));
    }

    /// A spectator gets none any more.
    pub fn unwatch(&mut self, id: WatcherId) {
        self.watchers.remove(&id);
    }

    /// One step of the world. Returns what is to be sent now. After the last step, and after a leave that ended the
    /// match, that is the last snapshot; a match that is broken off has none.
    pub fn tick(&mut self) -> Vec<Outgoing> {
        let now = self.world.tick();
        let mut inputs = Vec::with_capacity(self.seats.len());
        for (slot, seat) in (0..).map(PlayerSlot).zip(&mut self.seats) {
            inputs.extend(seat.inputs.remove(&now).map(|input| (slot, input)));
        }
        for line in self.seats.iter_mut().map(|seat| &mut seat.line).chain(self.watchers.values_mut()) {
            line.save_up(self.rate);
        }
        self.recorder.inputs(&self.world, &inputs);
        self.world.step(&inputs);
        self.recorder.stepped(&self.world);
        if self.world.tick().is_multiple_of(self.rate.ticks()) || self.world.outcome().is_some() {
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

    /// How the match ends if it is broken off now. It is not played any further then.
    pub fn broken_off(&self) -> Option<Outcome> {
        self.world.broken_off()
    }

    fn snapshots(&mut self) -> Vec<Outgoing> {
        let tick = self.world.tick();
        self.told = self.told.split_off(&tick.saturating_sub(BASELINE_AGE_MAX));
        self.told.insert(tick, self.world.state().clone());
        let oldest = self.oldest_baseline();
        // Most have the same baseline, and but for the lead the same datagram.
        let mut encoded: BTreeMap<Option<u32>, Vec<u8>> = BTreeMap::new();
        let is_last = self.world.outcome().is_some();
        let mut outgoing = Vec::with_capacity(self.seats.len() + self.watchers.len());
        let lead = |seat: &Seat| {
            seat.newest_tick.map(|newest| (i64::from(newest) - i64::from(tick)).clamp(-127, 127) as i8)
        };
        let players = (0..).map(PlayerSlot).zip(&mut self.seats).zip(self.world.players());
        let players = players
            .filter(|((_, seat), player)| player.present && !seat.away)
            .map(|((slot, seat), _)| (Receiver::Player(slot), lead(seat), &mut seat.line));
        let watchers = self.watchers.iter_mut().map(|(id, line)| (Receiver::Watcher(*id), None, line));
        for (receiver, lead, line) in players.chain(watchers) {
            if line.budget < 0 && !is_last {
                continue;
            }
            let baseline = line.baseline_tick.filter(|baseline| (oldest..tick).contains(baseline));
            let baseline = baseline.and_then(|tick| self.told.get(&tick));
            let baseline_tick = baseline.map(|state| state.tick);
            let shared = encoded.entry(baseline_tick).or_insert_with(|| {
                let foreseen = snapshot::foresee(&self.start, baseline, tick);
                let foreseen = foreseen.expect("own states are good and young");
                snapshot::encode(&Header { lead: None, tick, baseline_tick }, &foreseen, self.world.state())
            });
            let mut datagram = shared.clone();
            snapshot::set_lead(&mut datagram, lead);
            line.budget -= datagram.len() as i64;
            outgoing.push(Outgoing { receiver, datagram });
        }
        outgoing
    }

    /// The oldest baseline that is used now, see [`FORESEEN_STEPS_MAX`].
    fn oldest_baseline(&self) -> u32 {
        let tick = self.world.tick();
        let lines = self.seats.iter().map(|seat| &seat.line).chain(self.watchers.values());
        let chosen =
            lines.filter_map(|line| line.baseline_tick).filter(|baseline| self.told.contains_key(baseline));
        let chosen: BTreeSet<u32> = chosen.collect();
        let (mut steps, mut oldest) = (0, tick);
        for baseline in chosen.into_iter().rev() {
            steps += tick - baseline;
            if steps > FORESEEN_STEPS_MAX {
                break;
            }
            oldest = baseline;
        }
        oldest
    }
}

impl Seat {
    fn new(rate: SnapshotRate) -> Seat {
        Seat { inputs: BTreeMap::new(), newest_tick: None, away: false, line: Line::new(rate) }
    }
}

impl Line {
    /// With a second's worth of budget.
    fn new(rate: SnapshotRate) -> Line {
        Line { baseline_tick: None, budget: rate.bytes_per_second_max().into() }
    }

    /// A tick's worth of budget, up to a second's.
    fn save_up(&mut self, rate: SnapshotRate) {
        let second = rate.bytes_per_second_max();
        self.budget = (self.budget + i64::from(second / TICKS_PER_SECOND)).min(second.into());
    }

    /// They have this snapshot; 0: none, or they trust none.
    fn has_seen(&mut self, snapshot_tick: u32, told: &BTreeMap<u32, WorldState>) {
        if snapshot_tick == 0 {
            self.baseline_tick = None;
        } else if told.contains_key(&snapshot_tick) {
            self.baseline_tick = self.baseline_tick.max(Some(snapshot_tick));
        }
    }
}
