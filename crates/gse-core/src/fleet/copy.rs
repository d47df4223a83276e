//! Copies of a fleet (F-26).

use crate::capacity::{Capacity, policy};
use crate::command::Command;
use crate::cx::Cx;
use crate::error::Error;
use crate::fleet::settings::protected;
use crate::fleet::{
    CcnAttachment, CcnName, CreateFleet, CreatorLimit, Disk, Fleet, InboundPermission, ProtectionPolicy,
    ServerProcess, check_quotas, find_live,
};
use crate::id::{AssetId, FleetId, Scope};
use crate::state::State;
use crate::tag::Tag;
use crate::timer;

/// Characters of a fleet's name.
const NAME_LENGTH: usize = 50;

/// Makes fleets with the settings of another; what is given replaces one of them. All are made, or none.
#[derive(Clone, Debug)]
pub struct CopyFleet {
    /// The account and region.
    pub scope: Scope,
    /// FleetId: the source.
    pub source: FleetId,
    /// CopyNumber, at least 1.
    pub count: u64,
    /// AssetId.
    pub asset: Option<AssetId>,
    /// Name; with more than one copy a number is put behind it.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// InstanceType.
    pub instance_type: Option<String>,
    /// Tags.
    pub tags: Option<Vec<Tag>>,
    /// RuntimeConfiguration.ServerProcesses.
    pub server_processes: Option<Vec<ServerProcess>>,
    /// RuntimeConfiguration.MaxConcurrentGameServerSessionActivations.
    pub max_concurrent_activations: Option<u32>,
    /// RuntimeConfiguration.GameServerSessionActivationTimeoutSeconds.
    pub activation_timeout_s: Option<u32>,
    /// InboundPermissions.
    pub inbound: Option<Vec<InboundPermission>>,
    /// NewGameServerSessionProtectionPolicy.
    pub protection: Option<ProtectionPolicy>,
    /// GameServerSessionProtectionTimeLimit.
    pub protection_time_limit_minutes: Option<i64>,
    /// ResourceCreationLimitPolicy.
    pub creator_limit: Option<CreatorLimit>,
    /// InternetMaxBandwidthOut.
    pub bandwidth_mbps: Option<u32>,
    /// SystemDiskInfo.
    pub system_disk: Option<Disk>,
    /// DataDiskInfo.
    pub data_disks: Option<Vec<Disk>>,
    /// CcnInfos; used when networks are selected, in place of those of the source.
    pub ccns: Option<Vec<CcnName>>,
    /// SelectedCcnType; `None`: the copy has no networks.
    pub with_ccns: Option<CcnAttachment>,
    /// SelectedScalingType: capacity, StoppedActions and scaling policies are copied too.
    pub with_scaling: bool,
    /// SelectedTimerType: the timers are copied too.
    pub with_timers: bool,
}

impl Command for CopyFleet {
    type Reply = Vec<Fleet>;
    const NAME: &'static str = "CopyFleet";

    fn apply(self, state: &mut State, cx: &mut Cx<'_>) -> Result<Vec<Fleet>, Error> {
        let source = find_live(state, &self.scope, &self.source)?.clone();
        let with_timers = self.with_timers;
        let (count, scaling) = (self.count, self.with_scaling.then_some(&source));
        let has_scaling = self.with_scaling;
        let attachment = self.with_ccns.unwrap_or(CcnAttachment::BeforeCreate);
        let request = self.request(&source)?;
        request.check(state)?;
        let instances = scaling.map_or(1, |source| source.max_instances());
        check_quotas(state, cx, &request.scope, count, instances)?;
        let mut copies = Vec::new();
        for number in 1..=count {
            let name = if count == 1 { request.name.clone() } else { numbered(&request.name, number) };
            let mut fleet = CreateFleet { name, ..request.clone() }.into_fleet(cx);
            fleet.ccns.iter_mut().for_each(|ccn| ccn.attachment = attachment);
            copies.push(match scaling {
                Some(source) => with_scaling(fleet, source),
                None => fleet,
            });
        }
        for fleet in &copies {
            let message = format!("fleet {} created as a copy of {}", fleet.id, source.id);
            super::insert(state, cx, fleet.clone(), message);
            if has_scaling {
                policy::copy(state, cx, &source.id, &fleet.id);
            }
            if with_timers {
                timer::copy(state, cx, &source.id, &fleet.id);
            }
        }
        Ok(copies)
    }
}

impl CopyFleet {
    /// The request that would have made the source, with what is given in its place.
    fn request(self, source: &Fleet) -> Result<CreateFleet, Error> {
        let old = (source.protection, source.protection_time_limit_minutes);
        let (protection, minutes) = protected(old, self.protection, self.protection_time_limit_minutes)?;
        let copied = || source.ccns.iter().map(|ccn| ccn.name.clone()).collect();
        let ccns = self.with_ccns.map(|_| self.ccns.unwrap_or_else(copied)).unwrap_or_default();
        let runtime = &source.runtime;
        Ok(CreateFleet {
            ccns,
            scope: self.scope,
            asset: self.asset.unwrap_or_else(|| source.asset.clone()),
            name: self.name.unwrap_or_else(|| source.name.clone()),
            description: self.description.unwrap_or_else(|| source.description.clone()),
            instance_type: self.instance_type.unwrap_or_else(|| source.instance_type.clone()),
            tags: self.tags.unwrap_or_else(|| source.tags.clone()),
            server_processes: self.server_processes.unwrap_or_else(|| runtime.server_processes.clone()),
            max_concurrent_activations: self
                .max_concurrent_activations
                .unwrap_or(runtime.max_concurrent_activations),
            activation_timeout_s: self.activation_timeout_s.or(Some(runtime.activation_timeout_s)),
            inbound: self.inbound.unwrap_or_else(|| source.inbound.clone()),
            protection: Some(protection),
            protection_time_limit_minutes: Some(minutes),
            creator_limit: self.creator_limit.or(Some(source.creator_limit)),
            bandwidth_mbps: self.bandwidth_mbps.or(Some(source.bandwidth_mbps)),
            system_disk: self.system_disk.or_else(|| Some(source.system_disk.clone())),
            data_disks: self.data_disks.or_else(|| Some(source.data_disks.clone())),
        })
    }
}

/// The copied capacity waits until the copy is ACTIVE: before that a fleet has one instance at most (F-2).
fn with_scaling(fleet: Fleet, source: &Fleet) -> Fleet {
    let capacity = source.capacity_when_active.unwrap_or(source.capacity);
    Fleet {
        auto_scaling: source.auto_scaling,
        capacity_when_active: Some(Capacity { changed: None, ..capacity }),
        ..fleet
    }
}

/// `-1`, `-2`, … behind the name, which is cut to make room for it.
fn numbered(name: &str, number: u64) -> String {
    let suffix = format!("-{number}");
    let kept: String = name.chars().take(NAME_LENGTH - suffix.len()).collect();
    kept + &suffix
}

#[cfg(test)]
mod tests;
