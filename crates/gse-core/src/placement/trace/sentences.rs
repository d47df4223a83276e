//! A search told in sentences.

use super::{Outcome, PassedOver, SearchStep};
use crate::placement::{Placement, PlacementStatus};

/// The search of a placement for a person, one sentence a line, in the order in which it happened.
pub fn sentences(placement: &Placement) -> Vec<String> {
    let trace = &placement.trace;
    let mut lines = vec![asked(placement)];
    if trace.steps.is_empty() && trace.attempts > 0 {
        lines.push("The first attempt took the first destination.".into());
    }
    for (number, step) in trace.steps.iter().enumerate() {
        if number == super::FIRST_STEPS && trace.left_out > 0 {
            lines.push(format!("Here {} are left out.", many(trace.left_out, "step", "steps")));
        }
        tell(placement, step, &mut lines);
    }
    lines.push(ending(placement));
    lines
}

fn asked(placement: &Placement) -> String {
    let request = &placement.request;
    let latencies = match request.latencies.len() {
        0 => "without latencies, so every destination would do".to_string(),
        count => format!("with {}", many(u32::try_from(count).unwrap_or(u32::MAX), "latency", "latencies")),
    };
    let seats = match request.players.len() {
        0 => String::new(),
        count => format!(" and seats for {count}"),
    };
    format!(
        "Queue {} was asked at {} for a session of at most {}{seats}, {latencies}.",
        request.queue,
        placement.started.to_iso(),
        many(request.max_players, "player", "players")
    )
}

fn tell(placement: &Placement, step: &SearchStep, lines: &mut Vec<String>) {
    let when = after(placement, step);
    let limit = step.limit_ms.map_or(String::new(), |ms| format!(", with at most {ms} ms for every player"));
    let heading = match &step.outcome {
        Outcome::Waits if step.times > 1 => {
            format!("{when}{limit}, {} found nothing:", many(step.times, "attempt", "attempts"))
        }
        Outcome::Waits => format!("{when}{limit}, nothing was found:"),
        Outcome::Chosen(fleet) if step.passed.is_empty() => {
            format!("{when}{limit}, fleet {fleet} was taken, the first in order.")
        }
        Outcome::Chosen(fleet) => format!("{when}{limit}, fleet {fleet} was taken; before it:"),
        Outcome::Lost(fleet, reason) => {
            format!("{when}, the session in fleet {fleet} was given up, and the search went on: {reason}.")
        }
        Outcome::Hopeless => format!("{when}{limit}, no destination can ever do:"),
    };
    // A list that is empty is not announced.
    let heading = match heading.strip_suffix(':') {
        Some(sentence) if step.passed.is_empty() => format!("{sentence}."),
        Some(_) | None => heading,
    };
    lines.push(heading);
    lines.extend(step.passed.iter().map(|passed| format!("  {}", passed_over(passed))));
    if step.more > 0 {
        lines.push(format!("  and {}.", many(step.more, "more destination", "more destinations")));
    }
}

fn after(placement: &Placement, step: &SearchStep) -> String {
    let seconds = |at: crate::time::Timestamp| at.since(placement.started).as_millis();
    let (first, last) = (seconds(step.first), seconds(step.last));
    if first == last { format!("After {first} ms") } else { format!("From {first} ms to {last} ms") }
}

fn passed_over(passed: &PassedOver) -> String {
    let what = match (&passed.alias, &passed.fleet) {
        (Some(alias), Some(fleet)) => format!("alias {alias}, fleet {fleet}"),
        (Some(alias), None) => format!("alias {alias}"),
        (None, Some(fleet)) => format!("fleet {fleet}"),
        (None, None) => "a destination".into(),
    };
    format!("{what} in {}: {}.", passed.region, passed.why)
}

fn ending(placement: &Placement) -> String {
    let took = placement.ended.map_or(0, |ended| ended.since(placement.started).as_millis());
    match (placement.status, &placement.fulfilment) {
        (PlacementStatus::Fulfilled, Some(got)) => format!(
            "It is FULFILLED after {took} ms: session {} in {}, at {}:{}.",
            got.session, got.region, got.ip_address, got.port
        ),
        (PlacementStatus::Pending, _) if placement.activating.is_some() => {
            format!("It is PENDING: {}.", placement.reason)
        }
        (PlacementStatus::Pending, _) => format!(
            "It is PENDING and ends as TIMED_OUT at {}{}.",
            placement.timeout.to_iso(),
            if placement.reason.is_empty() { String::new() } else { format!("; {}", placement.reason) }
        ),
        (status, _) => format!("It is {status} after {took} ms: {}.", placement.reason),
    }
}

fn many(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
