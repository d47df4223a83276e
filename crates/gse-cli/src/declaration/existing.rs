//! What exists in a service, as a document that would make it, with the ids that the document does not show.

use std::collections::BTreeMap;

use gse_api::types as wire;
use toml::Spanned;

use super::document::{
    Alias, Asset, Disk, Document, Fleet, Inbound, Latency, Policy, Process, Queue, Reference, Scaling,
};
use super::timer;
use crate::{asset::build::DIGEST_TAG, failure::Failure, service::Service};

/// Records of a page.
const PAGE: u64 = 100;

/// Something that entries refer to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Known {
    pub(super) id: String,
    /// What a document calls it: the name where that is unique, else the id.
    pub(super) reference: String,
    /// GSE resource name, which queues are made of.
    pub(super) arn: String,
    /// Of fleets: the status.
    pub(super) status: String,
}

/// What exists.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Existing {
    /// In the order of `assets`, `fleets`, `aliases`.
    pub(super) document: Document,
    pub(super) assets: Vec<Known>,
    pub(super) fleets: Vec<Known>,
    pub(super) aliases: Vec<Known>,
    /// The ids of the timers of each fleet, by name.
    pub(super) timers: BTreeMap<String, BTreeMap<String, String>>,
    /// What a file cannot say, for people.
    pub(super) not_said: Vec<String>,
}

/// Reads all of a region.
pub(super) async fn read(service: &Service) -> Result<Existing, Failure> {
    let mut existing = Existing::default();
    existing.add_assets(service.assets().await?);
    let fleets = service.fleets().await?;
    let names: Vec<String> = fleets.iter().map(|fleet| fleet.name.clone()).collect();
    for fleet in fleets {
        let is_unique = names.iter().filter(|name| **name == fleet.name).count() == 1;
        let parts = parts(service, &fleet).await?;
        existing.add_fleet(fleet, parts, is_unique);
    }
    existing.add_aliases(service.aliases(None).await?);
    existing.add_queues(service.queues().await?);
    Ok(existing)
}

/// What is described by actions of its own.
pub(super) struct Parts {
    pub(super) runtime: wire::RuntimeConfiguration,
    pub(super) inbound: Vec<wire::InboundPermission>,
    pub(super) capacity: Option<wire::FleetCapacity>,
    pub(super) policies: Vec<wire::ScalingPolicy>,
    pub(super) timers: Vec<wire::TimerScalingPolicy>,
}

async fn parts(service: &Service, fleet: &wire::FleetAttributes) -> Result<Parts, Failure> {
    let fleet_id = fleet.fleet_id.clone();
    let runtime = wire::DescribeRuntimeConfigurationRequest { fleet_id: fleet_id.clone() };
    let ports = wire::DescribeFleetPortSettingsRequest { fleet_id: fleet_id.clone() };
    let policies = wire::DescribeScalingPoliciesRequest {
        fleet_id: Some(fleet_id.clone()),
        limit: Some(PAGE),
        ..wire::DescribeScalingPoliciesRequest::default()
    };
    let timers = wire::DescribeTimerScalingPoliciesRequest {
        fleet_id: Some(fleet_id.clone()),
        limit: Some(PAGE.cast_signed()),
        ..wire::DescribeTimerScalingPoliciesRequest::default()
    };
    Ok(Parts {
        runtime: service.call(&runtime).await?.runtime_configuration.unwrap_or_default(),
        inbound: service.call(&ports).await?.inbound_permissions,
        capacity: service.capacities(vec![fleet_id]).await?.into_iter().next(),
        policies: service.call(&policies).await?.scaling_policies,
        timers: service.call(&timers).await?.timer_scaling_policies,
    })
}

fn at(text: impl Into<String>) -> Reference {
    Spanned::new(0..0, text.into())
}

fn tags(tags: &[wire::Tag], without: &str) -> Option<BTreeMap<String, String>> {
    let kept = tags.iter().filter(|tag| tag.key != without);
    let tags: BTreeMap<_, _> = kept.map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    (!tags.is_empty()).then_some(tags)
}

impl Existing {
    pub(super) fn add_assets(&mut self, assets: Vec<wire::Asset>) {
        let called = |asset: &wire::Asset| (asset.asset_name.clone(), asset.asset_version.clone());
        for asset in &assets {
            if asset.resource_type == "IMAGE" {
                self.not_said.push(format!("asset {} is a machine image", asset.asset_id));
            }
            let is_unique = assets.iter().filter(|other| called(other) == called(asset)).count() == 1;
            let digest = asset.tags.iter().find(|tag| tag.key == DIGEST_TAG).map(|tag| tag.value.clone());
            let reference = match is_unique {
                true => format!("{}:{}", asset.asset_name, asset.asset_version),
                false => asset.asset_id.clone(),
            };
            self.assets.push(Known {
                id: asset.asset_id.clone(),
                reference,
                arn: asset.asset_arn.clone(),
                status: String::new(),
            });
            self.document.asset.push(Asset {
                name: at(&asset.asset_name),
                version: asset.asset_version.clone(),
                id: (!is_unique).then(|| asset.asset_id.clone()),
                dir: None,
                digest,
            });
        }
    }

    pub(super) fn add_fleet(&mut self, fleet: wire::FleetAttributes, parts: Parts, is_unique: bool) {
        let id = fleet.fleet_id.clone();
        if !fleet.related_ccn_infos.is_empty() {
            self.not_said.push(format!("networks (CCN) of fleet {id}"));
        }
        let reference = if is_unique { fleet.name.clone() } else { id.clone() };
        self.fleets.push(Known {
            id: id.clone(),
            reference,
            arn: fleet.fleet_arn.clone(),
            status: fleet.status.clone(),
        });
        let timers = parts.timers.iter().map(|timer| (timer.timer_name.clone(), timer.timer_id.clone()));
        self.timers.insert(id.clone(), timers.collect());
        let asset = self.assets.iter().find(|asset| asset.id == fleet.asset_id);
        let asset = asset.map_or(fleet.asset_id.clone(), |asset| asset.reference.clone());
        self.document.fleet.push(as_entry(fleet, parts, asset, (!is_unique).then_some(id)));
    }

    pub(super) fn add_aliases(&mut self, aliases: Vec<wire::Alias>) {
        for alias in &aliases {
            let is_unique = aliases.iter().filter(|other| other.name == alias.name).count() == 1;
            self.aliases.push(Known {
                id: alias.alias_id.clone(),
                reference: if is_unique { alias.name.clone() } else { alias.alias_id.clone() },
                arn: alias.alias_arn.clone(),
                status: String::new(),
            });
            let routing = &alias.routing_strategy;
            let is_simple = routing.r#type == "SIMPLE";
            let fleet = self.fleets.iter().find(|fleet| fleet.id == routing.fleet_id);
            let fleet = fleet.map_or(routing.fleet_id.clone(), |fleet| fleet.reference.clone());
            self.document.alias.push(Alias {
                name: at(&alias.name),
                id: (!is_unique).then(|| alias.alias_id.clone()),
                description: Some(alias.description.clone()).filter(|text| !text.is_empty()),
                fleet: is_simple.then(|| at(fleet)),
                message: (!is_simple).then(|| routing.message.clone()),
                tags: tags(&alias.tags, ""),
            });
        }
    }

    pub(super) fn add_queues(&mut self, queues: Vec<wire::GameServerSessionQueue>) {
        for queue in queues {
            let arns = queue.destinations.iter().map(|destination| destination.destination_arn.as_str());
            let destinations = arns.map(|arn| at(self.destination(arn))).collect();
            let latency = queue.player_latency_policies.iter().map(|policy| Latency {
                most_ms: policy.maximum_individual_player_latency_milliseconds,
                seconds: policy.policy_duration_seconds,
            });
            self.document.queue.push(Queue {
                name: at(queue.name),
                timeout_seconds: Some(queue.timeout_in_seconds),
                destinations: Some(destinations),
                tags: tags(&queue.tags, ""),
                latency: Some(latency.collect()),
            });
        }
    }

    /// What a document calls a destination: `alias:NAME`, `fleet:NAME`, or its resource name where neither is known.
    pub(super) fn destination(&self, arn: &str) -> String {
        let of =
            |all: &[Known]| all.iter().find(|known| known.arn == arn).map(|known| known.reference.clone());
        match (of(&self.aliases), of(&self.fleets)) {
            (Some(alias), _) => format!("alias:{alias}"),
            (None, Some(fleet)) => format!("fleet:{fleet}"),
            (None, None) => arn.to_owned(),
        }
    }
}

fn as_entry(fleet: wire::FleetAttributes, parts: Parts, asset: String, id: Option<String>) -> Fleet {
    let Parts { runtime, inbound, capacity, mut policies, mut timers } = parts;
    timers.sort_by(|a, b| a.timer_name.cmp(&b.timer_name));
    policies.sort_by(|a, b| a.name.cmp(&b.name));
    let mut inbound: Vec<Inbound> = inbound.into_iter().map(as_inbound).collect();
    inbound.sort();
    let is_automatic = !fleet.stopped_actions.iter().any(|action| action == "AUTO_SCALING");
    let disk = |disk: &wire::DiskInfo| Disk { r#type: disk.disk_type.clone(), gigabytes: disk.disk_size };
    let limit = fleet.resource_creation_limit_policy.as_ref();
    let has_policies = is_automatic && !policies.is_empty();
    Fleet {
        name: at(&fleet.name),
        id,
        asset: at(asset),
        description: Some(fleet.description.clone()).filter(|text| !text.is_empty()),
        instance_type: Some(fleet.instance_type.clone()),
        protection: Some(fleet.new_game_server_session_protection_policy.clone()),
        protection_time_limit_minutes: Some(fleet.game_server_session_protection_time_limit)
            .filter(|minutes| *minutes > 0),
        max_concurrent_activations: Some(runtime.max_concurrent_game_server_session_activations),
        activation_timeout_seconds: Some(runtime.game_server_session_activation_timeout_seconds),
        sessions_per_creator: limit.map(|limit| limit.new_game_server_sessions_per_creator),
        creator_period_minutes: limit.map(|limit| limit.policy_period_in_minutes),
        bandwidth_mbps: u64::try_from(fleet.internet_max_bandwidth_out).ok(),
        system_disk: fleet.system_disk_info.as_ref().map(disk),
        data_disks: Some(fleet.data_disk_info.iter().map(disk).collect::<Vec<_>>())
            .filter(|disks| !disks.is_empty()),
        tags: tags(&fleet.tags, ""),
        scaling: capacity.and_then(|capacity| {
            let counts = capacity.instance_counts?;
            Some(Scaling {
                min: Some(counts.mini_num),
                max: Some(counts.maxi_num),
                desired: (!has_policies).then_some(counts.desired),
                interval_minutes: Some(capacity.scaling_interval),
                automatic: Some(is_automatic),
            })
        }),
        process: runtime.server_processes.into_iter().map(as_process).collect(),
        inbound: Some(inbound),
        policy: Some(policies.into_iter().map(as_policy).collect::<Vec<_>>())
            .filter(|policies| !policies.is_empty()),
        timer: Some(timers.into_iter().map(timer::entry).collect::<Vec<_>>())
            .filter(|timers| !timers.is_empty()),
    }
}

fn as_process(entry: wire::ServerProcesse) -> Process {
    let wire::ServerProcesse { launch_path, parameters, concurrent_executions } = entry;
    Process { launch_path, parameters, concurrent_executions }
}

fn as_inbound(open: wire::InboundPermission) -> Inbound {
    let wire::InboundPermission { from_port, ip_range, protocol, to_port } = open;
    Inbound { protocol, from_port, to_port, ip_range }
}

/// Policies come as text; what they do not have is empty.
fn as_policy(policy: wire::ScalingPolicy) -> Policy {
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let is_target = policy.policy_type == "TargetBased";
    let rule = |text: String| given(text).filter(|_| !is_target);
    Policy {
        name: policy.name,
        target_percent: policy.target_configuration.filter(|_| is_target).map(|target| target.target_value),
        metric: rule(policy.metric_name),
        comparison: rule(policy.comparison_operator),
        threshold: rule(policy.threshold).and_then(|text| text.parse().ok()),
        minutes: rule(policy.evaluation_periods).and_then(|text| text.parse().ok()),
        adjustment_type: rule(policy.scaling_adjustment_type),
        adjustment: rule(policy.scaling_adjustment).and_then(|text| text.parse().ok()),
    }
}
