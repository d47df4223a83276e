//! Temporary credentials for uploads (§1.10, §2.1, GetUploadFederationToken). They are good for one bucket until a time,
//! and all of that is in the token, signed with the key of whoever asked: nothing is kept, so they outlive a restart, and
//! they end when that key is taken away.

use hmac::Mac as _;

use super::{hmac_sha256, lower_hex, tc3::Key};

#[cfg(test)]
mod tests;

/// Tells the form of this version from others.
const FORM: &str = "gse1";

/// What is granted.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The last second in which they are good, UNIX time.
    pub until: i64,
    /// Something random, so that no two are the same: digits and letters.
    pub nonce: &'a str,
}

/// A temporary key and its token.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// TmpSecretId.
    pub secret_id: String,
    /// TmpSecretKey.
    pub secret_key: String,
    /// Token, which goes into the header `x-cos-security-token`.
    pub token: String,
}

/// Without the key and the token.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("secret_id", &self.secret_id).finish_non_exhaustive()
    }
}

/// Makes credentials on behalf of whoever has the key.
pub fn issue(grant: &Grant<'_>, parent: Key<'_>) -> Credentials {
    let claims = format!("{FORM};{};{};{};{}", parent.secret_id, grant.bucket, grant.until, grant.nonce);
    let mac = mac("token", &claims, parent.secret_key);
    let token = hex::encode(format!("{claims};{mac}"));
    derive(&claims, token, parent.secret_key)
}

fn derive(claims: &str, token: String, parent_key: &str) -> Credentials {
    let secret_id = format!("AKIDt{}", &mac("id", claims, parent_key)[..32]);
    Credentials { secret_id, secret_key: mac("key", claims, parent_key), token }
}

/// A token as it came; nothing of it is known to be true before [`Token::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    claims: String,
    text: String,
    mac: [u8; 32],
    /// Whose key it was made with.
    pub parent_secret_id: String,
    /// The bucket that it is for.
    pub bucket: String,
    /// The last second in which it is good, UNIX time.
    pub until: i64,
}

impl Token {
    /// Reads the text; `None`: it is none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let decoded = String::from_utf8(hex::decode(text).ok()?).ok()?;
        let (claims, mac) = decoded.rsplit_once(';')?;
        let mut parts = claims.split(';');
        parts.next().filter(|form| *form == FORM)?;
        let (parent_secret_id, bucket) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let until = parts.next()?.parse().ok()?;
        let mac = lower_hex(mac)?;
        Some(Self { claims: claims.to_owned(), text: text.to_owned(), mac, parent_secret_id, bucket, until })
    }

    /// The credentials that it belongs to, if it was made with this key and is good at `now` (UNIX seconds).
    pub fn verify(self, parent_key: &str, now: i64) -> Option<Credentials> {
        let mac = hmac_sha256(parent_key.as_bytes(), format!("token;{}", self.claims).as_bytes());
        // Compares in constant time.
        mac.verify_slice(&self.mac).ok()?;
        (now <= self.until).then(|| derive(&self.claims, self.text, parent_key))
    }
}

fn mac(purpose: &str, claims: &str, key: &str) -> String {
    let mac = hmac_sha256(key.as_bytes(), format!("{purpose};{claims}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
