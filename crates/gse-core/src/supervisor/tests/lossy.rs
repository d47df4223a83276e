//! What becomes of orders and reports that are lost, repeated or late.

use std::time::Duration;

use super::host::{Host, instance, pid, ready_on, record, session, spec};
use crate::host::{HostOrder, PreparationStep, ProcessEnd, ReportKind};
use crate::supervisor::{CallbackOutcome, Effect, Input};

fn confirm(host: &mut Host, process: u32) -> Vec<ReportKind> {
    host.forget().order(HostOrder::ConfirmProcesses(vec![record(process)]));
    host.reports()
}

#[test]
fn an_end_that_was_not_heard_is_told_again() {
    let mut host = Host::with_ready_process();
    assert_eq!(confirm(&mut host, 1), []);
    host.exited(&record(1), "signal 9");
    let ended = |end| ReportKind::ProcessEnded { process: record(1), end, log: String::new() };
    assert_eq!(confirm(&mut host, 1), [ended(ProcessEnd::Crashed("signal 9".into()))]);
    host.forget().start_session(&record(1), "gs-1", Duration::from_secs(9));
    assert_eq!(host.reports(), [ended(ProcessEnd::Crashed("signal 9".into()))]);
    // A host that was restarted knows nothing of it.
    let mut other = Host::new();
    assert_eq!(confirm(&mut other, 1), [ended(ProcessEnd::Lost)]);
}

#[test]
fn an_illness_that_was_not_heard_is_told_again() {
    let mut host = Host::with_ready_process();
    host.health = Some(CallbackOutcome::TimedOut);
    host.advance(Duration::from_secs(200));
    assert!(matches!(&confirm(&mut host, 1)[..], [ReportKind::ProcessUnhealthy { .. }]));
    host.terminate(&record(1), Some(Duration::from_secs(60)));
    assert_eq!(confirm(&mut host, 1), []);
}

#[test]
fn p13_a_repeated_termination_does_not_postpone_the_end() {
    let mut host = Host::with_ready_process();
    host.start_session(&record(1), "gs-1", Duration::from_secs(9));
    for _ in 0..6 {
        host.terminate(&record(1), Some(Duration::from_secs(60)));
        host.advance(Duration::from_secs(10));
    }
    assert_eq!(host.ends(), [ProcessEnd::ForceTerminated]);
}

#[test]
fn a_slot_that_could_not_be_made_is_tried_again_with_the_next_order() {
    let mut host = Host::new();
    let start = Input::Order(instance(), HostOrder::StartInstance(spec(&[1])));
    // The step alone: this host's disk is full.
    host.step(start.clone());
    let (step, reason) = (PreparationStep::Extract, "full".to_owned());
    host.step(Input::SlotFailed { instance: instance(), step, reason, log: String::new() });
    // Not at once: whether it was mended is not asked at every order.
    assert!(host.step(start.clone()).is_empty());
    host.now = host.now.plus(Duration::from_secs(1));
    let again = host.step(start);
    assert!(again.iter().any(|effect| matches!(effect, Effect::PrepareSlot { .. })), "{again:?}");
}

#[test]
fn a_session_says_that_the_process_was_accepted() {
    let mut host = Host::with_processes(1);
    host.answer = Box::new(|_| None);
    let deadline = host.now.plus(Duration::from_secs(9));
    let order = HostOrder::StartGameServerSession { process: record(1), session: session("gs-1"), deadline };
    host.before_answers = Some(Input::Order(instance(), order));
    assert_eq!(host.call(pid(101), ready_on(2000, 7000)), Some(Ok(())));
    host.advance(Duration::from_secs(400));
    assert_eq!(host.ends(), []);
}
