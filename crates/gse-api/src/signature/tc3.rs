//! TC3-HMAC-SHA256, the signature of API calls (§1.6), for both sides.

use hmac::Mac as _;
use sha2::{Digest as _, Sha256};

use super::{check_clock, hmac_sha256, host_candidates, lower_hex, mismatch, path_candidates};
use crate::{ApiError, ErrorCode, admission::Received};

#[cfg(test)]
mod tests;

/// The name of the algorithm at the start of the header.
pub const ALGORITHM: &str = "TC3-HMAC-SHA256";
/// What the header `X-TC-Content-SHA256` says when the body is not part of the signature.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
const SIGNED_HEADERS: &str = "content-type;host";
const SCOPE_END: &str = "tc3_request";

/// What a client signs. All clients sign exactly `content-type` and `host`.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// `POST` or `GET`.
    pub method: &'a str,
    /// The value of the `Host` header.
    pub host: &'a str,
    /// The raw query of a GET; empty for a POST.
    pub query: &'a str,
    /// The value of the `Content-Type` header.
    pub content_type: &'a str,
    /// The body of a POST; empty for a GET.
    pub body: &'a [u8],
}

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// Names the key.
    pub secret_id: &'a str,
    /// The key.
    pub secret_key: &'a str,
}

/// The value of the `Authorization` header for a call at `timestamp`, in UNIX seconds.
pub fn sign(call: &Call<'_>, key: Key<'_>, service: &str, timestamp: i64) -> String {
    let headers = format!("content-type:{}\nhost:{}\n", call.content_type.trim(), call.host.trim());
    let payload = hash(call.body);
    let canonical = canonical_request([call.method, "/", call.query, &headers, SIGNED_HEADERS, &payload]);
    let date = utc_date(timestamp);
    let mac = signature(key.secret_key, &date, service, timestamp, &canonical);
    let signature = hex::encode(mac.finalize().into_bytes());
    format!(
        "{ALGORITHM} Credential={}/{date}/{service}/{SCOPE_END}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}",
        key.secret_id
    )
}

/// The parts of an `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// Names the key.
    pub secret_id: &'a str,
    /// The UTC date of the scope.
    pub date: &'a str,
    /// The service of the scope. Clients take it from the endpoint, so it need not be `gse`.
    pub service: &'a str,
    signed_headers: &'a str,
    signature: [u8; 32],
}

impl<'a> Authorization<'a> {
    /// Reads the header's value.
    ///
    /// # Errors
    /// `AuthFailure.InvalidAuthorization`, saying which part is wrong.
    pub fn parse(header: &'a str) -> Result<Self, ApiError> {
        let invalid = |what: &str| {
            let message = format!("The header `Authorization` is not valid: {what}.");
            ApiError::new(ErrorCode::AuthFailureInvalidAuthorization, message)
        };
        let rest = header
            .trim()
            .strip_prefix(ALGORITHM)
            .filter(|rest| rest.starts_with(' '))
            .ok_or_else(|| invalid("it does not start with `TC3-HMAC-SHA256`"))?;
        let part = |name: &str| {
            let mut parts = rest.split(',').filter_map(|part| part.trim().split_once('='));
            parts.find(|(found, _)| *found == name).map(|(_, value)| value)
        };
        let credential = part("Credential").ok_or_else(|| invalid("it has no `Credential`"))?;
        let signed_headers = part("SignedHeaders").ok_or_else(|| invalid("it has no `SignedHeaders`"))?;
        let signature = part("Signature").ok_or_else(|| invalid("it has no `Signature`"))?;
        let (secret_id, date, service) = scope(credential)
            .ok_or_else(|| invalid("`Credential` is not `<SecretId>/<date>/<service>/tc3_request`"))?;
        for needed in ["content-type", "host"] {
            if !signed_headers.split(';').any(|name| name == needed) {
                return Err(invalid(&format!("`SignedHeaders` lacks `{needed}`")));
            }
        }
        let signature = lower_hex(signature)
            .ok_or_else(|| invalid("`Signature` is not 64 lower-case hexadecimal digits"))?;
        Ok(Self { secret_id, date, service, signed_headers, signature })
    }

    /// Compares the signature with what the request should have, at `now` (UNIX seconds).
    /// `public_hosts` are names of this service that a proxy may hide.
    ///
    /// # Errors
    /// `AuthFailure.SignatureExpire` or `AuthFailure.SignatureFailure`.
    pub fn verify(
        &self,
        received: &Received<'_>,
        secret_key: &str,
        timestamp: i64,
        now: i64,
        public_hosts: &[String],
    ) -> Result<(), ApiError> {
        check_clock(timestamp, now)?;
        if self.date != utc_date(timestamp) {
            return Err(mismatch());
        }
        let payload = payload_hash(received);
        let query = if received.method == "GET" { received.query } else { "" };
        for host in host_candidates(received.header("host").unwrap_or_default(), public_hosts) {
            for path in path_candidates(received.path) {
                let headers = self.canonical_headers(received, host);
                let parts = [received.method, path, query, &headers, self.signed_headers, &payload];
                let canonical = canonical_request(parts);
                let mac = signature(secret_key, self.date, self.service, timestamp, &canonical);
                // Compares in constant time.
                if mac.verify_slice(&self.signature).is_ok() {
                    return Ok(());
                }
            }
        }
        Err(mismatch())
    }

    fn canonical_headers(&self, received: &Received<'_>, host: &str) -> String {
        let mut text = String::new();
        for name in self.signed_headers.split(';') {
            let value = if name == "host" { host } else { received.header(name).unwrap_or_default() };
            text += &format!("{}:{}\n", name.to_ascii_lowercase(), value.trim());
        }
        text
    }
}

/// The first `/` ends the SecretId, then ten characters of date; the service may itself hold a `/`.
fn scope(credential: &str) -> Option<(&str, &str, &str)> {
    let (secret_id, scope) = credential.split_once('/')?;
    let (date, rest) = scope.split_once('/')?;
    let service = rest.strip_suffix(SCOPE_END)?.strip_suffix('/')?;
    (!secret_id.is_empty() && date.len() == 10 && !service.is_empty()).then_some((secret_id, date, service))
}

fn payload_hash(received: &Received<'_>) -> String {
    if received.header("x-tc-content-sha256") == Some(UNSIGNED_PAYLOAD) {
        hash(UNSIGNED_PAYLOAD.as_bytes())
    } else if received.method == "GET" {
        hash(b"")
    } else {
        hash(received.body)
    }
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Method, path, query, headers, names of signed headers, hash of the payload. The headers end with a line feed of
/// their own, so an empty line follows them.
fn canonical_request(parts: [&str; 6]) -> String {
    parts.join("\n")
}

fn signature(
    secret_key: &str,
    date: &str,
    service: &str,
    timestamp: i64,
    canonical: &str,
) -> hmac::Hmac<Sha256> {
    let text =
        format!("{ALGORITHM}\n{timestamp}\n{date}/{service}/{SCOPE_END}\n{}", hash(canonical.as_bytes()));
    let date_key =
        hmac_sha256(format!("TC3{secret_key}").as_bytes(), date.as_bytes()).finalize().into_bytes();
    let service_key = hmac_sha256(&date_key, service.as_bytes()).finalize().into_bytes();
    let signing_key = hmac_sha256(&service_key, SCOPE_END.as_bytes()).finalize().into_bytes();
    hmac_sha256(&signing_key, text.as_bytes())
}

/// `YYYY-MM-DD` of a UNIX time (Howard Hinnant's civil-from-days; years from 0 on).
fn utc_date(timestamp: i64) -> String {
    let days = timestamp.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
