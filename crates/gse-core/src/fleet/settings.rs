//! Changing what a fleet is called, how its sessions are protected, and who may reach it (operations.md 2.5). Nothing of
//! this restarts anything.

use crate::capacity::evaluation;
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::event::{self, EventCode};
use crate::fleet::{
    CreatorLimit, DEFAULT_PROTECTION_MINUTES, FleetStatus, InboundPermission, MAX_INBOUND, ProtectionPolicy,
    find_changeable, find_live,
};
use crate::id::{FleetId, Scope};
use crate::state::State;

/// How long a session may be protected under TimeLimitProtection, minutes.
const PROTECTION_MINUTES: std::ops::RangeInclusive<u32> = 5..=1440;

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
        let new = protected(old, self.protection, self.protection_time_limit_minutes)?;
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

/// The policy and its minutes after a change; C-18: 0 minutes unless the time is limited.
pub(super) fn protected(
    (old, old_minutes): Protection,
    policy: Option<ProtectionPolicy>,
    minutes: Option<i64>,
) -> Result<Protection, Error> {
    let policy = policy.unwrap_or(old);
    match policy {
        ProtectionPolicy::NoProtection | ProtectionPolicy::FullProtection => return Ok((policy, 0)),
        ProtectionPolicy::TimeLimitProtection => {}
    }
    let Some(minutes) = minutes else {
        return Ok((policy, if old == policy { old_minutes } else { DEFAULT_PROTECTION_MINUTES }));
    };
    let allowed = u32::try_from(minutes).ok().filter(|minutes| PROTECTION_MINUTES.contains(minutes));
    let minutes = allowed.ok_or_else(|| Error::Invalid {
        member: "GameServerSessionProtectionTimeLimit",
        value: minutes.to_string(),
        expected: "5..1440 minutes".into(),
    })?;
    Ok((policy, minutes))
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

/// Starts or stops automatic scaling (F-4); afterwards only DesiredInstances drives the size. Saying it again is harmless.
#[derive(Clone, Debug)]
pub struct SetFleetActions {
    /// The account and region.
    pub scope: Scope,
    /// FleetId.
    pub fleet: FleetId,
    /// Whether AUTO_SCALING is on; off, it is one of the StoppedActions.
    pub auto_scaling: bool,
}

impl Command for SetFleetActions {
    type Reply = ();
    const NAME: &'static str = "SetFleetActions";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        let fleet = find_live(state, &self.scope, &self.fleet)?;
        if fleet.status != FleetStatus::Active {
            let (status, reason) = (fleet.status, String::new());
            return Err(Error::FleetNotActive { fleet: self.fleet, status, reason });
        }
        set_auto_scaling(state, cx, &self.fleet, self.auto_scaling);
        Ok(())
    }
}

/// Sets the mode of 3.1. The caller has checked that the fleet is ACTIVE.
pub(crate) fn set_auto_scaling(state: &mut State, cx: &Cx<'_>, id: &FleetId, auto_scaling: bool) {
    if let Some(fleet) = state.fleets.get_mut(id) {
        fleet.auto_scaling = auto_scaling;
    }
    evaluation::schedule(state, cx, id);
}

#[cfg(test)]
mod tests;
