//! A game server that has never heard of GSE: it listens on a port and answers datagrams.
//!
//! `plain_server PORT NAME`: `exit N` ends it with that status, everything else is answered with its name.

use std::net::UdpSocket;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse::<u16>().ok()).unwrap_or(0);
    let name = arguments.next().unwrap_or_default();
    let socket = UdpSocket::bind(("127.0.0.1", port))?;
    let mut buffer = [0; 1500];
    loop {
        let (length, from) = socket.recv_from(&mut buffer)?;
        let said = String::from_utf8_lossy(&buffer[..length]);
        if let Some(status) = said.strip_prefix("exit ").and_then(|status| status.parse().ok()) {
            std::process::exit(status);
        }
        socket.send_to(name.as_bytes(), from)?;
    }
}
