//! Calls against a listener that answers with fixed bytes and hands out what it was sent.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread::JoinHandle,
    time::Duration,
};

use gse_api::{
    admission::{AuthMode, Gate, Received, admit},
    types::{
        CreateGameServerSessionRequest, DeleteAliasRequest, DescribeAliasRequest, DescribeAliasResponse,
    },
};

use crate::{
    Answer, CallError, Client, Credentials, PutError, Retry, Trust, host, objects::address, put_object, url,
};

/// Answers one request on each of so many connections; an empty answer is a connection that breaks. Gives the requests.
fn serve_all(answers: &[String]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
    let answers = answers.to_vec();
    let served = std::thread::spawn(move || {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        answers.iter().map(|answer| text(answer_one(&listener, answer))).collect()
    });
    (endpoint, served)
}

/// Answers one request and returns its bytes.
fn serve(answer: &str) -> (String, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
    let answer = answer.to_owned();
    let served = std::thread::spawn(move || answer_one(&listener, &answer));
    (endpoint, served)
}

fn answer_one(listener: &TcpListener, answer: &str) -> Vec<u8> {
    let (mut stream, _) = listener.accept().expect("a connection");
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !complete(&request) {
        let read = stream.read(&mut buffer).expect("a request");
        assert_ne!(read, 0, "the client hung up");
        request.extend_from_slice(&buffer[..read]);
    }
    stream.write_all(answer.as_bytes()).expect("the client listens");
    request
}

fn complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = header(head, "content-length").map_or(0, |length| length.parse().expect("a length"));
    body.len() >= length
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    headers(head).into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn headers(head: &str) -> Vec<(&str, &str)> {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name, value.trim())).collect()
}

fn http(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn client(endpoint: &str) -> Client {
    Client::new(endpoint, "AKID", "secret", "ap-shanghai").expect("an endpoint")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

#[test]
fn a_call_is_signed_and_its_answer_read() {
    let body = r#"{"Response":{"Alias":{"AliasId":"a-1","Name":"房"},"RequestId":"r-1"}}"#;
    let (endpoint, served) = serve(&http("200 OK", body));
    let request = DescribeAliasRequest { alias_id: "a-1".into() };
    let response: DescribeAliasResponse = block_on(client(&endpoint).call(&request)).expect("an answer");
    assert_eq!(response.alias.expect("it is there").name, "房");

    // What was sent gets through the gate of a server.
    let sent = String::from_utf8(served.join().expect("it served")).expect("text");
    let (head, body) = sent.split_once("\r\n\r\n").expect("head and body");
    assert_eq!(body, r#"{"AliasId":"a-1"}"#);
    let headers = headers(head);
    let received =
        Received { method: "POST", path: "/", query: "", headers: &headers, body: body.as_bytes() };
    let regions = ["ap-shanghai".to_owned()];
    let gate = Gate {
        mode: AuthMode::Required,
        secret_key: &|id| (id == "AKID").then(|| "secret".to_owned()),
        regions: &regions,
        default_region: None,
        public_hosts: &[],
    };
    let now = received.header("x-tc-timestamp").expect("a timestamp").parse().expect("seconds");
    let admitted = admit(&received, &gate, now).expect("it is signed");
    assert_eq!(admitted.action.name(), "DescribeAlias");
    assert_eq!(header(head, "host"), endpoint.strip_prefix("http://"));
}

#[test]
fn a_refusal_is_an_error_with_its_code() {
    let body = r#"{"Response":{"Error":{"Code":"ResourceNotFound","Message":"no alias"},"RequestId":"r-2"}}"#;
    let (endpoint, served) = serve(&http("200 OK", body));
    let request = DeleteAliasRequest { alias_id: "a".into() };
    let error = block_on(client(&endpoint).call(&request)).expect_err("it is refused");
    assert_eq!(error.code(), Some("ResourceNotFound"));
    assert_eq!(error.to_string(), "`ResourceNotFound`: no alias");
    assert!(matches!(error, CallError::Api { request_id, .. } if request_id == "r-2"));
    served.join().expect("it served");
}

#[test]
fn other_servers_are_recognised() {
    for answer in [http("500 Oh", "broken"), http("200 OK", "<html>"), http("200 OK", "{}")] {
        let (endpoint, served) = serve(&answer);
        let error = block_on(client(&endpoint).call_json("ListFleets", "{}")).expect_err("it is no answer");
        assert!(matches!(error, CallError::Answer { .. }), "{error}");
        served.join().expect("it served");
    }
}

#[test]
fn nobody_listening_is_a_transport_error() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let endpoint = format!("http://{port}");
    let error = block_on(client(&endpoint).call_json("ListFleets", "{}")).expect_err("nobody listens");
    assert_eq!(error.to_string(), format!("cannot reach `{endpoint}`"));
    assert!(std::error::Error::source(&error).is_some());
}

/// A client that tries as often as the SDKs, without their pauses.
fn patient(endpoint: &str) -> Client {
    let retry = Retry { first_pause: Duration::from_millis(1), ..Retry::STANDARD };
    Client { retry, ..client(endpoint) }
}

/// An answer on a connection that ends with it.
fn last(body: &str) -> String {
    http("200 OK", body).replacen("\r\n", "\r\nConnection: close\r\n", 1)
}

#[test]
fn a_throttled_call_is_made_again_whatever_it_does() {
    let body = r#"{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"slow"},"RequestId":"r"}}"#;
    let (endpoint, served) =
        serve_all(&[last(body), last(body), last(r#"{"Response":{"RequestId":"r-3"}}"#)]);
    let request = DeleteAliasRequest { alias_id: "a".into() };
    block_on(patient(&endpoint).delete_alias(&request)).expect("the third attempt");
    assert_eq!(served.join().expect("it served").len(), 3);

    let (endpoint, served) = serve_all(&[last(body)]);
    let error = block_on(client(&endpoint).delete_alias(&request)).expect_err("nobody asked for attempts");
    assert_eq!(error.code(), Some("RequestLimitExceeded"));
    served.join().expect("it served");
}

#[test]
fn a_lost_answer_is_asked_for_again_only_where_that_is_harmless() {
    let (endpoint, served) = serve_all(&[String::new(), last(r#"{"Response":{"RequestId":"r"}}"#)]);
    block_on(patient(&endpoint).call_json("ListFleets", "{}")).expect("the second attempt");
    assert_eq!(served.join().expect("it served").len(), 2);

    let (endpoint, served) = serve_all(&[String::new()]);
    let error =
        block_on(patient(&endpoint).call_json("CreateFleet", "{}")).expect_err("it may have been made");
    assert!(matches!(error, CallError::Transport { .. }), "{error}");
    assert_eq!(served.join().expect("it served").len(), 1);
}

#[test]
fn a_session_is_made_again_under_one_token() {
    let answer = r#"{"Response":{"GameServerSession":null,"RequestId":"r"}}"#;
    let (endpoint, served) = serve_all(&[String::new(), last(answer)]);
    let request = CreateGameServerSessionRequest { maximum_player_session_count: 2, ..Default::default() };
    block_on(patient(&endpoint).create_game_server_session(&request)).expect("the second attempt");
    let bodies: Vec<String> = served.join().expect("it served").iter().map(|sent| body_of(sent)).collect();
    assert_eq!(bodies[0], bodies[1]);
    assert!(bodies[0].contains("IdempotencyToken"), "{}", bodies[0]);

    let (endpoint, served) = serve_all(&[last(answer)]);
    block_on(client(&endpoint).create_game_server_session(&request)).expect("an answer");
    let bodies = served.join().expect("it served");
    assert!(!bodies[0].contains("IdempotencyToken"), "one attempt needs no token");
}

fn body_of(request: &str) -> String {
    request.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).expect("a body")
}

#[test]
fn a_service_that_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
    let client = Client { timeout: Duration::from_millis(50), ..client(&endpoint) };
    let error = block_on(client.call_json("ListFleets", "{}")).expect_err("nobody accepts");
    assert!(matches!(&error, CallError::Transport { source, .. } if source.is_timeout()), "{error}");
}

#[test]
fn a_temporary_key_goes_with_its_token() {
    let (endpoint, served) = serve_all(&[last(r#"{"Response":{"RequestId":"r"}}"#)]);
    let client = Client { token: "t-1".into(), ..client(&endpoint) };
    block_on(client.call_json("ListFleets", "{}")).expect("an answer");
    let sent = served.join().expect("it served");
    assert_eq!(header(&sent[0], "x-tc-token"), Some("t-1"));
}

#[test]
fn endpoints_are_checked_before_calling() {
    for endpoint in ["", "127.0.0.1:8080", "ftp://example.org", "unix:/x"] {
        let error = Client::new(endpoint, "a", "b", "c").expect_err(endpoint);
        assert!(matches!(error, CallError::Endpoint { .. }), "{error}");
    }
    assert_eq!(host(&url("http://127.0.0.1:8080/capi").expect("an endpoint")), "127.0.0.1:8080");
    assert_eq!(host(&url("http://gse.example.org:80").expect("an endpoint")), "gse.example.org");
}

#[test]
fn a_client_is_made_from_the_environment() {
    let key = Credentials { secret_id: "AKID".into(), secret_key: "k".into(), token: "t".into() };
    let variable = |name: &str| match name {
        "GSE_ENDPOINT" => Some("http://h:1".to_owned()),
        "TENCENTCLOUD_REGION" => Some("ap-beijing".to_owned()),
        _ => None,
    };
    let client = Client::from_variables(&variable, Some(key)).expect("a client");
    let found = [client.endpoint, client.region, client.secret_id, client.secret_key, client.token];
    assert_eq!(found, ["http://h:1", "ap-beijing", "AKID", "k", "t"]);
    let client = Client::from_variables(&|_| None, None).expect("a client");
    let found = [client.endpoint, client.region, client.secret_id, client.token];
    assert_eq!(found, ["http://127.0.0.1:8080", "", "", ""]);
}

#[test]
fn the_key_is_not_shown() {
    let text = format!("{:?}", Client::new("http://h:1", "AKID", "hidden", "r").expect("an endpoint"));
    assert!(text.contains("AKID") && !text.contains("hidden"));
}

#[test]
fn an_object_is_put_with_its_authorization() {
    let (objects, served) = serve("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    block_on(put_object(&objects, "gse-1", "a/b 1.zip", "q-sign-algorithm=sha1", b"zip".to_vec()))
        .expect("it is put");
    let sent = String::from_utf8(served.join().expect("it served")).expect("text");
    assert!(sent.starts_with("PUT /gse-1/a/b%201.zip HTTP/1.1\r\n"), "{sent}");
    assert_eq!(header(&sent, "authorization"), Some("q-sign-algorithm=sha1"));
    assert!(sent.ends_with("\r\n\r\nzip"));
}

#[test]
fn a_refused_object_says_why() {
    let (objects, served) = serve("HTTP/1.1 403 Forbidden\r\nContent-Length: 8\r\n\r\nexpired\n");
    let error = block_on(put_object(&objects, "b", "k.zip", "x", Vec::new())).expect_err("it is refused");
    assert!(matches!(&error, PutError::Refused { status: 403, text, .. } if text == "expired"), "{error}");
    served.join().expect("it served");
}

#[test]
fn addresses_of_objects_do_not_climb() {
    assert_eq!(
        address("http://h:1/base/", "b", "k/房.zip").expect("an address").path(),
        "/base/b/k/%E6%88%BF.zip"
    );
    for key in ["", "a/../b", "a//b", "/a", "."] {
        assert!(address("http://h:1", "b", key).is_err(), "{key}");
    }
    assert!(address("http://h:1", "", "k").is_err());
    assert!(address("ftp://h:1", "b", "k").is_err());
}

/// Answers one request over TLS, with a certificate for these names; gives the address and the certificate as PEM.
fn serve_securely(answer: &str, names: &[&str]) -> (String, String, JoinHandle<()>) {
    let made = rcgen::generate_simple_self_signed(names.iter().map(ToString::to_string).collect::<Vec<_>>())
        .expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    let config = builder.with_single_cert(vec![made.cert.der().clone()], key).expect("a pair");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("https://{}", listener.local_addr().expect("it is bound"));
    let answer = answer.to_owned();
    let served = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let connection = rustls::ServerConnection::new(std::sync::Arc::new(config)).expect("a connection");
        let mut stream = rustls::StreamOwned::new(connection, stream);
        let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
        while !complete(&request) {
            // A client that does not trust the certificate goes away.
            let Ok(read @ 1..) = stream.read(&mut buffer) else { return };
            request.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(answer.as_bytes()).expect("the client listens");
    });
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, made.cert.der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    (endpoint, pem, served)
}

/// A call over TLS that is trusted by these certificates.
fn secure_call(endpoint: &str, trust: &Trust) -> Result<Answer, CallError> {
    let client = Client::trusting(endpoint, "AKID", "secret", "ap-shanghai", trust)?;
    block_on(client.call_json("ListFleets", "{}"))
}

#[test]
fn a_certificate_that_is_given_is_trusted_and_no_other() {
    let answer = http("200 OK", r#"{"Response":{"RequestId":"r-1"}}"#);
    let (endpoint, pem, served) = serve_securely(&answer, &["127.0.0.1"]);
    let trust = Trust::only(pem.as_bytes()).expect("a certificate");
    assert_eq!(secure_call(&endpoint, &trust).expect("it is trusted").request_id, "r-1");
    served.join().expect("it served");

    // Neither what the machine trusts, nor another one, nor one for another name.
    let other = Trust::only(pem.as_bytes()).expect("a certificate");
    for (names, trust) in
        [(&["127.0.0.1"], Some(Trust::default())), (&["127.0.0.1"], Some(other)), (&["10.1.1.1"], None)]
    {
        let (endpoint, own, served) = serve_securely(&answer, names);
        let trust = trust.unwrap_or_else(|| Trust::only(own.as_bytes()).expect("a certificate"));
        let error = secure_call(&endpoint, &trust).expect_err("it is not trusted");
        assert!(matches!(error, CallError::Transport { .. }), "{error}");
        served.join().expect("it ended");
    }
}

#[test]
fn what_is_no_certificate_is_said() {
    for text in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(Trust::only(text.as_bytes()).is_err(), "{text}");
    }
}
