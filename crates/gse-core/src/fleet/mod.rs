//! Fleets: creating, deleting, finding (operations.md 2.1, 2.5). Their way to ACTIVE is in `lifecycle.rs`.

use serde::{Deserialize, Serialize};

use crate::asset::{self, AssetStatus};
use crate::capacity::{self, Capacity};
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::event::{self, EventCode};
use crate::id::{AssetId, FleetId, IdKind, Scope};
use crate::instance_type::{self, CATALOGUE};
use crate::page::OffsetPage;
use crate::planted::planted;
use crate::state::State;
use crate::tag::{Filter, Tag};
use crate::time::Timestamp;
use crate::words::words;

pub mod ccn;
pub mod copy;
pub mod lifecycle;
pub mod runtime_configuration;
pub mod settings;
pub mod utilization;

pub use ccn::{Ccn, CcnAttachment, CcnName};
pub use runtime_configuration::{RuntimeConfiguration, ServerProcess};

words! {
    /// The states of operations.md 2.2.
    pub enum FleetStatus {
        /// The record exists, the first instance is requested.
        New = "NEW",
        /// The package is copied and unpacked.
        Downloading = "DOWNLOADING",
        /// Launch paths are checked, a trial start is made.
        Validating = "VALIDATING",
        /// Instance set-up is finished.
        Building = "BUILDING",
        /// Processes are being started.
        Activating = "ACTIVATING",
        /// At least one process has reported ready.
        Active = "ACTIVE",
        /// Creation failed, or the fleet broke.
        Error = "ERROR",
        /// A delete request is being carried out.
        Deleting = "DELETING",
        /// Gone; kept for history.
        Terminated = "TERMINATED",
    }
}

words! {
    /// What happens to a running session when its process is to go (server-sdk.md 3.4).
    pub enum ProtectionPolicy {
        /// Ended within five minutes.
        NoProtection = "NoProtection",
        /// Ended after the fleet's time limit.
        TimeLimitProtection = "TimeLimitProtection",
        /// Never ended while a session runs.
        FullProtection = "FullProtection",
    }
}

words! {
    /// A transport protocol of an inbound rule.
    pub enum Protocol {
        /// TCP.
        Tcp = "TCP",
        /// UDP.
        Udp = "UDP",
    }
}

/// One inbound rule. Recorded; the host decides whether it can enforce it (operations.md 0.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundPermission {
    /// 1025 or more.
    pub from_port: u16,
    /// 60000 or less.
    pub to_port: u16,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// IPv4 CIDR, kept as it was sent (C15).
    pub ip_range: String,
}

impl std::fmt::Display for InboundPermission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { from_port, to_port, protocol, ip_range } = self;
        write!(f, "{} {from_port}-{to_port} from {ip_range}", protocol.as_str())
    }
}

/// Inbound rules of one fleet.
const MAX_INBOUND: usize = 50;

/// How many sessions one creator may make (G-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatorLimit {
    /// Sessions in the period; 0: no limit (C22).
    pub sessions: u32,
    /// The sliding period.
    pub period_minutes: u32,
}

impl CreatorLimit {
    /// C22: a period of 0 becomes the usual one.
    fn with_period(mut self) -> Self {
        if self.period_minutes == 0 {
            self.period_minutes = DEFAULT_CREATOR_LIMIT.period_minutes;
        }
        self
    }
}

/// A disk of an instance; recorded only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// `CLOUD_PREMIUM` or `CLOUD_SSD`.
    pub disk_type: String,
    /// Size in GB.
    pub size_gb: u32,
}

/// A fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    /// Its id.
    pub id: FleetId,
    /// The account and region.
    pub scope: Scope,
    /// The package that it runs.
    pub asset: AssetId,
    /// 1–50 characters, not unique.
    pub name: String,
    /// 0–100 characters.
    pub description: String,
    /// From the catalogue; a name only.
    pub instance_type: String,
    /// At most 50.
    pub tags: Vec<Tag>,
    /// Which processes an instance runs.
    pub runtime: RuntimeConfiguration,
    /// In the order of insertion.
    pub inbound: Vec<InboundPermission>,
    /// Copied into each new session (F-21).
    pub protection: ProtectionPolicy,
    /// 5–1440 under TimeLimitProtection, else 0 (C-18).
    pub protection_time_limit_minutes: u32,
    /// The creator limit.
    pub creator_limit: CreatorLimit,
    /// 1–200; recorded only.
    pub bandwidth_mbps: u32,
    /// Recorded only.
    pub system_disk: Disk,
    /// Recorded only.
    pub data_disks: Vec<Disk>,
    /// The networks it is attached to, oldest first.
    #[serde(default)]
    pub ccns: Vec<Ccn>,
    /// Off after StopFleetActions (F-4).
    pub auto_scaling: bool,
    /// How many instances there should be.
    pub capacity: Capacity,
    /// What `capacity` becomes when the fleet is ACTIVE for the first time (F-26); nothing but a copy has it.
    #[serde(default)]
    pub capacity_when_active: Option<Capacity>,
    /// Where it stands.
    pub status: FleetStatus,
    /// Whether it has ever been ACTIVE (F-2, S-4).
    pub was_active: bool,
    /// Trial processes that ended before they were ready.
    pub trial_failures: u32,
    /// When it was made.
    pub created: Timestamp,
    /// When it became TERMINATED.
    pub terminated: Option<Timestamp>,
    /// When the present state has lasted too long, or is to be looked at.
    pub deadline: Option<Timestamp>,
}

impl Fleet {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    /// What it takes of the instance quota (S-3).
    pub(crate) fn max_instances(&self) -> u32 {
        self.capacity_when_active.map_or(0, |capacity| capacity.max).max(self.capacity.max)
    }

    /// `qcs::gse:<region>:uin/<uin>:fleet/<id>`.
    pub fn resource_name(&self) -> String {
        self.scope.resource_name("fleet", self.id.as_str())
    }
}

/// A fleet of this account and region that is not TERMINATED.
pub fn find_live<'a>(state: &'a State, scope: &Scope, id: &FleetId) -> Result<&'a Fleet, Error> {
    let fleet = find(state, scope, id)?;
    if fleet.status == FleetStatus::Terminated { Err(Error::FleetNotFound(id.clone())) } else { Ok(fleet) }
}

/// A fleet of this account and region in any state, for history.
pub fn find<'a>(state: &'a State, scope: &Scope, id: &FleetId) -> Result<&'a Fleet, Error> {
    let fleet = state.fleets.get(id).filter(|fleet| fleet.scope == *scope);
    fleet.ok_or_else(|| Error::FleetNotFound(id.clone()))
}

/// A fleet whose settings may be changed: one that is neither TERMINATED nor DELETING.
fn find_changeable<'a>(state: &'a State, scope: &Scope, id: &FleetId) -> Result<&'a Fleet, Error> {
    let fleet = find_live(state, scope, id)?;
    if fleet.status == FleetStatus::Deleting {
        let (status, reason) = (fleet.status, String::new());
        return Err(Error::FleetNotActive { fleet: id.clone(), status, reason });
    }
    Ok(fleet)
}

/// Makes a fleet and requests its first instance.
#[derive(Clone, Debug)]
pub struct CreateFleet {
    /// The account and region.
    pub scope: Scope,
    /// AssetId.
    pub asset: AssetId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// InstanceType.
    pub instance_type: String,
    /// Tags.
    pub tags: Vec<Tag>,
    /// RuntimeConfiguration.ServerProcesses.
    pub server_processes: Vec<ServerProcess>,
    /// RuntimeConfiguration.MaxConcurrentGameServerSessionActivations; 0: unlimited.
    pub max_concurrent_activations: u32,
    /// RuntimeConfiguration.GameServerSessionActivationTimeoutSeconds; 600 when absent.
    pub activation_timeout_s: Option<u32>,
    /// InboundPermissions.
    pub inbound: Vec<InboundPermission>,
    /// NewGameServerSessionProtectionPolicy; NoProtection when absent.
    pub protection: Option<ProtectionPolicy>,
    /// GameServerSessionProtectionTimeLimit; 60 when absent, and used under TimeLimitProtection only.
    pub protection_time_limit_minutes: Option<u32>,
    /// ResourceCreationLimitPolicy; {2, 3} when absent.
    pub creator_limit: Option<CreatorLimit>,
    /// InternetMaxBandwidthOut; 100 when absent.
    pub bandwidth_mbps: Option<u32>,
    /// SystemDiskInfo; {CLOUD_PREMIUM, 50} when absent.
    pub system_disk: Option<Disk>,
    /// DataDiskInfo; one {CLOUD_PREMIUM, 50} when absent, none when given empty.
    pub data_disks: Option<Vec<Disk>>,
    /// CcnInfos.
    pub ccns: Vec<CcnName>,
}

const DEFAULT_ACTIVATION_TIMEOUT_S: u32 = 600;
const DEFAULT_PROTECTION_MINUTES: u32 = 60;
const DEFAULT_CREATOR_LIMIT: CreatorLimit = CreatorLimit { sessions: 2, period_minutes: 3 };
const DEFAULT_BANDWIDTH_MBPS: u32 = 100;

fn default_disk() -> Disk {
    Disk { disk_type: "CLOUD_PREMIUM".into(), size_gb: 50 }
}

impl Command for CreateFleet {
    type Reply = Fleet;
    const NAME: &'static str = "CreateFleet";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Fleet, Error> {
        self.check(state)?;
        check_quotas(state, cx, &self.scope, 1, Capacity::NEW_FLEET.max)?;
        let fleet = self.into_fleet(cx);
        let message = format!("fleet {} created", fleet.id);
        insert(state, cx, fleet.clone(), message);
        Ok(fleet)
    }
}

impl CreateFleet {
    fn check(&self, state: &State) -> Result<(), Error> {
        let asset = asset::find(state, &self.scope, &self.asset)?;
        if asset.scope.region != self.scope.region {
            return Err(Error::AssetNotFound(self.asset.clone()));
        }
        //
        if let AssetStatus::Failed(reason) = &asset.status {
            return Err(Error::AssetNotReady { asset: asset.id.clone(), reason: reason.clone() });
        }
        // A-18, R63
        if asset.image.is_some() {
            return Err(Error::ImageNotShared { asset: asset.id.clone(), image: asset.image_id.clone() });
        }
        if instance_type::find(&self.instance_type).is_none() {
            let expected = format!("one of {}", CATALOGUE.map(|known| known.name).join(", "));
            return Err(Error::Invalid {
                member: "InstanceType",
                value: self.instance_type.clone(),
                expected,
            });
        }
        if self.inbound.len() > MAX_INBOUND {
            return Err(Error::Quota { what: "inbound permissions of a fleet", limit: MAX_INBOUND });
        }
        ccn::check_all(&self.name, &self.ccns)
    }

    fn into_fleet(self, cx: &mut Cx<'_>) -> Fleet {
        let protection = self.protection.unwrap_or(ProtectionPolicy::NoProtection);
        let protection_time_limit_minutes = match protection {
            ProtectionPolicy::TimeLimitProtection => {
                self.protection_time_limit_minutes.unwrap_or(DEFAULT_PROTECTION_MINUTES)
            }
            ProtectionPolicy::NoProtection | ProtectionPolicy::FullProtection => 0,
        };
        let (attachment, attached) = (CcnAttachment::BeforeCreate, cx.now);
        let before = |name| Ccn { name, attachment, attached };
        Fleet {
            id: FleetId::new(format!("fleet-{}", cx.suffix(IdKind::Fleet))),
            scope: self.scope,
            asset: self.asset,
            name: self.name,
            description: self.description,
            instance_type: self.instance_type,
            tags: self.tags,
            runtime: RuntimeConfiguration {
                version: 1,
                server_processes: self.server_processes,
                max_concurrent_activations: self.max_concurrent_activations,
                activation_timeout_s: self.activation_timeout_s.unwrap_or(DEFAULT_ACTIVATION_TIMEOUT_S),
            },
            inbound: self.inbound,
            protection,
            protection_time_limit_minutes,
            creator_limit: self.creator_limit.unwrap_or(DEFAULT_CREATOR_LIMIT).with_period(),
            bandwidth_mbps: self.bandwidth_mbps.unwrap_or(DEFAULT_BANDWIDTH_MBPS),
            system_disk: self.system_disk.unwrap_or_else(default_disk),
            data_disks: self.data_disks.unwrap_or_else(|| vec![default_disk()]),
            ccns: self.ccns.into_iter().map(before).collect(),
            auto_scaling: true,
            capacity: Capacity::NEW_FLEET,
            capacity_when_active: None,
            status: FleetStatus::New,
            was_active: false,
            trial_failures: 0,
            created: cx.now,
            terminated: None,
            deadline: Some(cx.now.plus(cx.clocks.fleet_deploy)),
        }
    }
}

/// Whether so many more fleets may be made, each of which may have so many instances.
fn check_quotas(
    state: &State,
    cx: &Cx<'_>,
    scope: &Scope,
    count: u64,
    instances_each: u32,
) -> Result<(), Error> {
    let alive = || {
        state.fleets.values().filter(|other| other.scope == *scope && other.status != FleetStatus::Terminated)
    };
    // F-5
    if count.saturating_add(alive().count() as u64) > cx.quotas.fleets as u64 {
        return Err(Error::FleetQuota { limit: cx.quotas.fleets });
    }
    // S-3
    let more = u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(instances_each);
    let wanted = alive().map(Fleet::max_instances).fold(more, u32::saturating_add);
    if wanted > cx.quotas.instances {
        return Err(Error::InstanceQuota { limit: cx.quotas.instances, wanted });
    }
    Ok(())
}

/// Puts a new fleet in and requests its first instance.
fn insert(state: &mut State, cx: &mut Cx<'_>, fleet: Fleet, message: String) {
    let id = fleet.id.clone();
    state.fleets.insert(id.clone(), fleet);
    event::write(state, cx, &id, EventCode::FleetCreated, message);
    capacity::reconcile(state, cx, &id);
}

/// Deletes an empty fleet (F-28).
#[derive(Clone, Debug)]
pub struct DeleteFleet {
    /// The account and region.
    pub scope: Scope,
    /// FleetId.
    pub fleet: FleetId,
}

impl Command for DeleteFleet {
    type Reply = ();
    const NAME: &'static str = "DeleteFleet";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<(), Error> {
        let fleet = find_live(state, &self.scope, &self.fleet)?;
        match fleet.status {
            // Repeating the call succeeds.
            FleetStatus::Deleting => return Ok(()),
            FleetStatus::New
            | FleetStatus::Downloading
            | FleetStatus::Validating
            | FleetStatus::Building
            | FleetStatus::Activating => {
                return Err(Error::FleetBeingCreated { fleet: fleet.id.clone(), status: fleet.status });
            }
            FleetStatus::Active | FleetStatus::Error => {}
            FleetStatus::Terminated => return Err(Error::FleetNotFound(self.fleet)),
        }
        // F-28.1
        if let Some(related) = related_resources(state, fleet).into_iter().next() {
            let by = format!("{} `{}`", related.kind.to_lowercase(), related.id);
            return Err(Error::FleetReferenced { fleet: self.fleet, by });
        }
        // F-28.2; F-28.4: in ERROR it may always be deleted.
        let count = state.instances_of(&self.fleet).count();
        if count > 0 && fleet.status == FleetStatus::Active && !planted!(FleetDeletedWithInstances) {
            return Err(Error::FleetHasInstances { fleet: self.fleet, count });
        }
        lifecycle::begin_deletion(state, cx, &self.fleet);
        Ok(())
    }
}

/// Something that points at a fleet (F-27).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelatedResource {
    /// `ALIAS` or `QUEUE`.
    pub kind: &'static str,
    /// The alias id or the queue name.
    pub id: String,
    /// Where it is.
    pub region: String,
}

/// The aliases and queues of any region that point at a fleet (F-27).
pub fn related_resources(state: &State, fleet: &Fleet) -> Vec<RelatedResource> {
    let aliases: Vec<_> = state.aliases.values().filter(|alias| alias.routes_to(fleet)).collect();
    let queues = state.queues.values().filter(|queue| {
        queue.scope.uin == fleet.scope.uin
            && queue.destinations.iter().any(|name| {
                *name == fleet.resource_name() || aliases.iter().any(|alias| *name == alias.resource_name())
            })
    });
    let mut related: Vec<_> = aliases
        .iter()
        .map(|alias| RelatedResource {
            kind: "ALIAS",
            id: alias.id.to_string(),
            region: alias.scope.region.to_string(),
        })
        .collect();
    related.extend(queues.map(|queue| RelatedResource {
        kind: "QUEUE",
        id: queue.name.to_string(),
        region: queue.scope.region.to_string(),
    }));
    related
}

/// What ListFleets asks for.
#[derive(Clone, Debug)]
pub struct FleetQuery {
    /// Who asks.
    pub scope: Scope,
    /// AssetId.
    pub asset: Option<AssetId>,
    /// Filters; all must match.
    pub filters: Vec<Filter>,
}

/// The fleets that are not TERMINATED and match, newest first.
pub fn list<'a>(state: &'a State, query: &FleetQuery) -> Vec<&'a Fleet> {
    let matches = |fleet: &&Fleet| {
        fleet.scope == query.scope
            && fleet.status != FleetStatus::Terminated
            && query.asset.as_ref().is_none_or(|asset| fleet.asset == *asset)
            && query.filters.iter().all(|filter| filter.matches(&fleet.name, fleet.id.as_str(), &fleet.tags))
    };
    let mut fleets: Vec<&Fleet> = state.fleets.values().filter(matches).collect();
    newest_first(&mut fleets);
    fleets
}

fn newest_first(fleets: &mut [&Fleet]) {
    fleets.sort_by(|a, b| b.created.cmp(&a.created).then(a.id.cmp(&b.id)));
}

/// Fleets, newest first: those named, or all. Unknown ids are left out.
pub fn describe<'a>(
    state: &'a State,
    scope: &Scope,
    ids: &[FleetId],
    offset: usize,
    limit: usize,
) -> OffsetPage<&'a Fleet> {
    let mut fleets: Vec<&Fleet> = state
        .fleets
        .values()
        .filter(|fleet| fleet.scope == *scope && (ids.is_empty() || ids.contains(&fleet.id)))
        .collect();
    newest_first(&mut fleets);
    OffsetPage::cut(fleets.into_iter(), offset, limit)
}

#[cfg(test)]
mod tests;
