use super::*;
use crate::id::FleetId;

fn passed(fleet: &str, why: WhyNot) -> PassedOver {
    PassedOver { region: Region::new("ap-shanghai"), alias: None, fleet: Some(FleetId::new(fleet)), why }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second)
}

#[test]
fn attempts_that_find_the_same_are_one_step() {
    let mut trace = SearchTrace::default();
    for (second, words) in [(0, "3 busy"), (5, "2 busy, 1 ending"), (9, "3 busy")] {
        let full = vec![passed("f1", WhyNot::NoProcess(words.into()))];
        trace.note(at(second), Some(80), full, Outcome::Waits);
    }
    let [step] = &trace.steps[..] else { panic!("{trace:?}") };
    assert_eq!((step.first, step.last, step.times, trace.attempts), (at(0), at(9), 3, 3));
    assert_eq!(step.passed[0].why, WhyNot::NoProcess("3 busy".into()), "the newest words");
    // Another policy, another reason, another outcome: another step.
    trace.note(at(10), Some(100), vec![passed("f1", WhyNot::NoProcess("3 busy".into()))], Outcome::Waits);
    trace.note(at(11), Some(100), vec![passed("f1", WhyNot::RegionDown)], Outcome::Waits);
    let chosen = Outcome::Chosen(FleetId::new("f2"));
    trace.note(at(12), Some(100), vec![passed("f1", WhyNot::RegionDown)], chosen);
    assert_eq!(trace.steps.len(), 4);
}

#[test]
fn a_first_attempt_that_takes_the_first_destination_costs_nothing() {
    let mut trace = SearchTrace::default();
    trace.note(at(0), None, vec![], Outcome::Chosen(FleetId::new("f1")));
    assert_eq!((trace.steps.capacity(), trace.attempts), (0, 1));
}

#[test]
fn a_trace_is_bounded_however_long_the_search() {
    let mut trace = SearchTrace::default();
    for second in 0..1_000 {
        let many = (0..100).map(|fleet| passed(&format!("f{fleet}"), WhyNot::NoProcess("x".repeat(9_000))));
        trace.note(at(second), Some(second.unsigned_abs()), many.collect(), Outcome::Waits);
    }
    trace.note_lost(at(1_000), FleetId::new("f1"), &"y".repeat(9_000));
    assert_eq!((trace.steps.len(), trace.left_out, trace.attempts), (STEPS_MOST, 985, 1_000));
    let firsts: Vec<i64> = trace.steps.iter().map(|step| step.first.seconds()).collect();
    assert_eq!((&firsts[..4], &firsts[13..]), (&[0, 1, 2, 3][..], &[998, 999, 1_000][..]));
    assert_eq!((trace.steps[0].passed.len(), trace.steps[0].more), (PASSED_MOST, 76));
    let bytes = serde_json::to_vec(&trace).unwrap().len();
    assert!(bytes < 200_000, "{bytes}");
}

#[test]
fn a_row_that_was_stored_before_there_were_traces_can_be_read() {
    let none: SearchTrace = serde_json::from_str(r#"{"steps":[]}"#).unwrap();
    assert_eq!(none, SearchTrace::default());
    let trace = SearchTrace {
        steps: vec![SearchStep {
            first: at(1),
            last: at(1),
            times: 1,
            limit_ms: None,
            passed: vec![passed("f1", WhyNot::NotActive(FleetStatus::Error))],
            more: 0,
            outcome: Outcome::Hopeless,
        }],
        left_out: 0,
        attempts: 1,
    };
    let text = serde_json::to_string(&trace).unwrap();
    assert_eq!(serde_json::from_str::<SearchTrace>(&text).unwrap(), trace);
}
