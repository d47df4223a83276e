//! What a run tells whoever started it: one line of JSON when it has joined, one when it has ended.
//!
//! The lines go to stdout and nothing else does; progress goes to stderr, and only when asked for.
//! The shape is a contract with `cargo xtask flow` and with scripts: fields are added, never renamed.

use std::collections::BTreeMap;

use game_net::protocol::Hosting;
use serde::Serialize;

/// How the session ended for this player.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The match was played to its end and this player won it.
    Won,
    /// The match was played to its end and another player won it.
    Lost,
    /// The match was played to its end and nobody won it.
    Draw,
    /// The match was played to its end before a spectator.
    Watched,
    /// The player left as asked: what was to be seen in the lobby was seen, or the window was closed.
    Left,
    /// The server did not let the player in, or the server could not prove who it is.
    Refused,
    /// Anything else: no connection, connection lost, deadline passed.
    Failed,
}

impl Outcome {
    /// Whether the session was played to its end, so that the exit code is 0.
    pub fn is_success(self) -> bool {
        match self {
            Outcome::Won | Outcome::Lost | Outcome::Draw | Outcome::Watched | Outcome::Left => true,
            Outcome::Refused | Outcome::Failed => false,
        }
    }
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HostingKind {
    /// One match.
    Match,
    /// Chat and presence.
    Lobby,
}

impl From<Hosting> for HostingKind {
    fn from(hosting: Hosting) -> HostingKind {
        match hosting {
            Hosting::Match { .. } => HostingKind::Match,
            Hosting::Lobby => HostingKind::Lobby,
        }
    }
}

/// One line of chat, as the server passed it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChatLine {
    /// Id of the player who said it.
    pub from: String,
    /// What was said.
    pub text: String,
}

/// A line on stdout.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Line {
    /// The server let this player in.
    Joined {
        /// Id of the player.
        player_id: String,
        /// What happens in this session.
        hosting: HostingKind,
    },
    /// The server let this spectator in.
    Watching {
        /// What happens in this session.
        hosting: HostingKind,
    },
    /// The run is over; the last line.
    Ended(Report),
}

/// The last line: what happened, in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// How the session ended for this player.
    pub outcome: Outcome,
    /// What happens in the session, if the server ever said.
    pub hosting: Option<HostingKind>,
    /// Id of the player.
    pub player_id: String,
    /// Own slot in the match, from 0, if it started. Spectators have none.
    pub slot: Option<u8>,
    /// Id of the player who won the match.
    pub winner: Option<String>,
    /// Score by player id, of everybody who took part.
    pub scores: BTreeMap<String, u32>,
    /// Ticks of the match that the server confirmed; in a lobby, ticks since joining.
    pub ticks: u64,
    /// Hashes of the match's state as the server confirmed it, by tick: of whole seconds, the newest. Whoever was in
    /// the same match has the same hash for the same tick.
    pub states: BTreeMap<u32, String>,
    /// Snapshots that arrived and were newer than what was known.
    pub snapshots: u64,
    /// How often a snapshot differed from what had been predicted.
    pub mispredictions: u64,
    /// Round-trip time at the end, in milliseconds with fractions.
    pub rtt_ms: Option<f64>,
    /// Ids of the others who were seen, in order.
    pub peers: Vec<String>,
    /// What was said in the session, own lines included.
    pub chat: Vec<ChatLine>,
    /// Why it ended, in words.
    pub reason: String,
}

impl Line {
    /// The line without its line break.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a report has string keys only")
    }
}

#[cfg(test)]
mod tests;
