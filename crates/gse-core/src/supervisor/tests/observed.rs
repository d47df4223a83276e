//! What is told for a diagnosis, and how little of it.

use super::host::{Host, pid, ready_on, record, seconds};
use crate::observation::{CallbackFailure, Observation, Refusal, Rpc};
use crate::supervisor::{CallbackKind, CallbackOutcome, RpcRequest};

#[test]
fn a_start_is_told_with_its_pid() {
    let host = Host::with_processes(1);
    assert_eq!(host.observations(), [Observation::Started { pid: 101 }]);
}

#[test]
fn case_37_each_failed_health_check_is_told_with_its_kind_and_so_is_its_end() {
    let mut host = Host::with_ready_process();
    let outcome = |unimplemented| CallbackOutcome::Status { words: "x".into(), unimplemented };
    for (outcome, wanted) in [
        (CallbackOutcome::Health(false), CallbackFailure::AnsweredFalse),
        (outcome(true), CallbackFailure::Unimplemented),
        (CallbackOutcome::TimedOut, CallbackFailure::NoAnswer),
        (CallbackOutcome::Unreachable("x".into()), CallbackFailure::NoConnection),
    ] {
        host.health = Some(outcome);
        host.advance(seconds(60));
        let Some(Observation::CallbackFailed { callback: CallbackKind::Health, failure, .. }) =
            host.observations().pop()
        else {
            panic!("{:?}", host.observations())
        };
        assert_eq!(failure, wanted);
        host.health = Some(CallbackOutcome::Health(true));
        host.advance(seconds(60));
        assert_eq!(host.observations().pop(), Some(Observation::HealthSucceeded));
    }
    let told = host.observations().len();
    host.advance(seconds(600));
    assert_eq!(host.observations().len(), told, "health is no news");
}

#[test]
fn refusals_in_a_loop_are_told_less_and_less() {
    let mut host = Host::with_processes(2);
    assert_eq!(host.call(pid(101), ready_on(2000, 7000)), Some(Ok(())));
    host.log.clear();
    for _ in 0..1000 {
        assert!(host.call(pid(102), ready_on(2001, 7000)).is_some_and(|answer| answer.is_err()));
    }
    let observations = host.observations();
    assert_eq!(observations.len(), 10, "1, 2, 4, … 512");
    let Observation::CallRefused { rpc, refusal, words } = &observations[0] else { panic!() };
    assert_eq!((*rpc, *refusal), (Rpc::ProcessReady, Refusal::PortTaken));
    assert!(words.contains("pid 101"), "{words}");
    // Who is unknown has no row that it could be told of.
    host.log.clear();
    assert!(host.call(pid(4711), RpcRequest::ProcessEnding).is_some_and(|answer| answer.is_err()));
    assert_eq!(host.observations(), []);
}

#[test]
fn a_start_that_returned_without_an_activation_is_told() {
    let mut host = Host::with_ready_process();
    host.start_session(&record(1), "gs-1", seconds(600));
    host.callback_done(&record(1), CallbackKind::Start, CallbackOutcome::Done);
    assert!(
        matches!(&host.observations()[..], [Observation::StartReturned { .. }]),
        "{:?}",
        host.observations()
    );
}
