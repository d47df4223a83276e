//! Changing what a fleet is called, how its sessions are protected, and who may reach it (operations.md 2.5). Nothing of
//! this restarts anything.

use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::event::{self, EventCode};
use crate::fleet::{
    CreatorLimit, DEFAULT_PROTECTION_MINUTES, InboundPermission, MAX_INBOUND, ProtectionPolicy,
    find_changeable,
};
use crate::id::{FleetId, Scope};
use crate::state::State;

/// How long a session may be protected under TimeLimitProtection, minutes.
const PROTECTION_MINUTES: std::ops::RangeInclusive<i64> = 5..=1440;

/// Changes attributes of a fleet; absent members keep their value (F-22). UpdateFleetName is this with a name alone.
#[derive(Clone, Debug)]
pub struct UpdateFleetAttributes {
    /// The account and region.
    pub scope: Scope,
    /// FleetId.
    pub fleet: FleetId,
    /// Name.
    pub name: Option<String>,
    /// Description; empty clears it.
    pub description: Option<String>,
    /// NewGameSessionProtectionPolicy, for sessions that are made from now on.
    pub protection: Option<ProtectionPolicy>,
    /// GameServerSessionProtectionTimeLimit; used under TimeLimitProtection only, 5–1440 then.
    pub protection_time_limit_minutes: Option<i64>,
    /// ResourceCreationLimitPolicy.
    pub creator_limit: Option<CreatorLimit>,
}

impl Command for UpdateFleetAttributes {
    type Reply = ();
    const NAME: &'static str = "UpdateFleetAttributes";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        let fleet = find_changeable(state, &self.scope, &self.fleet)?;
        let old = (fleet.protection, fleet.protection_time_limit_minutes);
        let new = self.protection(old)?;
        if let Some(fleet) = state.fleets.get_mut(&self.fleet) {
            (fleet.protection, fleet.protection_time_limit_minutes) = new;
            if let Some(name) = self.name {
                fleet.name = name;
            }
            if let Some(description) = self.description {
                fleet.description = description;
            }
            if let Some(limit) = self.creator_limit {
                fleet.creator_limit = limit.with_period();
            }
        }
        if old != new {
            let message = format!("protection changed from {} to {}", words(old), words(new));
            let code = EventCode::FleetNewGameSessionProtectionPolicyUpdated;
            event::write(state, cx, &self.fleet, code, message);
        }
        Ok(())
    }
}

type Protection = (ProtectionPolicy, u32);

impl UpdateFleetAttributes {
    /// The policy and its minutes after the change; C-18: 0 minutes unless the time is limited.
    fn protection(&self, (old, old_minutes): Protection) -> Result<Protection, Error> {
        let policy = self.protection.unwrap_or(old);
        match policy {
            ProtectionPolicy::NoProtection | ProtectionPolicy::FullProtection => return Ok((policy, 0)),
            ProtectionPolicy::TimeLimitProtection => {}
        }
        let minutes = match self.protection_time_limit_minutes {
            Some(minutes) => u32::try_from(minutes).ok().filter(|_| PROTECTION_MINUTES.contains(&minutes)),
            None if old == policy => Some(old_minutes),
            None => Some(DEFAULT_PROTECTION_MINUTES),
        };
        let minutes = minutes.ok_or_else(|| Error::Invalid {
            member: "GameServerSessionProtectionTimeLimit",
            value: self.protection_time_limit_minutes.unwrap_or_default().to_string(),
            expected: "5..1440 minutes".into(),
        })?;
        Ok((policy, minutes))
    }
}

fn words((policy, minutes): Protection) -> String {
    match policy {
        ProtectionPolicy::TimeLimitProtection => format!("{} of {minutes} minute(s)", policy.as_str()),
        ProtectionPolicy::NoProtection | ProtectionPolicy::FullProtection => policy.as_str().into(),
    }
}

/// Removes and adds inbound rules (F-24).
#[derive(Clone, Debug)]
pub struct UpdateFleetPortSettings {
    /// The account and region.
    pub scope: Scope,
    /// FleetId.
    pub fleet: FleetId,
    /// InboundPermissionRevocations; each must be there, in all four members.
    pub revocations: Vec<InboundPermission>,
    /// InboundPermissionAuthorizations; what is there already is not added again.
    pub authorizations: Vec<InboundPermission>,
}

impl Command for UpdateFleetPortSettings {
    type Reply = ();
    const NAME: &'static str = "UpdateFleetPortSettings";

    fn apply(self, state: &mut State, _cx: &mut Cx<'_>) -> Result<(), Error> {
        let fleet = find_changeable(state, &self.scope, &self.fleet)?;
        if let Some(unknown) = self.revocations.iter().find(|rule| !fleet.inbound.contains(rule)) {
            return Err(Error::PermissionNotFound { fleet: self.fleet, permission: unknown.to_string() });
        }
        let kept = fleet.inbound.iter().filter(|rule| !self.revocations.contains(rule));
        let mut inbound: Vec<InboundPermission> = kept.cloned().collect();
        for rule in self.authorizations {
            if !inbound.contains(&rule) {
                inbound.push(rule);
            }
        }
        if inbound.len() > MAX_INBOUND {
            return Err(Error::Quota { what: "inbound permissions of a fleet", limit: MAX_INBOUND });
        }
        if let Some(fleet) = state.fleets.get_mut(&self.fleet) {
            fleet.inbound = inbound;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
