//! What there is, as people and programs see it.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;
use tests::stack::Stack;

use crate::hosting::stack_with_fleet;

/// What it prints on both outputs.
fn gse(stack: &Stack, arguments: &[&str]) -> (String, String) {
    let output = stack.gse(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_new_service_says_what_to_do() {
    let stack = Stack::start();
    for list in ["fleets", "instances", "sessions", "aliases", "events"] {
        let (data, words) = gse(&stack, &[list]);
        assert!(data.is_empty() && words.contains("\nhint: "), "{list}: {data} {words}");
    }
    let (data, words) = gse(&stack, &["fleets", "--json"]);
    assert_eq!((data.as_str(), words.as_str()), ("[]\n", ""));
}

#[test]
fn a_fleet_with_a_session_is_shown() {
    let (stack, fleet) = stack_with_fleet(1);
    let session = stack.active_session(&fleet, 2);
    let row = |list: &[&str], id: &str| {
        let (data, _) = gse(&stack, list);
        let line = data.lines().find(|line| line.contains(id)).unwrap_or_else(|| panic!("no {id}: {data}"));
        line.split("  ")
            .filter(|cell| !cell.is_empty())
            .map(|cell| cell.trim().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(row(&["fleets"], &fleet)[1..7], ["story", "ACTIVE", "1/1", "0-1 auto", "1", "0/2"]);
    assert_eq!(row(&["instances"], &fleet)[2..6], ["Active", "1/1", "1/1", "0/2"]);
    assert_eq!(row(&["sessions", "--fleet", &fleet], &session)[..2], ["ACTIVE", "0/2"]);
    let (data, _) = gse(&stack, &["sessions", "--json"]);
    let sessions: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(sessions[0]["GameServerSessionId"], session.as_str());
}

#[test]
fn events_are_followed() {
    let (stack, fleet) = stack_with_fleet(1);
    let mut command = stack.gse_command(&["events", "--follow", "--limit", "1", "--json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("`gse` starts");
    let lines = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
    let mut codes = lines.map_while(Result::ok).map(|line| {
        let event: Value = serde_json::from_str(&line).expect("a line is JSON");
        event["EventCode"].as_str().unwrap_or_default().to_owned()
    });
    assert_eq!(codes.next().as_deref(), Some("FLEET_STATE_ACTIVE"), "the newest of the past");
    let request = serde_json::json!({"FleetId": fleet, "DesiredInstances": 0});
    let _ = stack.call("UpdateFleetCapacity", &request);
    assert_eq!(codes.next().as_deref(), Some("FLEET_SCALING_EVENT"), "what happens then");
    child.kill().expect("it can be stopped");
    let _ = child.wait().expect("it is gone");
}
