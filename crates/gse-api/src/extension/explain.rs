//! Why a fleet has as many instances as it has.

use serde::{Deserialize, Serialize};

use super::{ExtensionAction, ExtensionRequest};

/// Asks why a fleet has as many instances as it has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ExplainFleetCapacityRequest {
    /// The fleet.
    pub fleet_id: String,
}

impl ExtensionRequest for ExplainFleetCapacityRequest {
    const ACTION: ExtensionAction = ExtensionAction::ExplainFleetCapacity;
    type Response = ExplainFleetCapacityResponse;
}

/// The settings, the counts, and the decisions that led there. Times are ISO 8601, UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ExplainFleetCapacityResponse {
    /// The fleet.
    pub fleet_id: String,
    /// `Policies`, `NoPolicy` or `Manual`: who decides the number.
    pub mode: String,
    /// DesiredInstances.
    pub desired: u32,
    /// MinSize.
    pub min: u32,
    /// MaxSize.
    pub max: u32,
    /// Instances that run and are not leaving.
    pub active: u32,
    /// Those of them without a session.
    pub idle: u32,
    /// Instances that are not ready yet.
    pub pending: u32,
    /// Instances that are leaving.
    pub terminating: u32,
    /// Instances that are kept for investigation.
    pub reserved: u32,
    /// The cool-down, minutes.
    pub scaling_interval: u32,
    /// When the policies are asked next; `null` when they are not.
    pub next_evaluation: Option<String>,
    /// Until when policies change nothing; `null` when they may.
    pub cool_down_until: Option<String>,
    /// The answer for a person.
    pub sentences: Vec<String>,
    /// Newest first.
    pub decisions: Vec<CapacityDecision>,
}

/// One decision, or several in a row that changed nothing for the same reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CapacityDecision {
    /// When it was made first.
    pub time: String,
    /// When it was made last.
    pub last_time: String,
    /// How often in a row.
    pub times: u64,
    /// DesiredInstances before.
    pub from: u32,
    /// DesiredInstances after.
    pub to: u32,
    /// `Request`, `Timer`, `Copy` or `Policies`.
    pub by: String,
    /// The name of the timer; empty when it was none.
    pub timer_name: String,
    /// What the policies went by; `null` when they did not decide.
    pub evaluation: Option<CapacityEvaluation>,
    /// The same for a person.
    pub text: String,
}

/// What the policies of a fleet went by, at the last of the decisions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CapacityEvaluation {
    /// `Grow`, `Shrink`, `Hold`, `Range`, `Busy` or `CoolDown`.
    pub verdict: String,
    /// The number that the policies want together, whatever the range.
    pub wanted: u32,
    /// MinSize.
    pub min: u32,
    /// MaxSize.
    pub max: u32,
    /// Instances that are neither leaving nor reserved.
    pub instances: u32,
    /// Those of them without a session.
    pub idle: u32,
    /// Those of them that were not ready yet.
    pub pending: u32,
    /// Instances that are kept for investigation.
    pub reserved: u32,
    /// Instances that were leaving.
    pub terminating: u32,
    /// Sessions that an instance can have.
    pub processes_per_instance: u32,
    /// Sessions on those instances.
    pub game_server_sessions: u32,
    /// Sessions that could have been made.
    pub available_game_server_sessions: u64,
    /// Players; counted only where a rule may want them.
    pub current_player_sessions: u64,
    /// The most important ones, if there are many.
    pub policies: Vec<PolicyOpinion>,
}

/// What one policy said. Members that its type does not have are empty or 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PolicyOpinion {
    /// Its name.
    pub name: String,
    /// `TargetBased` or `RuleBased`.
    pub policy_type: String,
    /// The percentage that is to stay free.
    pub target_value: u32,
    /// With fewer instances the fleet grows.
    pub grow_below: u32,
    /// With more instances the fleet shrinks.
    pub shrink_above: u32,
    /// What the rule looks at.
    pub metric_name: String,
    /// The value that it saw; empty where there is none.
    pub metric_value: String,
    /// `>`, `>=`, `<` or `<=`.
    pub comparison_operator: String,
    /// What the value is compared to.
    pub threshold: String,
    /// Evaluations in a row at which the rule was met.
    pub met: u32,
    /// How many there must be.
    pub needed: u32,
    /// The number of instances that the rule would make.
    pub wanted: u32,
}
