//! Statistics through the wire: how long instances ran.

use std::time::Duration;

use gse_api::admission::AuthMode;
use gse_core::time::Timestamp;
use serde_json::{Value, json};

use super::stack::{NOW, Stack};

const DETAILS: &str = "DescribeFleetStatisticDetails";
const FLOWS: &str = "DescribeFleetStatisticFlows";
const SUMMARY: &str = "DescribeFleetStatisticSummary";

/// A stack on which a fleet ran for 90 minutes, from 2021-01-01T12:00:00Z, which is 20:00 where the statistics are read.
async fn used() -> (Stack, String) {
    let stack = Stack::start_with(AuthMode::Required, |config| {
        // The clock jumps, which must not look like a machine that slept.
        config.clocks.metrics_period = Duration::from_secs(24 * 3600);
    });
    let fleet = stack.fleet(1).await;
    stack.clock.set(Timestamp::from_seconds(NOW + 5400));
    (stack, fleet)
}

#[tokio::test]
async fn running_time_is_told_by_hour_and_instance() {
    let (stack, fleet) = used().await;
    let instance = stack.done("DescribeInstances", json!({ "FleetId": fleet })).await;
    let instance = instance["Instances"][0]["InstanceId"].clone();
    let range = json!({
        "FleetId": fleet, "BeginTime": "2021-01-01 19:00:00", "EndTime": "2021-01-01 21:15:00",
    });
    assert_eq!(
        stack.done(SUMMARY, &range).await,
        json!({ "TotalUsedFlowMegaBytes": null, "TotalUsedTimeSeconds": "4500" })
    );
    let begins = ["2021-01-01T13:00:00Z", "2021-01-01T12:00:00Z", "2021-01-01T11:00:00Z"];
    let times: Vec<Value> = begins
        .iter()
        .zip(["900", "3600", "0"])
        .map(|(begin, used)| json!({ "BeginTime": begin, "TotalUsedTimeSeconds": used }))
        .collect();
    let flows: Vec<Value> =
        begins.iter().map(|begin| json!({ "BeginTime": begin, "TotalUsedFlowMegaBytes": null })).collect();
    assert_eq!(
        stack.done(FLOWS, &range).await,
        json!({ "TimeType": "HOUR", "TotalCount": 3, "UsedFlowList": flows, "UsedTimeList": times })
    );
    let row = |begin: &str, end: &str, used: &str| {
        json!({
            "BeginTime": begin, "EndTime": end, "FleetId": fleet, "InstanceIP": "127.0.0.1",
            "InstanceId": instance, "TotalUsedFlowMegaBytes": null, "TotalUsedTimeSeconds": used,
        })
    };
    let rows = [
        row("2021-01-01T13:00:00Z", "2021-01-01T13:15:00Z", "900"),
        row("2021-01-01T12:00:00Z", "2021-01-01T13:00:00Z", "3600"),
    ];
    assert_eq!(
        stack.done(DETAILS, &range).await,
        json!({ "DetailList": rows, "TimeType": "HOUR", "TotalCount": 2 })
    );
}

#[tokio::test]
async fn ranges_are_read_in_three_forms_and_pages_are_cut() {
    let (stack, fleet) = used().await;
    for range in [
        json!({}),
        json!({ "FleetId": "" }),
        json!({ "BeginTime": "2021-01-01 20:00:00" }),
        json!({ "BeginTime": "2021-01-01T12:00:00Z", "EndTime": "2021-01-01T21:30:00+08:00" }),
        // What is to come has not run.
        json!({ "EndTime": "2021-01-02 19:00:00" }),
    ] {
        assert_eq!(stack.done(SUMMARY, &range).await["TotalUsedTimeSeconds"], "5400", "{range}");
    }
    let long = json!({ "FleetId": fleet, "BeginTime": "2020-12-20 00:00:00" });
    let flows = stack.done(FLOWS, &long).await;
    assert_eq!((&flows["TimeType"], &flows["TotalCount"]), (&json!("DAY"), &json!(13)));
    assert_eq!(
        flows["UsedTimeList"][0],
        json!({ "BeginTime": "2020-12-31T16:00:00Z", "TotalUsedTimeSeconds": "5400" })
    );
    let page = json!({ "FleetId": fleet, "BeginTime": "2020-12-20 00:00:00", "Offset": 12, "Limit": 5 });
    let page = stack.done(FLOWS, page).await;
    assert_eq!(
        (page["UsedTimeList"].as_array().unwrap(), &page["TotalCount"]),
        (&vec![flows["UsedTimeList"][12].clone()], &json!(13))
    );
    let none = stack.done(DETAILS, json!({ "Limit": 0 })).await;
    assert_eq!(none, json!({ "DetailList": [], "TimeType": "HOUR", "TotalCount": 2 }));
}

#[tokio::test]
async fn refusals_of_statistics() {
    let (stack, _) = used().await;
    for (body, code, named) in [
        (json!({ "BeginTime": "2020-13-01 00:00:00" }), "InvalidParameterValue", "BeginTime"),
        (json!({ "EndTime": "yesterday" }), "InvalidParameterValue", "EndTime"),
        (
            json!({ "BeginTime": "2021-01-01 20:00:01", "EndTime": "2021-01-01 20:00:00" }),
            "InvalidParameterValue",
            "BeginTime",
        ),
        (json!({ "BeginTime": "2020-11-30 00:00:00" }), "InvalidParameterValue", "31 days"),
        (json!({ "FleetId": "fleet-none" }), "ResourceNotFound", "fleet-none"),
        (json!({ "FleetID": "fleet-none" }), "UnknownParameter", "FleetId"),
        (json!({ "BeginTime": 1 }), "InvalidParameter", "BeginTime"),
    ] {
        for action in [DETAILS, FLOWS, SUMMARY] {
            let (found, message) = stack.refusal(action, &body).await;
            assert!(found == code && message.contains(named), "{action} {body}: {found}: {message}");
        }
    }
    for action in [DETAILS, FLOWS] {
        let (code, message) = stack.refusal(action, json!({ "Limit": 101 })).await;
        assert!(code == "InvalidParameterValue" && message.contains("Limit"), "{code}: {message}");
    }
}

/// The instance and its fleet are gone, their time is not.
#[tokio::test]
async fn usage_outlives_the_fleet() {
    let (stack, fleet) = used().await;
    stack.done("UpdateFleetCapacity", json!({ "FleetId": fleet, "MinSize": 0, "DesiredInstances": 0 })).await;
    let empty = |answer: &Value| {
        let counts = &answer["FleetCapacity"][0]["InstanceCounts"];
        counts["Active"] == 0 && counts["Terminating"] == 0
    };
    stack.wait("DescribeFleetCapacity", json!({ "FleetIds": [fleet] }), empty).await;
    stack.done("DeleteFleet", json!({ "FleetId": fleet })).await;
    stack.clock.set(Timestamp::from_seconds(NOW + 7200));
    for query in [json!({}), json!({ "FleetId": fleet })] {
        assert_eq!(stack.done(SUMMARY, &query).await["TotalUsedTimeSeconds"], "5400", "{query}");
    }
}
