//! Why a placement stands where it stands.

use serde::{Deserialize, Serialize};

use super::{ExtensionAction, ExtensionRequest};

/// Asks what the search of a placement found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ExplainPlacementRequest {
    /// The placement, in the region that is asked; also one that ended long ago.
    pub placement_id: String,
}

impl ExtensionRequest for ExplainPlacementRequest {
    const ACTION: ExtensionAction = ExtensionAction::ExplainPlacement;
    type Response = ExplainPlacementResponse;
}

/// What the search of a placement found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExplainPlacementResponse {
    /// The placement.
    pub placement_id: String,
    /// Its status.
    pub status: String,
    /// When it was started, ISO 8601.
    pub start_time: String,
    /// When it ended, ISO 8601.
    pub end_time: Option<String>,
    /// The whole story, one sentence each.
    pub sentences: Vec<String>,
    /// How many attempts were made.
    pub attempts: u64,
    /// Steps that are left out after the fourth.
    pub left_out: u64,
    /// The same as data. A first attempt that took the first destination is no step.
    pub steps: Vec<SearchStep>,
}

/// Attempts one after the other that found the same, or what became of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SearchStep {
    /// When that was found first, milliseconds after the start.
    pub first_ms: u64,
    /// When that was found last, milliseconds after the start.
    pub last_ms: u64,
    /// How often.
    pub times: u64,
    /// The latency policy in force, milliseconds.
    pub maximum_latency_ms: Option<u64>,
    /// `WAITS`, `CHOSEN`, `LOST` or `HOPELESS`.
    pub outcome: String,
    /// The fleet that was chosen or lost.
    pub fleet_id: Option<String>,
    /// Why its session was lost.
    pub reason: Option<String>,
    /// The destinations that were passed over, in the order of the queue.
    pub passed_over: Vec<PassedOver>,
    /// Destinations that are left out of that list.
    pub more: u64,
}

/// A destination that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PassedOver {
    /// The region that counts for latency.
    pub region: String,
    /// The alias, if the destination is one.
    pub alias_id: Option<String>,
    /// The fleet that it led to.
    pub fleet_id: Option<String>,
    /// `UNREACHABLE`, `TOO_FAR`, `REGION_DOWN`, `LEADS_NOWHERE`, `NOT_ACTIVE` or `NO_PROCESS`.
    pub code: String,
    /// The same in words, with numbers.
    pub reason: String,
}
