//! Timers.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::timer;

use crate::http::Call;
use crate::http::convert;

pub(super) async fn put(
    call: &Call<'_>,
    request: wire::PutTimerScalingPolicyRequest,
) -> Result<wire::PutTimerScalingPolicyResponse, ApiError> {
    let command = convert::timer::put(request, call.scope.clone()).map_err(|error| call.refuse(&error))?;
    call.submit(command).await?;
    Ok(wire::PutTimerScalingPolicyResponse {})
}

pub(super) async fn delete(
    call: &Call<'_>,
    request: wire::DeleteTimerScalingPolicyRequest,
) -> Result<wire::DeleteTimerScalingPolicyResponse, ApiError> {
    call.submit(convert::timer::delete(request, call.scope.clone())).await?;
    Ok(wire::DeleteTimerScalingPolicyResponse {})
}

pub(super) async fn describe(
    call: &Call<'_>,
    request: wire::DescribeTimerScalingPoliciesRequest,
) -> Result<wire::DescribeTimerScalingPoliciesResponse, ApiError> {
    let query = convert::timer::query(request, call.scope.clone()).map_err(|error| call.refuse(&error))?;
    let now = call.api.clock.now();
    call.query(move |state| Ok(convert::timer::page(&timer::describe(state, &query)?, now))).await
}
