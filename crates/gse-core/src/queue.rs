//! Queues: an ordered list of destinations, latency policies and a timeout (operations.md 5.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::alias::RoutingStrategy;
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::{Fleet, FleetStatus};
use crate::id::{AliasId, QueueName, Region, ResourceName, Scope, Uin};
use crate::page::OffsetPage;
use crate::placement;
use crate::state::State;
use crate::table::Key;
use crate::tag::{Filter, Tag};
use crate::time::Timestamp;

/// The key of a queue: its name is unique per account and region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueueKey {
    /// The account and region.
    pub scope: Scope,
    /// The name.
    pub name: QueueName,
}

impl Key for QueueKey {}

impl QueueKey {
    /// Reads the printed form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let (uin, region, name) = (parts.next()?, parts.next()?, parts.next()?);
        let scope = Scope { uin: Uin::new(uin), region: Region::new(region) };
        Some(Self { scope, name: QueueName::new(name) })
    }
}

impl fmt::Display for QueueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.scope.uin, self.scope.region, self.name)
    }
}

/// For a while, players may have at most this much latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyPolicy {
    /// MaximumIndividualPlayerLatencyMilliseconds.
    pub maximum_latency_ms: u64,
    /// PolicyDurationSeconds; 0: until the queue timeout.
    pub duration_s: u64,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Its identity.
    pub name: QueueName,
    /// The account and region.
    pub scope: Scope,
    /// Resource names of fleets and aliases of any region; the order is the priority.
    pub destinations: Vec<String>,
    /// Each allows more than the one before it.
    pub policies: Vec<LatencyPolicy>,
    /// 1–600.
    pub timeout_s: u32,
    /// At most 50.
    pub tags: Vec<Tag>,
    /// When it was made.
    pub created: Timestamp,
}

impl Queue {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        None
    }

    /// Its key.
    pub fn key(&self) -> QueueKey {
        QueueKey { scope: self.scope.clone(), name: self.name.clone() }
    }

    /// `qcs::gse:<region>:uin/<uin>:queue/<name>`.
    pub fn resource_name(&self) -> String {
        self.scope.resource_name("queue", self.name.as_str())
    }
}

const LONGEST_TIMEOUT_S: u32 = 600;

/// Makes a queue.
#[derive(Clone, Debug)]
pub struct CreateGameServerSessionQueue {
    /// The account and region.
    pub scope: Scope,
    /// Name.
    pub name: QueueName,
    /// Destinations.
    pub destinations: Vec<String>,
    /// PlayerLatencyPolicies.
    pub policies: Vec<LatencyPolicy>,
    /// TimeoutInSeconds; 600 when absent or 0.
    pub timeout_s: Option<u32>,
    /// Tags.
    pub tags: Vec<Tag>,
}

impl Command for CreateGameServerSessionQueue {
    type Reply = Queue;
    const NAME: &'static str = "CreateGameServerSessionQueue";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Queue, Error> {
        check_name(&self.name)?;
        let timeout_s = check_timeout(self.timeout_s)?.unwrap_or(LONGEST_TIMEOUT_S);
        check_policies(&self.policies)?;
        check_destinations(state, &self.scope, &self.destinations)?;
        let key = QueueKey { scope: self.scope.clone(), name: self.name.clone() };
        if state.queues.get(&key).is_some() {
            return Err(Error::QueueNameTaken(self.name));
        }
        if state.queues.values().filter(|queue| queue.scope == self.scope).count() >= cx.quotas.queues {
            return Err(Error::Quota { what: "queues", limit: cx.quotas.queues });
        }
        let queue = Queue {
            name: self.name,
            scope: self.scope,
            destinations: self.destinations,
            policies: self.policies,
            timeout_s,
            tags: self.tags,
            created: cx.now,
        };
        state.queues.insert(key, queue.clone());
        Ok(queue)
    }
}

/// Changes a queue: what is absent stays, a list that is given replaces the old one.
#[derive(Clone, Debug)]
pub struct UpdateGameServerSessionQueue {
    /// The account and region.
    pub scope: Scope,
    /// Name; it cannot be changed.
    pub name: QueueName,
    /// Destinations.
    pub destinations: Option<Vec<String>>,
    /// PlayerLatencyPolicies.
    pub policies: Option<Vec<LatencyPolicy>>,
    /// TimeoutInSeconds; 0 counts as absent.
    pub timeout_s: Option<u32>,
}

impl Command for UpdateGameServerSessionQueue {
    type Reply = Queue;
    const NAME: &'static str = "UpdateGameServerSessionQueue";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Queue, Error> {
        find(state, &self.scope, &self.name)?;
        let timeout_s = check_timeout(self.timeout_s)?;
        check_policies(self.policies.as_deref().unwrap_or_default())?;
        check_destinations(state, &self.scope, self.destinations.as_deref().unwrap_or_default())?;
        let key = QueueKey { scope: self.scope, name: self.name };
        let queue = state.queues.get_mut(&key).ok_or_else(|| Error::QueueNotFound(key.name.clone()))?;
        queue.destinations = self.destinations.unwrap_or_else(|| std::mem::take(&mut queue.destinations));
        queue.policies = self.policies.unwrap_or_else(|| std::mem::take(&mut queue.policies));
        queue.timeout_s = timeout_s.unwrap_or(queue.timeout_s);
        let queue = queue.clone();
        placement::on_queue_changed(state, cx, &queue);
        Ok(queue)
    }
}

/// Deletes a queue; what waits in it becomes FAILED.
#[derive(Clone, Debug)]
pub struct DeleteGameServerSessionQueue {
    /// The account and region.
    pub scope: Scope,
    /// Name.
    pub name: QueueName,
}

impl Command for DeleteGameServerSessionQueue {
    type Reply = ();
    const NAME: &'static str = "DeleteGameServerSessionQueue";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        let key = find(state, &self.scope, &self.name)?.key();
        state.queues.remove(&key);
        placement::on_queue_deleted(state, cx, &key);
        Ok(())
    }
}

/// What DescribeGameServerSessionQueues asks for; conditions are combined with AND.
#[derive(Clone, Debug)]
pub struct QueueQuery {
    /// Who asks.
    pub scope: Scope,
    /// Names; none: every queue. One that no queue has is left out.
    pub names: Vec<QueueName>,
    /// Filters.
    pub filters: Vec<Filter>,
    /// Records to leave out.
    pub offset: usize,
    /// Records at most.
    pub limit: usize,
}

/// The queues that match, by name.
pub fn describe<'a>(state: &'a State, query: &QueueQuery) -> OffsetPage<&'a Queue> {
    let passes = |queue: &Queue| {
        let name = queue.name.as_str();
        query.filters.iter().all(|filter| filter.matches(name, name, &queue.tags))
    };
    let mut queues: Vec<&Queue> = state
        .queues
        .values()
        .filter(|queue| queue.scope == query.scope)
        .filter(|queue| query.names.is_empty() || query.names.contains(&queue.name))
        .filter(|queue| passes(queue))
        .collect();
    queues.sort_by(|a, b| a.name.cmp(&b.name));
    OffsetPage::cut(queues.into_iter(), query.offset, query.limit)
}

/// Q-3; 0 counts as absent.
fn check_timeout(timeout_s: Option<u32>) -> Result<Option<u32>, Error> {
    let timeout_s = timeout_s.filter(|&timeout_s| timeout_s > 0);
    match timeout_s {
        Some(too_long) if too_long > LONGEST_TIMEOUT_S => {
            let expected = format!("1 to {LONGEST_TIMEOUT_S} seconds");
            Err(Error::Invalid { member: "TimeoutInSeconds", value: too_long.to_string(), expected })
        }
        Some(_) | None => Ok(timeout_s),
    }
}

///
fn check_name(name: &QueueName) -> Result<(), Error> {
    let text = name.as_str();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if (1..=128).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(());
    }
    let expected = "1 to 128 letters, digits and hyphens".to_string();
    Err(Error::Invalid { member: "Name", value: text.to_string(), expected })
}

/// later entries must allow more latency than earlier ones.
fn check_policies(policies: &[LatencyPolicy]) -> Result<(), Error> {
    let out_of_order =
        policies.windows(2).find(|pair| pair[1].maximum_latency_ms <= pair[0].maximum_latency_ms);
    let Some(pair) = out_of_order else { return Ok(()) };
    let expected = format!("more than the {} of the entry before it", pair[0].maximum_latency_ms);
    Err(Error::Invalid {
        member: "PlayerLatencyPolicies",
        value: pair[1].maximum_latency_ms.to_string(),
        expected,
    })
}

///
fn check_destinations(state: &State, scope: &Scope, destinations: &[String]) -> Result<(), Error> {
    for (position, name) in destinations.iter().enumerate() {
        let invalid = |expected: &str| Error::Invalid {
            member: "Destinations",
            value: name.clone(),
            expected: expected.into(),
        };
        let Some(target) = scope.parse_destination(name) else {
            return Err(invalid("the resource name of a fleet or alias of this account"));
        };
        if destinations[..position].contains(name) {
            return Err(invalid("each destination once"));
        }
        let exists = match &target {
            ResourceName::Fleet(region, id) => state.fleets.get(id).is_some_and(|fleet| {
                fleet.scope.uin == scope.uin
                    && fleet.scope.region == *region
                    && !matches!(fleet.status, FleetStatus::Terminated)
            }),
            ResourceName::Alias(region, id) => state
                .aliases
                .get(id)
                .is_some_and(|alias| alias.scope.uin == scope.uin && alias.scope.region == *region),
        };
        if !exists {
            return Err(Error::DestinationNotFound { name: name.clone() });
        }
    }
    Ok(())
}

/// A queue of this account and region.
pub fn find<'a>(state: &'a State, scope: &Scope, name: &QueueName) -> Result<&'a Queue, Error> {
    let key = QueueKey { scope: scope.clone(), name: name.clone() };
    state.queues.get(&key).ok_or_else(|| Error::QueueNotFound(name.clone()))
}

/// A destination as it leads now: the region that counts for latency, and the fleet if one can be used (L-7, P-13).
#[derive(Clone, Debug)]
pub struct Destination<'a> {
    /// The region of the fleet; of a TERMINAL alias its own.
    pub region: Region,
    /// The alias, if it is one.
    pub alias: Option<AliasId>,
    /// `None`: the alias leads nowhere, or what was named is gone.
    pub fleet: Option<&'a Fleet>,
}

/// What a queue's destination leads to now.
pub fn resolve_destination<'a>(state: &'a State, scope: &Scope, name: &str) -> Option<Destination<'a>> {
    match scope.parse_destination(name)? {
        ResourceName::Fleet(region, id) => {
            let fleet = state.fleets.get(&id).filter(|fleet| fleet.scope.uin == scope.uin);
            Some(Destination { region, alias: None, fleet })
        }
        ResourceName::Alias(region, id) => {
            let alias = state.aliases.get(&id).filter(|alias| alias.scope.uin == scope.uin);
            let fleet = alias.and_then(|alias| match &alias.routing {
                RoutingStrategy::Simple(fleet) => state.fleets.get(fleet),
                RoutingStrategy::Terminal { .. } => None,
            });
            let region = fleet.map_or(region, |fleet| fleet.scope.region.clone());
            Some(Destination { region, alias: Some(id), fleet })
        }
    }
}

#[cfg(test)]
mod tests;
