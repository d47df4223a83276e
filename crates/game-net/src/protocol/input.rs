//! The datagram from player to server: the last inputs, so that a lost one is repeated seven times.
//!
//! ```text
//! 0x01 | tick of the newest input, u32 | n, 1 to 8 | n inputs, newest first, each for one tick earlier
//! ```
//!
//! An input is one byte: bits 0-1 x + 1, bits 2-3 y + 1, bit 4 dash, the rest 0. Numbers are big endian.

use game_sim::{Direction, PlayerInput};

use super::ProtocolError;

/// Inputs in one datagram at most.
pub const INPUTS_PER_DATAGRAM: usize = 8;

const KIND: u8 = 0x01;
const DASH: u8 = 0b1_0000;

/// The content of an input datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputDatagram {
    /// The tick that the first input is for: the step that leaves this tick uses it.
    pub newest_tick: u32,
    /// 1 to 8 inputs, newest first; the next is for `newest_tick - 1` and so on.
    pub inputs: Vec<PlayerInput>,
}

impl InputDatagram {
    /// The datagram's bytes. Inputs beyond the eighth are left out.
    pub fn encode(&self) -> Vec<u8> {
        let inputs = &self.inputs[..self.inputs.len().min(INPUTS_PER_DATAGRAM)];
        let mut bytes = Vec::with_capacity(6 + inputs.len());
        bytes.push(KIND);
        bytes.extend_from_slice(&self.newest_tick.to_be_bytes());
        bytes.push(inputs.len() as u8);
        bytes.extend(inputs.iter().map(|input| encode_input(*input)));
        bytes
    }

    /// Reads a datagram's bytes.
    pub fn decode(bytes: &[u8]) -> Result<InputDatagram, ProtocolError> {
        let [KIND, t0, t1, t2, t3, count, inputs @ ..] = bytes else { return Err(ProtocolError::Datagram) };
        if usize::from(*count) != inputs.len() || !(1..=INPUTS_PER_DATAGRAM).contains(&inputs.len()) {
            return Err(ProtocolError::Datagram);
        }
        let inputs: Option<Vec<PlayerInput>> = inputs.iter().map(|byte| decode_input(*byte)).collect();
        let newest_tick = u32::from_be_bytes([*t0, *t1, *t2, *t3]);
        Ok(InputDatagram { newest_tick, inputs: inputs.ok_or(ProtocolError::Datagram)? })
    }
}

/// Four bits for a direction.
pub(super) fn encode_direction(direction: Direction) -> u8 {
    let Direction { x, y } = direction.signs();
    (x + 1) as u8 | ((y + 1) as u8) << 2
}

/// The direction in the low four bits, unless a part is 3.
pub(super) fn decode_direction(bits: u8) -> Option<Direction> {
    let part = |bits: u8| match bits & 0b11 {
        0 => Some(-1),
        1 => Some(0),
        2 => Some(1),
        _ => None,
    };
    Some(Direction { x: part(bits)?, y: part(bits >> 2)? })
}

fn encode_input(input: PlayerInput) -> u8 {
    encode_direction(input.direction) | if input.dash { DASH } else { 0 }
}

fn decode_input(byte: u8) -> Option<PlayerInput> {
    if byte & !(DASH | 0b1111) != 0 {
        return None;
    }
    Some(PlayerInput { direction: decode_direction(byte)?, dash: byte & DASH != 0 })
}
