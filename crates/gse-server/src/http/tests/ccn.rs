//! Cloud connect networks: records that clients can work with.

use serde_json::json;

use super::actions::create_fleet;
use super::stack::Stack;

#[tokio::test]
async fn networks_are_attached_listed_and_detached() {
    let stack = Stack::start();
    let asset = stack.asset().await;
    let mut request = create_fleet(&asset, 1);
    request["CcnInfos"] = json!([{ "AccountId": "100000000002", "CcnId": "ccn-2dsbtmo3" }]);
    let created = stack.done("CreateFleet", request).await["FleetAttributes"].clone();
    let related =
        |id: &str, kind: &str| json!({ "AccountId": "100000000002", "AttachType": kind, "CcnId": id });
    let first = related("ccn-2dsbtmo3", "CCN_SELECTED_BEFORE_CREATE");
    assert_eq!(created["RelatedCcnInfos"], json!([first]));
    let fleet = created["FleetId"].as_str().unwrap();
    let attach = |id: &str| json!({ "FleetId": fleet, "AccountId": "100000000002", "CcnId": id });
    assert_eq!(stack.done("AttachCcnInstances", attach("ccn-2")).await, json!({}));
    let attributes = stack.done("DescribeFleetAttributes", json!({ "FleetIds": [fleet] })).await;
    let second = related("ccn-2", "CCN_SELECTED_AFTER_CREATE");
    assert_eq!(attributes["FleetAttributes"][0]["RelatedCcnInfos"], json!([first, second]));
    let listed = stack.done("DescribeCcnInstances", json!({ "FleetId": fleet })).await;
    let record = |id: &str| {
        json!({
            "AccountId": "100000000002", "CcnId": id, "CreateTime": "2021-01-01T12:00:00Z", "InstanceName": fleet,
            "State": "ACTIVE",
        })
    };
    let records = [record("ccn-2dsbtmo3"), record("ccn-2")];
    assert_eq!(listed, json!({ "CcnInstanceSets": records, "TotalCount": 2 }));
    let selected =
        json!({ "FleetId": fleet, "CopyNumber": 1, "SelectedCcnType": "CCN_SELECTED_AFTER_CREATE" });
    let copy = stack.done("CopyFleet", selected).await["FleetAttributes"][0].clone();
    assert_eq!(
        copy["RelatedCcnInfos"],
        json!([related("ccn-2dsbtmo3", "CCN_SELECTED_AFTER_CREATE"), second])
    );
    for _ in 0..2 {
        assert_eq!(stack.done("DetachCcnInstances", json!({ "FleetId": fleet })).await, json!({}));
        let listed = stack.done("DescribeCcnInstances", json!({ "FleetId": fleet })).await;
        assert_eq!(listed, json!({ "CcnInstanceSets": [], "TotalCount": 0 }));
    }
}

/// R35, and the other codes of 2.12.
#[tokio::test]
async fn what_cannot_be_attached_has_a_code_of_its_own() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let attach = |id: &str, account: &str| json!({ "FleetId": fleet, "AccountId": account, "CcnId": id });
    stack.done("AttachCcnInstances", attach("ccn-0", "1")).await;
    let unknown = json!({ "FleetId": "fleet-none", "AccountId": "1", "CcnId": "ccn-1" });
    let mut cases = vec![
        ("AttachCcnInstances", attach("ccn-0", "1"), "UnsupportedOperation.CcnAttached"),
        ("AttachCcnInstances", attach("vpc-1", "1"), "ResourceNotFound.CcnResourceNotFound"),
        ("AttachCcnInstances", attach("ccn-1", "me"), "UnsupportedOperation.UinNotFound"),
        ("AttachCcnInstances", unknown, "ResourceNotFound"),
        ("AttachCcnInstances", json!({ "FleetId": fleet, "CcnId": "ccn-1" }), "MissingParameter"),
    ];
    for action in ["DescribeCcnInstances", "DetachCcnInstances"] {
        cases.push((action, json!({}), "MissingParameter"));
        cases.push((action, json!({ "FleetId": "fleet-none" }), "ResourceNotFound"));
    }
    for (action, body, wanted) in cases {
        let (code, message) = stack.refusal(action, &body).await;
        assert_eq!(code, wanted, "{action} {body}: {message}");
    }
    for number in 1..5 {
        stack.done("AttachCcnInstances", attach(&format!("ccn-{number}"), "1")).await;
    }
    let (code, message) = stack.refusal("AttachCcnInstances", attach("ccn-5", "1")).await;
    assert!(code == "LimitExceeded.CcnLimitExceeded" && message.contains('5'), "{code}: {message}");
}
