//! Health (server-sdk.md 3.1, outcome table; F-15, P12; conformance cases 36 to 38).

use super::host::{Host, pid, ready_on, record, seconds};
use crate::host::{ProcessEnd, ReportKind};
use crate::supervisor::{Callback, CallbackKind, CallbackOutcome, Effect};

fn bad() -> CallbackOutcome {
    CallbackOutcome::Health(false)
}

fn unhealthy(host: &Host) -> Vec<String> {
    let reason = |report| match report {
        ReportKind::ProcessUnhealthy { reason, .. } => Some(reason),
        _ => None,
    };
    host.reports().into_iter().filter_map(reason).collect()
}

#[test]
fn f15_the_first_check_comes_one_interval_after_process_ready() {
    let mut host = Host::with_ready_process();
    let ready = host.now;
    host.advance(seconds(185));
    let times: Vec<u64> = host.callbacks().iter().map(|(at, _)| at.since(ready).as_secs()).collect();
    assert_eq!(times, [60, 120, 180]);
}

/// P12: two in a row are not enough.
#[test]
fn s14_three_failures_in_a_row_are_reported_once() {
    let mut host = Host::with_ready_process();
    for (outcome, expected) in [
        (bad(), 0),
        (bad(), 0),
        (CallbackOutcome::Health(true), 0),
        (bad(), 0),
        (bad(), 0),
        (bad(), 1),
        (bad(), 1),
        (CallbackOutcome::Health(true), 1),
        (bad(), 1),
        (bad(), 1),
        (bad(), 1),
    ] {
        host.health = Some(outcome);
        host.advance(seconds(60));
        assert_eq!(unhealthy(&host).len(), expected);
    }
}

#[test]
fn p12_each_kind_of_failure_counts_and_is_named() {
    for (outcome, words) in [
        (bad(), "healthStatus is false"),
        (CallbackOutcome::TimedOut, "no answer in time"),
        (CallbackOutcome::Unreachable("refused".into()), "no connection: refused"),
        (CallbackOutcome::Status { words: "Unimplemented".into(), unimplemented: true }, "base class"),
        (CallbackOutcome::Status { words: "Unknown".into(), unimplemented: false }, "status Unknown"),
    ] {
        let mut host = Host::with_ready_process();
        host.health = Some(outcome);
        host.advance(seconds(180));
        let reasons = unhealthy(&host);
        assert_eq!(reasons.len(), 1);
        assert!(reasons[0].contains(words), "{}", reasons[0]);
    }
}

#[test]
fn a_check_that_has_not_returned_is_not_doubled_and_not_counted() {
    let mut host = Host::with_ready_process();
    host.health = None;
    host.advance(seconds(600));
    assert_eq!(host.callbacks().len(), 1);
    assert_eq!(unhealthy(&host).len(), 0);
    host.callback_done(&record(1), CallbackKind::Health, CallbackOutcome::Health(true));
    host.advance(seconds(60));
    assert_eq!(host.callbacks().len(), 2);
}

#[test]
fn no_check_runs_while_on_start_runs() {
    let mut host = Host::with_ready_process();
    let process = record(1);
    host.health = Some(bad());
    host.start_session(&process, "gs-1", seconds(600));
    host.advance(seconds(300));
    let kinds: Vec<_> = host.callbacks().iter().map(|(_, callback)| callback.kind()).collect();
    assert_eq!(kinds, [CallbackKind::Start]);
    host.callback_done(&process, CallbackKind::Start, CallbackOutcome::Done);
    host.advance(seconds(180));
    assert_eq!(unhealthy(&host).len(), 1, "afterwards it counts again");
}

#[test]
fn a_refused_connection_has_the_dial_grace_before_the_first_success_only() {
    let mut host = Host::with_ready_process();
    host.advance(seconds(120));
    let graces: Vec<u64> = host
        .log
        .iter()
        .filter_map(|(_, effect)| match effect {
            Effect::Callback { callback: Callback::Health, dial_for, .. } => Some(dial_for.as_secs()),
            _ => None,
        })
        .collect();
    assert_eq!(graces, [15, 0]);
}

#[test]
fn a_repeated_process_ready_resets_the_count_and_the_clock() {
    let mut host = Host::with_ready_process();
    host.health = Some(bad());
    host.advance(seconds(150));
    assert_eq!(host.call(pid(101), ready_on(2000, 7001)), Some(Ok(())));
    host.advance(seconds(179));
    assert_eq!(unhealthy(&host).len(), 0);
    host.advance(seconds(1));
    assert_eq!(unhealthy(&host).len(), 1);
}

#[test]
fn a_repeated_process_ready_doubles_no_check_and_heals_nobody() {
    let mut host = Host::with_ready_process();
    host.health = None;
    host.advance(seconds(60));
    assert_eq!(host.call(pid(101), ready_on(2000, 7001)), Some(Ok(())));
    host.advance(seconds(300));
    assert_eq!(host.callbacks().len(), 1, "one in flight");
    host.callback_done(&record(1), CallbackKind::Health, bad());
    host.health = Some(bad());
    host.advance(seconds(180));
    assert_eq!(unhealthy(&host).len(), 1);
    // The order to end has not come yet.
    assert_eq!(host.call(pid(101), ready_on(2000, 7001)), Some(Ok(())));
    host.terminate(&record(1), Some(seconds(300)));
    host.forget().advance(seconds(300));
    assert_eq!(host.ends(), [ProcessEnd::UnhealthyTerminated]);
}

#[test]
fn p16_killed_after_failing_health_checks_is_named_so() {
    let mut host = Host::with_ready_process();
    host.health = Some(bad());
    host.advance(seconds(180));
    host.terminate(&record(1), Some(seconds(300)));
    host.forget().advance(seconds(299));
    assert_eq!(host.ends(), []);
    host.advance(seconds(1));
    assert_eq!(host.ends(), [ProcessEnd::UnhealthyTerminated]);
}
