//! Fleets, their events and their capacity.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::capacity;
use gse_core::event;
use gse_core::fleet::settings::SetFleetActions;
use gse_core::fleet::{self, DeleteFleet, utilization};
use gse_core::id::FleetId;
use gse_core::page::OffsetPage;

use crate::cos;
use crate::http::Call;
use crate::http::convert::{self, offset_and_limit};

pub(super) async fn create(
    call: &Call<'_>,
    request: wire::CreateFleetRequest,
) -> Result<wire::CreateFleetResponse, ApiError> {
    let fleet = call.submit(convert::fleet::create(request, call.scope.clone())).await?;
    let attributes = call.query(move |state| Ok(convert::fleet::attributes(state, &fleet))).await?;
    Ok(wire::CreateFleetResponse { fleet_attributes: Some(attributes) })
}

pub(super) async fn copy(
    call: &Call<'_>,
    request: wire::CopyFleetRequest,
) -> Result<wire::CopyFleetResponse, ApiError> {
    let fleets = call.submit(convert::fleet_settings::copy(request, call.scope.clone())).await?;
    let total_count = i64::try_from(fleets.len()).unwrap_or(i64::MAX);
    let fleet_attributes = call
        .query(move |state| Ok(fleets.iter().map(|fleet| convert::fleet::attributes(state, fleet)).collect()))
        .await?;
    Ok(wire::CopyFleetResponse { fleet_attributes, total_count })
}

pub(super) async fn start_actions(
    call: &Call<'_>,
    request: wire::StartFleetActionsRequest,
) -> Result<wire::StartFleetActionsResponse, ApiError> {
    let fleet_id = set_actions(call, request.fleet_id, true).await?;
    Ok(wire::StartFleetActionsResponse { fleet_id })
}

pub(super) async fn stop_actions(
    call: &Call<'_>,
    request: wire::StopFleetActionsRequest,
) -> Result<wire::StopFleetActionsResponse, ApiError> {
    let fleet_id = set_actions(call, request.fleet_id, false).await?;
    Ok(wire::StopFleetActionsResponse { fleet_id })
}

/// There is one action, so whatever list was let through means it, and so does none.
async fn set_actions(call: &Call<'_>, fleet_id: String, auto_scaling: bool) -> Result<String, ApiError> {
    let fleet = FleetId::new(fleet_id.clone());
    call.submit(SetFleetActions { scope: call.scope.clone(), fleet, auto_scaling }).await?;
    Ok(fleet_id)
}

pub(super) async fn delete(
    call: &Call<'_>,
    request: wire::DeleteFleetRequest,
) -> Result<wire::DeleteFleetResponse, ApiError> {
    call.submit(DeleteFleet { scope: call.scope.clone(), fleet: FleetId::new(request.fleet_id) }).await?;
    Ok(wire::DeleteFleetResponse {})
}

pub(super) async fn describe_attributes(
    call: &Call<'_>,
    request: wire::DescribeFleetAttributesRequest,
) -> Result<wire::DescribeFleetAttributesResponse, ApiError> {
    let (offset, limit) = offset_and_limit(request.offset, request.limit);
    let (scope, ids) = (call.scope.clone(), convert::fleet::ids(request.fleet_ids));
    call.query(move |state| {
        Ok(convert::fleet::page(state, &fleet::describe(state, &scope, &ids, offset, limit)))
    })
    .await
}

pub(super) async fn list(
    call: &Call<'_>,
    request: wire::ListFleetsRequest,
) -> Result<wire::ListFleetsResponse, ApiError> {
    let query = convert::fleet::query(request, call.scope.clone());
    call.query(move |state| {
        let fleet_ids: Vec<_> =
            fleet::list(state, &query).into_iter().map(|fleet| fleet.id.to_string()).collect();
        Ok(wire::ListFleetsResponse { total_count: fleet_ids.len() as u64, fleet_ids })
    })
    .await
}

pub(super) async fn update_attributes(
    call: &Call<'_>,
    request: wire::UpdateFleetAttributesRequest,
) -> Result<wire::UpdateFleetAttributesResponse, ApiError> {
    let fleet_id = request.fleet_id.clone();
    call.submit(convert::fleet_settings::attributes(request, call.scope.clone())).await?;
    Ok(wire::UpdateFleetAttributesResponse { fleet_id })
}

pub(super) async fn update_name(
    call: &Call<'_>,
    request: wire::UpdateFleetNameRequest,
) -> Result<wire::UpdateFleetNameResponse, ApiError> {
    call.submit(convert::fleet_settings::name(request, call.scope.clone())).await?;
    Ok(wire::UpdateFleetNameResponse {})
}

pub(super) async fn update_port_settings(
    call: &Call<'_>,
    request: wire::UpdateFleetPortSettingsRequest,
) -> Result<wire::UpdateFleetPortSettingsResponse, ApiError> {
    let fleet_id = request.fleet_id.clone();
    call.submit(convert::fleet_settings::ports(request, call.scope.clone())).await?;
    Ok(wire::UpdateFleetPortSettingsResponse { fleet_id })
}

pub(super) async fn describe_events(
    call: &Call<'_>,
    request: wire::DescribeFleetEventsRequest,
) -> Result<wire::DescribeFleetEventsResponse, ApiError> {
    let query =
        convert::fleet::event_query(&request, call.scope.clone()).map_err(|error| call.refuse(&error))?;
    let question = query.clone();
    let (selected, archive) = call.query(move |state| event::select(state, &question)).await?;
    let OffsetPage { items: events, total } = event::page(&query, selected, call.archived(archive).await?);
    let now = call.api.clock.now();
    let url = |event: &event::Event| match event.log {
        Some(_) => cos::presigned_url(call.api, &event.id, now),
        None => String::new(),
    };
    let events = events.iter().map(|event| convert::fleet::event(event, url(event))).collect();
    Ok(wire::DescribeFleetEventsResponse { events, total_count: total as u64 })
}

pub(super) async fn describe_capacity(
    call: &Call<'_>,
    request: wire::DescribeFleetCapacityRequest,
) -> Result<wire::DescribeFleetCapacityResponse, ApiError> {
    let (offset, limit) = offset_and_limit(request.offset, request.limit);
    let (scope, ids) = (call.scope.clone(), convert::fleet::ids(Some(request.fleet_ids)));
    call.query(move |state| {
        Ok(convert::fleet::capacity_page(capacity::describe(state, &scope, &ids, offset, limit)?))
    })
    .await
}

pub(super) async fn update_capacity(
    call: &Call<'_>,
    request: wire::UpdateFleetCapacityRequest,
) -> Result<wire::UpdateFleetCapacityResponse, ApiError> {
    let fleet_id = request.fleet_id.clone();
    call.submit(convert::fleet::update_capacity(request, call.scope.clone())).await?;
    Ok(wire::UpdateFleetCapacityResponse { fleet_id })
}

pub(super) async fn describe_port_settings(
    call: &Call<'_>,
    request: wire::DescribeFleetPortSettingsRequest,
) -> Result<wire::DescribeFleetPortSettingsResponse, ApiError> {
    let (scope, id) = (call.scope.clone(), FleetId::new(request.fleet_id));
    call.query(move |state| {
        let fleet = fleet::find_live(state, &scope, &id)?;
        let inbound_permissions = fleet.inbound.iter().map(convert::fleet::permission).collect();
        Ok(wire::DescribeFleetPortSettingsResponse { inbound_permissions })
    })
    .await
}

pub(super) async fn describe_related_resources(
    call: &Call<'_>,
    request: wire::DescribeFleetRelatedResourcesRequest,
) -> Result<wire::DescribeFleetRelatedResourcesResponse, ApiError> {
    let (scope, id) = (call.scope.clone(), FleetId::new(request.fleet_id));
    call.query(move |state| {
        let related = fleet::related_resources(state, fleet::find_live(state, &scope, &id)?);
        let resources = related.into_iter().map(convert::fleet::related_resource).collect();
        Ok(wire::DescribeFleetRelatedResourcesResponse { resources })
    })
    .await
}

pub(super) async fn describe_utilization(
    call: &Call<'_>,
    request: wire::DescribeFleetUtilizationRequest,
) -> Result<wire::DescribeFleetUtilizationResponse, ApiError> {
    let (scope, ids) = (call.scope.clone(), convert::fleet::ids(Some(request.fleet_ids)));
    call.query(move |state| Ok(convert::fleet::utilization(utilization::describe(state, &scope, &ids)?)))
        .await
}

pub(super) async fn describe_runtime_configuration(
    call: &Call<'_>,
    request: wire::DescribeRuntimeConfigurationRequest,
) -> Result<wire::DescribeRuntimeConfigurationResponse, ApiError> {
    let (scope, id) = (call.scope.clone(), FleetId::new(request.fleet_id));
    call.query(move |state| {
        let runtime = &fleet::find_live(state, &scope, &id)?.runtime;
        let runtime_configuration = Some(convert::fleet::runtime_configuration(runtime));
        Ok(wire::DescribeRuntimeConfigurationResponse { runtime_configuration })
    })
    .await
}

pub(super) async fn update_runtime_configuration(
    call: &Call<'_>,
    request: wire::UpdateRuntimeConfigurationRequest,
) -> Result<wire::UpdateRuntimeConfigurationResponse, ApiError> {
    let change = convert::fleet::update_runtime_configuration(request, call.scope.clone());
    let runtime = call.submit(change).await?;
    let runtime_configuration = Some(convert::fleet::runtime_configuration(&runtime));
    Ok(wire::UpdateRuntimeConfigurationResponse { runtime_configuration })
}
