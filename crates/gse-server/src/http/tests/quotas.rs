//! Quotas and the catalogue of instance types, as a client sees them.

use serde_json::{Value, json};

use super::actions::create_fleet;
use super::stack::Stack;

fn names(list: &Value) -> Vec<String> {
    let entries = list.as_array().unwrap().iter();
    entries.map(|entry| entry["InstanceType"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn quotas_say_what_is_left() {
    let stack = Stack::start();
    let asset = stack.asset().await;
    stack.done("CreateFleet", create_fleet(&asset, 1)).await;
    let one = |number: u32, limit: u64, left: u64, extra: &str| json!({ "ResourceType": number, "HardLimit": limit, "Remaining": left, "ExtraInfo": extra });
    let bytes = r#"{"AssertCapacityQuota":"100GB","AssertCapacitySurplus":"99GB"}"#;
    let all = [
        one(1, 1000, 999, bytes),
        one(2, 20, 19, ""),
        one(3, 20, 20, ""),
        one(4, 20, 20, ""),
        one(5, 20, 19, ""),
    ];
    let quotas = stack.done("DescribeUserQuotas", "{}").await;
    assert_eq!(quotas, json!({ "QuotaResource": all, "Total": 5 }));
    for wanted in &all {
        let found = stack.done("DescribeUserQuota", json!({ "ResourceType": wanted["ResourceType"] })).await;
        assert_eq!(found, json!({ "QuotaResource": wanted }));
    }
    assert_eq!(stack.done("DescribeUserQuota", "{}").await["QuotaResource"], all[0]);
    for outside in [0, 6] {
        let refused = stack.refusal("DescribeUserQuota", json!({ "ResourceType": outside })).await;
        assert_eq!(refused.0, "InvalidParameterValue");
    }
}

#[tokio::test]
async fn the_configured_quota_is_told_and_held() {
    let stack = Stack::start_with(gse_api::admission::AuthMode::Required, |config| {
        config.quotas.fleets = 1;
        config.quotas.instances = 3;
    });
    let limit = stack.done("DescribeInstanceLimit", "{}").await;
    assert_eq!(limit["Limit"], 3);
    let total = |entry: &Value| entry["TotalInstances"] == 3;
    assert!(limit["ExtraInfos"].as_array().unwrap().iter().all(total), "{limit}");
    let asset = stack.asset().await;
    stack.done("CreateFleet", create_fleet(&asset, 1)).await;
    let left = stack.done("DescribeUserQuota", json!({ "ResourceType": 2 })).await;
    assert_eq!(left["QuotaResource"]["Remaining"], 0);
    let refused = stack.refusal("CreateFleet", create_fleet(&asset, 1)).await;
    assert_eq!(refused.0, "LimitExceeded.FleetLimitExceeded");
}

/// A fleet can be of every type that is told, and of no other.
#[tokio::test]
async fn the_catalogue_is_what_fleets_can_be_made_of() {
    let stack = Stack::start();
    let types = stack.done("DescribeInstanceTypes", "{}").await["InstanceTypeList"].clone();
    let large = json!({
        "InstanceType": "S5.LARGE8", "Cpu": 4, "Memory": 8, "NetworkCard": 0, "TypeName": "S5",
    });
    assert!(types.as_array().unwrap().contains(&large), "{types}");
    let limits = stack.done("DescribeInstanceLimit", "{}").await;
    assert_eq!(names(&limits["ExtraInfos"]), names(&types));
    let asset = stack.asset().await;
    let mut request = create_fleet(&asset, 1);
    for name in names(&types) {
        request["InstanceType"] = name.clone().into();
        assert_eq!(
            stack.done("CreateFleet", &request).await["FleetAttributes"]["InstanceType"],
            name.as_str()
        );
    }
    request["InstanceType"] = "HUGE".into();
    let (code, message) = stack.refusal("CreateFleet", request).await;
    assert!(code == "InvalidParameterValue" && message.contains("S5.LARGE8"), "{code}: {message}");
}
