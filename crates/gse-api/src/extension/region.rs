//! The regions of a service: where a client measures its latency to each, and faults for trying a failover.

use serde::{Deserialize, Serialize};

use super::{ExtensionAction, ExtensionRequest};

/// Asks which regions are served, and where their beacons are (operations.md 10).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeRegionsRequest {}

impl ExtensionRequest for DescribeRegionsRequest {
    const ACTION: ExtensionAction = ExtensionAction::DescribeRegions;
    type Response = DescribeRegionsResponse;
}

/// The regions that are served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRegionsResponse {
    /// The region of a request that names none.
    pub default_region: String,
    /// All of them.
    pub regions: Vec<RegionInfo>,
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegionInfo {
    /// Its name.
    pub region: String,
    /// `HOST:PORT` of the beacon that sends datagrams back; `None`: the region has no beacon.
    pub udp_address: Option<String>,
    /// The address that answers `pong`.
    pub ping_url: Option<String>,
    /// `up`, `down` or `slow`; something else than `up` was asked for by SetFault.
    pub condition: String,
    /// How much later its beacon answers, milliseconds.
    pub delay_ms: u64,
}

/// Makes a region or a fleet fail, for trying a failover. Taken from callers on the same machine only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SetFaultRequest {
    /// The region; or:
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// the fleet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet_id: Option<String>,
    /// Of a region `down`, `up` or `slow`, of a fleet `error`.
    pub fault: String,
    /// Of `slow`: how much later the beacon answers, milliseconds, 1 to 2,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
}

impl ExtensionRequest for SetFaultRequest {
    const ACTION: ExtensionAction = ExtensionAction::SetFault;
    type Response = SetFaultResponse;
}

/// It was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SetFaultResponse {}
