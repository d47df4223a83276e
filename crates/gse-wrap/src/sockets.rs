//! Which ports are open: the kernel's tables of sockets as text, and the choice among what a program has opened.

use std::collections::BTreeSet;

/// TCP or UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
}

/// A socket that waits for somebody: a listening one of TCP, or one of UDP that is bound and not connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) protocol: Protocol,
    pub(crate) port: u16,
    /// Only this machine can reach it.
    pub(crate) loopback: bool,
    /// Ties it to the processes that hold it.
    pub(crate) inode: u64,
}

const TCP_LISTEN: &str = "0A";
/// The kernel has no other word for a UDP socket that is not connected.
const UDP_UNCONNECTED: &str = "07";

/// Reads `/proc/PID/net/{tcp,tcp6,udp,udp6}`. Lines that make no sense are left out.
pub(crate) fn parse(table: &str, protocol: Protocol) -> Vec<Socket> {
    let waiting = match protocol {
        Protocol::Tcp => TCP_LISTEN,
        Protocol::Udp => UDP_UNCONNECTED,
    };
    let socket = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (address, port) = fields.get(1)?.split_once(':')?;
        (fields.get(3) == Some(&waiting)).then_some(())?;
        Some(Socket {
            protocol,
            port: u16::from_str_radix(port, 16).ok().filter(|port| *port != 0)?,
            loopback: is_loopback(address),
            inode: fields.get(9)?.parse().ok()?,
        })
    };
    table.lines().skip(1).filter_map(socket).collect()
}

/// Addresses are written in words of four bytes, each in the byte order of the machine.
fn is_loopback(address: &str) -> bool {
    let word = |text: &str| u32::from_str_radix(text, 16).map(u32::to_ne_bytes).ok();
    match address.len() {
        8 => word(address).is_some_and(|bytes| bytes[0] == 127),
        32 => {
            let mapped = address.starts_with("0000000000000000")
                && word(&address[16..24]) == Some([0, 0, 255, 255])
                && word(&address[24..]).is_some_and(|bytes| bytes[0] == 127);
            let own = address[..24].bytes().all(|digit| digit == b'0')
                && word(&address[24..]) == Some([0, 0, 0, 1]);
            mapped || own
        }
        _ => false,
    }
}

/// Whether a port is open among the sockets of a program.
pub(crate) fn is_open(sockets: &[Socket], port: u16, protocol: Option<Protocol>) -> bool {
    sockets
        .iter()
        .any(|socket| socket.port == port && protocol.is_none_or(|wanted| wanted == socket.protocol))
}

/// The ports that players could mean, best first: those that others than this machine can reach before those that they
/// cannot, then by number.
pub(crate) fn candidates(sockets: &[Socket], protocol: Option<Protocol>) -> Vec<u16> {
    let wanted = sockets.iter().filter(|socket| protocol.is_none_or(|wanted| wanted == socket.protocol));
    let (local, reachable): (Vec<&Socket>, Vec<&Socket>) = wanted.partition(|socket| socket.loopback);
    let ports = |sockets: &[&Socket]| sockets.iter().map(|socket| socket.port).collect::<BTreeSet<u16>>();
    let (local, reachable) = (ports(&local), ports(&reachable));
    reachable.iter().chain(local.difference(&reachable)).copied().collect()
}

#[cfg(test)]
mod tests;
