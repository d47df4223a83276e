//! A match as a file: the seed, what players did, and hashes to compare with.
//!
//! ```text
//! "opengse-arena replay 2\n", then a postcard of `Replay`
//! ```
//!
//! An input that changes nothing (the same direction and aim, no dash, no shot) is left out. Two bytes of each tick's hash
//! say where a difference began, and whole hashes in between that there is none. A match of three minutes takes some
//! tens of kilobytes. The seed is in it: a replay of a match that is still played tells where things will appear.

use std::fmt;

use game_sim::{ConfigError, MatchConfig, Outcome, PlayerInput, PlayerSlot, World};
use serde::{Deserialize, Serialize};

use crate::protocol::PROTOCOL;
use crate::protocol::input::{decode_input, encode_input};

/// Ticks from one whole hash to the next.
pub const TICKS_PER_HASH: u32 = 60;
/// What players did is recorded up to so many changes; what comes later is not in the replay.
pub const EVENTS_MAX: usize = 500_000;
/// No replay is longer, in bytes.
pub const REPLAY_BYTES_MAX: usize = 8 * 1024 * 1024;

const MAGIC: &[u8] = b"opengse-arena replay 2\n";

/// A recorded match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The rules it was played by: [`PROTOCOL`].
    protocol: String,
    config: MatchConfig,
    seed: u64,
    events: Vec<Event>,
    /// Ticks that are recorded.
    ticks: u32,
    /// After every tick, the low 16 bits, little endian.
    tick_hashes: Vec<u8>,
    /// After every [`TICKS_PER_HASH`] ticks, and after the last.
    hashes: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Event {
    /// Since the event before, or the start.
    ticks_later: u32,
    slot: PlayerSlot,
    action: Action,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Action {
    /// As in an input datagram.
    Input(u32),
    Leave,
}

/// What playing a replay again came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// Ticks that were played.
    pub ticks: u32,
    /// Whole hashes that were compared, beside the bits of one for each tick; all agree.
    pub hashes: usize,
    /// The end, if the replay has it.
    pub outcome: Option<Outcome>,
}

/// Why a replay cannot be played, or is not the match that it says to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayError {
    /// The bytes are no replay of this version.
    Format,
    /// It was played by other rules.
    Protocol(String),
    /// No match can be played like that.
    Config(ConfigError),
    /// The hash after this tick differs.
    Differs {
        /// The tick.
        tick: u32,
    },
}

impl Replay {
    /// The bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        let content = postcard::to_stdvec(self).expect("numbers, texts and lists can be written");
        [MAGIC, &content].concat()
    }

    /// Reads the bytes of a file.
    pub fn decode(bytes: &[u8]) -> Result<Replay, ReplayError> {
        let content = bytes.strip_prefix(MAGIC).ok_or(ReplayError::Format)?;
        match postcard::take_from_bytes::<Replay>(content) {
            Ok((replay, [])) if replay.protocol.as_bytes() != PROTOCOL => {
                Err(ReplayError::Protocol(replay.protocol))
            }
            Ok((replay, [])) => Ok(replay),
            Ok(_) | Err(_) => Err(ReplayError::Format),
        }
    }

    /// What the match was played by.
    pub fn config(&self) -> &MatchConfig {
        &self.config
    }

    /// Plays it again from the start and compares every hash.
    pub fn play(&self) -> Result<Played, ReplayError> {
        let mut world = World::seeded(&self.config, self.seed).map_err(ReplayError::Config)?;
        let (tick_hashes, odd) = self.tick_hashes.as_chunks::<2>();
        if self.ticks > self.config.ticks_max || tick_hashes.len() != self.ticks as usize || !odd.is_empty() {
            return Err(ReplayError::Format);
        }
        let mut events = self.events.iter().peekable();
        let (mut event_tick, mut hashes) = (0u32, self.hashes.iter());
        let mut compare = |world: &World| match hashes.next() {
            Some(hash) if *hash == world.hash() => Ok(()),
            Some(_) => Err(ReplayError::Differs { tick: world.tick() }),
            None => Err(ReplayError::Format),
        };
        let mut inputs = Vec::new();
        for (tick, tick_hash) in (0..).zip(tick_hashes) {
            inputs.clear();
            while let Some(event) =
                events.next_if(|event| event_tick.checked_add(event.ticks_later) == Some(tick))
            {
                event_tick = tick;
                match event.action {
                    Action::Leave => world.leave(event.slot),
                    Action::Input(bits) => {
                        inputs.push((event.slot, decode_input(bits).ok_or(ReplayError::Format)?));
                    }
                }
            }
            world.step(&inputs);
            if hash_bytes(&world) != *tick_hash {
                return Err(ReplayError::Differs { tick: world.tick() });
            }
            if world.tick().is_multiple_of(TICKS_PER_HASH) {
                compare(&world)?;
            }
        }
        // Who left after the last step may have ended the match by that.
        events.filter(|event| event.action == Action::Leave).for_each(|event| world.leave(event.slot));
        compare(&world)?;
        if hashes.next().is_some() {
            return Err(ReplayError::Format);
        }
        Ok(Played { ticks: world.tick(), hashes: self.hashes.len(), outcome: world.outcome() })
    }
}

/// What a tick leaves in a replay.
fn hash_bytes(world: &World) -> [u8; 2] {
    (world.hash() as u16).to_le_bytes()
}

/// Writes down a match while it is played.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    replay: Replay,
    event_tick: u32,
    /// The last hash, once there is room for no more.
    full: Option<u64>,
}

impl Recorder {
    pub(crate) fn new(config: &MatchConfig, seed: u64) -> Recorder {
        let replay = Replay {
            protocol: String::from_utf8_lossy(PROTOCOL).into_owned(),
            config: config.clone(),
            seed,
            events: Vec::new(),
            ticks: 0,
            tick_hashes: Vec::new(),
            hashes: Vec::new(),
        };
        Recorder { replay, event_tick: 0, full: None }
    }

    /// A player leaves before the next step.
    pub(crate) fn leave(&mut self, world: &World, slot: PlayerSlot) {
        self.record(world, slot, Action::Leave);
    }

    /// What the next step is given. `world` is as before it.
    pub(crate) fn inputs(&mut self, world: &World, inputs: &[(PlayerSlot, PlayerInput)]) {
        for (slot, input) in inputs {
            let goes_on =
                world.players().get(usize::from(slot.0)).map(|player| (player.direction, player.aim));
            if input.dash || input.shoot || Some((input.direction.signs(), input.aim)) != goes_on {
                self.record(world, *slot, Action::Input(encode_input(*input)));
            }
        }
        if self.replay.events.len() >= EVENTS_MAX {
            self.full.get_or_insert_with(|| world.hash());
        }
    }

    /// The step was made.
    pub(crate) fn stepped(&mut self, world: &World) {
        if self.full.is_some() || world.tick() == self.replay.ticks {
            return;
        }
        self.replay.ticks = world.tick();
        self.replay.tick_hashes.extend_from_slice(&hash_bytes(world));
        if world.tick().is_multiple_of(TICKS_PER_HASH) {
            self.replay.hashes.push(world.hash());
        }
    }

    /// The match so far.
    pub(crate) fn replay(&self, world: &World) -> Replay {
        let mut replay = self.replay.clone();
        replay.hashes.push(self.full.unwrap_or_else(|| world.hash()));
        replay
    }

    fn record(&mut self, world: &World, slot: PlayerSlot, action: Action) {
        if self.full.is_some() || world.outcome().is_some() {
            return;
        }
        let ticks_later = world.tick() - self.event_tick;
        self.event_tick = world.tick();
        self.replay.events.push(Event { ticks_later, slot, action });
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Format => write!(f, "bytes that are no replay of this version"),
            ReplayError::Protocol(protocol) => write!(
                f,
                "played by the rules of {protocol:?}, these are `{}`; hint: use the game server of that version",
                String::from_utf8_lossy(PROTOCOL)
            ),
            ReplayError::Config(error) => write!(f, "no match can be played like that: {error}"),
            ReplayError::Differs { tick } => write!(
                f,
                "the state after tick `{tick}` differs from the recorded one; \
                 hint: the rules changed without a new protocol version, or the file was changed"
            ),
        }
    }
}

impl std::error::Error for ReplayError {}

#[cfg(test)]
mod tests;
