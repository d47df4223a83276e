//! One player's connection: the Hello, then bytes between QUIC and the room until one of them ends it.

use std::time::Duration;

use game_net::handshake::{EXPORTER_CONTEXT, EXPORTER_LABEL, EXPORTER_LENGTH};
use game_net::protocol::frame::FrameReader;
use game_net::protocol::{ClientMessage, ProtocolError, ServerMessage};
use quinn::{Connection, ConnectionError, Incoming, ReadError, RecvStream, SendStream, VarInt, WriteError};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};
use tracing::{debug, info};

use crate::admission::{self, Admitted, Introduction, Who};
use crate::room::{Departure, Guest, GuestId, Outlet, Refusal, Room, RoomInput};
use crate::strangers::Stranger;
use crate::web;

/// From the first packet to the Hello, and from there to the answer, each at most.
pub(crate) const HELLO_TIMEOUT: Duration = Duration::from_secs(5);
/// A player who does not take a message for so long is cut off.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// The last words have so long to arrive.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_secs(1);
/// Read from the stream at a time, in bytes.
const CHUNK: usize = 4096;
/// Datagrams of one player that are looked at in a second; 60 are needed.
const DATAGRAMS_PER_SECOND: u32 = 240;
/// Who sends so many in a second floods, and is cut off.
const DATAGRAMS_PER_SECOND_MAX: u32 = 2_000;
/// Messages that one player may send in a second.
pub(crate) const MESSAGES_PER_SECOND: u32 = 20;

/// Codes with which the server closes a connection.
mod close_code {
    /// All is said.
    pub(super) const DONE: u32 = 0;
    /// The peer does not keep to the protocol.
    pub(super) const PROTOCOL: u32 = 1;
}

/// Why a connection came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the connection is lost")]
    Connection(#[from] ConnectionError),
    #[error("the stream cannot be read")]
    Read(#[from] ReadError),
    #[error("the stream cannot be written")]
    Write(#[from] WriteError),
    #[error("the player does not keep to the protocol")]
    Protocol(#[from] ProtocolError),
    #[error("`{0}` took too long")]
    Timeout(&'static str),
    #[error("the player sends too much")]
    Flood,
    #[error("the stream ended early")]
    EndOfStream,
    #[error("refused: {0}")]
    Refused(Refusal),
    #[error("TLS exports no key material")]
    Exporter,
}

/// Serves one connection from its first packet to its end.
pub(crate) async fn serve(
    id: GuestId,
    incoming: Incoming,
    hosted: watch::Receiver<Option<Room>>,
    stranger: Stranger,
    browsers: Option<web::Door>,
) {
    let remote = incoming.remote_address();
    // Before the handshake: after it there may be a new one.
    let browsers = browsers.map(|door| {
        let certificate = *door.certificate.borrow();
        (certificate, door)
    });
    let connection = match timeout(HELLO_TIMEOUT, async { incoming.accept()?.await }).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return debug!(%remote, error = &error as &dyn std::error::Error, "no connection"),
        Err(_) => return debug!(%remote, "no connection in time"),
    };
    if let Some((certificate, door)) = browsers.filter(|_| web::is_browser(&connection)) {
        return web::serve_webtransport(id, connection, &door, certificate, stranger).await;
    }
    let result = join_and_play(id, &connection, &hosted, stranger).await;
    let (code, reason) = match &result {
        Ok(()) => (close_code::DONE, "bye"),
        Err(Failure::Protocol(_) | Failure::Flood | Failure::EndOfStream) => {
            (close_code::PROTOCOL, "protocol")
        }
        Err(_) => (close_code::DONE, "bye"),
    };
    connection.close(VarInt::from_u32(code), reason.as_bytes());
    if let Err(failure) = result {
        info!(%remote, failure = &failure as &dyn std::error::Error, "connection ended");
    }
}

impl Failure {
    /// Whether the seat waits for its player. Who breaks the rules or closes the connection has left.
    fn departure(&self) -> Departure {
        let lost = |error: &ConnectionError| match error {
            ConnectionError::TimedOut | ConnectionError::Reset | ConnectionError::TransportError(_) => {
                Departure::Lost
            }
            ConnectionError::VersionMismatch
            | ConnectionError::ConnectionClosed(_)
            | ConnectionError::ApplicationClosed(_)
            | ConnectionError::LocallyClosed
            | ConnectionError::CidsExhausted => Departure::Left,
        };
        match self {
            Failure::Connection(error)
            | Failure::Read(ReadError::ConnectionLost(error))
            | Failure::Write(WriteError::ConnectionLost(error)) => lost(error),
            // A line that takes nothing for seconds is as good as lost.
            Failure::Timeout(_) => Departure::Lost,
            // The room may have given a seat back to somebody who waited no longer for the word.
            Failure::Refused(Refusal::Unavailable) => Departure::Lost,
            Failure::Read(_)
            | Failure::Write(_)
            | Failure::Protocol(_)
            | Failure::Flood
            | Failure::EndOfStream
            | Failure::Refused(_)
            | Failure::Exporter => Departure::Left,
        }
    }
}

/// The player's stream.
struct Stream {
    send: SendStream,
    recv: RecvStream,
    reader: FrameReader,
}

/// What somebody wants of the room, proven or not, and what they are told when they get it.
async fn join_and_play(
    id: GuestId,
    connection: &Connection,
    hosted: &watch::Receiver<Option<Room>>,
    stranger: Stranger,
) -> Result<(), Failure> {
    let introduction = timeout(HELLO_TIMEOUT, introduction(connection)).await;
    let (mut stream, introduction) = introduction.map_err(|_| Failure::Timeout("hello"))??;
    let Some(room) = hosted.borrow().clone() else {
        return refuse(&mut stream, Refusal::NoSession).await;
    };
    let (outlet, to_write) = Outlet::to(connection);
    let welcome = come_in(id, &room, introduction, outlet).await;
    let result = match welcome {
        Ok(welcome) => {
            drop(stranger);
            let played = async {
                stream.write(&welcome).await?;
                play(id, connection, &mut stream, to_write, &room).await
            };
            played.await
        }
        Err(refusal) => refuse(&mut stream, refusal).await,
    };
    // Whatever happened, the room is told of the end; it may have let in somebody who waited no longer. When it is gone
    // there is nobody to tell.
    let departure = result.as_ref().map_or_else(Failure::departure, |()| Departure::Left);
    let _ = room.inputs.send(RoomInput::Gone { id, departure }).await;
    result
}

/// Lets somebody into the room who proves that they may; the Welcome for them.
async fn come_in(
    id: GuestId,
    room: &Room,
    introduction: Introduction,
    outlet: Outlet,
) -> Result<ServerMessage, Refusal> {
    let Introduction { who, proof, exporter } = introduction;
    let in_time = |_| Err(Refusal::Unavailable);
    let player_id = match who {
        Who::Newcomer { player_id } => player_id,
        Who::Returner { player_id } => {
            let resumed = admission::resume(room, id, player_id, proof, exporter, outlet);
            return timeout(HELLO_TIMEOUT, resumed).await.unwrap_or_else(in_time);
        }
        Who::Spectator => {
            let watching = admission::watch(room, id, proof, &exporter, outlet);
            return timeout(HELLO_TIMEOUT, watching).await.unwrap_or_else(in_time);
        }
    };
    let resume = admission::fresh_token(&rustls::crypto::ring::default_provider())?;
    let admitted = timeout(HELLO_TIMEOUT, admission::admit(room, &player_id, proof, &exporter)).await;
    let Admitted { player_session_id, proof, hosting } = admitted.unwrap_or(Err(Refusal::Unavailable))?;
    let guest = Guest { player_id, player_session_id, resume, outlet };
    room.inputs.send(RoomInput::Enter { id, guest }).await.map_err(|_| Refusal::NoSession)?;
    Ok(ServerMessage::Welcome { proof, hosting, resume: Some(resume) })
}

/// The first message, and the key material of this very connection.
async fn introduction(connection: &Connection) -> Result<(Stream, Introduction), Failure> {
    let (send, recv) = connection.accept_bi().await?;
    let mut stream = Stream { send, recv, reader: FrameReader::from_client() };
    let first = stream.first().await?;
    let mut exporter = [0; EXPORTER_LENGTH];
    let exported = connection.export_keying_material(&mut exporter, EXPORTER_LABEL, EXPORTER_CONTEXT);
    exported.map_err(|_| Failure::Exporter)?;
    Ok((stream, Introduction::new(first, exporter)?))
}

async fn refuse(stream: &mut Stream, refusal: Refusal) -> Result<(), Failure> {
    stream.write(&ServerMessage::Refused { reason: refusal.to_string() }).await?;
    stream.finish().await;
    Err(Failure::Refused(refusal))
}

/// Carries bytes both ways. `Ok` when the room dropped the outlet or the player left.
async fn play(
    id: GuestId,
    connection: &Connection,
    stream: &mut Stream,
    mut messages_to_write: mpsc::Receiver<ServerMessage>,
    room: &Room,
) -> Result<(), Failure> {
    let mut datagrams = Tally::new();
    let mut messages = Tally::new();
    loop {
        tokio::select! {
            message = messages_to_write.recv() => match message {
                Some(message) => stream.write(&message).await?,
                None => {
                    stream.finish().await;
                    return Ok(());
                }
            },
            datagram = connection.read_datagram() => {
                let datagram = datagram?;
                let in_this_second = datagrams.take();
                if in_this_second > DATAGRAMS_PER_SECOND_MAX {
                    return Err(Failure::Flood);
                }
                if in_this_second <= DATAGRAMS_PER_SECOND {
                    // A room that does not keep up loses datagrams rather than time.
                    let _ = room.datagrams.try_send((id, datagram));
                }
            }
            more = stream.read() => {
                if !more? {
                    return Ok(());
                }
                while let Some(message) = stream.next()? {
                    if messages.take() > MESSAGES_PER_SECOND {
                        return Err(Failure::Flood);
                    }
                    if is_first(&message) {
                        return Err(ProtocolError::Malformed.into());
                    }
                    if room.inputs.send(RoomInput::Message { id, message }).await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Whether the message belongs at the beginning and nowhere else.
fn is_first(message: &ClientMessage) -> bool {
    match message {
        ClientMessage::Hello { .. } | ClientMessage::Resume { .. } | ClientMessage::Watch { .. } => true,
        ClientMessage::ChatSend { .. } | ClientMessage::Leave => false,
    }
}

impl Stream {
    /// The first message, however it is chunked.
    async fn first(&mut self) -> Result<ClientMessage, Failure> {
        loop {
            if let Some(message) = self.next()? {
                return Ok(message);
            }
            if !self.read().await? {
                return Err(Failure::EndOfStream);
            }
        }
    }

    /// Takes in what has arrived; false at the end of the stream. Cancel safe.
    async fn read(&mut self) -> Result<bool, Failure> {
        match self.recv.read_chunk(CHUNK, true).await? {
            Some(chunk) => {
                self.reader.push(&chunk.bytes);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn next(&mut self) -> Result<Option<ClientMessage>, Failure> {
        match self.reader.next_content()? {
            Some(content) => Ok(Some(ClientMessage::from_content(&content)?)),
            None => Ok(None),
        }
    }

    async fn write(&mut self, message: &ServerMessage) -> Result<(), Failure> {
        let frame = message.to_frame()?;
        let written = timeout(WRITE_TIMEOUT, self.send.write_all(&frame)).await;
        Ok(written.map_err(|_| Failure::Timeout("write"))??)
    }

    /// Waits until all that was written has arrived, or nobody can say so any more.
    async fn finish(&mut self) {
        if self.send.finish().is_ok() {
            let _ = timeout(LAST_WORDS_TIMEOUT, self.send.stopped()).await;
        }
    }
}

/// Counts things by the second.
pub(crate) struct Tally {
    counted: u32,
    since: Instant,
}

impl Tally {
    pub(crate) fn new() -> Tally {
        Tally { counted: 0, since: Instant::now() }
    }

    /// One more; how many that are in this second.
    pub(crate) fn take(&mut self) -> u32 {
        if self.since.elapsed() >= Duration::from_secs(1) {
            (self.counted, self.since) = (0, Instant::now());
        }
        self.counted = self.counted.saturating_add(1);
        self.counted
    }
}
