//! Fleets, their events and their capacity.

use gse_api::types as wire;
use gse_core::capacity::{FleetCapacity, UpdateFleetCapacity};
use gse_core::error::Error;
use gse_core::event::{Event, EventCode, EventQuery};
use gse_core::fleet::runtime_configuration::UpdateRuntimeConfiguration;
use gse_core::fleet::utilization::FleetUtilization;
use gse_core::fleet::{
    CreateFleet, CreatorLimit, Disk, Fleet, FleetQuery, InboundPermission, ProtectionPolicy, Protocol,
    RelatedResource, RuntimeConfiguration, ServerProcess,
};
use gse_core::id::{AssetId, FleetId, Scope};
use gse_core::page::OffsetPage;
use gse_core::state::State;
use gse_core::time::Timestamp;

use super::{ccn, filters, offset_and_limit, small, tags_in, tags_out};

pub(crate) fn create(request: wire::CreateFleetRequest, scope: Scope) -> CreateFleet {
    let runtime = request.runtime_configuration.unwrap_or_default();
    CreateFleet {
        scope,
        asset: AssetId::new(request.asset_id.unwrap_or_default()),
        name: request.name.unwrap_or_default(),
        description: request.description.unwrap_or_default(),
        instance_type: request.instance_type.unwrap_or_default(),
        tags: tags_in(request.tags),
        server_processes: runtime
            .server_processes
            .unwrap_or_default()
            .into_iter()
            .map(server_process)
            .collect(),
        // C10: 0 and absent are both "unlimited".
        max_concurrent_activations: small(
            runtime.max_concurrent_game_server_session_activations.unwrap_or(0),
        ),
        activation_timeout_s: runtime.game_server_session_activation_timeout_seconds.map(small),
        inbound: request
            .inbound_permissions
            .unwrap_or_default()
            .into_iter()
            .map(inbound_permission)
            .collect(),
        protection: request
            .new_game_server_session_protection_policy
            .as_deref()
            .and_then(ProtectionPolicy::parse),
        protection_time_limit_minutes: request
            .game_server_session_protection_time_limit
            .map(|minutes| small(minutes.unsigned_abs())),
        creator_limit: request.resource_creation_limit_policy.map(creator_limit),
        bandwidth_mbps: request.internet_max_bandwidth_out.map(|mbps| small(mbps.unsigned_abs())),
        system_disk: request.system_disk_info.map(disk_in),
        ccns: ccn::names(request.ccn_infos.unwrap_or_default()),
        data_disks: request.data_disk_info.map(|disks| disks.into_iter().map(disk_in).collect()),
    }
}

pub(super) fn server_process(entry: wire::ServerProcesseInput) -> ServerProcess {
    ServerProcess {
        launch_path: entry.launch_path.unwrap_or_default(),
        parameters: entry.parameters.unwrap_or_default(),
        concurrent_executions: small(entry.concurrent_executions.unwrap_or(0)),
    }
}

pub(crate) fn update_runtime_configuration(
    request: wire::UpdateRuntimeConfigurationRequest,
    scope: Scope,
) -> UpdateRuntimeConfiguration {
    let runtime = request.runtime_configuration.unwrap_or_default();
    let entries = |entries: Vec<_>| entries.into_iter().map(server_process).collect();
    UpdateRuntimeConfiguration {
        scope,
        fleet: FleetId::new(request.fleet_id),
        server_processes: runtime.server_processes.map(entries),
        max_concurrent_activations: runtime.max_concurrent_game_server_session_activations.map(small),
        activation_timeout_s: runtime.game_server_session_activation_timeout_seconds.map(small),
    }
}

pub(super) fn inbound_permission(rule: wire::InboundPermissionInput) -> InboundPermission {
    permission_in([rule.from_port, rule.to_port], rule.protocol.as_deref(), rule.ip_range)
}

/// An inbound rule, which has three names on the wire.
pub(super) fn permission_in(
    ports: [Option<u64>; 2],
    protocol: Option<&str>,
    ip_range: Option<String>,
) -> InboundPermission {
    let [from_port, to_port] = ports.map(|port| u16::try_from(port.unwrap_or(0)).unwrap_or(u16::MAX));
    InboundPermission {
        from_port,
        to_port,
        protocol: protocol.and_then(Protocol::parse).unwrap_or(Protocol::Tcp),
        ip_range: ip_range.unwrap_or_default(),
    }
}

/// C22: an absent member counts as 0.
pub(super) fn creator_limit(policy: wire::ResourceCreationLimitPolicyInput) -> CreatorLimit {
    CreatorLimit {
        sessions: small(policy.new_game_server_sessions_per_creator.unwrap_or(0)),
        period_minutes: small(policy.policy_period_in_minutes.unwrap_or(0)),
    }
}

pub(super) fn disk_in(disk: wire::DiskInfo) -> Disk {
    Disk { disk_type: disk.disk_type, size_gb: small(disk.disk_size) }
}

fn disk_out(disk: &Disk) -> wire::DiskInfo {
    wire::DiskInfo { disk_size: disk.size_gb.into(), disk_type: disk.disk_type.clone() }
}

pub(crate) fn attributes(state: &State, fleet: &Fleet) -> wire::FleetAttributes {
    let policy = wire::ResourceCreationLimitPolicy {
        new_game_server_sessions_per_creator: fleet.creator_limit.sessions.into(),
        policy_period_in_minutes: fleet.creator_limit.period_minutes.into(),
    };
    wire::FleetAttributes {
        asset_id: fleet.asset.to_string(),
        billing_status: "BILLING_ACTIVATED".into(),
        creation_time: fleet.created.to_iso(),
        data_disk_info: fleet.data_disks.iter().map(disk_out).collect(),
        description: fleet.description.clone(),
        fleet_arn: fleet.resource_name(),
        fleet_id: fleet.id.to_string(),
        fleet_type: "ON_DEMAND".into(),
        game_server_session_protection_time_limit: fleet.protection_time_limit_minutes.into(),
        instance_type: fleet.instance_type.clone(),
        internet_max_bandwidth_out: fleet.bandwidth_mbps.into(),
        name: fleet.name.clone(),
        new_game_server_session_protection_policy: fleet.protection.as_str().into(),
        operating_system: operating_system(state, fleet),
        related_ccn_infos: fleet.ccns.iter().map(ccn::related).collect(),
        resource_creation_limit_policy: Some(policy),
        status: fleet.status.as_str().into(),
        stopped_actions: if fleet.auto_scaling { Vec::new() } else { vec!["AUTO_SCALING".into()] },
        system_disk_info: Some(disk_out(&fleet.system_disk)),
        tags: tags_out(&fleet.tags),
        termination_time: fleet.terminated.map(Timestamp::to_iso),
    }
}

/// That of the fleet's asset; a terminated fleet may have outlived it.
pub(crate) fn operating_system(state: &State, fleet: &Fleet) -> String {
    state.assets.get(&fleet.asset).map(|asset| asset.operate_system.clone()).unwrap_or_default()
}

pub(crate) fn ids(texts: Option<Vec<String>>) -> Vec<FleetId> {
    texts.unwrap_or_default().into_iter().map(FleetId::new).collect()
}

pub(crate) fn query(request: wire::ListFleetsRequest, scope: Scope) -> FleetQuery {
    FleetQuery { scope, asset: request.asset_id.map(AssetId::new), filters: filters(request.filters) }
}

pub(crate) fn page(state: &State, page: &OffsetPage<&Fleet>) -> wire::DescribeFleetAttributesResponse {
    wire::DescribeFleetAttributesResponse {
        fleet_attributes: page.items.iter().map(|fleet| attributes(state, fleet)).collect(),
        total_count: page.total as u64,
    }
}

pub(crate) fn runtime_configuration(runtime: &RuntimeConfiguration) -> wire::RuntimeConfiguration {
    let entry = |entry: &ServerProcess| wire::ServerProcesse {
        concurrent_executions: entry.concurrent_executions.into(),
        launch_path: entry.launch_path.clone(),
        parameters: entry.parameters.clone(),
    };
    wire::RuntimeConfiguration {
        game_server_session_activation_timeout_seconds: runtime.activation_timeout_s.into(),
        max_concurrent_game_server_session_activations: runtime.max_concurrent_activations.into(),
        server_processes: runtime.server_processes.iter().map(entry).collect(),
    }
}

pub(crate) fn permission(rule: &InboundPermission) -> wire::InboundPermission {
    wire::InboundPermission {
        from_port: rule.from_port.into(),
        ip_range: rule.ip_range.clone(),
        protocol: rule.protocol.as_str().into(),
        to_port: rule.to_port.into(),
    }
}

pub(crate) fn related_resource(related: RelatedResource) -> wire::FleetRelatedResource {
    wire::FleetRelatedResource {
        resource_id: related.id,
        resource_region: related.region,
        r#type: related.kind.into(),
    }
}

pub(crate) fn event_query(
    request: &wire::DescribeFleetEventsRequest,
    scope: Scope,
) -> Result<EventQuery, Error> {
    let (offset, limit) = offset_and_limit(request.offset, request.limit);
    Ok(EventQuery {
        scope,
        fleet: FleetId::new(request.fleet_id.clone()),
        code: request.event_code.as_deref().filter(|code| !code.is_empty()).map(event_code).transpose()?,
        from: time("StartTime", request.start_time.as_deref())?,
        to: time("EndTime", request.end_time.as_deref())?,
        offset,
        limit,
    })
}

/// C09: spellings of the guide that are never written.
fn event_code(text: &str) -> Result<EventCode, Error> {
    let code = match text {
        "FLEET_CREATION_EXTRACTING_ASSET" => Some(EventCode::FleetCreationExtractingBuild),
        "FLEET_STATE_ASSETING" => Some(EventCode::FleetStateBuilding),
        "FLEET_VPC_PEERING_DELETED" => Some(EventCode::FleetVpcPeeringDeleted),
        _ => EventCode::parse(text),
    };
    code.ok_or_else(|| Error::Invalid {
        member: "EventCode",
        value: text.to_owned(),
        expected: "an event code, such as FLEET_CREATED".into(),
    })
}

fn time(member: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let time = Timestamp::parse_iso(text).ok_or_else(|| Error::Invalid {
        member,
        value: text.to_owned(),
        expected: "ISO 8601 with an offset, such as 2021-04-10T10:56:38+08:00".into(),
    })?;
    Ok(Some(time))
}

/// `url` says where the log of the event can be read.
pub(crate) fn event(event: &Event, url: String) -> wire::Event {
    wire::Event {
        event_code: event.code.as_str().into(),
        event_id: event.id.to_string(),
        event_time: event.time.to_iso(),
        message: event.message.clone(),
        pre_signed_log_url: url,
        resource_id: event.fleet.to_string(),
    }
}

pub(crate) fn update_capacity(
    request: wire::UpdateFleetCapacityRequest,
    scope: Scope,
) -> UpdateFleetCapacity {
    UpdateFleetCapacity {
        scope,
        fleet: FleetId::new(request.fleet_id),
        desired: request.desired_instances.map(small),
        min: request.min_size.map(small),
        max: request.max_size.map(small),
        scaling_interval_minutes: request.scaling_interval.map(small),
    }
}

pub(crate) fn capacity_page(page: OffsetPage<FleetCapacity>) -> wire::DescribeFleetCapacityResponse {
    wire::DescribeFleetCapacityResponse {
        total_count: page.total as u64,
        fleet_capacity: page.items.into_iter().map(capacity).collect(),
    }
}

fn capacity(counts: FleetCapacity) -> wire::FleetCapacity {
    wire::FleetCapacity {
        fleet_id: counts.fleet.to_string(),
        instance_counts: Some(wire::InstanceCounts {
            active: counts.active.into(),
            desired: counts.capacity.desired.into(),
            idle: counts.idle.into(),
            maxi_num: counts.capacity.max.into(),
            mini_num: counts.capacity.min.into(),
            pending: counts.pending.into(),
            terminating: counts.terminating.into(),
        }),
        instance_type: counts.instance_type,
        scaling_interval: counts.capacity.scaling_interval_minutes.into(),
    }
}

pub(crate) fn utilization(counts: Vec<FleetUtilization>) -> wire::DescribeFleetUtilizationResponse {
    let one = |counts: FleetUtilization| wire::FleetUtilization {
        active_game_server_session_count: counts.active_sessions,
        active_server_process_count: counts.processes,
        current_player_session_count: counts.players,
        fleet_id: counts.fleet.to_string(),
        maximum_player_session_count: counts.max_players,
    };
    let total_count = counts.len() as u64;
    let fleet_utilization = counts.into_iter().map(one).collect();
    wire::DescribeFleetUtilizationResponse { fleet_utilization, total_count }
}
