//! Placements.

use gse_api::ApiError;
use gse_api::types as wire;
use std::sync::Arc;

use gse_core::error::Error;
use gse_core::id::PlacementId;
use gse_core::placement::{Placement, PlacementKey, StopGameServerSessionPlacement};
use gse_core::state::{Row, RowKind};

use crate::engine::SubmitError;
use crate::http::Call;
use crate::http::convert;

pub(super) async fn start(
    call: &Call<'_>,
    request: wire::StartGameServerSessionPlacementRequest,
) -> Result<wire::StartGameServerSessionPlacementResponse, ApiError> {
    let placement =
        call.submit(convert::placement::start(request, String::new(), call.scope.clone())).await?;
    let game_server_session_placement = convert::placement::one(&placement);
    Ok(wire::StartGameServerSessionPlacementResponse { game_server_session_placement })
}

pub(super) async fn describe(
    call: &Call<'_>,
    request: wire::DescribeGameServerSessionPlacementRequest,
) -> Result<wire::DescribeGameServerSessionPlacementResponse, ApiError> {
    let key = PlacementKey { scope: call.scope.clone(), id: PlacementId::new(request.placement_id) };
    let wanted = key.clone();
    let found = call.query(move |state| Ok(state.placements.get_shared(&wanted).cloned())).await?;
    let placement = match found {
        Some(placement) => placement,
        None => archived(call, &key).await?.ok_or_else(|| call.refuse(&Error::PlacementNotFound(key.id)))?,
    };
    let game_server_session_placement = convert::placement::one(&placement);
    Ok(wire::DescribeGameServerSessionPlacementResponse { game_server_session_placement })
}

/// A placement that has left memory.
async fn archived(call: &Call<'_>, key: &PlacementKey) -> Result<Option<Arc<Placement>>, ApiError> {
    match call.archived_row(RowKind::Placement, &key.to_string()).await? {
        Some(Row::Placement(placement)) => Ok(Some(placement)),
        _ => Ok(None),
    }
}

pub(super) async fn stop(
    call: &Call<'_>,
    request: wire::StopGameServerSessionPlacementRequest,
) -> Result<wire::StopGameServerSessionPlacementResponse, ApiError> {
    let key = PlacementKey { scope: call.scope.clone(), id: PlacementId::new(request.placement_id) };
    let command = StopGameServerSessionPlacement { scope: key.scope.clone(), id: key.id.clone() };
    let game_server_session_placement = match call.api.engine.submit(call.request_id, command).await {
        Ok(placement) => convert::placement::one(&placement),
        Err(SubmitError::Refused(Error::PlacementNotFound(id))) => match archived(call, &key).await? {
            // As a finished one is answered that is still in memory.
            Some(placement) => {
                convert::placement::one(placement.stopped().map_err(|error| call.refuse(&error))?)
            }
            None => return Err(call.refuse(&Error::PlacementNotFound(id))),
        },
        Err(error) => return Err(convert::error::from_engine(call.action, &error)),
    };
    Ok(wire::StopGameServerSessionPlacementResponse { game_server_session_placement })
}
