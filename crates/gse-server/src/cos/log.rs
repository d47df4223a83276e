//! `GET` of an event's log, by an address that is signed and valid for some minutes (`PreSignedLogUrl`).

use axum::extract::Request;
use axum::response::Response;
use gse_api::signature::cos::{Authorization, Grant, Upload as SignedDownload, sign};
use gse_core::archive::ArchiveQuestion;
use gse_core::id::EventId;
use gse_core::state::{Row, RowKind};
use gse_core::time::Timestamp;
use http::{Method, StatusCode};

use super::{LOGS, Refusal, key};
use crate::http::Api;

/// Only this service signs and checks these, so they are bound to a name that no bucket has, not to an address.
const SIGNED_HOST: &str = "logs.gse";

/// Where the log of an event can be read from `now` on.
pub(crate) fn presigned_url(api: &Api, event: &EventId, now: Timestamp) -> String {
    let object_key = format!("{LOGS}/{event}");
    let grant = Grant {
        method: "GET",
        object_key: &object_key,
        host: SIGNED_HOST,
        from: now.seconds(),
        to: now.plus(api.config.log_url_validity).seconds(),
    };
    format!("{}/{object_key}?{}", api.objects_url, sign(&grant, key(api)))
}

pub(super) async fn serve(api: &Api, event: &str, request: Request) -> Result<Response, Refusal> {
    check(api, event, &request)?;
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

fn check(api: &Api, event: &str, request: &Request) -> Result<(), Refusal> {
    if request.method() != Method::GET {
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "logs can only be read; use GET"));
    }
    let forbidden = |text: String| {
        Refusal::new(StatusCode::FORBIDDEN, format!("{text}; call DescribeFleetEvents for a new address"))
    };
    let query = request.uri().query().unwrap_or_default();
    let authorization = Authorization::parse(query).map_err(|error| forbidden(error.to_string()))?;
    if authorization.secret_id != api.account.secret_id {
        return Err(forbidden("the address is signed with an unknown key".to_owned()));
    }
    let path = format!("/{LOGS}/{event}");
    let download = SignedDownload { method: "GET", path: &path, hosts: &[SIGNED_HOST] };
    let verified = authorization.verify(&download, &api.account.secret_key, api.clock.now().seconds());
    verified.map_err(|error| forbidden(error.to_string()))
}
