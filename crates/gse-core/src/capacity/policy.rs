//! The scaling policies of a fleet: putting, replacing, removing and listing them (operations.md 3.3, 3.4). What they
//! decide is in `evaluation`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::decision::{self, Decision};
use super::evaluation;
use super::rule_based::{AdjustmentType, Rule};
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::{self, Fleet, FleetStatus};
use crate::id::{FleetId, Scope};
use crate::page::OffsetPage;
use crate::state::State;
use crate::time::Timestamp;

/// Policies of one fleet (2.4).
const MAX_POLICIES: usize = 50;

/// The target-based policy of a fleet that nobody gave a name.
const DEFAULT_TARGET_NAME: &str = "TargetBased";

/// The policies of a fleet, and where they stand. The row goes away with the last policy, or with the fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// The fleet.
    pub fleet: FleetId,
    /// By name; at most one is target-based (S-9).
    pub policies: BTreeMap<String, Policy>,
    /// When they are asked next; `None` while they are not: the fleet scales by hand, or is not ACTIVE yet.
    pub evaluate_at: Option<Timestamp>,
    /// The last decision, if it changed nothing; the others are in the log of decisions.
    pub standing: Option<Decision>,
}

/// One policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Policy {
    /// Keeps so many percent of all sessions free, 1–99 (S-9).
    TargetBased(u32),
    /// Acts when its rule has held long enough (S-14).
    RuleBased(RuleHistory),
}

/// A rule and how long it has held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleHistory {
    /// The rule.
    pub rule: Rule,
    /// When it was put; it looks at what comes later.
    pub put: Timestamp,
    /// Evaluations in a row at which it was met, since it acted last.
    pub met: u32,
}

impl Scaling {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.evaluate_at
    }

    /// The target-based policy: its name and its percentage.
    pub fn target(&self) -> Option<(&str, u32)> {
        self.policies.iter().find_map(|(name, policy)| match policy {
            Policy::TargetBased(percent) => Some((name.as_str(), *percent)),
            Policy::RuleBased(_) => None,
        })
    }

    /// The rules by name.
    pub fn rules(&self) -> impl Iterator<Item = (&str, &RuleHistory)> {
        self.policies.iter().filter_map(|(name, policy)| match policy {
            Policy::TargetBased(_) => None,
            Policy::RuleBased(history) => Some((name.as_str(), history)),
        })
    }
}

/// A policy that is to be put.
#[derive(Clone, Debug, PartialEq)]
pub enum NewPolicy {
    /// Takes the place of the target-based one that is there.
    TargetBased {
        /// Absent: that of the one that is there.
        name: Option<String>,
        /// 1–99.
        percent: u32,
    },
    /// Takes the place of the policy of that name.
    RuleBased {
        /// 1–1024 characters.
        name: String,
        /// What it does.
        rule: Rule,
    },
}

/// Puts a policy of a fleet, in place of an earlier one (S-9, S-14); the reply is its name.
#[derive(Clone, Debug)]
pub struct PutScalingPolicy {
    /// The account and region.
    pub scope: Scope,
    /// FleetId.
    pub fleet: FleetId,
    /// The rest.
    pub policy: NewPolicy,
}

impl Command for PutScalingPolicy {
    type Reply = String;
    const NAME: &'static str = "PutScalingPolicy";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<String, Error> {
        let fleet = fleet::find_live(state, &self.scope, &self.fleet)?;
        // S-4
        if !fleet.was_active || fleet.status == FleetStatus::Deleting {
            return Err(Error::NoPolicyNow { fleet: self.fleet, status: fleet.status });
        }
        check(&self.policy, cx)?;
        let name = check_room(state, &self.fleet, &self.policy)?;
        put(state, cx, &self.fleet, self.policy);
        Ok(name)
    }
}

/// A name that no rule has: nobody asked for a rule of that name to be replaced.
fn default_name(is_there: impl Fn(&String) -> bool) -> String {
    let numbered = (2..).map(|number: usize| format!("{DEFAULT_TARGET_NAME}-{number}"));
    let mut names = std::iter::once(DEFAULT_TARGET_NAME.to_owned()).chain(numbered);
    names.find(|name| !is_there(name)).expect("a fleet has 50 policies at most")
}

/// Whether the fleet may have the policy beside those that it has; the name that the policy would get.
fn check_room(state: &State, fleet: &FleetId, policy: &NewPolicy) -> Result<String, Error> {
    let scaling = state.scalings.get(fleet);
    let (name, old) = place(scaling, policy);
    let count = scaling.map_or(0, |scaling| scaling.policies.len());
    if old.is_none() && count >= MAX_POLICIES {
        return Err(Error::Quota { what: "scaling policies of a fleet", limit: MAX_POLICIES });
    }
    Ok(name)
}

/// What the schema cannot say: how far an adjustment may go (S-16).
fn check(policy: &NewPolicy, cx: &Cx<'_>) -> Result<(), Error> {
    let (percent, rule) = match policy {
        NewPolicy::TargetBased { percent, .. } => (*percent, None),
        NewPolicy::RuleBased { rule, .. } => (1, Some(rule)),
    };
    let invalid = |member, value: String, expected: String| Err(Error::Invalid { member, value, expected });
    if !(1..=99).contains(&percent) {
        return invalid("TargetConfiguration.TargetValue", percent.to_string(), "1..99 percent".into());
    }
    let Some(rule) = rule else { return Ok(()) };
    if rule.minutes == 0 {
        return invalid("EvaluationPeriods", "0".into(), "at least 1 minute".into());
    }
    let most = match rule.adjustment_type {
        AdjustmentType::ChangeInCapacity | AdjustmentType::ExactCapacity => i64::from(cx.quotas.instances),
        AdjustmentType::PercentChangeInCapacity => 99,
    };
    if rule.adjustment.saturating_abs() > most {
        return invalid("ScalingAdjustment", rule.adjustment.to_string(), format!("-{most}..{most}"));
    }
    Ok(())
}

/// The name of the new policy, and of the one whose place it takes.
fn place(scaling: Option<&Scaling>, policy: &NewPolicy) -> (String, Option<String>) {
    let there = |name: &String| scaling.is_some_and(|scaling| scaling.policies.contains_key(name));
    match policy {
        NewPolicy::TargetBased { name, .. } => {
            let old = scaling.and_then(Scaling::target).map(|(old, _)| old.to_owned());
            let default = || old.clone().unwrap_or_else(|| default_name(there));
            let name = name.clone().unwrap_or_else(default);
            let old = old.or_else(|| Some(name.clone()).filter(there));
            (name, old)
        }
        NewPolicy::RuleBased { name, .. } => (name.clone(), Some(name.clone()).filter(there)),
    }
}

/// Sets what share of its sessions a fleet keeps free, as PutScalingPolicy of a target-based policy without a name
/// would. The caller has asked [`check_target`], and that the fleet is ACTIVE.
pub fn put_target(state: &mut State, cx: &mut Cx<'_>, fleet: &FleetId, percent: u32) {
    put(state, cx, fleet, NewPolicy::TargetBased { name: None, percent });
}

/// Whether [`put_target`] may be done.
///
/// # Errors
/// [`Error::Quota`]: it would be one policy too many.
pub fn check_target(state: &State, fleet: &FleetId, percent: u32) -> Result<(), Error> {
    check_room(state, fleet, &NewPolicy::TargetBased { name: None, percent }).map(|_| ())
}

fn put(state: &mut State, cx: &mut Cx<'_>, fleet: &FleetId, policy: NewPolicy) {
    if state.scalings.get(fleet).is_none() {
        let (fleet, policies) = (fleet.clone(), BTreeMap::new());
        state.scalings.insert(fleet.clone(), Scaling { fleet, policies, evaluate_at: None, standing: None });
    }
    let (name, old) = place(state.scalings.get(fleet), &policy);
    let Some(scaling) = state.scalings.get_mut(fleet) else { return };
    let earlier = old.and_then(|old| scaling.policies.remove(&old));
    let policy = match policy {
        NewPolicy::TargetBased { percent, .. } => Policy::TargetBased(percent),
        // The same rule said again has not begun again.
        NewPolicy::RuleBased { rule, .. } => match earlier {
            Some(Policy::RuleBased(history)) if history.rule == rule => Policy::RuleBased(history),
            Some(Policy::RuleBased(_) | Policy::TargetBased(_)) | None => {
                Policy::RuleBased(RuleHistory { rule, put: cx.now, met: 0 })
            }
        },
    };
    scaling.policies.insert(name, policy);
    evaluation::schedule(state, cx, fleet);
}

/// Removes a policy of a fleet, or all of them (S-19).
#[derive(Clone, Debug)]
pub struct DeleteScalingPolicy {
    /// The account and region.
    pub scope: Scope,
    /// FleetId.
    pub fleet: FleetId,
    /// Name; absent: all.
    pub name: Option<String>,
}

impl Command for DeleteScalingPolicy {
    type Reply = ();
    const NAME: &'static str = "DeleteScalingPolicy";

    fn apply(self, state: &mut State, _cx: &mut Cx<'_>) -> Result<(), Error> {
        fleet::find_live(state, &self.scope, &self.fleet)?;
        let Some(name) = self.name else {
            forget_all(state, &self.fleet);
            return Ok(());
        };
        let scaling = state.scalings.get(&self.fleet).filter(|scaling| scaling.policies.contains_key(&name));
        let Some(scaling) = scaling else {
            return Err(Error::PolicyNotFound { fleet: self.fleet, name });
        };
        if scaling.policies.len() == 1 {
            forget_all(state, &self.fleet);
        } else if let Some(scaling) = state.scalings.get_mut(&self.fleet) {
            scaling.policies.remove(&name);
        }
        Ok(())
    }
}

/// The fleet has no policy any more.
pub(crate) fn forget_all(state: &mut State, fleet: &FleetId) {
    if state.scalings.get(fleet).is_some() {
        decision::settle(state, fleet);
        state.scalings.remove(fleet);
    }
}

/// A copied fleet has the policies of its source (F-26); they wait until it is ACTIVE.
pub(crate) fn copy(state: &mut State, cx: &Cx<'_>, source: &FleetId, copy: &FleetId) {
    let Some(scaling) = state.scalings.get(source) else { return };
    let mut policies = scaling.policies.clone();
    for policy in policies.values_mut() {
        if let Policy::RuleBased(history) = policy {
            (history.put, history.met) = (cx.now, 0);
        }
    }
    let fleet = copy.clone();
    state.scalings.insert(copy.clone(), Scaling { fleet, policies, evaluate_at: None, standing: None });
}

/// One policy of a fleet.
#[derive(Clone, Copy, Debug)]
pub struct PolicyOf<'a> {
    /// The fleet.
    pub fleet: &'a FleetId,
    /// Its name.
    pub name: &'a str,
    /// The policy.
    pub policy: &'a Policy,
}

/// The policies of a fleet, or of all in the region, by name (S-19).
pub fn describe<'a>(
    state: &'a State,
    scope: &Scope,
    fleet: Option<&FleetId>,
    offset: usize,
    limit: usize,
) -> Result<OffsetPage<PolicyOf<'a>>, Error> {
    let fleets: Vec<&Fleet> = match fleet {
        Some(fleet) => vec![fleet::find_live(state, scope, fleet)?],
        None => state.fleets.values().filter(|fleet| fleet.scope == *scope).collect(),
    };
    let scalings = fleets.iter().filter_map(|fleet| state.scalings.get(&fleet.id));
    let mut policies: Vec<PolicyOf<'_>> = scalings
        .flat_map(|scaling| {
            let of = |(name, policy)| PolicyOf { fleet: &scaling.fleet, name, policy };
            scaling.policies.iter().map(|(name, policy)| (name.as_str(), policy)).map(of)
        })
        .collect();
    policies.sort_by_key(|policy| (policy.name, policy.fleet));
    Ok(OffsetPage::cut(policies.into_iter(), offset, limit))
}

#[cfg(test)]
mod tests;
