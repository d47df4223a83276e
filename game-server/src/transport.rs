//! The QUIC endpoint: the port, the certificate, limits against floods, and a task per connection.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use game_net::protocol::PROTOCOL;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, EndpointConfig, IdleTimeout, ServerConfig, TokioRuntime, TransportConfig, VarInt};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at, timeout};
use tracing::warn;

use crate::config::{CLIENT_PORT_MAX, CLIENT_PORT_MIN, SEATS_MAX, SPECTATORS_MAX};
use crate::connection;
use crate::room::{GuestId, Room};
use crate::strangers::{LIMITS, Limits, Strangers};
use crate::web::certificate::{self, Certificate, CertificateHash};
use crate::web::{self, Bridge, Door};

/// Connections at most: the two hundred players of the largest session, all spectators, and all strangers.
const CONNECTIONS: usize = SEATS_MAX + SPECTATORS_MAX.1 as usize + LIMITS.all;
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

/// Streams that a browser may have open: the request, and one to spare; control and two of QPACK, and one to spare. The
/// window of the connection bounds what they may send, as it does for players.
const WEB_STREAMS: (u32, u32) = (2, 4);

/// A bound endpoint.
#[derive(Debug)]
pub(crate) struct Transport {
    endpoint: Endpoint,
    port: u16,
    limits: Limits,
    web: Option<Web>,
}

/// What there is for browsers.
#[derive(Debug)]
struct Web {
    bridge: Bridge,
    certificate: watch::Sender<CertificateHash>,
    players_may_end: bool,
    /// How often there is a new certificate.
    renewal: Duration,
}

impl Transport {
    /// Binds `port`, or a free one that a fleet can open if it is 0, with a certificate of this process alone.
    pub(crate) fn bind(address: IpAddr, port: u16) -> anyhow::Result<Transport> {
        let socket = bind_socket(address, port)?;
        let port = socket.local_addr()?.port();
        let endpoint =
            Endpoint::new(EndpointConfig::default(), Some(server_config()?), socket, Arc::new(TokioRuntime))?;
        Ok(Transport { endpoint, port, limits: LIMITS, web: None })
    }

    /// The same, and the TCP port of that number for browsers.
    pub(crate) fn bind_with_web(
        address: IpAddr,
        port: u16,
        players_may_end: bool,
    ) -> anyhow::Result<Transport> {
        let (socket, bridge) = bind_both(address, port)?;
        let port = socket.local_addr()?.port();
        let certificate = Certificate::new(SystemTime::now())?;
        let (hash, _) = watch::channel(certificate.hash());
        let config = server_config_for_web(certificate)?;
        let endpoint =
            Endpoint::new(EndpointConfig::default(), Some(config), socket, Arc::new(TokioRuntime))?;
        Ok(Transport {
            endpoint,
            port,
            limits: LIMITS,
            web: Some(Web { bridge, certificate: hash, players_may_end, renewal: certificate::RENEWAL }),
        })
    }

    /// With a new certificate as often as that.
    #[cfg(test)]
    pub(crate) fn renewing_every(mut self, period: Duration) -> Transport {
        if let Some(web) = &mut self.web {
            web.renewal = period;
        }
        self
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
        let limits = self.limits;
        let mut strangers = Strangers::new(limits);
        let renewal = self.web.as_ref().map_or(certificate::RENEWAL, |web| web.renewal);
        let (certificate, door, bridge) = self.web.map_or((None, None, None), |web| {
            let Web { bridge, certificate, players_may_end, .. } = web;
            let (hosted, shown) = (hosted.clone(), certificate.subscribe());
            let door = Door { hosted, certificate: shown, players_may_end };
            let bridge = tokio::spawn(bridge.run(door.clone(), limits, stop.clone()));
            (Some(certificate), Some(door), Some(bridge))
        });
        let mut renewal = interval_at(Instant::now() + renewal, renewal);
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
                _ = renewal.tick(), if certificate.is_some() => {
                    if let Some(hash) = &certificate {
                        renew(&self.endpoint, hash);
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
                    connections.spawn(connection::serve(
                        id,
                        incoming,
                        hosted.clone(),
                        stranger,
                        door.clone(),
                    ));
                }
                (None, _) | (_, None) => incoming.refuse(),
            }
        }
        self.endpoint.close(VarInt::from_u32(0), b"the server ends");
        let idle = async {
            while connections.join_next().await.is_some() {}
            if let Some(bridge) = bridge {
                let _ = bridge.await;
            }
            self.endpoint.wait_idle().await;
        };
        // Who hangs in a handshake does not keep the process alive.
        let _ = timeout(CLOSE_TIMEOUT, idle).await;
    }
}

/// A new certificate for browsers; connections that stand keep theirs.
fn renew(endpoint: &Endpoint, hash: &watch::Sender<CertificateHash>) {
    let renewed = Certificate::new(SystemTime::now())
        .and_then(|certificate| Ok((certificate.hash(), server_config_for_web(certificate)?)));
    match renewed {
        Ok((new, config)) => {
            endpoint.set_server_config(Some(config));
            hash.send_replace(new);
        }
        Err(error) => warn!(%error, "no new certificate for browsers"),
    }
}

/// A UDP and a TCP port of one number. What the system picks for one may be taken for the other; then it picks again.
fn bind_both(address: IpAddr, port: u16) -> anyhow::Result<(UdpSocket, Bridge)> {
    let mut unusable = Vec::new();
    loop {
        let socket = bind_socket(address, port)?;
        let number = socket.local_addr()?.port();
        match Bridge::bind(address, number) {
            Ok(bridge) => return Ok((socket, bridge)),
            Err(error) if port != 0 || unusable.len() >= PORT_TRIES => {
                return Err(error).with_context(|| {
                    format!("cannot listen for browsers on `{address}`, TCP port `{number}`; hint: leave `--web` out, or set another --client-port")
                });
            }
            Err(_) => unusable.push(socket),
        }
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
    config(key.cert.der().clone(), private_key, vec![PROTOCOL.to_vec()], (1, 0))
}

/// The same, and HTTP/3 with a certificate that browsers take by its hash.
fn server_config_for_web(certificate: Certificate) -> anyhow::Result<ServerConfig> {
    let protocols = vec![PROTOCOL.to_vec(), web::ALPN.to_vec()];
    config(certificate.der, certificate.key, protocols, WEB_STREAMS)
}

/// `streams`: bidirectional and unidirectional ones that a player may have open.
fn config(
    certificate: CertificateDer<'static>,
    private_key: PrivateKeyDer<'static>,
    protocols: Vec<Vec<u8>>,
    streams: (u32, u32),
) -> anyhow::Result<ServerConfig> {
    let mut tls =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], private_key)?;
    tls.alpn_protocols = protocols;

    let mut transport = TransportConfig::default();
    transport
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from_u32(IDLE_TIMEOUT_MS))))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_concurrent_bidi_streams(VarInt::from_u32(streams.0))
        .max_concurrent_uni_streams(VarInt::from_u32(streams.1))
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
