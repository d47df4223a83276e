//! Instances through the wire: what they and their fleets do, and setting them aside.

use serde_json::{Value, json};

use super::stack::Stack;

/// The ids of the instances of a fleet, oldest first.
async fn instances(stack: &Stack, fleet: &str) -> Vec<String> {
    let answer = stack.done("DescribeInstances", json!({ "FleetId": fleet })).await;
    let ids = answer["Instances"].as_array().unwrap().iter();
    ids.map(|instance| instance["InstanceId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_instance_tells_what_it_does() {
    let stack = Stack::start();
    let fleet = stack.fleet(2).await;
    let session = stack.session(&fleet, 3).await;
    stack.done("JoinGameServerSession", json!({ "GameServerSessionId": session, "PlayerId": "ada" })).await;
    let plain = stack.done("DescribeInstances", json!({ "FleetId": fleet })).await["Instances"][0].clone();
    let query = json!({ "FleetId": fleet, "Offset": 0, "Limit": 10 });
    assert_eq!(
        stack.done("DescribeInstancesExtend", query).await,
        json!({
            "Instances": [{
                "ActiveProcessCnt": 2, "GameSessionCnt": 1, "HealthyProcessCnt": 2, "Instance": plain,
                "MaxGameSessionCnt": 2, "MaxPlayerSessionCnt": 3, "PlayerSessionCnt": 1, "State": "Active",
            }],
            "TotalCount": 1,
        })
    );
    for (query, total) in [
        (json!({ "FleetId": fleet, "Offset": 0, "Limit": 0 }), 1),
        (json!({ "FleetId": fleet, "Offset": 0, "Limit": 10, "IpAddress": "10.0.0.1" }), 0),
        (json!({ "FleetId": "fleet-none", "Offset": 0, "Limit": 10 }), 0),
    ] {
        let found = stack.done("DescribeInstancesExtend", &query).await;
        assert_eq!(found, json!({ "Instances": [], "TotalCount": total }), "{query}");
    }
}

#[tokio::test]
async fn s33_s45_instances_are_set_aside() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let grow = json!({ "FleetId": fleet, "DesiredInstances": 2, "MaxSize": 3 });
    stack.done("UpdateFleetCapacity", grow).await;
    let active =
        |wanted: u32| move |answer: &Value| answer["FleetCapacity"][0]["InstanceCounts"]["Active"] == wanted;
    stack.wait("DescribeFleetCapacity", json!({ "FleetIds": [fleet] }), active(2)).await;
    let ids = instances(&stack, &fleet).await;
    let weigh = |id: &str, weight: u32| json!({ "FleetId": fleet, "InstanceId": id, "Weight": weight });
    assert_eq!(stack.done("SetServerWeight", weigh(&ids[0], 0)).await, json!({}));
    assert_eq!(stack.done("SetServerWeight", weigh(&ids[1], 10)).await, json!({}));
    let create = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 1 });
    let session = stack.done("CreateGameServerSession", &create).await;
    assert_eq!(session["GameServerSession"]["Weight"], 10);
    assert_eq!(stack.refusal("CreateGameServerSession", &create).await.0, "ResourceInsufficient");
    stack.done("SetServerWeight", weigh(&ids[0], 5)).await;

    let reserve = |value: u32| json!({ "FleetId": fleet, "InstanceId": ids[0], "ReserveValue": value });
    assert_eq!(stack.done("SetServerReserved", reserve(1)).await, json!({}));
    let found = stack.done("DescribeInstances", json!({ "InstanceId": ids[0] })).await;
    assert_eq!(
        (&found["Instances"][0]["ReserveValue"], &found["Instances"][0]["Weight"]),
        (&json!(1), &json!(5))
    );
    // A replacement starts, because MaxSize allows a third one.
    stack.wait("DescribeFleetCapacity", json!({ "FleetIds": [fleet] }), active(3)).await;
    let absent = json!({ "FleetId": fleet, "InstanceId": ids[0] });
    assert_eq!(stack.done("SetServerReserved", absent).await, json!({}));
    stack.wait("DescribeFleetCapacity", json!({ "FleetIds": [fleet] }), active(2)).await;
}

#[tokio::test]
async fn refusals_of_instances() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let id = instances(&stack, &fleet).await.remove(0);
    let (nobody, nowhere) = ("ins-none", "fleet-none");
    for action in ["SetServerReserved", "GetInstanceAccess", "SetServerWeight"] {
        for (fleet, id, named) in [(fleet.as_str(), nobody, nobody), (nowhere, id.as_str(), nowhere)] {
            let mut body = json!({ "FleetId": fleet, "InstanceId": id });
            if action == "SetServerWeight" {
                body["Weight"] = json!(1);
            }
            let (code, message) = stack.refusal(action, &body).await;
            assert!(
                code == "ResourceNotFound" && message.contains(named),
                "{action} {body}: {code} {message}"
            );
        }
    }
    let with = |member: &str, value: Value| json!({ "FleetId": fleet, "InstanceId": id, member: value });
    let page = |offset: i32, limit: i32| json!({ "FleetId": fleet, "Offset": offset, "Limit": limit });
    let cases = [
        // R24
        ("SetServerWeight", with("Weight", json!(11)), "InvalidParameterValue", "Weight"),
        ("SetServerWeight", with("Weight", json!(-1)), "InvalidParameterValue", "Weight"),
        ("SetServerReserved", with("ReserveValue", json!(2)), "InvalidParameterValue", "ReserveValue"),
        ("SetServerReserved", with("ReserveValue", json!("a")), "InvalidParameter", "ReserveValue"),
        ("DescribeInstancesExtend", page(0, 101), "InvalidParameterValue", "Limit"),
        ("DescribeInstancesExtend", page(-1, 1), "InvalidParameterValue", "Offset"),
        (
            "GetInstanceAccess",
            json!({ "FleetId": fleet, "InstanceId": id }),
            "UnsupportedOperation",
            "remote login",
        ),
    ];
    for (action, body, code, named) in cases {
        let (found, message) = stack.refusal(action, &body).await;
        assert!(found == code && message.contains(named), "{action} {body}: {found} {message}");
    }
    stack.done("SetServerWeight", with("Weight", json!(10))).await;
}

#[tokio::test]
async fn a_fleet_tells_how_much_it_is_used() {
    let stack = Stack::start();
    let fleet = stack.fleet(2).await;
    let session = stack.session(&fleet, 3).await;
    stack.done("JoinGameServerSession", json!({ "GameServerSessionId": session, "PlayerId": "ada" })).await;
    assert_eq!(
        stack.done("DescribeFleetUtilization", json!({ "FleetIds": [fleet] })).await,
        json!({
            "FleetUtilization": [{
                "ActiveGameServerSessionCount": 1, "ActiveServerProcessCount": 2, "CurrentPlayerSessionCount": 1,
                "FleetId": fleet, "MaximumPlayerSessionCount": 3,
            }],
            "TotalCount": 1,
        })
    );
    let cases = [
        (json!({ "FleetIds": [fleet, "fleet-none"] }), "ResourceNotFound", "fleet-none"),
        (json!({ "FleetIds": [] }), "InvalidParameterValue", "FleetIds"),
        (json!({}), "MissingParameter", "FleetIds"),
        (json!({ "FleetIds": "a" }), "InvalidParameter", "FleetIds"),
    ];
    for (body, code, named) in cases {
        let (found, message) = stack.refusal("DescribeFleetUtilization", &body).await;
        assert!(found == code && message.contains(named), "{body}: {found} {message}");
    }
}
