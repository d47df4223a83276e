//! Who is calling (server-sdk.md 2.3; conformance cases 5, 8 to 12).

use super::host::{Host, instance, pid, ready_on, record, seconds, spec};
use crate::host::{HostOrder, HostReport, InstanceSpec, ProcessEnd, ReadyProcess, ReportKind};
use crate::id::{FleetId, InstanceId, ProcessId};
use crate::supervisor::{Adoption, CallError, Caller, Effect, Input, RpcRequest, Supervisor};
use crate::time::Timestamp;

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

fn refusal(answer: Option<Result<(), CallError>>) -> String {
    let Some(Err(CallError::ProcessReadyFailed(text))) = answer else { panic!("{answer:?}") };
    text
}

fn instance_of(host: &Host, process: &ProcessId) -> InstanceId {
    let mut reports = host.log.iter().filter_map(|(_, effect)| match effect {
        Effect::Report { report, .. } => Some(report),
        _ => None,
    });
    let of = |report: &&HostReport| matches!(&report.kind, ReportKind::ProcessReady(ready) if ready.process == *process);
    reports.rfind(of).unwrap().instance.clone()
}

#[test]
fn p2_adoption_off_refuses_and_says_how_to_turn_it_on() {
    let mut host = Host::new();
    host.supervisor = Supervisor::new("127.0.0.1", Adoption::Off);
    host.order(HostOrder::StartInstance(spec(&[1])));
    let text = refusal(host.call(pid(500), ready_on(2000, 7000)));
    assert!(text.contains("gse local --adopt on"), "{text}");
}

#[test]
fn p2_an_adopted_process_joins_the_fleet_that_it_names_or_the_only_one() {
    let mut host = Host::new();
    let text = refusal(host.call(pid(500), ready_on(2000, 7000)));
    assert!(text.contains("create a fleet"), "{text}");
    let other = InstanceId::new("ins-2");
    let of = |fleet: &str| Caller { fleet: Some(fleet.into()), ..pid(502) };
    host.order(HostOrder::StartInstance(spec(&[1])));
    host.input(Input::Order(other.clone(), HostOrder::StartInstance(spec(&[1]))));
    // Two instances of one fleet: the one with fewer of them.
    for (number, wanted) in [(500, instance()), (501, other.clone())] {
        let port = i32::try_from(number).unwrap();
        assert_eq!(host.call(pid(number), ready_on(2000 + port, 7000 + port)), Some(Ok(())));
        assert_eq!(instance_of(&host, &last_ready(&host).process), wanted);
    }
    let third = InstanceId::new("ins-3");
    let spec = InstanceSpec { fleet: FleetId::new("fleet-2"), ..spec(&[1]) };
    host.input(Input::Order(third.clone(), HostOrder::StartInstance(spec)));
    let text = refusal(host.call(pid(502), ready_on(2001, 7001)));
    assert!(text.contains("GSE_FLEET_ID"), "{text}");
    let text = refusal(host.call(of("fleet-\n9"), ready_on(2001, 7001)));
    assert!(text.contains("`fleet-\\n9`"), "{text}");
    let text = refusal(host.call(Caller { is_remote: true, ..of("fleet-2") }, ready_on(2001, 7001)));
    assert!(text.contains("another machine"), "{text}");
    assert_eq!(host.call(of("fleet-2"), ready_on(2001, 7001)), Some(Ok(())));
    assert_eq!(instance_of(&host, &last_ready(&host).process), third);
}

/// Anybody on the machine may call, with any number for a pid.
#[test]
fn p2_only_so_many_processes_are_adopted_on_an_instance() {
    let mut host = Host::new();
    host.order(HostOrder::StartInstance(spec(&[1])));
    let mut call = |number: u32| {
        let port = i32::try_from(number).unwrap();
        host.call(pid(number), ready_on(2000 + port, 7000 + port))
    };
    for number in 500..550 {
        assert_eq!(call(number), Some(Ok(())));
    }
    let text = refusal(call(550));
    assert!(text.contains("50 processes") && text.contains("`ins-1`"), "{text}");
    assert_eq!(call(500), Some(Ok(())), "one that is known is not a new one");
    assert_eq!(host.call(pid(501), RpcRequest::ProcessEnding), Some(Ok(())));
    assert_eq!(host.call(pid(550), ready_on(2550, 7550)), Some(Ok(())), "there is room again");
}

#[test]
fn p2_nothing_is_launched_for_the_fleet_whose_processes_are_started_by_hand() {
    let mut host = Host::new();
    host.supervisor = Supervisor::new("127.0.0.1", Adoption::Fleet(FleetId::new("fleet-1")));
    host.order(HostOrder::StartInstance(spec(&[2])));
    host.advance(seconds(600));
    assert_eq!(host.spawns(), []);
    let elsewhere = Caller { fleet: Some("fleet-2".into()), ..pid(500) };
    assert_eq!(host.call(elsewhere, ready_on(2000, 7000)), Some(Ok(())), "the setting decides");
    let ready = last_ready(&host);
    assert_eq!((ready.entry, ready.runtime_version), (None, 7));
}

#[test]
fn p2_an_adopted_process_is_watched_never_signalled_and_ends_when_it_is_gone() {
    let mut host = Host::with_processes(1);
    let caller = Caller { started: Some(77), ..pid(500) };
    host.call(caller, ready_on(2000, 7000));
    let process = last_ready(&host).process;
    let watched = |(_, effect): &(Timestamp, Effect)| {
        matches!(effect, Effect::WatchAdopted { pid: 500, started: 77, .. })
    };
    assert!(host.log.iter().any(watched));
    host.forget().terminate(&process, Some(seconds(10)));
    host.advance(seconds(11));
    assert_eq!(host.ends(), [ProcessEnd::ForceTerminated]);
    assert_eq!(host.signals(), []);
    let forgotten = |(_, effect): &(Timestamp, Effect)| matches!(effect, Effect::ForgetAdopted { process: other } if *other == process);
    assert!(host.log.iter().any(forgotten));
    // Late news of it means nothing any more.
    host.forget().exited(&process, "gone");
    assert_eq!(host.ends(), []);
    host.call(Caller { started: Some(78), ..pid(501) }, ready_on(2000, 7000));
    let second = last_ready(&host).process;
    host.forget().exited(&second, "it is gone");
    assert_eq!(host.ends(), [ProcessEnd::Crashed("it is gone".into())]);
    assert_eq!(host.signals(), []);
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
