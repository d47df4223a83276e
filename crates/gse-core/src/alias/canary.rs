//! A canary: a share of the new sessions of an alias goes to a second fleet, so that a new build proves itself on a few
//! players (R78). The vendor never had it; an alias without one behaves as ever.

use serde::{Deserialize, Serialize};

use super::{Alias, RoutingStrategy, find};
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::{self, Fleet, FleetStatus};
use crate::id::{AliasId, FleetId, Scope};
use crate::state::State;
use crate::time::Timestamp;

#[cfg(test)]
mod tests;

/// A share of the sessions that are created through an alias.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// The fleet that gets the share.
    pub fleet: FleetId,
    /// Of a hundred sessions so many, 1–99.
    pub percent: u32,
    /// Since when.
    pub since: Timestamp,
    /// Sessions that were created through the alias since then.
    pub created: u64,
    /// Those of them that the canary's fleet got.
    pub given: u64,
}

impl Canary {
    /// Whether the next session is one of the share. By counting, not by chance: of any n sessions in a row from the
    /// start, n·percent/100 are given, rounded up, and what the fleet could not take is made good later.
    pub fn is_next(&self) -> bool {
        let with_next = u128::from(self.created) + 1;
        u128::from(self.given) * 100 < with_next * u128::from(self.percent)
    }
}

/// Begins, changes or ends a canary. Beginning it again, or with another fleet or share, counts from nothing.
#[derive(Clone, Debug)]
pub struct SetAliasCanary {
    /// The account and region.
    pub scope: Scope,
    /// The alias; it must lead to another fleet.
    pub alias: AliasId,
    /// The fleet, which must be ACTIVE, and its share, 1–99; `None` ends the canary.
    pub canary: Option<(FleetId, u32)>,
}

impl Command for SetAliasCanary {
    type Reply = Alias;
    const NAME: &'static str = "SetAliasCanary";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Alias, Error> {
        let alias = find(state, &self.scope, &self.alias)?;
        let canary = match self.canary {
            None => None,
            Some((fleet, percent)) => {
                check(state, alias, &fleet, percent)?;
                Some(Canary { fleet, percent, since: cx.now, created: 0, given: 0 })
            }
        };
        let alias =
            state.aliases.get_mut(&self.alias).ok_or_else(|| Error::AliasNotFound(self.alias.clone()))?;
        alias.canary = canary;
        Ok(alias.clone())
    }
}

fn check(state: &State, alias: &Alias, fleet: &FleetId, percent: u32) -> Result<(), Error> {
    if !(1..=99).contains(&percent) {
        let expected = "1 to 99, or 0 to end the canary".to_owned();
        return Err(Error::Invalid { member: "Percent", value: percent.to_string(), expected });
    }
    let refuse = |expected: &str| {
        Err(Error::Invalid { member: "FleetId", value: fleet.to_string(), expected: expected.to_owned() })
    };
    match &alias.routing {
        RoutingStrategy::Simple(main) if main == fleet => {
            refuse("another fleet than the one that the alias leads to")
        }
        RoutingStrategy::Simple(_) => match fleet::find_live(state, &alias.scope, fleet)?.status {
            FleetStatus::Active => Ok(()),
            _ => refuse("a fleet that is ACTIVE"),
        },
        RoutingStrategy::Terminal { .. } => refuse("an alias that leads to a fleet; this one is TERMINAL"),
    }
}

/// The fleet of an alias's canary, and whether the next session is its.
pub(crate) fn fleet_of<'a>(state: &'a State, scope: &Scope, alias: &AliasId) -> Option<(&'a Fleet, bool)> {
    let canary = find(state, scope, alias).ok()?.canary.as_ref()?;
    let fleet = fleet::find_live(state, scope, &canary.fleet).ok()?;
    Some((fleet, canary.is_next()))
}

/// Counts a session that was created through an alias.
pub(crate) fn count(state: &mut State, alias: &AliasId, fleet: &FleetId) {
    if state.aliases.get(alias).is_none_or(|alias| alias.canary.is_none()) {
        return;
    }
    let canary = state.aliases.get_mut(alias).and_then(|alias| alias.canary.as_mut());
    if let Some(canary) = canary {
        canary.created += 1;
        canary.given += u64::from(canary.fleet == *fleet);
    }
}
