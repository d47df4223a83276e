//! Numbers of as many bits as they need, highest bit first.

/// Collects bits; the last byte is filled up with zeros.
#[derive(Debug)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits used of the last byte, 0 to 7; 0: all of them.
    used: u32,
}

impl BitWriter {
    /// Goes on after these bytes.
    pub(super) fn after(bytes: Vec<u8>) -> BitWriter {
        BitWriter { bytes, used: 0 }
    }

    /// The low `width` bits of `value`, at most 32.
    pub(super) fn write(&mut self, value: u32, width: u32) {
        for bit in (0..width).rev() {
            if self.used == 0 {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().expect("a byte was begun");
            *last |= ((value >> bit & 1) as u8) << (7 - self.used);
            self.used = (self.used + 1) % 8;
        }
    }

    /// One bit; gives it back, for what follows only if it is set.
    pub(super) fn flag(&mut self, value: bool) -> bool {
        self.write(u32::from(value), 1);
        value
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes bits; `None` when there are no more.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> BitReader<'a> {
        BitReader { bytes, at: 0 }
    }

    /// A number of so many bits, at most 32.
    pub(super) fn read(&mut self, width: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..width {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        Some(self.read(1)? == 1)
    }

    /// Whether nothing is left but the zeros that fill the last byte.
    pub(super) fn ends_here(mut self) -> bool {
        let rest = self.bytes.len() * 8 - self.at;
        rest < 8 && self.read(rest as u32) == Some(0)
    }
}
