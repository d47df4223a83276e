//! Who is let in: the conformance cases W07 to W29 of cloud-api.md 8 that JSON requests can show. The others are in `shapes`.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::Request;
use gse_api::admission::AuthMode;
use gse_core::time::Timestamp;

use super::stack::{HOST, NOW, REGION, Stack, answer};

/// Vector V1 byte for byte.
const V1_BODY: &str = r#"{"MaximumPlayerSessionCount": 10, "FleetId": "fleet-qp3g3caa-2m6pzf4g", "GameProperties": [{"Key": "mode", "Value": "ranked solo"}], "Name": "\u623f\u95f4-1"}"#;
const V1_SIGNATURE: &str = "41d510741ccafe28a030802f570b8d9c2bd97d55d4be8a27d06460b3f38a27bc";

fn v1(change: impl FnOnce(&mut Vec<(&'static str, String)>), body: &str) -> Request {
    let authorization = format!(
        "TC3-HMAC-SHA256 Credential=AKIDEXAMPLEaaaaaaaaaaaaaaaaaaaaaaaaa/2021-01-01/gse/tc3_request, \
         SignedHeaders=content-type;host, Signature={V1_SIGNATURE}"
    );
    let mut headers = vec![
        ("Host", "gse.tencentcloudapi.com".to_owned()),
        ("Content-Type", "application/json".to_owned()),
        ("X-TC-Action", "CreateGameServerSession".to_owned()),
        ("X-TC-Version", "2019-11-12".to_owned()),
        ("X-TC-Region", REGION.to_owned()),
        ("X-TC-Timestamp", NOW.to_string()),
        ("Authorization", authorization),
    ];
    change(&mut headers);
    let request =
        headers.into_iter().fold(Request::builder().method("POST").uri("/"), |request, (name, value)| {
            request.header(name, value)
        });
    request.body(Body::from(body.to_owned())).unwrap()
}

fn set(headers: &mut [(&'static str, String)], name: &str, change: impl FnOnce(&str) -> String) {
    let (_, value) = headers.iter_mut().find(|(found, _)| *found == name).unwrap();
    *value = change(value);
}

async fn code(stack: &Stack, request: Request) -> String {
    answer(stack.send(request).await).await.map_or_else(|(code, _)| code, |_| "OK".to_owned())
}

#[tokio::test]
async fn w01_the_published_vector_is_accepted() {
    let stack = Stack::start();
    let (code, message) = answer(stack.send(v1(|_| (), V1_BODY)).await).await.unwrap_err();
    assert_eq!(code, "ResourceNotFound");
    assert!(message.contains("fleet-qp3g3caa-2m6pzf4g"), "{message}");
}

#[tokio::test]
async fn w07_to_w19_wrong_signatures_are_told_apart() {
    let stack = Stack::start();
    let changed = V1_BODY.replace("10", "11");
    let cases: Vec<(&str, Request, &str)> = vec![
        ("W07 one byte", v1(|_| (), &changed), "AuthFailure.SignatureFailure"),
        (
            "W08 upper case",
            v1(
                |h| set(h, "Authorization", |text| text.replace(V1_SIGNATURE, &V1_SIGNATURE.to_uppercase())),
                V1_BODY,
            ),
            "AuthFailure.InvalidAuthorization",
        ),
        (
            "W11 other date",
            v1(|h| set(h, "Authorization", |text| text.replace("2021-01-01", "2021-01-02")), V1_BODY),
            "AuthFailure.SignatureFailure",
        ),
        (
            "W12 unknown key",
            v1(|h| set(h, "Authorization", |text| text.replace("AKIDEXAMPLE", "AKIDSOMEONE")), V1_BODY),
            "AuthFailure.SecretIdNotFound",
        ),
        (
            "W13 bearer",
            v1(|h| set(h, "Authorization", |_| "Bearer x".into()), V1_BODY),
            "AuthFailure.InvalidAuthorization",
        ),
        ("W14 unsigned", v1(|h| h.retain(|(name, _)| *name != "Authorization"), V1_BODY), "MissingParameter"),
        ("W15 version", v1(|h| set(h, "X-TC-Version", |_| "2018-01-01".into()), V1_BODY), "NoSuchVersion"),
        ("W16 action", v1(|h| set(h, "X-TC-Action", |_| "NoSuchThing".into()), V1_BODY), "InvalidAction"),
        (
            "W16 letter case",
            v1(|h| set(h, "X-TC-Action", |_| "createfleet".into()), V1_BODY),
            "InvalidAction",
        ),
        ("W18 timestamp", v1(|h| set(h, "X-TC-Timestamp", |_| "abc".into()), V1_BODY), "InvalidParameter"),
        ("W19 token", v1(|h| h.push(("X-TC-Token", "junk".into())), V1_BODY), "AuthFailure.TokenFailure"),
        ("W20 region", v1(|h| set(h, "X-TC-Region", |_| "mars-1".into()), V1_BODY), "UnsupportedRegion"),
        ("W21 no region", v1(|h| h.retain(|(name, _)| *name != "X-TC-Region"), V1_BODY), "ResourceNotFound"),
    ];
    for (case, request, wanted) in cases {
        assert_eq!(code(&stack, request).await, wanted, "{case}");
    }
}

#[tokio::test]
async fn w09_w10_the_clock_may_differ_by_five_minutes() {
    let stack = Stack::start();
    for (offset_s, wanted) in [
        (300, "OK"),
        (-300, "OK"),
        (301, "AuthFailure.SignatureExpire"),
        (-301, "AuthFailure.SignatureExpire"),
    ] {
        assert_eq!(
            code(&stack, stack.signed_at("ListAliases", "{}", NOW + offset_s)).await,
            wanted,
            "{offset_s}"
        );
    }
    // The same request, later.
    stack.clock.set(Timestamp::from_seconds(NOW + 301));
    assert_eq!(code(&stack, v1(|_| (), V1_BODY)).await, "AuthFailure.SignatureExpire");
}

#[tokio::test]
async fn w17_a_request_without_an_action_is_told_so() {
    let stack = Stack::start();
    let request = |path: &str, kind: &str| {
        let builder =
            Request::builder().method("POST").uri(path).header("Host", HOST).header("Content-Type", kind);
        builder.body(Body::from("{}")).unwrap()
    };
    let (code, message) = answer(stack.send(request("/", "application/json")).await).await.unwrap_err();
    assert!(code == "MissingParameter" && message.contains("`Action`"), "{code}: {message}");
    // The emulator's door is shut where requests are signed.
    let response = stack.send_for_text(request("/capi", "application/x-www-form-urlencoded")).await;
    assert!(response.1.contains("MissingParameter") && response.1.contains("`--auth off`"), "{}", response.1);
}

#[tokio::test]
async fn w22_only_get_and_post_are_methods() {
    let stack = Stack::start();
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let request = Request::builder().method(method).uri("/").header("Host", HOST);
        assert_eq!(
            code(&stack, request.body(Body::from("{}")).unwrap()).await,
            "UnsupportedProtocol",
            "{method}"
        );
    }
    let head = Request::head("/").header("Host", HOST).body(Body::empty()).unwrap();
    assert_eq!(stack.send(head).await.status(), 200);
}

#[tokio::test]
async fn w23_w24_a_body_may_have_ten_megabytes() {
    let stack = Stack::start();
    let body = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
    assert_eq!(code(&stack, stack.signed("ListAliases", &body(10_485_760))).await, "OK");
    let response = stack.send(stack.signed("ListAliases", &body(10_485_761))).await;
    assert_eq!(response.headers()["connection"], "close");
    assert_eq!(answer(response).await.unwrap_err().0, "RequestSizeLimitExceeded");
    assert_eq!(
        code(&stack, stack.signed("ListAliases", &body(30_000_000))).await,
        "RequestSizeLimitExceeded"
    );
}

#[tokio::test]
async fn w26_optional_lets_the_unsigned_in_and_still_checks_the_signed() {
    let stack = Stack::start_with(AuthMode::Optional, |_| {});
    let action = |h: &mut Vec<(&'static str, String)>| set(h, "X-TC-Action", |_| "ListAliases".into());
    let skip = v1(
        |h| {
            action(h);
            set(h, "Authorization", |_| "SKIP".into())
        },
        "{}",
    );
    assert_eq!(code(&stack, skip).await, "OK");
    let unsigned = v1(
        |h| {
            action(h);
            h.retain(|(name, _)| *name != "Authorization")
        },
        "{}",
    );
    assert_eq!(code(&stack, unsigned).await, "OK");
    assert_eq!(code(&stack, v1(|_| (), "{}")).await, "AuthFailure.SignatureFailure");
}

#[tokio::test]
async fn off_ignores_signatures() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    assert_eq!(code(&stack, v1(|h| set(h, "X-TC-Action", |_| "ListAliases".into()), "{}")).await, "OK");
}

#[tokio::test]
async fn w28_request_ids_differ() {
    let stack = Stack::start();
    let mut ids = BTreeSet::new();
    for _ in 0..10 {
        let response = stack.send(stack.signed("ListAliases", "{}")).await;
        ids.insert(response.headers()["x-tc-requestid"].to_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 10);
}

/// W03: Python and tccli with `endpoint="http://host:port"` send that as their host.
#[tokio::test]
async fn a_host_that_is_no_authority_is_not_rejected() {
    let stack = Stack::start();
    for host in ["http://127.0.0.1:8080", "h:p/gse", ":::"] {
        let request = v1(|h| set(h, "Host", |_| host.into()), V1_BODY);
        assert_eq!(code(&stack, request).await, "AuthFailure.SignatureFailure", "{host}");
    }
}
