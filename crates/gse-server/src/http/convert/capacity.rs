//! Scaling policies: numbers on the way in, texts on the way out (cloud-api.md 2.4).

use gse_api::types as wire;
use gse_core::capacity::policy::{NewPolicy, Policy, PolicyOf, PutScalingPolicy};
use gse_core::capacity::rule_based::{AdjustmentType, Comparison, Metric, Rule};
use gse_core::capacity::threshold::Threshold;
use gse_core::error::Error;
use gse_core::id::{FleetId, Scope};

use super::small;

/// The metric of every target-based policy (C-6).
const TARGET_METRIC: &str = "PercentAvailableGameSessions";

pub(crate) fn put(request: wire::PutScalingPolicyRequest, scope: Scope) -> Result<PutScalingPolicy, Error> {
    let fleet = FleetId::new(request.fleet_id.clone());
    let policy = if request.is_target_based() {
        let target = request.target_configuration.and_then(|target| target.target_value);
        let percent = small(needed(target, "TargetConfiguration.TargetValue")?);
        NewPolicy::TargetBased { name: request.name, percent }
    } else {
        let name = needed(request.name.clone(), "Name")?;
        NewPolicy::RuleBased { name, rule: rule(request)? }
    };
    Ok(PutScalingPolicy { scope, fleet, policy })
}

fn rule(request: wire::PutScalingPolicyRequest) -> Result<Rule, Error> {
    let metric = needed(request.metric_name, "MetricName")?;
    let comparison = needed(request.comparison_operator, "ComparisonOperator")?;
    let adjustment_type = needed(request.scaling_adjustment_type, "ScalingAdjustmentType")?;
    Ok(Rule {
        // C03: the other spelling of one of them.
        metric: match metric.as_str() {
            TARGET_METRIC => Metric::PercentAvailableGameServerSessions,
            name => known(Metric::parse(name), "MetricName", name)?,
        },
        comparison: known(Comparison::parse(&comparison), "ComparisonOperator", &comparison)?,
        threshold: threshold(needed(request.threshold, "Threshold")?)?,
        minutes: small(needed(request.evaluation_periods, "EvaluationPeriods")?.unsigned_abs()),
        adjustment_type: known(
            AdjustmentType::parse(&adjustment_type),
            "ScalingAdjustmentType",
            &adjustment_type,
        )?,
        adjustment: needed(request.scaling_adjustment, "ScalingAdjustment")?,
    })
}

/// The shortest decimal that is this number; from there on it is exact.
fn threshold(number: f64) -> Result<Threshold, Error> {
    let text = number.to_string();
    let expected = "a number below 10^18 with at most 18 digits, not more than 18 of them behind the point";
    Threshold::parse(&text).ok_or_else(|| Error::Invalid {
        member: "Threshold",
        value: text,
        expected: expected.into(),
    })
}

/// The schema has let it through, so it is there.
fn needed<T>(value: Option<T>, member: &'static str) -> Result<T, Error> {
    value.ok_or(Error::Missing { member })
}

fn known<T>(value: Option<T>, member: &'static str, text: &str) -> Result<T, Error> {
    let expected = "one of the names that are documented".into();
    value.ok_or_else(|| Error::Invalid { member, value: text.to_owned(), expected })
}

/// 2.4: every value is a text, and what a policy does not have is an empty one.
pub(crate) fn policy(policy: PolicyOf<'_>) -> wire::ScalingPolicy {
    let named = wire::ScalingPolicy {
        fleet_id: policy.fleet.to_string(),
        name: policy.name.to_owned(),
        status: "ACTIVE".into(),
        ..wire::ScalingPolicy::default()
    };
    match policy.policy {
        Policy::TargetBased(percent) => wire::ScalingPolicy {
            policy_type: "TargetBased".into(),
            metric_name: TARGET_METRIC.into(),
            target_configuration: Some(wire::TargetConfiguration { target_value: (*percent).into() }),
            ..named
        },
        Policy::RuleBased(history) => {
            let Rule { metric, comparison, threshold, minutes, adjustment_type, adjustment } = &history.rule;
            wire::ScalingPolicy {
                policy_type: "RuleBased".into(),
                metric_name: metric.to_string(),
                comparison_operator: comparison.to_string(),
                threshold: threshold.to_string(),
                evaluation_periods: minutes.to_string(),
                scaling_adjustment_type: adjustment_type.to_string(),
                scaling_adjustment: adjustment.to_string(),
                ..named
            }
        }
    }
}
