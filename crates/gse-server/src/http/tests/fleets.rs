//! Changing and listing fleets, as a client sees it.

use serde_json::{Value, json};

use super::actions::create_fleet;
use super::stack::Stack;

impl Stack {
    async fn attributes(&self, fleet: &str) -> Value {
        self.done("DescribeFleetAttributes", json!({ "FleetIds": [fleet] })).await["FleetAttributes"][0]
            .clone()
    }
}

#[tokio::test]
async fn fleets_are_listed_whole_whatever_the_page() {
    let stack = Stack::start();
    let asset = stack.asset().await;
    let mut ids = Vec::new();
    for name in ["one", "two"] {
        let mut request = create_fleet(&asset, 1);
        request["Name"] = name.into();
        request["Tags"] = json!([{ "Key": "env", "Value": name }]);
        let answer = stack.done("CreateFleet", request).await;
        ids.push(answer["FleetAttributes"]["FleetId"].clone());
    }
    let listed = stack.done("ListFleets", json!({ "Limit": 1, "Offset": 1, "AssetId": asset })).await;
    assert_eq!(listed, json!({ "FleetIds": ids, "TotalCount": 2 }));
    let filter = |key: &str, value: &str| json!({ "Filters": [{ "Key": key, "Values": [value] }] });
    for filter in [filter("resource:name", "two"), filter("tag:key-value", "env:two")] {
        let listed = stack.done("ListFleets", filter).await;
        assert_eq!(listed, json!({ "FleetIds": [ids[1]], "TotalCount": 1 }));
    }
    let none = stack.done("ListFleets", json!({ "AssetId": "asset-none" })).await;
    assert_eq!(none, json!({ "FleetIds": [], "TotalCount": 0 }));
    let refused = stack.refusal("ListFleets", filter("resource:resourceId", "x")).await;
    assert_eq!(refused.0, "InvalidParameterValue");
    assert_eq!(stack.refusal("ListFleets", json!({ "Limit": "1" })).await.0, "InvalidParameter");
}

#[tokio::test]
async fn the_attributes_of_a_fleet_are_changed_one_by_one() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let mut wanted = stack.attributes(&fleet).await;
    let name = json!({ "FleetId": fleet, "Name": "renamed" });
    assert_eq!(stack.done("UpdateFleetName", name).await, json!({}));
    wanted["Name"] = "renamed".into();
    assert_eq!(stack.attributes(&fleet).await, wanted);
    let change = json!({
        "FleetId": fleet, "Description": "for ranked games", "NewGameSessionProtectionPolicy": "TimeLimitProtection",
        "GameServerSessionProtectionTimeLimit": 30,
        "ResourceCreationLimitPolicy": { "NewGameServerSessionsPerCreator": 9, "PolicyPeriodInMinutes": 8 },
    });
    assert_eq!(stack.done("UpdateFleetAttributes", change).await, json!({ "FleetId": fleet }));
    wanted["Description"] = "for ranked games".into();
    wanted["NewGameServerSessionProtectionPolicy"] = "TimeLimitProtection".into();
    wanted["GameServerSessionProtectionTimeLimit"] = 30.into();
    wanted["ResourceCreationLimitPolicy"] =
        json!({ "NewGameServerSessionsPerCreator": 9, "PolicyPeriodInMinutes": 8 });
    assert_eq!(stack.attributes(&fleet).await, wanted);
    let query = json!({ "FleetId": fleet, "EventCode": "FLEET_NEW_GAME_SESSION_PROTECTION_POLICY_UPDATED" });
    assert_eq!(stack.done("DescribeFleetEvents", query).await["TotalCount"], 1);
    stack.done("UpdateFleetAttributes", json!({ "FleetId": fleet, "Description": "" })).await;
    wanted["Description"] = "".into();
    assert_eq!(stack.attributes(&fleet).await, wanted);
}

#[tokio::test]
async fn ports_are_opened_and_closed() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let rule =
        |port: u32| json!({ "FromPort": port, "IpRange": "0.0.0.0/0", "Protocol": "UDP", "ToPort": 6100 });
    let change = json!({
        "FleetId": fleet, "InboundPermissionRevocations": [rule(6000)],
        "InboundPermissionAuthorizations": [rule(6001), rule(6001)],
    });
    assert_eq!(stack.done("UpdateFleetPortSettings", &change).await, json!({ "FleetId": fleet }));
    let ports = || stack.done("DescribeFleetPortSettings", json!({ "FleetId": fleet }));
    assert_eq!(ports().await, json!({ "InboundPermissions": [rule(6001)] }));
    let (code, message) = stack.refusal("UpdateFleetPortSettings", change).await;
    assert!(code == "ResourceNotFound" && message.contains("UDP 6000-6100"), "{code}: {message}");
    let many: Vec<Value> = (0..50).map(|number| rule(6002 + number)).collect();
    let many = json!({ "FleetId": fleet, "InboundPermissionAuthorizations": many });
    let (code, message) = stack.refusal("UpdateFleetPortSettings", many).await;
    assert!(code == "LimitExceeded" && message.contains("50"), "{code}: {message}");
    let neither = stack.refusal("UpdateFleetPortSettings", json!({ "FleetId": fleet })).await;
    assert_eq!(neither.0, "MissingParameter");
    assert_eq!(ports().await, json!({ "InboundPermissions": [rule(6001)] }));
}

#[tokio::test]
async fn what_cannot_be_changed_says_why() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let long = "x".repeat(51);
    let cases = [
        ("UpdateFleetName", json!({ "FleetId": "fleet-none", "Name": "x" }), "ResourceNotFound"),
        ("UpdateFleetName", json!({ "FleetId": fleet, "Name": long }), "InvalidParameterValue"),
        ("UpdateFleetName", json!({ "FleetId": fleet }), "MissingParameter"),
        ("UpdateFleetAttributes", json!({ "FleetId": "fleet-none" }), "ResourceNotFound"),
        (
            "UpdateFleetAttributes",
            json!({ "FleetId": fleet, "NewGameSessionProtectionPolicy": "SomeProtection" }),
            "InvalidParameterValue",
        ),
        (
            "UpdateFleetPortSettings",
            json!({ "FleetId": "fleet-none", "InboundPermissionAuthorizations": [] }),
            "ResourceNotFound",
        ),
        (
            "UpdateFleetPortSettings",
            json!({ "FleetId": fleet, "InboundPermissionAuthorizations": [{ "FromPort": 6000 }] }),
            "MissingParameter",
        ),
    ];
    for (action, body, wanted) in cases {
        let (code, message) = stack.refusal(action, &body).await;
        assert_eq!(code, wanted, "{action} {body}: {message}");
    }
}

#[tokio::test]
async fn a_fleet_is_copied_with_or_without_its_scaling() {
    let stack = Stack::start();
    let source = stack.fleet(1).await;
    let grow =
        json!({ "FleetId": source, "MinSize": 1, "DesiredInstances": 2, "MaxSize": 3, "ScalingInterval": 7 });
    stack.done("UpdateFleetCapacity", grow).await;
    assert_eq!(
        stack.done("StopFleetActions", json!({ "FleetId": source })).await,
        json!({ "FleetId": source })
    );
    let original = stack.attributes(&source).await;
    let request = json!({ "FleetId": source, "CopyNumber": 2, "Description": "copied" });
    let copies = stack.done("CopyFleet", request).await;
    assert_eq!(copies["TotalCount"], 2);
    for (copy, name) in copies["FleetAttributes"].as_array().unwrap().iter().zip(["arena-1", "arena-2"]) {
        let mut wanted = original.clone();
        for (member, value) in [("Name", name), ("Description", "copied"), ("Status", "NEW")] {
            wanted[member] = value.into();
        }
        wanted["StoppedActions"] = json!([]);
        for member in ["FleetId", "FleetArn"] {
            assert_ne!(copy[member], original[member]);
            wanted[member] = copy[member].clone();
        }
        assert_eq!(*copy, wanted);
    }
    let request = json!({ "FleetId": source, "CopyNumber": 1, "SelectedScalingType": "SCALING_SELECTED" });
    let copy = stack.done("CopyFleet", request).await["FleetAttributes"][0].clone();
    assert_eq!((copy["Name"].as_str(), &copy["StoppedActions"]), (Some("arena"), &json!(["AUTO_SCALING"])));
    let scaled = |answer: &Value| {
        let counts = &answer["FleetCapacity"][0]["InstanceCounts"];
        counts["Active"] == 2 && counts["MiniNum"] == 1 && counts["MaxiNum"] == 3
    };
    stack.wait("DescribeFleetCapacity", json!({ "FleetIds": [copy["FleetId"]] }), scaled).await;
}

#[tokio::test]
async fn a_copy_that_cannot_be_made_says_why() {
    let stack = Stack::start_with(gse_api::admission::AuthMode::Required, |config| config.quotas.fleets = 3);
    let source = stack.fleet(1).await;
    stack.upload("bad.zip", b"no zip".to_vec()).await;
    let bad = stack.create_asset("bad.zip").await;
    let cases = [
        (json!({ "FleetId": "fleet-none", "CopyNumber": 1 }), "ResourceNotFound"),
        (json!({ "FleetId": source, "CopyNumber": 3 }), "LimitExceeded.FleetLimitExceeded"),
        (json!({ "FleetId": source, "CopyNumber": 0 }), "InvalidParameterValue"),
        (json!({ "FleetId": source }), "MissingParameter"),
        (json!({ "FleetId": source, "CopyNumber": 1, "AssetId": bad }), "FailedOperation"),
        (json!({ "FleetId": source, "CopyNumber": 1, "AssetId": "asset-none" }), "ResourceNotFound"),
        (json!({ "FleetId": source, "CopyNumber": 1, "InstanceType": "HUGE" }), "InvalidParameterValue"),
        (
            json!({
                "FleetId": source, "CopyNumber": 1, "SelectedCcnType": "CCN_SELECTED_BEFORE_CREATE",
                "CcnInfos": [{ "AccountId": "1", "CcnId": "vpc-1" }],
            }),
            "ResourceNotFound.CcnResourceNotFound",
        ),
    ];
    for (body, wanted) in cases {
        let (code, message) = stack.refusal("CopyFleet", &body).await;
        assert_eq!(code, wanted, "{body}: {message}");
    }
    assert_eq!(stack.done("ListFleets", "{}").await["TotalCount"], 1);
}

#[tokio::test]
async fn automatic_scaling_is_stopped_and_started() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let named = json!({ "FleetId": fleet, "Actions": ["AUTO_SCALING"] });
    let bare = json!({ "FleetId": fleet, "Actions": [] });
    let steps = [
        ("StopFleetActions", &named, json!(["AUTO_SCALING"])),
        ("StopFleetActions", &bare, json!(["AUTO_SCALING"])),
        ("StartFleetActions", &bare, json!([])),
        ("StartFleetActions", &named, json!([])),
    ];
    for (action, body, stopped) in steps {
        assert_eq!(stack.done(action, body).await, json!({ "FleetId": fleet }));
        assert_eq!(stack.attributes(&fleet).await["StoppedActions"], stopped);
    }
    for action in ["StartFleetActions", "StopFleetActions"] {
        let unknown = json!({ "FleetId": "fleet-none" });
        assert_eq!(stack.refusal(action, unknown).await.0, "ResourceNotFound");
        let other = json!({ "FleetId": fleet, "Actions": ["DANCE"] });
        assert_eq!(stack.refusal(action, other).await.0, "InvalidParameterValue");
        assert_eq!(stack.refusal(action, json!({})).await.0, "MissingParameter");
    }
}
