//! Queues through the wire: made, listed, changed, deleted.

use serde_json::{Value, json};

use super::stack::Stack;

#[tokio::test]
async fn a_queue_is_listed_changed_and_deleted() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let arn = format!("qcs::gse:ap-shanghai:uin/100000000001:fleet/{fleet}");
    for name in ["b", "a"] {
        let tags = json!([{ "Key": "env", "Value": name }]);
        stack.done("CreateGameServerSessionQueue", json!({ "Name": name, "Tags": tags })).await;
    }
    let change = json!({ "Name": "a", "Destinations": [{ "DestinationArn": arn }], "TimeoutInSeconds": 60 });
    let changed = stack.done("UpdateGameServerSessionQueue", change).await["GameServerSessionQueue"].clone();
    assert_eq!(
        changed,
        json!({
            "Destinations": [{ "DestinationArn": arn, "FleetStatus": "ACTIVE" }],
            "GameServerSessionQueueArn": "qcs::gse:ap-shanghai:uin/100000000001:queue/a", "Name": "a",
            "PlayerLatencyPolicies": [], "Tags": [{ "Key": "env", "Value": "a" }], "TimeoutInSeconds": 60,
        })
    );
    // A list that is given replaces the old one, also an empty one.
    let emptied =
        stack.done("UpdateGameServerSessionQueue", json!({ "Name": "b", "Destinations": [] })).await;
    assert_eq!(emptied["GameServerSessionQueue"]["TimeoutInSeconds"], 600);

    let listed = stack.done("DescribeGameServerSessionQueues", "{}").await;
    assert_eq!((names(&listed), &listed["TotalCount"]), (vec!["a", "b"], &json!(2)));
    assert_eq!(listed["GameServerSessionQueues"][0], changed);
    let second = stack.done("DescribeGameServerSessionQueues", json!({ "Offset": 1, "Limit": 1 })).await;
    assert_eq!((names(&second), &second["TotalCount"]), (vec!["b"], &json!(2)));
    let by_name = stack.done("DescribeGameServerSessionQueues", json!({ "Names": ["b", "nobody"] })).await;
    assert_eq!(names(&by_name), ["b"]);
    let filters = json!([{ "Key": "tag:key-value", "Values": ["env:a"] }]);
    let by_tag = stack.done("DescribeGameServerSessionQueues", json!({ "Filters": filters })).await;
    assert_eq!(names(&by_tag), ["a"]);

    assert_eq!(stack.done("DeleteGameServerSessionQueue", json!({ "Name": "a" })).await, json!({}));
    assert_eq!(names(&stack.done("DescribeGameServerSessionQueues", "{}").await), ["b"]);
}

fn names(answer: &Value) -> Vec<&str> {
    let queues = answer["GameServerSessionQueues"].as_array().unwrap();
    queues.iter().map(|queue| queue["Name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_deleted_queue_fails_what_waits_in_it() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    stack.session(&fleet, 1).await;
    let arn = format!("qcs::gse:ap-shanghai:uin/100000000001:fleet/{fleet}");
    let queue = json!({ "Name": "q", "Destinations": [{ "DestinationArn": arn }] });
    stack.done("CreateGameServerSessionQueue", queue).await;
    let start =
        json!({ "PlacementId": "p", "GameServerSessionQueueName": "q", "MaximumPlayerSessionCount": 1 });
    stack.done("StartGameServerSessionPlacement", start).await;
    stack.done("DeleteGameServerSessionQueue", json!({ "Name": "q" })).await;
    let placement = stack.done("DescribeGameServerSessionPlacement", json!({ "PlacementId": "p" })).await;
    assert_eq!(placement["GameServerSessionPlacement"]["Status"], "FAILED");
    assert_eq!(placement["GameServerSessionPlacement"]["EndTime"], "2021-01-01T12:00:00Z");
}

/// Each code that the lists of these actions have and their rules can cause.
#[tokio::test]
async fn refusals_of_queues() {
    let stack = Stack::start();
    stack.done("CreateGameServerSessionQueue", json!({ "Name": "q" })).await;
    let gone = "qcs::gse:ap-shanghai:uin/100000000001:fleet/fleet-gone";
    let falling = json!([
        { "MaximumIndividualPlayerLatencyMilliseconds": 100, "PolicyDurationSeconds": 5 },
        { "MaximumIndividualPlayerLatencyMilliseconds": 80, "PolicyDurationSeconds": 5 },
    ]);
    let filters = json!([{ "Key": "resource:resourceId", "Values": ["q"] }]);
    let update = "UpdateGameServerSessionQueue";
    let cases = [
        ("DeleteGameServerSessionQueue", json!({ "Name": "none" }), "ResourceNotFound", "`none`"),
        (update, json!({ "Name": "none" }), "ResourceNotFound", "`none`"),
        (
            update,
            json!({ "Name": "q", "TimeoutInSeconds": 601 }),
            "InvalidParameterValue",
            "TimeoutInSeconds",
        ),
        (
            update,
            json!({ "Name": "q", "PlayerLatencyPolicies": falling }),
            "InvalidParameterValue",
            "PlayerLatencyPolicies.1",
        ),
        (
            update,
            json!({ "Name": "q", "Destinations": [{ "DestinationArn": gone }] }),
            "ResourceNotFound",
            "fleet-gone",
        ),
        ("DescribeGameServerSessionQueues", json!({ "Limit": 101 }), "InvalidParameterValue", "Limit"),
        (
            "DescribeGameServerSessionQueues",
            json!({ "Filters": filters }),
            "InvalidParameterValue",
            "Filters.0.Key",
        ),
    ];
    for (action, body, code, named) in cases {
        let (found, message) = stack.refusal(action, &body).await;
        assert!(found == code && message.contains(named), "{action} {body}: {found} {message}");
    }
}
