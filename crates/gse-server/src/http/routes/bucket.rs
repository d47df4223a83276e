//! Options of the upload bucket of the region that the call is sent to.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::bucket::UpdateBucketAccelerateOpt;

use crate::http::Call;
use crate::http::convert;

pub(super) async fn update_accelerate(
    call: &Call<'_>,
    request: wire::UpdateBucketAccelerateOptRequest,
) -> Result<wire::UpdateBucketAccelerateOptResponse, ApiError> {
    call.submit(UpdateBucketAccelerateOpt { scope: call.scope.clone(), allowed: request.allowed }).await?;
    Ok(wire::UpdateBucketAccelerateOptResponse {})
}

pub(super) async fn update_cors(
    call: &Call<'_>,
    request: wire::UpdateBucketCORSOptRequest,
) -> Result<wire::UpdateBucketCORSOptResponse, ApiError> {
    call.submit(convert::bucket::update_cors(request, call.scope.clone())).await?;
    Ok(wire::UpdateBucketCORSOptResponse {})
}
