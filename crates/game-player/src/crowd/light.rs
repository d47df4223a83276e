//! A player without a world: what the server gets from it is what a client sends, and it costs nearly nothing.

use std::collections::VecDeque;

use game_net::protocol::ProtocolError;
use game_net::protocol::input::{INPUTS_PER_DATAGRAM, InputDatagram};
use game_net::protocol::snapshot::Header;
use game_sim::{Aim, Direction, PlayerInput};

/// It presses something else every so many ticks.
const PRESS_TICKS: u32 = 20;
/// Inputs should be so early, in ticks.
const LEAD: i32 = 4;

/// See the module.
#[derive(Debug)]
pub(super) struct Light {
    random: u64,
    tick: u32,
    snapshot_tick: u32,
    pressed: PlayerInput,
    inputs: VecDeque<PlayerInput>,
    /// Ticks to wait (negative) or to make up for.
    pace: i32,
}

impl Light {
    pub(super) fn new(seed: u64) -> Light {
        let pressed = PlayerInput::default();
        Light { random: seed | 1, tick: 0, snapshot_tick: 0, pressed, inputs: VecDeque::new(), pace: 0 }
    }

    /// The datagram of this tick.
    pub(super) fn tick(&mut self) -> Vec<u8> {
        let due = if self.pace < 0 && !self.inputs.is_empty() { 0 } else { 1 + self.pace.max(0) };
        self.pace = if due == 0 { self.pace + 1 } else { 0 };
        for _ in 0..due {
            if !self.inputs.is_empty() {
                self.tick += 1;
            }
            if self.tick.is_multiple_of(PRESS_TICKS) {
                self.press();
            }
            self.inputs.truncate(INPUTS_PER_DATAGRAM - 1);
            self.inputs.push_front(self.pressed);
        }
        let inputs = self.inputs.iter().copied().collect();
        InputDatagram { newest_tick: self.tick, snapshot_tick: self.snapshot_tick, inputs }.encode()
    }

    /// Takes note of a snapshot, as if it had been used.
    pub(super) fn on_datagram(&mut self, datagram: &[u8]) -> Result<(), ProtocolError> {
        let header = Header::decode(datagram)?;
        self.snapshot_tick = self.snapshot_tick.max(header.tick);
        if let Some(lead) = header.lead
            && !(1..=3 * LEAD).contains(&i32::from(lead))
            && self.pace == 0
        {
            self.pace = (LEAD - i32::from(lead)).clamp(-30, 30);
        }
        Ok(())
    }

    fn press(&mut self) {
        // xorshift
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let bits = self.random;
        let part = |shift: u64| ((bits >> shift) % 3) as i8 - 1;
        self.pressed = PlayerInput {
            direction: Direction { x: part(8), y: part(16) },
            dash: bits & 7 == 0,
            shoot: bits & 8 == 0,
            aim: Some(Aim((bits >> 24) as u8)),
            rewind_ticks: 9,
        };
    }
}
