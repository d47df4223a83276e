//! One player's connection: the Hello, then bytes between QUIC and the room until one of them ends it.

use std::time::Duration;

use bytes::Bytes;
use game_net::handshake::{EXPORTER_CONTEXT, EXPORTER_LABEL, EXPORTER_LENGTH};
use game_net::protocol::frame::FrameReader;
use game_net::protocol::{ClientMessage, ProtocolError, ServerMessage};
use quinn::{Connection, ConnectionError, Incoming, ReadError, RecvStream, SendStream, VarInt, WriteError};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tracing::{debug, info};

use crate::admission::{Admitted, Hello, admit};
use crate::room::{Guest, GuestId, Inlet, Outlet, Refusal, Room, RoomInput};
use crate::web;

/// From the first packet to the Hello, and from there to the answer, each at most.
pub(crate) const HELLO_TIMEOUT: Duration = Duration::from_secs(5);
/// A player who does not take a message for so long is cut off.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// The last words have so long to arrive.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_secs(1);
/// Read from the stream at a time, in bytes.
const CHUNK: usize = 4096;
/// Datagrams that one player may send in a second; 60 are needed.
const DATAGRAMS_PER_SECOND: u32 = 240;
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
    browsers: Option<web::Door>,
) {
    let remote = incoming.remote_address();
    let connection = match timeout(HELLO_TIMEOUT, async { incoming.accept()?.await }).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return debug!(%remote, error = &error as &dyn std::error::Error, "no connection"),
        Err(_) => return debug!(%remote, "no connection in time"),
    };
    if let Some(door) = browsers.filter(|_| web::is_browser(&connection)) {
        return web::serve_webtransport(id, connection, &door).await;
    }
    let result = join_and_play(id, &connection, &hosted).await;
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

/// The player's stream.
struct Stream {
    send: SendStream,
    recv: RecvStream,
    reader: FrameReader,
}

async fn join_and_play(
    id: GuestId,
    connection: &Connection,
    hosted: &watch::Receiver<Option<Room>>,
) -> Result<(), Failure> {
    let hello = timeout(HELLO_TIMEOUT, hello(connection)).await;
    let (mut stream, hello) = hello.map_err(|_| Failure::Timeout("hello"))??;
    let room = hosted.borrow().clone();
    let admitted = match &room {
        Some(room) => timeout(HELLO_TIMEOUT, admit(room, &hello)).await.unwrap_or(Err(Refusal::Unavailable)),
        None => Err(Refusal::NoSession),
    };
    let (room, Admitted { player_session_id, proof, hosting }) = match (room, admitted) {
        (Some(room), Ok(admitted)) => (room, admitted),
        (_, Err(refusal)) => return refuse(&mut stream, refusal).await,
        (None, Ok(_)) => unreachable!("without a room nobody is admitted"),
    };
    let (outlet, inlet) = Outlet::channel();
    // From here on the room knows of the player: whatever happens, it is told of the end.
    let guest = Guest { player_id: hello.player_id, player_session_id, outlet };
    if room.inputs.send(RoomInput::Enter { id, guest }).await.is_err() {
        return refuse(&mut stream, Refusal::NoSession).await;
    }
    let played = async {
        stream.write(&ServerMessage::Welcome { proof, hosting, resume: None }).await?;
        play(id, connection, &mut stream, inlet, &room).await
    };
    let result = played.await;
    // When the room is gone there is nobody to tell.
    let _ = room.inputs.send(RoomInput::Gone { id }).await;
    result
}

/// The first message, and the key material of this very connection.
async fn hello(connection: &Connection) -> Result<(Stream, Hello), Failure> {
    let (send, recv) = connection.accept_bi().await?;
    let mut stream = Stream { send, recv, reader: FrameReader::from_client() };
    let ClientMessage::Hello { player_id, proof } = stream.first().await? else {
        return Err(ProtocolError::Malformed.into());
    };
    let mut exporter = [0; EXPORTER_LENGTH];
    let exported = connection.export_keying_material(&mut exporter, EXPORTER_LABEL, EXPORTER_CONTEXT);
    exported.map_err(|_| Failure::Exporter)?;
    Ok((stream, Hello { player_id, proof, exporter }))
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
    mut inlet: Inlet,
    room: &Room,
) -> Result<(), Failure> {
    let mut datagrams = Allowance::new(DATAGRAMS_PER_SECOND);
    let mut messages = Allowance::new(MESSAGES_PER_SECOND);
    loop {
        tokio::select! {
            message = inlet.messages.recv() => match message {
                Some(message) => stream.write(&message).await?,
                None => {
                    stream.finish().await;
                    return Ok(());
                }
            },
            Some(datagram) = inlet.datagrams.recv() => {
                // Too large for the path at this moment, or no room: lost, as datagrams are.
                let _ = connection.send_datagram(Bytes::from(datagram));
            }
            datagram = connection.read_datagram() => {
                let datagram = datagram?;
                if datagrams.take() {
                    // A room that does not keep up loses datagrams rather than time.
                    let _ = room.inputs.try_send(RoomInput::Datagram { id, datagram });
                }
            }
            more = stream.read() => {
                if !more? {
                    return Ok(());
                }
                while let Some(message) = stream.next()? {
                    if !messages.take() {
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

/// So many things a second.
pub(crate) struct Allowance {
    limit: u32,
    used: u32,
    since: Instant,
}

impl Allowance {
    pub(crate) fn new(limit: u32) -> Allowance {
        Allowance { limit, used: 0, since: Instant::now() }
    }

    pub(crate) fn take(&mut self) -> bool {
        if self.since.elapsed() >= Duration::from_secs(1) {
            (self.used, self.since) = (0, Instant::now());
        }
        self.used += 1;
        self.used <= self.limit
    }
}
