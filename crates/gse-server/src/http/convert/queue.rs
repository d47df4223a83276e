//! Game server session queues.

use gse_api::types as wire;
use gse_core::id::{QueueName, Scope};
use gse_core::page::OffsetPage;
use gse_core::queue::{
    CreateGameServerSessionQueue, LatencyPolicy, Queue, QueueQuery, UpdateGameServerSessionQueue,
    resolve_destination,
};
use gse_core::state::State;

use super::{filters, offset_and_limit, small, tags_in, tags_out};

pub(crate) fn create(
    request: wire::CreateGameServerSessionQueueRequest,
    scope: Scope,
) -> CreateGameServerSessionQueue {
    CreateGameServerSessionQueue {
        scope,
        name: QueueName::new(request.name),
        destinations: destinations_in(request.destinations.unwrap_or_default()),
        policies: policies_in(request.player_latency_policies.unwrap_or_default()),
        timeout_s: request.timeout_in_seconds.map(small),
        tags: tags_in(request.tags),
    }
}

pub(crate) fn update(
    request: wire::UpdateGameServerSessionQueueRequest,
    scope: Scope,
) -> UpdateGameServerSessionQueue {
    UpdateGameServerSessionQueue {
        scope,
        name: QueueName::new(request.name),
        destinations: request.destinations.map(destinations_in),
        policies: request.player_latency_policies.map(policies_in),
        timeout_s: request.timeout_in_seconds.map(small),
    }
}

pub(crate) fn query(request: wire::DescribeGameServerSessionQueuesRequest, scope: Scope) -> QueueQuery {
    let (offset, limit) = offset_and_limit(request.offset, request.limit);
    let names = request.names.unwrap_or_default().into_iter().map(QueueName::new).collect();
    QueueQuery { scope, names, filters: filters(request.filters), offset, limit }
}

pub(crate) fn page(
    state: &State,
    page: &OffsetPage<&Queue>,
) -> wire::DescribeGameServerSessionQueuesResponse {
    wire::DescribeGameServerSessionQueuesResponse {
        game_server_session_queues: page.items.iter().map(|queue| one(state, queue)).collect(),
        total_count: page.total as u64,
    }
}

fn destinations_in(destinations: Vec<wire::GameServerSessionQueueDestinationInput>) -> Vec<String> {
    destinations.into_iter().map(|destination| destination.destination_arn.unwrap_or_default()).collect()
}

fn policies_in(policies: Vec<wire::PlayerLatencyPolicyInput>) -> Vec<LatencyPolicy> {
    policies.into_iter().map(policy_in).collect()
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
