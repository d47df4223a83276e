//! The actions of the console's wizard (K-12), as a script would call them.

use std::time::Duration;

use gse_api::admission::AuthMode;
use serde_json::{Value, json};

use super::stack::{REGION, Refused, Stack, answer, signed};

async fn ask(stack: &Stack, region: &str, action: &str, body: Value) -> Result<Value, Refused> {
    let account = &stack.api.account;
    let key = gse_api::signature::tc3::Key { secret_id: &account.secret_id, secret_key: &account.secret_key };
    let mut request = signed(key, region, action, &body.to_string(), stack.clock.now().seconds());
    *request.uri_mut() = format!("/opengse/{action}").parse().unwrap();
    answer(stack.send(request).await).await
}

async fn done(stack: &Stack, action: &str, body: Value) -> Value {
    ask(stack, REGION, action, body).await.unwrap_or_else(|refused| panic!("{action}: {refused:?}"))
}

/// A service whose demo package is a script, and the script.
fn with_package() -> (Stack, tempfile::NamedTempFile) {
    let program = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(program.path(), "#!/bin/sh\n").unwrap();
    let path = program.path().to_owned();
    (Stack::start_with(AuthMode::Required, |config| config.demo_package = Some(path)), program)
}

async fn active(stack: &Stack) -> Value {
    tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            let standing = done(stack, "DescribeDemoResource", json!({})).await;
            if standing["FleetStatus"] == "ACTIVE" {
                return standing;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the demo fleet becomes ACTIVE")
}

#[tokio::test]
async fn k12_the_wizard_by_its_actions() {
    let (stack, _program) = with_package();
    let fresh = json!({
        "Step": 1, "AssetId": "", "FleetId": "", "FleetStatus": "", "GameServerSessionId": "", "PackageMissing": "",
    });
    assert_eq!(done(&stack, "DescribeDemoResource", json!({})).await, fresh);
    assert_eq!(ask(&stack, REGION, "CreateFleetDemo", json!({})).await.unwrap_err().0, "ResourceNotFound");

    let made = done(&stack, "CreateAssetAuto", json!({})).await;
    assert_eq!(done(&stack, "CreateAssetAuto", json!({})).await, made, "one in a round");
    let asset = stack.done("DescribeAsset", json!({"AssetId": made["AssetId"]})).await["Asset"].clone();
    assert_eq!((&asset["AssetName"], &asset["Stauts"]), (&json!("demo"), &json!(2)));

    let begun = done(&stack, "CreateFleetDemo", json!({})).await;
    assert_eq!(begun["Step"], 2);
    let fleet = active(&stack).await["FleetId"].clone();
    assert_eq!(fleet, begun["FleetId"]);
    assert_eq!(done(&stack, "CreateFleetDemo", json!({})).await["FleetId"], fleet, "one in a round");

    assert_eq!(done(&stack, "UpdateDemoResource", json!({"Step": 3})).await["Step"], 3);
    let create = json!({"FleetId": fleet, "MaximumPlayerSessionCount": 5});
    let session = stack.done("CreateGameServerSession", create).await["GameServerSession"].clone();
    let choose = json!({"GameServerSessionId": session["GameServerSessionId"], "Step": 4});
    let chosen = done(&stack, "UpdateDemoResource", choose).await;
    assert_eq!(
        (&chosen["Step"], &chosen["GameServerSessionId"]),
        (&json!(4), &session["GameServerSessionId"])
    );
    // C-D4: each region has its own.
    let elsewhere = ask(&stack, "ap-guangzhou", "DescribeDemoResource", json!({})).await.unwrap();
    assert_eq!(elsewhere, fresh);

    assert_eq!(done(&stack, "UpdateDemoResource", json!({"Complete": true})).await, fresh);
    let fleets = stack.done("DescribeFleetAttributes", json!({})).await;
    assert_eq!(fleets["FleetAttributes"][0]["FleetId"], fleet, "what was made stays");
    let again = done(&stack, "CreateAssetAuto", json!({})).await;
    assert_ne!(again["AssetId"], made["AssetId"], "a new round");
}

/// A double click, or two windows: what runs at the same time makes one of each.
#[tokio::test]
async fn two_clicks_at_a_time_make_one_package_and_one_fleet() {
    let (stack, _program) = with_package();
    for (action, member, list) in [
        ("CreateAssetAuto", "AssetId", "DescribeAssets"),
        ("CreateFleetDemo", "FleetId", "DescribeFleetAttributes"),
    ] {
        let clicks = (0..4).map(|_| done(&stack, action, json!({})));
        let made = futures_util::future::join_all(clicks).await;
        assert!(made.iter().all(|answer| answer[member] == made[0][member]), "{action}: {made:?}");
        let body = match list {
            "DescribeAssets" => json!({ "AssetRegion": REGION, "Limit": 10, "Offset": 0 }),
            _ => json!({}),
        };
        assert_eq!(stack.done(list, body).await["TotalCount"], 1, "{action}");
    }
}

#[tokio::test]
async fn c_d3_the_demo_fleet_has_the_settings_of_the_walkthrough() {
    let (stack, _program) = with_package();
    drop(done(&stack, "CreateAssetAuto", json!({})).await);
    drop(done(&stack, "CreateFleetDemo", json!({})).await);
    let fleet = active(&stack).await["FleetId"].clone();
    let of_fleet = json!({"FleetId": fleet});
    let runtime = stack.done("DescribeRuntimeConfiguration", of_fleet.clone()).await;
    let runtime = &runtime["RuntimeConfiguration"];
    assert_eq!(runtime["GameServerSessionActivationTimeoutSeconds"], 600);
    let process = &runtime["ServerProcesses"][0];
    assert_eq!(process["ConcurrentExecutions"], 10);
    assert_eq!(process["LaunchPath"], "/local/game/game-server");
    assert!(process["Parameters"].as_str().unwrap().starts_with("--host lobby"));
    let ports = stack.done("DescribeFleetPortSettings", of_fleet).await["InboundPermissions"].clone();
    let port = |protocol: &str| json!({"FromPort": 1025, "ToPort": 60000, "Protocol": protocol, "IpRange": "0.0.0.0/0"});
    assert_eq!(ports, json!([port("TCP"), port("UDP")]));
    let of_fleets = json!({"FleetIds": [fleet]});
    let attributes = stack.done("DescribeFleetAttributes", of_fleets.clone()).await;
    let attributes = &attributes["FleetAttributes"][0];
    assert_eq!(attributes["NewGameServerSessionProtectionPolicy"], "NoProtection");
    let capacity = stack.done("DescribeFleetCapacity", of_fleets).await;
    assert_eq!(capacity["FleetCapacity"][0]["ScalingInterval"], 3);
}

#[tokio::test]
async fn a_service_without_a_demo_package_says_how_to_get_one() {
    let stack = Stack::start();
    let missing = done(&stack, "DescribeDemoResource", json!({})).await["PackageMissing"].clone();
    let missing = missing.as_str().unwrap();
    assert!(missing.contains("hint: ") && missing.contains("--demo-package"), "{missing}");
    let refused = ask(&stack, REGION, "CreateAssetAuto", json!({})).await.unwrap_err();
    assert_eq!(refused, ("ResourceUnavailable".to_owned(), missing.to_owned()));
}

/// Where the operator keeps it is nobody else's business.
#[tokio::test]
async fn a_demo_package_that_is_gone_is_told_without_its_place() {
    let (stack, program) = with_package();
    let place = program.path().to_str().unwrap().to_owned();
    program.close().unwrap();
    let missing = done(&stack, "DescribeDemoResource", json!({})).await["PackageMissing"].to_string();
    assert!(missing.contains("is not there") && !missing.contains(&place), "{missing}");
    let (_, refused) = ask(&stack, REGION, "CreateAssetAuto", json!({})).await.unwrap_err();
    assert!(refused.contains("hint: ") && !refused.contains(&place), "{refused}");
}

#[tokio::test]
async fn a_demo_package_is_an_object_like_any_other() {
    let program = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(program.path(), "#!/bin/sh\n").unwrap();
    let path = program.path().to_owned();
    let stack = Stack::start_with(AuthMode::Required, |config| {
        (config.demo_package, config.max_object_bytes) = (Some(path), 64);
    });
    let (code, _) = ask(&stack, REGION, "CreateAssetAuto", json!({})).await.unwrap_err();
    assert_eq!(code, "ResourceUnavailable", "its zip has more than 64 bytes");
    assert_eq!(done(&stack, "DescribeDemoResource", json!({})).await["AssetId"], "");
}

#[tokio::test]
async fn what_the_wizard_cannot_do_yet_is_refused() {
    let (stack, _program) = with_package();
    for (body, code) in [
        (json!({"Step": 2}), "InvalidParameterValue"),
        (json!({"Step": 0}), "InvalidParameterValue"),
        (json!({"GameServerSessionId": "none"}), "ResourceNotFound"),
        (json!({"Complete": true, "Step": 1}), "InvalidParameter"),
        (json!({"Round": 2}), "InvalidParameter"),
    ] {
        let refused = ask(&stack, REGION, "UpdateDemoResource", body.clone()).await.unwrap_err();
        assert_eq!(refused.0, code, "{body}: {refused:?}");
    }
}
