//! What a run did, as data: the lines of `--json`, and what the narrators print.

use serde::Serialize;
use serde_json::{Map, Value};

/// One command of a run. Repeated polls of one wait are one entry.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    /// The command line, as a reader can repeat it.
    pub command: String,
    /// The cloud API action, if the command is a `gse call`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The request of the action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Value>,
    /// The answer; of a wait, the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Value>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Refusal>,
    /// The states that a wait saw, in order, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
}

impl Call {
    /// A command that is not a cloud API call.
    pub(crate) fn command(command: impl Into<String>, response: Option<Value>) -> Self {
        Self { command: command.into(), action: None, request: None, response, error: None, seen: Vec::new() }
    }
}

/// An error answer of the cloud API.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Refusal {
    /// The refused action.
    pub action: String,
    /// The error code, for example `ResourceNotFound`.
    pub code: String,
    /// The text of the error.
    pub message: String,
    /// The id under which the service logged the request.
    pub request_id: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` was refused with `{}`: {}", self.action, self.code, self.message)
    }
}

impl std::error::Error for Refusal {}

/// A finished or failed step.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StepRecord {
    /// Its number, from 1.
    pub step: usize,
    /// Its name.
    pub title: &'static str,
    /// How long it took.
    pub ms: u64,
    /// Its commands in order.
    pub calls: Vec<Call>,
    /// What it claims, by name.
    pub facts: Map<String, Value>,
}

/// The last line of a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// `ok` or `failed`.
    pub result: &'static str,
    /// Every step that was begun.
    pub steps: Vec<StepSummary>,
    /// How long the run took.
    pub total_ms: u64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// A step in the last line.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StepSummary {
    /// Its number, from 1.
    pub step: usize,
    /// Its name.
    pub title: &'static str,
    /// `ok` or `failed`.
    pub result: &'static str,
    /// How long it took.
    pub ms: u64,
}

/// Everything a reader needs to go on after a failure.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Failure {
    /// The step that failed, from 1.
    pub step: usize,
    /// Its name.
    pub title: &'static str,
    /// What went wrong, with its causes.
    pub message: String,
    /// The refused action, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Its error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Its request id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Where to look next.
    pub look: Vec<Look>,
}

/// A place to look at, with what is there.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Look {
    /// What it is, for example `the log of the service`.
    pub what: String,
    /// A few lines of it, or the path.
    pub lines: Vec<String>,
}
