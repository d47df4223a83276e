//! Instances.

use gse_api::ApiError;
use gse_api::types as wire;
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
