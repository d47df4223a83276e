//! Changes of a fleet's attributes and ports.

use gse_api::types as wire;
use gse_core::fleet::ProtectionPolicy;
use gse_core::fleet::settings::{UpdateFleetAttributes, UpdateFleetPortSettings};
use gse_core::id::{FleetId, Scope};

use super::fleet::{creator_limit, permission_in};

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
