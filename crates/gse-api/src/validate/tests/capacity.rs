//! PutScalingPolicy (cloud-api.md 2.4, R16 to R20).

use serde_json::json;

use super::{OK, incomplete, table, value, with};
use crate::types::PutScalingPolicyRequest;

#[test]
fn a_target_based_policy_needs_its_target_and_nothing_else() {
    let target = json!({ "FleetId": "f", "TargetConfiguration": { "TargetValue": 30 } });
    let set = |changes| with(&target, changes);
    let percent = |percent: u32| json!({ "TargetConfiguration": { "TargetValue": percent } });
    table::<PutScalingPolicyRequest>([
        (target.clone(), OK),
        (set(percent(1)), OK),
        (set(percent(99)), OK),
        (set(percent(0)), value("TargetConfiguration.TargetValue")),
        (set(percent(100)), value("TargetConfiguration.TargetValue")),
        (set(json!({ "TargetConfiguration": {} })), incomplete("TargetConfiguration.TargetValue")),
        (
            json!({ "FleetId": "f", "PolicyType": "TargetBased" }),
            incomplete("TargetConfiguration.TargetValue"),
        ),
        (set(json!({ "MetricName": "PercentAvailableGameSessions" })), OK),
        (set(json!({ "MetricName": "PercentAvailableGameServerSessions" })), OK),
        (set(json!({ "MetricName": "IdleInstances" })), value("MetricName")),
        (set(json!({ "EvaluationPeriods": 0, "ScalingAdjustment": 1000 })), OK),
        (set(json!({ "Name": "" })), value("Name")),
        (set(json!({ "Name": "x".repeat(1025) })), value("Name")),
        (set(json!({ "PolicyType": "Other" })), value("PolicyType")),
    ]);
}

#[test]
fn a_rule_based_policy_needs_all_its_members() {
    let rule = json!({
        "FleetId": "f", "Name": "n", "PolicyType": "RuleBased", "MetricName": "CurrentPlayerSessions",
        "ComparisonOperator": ">=", "Threshold": 4.5, "EvaluationPeriods": 3,
        "ScalingAdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1,
    });
    let set = |changes| with(&rule, changes);
    let percent = |percent: i64| json!({ "ScalingAdjustmentType": "PercentChangeInCapacity", "ScalingAdjustment": percent });
    table::<PutScalingPolicyRequest>([
        (rule.clone(), OK),
        (set(json!({ "PolicyType": null })), OK),
        (set(json!({ "TargetConfiguration": { "TargetValue": 0 } })), OK),
        (set(json!({ "MetricName": "PercentAvailableGameSessions" })), OK),
        (set(json!({ "MetricName": "Load" })), value("MetricName")),
        (set(json!({ "ComparisonOperator": "==" })), value("ComparisonOperator")),
        (set(json!({ "EvaluationPeriods": 0 })), value("EvaluationPeriods")),
        (set(percent(99)), OK),
        (set(percent(-99)), OK),
        (set(percent(100)), value("ScalingAdjustment")),
        (set(percent(-100)), value("ScalingAdjustment")),
        (set(json!({ "ScalingAdjustmentType": "ExactCapacity", "ScalingAdjustment": -1 })), OK),
        (set(json!({ "ScalingAdjustmentType": "Double" })), value("ScalingAdjustmentType")),
        (set(json!({ "Threshold": "4" })), incomplete("Threshold")),
    ]);
    for member in [
        "Name",
        "MetricName",
        "ComparisonOperator",
        "Threshold",
        "EvaluationPeriods",
        "ScalingAdjustmentType",
        "ScalingAdjustment",
    ] {
        let absent = set(json!({ member: null }));
        table::<PutScalingPolicyRequest>([(absent, incomplete(member))]);
    }
}
