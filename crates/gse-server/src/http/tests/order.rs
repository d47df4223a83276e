//! The order in which a request is looked at (cloud-api.md 1.9), and the sizes of 1.5 to the byte, over a socket.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use gse_api::admission::AuthMode;
use gse_api::rate_limit::Factor;
use gse_api::signature::tc3;
use http::{HeaderValue, Method};

use super::errors::wire::Wire;
use super::stack::{HOST, Stack};

/// The codes of the steps 1 to 18 for a call that fails at each of them. Step 3 has a name that is missing.
const STEPS: [&str; 18] = [
    "UnsupportedProtocol",
    "RequestSizeLimitExceeded",
    "MissingParameter",
    "AuthFailure.InvalidAuthorization",
    "AuthFailure.SecretIdNotFound",
    "AuthFailure.SignatureExpire",
    "AuthFailure.SignatureFailure",
    "AuthFailure.TokenFailure",
    "NoSuchVersion",
    "InvalidAction",
    "UnsupportedRegion",
    "RequestLimitExceeded",
    "InvalidParameter",
    "UnknownParameter",
    "InvalidParameter",
    "MissingParameter",
    "InvalidParameterValue",
    "ResourceNotFound",
];

/// A call of DescribeFleetEvents that fails at that step, and would fail at each later one.
fn failing_from(stack: &Stack, step: usize) -> Request {
    let body = match step {
        ..=2 => " ".repeat(10_485_761),
        3..=13 => r#"{"Nope": 1, "#.to_owned(),
        14 => r#"{"Nope": 1, "Offset": "x", "Limit": 101}"#.to_owned(),
        15 => r#"{"Offset": "x", "Limit": 101}"#.to_owned(),
        16 => r#"{"Limit": 101}"#.to_owned(),
        17 => r#"{"FleetId": "fleet-none", "Limit": 101}"#.to_owned(),
        _ => r#"{"FleetId": "fleet-none"}"#.to_owned(),
    };
    let at = stack.clock.now().seconds() - if step <= 6 { 301 } else { 0 };
    let mut request = stack.signed_at("DescribeFleetEvents", &body, at);
    if step <= 1 {
        *request.method_mut() = Method::PUT;
    }
    let authorization = request.headers()["Authorization"].to_str().unwrap().to_owned();
    let (secret_id, _) = authorization.split_once("Credential=").unwrap().1.split_once('/').unwrap();
    let authorization = match step {
        ..=4 => "TC3-HMAC-SHA256 Credential=nobody".to_owned(),
        5 => authorization.replace(secret_id, "nobody"),
        // Of another body.
        6 | 7 => {
            let other = stack.signed_at("DescribeFleetEvents", "{}", at);
            other.headers()["Authorization"].to_str().unwrap().to_owned()
        }
        _ => authorization,
    };
    let headers = request.headers_mut();
    headers.insert("Authorization", HeaderValue::from_str(&authorization).unwrap());
    let wrong = [(8, "X-TC-Token", "junk"), (9, "X-TC-Version", "2018-01-01"), (11, "X-TC-Region", "mars-1")];
    for (last, name, value) in wrong {
        if step <= last {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if step <= 10 {
        headers.insert("X-TC-Action", HeaderValue::from_static("MakeCoffee"));
    }
    if step <= 3 {
        headers.remove("X-TC-Timestamp");
    }
    request
}

#[tokio::test]
async fn the_first_failing_step_decides() {
    let stack =
        Stack::start_with(AuthMode::Required, |config| config.limits.rate = Factor::new(f64::MIN_POSITIVE));
    // The one call of this second; what is refused before step 12 does not count.
    Wire::open(&stack).await.call(failing_from(&stack, 18)).await.unwrap_err();
    for (step, code) in (1..).zip(STEPS) {
        if step > 12 {
            stack.clock.set(stack.clock.now().plus(Duration::from_secs(1)));
        }
        let refusal = Wire::open(&stack).await.call(failing_from(&stack, step)).await.unwrap_err();
        assert_eq!(refusal.code, code, "step {step}: {}", refusal.message);
    }
}

/// A GET of ListAliases whose query has that many bytes.
fn get(stack: &Stack, bytes: usize) -> Request {
    let content_type = "application/x-www-form-urlencoded";
    let query = format!("Limit=1{}", "&".repeat(bytes - "Limit=1".len()));
    let call = tc3::Call { method: "GET", host: HOST, query: &query, content_type, body: b"" };
    let account = &stack.api.account;
    let key = tc3::Key { secret_id: &account.secret_id, secret_key: &account.secret_key };
    let authorization = tc3::sign(&call, key, "gse", stack.clock.now().seconds());
    let mut request = stack.signed("ListAliases", "");
    *request.method_mut() = Method::GET;
    *request.uri_mut() = format!("/?{query}").parse().unwrap();
    *request.body_mut() = Body::empty();
    let headers = request.headers_mut();
    headers.insert("Content-Type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert("Authorization", HeaderValue::from_str(&authorization).unwrap());
    request
}

#[tokio::test]
async fn w23_w24_w25_sizes_are_held_to_the_byte() {
    let stack = Stack::start();
    let padded = |bytes: usize| stack.signed("ListAliases", &format!("{{}}{}", " ".repeat(bytes - 2)));
    let cases = [
        (get(&stack, 32_768), true),
        (get(&stack, 32_769), false),
        (get(&stack, 40 << 10), false),
        (padded(10_485_760), true),
        (padded(10_485_761), false),
    ];
    for (number, (request, fits)) in cases.into_iter().enumerate() {
        let answer = Wire::open(&stack).await.call(request).await;
        let code = answer.err().map(|refusal| refusal.code);
        let wanted = (!fits).then(|| "RequestSizeLimitExceeded".to_owned());
        assert_eq!(code, wanted, "case {number}");
    }
}
