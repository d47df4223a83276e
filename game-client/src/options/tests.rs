use std::time::Duration;

use clap::Parser;

use super::{Config, Destination, Options, Target, View};

const ADDRESS: &[&str] = &["--connect", "127.0.0.1:7000", "--player-session-id", "psess-1"];
const CLOUD: &[&str] = &[
    "--gse-endpoint",
    "http://127.0.0.1:8080",
    "--gse-region",
    "local",
    "--gse-secret-id",
    "i",
    "--gse-secret-key",
    "k",
];

fn check(arguments: &[&[&str]]) -> Result<Config, String> {
    let line = ["game-client", "--player-id", "ada"].iter().chain(arguments.iter().copied().flatten());
    Options::try_parse_from(line).map_err(|error| error.to_string())?.check()
}

#[test]
fn headless_with_a_bot() {
    let config = check(&[ADDRESS, &["--headless", "--bot", "wander", "--seed", "7"]]).unwrap();
    assert_eq!(config.view, View::Headless);
    assert_eq!(config.seed, 7);
    assert_eq!(config.deadline, Some(Duration::from_secs(120)), "a headless client never hangs");
    let player_session_id = "psess-1".to_owned();
    assert_eq!(
        config.destination,
        Some(Destination::Address {
            address: "127.0.0.1:7000".parse().unwrap(),
            player_session_id,
            session: None
        })
    );
}

#[test]
fn a_window_stays_open_unless_told_otherwise() {
    assert_eq!(check(&[ADDRESS]).unwrap().deadline, None);
    let config = check(&[ADDRESS, &["--deadline-seconds", "5"]]).unwrap();
    assert_eq!((config.view, config.deadline), (View::Window, Some(Duration::from_secs(5))));
}

#[test]
fn who_watches_needs_neither_name_nor_bot() {
    let line = ["game-client", "--watch", "127.0.0.1:7000", "--spectator-key", "a key", "--headless"];
    let config = Options::try_parse_from(line).unwrap().check().unwrap();
    let address = "127.0.0.1:7000".parse().unwrap();
    let spectator_key = "a key".to_owned();
    assert_eq!(config.destination, Some(Destination::Watch { address, spectator_key, session: None }));
    assert_eq!((config.view, config.player_id, config.bot), (View::Headless, None, None));
}

#[test]
fn where_matches_can_be_watched_is_no_place_to_play() {
    let config = check(&[CLOUD, &["--watch-fleet", "fleet-1", "--spectator-key", "a key"]]).unwrap();
    assert_eq!((config.destination, config.lobby), (None, None), "it begins with the title");
    assert_eq!(config.watched.map(|cloud| cloud.target), Some(Target::Fleet("fleet-1".to_owned())));
    assert_eq!(config.spectator_key.as_deref(), Some("a key"));
    let both = check(&[CLOUD, &["--alias", "alias-1", "--watch-alias", "alias-2"]]).unwrap();
    let Some(Destination::Cloud(play)) = both.destination else { panic!("there is somewhere to play") };
    assert_eq!(play.target, Target::Alias("alias-1".to_owned()));
    assert_eq!(both.watched.map(|cloud| cloud.target), Some(Target::Alias("alias-2".to_owned())));
}

#[test]
fn a_cloud_destination() {
    let Some(Destination::Cloud(cloud)) = check(&[CLOUD, &["--alias", "alias-1"]]).unwrap().destination
    else {
        panic!("not the cloud");
    };
    assert_eq!(cloud.target, Target::Alias("alias-1".to_owned()));
    assert!(!format!("{cloud:?}").contains("secret"), "keys are not printed");
}

#[test]
fn bad_command_lines_say_what_to_do() {
    let long = "x".repeat(1025);
    let cases: &[(&[&[&str]], &str)] = &[
        (&[&["--headless", "--bot", "wander"]], "nowhere to play"),
        (&[CLOUD, &["--lobby-alias", "a", "--lobby-fleet", "f"]], "cannot be used with"),
        (&[&["--lobby-alias", "a"]], "needs `--gse-endpoint`"),
        (&[ADDRESS, &["--headless", "--title"]], "cannot be used with"),
        (&[&["--connect", "127.0.0.1:7000"]], "GAME_PLAYER_SESSION_ID"),
        (&[ADDRESS, CLOUD, &["--alias", "a"]], "exclude each other"),
        (&[&["--watch", "127.0.0.1:7000"]], "GAME_SPECTATOR_KEY"),
        (&[ADDRESS, &["--watch", "127.0.0.1:7000"]], "cannot be used with"),
        (&[CLOUD, &["--watch-alias", "a", "--watch-fleet", "f"]], "cannot be used with"),
        (&[&["--watch-fleet", "f"]], "needs `--gse-endpoint`"),
        (&[CLOUD, &["--alias", "a", "--session", "s"]], "`--session` needs `--connect` or `--watch`"),
        (&[CLOUD], "exactly one of `--alias` and `--fleet`"),
        (&[CLOUD, &["--alias", "a", "--fleet", "f"]], "exactly one of `--alias` and `--fleet`"),
        (&[&["--alias", "a"]], "needs `--gse-endpoint`"),
        (&[ADDRESS, &["--headless"]], "add `--bot wander`"),
        (&[ADDRESS, &["--screenshot", "a.jpg"]], "`.png`"),
        (&[ADDRESS, &["--deadline-seconds", "0"]], "between 1 and"),
        (&[ADDRESS, &["--say", ""]], "`--say` must have 1 to"),
        (&[ADDRESS, &["--player-id", &long]], "`--player-id` must have 1 to 1024 bytes, it has 1025"),
        (&[&["--connect", "nowhere"]], "invalid value 'nowhere' for '--connect"),
    ];
    for (arguments, expected) in cases {
        let mut line = vec!["game-client"];
        if !arguments.iter().any(|part| part.contains(&"--player-id")) {
            line.extend(["--player-id", "ada"]);
        }
        line.extend(arguments.iter().copied().flatten());
        let problem = match Options::try_parse_from(line) {
            Ok(options) => options.check().expect_err("this command line cannot be"),
            Err(error) => error.to_string(),
        };
        assert!(problem.contains(expected), "{arguments:?}: {problem}");
    }
}

#[test]
fn all_problems_at_once() {
    let problems = check(&[&["--headless", "--deadline-seconds", "0"]]).unwrap_err();
    for expected in ["nowhere to play", "no keyboard", "between 1 and"] {
        assert!(problems.contains(expected), "{problems}");
    }
}
