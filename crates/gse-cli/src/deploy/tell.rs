//! Telling a person, or a program, what a deployment does and why it failed.

use std::io::{self, Write as _};

use anyhow::Context as _;
use gse_api::types::{DescribeFleetEventsRequest, Event};
use gse_client::Client;
use gse_core::deployment::Step;
use serde_json::json;

use crate::{failure::Failure, service::Service};

/// Lines of a log that are shown.
const LOG_LINES: usize = 20;
const EVENTS: u64 = 100;

/// Prints what is done or waited for.
pub(super) fn step(step: &Step, alias: &str, as_json: bool) -> Result<(), Failure> {
    let sentence = sentence(step, alias);
    if as_json {
        return crate::print_json(&json!({"step": name(step), "fleet": fleet(step), "text": sentence}), true);
    }
    match writeln!(io::stdout(), "{sentence}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("cannot write to stdout").into())
        }
        _ => Ok(()),
    }
}

/// What a program knows a step by.
fn name(step: &Step) -> &'static str {
    match step {
        Step::Upload => "upload",
        Step::CreateFleet { .. } => "create-fleet",
        Step::AwaitActive { .. } => "await-active",
        Step::StartScaling { .. } => "start-scaling",
        Step::Grow { .. } => "grow",
        Step::AwaitInstances { .. } => "await-instances",
        Step::StartCanary { .. } => "start-canary",
        Step::AwaitCanary { .. } => "await-canary",
        Step::StopCanary => "stop-canary",
        Step::CanaryFailed { .. } => "canary-failed",
        Step::CreateAlias { .. } => "create-alias",
        Step::Switch { .. } => "switch",
        Step::StopScaling { .. } => "stop-scaling",
        Step::Shrink { .. } => "shrink",
        Step::AwaitMatches { .. } => "await-matches",
        Step::Delete { .. } => "delete",
        Step::AwaitDeleted { .. } => "await-deleted",
        Step::Fail { .. } => "fail",
        Step::NothingToRollBack => "nothing-to-roll-back",
        Step::Done { .. } => "done",
    }
}

/// The fleet that a step is about.
fn fleet(step: &Step) -> Option<&str> {
    match step {
        Step::AwaitActive { fleet }
        | Step::StartScaling { fleet }
        | Step::Grow { fleet, .. }
        | Step::AwaitInstances { fleet, .. }
        | Step::StartCanary { fleet, .. }
        | Step::AwaitCanary { fleet, .. }
        | Step::CanaryFailed { fleet, .. }
        | Step::CreateAlias { fleet }
        | Step::Switch { to: fleet, .. }
        | Step::StopScaling { fleet }
        | Step::Shrink { fleet, .. }
        | Step::AwaitMatches { fleet, .. }
        | Step::Delete { fleet }
        | Step::AwaitDeleted { fleet }
        | Step::Fail { fleet }
        | Step::Done { fleet, .. } => Some(fleet),
        Step::Upload | Step::CreateFleet { .. } | Step::StopCanary | Step::NothingToRollBack => None,
    }
}

/// A step in words.
pub(super) fn sentence(step: &Step, alias: &str) -> String {
    match step {
        Step::Upload => "uploading the build".to_owned(),
        Step::CreateFleet { copy_of: None } => "creating the first fleet".to_owned(),
        Step::CreateFleet { copy_of: Some(source) } => {
            format!("creating a fleet with the settings of {source}")
        }
        Step::AwaitActive { fleet } => format!("waiting for {fleet} to become ACTIVE"),
        Step::StartScaling { fleet } => format!("letting the policies of {fleet} decide"),
        Step::Grow { fleet, desired, .. } => format!("asking for {} of {fleet}", instances(*desired)),
        Step::AwaitInstances { fleet, active, wanted } => {
            format!("waiting for {} of {fleet}: {active} active", instances(*wanted))
        }
        Step::StartCanary { fleet, percent } => format!("leading {percent} of 100 new sessions to {fleet}"),
        Step::AwaitCanary { fleet, percent, seconds_left } => {
            format!("watching {fleet} with {percent} of 100 new sessions, {seconds_left} s left")
        }
        Step::StopCanary => format!("leading all new sessions to the fleet of alias `{alias}` again"),
        Step::CanaryFailed { fleet, sessions } => {
            format!("of the sessions of {fleet}, {sessions} ended in ERROR")
        }
        Step::CreateAlias { fleet } => format!("creating alias `{alias}`, which leads to {fleet}"),
        Step::Switch { from: Some(from), to } => format!("leading alias `{alias}` from {from} to {to}"),
        Step::Switch { from: None, to } => format!("leading alias `{alias}` to {to}"),
        Step::StopScaling { fleet } => format!("keeping the policies of {fleet} from starting instances"),
        Step::Shrink { fleet, desired: 0 } => format!("letting all instances of {fleet} leave"),
        Step::Shrink { fleet, desired } => {
            format!("letting idle instances of {fleet} leave, {} with matches stay", instances(*desired))
        }
        Step::AwaitMatches { fleet, busy, others } => {
            format!("waiting for {fleet}: {} with matches, {others} other", instances(*busy))
        }
        Step::Delete { fleet } => format!("deleting {fleet}"),
        Step::AwaitDeleted { fleet } => format!("waiting until {fleet} is gone"),
        Step::Fail { fleet } => format!("{fleet} cannot become ACTIVE"),
        Step::NothingToRollBack => format!("alias `{alias}` has nothing to go back to"),
        Step::Done { fleet, kept } if kept.is_empty() => format!("alias `{alias}` leads to {fleet}"),
        Step::Done { fleet, kept } => {
            format!(
                "alias `{alias}` leads to {fleet}; {} stays, it is kept or something leads to it",
                kept.join(", ")
            )
        }
    }
}

fn instances(count: u64) -> String {
    if count == 1 { "1 instance".to_owned() } else { format!("{count} instances") }
}

/// Why a fleet is ERROR: the event that says it, and its log.
pub(crate) async fn failed_fleet(service: &Service, fleet: &str) -> Failure {
    let request = DescribeFleetEventsRequest {
        fleet_id: fleet.to_owned(),
        limit: Some(EVENTS),
        ..DescribeFleetEventsRequest::default()
    };
    let events = match service.call(&request).await {
        Ok(answer) => answer.events,
        Err(failure) => return failure.context(format!("{fleet} failed, and its events cannot be read")),
    };
    let Some(event) = cause(&events) else {
        return Failure::from(anyhow::anyhow!("{fleet} is ERROR, and no event says why"));
    };
    let mut text = format!("{fleet} cannot become ACTIVE: {}: {}", event.event_code, event.message);
    if let Some(log) = log(&service.client, event).await {
        text += "\nits log ends with";
        for line in log {
            text += &format!("\n  | {line}");
        }
    }
    Failure::from(anyhow::Error::msg(text))
        .hint("mend the build and run the command again: it deletes this fleet")
}

/// The newest event before the fleet became ERROR; events come newest first.
pub(super) fn cause(events: &[Event]) -> Option<&Event> {
    let after = events.iter().position(|event| event.event_code == "FLEET_STATE_ERROR");
    events[after.map_or(0, |at| at + 1)..].iter().find(|event| event.event_code != "GENERIC_EVENT")
}

async fn log(client: &Client, event: &Event) -> Option<Vec<String>> {
    if event.pre_signed_log_url.is_empty() {
        return None;
    }
    match client.get_text(&event.pre_signed_log_url).await.context("cannot read the log of the event") {
        Ok(text) => {
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            Some(lines[lines.len().saturating_sub(LOG_LINES)..].to_vec())
        }
        Err(error) => Some(vec![format!("{error:#}")]),
    }
}
