//! Who may do what to a bucket: the signature of a request to the object endpoint.

use gse_api::signature::cos::{Authorization, Upload as Signed};
use gse_core::id::{BucketName, Scope};
use http::{StatusCode, header};

use super::{Refusal, bucket_host, federation};
use crate::http::Api;

/// The token of temporary credentials.
const TOKEN_HEADER: &str = "x-cos-security-token";

/// The account and region whose bucket it is.
pub(super) fn scope_of(api: &Api, bucket: &str) -> Result<Scope, Refusal> {
    let scopes = api.config.regions.iter();
    let scopes = scopes.map(|region| Scope { uin: api.account.uin.clone(), region: region.clone() });
    let mut mine = scopes.filter(|scope| BucketName::of(scope).as_str() == bucket);
    mine.next().ok_or_else(|| {
        let text = format!("there is no bucket `{bucket}`; call GetUploadCredentials for its name");
        Refusal::new(StatusCode::NOT_FOUND, text)
    })
}

/// Whether a request is signed, by the account or by what GetUploadFederationToken gave it. `signed` are the parameters of
/// the query that mean something here.
pub(super) fn authorize(
    api: &Api,
    scope: &Scope,
    path: &str,
    head: &http::request::Parts,
    signed: &[&str],
) -> Result<(), Refusal> {
    check(api, scope, path, head, signed).map_err(|text| {
        let text = format!("{text}; call GetUploadCredentials for a new authorization");
        Refusal::new(StatusCode::FORBIDDEN, text)
    })
}

fn check(
    api: &Api,
    scope: &Scope,
    path: &str,
    head: &http::request::Parts,
    signed: &[&str],
) -> Result<(), String> {
    let headers: Vec<(&str, &str)> = head
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), std::str::from_utf8(value.as_bytes()).ok()?)))
        .collect();
    let header = |wanted: &str| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    let text = header(header::AUTHORIZATION.as_str()).ok_or("the header `Authorization` is missing")?;
    let authorization = Authorization::parse(text).map_err(|error| error.to_string())?;
    if let Some(name) = signed.iter().find(|name| !authorization.signs_parameter(name)) {
        return Err(format!("the authorization does not sign the parameter `{name}`"));
    }
    let secret_key = match header(TOKEN_HEADER) {
        Some(token) => federation::secret_key(api, scope, authorization.secret_id, token)?,
        None if authorization.secret_id == api.account.secret_id => api.account.secret_key.clone(),
        None => return Err("the authorization is for an unknown key".to_owned()),
    };
    let host = header(header::HOST.as_str()).unwrap_or_default();
    let request = Signed {
        method: head.method.as_str(),
        path,
        hosts: &[host, &bucket_host(scope)],
        headers: &headers,
        query: head.uri.query().unwrap_or_default(),
    };
    let verified = authorization.verify(&request, &secret_key, api.clock.now().seconds());
    verified.map_err(|error| error.to_string())
}
