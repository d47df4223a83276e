//! Game server session queues.

use gse_api::types as wire;
use gse_core::id::{QueueName, Scope};
use gse_core::queue::{CreateGameServerSessionQueue, LatencyPolicy, Queue, resolve_destination};
use gse_core::state::State;

use super::{small, tags_in, tags_out};

pub(crate) fn create(
    request: wire::CreateGameServerSessionQueueRequest,
    scope: Scope,
) -> CreateGameServerSessionQueue {
    let destinations = request.destinations.unwrap_or_default().into_iter();
    CreateGameServerSessionQueue {
        scope,
        name: QueueName::new(request.name),
        destinations: destinations
            .map(|destination| destination.destination_arn.unwrap_or_default())
            .collect(),
        policies: request.player_latency_policies.unwrap_or_default().into_iter().map(policy_in).collect(),
        timeout_s: request.timeout_in_seconds.map(small),
        tags: tags_in(request.tags),
    }
}

fn policy_in(policy: wire::PlayerLatencyPolicyInput) -> LatencyPolicy {
    LatencyPolicy {
        maximum_latency_ms: policy.maximum_individual_player_latency_milliseconds,
        duration_s: policy.policy_duration_seconds.unwrap_or(0),
    }
}

fn policy_out(policy: &LatencyPolicy) -> wire::PlayerLatencyPolicy {
    wire::PlayerLatencyPolicy {
        maximum_individual_player_latency_milliseconds: policy.maximum_latency_ms,
        policy_duration_seconds: policy.duration_s,
    }
}

pub(crate) fn one(state: &State, queue: &Queue) -> wire::GameServerSessionQueue {
    let destination = |name: &String| {
        let fleet = resolve_destination(state, &queue.scope, name).and_then(|destination| destination.fleet);
        wire::GameServerSessionQueueDestination {
            destination_arn: name.clone(),
            fleet_status: fleet.map(|fleet| fleet.status.as_str().into()),
        }
    };
    wire::GameServerSessionQueue {
        destinations: queue.destinations.iter().map(destination).collect(),
        game_server_session_queue_arn: queue.resource_name(),
        name: queue.name.to_string(),
        player_latency_policies: queue.policies.iter().map(policy_out).collect(),
        tags: tags_out(&queue.tags),
        timeout_in_seconds: queue.timeout_s.into(),
    }
}
