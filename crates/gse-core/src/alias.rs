//! Aliases: a stable name for a fleet, so that traffic moves without touching clients (operations.md 4).

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::{self, Fleet, FleetStatus};
use crate::id::{AliasId, FleetId, IdKind, Scope};
use crate::page::OffsetPage;
use crate::placement;
use crate::planted::planted;
use crate::state::State;
use crate::tag::{Filter, Tag};
use crate::time::Timestamp;

pub mod canary;

use canary::Canary;

/// Where an alias leads (L-2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoutingStrategy {
    /// SIMPLE: to a fleet of the same region.
    Simple(FleetId),
    /// TERMINAL: nowhere any more.
    Terminal {
        /// Shown to clients.
        message: String,
        /// Kept and echoed, never used.
        fleet: Option<FleetId>,
    },
}

/// An alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alias {
    /// Its id.
    pub id: AliasId,
    /// The account and region.
    pub scope: Scope,
    /// 1–1024 characters, not unique.
    pub name: String,
    /// 1–1024 characters, or empty when none was given.
    pub description: String,
    /// Where it leads.
    pub routing: RoutingStrategy,
    /// At most 50.
    pub tags: Vec<Tag>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// The fleet that gets a share of its new sessions (R78).
    #[serde(default)]
    pub canary: Option<Canary>,
}

impl Alias {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        None
    }

    /// `qcs::gse:<region>:uin/<uin>:alias/<id>`.
    pub fn resource_name(&self) -> String {
        self.scope.resource_name("alias", self.id.as_str())
    }

    /// Whether it leads to that fleet now, be it with a share of its sessions.
    pub fn routes_to(&self, fleet: &Fleet) -> bool {
        let is_canary = || self.canary.as_ref().is_some_and(|canary| canary.fleet == fleet.id);
        match &self.routing {
            RoutingStrategy::Simple(id) => (*id == fleet.id || is_canary()) && self.scope == fleet.scope,
            RoutingStrategy::Terminal { .. } => false,
        }
    }
}

/// L-2: a SIMPLE alias needs a fleet that exists and is not on its way out.
fn check_routing(state: &State, scope: &Scope, routing: &RoutingStrategy) -> Result<(), Error> {
    match routing {
        RoutingStrategy::Simple(id) => match fleet::find_live(state, scope, id)?.status {
            FleetStatus::Deleting => Err(Error::FleetNotFound(id.clone())),
            FleetStatus::New
            | FleetStatus::Downloading
            | FleetStatus::Validating
            | FleetStatus::Building
            | FleetStatus::Activating
            | FleetStatus::Active
            | FleetStatus::Error
            | FleetStatus::Terminated => Ok(()),
        },
        RoutingStrategy::Terminal { .. } => Ok(()),
    }
}

/// Makes an alias.
#[derive(Clone, Debug)]
pub struct CreateAlias {
    /// The account and region.
    pub scope: Scope,
    /// Name.
    pub name: String,
    /// Description, or empty.
    pub description: String,
    /// RoutingStrategy.
    pub routing: RoutingStrategy,
    /// Tags.
    pub tags: Vec<Tag>,
}

impl Command for CreateAlias {
    type Reply = Alias;
    const NAME: &'static str = "CreateAlias";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Alias, Error> {
        check_routing(state, &self.scope, &self.routing)?;
        if state.aliases.values().filter(|alias| alias.scope == self.scope).count() >= cx.quotas.aliases {
            return Err(Error::Quota { what: "aliases", limit: cx.quotas.aliases });
        }
        let alias = Alias {
            id: AliasId::new(format!("alias-{}", cx.suffix(IdKind::Alias))),
            scope: self.scope,
            name: self.name,
            description: self.description,
            routing: self.routing,
            tags: self.tags,
            created: cx.now,
            updated: cx.now,
            canary: None,
        };
        state.aliases.insert(alias.id.clone(), alias.clone());
        Ok(alias)
    }
}

/// Changes an alias from the next request on; sessions that exist stay where they are (L-6).
#[derive(Clone, Debug)]
pub struct UpdateAlias {
    /// The account and region.
    pub scope: Scope,
    /// AliasId.
    pub alias: AliasId,
    /// Name.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// RoutingStrategy, as a whole.
    pub routing: Option<RoutingStrategy>,
}

impl Command for UpdateAlias {
    type Reply = Alias;
    const NAME: &'static str = "UpdateAlias";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Alias, Error> {
        find(state, &self.scope, &self.alias)?;
        if let Some(routing) = &self.routing {
            check_routing(state, &self.scope, routing)?;
        }
        let alias =
            state.aliases.get_mut(&self.alias).ok_or_else(|| Error::AliasNotFound(self.alias.clone()))?;
        alias.updated = cx.now;
        if let Some(name) = self.name {
            alias.name = name;
        }
        if let Some(description) = self.description {
            alias.description = description;
        }
        if let Some(routing) = self.routing {
            alias.routing = routing;
            alias.canary = None;
        }
        let alias = alias.clone();
        placement::on_alias_changed(state, cx, &alias);
        Ok(alias)
    }
}

/// Deletes an alias, also while queues list it (R3).
#[derive(Clone, Debug)]
pub struct DeleteAlias {
    /// The account and region.
    pub scope: Scope,
    /// AliasId.
    pub alias: AliasId,
}

impl Command for DeleteAlias {
    type Reply = ();
    const NAME: &'static str = "DeleteAlias";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        let alias = find(state, &self.scope, &self.alias)?.clone();
        if !planted!(AliasDeletionForgotten) {
            state.aliases.remove(&self.alias);
        }
        placement::on_alias_changed(state, cx, &alias);
        Ok(())
    }
}

/// An alias of this account and region.
pub fn find<'a>(state: &'a State, scope: &Scope, id: &AliasId) -> Result<&'a Alias, Error> {
    state
        .aliases
        .get(id)
        .filter(|alias| alias.scope == *scope)
        .ok_or_else(|| Error::AliasNotFound(id.clone()))
}

/// The fleet that an alias leads to now (L-4, L-5).
pub fn resolve<'a>(state: &'a State, scope: &Scope, id: &AliasId) -> Result<&'a Fleet, Error> {
    let alias = find(state, scope, id)?;
    match &alias.routing {
        RoutingStrategy::Simple(fleet) => fleet::find_live(state, scope, fleet)
            .map_err(|_| Error::AliasFleetGone { alias: id.clone(), fleet: fleet.clone() }),
        RoutingStrategy::Terminal { message, .. } => {
            Err(Error::AliasTerminal { alias: id.clone(), message: message.clone() })
        }
    }
}

/// What a list of aliases goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the member of that name")]
pub enum AliasOrder {
    CreationTime,
    LastUpdatedTime,
    Name,
    AliasId,
}

/// What ListAliases asks for.
#[derive(Clone, Debug)]
pub struct AliasQuery {
    /// Who asks.
    pub scope: Scope,
    /// Name, exact.
    pub name: Option<String>,
    /// RoutingStrategyType: `Some(true)` for SIMPLE.
    pub simple: Option<bool>,
    /// Filters; all must match.
    pub filters: Vec<Filter>,
    /// OrderBy.
    pub order: AliasOrder,
    /// OrderWay.
    pub ascending: bool,
    /// Records to leave out.
    pub offset: usize,
    /// Records at most.
    pub limit: usize,
}

/// The aliases that match (L-8).
pub fn list<'a>(state: &'a State, query: &AliasQuery) -> OffsetPage<&'a Alias> {
    let mut aliases: Vec<&Alias> = state
        .aliases
        .values()
        .filter(|alias| alias.scope == query.scope)
        .filter(|alias| query.name.as_ref().is_none_or(|name| alias.name == *name))
        .filter(|alias| {
            query.simple.is_none_or(|simple| simple == matches!(alias.routing, RoutingStrategy::Simple(_)))
        })
        .filter(|alias| {
            query.filters.iter().all(|filter| filter.matches(&alias.name, alias.id.as_str(), &alias.tags))
        })
        .collect();
    aliases.sort_by(|a, b| {
        let order = match query.order {
            AliasOrder::CreationTime => a.created.cmp(&b.created),
            AliasOrder::LastUpdatedTime => a.updated.cmp(&b.updated),
            AliasOrder::Name => a.name.cmp(&b.name),
            AliasOrder::AliasId => a.id.cmp(&b.id),
        };
        let order = if query.ascending { order } else { order.reverse() };
        order.then(a.id.cmp(&b.id))
    });
    OffsetPage::cut(aliases.into_iter(), query.offset, query.limit)
}

#[cfg(test)]
mod tests;
