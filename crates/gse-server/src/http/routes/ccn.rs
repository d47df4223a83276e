//! Cloud connect networks.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::error::Error;
use gse_core::fleet::ccn::{AttachCcn, DetachCcns};
use gse_core::fleet::{self, CcnName};
use gse_core::id::FleetId;

use crate::http::Call;
use crate::http::convert;

pub(super) async fn attach(
    call: &Call<'_>,
    request: wire::AttachCcnInstancesRequest,
) -> Result<wire::AttachCcnInstancesResponse, ApiError> {
    let fleet = named(call, request.fleet_id)?;
    let (id, account) = (request.ccn_id.unwrap_or_default(), request.account_id.unwrap_or_default());
    call.submit(AttachCcn { scope: call.scope.clone(), fleet, name: CcnName { id, account } }).await?;
    Ok(wire::AttachCcnInstancesResponse {})
}

pub(super) async fn describe(
    call: &Call<'_>,
    request: wire::DescribeCcnInstancesRequest,
) -> Result<wire::DescribeCcnInstancesResponse, ApiError> {
    let (scope, id) = (call.scope.clone(), named(call, request.fleet_id)?);
    call.query(move |state| Ok(convert::ccn::all(fleet::find_live(state, &scope, &id)?))).await
}

pub(super) async fn detach(
    call: &Call<'_>,
    request: wire::DetachCcnInstancesRequest,
) -> Result<wire::DetachCcnInstancesResponse, ApiError> {
    let fleet = named(call, request.fleet_id)?;
    call.submit(DetachCcns { scope: call.scope.clone(), fleet }).await?;
    Ok(wire::DetachCcnInstancesResponse {})
}

/// The schema calls it optional; none of these actions can do without it.
fn named(call: &Call<'_>, fleet: Option<String>) -> Result<FleetId, ApiError> {
    fleet.map(FleetId::new).ok_or_else(|| call.refuse(&Error::Missing { member: "FleetId" }))
}
