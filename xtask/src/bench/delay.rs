//! A line that takes its time: datagrams to its port come out at another one so much later, and back.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// How often a thread looks whether it should end.
const LOOK: Duration = Duration::from_millis(100);

/// The line; it ends when this is dropped.
pub(super) struct Delayed {
    port: u16,
    ended: Arc<AtomicBool>,
    front: Option<JoinHandle<()>>,
}

impl Delayed {
    /// A line to this port of the loopback that takes `one_way` in each direction.
    pub(super) fn start(port: u16, one_way: Duration) -> Result<Delayed> {
        let front = socket()?;
        let own = front.local_addr()?.port();
        let ended = Arc::new(AtomicBool::new(false));
        let until = ended.clone();
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let front = thread::spawn(move || carry(&Arc::new(front), server, one_way, &until));
        Ok(Delayed { port: own, ended, front: Some(front) })
    }

    /// Where players connect.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Delayed {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(front) = self.front.take() {
            let _ = front.join();
        }
    }
}

fn socket() -> Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot open a udp socket")?;
    socket.set_read_timeout(Some(LOOK))?;
    Ok(socket)
}

/// Takes what players send, and gives each of them a socket of their own towards the server.
fn carry(front: &Arc<UdpSocket>, server: SocketAddr, one_way: Duration, ended: &Arc<AtomicBool>) {
    let mut players: BTreeMap<SocketAddr, Sender> = BTreeMap::new();
    let mut threads = Vec::new();
    let mut buffer = [0; 2048];
    while !ended.load(Ordering::Relaxed) {
        let Ok((length, player)) = front.recv_from(&mut buffer) else { continue };
        if let Entry::Vacant(new) = players.entry(player) {
            let Ok(socket) = socket().map(Arc::new) else { continue };
            let (up, sending) = Sender::start(socket.clone(), server, one_way);
            let (down, answering) = Sender::start(front.clone(), player, one_way);
            let until = ended.clone();
            threads.extend([sending, answering, thread::spawn(move || listen(&socket, &down, &until))]);
            new.insert(up);
        }
        players[&player].send(&buffer[..length]);
    }
    drop(players);
    for thread in threads {
        let _ = thread.join();
    }
}

fn listen(socket: &UdpSocket, down: &Sender, ended: &AtomicBool) {
    let mut buffer = [0; 2048];
    while !ended.load(Ordering::Relaxed) {
        if let Ok(length) = socket.recv(&mut buffer) {
            down.send(&buffer[..length]);
        }
    }
}

/// One direction of one player.
struct Sender {
    queue: mpsc::Sender<(Instant, Vec<u8>)>,
    one_way: Duration,
}

impl Sender {
    fn start(socket: Arc<UdpSocket>, to: SocketAddr, one_way: Duration) -> (Sender, JoinHandle<()>) {
        let (queue, due) = mpsc::channel::<(Instant, Vec<u8>)>();
        let thread = thread::spawn(move || {
            for (at, datagram) in due {
                thread::sleep(at.saturating_duration_since(Instant::now()));
                // Lost, as datagrams are.
                let _ = socket.send_to(&datagram, to);
            }
        });
        (Sender { queue, one_way }, thread)
    }

    fn send(&self, datagram: &[u8]) {
        // Fails only when the line ends.
        let _ = self.queue.send((Instant::now() + self.one_way, datagram.to_vec()));
    }
}
