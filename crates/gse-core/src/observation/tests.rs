use super::*;

#[test]
fn output_is_bounded_printable_and_without_tickets() {
    let ticket = format!("psess-{}", "a1".repeat(16));
    let log = format!("[stdout]\nout\n[stderr]\nfirst\u{1b}[31m red\nplayer {ticket} came, psess-…\n\n");
    assert_eq!(last_lines(&log), ["first [31m red", "player psess-… came, psess-…"]);
    assert_eq!(last_lines("[stdout]\nonly this\n[stderr]\n"), ["only this"]);
    let many: String = (0..50).map(|line| format!("line {line} {}\n", "x".repeat(500))).collect();
    let lines = last_lines(&format!("[stdout]\n[stderr]\n{many}"));
    assert_eq!(lines.len(), LINES_MOST);
    assert!(
        lines[0].starts_with("line 30 ") && lines.iter().all(|line| line.chars().count() == LINE_MOST + 1)
    );
}

#[test]
fn refusals_are_counted_by_kind_and_bounded() {
    let mut refused = Vec::new();
    let at = Timestamp::from_seconds;
    for second in 0..3 {
        count_refusal(&mut refused, (Rpc::Activate, Refusal::WrongSession), "no", at(second));
    }
    assert_eq!(refused[0].to_string(), "ActivateGameServerSession was refused 3 times: no");
    for (second, rpc) in (10..).zip(Rpc::ALL) {
        count_refusal(&mut refused, (*rpc, Refusal::BadRequest), "bad", at(second));
    }
    assert_eq!(refused.len(), REFUSALS_MOST);
    assert!(!refused.iter().any(|known| known.refusal == Refusal::WrongSession), "the oldest is forgotten");
}

#[test]
fn the_kinds_of_failure_are_told_apart() {
    let status = |unimplemented| CallbackOutcome::Status { words: "x".into(), unimplemented };
    for (outcome, failure) in [
        (CallbackOutcome::Health(true), None),
        (CallbackOutcome::Done, None),
        (CallbackOutcome::Health(false), Some(CallbackFailure::AnsweredFalse)),
        (status(true), Some(CallbackFailure::Unimplemented)),
        (status(false), Some(CallbackFailure::Failed)),
        (CallbackOutcome::Rejected("x".into()), Some(CallbackFailure::Failed)),
        (CallbackOutcome::TimedOut, Some(CallbackFailure::NoAnswer)),
        (CallbackOutcome::Unreachable("x".into()), Some(CallbackFailure::NoConnection)),
    ] {
        assert_eq!(CallbackFailure::of(&outcome), failure, "{outcome:?}");
    }
}
