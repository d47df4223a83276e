//! The scenarios of operations.md 13 about instances that leave while sessions run on them, and those that stay.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::stack::Stack;

use crate::scaled_fleet::ScaledFleet;

/// The deadline of NoProtection; five minutes of a time limit are as long.
const QUICK: &[&str] = &["protection.none=2s", "protection.minute=400ms"];

/// Two instances with a session each; the younger one is to leave, because it is the lighter one.
fn two_instances<'a>(stack: &'a Stack, habits: &str, more: &Value) -> (ScaledFleet<'a>, [String; 2]) {
    let fleet = ScaledFleet::start(stack, 1, habits, more);
    fleet.call("UpdateFleetCapacity", json!({ "MaxSize": 2, "DesiredInstances": 2 }));
    fleet.until_ready(2, 1);
    let instances = fleet.instances();
    let sessions = fleet.spread(&instances);
    fleet.weigh(&instances[1], 1);
    let [stays, leaves] = [sessions[0].clone(), sessions[1].clone()];
    (fleet, [stays, leaves])
}

/// Looks again and again that something does not happen; more often would only be load.
fn stays_so(time: Duration, look: impl Fn()) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        look();
        std::thread::sleep(Duration::from_millis(250));
    }
    look();
}

fn shrink(fleet: &ScaledFleet<'_>) {
    fleet.call("UpdateFleetCapacity", json!({ "DesiredInstances": 1 }));
}

fn leaves_as_error(fleet: &ScaledFleet<'_>, [stays, leaves]: &[String; 2]) {
    let killed = fleet.until_status(leaves, "ERROR");
    let reason = killed["StatusReason"].as_str().unwrap_or_default();
    // G8, R68
    assert!(reason.starts_with("SERVER_PROCESS_FORCE_TERMINATED"), "{reason}");
    fleet.until_count(&[("Active", 1), ("Terminating", 0)]);
    assert_eq!(fleet.status(stays), "ACTIVE");
}

#[test]
fn s37_full_protection_keeps_an_instance_until_its_session_ends() {
    let stack = Stack::with_settings(QUICK);
    let more = json!({ "NewGameServerSessionProtectionPolicy": "FullProtection" });
    let (fleet, [stays, leaves]) = two_instances(&stack, "ignores-terminate", &more);
    let player = fleet.player(&leaves, "early");
    shrink(&fleet);
    fleet.until_count(&[("Active", 1), ("Terminating", 1)]);
    let row = fleet.session(&leaves);
    assert_eq!((&row["Status"], &row["AvailabilityStatus"]), (&json!("ACTIVE"), &json!("Disable")));
    let late = json!({ "GameServerSessionId": leaves, "PlayerId": "late" });
    assert_eq!(stack.refused("JoinGameServerSession", &late), "ResourceUnavailable");
    // Three times as long as an unprotected one may stay.
    stays_so(Duration::from_secs(6), || {
        assert_eq!(fleet.status(&leaves), "ACTIVE");
        assert_eq!(fleet.counts()["Terminating"], 1);
    });
    // S-25: growing again does not bring it back.
    fleet.call("UpdateFleetCapacity", json!({ "DesiredInstances": 2 }));
    fleet.until_count(&[("Active", 2), ("Terminating", 1)]);
    drop(player);
    fleet.until_status(&leaves, "TERMINATED");
    fleet.until_count(&[("Active", 2), ("Terminating", 0)]);
    assert_eq!(fleet.status(&stays), "ACTIVE");
}

#[test]
fn s38_a_time_limit_ends_a_session_at_its_time() {
    let stack = Stack::with_settings(&["protection.none=1h", "protection.minute=400ms"]);
    let more = json!({
        "NewGameServerSessionProtectionPolicy": "TimeLimitProtection", "GameServerSessionProtectionTimeLimit": 5,
    });
    let (fleet, sessions) = two_instances(&stack, "ignores-terminate", &more);
    let told = Instant::now();
    shrink(&fleet);
    leaves_as_error(&fleet, &sessions);
    assert!(told.elapsed() >= Duration::from_secs(2), "it had five minutes of 400 ms: {:?}", told.elapsed());
}

#[test]
fn s39_without_protection_a_process_that_goes_on_is_killed() {
    let stack = Stack::with_settings(QUICK);
    let (fleet, sessions) = two_instances(&stack, "ignores-terminate", &json!({}));
    let told = Instant::now();
    shrink(&fleet);
    leaves_as_error(&fleet, &sessions);
    assert!(told.elapsed() >= Duration::from_secs(2), "it had two seconds: {:?}", told.elapsed());
}

/// The deadline is an hour away, so what goes before it goes by itself.
#[test]
fn s39_a_process_that_honours_the_request_goes_within_seconds() {
    let stack = Stack::with_settings(&["protection.none=1h"]);
    let (fleet, [stays, leaves]) = two_instances(&stack, "", &json!({}));
    shrink(&fleet);
    fleet.until_status(&leaves, "TERMINATED");
    fleet.until_count(&[("Active", 1), ("Terminating", 0)]);
    assert_eq!(fleet.status(&stays), "ACTIVE");
}

#[test]
fn s40_one_session_may_be_protected_by_itself() {
    let stack = Stack::with_settings(QUICK);
    let fleet = ScaledFleet::start(&stack, 2, "ignores-terminate", &json!({}));
    fleet.until_ready(1, 2);
    let sessions = fleet.sessions(2);
    let protect = json!({ "GameServerSessionId": sessions[0], "ProtectionPolicy": "FullProtection" });
    let _ = stack.call("UpdateGameServerSession", &protect);
    let player = fleet.player(&sessions[0], "early");
    fleet.call("UpdateFleetCapacity", json!({ "MinSize": 0, "DesiredInstances": 0 }));
    fleet.until_status(&sessions[1], "ERROR");
    // The other one was due at the same moment.
    stays_so(Duration::from_secs(1), || assert_eq!(fleet.status(&sessions[0]), "ACTIVE"));
    fleet.until_count(&[("Desired", 0), ("Active", 0), ("Terminating", 1)]);
    drop(player);
    fleet.until_status(&sessions[0], "TERMINATED");
    fleet.until_count(&[("Terminating", 0)]);
}

#[test]
fn s45_a_reserved_instance_is_left_alone_and_replaced() {
    let stack =
        Stack::with_settings(&["scaling.tick=250ms", "scaling.minute=100ms", "launch.backoff.first=100ms"]);
    let fleet = ScaledFleet::start(&stack, 2, "", &json!({}));
    fleet.until_ready(1, 2);
    let kept = fleet.instances().remove(0);
    let session = fleet.sessions(1).remove(0);
    fleet.call("UpdateFleetCapacity", json!({ "MaxSize": 2, "ScalingInterval": 3 }));
    fleet.call("SetServerReserved", json!({ "InstanceId": kept, "ReserveValue": 1 }));
    // A replacement comes, and takes what comes.
    fleet.until_ready(2, 2);
    let _ = fleet.sessions(2);
    let request = fleet.request(json!({ "MaximumPlayerSessionCount": 2 }));
    assert_eq!(stack.refused("CreateGameServerSession", &request), "ResourceInsufficient");
    // A process that ends on it is not started again.
    let _ = stack.call("EndGameServerSessionAndProcess", &json!({ "GameServerSessionId": session }));
    let on_kept = |answer: &Value| {
        let rows = answer["Instances"].as_array().cloned().unwrap_or_default();
        let row =
            rows.into_iter().find(|row| row["Instance"]["InstanceId"] == kept.as_str()).unwrap_or_default();
        [row["ActiveProcessCnt"].clone(), row["GameSessionCnt"].clone()]
    };
    stack.until("DescribeInstancesExtend", &fleet.page(), |answer| on_kept(answer) == [1, 0]);
    // Everything else leaves, and it is not chosen.
    fleet.call("StopFleetActions", json!({}));
    fleet.call("UpdateFleetCapacity", json!({ "MinSize": 0, "DesiredInstances": 0 }));
    fleet.until_count(&[("Desired", 0), ("Active", 1), ("Terminating", 0)]);
    assert_eq!(fleet.instances(), std::slice::from_ref(&kept));
    assert_eq!(on_kept(&stack.call("DescribeInstancesExtend", &fleet.page())), [1, 0]);
    fleet.call("SetServerReserved", json!({ "InstanceId": kept, "ReserveValue": 0 }));
    fleet.until_count(&[("Active", 0), ("Terminating", 0)]);
}
