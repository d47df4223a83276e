//! The walkthrough W3 and the scenarios of operations.md 13 in which policies decide how many instances there are.

use serde_json::{Value, json};
use tests::stack::Stack;

use crate::scaled_fleet::ScaledFleet;

/// Policies are asked four times a second, and a minute of a cool-down is a tenth of a second.
const QUICK: &[&str] = &["scaling.tick=250ms", "scaling.minute=100ms", "player.reserve=10m"];

#[test]
fn w3_a_fleet_follows_its_sessions() {
    let stack = Stack::with_settings(QUICK);
    let fleet = ScaledFleet::start(&stack, 10, "", &json!({}));
    fleet.until_ready(1, 10);
    let first = fleet.instances().remove(0);
    // 1
    fleet.call("StartFleetActions", json!({ "Actions": ["AUTO_SCALING"] }));
    fleet.call("UpdateFleetCapacity", json!({ "MinSize": 0, "MaxSize": 3, "ScalingInterval": 3 }));
    fleet.target(30);
    let policy = fleet.call("DescribeScalingPolicies", json!({ "StatusFilter": "ACTIVE" }));
    let policy = &policy["ScalingPolicies"][0];
    assert_eq!(
        (&policy["TargetConfiguration"]["TargetValue"], &policy["Status"]),
        (&json!(30), &json!("ACTIVE"))
    );
    assert!(stack.events(&fleet.id).contains(&"FLEET_SCALING_EVENT".to_owned()));
    // 2
    let mut sessions = fleet.sessions(7);
    fleet.until_held("Hold", 7, 3);
    assert_eq!(fleet.counts()["Desired"], 1);
    // 3
    let scalings =
        |stack: &Stack| stack.events(&fleet.id).iter().filter(|code| *code == "FLEET_SCALING_EVENT").count();
    let before = scalings(&stack);
    sessions.extend(fleet.sessions(1));
    fleet.until_count(&[("Desired", 2), ("Active", 2), ("Idle", 1)]);
    assert_eq!(scalings(&stack), before + 1);
    // 4: longer than two cool-downs of 3 minutes.
    fleet.until_held("Hold", 8, 4);
    // 5
    fleet.finish(&sessions.remove(0));
    fleet.until_held("Hold", 7, 4);
    assert_eq!(fleet.counts()["Desired"], 2);
    // 6
    fleet.finish(&sessions.remove(0));
    let counts = fleet.until_count(&[("Desired", 1), ("Active", 1), ("Terminating", 0)]);
    assert_eq!(counts["Idle"], 0);
    assert_eq!(fleet.instances(), [first]);
    for session in &sessions {
        let row = fleet.session(session);
        assert_eq!((&row["Status"], &row["AvailabilityStatus"]), (&json!("ACTIVE"), &json!("Enable")));
    }
    // What was decided is told in sentences with the numbers.
    let output = stack.gse(&["why", "fleet", &fleet.id]);
    let text =
        String::from_utf8(output.stdout).expect("text").split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "1 scaling policy decides the number",
        "6 of 20 sessions were in use, 70 % free; above the target of 30 %: 1 instance would leave 40 % free: the fleet \
         shrank from 2 to 1 instance",
        "8 of 10 sessions were in use, 20 % free; below the target of 30 %: 2 instances would leave 60 % free: the fleet \
         grew from 1 to 2 instances",
    ] {
        assert!(text.contains(words), "`{words}` is not in {text}");
    }
    // 7
    fleet.call("StopFleetActions", json!({ "Actions": ["AUTO_SCALING"] }));
    let attributes = stack.call("DescribeFleetAttributes", &json!({ "FleetIds": [fleet.id] }));
    assert_eq!(attributes["FleetAttributes"][0]["StoppedActions"], json!(["AUTO_SCALING"]));
    fleet.until_ready(1, 10);
    fleet.sessions(4);
    let why = fleet.why();
    assert_eq!(
        (&why["Mode"], &why["NextEvaluation"], &why["Desired"]),
        (&json!("Manual"), &Value::Null, &json!(1))
    );
    // 8, 9
    let desired = |count: u32| fleet.request(json!({ "DesiredInstances": count }));
    assert_eq!(stack.refused("UpdateFleetCapacity", &desired(4)), "InvalidParameterValue");
    let _ = stack.call("UpdateFleetCapacity", &desired(3));
    assert_eq!(fleet.counts()["Desired"], 3);
    fleet.until_count(&[("Active", 3)]);
}

#[test]
fn s35_an_instance_with_a_session_does_not_leave() {
    let stack = Stack::with_settings(QUICK);
    let fleet = ScaledFleet::start(&stack, 4, "", &json!({}));
    fleet.call("UpdateFleetCapacity", json!({ "MaxSize": 3, "DesiredInstances": 3, "ScalingInterval": 3 }));
    fleet.until_ready(3, 4);
    let instances = fleet.instances();
    let sessions = fleet.spread(&instances);
    fleet.target(25);
    fleet.until_held("Busy", 3, 4);
    assert_eq!(fleet.counts()["Active"], 3);
    fleet.finish(&sessions[1]);
    fleet.until_count(&[("Desired", 2), ("Active", 2), ("Terminating", 0)]);
    assert_eq!(fleet.instances(), [instances[0].clone(), instances[2].clone()]);
    assert_eq!([fleet.status(&sessions[0]), fleet.status(&sessions[2])], ["ACTIVE", "ACTIVE"]);
    // One would do, and neither is unused.
    fleet.until_held("Busy", 2, 2);
}

#[test]
fn s36_without_sessions_one_instance_stays_until_somebody_says_none() {
    let stack = Stack::with_settings(QUICK);
    let fleet = ScaledFleet::start(&stack, 1, "", &json!({}));
    fleet.call("UpdateFleetCapacity", json!({ "MinSize": 0, "MaxSize": 3, "ScalingInterval": 3 }));
    fleet.target(50);
    let session = fleet.sessions(1).remove(0);
    fleet.until_count(&[("Desired", 2), ("Active", 2)]);
    fleet.finish(&session);
    fleet.until_count(&[("Desired", 1), ("Active", 1), ("Terminating", 0)]);
    fleet.until_held("Hold", 0, 4);
    assert_eq!(fleet.counts()["Desired"], 1);
    // F-28.2: with an active policy it would come back.
    fleet.call("UpdateFleetCapacity", json!({ "DesiredInstances": 0 }));
    fleet.until_count(&[("Desired", 1), ("Active", 1)]);
    fleet.call("StopFleetActions", json!({}));
    fleet.call("UpdateFleetCapacity", json!({ "DesiredInstances": 0 }));
    fleet.until_count(&[("Desired", 0), ("Active", 0), ("Terminating", 0)]);
}

/// A minute is five evaluations here, so three are fifteen: there is time to act before they are over.
#[test]
fn s41_a_rule_acts_when_it_was_met_for_its_minutes_in_a_row() {
    let settings = ["scaling.tick=1s", "scaling.minute=5s", "player.reserve=10m"];
    let mut stack = Stack::with_settings(&settings);
    let rule = json!({
        "Name": "crowded", "PolicyType": "RuleBased", "MetricName": "CurrentPlayerSessions",
        "ComparisonOperator": ">=", "Threshold": 5, "EvaluationPeriods": 3,
        "ScalingAdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1,
    });
    let met = |decision: &Value| decision["Evaluation"]["Policies"][0]["Met"].as_u64();
    let times = |decision: &Value| decision["Times"].as_u64().unwrap_or_default();
    let (id, session, kept, fifth, before) = {
        let fleet = ScaledFleet::start(&stack, 1, "", &json!({}));
        fleet.call("UpdateFleetCapacity", json!({ "MaxSize": 5, "ScalingInterval": 30 }));
        fleet.call("PutScalingPolicy", rule);
        let session = fleet.sessions(1).remove(0);
        let mut players: Vec<_> =
            ["a", "b", "c", "d", "e"].iter().map(|name| fleet.player(&session, name)).collect();
        fleet.until_decided(|decision| met(decision) > Some(0));
        drop(players.pop());
        let why = fleet.until_decided(|decision| met(decision) == Some(0));
        assert_eq!(why["Desired"], 1);
        let fifth = fleet.player(&session, "f");
        let why = fleet.until_decided(|decision| met(decision) > Some(0));
        (fleet.id.clone(), session, players, fifth, why["Decisions"][0].clone())
    };
    // How long it was met outlives the service.
    stack.kill_and_restart();
    let fleet = ScaledFleet { stack: &stack, id };
    let why = fleet.until_decided(|decision| decision["To"] == 2);
    let decisions = why["Decisions"].as_array().expect("a list");
    let grown = decisions.iter().position(|one| one["From"] == 1 && one["To"] == 2).expect("it grew");
    let seen = &decisions[grown]["Evaluation"]["Policies"][0];
    assert_eq!((&seen["Met"], &seen["Needed"], &seen["MetricValue"]), (&json!(15), &json!(15), &json!("5")));
    // Together with those before the kill there were no more evaluations than it takes.
    let since = times(&decisions[grown + 1]) - times(&before) + 1;
    assert_eq!(Some(since), met(&before).map(|met| 15 - met), "{why:#}");
    // It is met on and on, and has to wait for the cool-down.
    let why = fleet.until_decided(|decision| decision["Evaluation"]["Verdict"] == "CoolDown");
    assert_eq!((&why["Desired"], &why["Decisions"][0]["Evaluation"]["Wanted"]), (&json!(2), &json!(3)));
    assert_eq!(fleet.status(&session), "ACTIVE");
    drop((kept, fifth));
}

#[test]
fn s44_the_instances_of_a_region_have_a_quota() {
    let stack = Stack::start();
    let one = ScaledFleet::start(&stack, 1, "", &json!({}));
    let asset = stack.call("DescribeFleetAttributes", &json!({ "FleetIds": [one.id] }));
    let asset = asset["FleetAttributes"][0]["AssetId"].as_str().expect("an asset").to_owned();
    let two = ScaledFleet::of(&stack, &asset, 1, "", &json!({}));
    one.call("UpdateFleetCapacity", json!({ "MaxSize": 15 }));
    let most = |count: u32| two.request(json!({ "MaxSize": count }));
    assert_eq!(stack.refused("UpdateFleetCapacity", &most(6)), "LimitExceeded.InstanceLimitExceeded");
    let _ = stack.call("UpdateFleetCapacity", &most(5));
}

/// S-4, through the wire: a fleet that was never ACTIVE has no automatic settings.
#[test]
fn a_fleet_that_is_not_deployed_takes_no_policy() {
    let stack = Stack::start();
    let asset = stack.create_asset(&tests::package::silent(stack.directory()));
    let process = json!({ "LaunchPath": "/local/game/silent", "ConcurrentExecutions": 1 });
    let fleet = stack.create_fleet(&asset, &process);
    let policy = json!({ "FleetId": fleet, "TargetConfiguration": { "TargetValue": 30 } });
    assert_eq!(stack.refused("PutScalingPolicy", &policy), "UnsupportedOperation");
}
