//! `POST /capi`, the shape of GSE Local, the vendor's emulator (cloud-api.md 1.13, server-sdk.md 6): JSON with `Action` beside
//! the parameters, whatever the content type, and nothing signed. It is another door to the same control plane.
//!
//! It is open where requests need no signature, and only to this machine (R46).

use gse_api::admission::{AuthMode, answers_for};
use gse_api::{Action, ApiError, ErrorCode};
use gse_core::error::Error;
use gse_core::game_server_session::emulated;
use gse_core::id::{FleetId, Region, Scope};
use gse_core::supervisor::Adoption;
use gse_core::time::Timestamp;
use http::{HeaderMap, Method};
use serde_json::{Map, Value};

use super::serve::Peer;
use super::{Answered, Api, Call, access, convert, is_change, routes};
use crate::engine::SubmitError;
use crate::ids;

const PATH: &str = "/capi";
const FLEET_ID: &str = "FleetId";
const NANOSECONDS_PER_MILLISECOND: i64 = 1_000_000;

/// What the emulator knew; these take any fleet id.
const ACTIONS: [Action; 5] = [
    Action::CreateGameServerSession,
    Action::DescribeGameServerSessions,
    Action::JoinGameServerSession,
    Action::JoinGameServerSessionBatch,
    Action::DescribePlayerSessions,
];

/// Whether a request comes by this door. With headers of ours the path is only a prefix that a client was given.
pub(super) fn is_named(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let has_headers = ["authorization", "x-tc-action"].iter().any(|name| headers.contains_key(*name));
    path == PATH && method == Method::POST && !has_headers
}

/// The emulator's form: `s` and the time in nanoseconds. The service's clock has milliseconds; the rest is random.
pub(super) fn request_id(now: Timestamp) -> String {
    let nanoseconds = now.millis().saturating_mul(NANOSECONDS_PER_MILLISECOND);
    format!("s{}", nanoseconds.saturating_add(ids::random_below_a_million()))
}

/// Whether a request that is named so has the emulator's body, not a signed form.
pub(super) fn is_the_emulators(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{")
}

/// The text of the answer.
pub(super) async fn call(
    api: &Api,
    head: &http::request::Parts,
    body: &[u8],
    request_id: &str,
) -> Result<Answered, ApiError> {
    // As for every call: before anything is worked out.
    let _room = api.gate.call().await?;
    may_come_in(api, head)?;
    let (action, mut members) = read(body)?;
    let signer = api.accounts.of_call(None);
    access::check_opened(api, &signer.caller)?;
    api.gate.rate.admit(&signer.caller.uin, action).await?;
    let region = Region::new(api.config.default_region.as_str());
    let scope = Scope { uin: signer.caller.uin.clone(), region };
    tracing::debug!(request_id, ?action, region = %scope.region, "call of the emulator's form");
    let mut called = None;
    if ACTIONS.contains(&action)
        && let Some(Value::String(asked)) = members.get_mut(FLEET_ID)
        && !asked.is_empty()
    {
        let (real, asked_for) = fleet(api, action, &scope, asked).await?;
        *asked = real.to_string();
        called = Some(asked_for);
    }
    let body = serde_json::to_vec(&members).expect("a JSON value always has a text");
    let trace = super::trace_of(&head.headers, request_id);
    let call = Call { api, action, scope, signer, request_id, trace, body: &body, called };
    let text = routes::dispatch(&call).await?;
    Ok(Answered { text: as_the_emulator(&text), is_change: is_change(action) })
}

/// Without a signature anybody who reaches the listener could call, so it must be wanted, and somebody of this machine.
fn may_come_in(api: &Api, head: &http::request::Parts) -> Result<(), ApiError> {
    let is_near = head.extensions.get::<Peer>().is_some_and(|peer| peer.0.to_canonical().is_loopback());
    let hint = match (api.config.auth, is_near) {
        // R140: what a browser is led to calls from this machine too.
        (AuthMode::Optional | AuthMode::Off, true) => {
            let host = head.headers.get(http::header::HOST).map(|host| host.to_str().unwrap_or_default());
            return answers_for(host, &api.config.public_hosts);
        }
        (AuthMode::Optional | AuthMode::Off, false) => "`/capi` answers callers on this machine only",
        (AuthMode::Required, _) => {
            "`/capi` answers when the service runs with `--auth optional` or `--auth off`"
        }
    };
    let mut error = ApiError::missing("Action");
    error.message += &format!(" (hint: {hint})");
    Err(error)
}

/// The action, and its parameters without it.
fn read(body: &[u8]) -> Result<(Action, Map<String, Value>), ApiError> {
    let malformed = |error: serde_json::Error| {
        ApiError::new(ErrorCode::InvalidParameter, format!("The request body is not valid JSON: {error}."))
    };
    let mut members: Map<String, Value> = serde_json::from_slice(body).map_err(malformed)?;
    let action = members.remove("Action").ok_or_else(|| ApiError::missing("Action"))?;
    let name = action.as_str().ok_or_else(|| ApiError::wrong_type("Action", "a string"))?;
    let action = Action::parse(name).ok_or_else(|| {
        let name: String = name.chars().take(128).collect();
        ApiError::new(ErrorCode::InvalidAction, format!("The action `{name}` does not exist."))
    })?;
    Ok((action, members))
}

/// The real fleet behind an id, and the id.
async fn fleet(
    api: &Api,
    action: Action,
    scope: &Scope,
    asked: &str,
) -> Result<(FleetId, FleetId), ApiError> {
    let is_fleet = asked.strip_prefix("fleet-").is_some_and(|rest| !rest.is_empty())
        && asked.len() <= 128
        && !asked.chars().any(char::is_whitespace);
    if !is_fleet {
        return Err(ApiError::invalid_value(
            FLEET_ID,
            asked,
            "Expected `fleet-` and what follows, without spaces.",
        ));
    }
    let preferred = match &api.config.adoption {
        Adoption::Fleet(fleet) => Some(fleet.clone()),
        Adoption::Off | Adoption::On => None,
    };
    let asked = FleetId::new(asked);
    let (scope, wanted) = (scope.clone(), asked.clone());
    let read =
        api.engine.query(move |state, _now| emulated::fleet(state, &scope, &wanted, preferred.as_ref()));
    let found = read.await.map_err(|error: SubmitError| convert::error::from_engine(action, &error))?;
    match found {
        Ok(real) => Ok((real, asked)),
        Err(running) => {
            let mut error = convert::error::from_core(action, &Error::FleetNotFound(asked));
            error.message += &format!(
                " (hint: `/capi` takes any fleet id when one fleet runs, and {running} do; \
                 `gse local --adopt FLEET` names the one that stands behind all others)"
            );
            Err(error)
        }
    }
}

/// Sessions that were made here show what they were asked for, and what the emulator said of its only host.
fn as_the_emulator(text: &[u8]) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(text).expect("the text of an answer is JSON");
    show(&mut value);
    serde_json::to_vec(&value).expect("a JSON value always has a text")
}

fn show(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(show),
        Value::Object(members) => {
            let id = members.get("GameServerSessionId").and_then(Value::as_str);
            if let Some(called) = id.and_then(emulated::called).map(str::to_owned) {
                let shown =
                    [(FLEET_ID, called.into()), ("InstanceType", "localhost".into()), ("Weight", 0.into())];
                for (name, shown) in shown {
                    if let Some(member) = members.get_mut(name) {
                        *member = shown;
                    }
                }
            }
            members.values_mut().for_each(show);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
