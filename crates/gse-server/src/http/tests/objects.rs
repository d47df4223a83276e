//! The object endpoint: what is let in, what is not, and what arrives.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use gse_api::admission::AuthMode;
use gse_core::time::Timestamp;
use http::StatusCode;
use serde_json::json;

use super::stack::{HOST, NOW, REGION, Stack};

const BUCKET: &str = "gse-100000000001-ap-shanghai";

async fn credentials(stack: &Stack, key: &str) -> String {
    let answer = stack.done("GetUploadCredentials", json!({ "AssetRegion": REGION, "BucketKey": key })).await;
    assert_eq!((answer["BucketName"].as_str(), answer["AssetRegion"].as_str()), (Some(BUCKET), Some(REGION)));
    answer["BucketAuth"].as_str().unwrap().to_owned()
}

fn put(uri: &str, host: &str, authorization: &str, body: impl Into<Body>) -> Request {
    let request = Request::put(uri).header("Host", host).header("Authorization", authorization);
    request.body(body.into()).unwrap()
}

fn path(key: &str) -> String {
    format!("/objects/{BUCKET}/{key}")
}

/// The text of the uploaded object.
fn stored(stack: &Stack, key: &str) -> Option<String> {
    let (blob, _) = stack.api.blobs.freeze(BUCKET, key).ok()?;
    Some(std::fs::read_to_string(stack.api.blobs.blob_path(&blob)).unwrap())
}

#[tokio::test]
async fn the_authorization_has_the_published_form_and_time() {
    let stack = Stack::start();
    let authorization = credentials(&stack, "server.zip").await;
    let to = NOW + 360;
    let start = format!(
        "q-sign-algorithm=sha1&q-ak={}&q-sign-time={NOW};{to}&q-key-time={NOW};{to}&q-header-list=host&q-url-param-list=&q-signature=",
        stack.api.account.secret_id
    );
    let signature = authorization.strip_prefix(&start).unwrap_or_else(|| panic!("{authorization}"));
    assert!(signature.len() == 40 && signature.bytes().all(|byte| byte.is_ascii_hexdigit()), "{signature}");
}

#[tokio::test]
async fn an_object_can_be_put_by_path_and_by_host() {
    let stack = Stack::start();
    let key = "builds/1.0/server.zip";
    let authorization = credentials(&stack, key).await;
    let by_path = put(&path(key), HOST, &authorization, "one");
    assert_eq!(stack.send(by_path).await.status(), StatusCode::OK);
    assert_eq!(stored(&stack, key).as_deref(), Some("one"));
    let host = format!("{BUCKET}.cos.{REGION}.myqcloud.com");
    for host in [host.clone(), format!("{host}:8080")] {
        let by_host = put(&format!("/{key}"), &host, &authorization, "two");
        assert_eq!(stack.send(by_host).await.status(), StatusCode::OK, "{host}");
    }
    assert_eq!(stored(&stack, key).as_deref(), Some("two"));
}

#[tokio::test]
async fn a_key_that_needs_escapes_is_one_key() {
    let stack = Stack::start();
    let authorization = credentials(&stack, "a b/房间.zip").await;
    let uri = path("a%20b/%E6%88%BF%E9%97%B4.zip");
    assert_eq!(stack.send(put(&uri, HOST, &authorization, "x")).await.status(), StatusCode::OK);
    assert_eq!(stored(&stack, "a b/房间.zip").as_deref(), Some("x"));
}

#[tokio::test]
async fn whatever_was_not_granted_is_refused() {
    let stack = Stack::start();
    let good = credentials(&stack, "server.zip").await;
    let forged = format!("{}{}", &good[..good.len() - 1], if good.ends_with('0') { '1' } else { '0' });
    let longer = good.replace(&format!(";{}", NOW + 360), &format!(";{}", NOW + 9999));
    let foreign = good.replace("AKIDEXAMPLE", "AKIDSOMEONE");
    let cases = [
        ("another key", path("other.zip"), good.as_str()),
        ("a forged signature", path("server.zip"), &forged),
        ("a longer time", path("server.zip"), &longer),
        ("a foreign account", path("server.zip"), &foreign),
        ("no form at all", path("server.zip"), "hello"),
        ("another region's bucket", "/objects/gse-100000000001-ap-beijing/server.zip".into(), &good),
    ];
    for (case, uri, authorization) in cases {
        let (status, text) = stack.send_for_text(put(&uri, HOST, authorization, "x")).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{case}: {text}");
        assert!(text.contains("GetUploadCredentials"), "{case}: {text}");
    }
    let unsigned = Request::put(path("server.zip")).header("Host", HOST).body(Body::from("x")).unwrap();
    assert_eq!(stack.send(unsigned).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(stored(&stack, "server.zip"), None);
}

#[tokio::test]
async fn the_grant_ends_after_its_time() {
    let stack = Stack::start();
    let authorization = credentials(&stack, "server.zip").await;
    stack.clock.set(Timestamp::from_seconds(NOW + 360));
    let request = put(&path("server.zip"), HOST, &authorization, "in time");
    assert_eq!(stack.send(request).await.status(), StatusCode::OK);
    stack.clock.set(Timestamp::from_seconds(NOW + 361));
    let (status, text) = stack.send_for_text(put(&path("server.zip"), HOST, &authorization, "late")).await;
    assert!(status == StatusCode::FORBIDDEN && text.contains("valid from"), "{status}: {text}");
    assert_eq!(stored(&stack, "server.zip").as_deref(), Some("in time"));
}

#[tokio::test]
async fn signatures_of_uploads_count_in_every_mode() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    let request = Request::put(path("server.zip")).header("Host", HOST).body(Body::from("x")).unwrap();
    assert_eq!(stack.send(request).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn other_methods_and_buckets_are_refused() {
    let stack = Stack::start();
    let authorization = credentials(&stack, "server.zip").await;
    for method in ["GET", "DELETE", "POST"] {
        let request = Request::builder().method(method).uri(path("server.zip")).header("Host", HOST);
        let request = request.header("Authorization", &authorization).body(Body::empty()).unwrap();
        assert_eq!(stack.send(request).await.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    for uri in [
        "/objects/nobody/server.zip",
        "/objects/",
        "/objects/gse-2-ap-shanghai/server.zip",
        "/objects/../x/y",
    ] {
        let (status, text) = stack.send_for_text(put(uri, HOST, &authorization, "x")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{uri}: {text}");
    }
}

#[tokio::test]
async fn an_object_has_a_largest_size() {
    let stack = Stack::start_with(AuthMode::Required, |config| config.max_object_bytes = 100_000);
    let authorization = credentials(&stack, "server.zip").await;
    let request = |bytes: usize| put(&path("server.zip"), HOST, &authorization, "x".repeat(bytes));
    assert_eq!(stack.send(request(100_000)).await.status(), StatusCode::OK);
    assert_eq!(stack.send(request(100_001)).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    // Announced, so that nothing has to be read to know.
    let mut announced = request(3);
    announced.headers_mut().insert("content-length", http::HeaderValue::from_static("100001"));
    assert_eq!(stack.send(announced).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(stored(&stack, "server.zip").map(|text| text.len()), Some(100_000));
}

/// A client that goes away in the middle leaves nothing.
#[tokio::test]
async fn half_an_object_is_none() {
    let stack = Stack::start();
    let authorization = credentials(&stack, "server.zip").await;
    let parts = [Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("gone"))];
    let body = Body::from_stream(futures_util::stream::iter(parts));
    let response = stack.send(put(&path("server.zip"), HOST, &authorization, body)).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(stored(&stack, "server.zip"), None);
}
