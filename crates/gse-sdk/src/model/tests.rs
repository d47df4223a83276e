//! What comes from the wire is checked, not trusted.

use super::*;

fn seconds(value: i64) -> Option<u64> {
    time(value).map(|time| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
}

#[test]
fn times_are_seconds_or_milliseconds_by_size() {
    let table = [
        (i64::MIN, None),
        (-1, None),
        (0, None),
        (1, Some(1)),
        (1_700_000_300, Some(1_700_000_300)),
        (253_402_300_799, Some(253_402_300_799)), // full protection
        (999_999_999_999, Some(999_999_999_999)),
        (1_000_000_000_000, Some(1_000_000_000)),
        (1_700_000_300_000, Some(1_700_000_300)),
    ];
    for (value, expected) in table {
        assert_eq!(seconds(value), expected, "{value}");
    }
    time(i64::MAX); // whatever the platform can express, without a panic
}

#[test]
fn sessions_with_impossible_numbers_are_refused_by_name() {
    let good = wire::GameServerSession {
        game_server_session_id: "gs-1".into(),
        max_players: 5,
        port: 3237,
        ..Default::default()
    };
    let read = GameServerSession::from_wire(good.clone()).unwrap();
    assert_eq!((read.max_players, read.port), (5, 3237));
    assert_eq!(read.to_wire(), good);

    let table = [
        (
            wire::GameServerSession { game_server_session_id: String::new(), ..good.clone() },
            "gameServerSessionId",
        ),
        (wire::GameServerSession { max_players: -1, ..good.clone() }, "maxPlayers"),
        (wire::GameServerSession { port: 65536, ..good.clone() }, "port"),
        (wire::GameServerSession { port: -1, ..good }, "port"),
    ];
    for (session, field) in table {
        let text = GameServerSession::from_wire(session).unwrap_err();
        assert!(text.contains(field), "{text}");
    }
}

#[test]
fn properties_keep_order_and_the_map_takes_the_last() {
    let pair = |key: &str, value: &str| GameProperty { key: key.into(), value: value.into() };
    let session = GameServerSession {
        game_properties: vec![pair("mode", "match"), pair("map", "a"), pair("mode", "lobby")],
        ..Default::default()
    };
    assert_eq!(session.game_properties[0].value, "match");
    assert_eq!(session.properties(), BTreeMap::from([("mode", "lobby"), ("map", "a")]));
}

#[test]
fn statuses_are_case_sensitive_and_unknown_ones_are_kept() {
    for text in ["RESERVED", "ACTIVE", "COMPLETED", "TIMEDOUT", "active", "TIMEOUT", ""] {
        let status = PlayerSessionStatus::from_wire(text.into());
        assert_eq!(status.as_str(), text);
        let known = text.len() > 5 && text != "TIMEOUT" && text != "active";
        assert_eq!(!matches!(status, PlayerSessionStatus::Other(_)), known, "{text}");
    }
}

#[test]
fn player_sessions_survive_the_round_trip() {
    let player = wire::PlayerSession {
        player_session_id: "psess-1".into(),
        player_id: "anna".into(),
        game_server_session_id: "gs-1".into(),
        fleet_id: "fleet-1".into(),
        ip_address: "127.0.0.1".into(),
        status: "ACTIVE".into(),
        creation_time: 1_700_000_000,
        termination_time: 0,
        port: 3237,
        player_data: "{\"level\":1}\n".into(),
        dns_name: String::new(),
    };
    let read = PlayerSession::from_wire(player.clone()).unwrap();
    assert_eq!((read.status.clone(), read.termination_time), (PlayerSessionStatus::Active, None));
    assert_eq!(read.to_wire(), player);
    assert!(PlayerSession::from_wire(wire::PlayerSession { port: 70_000, ..player }).is_err());
}
