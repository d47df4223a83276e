//! The kernel's tables, as a machine with little-endian words writes them.

use super::{Protocol, Socket, candidates, is_open, parse};

const TCP: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0CA5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0000 100 0 0 10 0
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 102 1 0000 100 0 0 10 0
   2: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 103 1 0000 100 0 0 10 0
   3: nonsense
";
const UDP6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  10: 00000000000000000000000000000000:206F 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 201 2 0000 0
  11: 00000000000000000000000001000000:2070 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 202 2 0000 0
  12: 0000000000000000FFFF00000100007F:2071 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 203 2 0000 0
  13: 0000000000000000FFFF00000100007F:2072 0000000000000000FFFF00000100007F:0035 01 00000000:00000000 00:00000000 00000000  1000        0 204 2 0000 0
";

fn socket(protocol: Protocol, port: u16, loopback: bool, inode: u64) -> Socket {
    Socket { protocol, port, loopback, inode }
}

#[test]
#[cfg(target_endian = "little")]
fn only_sockets_that_wait_for_somebody_count() {
    assert_eq!(
        parse(TCP, Protocol::Tcp),
        [socket(Protocol::Tcp, 3237, true, 101), socket(Protocol::Tcp, 8080, false, 102)]
    );
    assert_eq!(
        parse(UDP6, Protocol::Udp),
        [
            socket(Protocol::Udp, 8303, false, 201),
            socket(Protocol::Udp, 8304, true, 202),
            socket(Protocol::Udp, 8305, true, 203),
        ]
    );
    assert_eq!(parse("", Protocol::Tcp), []);
}

#[test]
fn a_port_is_open_with_the_protocol_that_is_wanted() {
    let sockets = [socket(Protocol::Udp, 8303, false, 1)];
    for (port, protocol, expected) in [
        (8303, None, true),
        (8303, Some(Protocol::Udp), true),
        (8303, Some(Protocol::Tcp), false),
        (8304, None, false),
    ] {
        assert_eq!(is_open(&sockets, port, protocol), expected, "{port} {protocol:?}");
    }
}

#[test]
fn what_others_can_reach_comes_first() {
    let sockets = [
        socket(Protocol::Tcp, 1025, true, 1),
        socket(Protocol::Udp, 9000, false, 2),
        socket(Protocol::Udp, 8303, false, 3),
        socket(Protocol::Tcp, 8303, true, 4),
    ];
    assert_eq!(candidates(&sockets, None), [8303, 9000, 1025]);
    assert_eq!(candidates(&sockets, Some(Protocol::Tcp)), [1025, 8303]);
    assert_eq!(candidates(&sockets[..1], Some(Protocol::Udp)), Vec::<u16>::new());
}
