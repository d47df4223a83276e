//! The datagram from server to player: the whole state of the world, at most 272 bytes.
//!
//! ```text
//! 0x02 | lead, i8 | tick, u32 | generator, u64 | players, u8 | coins, u8
//! each player, 14 bytes:
//!   x, u16 | y, u16 | direction 4 bits, facing 4 bits | present 1 bit, dash 7 bits
//!   dash cool-down, u8 | stun, u8 | shield, u8 | score, u16 | scored at tick, 24 bits
//! each coin, 4 bytes: x, u16 | y, u16
//! ```
//!
//! Numbers are big endian. A full state needs no acknowledgements and no history at the server; sixteen players
//! take a quarter of a datagram, so deltas would save nothing that matters here.

use game_sim::{PLAYERS_MAX, Player, Position, WorldState};

use super::ProtocolError;
use super::input::{decode_direction, encode_direction};

const KIND: u8 = 0x02;
const NO_LEAD: i8 = i8::MIN;
const PRESENT: u8 = 0x80;
const COINS_MAX: usize = 32;

/// The content of a snapshot datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// By how many ticks the newest input of the receiver is ahead of the server; negative is too late. `None` until
    /// one arrived.
    pub lead: Option<i8>,
    /// The world after `state.tick` steps.
    pub state: WorldState,
}

impl Snapshot {
    /// The datagram's bytes.
    pub fn encode(&self) -> Vec<u8> {
        encode(&self.state, self.lead)
    }

    /// Reads a datagram's bytes. Whether the state belongs to the match is checked by `World::with_state`.
    pub fn decode(bytes: &[u8]) -> Result<Snapshot, ProtocolError> {
        let mut reader = Reader(bytes);
        match reader.snapshot() {
            Some(snapshot) if reader.0.is_empty() => Ok(snapshot),
            Some(_) | None => Err(ProtocolError::Datagram),
        }
    }
}

/// The bytes of a snapshot, without a copy of the state.
pub(crate) fn encode(state: &WorldState, lead: Option<i8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + 14 * state.players.len() + 4 * state.coins.len());
    bytes.push(KIND);
    bytes.extend_from_slice(&lead.unwrap_or(NO_LEAD).to_be_bytes());
    bytes.extend_from_slice(&state.tick.to_be_bytes());
    bytes.extend_from_slice(&state.random.to_be_bytes());
    bytes.push(state.players.len() as u8);
    bytes.push(state.coins.len() as u8);
    for player in &state.players {
        encode_position(player.position, &mut bytes);
        bytes.push(encode_direction(player.direction) | encode_direction(player.facing) << 4);
        bytes.push(player.dash_ticks & !PRESENT | if player.present { PRESENT } else { 0 });
        bytes.extend_from_slice(&[player.dash_cooldown_ticks, player.stun_ticks, player.shield_ticks]);
        bytes.extend_from_slice(&player.score.to_be_bytes());
        bytes.extend_from_slice(&player.scored_at_tick.to_be_bytes()[1..]);
    }
    for coin in &state.coins {
        encode_position(*coin, &mut bytes);
    }
    bytes
}

/// The arena is 16384 units wide: sixteen bits hold every position.
fn encode_position(position: Position, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&(position.x as u16).to_be_bytes());
    bytes.extend_from_slice(&(position.y as u16).to_be_bytes());
}

/// What is left of the datagram; `None` when something is missing or has no meaning.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn snapshot(&mut self) -> Option<Snapshot> {
        let [kind, lead] = self.take()?;
        if kind != KIND {
            return None;
        }
        let lead = Some(lead as i8).filter(|lead| *lead != NO_LEAD);
        let tick = u32::from_be_bytes(self.take()?);
        let random = u64::from_be_bytes(self.take()?);
        let [players, coins] = self.take()?.map(usize::from);
        if players > PLAYERS_MAX || coins > COINS_MAX {
            return None;
        }
        let players = (0..players).map(|_| self.player()).collect::<Option<_>>()?;
        let coins = (0..coins).map(|_| self.position()).collect::<Option<_>>()?;
        Some(Snapshot { lead, state: WorldState { tick, random, players, coins } })
    }

    fn player(&mut self) -> Option<Player> {
        let position = self.position()?;
        let [directions, dash, dash_cooldown_ticks, stun_ticks, shield_ticks] = self.take()?;
        let score = u16::from_be_bytes(self.take()?);
        let [s0, s1, s2] = self.take()?;
        Some(Player {
            position,
            direction: decode_direction(directions)?,
            facing: decode_direction(directions >> 4)?,
            dash_ticks: dash & !PRESENT,
            dash_cooldown_ticks,
            stun_ticks,
            shield_ticks,
            score,
            scored_at_tick: u32::from_be_bytes([0, s0, s1, s2]),
            present: dash & PRESENT != 0,
        })
    }

    fn position(&mut self) -> Option<Position> {
        let [x0, x1, y0, y1] = self.take()?;
        Some(Position {
            x: i32::from(u16::from_be_bytes([x0, x1])),
            y: i32::from(u16::from_be_bytes([y0, y1])),
        })
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }
}
