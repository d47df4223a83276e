//! Calls the cloud API: signs, sends, reads the answer; and puts packages into the object endpoint.
//!
//! Nothing here retries: which call may be repeated is for the caller to know (cloud-api.md §4.6).
//! Only plain HTTP is spoken; for TLS put a proxy in front.

mod error;
pub mod latency;
mod objects;
#[cfg(test)]
mod tests;

use std::time::{SystemTime, UNIX_EPOCH};

use gse_api::{
    PRODUCT, Request, VERSION, envelope,
    extension::{self, ExtensionRequest},
    signature::tc3::{self, Key},
};
use reqwest::{Url, header};

pub use error::{CallError, PutError};
pub use gse_api::envelope::Answer;
pub use objects::put_object;

const CONTENT_TYPE: &str = "application/json";

/// Who calls, and where.
#[derive(Clone)]
pub struct Client {
    /// Where the API listens, like `http://127.0.0.1:8080`.
    pub endpoint: String,
    /// Names the key.
    pub secret_id: String,
    /// Signs the calls.
    pub secret_key: String,
    /// The region that calls are for; empty stands for the service's default.
    pub region: String,
    http: reqwest::Client,
}

/// Without the key, so that it does not get into logs.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { endpoint, secret_id, region, .. } = self;
        f.debug_struct("Client")
            .field("endpoint", endpoint)
            .field("secret_id", secret_id)
            .field("region", region)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client without connections; they are made by calls and kept alive between them.
    /// With an empty id and an empty key the calls are not signed, which a service with `--auth optional` or `off` takes.
    ///
    /// # Errors
    /// [`CallError::Endpoint`] if `endpoint` is not an `http://` address.
    pub fn new(
        endpoint: impl Into<String>,
        secret_id: impl Into<String>,
        secret_key: impl Into<String>,
        region: impl Into<String>,
    ) -> Result<Self, CallError> {
        let endpoint = endpoint.into();
        url(&endpoint)?;
        let http = http_client().map_err(|source| CallError::Transport { url: endpoint.clone(), source })?;
        let (secret_id, secret_key, region) = (secret_id.into(), secret_key.into(), region.into());
        Ok(Self { endpoint, secret_id, secret_key, region, http })
    }

    /// Calls an action by its types.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Response, CallError> {
        let body = serde_json::to_string(request).map_err(|error| CallError::Request(error.to_string()))?;
        let answer = self.call_json(R::ACTION.name(), &body).await?;
        let request_id = answer.request_id.clone();
        answer.into_response().map_err(|reason| CallError::Answer { reason, request_id })
    }

    /// Calls an action beside the cloud API by its types.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn extension<R: ExtensionRequest>(&self, request: &R) -> Result<R::Response, CallError> {
        let body = serde_json::to_string(request).map_err(|error| CallError::Request(error.to_string()))?;
        let name = R::ACTION.name();
        let answer = accepted(self.post(&format!("{}{name}", extension::PATH), name, &body).await?)?;
        let request_id = answer.request_id.clone();
        answer.into_response().map_err(|reason| CallError::Answer { reason, request_id })
    }

    /// Calls an action by its name with a body as it is; an error of the API is an error here.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call_json(&self, action: &str, body: &str) -> Result<Answer, CallError> {
        accepted(self.send(action, body).await?)
    }

    /// Calls an action by its name with a body as it is, and returns whatever the API answers, errors included.
    ///
    /// # Errors
    /// All of [`CallError`] but [`CallError::Api`].
    pub async fn send(&self, action: &str, body: &str) -> Result<Answer, CallError> {
        self.post("/", action, body).await
    }

    async fn post(&self, path: &str, action: &str, body: &str) -> Result<Answer, CallError> {
        let mut url = url(&self.endpoint)?;
        if path != "/" {
            url.set_path(path);
        }
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()) as i64;
        let host = host(&url);
        let call = tc3::Call {
            method: "POST",
            host: &host,
            query: "",
            content_type: CONTENT_TYPE,
            body: body.as_bytes(),
        };
        let key = Key { secret_id: &self.secret_id, secret_key: &self.secret_key };
        let is_unsigned = self.secret_id.is_empty() && self.secret_key.is_empty();
        // `SKIP` is what the vendor's clients send when told not to sign (cloud-api.md 1.11).
        let authorization =
            if is_unsigned { "SKIP".into() } else { tc3::sign(&call, key, PRODUCT, timestamp) };
        let sent = self
            .http
            .post(url)
            .header(header::HOST, &host)
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .header(header::AUTHORIZATION, authorization)
            .header("X-TC-Action", action)
            .header("X-TC-Version", VERSION)
            .header("X-TC-Timestamp", timestamp)
            .header("X-TC-Region", &self.region)
            .header("X-TC-RequestClient", concat!("opengse-client/", env!("CARGO_PKG_VERSION")))
            .body(body.to_owned())
            .send();
        let transport = |source| CallError::Transport { url: self.endpoint.clone(), source };
        let response = sent.await.map_err(transport)?;
        let status = response.status();
        let body = response.bytes().await.map_err(transport)?;
        if status != reqwest::StatusCode::OK {
            let reason = format!("HTTP status `{status}`, body `{}`", start_of(&body));
            return Err(CallError::Answer { reason, request_id: String::new() });
        }
        envelope::Answer::read(&body).map_err(|reason| CallError::Answer {
            reason: format!("{reason}; body `{}`", start_of(&body)),
            request_id: String::new(),
        })
    }
}

/// An error of the API becomes an error here.
fn accepted(answer: Answer) -> Result<Answer, CallError> {
    match answer.refusal() {
        None => Ok(answer),
        Some(refusal) => Err(CallError::Api {
            code: refusal.code,
            message: refusal.message,
            request_id: answer.request_id,
        }),
    }
}

/// Proxies are ignored: the service is local, and several SDKs were caught by a proxy variable.
fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder().no_proxy().build()
}

fn url(endpoint: &str) -> Result<Url, CallError> {
    match Url::parse(endpoint) {
        Ok(url) if url.scheme() == "http" && url.has_host() => Ok(url),
        Ok(_) => Err(CallError::Endpoint {
            endpoint: endpoint.into(),
            reason: "only `http://HOST:PORT` works".into(),
        }),
        Err(error) => Err(CallError::Endpoint { endpoint: endpoint.into(), reason: error.to_string() }),
    }
}

/// What the `Host` header says: the port is left out where it is the default.
fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

fn start_of(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(512).collect()
}
