//! Capacity: the order of the three sizes, as far as one request shows it (the engine checks again after merging), and
//! what a scaling policy of either type needs.

use super::Violations;
use crate::types::{PutScalingPolicyRequest, UpdateFleetCapacityRequest};

/// The two spellings of the one metric of a target-based policy (C03).
const TARGET_METRICS: [&str; 2] = ["PercentAvailableGameSessions", "PercentAvailableGameServerSessions"];

pub(crate) fn update_fleet_capacity(request: &UpdateFleetCapacityRequest, violations: &mut Violations) {
    let sizes = [
        ("MinSize", request.min_size),
        ("DesiredInstances", request.desired_instances),
        ("MaxSize", request.max_size),
    ];
    for (at, (low, small)) in sizes.iter().enumerate() {
        for (high, large) in &sizes[at + 1..] {
            if let (Some(small), Some(large)) = (small, large)
                && small > large
            {
                violations.value(low, small, &format!("Expected at most `{high}`, {large}."));
            }
        }
    }
}

/// 2.4: without a type, the target tells it. What the other type needs is not looked at.
pub(crate) fn put_scaling_policy(request: &PutScalingPolicyRequest, violations: &mut Violations) {
    match request.policy_type.as_deref() {
        // The schema refuses it.
        Some(unknown) if unknown != "TargetBased" && unknown != "RuleBased" => {}
        _ if request.is_target_based() => target_based(request, violations),
        _ => rule_based(request, violations),
    }
}

impl PutScalingPolicyRequest {
    /// Whether this puts a target-based policy: by its type, or for want of one by its target.
    pub fn is_target_based(&self) -> bool {
        match self.policy_type.as_deref() {
            Some(policy_type) => policy_type == "TargetBased",
            None => self.target_configuration.is_some(),
        }
    }
}

fn target_based(request: &PutScalingPolicyRequest, violations: &mut Violations) {
    const PATH: &str = "TargetConfiguration.TargetValue";
    match request.target_configuration.as_ref().and_then(|target| target.target_value) {
        None => violations.incomplete(PATH, "a target-based policy has a target"),
        Some(1..=99) => {}
        Some(value) => violations.value(PATH, value, "Expected 1..99 percent."),
    }
    if let Some(metric) = request.metric_name.as_deref().filter(|metric| !TARGET_METRICS.contains(metric)) {
        let expected = format!("Expected `{}` for a target-based policy.", TARGET_METRICS[0]);
        violations.value("MetricName", metric, &expected);
    }
}

fn rule_based(request: &PutScalingPolicyRequest, violations: &mut Violations) {
    let needed = [
        ("Name", request.name.is_some()),
        ("MetricName", request.metric_name.is_some()),
        ("ComparisonOperator", request.comparison_operator.is_some()),
        ("Threshold", request.threshold.is_some()),
        ("EvaluationPeriods", request.evaluation_periods.is_some()),
        ("ScalingAdjustmentType", request.scaling_adjustment_type.is_some()),
        ("ScalingAdjustment", request.scaling_adjustment.is_some()),
    ];
    for (member, _) in needed.iter().filter(|(_, is_there)| !is_there) {
        violations.incomplete(member, "a rule-based policy has all its members");
    }
    if let Some(minutes) = request.evaluation_periods.filter(|&minutes| minutes < 1) {
        violations.value("EvaluationPeriods", minutes, "Expected at least 1 minute.");
    }
    let is_percent = request.scaling_adjustment_type.as_deref() == Some("PercentChangeInCapacity");
    if let Some(percent) = request.scaling_adjustment
        && is_percent
        && !(-99..=99).contains(&percent)
    {
        violations.value("ScalingAdjustment", percent, "Expected -99..99 percent.");
    }
}
