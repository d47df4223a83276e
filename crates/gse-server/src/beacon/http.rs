//! `GET /v1/ping`: `pong`, for clients that have no UDP, such as web pages.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use gse_core::id::Region;
use http::{StatusCode, header};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{Faults, condition};
use crate::http::serve;
use crate::limits::Limits;

/// Connections of one beacon.
const CONNECTIONS: usize = 256;
/// How long a head may take; nobody measures a minute.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a region that is down says nothing; clients give up after a second (Z-4).
const SILENCE: Duration = Duration::from_secs(3);

#[derive(Clone)]
struct Beacon {
    region: Region,
    faults: watch::Receiver<Faults>,
}

/// Answers for ever.
pub(super) async fn run(listener: TcpListener, region: Region, faults: watch::Receiver<Faults>) {
    let router = Router::new().route("/v1/ping", get(ping)).with_state(Beacon { region, faults });
    let limits = Limits { connections: CONNECTIONS, head_time: HEAD_TIME, ..Limits::default() };
    if let Err(error) =
        serve::serve(serve::Listener { tcp: listener, tls: None }, router, &limits, std::future::pending())
            .await
    {
        tracing::error!(%error, "a latency beacon cannot be reached any more");
    }
}

async fn ping(State(beacon): State<Beacon>) -> Response {
    let now_is = condition(&beacon.faults.borrow(), &beacon.region);
    if now_is.is_down {
        // What is down does not say so.
        tokio::time::sleep(SILENCE).await;
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::CONNECTION, "close")]).into_response();
    }
    if !now_is.delay.is_zero() {
        tokio::time::sleep(now_is.delay).await;
    }
    let headers = [
        (header::CONTENT_TYPE, "text/plain"),
        (header::CACHE_CONTROL, "no-store"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, "pong").into_response()
}
