//! Placements.

use gse_api::types as wire;
use gse_core::id::{PlacementId, QueueName, Region, Scope};
use gse_core::placement::latency::PlayerLatency;
use gse_core::placement::{Placement, PlacementRequest, StartGameServerSessionPlacement};
use gse_core::player_session::Joining;
use gse_core::time::Timestamp;

use super::game_server_session::{properties_in, properties_out};
use super::small;

pub(crate) fn start(
    request: wire::StartGameServerSessionPlacementRequest,
    matchmaker_data: String,
    scope: Scope,
) -> StartGameServerSessionPlacement {
    let players = request.desired_player_sessions.unwrap_or_default().into_iter();
    let players = players.map(|player| Joining { player: player.player_id, data: player.player_data });
    StartGameServerSessionPlacement {
        scope,
        id: PlacementId::new(request.placement_id),
        request: PlacementRequest {
            queue: QueueName::new(request.game_server_session_queue_name),
            max_players: small(request.maximum_player_session_count),
            players: players.collect(),
            latencies: request.player_latencies.unwrap_or_default().into_iter().map(latency_in).collect(),
            properties: properties_in(request.game_properties),
            data: request.game_server_session_data.unwrap_or_default(),
            name: request.game_server_session_name.unwrap_or_default(),
            matchmaker_data,
        },
    }
}

/// An absent latency counts as 0: not measurable (2.9).
fn latency_in(latency: wire::PlayerLatencyInput) -> PlayerLatency {
    PlayerLatency {
        player: latency.player_id.unwrap_or_default(),
        region: Region::new(latency.region_identifier.unwrap_or_default()),
        latency_ms: latency.latency_in_milliseconds.unwrap_or(0),
    }
}

pub(crate) fn one(placement: &Placement) -> wire::GameServerSessionPlacement {
    let request = &placement.request;
    let latency = |latency: &PlayerLatency| wire::PlayerLatency {
        latency_in_milliseconds: latency.latency_ms,
        player_id: latency.player.clone(),
        region_identifier: latency.region.to_string(),
    };
    // Until it is fulfilled, what it will get is empty.
    let mut answer = wire::GameServerSessionPlacement {
        end_time: placement.ended.map(Timestamp::to_iso),
        game_properties: properties_out(&request.properties),
        game_server_session_data: request.data.clone(),
        game_server_session_name: request.name.clone(),
        game_server_session_queue_name: request.queue.to_string(),
        matchmaker_data: request.matchmaker_data.clone(),
        maximum_player_session_count: request.max_players.into(),
        placement_id: placement.id.to_string(),
        player_latencies: request.latencies.iter().map(latency).collect(),
        start_time: placement.started.to_iso(),
        status: placement.status.as_str().into(),
        ..wire::GameServerSessionPlacement::default()
    };
    if let Some(fulfilment) = &placement.fulfilment {
        answer.game_server_session_id = fulfilment.session.to_string();
        answer.game_server_session_region = fulfilment.region.to_string();
        answer.ip_address.clone_from(&fulfilment.ip_address);
        answer.port = fulfilment.port.into();
        let players = fulfilment.players.iter().map(|placed| wire::PlacedPlayerSession {
            player_id: placed.player.clone(),
            player_session_id: placed.player_session.to_string(),
        });
        answer.placed_player_sessions = players.collect();
    }
    answer
}
