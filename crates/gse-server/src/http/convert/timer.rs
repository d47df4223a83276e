//! Timers. Numbers for enumerations and the members that belong to one type only end here.

use gse_api::types as wire;
use gse_core::error::Error;
use gse_core::id::{FleetId, Scope, TimerId};
use gse_core::page::OffsetPage;
use gse_core::time::Timestamp;
use gse_core::timer::{
    DeleteTimerScalingPolicy, PutTimerScalingPolicy, Recurrence, ScalingMode, Schedule, Timer, TimerQuery,
    TimerSettings, TimerStatus,
};

use super::{offset_and_limit, small};

/// ScalingInterval of a timer that names none (cloud-api.md 2.5).
const DEFAULT_INTERVAL_MINUTES: u32 = 10;

/// TimerStatus of a timer that a user stopped.
const STOPPED: i64 = 3;

pub(crate) fn put(
    request: wire::PutTimerScalingPolicyRequest,
    scope: Scope,
) -> Result<PutTimerScalingPolicy, Error> {
    let policy = request.timer_scaling_policy.unwrap_or_default();
    let capacity = policy.timer_fleet_capacity.unwrap_or_default();
    Ok(PutTimerScalingPolicy {
        scope,
        timer: policy.timer_id.map(TimerId::new),
        fleet: FleetId::new(capacity.fleet_id.clone().unwrap_or_default()),
        name: policy.timer_name.unwrap_or_default(),
        schedule: schedule_in(policy.timer_configuration.unwrap_or_default())?,
        settings: settings_in(&capacity),
        stopped: policy.timer_status == Some(STOPPED),
    })
}

fn schedule_in(configuration: wire::TimerConfigurationInput) -> Result<Schedule, Error> {
    const BEGIN: &str = "TimerScalingPolicy.TimerConfiguration.BeginTime";
    const END: &str = "TimerScalingPolicy.TimerConfiguration.EndTime";
    let begin = time(BEGIN, configuration.begin_time)?.ok_or(Error::Missing { member: BEGIN })?;
    let end = time(END, configuration.end_time)?;
    let value = configuration.timer_value.unwrap_or_default();
    let recurrence = match configuration.timer_type {
        Some(2) => Recurrence::EveryDays(number(value.day)),
        Some(3) => Recurrence::Monthly { from: day(value.from_day), to: day(value.to_day) },
        Some(4) => {
            let days = value.week_days.unwrap_or_default();
            Recurrence::Weekly(days.into_iter().map(|number| day(Some(number))).collect())
        }
        _ => Recurrence::Once,
    };
    Ok(Schedule { recurrence, begin, end })
}

fn time(member: &'static str, text: Option<String>) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text else { return Ok(None) };
    let time = Timestamp::parse_iso(&text).ok_or_else(|| Error::Invalid {
        member,
        value: text,
        expected: "RFC 3339, such as 2021-01-14T14:04:29Z or 2021-01-14T22:04:29.5+08:00".into(),
    })?;
    Ok(Some(time))
}

fn number(value: Option<i64>) -> u32 {
    small(value.unwrap_or_default().unsigned_abs())
}

fn day(value: Option<i64>) -> u8 {
    u8::try_from(value.unwrap_or_default()).unwrap_or_default()
}

fn settings_in(capacity: &wire::TimerFleetCapacityInput) -> TimerSettings {
    let target = capacity.target_configuration.as_ref().and_then(|target| target.target_value);
    let interval = capacity.scaling_interval.map(|minutes| number(Some(minutes)));
    TimerSettings {
        min: capacity.min_size.map(|size| number(Some(size))),
        max: capacity.max_size.map(|size| number(Some(size))),
        desired: capacity.desired_instances.map(|size| number(Some(size))),
        scaling_interval_minutes: interval.unwrap_or(DEFAULT_INTERVAL_MINUTES),
        mode: match capacity.scaling_type {
            Some(1) => Some(ScalingMode::Manual),
            Some(2) => Some(ScalingMode::Automatic { target_percent: small(target.unwrap_or_default()) }),
            _ => None,
        },
    }
}

pub(crate) fn delete(
    request: wire::DeleteTimerScalingPolicyRequest,
    scope: Scope,
) -> DeleteTimerScalingPolicy {
    DeleteTimerScalingPolicy {
        scope,
        timer: request.timer_id.map(TimerId::new),
        fleet: request.fleet_id.map(FleetId::new),
        name: request.timer_name.filter(|name| !name.is_empty()),
    }
}

pub(crate) fn query(
    request: wire::DescribeTimerScalingPoliciesRequest,
    scope: Scope,
) -> Result<TimerQuery, Error> {
    let unsigned = |count: Option<i64>| count.map(i64::unsigned_abs);
    let (offset, limit) = offset_and_limit(unsigned(request.offset), unsigned(request.limit));
    Ok(TimerQuery {
        scope,
        fleet: request.fleet_id.map(FleetId::new),
        name: request.timer_name.filter(|name| !name.is_empty()),
        from: time("BeginTime", request.begin_time)?,
        to: time("EndTime", request.end_time)?,
        offset,
        limit,
    })
}

pub(crate) fn page(page: &OffsetPage<&Timer>, now: Timestamp) -> wire::DescribeTimerScalingPoliciesResponse {
    wire::DescribeTimerScalingPoliciesResponse {
        timer_scaling_policies: page.items.iter().map(|timer| one(timer, now)).collect(),
        total_count: i64::try_from(page.total).unwrap_or(i64::MAX),
    }
}

fn one(timer: &Timer, now: Timestamp) -> wire::TimerScalingPolicy {
    wire::TimerScalingPolicy {
        timer_configuration: Some(configuration_out(&timer.schedule)),
        timer_fleet_capacity: Some(capacity_out(timer)),
        timer_id: timer.id.to_string(),
        timer_name: timer.name.clone(),
        timer_status: match timer.status(now) {
            TimerStatus::NotYetInForce => 1,
            TimerStatus::InForce => 2,
            TimerStatus::Stopped => STOPPED,
            TimerStatus::Expired => 4,
        },
    }
}

/// Unused members of TimerValue are 0 and [].
fn configuration_out(schedule: &Schedule) -> wire::TimerConfiguration {
    let none = wire::TimerValue::default();
    let (timer_type, value) = match &schedule.recurrence {
        Recurrence::Once => (1, none),
        Recurrence::EveryDays(days) => (2, wire::TimerValue { day: (*days).into(), ..none }),
        Recurrence::Monthly { from, to } => {
            (3, wire::TimerValue { from_day: (*from).into(), to_day: (*to).into(), ..none })
        }
        Recurrence::Weekly(days) => {
            (4, wire::TimerValue { week_days: days.iter().map(|&day| day.into()).collect(), ..none })
        }
    };
    wire::TimerConfiguration {
        begin_time: schedule.begin.to_iso_exact(),
        end_time: schedule.end.map(Timestamp::to_iso_exact),
        timer_type,
        timer_value: Some(value),
    }
}

fn capacity_out(timer: &Timer) -> wire::TimerFleetCapacity {
    let TimerSettings { min, max, desired, scaling_interval_minutes, mode } = timer.settings;
    let (scaling_type, target) = match mode {
        None => (0, None),
        Some(ScalingMode::Manual) => (1, None),
        Some(ScalingMode::Automatic { target_percent }) => (2, Some(target_percent)),
    };
    wire::TimerFleetCapacity {
        desired_instances: desired.map(Into::into),
        fleet_id: timer.fleet.to_string(),
        max_size: max.map(Into::into),
        min_size: min.map(Into::into),
        scaling_interval: scaling_interval_minutes.into(),
        scaling_type,
        target_configuration: target
            .map(|percent| wire::TargetConfiguration { target_value: percent.into() }),
    }
}
