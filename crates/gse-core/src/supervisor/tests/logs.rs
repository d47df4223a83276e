//! When the logs of a session are collected (G-21).

use super::host::{Host, pid, ready_on, record, seconds, stored_log};
use crate::host::{HostOrder, ReportKind};
use crate::id::GameServerSessionId;
use crate::supervisor::{Caller, Effect, Input, RpcRequest};

/// The sessions whose logs were wanted, with the log paths.
fn wanted(host: &Host) -> Vec<(String, Vec<String>)> {
    let logs = |(_, effect): &(_, Effect)| match effect {
        Effect::CollectLogs { session, log_paths, .. } => Some((session.to_string(), log_paths.clone())),
        _ => None,
    };
    host.log.iter().filter_map(logs).collect()
}

fn once(session: &str) -> Vec<(String, Vec<String>)> {
    vec![(session.to_owned(), vec!["./logs".to_owned()])]
}

fn terminate(session: &str) -> RpcRequest {
    RpcRequest::Terminate { session: session.into() }
}

fn collected(session: &str) -> ReportKind {
    ReportKind::LogsCollected { session: GameServerSessionId::new(session), outcome: Ok(stored_log()) }
}

#[test]
fn g21_logs_are_collected_once_when_the_session_ends() {
    let mut host = Host::with_ready_process();
    host.start_session(&record(1), "gs-1", seconds(600));
    assert_eq!(wanted(&host), []);
    assert_eq!(host.call(pid(101), terminate("gs-1")), Some(Ok(())));
    assert_eq!(wanted(&host), once("gs-1"));
    assert!(host.reports().contains(&collected("gs-1")));
    // Case 26: said again, and then its process ends.
    host.forget().call(pid(101), terminate("gs-1"));
    host.exited(&record(1), "exit code 0");
    assert_eq!(wanted(&host), []);
}

#[test]
fn g21_a_session_that_its_process_takes_along_is_collected_when_the_process_is_gone() {
    let endings: [fn(&mut Host); 3] = [
        |host| host.exited(&record(1), "signal 11"),
        |host| {
            host.call(pid(101), RpcRequest::ProcessEnding);
            assert_eq!(wanted(host), [], "it may still write");
            host.exited(&record(1), "exit code 0");
        },
        |host| {
            host.terminate(&record(1), Some(seconds(5)));
            host.advance(seconds(6));
        },
    ];
    for end in endings {
        let mut host = Host::with_ready_process();
        host.start_session(&record(1), "gs-1", seconds(600));
        end(&mut host);
        assert_eq!(wanted(&host), once("gs-1"));
    }
}

#[test]
fn a_process_without_a_session_and_an_adopted_one_leave_nothing_to_collect() {
    let mut host = Host::with_ready_process();
    host.call(pid(500), ready_on(2001, 7001));
    let adopted = host.reports().into_iter().find_map(|report| match report {
        ReportKind::ProcessReady(ready) => Some(ready.process),
        _ => None,
    });
    host.start_session(&adopted.unwrap(), "gs-1", seconds(600));
    host.call(Caller { started: Some(1), ..pid(500) }, terminate("gs-1"));
    host.exited(&record(1), "exit code 0");
    assert_eq!(wanted(&host), []);
}

#[test]
fn a_slot_stays_until_its_logs_are_stored_and_so_does_the_host() {
    let mut host = Host::with_ready_process();
    host.logs_are_stored = false;
    host.start_session(&record(1), "gs-1", seconds(600));
    host.order(HostOrder::StopInstance);
    let removed =
        |host: &Host| host.log.iter().any(|(_, effect)| matches!(effect, Effect::RemoveSlot { .. }));
    assert!(!removed(&host) && !host.supervisor.is_quiet());
    let outcome = Err("the disk is full".to_owned());
    host.input(Input::LogsCollected {
        process: record(1),
        session: GameServerSessionId::new("gs-1"),
        outcome,
    });
    assert!(removed(&host) && host.supervisor.is_quiet(), "whatever came of it");
}

#[test]
fn logs_do_not_keep_a_replacement_waiting() {
    let mut host = Host::with_ready_process();
    host.logs_are_stored = false;
    host.start_session(&record(1), "gs-1", seconds(600));
    host.call(pid(101), RpcRequest::ProcessEnding);
    host.exited(&record(1), "exit code 0");
    assert_eq!(host.spawns().len(), 1);
}
