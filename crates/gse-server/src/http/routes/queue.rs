//! Game server session queues.

use gse_api::ApiError;
use gse_api::types as wire;

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
