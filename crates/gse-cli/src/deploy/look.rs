//! Looking: everything that the next step follows from, read anew each time.

use gse_api::extension::DescribeAliasCanaryRequest;
use gse_api::types::{
    Alias, DescribeFleetRelatedResourcesRequest, DescribeGameServerSessionsRequest,
    DescribeRuntimeConfigurationRequest, Filter, FleetAttributes, FleetCapacity, InstanceCounts,
    ListFleetsRequest,
};
use gse_core::Timestamp;
use gse_core::deployment::{AliasTarget, CanaryNow, Counts, FleetView, Phase};

use super::settings::Settings;
use crate::{asset::build, failure::Failure, service::Service};

/// The tag of a fleet that was made by a deployment: the alias.
pub(super) const ALIAS_TAG: &str = "gse-alias";
/// The fleet that the alias led to then.
pub(super) const REPLACES_TAG: &str = "gse-replaces";
/// No deployment has more fleets than this at a time.
const FLEETS: u64 = 100;
/// So many failed sessions are as good a reason as more.
const SESSIONS: u64 = 100;

/// What is looked for.
pub(super) struct Subject<'a> {
    /// The alias, by name.
    pub(super) alias: &'a str,
    /// The digest of the build; none for a rollback.
    pub(super) digest: Option<&'a str>,
    /// What the new fleet must be like.
    pub(super) settings: &'a Settings,
}

/// What there is.
pub(super) struct Seen {
    /// The alias.
    pub(super) alias: Option<Alias>,
    /// An asset of the build.
    pub(super) asset: Option<String>,
    /// The fleets as the service describes them.
    pub(super) attributes: Vec<FleetAttributes>,
    /// The same fleets, as far as they matter.
    pub(super) fleets: Vec<FleetView>,
    /// The canary of the alias.
    pub(super) canary: Option<CanaryNow>,
}

impl Seen {
    /// Where the alias leads.
    pub(super) fn target(&self) -> AliasTarget {
        match &self.alias {
            None => AliasTarget::Missing,
            Some(alias) if alias.routing_strategy.r#type == "SIMPLE" => {
                AliasTarget::Fleet(alias.routing_strategy.fleet_id.clone())
            }
            Some(_) => AliasTarget::Nowhere,
        }
    }

    /// Seconds since the alias was changed last.
    pub(super) fn seconds_since_switch(&self, now: Timestamp) -> u64 {
        let changed = self.alias.as_ref().and_then(|alias| Timestamp::parse_iso(&alias.last_updated_time));
        changed.map_or(0, |changed| now.since(changed).as_secs())
    }
}

/// Reads it all.
pub(super) async fn look(service: &Service, subject: &Subject<'_>) -> Result<Seen, Failure> {
    let alias = only(service.aliases(Some(subject.alias)).await?, subject.alias)?;
    let assets: Vec<String> = match subject.digest {
        Some(digest) => {
            let assets = build::of_content(&service.client, service.region(), digest).await?;
            assets.into_iter().map(|asset| asset.asset_id).collect()
        }
        None => vec![],
    };
    let attributes = fleets(service, subject.alias, alias.as_ref()).await?;
    let ids = attributes.iter().map(|fleet| fleet.fleet_id.clone()).collect();
    let capacities = service.capacities(ids).await?;
    let mut views = Vec::new();
    for fleet in &attributes {
        let capacity = capacities.iter().find(|capacity| capacity.fleet_id == fleet.fleet_id);
        let mut view = view(fleet, capacity);
        view.is_wanted =
            assets.contains(&fleet.asset_id) && is_as_set(service, fleet, subject.settings).await?;
        let leads_here = |alias: &Alias| alias.routing_strategy.fleet_id == fleet.fleet_id;
        if view.phase != Phase::Deleting && !alias.as_ref().is_some_and(leads_here) {
            view.held_by = held_by(service, &fleet.fleet_id, alias.as_ref()).await?;
        }
        views.push(view);
    }
    let canary = match &alias {
        Some(alias) => canary(service, &alias.alias_id).await?,
        None => None,
    };
    Ok(Seen { alias, asset: assets.into_iter().next(), attributes, fleets: views, canary })
}

/// The canary of the alias, with what became of its sessions.
async fn canary(service: &Service, alias: &str) -> Result<Option<CanaryNow>, Failure> {
    let request = DescribeAliasCanaryRequest { alias_id: alias.to_owned() };
    let answer = service.client.extension(&request).await;
    let canary = answer.map_err(|error| service.connection.explain(error))?;
    let Some(since) = Timestamp::parse_iso(&canary.since) else { return Ok(None) };
    let request = DescribeGameServerSessionsRequest {
        fleet_id: Some(canary.fleet_id.clone()),
        status_filter: Some("ERROR".into()),
        limit: Some(SESSIONS),
        ..DescribeGameServerSessionsRequest::default()
    };
    let failed = service.call(&request).await?.game_server_sessions;
    let is_of_canary = |created: &str| Timestamp::parse_iso(created).is_some_and(|created| created >= since);
    let failed = failed.iter().filter(|session| is_of_canary(&session.creation_time)).count();
    Ok(Some(CanaryNow {
        fleet: canary.fleet_id,
        percent: canary.percent.into(),
        seconds: super::now().since(since).as_secs(),
        failed_sessions: failed as u64,
    }))
}

/// Names of aliases need not be unique, but one that is deployed to must be.
fn only(mut aliases: Vec<Alias>, name: &str) -> Result<Option<Alias>, Failure> {
    if let [first, second, ..] = &*aliases {
        let error =
            format!("two aliases are called `{name}`: `{}` and `{}`", first.alias_id, second.alias_id);
        return Err(Failure::usage(error).hint("give one of them another name with UpdateAlias"));
    }
    Ok(aliases.pop())
}

/// Those that were made for the alias, the one that it leads to, and those that they replaced; newest first.
async fn fleets(
    service: &Service,
    name: &str,
    alias: Option<&Alias>,
) -> Result<Vec<FleetAttributes>, Failure> {
    let filter =
        Filter { key: Some("tag:key-value".into()), values: Some(vec![format!("{ALIAS_TAG}:{name}")]) };
    let request = ListFleetsRequest {
        filters: Some(vec![filter]),
        limit: Some(FLEETS),
        ..ListFleetsRequest::default()
    };
    let mut ids = service.call(&request).await?.fleet_ids;
    ids.extend(alias.map(|alias| alias.routing_strategy.fleet_id.clone()).filter(|id| !id.is_empty()));
    let made = service.fleets_of(&ids).await?;
    ids.extend(made.iter().filter_map(replaced));
    ids.sort();
    ids.dedup();
    service.fleets_of(&ids).await
}

/// The fleet that this one was made to replace.
fn replaced(fleet: &FleetAttributes) -> Option<String> {
    fleet.tags.iter().find(|tag| tag.key == REPLACES_TAG).map(|tag| tag.value.clone())
}

fn view(fleet: &FleetAttributes, capacity: Option<&FleetCapacity>) -> FleetView {
    FleetView {
        id: fleet.fleet_id.clone(),
        phase: match fleet.status.as_str() {
            "ACTIVE" => Phase::Active,
            "ERROR" => Phase::Failed,
            "DELETING" => Phase::Deleting,
            _ => Phase::Creating,
        },
        is_wanted: false,
        replaces: replaced(fleet),
        is_automatic: !fleet.stopped_actions.iter().any(|action| action == super::AUTO_SCALING),
        counts: capacity
            .and_then(|capacity| capacity.instance_counts.as_ref())
            .map(counts)
            .unwrap_or_default(),
        held_by: vec![],
    }
}

fn counts(counts: &InstanceCounts) -> Counts {
    Counts {
        min: counts.mini_num,
        max: counts.maxi_num,
        desired: counts.desired,
        pending: counts.pending,
        active: counts.active,
        idle: counts.idle,
        terminating: counts.terminating,
    }
}

async fn is_as_set(service: &Service, fleet: &FleetAttributes, settings: &Settings) -> Result<bool, Failure> {
    let request = DescribeRuntimeConfigurationRequest { fleet_id: fleet.fleet_id.clone() };
    let runtime = service.call(&request).await?.runtime_configuration.unwrap_or_default();
    Ok(settings.are_those_of(fleet, &runtime))
}

/// What leads to a fleet that the alias does not lead to.
async fn held_by(service: &Service, fleet: &str, alias: Option<&Alias>) -> Result<Vec<String>, Failure> {
    let request = DescribeFleetRelatedResourcesRequest { fleet_id: fleet.to_owned() };
    // As its canary, the alias holds a fleet too, until it is switched.
    let is_other = |id: &str| alias.is_none_or(|alias| alias.alias_id != id);
    let resources = service.call(&request).await?.resources.into_iter();
    let resources = resources.filter(|held| is_other(&held.resource_id));
    Ok(resources.map(|held| format!("{} `{}`", held.r#type.to_lowercase(), held.resource_id)).collect())
}
