//! Instances.

use gse_api::types as wire;
use gse_core::id::{FleetId, InstanceId, Scope};
use gse_core::instance::{Instance, InstanceQuery, InstanceStatus};
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
