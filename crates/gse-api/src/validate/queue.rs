//! Queues: destinations and latency policies.

use super::{
    Violations,
    shared::{MANY, arn, filters, tags, unique},
};
use crate::types::{
    CreateGameServerSessionQueueRequest, DescribeGameServerSessionQueuesRequest,
    GameServerSessionQueueDestinationInput, PlayerLatencyPolicyInput, UpdateGameServerSessionQueueRequest,
};

pub(crate) fn create_game_server_session_queue(
    request: &CreateGameServerSessionQueueRequest,
    violations: &mut Violations,
) {
    destinations(request.destinations.as_deref(), violations);
    policies(request.player_latency_policies.as_deref(), violations);
    tags(request.tags.as_ref(), violations);
}

pub(crate) fn update_game_server_session_queue(
    request: &UpdateGameServerSessionQueueRequest,
    violations: &mut Violations,
) {
    destinations(request.destinations.as_deref(), violations);
    policies(request.player_latency_policies.as_deref(), violations);
}

fn destinations(
    destinations: Option<&[GameServerSessionQueueDestinationInput]>,
    violations: &mut Violations,
) {
    let destinations = destinations.unwrap_or_default();
    for (at, destination) in destinations.iter().enumerate() {
        let path = format!("Destinations.{at}.DestinationArn");
        match &destination.destination_arn {
            None => violations.incomplete(&path, "a destination is a fleet or an alias"),
            Some(value) => arn(&path, value, &["fleet", "alias"], violations),
        }
    }
    let arns =
        destinations.iter().map(|destination| destination.destination_arn.as_deref().unwrap_or_default());
    unique(arns, violations, |at| format!("Destinations.{at}.DestinationArn"));
}

/// §2.8: strictly increasing from entry to entry.
fn policies(policies: Option<&[PlayerLatencyPolicyInput]>, violations: &mut Violations) {
    let limits = policies.unwrap_or_default().iter();
    let limits: Vec<u64> =
        limits.map(|policy| policy.maximum_individual_player_latency_milliseconds).collect();
    for (at, pair) in limits.windows(2).enumerate() {
        if pair[1] <= pair[0] {
            let path = format!("PlayerLatencyPolicies.{}.MaximumIndividualPlayerLatencyMilliseconds", at + 1);
            violations.value(&path, pair[1], &format!("Expected more than the entry before, {}.", pair[0]));
        }
    }
}

pub(crate) fn describe_game_server_session_queues(
    request: &DescribeGameServerSessionQueuesRequest,
    violations: &mut Violations,
) {
    let allowed = [("resource:name", 20), ("tag:key", MANY), ("tag:key-value", MANY)];
    filters(request.filters.as_ref(), &allowed, violations);
}
