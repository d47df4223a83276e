//! Connecting to a game server and joining by mutual proof.
//!
//! Order matters: the first thing that is believed of what the server says is its proof. A refusal carries none,
//! so it is shown and nothing else.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use game_net::{
    handshake::{EXPORTER_CONTEXT, EXPORTER_LABEL, EXPORTER_LENGTH, ResumeToken, Secret, client_proof},
    protocol::{ClientMessage, Hosting, PROTOCOL, ProtocolError, ServerMessage, frame::FrameReader},
};
use quinn::{Connection, ConnectionError, Endpoint, RecvStream, SendStream, TransportConfig, VarInt};
use tokio::time::{Instant, timeout};

use crate::tls;

/// How long connecting and joining may take together.
const JOIN_MAX: Duration = Duration::from_secs(10);
/// How long one handshake of somebody who comes back may take.
const HANDSHAKE_AGAIN_MAX: Duration = Duration::from_millis(1500);
/// When nothing comes for so long, the connection is lost.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// How often something is sent when there is nothing to say; lobbies are quiet.
const KEEP_ALIVE_PERIOD: Duration = Duration::from_secs(2);
/// The certificate is not checked against a name, but TLS wants one.
const SERVER_NAME: &str = "game-server";
/// `no_application_protocol`, the TLS alert for a version that the server does not speak (RFC 7301, RFC 9001).
const ALERT_NO_PROTOCOL: u8 = 120;
/// So much of what an unknown server says is shown.
const REFUSAL_SHOWN_MAX: usize = 300;

/// A connection on which both sides know who the other is.
#[derive(Debug)]
pub struct Joined {
    /// The socket; it must be left to idle after the close.
    pub endpoint: Endpoint,
    /// The connection, with its datagrams.
    pub connection: Connection,
    /// The way of the reliable messages to the server.
    pub send: SendStream,
    /// The way back.
    pub receive: RecvStream,
    /// What has come of that way and was not looked at.
    pub frames: FrameReader,
    /// What happens in this session.
    pub hosting: Hosting,
    /// How long the QUIC handshake took; the rest of the join is the proof.
    pub handshake: Duration,
    /// Lets the player come back over another connection.
    pub resume: Option<ResumeToken>,
}

/// By what a player asks to be let in.
#[derive(Clone, Copy)]
pub enum Ticket<'a> {
    /// A seat that was joined.
    Seat(&'a str),
    /// The seat that they had a moment ago.
    Resume(&'a ResumeToken),
    /// The session's spectator key: to watch, without a seat.
    Watch(&'a str),
}

/// Why the player is not in.
#[derive(Debug)]
pub enum JoinError {
    /// This machine cannot open a socket, or TLS is not to be had.
    Local(String),
    /// Nothing answered in time.
    NoAnswer(SocketAddr),
    /// There is another version of the game at that address.
    OtherVersion(SocketAddr),
    /// The connection ended before the player was in.
    Connection(String),
    /// The server said no.
    Refused(String),
    /// The server has shown nothing that only the right server can know.
    NoProof,
    /// The same to a spectator: it did not show that it knows the spectator key.
    NoProofOfKey,
    /// The server said something else instead of answering the join.
    Unexpected(String),
}

impl JoinError {
    /// Whether somebody decided against the join, rather than something having failed.
    pub fn is_refusal(&self) -> bool {
        match self {
            JoinError::Refused(_)
            | JoinError::NoProof
            | JoinError::NoProofOfKey
            | JoinError::Unexpected(_) => true,
            JoinError::Local(_)
            | JoinError::NoAnswer(_)
            | JoinError::OtherVersion(_)
            | JoinError::Connection(_) => false,
        }
    }
}

impl std::fmt::Display for JoinError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            JoinError::Local(problem) => f.write_str(problem),
            JoinError::NoAnswer(address) => write!(
                f,
                "no game server answers at `{address}`\nhint: check that the game server session is ACTIVE and that udp gets through"
            ),
            JoinError::OtherVersion(address) => write!(
                f,
                "the game server at `{address}` does not speak `{}`\nhint: use the client that was built together with it",
                String::from_utf8_lossy(PROTOCOL)
            ),
            JoinError::Connection(problem) => write!(f, "not joined: {problem}"),
            JoinError::Refused(reason) => write!(f, "the server refused the join: {reason}"),
            JoinError::NoProof => f.write_str(
                "the server could not prove that it knows this player session\nhint: check that address and player session id come from the same join",
            ),
            JoinError::NoProofOfKey => f.write_str(
                "the server could not prove that it knows this spectator key\nhint: check that address and spectator key are of the same session",
            ),
            JoinError::Unexpected(what) => {
                write!(f, "the server could not prove that it knows this player session: {what}")
            }
        }
    }
}

impl std::error::Error for JoinError {}

/// Connects, proves, checks the server's proof.
///
/// # Errors
/// See [`JoinError`]; the connection is closed then.
pub async fn join(address: SocketAddr, ticket: Ticket<'_>, player_id: &str) -> Result<Joined, JoinError> {
    join_within(JOIN_MAX, address, ticket, player_id).await
}

/// The same for somebody whose connection was lost, to be tried again until it works. A handshake that gets no answer is
/// given up soon: one that goes on for long sends its packets ever more seldom. What was then asked is waited for: the
/// server may have given the seat to this connection, and would take its end for the player's.
///
/// # Errors
/// See [`JoinError`]; the connection is closed then.
pub async fn join_again(
    address: SocketAddr,
    ticket: Ticket<'_>,
    player_id: &str,
) -> Result<Joined, JoinError> {
    join_within(HANDSHAKE_AGAIN_MAX, address, ticket, player_id).await
}

async fn join_within(
    handshake_max: Duration,
    address: SocketAddr,
    ticket: Ticket<'_>,
    player_id: &str,
) -> Result<Joined, JoinError> {
    let endpoint = open_endpoint(address)?;
    let no_answer = |_| JoinError::NoAnswer(address);
    timeout(JOIN_MAX, async {
        let start = Instant::now();
        let connection = timeout(handshake_max, connect(&endpoint, address)).await.map_err(no_answer)??;
        let handshake = start.elapsed();
        let joined = prove(endpoint.clone(), connection, ticket, player_id).await?;
        Ok(Joined { handshake, ..joined })
    })
    .await
    .map_err(no_answer)?
}

fn open_endpoint(address: SocketAddr) -> Result<Endpoint, JoinError> {
    let any = match address {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let tls = tls::client_config(PROTOCOL)
        .map_err(|error| JoinError::Local(format!("tls is not to be had: {error}")))?;
    let mut transport = TransportConfig::default();
    let silence_max = SILENCE_MAX.try_into().expect("five seconds fit into a transport parameter");
    transport
        .max_idle_timeout(Some(silence_max))
        .keep_alive_interval(Some(KEEP_ALIVE_PERIOD))
        // The server has no business opening streams.
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(0));
    let mut config = quinn::ClientConfig::new(Arc::new(tls));
    config.transport_config(Arc::new(transport));
    let mut endpoint = Endpoint::client(any)
        .map_err(|error| JoinError::Local(format!("cannot open a udp socket: {error}")))?;
    endpoint.set_default_client_config(config);
    Ok(endpoint)
}

async fn connect(endpoint: &Endpoint, address: SocketAddr) -> Result<Connection, JoinError> {
    let connecting = endpoint
        .connect(address, SERVER_NAME)
        .map_err(|error| JoinError::Local(format!("cannot connect to `{address}`: {error}")))?;
    connecting.await.map_err(|error| match error {
        ConnectionError::TimedOut => JoinError::NoAnswer(address),
        error if is_other_version(&error) => JoinError::OtherVersion(address),
        error => JoinError::Connection(describe(&error)),
    })
}

/// Sends the Hello and believes nothing before the server's proof.
async fn prove(
    endpoint: Endpoint,
    connection: Connection,
    ticket: Ticket<'_>,
    player_id: &str,
) -> Result<Joined, JoinError> {
    let mut exporter = [0; EXPORTER_LENGTH];
    connection
        .export_keying_material(&mut exporter, EXPORTER_LABEL, EXPORTER_CONTEXT)
        .map_err(|_| JoinError::Local("tls exports no keying material of this length".to_owned()))?;
    let secret = match ticket {
        Ticket::Seat(player_session_id) => Secret::PlayerSessionId(player_session_id),
        Ticket::Resume(token) => Secret::ResumeToken(token),
        Ticket::Watch(key) => Secret::SpectatorKey(key),
    };
    let proof = client_proof(secret, &exporter);
    let player_id = player_id.to_owned();
    let hello = match ticket {
        Ticket::Seat(_) => ClientMessage::Hello { player_id, proof },
        Ticket::Resume(_) => ClientMessage::Resume { player_id, proof },
        Ticket::Watch(_) => ClientMessage::Watch { proof },
    };
    let frame =
        hello.to_frame().map_err(|error| JoinError::Local(format!("the join cannot be said: {error}")))?;
    let lost = || JoinError::Connection(lost_reason(&connection));
    let (mut send, mut receive) = connection.open_bi().await.map_err(|_| lost())?;
    send.write_all(&frame).await.map_err(|_| lost())?;
    let mut frames = FrameReader::from_server();
    let answer = first_message(&mut receive, &mut frames).await.ok_or_else(lost)?;
    let refusal = match answer {
        Ok(ServerMessage::Welcome { proof, hosting, resume }) if proof.verify(secret, &exporter) => {
            let handshake = Duration::ZERO;
            return Ok(Joined { endpoint, connection, send, receive, frames, hosting, handshake, resume });
        }
        Ok(ServerMessage::Welcome { .. }) if matches!(ticket, Ticket::Watch(_)) => JoinError::NoProofOfKey,
        Ok(ServerMessage::Welcome { .. }) => JoinError::NoProof,
        Ok(ServerMessage::Refused { reason }) => JoinError::Refused(printable(&reason)),
        Ok(_) => JoinError::Unexpected("it spoke before it answered the join".to_owned()),
        Err(error) => JoinError::Unexpected(format!("it sent {error}")),
    };
    connection.close(VarInt::from_u32(0), b"not joined");
    // The close frame should go out; nothing depends on it.
    if timeout(Duration::from_millis(200), endpoint.wait_idle()).await.is_err() {
        tracing::debug!("closing took too long");
    }
    Err(refusal)
}

/// The first thing the server says; `None` when the connection ends before.
async fn first_message(
    receive: &mut RecvStream,
    frames: &mut FrameReader,
) -> Option<Result<ServerMessage, ProtocolError>> {
    let mut chunk = [0; 2048];
    loop {
        match frames.next_content() {
            Ok(Some(content)) => return Some(ServerMessage::from_content(&content)),
            Ok(None) => {}
            Err(error) => return Some(Err(error)),
        }
        let length = receive.read(&mut chunk).await.ok()??;
        frames.push(&chunk[..length]);
    }
}

fn lost_reason(connection: &Connection) -> String {
    match connection.close_reason() {
        Some(error) => describe(&error),
        None => "the server ended the conversation".to_owned(),
    }
}

fn is_other_version(error: &ConnectionError) -> bool {
    let code = match error {
        ConnectionError::TransportError(error) => error.code,
        ConnectionError::ConnectionClosed(close) => close.error_code,
        ConnectionError::VersionMismatch => return true,
        _ => return false,
    };
    code == quinn::TransportErrorCode::crypto(ALERT_NO_PROTOCOL)
}

/// Whether nobody decided to end the connection: then it may be had back.
pub fn is_lost(error: &ConnectionError) -> bool {
    match error {
        ConnectionError::TimedOut | ConnectionError::Reset => true,
        // The server's QUIC gave up, not the server.
        ConnectionError::TransportError(_) | ConnectionError::ConnectionClosed(_) => true,
        ConnectionError::ApplicationClosed(_)
        | ConnectionError::LocallyClosed
        | ConnectionError::VersionMismatch
        | ConnectionError::CidsExhausted => false,
    }
}

/// Why a connection ended, for people.
pub fn describe(error: &ConnectionError) -> String {
    match error {
        ConnectionError::TimedOut => {
            format!("the connection was lost: nothing came for {} s", SILENCE_MAX.as_secs())
        }
        ConnectionError::ApplicationClosed(close) if !close.reason.is_empty() => {
            format!(
                "the server closed the connection: {}",
                printable(&String::from_utf8_lossy(&close.reason))
            )
        }
        ConnectionError::ApplicationClosed(_) => "the server closed the connection".to_owned(),
        ConnectionError::Reset => "the server does not know this connection any more".to_owned(),
        error => format!("the connection was lost: {error}"),
    }
}

/// What somebody else wrote, fit for a terminal: bounded, and without control characters, but for the line that says
/// what to do next.
fn printable(text: &str) -> String {
    const HINT: &str = "\nhint: ";
    let plain = |text: &str| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let bounded: String = text.chars().take(REFUSAL_SHOWN_MAX).collect();
    match bounded.split_once(HINT) {
        Some((reason, hint)) => format!("{}{HINT}{}", plain(reason), plain(hint)),
        None => plain(&bounded),
    }
}

#[cfg(test)]
mod tests {
    use super::{REFUSAL_SHOWN_MAX, printable};

    #[test]
    fn only_the_line_of_the_hint_is_a_line_of_its_own() {
        assert_eq!(printable("it is full\nhint: join another one"), "it is full\nhint: join another one");
        assert_eq!(printable("a\nb\x1b[31m\nhint: c\nhint: d\te"), "a b [31m\nhint: c hint: d e");
        assert_eq!(printable(&"x".repeat(10 * REFUSAL_SHOWN_MAX)).len(), REFUSAL_SHOWN_MAX);
    }
}
