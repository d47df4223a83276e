//! How a fleet's processes are launched can be changed while they run (F-23).

use serde_json::{Value, json};

use super::stack::Stack;

fn update(fleet: &str, runtime: Value) -> Value {
    json!({ "FleetId": fleet, "RuntimeConfiguration": runtime })
}

fn entry(parameters: &str, count: u32) -> Value {
    json!({ "LaunchPath": "/local/game/server", "Parameters": parameters, "ConcurrentExecutions": count })
}

#[tokio::test]
async fn f23_the_answer_is_the_whole_configuration_and_old_processes_take_no_session() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let answer = stack
        .done(
            "UpdateRuntimeConfiguration",
            update(&fleet, json!({ "GameServerSessionActivationTimeoutSeconds": 30 })),
        )
        .await;
    let wanted = json!({
        "GameServerSessionActivationTimeoutSeconds": 30, "MaxConcurrentGameServerSessionActivations": 0,
        "ServerProcesses": [entry("--mode match", 1)],
    });
    assert_eq!(answer["RuntimeConfiguration"], wanted);
    stack.session(&fleet, 1).await;
    let fleet = stack.fleet(1).await;
    let change =
        json!({ "ServerProcesses": [entry("--new", 2)], "MaxConcurrentGameServerSessionActivations": 4 });
    let answer = stack.done("UpdateRuntimeConfiguration", update(&fleet, change)).await;
    let wanted = json!({
        "GameServerSessionActivationTimeoutSeconds": 600, "MaxConcurrentGameServerSessionActivations": 4,
        "ServerProcesses": [entry("--new", 2)],
    });
    assert_eq!(answer["RuntimeConfiguration"], wanted);
    let described = stack.done("DescribeRuntimeConfiguration", json!({ "FleetId": fleet })).await;
    assert_eq!(described, answer);
    // The scripted host starts nothing new, so there is nobody but the old one.
    let create = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 1 });
    let (code, text) = stack.refusal("CreateGameServerSession", create).await;
    assert_eq!(code, "ResourceInsufficient", "{text}");
}

#[tokio::test]
async fn what_cannot_be_launched_is_refused() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let processes = |entries: Value| update(&fleet, json!({ "ServerProcesses": entries }));
    let mut outside = entry("", 1);
    outside["LaunchPath"] = json!("/usr/bin/server");
    let cases = [
        (json!({ "FleetId": fleet }), "MissingParameter", "RuntimeConfiguration"),
        (processes(json!([])), "MissingParameter", "ServerProcesses"),
        (processes(json!([entry("", 30), entry("--x", 21)])), "InvalidParameterValue", "at most 50"),
        (processes(json!([outside])), "InvalidParameterValue", "/usr/bin/server"),
        (
            update("fleet-none", json!({ "ServerProcesses": [entry("", 1)] })),
            "ResourceNotFound",
            "fleet-none",
        ),
    ];
    for (body, code, words) in cases {
        let refused = stack.refusal("UpdateRuntimeConfiguration", &body).await;
        assert_eq!(refused.0, code, "{body}: {}", refused.1);
        assert!(refused.1.contains(words), "{body}: {}", refused.1);
    }
}
