//! Ids for production, from the system's random generator (operations.md 0.2).
//!
//! A player session id is the player's ticket, so it carries at least 128 bits; the others only have to be unique.

use gse_core::id::{IdKind, IdSource};

/// 36 characters; a byte below 252 picks one of them without bias.
const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const UNBIASED: u8 = 252;

/// 26 characters of 36 carry 134 bits.
const TICKET_LENGTH: usize = 26;
const GROUP_LENGTH: usize = 8;

/// Random ids of the documented forms.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn suffix(&mut self, kind: IdKind) -> String {
        match kind {
            IdKind::Asset | IdKind::Instance | IdKind::Timer => random_text(GROUP_LENGTH),
            IdKind::PlayerSession => random_text(TICKET_LENGTH),
            IdKind::Fleet | IdKind::Alias | IdKind::Event | IdKind::GameServerSession | IdKind::Process => {
                format!("{}-{}", random_text(GROUP_LENGTH), random_text(GROUP_LENGTH))
            }
        }
    }
}

/// Characters of `[a-z0-9]`, each equally likely.
pub fn random_text(length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut bytes = [0; 32];
        fill(&mut bytes);
        let unbiased = bytes.iter().filter(|&&byte| byte < UNBIASED);
        text.extend(
            unbiased.map(|&byte| char::from(ALPHABET[usize::from(byte) % 36])).take(length - text.len()),
        );
    }
    text
}

/// A request id: the text of a version 4 UUID.
pub fn request_id() -> String {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A number below a million; that some are a little likelier than others does not matter.
pub fn random_below_a_million() -> i64 {
    let mut bytes = [0; 4];
    fill(&mut bytes);
    i64::from(u32::from_ne_bytes(bytes) % 1_000_000)
}

fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system's random generator works; nothing here is safe without it");
}

#[cfg(test)]
mod tests;
