//! What operators do to running sessions through the wire.

use serde_json::json;

use super::stack::Stack;

#[tokio::test]
async fn a_session_is_changed() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let session = stack.session(&fleet, 3).await;
    let change = json!({
        "GameServerSessionId": session, "MaximumPlayerSessionCount": 1, "Name": "final",
        "ProtectionPolicy": "FullProtection",
    });
    let changed = stack.done("UpdateGameServerSession", change).await["GameServerSession"].clone();
    assert_eq!((&changed["MaximumPlayerSessionCount"], &changed["Name"]), (&json!(1), &json!("final")));
    assert_eq!((&changed["Status"], &changed["FleetId"]), (&json!("ACTIVE"), &json!(fleet)));
    let query = json!({ "GameServerSessionId": session });
    let details = stack.done("DescribeGameServerSessionDetails", query).await;
    let expected = json!({ "GameServerSession": changed, "ProtectionPolicy": "FullProtection" });
    assert_eq!(details["GameServerSessionDetails"], json!([expected]));
    // G18
    let deny = json!({ "GameServerSessionId": session, "PlayerSessionCreationPolicy": "DENY_ALL" });
    let denied = stack.done("UpdateGameServerSession", deny).await;
    assert_eq!(denied["GameServerSession"]["PlayerSessionCreationPolicy"], "DENY_ALL");
    let join = json!({ "GameServerSessionId": session, "PlayerId": "ada" });
    assert_eq!(stack.refusal("JoinGameServerSession", join).await.0, "UnsupportedOperation");
}

/// G42, G43.
#[tokio::test]
async fn s30_a_session_is_ended_with_its_process() {
    let stack = Stack::start();
    let fleet = stack.fleet(2).await;
    let (first, second) = (stack.session(&fleet, 1).await, stack.session(&fleet, 1).await);
    let end = "EndGameServerSessionAndProcess";
    assert_eq!(stack.done(end, json!({ "GameServerSessionId": first })).await, json!({}));
    let query = json!({ "GameServerSessionId": first });
    let ended = stack.done("DescribeGameServerSessions", query).await["GameServerSessions"][0].clone();
    assert_eq!((&ended["Status"], &ended["StatusReason"]), (&json!("TERMINATED"), &json!("")));
    let killed = json!({ "FleetId": fleet, "EventCode": "SERVER_PROCESS_FORCE_TERMINATED" });
    stack.wait("DescribeFleetEvents", killed, |answer| answer["TotalCount"] == 1).await;
    // Ended already: a success that changes nothing.
    stack.done(end, json!({ "GameServerSessionId": first })).await;

    let protect = json!({ "GameServerSessionId": second, "ProtectionPolicy": "FullProtection" });
    let protected = stack.done("UpdateGameServerSession", protect).await["GameServerSession"].clone();
    let address = |port: &serde_json::Value| json!({ "IpAddress": "127.0.0.1", "Port": port });
    let refused = [
        (json!({ "GameServerSessionId": second }), "FailedOperation", "FullProtection"),
        (address(&protected["Port"]), "FailedOperation", "FullProtection"),
        (address(&ended["Port"]), "InvalidParameterValue", "127.0.0.1"),
        (address(&json!(1024)), "InvalidParameterValue", "Port"),
        (json!({ "IpAddress": "127.0.0.1" }), "MissingParameter", "Port"),
        (json!({ "Port": 6000 }), "MissingParameter", "IpAddress"),
        (json!({}), "MissingParameter", "GameServerSessionId"),
        (json!({ "GameServerSessionId": "nope" }), "InvalidParameterValue", "`nope`"),
        (json!({ "GameServerSessionId": 7 }), "InvalidParameter", "GameServerSessionId"),
    ];
    for (body, code, named) in refused {
        let (found, message) = stack.refusal(end, &body).await;
        assert!(found == code && message.contains(named), "{body}: {found} {message}");
    }
    let release = json!({ "GameServerSessionId": second, "ProtectionPolicy": "NoProtection" });
    stack.done("UpdateGameServerSession", release).await;
    assert_eq!(stack.done(end, address(&protected["Port"])).await, json!({}));
    let query = json!({ "GameServerSessionId": second });
    let ended = stack.done("DescribeGameServerSessions", query).await;
    assert_eq!(ended["GameServerSessions"][0]["Status"], "TERMINATED");
}

#[tokio::test]
async fn refusals_of_changing_a_session() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let session = stack.session(&fleet, 1).await;
    let update = "UpdateGameServerSession";
    let cases = [
        (json!({ "GameServerSessionId": "nope" }), "ResourceNotFound", "`nope`"),
        (
            json!({ "GameServerSessionId": session, "MaximumPlayerSessionCount": 201 }),
            "InvalidParameterValue",
            "MaximumPlayerSessionCount",
        ),
        (
            json!({ "GameServerSessionId": session, "ProtectionPolicy": "Some" }),
            "InvalidParameterValue",
            "ProtectionPolicy",
        ),
    ];
    for (body, code, named) in cases {
        let (found, message) = stack.refusal(update, &body).await;
        assert!(found == code && message.contains(named), "{body}: {found} {message}");
    }
    stack.done("EndGameServerSessionAndProcess", json!({ "GameServerSessionId": session })).await;
    let body = json!({ "GameServerSessionId": session });
    assert_eq!(stack.refusal(update, &body).await.0, "ResourceUnavailable");
    // In the archive it is still over, and not unknown (R27).
    stack.clock.set(stack.clock.now().plus(std::time::Duration::from_secs(2 * 3600)));
    stack.done("CreateGameServerSessionQueue", json!({ "Name": "anything" })).await;
    assert_eq!(stack.refusal(update, &body).await.0, "ResourceUnavailable");
    assert_eq!(stack.done("EndGameServerSessionAndProcess", body).await, json!({}));
}

/// The whole of S25: the period is whole minutes, so it passes on a clock that the test sets.
#[tokio::test]
async fn s25_creator_limit() {
    let stack = Stack::start();
    let fleet = stack.fleet(6).await;
    let create = |creator: &str| {
        json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 2, "CreatorId": creator }).to_string()
    };
    for creator in ["c1", "c1", "c2"] {
        stack.done("CreateGameServerSession", create(creator)).await;
    }
    assert_eq!(stack.refusal("CreateGameServerSession", create("c1")).await.0, "LimitExceeded");
    let nobody = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 2 });
    stack.done("CreateGameServerSession", nobody).await;
    stack.clock.set(stack.clock.now().plus(std::time::Duration::from_secs(3 * 60 + 1)));
    stack.done("CreateGameServerSession", create("c1")).await;
}
