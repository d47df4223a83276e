//! Game server sessions.

use std::sync::Arc;

use gse_api::types as wire;
use gse_core::fleet::ProtectionPolicy;
use gse_core::game_server_session::search::SearchQuery;
use gse_core::game_server_session::{
    CreateGameServerSession, EndGameServerSessionAndProcess, GameServerSession, GameServerSessionStatus,
    SessionQuery, Target, UpdateGameServerSession,
};
use gse_core::id::{AliasId, FleetId, GameServerSessionId, Scope};
use gse_core::page::TokenPage;
use gse_core::player_session::PlayerSessionCreationPolicy;
use gse_core::time::Timestamp;

use super::{small, token, token_limit};

pub(crate) fn create(request: wire::CreateGameServerSessionRequest, scope: Scope) -> CreateGameServerSession {
    CreateGameServerSession {
        scope,
        target: target(request.fleet_id, request.alias_id),
        max_players: small(request.maximum_player_session_count),
        creator: request.creator_id.unwrap_or_default(),
        properties: properties_in(request.game_properties),
        data: request.game_server_session_data.unwrap_or_default(),
        custom_id: given(request.game_server_session_id),
        idempotency_token: given(request.idempotency_token),
        name: request.name.unwrap_or_default(),
    }
}

/// Empty counts as absent (1.4).
pub(super) fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

pub(crate) fn target(fleet: Option<String>, alias: Option<String>) -> Target {
    Target { fleet: given(fleet).map(FleetId::new), alias: given(alias).map(AliasId::new) }
}

pub(super) fn properties_in(properties: Option<Vec<wire::GameProperty>>) -> Vec<(String, String)> {
    properties.unwrap_or_default().into_iter().map(|property| (property.key, property.value)).collect()
}

pub(super) fn properties_out(properties: &[(String, String)]) -> Vec<wire::GameProperty> {
    let pairs = properties.iter().cloned();
    pairs.map(|(key, value)| wire::GameProperty { key, value }).collect()
}

pub(crate) fn one(session: &GameServerSession) -> wire::GameServerSession {
    let (current_custom_count, max_custom_count) = session.custom_counts;
    wire::GameServerSession {
        availability_status: if session.enabled { "Enable" } else { "Disable" }.into(),
        creation_time: session.created.to_iso(),
        creator_id: session.creator.clone(),
        current_custom_count: current_custom_count.into(),
        current_player_session_count: session.seats_taken.into(),
        dns_name: String::new(),
        fleet_id: session.fleet.to_string(),
        game_properties: properties_out(&session.properties),
        game_server_session_data: session.data.clone(),
        game_server_session_id: session.id.to_string(),
        instance_type: session.instance_type.clone(),
        ip_address: session.ip_address.clone(),
        matchmaker_data: session.matchmaker_data.clone(),
        max_custom_count: max_custom_count.into(),
        maximum_player_session_count: session.max_players.into(),
        name: session.name.clone(),
        player_session_creation_policy: session.policy.as_str().into(),
        port: session.port.into(),
        status: session.status.as_str().into(),
        status_reason: session.status_reason.clone(),
        termination_time: session.terminated.map(Timestamp::to_iso),
        weight: session.weight.into(),
    }
}

pub(crate) fn many(page: &TokenPage<Arc<GameServerSession>>) -> (Vec<wire::GameServerSession>, String) {
    (page.items.iter().map(|session| one(session)).collect(), page.next_token.clone().unwrap_or_default())
}

pub(crate) fn query(request: wire::DescribeGameServerSessionsRequest, scope: Scope) -> SessionQuery {
    SessionQuery {
        scope,
        session: given(request.game_server_session_id).map(GameServerSessionId::new),
        target: target(request.fleet_id, request.alias_id),
        status: request.status_filter.as_deref().and_then(GameServerSessionStatus::parse),
        next_token: token(request.next_token),
        limit: token_limit(request.limit),
    }
}

pub(crate) fn details_query(
    request: wire::DescribeGameServerSessionDetailsRequest,
    scope: Scope,
) -> SessionQuery {
    let request = wire::DescribeGameServerSessionsRequest {
        alias_id: request.alias_id,
        fleet_id: request.fleet_id,
        game_server_session_id: request.game_server_session_id,
        limit: request.limit,
        next_token: request.next_token,
        status_filter: request.status_filter,
    };
    query(request, scope)
}

pub(crate) fn details(
    page: &TokenPage<Arc<GameServerSession>>,
) -> wire::DescribeGameServerSessionDetailsResponse {
    let detail = |session: &Arc<GameServerSession>| wire::GameServerSessionDetail {
        game_server_session: one(session),
        protection_policy: session.protection.as_str().into(),
    };
    wire::DescribeGameServerSessionDetailsResponse {
        game_server_session_details: page.items.iter().map(detail).collect(),
        next_token: page.next_token.clone().unwrap_or_default(),
    }
}

pub(crate) fn search(request: wire::SearchGameServerSessionsRequest, scope: Scope) -> SearchQuery {
    SearchQuery {
        scope,
        target: target(request.fleet_id, request.alias_id),
        filter: given(request.filter_expression),
        sort: given(request.sort_expression),
        next_token: token(request.next_token),
        limit: token_limit(request.limit),
    }
}

pub(crate) fn update(request: wire::UpdateGameServerSessionRequest, scope: Scope) -> UpdateGameServerSession {
    UpdateGameServerSession {
        scope,
        session: GameServerSessionId::new(request.game_server_session_id),
        max_players: request.maximum_player_session_count.map(small),
        name: given(request.name),
        policy: request
            .player_session_creation_policy
            .as_deref()
            .and_then(PlayerSessionCreationPolicy::parse),
        protection: request.protection_policy.as_deref().and_then(ProtectionPolicy::parse),
    }
}

pub(crate) fn end_with_process(
    request: wire::EndGameServerSessionAndProcessRequest,
    scope: Scope,
) -> EndGameServerSessionAndProcess {
    let port = request.port.and_then(|port| u16::try_from(port).ok());
    EndGameServerSessionAndProcess {
        scope,
        session: given(request.game_server_session_id).map(GameServerSessionId::new),
        address: given(request.ip_address).zip(port),
    }
}
