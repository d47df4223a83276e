//! The datagram from player to server: the last inputs, so that a lost one is repeated seven times.
//!
//! ```text
//! 0x01 | tick of the newest input, u32 | tick of the newest snapshot, u32, or 0 | n, 1 to 8
//! n inputs, u24, newest first, each for one tick earlier
//! ```
//!
//! An input: bits 0-1 x + 1, bits 2-3 y + 1, bit 4 dash, bit 5 shoot, bit 6 whether there is an aim, bits 8-15 the aim or
//! 0, bits 16-19 the ticks by which the player sees the others in the past, the rest 0. Numbers are big endian.

use game_sim::{Aim, Direction, PlayerInput, REWIND_TICKS_MAX};

use super::ProtocolError;

/// Inputs in one datagram at most.
pub const INPUTS_PER_DATAGRAM: usize = 8;

const KIND: u8 = 0x01;
const DASH: u32 = 1 << 4;
const SHOOT: u32 = 1 << 5;
const AIM: u32 = 1 << 6;
const AIM_SHIFT: u32 = 8;
const REWIND_SHIFT: u32 = 16;
const KNOWN: u32 = 0xf_ff7f;
/// Bytes of an input.
const INPUT_BYTES: usize = 3;

// The ticks of the past have the bits up to the highest that is known, and all is in so many bytes.
const _: () = assert!((REWIND_TICKS_MAX as u32) << REWIND_SHIFT <= KNOWN && KNOWN >> (8 * INPUT_BYTES) == 0);

/// The content of an input datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputDatagram {
    /// The tick that the first input is for: the step that leaves this tick uses it.
    pub newest_tick: u32,
    /// The newest snapshot that the player has, by its tick: the baseline for the next. 0 before the first.
    pub snapshot_tick: u32,
    /// 1 to 8 inputs, newest first; the next is for `newest_tick - 1` and so on.
    pub inputs: Vec<PlayerInput>,
}

impl InputDatagram {
    /// The datagram's bytes. Inputs beyond the eighth are left out.
    pub fn encode(&self) -> Vec<u8> {
        let inputs = &self.inputs[..self.inputs.len().min(INPUTS_PER_DATAGRAM)];
        let mut bytes = Vec::with_capacity(10 + INPUT_BYTES * inputs.len());
        bytes.push(KIND);
        bytes.extend_from_slice(&self.newest_tick.to_be_bytes());
        bytes.extend_from_slice(&self.snapshot_tick.to_be_bytes());
        bytes.push(inputs.len() as u8);
        for input in inputs {
            bytes.extend_from_slice(&encode_input(*input).to_be_bytes()[1..]);
        }
        bytes
    }

    /// Reads a datagram's bytes.
    pub fn decode(bytes: &[u8]) -> Result<InputDatagram, ProtocolError> {
        let [KIND, t0, t1, t2, t3, s0, s1, s2, s3, count, inputs @ ..] = bytes else {
            return Err(ProtocolError::Datagram);
        };
        let (inputs, odd) = inputs.as_chunks::<INPUT_BYTES>();
        let is_long = !odd.is_empty() || usize::from(*count) != inputs.len();
        if is_long || !(1..=INPUTS_PER_DATAGRAM).contains(&inputs.len()) {
            return Err(ProtocolError::Datagram);
        }
        let inputs: Option<Vec<PlayerInput>> = inputs
            .iter()
            .map(|[high, middle, low]| decode_input(u32::from_be_bytes([0, *high, *middle, *low])))
            .collect();
        Ok(InputDatagram {
            newest_tick: u32::from_be_bytes([*t0, *t1, *t2, *t3]),
            snapshot_tick: u32::from_be_bytes([*s0, *s1, *s2, *s3]),
            inputs: inputs.ok_or(ProtocolError::Datagram)?,
        })
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

pub(crate) fn encode_input(input: PlayerInput) -> u32 {
    u32::from(encode_direction(input.direction))
        | if input.dash { DASH } else { 0 }
        | if input.shoot { SHOOT } else { 0 }
        | input.aim.map_or(0, |aim| AIM | u32::from(aim.0) << AIM_SHIFT)
        | u32::from(input.rewind_ticks.min(REWIND_TICKS_MAX)) << REWIND_SHIFT
}

pub(crate) fn decode_input(bits: u32) -> Option<PlayerInput> {
    let rewind_ticks = (bits >> REWIND_SHIFT) as u8;
    let aim = Aim((bits >> AIM_SHIFT) as u8);
    let has_aim = bits & AIM != 0;
    if bits & !KNOWN != 0 || rewind_ticks > REWIND_TICKS_MAX || (!has_aim && aim != Aim(0)) {
        return None;
    }
    Some(PlayerInput {
        direction: decode_direction(bits as u8)?,
        dash: bits & DASH != 0,
        shoot: bits & SHOOT != 0,
        aim: has_aim.then_some(aim),
        rewind_ticks,
    })
}
