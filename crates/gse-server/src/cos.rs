//! The object endpoint: signed uploads of packages (operations.md 1.3), and downloads of event logs.
//!
//! An object is named by the path (`/objects/<bucket>/<key>`) or, as the vendor's clients do it, by the host
//! (`<bucket>.cos.<region>.myqcloud.com/<key>`). Refusals are as they are there (`refused.rs`). Bodies go to the disk as
//! they come; none is held in memory.

mod authorize;
mod cors;
pub(crate) mod federation;
mod log;
mod multipart;
mod refused;
pub(crate) mod session_log;
mod upload;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use gse_api::signature::cos::{Authorization, Grant, Upload as SignedDownload, sign};
use gse_api::signature::tc3::Key;
use gse_core::id::{BucketName, Scope};
use gse_core::time::Timestamp;
use http::{HeaderValue, Method, StatusCode, header};

pub(crate) use log::presigned_url;

use crate::account::Signer;
use crate::http::Api;

/// Where objects lie on the API listener.
pub const PATH: &str = "/objects";
const LOGS: &str = "_logs";
const SESSION_LOGS: &str = "_session-logs";
/// Only this service signs and checks the addresses of logs, so they are bound to a name that no bucket has, not to an
/// address.
const SIGNED_HOST: &str = "logs.gse";
/// What the key of the service is called in such an address.
const SERVICE_KEY: &str = "service";
const HOST_END: &str = ".myqcloud.com";

/// What a request to the object endpoint names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// An object; the path is as it came, percent-encoded, with its leading `/`.
    Object {
        /// The bucket.
        bucket: String,
        /// Its path inside the bucket.
        path: String,
    },
    /// The log of an event.
    Log {
        /// The event's id.
        event: String,
    },
    /// The logs of a session.
    SessionLog {
        /// The blob, and a name after it.
        key: String,
    },
}

impl Place {
    /// What the request names, or `None` when it is not for this endpoint.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let path = request.uri().path();
        let host =
            request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if let Some(bucket) = bucket_of_host(host) {
            return Some(Self::Object { bucket: bucket.to_owned(), path: path.to_owned() });
        }
        let rest = path.strip_prefix(PATH)?.strip_prefix('/')?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket == LOGS {
            return Some(Self::Log { event: key.to_owned() });
        }
        if bucket == SESSION_LOGS {
            return Some(Self::SessionLog { key: key.to_owned() });
        }
        Some(Self::Object { bucket: bucket.to_owned(), path: format!("/{key}") })
    }
}

/// `<bucket>` of `<bucket>.cos.<region>.myqcloud.com`, with or without a port.
fn bucket_of_host(host: &str) -> Option<&str> {
    let name = host.split(':').next().unwrap_or_default();
    let (bucket, region) = name.strip_suffix(HOST_END)?.split_once(".cos.")?;
    (!bucket.is_empty() && !region.is_empty()).then_some(bucket)
}

/// The host that uploads to a bucket are signed for, wherever they are sent.
fn bucket_host(scope: &Scope) -> String {
    format!("{}.cos.{}{HOST_END}", BucketName::of(scope), scope.region)
}

/// The text that lets a client upload one object for the time of `upload.signature`.
pub(crate) fn upload_authorization(api: &Api, signer: &Signer, scope: &Scope, object_key: &str) -> String {
    let now = api.clock.now();
    let grant = Grant {
        method: "PUT",
        object_key,
        host: &bucket_host(scope),
        from: now.seconds(),
        to: now.plus(api.config.clocks.upload_signature).seconds(),
    };
    sign(&grant, Key { secret_id: &signer.secret_id, secret_key: &signer.secret_key })
}

/// Not that of any account: who signs an address reads what it names, whoever owns it.
fn service_key(api: &Api) -> Key<'_> {
    Key { secret_id: SERVICE_KEY, secret_key: &api.service_key }
}

/// Answers a request to the object endpoint.
pub(crate) async fn serve(api: &Api, place: Place, request: Request) -> Response {
    let result = match place {
        Place::Object { bucket, path } => return cors::serve(api, &bucket, &path, request).await,
        Place::Log { event } => log::serve(api, &event, request).await,
        Place::SessionLog { key } => session_log::serve(api, &key, request).await,
    };
    result.unwrap_or_else(refused::as_text)
}

/// The address of something that may be read by who has the address, from `now` on and for some minutes.
fn signed_url(api: &Api, object_key: &str, now: Timestamp) -> String {
    let grant = Grant {
        method: "GET",
        object_key,
        host: SIGNED_HOST,
        from: now.seconds(),
        to: now.plus(api.config.log_url_validity).seconds(),
    };
    format!("{}/{object_key}?{}", api.objects_url, sign(&grant, service_key(api)))
}

/// Whether a request came by such an address; `again` says where there is a new one.
fn check_signed(api: &Api, object_key: &str, request: &Request, again: &str) -> Result<(), Refusal> {
    if request.method() != Method::GET {
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "logs can only be read; use GET"));
    }
    let forbidden =
        |text: String| Refusal::new(StatusCode::FORBIDDEN, format!("{text}; {again} for a new address"));
    let query = request.uri().query().unwrap_or_default();
    let authorization = Authorization::parse(query).map_err(|error| forbidden(error.to_string()))?;
    if authorization.secret_id != SERVICE_KEY {
        return Err(forbidden("the address is signed with an unknown key".to_owned()));
    }
    let path = format!("/{object_key}");
    let download =
        SignedDownload { method: "GET", path: &path, hosts: &[SIGNED_HOST], headers: &[], query: "" };
    let verified = authorization.verify(&download, &api.service_key, api.clock.now().seconds());
    verified.map_err(|error| forbidden(error.to_string()))
}

/// Why an object request is refused.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    text: String,
}

impl Refusal {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

fn text(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    // A log is what a game printed: no browser may take it for a page.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests;
