//! Instances.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::id::{FleetId, InstanceId};
use gse_core::instance;

use crate::http::Call;
use crate::http::convert;

pub(super) async fn describe(
    call: &Call<'_>,
    request: wire::DescribeInstancesRequest,
) -> Result<wire::DescribeInstancesResponse, ApiError> {
    let query = convert::instance::query(request, call.scope.clone());
    call.query(move |state| Ok(convert::instance::page(state, &instance::describe(state, &query)))).await
}

pub(super) async fn describe_extended(
    call: &Call<'_>,
    request: wire::DescribeInstancesExtendRequest,
) -> Result<wire::DescribeInstancesExtendResponse, ApiError> {
    let query = convert::instance::extended_query(request, call.scope.clone());
    call.query(move |state| Ok(convert::instance::extended_page(state, &instance::describe(state, &query))))
        .await
}

pub(super) async fn access(
    call: &Call<'_>,
    request: wire::GetInstanceAccessRequest,
) -> Result<wire::GetInstanceAccessResponse, ApiError> {
    let (scope, fleet) = (call.scope.clone(), FleetId::new(request.fleet_id));
    let id = InstanceId::new(request.instance_id);
    match call.query(move |state| instance::access(state, &scope, &fleet, &id)).await? {}
}

pub(super) async fn set_reserved(
    call: &Call<'_>,
    request: wire::SetServerReservedRequest,
) -> Result<wire::SetServerReservedResponse, ApiError> {
    call.submit(convert::instance::set_reserved(request, call.scope.clone())).await?;
    Ok(wire::SetServerReservedResponse {})
}

pub(super) async fn set_weight(
    call: &Call<'_>,
    request: wire::SetServerWeightRequest,
) -> Result<wire::SetServerWeightResponse, ApiError> {
    call.submit(convert::instance::set_weight(request, call.scope.clone())).await?;
    Ok(wire::SetServerWeightResponse {})
}
