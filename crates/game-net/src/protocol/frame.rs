//! Frames on the stream: two bytes of length, big endian, then so many bytes of postcard.

use serde::Serialize;

use super::ProtocolError;

/// Longest content of a frame from a player, in bytes: a Hello with the longest player id fits.
pub const CLIENT_FRAME_MAX: usize = 1200;
/// Longest content of a frame from the server, in bytes: a MatchStart with sixteen longest player ids fits.
pub const SERVER_FRAME_MAX: usize = 32 * 1024;

const PREFIX: usize = 2;

/// Cuts a stream of bytes into frames, however it is chunked.
///
/// It never holds more than one frame and one chunk: take frames out after each chunk.
#[derive(Debug)]
pub struct FrameReader {
    bytes: Vec<u8>,
    max: usize,
}

impl FrameReader {
    /// For the stream from a player, at the server.
    pub fn from_client() -> FrameReader {
        FrameReader { bytes: Vec::new(), max: CLIENT_FRAME_MAX }
    }

    /// For the stream from the server, at a player.
    pub fn from_server() -> FrameReader {
        FrameReader { bytes: Vec::new(), max: SERVER_FRAME_MAX }
    }

    /// Takes in what the stream gave.
    pub fn push(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
    }

    /// The content of the next complete frame. After an error the stream is of no use any more.
    pub fn next_content(&mut self) -> Result<Option<Vec<u8>>, ProtocolError> {
        let [high, low, rest @ ..] = self.bytes.as_slice() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length > self.max {
            return Err(ProtocolError::FrameTooLong { length, max: self.max });
        }
        let Some(content) = rest.get(..length) else { return Ok(None) };
        let content = content.to_vec();
        self.bytes.drain(..PREFIX + length);
        Ok(Some(content))
    }
}

pub(super) fn encode<T: Serialize>(message: &T, max: usize) -> Result<Vec<u8>, ProtocolError> {
    let content = postcard::to_stdvec(message).map_err(|_| ProtocolError::Malformed)?;
    let length = content.len();
    if length > max {
        return Err(ProtocolError::FrameTooLong { length, max });
    }
    let prefix = u16::try_from(length).expect("both limits are below 64 KiB").to_be_bytes();
    Ok([prefix.as_slice(), &content].concat())
}
