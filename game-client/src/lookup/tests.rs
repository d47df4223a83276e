//! The conversation with the cloud API, against a listener that plays it by a script.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread::JoinHandle,
};

use serde_json::{Value, json};

use super::{find_seat, running};
use crate::options::{CloudDestination, Target};

/// What the service was asked: action and body.
type Call = (String, Value);

/// Answers one call after the other with these, and returns the calls.
fn serve(answers: Vec<Value>) -> (String, JoinHandle<Vec<Call>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let served =
        std::thread::spawn(move || answers.iter().map(|answer| serve_one(&listener, answer)).collect());
    (endpoint, served)
}

fn serve_one(listener: &TcpListener, answer: &Value) -> Call {
    let (mut stream, _) = listener.accept().unwrap();
    let mut request = Vec::new();
    let (head, body) = loop {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).unwrap();
        assert_ne!(length, 0, "the client hung up");
        request.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8(request.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if body.len() >= header(head, "content-length").parse::<usize>().unwrap() {
            break (head.to_owned(), body.to_owned());
        }
    };
    let mut members = answer.clone();
    members["RequestId"] = json!("request-1");
    let answer = json!({ "Response": members }).to_string();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{answer}",
        answer.len()
    )
    .unwrap();
    (header(&head, "x-tc-action"), serde_json::from_str(&body).unwrap())
}

fn header(head: &str, name: &str) -> String {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).unwrap().1.trim().to_owned()
}

fn session(id: &str, status: &str) -> Value {
    json!({ "GameServerSessionId": id, "Status": status, "Name": "" })
}

fn seat(player_session_id: &str) -> Value {
    json!({ "PlayerSession": { "IpAddress": "127.0.0.1", "Port": 7000, "PlayerSessionId": player_session_id } })
}

fn refusal(code: &str) -> Value {
    json!({ "Error": { "Code": code, "Message": "no" } })
}

fn cloud(endpoint: String) -> CloudDestination {
    CloudDestination {
        endpoint,
        region: "local".to_owned(),
        target: Target::Alias("alias-1".to_owned()),
        secret_id: "id".to_owned(),
        secret_key: "key".to_owned(),
        players_max: 8,
    }
}

/// Runs the lookup against the script. Returns the address and secret, or the error, and the calls.
fn run(answers: Vec<Value>) -> (Result<String, String>, Vec<Call>) {
    let (endpoint, served) = serve(answers);
    let cloud = cloud(endpoint);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut news = Vec::new();
    let found = runtime.block_on(find_seat(&cloud, "ada", async |step| news.push(step)));
    let seat = found.map(|seat| format!("{} {}", seat.address, seat.player_session_id));
    (seat, served.join().unwrap())
}

fn actions(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|(action, _)| action.as_str()).collect()
}

#[test]
fn joins_the_first_session_that_still_has_a_seat() {
    let found = json!({ "GameServerSessions": [session("s-1", "ACTIVE"), session("s-2", "ACTIVE")], "NextToken": "" });
    let (seat, calls) = run(vec![found, refusal("ResourceInsufficient"), seat("psess-2")]);
    assert_eq!(seat, Ok("127.0.0.1:7000 psess-2".to_owned()));
    assert_eq!(
        actions(&calls),
        ["SearchGameServerSessions", "JoinGameServerSession", "JoinGameServerSession"]
    );
    assert_eq!(calls[0].1["AliasId"], "alias-1");
    assert_eq!(calls[0].1["FilterExpression"], "hasAvailablePlayerSessions=true");
    assert_eq!(calls[2].1, json!({ "GameServerSessionId": "s-2", "PlayerId": "ada" }));
}

#[test]
fn creates_a_session_when_there_is_none() {
    let (seat, calls) = run(vec![
        json!({ "GameServerSessions": null, "NextToken": "" }),
        json!({ "GameServerSession": session("s-3", "ACTIVATING") }),
        json!({ "GameServerSessions": [session("s-3", "ACTIVATING")] }),
        json!({ "GameServerSessions": [session("s-3", "ACTIVE")] }),
        seat("psess-3"),
    ]);
    assert_eq!(seat, Ok("127.0.0.1:7000 psess-3".to_owned()));
    assert_eq!(
        actions(&calls),
        [
            "SearchGameServerSessions",
            "CreateGameServerSession",
            "DescribeGameServerSessions",
            "DescribeGameServerSessions",
            "JoinGameServerSession"
        ]
    );
    assert_eq!(
        calls[1].1,
        json!({ "AliasId": "alias-1", "MaximumPlayerSessionCount": 8, "CreatorId": "ada" })
    );
}

#[test]
fn says_which_action_failed() {
    let (seat, _) = run(vec![refusal("ResourceNotFound")]);
    assert_eq!(
        seat,
        Err("SearchGameServerSessions failed: `ResourceNotFound`: no (request `request-1`)".to_owned())
    );
    let none = json!({ "GameServerSessions": [] });
    let (seat, _) = run(vec![none.clone(), refusal("ResourceInsufficient")]);
    assert_eq!(
        seat,
        Err("CreateGameServerSession failed: `ResourceInsufficient`: no (request `request-1`)".to_owned())
    );
    let (seat, _) = run(vec![none, json!({ "GameServerSession": session("s-4", "ERROR") })]);
    assert!(seat.as_ref().is_err_and(|error| error.contains("`s-4` is `ERROR`")), "{seat:?}");
}

#[test]
fn an_id_of_a_session_names_its_fleet() {
    let place = |session: &str| super::Place { session: Some(session.to_owned()), ..super::Place::default() };
    let created = place("qcs::gse:ap-shanghai:uin/1:gameserversession/fleet-a-b/gssess-c-d");
    assert_eq!((created.fleet(), created.short_session()), (Some("fleet-a-b"), Some("gssess-c-d")));
    let placed = place("qcs::gse:ap-shanghai:uin/1:gameserversession/fleet-a-b/gssess-c-d/match-e");
    assert_eq!((placed.fleet(), placed.short_session()), (Some("fleet-a-b"), Some("gssess-c-d")));
    let other = place("something");
    assert_eq!((other.fleet(), other.short_session()), (None, Some("something")));
}

#[test]
fn what_runs_is_listed_once_with_what_lets_watch() {
    let session = |id: &str, properties: Value| {
        json!({
            "GameServerSessionId": id, "Status": "ACTIVE", "Name": "cup", "IpAddress": "127.0.0.1", "Port": 5001,
            "CurrentPlayerSessionCount": 3, "MaximumPlayerSessionCount": 4, "GameProperties": properties,
        })
    };
    let key =
        json!([{ "Key": "players", "Value": "4" }, { "Key": "spectator_key", "Value": "0123456789abcdef" }]);
    let (endpoint, served) = serve(vec![
        json!({ "GameServerSessions": [session("s-1", key), session("s-2", Value::Null)] }),
        json!({ "GameServerSessions": [session("s-2", json!([])), session("s-3", json!([]))] }),
    ]);
    let fleet = CloudDestination { target: Target::Fleet("fleet-1".to_owned()), ..cloud(endpoint.clone()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(running(&[cloud(endpoint), fleet])).unwrap();
    let shown: Vec<_> =
        found.iter().map(|one| (one.session.as_str(), one.spectator_key.as_deref())).collect();
    assert_eq!(shown, [("s-1", Some("0123456789abcdef")), ("s-2", None), ("s-3", None)]);
    assert_eq!((found[0].address.to_string().as_str(), found[0].players), ("127.0.0.1:5001", (3, 4)));
    assert_eq!(found[0].name, "cup");
    let calls = served.join().unwrap();
    assert_eq!(actions(&calls), ["SearchGameServerSessions"; 2]);
    assert_eq!((&calls[0].1["AliasId"], &calls[1].1["FleetId"]), (&json!("alias-1"), &json!("fleet-1")));
    assert_eq!(calls[0].1["FilterExpression"], Value::Null, "full matches can be watched too");
}
