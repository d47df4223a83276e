//! A line between a player and the server that can be cut, and that counts what it sees.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::net::UdpSocket;

/// Passes packets of one client on, both ways.
pub(super) struct Relay {
    pub(super) port: u16,
    is_cut: Arc<AtomicBool>,
    retries: Arc<AtomicUsize>,
}

impl Relay {
    pub(super) async fn to(server: u16) -> Relay {
        let inside = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let outside = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        outside.connect((Ipv4Addr::LOCALHOST, server)).await.unwrap();
        let port = inside.local_addr().unwrap().port();
        let (is_cut, retries) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (cut, seen) = (is_cut.clone(), retries.clone());
        tokio::spawn(async move {
            let mut client: Option<SocketAddr> = None;
            let (mut up, mut down) = ([0; 2048], [0; 2048]);
            loop {
                tokio::select! {
                    Ok((length, from)) = inside.recv_from(&mut up) => {
                        client = Some(from);
                        if !cut.load(Ordering::Relaxed) {
                            let _ = outside.send(&up[..length]).await;
                        }
                    }
                    Ok(length) = outside.recv(&mut down) => {
                        // A long header of the type Retry (RFC 9000 §17.2.5).
                        if down[0] & 0xf0 == 0xf0 {
                            seen.fetch_add(1, Ordering::Relaxed);
                        }
                        if let (Some(client), false) = (client, cut.load(Ordering::Relaxed)) {
                            let _ = inside.send_to(&down[..length], client).await;
                        }
                    }
                    else => return,
                }
            }
        });
        Relay { port, is_cut, retries }
    }

    /// Nothing gets through any more, and nobody is told.
    pub(super) fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
    }

    /// Retry packets that the server sent.
    pub(super) fn retries(&self) -> usize {
        self.retries.load(Ordering::Relaxed)
    }
}
