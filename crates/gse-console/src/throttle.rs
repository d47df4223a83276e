//! How often wrong keys may be tried: by address, and by SecretId. What is past that is refused without asking whether the
//! key is right, and told when to try again (R125).
//!
//! Whoever guesses from many addresses must not keep the owner of a SecretId out: a first try from an address that did
//! nothing wrong is never refused for what others did.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

/// Wrong tries from one address before the next one has to wait.
const FREE_OF_ADDRESS: u32 = 5;
/// Wrong tries of one SecretId, from wherever, before those who were wrong before have to wait.
const FREE_OF_SECRET_ID: u32 = 20;
/// The first wait, seconds; each wrong try after it doubles it.
const FIRST_S: i64 = 2;
/// The longest wait, seconds.
const LONGEST_S: i64 = 300;
/// After so long without a wrong try all is forgotten, seconds.
const FORGOTTEN_S: i64 = 900;
/// Addresses, and SecretIds, that are remembered at a time.
const MOST: usize = 1024;

/// What went wrong lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tries {
    wrong: u32,
    /// UNIX seconds of the last one.
    last: i64,
}

impl Tries {
    fn is_forgotten(self, now: i64) -> bool {
        now - self.last >= FORGOTTEN_S
    }

    /// Seconds until the next one is taken, where so many are free.
    fn wait(self, free: u32, now: i64) -> i64 {
        let Some(beyond) = self.wrong.checked_sub(free).filter(|_| !self.is_forgotten(now)) else { return 0 };
        let pause = FIRST_S.checked_shl(beyond.min(16)).unwrap_or(LONGEST_S).min(LONGEST_S);
        // A clock that was set back makes nobody wait longer.
        (self.last + pause - now).clamp(0, pause)
    }
}

/// Seconds to wait before a key is tried; 0: now.
fn judge(address: Tries, secret_id: Tries, now: i64) -> i64 {
    let of_address = address.wait(FREE_OF_ADDRESS, now);
    if address.wrong == 0 || address.is_forgotten(now) {
        return of_address;
    }
    of_address.max(secret_id.wait(FREE_OF_SECRET_ID, now))
}

/// Where somebody is: an IPv4 address, or the half of an IPv6 address that one party has.
type Place = Option<IpAddr>;

fn place(address: Option<IpAddr>) -> Place {
    Some(match address?.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    })
}

/// All that was wrong lately. The lock is held for one look-up and never while anything is awaited.
#[derive(Default)]
pub(crate) struct Throttle {
    wrong: Mutex<Wrong>,
}

#[derive(Default)]
struct Wrong {
    addresses: BTreeMap<Place, Tries>,
    /// By their hashes: nobody says how long one is.
    secret_ids: BTreeMap<[u8; 32], Tries>,
}

impl Throttle {
    /// Before a key is tried: it counts as wrong until it is told right, so that many tries at a time count too.
    ///
    /// # Errors
    /// In how many seconds it may be tried; then it does not count.
    pub(crate) fn begin(&self, address: Option<IpAddr>, secret_id: &str, now: i64) -> Result<(), i64> {
        let (place, hash) = (place(address), hash(secret_id));
        let mut wrong = self.wrong();
        let of_address = wrong.addresses.get(&place).copied().unwrap_or_default();
        let of_secret_id = wrong.secret_ids.get(&hash).copied().unwrap_or_default();
        match judge(of_address, of_secret_id, now) {
            0 => {
                count(&mut wrong.addresses, place, now);
                count(&mut wrong.secret_ids, hash, now);
                Ok(())
            }
            wait => Err(wait),
        }
    }

    /// The key that was tried is right. Earlier ones stay wrong: a guesser may have a key of his own.
    pub(crate) fn was_right(&self, address: Option<IpAddr>, secret_id: &str) {
        let mut wrong = self.wrong();
        take_back(&mut wrong.addresses, &place(address));
        take_back(&mut wrong.secret_ids, &hash(secret_id));
    }

    fn wrong(&self) -> MutexGuard<'_, Wrong> {
        // Counters are whole after every single operation on them.
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(secret_id: &str) -> [u8; 32] {
    Sha256::digest(secret_id.as_bytes()).into()
}

fn count<K: Ord + Clone>(tries: &mut BTreeMap<K, Tries>, key: K, now: i64) {
    if tries.len() >= MOST && !tries.contains_key(&key) {
        tries.retain(|_, tries| !tries.is_forgotten(now));
    }
    if tries.len() >= MOST && !tries.contains_key(&key) {
        // Who did least, longest ago.
        let least = tries.iter().min_by_key(|(_, tries)| (tries.wrong, tries.last));
        if let Some(least) = least.map(|(key, _)| key.clone()) {
            tries.remove(&least);
        }
    }
    let tries = tries.entry(key).or_default();
    if tries.is_forgotten(now) {
        tries.wrong = 0;
    }
    *tries = Tries { wrong: tries.wrong.saturating_add(1), last: now };
}

fn take_back<K: Ord>(tries: &mut BTreeMap<K, Tries>, key: &K) {
    if let Some(found) = tries.get_mut(key) {
        found.wrong = found.wrong.saturating_sub(1);
        if found.wrong == 0 {
            tries.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
