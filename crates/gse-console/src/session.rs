//! Who is logged in, and the token that a form must carry.
//!
//! A visitor has a random cookie. With a login the server keeps the key pair under it; the token of forms is a keyed
//! hash of the cookie, so nothing is kept for visitors who are not logged in.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How long a login lasts, seconds.
const LIFETIME_S: i64 = 12 * 3600;
/// Logins at a time; the oldest one ends for one more.
const MOST: usize = 256;

/// A key pair of the cloud API.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) secret_id: String,
    pub(crate) secret_key: String,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("secret_id", &self.secret_id).finish_non_exhaustive()
    }
}

/// The logins. The lock is held for one look-up and never while anything is awaited; game servers never come here.
pub(crate) struct Sessions {
    secret: [u8; 32],
    logins: Mutex<BTreeMap<String, Login>>,
}

struct Login {
    key: Key,
    since: i64,
}

impl Sessions {
    pub(crate) fn new() -> Self {
        Self { secret: random(), logins: Mutex::default() }
    }

    /// A cookie nobody had before.
    pub(crate) fn new_cookie() -> String {
        hex::encode(random())
    }

    /// Keeps a key, and gives the cookie for it: a new one, so that nobody can have planted it.
    pub(crate) fn log_in(&self, key: Key, now: i64) -> String {
        let cookie = Self::new_cookie();
        let mut logins = self.logins();
        logins.retain(|_, login| now - login.since < LIFETIME_S);
        while logins.len() >= MOST {
            let oldest = logins.iter().min_by_key(|(_, login)| login.since).map(|(cookie, _)| cookie.clone());
            logins.remove(&oldest.unwrap_or_default());
        }
        logins.insert(cookie.clone(), Login { key, since: now });
        cookie
    }

    pub(crate) fn key(&self, cookie: &str, now: i64) -> Option<Key> {
        let logins = self.logins();
        let login = logins.get(cookie).filter(|login| now - login.since < LIFETIME_S)?;
        Some(login.key.clone())
    }

    pub(crate) fn log_out(&self, cookie: &str) {
        self.logins().remove(cookie);
    }

    /// What forms of this visitor carry.
    pub(crate) fn token(&self, cookie: &str) -> String {
        hex::encode(self.mac(cookie).finalize().into_bytes())
    }

    /// Whether a form is one that this visitor was given; compares in constant time.
    pub(crate) fn is_token(&self, cookie: &str, token: &str) -> bool {
        hex::decode(token).is_ok_and(|token| self.mac(cookie).verify_slice(&token).is_ok())
    }

    fn mac(&self, cookie: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key of any length is a key for HMAC");
        mac.update(cookie.as_bytes());
        mac
    }

    fn logins(&self) -> MutexGuard<'_, BTreeMap<String, Login>> {
        // A map is whole after every single operation on it.
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        Key { secret_id: format!("id{number}"), secret_key: "secret".into() }
    }

    #[test]
    fn a_login_ends_by_time_by_wish_and_by_number() {
        let sessions = Sessions::new();
        let first = sessions.log_in(key(0), 0);
        assert_eq!(sessions.key(&first, LIFETIME_S - 1).unwrap().secret_id, "id0");
        assert!(sessions.key(&first, LIFETIME_S).is_none());
        let second = sessions.log_in(key(1), 1);
        sessions.log_out(&second);
        assert!(sessions.key(&second, 2).is_none());
        for number in 0..MOST {
            sessions.log_in(key(number), 3);
        }
        assert!(sessions.key(&first, 4).is_none());
        assert_eq!(sessions.logins().len(), MOST);
    }

    #[test]
    fn a_token_is_of_one_cookie_and_one_server() {
        let (sessions, other) = (Sessions::new(), Sessions::new());
        let token = sessions.token("a");
        assert!(sessions.is_token("a", &token));
        for (sessions, cookie, token) in
            [(&sessions, "b", &*token), (&other, "a", &*token), (&sessions, "a", ""), (&sessions, "a", "zz")]
        {
            assert!(!sessions.is_token(cookie, token));
        }
    }

    #[test]
    fn the_secret_key_is_not_in_the_debug_text() {
        assert!(!format!("{:?}", key(1)).contains("secret\""));
    }
}
