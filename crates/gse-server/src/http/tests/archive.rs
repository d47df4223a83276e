//! Ended things that left memory stay readable through the API for the retention time, and pages do not show the seam.

use std::time::Duration;

use gse_api::admission::AuthMode;
use gse_core::host::{HostReport, ReportKind, SessionCall};
use gse_core::id::GameServerSessionId;
use gse_core::time::Timestamp;
use serde_json::{Value, json};

use super::stack::Stack;

const HOUR: i64 = 3600;

impl Stack {
    pub(super) fn pass(&self, seconds: i64) {
        let now = self.clock.now();
        self.clock.set(Timestamp::from_millis(now.millis() + seconds * 1000));
    }

    /// The game server ends a session.
    pub(super) async fn end(&self, session: &str) {
        let id = GameServerSessionId::new(session);
        let wanted = id.clone();
        let engine = &self.api.engine;
        let row =
            engine.query(move |state, _| state.game_server_sessions.get(&wanted).cloned().unwrap()).await;
        let row = row.unwrap();
        let call = SessionCall::Terminate { session: id };
        let report =
            HostReport { instance: row.instance, kind: ReportKind::Call { process: row.process, call } };
        engine.report(report).await.unwrap();
    }

    /// Something that makes the engine look at the clock.
    pub(super) async fn touch(&self) {
        let request = json!({ "Name": "touch", "RoutingStrategy": { "Type": "TERMINAL", "Message": "m" } });
        let alias = self.done("CreateAlias", request).await;
        let id = alias["Alias"]["AliasId"].as_str().unwrap();
        self.done("DeleteAlias", json!({ "AliasId": id })).await;
    }

    /// What all pages of a question hold, by two.
    async fn pages(&self, action: &str, mut question: Value, list: &str, id: &str) -> Vec<String> {
        let mut seen = Vec::new();
        question["Limit"] = 2.into();
        loop {
            let page = self.done(action, &question).await;
            let items = page[list].as_array().unwrap();
            seen.extend(items.iter().map(|item| item[id].as_str().unwrap().to_owned()));
            match page["NextToken"].as_str().unwrap() {
                "" => return seen,
                token => question["NextToken"] = token.into(),
            }
        }
    }

    async fn in_memory(&self) -> (usize, usize, usize, usize) {
        let count = |state: &gse_core::State, _| {
            let sessions = state.game_server_sessions.len();
            (sessions, state.player_sessions.len(), state.placements.len(), state.events.len())
        };
        self.api.engine.query(count).await.unwrap()
    }
}

#[tokio::test]
async fn r23_what_left_memory_is_still_read() {
    let stack = Stack::start_with(AuthMode::Required, |config| {
        config.clocks.retention = Duration::from_secs(2 * 3600);
    });
    let fleet = stack.fleet(3).await;
    // Ended and lasting sessions in turn, so that memory and archive alternate in the order of the answer.
    let lasting = [stack.session(&fleet, 2).await, stack.session(&fleet, 2).await];
    let mut newest_first = Vec::new();
    let mut player_sessions = Vec::new();
    for number in 0..3 {
        stack.pass(1);
        let token = format!("token-{number}");
        let request = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 2, "IdempotencyToken": token });
        let made = stack.done("CreateGameServerSession", request).await;
        let id = made["GameServerSession"]["GameServerSessionId"].as_str().unwrap().to_owned();
        let question = json!({ "GameServerSessionId": id });
        stack
            .wait("DescribeGameServerSessions", question, |answer| {
                answer["GameServerSessions"][0]["Status"] == "ACTIVE"
            })
            .await;
        let join = json!({ "GameServerSessionId": id, "PlayerId": "player" });
        let player = stack.done("JoinGameServerSession", join).await;
        player_sessions.push(player["PlayerSession"]["PlayerSessionId"].as_str().unwrap().to_owned());
        stack.end(&id).await;
        newest_first.insert(0, id);
    }
    stack.pass(1);
    let last = stack.session(&fleet, 2).await;
    newest_first.insert(0, last);
    newest_first.extend({
        let mut lasting = lasting.to_vec();
        lasting.sort();
        lasting
    });
    let sessions = json!({ "FleetId": fleet });
    let seen = stack.pages(
        "DescribeGameServerSessions",
        sessions.clone(),
        "GameServerSessions",
        "GameServerSessionId",
    );
    assert_eq!(seen.await, newest_first);
    let events = stack.done("DescribeFleetEvents", json!({ "FleetId": fleet })).await;

    stack.pass(HOUR);
    stack.touch().await;
    assert_eq!(stack.in_memory().await, (3, 0, 0, 1));
    let seen = stack.pages(
        "DescribeGameServerSessions",
        sessions.clone(),
        "GameServerSessions",
        "GameServerSessionId",
    );
    assert_eq!(seen.await, newest_first);
    // By id, by filter, with details.
    let ended = &newest_first[1];
    let found = stack.done("DescribeGameServerSessionDetails", json!({ "GameServerSessionId": ended })).await;
    let detail = &found["GameServerSessionDetails"][0]["GameServerSession"];
    assert_eq!(
        (detail["Status"].as_str(), detail["GameServerSessionId"].as_str()),
        (Some("TERMINATED"), Some(ended.as_str()))
    );
    let filtered = json!({ "FleetId": fleet, "StatusFilter": "TERMINATED" });
    let seen =
        stack.pages("DescribeGameServerSessions", filtered, "GameServerSessions", "GameServerSessionId");
    assert_eq!(seen.await, newest_first[1..4]);
    // Player sessions by session, by player, by id.
    let seen = stack.pages(
        "DescribePlayerSessions",
        json!({ "GameServerSessionId": ended }),
        "PlayerSessions",
        "PlayerSessionId",
    );
    assert_eq!(seen.await, player_sessions[2..]);
    let seen = stack.pages(
        "DescribePlayerSessions",
        json!({ "PlayerId": "player" }),
        "PlayerSessions",
        "PlayerSessionId",
    );
    assert_eq!(seen.await.len(), 3);
    let by_id = stack.done("DescribePlayerSessions", json!({ "PlayerSessionId": player_sessions[0] })).await;
    assert_eq!(by_id["PlayerSessions"][0]["Status"], "TIMEDOUT");
    // G-9: the token still means the earlier session.
    let repeated = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 2, "IdempotencyToken": "token-2" });
    let repeated = stack.done("CreateGameServerSession", repeated).await;
    assert_eq!(repeated["GameServerSession"]["GameServerSessionId"], ended.as_str());
    // Over is over, not unknown.
    let join = json!({ "GameServerSessionId": ended, "PlayerId": "late" });
    assert_eq!(stack.refusal("JoinGameServerSession", join).await.0, "ResourceUnavailable");
    // Events as before, and each page of them.
    assert_eq!(
        stack.done("DescribeFleetEvents", json!({ "FleetId": fleet })).await["TotalCount"],
        events["TotalCount"]
    );
    let mut seen = Vec::new();
    for offset in 0..events["TotalCount"].as_u64().unwrap() {
        let page = json!({ "FleetId": fleet, "Offset": offset, "Limit": 1 });
        seen.extend(stack.done("DescribeFleetEvents", page).await["Events"].as_array().unwrap().clone());
    }
    let codes = |events: &[Value]| events.iter().map(|event| event["EventId"].clone()).collect::<Vec<_>>();
    assert_eq!(codes(&seen), codes(events["Events"].as_array().unwrap()));

    // After the retention time they are gone.
    stack.pass(HOUR);
    let gone = stack.refusal("DescribeGameServerSessions", json!({ "GameServerSessionId": ended })).await;
    assert_eq!(gone.0, "ResourceNotFound");
    let gone =
        stack.refusal("DescribePlayerSessions", json!({ "PlayerSessionId": player_sessions[0] })).await;
    assert_eq!(gone.0, "ResourceNotFound");
    let seen =
        stack.pages("DescribeGameServerSessions", sessions, "GameServerSessions", "GameServerSessionId");
    assert_eq!(seen.await.len(), 3);
}

#[tokio::test]
async fn r23_a_placement_that_left_memory_is_still_read() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let destination = format!("qcs::gse:ap-shanghai:uin/:fleet/{fleet}");
    let queue = json!({
        "Name": "queue", "TimeoutInSeconds": 60,
        "Destinations": [{ "DestinationArn": destination }],
    });
    stack.done("CreateGameServerSessionQueue", queue).await;
    let start = json!({ "PlacementId": "p-1", "GameServerSessionQueueName": "queue", "MaximumPlayerSessionCount": 2 });
    stack.done("StartGameServerSessionPlacement", start).await;
    stack.touch().await;
    let id = json!({ "PlacementId": "p-1" });
    let fulfilled = |answer: &Value| answer["GameServerSessionPlacement"]["Status"] == "FULFILLED";
    stack.wait("DescribeGameServerSessionPlacement", id.clone(), fulfilled).await;
    let before = stack.done("DescribeGameServerSessionPlacement", &id).await;
    let stop_before = stack.refusal("StopGameServerSessionPlacement", &id).await;
    stack.pass(HOUR);
    stack.touch().await;
    assert_eq!(stack.in_memory().await.2, 0);
    assert_eq!(stack.done("DescribeGameServerSessionPlacement", &id).await, before);
    assert_eq!(stack.refusal("StopGameServerSessionPlacement", &id).await, stop_before);
    let unknown = stack.refusal("DescribeGameServerSessionPlacement", json!({ "PlacementId": "p-2" })).await;
    assert_eq!(unknown.0, "ResourceNotFound");
}
