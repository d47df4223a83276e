//! Where chance comes from: one seed, one stream per purpose. Not for secrets.

/// A stream of numbers that depends on nothing but its seed and name (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of that name and number. Streams do not disturb each other, so that leaving out one part of a
    /// scenario changes as little as possible of the rest.
    pub fn stream(seed: u64, name: &str, number: u64) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in name.bytes().chain(number.to_le_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let mut random = Self(hash);
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `low..=high`.
    pub fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// A count in `low..=high`.
    pub fn count(&mut self, low: u32, high: u32) -> u32 {
        u32::try_from(self.within(low.into(), high.into())).unwrap_or(high)
    }

    /// True in so many cases of a thousand.
    pub fn in_thousand(&mut self, cases: u32) -> bool {
        self.within(0, 999) < u64::from(cases)
    }

    /// One of several; each as likely as the others.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let last = u64::try_from(choices.len()).unwrap_or(1).saturating_sub(1);
        choices[usize::try_from(self.within(0, last)).unwrap_or(0)]
    }
}
