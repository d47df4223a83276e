//! Where a session is to be made or looked for.

use crate::alias;
use crate::error::Error;
use crate::fleet::{self, Fleet};
use crate::id::{AliasId, FleetId, Scope};
use crate::state::State;

/// A fleet, or an alias that is resolved at this moment (L-5).
#[derive(Clone, Debug)]
pub struct Target {
    /// FleetId; wins over the alias.
    pub fleet: Option<FleetId>,
    /// AliasId.
    pub alias: Option<AliasId>,
}

impl Target {
    /// The fleet that is meant.
    pub fn resolve<'a>(&self, state: &'a State, scope: &Scope) -> Result<&'a Fleet, Error> {
        match (&self.fleet, &self.alias) {
            (Some(fleet), _) => fleet::find_live(state, scope, fleet),
            (None, Some(alias)) => alias::resolve(state, scope, alias),
            (None, None) => Err(Error::Missing { member: "FleetId" }),
        }
    }

    /// The alias that decides: none where a fleet is named, because that wins.
    pub(crate) fn alias(&self) -> Option<&AliasId> {
        self.alias.as_ref().filter(|_| self.fleet.is_none())
    }

    /// The fleet of the alias's canary, and whether the next session is its (R78).
    pub(crate) fn canary<'a>(&self, state: &'a State, scope: &Scope) -> Option<(&'a Fleet, bool)> {
        alias::canary::fleet_of(state, scope, self.alias()?)
    }
}
