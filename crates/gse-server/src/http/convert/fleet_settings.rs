//! Changes of a fleet's attributes and ports, and copies of it.

use gse_api::types as wire;
use gse_core::fleet::copy::CopyFleet;
use gse_core::fleet::settings::{UpdateFleetAttributes, UpdateFleetPortSettings};
use gse_core::fleet::{CcnAttachment, ProtectionPolicy};
use gse_core::id::{AssetId, FleetId, Scope};

use super::fleet::{creator_limit, disk_in, inbound_permission, permission_in, server_process};
use super::{ccn, small, tags_in};

pub(crate) fn attributes(request: wire::UpdateFleetAttributesRequest, scope: Scope) -> UpdateFleetAttributes {
    UpdateFleetAttributes {
        scope,
        fleet: FleetId::new(request.fleet_id),
        name: request.name,
        description: request.description,
        protection: request.new_game_session_protection_policy.as_deref().and_then(ProtectionPolicy::parse),
        protection_time_limit_minutes: request.game_server_session_protection_time_limit,
        creator_limit: request.resource_creation_limit_policy.map(creator_limit),
    }
}

pub(crate) fn name(request: wire::UpdateFleetNameRequest, scope: Scope) -> UpdateFleetAttributes {
    let (fleet_id, name) = (request.fleet_id, Some(request.name));
    attributes(wire::UpdateFleetAttributesRequest { fleet_id, name, ..Default::default() }, scope)
}

pub(crate) fn ports(request: wire::UpdateFleetPortSettingsRequest, scope: Scope) -> UpdateFleetPortSettings {
    let revoked = request.inbound_permission_revocations.unwrap_or_default().into_iter();
    let added = request.inbound_permission_authorizations.unwrap_or_default().into_iter();
    UpdateFleetPortSettings {
        scope,
        fleet: FleetId::new(request.fleet_id),
        revocations: revoked
            .map(|rule| {
                permission_in([rule.from_port, rule.to_port], rule.protocol.as_deref(), rule.ip_range)
            })
            .collect(),
        authorizations: added
            .map(|rule| {
                permission_in([rule.from_port, rule.to_port], rule.protocol.as_deref(), rule.ip_range)
            })
            .collect(),
    }
}

pub(crate) fn copy(request: wire::CopyFleetRequest, scope: Scope) -> CopyFleet {
    let runtime = request.runtime_configuration.unwrap_or_default();
    CopyFleet {
        scope,
        source: FleetId::new(request.fleet_id),
        count: request.copy_number.unsigned_abs(),
        asset: request.asset_id.map(AssetId::new),
        name: request.name,
        description: request.description,
        instance_type: request.instance_type.filter(|name| !name.is_empty()),
        tags: request.tags.map(|tags| tags_in(Some(tags))),
        server_processes: all(runtime.server_processes.filter(|list| !list.is_empty()), server_process),
        max_concurrent_activations: runtime.max_concurrent_game_server_session_activations.map(small),
        activation_timeout_s: runtime.game_server_session_activation_timeout_seconds.map(small),
        inbound: all(request.inbound_permissions, inbound_permission),
        protection: request
            .new_game_server_session_protection_policy
            .as_deref()
            .and_then(ProtectionPolicy::parse),
        protection_time_limit_minutes: request.game_server_session_protection_time_limit,
        creator_limit: request.resource_creation_limit_policy.map(creator_limit),
        bandwidth_mbps: request.internet_max_bandwidth_out.map(|mbps| small(mbps.unsigned_abs())),
        system_disk: request.system_disk_info.map(disk_in),
        data_disks: all(request.data_disk_info, disk_in),
        ccns: request.ccn_infos.map(ccn::names),
        with_ccns: request.selected_ccn_type.as_deref().and_then(CcnAttachment::parse),
        with_scaling: request.selected_scaling_type.as_deref() == Some("SCALING_SELECTED"),
        with_timers: request.selected_timer_type.as_deref() == Some("TIMER_SELECTED"),
    }
}

fn all<A, B>(list: Option<Vec<A>>, one: impl Fn(A) -> B) -> Option<Vec<B>> {
    list.map(|list| list.into_iter().map(one).collect())
}
