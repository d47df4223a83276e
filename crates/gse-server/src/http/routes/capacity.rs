//! Scaling policies. The capacity settings themselves are in `fleet`.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::capacity::policy::{self, DeleteScalingPolicy};
use gse_core::id::FleetId;

use crate::http::Call;
use crate::http::convert::{self, offset_and_limit};

pub(super) async fn put_policy(
    call: &Call<'_>,
    request: wire::PutScalingPolicyRequest,
) -> Result<wire::PutScalingPolicyResponse, ApiError> {
    let policy = convert::capacity::put(request, call.scope.clone()).map_err(|error| call.refuse(&error))?;
    let name = call.submit(policy).await?;
    Ok(wire::PutScalingPolicyResponse { name })
}

pub(super) async fn describe_policies(
    call: &Call<'_>,
    request: wire::DescribeScalingPoliciesRequest,
) -> Result<wire::DescribeScalingPoliciesResponse, ApiError> {
    let (offset, limit) = offset_and_limit(request.offset, request.limit);
    let (scope, fleet) = (call.scope.clone(), request.fleet_id.map(FleetId::new));
    // StatusFilter has one value, and every policy that is stored has it (S-18).
    call.query(move |state| {
        let page = policy::describe(state, &scope, fleet.as_ref(), offset, limit)?;
        Ok(wire::DescribeScalingPoliciesResponse {
            total_count: page.total as u64,
            scaling_policies: page.items.into_iter().map(convert::capacity::policy).collect(),
        })
    })
    .await
}

pub(super) async fn delete_policy(
    call: &Call<'_>,
    request: wire::DeleteScalingPolicyRequest,
) -> Result<wire::DeleteScalingPolicyResponse, ApiError> {
    let (scope, fleet) = (call.scope.clone(), FleetId::new(request.fleet_id));
    // 2.4: empty stands for all, as absent does.
    let name = request.name.filter(|name| !name.is_empty());
    call.submit(DeleteScalingPolicy { scope, fleet, name }).await?;
    Ok(wire::DeleteScalingPolicyResponse {})
}
