//! What stands in for the TLS exporter of `game_net::handshake` where a page cannot ask for it.
//!
//! Both sides put down a fresh number, and with WebTransport the hash of the certificate: the page the one that it asked
//! its browser to accept, the server its own. A man in the middle has another certificate, so the page's proof is for
//! him and no use at the server; a recorded proof meets another number. Over the WebSocket there is no certificate: the
//! PlayerSessionId is not told there either, but who is on the way can read and change what is said, and hold the seat.

use game_net::handshake::EXPORTER_LENGTH;
use sha2::{Digest, Sha256};

use super::certificate::CertificateHash;

/// Before everything else in the hash, so that it is no value of another protocol.
const LABEL: &[u8] = b"opengse-lobby-web/1 join\0";
/// Length of a number that is used once, in bytes.
pub(crate) const NONCE_LENGTH: usize = 32;

/// A number that is used once.
pub(crate) type Nonce = [u8; NONCE_LENGTH];

/// The value of this connection that both proofs are over. `certificate` is `None` for the WebSocket.
pub(crate) fn connection_value(
    server: &Nonce,
    page: &Nonce,
    certificate: Option<&CertificateHash>,
) -> [u8; EXPORTER_LENGTH] {
    let mut hash = Sha256::new();
    hash.update(LABEL);
    hash.update(server);
    hash.update(page);
    hash.update(certificate.unwrap_or(&[0; 32]));
    hash.finalize().into()
}

/// A fresh one; `None` if the system has no randomness.
pub(crate) fn nonce() -> Option<Nonce> {
    let mut nonce = [0; NONCE_LENGTH];
    getrandom::fill(&mut nonce).ok()?;
    Some(nonce)
}
