//! Serving the connections of game servers. Each has a gRPC server of its own, so that one without calls can be told to
//! go by GOAWAY while nobody else notices (server-sdk.md 2.4): clients exist that open a connection per call and never
//! close it, and clients that are busy lose a call when theirs is told to go.

use std::io;
use std::time::Duration;

use gse_proto::grpcsdk::gse_grpc_sdk_service_server::GseGrpcSdkServiceServer;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tonic::codec::CompressionEncoding;
use tonic::codegen::tokio_stream::{self, StreamExt};
use tonic::transport::Server;

use crate::connection::{Connection, Incoming, Limits};
use crate::sdk_service::{IncomingCall, SdkService};

/// How long a client may take to answer a ping.
const LONGEST_PONG: Duration = Duration::from_secs(20);
/// What a client may send on a connection before it is read: calls are small.
const WINDOW_BYTES: u32 = 64 << 10;

/// Serves until `stopped`, then until the last connection is gone.
pub(crate) async fn serve(
    mut incoming: Incoming,
    limits: Limits,
    calls: mpsc::Sender<IncomingCall>,
    mut stopped: oneshot::Receiver<()>,
) {
    let (stop, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (connection, gone) = incoming.accept() => {
                connections.spawn(serve_one(connection, gone, limits, calls.clone(), stopping.clone()));
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
    gone: oneshot::Receiver<()>,
    limits: Limits,
    calls: mpsc::Sender<IncomingCall>,
    mut stopping: watch::Receiver<()>,
) {
    let (in_flight, calls_in_flight) = watch::channel(0);
    // Never required, and never sent (2.1). What comes out is bounded like any message.
    let service = GseGrpcSdkServiceServer::new(SdkService { calls, in_flight })
        .accept_compressed(CompressionEncoding::Gzip);
    let leave = async move {
        tokio::select! {
            () = until_idle(calls_in_flight, limits.idle) => {}
            // Their senders are dropped.
            _ = stopping.changed() => {}
            _ = gone => {}
        }
    };
    // The server would end with the stream.
    let only = tokio_stream::once(Ok::<_, io::Error>(connection)).chain(tokio_stream::pending());
    let served = Server::builder()
        .initial_connection_window_size(WINDOW_BYTES)
        .initial_stream_window_size(WINDOW_BYTES)
        .http2_keepalive_interval(Some(limits.ping))
        .http2_keepalive_timeout(Some(limits.ping.min(LONGEST_PONG)))
        .timeout(limits.call)
        .add_service(service)
        .serve_with_incoming_shutdown(only, leave)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection of a game server ended");
    }
}

/// Returns when there was no call for so long.
async fn until_idle(mut in_flight: watch::Receiver<u32>, limit: Duration) {
    loop {
        let is_busy = *in_flight.borrow_and_update() > 0;
        let changed = in_flight.changed();
        let waited = if is_busy { Ok(changed.await) } else { tokio::time::timeout(limit, changed).await };
        if !matches!(waited, Ok(Ok(()))) {
            return;
        }
    }
}
