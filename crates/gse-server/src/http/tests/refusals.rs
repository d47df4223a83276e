//! Each refusal that this version can give, with its code (R1) and a text that says what to do.

use std::time::Duration;

use serde_json::{Value, json};

use super::actions::{create_asset, create_fleet};
use super::stack::{REGION, Stack};

/// The code, and that the text names what was wrong.
async fn check(stack: &Stack, action: &str, body: serde_json::Value, code: &str, named: &str) {
    let (found, message) = stack.refusal(action, &body).await;
    assert_eq!(found, code, "{action} {body}: {message}");
    assert!(message.contains(named), "{action}: `{named}` is not in: {message}");
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let stack = Stack::start();
    let nobody = "fleet-none";
    let session = json!({ "GameServerSessionId": "gssess-none" });
    let cases = [
        ("CreateAsset", create_asset("nothing.zip"), "ResourceNotFound", "nothing.zip"),
        ("DescribeAsset", json!({ "AssetId": "asset-none" }), "ResourceNotFound", "asset-none"),
        ("CreateFleet", create_fleet("asset-none", 1), "ResourceNotFound", "asset-none"),
        ("DeleteFleet", json!({ "FleetId": nobody }), "ResourceNotFound", nobody),
        ("DescribeFleetEvents", json!({ "FleetId": nobody }), "ResourceNotFound", nobody),
        ("DescribeFleetCapacity", json!({ "FleetIds": [nobody] }), "ResourceNotFound", nobody),
        ("UpdateFleetCapacity", json!({ "FleetId": nobody, "MinSize": 0 }), "ResourceNotFound", nobody),
        ("DescribeFleetRelatedResources", json!({ "FleetId": nobody }), "ResourceUnavailable", nobody),
        (
            "CreateGameServerSession",
            json!({ "FleetId": nobody, "MaximumPlayerSessionCount": 1 }),
            "ResourceNotFound",
            nobody,
        ),
        ("DescribeGameServerSessions", session.clone(), "ResourceNotFound", "gssess-none"),
        ("DescribeGameServerSessions", json!({ "FleetId": nobody }), "ResourceNotFound", nobody),
        ("SearchGameServerSessions", json!({ "FleetId": nobody }), "InvalidParameterValue", nobody),
        (
            "SearchGameServerSessions",
            json!({ "AliasId": "alias-none" }),
            "InvalidParameterValue",
            "alias-none",
        ),
        (
            "JoinGameServerSession",
            json!({ "GameServerSessionId": "gssess-none", "PlayerId": "ada" }),
            "ResourceNotFound",
            "gssess-none",
        ),
        ("DescribePlayerSessions", session, "ResourceNotFound", "gssess-none"),
        ("DescribePlayerSessions", json!({ "PlayerSessionId": "psess-none" }), "ResourceNotFound", "psess-…"),
        ("ResolveAlias", json!({ "AliasId": "alias-none" }), "ResourceNotFound", "alias-none"),
        (
            "CreateAlias",
            json!({ "Name": "a", "RoutingStrategy": { "Type": "SIMPLE", "FleetId": nobody } }),
            "ResourceNotFound",
            nobody,
        ),
        (
            "StartGameServerSessionPlacement",
            json!({ "PlacementId": "p", "GameServerSessionQueueName": "none", "MaximumPlayerSessionCount": 1 }),
            "ResourceNotFound",
            "`none`",
        ),
        ("DescribeGameServerSessionPlacement", json!({ "PlacementId": "p" }), "ResourceNotFound", "`p`"),
        ("StopGameServerSessionPlacement", json!({ "PlacementId": "p" }), "ResourceNotFound", "`p`"),
    ];
    for (action, body, code, named) in cases {
        check(&stack, action, body, code, named).await;
    }
}

#[tokio::test]
async fn malformed_requests_are_told_which_member() {
    let stack = Stack::start();
    let cases = [
        ("CreateFleet", json!({ "Name": "x" }), "MissingParameter", "AssetId"),
        ("DescribeInstances", json!({}), "MissingParameter", "FleetId"),
        ("CreateGameServerSession", json!({ "MaximumPlayerSessionCount": 1 }), "MissingParameter", "FleetId"),
        ("SearchGameServerSessions", json!({}), "InvalidParameter", "FleetId"),
        ("DeleteFleet", json!({ "FleetId": 7 }), "InvalidParameter", "FleetId"),
        ("DeleteFleet", json!({ "FleetId": "f", "Force": true }), "UnknownParameter", "Force"),
        (
            "GetUploadCredentials",
            json!({ "AssetRegion": "mars-1", "BucketKey": "a.zip" }),
            "InvalidParameterValue",
            "AssetRegion",
        ),
        (
            "GetUploadCredentials",
            json!({ "AssetRegion": REGION, "BucketKey": "../a.zip" }),
            "InvalidParameterValue",
            "BucketKey",
        ),
        (
            "DescribeFleetEvents",
            json!({ "FleetId": "f", "StartTime": "yesterday" }),
            "InvalidParameterValue",
            "StartTime",
        ),
    ];
    for (action, body, code, named) in cases {
        check(&stack, action, body, code, named).await;
    }
    let (code, message) = stack.refusal("ListAliases", "{").await;
    assert_eq!(code, "InvalidParameter", "{message}");
}

#[tokio::test]
async fn what_the_state_forbids_says_what_to_do() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let session = stack.session(&fleet, 1).await;
    let create = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 1 });
    check(&stack, "CreateGameServerSession", create, "ResourceInsufficient", &fleet).await;
    let join = |player: &str| json!({ "GameServerSessionId": session, "PlayerId": player });
    stack.done("JoinGameServerSession", join("ada")).await;
    check(&stack, "JoinGameServerSession", join("bob"), "ResourceInsufficient", "0 free seat(s)").await;
    let batch = json!({ "GameServerSessionId": session, "PlayerIds": ["bob", "cy"] });
    check(&stack, "JoinGameServerSessionBatch", batch, "ResourceInsufficient", "2 wanted").await;
    check(&stack, "DeleteFleet", json!({ "FleetId": fleet }), "ResourceInUse", "DesiredInstances").await;
    let too_many = json!({ "FleetId": fleet, "MaxSize": 21 });
    check(&stack, "UpdateFleetCapacity", too_many, "LimitExceeded.InstanceLimitExceeded", "20").await;
    let upside_down = json!({ "FleetId": fleet, "MinSize": 3, "MaxSize": 2 });
    check(&stack, "UpdateFleetCapacity", upside_down, "InvalidParameterValue", "MinSize").await;
    let queue = json!({ "Name": "q" });
    stack.done("CreateGameServerSessionQueue", &queue).await;
    check(&stack, "CreateGameServerSessionQueue", queue, "ResourceInUse", "`q`").await;
    let filter = json!({ "FleetId": fleet, "FilterExpression": "nonsense = 1" });
    check(&stack, "SearchGameServerSessions", filter, "InvalidParameterValue", "FilterExpression").await;
    let token = json!({ "FleetId": fleet, "NextToken": "made-up" });
    check(&stack, "DescribeGameServerSessions", token, "InvalidParameterValue", "NextToken").await;
}

/// M-5: what is made in one region does not exist in another.
#[tokio::test]
async fn regions_do_not_see_each_other() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let mut request = stack.signed("DescribeFleetAttributes", "{}");
    request.headers_mut().insert("X-TC-Region", http::HeaderValue::from_static("ap-beijing"));
    let found = super::stack::answer(stack.send(request).await).await.unwrap();
    assert_eq!((&found["TotalCount"], fleet.is_empty()), (&json!(0), false));
}

/// R62: a token carries on for a day, over everything that happens meanwhile, and then says why it does not.
#[tokio::test]
async fn the_token_of_a_page_expires_after_a_day() {
    let stack = Stack::start();
    let fleet = stack.fleet(3).await;
    for _ in 0..3 {
        stack.session(&fleet, 1).await;
    }
    let question = |token: &Value| json!({ "FleetId": fleet, "Limit": 1, "NextToken": token });
    for action in
        ["DescribeGameServerSessions", "DescribeGameServerSessionDetails", "SearchGameServerSessions"]
    {
        let first = stack.done(action, json!({ "FleetId": fleet, "Limit": 1 })).await;
        let token = first["NextToken"].clone();
        let second = stack.done(action, question(&token)).await;
        assert!(!second["NextToken"].as_str().unwrap().is_empty(), "{action}");
        stack.clock.set(stack.clock.now().plus(Duration::from_secs(24 * 3600)));
        stack.done(action, question(&token)).await;
        stack.clock.set(stack.clock.now().plus(Duration::from_secs(1)));
        let (code, message) = stack.refusal(action, question(&token)).await;
        assert!(code == "InvalidParameterValue" && message.contains("expired"), "{action}: {message}");
    }
}
