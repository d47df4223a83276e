//! Game server session queues.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::id::QueueName;
use gse_core::queue::{self, DeleteGameServerSessionQueue};

use crate::http::Call;
use crate::http::convert;

pub(super) async fn create(
    call: &Call<'_>,
    request: wire::CreateGameServerSessionQueueRequest,
) -> Result<wire::CreateGameServerSessionQueueResponse, ApiError> {
    let queue = call.submit(convert::queue::create(request, call.scope.clone())).await?;
    let game_server_session_queue = call.query(move |state| Ok(convert::queue::one(state, &queue))).await?;
    Ok(wire::CreateGameServerSessionQueueResponse { game_server_session_queue })
}

pub(super) async fn delete(
    call: &Call<'_>,
    request: wire::DeleteGameServerSessionQueueRequest,
) -> Result<wire::DeleteGameServerSessionQueueResponse, ApiError> {
    let (scope, name) = (call.scope.clone(), QueueName::new(request.name));
    call.submit(DeleteGameServerSessionQueue { scope, name }).await?;
    Ok(wire::DeleteGameServerSessionQueueResponse {})
}

pub(super) async fn describe(
    call: &Call<'_>,
    request: wire::DescribeGameServerSessionQueuesRequest,
) -> Result<wire::DescribeGameServerSessionQueuesResponse, ApiError> {
    let query = convert::queue::query(request, call.scope.clone());
    call.query(move |state| Ok(convert::queue::page(state, &queue::describe(state, &query)))).await
}

pub(super) async fn update(
    call: &Call<'_>,
    request: wire::UpdateGameServerSessionQueueRequest,
) -> Result<wire::UpdateGameServerSessionQueueResponse, ApiError> {
    let queue = call.submit(convert::queue::update(request, call.scope.clone())).await?;
    let game_server_session_queue = call.query(move |state| Ok(convert::queue::one(state, &queue))).await?;
    Ok(wire::UpdateGameServerSessionQueueResponse { game_server_session_queue })
}
