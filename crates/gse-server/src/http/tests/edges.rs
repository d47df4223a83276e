//! Limits of members to the byte: the conformance cases of cloud-api.md 8 that say "at the limit OK, one more refused".

use serde_json::{Value, json};

use super::stack::Stack;

/// What is sent, and the code that refuses it; "" is a success.
async fn check(stack: &Stack, action: &str, cases: Vec<(&str, Value, &str)>) {
    for (name, body, wanted) in cases {
        let answer = stack.call(action, &body.to_string()).await;
        let code = answer.err().map(|(code, _)| code).unwrap_or_default();
        assert_eq!(code, wanted, "{name}");
    }
}

#[tokio::test]
async fn g04_g05_g07_g08_g09_a_session_at_its_limits() {
    let stack = Stack::start();
    let fleet = stack.fleet(40).await;
    let with = |member: &str, value: Value| {
        let mut request = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 1 });
        request[member] = value;
        request
    };
    let property = |key: usize, value: usize| json!({ "Key": "k".repeat(key), "Value": "v".repeat(value) });
    let properties = |count: usize| {
        let all = (0..count).map(|number| json!({ "Key": format!("k{number}"), "Value": "v" }));
        with("GameProperties", all.collect())
    };
    let refused = "InvalidParameterValue";
    let cases = vec![
        ("16 properties", properties(16), ""),
        ("17 properties", properties(17), refused),
        ("key of 32", with("GameProperties", json!([property(32, 1)])), ""),
        ("key of 33", with("GameProperties", json!([property(33, 1)])), refused),
        ("value of 96", with("GameProperties", json!([property(1, 96)])), ""),
        ("value of 97", with("GameProperties", json!([property(1, 97)])), refused),
        ("token of 48", with("IdempotencyToken", "t".repeat(48).into()), ""),
        ("token of 49", with("IdempotencyToken", "t".repeat(49).into()), refused),
        ("data of 4096", with("GameServerSessionData", "d".repeat(4096).into()), ""),
        ("data of 4097", with("GameServerSessionData", "d".repeat(4097).into()), refused),
        ("name of 1024", with("Name", "n".repeat(1024).into()), ""),
        ("name of 1025", with("Name", "n".repeat(1025).into()), refused),
        ("name of 1026 bytes", with("Name", "房".repeat(342).into()), refused),
        ("nobody", with("MaximumPlayerSessionCount", 0.into()), ""),
        ("200 players", with("MaximumPlayerSessionCount", 200.into()), ""),
        ("201 players", with("MaximumPlayerSessionCount", 201.into()), refused),
    ];
    check(&stack, "CreateGameServerSession", cases).await;
}

#[tokio::test]
async fn g20_g21_g22_a_player_at_its_limits() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let session = stack.session(&fleet, 200).await;
    let join = |player: usize, data: usize| json!({ "GameServerSessionId": session, "PlayerId": "p".repeat(player), "PlayerData": "d".repeat(data) });
    let refused = "InvalidParameterValue";
    let cases = vec![
        ("id of 1024", join(1024, 1), ""),
        ("id of 1025", join(1025, 1), refused),
        ("data of 2048", join(1, 2048), ""),
        ("data of 2049", join(1, 2049), refused),
    ];
    check(&stack, "JoinGameServerSession", cases).await;
    let batch =
        |data: Value| json!({ "GameServerSessionId": session, "PlayerIds": ["ada"], "PlayerDataMap": data });
    let cases = vec![
        ("data of one of them", batch(json!({ "Key": "ada", "Value": "x" })), ""),
        ("data of another", batch(json!({ "Key": "bob", "Value": "x" })), refused),
        ("data as a list", batch(json!([{ "Key": "ada", "Value": "x" }])), "InvalidParameter"),
    ];
    check(&stack, "JoinGameServerSessionBatch", cases).await;
}

#[tokio::test]
async fn p09_numbers_have_no_fraction_no_sign_and_no_exponent() {
    let stack = Stack::start();
    for number in ["1.5", "-1", "1e2", "1.0", "18446744073709551616"] {
        let (code, message) =
            stack.refusal("DescribeFleetAttributes", format!(r#"{{"Limit": {number}}}"#)).await;
        assert!(code == "InvalidParameter" && message.contains("`Limit`"), "{number}: {code}: {message}");
    }
}
