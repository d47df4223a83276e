//! Calls the cloud API: signs, sends, reads the answer; and puts packages into the object endpoint.
//!
//! There is a method for each action. A call is tried once, as the vendor's SDKs do it, unless [`Client::retry`] says
//! otherwise; what must not happen twice is never repeated when it may have happened (`retry.rs`).
//! `https://` endpoints are trusted as this machine trusts them, or by certificates that are given ([`trust`]).

mod actions;
mod credentials;
mod error;
pub mod latency;
mod objects;
mod retry;
#[cfg(test)]
mod tests;
pub mod trust;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gse_api::{
    Action, PRODUCT, Request, VERSION, envelope,
    extension::{self, ExtensionRequest},
    signature::tc3::{self, Key},
};
use reqwest::header;
use serde_json::{Map, Value};

pub use credentials::{Credentials, CredentialsError, variable};
pub use error::{CallError, PutError};
pub use gse_api::envelope::Answer;
pub use objects::{put_object, put_object_trusting};
pub use reqwest::Url;
pub use retry::Retry;
pub use trust::Trust;

use retry::Reach;

const CONTENT_TYPE: &str = "application/json";
/// Where `gse local` listens unless it is told otherwise.
const ENDPOINT: &str = "http://127.0.0.1:8080";
/// What the vendor's SDKs wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

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
    /// Goes with a temporary key; else empty.
    pub token: String,
    /// How long one attempt may take; 60 s at first.
    pub timeout: Duration,
    /// How often calls are tried; once at first.
    pub retry: Retry,
    trust: Trust,
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
    /// [`CallError::Endpoint`] if `endpoint` is not an `http://` or `https://` address.
    pub fn new(
        endpoint: impl Into<String>,
        secret_id: impl Into<String>,
        secret_key: impl Into<String>,
        region: impl Into<String>,
    ) -> Result<Self, CallError> {
        Self::trusting(endpoint, secret_id, secret_key, region, &Trust::default())
    }

    /// The same, with a say in which certificates an `https://` endpoint may have.
    ///
    /// # Errors
    /// [`CallError::Endpoint`] if `endpoint` is not an `http://` or `https://` address, or its certificate could not be
    /// checked.
    pub fn trusting(
        endpoint: impl Into<String>,
        secret_id: impl Into<String>,
        secret_key: impl Into<String>,
        region: impl Into<String>,
        trust: &Trust,
    ) -> Result<Self, CallError> {
        let endpoint = endpoint.into();
        let parsed = url(&endpoint)?;
        let refuse = |reason| CallError::Endpoint { endpoint: endpoint.clone(), reason };
        let builder = http_client(&parsed, trust).map_err(refuse)?;
        let http =
            builder.build().map_err(|source| CallError::Transport { url: endpoint.clone(), source })?;
        let (secret_id, secret_key, region) = (secret_id.into(), secret_key.into(), region.into());
        let token = String::new();
        Ok(Self {
            endpoint,
            secret_id,
            secret_key,
            region,
            token,
            timeout: TIMEOUT,
            retry: Retry::NEVER,
            trust: trust.clone(),
            http,
        })
    }

    /// Puts an object, trusting the certificates that this client trusts; see [`put_object`].
    ///
    /// # Errors
    /// See [`PutError`]; a refusal carries the endpoint's text.
    pub async fn put_object(
        &self,
        objects_url: &str,
        bucket: &str,
        key: &str,
        authorization: &str,
        body: Vec<u8>,
    ) -> Result<(), PutError> {
        put_object_trusting(objects_url, bucket, key, authorization, body, &self.trust).await
    }

    /// Reads the text behind an address that the service signed, such as `PreSignedLogUrl` of an event.
    ///
    /// # Errors
    /// See [`PutError`]; a refusal carries the endpoint's text.
    pub async fn get_text(&self, url: &str) -> Result<String, PutError> {
        objects::get_text(url, &self.trust).await
    }

    /// A client with the key and the region that the vendor's SDKs would take (see [`Credentials::find`]), for the
    /// service at `GSE_ENDPOINT`, else at `http://127.0.0.1:8080`. Without a key the calls are not signed.
    ///
    /// # Errors
    /// [`CallError::Credentials`] if a key is there and cannot be used; [`CallError::Endpoint`].
    pub fn from_environment() -> Result<Self, CallError> {
        Self::from_variables(&|name| std::env::var(name).ok(), Credentials::find()?)
    }

    fn from_variables(
        variable: &dyn Fn(&str) -> Option<String>,
        key: Option<Credentials>,
    ) -> Result<Self, CallError> {
        let of = |name| variable(name).filter(|value| !value.is_empty());
        let endpoint = of(variable::ENDPOINT).unwrap_or_else(|| ENDPOINT.to_owned());
        let (secret_id, secret_key, token) =
            key.map_or_else(Default::default, |key| (key.secret_id, key.secret_key, key.token));
        let mut client =
            Self::new(endpoint, secret_id, secret_key, of(variable::REGION).unwrap_or_default())?;
        client.token = token;
        Ok(client)
    }

    /// Calls an action by its types.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call<R: Request>(&self, request: &R) -> Result<R::Response, CallError> {
        let body = serde_json::to_value(request).map_err(|error| CallError::Request(error.to_string()))?;
        let mut members = match body {
            Value::Object(members) => members,
            _ => return Err(CallError::Request("it is no object".to_owned())),
        };
        if self.retry.attempts > 1 {
            retry::with_token(R::ACTION, &mut members, bits);
        }
        let body = Value::Object(members).to_string();
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
        let answer = accepted(self.repeat(&format!("{}{name}", extension::PATH), name, &body, false).await?)?;
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
        let members = serde_json::from_str::<Map<String, Value>>(body).unwrap_or_default();
        let is_harmless = Action::parse(action).is_some_and(|action| retry::is_harmless(action, &members));
        self.repeat("/", action, body, is_harmless).await
    }

    /// Sends until there is an answer to keep, or no attempt is left, or another one would be wrong.
    async fn repeat(
        &self,
        path: &str,
        action: &str,
        body: &str,
        is_harmless: bool,
    ) -> Result<Answer, CallError> {
        let mut done = 0;
        loop {
            done += 1;
            let (reach, result) = match self.post(path, action, body).await {
                Ok(answer) => {
                    let throttled =
                        answer.refusal().is_some_and(|refusal| retry::is_throttled(&refusal.code));
                    (if throttled { Reach::NothingDone } else { Reach::Final }, Ok(answer))
                }
                Err((reach, error)) => (reach, Err(error)),
            };
            match self.retry.pause(done).filter(|_| retry::again(reach, is_harmless)) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return result,
            }
        }
    }

    async fn post(&self, path: &str, action: &str, body: &str) -> Result<Answer, (Reach, CallError)> {
        let mut url = url(&self.endpoint).map_err(|error| (Reach::Final, error))?;
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
        let mut request = self.http.post(url);
        if !self.token.is_empty() {
            request = request.header("X-TC-Token", &self.token);
        }
        let sent = request
            .timeout(self.timeout)
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
        let transport = |source: reqwest::Error| {
            let reach = if source.is_connect() { Reach::NothingDone } else { Reach::Unknown };
            (reach, CallError::Transport { url: self.endpoint.clone(), source })
        };
        let response = sent.await.map_err(transport)?;
        let status = response.status();
        let body = response.bytes().await.map_err(transport)?;
        let strange = |reason| CallError::Answer { reason, request_id: String::new() };
        if status != reqwest::StatusCode::OK {
            // A proxy in between that cannot reach the service answers like this.
            let reach = if status.is_server_error() { Reach::Unknown } else { Reach::Final };
            return Err((reach, strange(format!("HTTP status `{status}`, body `{}`", start_of(&body)))));
        }
        envelope::Answer::read(&body)
            .map_err(|reason| (Reach::Final, strange(format!("{reason}; body `{}`", start_of(&body)))))
    }
}

/// Random bits for a token.
fn bits() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random bits");
    u128::from_le_bytes(bytes)
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

/// Proxies are ignored: the service is local, and several SDKs were caught by a proxy variable. Or why the certificate
/// of an address could not be checked.
/// What talks to this address with the certificates of this trust, for HTTP that is no cloud API: no proxy, no global
/// crypto provider.
///
/// # Errors
/// Why its certificates cannot be checked, in words.
pub fn http_client(url: &Url, trust: &Trust) -> Result<reqwest::ClientBuilder, String> {
    let config = trust::configuration(url.scheme() == "https", trust)?;
    Ok(reqwest::Client::builder()
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .tls_backend_preconfigured(config))
}

fn url(endpoint: &str) -> Result<Url, CallError> {
    match Url::parse(endpoint) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        Err(error) if endpoint.contains("://") => {
            Err(CallError::Endpoint { endpoint: endpoint.into(), reason: error.to_string() })
        }
        // The parser calls what has no scheme relative, which says nothing to who forgot it.
        Ok(_) | Err(_) => Err(CallError::Endpoint {
            endpoint: endpoint.into(),
            reason: "only `http://HOST:PORT` and `https://HOST:PORT` work".into(),
        }),
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
