//! Placements.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::id::PlacementId;
use gse_core::placement::{self, StopGameServerSessionPlacement};

use crate::http::Call;
use crate::http::convert;

pub(super) async fn start(
    call: &Call<'_>,
    request: wire::StartGameServerSessionPlacementRequest,
) -> Result<wire::StartGameServerSessionPlacementResponse, ApiError> {
    let placement = call.submit(convert::placement::start(request, call.scope.clone())).await?;
    let game_server_session_placement = convert::placement::one(&placement);
    Ok(wire::StartGameServerSessionPlacementResponse { game_server_session_placement })
}

pub(super) async fn describe(
    call: &Call<'_>,
    request: wire::DescribeGameServerSessionPlacementRequest,
) -> Result<wire::DescribeGameServerSessionPlacementResponse, ApiError> {
    let (scope, id) = (call.scope.clone(), PlacementId::new(request.placement_id));
    call.query(move |state| {
        let game_server_session_placement = convert::placement::one(placement::find(state, &scope, &id)?);
        Ok(wire::DescribeGameServerSessionPlacementResponse { game_server_session_placement })
    })
    .await
}

pub(super) async fn stop(
    call: &Call<'_>,
    request: wire::StopGameServerSessionPlacementRequest,
) -> Result<wire::StopGameServerSessionPlacementResponse, ApiError> {
    let id = PlacementId::new(request.placement_id);
    let placement = call.submit(StopGameServerSessionPlacement { scope: call.scope.clone(), id }).await?;
    let game_server_session_placement = convert::placement::one(&placement);
    Ok(wire::StopGameServerSessionPlacementResponse { game_server_session_placement })
}
