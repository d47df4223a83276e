//! A port for a program that can be told one: chosen once, and kept from others while the program does not run.
//!
//! The ports that the system hands out by itself are avoided: one of them could be taken by any connection that leaves
//! this machine between the choice and the program's own bind, which with `--start on-session` can be hours.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below are the ports of well-known services; above, no fleet can open any (server-sdk.md 1.6).
const USABLE: RangeInclusive<u16> = 10_000..=60_000;
/// What Linux hands out unless it is told otherwise.
const USUAL_RANGE: RangeInclusive<u16> = 32_768..=60_999;
/// A step through all the ports that is in no rhythm with pids, which count up.
const STEP: u32 = 7_919;

/// How often a port was chosen.
static CHOICES: AtomicU32 = AtomicU32::new(0);

/// See the module.
#[derive(Debug)]
pub(crate) struct Port {
    number: u16,
    /// Whoever looks for a port in this way meets this socket.
    held: Option<UdpSocket>,
}

impl Port {
    /// Chooses a port that nobody uses, and holds it.
    pub(crate) fn choose() -> io::Result<Self> {
        let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok();
        let handed_out = range.and_then(|text| parse(&text)).unwrap_or(USUAL_RANGE);
        // Several in one process, as in tests, begin at different ports, too: one that is released for its program is
        // free for a moment.
        let seed = std::process::id().wrapping_add(CHOICES.fetch_add(1, Ordering::Relaxed));
        for number in candidates(&handed_out, seed) {
            if TcpListener::bind((Ipv4Addr::UNSPECIFIED, number)).is_err() {
                continue;
            }
            if let Ok(held) = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, number)) {
                return Ok(Self { number, held: Some(held) });
            }
        }
        Err(io::Error::other(format!("no port from {} to {} is free", USABLE.start(), USABLE.end())))
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// The program may bind it now.
    pub(crate) fn release(&mut self) {
        self.held = None;
    }

    /// The program is gone. If something of it still has the port, it stays unheld.
    pub(crate) fn hold(&mut self) {
        self.held = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, self.number)).ok();
    }
}

/// Two numbers, the first and the last.
fn parse(text: &str) -> Option<RangeInclusive<u16>> {
    let mut numbers = text.split_whitespace().map(str::parse);
    match (numbers.next()?, numbers.next()?) {
        (Ok(first), Ok(last)) => Some(first..=last),
        _ => None,
    }
}

/// Every usable port that the system does not hand out by itself, each once, in an order that depends on `seed`. Where
/// the system hands out all of them, all of them.
fn candidates(handed_out: &RangeInclusive<u16>, seed: u32) -> impl Iterator<Item = u16> {
    let mut ports: Vec<u16> = USABLE.filter(|port| !handed_out.contains(port)).collect();
    if ports.is_empty() {
        ports = USABLE.collect();
    }
    let count = ports.len();
    let start = usize::try_from(seed.wrapping_mul(STEP)).unwrap_or_default() % count;
    (0..count).map(move |index| ports[(start + index) % count])
}

#[cfg(test)]
mod tests;
