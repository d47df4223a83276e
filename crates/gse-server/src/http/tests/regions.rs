//! Regions are namespaces; queues reach across them; a placement can be asked why.

use std::time::Duration;

use axum::extract::Request;
use gse_api::admission::AuthMode;
use serde_json::{Value, json};

use super::stack::{Refused, Stack, answer};
use crate::http::serve::Peer;

const FAR: &str = "na-siliconvalley";

fn two_regions() -> Stack {
    let regions = ["ap-shanghai".to_owned(), FAR.to_owned()];
    Stack::start_with(AuthMode::Off, |config| config.set_regions(&regions).unwrap())
}

/// A request that names a region.
fn in_region(stack: &Stack, region: &str, action: &str, body: &Value) -> Request {
    let mut request = stack.signed(action, &body.to_string());
    request.headers_mut().insert("X-TC-Region", region.parse().unwrap());
    request.headers_mut().remove("authorization");
    request
}

async fn call(stack: &Stack, region: &str, action: &str, body: Value) -> Result<Value, Refused> {
    answer(stack.send(in_region(stack, region, action, &body)).await).await
}

async fn extension(stack: &Stack, peer: &str, action: &str, body: Value) -> Result<Value, Refused> {
    let mut request = in_region(stack, "ap-shanghai", action, &body);
    *request.uri_mut() = format!("/opengse/{action}").parse().unwrap();
    request.extensions_mut().insert(Peer(peer.parse().unwrap()));
    answer(stack.send(request).await).await
}

#[tokio::test]
async fn a_region_is_a_namespace_and_one_that_is_not_served_is_refused() {
    let stack = two_regions();
    for region in ["ap-shanghai", FAR] {
        let made =
            call(&stack, region, "CreateGameServerSessionQueue", json!({ "Name": "q" })).await.unwrap();
        let arn = made["GameServerSessionQueue"]["GameServerSessionQueueArn"].as_str().unwrap().to_owned();
        assert_eq!(arn, format!("qcs::gse:{region}:uin/100000000001:queue/q"));
    }
    call(&stack, FAR, "DeleteGameServerSessionQueue", json!({ "Name": "q" })).await.unwrap();
    let count = async |region| {
        call(&stack, region, "DescribeGameServerSessionQueues", json!({})).await.unwrap()["TotalCount"]
            .clone()
    };
    assert_eq!(
        (count("ap-shanghai").await, count(FAR).await, count("").await),
        (json!(1), json!(0), json!(1))
    );
    let (code, message) = call(&stack, "ap-tokyo", "ListAliases", json!({})).await.unwrap_err();
    assert!(
        code == "UnsupportedRegion" && message.contains("`ap-shanghai`, `na-siliconvalley`"),
        "{message}"
    );
    let regions = extension(&stack, "127.0.0.1", "DescribeRegions", json!({})).await.unwrap();
    assert_eq!(regions["DefaultRegion"], "ap-shanghai");
    let shanghai = json!({ "Region": "ap-shanghai", "UdpAddress": null, "PingUrl": null, "Condition": "up", "DelayMs": 0 });
    assert_eq!((&regions["Regions"][0], regions["Regions"].as_array().unwrap().len()), (&shanghai, 2));
}

#[tokio::test]
async fn a_placement_says_why_it_waits_and_a_fault_where_it_comes_from() {
    let stack = two_regions();
    let fleet = stack.fleet(1).await;
    let arn = format!("qcs::gse:ap-shanghai:uin/100000000001:fleet/{fleet}");
    let queue = json!({ "Name": "q", "Destinations": [{ "DestinationArn": arn }], "TimeoutInSeconds": 60 });
    stack.done("CreateGameServerSessionQueue", queue).await;
    let down = json!({ "Region": "ap-shanghai", "Fault": "down" });
    let (code, message) = extension(&stack, "192.0.2.7", "SetFault", down.clone()).await.unwrap_err();
    assert!(code == "UnsupportedOperation" && message.contains("this machine only"), "{message}");
    extension(&stack, "127.0.0.1", "SetFault", down).await.unwrap();
    let start =
        json!({ "PlacementId": "p", "GameServerSessionQueueName": "q", "MaximumPlayerSessionCount": 1 });
    // Somewhere else its id would be another placement.
    stack.done("StartGameServerSessionPlacement", start).await;
    let why =
        async || extension(&stack, "127.0.0.1", "ExplainPlacement", json!({ "PlacementId": "p" })).await;
    let mut told = why().await.unwrap();
    let turns = async {
        while told["Attempts"] == 0 {
            told = why().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), turns).await.unwrap();
    assert_eq!(
        (&told["Status"], &told["Attempts"], &told["EndTime"]),
        (&json!("PENDING"), &json!(1), &json!(null))
    );
    assert_eq!(
        told["Steps"][0],
        json!({
            "FirstMs": 0, "LastMs": 0, "Times": 1, "MaximumLatencyMs": null, "Outcome": "WAITS", "FleetId": null,
            "Reason": null, "More": 0,
            "PassedOver": [{
                "Region": "ap-shanghai", "AliasId": null, "FleetId": fleet, "Code": "REGION_DOWN",
                "Reason": "its region is down",
            }],
        })
    );
    extension(&stack, "127.0.0.1", "SetFault", json!({ "Region": "ap-shanghai", "Fault": "up" }))
        .await
        .unwrap();
    // Nothing here takes time but the turns of other tasks.
    let turns = async {
        while told["Status"] != "FULFILLED" {
            told = why().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), turns).await.unwrap();
    let sentences: Vec<&str> =
        told["Sentences"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(sentences.iter().any(|line| line.contains("its region is down")), "{sentences:#?}");
    assert!(sentences.last().unwrap().contains("It is FULFILLED after 0 ms"), "{sentences:#?}");

    let none = json!({ "PlacementId": "none" });
    assert_eq!(
        extension(&stack, "127.0.0.1", "ExplainPlacement", none).await.unwrap_err().0,
        "ResourceNotFound"
    );
}

#[tokio::test]
async fn faults_that_make_no_sense_are_refused() {
    let stack = two_regions();
    for (body, code, named) in [
        (json!({ "Region": "ap-shanghai", "Fault": "error" }), "InvalidParameter", "`Fault`"),
        (json!({ "Region": "ap-shanghai", "Fault": "slow" }), "InvalidParameter", "`DelayMs`"),
        (json!({ "Region": "ap-shanghai", "Fault": "up", "DelayMs": 1 }), "InvalidParameter", "`DelayMs`"),
        (
            json!({ "Region": "ap-shanghai", "Fault": "slow", "DelayMs": 9000 }),
            "InvalidParameterValue",
            "DelayMs",
        ),
        (
            json!({ "Region": "ap-tokyo", "Fault": "down" }),
            "InvalidParameterValue",
            "ap-shanghai, na-siliconvalley",
        ),
        (json!({ "FleetId": "fleet-none", "Fault": "error" }), "ResourceNotFound", "fleet-none"),
        (json!({ "FleetId": "fleet-none", "Region": FAR, "Fault": "down" }), "InvalidParameter", "`Region`"),
        (json!({ "Fault": "down" }), "InvalidParameter", "`Region`"),
    ] {
        let (found, message) = extension(&stack, "::1", "SetFault", body.clone()).await.unwrap_err();
        assert!(found == code && message.contains(named), "{body}: {found} {message}");
    }
}
