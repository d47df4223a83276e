//! A newer runtime configuration reaches a slot that runs (F-23).

use super::host::{Host, pid, ready_on, record, seconds, spec};
use crate::fleet::ServerProcess;
use crate::host::{HostOrder, InstanceSpec, ProcessEnd, ReportKind};
use crate::package::setup::PackageSetup;
use crate::supervisor::{Effect, Input, RpcRequest, Signal};

/// Entries by their parameters and counts.
type Entries = &'static [(&'static str, u32)];

/// Entries with these parameters and counts.
fn version(number: u64, entries: &[(&str, u32)]) -> InstanceSpec {
    let entry = |(parameters, count): &(&str, u32)| ServerProcess {
        launch_path: "/local/game/server".into(),
        parameters: (*parameters).into(),
        concurrent_executions: *count,
    };
    InstanceSpec {
        runtime_version: number,
        server_processes: entries.iter().map(entry).collect(),
        ..spec(&[])
    }
}

fn change(host: &mut Host, number: u64, entries: &[(&str, u32)]) {
    host.forget().order(HostOrder::StartInstance(version(number, entries)));
}

/// The arguments of what was started.
fn started(host: &Host) -> Vec<String> {
    let argument = |(_, effect): &(_, Effect)| match effect {
        Effect::Spawn { arguments, .. } => Some(arguments.join(" ")),
        _ => None,
    };
    host.log.iter().filter_map(argument).collect()
}

/// So many ready processes with parameters `a`.
fn ready(count: u32) -> Host {
    let mut host = Host::new();
    change(&mut host, 1, &[("a", count)]);
    for number in 1..=count {
        let port = i32::try_from(number).unwrap();
        assert_eq!(host.call(pid(100 + number), ready_on(2000 + port, 7000 + port)), Some(Ok(())));
    }
    host
}

#[test]
fn f23_entries_are_compared() {
    // Entries before, entries after, what is started at once.
    let cases: [(Entries, Entries, &[&str]); 6] = [
        (&[("a", 2)], &[("b", 2)], &["b", "b"]),
        (&[("a", 2)], &[("a", 4)], &["a", "a"]),
        (&[("a", 2)], &[("a", 1)], &[]),
        (&[("a", 1), ("b", 1)], &[("b", 1), ("a", 1)], &[]),
        (&[("a", 2)], &[("a", 2), ("b", 1)], &["b"]),
        (&[("a", 2), ("a", 1)], &[("a", 3)], &["a"]),
    ];
    for (before, after, wanted) in cases {
        let mut host = Host::new();
        change(&mut host, 1, before);
        let count = before.iter().map(|(_, count)| count).sum();
        for number in 1..=count {
            let port = i32::try_from(number).unwrap();
            host.call(pid(100 + number), ready_on(2000 + port, 7000 + port));
        }
        change(&mut host, 2, after);
        assert_eq!(started(&host), wanted, "{before:?} to {after:?}");
        assert_eq!(host.signals(), [], "what was ready is the control plane's to end");
    }
}

#[test]
fn f23_old_and_new_run_side_by_side_and_old_ones_are_not_replaced() {
    let mut host = ready(2);
    host.start_session(&record(1), "gs-1", seconds(600));
    change(&mut host, 2, &[("b", 2)]);
    host.terminate(&record(2), Some(seconds(300)));
    host.exited(&record(2), "exit code 0");
    assert_eq!(started(&host), ["b", "b"]);
    host.call(pid(101), RpcRequest::ProcessEnding);
    host.exited(&record(1), "exit code 0");
    host.advance(seconds(60));
    assert_eq!(started(&host), ["b", "b"], "the count is that of the new configuration");
    host.exited(&record(3), "exit code 1");
    host.advance(seconds(60));
    assert_eq!(started(&host), ["b", "b", "b"]);
}

#[test]
fn f23_what_never_was_ready_and_is_not_wanted_is_killed_the_youngest_first() {
    let mut host = Host::new();
    change(&mut host, 1, &[("a", 3)]);
    host.call(pid(101), ready_on(2000, 7000));
    host.signals_work = false;
    change(&mut host, 2, &[("a", 2)]);
    let killed = host.log.iter().find_map(|(_, effect)| match effect {
        Effect::Signal { process, signal: Signal::Kill } => Some(process.clone()),
        _ => None,
    });
    assert_eq!((killed, host.signals().len()), (Some(record(3)), 1));
    host.exited(&record(3), "signal 9");
    assert_eq!(host.ends(), [ProcessEnd::Terminated], "it is no crash");
    assert_eq!(started(&host), [""; 0]);
}

#[test]
fn an_order_that_is_repeated_or_late_changes_nothing() {
    let mut host = ready(1);
    change(&mut host, 3, &[("c", 1)]);
    assert_eq!(started(&host), ["c"]);
    change(&mut host, 3, &[("c", 1)]);
    assert_eq!(started(&host), [""; 0]);
    change(&mut host, 2, &[("b", 1)]);
    assert_eq!(started(&host), [""; 0], "an older configuration");
}

#[test]
fn f23_fifty_processes_of_all_configurations_together_are_the_most() {
    let mut host = ready(50);
    (1..=50).for_each(|number| host.start_session(&record(number), &format!("gs-{number}"), seconds(600)));
    change(&mut host, 2, &[("b", 50)]);
    host.advance(seconds(30));
    assert_eq!(started(&host), [""; 0]);
    for number in 1..=3 {
        host.exited(&record(number), "exit code 0");
    }
    assert_eq!(started(&host), ["b"; 3]);
}

#[test]
fn a_launch_path_that_is_not_there_is_told_and_not_started() {
    let mut host = ready(1);
    let mut spec = version(2, &[("a", 1), ("b", 1)]);
    spec.server_processes[1].launch_path = "/local/game/../x".into();
    host.forget().order(HostOrder::StartInstance(spec));
    host.advance(seconds(60));
    assert_eq!(started(&host), [""; 0]);
    let told = host.reports().into_iter().find_map(|report| match report {
        ReportKind::LaunchPathsChecked { missing, .. } => Some(missing),
        _ => None,
    });
    assert_eq!(told, Some(vec!["/local/game/../x".to_owned()]));
    change(&mut host, 3, &[("a", 1), ("b", 1)]);
    assert_eq!(started(&host), ["b"], "a further change mends it");
}

#[test]
fn an_answer_about_older_launch_paths_is_not_used() {
    let mut host = Host::new();
    host.packages = true;
    let effects =
        host.step(Input::Order(super::host::instance(), HostOrder::StartInstance(version(1, &[("a", 1)]))));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::PrepareSlot { .. })));
    host.step(Input::SlotExtracted {
        instance: super::host::instance(),
        log: String::new(),
        setup: PackageSetup::default(),
    });
    host.step(Input::Order(super::host::instance(), HostOrder::StartInstance(version(2, &[("b", 1)]))));
    let answer = |runtime_version| Input::LaunchPathsResolved {
        instance: super::host::instance(),
        runtime_version,
        found: vec![Some("/slots/server".into())],
    };
    host.input(answer(1));
    assert_eq!(started(&host), [""; 0]);
    host.input(answer(2));
    assert_eq!(started(&host), ["b"]);
}

#[test]
fn places_of_entries_without_processes_are_used_again() {
    let mut host = Host::new();
    for number in 1..40 {
        let parameters = format!("v{number}");
        change(&mut host, number, &[(&parameters, 1)]);
        let old = host.log.iter().filter(|(_, effect)| matches!(effect, Effect::Spawn { .. })).count();
        assert_eq!(old, 1, "version {number}");
    }
    let record = host.supervisor.take_records().into_iter().find_map(|record| match record {
        crate::supervisor::Record::Slot(slot) => Some(serde_json::to_string(&slot).unwrap()),
        _ => None,
    });
    assert!(record.unwrap().matches("\"executable\"").count() <= 2);
}
