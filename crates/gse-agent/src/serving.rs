//! Serving the connections of game servers. tonic's own server can tell a connection to go by its age only, and clients
//! that are busy lose the call that meets the GOAWAY; the contract wants those without calls reaped (server-sdk.md 2.4).
//! Clients exist that open a connection per call and never close it.
//!
//! Every connection is a task of its own, and no larger than it must be: there may be thousands.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use gse_proto::grpcsdk::gse_grpc_sdk_service_server::GseGrpcSdkServiceServer;
use gse_proto::timeline::timeline_service_server::{self, TimelineServiceServer};
use hyper::body::Incoming as IncomingBody;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::Status;
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::codegen::Service;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::transport::server::TcpConnectInfo;

use crate::connection::{Connection, Incoming, Limits};
use crate::sdk_service::{IncomingCall, SdkService};

/// How long a client may take to answer a ping.
const LONGEST_PONG: Duration = Duration::from_secs(20);
/// What a client may send on a connection before it is read: calls are small.
const WINDOW_BYTES: u32 = 64 << 10;
/// Calls of one connection at a time. hyper's 200 ends the connection of a client that has sent more before it could hear
/// of the limit.
const CALLS_PER_CONNECTION: u32 = 4096;

/// What a milestone may be at most, bytes: an id, a name, and room for members that are not known.
const MOST_TIMELINE_BYTES: usize = 4 << 10;

/// The services of the port.
#[derive(Clone)]
struct Server {
    calls: GseGrpcSdkServiceServer<SdkService>,
    timeline: TimelineServiceServer<SdkService>,
}

impl Server {
    fn new(service: SdkService) -> Self {
        let timeline = TimelineServiceServer::new(service.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MOST_TIMELINE_BYTES);
        // Never required, and never sent (2.1). What comes out is bounded like any message.
        let calls = GseGrpcSdkServiceServer::new(service).accept_compressed(CompressionEncoding::Gzip);
        Self { calls, timeline }
    }

    /// What is of neither is answered UNIMPLEMENTED by the first.
    async fn call(&mut self, request: Request<IncomingBody>) -> Result<Response<Body>, Infallible> {
        let service = request.uri().path().trim_start_matches('/').split('/').next();
        if service == Some(timeline_service_server::SERVICE_NAME) {
            self.timeline.call(request).await
        } else {
            self.calls.call(request).await
        }
    }
}

/// Serves until `stopped`, then until the last connection is gone.
pub(crate) async fn serve(
    mut incoming: Incoming,
    limits: Limits,
    calls: mpsc::Sender<IncomingCall>,
    mut stopped: oneshot::Receiver<()>,
) {
    let server = Server::new(SdkService { calls });
    let (stop, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (connection, peer) = incoming.accept() => {
                connections.spawn(serve_one(connection, peer, limits, server.clone(), stopping.clone()));
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            _ = &mut stopped => break,
        }
    }
    drop((stop, stopping, incoming));
    while connections.join_next().await.is_some() {}
}

async fn serve_one(
    connection: Connection,
    peer: SocketAddr,
    limits: Limits,
    server: Server,
    mut stopping: watch::Receiver<()>,
) {
    let (in_flight, mut calls_in_flight) = watch::channel(0);
    let ends = TcpConnectInfo { local_addr: connection.local_addr(), remote_addr: Some(peer) };
    let service =
        service_fn(|request| answer(server.clone(), request, ends.clone(), limits.call, in_flight.clone()));
    let mut connection = std::pin::pin!(
        http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_connection_window_size(WINDOW_BYTES)
            .initial_stream_window_size(WINDOW_BYTES)
            .max_concurrent_streams(CALLS_PER_CONNECTION)
            .keep_alive_interval(limits.ping)
            .keep_alive_timeout(limits.ping.min(LONGEST_PONG))
            .serve_connection(TokioIo::new(connection), service)
    );
    let served = tokio::select! {
        served = &mut connection => served,
        () = until_idle(&mut calls_in_flight, limits.idle) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        // Its sender is dropped.
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection of a game server ended");
    }
}

/// Returns when there was no call for so long.
async fn until_idle(in_flight: &mut watch::Receiver<u32>, limit: Duration) {
    loop {
        let is_busy = *in_flight.borrow_and_update() > 0;
        let changed = in_flight.changed();
        let waited = if is_busy { Ok(changed.await) } else { timeout(limit, changed).await };
        if !matches!(waited, Ok(Ok(()))) {
            return;
        }
    }
}

/// Counts a call as long as it is there, however it ends.
struct InFlight(watch::Sender<u32>);

impl InFlight {
    fn begin(count: watch::Sender<u32>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// One call, for as long as the client wants to wait for it and it may take.
async fn answer(
    mut server: Server,
    mut request: Request<IncomingBody>,
    ends: TcpConnectInfo,
    longest: Duration,
    in_flight: watch::Sender<u32>,
) -> Result<Response<Body>, Infallible> {
    let _in_flight = InFlight::begin(in_flight);
    let deadline = grpc_timeout(request.headers()).map_or(longest, |deadline| deadline.min(longest));
    request.extensions_mut().insert(ends);
    match timeout(deadline, server.call(request)).await {
        Ok(answered) => answered,
        Err(_) => Ok(Status::deadline_exceeded("the call took longer than its deadline").into_http()),
    }
}

/// `grpc-timeout`: at most eight digits and a unit. What is not understood is not there.
fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = digits.parse().ok().filter(|_| digits.len() <= 8)?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_of_grpc_are_read() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            grpc_timeout(&headers)
        };
        for (text, duration) in [
            ("1m", Some(Duration::from_millis(1))),
            ("2S", Some(Duration::from_secs(2))),
            ("3M", Some(Duration::from_secs(180))),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
            ("5u", Some(Duration::from_micros(5))),
            ("7n", Some(Duration::from_nanos(7))),
            ("100000000n", None),
            ("", None),
            ("S", None),
            ("-1S", None),
            ("1x", None),
        ] {
            assert_eq!(read(text), duration, "{text}");
        }
        assert_eq!(grpc_timeout(&HeaderMap::new()), None);
    }
}
