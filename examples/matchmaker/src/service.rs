//! What players speak: JSON to ask, server-sent events to hear.
//!
//! `GET /regions` tells where to measure latencies, `POST /tickets` asks for a match, `GET /tickets/{id}/events` tells where it stands until it is over,
//! `DELETE /tickets/{id}` gives it up.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::desk::{Closed, Desk, Refusal};
use crate::placement::Place;
use crate::ticket::{Status, Wish};

/// Largest body that is read.
const BODY_MAX: usize = 16 * 1024;
/// So often something is sent when there is nothing to tell, so that neither side takes the other for gone.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// What the routes work with.
#[derive(Clone)]
struct Service {
    desk: Desk,
    place: Arc<dyn Place>,
}

/// The routes.
pub fn router(desk: Desk, place: Arc<dyn Place>) -> Router {
    Router::new()
        .route("/regions", get(regions))
        .route("/tickets", post(submit))
        .route("/tickets/{id}", axum::routing::delete(cancel))
        .route("/tickets/{id}/events", get(events))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(Service { desk, place })
}

async fn regions(State(service): State<Service>) -> Response {
    match service.place.beacons().await {
        Ok(beacons) => answered(200, &json!({ "regions": beacons })),
        Err(reason) => refused(503, &reason),
    }
}

async fn submit(State(Service { desk, .. }): State<Service>, body: Bytes) -> Response {
    let wish: Wish = match serde_json::from_slice(&body) {
        Ok(wish) => wish,
        Err(error) => {
            let reason = format!(
                "the body is not a wish: {error}; hint: `{{\"player_id\":\"ann\",\"skill\":1200,\"latencies\":{{\"ap-shanghai\":30}}}}`"
            );
            return refused(400, &reason);
        }
    };
    match desk.submit(wish).await {
        Ok(Ok(id)) => answered(201, &json!({ "ticket_id": id })),
        Ok(Err(refusal)) => refused(status_of(&refusal), &refusal.to_string()),
        Err(closed) => ending(&closed),
    }
}

fn status_of(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::Wish(_) => 400,
        Refusal::Twice(_) => 409,
        Refusal::Full(_) | Refusal::System(_) => 503,
    }
}

async fn cancel(State(Service { desk, .. }): State<Service>, Path(id): Path<String>) -> Response {
    match desk.cancel(id).await {
        Ok(Some(true)) => answered(200, &json!({ "status": "CANCELLED" })),
        Ok(Some(false)) => refused(409, "it is too late: the ticket is not searching any more"),
        Ok(None) => refused(404, "there is no such ticket"),
        Err(closed) => ending(&closed),
    }
}

async fn events(State(Service { desk, .. }): State<Service>, Path(id): Path<String>) -> Response {
    match desk.watch(id).await {
        Ok(Some(status)) => {
            Sse::new(told(status)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
        }
        Ok(None) => refused(404, "there is no such ticket; hint: outcomes are kept for a minute"),
        Err(closed) => ending(&closed),
    }
}

/// Where the ticket stands now, then each change, and nothing after the last one.
fn told(mut status: watch::Receiver<Status>) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    status.mark_changed();
    stream::unfold(Some(status), async |status| {
        let mut status = status?;
        status.changed().await.ok()?;
        let now = status.borrow_and_update().clone();
        let text = serde_json::to_string(&now).expect("a status has a JSON form");
        let next = (!now.is_final()).then_some(status);
        Some((Ok(Event::default().event("status").data(text)), next))
    })
}

fn ending(closed: &Closed) -> Response {
    refused(503, &closed.to_string())
}

fn refused(status: u16, reason: &str) -> Response {
    answered(status, &json!({ "error": reason }))
}

fn answered(status: u16, body: &Value) -> Response {
    Response::builder()
        .status(status)
        .header("Content-Type", "application/json")
        .header("Cache-Control", "no-store")
        .body(Body::from(body.to_string()))
        .expect("the status and the headers are valid")
}

#[cfg(test)]
mod tests;
