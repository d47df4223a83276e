//! The TCP side: tells a page what it needs for WebTransport, and is a WebSocket for those that cannot use it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tracing::{debug, info, warn};

use super::conversation::{self, Failure, Line};
use super::head::{self, Wish};
use super::message::{PROTOCOL, TEXT_MAX};
use super::{Door, PATH};
use crate::config::SEATS_MAX;
use crate::connection::{HELLO_TIMEOUT, MESSAGES_PER_SECOND, Tally};
use crate::room::GuestId;
use crate::strangers::{LIMITS, Limits, Stranger, Strangers};

/// Connections at a time: the two hundred players of the largest session, and all strangers; more are closed at once.
const CONNECTIONS: usize = SEATS_MAX + LIMITS.all;
/// When the system has no room for a connection, it is asked again after so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// A peer has so long to hear an answer, or the end.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_secs(1);
/// Ids of players over TCP begin here; those over UDP never come so far.
const FIRST_ID: u64 = 1 << 63;
/// Bytes that wait for a peer who does not read; then writing waits, and is given up in time.
const WRITE_BUFFER: usize = 64 * 1024;

/// The bound TCP port.
#[derive(Debug)]
pub(crate) struct Bridge {
    listener: std::net::TcpListener,
}

impl Bridge {
    /// Binds the TCP port of that number.
    pub(crate) fn bind(address: IpAddr, port: u16) -> std::io::Result<Bridge> {
        let listener = std::net::TcpListener::bind(SocketAddr::new(address, port))?;
        listener.set_nonblocking(true)?;
        Ok(Bridge { listener })
    }

    /// Serves until `stop` is true or its sender is gone. Pages that are not in yet are counted by themselves, and their
    /// addresses are true: TCP has asked them.
    pub(crate) async fn run(self, door: Door, limits: Limits, mut stop: watch::Receiver<bool>) {
        let listener = match TcpListener::from_std(self.listener) {
            Ok(listener) => listener,
            Err(error) => return warn!(%error, "no browser can be served"),
        };
        let mut connections = JoinSet::new();
        let mut strangers = Strangers::new(limits);
        let mut ids = (FIRST_ID..).map(GuestId);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(_) = connections.join_next() => continue,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match accepted {
                Ok((stream, remote)) if connections.len() < CONNECTIONS => {
                    let Some(id) = ids.next() else { break };
                    // Too many of them: closed.
                    let Some(stranger) = strangers.come(remote.ip()) else { continue };
                    let door = door.clone();
                    connections.spawn(async move {
                        if let Err(failure) = serve(id, stream, &door, stranger).await {
                            info!(%remote, %failure, "a page's connection ended");
                        }
                    });
                }
                // One too many: closed.
                Ok(_) => {}
                Err(error) => {
                    warn!(%error, "a browser cannot be served now");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        // Rooms have dismissed their players by now; who is here still is told nothing more.
        connections.shutdown().await;
    }
}

async fn serve(id: GuestId, mut stream: TcpStream, door: &Door, stranger: Stranger) -> Result<(), Failure> {
    // Texts are small and wait for nothing.
    stream.set_nodelay(true).map_err(|error| lost(&error))?;
    let wish = timeout(HELLO_TIMEOUT, head::read(&mut stream)).await;
    let answer = match wish.map_err(|_| Failure::Timeout("the request"))? {
        None => {
            debug!("no HTTP");
            return Ok(());
        }
        Some(Wish::Offer) => offer(door),
        Some(Wish::Refused(status)) => refusal(status),
        Some(Wish::WebSocket { key }) => {
            let answer = upgrade(&key);
            let written = timeout(LAST_WORDS_TIMEOUT, stream.write_all(answer.as_bytes())).await;
            written.map_err(|_| Failure::Timeout("the answer"))?.map_err(|error| lost(&error))?;
            return talk(id, stream, door, stranger).await;
        }
    };
    let said = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // What is still being sent is read: a reset could overtake the answer.
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    };
    // Who does not take it has gone.
    let _ = timeout(LAST_WORDS_TIMEOUT, said).await;
    Ok(())
}

/// What a page has to know before it connects. Anybody may read it, from a page of any site: it is no secret, and nothing
/// in it depends on who asks. Being let in is another matter.
fn offer(door: &Door) -> String {
    let hash = STANDARD.encode(*door.certificate.borrow());
    let body = serde_json::json!({ "protocol": PROTOCOL, "certificateHash": hash, "path": PATH }).to_string();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Access-Control-Allow-Origin: *\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn refusal(status: u16) -> String {
    let (reason, more) = match status {
        404 => ("Not Found", ""),
        405 => ("Method Not Allowed", "Allow: GET\r\n"),
        426 => ("Upgrade Required", "Sec-WebSocket-Version: 13\r\n"),
        431 => ("Request Header Fields Too Large", ""),
        _ => ("Bad Request", ""),
    };
    format!("HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\n{more}Connection: close\r\n\r\n")
}

fn upgrade(key: &str) -> String {
    let accept = derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

async fn talk(id: GuestId, stream: TcpStream, door: &Door, stranger: Stranger) -> Result<(), Failure> {
    let limits = WebSocketConfig::default()
        .max_message_size(Some(TEXT_MAX))
        .max_frame_size(Some(TEXT_MAX))
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER)
        .read_buffer_size(TEXT_MAX);
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(limits)).await;
    let mut line = WebSocket { socket, heard: Instant::now(), signs: Tally::new() };
    let result = conversation::serve(id, &mut line, door, None, stranger).await;
    let code = match &result {
        Ok(()) | Err(Failure::Refused(_)) => CloseCode::Normal,
        Err(_) => CloseCode::Policy,
    };
    let goodbye = async {
        let frame = CloseFrame { code, reason: "".into() };
        if line.socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = line.socket.next().await {}
        }
    };
    let _ = timeout(LAST_WORDS_TIMEOUT, goodbye).await;
    result
}

/// A WebSocket: a text is a message.
struct WebSocket {
    socket: WebSocketStream<TcpStream>,
    heard: Instant,
    /// Signs of life; each costs an answer.
    signs: Tally,
}

impl Line for WebSocket {
    async fn read(&mut self) -> Result<Option<String>, Failure> {
        loop {
            let message = match self.socket.next().await {
                None => return Ok(None),
                Some(Err(Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_))) => {
                    return Err(Failure::Protocol);
                }
                Some(Err(error)) => return Err(lost(&error)),
                Some(Ok(message)) => message,
            };
            self.heard = Instant::now();
            match message {
                Message::Text(text) => return Ok(Some(text.as_str().to_owned())),
                Message::Binary(_) | Message::Frame(_) => return Err(Failure::Protocol),
                // Answered by the library, or an answer itself.
                Message::Ping(_) | Message::Pong(_) => {
                    if self.signs.take() > MESSAGES_PER_SECOND {
                        return Err(Failure::Flood);
                    }
                }
                Message::Close(_) => return Ok(None),
            }
        }
    }

    async fn write(&mut self, text: String) -> Result<(), Failure> {
        self.socket.send(Message::Text(text.into())).await.map_err(|error| lost(&error))
    }

    async fn probe(&mut self) -> Result<(), Failure> {
        self.socket.send(Message::Ping(Vec::new().into())).await.map_err(|error| lost(&error))
    }

    fn heard(&self) -> Option<Instant> {
        Some(self.heard)
    }
}

fn lost(error: &dyn std::error::Error) -> Failure {
    Failure::Lost(error.to_string())
}
