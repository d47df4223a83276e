//! The timeline of a session and the output of its process, as they are asked for beside the cloud API.

use gse_api::admission::AuthMode;
use serde_json::{Value, json};

use super::stack::{OUTPUT, Refused, Stack, answer};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

impl Stack {
    /// An extension action.
    async fn asked(&self, action: &str, body: Value) -> Result<Value, Refused> {
        let mut request = self.signed(action, &body.to_string());
        *request.uri_mut() = format!("/opengse/{action}").parse().unwrap();
        answer(self.send(request).await).await
    }

    /// A call that comes with these headers.
    async fn called_with(&self, action: &str, body: Value, traceparents: &[&str]) -> Value {
        let mut request = self.signed(action, &body.to_string());
        for value in traceparents {
            request.headers_mut().append("traceparent", value.parse().unwrap());
        }
        answer(self.send(request).await).await.unwrap()
    }

    async fn timeline(&self, session: &str) -> Value {
        self.asked("DescribeSessionTimeline", json!({ "GameServerSessionId": session })).await.unwrap()
    }
}

fn names(timeline: &Value) -> Vec<&str> {
    timeline["Hops"].as_array().unwrap().iter().map(|hop| hop["Name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn r120_a_placement_is_told_from_the_request_to_the_first_seat_and_from_the_archive_too() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let arn = format!("qcs::gse:ap-shanghai:uin/100000000001:fleet/{fleet}");
    let queue = json!({ "Name": "q", "Destinations": [{ "DestinationArn": arn }] });
    stack.done("CreateGameServerSessionQueue", queue).await;
    let start = json!({
        "PlacementId": "p", "GameServerSessionQueueName": "q", "MaximumPlayerSessionCount": 2,
        "DesiredPlayerSessions": [{ "PlayerId": "ann", "PlayerData": "-" }],
    });
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    stack.called_with("StartGameServerSessionPlacement", start, &[&traceparent]).await;
    let fulfilled = |answer: &Value| answer["GameServerSessionPlacement"]["Status"] == "FULFILLED";
    let placed =
        stack.wait("DescribeGameServerSessionPlacement", json!({ "PlacementId": "p" }), fulfilled).await;
    let session = placed["GameServerSessionPlacement"]["GameServerSessionId"].as_str().unwrap().to_owned();
    let told = stack.timeline(&session).await;
    assert_eq!(names(&told), ["requested", "process-chosen", "activated", "player-reserved"]);
    assert_eq!((told["TraceId"].as_str(), told["PlacementId"].as_str()), (Some(TRACE), Some("p")));
    assert_eq!((&told["Status"], &told["Hops"][0]["By"]), (&json!("ACTIVE"), &json!("service")));
    let search = told["Search"].as_array().unwrap();
    assert!(search.last().unwrap().as_str().unwrap().contains("FULFILLED"), "{search:?}");
    assert!(told["Stands"].as_str().unwrap().contains("AcceptPlayerSession has not been called"));

    stack.end(&session).await;
    stack.pass(2 * 3600);
    stack.touch().await;
    let archived = stack.timeline(&session).await;
    assert_eq!(names(&archived), ["requested", "process-chosen", "activated", "player-reserved", "ended"]);
    assert_eq!((&archived["TraceId"], &archived["Search"]), (&told["TraceId"], &told["Search"]));
}

#[tokio::test]
async fn r121_without_a_usable_header_the_trace_is_that_of_the_request_id() {
    let stack = Stack::start();
    let fleet = stack.fleet(3).await;
    let good = format!("00-{TRACE}-00f067aa0ba902b7-01");
    for (headers, is_taken) in
        [(&[&*good][..], true), (&[][..], false), (&["00-x-y-z"], false), (&[&*good, &*good], false)]
    {
        let body = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 1 });
        let mut request = stack.signed("CreateGameServerSession", &body.to_string());
        for value in headers {
            request.headers_mut().append("traceparent", value.parse().unwrap());
        }
        let response = stack.send(request).await;
        let request_id = response.headers()["x-tc-requestid"].to_str().unwrap().replace('-', "");
        let made = answer(response).await.unwrap();
        let session = made["GameServerSession"]["GameServerSessionId"].as_str().unwrap().to_owned();
        let trace = stack.timeline(&session).await["TraceId"].as_str().unwrap().to_owned();
        assert_eq!(trace, if is_taken { TRACE } else { &request_id }, "{headers:?}");
        stack.end(&session).await;
    }
}

#[tokio::test]
async fn the_output_of_a_process_is_text_without_tickets_whatever_it_wrote() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    let fleet = stack.fleet(1).await;
    let instances = stack.done("DescribeInstances", json!({ "FleetId": fleet })).await;
    let instance = instances["Instances"][0]["InstanceId"].as_str().unwrap().to_owned();
    let body = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 1 });
    let made = stack.done("CreateGameServerSession", body).await;
    let session = made["GameServerSession"]["GameServerSessionId"].as_str().unwrap().to_owned();

    let by_session =
        stack.asked("DescribeProcessOutput", json!({ "GameServerSessionId": session })).await.unwrap();
    let process = by_session["Output"]["ProcessId"].clone();
    assert_eq!(
        (&by_session["InstanceId"], &by_session["Output"]["IsRunning"]),
        (&json!(instance), &json!(true))
    );
    assert!(OUTPUT.contains(&b'\x1b') && String::from_utf8_lossy(OUTPUT).contains("psess-abc"));
    let lines = json!(["<b>hello</b>", " [31mred\u{fffd}", "ticket psess-… taken"]);
    assert_eq!(by_session["Output"]["Stdout"], lines);
    assert_eq!(by_session["Output"]["Stderr"], json!([]));

    // An instance alone has its processes; a process of it that nothing is kept of has no output.
    let alone = stack.asked("DescribeProcessOutput", json!({ "InstanceId": instance })).await.unwrap();
    assert_eq!(alone["Processes"][0]["ProcessId"], process);
    assert_eq!(alone["Processes"][0]["GameServerSessionId"], session.as_str());
    assert!(matches!(alone["Processes"][0]["State"].as_str(), Some("ACTIVATING" | "HOSTING")), "{alone}");
    assert_eq!(alone.get("Output"), None);
    for gone in ["process-gone", "../../credentials.json"] {
        let body = json!({ "InstanceId": instance, "ProcessId": gone });
        assert_eq!(stack.asked("DescribeProcessOutput", body).await.unwrap().get("Output"), None, "{gone}");
    }
    // The last bytes begin with a whole line.
    let body = json!({ "InstanceId": instance, "ProcessId": process, "MaxBytes": 30 });
    let cut = stack.asked("DescribeProcessOutput", body).await.unwrap();
    assert_eq!(cut["Output"]["Stdout"], json!(["ticket psess-… taken"]));

    for (body, code) in [
        (json!({}), "InvalidParameter"),
        (json!({ "ProcessId": process }), "InvalidParameter"),
        (json!({ "InstanceId": instance, "GameServerSessionId": session }), "InvalidParameter"),
        (json!({ "InstanceId": "ins-x" }), "ResourceNotFound"),
        (json!({ "GameServerSessionId": "gs-x" }), "ResourceNotFound"),
        (json!({ "InstanceId": instance, "MaxBytes": 131_073 }), "InvalidParameterValue"),
        (json!({ "InstanceId": instance, "MaxBytes": 0 }), "InvalidParameterValue"),
    ] {
        let refused = stack.asked("DescribeProcessOutput", body.clone()).await.unwrap_err();
        assert_eq!(refused.0, code, "{body}: {}", refused.1);
    }
    for (session, code) in [("", "MissingParameter"), ("gs-x", "ResourceNotFound")] {
        let body = json!({ "GameServerSessionId": session });
        assert_eq!(stack.asked("DescribeSessionTimeline", body).await.unwrap_err().0, code);
    }
}
