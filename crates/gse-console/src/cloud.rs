//! Calls of the cloud API: signed as a client signs, given to the router that serves the network.

use axum::Router;
use axum::body::Body;
use gse_api::envelope::Answer;
use gse_api::extension::{ExtensionRequest, PATH};
use gse_api::signature::tc3;
use gse_api::{Action, PRODUCT, Request, VERSION};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::Caller;
use crate::session::Key;

/// The type of every body.
const JSON: &str = "application/json";

/// Why there is no answer to show.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: String,
}

/// The cloud API, as one visitor sees it.
#[derive(Clone)]
pub(crate) struct Cloud {
    pub(crate) router: Router,
    pub(crate) key: Option<Key>,
    pub(crate) region: String,
    /// The host that is signed: the one that the visitor asked, so that a shown request is one that they could send.
    pub(crate) host: String,
    pub(crate) now: i64,
    /// Where the visitor is, if that is known.
    pub(crate) caller: Option<Caller>,
}

/// A request as it is sent.
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Cloud {
    /// Calls an action with the type of its answer.
    pub(crate) async fn call<R: Request>(&self, request: &R) -> Result<R::Response, Refusal> {
        let answer = self.send(self.request(R::ACTION.name(), "/", &json(request))).await?;
        answer.into_response().map_err(|error| unreadable(&error))
    }

    /// The same for what this service answers beside the cloud API.
    pub(crate) async fn call_extension<R: ExtensionRequest>(
        &self,
        request: &R,
    ) -> Result<R::Response, Refusal> {
        let name = R::ACTION.name();
        let answer = self.send(self.request(name, &format!("{PATH}{name}"), &json(request))).await?;
        answer.into_response().map_err(|error| unreadable(&error))
    }

    /// Calls an action with whatever members there are.
    pub(crate) async fn call_any(&self, action: Action, body: &Value) -> Result<Value, Refusal> {
        Ok(self.send(self.request(action.name(), "/", body)).await?.response)
    }

    /// The signed request of a call.
    pub(crate) fn request(&self, action: &str, path: &str, body: &Value) -> Sent {
        let body = serde_json::to_vec(body).expect("a JSON value always has a text");
        self.signed(action, path, body)
    }

    /// The same for a body as it is written: the signature holds for these bytes only.
    pub(crate) fn signed(&self, action: &str, path: &str, body: Vec<u8>) -> Sent {
        let mut headers = vec![
            ("Host", self.host.clone()),
            ("Content-Type", JSON.to_owned()),
            ("X-TC-Action", action.to_owned()),
            ("X-TC-Version", VERSION.to_owned()),
            ("X-TC-Region", self.region.clone()),
            ("X-TC-Timestamp", self.now.to_string()),
        ];
        if let Some(key) = &self.key {
            let call =
                tc3::Call { method: "POST", host: &self.host, query: "", content_type: JSON, body: &body };
            let key = tc3::Key { secret_id: &key.secret_id, secret_key: &key.secret_key };
            headers.push(("Authorization", tc3::sign(&call, key, PRODUCT, self.now)));
        }
        Sent { path: path.to_owned(), headers, body }
    }

    /// The answer to a request, or its refusal.
    pub(crate) async fn send(&self, sent: Sent) -> Result<Answer, Refusal> {
        let mut request = http::Request::builder().method("POST").uri(sent.path);
        for (name, value) in sent.headers {
            request = request.header(name, value);
        }
        if let Some(caller) = self.caller {
            request = request.extension(caller);
        }
        let request = request.body(Body::from(sent.body)).map_err(|error| unreadable(&error.to_string()))?;
        let response = self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        let body = response.into_body().collect().await.map_err(|error| unreadable(&error.to_string()))?;
        let answer = Answer::read(&body.to_bytes()).map_err(|error| unreadable(&error))?;
        match answer.refusal() {
            None => Ok(answer),
            Some(refusal) => {
                let request_id = answer.request_id;
                Err(Refusal { code: refusal.code, message: refusal.message, request_id })
            }
        }
    }
}

fn json<R: serde::Serialize>(request: &R) -> Value {
    serde_json::to_value(request).expect("request types are structs of plain values")
}

fn unreadable(error: &str) -> Refusal {
    Refusal {
        code: "InternalError".into(),
        message: format!("The answer could not be read: {error}."),
        request_id: String::new(),
    }
}
