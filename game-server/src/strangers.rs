//! Connections that are not in yet: how many there are, in all and from one address.
//!
//! Players who are in do not count, so a crowd that never says who it is cannot fill the house. No address may have more
//! places than are left for all others: each further address of a crowd gets half of what the one before it got, and
//! somebody who comes alone finds a place. A count is the number of references to a value that has no content.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// How many strangers are too many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// In all.
    pub(crate) all: usize,
    /// From one address.
    pub(crate) per_address: usize,
    /// From so many on, a new address must first show that it receives what is sent to it.
    pub(crate) without_retry: usize,
}

/// The largest session may join at once from behind one router.
pub(crate) const LIMITS: Limits = Limits { all: 512, per_address: 200, without_retry: 32 };

/// Who is at the door.
#[derive(Debug)]
pub(crate) struct Strangers {
    limits: Limits,
    all: Arc<()>,
    by_address: BTreeMap<IpAddr, Arc<()>>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Stranger {
    _all: Arc<()>,
    _of_address: Arc<()>,
}

impl Strangers {
    /// Nobody yet.
    pub(crate) fn new(limits: Limits) -> Strangers {
        Strangers { limits, all: Arc::default(), by_address: BTreeMap::new() }
    }

    /// Whether new addresses are asked to show that they receive what is sent to them.
    pub(crate) fn ask_for_retry(&self) -> bool {
        Arc::strong_count(&self.all) > self.limits.without_retry
    }

    /// One more from this address; `None`: there are too many already.
    pub(crate) fn come(&mut self, address: IpAddr) -> Option<Stranger> {
        let count = |counted: &Arc<()>| Arc::strong_count(counted) - 1;
        // There are never more addresses than strangers, and this looks at new connections only.
        self.by_address.retain(|_, counted| count(counted) > 0);
        let of_address = self.by_address.entry(network(address)).or_default();
        let left = self.limits.all.saturating_sub(count(&self.all));
        if count(of_address) >= self.limits.per_address.min(left) {
            return None;
        }
        Some(Stranger { _all: self.all.clone(), _of_address: of_address.clone() })
    }
}

/// Who has an IPv6 address mostly has all those with the same first 56 bits: that is what a home is given.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 72 << 72).into()),
    }
}

#[cfg(test)]
mod tests;
