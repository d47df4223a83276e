//! The door that the vendor's emulator had (server-sdk.md 6). Requests carry the address of a caller, as those of a real
//! listener do.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::Request;
use gse_api::admission::AuthMode;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::stack::{HOST, Refused, Stack};
use crate::http::serve::Peer;

/// What `curl -d BODY http://127.0.0.1:8080/capi` sends.
fn curl(body: &str, from: &str) -> Request {
    let request = Request::post("/capi")
        .header("Host", HOST)
        .header("User-Agent", "curl/7.64.1")
        .header("Accept", "*/*")
        .header("Content-Type", "application/x-www-form-urlencoded");
    let mut request = request.body(Body::from(body.to_owned())).unwrap();
    request.extensions_mut().insert(Peer(from.parse::<IpAddr>().unwrap()));
    request
}

impl Stack {
    async fn capi_from(&self, from: &str, body: &str) -> Result<Value, Refused> {
        let response = self.send(curl(body, from)).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        let header = response.headers()["x-tc-requestid"].to_str().unwrap().to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let mut answer: Value = serde_json::from_slice(&body).unwrap();
        let members = answer["Response"].as_object_mut().unwrap();
        let request_id = members.remove("RequestId").unwrap();
        let digits = request_id.as_str().unwrap().strip_prefix('s').unwrap();
        // The test's clock is that of the vectors; nanoseconds have nineteen digits.
        assert!(digits.len() == 19 && digits.starts_with("16095024"), "{request_id}");
        assert_eq!(request_id, header);
        match members.remove("Error") {
            None => Ok(answer["Response"].take()),
            Some(error) => {
                Err((error["Code"].as_str().unwrap().into(), error["Message"].as_str().unwrap().into()))
            }
        }
    }

    async fn capi(&self, body: Value) -> Value {
        self.capi_from("127.0.0.1", &body.to_string())
            .await
            .unwrap_or_else(|error| panic!("{body}: {error:?}"))
    }

    async fn capi_refusal(&self, body: &str) -> Refused {
        self.capi_from("127.0.0.1", body).await.expect_err(body)
    }

    /// Asks again until the first of the named list has the status.
    async fn capi_wait(&self, body: Value, list: &str, status: &str) -> Value {
        let asking = async {
            loop {
                let answer = self.capi(body.clone()).await;
                if answer[list][0]["Status"] == status {
                    return answer;
                }
                tokio::task::yield_now().await;
            }
        };
        let answer = tokio::time::timeout(std::time::Duration::from_secs(30), asking).await;
        answer.unwrap_or_else(|_| panic!("{body} did not become {status}"))
    }
}

/// The commands of the vendor's tutorial. A fleet must run here, which the emulator did not know (R46).
#[tokio::test]
async fn case_58_gse_local_compatibility() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    stack.fleet(2).await;
    let create = json!({
        "Action": "CreateGameServerSession", "FleetId": "fleet-123", "MaximumPlayerSessionCount": 10,
        "Name": "my session", "GameServerSessionData": "data",
    });
    let created = stack.capi(create).await["GameServerSession"].clone();
    let id = created["GameServerSessionId"].as_str().unwrap();
    let uuid = id.strip_prefix("qcs::gse:local::gameserversession/fleet-123/gssess-").unwrap();
    assert_eq!(uuid.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
    assert!(uuid.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()), "{id}");
    let shown = json!({
        "AvailabilityStatus": "Enable", "CreationTime": "2021-01-01T12:00:00Z", "CreatorId": "",
        "CurrentCustomCount": 0, "CurrentPlayerSessionCount": 0, "DnsName": "", "FleetId": "fleet-123",
        "GameProperties": [], "GameServerSessionData": "data", "GameServerSessionId": id,
        "InstanceType": "localhost", "IpAddress": "127.0.0.1", "MatchmakerData": "", "MaxCustomCount": 0,
        "MaximumPlayerSessionCount": 10, "Name": "my session", "PlayerSessionCreationPolicy": "ACCEPT_ALL",
        "Port": 6000, "Status": "ACTIVATING", "StatusReason": "", "TerminationTime": null, "Weight": 0,
    });
    assert_eq!(created, shown);

    let describe = json!({ "Action": "DescribeGameServerSessions", "FleetId": "fleet-123" });
    let found = stack.capi_wait(describe, "GameServerSessions", "ACTIVE").await;
    assert_eq!(found["NextToken"], "");
    assert_eq!(found["GameServerSessions"][0]["GameServerSessionId"], id);
    assert_eq!(found["GameServerSessions"][0]["FleetId"], "fleet-123");

    let join = json!({ "Action": "JoinGameServerSession", "GameServerSessionId": id, "PlayerId": "ada" });
    let player = stack.capi(join).await["PlayerSession"].clone();
    assert_eq!((&player["Status"], &player["FleetId"]), (&json!("RESERVED"), &json!("fleet-123")));
    assert!(player["PlayerSessionId"].as_str().unwrap().starts_with("psess-"), "{player}");
    assert_eq!((&player["GameServerSessionId"], &player["Port"]), (&json!(id), &json!(6000)));
    let batch = json!({ "Action": "JoinGameServerSessionBatch", "GameServerSessionId": id, "PlayerIds": ["bob", "cy"] });
    assert_eq!(stack.capi(batch).await["PlayerSessions"].as_array().unwrap().len(), 2);

    let players = json!({ "Action": "DescribePlayerSessions", "GameServerSessionId": id });
    let reserved = stack.capi_wait(players.clone(), "PlayerSessions", "RESERVED").await;
    assert_eq!(reserved["PlayerSessions"].as_array().unwrap().len(), 3);
    stack.pass(60);
    stack.touch().await;
    let over = stack.capi_wait(players, "PlayerSessions", "TIMEDOUT").await;
    assert!(over["PlayerSessions"].as_array().unwrap().iter().all(|player| player["Status"] == "TIMEDOUT"));
}

#[tokio::test]
async fn the_door_is_open_where_nobody_must_sign_and_only_to_this_machine() {
    let body = r#"{"Action":"ListAliases"}"#;
    for (mode, from, is_open) in [
        (AuthMode::Off, "127.0.0.1", true),
        (AuthMode::Optional, "::1", true),
        (AuthMode::Off, "::ffff:127.0.0.1", true),
        (AuthMode::Off, "192.0.2.1", false),
        (AuthMode::Required, "127.0.0.1", false),
    ] {
        let stack = Stack::start_with(mode, |_| {});
        match stack.capi_from(from, body).await {
            Ok(_) => assert!(is_open, "{mode:?} {from}"),
            Err((code, message)) => {
                assert!(!is_open && code == "MissingParameter", "{mode:?} {from}: {code}: {message}");
                assert!(message.contains("`Action`") && message.contains("hint: `/capi`"), "{message}");
            }
        }
    }
}

/// R140: by every door of a service that wants no signature; the names of `--public-host` go on working.
#[tokio::test]
async fn a_host_that_is_not_ours_is_answered_nothing_unsigned() {
    let stack =
        Stack::start_with(AuthMode::Off, |config| config.public_hosts = vec!["gse.example.org".into()]);
    for (host, is_ours) in [("evil.example:8080", false), ("gse.example.org", true), ("192.0.2.1:80", true)] {
        let capi = curl(r#"{"Action":"ListAliases"}"#, "127.0.0.1");
        let action = |path: &str, action: &str| {
            let request =
                Request::post(path).header("X-TC-Action", action).header("X-TC-Version", "2019-11-12");
            request
                .header("Content-Type", "application/json")
                .header("Host", HOST)
                .body(Body::from("{}"))
                .unwrap()
        };
        let extension = action("/opengse/DescribeDemoResource", "DescribeDemoResource");
        for mut request in [capi, action("/", "ListAliases"), extension] {
            request.headers_mut().insert("Host", http::HeaderValue::from_static(host));
            let text = stack.send_for_text(request).await.1;
            assert_eq!(!text.contains("\"Error\""), is_ours, "{host}: {text}");
            assert_eq!(text.contains("`--public-host evil.example`"), !is_ours, "{host}: {text}");
        }
        let console = Request::get("/console/fleets").header("Host", host).body(Body::empty()).unwrap();
        let answered = stack.send(console).await.status();
        assert_eq!(answered == http::StatusCode::OK, is_ours, "{host}: {answered}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_as_everywhere() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    let create = r#"{"Action":"CreateGameServerSession","FleetId":"fleet-1","MaximumPlayerSessionCount":1}"#;
    let cases = [
        ("{", "InvalidParameter", "JSON"),
        ("{}", "MissingParameter", "`Action`"),
        (r#"{"Action":7}"#, "InvalidParameter", "`Action`"),
        (r#"{"Action":"JoinPlayerSession"}"#, "InvalidAction", "JoinPlayerSession"),
        (r#"{"Action":"JoinGameServerSession","PlayerID":"p"}"#, "UnknownParameter", "`PlayerId`"),
        (
            r#"{"Action":"DescribeGameServerSessions","FleetId":"fleet-"}"#,
            "InvalidParameterValue",
            "`FleetId`",
        ),
        (
            r#"{"Action":"DescribeGameServerSessions","FleetId":"fleet-a b"}"#,
            "InvalidParameterValue",
            "`FleetId`",
        ),
        (r#"{"Action":"DescribeGameServerSessions","FleetId":7}"#, "InvalidParameter", "`FleetId`"),
        (create, "ResourceNotFound", "and 0 do"),
    ];
    for (body, wanted, named) in cases {
        let (code, message) = stack.capi_refusal(body).await;
        assert!(code == wanted && message.contains(named), "{body}: {code}: {message}");
    }
    let first = stack.fleet(1).await;
    stack.fleet(1).await;
    let (code, message) = stack.capi_refusal(create).await;
    assert!(code == "ResourceNotFound" && message.contains("and 2 do"), "{code}: {message}");
    // The fleet of that name is always the one that is meant.
    let own = create.replace("fleet-1", &first);
    let session = stack.capi(serde_json::from_str(&own).unwrap()).await["GameServerSession"].clone();
    assert_eq!(session["FleetId"], first);
}
