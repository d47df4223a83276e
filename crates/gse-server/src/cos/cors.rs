//! What browsers are told about a bucket (UpdateBucketCORSOpt): preflights, and headers of every other answer.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use gse_core::bucket::CorsRule;
use gse_core::id::BucketName;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::refused::answer;
use super::{Refusal, upload};
use crate::http::Api;

/// Serves a request to a bucket, which may come from a page of another site.
pub(super) async fn serve(api: &Api, bucket: &str, path: &str, request: Request) -> Response {
    // A body that cannot be shared must not be held while the head is looked at.
    let (head, body) = request.into_parts();
    let header = |name: HeaderName| head.headers.get(name)?.to_str().ok().map(str::to_owned);
    let Some(origin) = header(header::ORIGIN) else {
        return answer(&head, upload::serve(api, bucket, path, &head, body).await);
    };
    let rule = rule(api, bucket).await;
    if head.method == Method::OPTIONS {
        let method = header(header::ACCESS_CONTROL_REQUEST_METHOD);
        let headers = header(header::ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
        return answer(&head, preflight(rule.as_ref(), &origin, method.as_deref(), &headers));
    }
    let method = &head.method;
    let mut response = answer(&head, upload::serve(api, bucket, path, &head, body).await);
    if let Some(rule) = rule.filter(|rule| rule.allowed_origin(&origin, method.as_str()).is_some()) {
        tell_origin(response.headers_mut(), &rule, &origin, method.as_str());
        tell_list(response.headers_mut(), header::ACCESS_CONTROL_EXPOSE_HEADERS, &rule.expose);
    }
    response
}

/// The rule of a bucket of this service. Without one, and for a bucket that is not there, browsers are told nothing.
async fn rule(api: &Api, bucket: &str) -> Option<CorsRule> {
    let name = BucketName::new(bucket);
    let read = move |state: &gse_core::State, _now| state.buckets.get(&name)?.cors.clone();
    api.engine.query(read).await.ok().flatten()
}

/// A preflight is not signed: the browser sends it by itself.
fn preflight(
    rule: Option<&CorsRule>,
    origin: &str,
    method: Option<&str>,
    headers: &str,
) -> Result<Response, Refusal> {
    let names: Vec<String> =
        headers.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let allowed = rule.zip(method).filter(|(rule, method)| {
        rule.allowed_origin(origin, method).is_some() && rule.allows_headers(names.iter().map(String::as_str))
    });
    let Some((rule, method)) = allowed else {
        let text = "the bucket does not allow this to pages of other sites; call UpdateBucketCORSOpt";
        return Err(Refusal::new(StatusCode::FORBIDDEN, text));
    };
    let mut response = Response::new(Body::empty());
    let told = response.headers_mut();
    tell_origin(told, rule, origin, method);
    tell_list(told, header::ACCESS_CONTROL_ALLOW_METHODS, &rule.methods);
    tell_list(told, header::ACCESS_CONTROL_ALLOW_HEADERS, &names);
    tell_list(told, header::ACCESS_CONTROL_EXPOSE_HEADERS, &rule.expose);
    if let Some(seconds) = rule.max_age_s {
        told.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds));
    }
    Ok(response)
}

fn tell_origin(headers: &mut HeaderMap, rule: &CorsRule, origin: &str, method: &str) {
    let Some(allowed) = rule.allowed_origin(origin, method) else { return };
    // It came as a header, so it can be one.
    if let Ok(value) = HeaderValue::from_str(allowed) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value);
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}

fn tell_list(headers: &mut HeaderMap, name: HeaderName, values: &[String]) {
    // Names were checked when the rule was set, or came as a header.
    if let Ok(value) = HeaderValue::from_str(&values.join(", "))
        && !values.is_empty()
    {
        headers.insert(name, value);
    }
}
