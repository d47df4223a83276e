use super::*;
use crate::fixture::{World, fleet_request, scope};
use crate::fleet::{InboundPermission, Protocol};
use crate::game_server_session::EndGameServerSessionAndProcess;
use crate::host::{PreparationStep, ProcessEnd, ReadyProcess, ReportKind, SessionCall};
use crate::id::InstanceId;
use crate::observation::{CallbackFailure, Observation, Refusal, Rpc};
use crate::supervisor::CallbackKind;

fn question() -> Question {
    Question { scope: scope(), fleet: None, session: None, process: None }
}

fn ask(world: &World, question: &Question) -> Diagnosis {
    diagnose(world.control_plane.state(), world.now, &world.clocks, question).unwrap()
}

/// The names of the rules that found something.
fn rules(world: &World) -> Vec<&'static str> {
    ask(world, &question()).findings.iter().map(|finding| finding.rule).collect()
}

#[track_caller]
fn check(world: &World, rule: &str, severity: Severity, words: &[&str]) -> Finding {
    let findings = ask(world, &question()).findings;
    let [found] = &findings[..] else { panic!("one finding expected: {findings:#?}") };
    assert_eq!((found.rule, found.severity), (rule, severity), "{found:#?}");
    for word in words {
        assert!(found.what.contains(word), "`{word}` is missing: {}", found.what);
    }
    assert!(!found.why.is_empty() && !found.fix.is_empty());
    found.clone()
}

/// An active fleet whose ports are open, with one process.
fn world() -> (World, FleetId, InstanceId, ProcessId) {
    let mut world = World::new();
    let asset = world.asset(&scope(), Ok(()));
    let mut request = fleet_request(&scope(), &asset, 1);
    let range = InboundPermission {
        from_port: 3000,
        to_port: 4000,
        protocol: Protocol::Udp,
        ip_range: "0.0.0.0/0".into(),
    };
    request.inbound = vec![range];
    let fleet = world.apply(request).unwrap().id;
    let instance = world.instances(&fleet)[0].clone();
    world.deploy(&instance);
    let process = world.ready(&instance);
    (world, fleet, instance, process)
}

fn observe(world: &mut World, instance: &InstanceId, process: &ProcessId, observation: Observation) {
    world.report(instance, ReportKind::Observed { process: process.clone(), observation }).unwrap();
}

fn failed(callback: CallbackKind, failure: CallbackFailure, words: &str) -> Observation {
    Observation::CallbackFailed { callback, failure, words: words.into() }
}

fn end(world: &mut World, instance: &InstanceId, process: &str, end: ProcessEnd, log: &str) {
    let process = ProcessId::new(process);
    world.report(instance, ReportKind::ProcessEnded { process, end, log: log.into() }).unwrap();
}

/// A process that announces this clientPort.
fn ready_at(world: &mut World, instance: &InstanceId, process: &str, client_port: u16) {
    let ready = ReadyProcess {
        process: ProcessId::new(process),
        pid: 78,
        runtime_version: 1,
        entry: None,
        client_port,
        grpc_port: 9000,
        ip_address: "127.0.0.1".into(),
        log_paths: vec![],
    };
    world.report(instance, ReportKind::ProcessReady(ready)).unwrap();
}

#[test]
fn a_healthy_fleet_with_players_gives_nothing() {
    let (mut world, fleet, ..) = world();
    let session = world.active_session(&fleet);
    let player = world.join(&session.id, &["ada"]).unwrap().remove(0);
    let (session_id, player_session) = (session.id.clone(), player.id);
    let attempt = "7/r".into();
    let call = SessionCall::AcceptPlayer { session: session_id, player_session, attempt };
    world.call(&session, call).unwrap();
    let diagnosis = ask(&world, &question());
    assert_eq!(diagnosis.findings, []);
    let seen = diagnosis.seen;
    assert_eq!((seen.fleets, seen.instances, seen.processes, seen.sessions, seen.players), (1, 1, 1, 1, 1));
}

#[test]
fn names_are_unique_and_told_with_a_section() {
    let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
    assert!(RULES.iter().all(|rule| rule.section.contains(".md")));
}

#[test]
fn case_37_the_kinds_of_health_failure_are_told_apart() {
    for (failure, rule) in [
        (CallbackFailure::AnsweredFalse, "health-answered-false"),
        (CallbackFailure::Unimplemented, "callback-unimplemented"),
        (CallbackFailure::NoAnswer, "callback-no-answer"),
        (CallbackFailure::NoConnection, "ready-before-listening"),
        (CallbackFailure::Failed, "callback-failed"),
    ] {
        let (mut world, fleet, instance, process) = world();
        let failure = || failed(CallbackKind::Health, failure, "words");
        observe(&mut world, &instance, &process, failure());
        check(&world, rule, Severity::Warning, &["OnHealthCheck of pid 30", "failed once: words"]);
        (0..2).for_each(|_| observe(&mut world, &instance, &process, failure()));
        check(&world, rule, Severity::Error, &["failed 3 times in a row"]);
        // The process goes, and its event keeps the reason.
        let reason = "3 failed health checks in a row: words".into();
        world.report(&instance, ReportKind::ProcessUnhealthy { process: process.clone(), reason }).unwrap();
        end(&mut world, &instance, process.as_str(), ProcessEnd::Terminated, "");
        check(&world, rule, Severity::Error, &["3 failed health checks in a row"]);
        let refusal = world.create_session(&fleet).unwrap_err().to_string();
        assert!(refusal.contains("3 failed health checks in a row"), "{refusal}");
        // What has recovered is no finding.
        let replacement = world.ready(&instance);
        let of_it = Question { process: Some(replacement.clone()), ..question() };
        observe(&mut world, &instance, &replacement, failure());
        assert_eq!(ask(&world, &of_it).findings.len(), 1);
        observe(&mut world, &instance, &replacement, Observation::HealthSucceeded);
        assert_eq!(ask(&world, &of_it).findings, []);
    }
}

#[test]
fn an_end_is_told_with_its_status_and_last_lines() {
    let (mut world, fleet, instance, process) = world();
    let session = world.active_session(&fleet);
    let log = format!("[stdout]\nhello\n[stderr]\nno such map\nplayer psess-{} left\n", "b2".repeat(16));
    end(&mut world, &instance, process.as_str(), ProcessEnd::Crashed("exit code 3".into()), &log);
    let found = check(&world, "process-ended", Severity::Error, &["exit code 3", "left"]);
    assert_eq!(found.output, ["no such map", "player psess-… left"]);
    assert_eq!(found.subject.session, Some(session.id.clone()));
    let reason = world.session(&session.id).status_reason;
    assert!(reason.starts_with("SERVER_PROCESS_CRASHED: exit code 3; its last line: `"), "{reason}");
    assert!(!reason.contains("b2"), "a ticket is not shown: {reason}");
}

#[test]
fn a_process_that_never_is_ready_is_told_while_it_waits_and_after() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.deploy(&instance);
    let process = ProcessId::new("process-9");
    observe(&mut world, &instance, &process, Observation::Started { pid: 77 });
    world.pass_seconds(29);
    assert_eq!(rules(&world), Vec::<&str>::new(), "a start takes its time");
    world.pass_seconds(13);
    let words = ["pid 77 was started 42 s ago", "ended 5 min after its start"];
    let found = check(&world, "no-process-ready", Severity::Warning, &words);
    assert_eq!(found.subject.process, Some(process.clone()));
    end(&mut world, &instance, "process-9", ProcessEnd::NoContact, "");
    check(&world, "no-process-ready", Severity::Error, &["never called the agent"]);
    let of_it = Question { process: Some(process), ..question() };
    assert_eq!(ask(&world, &of_it).findings.len(), 1, "it can still be asked about");
}

#[test]
fn launch_failures_have_a_rule_each() {
    for (how, rule, words) in [
        (ProcessEnd::InvalidPath("x".into()), "launch-path-missing", "launch path `x` does not exist"),
        (ProcessEnd::NotExecutable("exec format error".into()), "not-executable", "exec format error"),
        (ProcessEnd::NotReady, "no-process-ready", "not ProcessReady"),
        (ProcessEnd::ForceTerminated, "terminate-ignored", "killed at its deadline"),
        (ProcessEnd::ExitTimeout, "does-not-exit", "did not end in time"),
    ] {
        let (mut world, _, instance, process) = world();
        end(&mut world, &instance, process.as_str(), how, "");
        let findings = ask(&world, &question()).findings;
        assert!(
            matches!(&findings[..], [found] if found.rule == rule && found.what.contains(words)),
            "{findings:?}"
        );
    }
}

/// G-15: whoever ended it is told nothing new.
#[test]
fn a_process_that_was_killed_on_request_is_no_finding() {
    let (mut world, fleet, instance, process) = world();
    let session = world.active_session(&fleet);
    let end_it = EndGameServerSessionAndProcess { scope: scope(), session: Some(session.id), address: None };
    world.apply(end_it).unwrap();
    end(&mut world, &instance, process.as_str(), ProcessEnd::ForceTerminated, "");
    assert_eq!(world.events(&fleet).last(), Some(&"SERVER_PROCESS_FORCE_TERMINATED"));
    assert_eq!(rules(&world), Vec::<&str>::new());
}

#[test]
fn a_package_that_cannot_be_used_is_told_with_its_reason() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.report(&instance, ReportKind::PreparationStarted).unwrap();
    let (step, reason) = (PreparationStep::Extract, "the zip is damaged".to_owned());
    world.report(&instance, ReportKind::PreparationFailed { step, reason, log: String::new() }).unwrap();
    check(&world, "package-unusable", Severity::Error, &["the zip is damaged"]);
}

#[test]
fn an_install_script_that_failed_is_told_with_its_last_lines() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.report(&instance, ReportKind::PreparationStarted).unwrap();
    let took = Duration::from_secs(2);
    world.report(&instance, ReportKind::InstallScriptRan { took, log: "[stdout]\nfine\n".into() }).unwrap();
    assert_eq!(rules(&world), Vec::<&str>::new());
    let log = "[stdout]\nunpacking\n[stderr]\nno `curl` here\n[end]\nexit status: 127\n".to_owned();
    let reason = "/local/game/install.sh failed: it ended with exit status: 127".to_owned();
    let step = PreparationStep::Install;
    world.report(&instance, ReportKind::PreparationFailed { step, reason, log }).unwrap();
    let found = check(&world, "install-failed", Severity::Error, &["install.sh failed", "exit status: 127"]);
    assert_eq!(found.output, ["no `curl` here"]);
}

#[test]
fn a_taken_grpc_port_is_an_error_and_a_taken_client_port_a_warning() {
    let (mut world, _, instance, process) = world();
    let second = ProcessId::new("process-second");
    observe(&mut world, &instance, &second, Observation::Started { pid: 78 });
    let words: String = "grpcPort 7000 is already registered by the process with pid 77".into();
    let (rpc, refusal) = (Rpc::ProcessReady, Refusal::PortTaken);
    observe(&mut world, &instance, &second, Observation::CallRefused { rpc, refusal, words });
    check(&world, "port-clash", Severity::Error, &["pid 78", "grpcPort 7000", "pid 77"]);

    let port = world.control_plane.state().processes.get(&process).unwrap().client_port;
    ready_at(&mut world, &instance, second.as_str(), port);
    let findings = ask(&world, &question()).findings;
    assert!(
        findings.iter().any(|found| found.severity == Severity::Warning
            && found.what.contains(&format!("2 processes announce clientPort {port}"))),
        "{findings:?}"
    );
}

#[test]
fn a_client_port_outside_the_inbound_ranges_is_found() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 1);
    assert_eq!(world.fleet(&fleet).inbound, []);
    check(&world, "client-port-closed", Severity::Error, &["clientPort 30", "none is open"]);
}

#[test]
fn a_missing_activation_is_told_while_it_waits_and_after() {
    let (mut world, fleet, instance, process) = world();
    let session = world.create_session(&fleet).unwrap();
    assert_eq!(rules(&world), Vec::<&str>::new());
    observe(
        &mut world,
        &instance,
        &process,
        Observation::StartReturned { session: session.id.clone(), start: Default::default() },
    );
    check(&world, "activate-missing", Severity::Warning, &["still ACTIVATING"]);
    world.pass_seconds(600);
    let found = check(&world, "activate-missing", Severity::Error, &["returned OK", "within 600 s"]);
    assert_eq!(found.subject.session, Some(session.id.clone()));
    assert!(world.session(&session.id).status_reason.ends_with("was not called within 600 s"));
    let of_it = Question { session: Some(session.id), ..question() };
    assert_eq!(ask(&world, &of_it).findings, [found]);
}

#[test]
fn players_that_nobody_accepts_are_told() {
    let (mut world, fleet, ..) = world();
    let session = world.active_session(&fleet);
    let mut players = world.join(&session.id, &["a", "b"]).unwrap();
    assert_eq!(rules(&world), Vec::<&str>::new());
    world.pass_seconds(60);
    let found = check(&world, "accept-missing", Severity::Error, &["2 players", "60 s", "never called"]);
    // Who is refused was called at least.
    let (session_id, player_session) = (session.id.clone(), players.remove(0).id);
    let secret = player_session.to_string();
    let call = SessionCall::AcceptPlayer { session: session_id, player_session, attempt: "7/r".into() };
    world.call(&session, call).unwrap_err();
    let late = check(&world, "call-refused", Severity::Warning, &["AcceptPlayerSession", "TIMEDOUT"]);
    assert!(!format!("{found:?}{late:?}").contains(&secret), "tickets are not shown");
}

#[test]
fn a_remembered_session_id_is_told_with_both_ids() {
    let (mut world, fleet, ..) = world();
    let first = world.active_session(&fleet);
    world.call(&first, SessionCall::Terminate { session: first.id.clone() }).unwrap();
    world.pass_seconds(2);
    let second = world.active_session(&fleet);
    let player = world.join(&second.id, &["a"]).unwrap().remove(0);
    for number in 1..=3_u32 {
        let (session, player_session) = (first.id.clone(), player.id.clone());
        let call = SessionCall::AcceptPlayer { session, player_session, attempt: "7/r".into() };
        world.call(&second, call).unwrap_err();
        let words = [
            &format!("refused {}", crate::observation::times(number)),
            first.id.as_str(),
            second.id.as_str(),
        ];
        check(&world, "wrong-session-id", Severity::Error, &words);
    }
    assert_eq!(world.session(&second.id).observations.refused[0].count, 2, "told at 1, 2, 4, …");
}

#[test]
fn of_many_of_a_kind_few_are_told() {
    let mut world = World::new();
    let fleet = world.active_fleet(&scope(), 9);
    let found = ask(&world, &Question { fleet: Some(fleet), ..question() }).findings;
    assert_eq!(found.len(), FINDINGS_MOST);
    assert_eq!(found.last().map(|finding| finding.more), Some(9 - FINDINGS_MOST));
}

#[test]
fn what_does_not_exist_is_refused() {
    let (world, ..) = world();
    let ask = |question: Question| diagnose(world.control_plane.state(), world.now, &world.clocks, &question);
    let session = Some(GameServerSessionId::new("x"));
    assert!(matches!(ask(Question { session, ..question() }), Err(Error::SessionNotFound(_))));
    let fleet = Some(FleetId::new("x"));
    assert!(matches!(ask(Question { fleet, ..question() }), Err(Error::FleetNotFound(_))));
    let process = Some(ProcessId::new("x"));
    assert!(matches!(
        ask(Question { process, ..question() }),
        Err(Error::Invalid { member: "ProcessId", .. })
    ));
}

#[test]
fn a_client_port_may_clash_with_another_fleet_of_the_account() {
    let (mut world, fleet, _, process) = world();
    let port = world.control_plane.state().processes.get(&process).unwrap().client_port;
    let other = world.create_fleet(&crate::fixture::scope_in("ap-tokyo"), 1).id;
    let instance = world.instances(&other)[0].clone();
    world.deploy(&instance);
    ready_at(&mut world, &instance, "process-elsewhere", port);
    let found =
        check(&world, "port-clash", Severity::Warning, &["2 processes", &format!("clientPort {port}")]);
    assert_eq!((found.fleet, found.subject.process), (fleet, Some(process)));
}

/// M-5: what belongs to somebody else is not there.
#[test]
fn m5_another_account_learns_nothing() {
    let (mut world, fleet, instance, process) = world();
    let port = world.control_plane.state().processes.get(&process).unwrap().client_port;
    let session = world.active_session(&fleet);
    let waiting = ProcessId::new("process-waiting");
    observe(&mut world, &instance, &waiting, Observation::Started { pid: 78 });
    let stranger = Scope { uin: Uin::new("100000000002"), ..scope() };
    let theirs = world.create_fleet(&stranger, 1).id;
    let their_instance = world.instances(&theirs)[0].clone();
    world.deploy(&their_instance);
    ready_at(&mut world, &their_instance, "process-theirs", port);

    let theirs = |question: Question| {
        let question = Question { scope: stranger.clone(), ..question };
        diagnose(world.control_plane.state(), world.now, &world.clocks, &question)
    };
    let words = format!("{:?}", theirs(question()).unwrap().findings);
    assert!(!words.contains("port-clash") && !words.contains(fleet.as_str()), "{words}");
    assert!(theirs(Question { fleet: Some(fleet.clone()), ..question() }).is_err());
    assert!(theirs(Question { session: Some(session.id), ..question() }).is_err());
    let refusal = |process: &ProcessId| {
        theirs(Question { process: Some(process.clone()), ..question() }).unwrap_err().to_string()
    };
    let unknown = ProcessId::new("process-unknown");
    for process in [&process, &waiting] {
        assert_eq!(refusal(process).replace(process.as_str(), unknown.as_str()), refusal(&unknown));
    }
}

#[test]
fn who_asks_about_a_process_hears_of_that_one_only() {
    let (mut world, _, instance, process) = world();
    let waiting = ProcessId::new("process-waiting");
    observe(&mut world, &instance, &waiting, Observation::Started { pid: 78 });
    world.pass_seconds(42);
    let of = |process: &ProcessId| ask(&world, &Question { process: Some(process.clone()), ..question() });
    let healthy = of(&process);
    assert_eq!((healthy.findings, healthy.seen.starting), (vec![], 0));
    let waits = of(&waiting);
    assert_eq!((waits.findings.len(), waits.seen.starting, waits.seen.processes), (1, 1, 0));
}

/// The same words are the reason of a refusal.
#[test]
fn a_fleet_that_failed_says_why_it_has_no_session() {
    let mut world = World::new();
    let fleet = world.create_fleet(&scope(), 1).id;
    let instance = world.instances(&fleet)[0].clone();
    world.report(&instance, ReportKind::PreparationStarted).unwrap();
    let missing = vec!["/local/game/nothing".to_owned()];
    world.report(&instance, ReportKind::LaunchPathsChecked { missing, log: String::new() }).unwrap();
    let refusal = world.create_session(&fleet).unwrap_err().to_string();
    assert!(
        refusal.contains("is ERROR, not ACTIVE: launch path `/local/game/nothing` does not exist"),
        "{refusal}"
    );
    check(&world, "launch-path-missing", Severity::Error, &["/local/game/nothing"]);
}
