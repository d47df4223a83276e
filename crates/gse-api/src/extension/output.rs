//! What a game server process writes to standard output and error.

use serde::{Deserialize, Serialize};

use super::{ExtensionAction, ExtensionRequest};

/// Bytes of each stream that are answered when nobody says how many.
pub const OUTPUT_BYTES_DEFAULT: u64 = 16 << 10;
/// Bytes of each stream that are answered at most.
pub const OUTPUT_BYTES_MOST: u64 = 128 << 10;

/// Asks what a process wrote last: the process of a session, also one that is over, or one of an instance. An instance
/// alone is answered with its processes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeProcessOutputRequest {
    /// The session; either this or the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game_server_session_id: Option<String>,
    /// The instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// A process of the instance; it may have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_id: Option<String>,
    /// The last so many bytes of each stream, 1 to 131072; 16384 when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
}

impl ExtensionRequest for DescribeProcessOutputRequest {
    const ACTION: ExtensionAction = ExtensionAction::DescribeProcessOutput;
    type Response = DescribeProcessOutputResponse;
}

/// The processes of an instance, and what one of them wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeProcessOutputResponse {
    /// The fleet.
    pub fleet_id: String,
    /// The instance.
    pub instance_id: String,
    /// The processes that run, those that are not ready yet too.
    pub processes: Vec<ProcessInfo>,
    /// What the named process wrote; absent where none was named, and where nothing is kept of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<ProcessOutput>,
}

/// A process that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ProcessInfo {
    /// Its record.
    pub process_id: String,
    /// The operating system's number.
    pub pid: u32,
    /// `STARTING`, `IDLE`, `ACTIVATING`, `HOSTING`, `ENDING` or `UNHEALTHY`.
    pub state: String,
    /// The session that it has; empty when none.
    pub game_server_session_id: String,
    /// Where players connect; 0 while it is not ready.
    pub port: u16,
    /// Since when it runs or is ready, ISO 8601.
    pub since: String,
}

/// The last lines of a process. Control characters are spaces, and ids of player sessions are cut: they are tickets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ProcessOutput {
    /// The process.
    pub process_id: String,
    /// Whether it runs.
    pub is_running: bool,
    /// Lines of standard output.
    pub stdout: Vec<String>,
    /// Lines of standard error.
    pub stderr: Vec<String>,
}
