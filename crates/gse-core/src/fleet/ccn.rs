//! Cloud connect networks of a fleet (F-25). There is no such network here: what is attached is recorded, and is ACTIVE at
//! once (operations.md 0.4).

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::{find_changeable, find_live};
use crate::id::{FleetId, Scope};
use crate::state::State;
use crate::time::Timestamp;
use crate::words::words;

/// Networks of one fleet.
const MAX_CCNS: usize = 5;

words! {
    /// When a network was attached (AttachType).
    pub enum CcnAttachment {
        /// With CreateFleet or CopyFleet.
        BeforeCreate = "CCN_SELECTED_BEFORE_CREATE",
        /// Later.
        AfterCreate = "CCN_SELECTED_AFTER_CREATE",
    }
}

/// A network that is to be attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CcnName {
    /// CcnId: `ccn-` and lower-case letters and digits.
    pub id: String,
    /// AccountId: the number of the account that owns it.
    pub account: String,
}

/// A network that is attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ccn {
    /// Which.
    pub name: CcnName,
    /// How it came to be attached.
    pub attachment: CcnAttachment,
    /// When.
    pub attached: Timestamp,
}

/// Whether a network may be attached beside others.
pub(super) fn check(fleet: &str, others: &[&CcnName], name: &CcnName) -> Result<(), Error> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let suffix = name.id.strip_prefix("ccn-").unwrap_or_default();
    if suffix.is_empty() || !suffix.bytes().all(is_plain) {
        return Err(Error::CcnNotFound(name.id.clone()));
    }
    if !name.account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::CcnAccountNotFound(name.account.clone()));
    }
    if others.iter().any(|other| other.id == name.id) {
        return Err(Error::CcnAttached { fleet: fleet.to_owned(), ccn: name.id.clone() });
    }
    if others.len() >= MAX_CCNS {
        return Err(Error::CcnQuota { limit: MAX_CCNS });
    }
    Ok(())
}

/// Checks those that a new fleet is to have, as if each were attached after the other.
pub(super) fn check_all(fleet: &str, names: &[CcnName]) -> Result<(), Error> {
    let all: Vec<&CcnName> = names.iter().collect();
    (0..all.len()).try_for_each(|at| check(fleet, &all[..at], all[at]))
}

/// Attaches a network to a fleet.
#[derive(Clone, Debug)]
pub struct AttachCcn {
    /// The account and region.
    pub scope: Scope,
    /// FleetId.
    pub fleet: FleetId,
    /// CcnId and AccountId.
    pub name: CcnName,
}

impl Command for AttachCcn {
    type Reply = ();
    const NAME: &'static str = "AttachCcn";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        let fleet = find_changeable(state, &self.scope, &self.fleet)?;
        let others: Vec<&CcnName> = fleet.ccns.iter().map(|ccn| &ccn.name).collect();
        check(self.fleet.as_str(), &others, &self.name)?;
        if let Some(fleet) = state.fleets.get_mut(&self.fleet) {
            let (name, attachment, attached) = (self.name, CcnAttachment::AfterCreate, cx.now);
            fleet.ccns.push(Ccn { name, attachment, attached });
        }
        Ok(())
    }
}

/// Detaches every network of a fleet; there may be none.
#[derive(Clone, Debug)]
pub struct DetachCcns {
    /// The account and region.
    pub scope: Scope,
    /// FleetId.
    pub fleet: FleetId,
}

impl Command for DetachCcns {
    type Reply = ();
    const NAME: &'static str = "DetachCcns";

    fn apply(self, state: &mut State, _cx: &mut Cx<'_>) -> Result<(), Error> {
        find_live(state, &self.scope, &self.fleet)?;
        if let Some(fleet) = state.fleets.get_mut(&self.fleet) {
            fleet.ccns.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
