//! The same call in every shape of cloud-api.md 1.2: the published vectors (W01 to W06), P23, and what ends with a shape.

use axum::body::Body;
use axum::extract::Request;
use gse_api::admission::AuthMode;
use gse_api::signature::{tc3, v1};
use serde_json::{Value, json};

use super::stack::{HOST, NOW, REGION, Refused, Stack, answer};

const FORM: &str = "application/x-www-form-urlencoded";
const VENDOR_HOST: &str = "gse.tencentcloudapi.com";
const MULTIPART: &str = "multipart/form-data; boundary=0123456789abcdef0123456789abcdef";
const FLAT: &str = "MaximumPlayerSessionCount=10&FleetId=fleet-qp3g3caa-2m6pzf4g&GameProperties.0.Key=mode\
                    &GameProperties.0.Value=ranked+solo&Name=%E6%88%BF%E9%97%B4-1";
const V1_BODY: &str = r#"{"MaximumPlayerSessionCount": 10, "FleetId": "fleet-qp3g3caa-2m6pzf4g", "GameProperties": [{"Key": "mode", "Value": "ranked solo"}], "Name": "\u623f\u95f4-1"}"#;
const V7_BODY: &str = r#"{"MaximumPlayerSessionCount":10,"FleetId":"fleet-qp3g3caa-2m6pzf4g","GameProperties":[{"Key":"mode","Value":"ranked solo"}],"Name":"房间-1"}"#;
const V8_BODY: &str = "--0123456789abcdef0123456789abcdef\r\nContent-Disposition: form-data; name=\"GameServerSessionId\"\r\n\r\nx\r\n--0123456789abcdef0123456789abcdef\r\nContent-Disposition: form-data; name=\"PlayerId\"\r\n\r\np1\r\n--0123456789abcdef0123456789abcdef--\r\n";

/// A request whose action is a header.
struct Sent<'a> {
    method: &'a str,
    action: &'a str,
    host: &'a str,
    query: &'a str,
    content_type: &'a str,
    body: &'a str,
}

impl Sent<'_> {
    fn request(&self, authorization: &str, more: &[(&str, &str)]) -> Request {
        let uri = if self.query.is_empty() { "/".to_owned() } else { format!("/?{}", self.query) };
        let request = Request::builder()
            .method(self.method)
            .uri(uri)
            .header("Host", self.host)
            .header("Content-Type", self.content_type)
            .header("X-TC-Action", self.action)
            .header("X-TC-Version", "2019-11-12")
            .header("X-TC-Region", REGION)
            .header("X-TC-Timestamp", NOW)
            .header("Authorization", authorization);
        let request = more.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(Body::from(self.body.to_owned())).unwrap()
    }

    fn signed(&self, stack: &Stack) -> Request {
        let Self { method, host, query, content_type, body, .. } = *self;
        let call = tc3::Call { method, host, query, content_type, body: body.as_bytes() };
        let account = &stack.api.account;
        let key = tc3::Key { secret_id: &account.secret_id, secret_key: &account.secret_key };
        self.request(&tc3::sign(&call, key, "gse", NOW), &[])
    }
}

/// A request whose action is a parameter.
fn v1_request(method: &str, host: &str, parameters: &str) -> Request {
    let (uri, body) =
        if method == "GET" { (format!("/?{parameters}"), "") } else { ("/".to_owned(), parameters) };
    let request = Request::builder().method(method).uri(uri).header("Host", host);
    let request = if method == "GET" { request } else { request.header("Content-Type", FORM) };
    request.body(Body::from(body.to_owned())).unwrap()
}

#[tokio::test]
async fn w01_to_w05_the_published_tc3_vectors_are_accepted() {
    let stack = Stack::start();
    let post = |host, content_type, body| Sent {
        method: "POST",
        action: "CreateGameServerSession",
        host,
        query: "",
        content_type,
        body,
    };
    let json = |host, body| post(host, "application/json", body);
    let get = Sent { method: "GET", query: FLAT, ..post(VENDOR_HOST, FORM, "") };
    let types = Sent { action: "DescribeInstanceTypes", ..json(VENDOR_HOST, "{}") };
    let join = Sent { action: "JoinGameServerSession", ..post(VENDOR_HOST, MULTIPART, V8_BODY) };
    let unsigned: &[(&str, &str)] = &[("X-TC-Content-SHA256", "UNSIGNED-PAYLOAD")];
    let vectors = [
        (
            json(VENDOR_HOST, V1_BODY),
            "gse",
            "41d510741ccafe28a030802f570b8d9c2bd97d55d4be8a27d06460b3f38a27bc",
            &[][..],
        ),
        (get, "gse", "785806416cdbd54fd7f8dd593bc8f563b14f81e204be4d12f9c79ee714ef10b5", &[]),
        (
            json(VENDOR_HOST, V1_BODY),
            "gse",
            "f9df455b0345774cfc1596ca4bf29a7dd16aed6429de23f056020c536099913d",
            unsigned,
        ),
        (types, "gse", "3998aace43c77cba1a0e6d1658dad97b8affc57d1a311675e9019a234dd300db", &[]),
        (
            json("127.0.0.1:8080", V1_BODY),
            "gse",
            "f6826ba112623557c203357767464064827c8880efe3414dfd9078f51babe443",
            &[],
        ),
        (
            json("http://127.0.0.1:8080", V1_BODY),
            "gse",
            "7ce28a20f624f65e53fe2d70a5bceea81ca3d8baab9783455ff3ab61b302872e",
            &[],
        ),
        (
            json("127.0.0.1:8080", V7_BODY),
            "127",
            "f7301b3b3fd41a3b2e53065ee132f0f9f86d26901613a62ab6978721a9961d40",
            &[],
        ),
        (join, "gse", "2fcdea51e73670ff5897527ce2945d47c33850f5672c1612bc7cc019eb0c4043", &[]),
    ];
    for (number, (sent, service, signature, more)) in (1..).zip(vectors) {
        let authorization = format!(
            "TC3-HMAC-SHA256 Credential={}/2021-01-01/{service}/tc3_request, SignedHeaders=content-type;host, \
             Signature={signature}",
            stack.api.account.secret_id
        );
        let answered = answer(stack.send(sent.request(&authorization, more)).await).await;
        match (number, answered) {
            // Nothing is named, so there is nothing that is not found.
            (4, Ok(_)) => {}
            (4, Err((code, message))) => assert!(!code.starts_with("AuthFailure"), "V4 {code}: {message}"),
            (_, answered) => {
                let (code, message) = answered.expect_err("there are no fleets");
                let named = if number == 8 { "`x`" } else { "fleet-qp3g3caa-2m6pzf4g" };
                assert!(code == "ResourceNotFound" && message.contains(named), "V{number} {code}: {message}");
            }
        }
    }
}

#[tokio::test]
async fn w06_the_published_v1_vectors_are_accepted() {
    let stack = Stack::start();
    let vectors = [
        ("V9", "POST", "HmacSHA1", "iK8cZwcSFhiifJonzXGWCTeskvk%3D"),
        ("V10", "POST", "HmacSHA256", "G9QlynKlcNkM9aaMFG2rwCy8UX9BC%2FziL%2BSK5tscJlM%3D"),
        ("V11", "GET", "HmacSHA256", "Bel%2FCzuwtQPs51FrA7PCkvfTvsH72URYx7Si6f36CaU%3D"),
    ];
    for (vector, method, algorithm, signature) in vectors {
        let parameters = format!(
            "{FLAT}&Action=CreateGameServerSession&RequestClient=SDK_PYTHON_3.1.195&Nonce=123456789\
             &Timestamp=1609502400&Version=2019-11-12&Region=ap-shanghai\
             &SecretId=AKIDEXAMPLEaaaaaaaaaaaaaaaaaaaaaaaaa&SignatureMethod={algorithm}&Language=en-US\
             &Signature={signature}"
        );
        let refusal = |parameters: String| async {
            let request = v1_request(method, VENDOR_HOST, &{ parameters });
            answer(stack.send(request).await).await.expect_err("there are no fleets")
        };
        let (code, message) = refusal(parameters.clone()).await;
        assert!(
            code == "ResourceNotFound" && message.contains("fleet-qp3g3caa-2m6pzf4g"),
            "{vector} {code}: {message}"
        );
        let forged = parameters.replace("Count=10", "Count=11");
        assert_eq!(refusal(forged).await.0, "AuthFailure.SignatureFailure", "{vector}");
    }
}

/// `Action=…` and the rest of a v1 request, signed and encoded.
fn v1_parameters(stack: &Stack, method: &str, action: &str, own: &[(&str, &str)]) -> String {
    let timestamp = NOW.to_string();
    let common = [
        ("Action", action),
        ("Nonce", "7"),
        ("Timestamp", &timestamp),
        ("Version", "2019-11-12"),
        ("Region", REGION),
        ("SecretId", &stack.api.account.secret_id),
        ("SignatureMethod", "HmacSHA256"),
    ];
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut parameters: Vec<v1::Parameter> = own.iter().chain(&common).map(pair).collect();
    let call = v1::Call { method, host: HOST, path: "/", parameters: &parameters };
    let signature = v1::sign(&call, &stack.api.account.secret_key, v1::Algorithm::HmacSha256);
    parameters.push(("Signature".to_owned(), signature));
    encoded(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

fn encoded<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let escape = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    pairs.map(|(name, value)| format!("{name}={}", escape(value))).collect::<Vec<_>>().join("&")
}

/// P23
#[tokio::test]
async fn a_call_does_the_same_in_every_shape() {
    let stack = Stack::start();
    let fleet = stack.fleet(6).await;
    let action = "CreateGameServerSession";
    let own = [
        ("FleetId", fleet.as_str()),
        ("MaximumPlayerSessionCount", "3"),
        ("GameProperties.0.Key", "mode"),
        ("GameProperties.0.Value", "ranked & solo"),
        ("Name", "房间 1"),
    ];
    let flat = encoded(own.into_iter());
    let body = json!({
        "FleetId": fleet,
        "MaximumPlayerSessionCount": 3,
        "GameProperties": [{ "Key": "mode", "Value": "ranked & solo" }],
        "Name": "房间 1",
    });
    let part = |(name, value): &(&str, &str)| {
        format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n",
            &MULTIPART[30..]
        )
    };
    let parts = own.iter().map(part).collect::<String>() + &format!("--{}--\r\n", &MULTIPART[30..]);
    let sent = |method, query, content_type, body| {
        Sent { method, action, host: HOST, query, content_type, body }.signed(&stack)
    };
    let requests = [
        ("R1", sent("POST", "", "application/json", &body.to_string())),
        ("R2", sent("GET", &flat, FORM, "")),
        ("R3", v1_request("POST", HOST, &v1_parameters(&stack, "POST", action, &own))),
        ("R4", v1_request("GET", HOST, &v1_parameters(&stack, "GET", action, &own))),
        ("R5", sent("POST", "", MULTIPART, &parts)),
        ("R6", sent("POST", "", FORM, &flat)),
    ];
    let mut first: Option<Value> = None;
    for (shape, request) in requests {
        let answered: Result<Value, Refused> = answer(stack.send(request).await).await;
        let mut session =
            answered.unwrap_or_else(|error| panic!("{shape}: {error:?}"))["GameServerSession"].take();
        assert_eq!(session["Name"], "房间 1", "{shape}");
        assert_eq!(session["GameProperties"], body["GameProperties"], "{shape}");
        for own in ["GameServerSessionId", "Port"] {
            assert!(!session[own].is_null(), "{shape}");
            session[own] = Value::Null;
        }
        assert_eq!(first.get_or_insert_with(|| session.clone()), &session, "{shape}");
    }
}

/// Behind a proxy that changes the host, what clients sign is known by configuration only.
#[tokio::test]
async fn a_public_host_may_be_signed() {
    for (public_hosts, wanted) in
        [(vec![VENDOR_HOST.to_owned()], None), (vec![], Some("AuthFailure.SignatureFailure"))]
    {
        let stack = Stack::start_with(AuthMode::Required, |config| config.public_hosts = public_hosts);
        let sent = Sent {
            method: "POST",
            action: "ListAliases",
            host: VENDOR_HOST,
            query: "",
            content_type: "application/json",
            body: "{}",
        };
        let mut request = sent.signed(&stack);
        request.headers_mut().insert("Host", http::HeaderValue::from_static("10.0.0.7:9000"));
        let refused = answer(stack.send(request).await).await.err();
        assert_eq!(refused.as_ref().map(|(code, _)| code.as_str()), wanted, "{refused:?}");
    }
}

#[tokio::test]
async fn what_is_no_shape_says_so() {
    let stack = Stack::start();
    let sent = |content_type, body| {
        Sent { method: "POST", action: "ListAliases", host: HOST, query: "", content_type, body }
            .signed(&stack)
    };
    let cases = [
        (sent("application/octet-stream", "{}"), "InvalidParameter", "application/octet-stream"),
        // P24
        (
            sent(
                "multipart/form-data; boundary=x",
                "--x\r\nContent-Disposition: form-data; name=\"A\"\r\n\r\n1\r\n",
            ),
            "InvalidRequest",
            "closing boundary",
        ),
        (sent("multipart/form-data", "--x--\r\n"), "InvalidRequest", "`boundary`"),
        // P20, P22
        (sent(FORM, "Limit=%ZZ"), "InvalidParameter", "`Limit`"),
        (sent(FORM, "Limit=1&Limit=1"), "InvalidParameter", "`Limit`"),
        (v1_request("GET", HOST, "Limit=1"), "MissingParameter", "`Action`"),
        (v1_request("POST", HOST, "Action=ListAliases"), "MissingParameter", "`Version`"),
    ];
    for (request, wanted, named) in cases {
        let (code, message) = answer(stack.send(request).await).await.unwrap_err();
        assert!(code == wanted && message.contains(named), "{wanted} {named}: {code}: {message}");
    }
}

/// W25
#[tokio::test]
async fn a_v1_body_may_have_one_megabyte() {
    let stack = Stack::start();
    let mut body = v1_parameters(&stack, "POST", "ListAliases", &[]);
    body += &"&".repeat(1_048_576 - body.len());
    let sent = answer(stack.send(v1_request("POST", HOST, &body)).await).await;
    assert!(sent.is_ok(), "{sent:?}");
    let (code, _) =
        answer(stack.send(v1_request("POST", HOST, &format!("{body}&"))).await).await.unwrap_err();
    assert_eq!(code, "RequestSizeLimitExceeded");
}

/// §1.3: SDKs in a hurry put the common parameters into the query too.
#[tokio::test]
async fn a_query_may_repeat_what_headers_say() {
    let stack = Stack::start();
    let list = |query| Sent {
        method: "GET",
        action: "ListAliases",
        host: HOST,
        query,
        content_type: FORM,
        body: "",
    };
    let same = list("Action=ListAliases&Version=2019-11-12&Region=ap-shanghai&Limit=1");
    let sent = answer(stack.send(same.signed(&stack)).await).await;
    assert!(sent.is_ok(), "{sent:?}");
    for other in ["Action=DeleteAlias&Limit=1", "Region=ap-beijing&Limit=1", "Nonce=1&Limit=1"] {
        let refused = answer(stack.send(list(other).signed(&stack)).await).await.unwrap_err();
        assert_eq!(refused.0, "UnknownParameter", "{other}: {}", refused.1);
    }
}
