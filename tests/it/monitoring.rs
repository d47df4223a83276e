//! What is measured of real processes, and counted of a session on them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::raw::{self, RawRequest};
use tests::stack::{PATIENCE, Stack, fleet_request};
use tests::{package, programs};

/// The game server on the bare contract, with a child that works half of the time.
fn busy(stack: &Stack) -> Value {
    let program = programs::program("misbehave");
    let script = format!(
        "#!/bin/sh\n(while :; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.05; done) &\nexec '{}' \"$@\"\n",
        program.display()
    );
    let asset = stack.create_asset(&package::zip(stack.directory(), "busy.zip", &[("busy", &script)]));
    let process = json!({ "LaunchPath": "/local/game/busy", "Parameters": "", "ConcurrentExecutions": 1 });
    let mut request = fleet_request(&asset, &process);
    request["InboundPermissions"][0]["Protocol"] = "TCP".into();
    request
}

/// The newest value of each metric, as soon as they please.
fn until(stack: &Stack, request: &Value, pleases: impl Fn(&dyn Fn(&str) -> Option<f64>) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut request = RawRequest::good(stack, "DescribeMonitoring", request);
        request.path = "/opengse/DescribeMonitoring".to_owned();
        let (_, answer) = request.send(stack);
        let metrics = answer["Metrics"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let newest = |name: &str| {
            let metric = metrics.iter().find(|metric| metric["Name"] == name)?;
            metric["Values"].as_array()?.last()?.as_f64()
        };
        if pleases(&newest) {
            return;
        }
        assert!(Instant::now() < deadline, "{answer:#}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn figures_are_those_of_the_processes_and_follow_a_session() {
    let stack = Stack::with_settings(&["metrics.period=500ms"]);
    let answer = stack.call("CreateFleet", &busy(&stack));
    let fleet = answer["FleetAttributes"]["FleetId"].as_str().expect("a fleet has an id").to_owned();
    stack.active(&fleet);
    let instances = stack.call("DescribeInstances", &json!({ "FleetId": fleet }));
    let instance = json!({ "InstanceId": instances["Instances"][0]["InstanceId"] });
    until(&stack, &instance, |newest| {
        let above_zero = |name| newest(name).is_some_and(|value| value > 0.0);
        above_zero("CpuUtilization") && above_zero("MemoryUsed") && above_zero("MemoryUtilization")
    });
    let of_fleet = json!({ "FleetId": fleet });
    until(&stack, &of_fleet, |newest| {
        newest("AvailableGameServerSessions") == Some(1.0) && newest("IdleInstances") == Some(1.0)
    });

    let session = stack.active_session(&fleet, 2);
    let join = json!({ "GameServerSessionId": session, "PlayerId": "alice" });
    let joined = stack.call("JoinGameServerSession", &join);
    assert_eq!(joined["PlayerSession"]["Status"], "RESERVED");
    until(&stack, &of_fleet, |newest| {
        newest("ActiveGameServerSessions") == Some(1.0)
            && newest("AvailableGameServerSessions") == Some(0.0)
            && newest("CurrentPlayerSessions") == Some(1.0)
    });
    until(&stack, &instance, |newest| newest("GameServerSessions") == Some(1.0));

    let (status, text) = raw::get(&format!("{}/metrics", stack.said("api").trim_end_matches('/')));
    let text = String::from_utf8(text).expect("text");
    let line = format!(
        "gse_fleet_active_game_server_sessions{{fleet=\"{fleet}\",region=\"{}\"}} 1",
        stack.said("region")
    );
    assert!(status == 200 && text.lines().any(|found| found == line), "{status}\n{text}");
    for secret in ["secret_key", "secret_id"] {
        assert!(!text.contains(stack.said(secret)), "{secret}");
    }
}
