//! Timers of a fleet: between a document and the wire, where numbers stand for words.

use gse_api::types as wire;
use gse_core::Timestamp;

use super::document::{Every, Timer};

/// TimerStatus of one that somebody stopped.
const STOPPED: i64 = 3;
const MANUAL: i64 = 1;
const AUTOMATIC: i64 = 2;

/// What a document would say of a timer.
pub(super) fn entry(timer: wire::TimerScalingPolicy) -> Timer {
    let when = timer.timer_configuration.unwrap_or_default();
    let sets = timer.timer_fleet_capacity.unwrap_or_default();
    let value = when.timer_value.unwrap_or_default();
    let every = match when.timer_type {
        2 => Every::Day,
        3 => Every::Month,
        4 => Every::Week,
        _ => Every::Once,
    };
    normal(Timer {
        name: timer.timer_name,
        begin: when.begin_time,
        end: when.end_time.filter(|end| !end.is_empty()),
        every,
        days: (every == Every::Day).then_some(value.day),
        week_days: (every == Every::Week).then_some(value.week_days),
        month_days: (every == Every::Month).then_some([value.from_day, value.to_day]),
        min: sets.min_size,
        max: sets.max_size,
        desired: sets.desired_instances,
        interval_minutes: sets.scaling_interval,
        automatic: match sets.scaling_type {
            MANUAL => Some(false),
            AUTOMATIC => Some(true),
            _ => None,
        },
        target_percent: sets.target_configuration.map(|target| target.target_value),
        stopped: timer.timer_status == STOPPED,
    })
}

/// One form for times that mean the same, and for lists of days.
pub(super) fn normal(mut timer: Timer) -> Timer {
    timer.begin = normal_time(timer.begin);
    timer.end = timer.end.map(normal_time);
    if let Some(days) = &mut timer.week_days {
        days.sort_unstable();
    }
    timer
}

fn normal_time(text: String) -> String {
    Timestamp::parse_iso(&text).map_or(text, Timestamp::to_iso_exact)
}

/// Makes a timer, or the one of that id anew.
pub(super) fn put(fleet: &str, id: Option<&String>, timer: &Timer) -> wire::PutTimerScalingPolicyRequest {
    let [from_day, to_day] = timer.month_days.map_or([None, None], |days| days.map(Some));
    let value =
        wire::TimerValueInput { day: timer.days, from_day, to_day, week_days: timer.week_days.clone() };
    let when = wire::TimerConfigurationInput {
        begin_time: Some(timer.begin.clone()),
        end_time: timer.end.clone(),
        timer_type: Some(match timer.every {
            Every::Once => 1,
            Every::Day => 2,
            Every::Month => 3,
            Every::Week => 4,
        }),
        timer_value: Some(value).filter(|_| timer.every != Every::Once),
    };
    let sets = wire::TimerFleetCapacityInput {
        fleet_id: Some(fleet.to_owned()),
        min_size: timer.min,
        max_size: timer.max,
        desired_instances: timer.desired,
        scaling_interval: Some(timer.interval_minutes),
        scaling_type: timer.automatic.map(|automatic| if automatic { AUTOMATIC } else { MANUAL }),
        target_configuration: timer
            .target_percent
            .map(|percent| wire::TargetConfigurationInput { target_value: Some(percent) }),
    };
    wire::PutTimerScalingPolicyRequest {
        timer_scaling_policy: Some(wire::TimerScalingPolicyInput {
            timer_id: id.cloned(),
            timer_name: Some(timer.name.clone()),
            timer_configuration: Some(when),
            timer_fleet_capacity: Some(sets),
            timer_status: timer.stopped.then_some(STOPPED),
        }),
    }
}
