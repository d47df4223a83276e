use super::{ChatLine, HostingKind, Line, Outcome, Report};

fn report() -> Report {
    Report {
        outcome: Outcome::Lost,
        hosting: Some(HostingKind::Match),
        player_id: "ada".to_owned(),
        slot: Some(1),
        winner: Some("bob".to_owned()),
        scores: [("bob".to_owned(), 10), ("ada".to_owned(), 3)].into(),
        ticks: 1234,
        states: [(1200, "00000000000000ff".to_owned())].into(),
        snapshots: 411,
        mispredictions: 2,
        rtt_ms: Some(0.25),
        peers: vec!["bob".to_owned()],
        chat: vec![ChatLine { from: "bob".to_owned(), text: "hi \"you\"".to_owned() }],
        reason: "time is up".to_owned(),
    }
}

#[test]
fn the_lines_are_a_contract() {
    let joined = Line::Joined { player_id: "ada".to_owned(), hosting: HostingKind::Lobby };
    assert_eq!(joined.to_json(), r#"{"event":"joined","player_id":"ada","hosting":"lobby"}"#);
    let expected = concat!(
        r#"{"event":"ended","outcome":"lost","hosting":"match","player_id":"ada","slot":1,"winner":"bob","#,
        r#""scores":{"ada":3,"bob":10},"ticks":1234,"states":{"1200":"00000000000000ff"},"snapshots":411,"mispredictions":2,"rtt_ms":0.25,"#,
        r#""peers":["bob"],"chat":[{"from":"bob","text":"hi \"you\""}],"reason":"time is up"}"#,
    );
    assert_eq!(Line::Ended(report()).to_json(), expected);
}

#[test]
fn what_is_not_known_is_null() {
    let nothing = Report { hosting: None, slot: None, winner: None, rtt_ms: None, ..report() };
    let value: serde_json::Value = serde_json::from_str(&Line::Ended(nothing).to_json()).unwrap();
    for field in ["hosting", "slot", "winner", "rtt_ms"] {
        assert_eq!(value.get(field), Some(&serde_json::Value::Null), "{field} is there");
    }
}

#[test]
fn exit_codes_follow_the_outcome() {
    let good = [Outcome::Won, Outcome::Lost, Outcome::Draw, Outcome::Left];
    assert!(good.into_iter().all(Outcome::is_success));
    assert!(![Outcome::Refused, Outcome::Failed].into_iter().any(Outcome::is_success));
}
