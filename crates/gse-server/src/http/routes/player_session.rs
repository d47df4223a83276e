//! Player sessions.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::player_session;

use crate::http::Call;
use crate::http::convert;

pub(super) async fn join(
    call: &Call<'_>,
    request: wire::JoinGameServerSessionRequest,
) -> Result<wire::JoinGameServerSessionResponse, ApiError> {
    let players = call.submit(convert::player_session::join(request, call.scope.clone())).await?;
    let player_session = players.first().map(convert::player_session::one);
    Ok(wire::JoinGameServerSessionResponse { player_session })
}

pub(super) async fn join_batch(
    call: &Call<'_>,
    request: wire::JoinGameServerSessionBatchRequest,
) -> Result<wire::JoinGameServerSessionBatchResponse, ApiError> {
    let players = call.submit(convert::player_session::join_batch(request, call.scope.clone())).await?;
    let player_sessions = players.iter().map(convert::player_session::one).collect();
    Ok(wire::JoinGameServerSessionBatchResponse { player_sessions })
}

pub(super) async fn describe(
    call: &Call<'_>,
    request: wire::DescribePlayerSessionsRequest,
) -> Result<wire::DescribePlayerSessionsResponse, ApiError> {
    let query = convert::player_session::query(request, call.scope.clone());
    call.query(move |state| Ok(convert::player_session::page(&player_session::describe(state, &query)?)))
        .await
}
