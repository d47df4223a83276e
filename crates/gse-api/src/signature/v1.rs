//! HmacSHA1 and HmacSHA256, the older signature of API calls (§1.7), for both sides. It is over the decoded
//! parameters, so what was encoded differently on the way still fits.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::Mac as _;

use super::{check_clock, hmac_sha1, hmac_sha256, host_candidates, mismatch, path_candidates};
use crate::{ApiError, admission::Received};

#[cfg(test)]
mod tests;

/// The parameter that holds the signature, and so is not signed.
pub const SIGNATURE: &str = "Signature";

/// A name and a value, both decoded.
pub type Parameter = (String, String);

/// `SignatureMethod`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// `HmacSHA1`, which a request without a `SignatureMethod` uses.
    #[default]
    HmacSha1,
    /// `HmacSHA256`
    HmacSha256,
}

impl Algorithm {
    /// Reads the parameter `SignatureMethod`; letter case counts.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "HmacSHA1" => Some(Self::HmacSha1),
            "HmacSHA256" => Some(Self::HmacSha256),
            _ => None,
        }
    }
}

/// What a client signs.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// `POST` or `GET`.
    pub method: &'a str,
    /// The host as the client was given it, with its port.
    pub host: &'a str,
    /// `/`, whatever the endpoint's path is.
    pub path: &'a str,
    /// All parameters, the common ones too; `Signature` is passed over.
    pub parameters: &'a [Parameter],
}

/// The value of the parameter `Signature`, before it is percent-encoded.
pub fn sign(call: &Call<'_>, secret_key: &str, algorithm: Algorithm) -> String {
    let text = text(call, &joined(call.parameters, str::to_owned));
    match algorithm {
        Algorithm::HmacSha1 => {
            STANDARD.encode(hmac_sha1(secret_key.as_bytes(), &text).finalize().into_bytes())
        }
        Algorithm::HmacSha256 => {
            STANDARD.encode(hmac_sha256(secret_key.as_bytes(), &text).finalize().into_bytes())
        }
    }
}

/// A signature as it was received.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// How it was made.
    pub algorithm: Algorithm,
    /// All parameters of the request.
    pub parameters: &'a [Parameter],
    /// The value of `Signature`, decoded.
    pub signature: &'a str,
    /// The value of `Timestamp`, UNIX seconds.
    pub timestamp: i64,
}

impl Signed<'_> {
    /// Compares the signature with what the request should have, at `now` (UNIX seconds).
    /// `public_hosts` are names of this service that a proxy may hide.
    ///
    /// # Errors
    /// `AuthFailure.SignatureExpire` or `AuthFailure.SignatureFailure`.
    pub fn verify(
        &self,
        received: &Received<'_>,
        secret_key: &str,
        now: i64,
        public_hosts: &[String],
    ) -> Result<(), ApiError> {
        check_clock(self.timestamp, now)?;
        let signature = STANDARD.decode(self.signature).map_err(|_| mismatch())?;
        let mut joined_forms = vec![joined(self.parameters, str::to_owned)];
        // The Python SDK signs names like that.
        if self.parameters.iter().any(|(name, _)| name.contains('_')) {
            joined_forms.push(joined(self.parameters, |name| name.replace('_', ".")));
        }
        for host in host_candidates(received.header("host").unwrap_or_default(), public_hosts) {
            for path in path_candidates(received.path) {
                let call = Call { method: received.method, host, path, parameters: self.parameters };
                if joined_forms.iter().any(|joined| self.fits(&text(&call, joined), secret_key, &signature)) {
                    return Ok(());
                }
            }
        }
        Err(mismatch())
    }

    /// Compares in constant time.
    fn fits(&self, text: &[u8], secret_key: &str, signature: &[u8]) -> bool {
        let key = secret_key.as_bytes();
        match self.algorithm {
            Algorithm::HmacSha1 => hmac_sha1(key, text).verify_slice(signature).is_ok(),
            Algorithm::HmacSha256 => hmac_sha256(key, text).verify_slice(signature).is_ok(),
        }
    }
}

/// `name=value` with `&` between, ascending by the bytes of the name, values as they are.
fn joined(parameters: &[Parameter], name: impl Fn(&str) -> String) -> String {
    let signed = parameters.iter().filter(|(found, _)| found != SIGNATURE);
    let mut named: Vec<(String, &str)> = signed.map(|(found, value)| (name(found), value.as_str())).collect();
    named.sort();
    let pairs: Vec<String> = named.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn text(call: &Call<'_>, joined: &str) -> Vec<u8> {
    format!("{}{}{}?{joined}", call.method, call.host, call.path).into_bytes()
}
