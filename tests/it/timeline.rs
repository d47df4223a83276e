//! One trace from the request of a placement through the agent and the game server to the first tick of a real client,
//! and the way of the session told from end to end (R120, R121).

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::client::Client;
use tests::raw::RawRequest;
use tests::stack::{PATIENCE, Stack};

use crate::hosting::stack_with_fleet;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// What an action beside the cloud API answers.
fn asked(stack: &Stack, action: &str, body: &Value) -> Value {
    let request = RawRequest { path: format!("/opengse/{action}"), ..RawRequest::good(stack, action, body) };
    let (status, answer) = request.send(stack);
    assert!(status == 200 && answer.get("Error").is_none(), "{action} {body}: {answer}");
    answer
}

fn names(timeline: &Value) -> Vec<&str> {
    let hops = timeline["Hops"].as_array().expect("hops are a list");
    hops.iter().map(|hop| hop["Name"].as_str().expect("a hop has a name")).collect()
}

#[test]
fn r121_the_trace_of_a_placement_reaches_the_first_tick_of_a_client() {
    let (stack, fleet) = stack_with_fleet(1);
    let destination = format!("qcs::gse:{}:uin/:fleet/{fleet}", stack.said("region"));
    let queue = json!({"Name": "q", "Destinations": [{"DestinationArn": destination}]});
    let _ = stack.call("CreateGameServerSessionQueue", &queue);
    let player = |name: &str| json!({"PlayerId": name, "PlayerData": "-"});
    let start = json!({
        "PlacementId": "p", "GameServerSessionQueueName": "q", "MaximumPlayerSessionCount": 2,
        "DesiredPlayerSessions": [player("ada"), player("bea")],
        "GameProperties": [{"Key": "players", "Value": "2"}],
    });
    let request = RawRequest {
        more_headers: vec![format!("traceparent: 00-{TRACE}-00f067aa0ba902b7-01")],
        ..RawRequest::good(&stack, "StartGameServerSessionPlacement", &start)
    };
    let (_, answer) = request.send(&stack);
    assert_eq!(answer["GameServerSessionPlacement"]["Status"], "PENDING", "{answer}");
    let answer = stack.until("DescribeGameServerSessionPlacement", &json!({"PlacementId": "p"}), |answer| {
        answer["GameServerSessionPlacement"]["Status"] == "FULFILLED"
    });
    let placed = &answer["GameServerSessionPlacement"];
    let session = placed["GameServerSessionId"].as_str().expect("a session has an id");

    let seats = placed["PlacedPlayerSessions"].as_array().expect("seats are a list");
    let mut clients: Vec<Client> = seats
        .iter()
        .map(|seat| {
            let ticket = seat["PlayerSessionId"].as_str().expect("a seat has an id");
            let request = json!({"PlayerSessionId": ticket});
            let joined = stack.call("DescribePlayerSessions", &request)["PlayerSessions"][0].clone();
            Client::connect(&stack, &joined, ticket)
        })
        .collect();
    for client in &mut clients {
        let _ = client.event("joined");
    }
    let body = json!({"GameServerSessionId": session});
    let deadline = Instant::now() + PATIENCE;
    let told = loop {
        let told = asked(&stack, "DescribeSessionTimeline", &body);
        if names(&told).contains(&"first-tick") {
            break told;
        }
        assert!(Instant::now() < deadline, "no client's tick was told of: {told}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let expected = [
        "requested",
        "process-chosen",
        "order-received",
        "start-sent",
        "activated",
        "player-reserved",
        "player-accepted",
        "first-player",
        "first-tick",
    ];
    assert_eq!(names(&told), expected, "{told}");
    assert_eq!(told["TraceId"], TRACE);
    let times: Vec<&str> =
        told["Hops"].as_array().into_iter().flatten().filter_map(|hop| hop["Time"].as_str()).collect();
    assert!(times.len() == expected.len() && times.is_sorted(), "{times:?}");

    // The game server has it from the agent, and says so in its own log.
    let output = asked(&stack, "DescribeProcessOutput", &body);
    let lines = output["Output"].to_string();
    assert!(lines.contains("session is active") && lines.contains(TRACE), "{lines}");
    // People read the same.
    let shown = stack.gse(&["why", "session", session]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains(&format!("Its trace is {TRACE}.")) && shown.contains("first-tick"), "{shown}");
}
