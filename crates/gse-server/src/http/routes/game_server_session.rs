//! Game server sessions.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::game_server_session;

use crate::http::Call;
use crate::http::convert;

pub(super) async fn create(
    call: &Call<'_>,
    request: wire::CreateGameServerSessionRequest,
) -> Result<wire::CreateGameServerSessionResponse, ApiError> {
    let session = call.submit(convert::game_server_session::create(request, call.scope.clone())).await?;
    let game_server_session = Some(convert::game_server_session::one(&session));
    Ok(wire::CreateGameServerSessionResponse { game_server_session })
}

pub(super) async fn describe(
    call: &Call<'_>,
    request: wire::DescribeGameServerSessionsRequest,
) -> Result<wire::DescribeGameServerSessionsResponse, ApiError> {
    let query = convert::game_server_session::query(request, call.scope.clone());
    call.query(move |state| {
        let page = game_server_session::describe(state, &query)?;
        let (game_server_sessions, next_token) = convert::game_server_session::many(&page);
        Ok(wire::DescribeGameServerSessionsResponse { game_server_sessions, next_token })
    })
    .await
}

pub(super) async fn describe_details(
    call: &Call<'_>,
    request: wire::DescribeGameServerSessionDetailsRequest,
) -> Result<wire::DescribeGameServerSessionDetailsResponse, ApiError> {
    let query = convert::game_server_session::details_query(request, call.scope.clone());
    call.query(move |state| {
        Ok(convert::game_server_session::details(&game_server_session::describe(state, &query)?))
    })
    .await
}

pub(super) async fn search(
    call: &Call<'_>,
    request: wire::SearchGameServerSessionsRequest,
) -> Result<wire::SearchGameServerSessionsResponse, ApiError> {
    let query = convert::game_server_session::search(request, call.scope.clone());
    call.query(move |state| {
        let page = game_server_session::search::search(state, &query)?;
        let (game_server_sessions, next_token) = convert::game_server_session::many(&page);
        Ok(wire::SearchGameServerSessionsResponse { game_server_sessions, next_token })
    })
    .await
}
