//! The limits of operations.md 12.1, per account and region, and how much of them is used. All are configuration.

use crate::fleet::FleetStatus;
use crate::id::Scope;
use crate::state::State;

/// How much of each thing an account may have in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Aliases.
    pub aliases: usize,
    /// Fleets that are not TERMINATED.
    pub fleets: usize,
    /// Queues.
    pub queues: usize,
    /// Asset packages.
    pub assets: usize,
    /// Sum of the sizes of all packages, bytes.
    pub asset_bytes: u64,
    /// Sum of MaxSize over the fleets (S-3).
    pub instances: u32,
    /// Player sessions of one game server session at a time.
    pub players_per_session: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            aliases: 20,
            fleets: 20,
            queues: 20,
            assets: 1000,
            asset_bytes: 100 << 30,
            instances: 20,
            players_per_session: 200,
        }
    }
}

impl Quotas {
    /// The names that [`Quotas::set`] knows.
    pub const NAMES: [&'static str; 7] =
        ["aliases", "fleets", "queues", "assets", "asset_bytes", "instances", "players_per_session"];

    /// Instances of a region that even an account without quotas may have: each is a row that one step makes, so a
    /// mistyped number must not fill the memory.
    pub const MOST_INSTANCES: u32 = 100_000;

    /// Nothing is limited, but the number of instances by what a service can hold.
    pub fn none() -> Self {
        const COUNT: usize = u32::MAX as usize;
        Self {
            aliases: COUNT,
            fleets: COUNT,
            queues: COUNT,
            assets: COUNT,
            asset_bytes: u64::MAX,
            instances: Self::MOST_INSTANCES,
            players_per_session: u32::MAX,
        }
    }

    /// Sets one quota by its name; `None` when there is no such quota, `Some(Err)` with the most that is allowed.
    pub fn set(&mut self, name: &str, value: u64) -> Option<Result<(), u64>> {
        let most = match name {
            "aliases" | "fleets" | "queues" | "assets" | "players_per_session" => u32::MAX.into(),
            "instances" => Self::MOST_INSTANCES.into(),
            "asset_bytes" => u64::MAX,
            _ => return None,
        };
        if value > most {
            return Some(Err(most));
        }
        let small = u32::try_from(value).unwrap_or(u32::MAX);
        match name {
            "aliases" => self.aliases = small as usize,
            "fleets" => self.fleets = small as usize,
            "queues" => self.queues = small as usize,
            "assets" => self.assets = small as usize,
            "instances" => self.instances = small,
            "players_per_session" => self.players_per_session = small,
            _ => self.asset_bytes = value,
        }
        Some(Ok(()))
    }
}

/// What DescribeUserQuotas tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaResource {
    /// Asset packages, and the bytes of them.
    Asset,
    /// Fleets that are not TERMINATED.
    Fleet,
    /// Aliases.
    Alias,
    /// Queues.
    Queue,
    /// The sum of MaxSize over the fleets (S-3).
    Instance,
}

impl QuotaResource {
    /// All, in the order of their numbers on the wire.
    pub const ALL: [Self; 5] = [Self::Asset, Self::Fleet, Self::Alias, Self::Queue, Self::Instance];
}

/// A quota and what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The quota.
    pub limit: u64,
    /// What is not used; 0 as well when more is used than a quota that was lowered allows.
    pub remaining: u64,
}

impl Allowance {
    fn new(limit: u64, used: u64) -> Self {
        Self { limit, remaining: limit.saturating_sub(used) }
    }
}

/// How much of a resource an account may still have in a region: what the next creation is held to.
pub fn allowance(state: &State, scope: &Scope, quotas: &Quotas, resource: QuotaResource) -> Allowance {
    let fleets =
        || state.fleets.values().filter(|row| row.scope == *scope && row.status != FleetStatus::Terminated);
    let (limit, used) = match resource {
        QuotaResource::Asset => {
            (quotas.assets, state.assets.values().filter(|row| row.scope == *scope).count())
        }
        QuotaResource::Fleet => (quotas.fleets, fleets().count()),
        QuotaResource::Alias => {
            (quotas.aliases, state.aliases.values().filter(|row| row.scope == *scope).count())
        }
        QuotaResource::Queue => {
            (quotas.queues, state.queues.values().filter(|row| row.scope == *scope).count())
        }
        QuotaResource::Instance => {
            let used = fleets().map(|fleet| u64::from(fleet.max_instances())).sum();
            return Allowance::new(quotas.instances.into(), used);
        }
    };
    Allowance::new(limit as u64, used as u64)
}

/// The bytes that the assets of an account may still have in a region.
pub fn asset_bytes(state: &State, scope: &Scope, quotas: &Quotas) -> Allowance {
    let assets = state.assets.values().filter(|row| row.scope == *scope);
    Allowance::new(quotas.asset_bytes, assets.map(|asset| asset.size_bytes).sum())
}

#[cfg(test)]
mod tests;
