//! Scaling of a fleet: settings, policies, the scheduled plan, and why it has as many instances as it has.

use gse_api::extension::{CapacityDecision, ExplainFleetCapacityRequest, ExplainFleetCapacityResponse};
use gse_api::types as wire;
use maud::{Markup, html};

use super::ROWS;
use crate::chinese;
use crate::cloud::Refusal;
use crate::html::{act, english, fields, plain, status, table, time, value};
use crate::language::Language;
use crate::text::{self, reasons, said};
use crate::visit::{Visit, escaped};

/// Timers that one fleet can have.
const MOST_TIMERS: i64 = 100;

pub(super) async fn tab(v: &Visit, fleet: &str) -> Result<Markup, Refusal> {
    let why = v.cloud.call_extension(&ExplainFleetCapacityRequest { fleet_id: fleet.to_owned() }).await?;
    let is_automatic = why.mode != "Manual";
    let (mode, switch) = if is_automatic {
        (text::AUTOMATIC, act(v, text::STOP_SCALING, "StopFleetActions", &[("FleetId", fleet)]))
    } else {
        (text::MANUAL, act(v, text::START_SCALING, "StartFleetActions", &[("FleetId", fleet)]))
    };
    let decisions: Vec<_> = why.decisions.iter().map(|one| decision(v, one)).collect();
    let (buffer, policies) = policies(v, fleet).await?;
    Ok(html! {
        p.buttons { a.button href={ "/console/fleets/" (escaped(fleet)) "/scale" } { (v.t(text::MODIFY)) } " " (switch) }
        (fields(v, &[
            (text::MODE, html! { (v.t(mode)) }),
            (text::RANGE, html! { (why.min) "–" (why.max) }),
            (text::DESIRED, html! { (why.desired) }),
            (text::BUFFER_PERCENT, html! { @if let Some(buffer) = buffer { (buffer) } @else { "–" } }),
            (text::COOL_DOWN, html! { (why.scaling_interval) " " (v.t(text::MINUTES)) }),
            (text::ACTIVE, html! { (why.active) }),
            (text::IDLE, html! { (why.idle) }),
            (text::PENDING, html! { (why.pending) }),
            (text::TERMINATING, html! { (why.terminating) }),
            (text::RESERVED, html! { (why.reserved) }),
        ]))
        h2 { (v.t(text::WHY)) }
        (sentences(v, &why))
        (policies)
        (timers(v, fleet).await?)
        h2 { (v.t(text::DECISIONS)) }
        (table(v, &[text::TIME, text::TIMES, text::DESIRED, text::TYPE, text::REASON], &decisions))
    })
}

/// Why there are as many: in Chinese what the numbers say, and the sentences of the service behind that.
fn sentences(v: &Visit, why: &ExplainFleetCapacityResponse) -> Markup {
    let original = html! { ul lang="en" { @for sentence in &why.sentences { li { (plain(sentence)) } } } };
    if v.language != Language::Chinese {
        return original;
    }
    html! {
        ul { @for sentence in chinese::capacity::sentences(why) { li { bdi.user { (sentence) } } } }
        details { summary { (v.t(text::live::ORIGINAL)) } (original) }
    }
}

fn decision(v: &Visit, decision: &CapacityDecision) -> Vec<Markup> {
    let is_chinese = v.language == Language::Chinese;
    let by = said(reasons::DECIDED_BY, &decision.by).filter(|_| is_chinese);
    vec![
        time(&decision.last_time),
        html! { (decision.times) },
        html! { (decision.from) " → " (decision.to) },
        html! { @if let Some(by) = by { (by) } @else { (plain(&decision.by)) } },
        html! {
            @if is_chinese {
                bdi.user { (chinese::capacity::decision(decision)) }
                details.original { summary { (v.t(text::live::ORIGINAL)) } (english(&decision.text)) }
            } @else { (plain(&decision.text)) }
        },
    ]
}

/// The policies, and the buffer that one of them keeps.
async fn policies(v: &Visit, fleet: &str) -> Result<(Option<u64>, Markup), Refusal> {
    let request = wire::DescribeScalingPoliciesRequest {
        fleet_id: Some(fleet.to_owned()),
        limit: Some(ROWS),
        ..Default::default()
    };
    let policies = v.cloud.call(&request).await?.scaling_policies;
    let row = |policy: &wire::ScalingPolicy| {
        let named = [("FleetId", fleet), ("Name", &*policy.name)];
        vec![
            plain(&policy.name),
            value(v, &policy.policy_type),
            plain(&rule(policy)),
            status(v, &policy.status),
            act(v, text::DELETE, "DeleteScalingPolicy", &named),
        ]
    };
    let rows: Vec<_> = policies.iter().map(row).collect();
    let target = policies.iter().find(|policy| policy.policy_type == "TargetBased");
    let buffer = target.and_then(|policy| Some(policy.target_configuration.as_ref()?.target_value));
    let shown = html! {
        div.head { h2 { (v.t(text::POLICIES)) } (act(v, text::ADD_POLICY, "PutScalingPolicy", &[("FleetId", fleet)])) }
        (table(v, &[text::NAME, text::TYPE, text::RULE, text::STATUS, text::OPERATIONS], &rows))
    };
    Ok((buffer, shown))
}

/// What a policy says, on one line.
fn rule(policy: &wire::ScalingPolicy) -> String {
    match &policy.target_configuration {
        Some(target) if policy.policy_type == "TargetBased" => format!("{} %", target.target_value),
        _ => format!(
            "{} {} {} ({}×) → {} {}",
            policy.metric_name,
            policy.comparison_operator,
            policy.threshold,
            policy.evaluation_periods,
            policy.scaling_adjustment_type,
            policy.scaling_adjustment
        ),
    }
}

async fn timers(v: &Visit, fleet: &str) -> Result<Markup, Refusal> {
    let request = wire::DescribeTimerScalingPoliciesRequest {
        fleet_id: Some(fleet.to_owned()),
        limit: Some(MOST_TIMERS),
        ..Default::default()
    };
    let timers = v.cloud.call(&request).await?.timer_scaling_policies;
    let rows: Vec<_> = timers.iter().map(|timer| timer_row(v, fleet, timer)).collect();
    let columns = [
        text::NAME,
        text::MODE,
        text::INSTANCES,
        text::REPETITION,
        text::PERIOD,
        text::STATUS,
        text::OPERATIONS,
    ];
    let add = act(v, text::ADD_TIMER, "PutTimerScalingPolicy", &[(TIMER_FLEET, fleet)]);
    Ok(html! {
        div.head { h2 { (v.t(text::TIMERS)) } (add) }
        (table(v, &columns, &rows))
    })
}

const TIMER_FLEET: &str = "TimerScalingPolicy.TimerFleetCapacity.FleetId";

/// On which days a timer repeats itself.
fn days(v: &Visit, period: &wire::TimerConfiguration) -> Markup {
    let value = period.timer_value.clone().unwrap_or_default();
    let names = [
        text::MONDAY,
        text::TUESDAY,
        text::WEDNESDAY,
        text::THURSDAY,
        text::FRIDAY,
        text::SATURDAY,
        text::SUNDAY,
    ];
    let name = |day: &i64| names.get(usize::try_from(day - 1).ok()?).map(|name| v.t(*name));
    let shown = match period.timer_type {
        2 => format!("{} {} {}", v.t(text::EVERY), value.day, v.t(text::DAYS)),
        3 => format!("{} {}–{}", v.t(text::DAYS_OF_MONTH), value.from_day, value.to_day),
        4 => value.week_days.iter().filter_map(name).collect::<Vec<_>>().join(", "),
        _ => return html! {},
    };
    html! { br; span.small { (shown) } }
}

fn timer_row(v: &Visit, fleet: &str, timer: &wire::TimerScalingPolicy) -> Vec<Markup> {
    let capacity = timer.timer_fleet_capacity.clone().unwrap_or_default();
    let period = timer.timer_configuration.clone().unwrap_or_default();
    let mode = match capacity.scaling_type {
        1 => text::MANUAL,
        2 => text::AUTOMATIC,
        _ => text::NONE,
    };
    let number = |number: Option<i64>| number.map_or("–".to_owned(), |number| number.to_string());
    let kind = match period.timer_type {
        1 => text::ONCE,
        2 => text::BY_DAY,
        3 => text::BY_MONTH,
        4 => text::BY_WEEK,
        _ => text::NONE,
    };
    let state = match timer.timer_status {
        1 => text::NOT_IN_EFFECT,
        2 => text::IN_EFFECT,
        3 => text::STOPPED,
        4 => text::EXPIRED,
        _ => text::NONE,
    };
    let edit = [(TIMER_FLEET, fleet), ("TimerScalingPolicy.TimerId", &*timer.timer_id)];
    let delete = [("FleetId", fleet), ("TimerId", &*timer.timer_id), ("TimerName", &*timer.timer_name)];
    vec![
        plain(&timer.timer_name),
        html! { (v.t(mode)) },
        html! {
            (number(capacity.desired_instances))
            " (" (number(capacity.min_size)) "–" (number(capacity.max_size)) ")"
        },
        html! { (v.t(kind)) (days(v, &period)) },
        html! {
            (time(&period.begin_time))
            @if let Some(end) = period.end_time.as_deref().filter(|end| !end.is_empty()) { " – " (time(end)) }
        },
        html! { (v.t(state)) },
        html! {
            (act(v, text::MODIFY, "PutTimerScalingPolicy", &edit)) " "
            (act(v, text::DELETE, "DeleteTimerScalingPolicy", &delete))
        },
    ]
}
