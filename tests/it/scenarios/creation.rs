//! S01 to S11: assets and the creation of fleets.

use std::fs;
use std::time::Instant;

use serde_json::{Value, json};
use tests::package;
use tests::stack::{PATIENCE, Stack, fleet_request};

use super::kit::Kit;

fn server() -> Value {
    json!({"LaunchPath": "/local/game/silent", "ConcurrentExecutions": 1})
}

#[test]
fn s01_bad_zip() {
    let stack = Stack::start();
    let path = stack.directory().join("bad.zip");
    fs::write(&path, "this is no zip").expect("the file is written");
    let asset = stack.create_asset(&path);
    assert_eq!(stack.checked_asset(&asset), 1);
    assert_eq!(stack.refused("CreateFleet", &fleet_request(&asset, &server())), "ResourceUnavailable");
}

#[test]
fn s02_never_uploaded() {
    let stack = Stack::start();
    let request = json!({
        "AssetName": "demo", "AssetVersion": "1.0", "AssetRegion": stack.said("region"),
        "BucketKey": "nothing.zip", "OperateSystem": "CentOS7.16",
    });
    assert_eq!(stack.refused("CreateAsset", &request), "ResourceNotFound");
}

#[test]
fn s03_expired_upload() {
    let stack = Stack::with_settings(&["upload.signature=1s"]);
    let zip = package::silent(stack.directory()).display().to_string();
    let request = json!({"AssetRegion": stack.said("region"), "BucketKey": "late.zip"});
    let credentials = stack.call("GetUploadCredentials", &request);
    let text = |member: &str| credentials[member].as_str().expect("credentials are text");
    let arguments = ["asset", "put", "--zip", &zip, "--bucket", text("BucketName"), "--key", "late.zip"];
    let more = ["--authorization", text("BucketAuth"), "--objects", stack.said("objects")];
    let deadline = Instant::now() + PATIENCE;
    // Good for a second, and then no more.
    loop {
        let output = stack.gse(&[&arguments[..], &more].concat());
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains("403"), "{said}");
            break;
        }
        assert!(Instant::now() < deadline, "the signature never expires");
    }
}

#[test]
fn s04_asset_in_use() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 1);
    let asset = json!({"AssetId": kit.asset});
    assert_eq!(kit.stack.refused("DeleteAsset", &asset), "ResourceInUse");
    assert_eq!(kit.stack.call("DescribeAsset", &asset)["Asset"]["BindFleetNum"], 1);
    kit.set_capacity(&fleet, [0, 0, 1]);
    kit.instances(&fleet, 0, 0);
    drop(kit.stack.call("DeleteFleet", &json!({"FleetId": fleet})));
    kit.stack.until("DescribeFleetAttributes", &json!({"FleetIds": [fleet]}), |answer| {
        answer["FleetAttributes"][0]["Status"] == "TERMINATED"
    });
    drop(kit.stack.call("DeleteAsset", &asset));
    assert_eq!(kit.stack.refused("DescribeAsset", &asset), "ResourceNotFound");
}

#[test]
fn s06_install_script_fails() {
    let stack = Stack::with_settings(&["--run-install-script"]);
    let entries = [("install.sh", "echo no\nexit 3\n"), ("silent", "#!/bin/sh\nexec sleep 1000\n")];
    let asset = stack.create_asset(&package::zip(stack.directory(), "failing.zip", &entries));
    let fleet = stack.create_fleet(&asset, &server());
    assert_eq!(stack.settled(&fleet), "ERROR");
    let events = stack.events(&fleet);
    let last: Vec<&str> = events.iter().rev().take(2).map(String::as_str).collect();
    assert_eq!(last, ["FLEET_STATE_ERROR", "FLEET_CREATION_RUNNING_INSTALLER"], "{events:?}");
    assert!(!events.iter().any(|code| code == "FLEET_STATE_VALIDATING"), "{events:?}");
}

/// R1: a capacity above 1 before the first deployment is `LimitExceeded`.
#[test]
fn s07_wrong_launch_path() {
    let stack = Stack::start();
    let asset = stack.create_asset(&package::silent(stack.directory()));
    let process = json!({"LaunchPath": "/local/game/other", "ConcurrentExecutions": 1});
    let fleet = stack.create_fleet(&asset, &process);
    assert_eq!(stack.settled(&fleet), "ERROR");
    assert!(stack.events(&fleet).contains(&"FLEET_VALIDATION_LAUNCH_PATH_NOT_FOUND".to_owned()));
    let larger = json!({"FleetId": fleet, "MaxSize": 2});
    assert_eq!(stack.refused("UpdateFleetCapacity", &larger), "LimitExceeded");
    drop(stack.call("DeleteFleet", &json!({"FleetId": fleet})));
}

#[test]
fn s08_never_ready() {
    let kit = Kit::with_settings(&["process.ready=1s"]);
    let fleet = kit.create_fleet(&kit.request("not-ready", 1));
    assert_eq!(kit.stack.settled(&fleet), "ERROR");
    let events = kit.stack.events(&fleet);
    assert!(events.contains(&"FLEET_VALIDATION_TIMED_OUT".to_owned()), "{events:?}");
}

#[test]
fn s09_parameter_limits() {
    let stack = Stack::start();
    let asset = stack.create_asset(&package::silent(stack.directory()));
    let valid = fleet_request(&asset, &server());
    let two = json!([
        {"LaunchPath": "/local/game/silent", "ConcurrentExecutions": 30},
        {"LaunchPath": "/local/game/silent", "Parameters": "b", "ConcurrentExecutions": 21},
    ]);
    let limited = |minutes: i64| {
        json!({
            "NewGameServerSessionProtectionPolicy": "TimeLimitProtection",
            "GameServerSessionProtectionTimeLimit": minutes,
        })
    };
    let ports = |from: i64, to: i64| {
        json!({"InboundPermissions": [
            {"FromPort": from, "ToPort": to, "Protocol": "TCP", "IpRange": "0.0.0.0/0"},
        ]})
    };
    let changes = [
        json!({"RuntimeConfiguration": {"ServerProcesses": two}}),
        ports(1024, 2000),
        ports(2000, 60001),
        limited(4),
        limited(1441),
        json!({"InternetMaxBandwidthOut": 201}),
        json!({"Name": "n".repeat(51)}),
    ];
    for change in changes {
        let mut request = valid.clone();
        let members = change.as_object().expect("an object").clone();
        request.as_object_mut().expect("an object").extend(members);
        assert_eq!(stack.refused("CreateFleet", &request), "InvalidParameterValue", "{change}");
    }
    assert_eq!(stack.call("ListFleets", &json!({}))["TotalCount"], 0);
}

#[test]
fn s10_fleet_quota() {
    let stack = Stack::start();
    // It fails quickly, so that twenty of them are no load: a fleet counts until it is TERMINATED.
    let asset = stack.create_asset(&package::silent(stack.directory()));
    assert_eq!(stack.checked_asset(&asset), 2);
    let request =
        fleet_request(&asset, &json!({"LaunchPath": "/local/game/none", "ConcurrentExecutions": 1}));
    let fleets: Vec<Value> = (0..20).map(|_| stack.call("CreateFleet", &request)).collect();
    assert_eq!(stack.refused("CreateFleet", &request), "LimitExceeded.FleetLimitExceeded");
    let copy = json!({"FleetId": fleets[0]["FleetAttributes"]["FleetId"], "CopyNumber": 1});
    assert_eq!(stack.refused("CopyFleet", &copy), "LimitExceeded.FleetLimitExceeded");
}

#[test]
fn s11_copy() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 1);
    kit.set_capacity(&fleet, [1, 1, 3]);
    let policy = json!({
        "FleetId": fleet, "Name": "buffer", "PolicyType": "TargetBased",
        "MetricName": "PercentAvailableGameSessions", "TargetConfiguration": {"TargetValue": 30},
    });
    drop(kit.stack.call("PutScalingPolicy", &policy));
    let copied = |request: Value| -> Vec<String> {
        let answer = kit.stack.call("CopyFleet", &request);
        let attributes = answer["FleetAttributes"].as_array().expect("a list").clone();
        assert_eq!(answer["TotalCount"], attributes.len());
        assert!(attributes.iter().all(|fleet| fleet["Status"] == "NEW"), "{attributes:?}");
        let text = |fleet: &Value, name: &str| fleet[name].as_str().expect("text").to_owned();
        attributes.iter().map(|fleet| text(fleet, "Name") + " " + &text(fleet, "FleetId")).collect()
    };
    let request = json!({
        "FleetId": fleet, "CopyNumber": 2, "Name": "c", "SelectedScalingType": "SCALING_SELECTED",
    });
    let with = copied(request);
    let plain = copied(json!({"FleetId": fleet, "CopyNumber": 1, "Name": "p"}));
    let split = |both: &String| {
        let (name, id) = both.split_once(' ').expect("two words");
        (name.to_owned(), id.to_owned())
    };
    let with: Vec<_> = with.iter().map(split).collect();
    assert_eq!((with[0].0.as_str(), with[1].0.as_str()), ("c-1", "c-2"));
    let policies = |fleet: &str| {
        kit.stack.call("DescribeScalingPolicies", &json!({"FleetId": fleet}))["ScalingPolicies"].clone()
    };
    for (_, id) in &with {
        kit.stack.active(id);
        assert_eq!(kit.capacity(id), [1, 1, 3]);
        let policies = policies(id);
        assert_eq!(policies[0]["TargetConfiguration"]["TargetValue"], 30, "{policies}");
    }
    let (name, plain) = split(&plain[0]);
    kit.stack.active(&plain);
    assert_eq!((name.as_str(), kit.capacity(&plain), policies(&plain)), ("p", [0, 1, 1], json!([])));
}
