//! The API listener: the cloud API at `/`, and the object endpoint beside it (`cos.rs`).
//!
//! Every outcome of the cloud API is HTTP 200 with exactly `Content-Type: application/json`; old clients lose the error
//! otherwise (cloud-api.md 1.8). The order in which a request is looked at is that of 1.9.

pub(crate) mod access;
mod auth;
mod body;
mod capi;
mod console;
pub(crate) mod convert;
mod extension;
pub mod gate;
pub mod inspection;
pub(crate) mod metrics;
mod patient;
pub mod rate;
pub(crate) mod routes;
pub(crate) mod serve;
mod spelling;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use gse_api::{ApiError, ErrorCode, envelope, page_token};
use gse_core::archive::ArchiveQuestion;
use gse_core::id::Scope;
use gse_core::state::{Row, RowKind};
use gse_core::trace_context::TraceContext;
use gse_store::BlobStore;
use http::{HeaderMap, HeaderValue, Method, header};

use crate::account::activation::Activations;
use crate::account::{Account, Accounts, Signer};
use crate::backend::FleetBackend;
use crate::beacon::Beacons;
use crate::clock::Clock;
use crate::config::Config;
use crate::cos;
use crate::engine::EngineHandle;
use crate::ids;
use crate::otlp::SpanCounts;

/// What the routes work with.
pub struct Api {
    /// The door to the control plane.
    pub engine: EngineHandle,
    /// Uploaded objects and packages.
    pub blobs: Arc<BlobStore>,
    /// The account that every service has; what is not signed is done for it.
    pub account: Account,
    /// Everybody who may call.
    pub accounts: Accounts,
    /// The accounts that activated the service.
    pub activations: Activations,
    /// Signs the addresses of logs.
    pub service_key: String,
    /// How the service is set up.
    pub config: Config,
    /// What is taken on at a time.
    pub gate: gate::Gate,
    /// Where the object endpoint is reached, without a `/` at the end.
    pub objects_url: String,
    /// Where the time comes from.
    pub clock: Clock,
    /// The latency beacons.
    pub beacons: Beacons,
    /// Where fleets run, for what is read from there and not decided here.
    pub backend: Arc<dyn FleetBackend>,
    /// What is in packages.
    pub inspections: inspection::Inspections,
    /// What became of the spans of timelines.
    pub spans: Arc<SpanCounts>,
}

/// One admitted call of an action.
pub(crate) struct Call<'a> {
    api: &'a Api,
    action: gse_api::Action,
    scope: Scope,
    signer: &'a Signer,
    request_id: &'a str,
    trace: TraceContext,
    /// JSON, however the parameters travelled.
    body: &'a [u8],
    /// The fleet id that a session is to carry in its id (`capi`).
    called: Option<gse_core::id::FleetId>,
}

/// The one router of the API listener: the console below its path, and the fallback, because actions travel in a header.
pub fn router(api: Arc<Api>) -> Router {
    let console = console::settings(&api);
    console::beside(console, Router::new().fallback(serve_request).with_state(api))
}

async fn serve_request(State(api): State<Arc<Api>>, request: Request) -> Response {
    match cos::Place::of(&request) {
        Some(place) => cos::serve(&api, place, request).await,
        None => serve_action(&api, request).await,
    }
}

async fn serve_action(api: &Api, request: Request) -> Response {
    let is_capi = capi::is_named(request.method(), request.uri().path(), request.headers());
    let request_id = if is_capi { capi::request_id(api.clock.now()) } else { ids::request_id() };
    if request.method() == Method::HEAD {
        return answer(Body::empty(), &request_id);
    }
    let (head, body) = request.into_parts();
    if metrics::is_named(&head) {
        return metrics::serve(api, &head).await;
    }
    // What no method can carry is not read.
    let is_read = matches!(head.method, Method::GET | Method::POST);
    let pace = api.config.limits.pace;
    let body =
        if is_read { body::read(&head, body, &api.gate, pace).await } else { Ok(body::Received::default()) };
    let unread = body.is_err();
    let outcome = match body {
        Ok(body) if is_capi && capi::is_the_emulators(&body.bytes) => {
            capi::call(api, &head, &body.bytes, &request_id).await
        }
        Ok(body) => call(api, &head, &body.bytes, &request_id).await,
        Err(error) => Err(error),
    };
    let is_overload = |error: &ApiError| error.code == ErrorCode::RequestLimitExceeded;
    api.gate.counts.count(outcome.as_ref().is_err_and(is_overload));
    let refuse = |error: ApiError| {
        log_refusal(&request_id, &error);
        Body::from(envelope::failure(&error, &request_id))
    };
    let text = outcome.and_then(|answered| body::answer(answered.text, &api.gate, answered.is_change));
    let mut response = answer(text.unwrap_or_else(refuse), &request_id);
    if unread {
        // The rest of the body is not read, so the connection cannot go on.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// What a call is answered.
struct Answered {
    text: Vec<u8>,
    /// Something was done, which would be denied by refusing the answer.
    is_change: bool,
}

fn is_change(action: gse_api::Action) -> bool {
    !["Describe", "List", "Search"].iter().any(|read| action.name().starts_with(read))
}

/// Of what is too much there is much: a line for each would cost more than the refusal.
fn log_refusal(request_id: &str, error: &ApiError) {
    let (code, reason) = (error.code.as_str(), &error.message);
    if error.code == ErrorCode::RequestLimitExceeded {
        tracing::debug!(request_id, code, reason, "request refused");
    } else {
        tracing::info!(request_id, code, reason, "request refused");
    }
}

/// The trace that a request belongs to: that of its one `traceparent`, else one that begins with it (R121).
fn trace_of(headers: &HeaderMap, request_id: &str) -> TraceContext {
    let mut given = headers.get_all("traceparent").iter();
    let given = given.next().filter(|_| given.next().is_none()).and_then(|value| value.to_str().ok());
    given.and_then(TraceContext::parse).unwrap_or_else(|| TraceContext::of_request(request_id))
}

async fn call(
    api: &Api,
    head: &http::request::Parts,
    body: &[u8],
    request_id: &str,
) -> Result<Answered, ApiError> {
    // Before anything is worked out, so that waiting and a refusal cost next to nothing.
    let _room = api.gate.call().await?;
    if extension::is_named(head.uri.path()) {
        let text = extension::call(api, head, body, request_id).await?;
        // A read, so a large one is held only where there is room.
        return Ok(Answered { text, is_change: false });
    }
    let admitted = auth::admit(api, head, body)?;
    let signer = api.accounts.of_call(admitted.secret_id.as_deref());
    access::check_opened(api, &signer.caller)?;
    api.gate.rate.admit(&signer.caller.uin, admitted.action).await?;
    let scope = Scope { uin: signer.caller.uin.clone(), region: gse_core::id::Region::new(admitted.region) };
    tracing::debug!(request_id, action = ?admitted.action, region = %scope.region, "call");
    let action = admitted.action;
    let query = head.uri.query().unwrap_or_default();
    let body = &*admitted.shape.json(action.request_schema(), query, body)?;
    access::check(api, &signer.caller, &scope, action.name(), body).await?;
    let trace = trace_of(&head.headers, request_id);
    let call = Call { api, action, scope, signer, request_id, trace, body, called: None };
    let text = routes::dispatch(&call).await?;
    Ok(Answered { text, is_change: is_change(action) })
}

fn answer(body: Body, request_id: &str) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(envelope::CONTENT_TYPE));
    let id = HeaderValue::from_str(request_id).expect("a request id is letters, digits and hyphens");
    headers.insert("X-TC-RequestId", id);
    response
}

impl Call<'_> {
    /// Applies a command; a refusal gets the code that this action has for it.
    async fn submit<C: gse_core::command::Command>(&self, command: C) -> Result<C::Reply, ApiError> {
        let result = self.api.engine.submit_in(self.trace, self.request_id, command).await;
        result.map_err(|error| convert::error::from_engine(self.action, &error))
    }

    /// Reads; a refusal gets the code that this action has for it.
    async fn query<R, F>(&self, read: F) -> Result<R, ApiError>
    where
        R: Send + 'static,
        F: FnOnce(&gse_core::state::State) -> Result<R, gse_core::error::Error> + Send + 'static,
    {
        let result = self.api.engine.query(move |state, _now| read(state)).await;
        let result = result.map_err(|error| convert::error::from_engine(self.action, &error))?;
        result.map_err(|error| self.refuse(&error))
    }

    /// Reads what left memory.
    async fn archived(&self, question: ArchiveQuestion) -> Result<Vec<Row>, ApiError> {
        let result = self.api.engine.archived(question).await;
        result.map_err(|error| convert::error::from_archive(&error))
    }

    /// Looks for one row in the archive.
    async fn archived_row(&self, kind: RowKind, key: &str) -> Result<Option<Row>, ApiError> {
        Ok(self.archived(ArchiveQuestion::key(kind, key)).await?.pop())
    }

    /// Takes the token of a page as it came: what it says, if it is still good.
    fn open_page(&self, token: &mut Option<String>) -> Result<(), ApiError> {
        *token = page_token::open(token.take(), self.api.clock.now().seconds())?;
        Ok(())
    }

    /// The token of the next page as it goes out.
    fn seal_page(&self, token: &str) -> String {
        page_token::seal(token, self.api.clock.now().seconds())
    }

    /// The answer to a reason for a refusal.
    fn refuse(&self, error: &gse_core::error::Error) -> ApiError {
        convert::error::from_core(self.action, error)
    }
}

#[cfg(test)]
mod tests;
