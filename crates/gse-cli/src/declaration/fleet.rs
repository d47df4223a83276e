//! Requests about a fleet of a document. A member that the document leaves out keeps the value that the fleet has.

use std::collections::BTreeMap;

use gse_api::types as wire;

use super::document::{Disk, Fleet, Inbound, Process};
use crate::deploy::{INSTANCE_TYPE, open_to_players};

/// What UpdateFleetAttributes changes.
pub(super) const ATTRIBUTES: [&str; 5] = [
    "description",
    "protection",
    "protection_time_limit_minutes",
    "sessions_per_creator",
    "creator_period_minutes",
];
/// What UpdateRuntimeConfiguration changes.
pub(super) const RUNTIME: [&str; 3] = ["process", "max_concurrent_activations", "activation_timeout_seconds"];

pub(super) fn create(fleet: &Fleet, asset: String) -> wire::CreateFleetRequest {
    wire::CreateFleetRequest {
        asset_id: Some(asset),
        name: Some(fleet.name.as_ref().clone()),
        description: fleet.description.clone(),
        instance_type: Some(fleet.instance_type.clone().unwrap_or(INSTANCE_TYPE.into())),
        inbound_permissions: Some(fleet.inbound.as_ref().map_or_else(open_to_players, |all| inbound(all))),
        internet_max_bandwidth_out: fleet.bandwidth_mbps.and_then(|mbps| i64::try_from(mbps).ok()),
        new_game_server_session_protection_policy: fleet.protection.clone(),
        game_server_session_protection_time_limit: fleet.protection_time_limit_minutes.map(u64::cast_signed),
        resource_creation_limit_policy: creator_limit(fleet, None),
        runtime_configuration: Some(configuration(fleet, None)),
        system_disk_info: fleet.system_disk.as_ref().map(disk),
        data_disk_info: fleet.data_disks.as_ref().map(|disks| disks.iter().map(disk).collect()),
        tags: tags(fleet.tags.as_ref()),
        ..wire::CreateFleetRequest::default()
    }
}

pub(super) fn attributes(id: &str, fleet: &Fleet, have: &Fleet) -> wire::UpdateFleetAttributesRequest {
    let minutes = fleet.protection_time_limit_minutes.or(have.protection_time_limit_minutes);
    wire::UpdateFleetAttributesRequest {
        fleet_id: id.to_owned(),
        name: None,
        description: fleet.description.clone(),
        new_game_session_protection_policy: fleet.protection.clone(),
        game_server_session_protection_time_limit: minutes.map(u64::cast_signed),
        resource_creation_limit_policy: creator_limit(fleet, Some(have)),
    }
}

pub(super) fn runtime(id: &str, fleet: &Fleet, have: &Fleet) -> wire::UpdateRuntimeConfigurationRequest {
    wire::UpdateRuntimeConfigurationRequest {
        fleet_id: id.to_owned(),
        runtime_configuration: Some(configuration(fleet, Some(have))),
    }
}

fn configuration(fleet: &Fleet, have: Option<&Fleet>) -> wire::RuntimeConfigurationInput {
    let or = |given: Option<u64>, has: fn(&Fleet) -> Option<u64>| given.or(have.and_then(has));
    wire::RuntimeConfigurationInput {
        server_processes: Some(fleet.process.iter().map(process).collect()),
        // 0 is what an answer says for unlimited; a request says it by saying nothing.
        max_concurrent_game_server_session_activations: or(fleet.max_concurrent_activations, |have| {
            have.max_concurrent_activations
        })
        .filter(|most| *most > 0),
        game_server_session_activation_timeout_seconds: or(fleet.activation_timeout_seconds, |have| {
            have.activation_timeout_seconds
        }),
    }
}

fn creator_limit(fleet: &Fleet, have: Option<&Fleet>) -> Option<wire::ResourceCreationLimitPolicyInput> {
    let sessions = fleet.sessions_per_creator.or(have.and_then(|have| have.sessions_per_creator));
    let minutes = fleet.creator_period_minutes.or(have.and_then(|have| have.creator_period_minutes));
    (sessions.is_some() || minutes.is_some()).then_some(wire::ResourceCreationLimitPolicyInput {
        new_game_server_sessions_per_creator: sessions,
        policy_period_in_minutes: minutes,
    })
}

fn process(entry: &Process) -> wire::ServerProcesseInput {
    wire::ServerProcesseInput {
        launch_path: Some(entry.launch_path.clone()),
        parameters: Some(entry.parameters.clone()),
        concurrent_executions: Some(entry.concurrent_executions),
    }
}

fn inbound(all: &[Inbound]) -> Vec<wire::InboundPermissionInput> {
    let one = |open: &Inbound| wire::InboundPermissionInput {
        from_port: Some(open.from_port),
        to_port: Some(open.to_port),
        protocol: Some(open.protocol.clone()),
        ip_range: Some(open.ip_range.clone()),
    };
    all.iter().map(one).collect()
}

fn disk(disk: &Disk) -> wire::DiskInfo {
    wire::DiskInfo { disk_type: disk.r#type.clone(), disk_size: disk.gigabytes }
}

pub(super) fn tags(tags: Option<&BTreeMap<String, String>>) -> Option<Vec<wire::Tag>> {
    let tag = |(key, value): (&String, &String)| wire::Tag { key: key.clone(), value: value.clone() };
    tags.map(|tags| tags.iter().map(tag).collect())
}
