//! Browsers in a lobby: WebTransport on the players' own UDP port where a browser takes a certificate by its hash, and a
//! WebSocket on TCP at the same port number where it does not (operations.md 8.1, C-D1).
//!
//! `bridge` is the TCP side, `webtransport` the QUIC side, `conversation` what is said on either, `message` its JSON,
//! `proof` the handshake without a channel of TLS's own, `certificate` what browsers ask of a certificate.
//!
//! Not here: who is let in (`admission`) and what happens inside (`lobby`); a browser is a guest as any other.

mod bridge;
pub(crate) mod certificate;
mod conversation;
mod head;
mod message;
pub(crate) mod proof;
mod webtransport;

use tokio::sync::watch;

use crate::room::Room;
use certificate::CertificateHash;

pub(crate) use bridge::Bridge;
pub(crate) use webtransport::serve as serve_webtransport;

/// The ALPN protocol of HTTP/3, which WebTransport is a part of.
pub(crate) const ALPN: &[u8] = b"h3";
/// Where browsers find this on either transport.
const PATH: &str = "/web";

/// What every browser's connection is given.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    /// The session that can be joined now.
    pub(crate) hosted: watch::Receiver<Option<Room>>,
    /// The certificate that the UDP port shows now.
    pub(crate) certificate: watch::Receiver<CertificateHash>,
    /// Whether a player may end the session for everybody.
    pub(crate) players_may_end: bool,
}

/// Whether a browser is at the other end, which it says in the TLS handshake.
pub(crate) fn is_browser(connection: &quinn::Connection) -> bool {
    let handshake = connection.handshake_data().and_then(|data| data.downcast().ok());
    let protocol = handshake.and_then(|data: Box<quinn::crypto::rustls::HandshakeData>| data.protocol);
    protocol.is_some_and(|protocol| protocol == ALPN)
}
