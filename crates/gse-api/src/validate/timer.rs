//! Timers: what the schema calls optional and a timer cannot do without, and the values that belong to its type. Times
//! are compared by the engine, which has a clock.

use super::Violations;
use super::shared::unique;
use crate::types::{
    PutTimerScalingPolicyRequest, TimerConfigurationInput, TimerFleetCapacityInput, TimerValueInput,
};

const POLICY: &str = "TimerScalingPolicy";
const CONFIGURATION: &str = "TimerScalingPolicy.TimerConfiguration";
const VALUE: &str = "TimerScalingPolicy.TimerConfiguration.TimerValue";
const CAPACITY: &str = "TimerScalingPolicy.TimerFleetCapacity";

/// TimerStatus of a timer that is over: a state that nobody can ask for.
const EXPIRED: i64 = 4;

pub(crate) fn put_timer_scaling_policy(request: &PutTimerScalingPolicyRequest, violations: &mut Violations) {
    let Some(policy) = &request.timer_scaling_policy else {
        return violations.missing(POLICY);
    };
    if policy.timer_name.is_none() {
        violations.missing(&format!("{POLICY}.TimerName"));
    }
    if policy.timer_status == Some(EXPIRED) {
        let expected = "Expected 3 to stop the timer, or 0, 1 or 2 to let it run.";
        violations.value(&format!("{POLICY}.TimerStatus"), EXPIRED, expected);
    }
    match &policy.timer_configuration {
        Some(configuration) => times(configuration, violations),
        None => violations.missing(CONFIGURATION),
    }
    match &policy.timer_fleet_capacity {
        Some(capacity) => settings(capacity, violations),
        None => violations.missing(CAPACITY),
    }
}

/// The numbers of TimerType.
const ONCE: i64 = 1;
const BY_DAY: i64 = 2;
const BY_MONTH: i64 = 3;
const BY_WEEK: i64 = 4;

fn times(configuration: &TimerConfigurationInput, violations: &mut Violations) {
    if configuration.begin_time.is_none() {
        violations.missing(&format!("{CONFIGURATION}.BeginTime"));
    }
    let kind = configuration.timer_type;
    match kind {
        None => violations.missing(&format!("{CONFIGURATION}.TimerType")),
        Some(ONCE..=BY_WEEK) => {}
        Some(other) => violations.value(&format!("{CONFIGURATION}.TimerType"), other, "Expected 1..4."),
    }
    if matches!(kind, Some(BY_DAY..=BY_WEEK)) && configuration.end_time.is_none() {
        violations.missing(&format!("{CONFIGURATION}.EndTime"));
    }
    let none = TimerValueInput::default();
    let value = configuration.timer_value.as_ref().unwrap_or(&none);
    match kind {
        Some(BY_DAY) => within("Day", value.day, 1, u32::MAX.into(), violations),
        Some(BY_MONTH) => {
            within("FromDay", value.from_day, 1, 31, violations);
            within("ToDay", value.to_day, 1, 31, violations);
            if let (Some(from), Some(to)) = (value.from_day, value.to_day)
                && from > to
            {
                violations.value(
                    &format!("{VALUE}.FromDay"),
                    from,
                    &format!("Expected at most `ToDay`, {to}."),
                );
            }
        }
        Some(BY_WEEK) => week_days(value, violations),
        _ => {}
    }
}

fn within(name: &str, value: Option<i64>, least: i64, most: i64, violations: &mut Violations) {
    let path = format!("{VALUE}.{name}");
    match value {
        None => violations.missing(&path),
        Some(value) if (least..=most).contains(&value) => {}
        Some(value) => violations.value(&path, value, &format!("Expected {least}..{most}.")),
    }
}

fn week_days(value: &TimerValueInput, violations: &mut Violations) {
    let path = format!("{VALUE}.WeekDays");
    match value.week_days.as_deref() {
        None => violations.missing(&path),
        Some([]) => violations.value(&path, "[]", "Expected at least one of 1 (Monday) to 7 (Sunday)."),
        Some(days) => {
            let days: Vec<String> = days.iter().map(ToString::to_string).collect();
            unique(days.iter().map(String::as_str), violations, |at| format!("{path}.{at}"));
        }
    }
}

/// ScalingType of a timer that lets a policy scale.
const AUTOMATIC: i64 = 2;

fn settings(capacity: &TimerFleetCapacityInput, violations: &mut Violations) {
    if capacity.fleet_id.is_none() {
        violations.missing(&format!("{CAPACITY}.FleetId"));
    }
    let sizes = [
        ("MinSize", capacity.min_size),
        ("DesiredInstances", capacity.desired_instances),
        ("MaxSize", capacity.max_size),
    ];
    for (at, (low, small)) in sizes.iter().enumerate() {
        for (high, large) in &sizes[at + 1..] {
            if let (Some(small), Some(large)) = (small, large)
                && small > large
            {
                let expected = format!("Expected at most `{high}`, {large}.");
                violations.value(&format!("{CAPACITY}.{low}"), small, &expected);
            }
        }
    }
    if capacity.scaling_type == Some(AUTOMATIC) {
        let path = format!("{CAPACITY}.TargetConfiguration.TargetValue");
        match capacity.target_configuration.as_ref().and_then(|target| target.target_value) {
            None => violations.missing(&path),
            Some(1..=99) => {}
            Some(other) => violations.value(&path, other, "Expected 1..99, in percent."),
        }
    }
}
