//! The logs of a session: nothing before, an address for a while, and both readable after the session left memory.

use axum::body::Body;
use axum::extract::Request;
use gse_core::host::{HostReport, ReportKind};
use gse_core::id::GameServerSessionId;
use gse_core::log::SessionLog;
use http::StatusCode;
use serde_json::{Value, json};

use super::stack::Stack;

impl Stack {
    /// A session that is over and whose logs are those bytes.
    async fn logged(&self, fleet: &str, content: &str) -> String {
        let session = self.session(fleet, 1).await;
        self.end(&session).await;
        let file = self.api.config.data_dir.join("packed.zip");
        std::fs::write(&file, content).unwrap();
        let blob = self.api.blobs.keep_log(&file).unwrap();
        let id = GameServerSessionId::new(session.as_str());
        let wanted = id.clone();
        let row = self.api.engine.query(move |state, _| state.game_server_sessions.get(&wanted).cloned());
        let log = SessionLog { blob, bytes: content.len() as u64, left_out_bytes: 0 };
        let kind = ReportKind::LogsCollected { session: id, outcome: Ok(log) };
        let instance = row.await.unwrap().unwrap().instance;
        self.api.engine.report(HostReport { instance, kind }).await.unwrap();
        session
    }

    async fn log_url(&self, session: &str) -> Value {
        let answer = self.done("GetGameServerSessionLogUrl", json!({ "GameServerSessionId": session })).await;
        answer["PreSignedUrl"].clone()
    }

    /// What is behind an address, for who shows no key.
    async fn read(&self, url: &str) -> (StatusCode, String) {
        let path = url.strip_prefix("http://127.0.0.1:8080").unwrap();
        self.send_for_text(Request::get(path).header("Host", "elsewhere").body(Body::empty()).unwrap()).await
    }
}

#[tokio::test]
async fn g22_there_is_an_address_once_the_session_is_over_and_its_logs_are_stored() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let session = stack.session(&fleet, 1).await;
    assert_eq!(stack.log_url(&session).await, Value::Null);
    stack.end(&session).await;
    assert_eq!(stack.log_url(&session).await, Value::Null, "without logs");
    let session = stack.logged(&fleet, "bytes of a zip").await;
    let url = stack.log_url(&session).await.as_str().unwrap().to_owned();
    assert!(url.len() <= 1024 && url.contains("/gssess-"), "{url}");
    assert_eq!(stack.read(&url).await, (StatusCode::OK, "bytes of a zip".to_owned()));
    let (path, query) = url.split_once('?').unwrap();
    assert_eq!(stack.read(path).await.0, StatusCode::FORBIDDEN);
    let other = stack.logged(&fleet, "others").await;
    let other = stack.log_url(&other).await.as_str().unwrap().to_owned();
    let other = other.split_once('?').unwrap().0;
    assert_eq!(stack.read(&format!("{other}?{query}")).await.0, StatusCode::FORBIDDEN);
    // Ten minutes.
    stack.pass(601);
    let (status, text) = stack.read(&url).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text.contains("GetGameServerSessionLogUrl"), "{text}");
    let (code, text) =
        stack.refusal("GetGameServerSessionLogUrl", json!({ "GameServerSessionId": "gssess-none" })).await;
    assert_eq!(code, "ResourceNotFound", "{text}");
}

#[tokio::test]
async fn g22_a_log_that_is_not_kept_any_more_is_not_found() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let session = stack.logged(&fleet, "bytes").await;
    let url = stack.log_url(&session).await.as_str().unwrap().to_owned();
    assert_eq!(stack.api.blobs.prune_logs(std::time::Duration::from_secs(3600), 0).unwrap(), 1);
    assert_eq!(stack.read(&url).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn g23_all_logs_of_an_instance_newest_first_also_from_the_archive() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let mut sessions = Vec::new();
    for number in 0..3 {
        sessions.push(stack.logged(&fleet, &format!("log {number}")).await);
        stack.pass(2400);
    }
    stack.touch().await;
    let instances = stack.done("DescribeInstances", json!({ "FleetId": fleet })).await;
    let instance = instances["Instances"][0]["InstanceId"].as_str().unwrap().to_owned();
    let ask = |filter: Value| {
        let mut question = json!({ "FleetId": fleet });
        question.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        question
    };
    let stack = &stack;
    let found = async |filter: Value| {
        let answer = stack.done("GetGameServerInstanceLogUrl", ask(filter)).await;
        let mut texts = Vec::new();
        for url in answer["PresignedUrls"].as_array().unwrap() {
            texts.push(stack.read(url.as_str().unwrap()).await.1);
        }
        (texts.join(", "), answer["Total"].as_u64().unwrap(), answer["HasNext"].as_bool().unwrap())
    };
    assert_eq!(found(json!({})).await, ("log 2, log 1, log 0".into(), 3, false));
    assert_eq!(found(json!({ "InstanceId": instance, "Size": 2 })).await, ("log 2, log 1".into(), 3, true));
    assert_eq!(found(json!({ "Offset": 2, "Size": 2 })).await, ("log 0".into(), 3, false));
    assert_eq!(found(json!({ "ServerIp": "127.0.0.1", "Size": 0 })).await, (String::new(), 3, false));
    assert_eq!(found(json!({ "InstanceId": "ins-none" })).await, (String::new(), 0, false));
    assert_eq!(found(json!({ "ServerIp": "10.0.0.1" })).await, (String::new(), 0, false));
    assert!(stack.log_url(&sessions[0]).await.is_string(), "from the archive");
    let refused = stack.refusal("GetGameServerInstanceLogUrl", ask(json!({ "Size": 101 }))).await;
    assert_eq!(refused.0, "InvalidParameterValue");
    let refused = stack.refusal("GetGameServerInstanceLogUrl", json!({ "FleetId": "fleet-none" })).await;
    assert_eq!(refused.0, "ResourceNotFound");
}
