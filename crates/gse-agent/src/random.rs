//! Ids from the system's generator.

use gse_core::id::{IdKind, IdSource};

/// 128 bits from the system's generator, as hexadecimal digits.
pub(crate) fn random_hex() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system has a random generator");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Ids for the supervisor: of every kind, never the same twice.
pub(crate) struct RandomIds;

impl IdSource for RandomIds {
    fn suffix(&mut self, _kind: IdKind) -> String {
        random_hex()
    }
}
