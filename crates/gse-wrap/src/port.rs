//! A free port for a program that can be told one.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

/// The highest port that a fleet's inbound permissions can open (server-sdk.md 1.6). The system's own choice may lie
/// above it.
const HIGHEST: u16 = 60_000;
const ATTEMPTS: usize = 200;

/// A port that neither TCP nor UDP uses now. Somebody may take it before the program does; then the program says so and
/// ends, and the fleet starts another.
pub(crate) fn free() -> io::Result<u16> {
    // Those that will not do are held until one does, or the system might offer them again.
    let mut held = Vec::new();
    for _ in 0..ATTEMPTS {
        let udp = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        let port = udp.local_addr()?.port();
        if port <= HIGHEST && TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return Ok(port);
        }
        held.push(udp);
    }
    Err(io::Error::other(format!("no free port up to {HIGHEST} in {ATTEMPTS} attempts")))
}
