//! Signatures: [`tc3`] for API calls, [`cos`] for uploads. Time and keys are arguments.

pub mod cos;
pub mod tc3;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

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
