//! Who calls which action in which region: the HTTP request as `gse_api::admission` wants it.

use gse_api::admission::{Admitted, Gate, Received, admit_named};
use gse_api::{Action, ApiError};

use super::Api;

/// Steps 1 to 11 of cloud-api.md 1.9.
pub(super) fn admit(api: &Api, head: &http::request::Parts, body: &[u8]) -> Result<Admitted, ApiError> {
    admit_as(api, head, body, Action::parse)
}

/// The same for actions beside the cloud API: `parse` knows their names.
pub(super) fn admit_as<'a, A>(
    api: &Api,
    head: &'a http::request::Parts,
    body: &'a [u8],
    parse: impl Fn(&str) -> Option<A>,
) -> Result<Admitted<A>, ApiError> {
    // A header that is not text is none that a client of this API sends.
    let as_text = |(name, value): (&'a http::HeaderName, &'a http::HeaderValue)| {
        Some((name.as_str(), std::str::from_utf8(value.as_bytes()).ok()?))
    };
    let headers: Vec<(&str, &str)> = head.headers.iter().filter_map(as_text).collect();
    let received = Received {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: &headers,
        body,
    };
    let regions: Vec<String> = api.config.regions.iter().map(ToString::to_string).collect();
    let secret_key = |id: &str| api.accounts.signer(id).map(|signer| signer.secret_key.clone());
    let gate = Gate {
        mode: api.config.auth,
        secret_key: &secret_key,
        regions: &regions,
        default_region: Some(api.config.default_region.as_str()),
        public_hosts: &api.config.public_hosts,
    };
    admit_named(&received, &gate, api.clock.now().seconds(), parse)
}
