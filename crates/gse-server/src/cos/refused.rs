//! What a refused request is answered: the vendor's clients read XML, people and `gse asset upload` read text.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use super::multipart::{element, escape};
use super::{Refusal, text};
use crate::ids;

/// The answer, or why there is none: as text where that is what is accepted, else as XML.
pub(super) fn answer(head: &http::request::Parts, result: Result<Response, Refusal>) -> Response {
    let wants_text = head.headers.get(header::ACCEPT).is_some_and(|accepted| accepted == "text/plain");
    result.unwrap_or_else(
        |refusal| if wants_text { as_text(refusal) } else { as_xml(&refusal, head.uri.path()) },
    )
}

pub(super) fn as_text(refusal: Refusal) -> Response {
    tracing::info!(status = refusal.status.as_u16(), reason = refusal.text, "object request refused");
    text(refusal.status, refusal.text + "\n")
}

fn as_xml(refusal: &Refusal, resource: &str) -> Response {
    let request_id = ids::request_id();
    let Refusal { status, text } = refusal;
    tracing::info!(status = status.as_u16(), request_id, reason = text, "object request refused");
    let members = [
        ("Code", code(*status)),
        ("Message", text),
        ("Resource", resource),
        ("RequestId", &request_id),
        ("TraceId", &request_id),
    ];
    let members = members.map(|(name, value)| format!("<{name}>{}</{name}>", escape(value)));
    let mut response = Response::new(Body::from(element("Error", &members.concat())));
    *response.status_mut() = *status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// The codes of the object store for the statuses of this endpoint.
fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::FORBIDDEN => "AccessDenied",
        StatusCode::NOT_FOUND => "NoSuchResource",
        StatusCode::METHOD_NOT_ALLOWED => "MethodNotAllowed",
        StatusCode::PAYLOAD_TOO_LARGE => "EntityTooLarge",
        StatusCode::REQUEST_TIMEOUT => "RequestTimeOut",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
        StatusCode::INTERNAL_SERVER_ERROR => "InternalError",
        _ => "InvalidRequest",
    }
}
