//! A decision in a sentence with its numbers. Times are UTC; the day is left out where it is today.

use super::{Cause, Decision, Evaluation, Opinion, Verdict, View};
use crate::capacity::load::FleetLoad;
use crate::capacity::target_based::free_percent;
use crate::time::Timestamp;

/// `12:00:10`, or with the day before it when that is not the one of `now`.
pub(crate) fn time(at: Timestamp, now: Timestamp) -> String {
    let (text, today) = (at.to_spaced(), now.to_spaced());
    match (text.split_once(' '), today.split_once(' ')) {
        (Some((day, time)), Some((today, _))) if day == today => time.to_owned(),
        _ => text,
    }
}

/// `1 instance`, `2 instances`.
pub(crate) fn counted(count: impl Into<u64>, what: &str) -> String {
    let count = count.into();
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// When, what, and why.
pub fn sentence(decision: &Decision, now: Timestamp) -> String {
    let Decision { time: first, last, times, .. } = decision;
    let when = match times {
        0 | 1 => format!("at {}", time(*last, now)),
        _ => format!("from {} to {} ({times} times)", time(*first, now), time(*last, now)),
    };
    format!("{when} {}", what(decision, now))
}

/// The same without the time.
pub(crate) fn what(decision: &Decision, now: Timestamp) -> String {
    let (from, to) = (decision.from, decision.to);
    let moved = match to.cmp(&from) {
        std::cmp::Ordering::Less | std::cmp::Ordering::Greater => {
            format!("from {from} to {}", counted(to, "instance"))
        }
        std::cmp::Ordering::Equal => format!("the number stays {to}"),
    };
    match &decision.cause {
        Cause::Request => format!("somebody set the capacity by UpdateFleetCapacity: {moved}"),
        Cause::Timer(name) => format!("timer `{name}` set the capacity: {moved}"),
        Cause::Copy => format!("the capacity of the copied fleet was taken over: {moved}"),
        Cause::Policies(evaluation) => evaluated(evaluation, (from, to), now),
    }
}

fn evaluated(evaluation: &Evaluation, (from, to): (u32, u32), now: Timestamp) -> String {
    let Evaluation { load, min, max, wanted, verdict, .. } = evaluation;
    let reasons = reasons(evaluation);
    let usage = usage(load);
    let wanted_words = counted(*wanted, "instance");
    match verdict {
        Verdict::Grow | Verdict::Shrink => {
            let verb = if *verdict == Verdict::Grow { "grew" } else { "shrank" };
            let limit = if *wanted != to {
                format!(", as far as {min} to {max} allows")
            } else if evaluation.opinions.iter().any(|opinion| opinion.wants_fewer_than(to)) {
                ", because only unused instances are removed".into()
            } else {
                String::new()
            };
            format!("{usage}{reasons}: the fleet {verb} from {from} to {}{limit}", counted(to, "instance"))
        }
        Verdict::Hold => format!("no change: {usage}{reasons}"),
        Verdict::Range => {
            format!(
                "no change: {usage}{reasons}: {wanted_words} would be right, and the range is {min} to {max}"
            )
        }
        Verdict::Busy => {
            let idle = load.idle;
            format!("no change: {usage}{reasons}: only unused instances are removed, and {idle} are unused")
        }
        Verdict::CoolDown { until } => format!(
            "no change before {}, when the cool-down ends: {usage}{reasons}: {wanted_words} would be right",
            time(*until, now)
        ),
    }
}

/// `8 of 10 sessions were in use, 20 % free`.
fn usage(load: &FleetLoad) -> String {
    let all = load.all_sessions();
    let free = free_percent(load.processes_per_instance, load.instances, load.sessions);
    let mut words = match free {
        Some(free) => format!("{} of {} were in use, {free} % free", load.sessions, counted(all, "session")),
        None => "there was no instance".to_owned(),
    };
    for (count, state) in [(load.pending, "starting"), (load.reserved, "reserved"), (load.leaving, "leaving")]
    {
        if count > 0 {
            words += &format!(", {} {state}", counted(count, "instance"));
        }
    }
    words
}

/// What the policies said, each after a semicolon.
fn reasons(evaluation: &Evaluation) -> String {
    let load = &evaluation.load;
    let fires = evaluation.opinions.iter().any(|opinion| opinion.fired().is_some());
    let said = evaluation.opinions.iter().filter(|opinion| !fires || is_heard(opinion));
    said.map(|opinion| format!("; {}", opinion_words(opinion, load))).collect()
}

/// Next to a rule that fires, those that do not are of no interest.
fn is_heard(opinion: &Opinion) -> bool {
    opinion.fired().is_some() || matches!(opinion.view, View::Target { .. })
}

fn opinion_words(opinion: &Opinion, load: &FleetLoad) -> String {
    match &opinion.view {
        View::Target { percent, grow, shrink } => {
            let (present, target) = (load.instances, format!("the target of {percent} %"));
            let after = |instances| {
                let free = free_percent(load.processes_per_instance, instances, load.sessions);
                format!("{} would leave {} % free", counted(instances, "instance"), free.unwrap_or(0))
            };
            if present < *grow {
                format!("below {target}: {}", after(*grow))
            } else if present > *shrink {
                format!("above {target}: {}", after(*shrink))
            } else {
                let free = free_percent(load.processes_per_instance, present, load.sessions).unwrap_or(0);
                let fewer = present.saturating_sub(1);
                // Where more is free than is asked for, a reader wonders why it does not shrink (S-12).
                if free <= *percent {
                    format!("{target} holds")
                } else if fewer == 0 {
                    format!("above {target}, and one instance always stays")
                } else if fewer < *grow {
                    format!("{target} holds, and {}", after(fewer))
                } else {
                    format!("{target} holds, and {}, which is not more", after(fewer))
                }
            }
        }
        View::Rule { rule, value, met, needed, wanted } => {
            let value = value.map_or("not defined".to_owned(), |value| value.to_string());
            let (metric, comparison, threshold) = (rule.metric, rule.comparison, rule.threshold);
            let name = &opinion.policy;
            let condition = format!("{metric} {comparison} {threshold}");
            let minutes = counted(rule.minutes, "minute");
            if met >= needed {
                let adjustment = format!("{} {}", rule.adjustment_type, rule.adjustment);
                format!(
                    "rule `{name}`: {condition} for {minutes}, {metric} is {value}: {adjustment} gives {wanted}"
                )
            } else if *met > 0 {
                format!(
                    "rule `{name}`: {condition}, {metric} is {value}, {met} of {needed} evaluations of {minutes}"
                )
            } else {
                format!("rule `{name}`: {metric} is {value}, not {comparison} {threshold}")
            }
        }
    }
}
