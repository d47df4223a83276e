//! The accept loop of the API listener. It owns the tasks of its connections, and bounds what a bad peer can hold: the
//! time for a head, the size of a head, the time to take an answer, and the number of connections.
//!
//! With HTTPS, a connection counts from its first byte, and the handshake has the time of a head.
//!
//! Bodies have their own bounds where they are read (`body.rs`, `cos/upload.rs`).

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use gse_api::{ApiError, ErrorCode, envelope};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::patient::Patient;
use super::spelling::Spelling;
use crate::ids;
use crate::limits::Limits;

/// Room for a head: a query may have 32 KiB (cloud-api.md 1.5), and headers want some too.
const HEAD_BYTES: usize = 64 << 10;
/// How long to wait when the system gives no connection, such as when there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);
/// Refused connections that are told why at a time; more are closed without a word.
const REFUSALS: usize = 256;
/// How long a refused connection may take to read why.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// What is listened on.
pub(crate) struct Listener {
    pub(crate) tcp: TcpListener,
    /// There when it speaks HTTPS.
    pub(crate) tls: Option<TlsAcceptor>,
}

/// Serves until `stop`; then open connections finish the request they are at.
pub(crate) async fn serve(
    listener: Listener,
    router: Router,
    limits: &Limits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let Listener { tcp: listener, tls } = listener;
    let mut stop = std::pin::pin!(stop);
    let stopping = watch::Sender::new(false);
    let router = Spelled { router, spelling: Spelling::learn().await };
    let mut connections = JoinSet::new();
    let mut refusals = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            Some(ended) = connections.join_next() => { check(ended); continue }
            Some(ended) = refusals.join_next() => { check(ended); continue }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) if connections.len() < limits.connections => {
                let (router, stopping) = (router.clone(), stopping.subscribe());
                let (peer, tls, limits) = (Peer(peer.ip()), tls.clone(), limits.clone());
                connections.spawn(connection(stream, tls, peer, router, limits, stopping));
            }
            // A peer that waits for a handshake would not understand why, and to tell it costs one.
            Ok((stream, _)) if refusals.len() < REFUSALS && tls.is_none() => {
                refusals.spawn(refuse(stream, limits.connections));
            }
            // Closed by dropping it.
            Ok(_) => {}
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                tracing::warn!(%error, open = connections.len(), "no connection can be accepted now");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    stopping.send_replace(true);
    while let Some(ended) = connections.join_next().await {
        check(ended);
    }
    Ok(())
}

/// What answers, and how that is spelled.
#[derive(Clone)]
struct Spelled {
    router: Router,
    spelling: Spelling,
}

impl Spelled {
    async fn answer(self, request: http::Request<Incoming>) -> Result<Response, Infallible> {
        let mut answer = self.router.oneshot(request.map(Body::new)).await?;
        self.spelling.apply(&mut answer);
        Ok(answer)
    }
}

/// Who sent a request. The console hands it on with the calls that it makes for a visitor: what is for this machine only is
/// for visitors on it too.
pub(super) use gse_console::Caller as Peer;

/// A panic in a connection ends that connection only. It is a bug all the same, so it is told.
fn check(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "the task of a connection ended unexpectedly");
    }
}

/// The peer went away between connecting and being accepted.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    peer: Peer,
    router: Spelled,
    limits: Limits,
    mut stopping: watch::Receiver<bool>,
) {
    // Without it answers are late, but they come.
    let _ = stream.set_nodelay(true);
    let stream = Patient::new(stream, limits.pace);
    let Some(tls) = tls else { return converse(stream, peer, router, limits, stopping).await };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(limits.head_time, tls.accept(stream)) => shaken,
        // There is no request to finish.
        () = told(&mut stopping) => return,
    };
    match shaken {
        Ok(Ok(stream)) => converse(stream, peer, router, limits, stopping).await,
        Ok(Err(error)) => tracing::debug!(%error, "a connection ended in its handshake"),
        Err(_) => tracing::debug!("a connection took too long for its handshake"),
    }
}

/// Requests and answers, until either side has enough.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    router: Spelled,
    limits: Limits,
    mut stopping: watch::Receiver<bool>,
) {
    let stops = gse_console::Stopping(stopping.clone());
    let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(stops.clone());
        router.clone().answer(request)
    });
    let io = TokioIo::new(stream);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        // Runs from the end of an answer too, so it is the longest that an idle connection is kept.
        .header_read_timeout(limits.head_time)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(io, service);
    let mut served = std::pin::pin!(served);
    let result = tokio::select! {
        result = &mut served => result,
        () = told(&mut stopping) => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = result {
        // What a peer does wrong is no news.
        tracing::debug!(%error, "connection ended");
    }
}

/// Completes when the service stops. Not in line, because what the channel lends must be gone before anything waits.
async fn told(stopping: &mut watch::Receiver<bool>) {
    // The sender may be gone: then the service is.
    let _ = stopping.wait_for(|&stops| stops).await;
}

/// Tells a connection that there is no room for it, whatever it wants to ask.
async fn refuse(mut stream: TcpStream, most: usize) {
    let message = format!("The service has {most} connections, as many as it may; connect again later.");
    let error = ApiError::new(ErrorCode::RequestLimitExceeded, message);
    let request_id = ids::request_id();
    let text = envelope::failure(&error, &request_id);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nX-TC-RequestId: {request_id}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        envelope::CONTENT_TYPE,
        text.len()
    );
    let exchange = async {
        stream.write_all(&[head.as_bytes(), &text].concat()).await?;
        stream.shutdown().await?;
        // Closing with unread bytes would take the answer back. What is read goes nowhere.
        let mut bytes = [0; 4096];
        while stream.read(&mut bytes).await? > 0 {}
        io::Result::Ok(())
    };
    // A peer that is gone, or does not read, is not told.
    let _ = tokio::time::timeout(REFUSAL_TIME, exchange).await;
}
