//! What is past a limit is refused in the normal envelope, and what is within it is served.

use std::time::Duration;

use gse_api::admission::AuthMode;
use gse_api::rate_limit::Factor;
use gse_core::time::Timestamp;
use http_body_util::BodyExt as _;
use serde_json::json;

use super::stack::{NOW, Stack, answer};

const TOO_MANY: &str = "RequestLimitExceeded";

fn limited(factor: f64) -> Stack {
    Stack::start_with(AuthMode::Required, |config| config.limits.rate = Factor::new(factor))
}

fn alias(number: u32) -> serde_json::Value {
    let strategy = json!({ "Type": "TERMINAL", "Message": "closed" });
    json!({ "Name": format!("alias{number}"), "Description": "x".repeat(1000), "RoutingStrategy": strategy })
}

#[tokio::test]
async fn an_action_past_its_rate_is_refused_until_the_second_is_over() {
    let stack = limited(0.1);
    for _ in 0..2 {
        stack.done("ListAliases", "{}").await;
    }
    let (code, message) = stack.refusal("ListAliases", "{}").await;
    assert_eq!(code, TOO_MANY);
    assert!(message.contains("`ListAliases`") && message.contains("2 times a second"), "{message}");
    stack.done("DescribeFleetAttributes", "{}").await;
    stack.clock.set(Timestamp::from_seconds(NOW + 1));
    stack.done("ListAliases", "{}").await;
}

/// Steps 1 to 11 come before: who does not know the key cannot use up the rate of who does.
#[tokio::test]
async fn a_call_that_is_not_admitted_does_not_count() {
    let stack = limited(0.05);
    for _ in 0..5 {
        let mut request = stack.signed("ListAliases", "{}");
        *request.body_mut() = r#"{"Name":"x"}"#.into();
        assert_eq!(answer(stack.send(request).await).await.unwrap_err().0, "AuthFailure.SignatureFailure");
    }
    stack.done("ListAliases", "{}").await;
    assert_eq!(stack.refusal("ListAliases", "{}").await.0, TOO_MANY);
}

/// Step 12 comes before the body.
#[tokio::test]
async fn a_refusal_for_the_rate_comes_before_the_members() {
    let stack = limited(0.05);
    assert_eq!(stack.refusal("DeleteFleet", "{}").await.0, "MissingParameter");
    assert_eq!(stack.refusal("DeleteFleet", "{}").await.0, TOO_MANY);
}

#[tokio::test]
async fn rates_are_not_limited_unless_somebody_says_so() {
    let stack = Stack::start();
    for _ in 0..50 {
        stack.done("ListAliases", "{}").await;
    }
}

fn one_at_a_time(wait: Duration) -> Stack {
    Stack::start_with(AuthMode::Required, |config| {
        config.limits.calls = 1;
        config.limits.calls_wait = wait;
    })
}

#[tokio::test]
async fn one_call_more_than_may_be_worked_on_is_refused_when_it_has_waited() {
    let stack = one_at_a_time(Duration::from_millis(1));
    let room = stack.api.gate.call().await.unwrap();
    let (code, message) = stack.refusal("ListAliases", "{}").await;
    assert!(code == TOO_MANY && message.contains("call again later"), "{code}: {message}");
    drop(room);
    stack.done("ListAliases", "{}").await;
    stack.done("ListAliases", "{}").await;
}

#[tokio::test]
async fn a_call_whose_turn_comes_is_served() {
    let stack = one_at_a_time(Duration::from_secs(3600));
    let room = stack.api.gate.call().await.unwrap();
    let mut call = std::pin::pin!(stack.done("ListAliases", "{}"));
    tokio::select! {
        biased;
        _ = &mut call => panic!("there is no room for it"),
        () = std::future::ready(()) => {}
    }
    drop(room);
    call.await;
}

#[tokio::test]
async fn large_bodies_share_a_room_and_small_ones_need_none() {
    let stack = Stack::start_with(AuthMode::Required, |config| config.limits.held_bytes = 300 << 10);
    let large = format!("{}{}", "{}", " ".repeat(100 << 10));
    stack.done("ListAliases", &large).await;
    let room = stack.api.gate.hold(100 << 10).unwrap();
    assert_eq!(stack.refusal("ListAliases", &large).await.0, TOO_MANY);
    stack.done("ListAliases", "{}").await;
    drop(room);
    stack.done("ListAliases", &large).await;
}

#[tokio::test]
async fn a_large_answer_is_whole_and_takes_room_until_it_is_sent() {
    let stack = Stack::start_with(AuthMode::Required, |config| {
        config.limits.held_bytes = 300 << 10;
        config.quotas.aliases = 100;
    });
    for number in 0..100 {
        stack.done("CreateAlias", alias(number)).await;
    }
    let list = json!({ "Limit": 100 }).to_string();
    let aliases = stack.done("ListAliases", &list).await;
    assert_eq!(aliases["Aliases"].as_array().map(Vec::len), Some(100));

    // Two that nobody reads fill the room; a third finds none, and a small answer needs none.
    let mut unread = Vec::new();
    for _ in 0..2 {
        let response = stack.send(stack.signed("ListAliases", &list)).await;
        assert!(hyper::body::Body::size_hint(response.body()).exact().unwrap() > 100 << 10);
        unread.push(response);
    }
    assert_eq!(stack.refusal("ListAliases", &list).await.0, TOO_MANY);
    stack.done("ListAliases", json!({ "Limit": 1 })).await;
    let bytes = unread.remove(0).into_body().collect().await.unwrap().to_bytes();
    assert!(bytes.ends_with(b"}}"), "the answer is whole");
    stack.done("ListAliases", &list).await;
}
