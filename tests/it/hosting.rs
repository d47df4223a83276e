//! A fleet with one process: what it can host, and what it cannot.

use serde_json::{Value, json};
use tests::package;
use tests::stack::Stack;

/// A stack with an ACTIVE fleet of `processes` game servers.
pub(crate) fn stack_with_fleet(processes: u32) -> (Stack, String) {
    let stack = Stack::start();
    let asset = stack.create_asset(&package::game_server(stack.directory()));
    let fleet = stack.create_fleet(&asset, &process(processes));
    stack.active(&fleet);
    (stack, fleet)
}

/// The game server, hosting matches.
pub(crate) fn process(executions: u32) -> Value {
    json!({
        "LaunchPath": "/local/game/game-server", "Parameters": "--host match", "ConcurrentExecutions": executions,
    })
}

#[test]
fn a_fleet_without_a_free_process_refuses_a_session() {
    let (stack, fleet) = stack_with_fleet(1);
    let session = stack.active_session(&fleet, 2);
    let request = json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2});
    assert_eq!(stack.refused("CreateGameServerSession", &request), "ResourceInsufficient");

    let answer = stack.call("DescribeGameServerSessions", &json!({"FleetId": fleet}));
    let sessions = answer["GameServerSessions"].as_array().expect("sessions are a list");
    assert_eq!(sessions.len(), 1, "the refused session left no trace");
    assert_eq!(sessions[0]["GameServerSessionId"], session.as_str());
}

#[test]
fn a_full_session_refuses_a_player() {
    let (stack, fleet) = stack_with_fleet(1);
    let session = stack.active_session(&fleet, 1);
    let join = |player: &str| json!({"GameServerSessionId": session, "PlayerId": player});
    let first = stack.call("JoinGameServerSession", &join("ada"));
    assert_eq!(first["PlayerSession"]["Status"], "RESERVED");
    assert_eq!(stack.refused("JoinGameServerSession", &join("ben")), "ResourceInsufficient");

    let both = json!({"GameServerSessionId": session, "PlayerIds": ["ben", "cleo"]});
    assert_eq!(stack.refused("JoinGameServerSessionBatch", &both), "ResourceInsufficient");
    let answer = stack.call("DescribePlayerSessions", &json!({"GameServerSessionId": session}));
    assert_eq!(answer["PlayerSessions"].as_array().map(Vec::len), Some(1), "a refused player holds no seat");
}
