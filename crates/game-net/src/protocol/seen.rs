//! The datagram from spectator to server: the newest snapshot they have, so that the next can start from it.
//!
//! ```text
//! 0x03 | tick of the newest snapshot, u32, big endian, or 0
//! ```

use super::ProtocolError;

const KIND: u8 = 0x03;

/// The content of a spectator's datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenDatagram {
    /// The newest snapshot that the spectator has, by its tick: the baseline for the next. 0 before the first.
    pub snapshot_tick: u32,
}

impl SeenDatagram {
    /// The datagram's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let [t0, t1, t2, t3] = self.snapshot_tick.to_be_bytes();
        vec![KIND, t0, t1, t2, t3]
    }

    /// Reads a datagram's bytes.
    pub fn decode(bytes: &[u8]) -> Result<SeenDatagram, ProtocolError> {
        match bytes {
            [KIND, t0, t1, t2, t3] => {
                Ok(SeenDatagram { snapshot_tick: u32::from_be_bytes([*t0, *t1, *t2, *t3]) })
            }
            _ => Err(ProtocolError::Datagram),
        }
    }
}
