//! The trace that a request belongs to (W3C Trace Context): one id from a request through the host and the game server to
//! a client's first tick. The core only keeps it and hands it on; it decides nothing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The offset basis and the prime of FNV-1a, 64 bits: well spread, the same on every machine and in every version.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// A trace and the span of it that is the parent of whatever comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace: u128,
    /// 0: there is none, the trace begins here.
    span: u64,
    is_sampled: bool,
}

impl TraceContext {
    /// Reads the header `traceparent`. What is not as the standard wants it is none: the header is then to be ignored.
    pub fn parse(header: &str) -> Option<Self> {
        Self::read(header).filter(|context| context.span != 0)
    }

    /// The same, with or without a parent.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        // Versions to come may say more; this one may not.
        let is_known = version == "00" && parts.next().is_none();
        let is_later = version != "00" && version != "ff" && hexadecimal(version, 2).is_some();
        if !is_known && !is_later {
            return None;
        }
        let trace = hexadecimal(trace, 32).filter(|trace| *trace != 0)?;
        let span = u64::try_from(hexadecimal(span, 16)?).ok()?;
        let is_sampled = hexadecimal(flags, 2)? & 1 == 1;
        Some(Self { trace, span, is_sampled })
    }

    /// The trace of a request that came without one: the 32 digits of its request id, which is a UUID; of an id of
    /// another form, a number that follows from it.
    pub fn of_request(request_id: &str) -> Self {
        let digits: String = request_id.chars().filter(|c| *c != '-').collect();
        let trace = hexadecimal(&digits, 32).filter(|trace| *trace != 0).unwrap_or_else(|| {
            let half = |salt: u8| u128::from(spread(std::iter::once(salt).chain(request_id.bytes())));
            half(1) << 64 | half(2)
        });
        Self { trace, span: 0, is_sampled: true }
    }

    /// The context below a span of this trace that is called so. The same name gives the same span, so whoever knows the
    /// trace can tell of the span later.
    #[must_use]
    pub fn below(self, name: &str) -> Self {
        let span = spread(self.trace.to_be_bytes().into_iter().chain(name.bytes()));
        Self { span: span.max(1), ..self }
    }

    /// The trace id: 32 hexadecimal digits.
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The id of the parent span: 16 hexadecimal digits; `None` when the trace begins here.
    pub fn span_id(self) -> Option<String> {
        (self.span != 0).then(|| format!("{:016x}", self.span))
    }

    /// Whether who began the trace wants it recorded.
    pub fn is_sampled(self) -> bool {
        self.is_sampled
    }
}

/// So many lower-case hexadecimal digits, and nothing else.
fn hexadecimal(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let fits = text.len() == digits && text.bytes().all(is_digit);
    fits.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

fn spread(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME))
}

/// As the header `traceparent`; a trace without a parent has zeros in its place, and is no header.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.is_sampled))
    }
}

impl Serialize for TraceContext {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceContext {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::read(&text).ok_or_else(|| de::Error::custom("not a trace context"))
    }
}

#[cfg(test)]
mod tests;
