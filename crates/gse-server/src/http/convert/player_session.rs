//! Player sessions.

use std::sync::Arc;

use gse_api::types as wire;
use gse_core::id::{GameServerSessionId, PlayerSessionId, Scope};
use gse_core::page::TokenPage;
use gse_core::player_session::{
    JoinGameServerSession, Joining, PlayerQuery, PlayerSession, PlayerSessionStatus,
};
use gse_core::time::Timestamp;

use super::game_server_session::given;
use super::{token, token_limit};

pub(crate) fn join(request: wire::JoinGameServerSessionRequest, scope: Scope) -> JoinGameServerSession {
    let player = Joining { player: request.player_id, data: request.player_data.unwrap_or_default() };
    JoinGameServerSession {
        scope,
        session: GameServerSessionId::new(request.game_server_session_id),
        players: vec![player],
    }
}

/// The data map is of one player; the others get none (2.11).
pub(crate) fn join_batch(
    request: wire::JoinGameServerSessionBatchRequest,
    scope: Scope,
) -> JoinGameServerSession {
    let map = request.player_data_map.unwrap_or_default();
    let joining = |player: String| {
        let data = if player == map.key { map.value.clone() } else { String::new() };
        Joining { player, data }
    };
    JoinGameServerSession {
        scope,
        session: GameServerSessionId::new(request.game_server_session_id),
        players: request.player_ids.into_iter().map(joining).collect(),
    }
}

pub(crate) fn one(player: &PlayerSession) -> wire::PlayerSession {
    wire::PlayerSession {
        creation_time: player.created.to_iso(),
        dns_name: String::new(),
        fleet_id: player.fleet.to_string(),
        game_server_session_id: player.session.to_string(),
        ip_address: player.ip_address.clone(),
        player_data: player.data.clone(),
        player_id: player.player.clone(),
        player_session_id: player.id.to_string(),
        port: player.port.into(),
        status: player.status.as_str().into(),
        termination_time: player.terminated.map(Timestamp::to_iso),
    }
}

pub(crate) fn query(request: wire::DescribePlayerSessionsRequest, scope: Scope) -> PlayerQuery {
    PlayerQuery {
        scope,
        session: given(request.game_server_session_id).map(GameServerSessionId::new),
        player: given(request.player_id),
        player_session: given(request.player_session_id).map(PlayerSessionId::new),
        status: request.player_session_status_filter.as_deref().and_then(PlayerSessionStatus::parse),
        next_token: token(request.next_token),
        limit: token_limit(request.limit),
    }
}

pub(crate) fn page(page: &TokenPage<Arc<PlayerSession>>) -> wire::DescribePlayerSessionsResponse {
    wire::DescribePlayerSessionsResponse {
        next_token: page.next_token.clone().unwrap_or_default(),
        player_sessions: page.items.iter().map(|player| one(player)).collect(),
    }
}
