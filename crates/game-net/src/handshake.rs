//! Joining, resuming and watching by mutual proof over one TLS connection.
//!
//! Both sides know a [`Secret`]. Who joins knows the PlayerSessionId: the player from JoinGameServerSession, the server
//! from DescribePlayerSessions. Who resumes knows the token of the Welcome, who watches the session's spectator key.
//! Both ask their TLS for the exporter value of *this* connection (RFC 5705) under
//! [`EXPORTER_LABEL`] with an empty context. Then
//!
//! 1. the player sends `HMAC-SHA256(secret, client label ‖ exporter value)` in the first message,
//! 2. the server checks it and answers `HMAC-SHA256(secret, server label ‖ exporter value)` in the Welcome,
//! 3. the player checks that before anything else from the server is believed.
//!
//! Each kind of secret has labels of its own. No secret crosses the wire but the token, in the Welcome after a join and
//! again after each resume, always after the server's proof. A man in the middle ends two TLS connections and so has two exporter values; a
//! replayed Hello meets another connection with another value; a reflected proof has the wrong label. None of this
//! needs to know who signed the server's certificate, but the client's verifier must still check the handshake
//! signature. 0-RTT must stay off: its exporter value is not fresh. What a man in the middle can do is try secrets at
//! home on a proof that he caught, so a secret must be long and random; a spectator key is as good as who chose it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Label for the exporter of the TLS connection (RFC 5705 §4).
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-opengse-arena-join";
/// Context for the exporter: none.
pub const EXPORTER_CONTEXT: &[u8] = b"";
/// Length of the exporter value in bytes.
pub const EXPORTER_LENGTH: usize = 32;

/// What both sides know, and one proves to the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Secret<'a> {
    /// To join: [`ClientMessage::Hello`](crate::protocol::ClientMessage::Hello).
    PlayerSessionId(&'a str),
    /// To come back: [`ClientMessage::Resume`](crate::protocol::ClientMessage::Resume).
    ResumeToken(&'a ResumeToken),
    /// To watch: [`ClientMessage::Watch`](crate::protocol::ClientMessage::Watch).
    SpectatorKey(&'a str),
}

/// Lets a player come back to their seat: random, made by the server, given in the Welcome. It does not print itself.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeToken(pub [u8; 16]);

/// The player's proof, sent in the first message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientProof(pub [u8; 32]);

/// The server's proof, sent in the Welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerProof(pub [u8; 32]);

/// What the player sends.
pub fn client_proof(secret: Secret<'_>, exporter: &[u8; EXPORTER_LENGTH]) -> ClientProof {
    ClientProof(mac(secret, Side::Client, exporter).finalize().into_bytes().into())
}

/// What the server answers.
pub fn server_proof(secret: Secret<'_>, exporter: &[u8; EXPORTER_LENGTH]) -> ServerProof {
    ServerProof(mac(secret, Side::Server, exporter).finalize().into_bytes().into())
}

impl ClientProof {
    /// Whether the sender knows the secret and speaks over this very connection. In constant time.
    #[must_use]
    pub fn verify(&self, secret: Secret<'_>, exporter: &[u8; EXPORTER_LENGTH]) -> bool {
        mac(secret, Side::Client, exporter).verify_slice(&self.0).is_ok()
    }
}

impl ServerProof {
    /// Whether the sender knows the secret and speaks over this very connection. In constant time.
    #[must_use]
    pub fn verify(&self, secret: Secret<'_>, exporter: &[u8; EXPORTER_LENGTH]) -> bool {
        mac(secret, Side::Server, exporter).verify_slice(&self.0).is_ok()
    }
}

#[derive(Clone, Copy)]
enum Side {
    Client,
    Server,
}

impl Secret<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Secret::PlayerSessionId(id) => id.as_bytes(),
            Secret::ResumeToken(token) => &token.0,
            Secret::SpectatorKey(key) => key.as_bytes(),
        }
    }

    /// The label of a proof that this side makes.
    fn label(&self, side: Side) -> &'static [u8] {
        match (self, side) {
            (Secret::PlayerSessionId(_), Side::Client) => {
                b"opengse-arena/1 player knows the player session id\0"
            }
            (Secret::PlayerSessionId(_), Side::Server) => {
                b"opengse-arena/1 server knows the player session id\0"
            }
            (Secret::ResumeToken(_), Side::Client) => b"opengse-arena/3 player knows the resume token\0",
            (Secret::ResumeToken(_), Side::Server) => b"opengse-arena/3 server knows the resume token\0",
            (Secret::SpectatorKey(_), Side::Client) => b"opengse-arena/3 spectator knows the spectator key\0",
            (Secret::SpectatorKey(_), Side::Server) => b"opengse-arena/3 server knows the spectator key\0",
        }
    }
}

fn mac(secret: Secret<'_>, side: Side, exporter: &[u8; EXPORTER_LENGTH]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("HMAC takes keys of any length");
    mac.update(secret.label(side));
    mac.update(exporter);
    mac
}

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeToken(..)")
    }
}
