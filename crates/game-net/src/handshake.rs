//! Joining by mutual proof over one TLS connection.
//!
//! Both sides know the PlayerSessionId: the player from JoinGameServerSession, the server from
//! DescribePlayerSessions. Both ask their TLS for the exporter value of *this* connection (RFC 5705) under
//! [`EXPORTER_LABEL`] with an empty context. Then
//!
//! 1. the player sends `HMAC-SHA256(PlayerSessionId, client label ‖ exporter value)` in the Hello,
//! 2. the server checks it and answers `HMAC-SHA256(PlayerSessionId, server label ‖ exporter value)`,
//! 3. the player checks that before anything else from the server is believed.
//!
//! The id never crosses the wire. A man in the middle ends two TLS connections and so has two exporter values; a
//! replayed Hello meets another connection with another value; a reflected proof has the wrong label. None of this
//! needs to know who signed the server's certificate, but the client's verifier must still check the handshake
//! signature. 0-RTT must stay off: its exporter value is not fresh.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Label for the exporter of the TLS connection (RFC 5705 §4).
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-opengse-arena-join";
/// Context for the exporter: none.
pub const EXPORTER_CONTEXT: &[u8] = b"";
/// Length of the exporter value in bytes.
pub const EXPORTER_LENGTH: usize = 32;

const CLIENT_LABEL: &[u8] = b"opengse-arena/1 player knows the player session id\0";
const SERVER_LABEL: &[u8] = b"opengse-arena/1 server knows the player session id\0";

/// The player's proof, sent in the Hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientProof(pub [u8; 32]);

/// The server's proof, sent in the Welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerProof(pub [u8; 32]);

/// What the player sends.
pub fn client_proof(player_session_id: &str, exporter: &[u8; EXPORTER_LENGTH]) -> ClientProof {
    ClientProof(mac(player_session_id, CLIENT_LABEL, exporter).finalize().into_bytes().into())
}

/// What the server answers.
pub fn server_proof(player_session_id: &str, exporter: &[u8; EXPORTER_LENGTH]) -> ServerProof {
    ServerProof(mac(player_session_id, SERVER_LABEL, exporter).finalize().into_bytes().into())
}

impl ClientProof {
    /// Whether the sender knows the PlayerSessionId and speaks over this very connection. In constant time.
    #[must_use]
    pub fn verify(&self, player_session_id: &str, exporter: &[u8; EXPORTER_LENGTH]) -> bool {
        mac(player_session_id, CLIENT_LABEL, exporter).verify_slice(&self.0).is_ok()
    }
}

impl ServerProof {
    /// Whether the sender knows the PlayerSessionId and speaks over this very connection. In constant time.
    #[must_use]
    pub fn verify(&self, player_session_id: &str, exporter: &[u8; EXPORTER_LENGTH]) -> bool {
        mac(player_session_id, SERVER_LABEL, exporter).verify_slice(&self.0).is_ok()
    }
}

fn mac(player_session_id: &str, label: &[u8], exporter: &[u8; EXPORTER_LENGTH]) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(player_session_id.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(label);
    mac.update(exporter);
    mac
}
