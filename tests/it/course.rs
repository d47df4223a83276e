//! The normal form of a run: the same run gives the same text, another run another.

use serde_json::json;
use tests::course::Course;

fn step(fleet: &str, port: u16, winner: &str) -> String {
    let step = json!({
        "step": 2, "title": "Publish", "ms": 12, "facts": {"fleets": [fleet], "winners": [winner]},
        "calls": [
            {"command": "gse local --data-dir target/flow/17-42/data", "response": {"api": format!("http://127.0.0.1:{port}")}},
            {"command": "gse asset pack --out target/flow/17-42/a.zip"},
            {
                "command": "gse call X", "action": "JoinGameServerSessionBatch", "request": {"FleetId": fleet},
                "response": {
                    "RequestId": "r",
                    "PlayerSessions": [
                        {"PlayerId": "ben", "Port": port, "Status": "RESERVED", "PlayerData": "x"},
                        {"PlayerId": "ada", "Port": port, "Status": ""},
                    ],
                },
            },
            {"command": "game-client", "response": {"event": "ended", "outcome": "won", "winner": winner, "ticks": 7}},
        ],
    });
    format!(
        "{step}\n{}\n",
        json!({"result": "ok", "total_ms": 5, "steps": [{"title": "Publish", "result": "ok", "ms": 5}]})
    )
}

#[test]
fn what_varies_is_replaced() {
    insta::assert_snapshot!(Course::tell(&step("fleet-abcdefgh-12345678", 40123, "ada")), @r#"
    2  Publish

      $ gse local --data-dir <run>/data
          api=http://127.0.0.1:<port>

      $ gse asset pack --out <run>/a.zip

      JoinGameServerSessionBatch  {"FleetId":"<fleet:1>"}
          PlayerSessions.0  PlayerId=ada Port=<port>
          PlayerSessions.1  PlayerId=ben Port=<port> Status=RESERVED

      $ game-client
          outcome=<won or lost> winner=<player>

      claim  fleets: ["<fleet:1>"]
      claim  winners: two players

    ok: Publish ok
    "#);
}

#[test]
fn two_runs_with_other_ids_read_the_same() {
    let first = Course::tell(&step("fleet-abcdefgh-12345678", 40123, "ada"));
    assert_eq!(first, Course::tell(&step("fleet-zzzzzzzz-00000000", 50999, "ben")));
}

#[test]
fn another_course_reads_differently() {
    let first = step("fleet-abcdefgh-12345678", 40123, "ada");
    assert_ne!(Course::tell(&first), Course::tell(&first.replace("RESERVED", "ACTIVE")));
}

#[test]
fn a_long_session_id_is_its_reference() {
    let id = "qcs::gse:ap-shanghai:uin/1:gameserversession/fleet-abcdefgh-12345678/gssess-abcdefgh-12345678/match-1";
    let line = json!({"step": 1, "title": "t", "facts": {}, "calls": [
        {"action": "A", "request": {"GameServerSessionId": id, "Arn": "qcs::gse:ap-shanghai:uin/1:fleet/fleet-abcdefgh-12345678"}},
    ]});
    let text = Course::tell(&line.to_string());
    assert!(text.contains(r#""GameServerSessionId":"<session:1>/match-1""#), "{text}");
    assert!(text.contains(r#""Arn":"qcs::gse:ap-shanghai:uin/1:fleet/<fleet:1>""#), "{text}");
}
