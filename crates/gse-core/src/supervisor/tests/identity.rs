//! Who is calling (server-sdk.md 2.3; conformance cases 5, 8 to 12).

use super::host::{Host, pid, ready_on, record, seconds, spec};
use crate::host::{HostOrder, ProcessEnd, ReadyProcess, ReportKind};
use crate::id::InstanceId;
use crate::supervisor::{CallError, Caller, Input, RpcRequest, Supervisor};

fn custom() -> RpcRequest {
    RpcRequest::ReportCustomData { current: 1, max: 2 }
}

fn last_ready(host: &Host) -> ReadyProcess {
    let ready = |report| match report {
        ReportKind::ProcessReady(ready) => Some(ready),
        _ => None,
    };
    host.reports().into_iter().filter_map(ready).next_back().unwrap()
}

#[test]
fn a_pid_is_one_to_ten_digits_and_nothing_else() {
    let mut host = Host::with_ready_process();
    let long = "1".repeat(10_000);
    for bad in
        [None, Some(""), Some("abc"), Some("-5"), Some("0"), Some("0x10"), Some(" 12 "), Some("4294967296")]
            .into_iter()
            .chain([Some("٣"), Some("+5"), Some("1 "), Some("00000000001"), Some(long.as_str())])
    {
        let caller = Caller { pid: bad.map(str::to_owned), ..Caller::default() };
        let answer = host.call(caller, ready_on(2001, 7001));
        let Some(Err(CallError::BadRequest(text))) = answer else { panic!("{bad:?}: {answer:?}") };
        assert!(text.contains("`pid`") && text.len() < 300 && text.is_ascii(), "{text}");
    }
    let caller = Caller { pid: Some("0000000101".into()), ..Caller::default() };
    assert_eq!(host.call(caller, custom()), Some(Ok(())), "leading zeros are digits");
}

#[test]
fn an_unknown_pid_is_told_to_call_process_ready() {
    let mut host = Host::with_ready_process();
    for rpc in [custom(), RpcRequest::ProcessEnding, RpcRequest::Terminate { session: "gs-1".into() }] {
        let answer = host.call(pid(999), rpc);
        assert!(matches!(answer, Some(Err(CallError::ProcessNotReady(_)))), "{answer:?}");
    }
}

#[test]
fn a_wrapper_script_is_its_childs_record() {
    let mut host = Host::with_processes(1);
    let caller = Caller { ancestors: vec![555, 101, 50], ..pid(556) };
    host.forget();
    assert_eq!(host.call(caller, ready_on(2000, 7000)), Some(Ok(())));
    let ready = last_ready(&host);
    assert_eq!((ready.process, ready.pid, ready.runtime_version), (record(1), 556, 7));
    assert_eq!(host.spawns().len(), 0, "it counts towards the configured number");
    assert_eq!(host.call(pid(556), custom()), Some(Ok(())), "known by its own pid");
    assert_eq!(host.call(pid(101), custom()), Some(Ok(())), "and by the launched one");
}

#[test]
fn a_wrapper_that_ends_first_is_a_crash_with_a_hint() {
    let mut host = Host::with_processes(1);
    let caller = Caller { ancestors: vec![101], ..pid(556) };
    host.call(caller, ready_on(2000, 7000));
    host.exited(&record(1), "exit code 0");
    let [ProcessEnd::Crashed(words)] = &host.ends()[..] else { panic!("{:?}", host.ends()) };
    assert!(words.contains("exit code 0") && words.contains("`exec`"), "{words}");
}

#[test]
fn a_token_wins_over_the_pid() {
    let mut host = Host::with_processes(2);
    let caller = Caller { token: Some("token-102".into()), ..pid(101) };
    host.call(caller, ready_on(2000, 7000));
    let ready = last_ready(&host);
    assert_eq!((ready.process, ready.pid), (record(2), 102), "the pid that it claims is another's");
    let without_pid = Caller { token: Some("token-101".into()), ..Caller::default() };
    assert_eq!(host.call(without_pid, ready_on(2001, 7001)), Some(Ok(())));
    assert_eq!(last_ready(&host).process, record(1));
    assert_eq!(last_ready(&host).pid, 101, "its pid stays its own");
    let forged = Caller { token: Some("token-999".into()), ..pid(999) };
    let answer = host.call(forged, custom());
    assert!(matches!(answer, Some(Err(CallError::ProcessNotReady(_)))), "{answer:?}");
}

#[test]
fn a_session_scoped_call_is_rescued_by_its_session() {
    let mut host = Host::with_ready_process();
    host.start_session(&record(1), "gs-1", seconds(600));
    let activate = RpcRequest::Activate { session: "gs-1".into(), max_players: 0 };
    assert_eq!(host.call(pid(999), activate.clone()), Some(Ok(())));
    assert_eq!(host.call(Caller::default(), activate.clone()), Some(Ok(())), "even without a pid");
    let malformed = Caller { pid: Some("0x10".into()), ..Caller::default() };
    let answer = host.call(malformed, activate);
    assert!(
        matches!(answer, Some(Err(CallError::BadRequest(_)))),
        "a malformed pid is a mistake: {answer:?}"
    );
    assert!(host.notes().contains("hosts the session"));
    let other = RpcRequest::Activate { session: "gs-2".into(), max_players: 0 };
    assert!(matches!(host.call(Caller::default(), other), Some(Err(CallError::BadRequest(_)))));
}

#[test]
fn p2_adoption_needs_the_switch_and_one_running_instance() {
    let mut host = Host::new();
    let answer = host.call(pid(500), ready_on(2000, 7000));
    assert!(matches!(answer, Some(Err(CallError::ProcessReadyFailed(_)))), "no instance: {answer:?}");
    host.order(HostOrder::StartInstance(spec(&[1])));
    assert_eq!(host.call(pid(500), ready_on(2000, 7000)), Some(Ok(())));
    host.input(Input::Order(InstanceId::new("ins-2"), HostOrder::StartInstance(spec(&[1]))));
    let answer = host.call(pid(501), ready_on(2001, 7001));
    assert!(matches!(answer, Some(Err(CallError::ProcessReadyFailed(_)))), "two instances: {answer:?}");
    let mut strict = Host::with_processes(1);
    strict.supervisor = Supervisor::new("127.0.0.1", false);
    strict.order(HostOrder::StartInstance(spec(&[1])));
    let answer = strict.call(pid(500), ready_on(2000, 7000));
    assert!(matches!(answer, Some(Err(CallError::ProcessReadyFailed(_)))), "{answer:?}");
}

#[test]
fn a_used_pid_starts_a_new_record() {
    let mut host = Host::with_processes(1);
    host.call(pid(500), ready_on(2000, 7000));
    let first = last_ready(&host).process;
    host.call(pid(500), RpcRequest::ProcessEnding);
    let answer = host.call(pid(500), custom());
    assert!(matches!(answer, Some(Err(CallError::ProcessNotActive(_)))), "{answer:?}");
    assert_eq!(host.call(pid(500), ready_on(2000, 7000)), Some(Ok(())));
    let second = last_ready(&host).process;
    assert_ne!(first, second);
}

#[test]
fn a_pid_that_the_kernel_gave_to_another_process_closes_the_old_record() {
    let mut host = Host::with_processes(1);
    let born = |started| Caller { started: Some(started), ..pid(500) };
    host.call(born(10), ready_on(2000, 7000));
    let first = last_ready(&host).process;
    assert_eq!(host.call(born(10), custom()), Some(Ok(())));
    host.forget();
    assert_eq!(host.call(born(20), ready_on(2000, 7000)), Some(Ok(())));
    assert!(matches!(host.ends()[..], [ProcessEnd::Crashed(_)]));
    assert_ne!(last_ready(&host).process, first);
    assert_eq!(host.reports().len(), 2);
}
