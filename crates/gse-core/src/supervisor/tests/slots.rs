//! Slots: exact counts, trial start, back-off, drain and stop (F-9, F-12, P1, P4 to P7, P18, R8, S-24).

use super::host::{Host, instance, pid, ready_on, record, seconds, spec};
use crate::host::{HostOrder, InstanceSpec, PreparationStep, ProcessEnd, ReportKind, Termination};
use crate::id::InstanceId;
use crate::package::setup::PackageSetup;
use crate::supervisor::{CallError, Effect, HostCx, Input, RpcRequest};
use crate::{clocks::Clocks, id::CounterIds, supervisor::Supervisor};

#[test]
fn f12_each_entry_gets_its_count() {
    let mut host = Host::new();
    host.order(HostOrder::StartInstance(spec(&[2, 3])));
    assert_eq!(host.spawns().len(), 5);
    let reports = host.reports();
    assert_eq!(reports[0], ReportKind::PreparationStarted);
    assert_eq!(reports[1], ReportKind::PackageExtracted { log: "files".into() });
    assert!(matches!(&reports[2], ReportKind::LaunchPathsChecked { missing, .. } if missing.is_empty()));
    host.forget().order(HostOrder::StartInstance(spec(&[2, 3])));
    assert!(host.log.is_empty(), "a slot that exists is left alone");
}

#[test]
fn f12_whatever_ended_is_replaced_and_nothing_else_started() {
    let mut host = Host::with_processes(3);
    let second = host.spawns()[1].1.clone();
    host.forget().exited(&second, "exit code 1");
    assert_eq!(host.ends(), [ProcessEnd::Crashed("exit code 1".into())]);
    host.advance(seconds(2));
    assert_eq!(host.spawns().len(), 1);
}

#[test]
fn f9_a_trial_starts_one_of_each_entry_and_the_rest_when_each_was_ready() {
    let mut host = Host::new();
    host.order(HostOrder::StartInstance(InstanceSpec { trial: true, ..spec(&[3, 2]) }));
    assert_eq!(host.spawns().len(), 2);
    host.forget().call(pid(101), ready_on(2000, 7000));
    assert_eq!(host.spawns().len(), 0, "the second entry has not shown that it works");
    host.call(pid(102), ready_on(2001, 7001));
    assert_eq!(host.spawns().len(), 3);
}

#[test]
fn f10_the_end_of_the_trial_starts_the_rest() {
    let mut host = Host::new();
    host.order(HostOrder::StartInstance(InstanceSpec { trial: true, ..spec(&[3, 1]) }));
    host.forget().order(HostOrder::StartInstance(spec(&[3, 1])));
    assert_eq!(host.spawns().len(), 2);
}

#[test]
fn p18_a_process_that_said_process_ending_is_replaced_when_it_is_gone() {
    let mut host = Host::with_ready_process();
    host.call(pid(101), RpcRequest::ProcessEnding);
    assert_eq!(host.spawns().len(), 0, "its fixed ports are still taken");
    host.exited(&record(1), "exit code 0");
    assert_eq!(host.ends(), [ProcessEnd::Clean]);
    host.advance(seconds(1));
    assert_eq!(host.spawns().len(), 1);
}

#[test]
fn r8_early_ends_double_the_wait_up_to_a_minute() {
    let mut host = Host::with_processes(1);
    let mut waits = Vec::new();
    for _ in 0..9 {
        let (_, process) = host.spawns()[0].clone();
        host.forget();
        let ended = host.now;
        host.exited(&process, "exit code 1");
        host.advance(seconds(60));
        waits.push(host.spawns()[0].0.since(ended).as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn r8_being_ready_for_a_minute_resets_the_wait() {
    let mut host = Host::with_processes(1);
    for process in 1..=3 {
        host.exited(&record(process), "exit code 1");
        host.advance(seconds(5));
    }
    host.call(pid(104), ready_on(2000, 7000));
    host.advance(seconds(59));
    host.forget().exited(&record(4), "signal 11");
    assert_eq!(host.spawns().len(), 0, "59 s are not enough");
    host.advance(seconds(8));
    host.call(pid(105), ready_on(2000, 7000));
    host.advance(seconds(60));
    host.forget().exited(&record(5), "signal 11");
    assert_eq!(host.spawns().len(), 1, "started at once");
    host.forget().exited(&record(6), "signal 11");
    host.advance(seconds(1));
    assert_eq!(host.spawns().len(), 1, "and the next early end waits one second again");
}

#[test]
fn r8_processes_that_end_together_count_once() {
    let mut host = Host::with_processes(10);
    host.forget();
    for process in 1..=10 {
        host.exited(&record(process), "exit code 1");
    }
    host.advance(seconds(1));
    assert_eq!(host.spawns().len(), 10);
}

#[test]
fn p18_one_match_per_process_has_no_back_off_but_coming_and_going_does() {
    let mut host = Host::with_ready_process();
    for process in 1..=20 {
        host.forget().start_session(&record(process), &format!("gs-{process}"), seconds(600));
        host.call(pid(100 + process), RpcRequest::ProcessEnding);
        host.exited(&record(process), "exit code 0");
        assert_eq!(host.spawns().len(), 1, "match {process}");
        host.call(pid(101 + process), ready_on(2000, 7000));
    }
    host.forget().call(pid(121), RpcRequest::ProcessEnding);
    host.exited(&record(21), "exit code 0");
    assert_eq!(host.spawns().len(), 0, "it served nobody");
}

#[test]
fn p4_a_process_that_cannot_be_started_is_tried_again_later() {
    for (missing, expected) in
        [(true, ProcessEnd::InvalidPath("words".into())), (false, ProcessEnd::NotExecutable("words".into()))]
    {
        let mut ids = CounterIds::default();
        let clocks = Clocks::default();
        let mut supervisor = Supervisor::new("127.0.0.1", true);
        let now = crate::time::Timestamp::from_seconds(1);
        let mut step = |input| supervisor.step(HostCx::new(now, &clocks, &mut ids), input);
        step(Input::Order(instance(), HostOrder::StartInstance(spec(&[1]))));
        step(Input::SlotExtracted {
            instance: instance(),
            log: String::new(),
            setup: PackageSetup::default(),
        });
        let found = vec![Some("/slots/server".into())];
        let effects = step(Input::LaunchPathsResolved { instance: instance(), runtime_version: 7, found });
        let spawned = effects.iter().find_map(|effect| match effect {
            Effect::Spawn { process, .. } => Some(process.clone()),
            _ => None,
        });
        let process = spawned.unwrap();
        let effects = step(Input::SpawnFailed { process, missing, reason: "words".into() });
        let end = effects.iter().find_map(|effect| match effect {
            Effect::Report { report, .. } => match &report.kind {
                ReportKind::ProcessEnded { end, .. } => Some(end.clone()),
                _ => None,
            },
            _ => None,
        });
        assert_eq!(end, Some(expected));
        assert_eq!(supervisor.next_wakeup(), Some(now.plus(seconds(1))));
    }
}

#[test]
fn parameters_that_cannot_be_split_are_a_launch_failure_without_a_busy_loop() {
    let mut host = Host::new();
    let mut spec = spec(&[2]);
    spec.server_processes[0].parameters = "'unclosed".into();
    host.order(HostOrder::StartInstance(spec));
    host.advance(seconds(3));
    let ends = host.ends();
    assert!(ends.iter().all(|end| matches!(end, ProcessEnd::NotExecutable(_))));
    assert_eq!(ends.len(), 6, "two processes at 0, 1 and 3 seconds");
}

#[test]
fn launch_paths_that_are_missing_start_nothing() {
    let mut host = Host::new();
    let mut spec = spec(&[1, 1]);
    spec.server_processes[1].launch_path = "/etc/passwd".into();
    host.order(HostOrder::StartInstance(spec));
    let ReportKind::LaunchPathsChecked { missing, log } = host.reports().pop().unwrap() else { panic!() };
    assert_eq!(missing, ["/etc/passwd"]);
    assert!(log.contains("outside the package"), "{log}");
    host.advance(seconds(600));
    assert_eq!(host.spawns().len(), 0);
}

#[test]
fn a_slot_that_cannot_be_made_is_reported_and_can_be_removed() {
    let mut ids = CounterIds::default();
    let clocks = Clocks::default();
    let mut supervisor = Supervisor::new("127.0.0.1", true);
    let now = crate::time::Timestamp::from_seconds(1);
    let mut step = |input| supervisor.step(HostCx::new(now, &clocks, &mut ids), input);
    step(Input::Order(instance(), HostOrder::StartInstance(spec(&[1]))));
    let failed = Input::SlotFailed {
        instance: instance(),
        step: PreparationStep::Extract,
        reason: "bad zip".into(),
        log: "log".into(),
    };
    let effects = step(failed);
    assert!(format!("{effects:?}").contains("PreparationFailed"));
    let effects = step(Input::Order(instance(), HostOrder::StopInstance));
    assert!(matches!(effects[..], [Effect::RemoveSlot { .. }]));
    let effects = step(Input::SlotRemoved { instance: instance() });
    assert!(format!("{effects:?}").contains("InstanceStopped"));
}

#[test]
fn a_slot_that_is_stopped_while_it_is_prepared_goes_when_that_is_done() {
    let mut ids = CounterIds::default();
    let clocks = Clocks::default();
    let mut supervisor = Supervisor::new("127.0.0.1", true);
    let now = crate::time::Timestamp::from_seconds(1);
    let mut step = |input| supervisor.step(HostCx::new(now, &clocks, &mut ids), input);
    step(Input::Order(instance(), HostOrder::StartInstance(spec(&[1]))));
    assert!(step(Input::Order(instance(), HostOrder::StopInstance)).is_empty());
    let effects = step(Input::SlotExtracted {
        instance: instance(),
        log: String::new(),
        setup: PackageSetup::default(),
    });
    assert!(matches!(effects[..], [Effect::RemoveSlot { .. }]));
}

#[test]
fn s24_an_unknown_slot_is_stopped_at_once() {
    let mut host = Host::new();
    host.input(Input::Order(InstanceId::new("ins-9"), HostOrder::StopInstance));
    let others = Termination { termination_time_s: 1, deadline: None };
    host.input(Input::Order(InstanceId::new("ins-9"), HostOrder::DrainInstance { hosting: vec![], others }));
    assert_eq!(host.reports(), [ReportKind::InstanceStopped, ReportKind::InstanceStopped]);
}

#[test]
fn s24_draining_tells_each_process_and_removes_the_slot_after_the_last() {
    let mut host = Host::with_processes(3);
    host.call(pid(101), ready_on(2000, 7000));
    host.call(pid(102), ready_on(2001, 7001));
    let hosting = record(1);
    host.start_session(&hosting, "gs-1", seconds(600));
    host.forget();
    let protected = Termination { termination_time_s: 99, deadline: None };
    let others = Termination { termination_time_s: 42, deadline: Some(host.now.plus(seconds(300))) };
    let order = HostOrder::DrainInstance { hosting: vec![(hosting.clone(), protected)], others };
    host.order(order.clone());
    assert_eq!(host.ends(), [ProcessEnd::ForceTerminated], "the one that never was ready");
    let told: Vec<_> = host.callbacks().into_iter().map(|(_, callback)| format!("{callback:?}")).collect();
    assert_eq!(told, ["Terminate { termination_time_s: 99 }", "Terminate { termination_time_s: 42 }"]);
    host.forget().order(order.clone());
    assert_eq!(host.callbacks().len(), 0, "nobody is told twice");
    host.forget().advance(seconds(100_000));
    assert_eq!(
        host.ends(),
        [ProcessEnd::ForceTerminated],
        "the idle one at its deadline, the protected one never"
    );
    assert_eq!(host.signals().len(), 1);
    host.forget().exited(&hosting, "exit code 0");
    assert_eq!(host.ends(), [ProcessEnd::Terminated]);
    assert_eq!(host.reports().pop(), Some(ReportKind::InstanceStopped));
    assert_eq!(host.spawns().len(), 0);
    assert_eq!(host.supervisor.next_wakeup(), None);
}

#[test]
fn stopping_kills_all_and_removes_the_slot() {
    let mut host = Host::with_processes(2);
    host.call(pid(101), ready_on(2000, 7000));
    host.forget().order(HostOrder::StopInstance);
    assert_eq!(host.ends(), [ProcessEnd::ForceTerminated, ProcessEnd::ForceTerminated]);
    assert_eq!(host.reports().pop(), Some(ReportKind::InstanceStopped));
    assert!(host.supervisor.is_quiet());
}

#[test]
fn shutting_down_is_polite_first_and_starts_nothing() {
    let mut host = Host::with_processes(2);
    host.signals_work = false;
    host.call(pid(101), ready_on(2000, 7000));
    host.forget().input(Input::ShutDown);
    assert!(!host.supervisor.is_quiet());
    host.advance(seconds(5));
    let signals: Vec<_> = host.signals().into_iter().map(|(_, signal)| format!("{signal:?}")).collect();
    assert_eq!(signals, ["Terminate", "Terminate", "Kill", "Kill"]);
    host.exited(&record(1), "signal 9");
    host.exited(&record(2), "signal 9");
    assert!(host.supervisor.is_quiet());
    host.order(HostOrder::StartInstance(spec(&[1])));
    assert_eq!(host.spawns().len(), 0);
    let answer = host.call(pid(101), ready_on(2000, 7000));
    assert!(matches!(answer, Some(Err(crate::supervisor::CallError::Unavailable(_)))), "{answer:?}");
}

#[test]
fn while_it_shuts_down_a_process_may_end_itself_and_begin_nothing() {
    let mut host = Host::with_processes(2);
    host.signals_work = false;
    host.call(pid(101), ready_on(2000, 7000));
    host.start_session(&record(1), "gs-1", seconds(600));
    host.input(Input::ShutDown);
    let (session, player_session) = ("gs-1".to_owned(), "ps-1".to_owned());
    let accept =
        RpcRequest::AcceptPlayer { session: session.clone(), player_session: player_session.clone() };
    let activate = RpcRequest::Activate { session: session.clone(), max_players: 2 };
    for (number, begins) in [(102, ready_on(2001, 7001)), (101, activate), (101, accept)] {
        let answer = host.call(pid(number), begins);
        assert!(matches!(answer, Some(Err(CallError::Unavailable(_)))), "{answer:?}");
    }
    host.forget();
    for ends in [
        RpcRequest::RemovePlayer { session: session.clone(), player_session },
        RpcRequest::Terminate { session },
        RpcRequest::ProcessEnding,
    ] {
        assert_eq!(host.call(pid(101), ends.clone()), Some(Ok(())), "{ends:?}");
    }
    let described = RpcRequest::DescribePlayers {
        session: String::new(),
        player_id: "p".into(),
        player_session: String::new(),
        status_filter: String::new(),
        next_token: String::new(),
        limit: 0,
    };
    let mut other = Host::with_ready_process();
    other.signals_work = false;
    other.input(Input::ShutDown);
    assert_eq!(other.call(pid(101), described), None);
    assert!(other.log.iter().any(|(_, effect)| matches!(effect, Effect::Query { .. })));
    host.exited(&record(1), "exit code 0");
    host.exited(&record(2), "signal 15");
    assert_eq!(host.ends(), [ProcessEnd::Terminated, ProcessEnd::Terminated]);
    assert!(host.supervisor.is_quiet());
}

/// What a process started outside its group goes with it, before its place is taken and before its slot goes.
#[test]
fn strays_end_before_the_replacement_starts_and_before_the_slot_goes() {
    let mut host = Host::with_ready_process();
    host.strays_end = false;
    host.exited(&record(1), "exit code 1");
    assert_eq!(host.tokens_over(), ["token-101"]);
    assert_eq!(host.ends(), [ProcessEnd::Crashed("exit code 1".into())], "the end itself is told at once");
    host.advance(seconds(60));
    assert_eq!(host.spawns().len(), 0, "a stray may hold the ports");
    host.input(Input::StraysEnded { processes: vec![record(1)] });
    assert_eq!(host.spawns().len(), 1);
    host.forget().order(HostOrder::StopInstance);
    assert_eq!(host.tokens_over(), ["token-102"]);
    assert!(!host.reports().contains(&ReportKind::InstanceStopped));
    assert!(!host.supervisor.is_quiet());
    host.input(Input::StraysEnded { processes: vec![record(2)] });
    assert_eq!(host.reports().pop(), Some(ReportKind::InstanceStopped));
    assert!(host.supervisor.is_quiet());
}

#[test]
fn a_shut_down_waits_for_the_strays_of_the_last_process() {
    let mut host = Host::with_processes(1);
    host.strays_end = false;
    host.input(Input::ShutDown);
    assert_eq!(host.ends(), [ProcessEnd::Terminated]);
    assert!(!host.supervisor.is_quiet());
    host.input(Input::StraysEnded { processes: vec![record(1)] });
    assert!(host.supervisor.is_quiet());
}

#[test]
fn what_was_not_launched_here_has_no_strays() {
    let mut host = Host::with_processes(1);
    host.call(pid(42), ready_on(2000, 7000));
    assert_eq!(host.call(pid(42), RpcRequest::ProcessEnding), Some(Ok(())));
    assert_eq!(host.ends(), [ProcessEnd::Clean]);
    assert_eq!(host.tokens_over(), Vec::<String>::new());
}

#[test]
fn a_slot_that_failed_is_prepared_again_by_the_next_order_after_a_wait() {
    let mut host = Host::new();
    host.packages = false;
    // Orders come once a second; a preparation is tried after 0, 1, 2, 4, 8 … seconds more.
    let mut tried = Vec::new();
    for second in 0..32 {
        host.forget().order(HostOrder::StartInstance(spec(&[1])));
        if host.reports().first() == Some(&ReportKind::PreparationStarted) {
            assert!(matches!(host.reports()[1], ReportKind::PreparationFailed { .. }));
            tried.push(second);
        }
        host.advance(seconds(1));
    }
    assert_eq!(tried, [0, 1, 3, 7, 15, 31]);
    host.packages = true;
    host.advance(seconds(60));
    let mut changed = spec(&[2]);
    changed.runtime_version = 8;
    host.forget().order(HostOrder::StartInstance(changed));
    assert_eq!(host.spawns().len(), 2, "by the words of the new order");
    host.forget().order(HostOrder::StartInstance(spec(&[2])));
    assert!(host.log.is_empty(), "and a slot that runs is left alone");
}

#[test]
fn a_slot_that_failed_and_is_to_go_is_not_prepared_again() {
    let mut host = Host::new();
    host.packages = false;
    host.order(HostOrder::StartInstance(spec(&[1])));
    host.advance(seconds(60));
    host.order(HostOrder::StopInstance);
    assert_eq!(host.reports().pop(), Some(ReportKind::InstanceStopped));
    host.forget().advance(seconds(60));
    assert!(host.log.is_empty());
}

#[test]
fn f9_a_missing_launch_path_is_told_again_when_the_order_comes_again() {
    for trial in [true, false] {
        let mut host = Host::new();
        let mut wrong = InstanceSpec { trial, ..spec(&[1]) };
        wrong.server_processes[0].launch_path = "/etc/passwd".into();
        host.order(HostOrder::StartInstance(wrong.clone()));
        host.advance(seconds(600));
        host.forget().order(HostOrder::StartInstance(wrong));
        let started = host.reports().iter().filter(|kind| **kind == ReportKind::PreparationStarted).count();
        assert_eq!(started, 1, "trial: {trial}");
    }
}

#[test]
fn what_is_shut_down_may_say_its_last_words() {
    let mut host = Host::with_ready_process();
    host.signals_work = false;
    host.start_session(&record(1), "gs-1", seconds(600));
    host.forget().input(Input::ShutDown);
    assert_eq!(host.call(pid(101), RpcRequest::Terminate { session: "gs-1".into() }), Some(Ok(())));
    assert_eq!(host.call(pid(101), RpcRequest::ProcessEnding), Some(Ok(())));
    host.exited(&record(1), "exit code 0");
    assert_eq!(host.ends(), [ProcessEnd::Terminated]);
    assert!(host.supervisor.is_quiet());
}

/// S45: what ended is not started again until the instance is given back.
#[test]
fn f32_nothing_is_started_on_a_reserved_slot() {
    let mut host = Host::with_ready_process();
    let reserved = |reserved| HostOrder::StartInstance(InstanceSpec { reserved, ..spec(&[1]) });
    host.order(reserved(true));
    host.forget().exited(&record(1), "signal 11");
    host.advance(seconds(600));
    assert_eq!(host.spawns(), []);
    host.order(reserved(false));
    assert_eq!(host.spawns().len(), 1);
}
