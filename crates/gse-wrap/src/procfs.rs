//! What Linux tells of a program: what it has started, and which sockets all of them hold.

use std::collections::BTreeSet;
use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use crate::sockets::{self, Protocol, Socket};

const TABLES: [(&str, Protocol); 4] =
    [("tcp", Protocol::Tcp), ("tcp6", Protocol::Tcp), ("udp", Protocol::Udp), ("udp6", Protocol::Udp)];

/// The waiting sockets that a program and everything that it started hold.
pub(crate) fn open_sockets(pid: u32) -> Vec<Socket> {
    let mut held = BTreeSet::new();
    for member in family(pid) {
        held.extend(socket_inodes(member));
    }
    TABLES
        .iter()
        .flat_map(|(table, protocol)| {
            // The program's own table: it may live in a network of its own.
            let text = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
            sockets::parse(&text, *protocol)
        })
        .filter(|socket| held.contains(&socket.inode))
        .collect()
}

/// A process and everything that descends from it.
pub(crate) fn family(pid: u32) -> BTreeSet<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let parents: Vec<(u32, u32)> = entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            Some((pid, stat(pid)?.parent))
        })
        .collect();
    descendants(&parents, pid)
}

/// Whether a process is there and not just waiting to be collected.
pub(crate) fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| !matches!(stat.state, 'Z' | 'X'))
}

/// SIGKILL to a process that was found here a moment ago.
pub(crate) fn kill(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // That it has just gone is the usual error, and what was wanted.
        let _ = kill_process(pid, Signal::KILL);
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: char,
    parent: u32,
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// `PID (NAME) STATE PARENT …`, where the name may hold anything.
fn parse_stat(text: &str) -> Option<Stat> {
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some(Stat { state: fields.next()?.chars().next()?, parent: fields.next()?.parse().ok()? })
}

fn descendants(parents: &[(u32, u32)], first: u32) -> BTreeSet<u32> {
    let mut found = BTreeSet::from([first]);
    loop {
        let before = found.len();
        found.extend(
            parents
                .iter()
                .filter(|(_, parent)| found.contains(parent))
                .map(|(pid, _)| *pid)
                .collect::<Vec<_>>(),
        );
        if found.len() == before {
            return found;
        }
    }
}

fn socket_inodes(pid: u32) -> Vec<u64> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let link = fs::read_link(entry.path()).ok()?;
            link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::*;

    #[test]
    fn the_name_of_a_process_may_hold_anything() {
        for (text, expected) in [
            ("7 (sh) S 1 7 7", Some(Stat { state: 'S', parent: 1 })),
            ("7 (a) R 99) Z 12 7", Some(Stat { state: 'Z', parent: 12 })),
            ("7 (sh) S", None),
            ("", None),
        ] {
            assert_eq!(parse_stat(text), expected, "{text}");
        }
    }

    #[test]
    fn a_family_is_everything_below() {
        let parents = [(5, 4), (4, 3), (3, 2), (6, 3), (9, 1)];
        assert_eq!(descendants(&parents, 3), BTreeSet::from([3, 4, 5, 6]));
        assert_eq!(descendants(&parents, 9), BTreeSet::from([9]));
    }

    #[test]
    fn the_sockets_of_this_process_are_found() {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sockets = open_sockets(std::process::id());
        for (protocol, port) in [
            (Protocol::Tcp, tcp.local_addr().unwrap().port()),
            (Protocol::Udp, udp.local_addr().unwrap().port()),
        ] {
            let found = sockets.iter().find(|socket| (socket.protocol, socket.port) == (protocol, port));
            assert!(found.is_some_and(|socket| socket.loopback), "{protocol:?} {port} among {sockets:?}");
        }
    }
}
