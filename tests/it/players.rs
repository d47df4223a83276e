//! At the game's own port: a player session id is the proof of a seat.

use serde_json::{Value, json};
use tests::client::Client;
use tests::stack::Stack;

use crate::hosting::stack_with_fleet;

fn status(stack: &Stack, player_session: &Value) -> String {
    let request = json!({"PlayerSessionId": player_session["PlayerSessionId"]});
    let answer = stack.call("DescribePlayerSessions", &request);
    answer["PlayerSessions"][0]["Status"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_forged_player_session_id_is_refused_and_the_seat_stays_reserved() {
    let (stack, fleet) = stack_with_fleet(1);
    let session = stack.active_session(&fleet, 2);
    let join = |player: &str| {
        stack.call("JoinGameServerSession", &json!({"GameServerSessionId": session, "PlayerId": player}))["PlayerSession"].clone()
    };
    let ada = join("ada");
    let right = ada["PlayerSessionId"].as_str().expect("a player session has an id");

    // As long as the right one, and with its prefix: only the secret part differs.
    let last = if right.ends_with('0') { '1' } else { '0' };
    let forged: String = right.chars().take(right.chars().count() - 1).chain([last]).collect();
    let mut forger = Client::connect(&stack, &ada, &forged);
    let end = forger.event("ended");
    assert_eq!(end["outcome"], "refused", "{end}");
    assert!(!forger.ended().success(), "a refused client ends with a failure");
    assert_eq!(status(&stack, &ada), "RESERVED", "the seat still waits for its player");

    let mut player = Client::connect(&stack, &ada, right);
    assert_eq!(player.event("joined")["player_id"], "ada");
    assert_eq!(status(&stack, &ada), "ACTIVE");
}

#[test]
fn a_seat_can_be_taken_only_once() {
    let (stack, fleet) = stack_with_fleet(1);
    let session = stack.active_session(&fleet, 2);
    let request = json!({"GameServerSessionId": session, "PlayerId": "ada"});
    let ada = stack.call("JoinGameServerSession", &request)["PlayerSession"].clone();
    let right = ada["PlayerSessionId"].as_str().expect("a player session has an id");

    let mut player = Client::connect(&stack, &ada, right);
    assert_eq!(player.event("joined")["player_id"], "ada");
    let mut again = Client::connect(&stack, &ada, right);
    assert_eq!(again.event("ended")["outcome"], "refused");
    assert_eq!(status(&stack, &ada), "ACTIVE", "the first player goes on");
}
