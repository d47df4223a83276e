use super::*;

fn finding(severity: &str, fleet: &str, process: &str) -> Finding {
    Finding {
        severity: severity.into(),
        rule: "port-clash".into(),
        section: "server-sdk.md 4.4".into(),
        fleet_id: fleet.into(),
        game_server_session_id: String::new(),
        process_id: process.into(),
        what: "ProcessReady of process-2 (pid 4712) was refused: grpcPort 7000 is already registered by the process with \
               pid 4711 (3 times, last 2 s ago)"
            .into(),
        why: "two processes cannot share a port".into(),
        fix: "take port 0".into(),
        output: vec!["last words".into()],
        time: "2026-01-01T00:00:00Z".into(),
        more: 2,
    }
}

fn answer(findings: Vec<Finding>) -> DiagnoseResponse {
    let looked_at =
        LookedAt { fleets: 1, processes: 2, starting_processes: 1, rules: 18, ..LookedAt::default() };
    DiagnoseResponse { findings, looked_at }
}

#[test]
fn nothing_wrong_is_said_with_what_was_looked_at() {
    let expected = "nothing is wrong\nlooked at 1 fleet, 0 instances, 3 processes (1 starting), 0 sessions, 0 player \
                    sessions, 0 events, with 18 rules\n";
    assert_eq!(text(&answer(vec![])), expected);
}

#[test]
fn findings_are_grouped_by_what_they_are_about() {
    let text = text(&answer(vec![
        finding("error", "fleet-1", "process-2"),
        finding("error", "fleet-2", ""),
        finding("warning", "fleet-1", "process-2"),
    ]));
    let expected = "\
fleet fleet-1, process process-2
  error: port-clash (server-sdk.md 4.4)
    seen  ProcessReady of process-2 (pid 4712) was refused: grpcPort 7000 is already registered by
          the process with pid 4711 (3 times, last 2 s ago)
    why   two processes cannot share a port
    fix   take port 0
        | last words
    and 2 more of this kind
  warning: port-clash (server-sdk.md 4.4)
";
    assert!(text.starts_with(expected), "{text}");
    assert!(
        text.contains("\n\nfleet fleet-2\n  error: ") && text.contains("\n2 errors, 1 warning\n"),
        "{text}"
    );
}
