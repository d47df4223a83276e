//! Watching a match: the state that players see, no seat, and no harm to anybody.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::client::Client;
use tests::stack::Stack;

use crate::hosting::stack_with_fleet;

const KEY: &str = "0123456789abcdef-watch";

/// A match of two that can be watched, as the service describes it once it is ACTIVE.
fn watched_session(stack: &Stack, fleet: &str) -> Value {
    let property = |(key, value): (&str, &str)| json!({"Key": key, "Value": value});
    let rules = [("players", "2"), ("match_ticks", "600"), ("score_to_win", "9999"), ("spectator_key", KEY)];
    let request = json!({
        "FleetId": fleet, "MaximumPlayerSessionCount": 2, "GameProperties": rules.map(property),
    });
    let created = stack.call("CreateGameServerSession", &request);
    let id = json!({"GameServerSessionId": created["GameServerSession"]["GameServerSessionId"]});
    let described = |answer: &Value| -> Value { answer["GameServerSessions"][0].clone() };
    let active =
        stack.until("DescribeGameServerSessions", &id, |answer| described(answer)["Status"] == "ACTIVE");
    described(&active)
}

/// Who has a seat, by the service's word.
fn seats(stack: &Stack, session: &Value) -> Vec<String> {
    let request = json!({"GameServerSessionId": session["GameServerSessionId"]});
    let answer = stack.call("DescribePlayerSessions", &request);
    let players = answer["PlayerSessions"].as_array().map_or(&[][..], Vec::as_slice).iter();
    let mut names: Vec<String> =
        players.map(|player| player["PlayerId"].as_str().unwrap_or_default().to_owned()).collect();
    names.sort();
    names
}

/// The hashes of the match's state, by tick.
fn states(ended: &Value) -> BTreeMap<String, Value> {
    let states = ended["states"].as_object().expect("a report has states");
    states.iter().map(|(tick, hash)| (tick.clone(), hash.clone())).collect()
}

#[test]
fn a_spectator_sees_what_players_see_and_has_no_seat() {
    let (stack, fleet) = stack_with_fleet(1);
    let session = watched_session(&stack, &fleet);

    let mut stranger = Client::watch(&stack, &session, "0123456789abcdef-wrong", "stranger");
    let refused = stranger.event("ended");
    assert_eq!(refused["outcome"], "refused", "{refused}");
    let reason = refused["reason"].as_str().expect("a refusal has a reason");
    assert_eq!(
        reason,
        "the server refused the join: this session has no spectators with this key\nhint: ask who made it"
    );
    assert!(!stranger.ended().success(), "who was refused has failed");

    let mut spectator = Client::watch(&stack, &session, KEY, "spectator");
    let mut passer_by = Client::watch(&stack, &session, KEY, "passer-by");
    for watching in [&mut spectator, &mut passer_by] {
        assert_eq!(watching.event("watching")["hosting"], "match");
    }
    assert_eq!(seats(&stack, &session), [""; 0], "watching takes no seat");

    let mut players = ["ada", "ben"].map(|player| {
        let request = json!({"GameServerSessionId": session["GameServerSessionId"], "PlayerId": player});
        let seat = stack.call("JoinGameServerSession", &request)["PlayerSession"].clone();
        Client::connect(&stack, &seat, seat["PlayerSessionId"].as_str().expect("a seat has a secret"))
    });
    for player in &mut players {
        let _ = player.event("joined");
    }
    // Killed, without a goodbye: nobody else notices.
    drop(passer_by);

    let seen = spectator.event("ended");
    assert_eq!((&seen["outcome"], &seen["slot"]), (&json!("watched"), &Value::Null), "{seen}");
    assert_eq!(seen["peers"], json!(["ada", "ben"]), "{seen}");
    assert!(spectator.ended().success(), "a match was watched to its end");
    let mut common = 0;
    for mut player in players {
        let played = player.event("ended");
        assert_eq!(
            (&played["scores"], &played["winner"]),
            (&seen["scores"], &seen["winner"]),
            "{played}\n{seen}"
        );
        let known = states(&played);
        for (tick, hash) in states(&seen) {
            let same = known.get(&tick).is_none_or(|known| *known == hash);
            common += usize::from(known.contains_key(&tick));
            assert!(same, "tick {tick} is another match: {played}\n{seen}");
        }
        assert!(player.ended().success(), "the match was played to its end: {played}");
    }
    assert!(common > 0, "players and spectator know states of the same ticks: {seen}");
    assert_eq!(seats(&stack, &session), ["ada", "ben"], "nobody else ever had a seat");
}
