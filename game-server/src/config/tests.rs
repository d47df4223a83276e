//! Flags and game properties as a table.

use clap::Parser;
use gse_sdk::{GameProperty, GameServerSession};

use super::*;

fn args(flags: &[&str]) -> Result<Args, clap::Error> {
    Args::try_parse_from([&["game-server"], flags].concat())
}

fn session(max_players: u32, properties: &[(&str, &str)]) -> GameServerSession {
    let property = |(key, value): &(&str, &str)| GameProperty { key: (*key).into(), value: (*value).into() };
    GameServerSession {
        game_server_session_id: "qcs::gse:local::gameserversession/fleet-1/gssess-1".into(),
        max_players,
        game_properties: properties.iter().map(property).collect(),
        ..GameServerSession::default()
    }
}

#[test]
fn ports_that_no_fleet_opens_are_refused() {
    for port in ["0", "1025", "60000"] {
        assert_eq!(args(&["--client-port", port]).unwrap().client_port.to_string(), port);
    }
    for port in ["1", "1024", "60001", "65536", "-1", "x"] {
        let error = args(&[&format!("--client-port={port}")]).unwrap_err().to_string();
        assert!(error.contains("1025 to 60000"), "{error}");
    }
}

#[test]
fn flags_out_of_range_are_refused() {
    for flags in [
        ["--snapshot-rate", "21"],
        ["--match-ticks", "0"],
        ["--match-ticks", "216001"],
        ["--score-to-win", "0"],
        ["--host", "x"],
    ] {
        assert!(args(&flags).is_err(), "{flags:?}");
    }
    for (text, rate) in [("20", SnapshotRate::Hz20), ("30", SnapshotRate::Hz30), ("60", SnapshotRate::Hz60)] {
        assert_eq!(args(&["--snapshot-rate", text]).unwrap().snapshot_rate, rate);
    }
}

#[test]
fn properties_override_flags_and_others_are_ignored() {
    let args = args(&["--match-ticks", "100", "--score-to-win", "3"]).unwrap();
    let plain = MatchSettings::new(&args, &session(4, &[("colour", "blue")]), 77).unwrap();
    let expected = MatchSettings {
        seed: 77,
        ticks_max: 100,
        score_to_win: 3,
        players_wanted: 4,
        start_wait: Duration::from_secs(30),
        idle_end: Duration::from_secs(120),
        snapshot_rate: SnapshotRate::Hz20,
        spectator_key: None,
        spectators_max: 8,
    };
    assert_eq!(plain, expected);
    let properties = [
        ("match_ticks", "600"),
        ("score_to_win", "5"),
        ("players", "2"),
        ("start_wait_ms", "10"),
        ("idle_end_ms", "20"),
        ("snapshot_rate", "60"),
        ("spectator_key", "a key of 16 bytes"),
        ("spectators_max", "3"),
        ("seed", "18446744073709551615"),
    ];
    let expected = MatchSettings {
        seed: u64::MAX,
        ticks_max: 600,
        score_to_win: 5,
        players_wanted: 2,
        start_wait: Duration::from_millis(10),
        idle_end: Duration::from_millis(20),
        snapshot_rate: SnapshotRate::Hz60,
        spectator_key: Some("a key of 16 bytes".into()),
        spectators_max: 3,
    };
    assert_eq!(MatchSettings::new(&args, &session(4, &properties), 77), Ok(expected));
}

#[test]
fn the_match_has_two_to_sixteen_players() {
    let args = args(&[]).unwrap();
    for (max_players, wanted) in [(0, 2), (1, 2), (2, 2), (16, 16), (200, 16)] {
        assert_eq!(MatchSettings::new(&args, &session(max_players, &[]), 77).unwrap().players_wanted, wanted);
    }
}

#[test]
fn properties_that_cannot_be_used_are_named() {
    let args = args(&[]).unwrap();
    let check = |key, value, expected: &str| {
        let error = MatchSettings::new(&args, &session(4, &[(key, value)]), 77).unwrap_err();
        assert_eq!(error.to_string(), format!("{expected}; hint: create the session again"));
    };
    check("match_ticks", "0", "game property `match_ticks` is \"0\", expected 1 to 216000");
    check("score_to_win", "ten\n", "game property `score_to_win` is \"ten\\n\", expected 1 to 9999");
    check("players", "5", "game property `players` is \"5\", expected 2 to 4");
    check("snapshot_rate", "25", "game property `snapshot_rate` is \"25\", expected 20, 30 or 60");
    check("spectators_max", "65", "game property `spectators_max` is \"65\", expected 0 to 64");
    let expected = "game property `spectator_key` cannot be used, expected at least 16 random characters";
    check("spectator_key", "hunter2", expected);
    check("start_wait_ms", "-1", "game property `start_wait_ms` is \"-1\", expected 0 to 86400000");
}
