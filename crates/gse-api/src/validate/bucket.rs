//! The upload bucket: what may stand in a CORS rule, so that it can be told in headers.

use super::Violations;
use crate::types::UpdateBucketCORSOptRequest;

pub(crate) fn update_bucket_cors_opt(request: &UpdateBucketCORSOptRequest, violations: &mut Violations) {
    for (at, origin) in request.allowed_origins.iter().enumerate() {
        let printable = origin.bytes().all(|byte| byte.is_ascii_graphic());
        if origin.is_empty() || !printable || origin.matches('*').count() > 1 {
            let expected = "Expected an origin such as `https://example.com`, with at most one `*`, or `*`.";
            violations.value(&format!("AllowedOrigins.{at}"), origin, expected);
        }
    }
    let lists = [("AllowedHeaders", &request.allowed_headers), ("ExposeHeaders", &request.expose_headers)];
    for (member, names) in lists {
        for (at, name) in names.iter().flatten().enumerate() {
            if !is_header_name(name) || name.matches('*').count() > 1 {
                let expected = "Expected the name of a header, with at most one `*`, or `*`.";
                violations.value(&format!("{member}.{at}"), name, expected);
            }
        }
    }
}

/// A token of RFC 9110 5.6.2, which `*` is part of.
fn is_header_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token)
}
