//! Who may do what to a bucket: the signature of a request to the object endpoint.

use gse_api::Action;
use gse_api::signature::cos::{Authorization, Upload as Signed};
use gse_core::id::{BucketName, Scope, Uin};
use http::{StatusCode, header};

use super::{Refusal, bucket_host, federation};
use crate::http::{Api, access};

/// The token of temporary credentials.
const TOKEN_HEADER: &str = "x-cos-security-token";

/// Whether a request is signed, by a key of the account whose bucket it is or by what GetUploadFederationToken gave it, and
/// whether the policies of that user allow uploads. `signed` are the parameters of the query that mean something here.
pub(super) fn authorize(
    api: &Api,
    bucket: &str,
    path: &str,
    head: &http::request::Parts,
    signed: &[&str],
) -> Result<(), Refusal> {
    check(api, bucket, path, head, signed).map_err(|denial| match denial {
        Denial::NoBucket => {
            let text = format!("there is no bucket `{bucket}`; call GetUploadCredentials for its name");
            Refusal::new(StatusCode::NOT_FOUND, text)
        }
        Denial::Forbidden(text) => {
            let text = format!("{text}; call GetUploadCredentials for a new authorization");
            Refusal::new(StatusCode::FORBIDDEN, text)
        }
    })
}

enum Denial {
    /// Of a bucket of another account is said what is said of one that does not exist.
    NoBucket,
    Forbidden(String),
}

impl<T: Into<String>> From<T> for Denial {
    fn from(text: T) -> Self {
        Self::Forbidden(text.into())
    }
}

fn check(
    api: &Api,
    bucket: &str,
    path: &str,
    head: &http::request::Parts,
    signed: &[&str],
) -> Result<(), Denial> {
    let headers: Vec<(&str, &str)> = head
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), std::str::from_utf8(value.as_bytes()).ok()?)))
        .collect();
    let header = |wanted: &str| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    let text = header(header::AUTHORIZATION.as_str()).ok_or("the header `Authorization` is missing")?;
    let authorization = Authorization::parse(text).map_err(|error| error.to_string())?;
    if let Some(name) = signed.iter().find(|name| !authorization.signs_parameter(name)) {
        return Err(format!("the authorization does not sign the parameter `{name}`").into());
    }
    let token = header(TOKEN_HEADER).map(federation::read).transpose()?;
    let secret_id = token.as_ref().map_or(authorization.secret_id, |token| &token.parent_secret_id);
    let signer = api.accounts.signer(secret_id).ok_or("the authorization is for an unknown key")?;
    let scope = scope_of(api, &signer.caller.uin, bucket).ok_or(Denial::NoBucket)?;
    let (secret_key, action) = match token {
        Some(token) => {
            let key = federation::secret_key(api, signer, &scope, authorization.secret_id, token)?;
            (key, Action::GetUploadFederationToken)
        }
        None => (signer.secret_key.clone(), Action::GetUploadCredentials),
    };
    let host = header(header::HOST.as_str()).unwrap_or_default();
    let request = Signed {
        method: head.method.as_str(),
        path,
        hosts: &[host, &bucket_host(&scope)],
        headers: &headers,
        query: head.uri.query().unwrap_or_default(),
    };
    let verified = authorization.verify(&request, &secret_key, api.clock.now().seconds());
    verified.map_err(|error| error.to_string())?;
    // Whoever has a key can sign, so the grant alone does not show that it was given.
    let judged = access::judge(&signer.caller, scope.region.as_str(), action.name(), None);
    judged.map_err(|error| error.message.into())
}

/// The region of the account whose bucket it is.
fn scope_of(api: &Api, uin: &Uin, bucket: &str) -> Option<Scope> {
    let scopes = api.config.regions.iter();
    let mut scopes = scopes.map(|region| Scope { uin: uin.clone(), region: region.clone() });
    scopes.find(|scope| BucketName::of(scope).as_str() == bucket)
}
