//! S20 to S27 and S32 to S34: sessions and players.

use serde_json::{Value, json};

use super::kit::{Kit, Line, all_of, code};

#[test]
fn s20_reservation_expires() {
    let kit = Kit::with_settings(&["player.reserve=1s"]);
    let fleet = kit.fleet("", 1);
    let session = kit.session(&fleet, 2);
    let seat = kit.seat(&session, "ada");
    let over = kit.player_is(&seat, "TIMEDOUT");
    assert!(over["TerminationTime"].is_string(), "{over}");
    assert_eq!(kit.look(&session)["CurrentPlayerSessionCount"], 0);
    assert_eq!(Line::to(&session).join(&seat), "NO");
}

/// R1: a full session is `ResourceInsufficient`.
#[test]
fn s21_full_session() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 1);
    let session = kit.session(&fleet, 2);
    let seats = [kit.seat(&session, "ada"), kit.seat(&session, "ben")];
    let mut line = Line::to(&session);
    assert!(seats.iter().all(|seat| line.join(seat) == "OK"));
    assert_eq!(code(kit.join(&session, "cleo")), "ResourceInsufficient");
    let id = seats[0]["PlayerSessionId"].as_str().expect("an id");
    assert_eq!(line.say(&format!("LEAVE {id}")), "OK");
    assert_eq!(kit.seat(&session, "cleo")["Status"], "RESERVED");
}

/// R1: a join under DENY_ALL is `UnsupportedOperation`.
#[test]
fn s22_deny_all() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 1);
    let session = kit.session(&fleet, 4);
    let seat = kit.seat(&session, "ada");
    let mut line = Line::to(&session);
    assert_eq!(line.join(&seat), "OK");
    assert_eq!(line.say("POLICY DENY_ALL"), "OK");
    assert_eq!(code(kit.join(&session, "ben")), "UnsupportedOperation");
    kit.player_is(&seat, "ACTIVE");
    let open = json!({
        "GameServerSessionId": session["GameServerSessionId"], "PlayerSessionCreationPolicy": "ACCEPT_ALL",
    });
    drop(kit.stack.call("UpdateGameServerSession", &open));
    assert_eq!(kit.seat(&session, "ben")["Status"], "RESERVED");
}

/// R1: too few free seats are `ResourceInsufficient`.
#[test]
fn s23_batch() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 1);
    let session = kit.session(&fleet, 10);
    for player in ["a", "b", "c"] {
        kit.seat(&session, player);
    }
    let batch = |count: usize| {
        let players: Vec<String> = (0..count).map(|number| format!("p{number}")).collect();
        json!({"GameServerSessionId": session["GameServerSessionId"], "PlayerIds": players})
    };
    let refused = |count| kit.stack.refused("JoinGameServerSessionBatch", &batch(count));
    assert_eq!(refused(8), "ResourceInsufficient");
    assert_eq!(kit.look(&session)["CurrentPlayerSessionCount"], 3);
    let seats = kit.stack.call("JoinGameServerSessionBatch", &batch(7))["PlayerSessions"].clone();
    let seats = seats.as_array().expect("seats are a list");
    assert_eq!((seats.len(), seats.iter().filter(|seat| seat["Status"] == "RESERVED").count()), (7, 7));
    assert_eq!(
        (refused(26).as_str(), refused(0).as_str()),
        ("InvalidParameterValue", "InvalidParameterValue")
    );
}

#[test]
fn s24_join_before_active() {
    let kit = Kit::start();
    let fleet = kit.fleet("--activate-delay 60", 1);
    let session = kit.create(&json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2})).expect("a process");
    assert_eq!(session["Status"], "ACTIVATING");
    assert_eq!(code(kit.join(&session, "ada")), "ResourceUnavailable");
}

/// That the third one comes through after the period is told by the test of this number in gse-server, which has a
/// clock of its own: periods are whole minutes.
#[test]
fn s25_creator_limit() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 5);
    let create = |creator: &str| {
        let mut request = json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2});
        if !creator.is_empty() {
            request["CreatorId"] = creator.into();
        }
        kit.create(&request)
    };
    assert!(create("c1").is_ok() && create("c1").is_ok());
    assert_eq!(code(create("c1")), "LimitExceeded");
    assert!(create("c2").is_ok() && create("").is_ok());
}

#[test]
fn s26_idempotency() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 2);
    let request = json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2, "IdempotencyToken": "t"});
    let [first, second] = [(); 2].map(|()| kit.create(&request).expect("a process"));
    assert_eq!(first["GameServerSessionId"], second["GameServerSessionId"]);
    let all = kit.stack.call("DescribeGameServerSessions", &json!({"FleetId": fleet}));
    assert_eq!(all["GameServerSessions"].as_array().map(Vec::len), Some(1));
}

#[test]
fn s27_fleet_beats_alias() {
    let kit = Kit::start();
    let [first, second] = [kit.fleet("", 1), kit.fleet("", 1)];
    let routing = json!({"Type": "SIMPLE", "FleetId": second});
    let alias = kit.stack.call("CreateAlias", &json!({"Name": "a", "RoutingStrategy": routing}));
    let both = json!({
        "FleetId": first, "AliasId": alias["Alias"]["AliasId"], "MaximumPlayerSessionCount": 2,
    });
    assert_eq!(kit.create(&both).expect("a process")["FleetId"], first.as_str());
    assert_eq!(code(kit.create(&json!({"MaximumPlayerSessionCount": 2}))), "MissingParameter");
}

#[test]
fn s32_custom_data() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 1);
    let session = kit.session(&fleet, 2);
    assert_eq!(Line::to(&session).say("CUSTOM 3 10"), "OK");
    let session = kit.look(&session);
    assert_eq!((&session["CurrentCustomCount"], &session["MaxCustomCount"]), (&json!(3), &json!(10)));
}

#[test]
fn s33_weight() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 2);
    kit.set_capacity(&fleet, [0, 2, 2]);
    let instances = kit.instances(&fleet, 2, 4);
    let hosting = || {
        let answer = kit.stack.call("DescribeInstancesExtend", &all_of(&fleet));
        let rows = answer["Instances"].as_array().expect("instances are a list").clone();
        let id = |row: &Value| row["Instance"]["InstanceId"].as_str().expect("an id").to_owned();
        rows.iter().filter(|row| row["GameSessionCnt"] != 0).map(id).collect::<Vec<_>>()
    };
    kit.session(&fleet, 2);
    let busy = hosting().pop().expect("one hosts");
    let weigh = |instance: &str, weight: i64| {
        let request = json!({"FleetId": fleet, "InstanceId": instance, "Weight": weight});
        drop(kit.stack.call("SetServerWeight", &request));
    };
    weigh(&busy, 1);
    kit.session(&fleet, 2);
    assert_eq!(hosting().len(), 2, "the next session is on the other one");
    instances.iter().for_each(|instance| weigh(instance, 0));
    let another = json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2});
    assert_eq!(code(kit.create(&another)), "ResourceInsufficient");
}

#[test]
fn s34_reconnect() {
    let kit = Kit::start();
    let fleet = kit.fleet("", 1);
    let session = kit.session(&fleet, 2);
    let seat = kit.seat(&session, "ada");
    let mut line = Line::to(&session);
    assert_eq!(line.join(&seat), "OK");
    kit.player_is(&seat, "ACTIVE");
    drop(line);
    kit.player_is(&seat, "COMPLETED");
    let mut line = Line::to(&session);
    assert_eq!(line.join(&seat), "NO");
    let again: Value = kit.seat(&session, "ada");
    assert_eq!(line.join(&again), "OK");
}
