//! Making one change, by calls of the cloud API. What is to be changed was decided by `plan`.

use std::path::Path;

use gse_api::types as wire;

use super::document::{Alias, Document, Inbound, Policy, Queue, Reference, Timer};
use super::existing::{Existing, Known};
use super::fleet;
use super::plan::{Change, Difference, Kind};
use super::timer;
use crate::asset::build::{self, Named};
use crate::asset::lint;
use crate::failure::Failure;
use crate::service::Service;

/// Where and with what changes are made.
pub(super) struct Making<'a> {
    pub(super) service: &'a Service,
    pub(super) objects: &'a str,
    /// Where the file lies; builds are named from there.
    pub(super) folder: &'a Path,
    /// Uploads builds that would fail, too.
    pub(super) no_lint: bool,
    pub(super) document: &'a Document,
    pub(super) existing: &'a Existing,
}

impl Change {
    /// Whether a member differs.
    pub(super) fn touches(&self, members: &[&str]) -> bool {
        let top =
            |difference: &Difference| difference.member.split('.').next().unwrap_or_default().to_owned();
        self.differences.iter().any(|difference| members.contains(&top(difference).as_str()))
    }
}

impl Making<'_> {
    /// Makes the change.
    pub(super) async fn make(&self, change: &Change) -> Result<(), Failure> {
        match change.kind {
            Kind::Asset => self.asset(change).await,
            Kind::Fleet => self.fleet(change).await,
            Kind::Alias => self.alias(change).await,
            Kind::Queue => self.queue(change).await,
        }
    }

    async fn asset(&self, change: &Change) -> Result<(), Failure> {
        let asset = &self.document.asset[change.at];
        let folder = self.folder.join(asset.dir.as_deref().unwrap_or_default());
        if !self.no_lint {
            let users = self.document.fleet.iter().filter(|fleet| *fleet.asset.as_ref() == change.name);
            let launched = users.flat_map(|fleet| &fleet.process).map(|entry| entry.launch_path.clone());
            lint::check(&folder, launched.collect())?;
        }
        let packed = build::packed(&folder)?;
        let (name, version) = (asset.name.as_ref().clone(), asset.version.clone());
        let key = format!("apply/{}.zip", packed.digest);
        let named = Named { name, version, key };
        build::publish(&self.service.client, self.objects, self.service.region(), named, packed).await?;
        Ok(())
    }

    async fn fleet(&self, change: &Change) -> Result<(), Failure> {
        let entry = &self.document.fleet[change.at];
        let Some(at) = change.exists else {
            let asset = id(&self.existing.assets, &entry.asset);
            return self.service.call(&fleet::create(entry, asset)).await.map(drop);
        };
        let (known, have) = (&self.existing.fleets[at], &self.existing.document.fleet[at]);
        let id = known.id.as_str();
        if change.touches(&fleet::ATTRIBUTES) {
            self.service.call(&fleet::attributes(id, entry, have)).await?;
        }
        if change.touches(&fleet::RUNTIME) {
            self.service.call(&fleet::runtime(id, entry, have)).await?;
        }
        if let Some(wanted) = entry.inbound.as_ref().filter(|_| change.touches(&["inbound"])) {
            self.service.call(&ports(id, wanted, have.inbound.as_deref().unwrap_or_default())).await?;
        }
        if let Some(wanted) = entry.policy.as_ref().filter(|_| change.touches(&["policy"])) {
            self.policies(id, wanted, have.policy.as_deref().unwrap_or_default()).await?;
        }
        if let Some(wanted) = entry.timer.as_ref().filter(|_| change.touches(&["timer"])) {
            self.timers(id, wanted, have.timer.as_deref().unwrap_or_default()).await?;
        }
        if change.touches(&["scaling"]) {
            self.scaling(id, change).await?;
        }
        Ok(())
    }

    async fn scaling(&self, id: &str, change: &Change) -> Result<(), Failure> {
        let Some(scaling) = &self.document.fleet[change.at].scaling else { return Ok(()) };
        let has = |member: &str| change.differences.iter().any(|one| one.member == member);
        if ["scaling.min", "scaling.max", "scaling.desired", "scaling.interval_minutes"]
            .iter()
            .any(|m| has(m))
        {
            let request = wire::UpdateFleetCapacityRequest {
                fleet_id: id.to_owned(),
                min_size: scaling.min,
                max_size: scaling.max,
                desired_instances: scaling.desired.filter(|_| has("scaling.desired")),
                scaling_interval: scaling.interval_minutes,
            };
            self.service.call(&request).await?;
        }
        let (fleet_id, actions) = (id.to_owned(), Some(vec!["AUTO_SCALING".to_owned()]));
        match scaling.automatic.filter(|_| has("scaling.automatic")) {
            Some(true) => {
                self.service.call(&wire::StartFleetActionsRequest { fleet_id, actions }).await.map(drop)
            }
            Some(false) => {
                self.service.call(&wire::StopFleetActionsRequest { fleet_id, actions }).await.map(drop)
            }
            None => Ok(()),
        }
    }

    async fn policies(&self, id: &str, wanted: &[Policy], have: &[Policy]) -> Result<(), Failure> {
        let is_listed = |policy: &&Policy| wanted.iter().any(|wanted| wanted.name == policy.name);
        for gone in have.iter().filter(|policy| !is_listed(policy)) {
            let (fleet_id, name) = (id.to_owned(), Some(gone.name.clone()));
            self.service.call(&wire::DeleteScalingPolicyRequest { fleet_id, name }).await?;
        }
        for policy in wanted.iter().filter(|policy| !have.contains(policy)) {
            self.service.call(&put_policy(id, policy)).await?;
        }
        Ok(())
    }

    async fn timers(&self, id: &str, wanted: &[Timer], have: &[Timer]) -> Result<(), Failure> {
        let of_fleet = self.existing.timers.get(id);
        let known = |name: &str| of_fleet.and_then(|timers| timers.get(name));
        let is_listed = |timer: &&Timer| wanted.iter().any(|wanted| wanted.name == timer.name);
        for gone in have.iter().filter(|timer| !is_listed(timer)) {
            let request = wire::DeleteTimerScalingPolicyRequest {
                fleet_id: Some(id.to_owned()),
                timer_id: known(&gone.name).cloned(),
                timer_name: Some(gone.name.clone()),
            };
            self.service.call(&request).await?;
        }
        for timer in wanted.iter().cloned().map(timer::normal).filter(|timer| !have.contains(timer)) {
            self.service.call(&timer::put(id, known(&timer.name), &timer)).await?;
        }
        Ok(())
    }

    async fn alias(&self, change: &Change) -> Result<(), Failure> {
        let alias = &self.document.alias[change.at];
        let routing = self.routing(alias);
        if let Some(at) = change.exists {
            let request = wire::UpdateAliasRequest {
                alias_id: self.existing.aliases[at].id.clone(),
                description: alias.description.clone(),
                name: None,
                routing_strategy: Some(routing).filter(|_| change.touches(&["fleet", "message"])),
            };
            return self.service.call(&request).await.map(drop);
        }
        let request = wire::CreateAliasRequest {
            name: alias.name.as_ref().clone(),
            description: alias.description.clone(),
            routing_strategy: routing,
            tags: fleet::tags(alias.tags.as_ref()),
        };
        self.service.call(&request).await.map(drop)
    }

    fn routing(&self, alias: &Alias) -> wire::RoutingStrategyInput {
        let fleet_id = alias.fleet.as_ref().map(|fleet| id(&self.existing.fleets, fleet));
        let r#type = if fleet_id.is_some() { "SIMPLE" } else { "TERMINAL" };
        wire::RoutingStrategyInput { fleet_id, message: alias.message.clone(), r#type: r#type.into() }
    }

    async fn queue(&self, change: &Change) -> Result<(), Failure> {
        let queue = &self.document.queue[change.at];
        let (name, timeout_in_seconds) = (queue.name.as_ref().clone(), queue.timeout_seconds);
        let destinations = queue.destinations.as_ref().map(|all| self.destinations(all));
        let player_latency_policies = queue.latency.as_ref().map(|_| latencies(queue));
        if change.exists.is_some() {
            let request = wire::UpdateGameServerSessionQueueRequest {
                name,
                destinations,
                player_latency_policies,
                timeout_in_seconds,
            };
            return self.service.call(&request).await.map(drop);
        }
        let tags = fleet::tags(queue.tags.as_ref());
        let request = wire::CreateGameServerSessionQueueRequest {
            name,
            destinations,
            player_latency_policies,
            timeout_in_seconds,
            tags,
        };
        self.service.call(&request).await.map(drop)
    }

    fn destinations(&self, all: &[Reference]) -> Vec<wire::GameServerSessionQueueDestinationInput> {
        let arn = |known: &[Known], name: &str| {
            let found = known.iter().find(|known| known.reference == name || known.id == name);
            found.map_or_else(|| name.to_owned(), |known| known.arn.clone())
        };
        let one = |destination: &Reference| match destination.as_ref().split_once(':') {
            Some(("alias", name)) => arn(&self.existing.aliases, name),
            Some(("fleet", name)) => arn(&self.existing.fleets, name),
            Some(_) | None => destination.as_ref().clone(),
        };
        let input = |arn| wire::GameServerSessionQueueDestinationInput {
            destination_arn: Some(arn),
            ..wire::GameServerSessionQueueDestinationInput::default()
        };
        all.iter().map(|destination| input(one(destination))).collect()
    }
}

/// The id of what a reference means; an id means itself.
fn id(known: &[Known], reference: &Reference) -> String {
    let text = reference.as_ref();
    let found = known.iter().find(|known| known.reference == *text || known.id == *text);
    found.map_or_else(|| text.clone(), |known| known.id.clone())
}

fn latencies(queue: &Queue) -> Vec<wire::PlayerLatencyPolicyInput> {
    let policies = queue.latency.iter().flatten();
    let input = |policy: &super::document::Latency| wire::PlayerLatencyPolicyInput {
        maximum_individual_player_latency_milliseconds: policy.most_ms,
        policy_duration_seconds: Some(policy.seconds),
    };
    policies.map(input).collect()
}

fn ports(id: &str, wanted: &[Inbound], have: &[Inbound]) -> wire::UpdateFleetPortSettingsRequest {
    let added = wanted.iter().filter(|open| !have.contains(open));
    let removed = have.iter().filter(|open| !wanted.contains(open));
    wire::UpdateFleetPortSettingsRequest {
        fleet_id: id.to_owned(),
        inbound_permission_authorizations: Some(
            added
                .map(|open| wire::InboundPermissionAuthorization {
                    from_port: Some(open.from_port),
                    to_port: Some(open.to_port),
                    protocol: Some(open.protocol.clone()),
                    ip_range: Some(open.ip_range.clone()),
                })
                .collect(),
        ),
        inbound_permission_revocations: Some(
            removed
                .map(|open| wire::InboundPermissionRevocations {
                    from_port: Some(open.from_port),
                    to_port: Some(open.to_port),
                    protocol: Some(open.protocol.clone()),
                    ip_range: Some(open.ip_range.clone()),
                })
                .collect(),
        ),
    }
}

fn put_policy(id: &str, policy: &Policy) -> wire::PutScalingPolicyRequest {
    let target = policy.target_percent;
    wire::PutScalingPolicyRequest {
        fleet_id: id.to_owned(),
        name: Some(policy.name.clone()),
        policy_type: Some(if target.is_some() { "TargetBased" } else { "RuleBased" }.into()),
        target_configuration: target
            .map(|percent| wire::TargetConfigurationInput { target_value: Some(percent) }),
        metric_name: policy.metric.clone(),
        comparison_operator: policy.comparison.clone(),
        threshold: policy.threshold,
        evaluation_periods: policy.minutes,
        scaling_adjustment_type: policy.adjustment_type.clone(),
        scaling_adjustment: policy.adjustment,
    }
}
