//! The two networks that a process and its agent can share: loopback, and one in memory.
//!
//! The second one is what `testing` and `standalone` stand on. Every byte of the protocol is the same on both; only
//! the sockets differ, so what works in memory works on loopback.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::codegen::{Context, Poll, Service, http};
use tonic::transport::server::Router;
use tonic::transport::{Channel, Endpoint};

/// Connections that wait to be accepted in memory; more are refused.
const BACKLOG: usize = 64;
/// Bytes that one direction of a connection in memory holds before its writer waits.
const PIPE_BYTES: usize = 64 * 1024;

/// Where a process and its agent meet.
#[derive(Debug, Clone)]
pub(crate) enum Network {
    /// 127.0.0.1.
    Loopback,
    /// Pipes of this OS process.
    Memory(Arc<Memory>),
}

/// A network in memory: listeners by port.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<Listeners>);

#[derive(Debug, Default)]
struct Listeners {
    last_port: u16,
    open: BTreeMap<u16, mpsc::Sender<DuplexStream>>,
}

/// Something that takes connections.
#[derive(Debug)]
pub(crate) enum Listener {
    Loopback(TcpListener),
    Memory(mpsc::Receiver<DuplexStream>),
}

impl Network {
    /// A network that nobody else is on, and its first listener.
    pub(crate) fn new_memory() -> (Self, u16, Listener) {
        let memory = Arc::new(Memory::default());
        let (port, listener) = memory.listen().expect("a network without listeners has every port free");
        (Self::Memory(memory), port, listener)
    }

    /// Listens on a free port.
    pub(crate) async fn listen(&self) -> io::Result<(u16, Listener)> {
        match self {
            Self::Loopback => {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
                Ok((listener.local_addr()?.port(), Listener::Loopback(listener)))
            }
            Self::Memory(memory) => memory.listen(),
        }
    }

    /// A lazy connection to an endpoint, which comes back after it broke. No proxy is ever asked.
    pub(crate) fn channel(&self, endpoint: &Endpoint) -> Channel {
        match self {
            Self::Loopback => endpoint.connect_lazy(),
            Self::Memory(memory) => endpoint.connect_with_connector_lazy(MemoryConnector(memory.clone())),
        }
    }
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Listeners> {
        // No code can panic while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self) -> io::Result<(u16, Listener)> {
        let mut listeners = self.lock();
        let port = listeners.last_port.checked_add(1).ok_or(io::ErrorKind::AddrInUse)?;
        listeners.last_port = port;
        let (connect, connected) = mpsc::channel(BACKLOG);
        listeners.open.insert(port, connect);
        Ok((port, Listener::Memory(connected)))
    }

    fn connect(&self, port: u16) -> io::Result<DuplexStream> {
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        let listeners = self.lock();
        let listener = listeners.open.get(&port).ok_or(io::ErrorKind::ConnectionRefused)?;
        listener.try_send(far).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(near)
    }
}

/// Dials on a network in memory; of the address only the port counts.
struct MemoryConnector(Arc<Memory>);

impl Service<http::Uri> for MemoryConnector {
    type Response = TokioIo<DuplexStream>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: http::Uri) -> Self::Future {
        ready(self.0.connect(uri.port_u16().unwrap_or_default()).map(TokioIo::new))
    }
}

/// Serves until told to stop, or until who could tell is gone.
pub(crate) async fn serve(router: Router, listener: Listener, stopped: oneshot::Receiver<()>) {
    let stop = async {
        // Told to stop, or its owner is gone: the same.
        let _ = stopped.await;
    };
    // An error ends the server; whoever depends on it sees that by itself.
    let _ = match listener {
        Listener::Loopback(listener) => {
            router.serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop).await
        }
        Listener::Memory(connections) => {
            let incoming = ReceiverStream::new(connections).map(Ok::<_, io::Error>);
            router.serve_with_incoming_shutdown(incoming, stop).await
        }
    };
}
