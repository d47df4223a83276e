//! The generator of the world: SipHash-2-4 of a counter under the seed.
//!
//! Where the next coin appears must not be foreseeable: the seed stays at the server, and what clients see of the
//! numbers tells nothing about the next one (SipHash is a keyed function made for that). The whole state is a counter.

/// Numbers of one match, by their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Generator {
    seed: u64,
    drawn: u64,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Generator {
        Generator { seed, drawn: 0 }
    }

    /// How many numbers were drawn.
    pub(crate) fn drawn(&self) -> u64 {
        self.drawn
    }

    /// A number below `limit`. The bias of multiply-and-shift is below one in four billion for the sizes used here.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let high = sip_hash(self.seed, self.drawn) >> 32;
        self.drawn += 1;
        ((high * limit as u64) >> 32) as usize
    }
}

/// SipHash-2-4 of the eight bytes of `message` under the key `seed ‖ !seed` (Aumasson and Bernstein, 2012).
pub(crate) fn sip_hash(seed: u64, message: u64) -> u64 {
    let (k0, k1) = (seed, !seed);
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    // The message, and the last block: its length in the top byte.
    for block in [message, 8 << 56] {
        v[3] ^= block;
        round(&mut v);
        round(&mut v);
        v[0] ^= block;
    }
    v[2] ^= 0xff;
    (0..4).for_each(|_| round(&mut v));
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}
