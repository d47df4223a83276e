//! The QUIC endpoint: the port, the certificate, limits against floods, and a task per connection.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use game_net::protocol::PROTOCOL;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, EndpointConfig, IdleTimeout, ServerConfig, TokioRuntime, TransportConfig, VarInt};
use rustls::pki_types::PrivateKeyDer;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::warn;

use crate::config::{CLIENT_PORT_MAX, CLIENT_PORT_MIN};
use crate::connection;
use crate::room::{GuestId, Room};
use crate::strangers::{LIMITS, Limits, Strangers};

/// Connections at most: the two hundred players of the largest session, and all strangers.
const CONNECTIONS: usize = 480;
/// Handshakes that wait to be looked at, and bytes of each and of all that are kept meanwhile.
const INCOMING: usize = 256;
const INCOMING_BYTES: u64 = 8 * 1024;
const INCOMING_BYTES_ALL: u64 = 1024 * 1024;
/// Bytes of a stream that wait to arrive at a player, at most.
const SEND_WINDOW: u64 = 256 * 1024;
/// Silence after which a connection is lost.
const IDLE_TIMEOUT_MS: u32 = 10_000;
const KEEP_ALIVE: Duration = Duration::from_secs(3);
/// At the end, peers have so long to hear of it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Ports tried when the system picks; about one in thirty is above the highest usable one.
const PORT_TRIES: usize = 64;

/// A bound endpoint.
#[derive(Debug)]
pub(crate) struct Transport {
    endpoint: Endpoint,
    port: u16,
    limits: Limits,
}

impl Transport {
    /// Binds `port`, or a free one that a fleet can open if it is 0, with a certificate of this process alone.
    pub(crate) fn bind(address: IpAddr, port: u16) -> anyhow::Result<Transport> {
        let socket = bind_socket(address, port)?;
        let port = socket.local_addr()?.port();
        let endpoint =
            Endpoint::new(EndpointConfig::default(), Some(server_config()?), socket, Arc::new(TokioRuntime))?;
        Ok(Transport { endpoint, port, limits: LIMITS })
    }

    /// Where players connect.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The same with other limits: a test cannot bring hundreds to the door in time.
    #[cfg(test)]
    pub(crate) fn with_limits(self, limits: Limits) -> Transport {
        Transport { limits, ..self }
    }

    /// Serves connections until `stop` is true or its sender is gone; then cuts them off: rooms have dismissed their
    /// players by then.
    pub(crate) async fn run(self, hosted: watch::Receiver<Option<Room>>, mut stop: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        let mut strangers = Strangers::new(self.limits);
        let mut ids = (0..).map(GuestId);
        loop {
            let incoming = tokio::select! {
                incoming = self.endpoint.accept() => incoming,
                Some(ended) = connections.join_next() => {
                    if let Err(error) = ended {
                        warn!(%error, "a connection's task failed");
                    }
                    continue;
                }
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let Some(incoming) = incoming else { break };
            // Not validated: a retry is possible, and nothing that the address claims is true yet.
            if strangers.ask_for_retry() && !incoming.remote_address_validated() {
                let _ = incoming.retry();
                continue;
            }
            let stranger = match connections.len() {
                ..CONNECTIONS => strangers.come(incoming.remote_address().ip()),
                CONNECTIONS.. => None,
            };
            match (stranger, ids.next()) {
                (Some(stranger), Some(id)) => {
                    connections.spawn(connection::serve(id, incoming, hosted.clone(), stranger));
                }
                (None, _) | (_, None) => incoming.refuse(),
            }
        }
        self.endpoint.close(VarInt::from_u32(0), b"the server ends");
        let idle = async {
            while connections.join_next().await.is_some() {}
            self.endpoint.wait_idle().await;
        };
        // Who hangs in a handshake does not keep the process alive.
        let _ = timeout(CLOSE_TIMEOUT, idle).await;
    }
}

fn bind_socket(address: IpAddr, port: u16) -> anyhow::Result<UdpSocket> {
    let bind = |port| {
        let address = SocketAddr::new(address, port);
        UdpSocket::bind(address).with_context(|| format!("cannot listen for players on `{address}`"))
    };
    if port != 0 {
        return bind(port);
    }
    // Unusable ones stay bound while we look, so that the system gives another.
    let mut unusable = Vec::new();
    while unusable.len() < PORT_TRIES {
        let socket = bind(0)?;
        if (CLIENT_PORT_MIN..=CLIENT_PORT_MAX).contains(&socket.local_addr()?.port()) {
            return Ok(socket);
        }
        unusable.push(socket);
    }
    bail!(
        "the system offers no free port from {CLIENT_PORT_MIN} to {CLIENT_PORT_MAX}; \
         hint: look at net.ipv4.ip_local_port_range, or set --client-port"
    )
}

/// TLS 1.3 with a certificate that nobody signed: players check a proof over the connection instead, see
/// `game_net::handshake`. 0-RTT is off, which is rustls' default: early data can be replayed.
pub(crate) fn server_config() -> anyhow::Result<ServerConfig> {
    let key = rcgen::generate_simple_self_signed(vec!["opengse-arena".to_owned()])
        .context("cannot make a certificate")?;
    let private_key = PrivateKeyDer::Pkcs8(key.signing_key.serialize_der().into());
    let mut tls =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![key.cert.der().clone()], private_key)?;
    tls.alpn_protocols = vec![PROTOCOL.to_vec()];

    let mut transport = TransportConfig::default();
    transport
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(IDLE_TIMEOUT_MS))))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(64 * 1024))
        .receive_window(VarInt::from_u32(64 * 1024))
        .send_window(SEND_WINDOW)
        .datagram_receive_buffer_size(Some(64 * 1024))
        // On a line that is too slow the oldest snapshots go first, and those that arrive are not old.
        .datagram_send_buffer_size(8 * 1024);
    let mut config = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    config
        .transport_config(Arc::new(transport))
        // A player whose address changes goes on: their machine proves the new one, and the connection stays.
        .migration(true)
        .max_incoming(INCOMING)
        .incoming_buffer_size(INCOMING_BYTES)
        .incoming_buffer_size_total(INCOMING_BYTES_ALL);
    Ok(config)
}
