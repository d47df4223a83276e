//! Scaling policies, as a client sees them (cloud-api.md 2.4, R16 to R20).

use serde_json::{Value, json};

use super::stack::Stack;

impl Stack {
    async fn policies(&self, fleet: &str) -> Vec<Value> {
        let answer = self.done("DescribeScalingPolicies", json!({ "FleetId": fleet })).await;
        let policies = answer["ScalingPolicies"].as_array().unwrap().clone();
        assert_eq!(answer["TotalCount"], policies.len());
        policies
    }
}

fn target(fleet: &str, percent: u32) -> Value {
    json!({
        "FleetId": fleet, "Name": "buffer", "PolicyType": "TargetBased",
        "MetricName": "PercentAvailableGameServerSessions", "TargetConfiguration": { "TargetValue": percent },
    })
}

fn rule(fleet: &str, name: &str) -> Value {
    json!({
        "FleetId": fleet, "Name": name, "PolicyType": "RuleBased", "MetricName": "AvailableGameServerSessions",
        "ComparisonOperator": "<", "Threshold": 10.0, "EvaluationPeriods": 5,
        "ScalingAdjustmentType": "ChangeInCapacity", "ScalingAdjustment": -1,
    })
}

#[tokio::test]
async fn r16_r17_r19_policies_are_described_as_texts() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    assert_eq!(stack.done("PutScalingPolicy", target(&fleet, 30)).await, json!({ "Name": "buffer" }));
    assert_eq!(stack.done("PutScalingPolicy", rule(&fleet, "few")).await, json!({ "Name": "few" }));
    let described = json!([
        {
            "FleetId": fleet, "Name": "buffer", "Status": "ACTIVE", "PolicyType": "TargetBased",
            "MetricName": "PercentAvailableGameSessions", "TargetConfiguration": { "TargetValue": 30 },
            "ComparisonOperator": "", "Threshold": "", "EvaluationPeriods": "", "ScalingAdjustment": "",
            "ScalingAdjustmentType": "",
        },
        {
            "FleetId": fleet, "Name": "few", "Status": "ACTIVE", "PolicyType": "RuleBased",
            "MetricName": "AvailableGameServerSessions", "TargetConfiguration": null,
            "ComparisonOperator": "<", "Threshold": "10", "EvaluationPeriods": "5", "ScalingAdjustment": "-1",
            "ScalingAdjustmentType": "ChangeInCapacity",
        },
    ]);
    assert_eq!(Value::from(stack.policies(&fleet).await), described);
    // Another name, no type and the other spelling of the metric: the first one is gone all the same.
    let other = json!({ "FleetId": fleet, "Name": "other", "TargetConfiguration": { "TargetValue": 40 },
        "MetricName": "PercentAvailableGameSessions" });
    stack.done("PutScalingPolicy", other).await;
    let policies = stack.policies(&fleet).await;
    let names: Vec<&Value> = policies.iter().map(|policy| &policy["Name"]).collect();
    assert_eq!(names, ["few", "other"]);
    let mut decimal = rule(&fleet, "few");
    decimal["Threshold"] = json!(1.5);
    decimal["MetricName"] = "PercentAvailableGameSessions".into();
    stack.done("PutScalingPolicy", decimal).await;
    let changed = &stack.policies(&fleet).await[0];
    assert_eq!(
        (&changed["Threshold"], &changed["MetricName"]),
        (&json!("1.5"), &json!("PercentAvailableGameServerSessions"))
    );
    let page = json!({ "StatusFilter": "ACTIVE", "Limit": 1, "Offset": 1 });
    let page = stack.done("DescribeScalingPolicies", page).await;
    assert_eq!((&page["ScalingPolicies"][0]["Name"], &page["TotalCount"]), (&json!("other"), &json!(2)));
}

#[tokio::test]
async fn r20_policies_are_deleted_by_name_or_all() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    for name in ["a", "b", "c"] {
        stack.done("PutScalingPolicy", rule(&fleet, name)).await;
    }
    stack.done("DeleteScalingPolicy", json!({ "FleetId": fleet, "Name": "b" })).await;
    let (code, message) =
        stack.refusal("DeleteScalingPolicy", json!({ "FleetId": fleet, "Name": "b" })).await;
    assert!(code == "ResourceNotFound" && message.contains("`b`"), "{code}: {message}");
    assert_eq!(stack.policies(&fleet).await.len(), 2);
    for _ in 0..2 {
        assert_eq!(
            stack.done("DeleteScalingPolicy", json!({ "FleetId": fleet, "Name": "" })).await,
            json!({})
        );
        assert_eq!(stack.policies(&fleet).await.len(), 0);
    }
}

#[tokio::test]
async fn policies_that_cannot_be_put_say_why() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let with = |changes: Value| {
        let mut body = rule(&fleet, "r");
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let cases = [
        (rule("fleet-none", "r"), "ResourceNotFound"),
        (with(json!({ "Threshold": null })), "InvalidParameter"),
        (with(json!({ "Threshold": 1e300 })), "InvalidParameterValue"),
        (with(json!({ "ScalingAdjustment": 21 })), "InvalidParameterValue"),
        (with(json!({ "ComparisonOperator": "!=" })), "InvalidParameterValue"),
        (target(&fleet, 100), "InvalidParameterValue"),
    ];
    for (body, wanted) in cases {
        let (code, message) = stack.refusal("PutScalingPolicy", &body).await;
        assert_eq!(code, wanted, "{body}: {message}");
    }
    for number in 0..50 {
        stack.done("PutScalingPolicy", rule(&fleet, &number.to_string())).await;
    }
    let (code, message) = stack.refusal("PutScalingPolicy", rule(&fleet, "x")).await;
    assert!(code == "LimitExceeded" && message.contains("50"), "{code}: {message}");
    for action in ["DescribeScalingPolicies", "DeleteScalingPolicy"] {
        assert_eq!(stack.refusal(action, json!({ "FleetId": "fleet-none" })).await.0, "ResourceNotFound");
    }
}

async fn explained(stack: &Stack, fleet: &str) -> Result<Value, super::stack::Refused> {
    let body = json!({ "FleetId": fleet }).to_string();
    let mut request = stack.signed("ExplainFleetCapacity", &body);
    *request.uri_mut() = "/opengse/ExplainFleetCapacity".parse().unwrap();
    super::stack::answer(stack.send(request).await).await
}

/// The decisions and their numbers, by the door beside the cloud API.
#[tokio::test]
async fn why_there_are_so_many_instances_is_told_with_numbers() {
    let stack = Stack::start();
    let fleet = stack.fleet(10).await;
    let unlimited = json!({ "FleetId": fleet, "ResourceCreationLimitPolicy": {
        "NewGameServerSessionsPerCreator": 0, "PolicyPeriodInMinutes": 3 } });
    stack.done("UpdateFleetAttributes", unlimited).await;
    stack.done("UpdateFleetCapacity", json!({ "FleetId": fleet, "MaxSize": 3 })).await;
    let alone = explained(&stack, &fleet).await.unwrap();
    assert_eq!((&alone["Mode"], &alone["Desired"]), (&json!("NoPolicy"), &json!(1)));
    for _ in 0..8 {
        let session = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 2 });
        stack.done("CreateGameServerSession", session).await;
    }
    stack.done("PutScalingPolicy", target(&fleet, 30)).await;
    // The policies are asked at once, in a step of its own.
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    let answer = loop {
        let answer = explained(&stack, &fleet).await.unwrap();
        if answer["Desired"] == 2 {
            break answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "{answer}");
        tokio::task::yield_now().await;
    };
    let decision = &answer["Decisions"][0];
    assert_eq!(
        (&decision["From"], &decision["To"], &decision["By"]),
        (&json!(1), &json!(2), &json!("Policies"))
    );
    let seen = &decision["Evaluation"];
    let wanted = json!({
        "Verdict": "Grow", "Wanted": 2, "Min": 0, "Max": 3, "Instances": 1, "Idle": 0, "Pending": 0, "Reserved": 0,
        "Terminating": 0, "ProcessesPerInstance": 10, "GameServerSessions": 8, "AvailableGameServerSessions": 2,
        "CurrentPlayerSessions": 0,
        "Policies": [{
            "Name": "buffer", "PolicyType": "TargetBased", "TargetValue": 30, "GrowBelow": 2, "ShrinkAbove": 2,
            "MetricName": "", "MetricValue": "", "ComparisonOperator": "", "Threshold": "", "Met": 0, "Needed": 0,
            "Wanted": 0,
        }],
    });
    assert_eq!(*seen, wanted);
    assert_eq!(
        decision["Text"],
        "at 12:00:00 8 of 10 sessions were in use, 20 % free; below the target of 30 %: 2 instances would leave 60 % \
         free: the fleet grew from 1 to 2 instances"
    );
    assert_eq!(answer["CoolDownUntil"], "2021-01-01T12:10:00Z");
    assert_eq!(answer["Mode"], "Policies");
    let (code, _) = explained(&stack, "fleet-none").await.unwrap_err();
    assert_eq!(code, "ResourceNotFound");
}
