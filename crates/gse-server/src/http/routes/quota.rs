//! What can be had, and how much of it is left.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::quota::QuotaResource;

use crate::http::Call;
use crate::http::convert;

pub(super) async fn describe_instance_limit(
    call: &Call<'_>,
    _request: wire::DescribeInstanceLimitRequest,
) -> Result<wire::DescribeInstanceLimitResponse, ApiError> {
    Ok(convert::quota::instance_limit(&call.api.config.quotas))
}

pub(super) async fn describe_instance_types(
    _call: &Call<'_>,
    _request: wire::DescribeInstanceTypesRequest,
) -> Result<wire::DescribeInstanceTypesResponse, ApiError> {
    Ok(convert::quota::instance_types())
}

pub(super) async fn describe_one(
    call: &Call<'_>,
    request: wire::DescribeUserQuotaRequest,
) -> Result<wire::DescribeUserQuotaResponse, ApiError> {
    let resource = convert::quota::resource(request.resource_type);
    let mut found = quotas(call, vec![resource]).await?;
    Ok(wire::DescribeUserQuotaResponse { quota_resource: found.pop() })
}

pub(super) async fn describe_all(
    call: &Call<'_>,
    _request: wire::DescribeUserQuotasRequest,
) -> Result<wire::DescribeUserQuotasResponse, ApiError> {
    let quota_resource = quotas(call, QuotaResource::ALL.to_vec()).await?;
    Ok(wire::DescribeUserQuotasResponse { total: quota_resource.len() as u64, quota_resource })
}

async fn quotas(
    call: &Call<'_>,
    resources: Vec<QuotaResource>,
) -> Result<Vec<wire::QuotaResource>, ApiError> {
    let (scope, quotas) = (call.scope.clone(), call.api.config.quotas.clone());
    let one = move |resource, state: &_| convert::quota::one(state, &scope, &quotas, resource);
    call.query(move |state| Ok(resources.into_iter().map(|resource| one(resource, state)).collect())).await
}
