//! The nine active calls: state, form, ports, answers (server-sdk.md 4.2 to 4.4; conformance cases 11 to 15, 34, 35, 53).

use super::host::{Host, pid, ready_on, record, seconds};
use crate::error::Error;
use crate::host::{ProcessEnd, ReportKind, SessionCall};
use crate::player_session::{PlayerSessionCreationPolicy, PlayerSessionStatus};
use crate::supervisor::{CallError, Effect, RpcRequest};

fn check_refused(answer: Option<Result<(), CallError>>, kind: fn(String) -> CallError, words: &str) {
    let Some(Err(error)) = answer else { panic!("expected a refusal, got {answer:?}") };
    let text = error.to_string();
    assert_eq!(error, kind(text.clone()));
    assert!(text.contains(words), "{text}");
}

fn describe(session: &str, filter: &str, limit: i32) -> RpcRequest {
    RpcRequest::DescribePlayers {
        session: session.into(),
        player_id: String::new(),
        player_session: String::new(),
        status_filter: filter.into(),
        next_token: String::new(),
        limit,
    }
}

#[test]
fn calls_before_process_ready_and_after_the_end_are_refused() {
    let mut host = Host::with_processes(1);
    let calls = || {
        [
            RpcRequest::Activate { session: "gs-1".into(), max_players: 0 },
            RpcRequest::AcceptPlayer { session: "gs-1".into(), player_session: "p".into() },
            RpcRequest::RemovePlayer { session: "gs-1".into(), player_session: "p".into() },
            describe("gs-1", "", 0),
            RpcRequest::UpdatePolicy { session: "gs-1".into(), policy: "DENY_ALL".into() },
            RpcRequest::Terminate { session: "gs-1".into() },
            RpcRequest::ReportCustomData { current: 1, max: 2 },
            RpcRequest::Milestone { session: "gs-1".into(), name: "first-tick".into() },
        ]
    };
    for call in calls() {
        check_refused(host.call(pid(101), call), CallError::ProcessNotReady, "has not called ProcessReady");
    }
    host.call(pid(101), ready_on(2000, 7000));
    host.call(pid(101), RpcRequest::ProcessEnding);
    for call in calls() {
        check_refused(host.call(pid(101), call), CallError::ProcessNotActive, "has ended");
    }
    host.exited(&record(1), "exit code 0");
    for call in calls() {
        check_refused(host.call(pid(101), call), CallError::ProcessNotActive, "has ended");
    }
}

#[test]
fn terminating_processes_may_use_every_call_but_process_ready() {
    let mut host = Host::with_ready_process();
    host.terminate(&record(1), Some(seconds(300)));
    assert_eq!(host.call(pid(101), RpcRequest::ReportCustomData { current: 1, max: 2 }), Some(Ok(())));
    assert_eq!(host.call(pid(101), RpcRequest::Terminate { session: "gs-1".into() }), Some(Ok(())));
    check_refused(host.call(pid(101), ready_on(2000, 7000)), CallError::ProcessReadyFailed, "is ending");
}

#[test]
fn the_control_plane_hears_each_call_and_its_word_is_the_answer() {
    let mut host = Host::with_ready_process();
    let session = || "gs-1".to_owned();
    for (call, expected) in [
        (
            RpcRequest::Activate { session: session(), max_players: 4 },
            "Activate { session: GameServerSessionId(\"gs-1\"), max_players: 4, start: StartTimes { ordered_ago: None, sent_ago: None } }",
        ),
        (
            RpcRequest::AcceptPlayer { session: session(), player_session: "p-1".into() },
            "attempt: \"101/request-1\"",
        ),
        (RpcRequest::RemovePlayer { session: session(), player_session: "p-1".into() }, "RemovePlayer"),
        (RpcRequest::UpdatePolicy { session: session(), policy: "DENY_ALL".into() }, "policy: DenyAll"),
        (RpcRequest::Terminate { session: session() }, "Terminate"),
    ] {
        host.forget();
        assert_eq!(host.call(pid(101), call.clone()), Some(Ok(())));
        let [ReportKind::Call { process, call: told }] = &host.reports()[..] else {
            panic!("{:?}", host.reports())
        };
        assert_eq!(*process, record(1));
        assert!(format!("{told:?}").contains(expected), "{told:?}");
        host.answer = Box::new(|_| Some(Err(Error::BadToken)));
        assert_eq!(host.call(pid(101), call.clone()), Some(Err(CallError::Refused(Error::BadToken))));
        host.answer = Box::new(|_| None);
        let answer = host.call(pid(101), call);
        assert!(matches!(answer, Some(Err(CallError::Unavailable(_)))), "{answer:?}");
        host.answer = Box::new(|_| Some(Ok(())));
    }
}

#[test]
fn fields_are_checked_before_anybody_hears_of_them() {
    let mut host = Host::with_ready_process();
    let long = "x".repeat(257);
    let huge = "x".repeat(8 << 20);
    let activate = |session: &str, max_players| RpcRequest::Activate { session: session.into(), max_players };
    let accept =
        |player: &str| RpcRequest::AcceptPlayer { session: "gs-1".into(), player_session: player.into() };
    let policy = |word: &str| RpcRequest::UpdatePolicy { session: "gs-1".into(), policy: word.into() };
    let custom = |current, max| RpcRequest::ReportCustomData { current, max };
    for (call, words) in [
        (activate("", 0), "gameServerSessionId"),
        (activate(&long, 0), "gameServerSessionId"),
        (activate(&huge, 0), "gameServerSessionId"),
        (activate("a\nb", 0), "gameServerSessionId"),
        (activate("gs-1", -1), "maxPlayers"),
        (accept(""), "playerSessionId"),
        (accept(&long), "playerSessionId"),
        (policy("deny_all"), "newPlayerSessionCreationPolicy"),
        (policy("NOT_SET"), "newPlayerSessionCreationPolicy"),
        (policy(""), "newPlayerSessionCreationPolicy"),
        (custom(-1, 0), "currentCustomCount"),
        (custom(0, -1), "maxCustomCount"),
        (describe("gs-1", "active", 0), "playerSessionStatusFilter"),
        (describe("gs-1", "", -1), "limit"),
        (RpcRequest::Terminate { session: String::new() }, "gameServerSessionId"),
    ] {
        host.forget();
        let answer = host.call(pid(101), call);
        check_refused(answer, CallError::BadRequest, words);
        assert_eq!(host.reports(), []);
    }
    assert_eq!(host.call(pid(101), activate(&"x".repeat(256), 0)), Some(Ok(())));
}

#[test]
fn process_ready_checks_ports_and_log_paths() {
    let paths =
        |log_paths: Vec<String>| RpcRequest::ProcessReady { log_paths, client_port: 2000, grpc_port: 7000 };
    let mut host = Host::with_processes(1);
    for (call, words) in [
        (ready_on(0, 7000), "clientPort"),
        (ready_on(-1, 7000), "clientPort"),
        (ready_on(65536, 7000), "clientPort"),
        (ready_on(2000, 0), "grpcPort"),
        (ready_on(2000, -1), "grpcPort"),
        (ready_on(2000, 65536), "grpcPort"),
        (paths(vec!["x".into(); 33]), "at most 32"),
        (paths(vec!["x".into(); 100_000]), "at most 32"),
        (paths(vec!["x".repeat(1025)]), "logPathsToUpload"),
        (paths(vec!["a\0b".into()]), "logPathsToUpload"),
    ] {
        check_refused(host.call(pid(101), call), CallError::BadRequest, words);
    }
    assert_eq!(host.call(pid(101), ready_on(80, 61234)), Some(Ok(())));
    assert!(host.notes().contains("warning: clientPort 80"), "{}", host.notes());
    assert_eq!(host.call(pid(101), ready_on(7000, 7000)), Some(Ok(())));
    assert!(host.notes().contains("clientPort and grpcPort are both 7000"));
}

#[test]
fn a_taken_grpc_port_is_refused_and_a_taken_client_port_only_noted() {
    let mut host = Host::with_processes(2);
    assert_eq!(host.call(pid(101), ready_on(2000, 7000)), Some(Ok(())));
    let clash = host.call(pid(102), ready_on(2001, 7000));
    check_refused(clash, CallError::PortTaken, "pid 101");
    assert_eq!(
        host.call(pid(101), RpcRequest::ReportCustomData { current: 0, max: 0 }),
        Some(Ok(())),
        "unharmed"
    );
    assert_eq!(host.call(pid(102), ready_on(2000, 7001)), Some(Ok(())));
    assert!(host.notes().contains("clientPort 2000 is also that of pid 101"));
    host.exited(&record(1), "signal 9");
    assert_eq!(host.call(pid(102), ready_on(2000, 7000)), Some(Ok(())), "free again");
}

#[test]
fn a_second_process_ready_may_change_ports_while_idle_only() {
    let mut host = Host::with_ready_process();
    assert_eq!(host.call(pid(101), ready_on(2001, 7001)), Some(Ok(())));
    let process = record(1);
    host.start_session(&process, "gs-1", seconds(600));
    let port = host.log.iter().find_map(|(_, effect)| match effect {
        Effect::Callback { grpc_port, .. } => Some(*grpc_port),
        _ => None,
    });
    assert_eq!(port, Some(7001), "callbacks go to the new port");
    host.forget();
    assert_eq!(host.call(pid(101), ready_on(2001, 7001)), Some(Ok(())), "identical while hosting");
    assert_eq!(host.reports(), []);
    check_refused(host.call(pid(101), ready_on(2001, 7002)), CallError::ProcessReadyFailed, "gs-1");
}

#[test]
fn a_process_ready_that_the_control_plane_refuses_leaves_the_process_activating() {
    let mut host = Host::with_processes(1);
    host.answer = Box::new(|_| Some(Err(Error::ProcessReadyRefused("no".into()))));
    assert!(matches!(host.call(pid(101), ready_on(2000, 7000)), Some(Err(CallError::Refused(_)))));
    let call = RpcRequest::ReportCustomData { current: 1, max: 2 };
    check_refused(host.call(pid(101), call), CallError::ProcessNotReady, "ProcessReady");
    host.answer = Box::new(|_| Some(Ok(())));
    assert_eq!(host.call(pid(101), ready_on(2000, 7000)), Some(Ok(())));
}

#[test]
fn listing_players_is_a_query_with_exact_filters() {
    let mut host = Host::with_ready_process();
    assert_eq!(host.call(pid(101), describe("gs-1", "TIMEDOUT", 2000)), None, "the page is the answer");
    let queries: Vec<_> = host
        .log
        .iter()
        .filter_map(|(_, effect)| match effect {
            Effect::Query { query, .. } => Some(query),
            _ => None,
        })
        .collect();
    let [query] = queries[..] else { panic!("{queries:?}") };
    assert_eq!(query.process, record(1));
    assert_eq!(query.session.as_ref().map(|session| session.as_str()), Some("gs-1"));
    assert_eq!((query.status, query.limit), (Some(PlayerSessionStatus::TimedOut), 2000));
    assert_eq!(host.call(pid(101), describe("", "", 0)), None, "what it hosts is the control plane's to say");
}

#[test]
fn custom_counts_are_reported_even_when_they_are_odd() {
    let mut host = Host::with_ready_process();
    assert_eq!(host.call(pid(101), RpcRequest::ReportCustomData { current: 5, max: 3 }), Some(Ok(())));
    assert_eq!(host.reports(), [ReportKind::CustomCounts { process: record(1), current: 5, max: 3 }]);
    assert!(host.notes().contains("5 of 3"));
    let policy = SessionCall::UpdatePolicy {
        session: crate::id::GameServerSessionId::new("gs-1"),
        policy: PlayerSessionCreationPolicy::AcceptAll,
    };
    let call = RpcRequest::UpdatePolicy { session: "gs-1".into(), policy: "ACCEPT_ALL".into() };
    assert_eq!(host.forget().call(pid(101), call), Some(Ok(())));
    assert_eq!(host.reports(), [ReportKind::Call { process: record(1), call: policy }]);
}

/// The control plane is away: its word comes late or never.
#[test]
fn a_call_waits_for_the_control_plane_so_long_and_not_longer() {
    let mut host = Host::with_ready_process();
    host.start_session(&record(1), "gs-1", seconds(600));
    host.withholds_answers = true;
    let activate = || RpcRequest::Activate { session: "gs-1".into(), max_players: 0 };
    assert_eq!(host.call(pid(101), activate()), None);
    host.advance(seconds(4));
    assert_eq!(host.answers(), []);
    host.advance(seconds(1));
    let answers = host.answers();
    assert!(matches!(answers[..], [Err(CallError::Unavailable(_))]), "{answers:?}");
    host.advance(seconds(100));
    assert_eq!(host.answers().len(), 1, "once");
    // It comes back: the late word is heeded and told to nobody, and whoever comes again is answered.
    host.answer_withheld(Some(Ok(())));
    assert_eq!(host.answers().len(), 1);
    host.withholds_answers = false;
    assert_eq!(host.call(pid(101), activate()), Some(Ok(())));
}

/// P14: it is always answered OK, and the exit grace runs from then, once.
#[test]
fn p14_a_process_that_ends_does_not_wait_for_the_control_plane() {
    let mut host = Host::with_ready_process();
    host.withholds_answers = true;
    assert_eq!(host.call(pid(101), RpcRequest::ProcessEnding), None);
    host.advance(seconds(5));
    assert_eq!(host.answers(), [Ok(())]);
    host.advance(seconds(29));
    host.answer_withheld(Some(Ok(())));
    assert_eq!(host.ends(), []);
    host.advance(seconds(1));
    assert_eq!(host.ends(), [ProcessEnd::ExitTimeout]);
}
