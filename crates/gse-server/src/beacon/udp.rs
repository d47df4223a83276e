//! The echo. What comes in goes back unchanged to where it came from: as many datagrams, as many bytes, so nothing is
//! amplified. What is longer than 512 bytes, and what another beacon seems to have sent (which would never end), is
//! dropped, and so is what comes faster than anybody measures.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use gse_core::id::Region;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Condition, Faults, condition};

/// The longest datagram that is sent back (Z-3).
const LONGEST: usize = 512;
/// Datagrams that wait for an artificial delay; more are dropped.
const WAITING_MOST: usize = 4096;
/// Echoes a second of one beacon: some thousand clients that measure at the same time.
const ECHOES_A_SECOND: u32 = 20_000;
const SECOND: Duration = Duration::from_secs(1);

struct Echo {
    due: Instant,
    to: SocketAddr,
    bytes: Vec<u8>,
}

/// Counts echoes by the second.
struct Budget {
    since: Instant,
    left: u32,
}

impl Budget {
    fn take(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= SECOND {
            (self.since, self.left) = (now, ECHOES_A_SECOND);
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}

/// Echoes for ever. `ours` are the sockets of all beacons of this service.
pub(super) async fn run(
    socket: UdpSocket,
    region: Region,
    mut faults: watch::Receiver<Faults>,
    ours: Vec<SocketAddr>,
) {
    let mut buffer = [0; LONGEST + 1];
    let mut waiting: VecDeque<Echo> = VecDeque::new();
    let mut budget = Budget { since: Instant::now(), left: ECHOES_A_SECOND };
    let mut now_is = condition(&faults.borrow_and_update(), &region);
    loop {
        let due = waiting.front().map(|echo| echo.due);
        tokio::select! {
            // The sender lives as long as this task.
            Ok(()) = faults.changed() => now_is = condition(&faults.borrow_and_update(), &region),
            () = until(due), if due.is_some() => {
                if let Some(echo) = waiting.pop_front() {
                    send(&socket, &echo.bytes, echo.to).await;
                }
            }
            Ok((length, from)) = socket.recv_from(&mut buffer) => {
                if !is_welcome(length, from, &ours, now_is) || !budget.take(Instant::now()) {
                    continue;
                }
                let bytes = &buffer[..length];
                if now_is.delay.is_zero() && waiting.is_empty() {
                    send(&socket, bytes, from).await;
                } else if waiting.len() < WAITING_MOST {
                    let due = Instant::now() + now_is.delay;
                    waiting.push_back(Echo { due, to: from, bytes: bytes.to_vec() });
                }
            }
        }
    }
}

fn is_welcome(length: usize, from: SocketAddr, ours: &[SocketAddr], now_is: Condition) -> bool {
    // By the port alone: one machine has many addresses.
    let is_ours = ours.iter().any(|beacon| beacon.port() == from.port());
    length <= LONGEST && !is_ours && from.port() != 0 && !now_is.is_down
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

async fn send(socket: &UdpSocket, bytes: &[u8], to: SocketAddr) {
    // Nobody waits for what cannot be sent: the client counts it as lost.
    if let Err(error) = socket.send_to(bytes, to).await {
        tracing::debug!(%error, "an echo could not be sent");
    }
}
