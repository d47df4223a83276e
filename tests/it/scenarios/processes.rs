//! S12 to S19: processes and their health.

use serde_json::{Value, json};
use tests::package;
use tests::stack::{Stack, fleet_request};

use super::kit::{Kit, Line, all_of, code};

#[test]
fn s12_crash() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 2);
    let session = kit.session(&fleet, 4);
    let seat = kit.seat(&session, "ada");
    let mut line = Line::to(&session);
    assert_eq!(line.join(&seat), "OK");
    line.shout("CRASH");
    kit.session_is(&session, "ERROR");
    kit.player_is(&seat, "COMPLETED");
    kit.event(&fleet, "SERVER_PROCESS_CRASHED");
    kit.processes_become(&fleet, 2);
}

/// One that honours the request to end is replaced; one that does not is killed first, and the event is that of the
/// reason (server-sdk.md P16); one that ends in order has a GENERIC_EVENT (R44).
#[test]
fn s13_unhealthy() {
    // Between its last health check and its end, and between its start and that, there is time to look.
    let kit = Kit::with_settings(&["health.interval=1s", "health.timeout=3s", "protection.none=6s"]);
    let polite = kit.create_fleet(&kit.request("health-false", 1));
    let stubborn = kit.create_fleet(&kit.request("health-false ignores-terminate", 1));
    kit.stack.active(&stubborn);
    kit.stack.until("DescribeInstancesExtend", &all_of(&stubborn), |answer| {
        answer["Instances"][0]["ActiveProcessCnt"] == 1 && answer["Instances"][0]["HealthyProcessCnt"] == 0
    });
    let request = json!({"FleetId": stubborn, "MaximumPlayerSessionCount": 2});
    assert_eq!(code(kit.create(&request)), "ResourceInsufficient");
    kit.event(&stubborn, "SERVER_PROCESS_TERMINATED_UNHEALTHY");
    kit.processes_become(&stubborn, 1);
    let told = kit.event(&polite, "GENERIC_EVENT");
    assert!(told["Message"].as_str().is_some_and(|text| text.contains("health check")), "{told}");
    kit.processes_become(&polite, 1);
    assert!(!kit.has_event(&polite, "SERVER_PROCESS_CRASHED"), "{:?}", kit.stack.events(&polite));
}

/// The server tells by its custom count how often it was asked.
#[test]
fn s14_two_failures_are_not_enough() {
    let kit = Kit::with_settings(&["health.interval=200ms", "health.timeout=3s"]);
    let fleet = kit.fleet("health-recovers", 1);
    let session = kit.session(&fleet, 2);
    let question = json!({"GameServerSessionId": session["GameServerSessionId"]});
    kit.stack.until("DescribeGameServerSessions", &question, |answer| {
        answer["GameServerSessions"][0]["CurrentCustomCount"].as_i64() > Some(5)
    });
    let events = kit.stack.events(&fleet);
    assert!(!events.iter().any(|code| code.starts_with("SERVER_")), "{events:?}");
    assert_eq!(Line::to(&session).say("END"), "OK");
    kit.session_is(&session, "TERMINATED");
    let next = kit.create_retried(&json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2}));
    assert_eq!(next["Port"], session["Port"], "the same process goes on");
}

#[test]
fn s15_clean_exit() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 1);
    let session = kit.session(&fleet, 2);
    let mut line = Line::to(&session);
    assert_eq!(line.say("END"), "OK");
    kit.session_is(&session, "TERMINATED");
    line.shout("EXIT");
    let busy = loop {
        let busy = kit.create_retried(&json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2}));
        // The exit may not have been heard of yet, and then ends this one too.
        if busy["Port"] != session["Port"] {
            break kit.session_is(&busy, "ACTIVE");
        }
    };
    Line::to(&busy).shout("EXIT");
    kit.session_is(&busy, "TERMINATED");
    kit.processes_become(&fleet, 1);
    let events = kit.stack.events(&fleet);
    assert!(!events.iter().any(|code| code.starts_with("SERVER_")), "{events:?}");
}

#[test]
fn s16_activation_timeout() {
    let kit = Kit::start();
    let mut request = kit.request("--activate-delay 60", 1);
    request["RuntimeConfiguration"]["GameServerSessionActivationTimeoutSeconds"] = json!(1);
    let fleet = kit.ready_fleet(&request, 1);
    let session = kit.create(&json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2})).expect("a process");
    assert_eq!(session["Status"], "ACTIVATING");
    kit.session_is(&session, "ERROR");
    kit.event(&fleet, "GAME_SESSION_ACTIVATION_TIMEOUT");
    let next = kit.create_retried(&json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2}));
    assert_ne!(next["Port"], session["Port"], "the process is another one");
}

#[test]
fn s17_activation_limit() {
    let kit = Kit::start();
    let mut request = kit.request("--activate-delay 6", 2);
    request["RuntimeConfiguration"]["MaxConcurrentGameServerSessionActivations"] = json!(1);
    let fleet = kit.ready_fleet(&request, 2);
    let create = json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2});
    let first = kit.create(&create).expect("the first may be activated");
    assert_eq!(first["Status"], "ACTIVATING");
    assert_eq!(code(kit.create(&create)), "ResourceInsufficient");
    kit.session_is(&first, "ACTIVE");
    let second = kit.create(&create).expect("now the second may");
    assert_eq!(second["Status"], "ACTIVATING");
}

#[test]
fn s18_runtime_update() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 2);
    let old = kit.session(&fleet, 2);
    let seat = kit.seat(&old, "ada");
    let mut line = Line::to(&old);
    assert_eq!(line.join(&seat), "OK");
    let process = json!({
        "LaunchPath": "/local/game/misbehave", "Parameters": "--activate-delay 0", "ConcurrentExecutions": 2,
    });
    let update = json!({"FleetId": fleet, "RuntimeConfiguration": {"ServerProcesses": [process]}});
    drop(kit.stack.call("UpdateRuntimeConfiguration", &update));
    // Two new ones beside the busy old one; the idle old one is gone.
    kit.processes_become(&fleet, 3);
    let new = [kit.session(&fleet, 2), kit.session(&fleet, 2)];
    assert!(new.iter().all(|session| session["Port"] != old["Port"]), "{new:?}");
    let another = json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2});
    assert_eq!(code(kit.create(&another)), "ResourceInsufficient");
    let undisturbed = kit.look(&old);
    assert_eq!(
        (&undisturbed["Status"], &undisturbed["CurrentPlayerSessionCount"]),
        (&json!("ACTIVE"), &json!(1))
    );
    assert_eq!(line.say("END"), "OK");
    kit.session_is(&old, "TERMINATED");
    kit.processes_become(&fleet, 2);
    assert!(new.iter().all(|session| kit.look(session)["Status"] == "ACTIVE"));
}

/// R35: processes run as the user of the service, also where that is root; the file is read strictly.
#[test]
fn s19_gse_yaml() {
    let stack = Stack::start();
    let server = "#!/bin/sh\nexec sleep 1000\n";
    let fleet = |name: &str, yaml: &str| {
        let entries = [("gse.yaml", yaml), ("silent", server)];
        let asset = stack.create_asset(&package::zip(stack.directory(), name, &entries));
        assert_eq!(stack.checked_asset(&asset), 2);
        let process = json!({"LaunchPath": "/local/game/silent", "ConcurrentExecutions": 1});
        let answer = stack.call("CreateFleet", &fleet_request(&asset, &process));
        answer["FleetAttributes"]["FleetId"].as_str().expect("an id").to_owned()
    };
    let good = fleet("good.zip", "# who\nUser: user_00:users\n");
    let bad = fleet("bad.zip", "User user_00\n");
    assert_eq!(stack.settled(&bad), "ERROR");
    let events = stack.events(&bad);
    assert!(!events.iter().any(|code| code == "FLEET_STATE_VALIDATING"), "{events:?}");
    // The good one gets as far as its trial start.
    stack.until("DescribeFleetEvents", &json!({"FleetId": good, "Limit": 100}), |answer| {
        let events = answer["Events"].as_array().map(Vec::as_slice).unwrap_or_default();
        events.iter().any(|event: &Value| event["EventCode"] == "FLEET_STATE_VALIDATING")
    });
}
