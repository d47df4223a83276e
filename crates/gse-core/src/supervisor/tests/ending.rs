//! How processes end (P5 to P7, P13 to P17; server-sdk.md 3.4, 3.5, R7; conformance cases 39 to 45).

use super::host::{Host, pid, ready_on, record, seconds};
use crate::host::{HostOrder, ProcessEnd, ReportKind};
use crate::id::ProcessId;
use crate::supervisor::{Callback, CallbackKind, Effect, RpcRequest, Signal};

fn terminate_call(session: &str) -> RpcRequest {
    RpcRequest::Terminate { session: session.into() }
}

#[test]
fn p5_no_contact_and_p6_contact_without_process_ready() {
    for (calls, expected) in [(false, ProcessEnd::NoContact), (true, ProcessEnd::NotReady)] {
        let mut host = Host::with_processes(1);
        if calls {
            host.call(pid(101), RpcRequest::ReportCustomData { current: 1, max: 2 });
        }
        host.forget().advance(seconds(299));
        assert_eq!(host.ends(), []);
        host.advance(seconds(1));
        assert_eq!(host.ends(), [expected]);
        assert_eq!(host.signals().len(), 1);
        host.advance(seconds(1));
        assert_eq!(host.spawns().len(), 1, "started again after the back-off");
    }
}

#[test]
fn p7_an_end_without_process_ending_is_a_crash() {
    let mut host = Host::with_ready_process();
    host.exited(&record(1), "signal 11");
    let [ReportKind::ProcessEnded { end, log, .. }] = &host.reports()[..] else {
        panic!("{:?}", host.reports())
    };
    assert_eq!((end, log.as_str()), (&ProcessEnd::Crashed("signal 11".into()), "tail"));
}

#[test]
fn p13_it_is_told_once_and_may_end_by_itself() {
    let mut host = Host::with_ready_process();
    let process = record(1);
    host.terminate(&process, Some(seconds(300)));
    host.terminate(&process, Some(seconds(300)));
    assert_eq!(host.callbacks().len(), 1);
    assert_eq!(host.callbacks()[0].1, Callback::Terminate { termination_time_s: 42 });
    let times = host.log.iter().find_map(|(_, effect)| match effect {
        Effect::Callback { dial_for, answer_for, .. } => Some((*dial_for, *answer_for)),
        _ => None,
    });
    assert_eq!(
        times,
        Some((seconds(300), seconds(60))),
        "dialled until its deadline, then 60 s to answer (4.5)"
    );
    host.advance(seconds(10));
    host.exited(&process, "exit code 1");
    assert_eq!(host.ends(), [ProcessEnd::Terminated], "P15: not a crash");
}

#[test]
fn p16_it_is_killed_at_its_deadline() {
    let mut host = Host::with_ready_process();
    let process = record(1);
    host.start_session(&process, "gs-1", seconds(600));
    host.forget().terminate(&process, Some(seconds(420)));
    host.advance(seconds(419));
    assert_eq!(host.signals(), []);
    host.advance(seconds(1));
    assert_eq!(host.signals(), [(host.now, Signal::Kill)]);
    assert_eq!(host.ends(), [ProcessEnd::ForceTerminated]);
}

#[test]
fn p16_a_kill_that_does_not_help_is_repeated() {
    let mut host = Host::with_ready_process();
    host.signals_work = false;
    host.terminate(&record(1), Some(seconds(300)));
    host.forget().advance(seconds(312));
    assert_eq!(host.signals().len(), 3);
    assert_eq!(host.ends(), []);
}

#[test]
fn f21_full_protection_holds_while_it_hosts_and_not_longer() {
    let mut host = Host::with_ready_process();
    let process = record(1);
    host.start_session(&process, "gs-1", seconds(600));
    host.terminate(&process, None);
    host.forget().advance(seconds(1_000_000));
    assert_eq!(host.signals(), []);
    assert_eq!(host.call(pid(101), terminate_call("gs-1")), Some(Ok(())));
    host.advance(seconds(299));
    assert_eq!(host.signals(), []);
    host.advance(seconds(1));
    assert_eq!(host.signals().len(), 1);
}

#[test]
fn f21_an_idle_process_has_no_protection_however_long_it_was_idle() {
    let mut host = Host::with_ready_process();
    host.advance(seconds(10_000));
    host.terminate(&record(1), None);
    host.forget().advance(seconds(299));
    assert_eq!(host.signals(), []);
    host.advance(seconds(1));
    assert_eq!(host.signals().len(), 1);
}

#[test]
fn p13_one_that_never_was_ready_is_killed_at_once() {
    let mut host = Host::with_processes(1);
    host.forget().terminate(&record(1), Some(seconds(300)));
    assert_eq!(host.ends(), [ProcessEnd::ForceTerminated]);
    assert_eq!(host.callbacks(), []);
}

#[test]
fn p14_process_ending_is_answered_first_and_then_the_grace_runs() {
    let mut host = Host::with_ready_process();
    host.signals_work = false;
    assert_eq!(host.call(pid(101), RpcRequest::ProcessEnding), Some(Ok(())));
    assert_eq!(host.reports(), [ReportKind::ProcessEnding { process: record(1) }]);
    host.advance(seconds(29));
    assert_eq!(host.signals(), []);
    host.advance(seconds(1));
    let polite = host.now;
    host.advance(seconds(5));
    assert_eq!(host.signals(), [(polite, Signal::Terminate), (host.now, Signal::Kill)]);
    host.exited(&record(1), "signal 9");
    assert_eq!(host.ends(), [ProcessEnd::ExitTimeout]);
}

#[test]
fn p14_an_end_within_the_grace_is_clean() {
    let mut host = Host::with_ready_process();
    host.call(pid(101), RpcRequest::ProcessEnding);
    assert_eq!(host.call(pid(101), RpcRequest::ProcessEnding), Some(Ok(())), "and may be said twice");
    host.exited(&record(1), "exit code 0");
    assert_eq!(host.ends(), [ProcessEnd::Clean]);
    assert_eq!(host.call(pid(101), RpcRequest::ProcessEnding), Some(Ok(())), "even by the dead");
}

#[test]
fn p14_before_process_ready_it_is_a_clean_end_that_the_control_plane_need_not_allow() {
    let mut host = Host::with_processes(1);
    host.forget();
    assert_eq!(host.call(pid(101), RpcRequest::ProcessEnding), Some(Ok(())));
    assert_eq!(host.reports(), []);
    host.exited(&record(1), "exit code 0");
    assert_eq!(host.ends(), [ProcessEnd::Clean]);
}

#[test]
fn p14_inside_on_process_terminate() {
    let mut host = Host::with_ready_process();
    let process = record(1);
    host.start_session(&process, "gs-1", seconds(600));
    host.terminate(&process, Some(seconds(300)));
    assert_eq!(host.call(pid(101), terminate_call("gs-1")), Some(Ok(())));
    assert_eq!(host.call(pid(101), RpcRequest::ProcessEnding), Some(Ok(())));
    host.callback_done(&process, CallbackKind::Terminate, crate::supervisor::CallbackOutcome::Done);
    host.exited(&process, "exit code 0");
    assert_eq!(host.ends(), [ProcessEnd::Clean]);
}

#[test]
fn p14_without_a_control_plane_the_process_still_ends() {
    let mut host = Host::with_ready_process();
    host.answer = Box::new(|_| None);
    assert_eq!(host.call(pid(101), RpcRequest::ProcessEnding), Some(Ok(())));
    host.advance(seconds(30));
    assert_eq!(host.ends(), [ProcessEnd::ExitTimeout]);
}

#[test]
fn adopted_processes_are_never_signalled() {
    let mut host = Host::with_processes(1);
    for number in [1, 42, 4_000_000] {
        assert_eq!(host.call(pid(number), ready_on(2000, 7000)), Some(Ok(())), "pid {number}");
        assert_eq!(host.call(pid(number), RpcRequest::ProcessEnding), Some(Ok(())));
    }
    assert_eq!(host.ends(), [ProcessEnd::Clean, ProcessEnd::Clean, ProcessEnd::Clean]);
    host.call(pid(43), ready_on(2000, 7000));
    let adopted: ProcessId = host
        .reports()
        .iter()
        .rev()
        .find_map(|report| match report {
            ReportKind::ProcessReady(ready) => Some(ready.process.clone()),
            _ => None,
        })
        .unwrap();
    host.terminate(&adopted, Some(seconds(100)));
    host.forget().advance(seconds(100));
    assert_eq!(host.ends(), [ProcessEnd::ForceTerminated]);
    host.call(pid(44), ready_on(2000, 7000));
    host.order(HostOrder::StopInstance);
    let signalled =
        |(_, effect): &(_, Effect)| matches!(effect, Effect::Signal { process, .. } if *process != record(1));
    assert!(!host.log.iter().any(signalled));
    assert_eq!(host.reports().pop(), Some(ReportKind::InstanceStopped));
}

#[test]
fn an_order_for_a_process_of_an_earlier_run_is_answered_with_its_end() {
    let mut host = Host::with_processes(1);
    let stranger = ProcessId::new("process-of-yesterday");
    host.forget().terminate(&stranger, None);
    host.start_session(&stranger, "gs-1", seconds(600));
    assert_eq!(host.ends().len(), 2);
    assert_eq!(host.callbacks(), []);
}

/// G-15: no OnProcessTerminate and no time; the order is repeated until the end was heard.
#[test]
fn g15_a_process_that_is_killed_by_order_is_not_asked() {
    let mut host = Host::with_ready_process();
    let process = record(1);
    host.start_session(&process, "gs-1", seconds(600));
    host.forget();
    host.signals_work = false;
    let kill = || HostOrder::KillProcess { process: record(1), reason: "by request".into() };
    host.order(kill());
    host.order(kill());
    assert_eq!(host.callbacks(), []);
    assert_eq!(host.signals(), [(host.now, Signal::Kill)]);
    host.signals_work = true;
    host.advance(seconds(6));
    assert_eq!(host.ends(), [ProcessEnd::ForceTerminated]);
    assert_eq!(host.spawns().len(), 1, "another one is started, and not after a back-off");
    // Its end may not have been heard.
    host.forget().order(kill());
    assert_eq!((host.ends(), host.signals()), (vec![ProcessEnd::ForceTerminated], vec![]));
}
