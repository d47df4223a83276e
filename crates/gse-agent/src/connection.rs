//! Connections of game servers: how many at a time, and how long one may take to begin.
//!
//! Clients exist that open a connection per call and never close it (server-sdk.md 2.4), so a connection past the limit
//! is closed at once, and those without calls are told to go (`serving.rs`).

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// `PRI * HTTP/2.0 SM` and its line breaks: with less than that there is no connection that could be told to go.
const FIRST_WORDS: usize = 24;
/// How long to wait when the system gives no connection, such as when there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// What connections may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// So many at a time; one more is closed at once.
    pub(crate) most: usize,
    /// How long one may take to say its first words.
    pub(crate) silence: Duration,
    /// Without a call for so long, one is told to go, by GOAWAY.
    pub(crate) idle: Duration,
    /// Silent for so long, it is asked whether it is there.
    pub(crate) ping: Duration,
    /// How long one call may take.
    pub(crate) call: Duration,
}

/// The connections of a listener, as many as there is room for.
#[derive(Debug)]
pub(crate) struct Incoming {
    listener: TcpListener,
    /// Guards nothing and is never waited for; it counts.
    room: Arc<Semaphore>,
    silence: Duration,
    pause: Option<Pin<Box<Sleep>>>,
}

/// A connection that counts as long as it is there.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    _room: OwnedSemaphorePermit,
    /// What the peer has said so far, up to `FIRST_WORDS`.
    heard: usize,
    /// There until the peer has said its first words.
    silence: Option<Pin<Box<Sleep>>>,
}

impl Incoming {
    pub(crate) fn new(listener: TcpListener, limits: Limits) -> Self {
        let room = Arc::new(Semaphore::new(limits.most.min(Semaphore::MAX_PERMITS)));
        Self { listener, room, silence: limits.silence, pause: None }
    }

    /// The next connection, and whose it is. Dropped before that, nothing is lost.
    pub(crate) async fn accept(&mut self) -> (Connection, SocketAddr) {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<(Connection, SocketAddr)> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match ready!(self.listener.poll_accept(cx)) {
                Ok((stream, peer)) => {
                    // No room: closed by dropping it. The client dials again, as it does when the agent is away.
                    let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else { continue };
                    // Without it answers are late, but they come.
                    let _ = stream.set_nodelay(true);
                    let silence = Some(Box::pin(tokio::time::sleep(self.silence)));
                    return Poll::Ready((Connection { stream, _room: room, heard: 0, silence }, peer));
                }
                Err(error) => {
                    // One that the peer took back, or the system's limit. Neither may end the service, nor spin.
                    tracing::warn!(%error, "no connection of a game server can be accepted now");
                    self.pause = Some(Box::pin(tokio::time::sleep(PAUSE)));
                }
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(result) = Pin::new(&mut self.stream).poll_read(cx, buffer) {
            self.heard = self.heard.saturating_add(buffer.filled().len() - before);
            if self.heard >= FIRST_WORDS {
                self.silence = None;
            }
            return Poll::Ready(result);
        }
        if let Some(silence) = &mut self.silence {
            ready!(silence.as_mut().poll(cx));
            let text = "the peer did not say its first words";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, text)));
        }
        Poll::Pending
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
