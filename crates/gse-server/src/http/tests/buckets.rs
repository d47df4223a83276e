//! Options of the upload bucket, and temporary keys to it: through the cloud API, and then at the object endpoint.

use axum::body::Body;
use axum::extract::Request;
use gse_api::signature::cos::{Grant, sign};
use gse_api::signature::tc3::Key;
use gse_core::id::{BucketName, Region, Scope, Uin};
use gse_core::time::Timestamp;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::stack::{HOST, NOW, REGION, Stack};

const BUCKET: &str = "gse-100000000001-ap-shanghai";
const ORIGIN: &str = "https://console.example";

impl Stack {
    async fn open_bucket(&self) {
        let body = json!({ "AssetRegion": REGION, "BucketKey": "server.zip" });
        self.done("GetUploadCredentials", body).await;
    }

    /// A request of a page.
    async fn page_request(&self, method: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(format!("/objects/{BUCKET}/server.zip"));
        request = request.header("Host", HOST).header("Origin", ORIGIN);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn cors(&self, rule: Value) {
        assert_eq!(self.done("UpdateBucketCORSOpt", rule).await, json!({}));
    }
}

fn told<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

const PREFLIGHT: [(&str, &str); 2] = [
    ("Access-Control-Request-Method", "PUT"),
    ("Access-Control-Request-Headers", "authorization, x-cos-security-token"),
];

#[tokio::test]
async fn a_page_may_do_what_the_rule_says() {
    let stack = Stack::start();
    assert_eq!(stack.page_request("OPTIONS", &PREFLIGHT).await.status(), StatusCode::FORBIDDEN);
    stack
        .cors(json!({
            "AllowedOrigins": ["https://other.example", "https://*.example"], "AllowedMethods": ["PUT", "POST"],
            "AllowedHeaders": ["Authorization", "x-cos-*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 600,
        }))
        .await;
    let answer = stack.page_request("OPTIONS", &PREFLIGHT).await;
    assert_eq!(answer.status(), StatusCode::OK);
    for (name, value) in [
        ("access-control-allow-origin", ORIGIN),
        ("access-control-allow-methods", "PUT, POST"),
        ("access-control-allow-headers", "authorization, x-cos-security-token"),
        ("access-control-expose-headers", "ETag"),
        ("access-control-max-age", "600"),
        ("vary", "Origin"),
    ] {
        assert_eq!(told(&answer, name), Some(value), "{name}");
    }
    // Also an answer that refuses can be read by the page.
    let refused = stack.page_request("PUT", &[]).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(told(&refused, "access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(told(&refused, "access-control-expose-headers"), Some("ETag"));
    for headers in [
        [PREFLIGHT[0], ("Access-Control-Request-Headers", "x-other")],
        [("Access-Control-Request-Method", "GET"), PREFLIGHT[1]],
        [("X-None", "x"), PREFLIGHT[1]],
    ] {
        let answer = stack.page_request("OPTIONS", &headers).await;
        assert_eq!(
            (answer.status(), told(&answer, "access-control-allow-origin")),
            (StatusCode::FORBIDDEN, None)
        );
    }
    assert_eq!(told(&stack.page_request("GET", &[]).await, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_rule_replaces_the_one_before_and_outlives_a_restart() {
    let stack = Stack::start();
    stack
        .cors(json!({
            "AllowedOrigins": [ORIGIN], "AllowedMethods": ["GET"], "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 600,
        }))
        .await;
    stack.cors(json!({ "AllowedOrigins": ["*"], "AllowedMethods": ["PUT"] })).await;
    assert_eq!(stack.page_request("OPTIONS", &PREFLIGHT).await.status(), StatusCode::FORBIDDEN);
    let answer = stack.page_request("OPTIONS", &PREFLIGHT[..1]).await;
    assert_eq!(told(&answer, "access-control-allow-origin"), Some("*"));
    assert_eq!(told(&answer, "access-control-max-age"), None);
    assert_eq!(told(&answer, "access-control-expose-headers"), None);
    stack.done("UpdateBucketAccelerateOpt", json!({ "Allowed": true })).await;
    let scope = Scope { uin: Uin::new("100000000001"), region: Region::new(REGION) };
    let rows = gse_store::Store::load(&mut stack.store.clone()).unwrap();
    let bucket = rows.into_iter().find_map(|row| match row {
        gse_core::Row::Bucket(bucket) if bucket.name == BucketName::of(&scope) => Some(bucket),
        _ => None,
    });
    let bucket = bucket.expect("the bucket is stored");
    assert!(bucket.accelerated && bucket.cors.as_ref().is_some_and(|rule| rule.origins == ["*"]));
}

#[tokio::test]
async fn refusals_of_bucket_options() {
    let stack = Stack::start();
    let rule = |member: &str, value: Value| {
        let mut rule = json!({ "AllowedOrigins": ["*"], "AllowedMethods": ["GET"] });
        rule[member] = value;
        rule
    };
    for (action, body, code) in [
        ("UpdateBucketCORSOpt", rule("AllowedMethods", json!(["DELETE"])), "InvalidParameterValue"),
        ("UpdateBucketCORSOpt", rule("AllowedMethods", json!([])), "InvalidParameterValue"),
        ("UpdateBucketCORSOpt", rule("AllowedOrigins", json!([])), "InvalidParameterValue"),
        ("UpdateBucketCORSOpt", rule("AllowedOrigins", json!([""])), "InvalidParameterValue"),
        ("UpdateBucketCORSOpt", rule("AllowedOrigins", json!(["*.*"])), "InvalidParameterValue"),
        ("UpdateBucketCORSOpt", rule("AllowedHeaders", json!(["a\r\nb"])), "InvalidParameterValue"),
        ("UpdateBucketCORSOpt", rule("ExposeHeaders", json!(["a b"])), "InvalidParameterValue"),
        ("UpdateBucketCORSOpt", rule("MaxAgeSeconds", json!(-1)), "InvalidParameterValue"),
        ("UpdateBucketCORSOpt", json!({ "AllowedOrigins": ["*"] }), "MissingParameter"),
        ("UpdateBucketAccelerateOpt", json!({ "Allowed": "true" }), "InvalidParameter"),
    ] {
        assert_eq!(stack.refusal(action, &body).await.0, code, "{action} {body}");
    }
    let stored = stack.api.engine.query(|state, _| state.buckets.len()).await.unwrap();
    assert_eq!(stored, 0);
}

/// What GetUploadFederationToken gave.
struct Temporary {
    secret_id: String,
    secret_key: String,
    token: String,
    until: i64,
}

impl Stack {
    async fn temporary(&self) -> Temporary {
        let answer = self.done("GetUploadFederationToken", json!({})).await;
        let text = |name: &str| answer["AssetCredentials"][name].as_str().unwrap().to_owned();
        Temporary {
            secret_id: text("TmpSecretId"),
            secret_key: text("TmpSecretKey"),
            token: text("Token"),
            until: answer["ExpiredTime"].as_i64().unwrap(),
        }
    }
}

impl Temporary {
    /// A signed upload, as an SDK of the object store makes it.
    fn put(&self, bucket: &str, key: &str, token: Option<&str>) -> Request {
        let host = format!("{bucket}.cos.{REGION}.myqcloud.com");
        let grant = Grant { method: "PUT", object_key: key, host: &host, from: NOW - 60, to: NOW + 100_000 };
        let signing = Key { secret_id: &self.secret_id, secret_key: &self.secret_key };
        let mut request = Request::put(format!("/{key}")).header("Host", &host);
        request = request.header("Authorization", sign(&grant, signing));
        if let Some(token) = token {
            request = request.header("x-cos-security-token", token);
        }
        request.body(Body::from("content")).unwrap()
    }
}

#[tokio::test]
async fn temporary_keys_upload_to_their_bucket_until_they_end() {
    let stack = Stack::start();
    let (code, message) = stack.refusal("GetUploadFederationToken", json!({})).await;
    assert!(code == "ResourceNotFound" && message.contains("GetUploadCredentials"), "{code}: {message}");
    stack.open_bucket().await;
    let key = stack.temporary().await;
    assert_eq!(key.until, NOW + 1800);
    for object in ["server.zip", "builds/other.zip"] {
        let put = key.put(BUCKET, object, Some(&key.token));
        assert_eq!(stack.send(put).await.status(), StatusCode::OK, "{object}");
        assert!(stack.api.blobs.freeze(BUCKET, object).is_ok());
    }
    let other = stack.temporary().await;
    let elsewhere = "gse-100000000001-ap-beijing";
    for (case, put) in [
        ("no token", key.put(BUCKET, "x.zip", None)),
        ("the token of another key", key.put(BUCKET, "x.zip", Some(&other.token))),
        ("no token at all", key.put(BUCKET, "x.zip", Some("hello"))),
        ("another bucket", key.put(elsewhere, "x.zip", Some(&key.token))),
    ] {
        let (status, text) = stack.send_for_text(put).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{case}: {text}");
        assert!(!text.contains(&key.token) && !text.contains(&key.secret_key), "{case}: {text}");
    }
    stack.clock.set(Timestamp::from_seconds(key.until));
    let put = key.put(BUCKET, "last.zip", Some(&key.token));
    assert_eq!(stack.send(put).await.status(), StatusCode::OK);
    stack.clock.set(Timestamp::from_seconds(key.until + 1));
    let put = key.put(BUCKET, "late.zip", Some(&key.token));
    assert_eq!(stack.send(put).await.status(), StatusCode::FORBIDDEN);
    assert!(stack.api.blobs.freeze(BUCKET, "late.zip").is_err());
}

/// 1.10: the keys are for the upload store only.
#[tokio::test]
async fn temporary_keys_are_none_of_the_cloud_api() {
    let stack = Stack::start();
    stack.open_bucket().await;
    let key = stack.temporary().await;
    let body = "{}";
    let call = gse_api::signature::tc3::Call {
        method: "POST",
        host: HOST,
        query: "",
        content_type: "application/json",
        body: body.as_bytes(),
    };
    let signing = Key { secret_id: &key.secret_id, secret_key: &key.secret_key };
    let mut request = stack.signed("ListFleets", body);
    let signature = gse_api::signature::tc3::sign(&call, signing, "gse", NOW);
    request.headers_mut().insert("Authorization", signature.parse().unwrap());
    let refused = super::stack::answer(stack.send(request).await).await.unwrap_err();
    assert_eq!(refused.0, "AuthFailure.SecretIdNotFound");
}

/// A request as `cos-python-sdk-v5` signs it: the host, the token, and the parameters of the query.
fn signed(key: &Temporary, method: &str, uri: &str, body: &str) -> Request {
    use gse_api::signature::cos::{Signable, sign_request};
    let host = format!("{BUCKET}.cos.{REGION}.myqcloud.com");
    let headers = [("host", host.as_str()), ("x-cos-security-token", key.token.as_str())];
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let signable = Signable { method, path, query, headers: &headers, from: NOW - 60, to: NOW + 3600 };
    let signing = Key { secret_id: &key.secret_id, secret_key: &key.secret_key };
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request = request.header("Authorization", sign_request(&signable, signing));
    request.body(Body::from(body.to_owned())).unwrap()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).unwrap_or_else(|| panic!("{text}")).0
}

/// 1.3: what the temporary keys are for.
#[tokio::test]
async fn a_large_file_comes_in_parts() {
    let stack = Stack::start();
    stack.open_bucket().await;
    let key = stack.temporary().await;
    let (status, begun) = stack.send_for_text(signed(&key, "POST", "/big.zip?uploads=", "")).await;
    assert_eq!(status, StatusCode::OK, "{begun}");
    let id = between(&begun, "<UploadId>", "</UploadId>");
    let mut named = String::new();
    for (number, content) in [(2, "world"), (1, "hello, ")] {
        let uri = format!("/big.zip?partNumber={number}&uploadId={id}");
        let answer = stack.send(signed(&key, "PUT", &uri, content)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let etag = told(&answer, "etag").unwrap();
        named = format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>{named}");
    }
    let (_, listed) = stack.send_for_text(signed(&key, "GET", &format!("/big.zip?uploadId={id}"), "")).await;
    assert!(listed.contains("<PartNumber>1</PartNumber>") && listed.contains("<Size>5</Size>"), "{listed}");
    let (_, open) = stack.send_for_text(signed(&key, "GET", "/?prefix=big&uploads", "")).await;
    assert!(open.contains(id) && open.contains("<Key>big.zip</Key>"), "{open}");
    let complete = format!("/big.zip?uploadId={id}");
    let bad = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>";
    assert_eq!(stack.send(signed(&key, "POST", &complete, bad)).await.status(), StatusCode::BAD_REQUEST);
    let body = format!("<CompleteMultipartUpload>{named}</CompleteMultipartUpload>");
    let (status, text) = stack.send_for_text(signed(&key, "POST", &complete, &body)).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let (blob, _) = stack.api.blobs.freeze(BUCKET, "big.zip").unwrap();
    assert_eq!(std::fs::read_to_string(stack.api.blobs.blob_path(&blob)).unwrap(), "hello, world");
    assert_eq!(stack.send(signed(&key, "POST", &complete, &body)).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_upload_in_parts_can_be_aborted_and_must_be_signed() {
    let stack = Stack::start();
    stack.open_bucket().await;
    let key = stack.temporary().await;
    let (_, begun) = stack.send_for_text(signed(&key, "POST", "/big.zip?uploads", "")).await;
    let id = between(&begun, "<UploadId>", "</UploadId>").to_owned();
    let part = format!("/big.zip?partNumber=1&uploadId={id}");
    for number in ["0", "10001", "x"] {
        let uri = format!("/big.zip?partNumber={number}&uploadId={id}");
        assert_eq!(stack.send(signed(&key, "PUT", &uri, "x")).await.status(), StatusCode::BAD_REQUEST);
    }
    // Good for a whole object, so not for a part.
    let mut moved = key.put(BUCKET, "big.zip", Some(&key.token));
    *moved.uri_mut() = part.parse().unwrap();
    let (status, text) = stack.send_for_text(moved).await;
    assert!(status == StatusCode::FORBIDDEN && text.contains("does not sign"), "{status}: {text}");
    let abort = format!("/big.zip?uploadId={id}");
    assert_eq!(stack.send(signed(&key, "DELETE", &abort, "")).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(stack.send(signed(&key, "PUT", &part, "x")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(stack.send(signed(&key, "DELETE", &abort, "")).await.status(), StatusCode::NOT_FOUND);
}

/// The vendor's clients look for these elements, and find nothing in a text.
#[tokio::test]
async fn refusals_are_xml_unless_text_is_wanted() {
    let stack = Stack::start();
    stack.open_bucket().await;
    let key = stack.temporary().await;
    let put = || key.put(BUCKET, "a&b.zip", None);
    let (status, text) = stack.send_for_text(put()).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text.starts_with("<?xml"), "{text}");
    assert_eq!(between(&text, "<Code>", "</Code>"), "AccessDenied");
    assert!(between(&text, "<Message>", "</Message>").contains("unknown key"), "{text}");
    assert_eq!(between(&text, "<Resource>", "</Resource>"), "/a&amp;b.zip");
    assert_eq!(between(&text, "<RequestId>", "</RequestId>").len(), 36);
    let mut wanted = put();
    wanted.headers_mut().insert("Accept", "text/plain".parse().unwrap());
    let (status, text) = stack.send_for_text(wanted).await;
    assert!(status == StatusCode::FORBIDDEN && text.starts_with("the authorization"), "{status}: {text}");
}
