//! Instances.

use gse_api::types as wire;
use gse_core::id::{FleetId, InstanceId, Scope};
use gse_core::instance::extend::{counters, fleet_side_state};
use gse_core::instance::{Instance, InstanceQuery, InstanceStatus, SetServerReserved, SetServerWeight};
use gse_core::page::OffsetPage;
use gse_core::state::State;

use super::fleet::operating_system;
use super::offset_and_limit;

pub(crate) fn query(request: wire::DescribeInstancesRequest, scope: Scope) -> InstanceQuery {
    let (offset, limit) = offset_and_limit(request.offset, request.limit);
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    InstanceQuery {
        scope,
        fleet: given(request.fleet_id).map(FleetId::new),
        instance: given(request.instance_id).map(InstanceId::new),
        ip_address: given(request.ip_address),
        offset,
        limit,
    }
}

pub(crate) fn page(state: &State, page: &OffsetPage<&Instance>) -> wire::DescribeInstancesResponse {
    wire::DescribeInstancesResponse {
        instances: page.items.iter().map(|instance| one(state, instance)).collect(),
        total_count: page.total as u64,
    }
}

fn one(state: &State, instance: &Instance) -> wire::Instance {
    let fleet = state.fleets.get(&instance.fleet);
    wire::Instance {
        create_time: instance.created.to_iso(),
        dns_name: String::new(),
        fleet_id: instance.fleet.to_string(),
        instance_id: instance.id.to_string(),
        ip_address: instance.ip_address.clone(),
        operating_system: fleet.map(|fleet| operating_system(state, fleet)).unwrap_or_default(),
        private_ip_address: instance.ip_address.clone(),
        reserve_value: i64::from(instance.reserved),
        status: match instance.status {
            InstanceStatus::Pending => "PENDING",
            InstanceStatus::Active => "RUNNING",
            InstanceStatus::Leaving | InstanceStatus::Stopping => "TERMINATING",
        }
        .into(),
        r#type: instance.instance_type.clone(),
        weight: instance.weight.into(),
    }
}

/// Offset and Limit are required and not negative.
pub(crate) fn extended_query(request: wire::DescribeInstancesExtendRequest, scope: Scope) -> InstanceQuery {
    let request = wire::DescribeInstancesRequest {
        fleet_id: Some(request.fleet_id),
        instance_id: None,
        ip_address: request.ip_address,
        limit: Some(u64::try_from(request.limit).unwrap_or(0)),
        offset: Some(u64::try_from(request.offset).unwrap_or(0)),
    };
    query(request, scope)
}

pub(crate) fn extended_page(
    state: &State,
    page: &OffsetPage<&Instance>,
) -> wire::DescribeInstancesExtendResponse {
    wire::DescribeInstancesExtendResponse {
        instances: page.items.iter().map(|instance| extended(state, instance)).collect(),
        total_count: i64::try_from(page.total).unwrap_or(i64::MAX),
    }
}

fn extended(state: &State, instance: &Instance) -> wire::InstanceExtend {
    let counters = counters(state, instance);
    wire::InstanceExtend {
        active_process_cnt: counters.active_processes.into(),
        game_session_cnt: counters.sessions.into(),
        healthy_process_cnt: counters.healthy_processes.into(),
        instance: Some(one(state, instance)),
        max_game_session_cnt: counters.max_sessions.into(),
        max_player_session_cnt: counters.max_players.into(),
        player_session_cnt: counters.players.into(),
        state: fleet_side_state(instance.status).into(),
    }
}

/// ReserveValue is 0 or 1; absent: 0.
pub(crate) fn set_reserved(request: wire::SetServerReservedRequest, scope: Scope) -> SetServerReserved {
    SetServerReserved {
        scope,
        fleet: FleetId::new(request.fleet_id),
        instance: InstanceId::new(request.instance_id),
        reserved: request.reserve_value == Some(1),
    }
}

pub(crate) fn set_weight(request: wire::SetServerWeightRequest, scope: Scope) -> SetServerWeight {
    SetServerWeight {
        scope,
        fleet: FleetId::new(request.fleet_id),
        instance: InstanceId::new(request.instance_id),
        weight: u32::try_from(request.weight).unwrap_or(u32::MAX),
    }
}
