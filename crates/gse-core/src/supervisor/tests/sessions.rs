//! Handing sessions to processes (server-sdk.md 3.2, 4.5; conformance cases 16 to 22, 24, 44).

use std::time::Duration;

use super::host::{Host, pid, record, seconds};
use crate::host::{HostOrder, ReportKind};
use crate::supervisor::{Callback, CallbackKind, CallbackOutcome, Effect, RpcRequest};

fn activate(session: &str) -> RpcRequest {
    RpcRequest::Activate { session: session.into(), max_players: 0 }
}

fn failures(host: &Host) -> Vec<String> {
    let failed = |report| match report {
        ReportKind::StartSessionFailed { reason, .. } => Some(reason),
        _ => None,
    };
    host.reports().into_iter().filter_map(failed).collect()
}

#[test]
fn p8_the_process_is_called_with_the_deadline_and_the_dial_grace() {
    let mut host = Host::with_ready_process();
    host.start_session(&record(1), "gs-1", seconds(120));
    let [(_, Effect::Callback { grpc_port, callback, dial_for, answer_within, .. })] = &host.log[..] else {
        panic!("{:?}", host.log)
    };
    assert_eq!((*grpc_port, *dial_for, *answer_within), (7000, seconds(15), seconds(120)));
    assert!(matches!(callback, Callback::Start(session) if session.id.as_str() == "gs-1"));
    host.forget().start_session(&record(1), "gs-1", seconds(120));
    assert!(host.log.is_empty(), "a repeated order is ignored");
}

#[test]
fn p8_a_deadline_in_the_past_leaves_no_time() {
    let mut host = Host::with_ready_process();
    let order = HostOrder::StartGameServerSession {
        process: record(1),
        session: super::host::session("gs-1"),
        deadline: crate::time::Timestamp::from_seconds(1),
    };
    host.order(order);
    assert!(host.log.iter().any(|(_, effect)| matches!(
        effect,
        Effect::Callback { dial_for: Duration::ZERO, answer_within: Duration::ZERO, .. }
    )));
}

#[test]
fn g4_a_failed_start_is_reported() {
    for (outcome, words) in [
        (CallbackOutcome::Rejected("ERROR_500 no memory".into()), "no memory"),
        (CallbackOutcome::Rejected("status 7 ".into()), "status 7"),
        (CallbackOutcome::Status { words: "Unknown `null`".into(), unimplemented: false }, "null"),
        (CallbackOutcome::Status { words: "Unimplemented".into(), unimplemented: true }, "base class"),
        (CallbackOutcome::Unreachable("refused".into()), "refused"),
    ] {
        let mut host = Host::with_ready_process();
        host.start_session(&record(1), "gs-1", seconds(600));
        host.callback_done(&record(1), CallbackKind::Start, outcome);
        let failures = failures(&host);
        assert_eq!(failures.len(), 1);
        assert!(failures[0].contains(words), "{}", failures[0]);
    }
}

#[test]
fn g3_no_answer_by_the_deadline_is_left_to_the_activation_timer() {
    let mut host = Host::with_ready_process();
    host.start_session(&record(1), "gs-1", seconds(600));
    host.callback_done(&record(1), CallbackKind::Start, CallbackOutcome::TimedOut);
    assert_eq!(failures(&host).len(), 0);
}

#[test]
fn g4_an_activation_that_came_first_stands() {
    let mut host = Host::with_ready_process();
    host.start_session(&record(1), "gs-1", seconds(600));
    assert_eq!(host.call(pid(101), activate("gs-1")), Some(Ok(())));
    let outcome = CallbackOutcome::Status { words: "Unknown".into(), unimplemented: false };
    host.callback_done(&record(1), CallbackKind::Start, outcome);
    assert_eq!(failures(&host).len(), 0);
    assert!(host.notes().contains("Unknown"), "it is logged");
}

#[test]
fn g4_an_activation_that_was_refused_does_not_count() {
    let mut host = Host::with_ready_process();
    host.answer = Box::new(|report| {
        let activates = matches!(report, ReportKind::Call { .. });
        Some(if activates { Err(crate::error::Error::BadToken) } else { Ok(()) })
    });
    host.start_session(&record(1), "gs-1", seconds(600));
    assert!(matches!(host.call(pid(101), activate("gs-1")), Some(Err(_))));
    let outcome = CallbackOutcome::Status { words: "Unknown".into(), unimplemented: false };
    host.callback_done(&record(1), CallbackKind::Start, outcome);
    assert_eq!(failures(&host).len(), 1);
}

#[test]
fn p11_a_process_hosts_one_session_after_the_other() {
    let mut host = Host::with_ready_process();
    let process = record(1);
    for name in ["gs-1", "gs-2"] {
        host.forget().start_session(&process, name, seconds(600));
        assert_eq!(host.callbacks().len(), 1);
        host.callback_done(&process, CallbackKind::Start, CallbackOutcome::Done);
        assert_eq!(host.call(pid(101), activate(name)), Some(Ok(())));
        let over = RpcRequest::Terminate { session: name.into() };
        assert_eq!(host.call(pid(101), over), Some(Ok(())));
    }
    host.forget().start_session(&process, "gs-1", seconds(600));
    assert!(host.log.is_empty(), "an order that comes late, for a session that is over");
}

#[test]
fn two_starts_are_never_in_flight_at_once() {
    let mut host = Host::with_ready_process();
    let process = record(1);
    host.start_session(&process, "gs-1", seconds(600));
    host.forget().start_session(&process, "gs-2", seconds(600));
    assert_eq!(host.callbacks(), []);
    assert_eq!(failures(&host).len(), 1);
}

#[test]
fn a_process_that_is_not_ready_or_going_refuses_sessions() {
    let mut host = Host::with_processes(1);
    host.forget().start_session(&record(1), "gs-1", seconds(600));
    assert_eq!(failures(&host).len(), 1);
    let mut host = Host::with_ready_process();
    host.call(pid(101), RpcRequest::ProcessEnding);
    host.forget().start_session(&record(1), "gs-1", seconds(600));
    assert_eq!(failures(&host).len(), 1);
    assert_eq!(host.callbacks(), []);
}

#[test]
fn callbacks_that_return_after_the_end_change_nothing() {
    let mut host = Host::with_ready_process();
    let process = record(1);
    host.start_session(&process, "gs-1", seconds(600));
    host.exited(&process, "signal 9");
    host.forget();
    host.callback_done(&process, CallbackKind::Start, CallbackOutcome::Unreachable("reset".into()));
    host.callback_done(&process, CallbackKind::Health, CallbackOutcome::TimedOut);
    host.callback_done(&process, CallbackKind::Terminate, CallbackOutcome::TimedOut);
    assert_eq!(host.reports(), []);
}
