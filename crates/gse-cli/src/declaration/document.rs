//! What a `gse.toml` can say. The same types hold what exists in a service, so that the two can be compared and the one
//! written as the other. A member that a file leaves out is left as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Spanned;

/// A reference to another entry, with its place in the file.
pub(super) type Reference = Spanned<String>;

/// Everything of a region, or as much of it as a file wants to rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Document {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) asset: Vec<Asset>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fleet: Vec<Fleet>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) alias: Vec<Alias>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) queue: Vec<Queue>,
}

/// A package; known by name and version. Its content never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asset {
    pub(super) name: Reference,
    pub(super) version: String,
    /// Where several have this name and version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// The build, from the folder of the file; without it the asset must exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dir: Option<String>,
    /// SHA-256 of the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
}

/// A fleet; known by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fleet {
    pub(super) name: Reference,
    /// Where several have this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// `NAME:VERSION`, or an id.
    pub(super) asset: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instance_type: Option<String>,
    /// NewGameServerSessionProtectionPolicy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) protection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) protection_time_limit_minutes: Option<u64>,
    /// MaxConcurrentGameServerSessionActivations; 0 is unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_concurrent_activations: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) activation_timeout_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sessions_per_creator: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) creator_period_minutes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bandwidth_mbps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) system_disk: Option<Disk>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data_disks: Option<Vec<Disk>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scaling: Option<Scaling>,
    pub(super) process: Vec<Process>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inbound: Option<Vec<Inbound>>,
    /// All policies of the fleet; without the member they are left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<Vec<Policy>>,
    /// All timers of the fleet; without the member they are left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timer: Option<Vec<Timer>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Disk {
    pub(super) r#type: String,
    pub(super) gigabytes: u64,
}

/// One entry of the runtime configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Process {
    pub(super) launch_path: String,
    #[serde(default)]
    pub(super) parameters: String,
    #[serde(default = "one")]
    pub(super) concurrent_executions: u64,
}

fn one() -> u64 {
    1
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inbound {
    pub(super) protocol: String,
    pub(super) from_port: u64,
    pub(super) to_port: u64,
    #[serde(default = "everybody")]
    pub(super) ip_range: String,
}

fn everybody() -> String {
    "0.0.0.0/0".to_owned()
}

/// How many instances, and who decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Scaling {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<u64>,
    /// Policies change it, so an export leaves it out where they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) desired: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) interval_minutes: Option<u64>,
    /// Whether policies act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) automatic: Option<bool>,
}

/// A scaling policy: with `target_percent`, or with all the others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) target_percent: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) metric: Option<String>,
    /// `<`, `<=`, `>`, `>=`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) comparison: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) threshold: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) minutes: Option<i64>,
    /// ScalingAdjustmentType.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) adjustment_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) adjustment: Option<i64>,
}

/// A timer: when, and the settings that it writes. A setting that is left out stays what it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Timer {
    pub(super) name: String,
    /// ISO 8601 with an offset.
    pub(super) begin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<String>,
    pub(super) every: Every,
    /// `day`: each so many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) days: Option<i64>,
    /// `week`: 1 is Monday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) week_days: Option<Vec<i64>>,
    /// `month`: the first and the last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) month_days: Option<[i64; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) min: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) desired: Option<i64>,
    #[serde(default = "ten")]
    pub(super) interval_minutes: i64,
    /// Whether policies act from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) automatic: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) target_percent: Option<u64>,
    /// Whether somebody stopped it.
    #[serde(default)]
    pub(super) stopped: bool,
}

/// ScalingInterval of a timer that names none (cloud-api.md 2.5).
fn ten() -> i64 {
    10
}

/// How often a timer runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Every {
    #[default]
    Once,
    Day,
    Week,
    Month,
}

/// An alias; known by its name. It leads to a fleet, or nowhere with a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alias {
    pub(super) name: Reference,
    /// Where several have this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fleet: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<BTreeMap<String, String>>,
}

/// A queue; known by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Queue {
    pub(super) name: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout_seconds: Option<u64>,
    /// `alias:NAME`, `fleet:NAME`, or a resource name as it is; the order counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) destinations: Option<Vec<Reference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) latency: Option<Vec<Latency>>,
}

/// A player latency policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Latency {
    pub(super) most_ms: u64,
    #[serde(default)]
    pub(super) seconds: u64,
}
