//! The limits of operations.md 12.1, per account and region. All are configuration.

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
