//! The generator of the world: SplitMix64, whose whole state is one number that travels in snapshots.
//!
//! It is not for secrets: every client knows the state.

/// The next 64 bits; moves the state on.
pub(crate) fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number below `limit`. The bias of multiply-and-shift is below one in four billion for the sizes used here.
pub(crate) fn below(state: &mut u64, limit: usize) -> usize {
    let high = next(state) >> 32;
    ((high * limit as u64) >> 32) as usize
}
