//! `GET` of an event's log, by an address that is signed and valid for some minutes (`PreSignedLogUrl`).

use axum::extract::Request;
use axum::response::Response;
use gse_core::archive::ArchiveQuestion;
use gse_core::id::EventId;
use gse_core::state::{Row, RowKind};
use gse_core::time::Timestamp;
use http::StatusCode;

use super::{LOGS, Refusal, check_signed, signed_url};
use crate::http::Api;

/// Where the log of an event can be read from `now` on.
pub(crate) fn presigned_url(api: &Api, event: &EventId, now: Timestamp) -> String {
    signed_url(api, &format!("{LOGS}/{event}"), now)
}

pub(super) async fn serve(api: &Api, event: &str, request: Request) -> Result<Response, Refusal> {
    check_signed(api, &format!("{LOGS}/{event}"), &request, "call DescribeFleetEvents")?;
    // A body that cannot be shared must not be held while waiting.
    drop(request);
    let busy = |error: gse_api::ApiError| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error.message);
    let _room = api.gate.call().await.map_err(busy)?;
    let id = EventId::new(event);
    let unavailable = |text: String| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, text);
    let found = api.engine.query(move |state, _now| state.events.get_shared(&id).cloned()).await;
    let row = match found.map_err(|error| unavailable(error.to_string()))? {
        Some(found) => Some(Row::Event(found)),
        None => {
            let question = ArchiveQuestion::key(RowKind::Event, event);
            api.engine.archived(question).await.map_err(|error| unavailable(error.to_string()))?.pop()
        }
    };
    let log = match row {
        Some(Row::Event(event)) => event.log.clone(),
        _ => None,
    };
    let missing = || Refusal::new(StatusCode::NOT_FOUND, format!("event `{event}` has no log"));
    Ok(super::text(StatusCode::OK, log.ok_or_else(missing)?))
}
