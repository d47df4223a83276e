//! What fleets, queues and instances did (operations.md 9.1 to 9.3), for charts.

use serde::{Deserialize, Serialize};

use super::{ExtensionAction, ExtensionRequest};

/// Asks for the figures of one fleet, queue or instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct DescribeMonitoringRequest {
    /// The fleet. One of the three is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet_id: Option<String>,
    /// The queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub game_server_session_queue_name: Option<String>,
    /// The instance; one that is gone is known for a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// Only these metrics; none: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metric_names: Vec<String>,
    /// 60, 300, 3600 or 86400 seconds; absent: what fits the range. 60 and 300 go back a day, the others a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<u32>,
    /// From when, ISO 8601 or as in statistics; absent: three hours before the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begin_time: Option<String>,
    /// Until when; absent: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
}

impl ExtensionRequest for DescribeMonitoringRequest {
    const ACTION: ExtensionAction = ExtensionAction::DescribeMonitoring;
    type Response = DescribeMonitoringResponse;
}

/// The figures, as columns over the same times. A time that is not listed has no sample: the service was down.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeMonitoringResponse {
    /// The length of a period, seconds.
    pub period: u32,
    /// From when, ISO 8601.
    pub begin_time: String,
    /// Until when.
    pub end_time: String,
    /// When each period began, the oldest first.
    pub times: Vec<String>,
    /// The metrics.
    pub metrics: Vec<MetricValues>,
}

/// One metric. Each list has a value for each time; `null`: it could not be measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MetricValues {
    /// Its key in operations.md 9.
    pub name: String,
    /// `Gauge` or `Counter`.
    pub kind: String,
    /// `Count`, `Percent`, `Seconds`, `Megabytes`, ….
    pub unit: String,
    /// The average of a gauge, the sum of a counter.
    pub values: Vec<Option<f64>>,
    /// The least sample.
    pub minimum: Vec<Option<f64>>,
    /// The largest sample.
    pub maximum: Vec<Option<f64>>,
}
