//! The way of a session from its request to the first tick of its first player.

use serde::{Deserialize, Serialize};

use super::{ExtensionAction, ExtensionRequest};

/// Asks for the timeline of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeSessionTimelineRequest {
    /// The session, in the region that is asked; also one that ended long ago.
    pub game_server_session_id: String,
}

impl ExtensionRequest for DescribeSessionTimelineRequest {
    const ACTION: ExtensionAction = ExtensionAction::DescribeSessionTimeline;
    type Response = DescribeSessionTimelineResponse;
}

/// The timeline of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeSessionTimelineResponse {
    /// The session.
    pub game_server_session_id: String,
    /// Its fleet.
    pub fleet_id: String,
    /// Its status.
    pub status: String,
    /// The placement that made it; empty when none did.
    pub placement_id: String,
    /// The trace that it belongs to, 32 hexadecimal digits; empty in sessions of before there were traces.
    pub trace_id: String,
    /// From the first moment to the last, milliseconds.
    pub total_ms: u64,
    /// The moments, in order.
    pub hops: Vec<SessionHop>,
    /// What the search of its placement found, one sentence each, while that is remembered.
    pub search: Vec<String>,
    /// What is waited for, or how it ended, in a sentence.
    pub stands: String,
    /// The same as a `StandsCode`.
    pub stands_code: String,
}

/// One moment of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SessionHop {
    /// `requested`, `process-chosen`, `order-received`, `start-sent`, `activated`, `player-reserved`, `player-accepted`,
    /// `ended`, or a name that the game server gave.
    pub name: String,
    /// Who knows of it: `service`, `host` or `game-server`.
    pub by: String,
    /// When, ISO 8601 with milliseconds.
    pub time: String,
    /// How long after the moment before it, milliseconds.
    pub took_ms: u64,
    /// How long after the first moment, milliseconds.
    pub after_ms: u64,
    /// What it is, in words.
    pub text: String,
}
