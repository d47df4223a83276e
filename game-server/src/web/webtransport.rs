//! The QUIC side: a WebTransport session on a connection of the players' own endpoint, with one stream that carries a JSON
//! text a line.

use quinn::VarInt;
use tokio::time::{Instant, timeout};
use tracing::{debug, info};
use web_transport_quinn::{RecvStream, Request, SendStream, Session};

use super::certificate::CertificateHash;
use super::conversation::{self, Failure, Line};
use super::message::TEXT_MAX;
use super::{Door, PATH};
use crate::connection::HELLO_TIMEOUT;
use crate::room::GuestId;
use crate::strangers::Stranger;

/// Read from the stream at a time, in bytes.
const CHUNK: usize = 4096;
/// The last words have so long to arrive.
const LAST_WORDS_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(1);

/// Serves the connection of a browser to its end. `certificate` is the one of its handshake.
pub(crate) async fn serve(
    id: GuestId,
    connection: quinn::Connection,
    door: &Door,
    certificate: CertificateHash,
    stranger: Stranger,
) {
    let remote = connection.remote_address();
    let opened = timeout(HELLO_TIMEOUT, open(connection.clone())).await;
    let (session, send, recv) = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err(failure)) => {
            connection.close(VarInt::from_u32(0), b"");
            return debug!(%remote, %failure, "no WebTransport session");
        }
        Err(_) => {
            connection.close(VarInt::from_u32(0), b"");
            return debug!(%remote, "no WebTransport session in time");
        }
    };
    let mut line = Lines { send, recv, unread: Vec::new(), searched: 0 };
    let result = conversation::serve(id, &mut line, door, Some(certificate), stranger).await;
    if line.send.finish().is_ok() {
        let _ = timeout(LAST_WORDS_TIMEOUT, line.send.stopped()).await;
    }
    session.close(0, b"");
    if let Err(failure) = result {
        info!(%remote, %failure, "a page's connection ended");
    }
}

/// The handshake of HTTP/3 and WebTransport, and the stream. The server opens it, because it has the first word.
async fn open(connection: quinn::Connection) -> Result<(Session, SendStream, RecvStream), Failure> {
    let lost = |error: &dyn std::error::Error| Failure::Lost(error.to_string());
    let request = Request::accept(connection).await.map_err(|error| lost(&error))?;
    if request.url.path() != PATH {
        let _ = request.reject(web_transport_quinn::http::StatusCode::NOT_FOUND).await;
        return Err(Failure::Protocol);
    }
    let session = request.ok().await.map_err(|error| lost(&error))?;
    let (send, recv) = session.open_bi().await.map_err(|error| lost(&error))?;
    Ok((session, send, recv))
}

/// A stream: a text is a line.
struct Lines {
    send: SendStream,
    recv: RecvStream,
    unread: Vec<u8>,
    /// So much of `unread` has no line's end in it.
    searched: usize,
}

impl Lines {
    /// A whole line that has arrived already.
    fn next(&mut self) -> Result<Option<String>, Failure> {
        let Some(end) = self.unread[self.searched..].iter().position(|byte| *byte == b'\n') else {
            self.searched = self.unread.len();
            return if self.unread.len() > TEXT_MAX { Err(Failure::Protocol) } else { Ok(None) };
        };
        let line: Vec<u8> = self.unread.drain(..=self.searched + end).collect();
        self.searched = 0;
        if line.len() > TEXT_MAX {
            return Err(Failure::Protocol);
        }
        String::from_utf8(line).map(Some).map_err(|_| Failure::Protocol)
    }
}

impl Line for Lines {
    async fn read(&mut self) -> Result<Option<String>, Failure> {
        loop {
            if let Some(line) = self.next()? {
                return Ok(Some(line));
            }
            let chunk = self.recv.read_chunk(CHUNK, true).await;
            match chunk.map_err(|error| Failure::Lost(error.to_string()))? {
                Some(chunk) => self.unread.extend_from_slice(&chunk.bytes),
                None => return Ok(None),
            }
        }
    }

    async fn write(&mut self, mut text: String) -> Result<(), Failure> {
        text.push('\n');
        self.send.write_all(text.as_bytes()).await.map_err(|error| Failure::Lost(error.to_string()))
    }

    async fn probe(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// QUIC asks for signs of life itself.
    fn heard(&self) -> Option<Instant> {
        None
    }
}
