//! Packages and fleets that must not be.

use std::fs;

use serde_json::json;
use tests::package;
use tests::stack::{Stack, fleet_request};

#[test]
fn an_unknown_fleet_is_not_found() {
    let stack = Stack::start();
    let request = json!({"FleetId": "fleet-00000000-00000000", "MaximumPlayerSessionCount": 2});
    assert_eq!(stack.refused("CreateGameServerSession", &request), "ResourceNotFound");
}

#[test]
fn a_zip_that_escapes_is_unusable_and_writes_nothing() {
    let stack = Stack::start();
    let entries = [("server", "#!/bin/sh\n"), ("../../../../escaped.txt", "out\n")];
    let asset = stack.create_asset(&package::zip(stack.directory(), "escape.zip", &entries));
    assert_eq!(stack.checked_asset(&asset), 1, "the package is refused");

    let process = json!({"LaunchPath": "/local/game/server", "ConcurrentExecutions": 1});
    assert_eq!(stack.refused("CreateFleet", &fleet_request(&asset, &process)), "ResourceUnavailable");
    assert!(!contains(stack.directory(), "escaped.txt"), "nothing of it was unpacked");
}

#[test]
fn s07_a_launch_path_that_is_not_in_the_zip_ends_the_fleet() {
    let stack = Stack::start();
    let asset = stack.create_asset(&package::silent(stack.directory()));
    let process = json!({"LaunchPath": "/local/game/other", "ConcurrentExecutions": 1});
    let fleet = stack.create_fleet(&asset, &process);

    assert_eq!(stack.settled(&fleet), "ERROR");
    let events = stack.events(&fleet);
    let place = |code: &str| events.iter().position(|event| event == code);
    let reason = place("FLEET_VALIDATION_LAUNCH_PATH_NOT_FOUND");
    assert!(
        reason.is_some() && reason < place("FLEET_STATE_ERROR"),
        "the reason, then the state: {events:?}"
    );

    let request = json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2});
    assert_eq!(stack.refused("CreateGameServerSession", &request), "ResourceUnavailable");
}

#[test]
fn s08_a_game_server_that_never_becomes_ready_ends_the_fleet() {
    let stack = Stack::with_settings(&["process.ready=2s"]);
    let asset = stack.create_asset(&package::silent(stack.directory()));
    let process = json!({"LaunchPath": "/local/game/silent", "ConcurrentExecutions": 1});
    let fleet = stack.create_fleet(&asset, &process);

    assert_eq!(stack.settled(&fleet), "ERROR");
    let events = stack.events(&fleet);
    assert!(events.contains(&"FLEET_VALIDATION_TIMED_OUT".to_owned()), "{events:?}");
}

fn contains(directory: &std::path::Path, name: &str) -> bool {
    fs::read_dir(directory).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        entry.file_name() == name || (path.is_dir() && contains(&path, name))
    })
}
