//! What is said between player and server.
//!
//! One bidirectional stream, opened by the player, carries the messages of this file in length-prefixed
//! [`frame`]s. The first is [`ClientMessage::Hello`], [`ClientMessage::Resume`] or [`ClientMessage::Watch`]; the server
//! answers [`ServerMessage::Welcome`] or [`ServerMessage::Refused`]. Datagrams carry [`input`]s up and [`snapshot`]s
//! down; spectators say in theirs what they have [`seen`].
//!
//! Not here: who may say what when; that is the room's business.

mod bits;
pub mod frame;
pub mod input;
pub mod seen;
pub mod snapshot;

use std::fmt;

use game_sim::{EndReason, MatchConfig, PlayerSlot, TICKS_PER_SECOND};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::handshake::{ClientProof, ResumeToken, ServerProof};

/// The ALPN protocol of the connection, and so the version: any change of messages, datagrams, or of the rules in
/// game-sim is a new number, and peers with different ones fail in the TLS handshake with a clear error.
pub const PROTOCOL: &[u8] = b"opengse-arena/4";
/// No datagram is longer than this, in bytes: what QUIC carries on any path.
pub const DATAGRAM_MAX: usize = 1100;
/// After its connection is lost, a seat waits so long for its player to resume.
pub const RESUME_WITHIN_SECONDS: u64 = 10;
/// Longest player id in bytes, as in the cloud API.
pub const PLAYER_ID_MAX: usize = 1024;
/// Longest chat text in bytes.
pub const CHAT_TEXT_MAX: usize = 500;

/// From player to server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientMessage {
    /// A first message: who wants to join, and that they know their PlayerSessionId.
    Hello {
        /// The id of the player, 1 to [`PLAYER_ID_MAX`] bytes.
        player_id: String,
        /// See [`crate::handshake`].
        proof: ClientProof,
    },
    /// Says something to everybody in the session.
    ChatSend {
        /// 1 to [`CHAT_TEXT_MAX`] bytes.
        text: String,
    },
    /// Leaves the session; the seat becomes free. Without it the seat waits for a while, see [`RESUME_WITHIN_SECONDS`].
    Leave,
    /// A first message: who was here comes back to their seat over another connection, and knows the token of the
    /// Welcome. The old connection need not be over. In a match, [`ServerMessage::MatchStart`] and a whole state
    /// follow as at the start.
    Resume {
        /// The id of the player, 1 to [`PLAYER_ID_MAX`] bytes.
        player_id: String,
        /// Of [`Secret::ResumeToken`](crate::handshake::Secret::ResumeToken).
        proof: ClientProof,
    },
    /// A first message: somebody wants to watch without a seat, and knows the session's spectator key. What they say
    /// later, other than Leave, is ignored.
    Watch {
        /// Of [`Secret::SpectatorKey`](crate::handshake::Secret::SpectatorKey).
        proof: ClientProof,
    },
}

/// From server to player.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerMessage {
    /// The player is in. Nothing else from the server may be believed before this proof was checked.
    Welcome {
        /// Of the same secret as the player's proof, see [`crate::handshake`].
        proof: ServerProof,
        /// What happens in this session.
        hosting: Hosting,
        /// For coming back to the seat; the same as long as the player is in. Spectators have none: they come again.
        resume: Option<ResumeToken>,
    },
    /// The player is not in, and the connection ends. It carries no proof: show it, do not act on it.
    Refused {
        /// For people.
        reason: String,
    },
    /// The match begins, or goes on for a player who resumed: make a [`Client`](crate::client::Client) of this and
    /// start to tick. Snapshots say which tick it is.
    MatchStart {
        /// The player's own slot.
        slot: PlayerSlot,
        /// What the match is played by, with all its players.
        config: MatchConfig,
        /// How often snapshots come.
        snapshot_rate: SnapshotRate,
    },
    /// The match is over; the server ends the session now.
    MatchEnd {
        /// The winner's player id.
        winner: String,
        /// All players by slot.
        scores: Vec<Score>,
        /// Which rule ended it.
        reason: EndReason,
    },
    /// Who is in the session.
    Presence(Presence),
    /// Somebody says something.
    Chat {
        /// The speaker's player id.
        from: String,
        /// What they say; not to be trusted as markup.
        text: String,
    },
    /// The server ends the session or the connection before a winner was found.
    Closing {
        /// For people.
        reason: String,
    },
    /// The same as MatchStart for a spectator: make a [`Watcher`](crate::watcher::Watcher) of this.
    WatchStart {
        /// What the match is played by, with all its players.
        config: MatchConfig,
        /// How often snapshots come.
        snapshot_rate: SnapshotRate,
    },
    /// The process has to end. The match that is played ends by then at the latest, as
    /// [`EndReason::BrokenOff`] if nobody has won. Said at once, and again when the time changes or gets short; the
    /// last one counts.
    Countdown {
        /// Milliseconds left.
        left_ms: u32,
    },
}

/// How often snapshots come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotRate {
    /// 20 a second.
    #[default]
    Hz20,
    /// 30 a second.
    Hz30,
    /// 60 a second, one for each tick.
    Hz60,
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hosting {
    /// One match, which starts when enough players are there.
    Match {
        /// So many players start the match at once.
        players_wanted: u8,
    },
    /// Chat and presence, for as long as the session lives.
    Lobby,
}

/// One player's points at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// The player.
    pub player_id: String,
    /// Their points.
    pub score: u16,
}

/// Who is in the session, and who comes and goes. Sent in both kinds of session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// Players who were there already, oneself included. Follows the Welcome, in several messages if there are many.
    Here {
        /// Player ids.
        player_ids: Vec<String>,
    },
    /// Somebody came in.
    Joined {
        /// Who.
        player_id: String,
    },
    /// Somebody left.
    Left {
        /// Who.
        player_id: String,
    },
    /// Somebody's connection is lost; they may come back until they have [`Presence::Left`].
    Away {
        /// Who.
        player_id: String,
    },
    /// Somebody who was away is here again.
    Back {
        /// Who.
        player_id: String,
    },
}

/// Bytes that are not this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolError {
    /// A frame above the limit given with it, in bytes.
    FrameTooLong {
        /// The frame's length.
        length: usize,
        /// The limit.
        max: usize,
    },
    /// The bytes decode to no message.
    Malformed,
    /// A text is empty or too long.
    TextLength,
    /// A datagram of a kind, length or content that does not exist.
    Datagram,
    /// A snapshot that comes to another state here than at the server: the baselines or the rules differ.
    Differs,
}

impl ClientMessage {
    /// The message as one frame, ready to be written to the stream.
    pub fn to_frame(&self) -> Result<Vec<u8>, ProtocolError> {
        self.check()?;
        frame::encode(self, frame::CLIENT_FRAME_MAX)
    }

    /// The message in a frame's content, as [`frame::FrameReader`] returns it.
    pub fn from_content(content: &[u8]) -> Result<ClientMessage, ProtocolError> {
        let message: ClientMessage = decode(content)?;
        message.check()?;
        Ok(message)
    }

    fn check(&self) -> Result<(), ProtocolError> {
        let (text, max) = match self {
            ClientMessage::Hello { player_id, .. } | ClientMessage::Resume { player_id, .. } => {
                (player_id, PLAYER_ID_MAX)
            }
            ClientMessage::ChatSend { text } => (text, CHAT_TEXT_MAX),
            ClientMessage::Leave | ClientMessage::Watch { .. } => return Ok(()),
        };
        if (1..=max).contains(&text.len()) { Ok(()) } else { Err(ProtocolError::TextLength) }
    }
}

impl ServerMessage {
    /// The message as one frame, ready to be written to the stream.
    pub fn to_frame(&self) -> Result<Vec<u8>, ProtocolError> {
        frame::encode(self, frame::SERVER_FRAME_MAX)
    }

    /// The message in a frame's content, as [`frame::FrameReader`] returns it.
    pub fn from_content(content: &[u8]) -> Result<ServerMessage, ProtocolError> {
        decode(content)
    }
}

impl Presence {
    /// The list of who is there, in as many messages as the frame limit asks for.
    pub fn here<'a>(player_ids: impl Iterator<Item = &'a str>) -> Vec<Presence> {
        let mut lists: Vec<Vec<String>> = vec![Vec::new()];
        let mut length = 0;
        for player_id in player_ids {
            length += player_id.len() + 8;
            if length > frame::SERVER_FRAME_MAX / 2 {
                lists.push(Vec::new());
                length = player_id.len() + 8;
            }
            lists.last_mut().expect("never empty").push(player_id.to_owned());
        }
        lists.into_iter().map(|player_ids| Presence::Here { player_ids }).collect()
    }
}

impl SnapshotRate {
    /// All of them.
    pub const ALL: [SnapshotRate; 3] = [SnapshotRate::Hz20, SnapshotRate::Hz30, SnapshotRate::Hz60];

    /// Snapshots a second.
    pub fn per_second(self) -> u32 {
        match self {
            SnapshotRate::Hz20 => 20,
            SnapshotRate::Hz30 => 30,
            SnapshotRate::Hz60 => 60,
        }
    }

    /// Ticks from one snapshot to the next.
    pub fn ticks(self) -> u32 {
        TICKS_PER_SECOND / self.per_second()
    }

    /// Snapshots of one player may take so many bytes a second; more are left out. That is 300 bytes for each, and
    /// sixteen who fight take a third of it.
    pub fn bytes_per_second_max(self) -> u32 {
        300 * self.per_second()
    }
}

fn decode<T: DeserializeOwned>(content: &[u8]) -> Result<T, ProtocolError> {
    match postcard::take_from_bytes(content) {
        Ok((message, [])) => Ok(message),
        Ok(_) | Err(_) => Err(ProtocolError::Malformed),
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProtocolError::FrameTooLong { length, max } => {
                write!(f, "frame of `{length}` bytes, at most `{max}` are allowed")
            }
            ProtocolError::Malformed => write!(f, "bytes that are no message of this protocol"),
            ProtocolError::TextLength => write!(f, "empty or too long text"),
            ProtocolError::Datagram => write!(f, "bytes that are no datagram of this protocol"),
            ProtocolError::Differs => write!(f, "a snapshot that comes to another state here"),
        }
    }
}

impl std::error::Error for ProtocolError {}

#[cfg(test)]
mod tests;
