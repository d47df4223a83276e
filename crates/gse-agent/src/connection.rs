//! Connections of game servers: how many at a time, and how long one may say nothing at all.
//!
//! Clients exist that open a connection per call and never close it (server-sdk.md 2.4), so a connection past the limit
//! is closed at once, and those that live are told to reconnect by their age (`agent.rs`).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tonic::codegen::tokio_stream::Stream;
use tonic::transport::server::{Connected, TcpConnectInfo};

/// Clients of gRPC speak first, at once.
const FIRST_WORD: Duration = Duration::from_secs(30);
/// How long to wait when the system gives no connection, such as when there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// The connections of a listener, as many as there is room for.
#[derive(Debug)]
pub(crate) struct Incoming {
    listener: TcpListener,
    /// Guards nothing and is never waited for; it counts.
    room: Arc<Semaphore>,
    pause: Option<Pin<Box<Sleep>>>,
}

/// A connection that counts as long as it is there.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    _room: OwnedSemaphorePermit,
    /// There until the peer said something.
    silence: Option<Pin<Box<Sleep>>>,
}

impl Incoming {
    pub(crate) fn new(listener: TcpListener, most: usize) -> Self {
        let room = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self { listener, room, pause: None }
    }
}

impl Stream for Incoming {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match ready!(self.listener.poll_accept(cx)) {
                Ok((stream, _)) => {
                    // No room: closed by dropping it. The client dials again, as it does when the agent is away.
                    let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else { continue };
                    // Without it answers are late, but they come.
                    let _ = stream.set_nodelay(true);
                    let silence = Some(Box::pin(tokio::time::sleep(FIRST_WORD)));
                    return Poll::Ready(Some(Ok(Connection { stream, _room: room, silence })));
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

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(result) = Pin::new(&mut self.stream).poll_read(cx, buffer) {
            self.silence = None;
            return Poll::Ready(result);
        }
        if let Some(silence) = &mut self.silence {
            ready!(silence.as_mut().poll(cx));
            let text = "the peer said nothing";
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
