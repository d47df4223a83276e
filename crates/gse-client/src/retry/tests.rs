//! What is repeated and what is not.

use std::time::Duration;

use gse_api::Action;
use serde_json::{Map, Value, json};

use super::{Reach, Retry, again, is_harmless, is_throttled, with_token};

fn members(request: Value) -> Map<String, Value> {
    request.as_object().expect("an object").clone()
}

#[test]
fn pauses_double_until_the_attempts_are_used_up() {
    let pauses: Vec<_> = (1..5).map(|done| Retry::STANDARD.pause(done)).collect();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(pauses, [seconds(1), seconds(2), None, None]);
    assert_eq!(Retry::NEVER.pause(1), None);
    let many = Retry { attempts: u32::MAX, first_pause: Duration::from_secs(1) };
    assert_eq!(many.pause(90), seconds(u64::from(u32::MAX)));
}

#[test]
fn what_may_have_been_done_is_repeated_only_if_that_is_harmless() {
    for (reach, harmless, expected) in [
        (Reach::NothingDone, false, true),
        (Reach::NothingDone, true, true),
        (Reach::Unknown, false, false),
        (Reach::Unknown, true, true),
        (Reach::Final, true, false),
    ] {
        assert_eq!(again(reach, harmless), expected, "{reach:?} {harmless}");
    }
    for (code, expected) in [
        ("RequestLimitExceeded", true),
        ("RequestLimitExceeded.UinLimitExceeded", true),
        ("RequestLimitExceeded.IPLimitExceeded", false),
        ("LimitExceeded", false),
        ("InternalError", false),
    ] {
        assert_eq!(is_throttled(code), expected, "{code}");
    }
}

/// The table of cloud-api.md 4.6.
#[test]
fn harmless_to_repeat() {
    let cases = [
        (Action::DescribeFleetEvents, json!({}), true),
        (Action::UpdateFleetName, json!({}), true),
        (Action::SetServerWeight, json!({}), true),
        (Action::StopFleetActions, json!({}), true),
        (Action::DetachCcnInstances, json!({}), true),
        (Action::AttachCcnInstances, json!({}), false),
        (Action::CreateGameServerSession, json!({"IdempotencyToken": "t"}), true),
        (Action::CreateGameServerSession, json!({"GameServerSessionId": "s"}), true),
        (Action::CreateGameServerSession, json!({"IdempotencyToken": ""}), false),
        (Action::StartGameServerSessionPlacement, json!({"PlacementId": "p"}), false),
        (Action::PutScalingPolicy, json!({"Name": "p"}), true),
        (Action::PutScalingPolicy, json!({}), false),
        (Action::PutTimerScalingPolicy, json!({"TimerScalingPolicy": {"TimerId": "t"}}), true),
        (Action::PutTimerScalingPolicy, json!({"TimerScalingPolicy": {"TimerName": "t"}}), false),
        (Action::UpdateFleetPortSettings, json!({"InboundPermissionAuthorizations": []}), true),
        (Action::UpdateFleetPortSettings, json!({"InboundPermissionRevocations": []}), false),
        (Action::CreateFleet, json!({}), false),
        (Action::CopyFleet, json!({}), false),
        (Action::JoinGameServerSession, json!({}), false),
        (Action::DeleteAlias, json!({}), false),
        (Action::EndGameServerSessionAndProcess, json!({}), false),
        (Action::StopGameServerSessionPlacement, json!({}), false),
    ];
    for (action, request, expected) in cases {
        assert_eq!(is_harmless(action, &members(request.clone())), expected, "{} {request}", action.name());
    }
}

#[test]
fn a_session_gets_a_token_unless_it_has_one() {
    let mut request = members(json!({"FleetId": "f"}));
    with_token(Action::CreateGameServerSession, &mut request, || 0xab);
    assert_eq!(request["IdempotencyToken"], "000000000000000000000000000000ab");
    assert!(is_harmless(Action::CreateGameServerSession, &request));
    let mut request = members(json!({"GameServerSessionId": "mine"}));
    with_token(Action::CreateGameServerSession, &mut request, || 0xab);
    assert!(!request.contains_key("IdempotencyToken"));
    let mut request = members(json!({}));
    with_token(Action::CreateFleet, &mut request, || 0xab);
    assert!(request.is_empty());
}
