//! What happened, line by line: the same seed gives the same bytes.

use std::collections::VecDeque;

use gse_core::Timestamp;

/// Lines that are kept for the report of a failure.
const KEPT: usize = 4000;

/// The trace of one run. The hash covers every line; the last ones are kept.
#[derive(Clone, Debug)]
pub struct Trace {
    start: Timestamp,
    lines: VecDeque<String>,
    count: u64,
    hash: u64,
    whole: Option<String>,
}

impl Trace {
    /// An empty trace. `whole` keeps every byte.
    pub fn new(start: Timestamp, whole: bool) -> Self {
        Self {
            start,
            lines: VecDeque::new(),
            count: 0,
            hash: 0xcbf2_9ce4_8422_2325,
            whole: whole.then(String::new),
        }
    }

    /// Adds a line.
    pub fn line(&mut self, now: Timestamp, text: std::fmt::Arguments<'_>) {
        let at = now.since(self.start).as_millis();
        let line = without_long_ids(&format!("{:>4}.{:03} {text}", at / 1000, at % 1000));
        for byte in line.bytes().chain([b'\n']) {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.count += 1;
        if let Some(whole) = &mut self.whole {
            whole.push_str(&line);
            whole.push('\n');
        }
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// FNV-1a over all lines.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// How many lines there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The last lines.
    pub fn last(&self, count: usize) -> impl Iterator<Item = &str> {
        self.lines.iter().skip(self.lines.len().saturating_sub(count)).map(String::as_str)
    }

    /// Every byte, if it was asked for.
    pub fn whole(&self) -> &str {
        self.whole.as_deref().unwrap_or("")
    }
}

/// The ids of sessions begin with their whole address.
fn without_long_ids(line: &str) -> String {
    let mut short = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("qcs::gse:") {
        short.push_str(before);
        rest = match after.split_once("/gssess-") {
            Some((address, rest)) if !address.contains(' ') => {
                short.push_str("gssess-");
                rest
            }
            Some(_) | None => {
                short.push_str("qcs::gse:");
                after
            }
        };
    }
    short.push_str(rest);
    short
}
