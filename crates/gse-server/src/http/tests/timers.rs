//! Timers, as a client sees them.

use gse_core::time::Timestamp;
use serde_json::{Value, json};

use super::stack::{NOW, Stack};

/// The clock of the stack starts at 2021-01-01T12:00:00Z, a Friday.
fn at(text: &str) -> Timestamp {
    Timestamp::parse_iso(text).unwrap()
}

impl Stack {
    /// Time passes; what is due is done before the first call after it.
    async fn wait_until(&self, fleet: &str, time: &str) {
        self.clock.set(at(time));
        self.done("UpdateFleetName", json!({ "FleetId": fleet, "Name": "renamed" })).await;
    }

    async fn timers(&self, selection: Value) -> Vec<Value> {
        let answer = self.done("DescribeTimerScalingPolicies", selection).await;
        answer["TimerScalingPolicies"].as_array().unwrap().clone()
    }

    async fn timer_status(&self) -> i64 {
        self.timers(json!({})).await[0]["TimerStatus"].as_i64().unwrap()
    }

    /// MiniNum, Desired, MaxiNum, and ScalingInterval.
    async fn sizes(&self, fleet: &str) -> [i64; 4] {
        let answer = self.done("DescribeFleetCapacity", json!({ "FleetIds": [fleet] })).await;
        let capacity = &answer["FleetCapacity"][0];
        let counts = &capacity["InstanceCounts"];
        [&counts["MiniNum"], &counts["Desired"], &counts["MaxiNum"], &capacity["ScalingInterval"]]
            .map(|number| number.as_i64().unwrap_or_else(|| panic!("{capacity}")))
    }

    async fn stopped_actions(&self, fleet: &str) -> Value {
        let answer = self.done("DescribeFleetAttributes", json!({ "FleetIds": [fleet] })).await;
        answer["FleetAttributes"][0]["StoppedActions"].clone()
    }

    /// Times and messages of the events that timers wrote, newest first.
    async fn told_by_timers(&self, fleet: &str) -> Vec<(String, String)> {
        let answer = self.done("DescribeFleetEvents", json!({ "FleetId": fleet, "Limit": 100 })).await;
        let events = answer["Events"].as_array().unwrap().iter();
        let text = |event: &Value, member: &str| event[member].as_str().unwrap().to_owned();
        let told = events.map(|event| (text(event, "EventTime"), text(event, "Message")));
        told.filter(|(_, message)| message.contains("timer `")).collect()
    }
}

fn once(fleet: &str, begin: &str) -> Value {
    json!({ "TimerScalingPolicy": {
        "TimerName": "match day",
        "TimerConfiguration": { "TimerType": 1, "BeginTime": begin },
        "TimerFleetCapacity": {
            "FleetId": fleet, "MinSize": 1, "DesiredInstances": 3, "MaxSize": 3, "ScalingInterval": 7, "ScalingType": 1,
        },
    } })
}

fn weekly(fleet: &str, begin: &str, end: &str) -> Value {
    let mut request = once(fleet, begin);
    let configuration = json!({
        "TimerType": "TimerTypeWeek", "BeginTime": begin, "EndTime": end, "TimerValue": { "WeekDays": [3, 1] },
    });
    request["TimerScalingPolicy"]["TimerConfiguration"] = configuration;
    request
}

#[tokio::test]
async fn s42_timer() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let put = once(&fleet, "2021-01-01T20:01:00.250+08:00");
    assert_eq!(stack.done("PutTimerScalingPolicy", put).await, json!({}));
    let timers = stack.timers(json!({ "FleetId": fleet })).await;
    let wanted = json!([{
        "TimerId": "timerId-0001", "TimerName": "match day", "TimerStatus": 1,
        "TimerConfiguration": {
            "TimerType": 1, "BeginTime": "2021-01-01T12:01:00.250Z", "EndTime": null,
            "TimerValue": { "Day": 0, "FromDay": 0, "ToDay": 0, "WeekDays": [] },
        },
        "TimerFleetCapacity": {
            "FleetId": fleet, "MinSize": 1, "DesiredInstances": 3, "MaxSize": 3, "ScalingInterval": 7,
            "ScalingType": 1, "TargetConfiguration": null,
        },
    }]);
    assert_eq!(Value::from(timers), wanted);
    stack.wait_until(&fleet, "2021-01-01T12:00:59Z").await;
    assert_eq!(stack.sizes(&fleet).await, [0, 1, 1, 10]);
    stack.wait_until(&fleet, "2021-01-01T12:01:00Z").await;
    assert_eq!((stack.sizes(&fleet).await, stack.timer_status().await), ([1, 3, 3, 7], 4));
    assert_eq!(stack.stopped_actions(&fleet).await, json!(["AUTO_SCALING"]));
    let told = stack.told_by_timers(&fleet).await;
    let wanted = "timer `match day` set the capacity: from 1 to 3 instances; desired 3, min 1, max 3";
    assert_eq!(told, [("2021-01-01T12:01:00Z".to_owned(), wanted.to_owned())]);
    // The last writer wins.
    stack.done("UpdateFleetCapacity", json!({ "FleetId": fleet, "DesiredInstances": 1 })).await;
    stack.wait_until(&fleet, "2021-01-01T12:30:00Z").await;
    assert_eq!((stack.sizes(&fleet).await, stack.timer_status().await), ([1, 1, 3, 7], 4));
}

#[tokio::test]
async fn s43_timer_by_week() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    stack.done("PutTimerScalingPolicy", weekly(&fleet, "2021-01-05T10:00:00Z", "2021-01-14T00:00:00Z")).await;
    let configuration = stack.timers(json!({})).await[0]["TimerConfiguration"].clone();
    assert_eq!(
        (&configuration["TimerType"], &configuration["TimerValue"]["WeekDays"]),
        (&json!(4), &json!([1, 3]))
    );
    let runs = [
        ("2021-01-05T10:00:00Z", 0),
        ("2021-01-06T09:59:59Z", 0),
        ("2021-01-06T10:00:00Z", 1),
        ("2021-01-11T09:59:59Z", 0),
        ("2021-01-11T10:00:00Z", 1),
        ("2021-01-13T10:00:00Z", 1),
        ("2021-01-14T00:00:00Z", 0),
    ];
    for (time, wanted) in runs {
        // Within the hour in which events are in memory only.
        stack.wait_until(&fleet, time).await;
        let told = stack.told_by_timers(&fleet).await;
        let now = told.iter().filter(|(at, _)| at == time).count();
        assert_eq!(now, wanted, "{time}: {told:?}");
        assert_eq!(stack.timer_status().await, 2, "{time}");
    }
    stack.wait_until(&fleet, "2021-01-14T00:00:01Z").await;
    assert_eq!(stack.timer_status().await, 4);
    stack.wait_until(&fleet, "2021-01-25T00:00:00Z").await;
    assert_eq!((stack.told_by_timers(&fleet).await.len(), stack.timer_status().await), (3, 4));
}

#[tokio::test]
async fn a_timer_is_changed_stopped_and_deleted() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    stack.done("PutTimerScalingPolicy", weekly(&fleet, "2021-01-05T10:00:00Z", "2021-02-01T00:00:00Z")).await;
    // What Describe answers is what Put takes.
    let mut timer = stack.timers(json!({})).await.remove(0);
    timer["TimerStatus"] = 3.into();
    timer["TimerFleetCapacity"]["MinSize"] = Value::Null;
    stack.done("PutTimerScalingPolicy", json!({ "TimerScalingPolicy": timer })).await;
    assert_eq!(stack.timers(json!({ "TimerName": "match day" })).await, [timer.clone()]);
    stack.wait_until(&fleet, "2021-01-06T10:00:00Z").await;
    assert_eq!(stack.told_by_timers(&fleet).await, []);
    timer["TimerStatus"] = 0.into();
    stack.done("PutTimerScalingPolicy", json!({ "TimerScalingPolicy": timer })).await;
    assert_eq!(stack.timer_status().await, 2);
    for window in
        [json!({ "BeginTime": "2021-02-01T00:00:01Z" }), json!({ "EndTime": "2021-01-05T09:59:59.5Z" })]
    {
        assert_eq!(stack.timers(window.clone()).await.len(), 0, "{window}");
    }
    assert_eq!(stack.timers(json!({ "BeginTime": "2021-01-07T00:00:00+08:00" })).await.len(), 1);
    let refused = [
        (json!({}), "InvalidParameter"),
        (json!({ "FleetId": fleet }), "InvalidParameter"),
        (json!({ "TimerName": "match day" }), "InvalidParameter"),
        (json!({ "TimerId": "timerId-9999" }), "ResourceNotFound"),
        (json!({ "TimerId": "timerId-0001", "TimerName": "other" }), "ResourceNotFound"),
    ];
    for (selection, code) in refused {
        assert_eq!(stack.refusal("DeleteTimerScalingPolicy", selection.clone()).await.0, code, "{selection}");
    }
    let named = json!({ "FleetId": fleet, "TimerName": "match day" });
    assert_eq!(stack.done("DeleteTimerScalingPolicy", named).await, json!({}));
    assert_eq!(stack.timers(json!({})).await, [Value::Null; 0]);
}

/// Each line changes one member of a request that is right, and names the code and the member of the refusal.
#[tokio::test]
async fn what_a_timer_cannot_be_is_refused() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let valid = weekly(&fleet, "2021-01-05T10:00:00Z", "2021-02-01T00:00:00Z");
    let policy = "/TimerScalingPolicy";
    let (configuration, capacity) =
        ("/TimerScalingPolicy/TimerConfiguration", "/TimerScalingPolicy/TimerFleetCapacity");
    let (missing, invalid) = ("MissingParameter", "InvalidParameterValue");
    let cases = [
        (policy, "TimerName", Value::Null, missing),
        (policy, "TimerName", "n".repeat(51).into(), invalid),
        (policy, "TimerStatus", 4.into(), invalid),
        (policy, "TimerStatus", 5.into(), invalid),
        (policy, "TimerId", "timerId-9999".into(), "ResourceNotFound"),
        (policy, "TimerConfiguration", Value::Null, missing),
        (policy, "TimerFleetCapacity", Value::Null, missing),
        (configuration, "BeginTime", Value::Null, missing),
        (configuration, "BeginTime", "tomorrow".into(), invalid),
        (configuration, "EndTime", Value::Null, missing),
        (configuration, "EndTime", "2021-01-05T10:00:00Z".into(), invalid),
        (configuration, "TimerType", Value::Null, missing),
        (configuration, "TimerType", 0.into(), invalid),
        (configuration, "TimerType", "TimerTypeYear".into(), "InvalidParameter"),
        (configuration, "TimerValue", Value::Null, missing),
        (configuration, "TimerValue", json!({ "WeekDays": [] }), invalid),
        (configuration, "TimerValue", json!({ "WeekDays": [0] }), invalid),
        (configuration, "TimerValue", json!({ "WeekDays": [8] }), invalid),
        (configuration, "TimerValue", json!({ "WeekDays": [1, 1] }), invalid),
        (capacity, "FleetId", Value::Null, missing),
        (capacity, "FleetId", "fleet-none".into(), "ResourceNotFound"),
        (capacity, "MinSize", (-1).into(), invalid),
        (capacity, "MinSize", 4.into(), invalid),
        (capacity, "MaxSize", 0.into(), invalid),
        (capacity, "MaxSize", 21.into(), "LimitExceeded.InstanceLimitExceeded"),
        (capacity, "DesiredInstances", 4.into(), invalid),
        (capacity, "ScalingInterval", 31.into(), invalid),
        (capacity, "ScalingType", 3.into(), invalid),
        (capacity, "ScalingType", 2.into(), missing),
    ];
    for (parent, member, value, code) in cases {
        let mut request = valid.clone();
        request.pointer_mut(parent).unwrap()[member] = value.clone();
        let refused = stack.refusal("PutTimerScalingPolicy", request).await;
        assert_eq!(refused.0, code, "{member} {value}: {}", refused.1);
    }
    assert_eq!(stack.refusal("PutTimerScalingPolicy", json!({})).await.0, missing);
    let typed = |kind: i64, value: Value| {
        let mut request = valid.clone();
        request["TimerScalingPolicy"]["TimerConfiguration"]["TimerType"] = kind.into();
        request["TimerScalingPolicy"]["TimerConfiguration"]["TimerValue"] = value;
        request
    };
    let values = [
        (2, json!({ "Day": 0 }), invalid),
        (2, json!({}), missing),
        (3, json!({ "FromDay": 0, "ToDay": 3 }), invalid),
        (3, json!({ "FromDay": 3, "ToDay": 32 }), invalid),
        (3, json!({ "FromDay": 4, "ToDay": 3 }), invalid),
        (3, json!({ "FromDay": 4 }), missing),
    ];
    for (kind, value, code) in values {
        let refused = stack.refusal("PutTimerScalingPolicy", typed(kind, value.clone())).await;
        assert_eq!(refused.0, code, "{value}: {}", refused.1);
    }
    let mut target = valid.clone();
    target["TimerScalingPolicy"]["TimerFleetCapacity"]["ScalingType"] = "ScalingTypeAuto".into();
    target["TimerScalingPolicy"]["TimerFleetCapacity"]["TargetConfiguration"] = json!({ "TargetValue": 100 });
    assert_eq!(stack.refusal("PutTimerScalingPolicy", target).await.0, invalid);
    let past = once(&fleet, &Timestamp::from_seconds(NOW - 1).to_iso());
    assert_eq!(stack.refusal("PutTimerScalingPolicy", past).await.0, invalid);
    stack.done("PutTimerScalingPolicy", valid.clone()).await;
    let (code, message) = stack.refusal("PutTimerScalingPolicy", valid).await;
    assert_eq!((code.as_str(), message.contains("TimerName")), (invalid, true), "{message}");
    let unknown = json!({ "FleetId": "fleet-none" });
    assert_eq!(stack.refusal("DescribeTimerScalingPolicies", unknown).await.0, "ResourceNotFound");
    assert_eq!(stack.refusal("DescribeTimerScalingPolicies", json!({ "Limit": 101 })).await.0, invalid);
}

#[tokio::test]
async fn a_copy_has_the_timers_when_they_are_selected() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    stack.done("PutTimerScalingPolicy", weekly(&fleet, "2021-01-05T10:00:00Z", "2021-02-01T00:00:00Z")).await;
    let copy = |selected: &str| json!({ "FleetId": fleet, "CopyNumber": 1, "SelectedTimerType": selected });
    for (selected, count) in [("TIMER_UNSELECTED", 0), ("TIMER_SELECTED", 1)] {
        let answer = stack.done("CopyFleet", copy(selected)).await;
        let copied = answer["FleetAttributes"][0]["FleetId"].clone();
        assert_eq!(stack.timers(json!({ "FleetId": copied })).await.len(), count, "{selected}");
    }
    assert_eq!(stack.timers(json!({ "TimerName": "match day", "Limit": 1, "Offset": 1 })).await.len(), 1);
}
