//! Signatures: [`tc3`] and the older [`v1`] for API calls, [`cos`] for uploads, [`federation`] for temporary keys of these. Time and keys are arguments.

pub mod cos;
pub mod federation;
pub mod tc3;
pub mod v1;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{ApiError, ErrorCode};

/// §1.10: how far a timestamp may be from the server's clock, in seconds; the bound itself is accepted.
pub const MAX_CLOCK_SKEW_S: u64 = 300;

fn hmac_sha256(key: &[u8], text: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(text);
    mac
}

fn hmac_sha1(key: &[u8], text: &[u8]) -> Hmac<sha1::Sha1> {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(text);
    mac
}

/// Hexadecimal digits, lower case only: an upper-case signature is another text (W08).
fn lower_hex<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

fn check_clock(timestamp: i64, now: i64) -> Result<(), ApiError> {
    if now.abs_diff(timestamp) <= MAX_CLOCK_SKEW_S {
        return Ok(());
    }
    let message = format!(
        "The signature has expired: the timestamp is {timestamp}, the server's clock {now}, \
         and they may differ by {MAX_CLOCK_SKEW_S} seconds."
    );
    Err(ApiError::new(ErrorCode::AuthFailureSignatureExpire, message))
}

fn mismatch() -> ApiError {
    let message = "The provided credentials could not be validated. Please check your signature is correct.";
    ApiError::new(ErrorCode::AuthFailureSignatureFailure, message)
}

/// What clients were seen signing for the same `Host` (§1.6).
fn host_candidates<'a>(host: &'a str, public_hosts: &'a [String]) -> Vec<&'a str> {
    let host = host.trim();
    let without_scheme = host.split_once("://").map_or(host, |(_, rest)| rest);
    let without_path = without_scheme.split('/').next().unwrap_or_default();
    let without_port = match without_path.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => without_path,
    };
    let mut hosts = Vec::new();
    let public = public_hosts.iter().map(String::as_str);
    for candidate in [host, without_scheme, without_path, without_port].into_iter().chain(public) {
        if !hosts.contains(&candidate) {
            hosts.push(candidate);
        }
    }
    hosts
}

/// Clients sign `/` even when the endpoint has a path.
fn path_candidates(path: &str) -> impl Iterator<Item = &str> {
    [path, "/"].into_iter().take(if path == "/" { 1 } else { 2 })
}
