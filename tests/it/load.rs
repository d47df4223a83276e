//! A crowd of bots through placement, join and match, and what it reports.

use std::process::{Child, Command, Output, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};
use tests::programs::program;
use tests::stack::{Stack, send};

use crate::hosting::stack_with_fleet;

/// A crowd that plays until it is told to stop. It is killed if the story ends before that.
struct Crowd(Option<Child>);

impl Crowd {
    fn start(stack: &Stack, arguments: &[&str]) -> Self {
        let child = Command::new(program("game-load"))
            .args(arguments)
            .args(["--endpoint", stack.said("api"), "--region", stack.said("region")])
            .env("GSE_SECRET_ID", stack.said("secret_id"))
            .env("GSE_SECRET_KEY", stack.said("secret_key"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("`game-load` starts");
        Self(Some(child))
    }

    /// As with Ctrl-C: everybody leaves, and it says what was.
    fn stop(mut self) -> Output {
        let child = self.0.take().expect("it is stopped once");
        send(&child, Signal::INT);
        child.wait_with_output().expect("it ends")
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn a_crowd_plays_match_after_match_and_says_one_line() {
    // One process more than matches at once: an ended one is free again a moment later.
    let (stack, fleet) = stack_with_fleet(3);
    let described = stack.call("DescribeFleetAttributes", &json!({"FleetIds": [fleet]}));
    let arn = &described["FleetAttributes"][0]["FleetArn"];
    let queue = json!({"Name": "load", "TimeoutInSeconds": 60, "Destinations": [{"DestinationArn": arn}]});
    let _ = stack.call("CreateGameServerSessionQueue", &queue);

    // Longer than this takes on any machine; the crowd is stopped as soon as there is enough to see.
    let plan = ["--players", "8", "--match-players", "4", "--seconds", "3600", "--json", "--queue", "load"];
    let rules = ["--property", "match_ticks=120", "--property", "score_to_win=9999"];
    let crowd = Crowd::start(&stack, &[&plan[..], &rules].concat());
    let sessions = json!({"FleetId": fleet, "Limit": 100});
    let is_over = |session: &Value| session["Status"] == "TERMINATED";
    let _ = stack.until("DescribeGameServerSessions", &sessions, |answer| {
        let sessions = answer["GameServerSessions"].as_array().map_or(&[][..], Vec::as_slice);
        sessions.iter().filter(|session| is_over(session)).count() >= 3
    });
    let output = crowd.stop();
    let said = String::from_utf8(output.stdout).expect("it says text");
    assert_eq!(said.lines().count(), 1, "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(&said).expect("it says JSON");
    assert!(output.status.success(), "{report}");
    assert!(report["joined"].as_u64() >= Some(8), "everybody got in: {report}");
    assert!(report["matches"].as_u64() > Some(2), "after a match comes the next: {report}");
    assert_eq!((&report["failed"], &report["lost"]), (&json!(0), &json!(0)), "{report}");
    for measured in ["rtt_ms_p50", "bytes_down_per_player_s", "bytes_up_per_player_s", "join_ms_p99"] {
        assert!(report[measured].as_f64() > Some(0.0), "`{measured}` was measured: {report}");
    }

    // The service's own view: every match was a session. Each of the two parties may have asked for one more, which
    // was placed when it had just given up.
    let answer = stack.call("DescribeGameServerSessions", &sessions);
    let sessions = answer["GameServerSessions"].as_array().expect("sessions are a list").len() as u64;
    let matches = report["matches"].as_u64().expect("matches are counted");
    assert!((matches..=matches + 2).contains(&sessions), "{matches} matches: {answer}");
}

#[test]
fn a_crowd_that_nobody_lets_in_fails_and_says_why() {
    let (stack, _) = stack_with_fleet(1);
    let output = Command::new(program("game-load"))
        .args(["--players", "2", "--seconds", "2", "--json", "--queue", "nowhere"])
        .args(["--endpoint", stack.said("api"), "--region", stack.said("region")])
        .env("GSE_SECRET_ID", stack.said("secret_id"))
        .env("GSE_SECRET_KEY", stack.said("secret_key"))
        .stdin(Stdio::null())
        .output()
        .expect("`game-load` starts");
    let report: Value = serde_json::from_slice(&output.stdout).expect("it says JSON");
    assert!(!output.status.success(), "{report}");
    assert_eq!(report["joined"], 0, "{report}");
    let reasons = report["failures"].as_object().expect("failures have reasons");
    assert!(reasons.keys().any(|reason| reason.contains("StartGameServerSessionPlacement")), "{report}");
}
