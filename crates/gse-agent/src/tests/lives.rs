//! Two lives of an agent over real children: the first is killed, the second goes on (R21).

use gse_core::host::{HostOrder, ProcessEnd, ReportKind, SessionCall, Termination};
use gse_core::id::{GameServerSessionId, ProcessId};
use gse_proto::grpcsdk as proto;
use tokio::time::timeout;
use tonic::Code;

use super::game::{Calls, Incoming, serve};
use super::host::{DEADLINE, Host, Killed, hasty, instance, is_running, until, until_file, until_gone};
use super::sessions::{next, next_start, start};
use crate::attached::Attached;
use crate::notes::SystemProcess;
use crate::output_dir::OutputFiles;
use crate::{child, last_address};

/// Writes its pid and stays; the test speaks in its name.
const STAYS: &str = "#!/bin/sh\necho $$ >pid.tmp; mv pid.tmp pid\nexec sleep 600\n";

/// SlotReattached and the reports about each process that it names, in the order of the names.
async fn reattached(host: &mut Host) -> Vec<ProcessId> {
    match host.report().await {
        ReportKind::SlotReattached { processes } => processes,
        other => panic!("expected SlotReattached, got {other:?}"),
    }
}

fn pids(host: &Host) -> Vec<u32> {
    let text = std::fs::read_to_string(host.slot().join("game/pids")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

/// Ended with the test, whatever becomes of it.
struct EndsWithTheTest(u32);

impl Drop for EndsWithTheTest {
    fn drop(&mut self) {
        let pid = i32::try_from(self.0).ok().and_then(rustix::process::Pid::from_raw).unwrap();
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}

/// A host with two children that stay, killed. The pids, in the order of the process ids.
async fn killed_with_two() -> (Killed, Vec<(ProcessId, EndsWithTheTest)>) {
    let host = Host::start(hasty()).await;
    super::host::zip_of(
        &host.data.path().join("blob-1"),
        &[("run.sh", "#!/bin/sh\necho $$ >>pids\nexec sleep 600\n")],
    );
    host.start_processes_of("blob-1", "run.sh", "", 2);
    let mut host = host;
    host.prepared().await;
    until(|| (pids(&host).len() == 2).then_some(())).await;
    let mut found: Vec<_> =
        pids(&host).into_iter().map(|pid| (process_of(&host, pid), EndsWithTheTest(pid))).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    (host.kill().await, found)
}

/// By what is written down.
fn process_of(host: &Host, pid: u32) -> ProcessId {
    let entries = std::fs::read_dir(host.slot()).unwrap().map(|entry| entry.unwrap().path());
    let mut children = entries.filter(|path| path.extension().is_some_and(|extension| extension == "child"));
    let child = children.find(|path| {
        let note: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        note["system"]["pid"] == pid
    });
    ProcessId::new(child.expect("the child is written down").file_stem().unwrap().to_str().unwrap())
}

#[tokio::test]
async fn a_session_goes_on_with_the_next_agent() {
    let (port, mut callbacks) = serve("127.0.0.1:0").await.unwrap();
    let mut host = Host::start(hasty()).await;
    // A game server that keeps talking: a broken pipe would end it.
    let script = "#!/bin/sh\necho $$ >pid.tmp; mv pid.tmp pid\ni=0; while :; do i=$((i+1)); echo line $i; sleep 0.02; done\n";
    host.start_instance(&[("run.sh", script)], "run.sh", "");
    host.prepared().await;
    let pid = host.child_pid().await;
    let mut calls = Calls::connect(host.address, pid).await;
    let (answer, ready) = tokio::join!(calls.ready(2000, port), host.ready());
    answer.unwrap();
    host.order(start(&ready.process, "gs-1"));
    let (_, reply) = next_start(&mut callbacks).await;
    let (answer, _) = tokio::join!(calls.activate("gs-1"), host.session_call());
    answer.unwrap();
    reply.send(Ok(proto::GseResponse::default())).unwrap();
    assert_eq!(last_address(host.data.path()), Some(host.address));

    let killed = host.kill().await;
    let output = killed.data.path().join(format!("logs/fleet-1/ins-1/{}.stdout", ready.process));
    let length = || std::fs::metadata(&output).unwrap().len();
    let before = length();
    until(|| (length() > before + 20).then_some(())).await;
    assert!(is_running(pid));

    let mut host = Host::follow(killed, hasty()).await;
    assert_eq!(reattached(&mut host).await, std::slice::from_ref(&ready.process));
    assert_eq!(host.ready().await, ready, "told as before");
    // What is derived again from the rows changes nothing.
    host.start_instance_of("blob-1", "run.sh", "");
    host.order(start(&ready.process, "gs-1"));
    let mut calls = Calls::connect(host.address, pid).await;
    let terminate = proto::TerminateGameServerSessionRequest { game_server_session_id: "gs-1".into() };
    let request = calls.request(terminate);
    let (answer, call) =
        tokio::join!(calls.client.terminate_game_server_session(request), host.session_call());
    answer.unwrap();
    let session = GameServerSessionId::new("gs-1");
    assert_eq!(call, (ready.process.clone(), SessionCall::Terminate { session }));
    // The next session and the end come as ever, and nothing else came before them.
    host.order(start(&ready.process, "gs-2"));
    let (session, reply) = next_start(&mut callbacks).await;
    assert_eq!(session.game_server_session_id, "gs-2");
    reply.send(Ok(proto::GseResponse::default())).unwrap();
    let termination = Termination { termination_time_s: 7, deadline: None };
    host.order(HostOrder::TerminateProcess { process: ready.process, termination, reason: "test".into() });
    let Incoming::Terminate(7, reply) = next(&mut callbacks).await else { panic!("not told to end") };
    reply.send(Ok(proto::GseResponse::default())).unwrap();
    host.stop().await;
    assert!(!is_running(pid), "what was taken up is ended like what was launched");
}

#[tokio::test]
async fn the_end_of_a_process_that_was_taken_up_is_seen_and_it_is_replaced() {
    let mut host = Host::start(hasty()).await;
    let script = "#!/bin/sh\necho last words\nsleep 600 &\necho $! >grandchild\necho $$ >pid.tmp; mv pid.tmp pid\nwhile :; do sleep 1; done\n";
    host.start_instance(&[("run.sh", script)], "run.sh", "");
    host.prepared().await;
    let pid = host.child_pid().await;
    let grandchild: u32 = until_file(&host.slot().join("game/grandchild")).await.trim().parse().unwrap();
    let mut host = Host::follow(host.kill().await, hasty()).await;
    let [process] = &reattached(&mut host).await[..] else { panic!("one process") };
    std::fs::remove_file(host.slot().join("game/pid")).unwrap();
    let raw = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(raw, rustix::process::Signal::KILL).unwrap();
    let (ended, end, log) = host.ended().await;
    assert_eq!(&ended, process);
    let ProcessEnd::Crashed(words) = end else { panic!("{end:?}") };
    assert!(words.contains("exit status is not known"), "{words}");
    assert_eq!(log, "[stdout]\nlast words\n[stderr]\n");
    until_gone(grandchild).await;
    let next = host.child_pid().await;
    assert_ne!(next, pid);
    host.stop().await;
    assert!(!is_running(next));
}

#[tokio::test]
async fn without_a_pidfd_the_end_is_seen_by_looking() {
    let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let attached = Attached {
        process: ProcessId::new("process-1"),
        system: SystemProcess::of(child.id()).unwrap(),
        note: directory.path().join("process-1.child"),
        output: OutputFiles {
            stdout: directory.path().join("process-1.stdout"),
            stderr: directory.path().join("process-1.stderr"),
        },
    };
    let (_signals, requests) = child::signal_channel();
    let watching = tokio::spawn(attached.watch_by(None, requests));
    child.kill().unwrap();
    // Nobody has collected it: it has ended all the same.
    timeout(DEADLINE, watching).await.unwrap().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_reused_pid_is_not_taken_for_the_old_process() {
    let (killed, processes) = killed_with_two().await;
    let [(ours, ours_pid), (stranger, stranger_pid)] = &processes[..] else { panic!("two processes") };
    // The number of the second was given to somebody else since.
    let started = SystemProcess::of(stranger_pid.0).unwrap().started;
    killed.edit(&format!("{stranger}.child"), |text| {
        text.replace(&format!("\"started\":{started}"), &format!("\"started\":{}", started - 1))
    });
    // And that one carries another token.
    let note = killed.data.path().join(format!("slots/ins-1/{stranger}.child"));
    let note: serde_json::Value = serde_json::from_slice(&std::fs::read(note).unwrap()).unwrap();
    for kind in ["child", "record"] {
        killed.edit(&format!("{stranger}.{kind}"), |text| {
            text.replace(note["token"].as_str().unwrap(), "what-the-old-process-had")
        });
    }
    let mut host = Host::follow(killed, hasty()).await;
    assert_eq!(reattached(&mut host).await, [ours.clone(), stranger.clone()]);
    let (process, end, _) = host.ended().await;
    assert_eq!(process, *stranger);
    assert_eq!(end, ProcessEnd::Crashed("it ended while the agent was away".into()));
    host.order(HostOrder::StopInstance);
    let (process, end, _) = host.ended().await;
    assert_eq!((&process, end), (ours, ProcessEnd::ForceTerminated));
    host.stop().await;
    assert!(!is_running(ours_pid.0));
    assert!(is_running(stranger_pid.0), "it is not ours");
}

/// What a game server started outside its group goes with it, whichever agent sees it end.
#[tokio::test]
async fn strays_of_a_process_that_was_taken_up_go_with_it() {
    let mut host = Host::start(hasty()).await;
    let script = "#!/bin/sh\nsetsid sh -c 'echo $$ >stray.tmp; mv stray.tmp stray; exec sleep 600' &\necho $$ >pid.tmp; mv pid.tmp pid\nexec sleep 600\n";
    host.start_instance(&[("run.sh", script)], "run.sh", "");
    host.prepared().await;
    let pid = EndsWithTheTest(host.child_pid().await);
    let stray = until_file(&host.slot().join("game/stray")).await.trim().parse().unwrap();
    let mut host = Host::follow(host.kill().await, hasty()).await;
    reattached(&mut host).await;
    assert!(is_running(stray) && is_running(pid.0), "both go on");
    host.order(HostOrder::StopInstance);
    let (_, end, _) = host.ended().await;
    assert_eq!(end, ProcessEnd::ForceTerminated);
    assert_eq!(host.report().await, ReportKind::InstanceStopped);
    assert!(!is_running(stray), "the slot is gone, so it is too");
    host.stop().await;
}

/// A wrapper dies of the polite signal before the server in it has ended as politely.
#[tokio::test]
async fn a_group_that_was_taken_up_is_given_time_to_end() {
    let mut host = Host::start(hasty()).await;
    let server = "#!/bin/sh\ntrap 'sleep 0.1; echo bye >bye; exit 0' TERM\necho $$ >inner.tmp; mv inner.tmp inner\nwhile :; do sleep 0.02; done\n";
    let wrapper = "#!/bin/sh\nsh ./server.sh &\nwait\n";
    host.start_instance(&[("run.sh", wrapper), ("server.sh", server)], "run.sh", "");
    host.prepared().await;
    until_file(&host.slot().join("game/inner")).await;
    let mut host = Host::follow(host.kill().await, hasty()).await;
    reattached(&mut host).await;
    let game = host.slot().join("game");
    let data = host.stop().await;
    assert_eq!(std::fs::read_to_string(game.join("bye")).unwrap(), "bye\n");
    drop(data);
}

#[tokio::test]
async fn after_a_start_of_the_system_nothing_is_taken_up_and_nothing_is_signalled() {
    let (killed, processes) = killed_with_two().await;
    for (process, _) in &processes {
        killed.edit(&format!("{process}.child"), |text| text.replace("\"boot\":\"", "\"boot\":\"another-"));
    }
    let mut host = Host::follow(killed, hasty()).await;
    host.start_instance_of("blob-1", "run.sh", "");
    host.prepared().await;
    assert!(processes.iter().all(|(_, pid)| is_running(pid.0)));
    host.stop().await;
    assert!(processes.iter().all(|(_, pid)| is_running(pid.0)));
}

#[tokio::test]
async fn a_child_that_was_started_but_not_written_down_is_found_by_its_token() {
    let (killed, processes) = killed_with_two().await;
    for (process, pid) in &processes {
        let system = serde_json::to_string(&SystemProcess::of(pid.0)).unwrap();
        killed.edit(&format!("{process}.child"), |text| text.replace(&system, "null"));
    }
    let mut host = Host::follow(killed, hasty()).await;
    let named = reattached(&mut host).await;
    assert_eq!(named, processes.iter().map(|(process, _)| process.clone()).collect::<Vec<_>>());
    host.stop().await;
    assert!(processes.iter().all(|(_, pid)| !is_running(pid.0)));
}

#[tokio::test]
async fn what_cannot_be_understood_is_ended_and_made_again() {
    let (killed, processes) = killed_with_two().await;
    killed.edit("slot.record", |text| text.replace("\"version\":2", "\"version\":99"));
    let mut host = Host::follow(killed, hasty()).await;
    host.start_instance_of("blob-1", "run.sh", "");
    host.prepared().await;
    assert!(
        processes.iter().all(|(_, pid)| !is_running(pid.0)),
        "not ours to go on with, and not to be left"
    );
    host.stop().await;
}

#[tokio::test]
async fn an_embedder_can_take_the_first_reports_before_it_serves() {
    let (killed, _processes) = killed_with_two().await;
    let root = killed.data.path().to_owned();
    let packages = crate::PackagePaths::new(move |blob| root.join(blob.as_str()));
    let config = crate::AgentConfig::new(killed.data.path(), packages, hasty());
    let listener = until(|| std::net::TcpListener::bind(killed.address).ok()).await;
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let (sender, mut uplink) = tokio::sync::mpsc::channel(16);
    let (_handle, mut agent) = crate::build(config, listener, sender).unwrap();
    let reports = agent.take_first_reports();
    assert!(matches!(&reports[..], [report] if report.instance == instance()
        && matches!(&report.kind, ReportKind::SlotReattached { processes } if processes.len() == 2)));
    let running = timeout(DEADLINE, agent.run(async {}));
    let (ran, first) = tokio::join!(running, uplink.recv());
    ran.unwrap().unwrap();
    let first = format!("{first:?}");
    assert!(first.contains("ProcessEnded"), "not told twice: {first}");
}

/// The agent outlives the control plane: calls are answered in time, and in order when it is back.
#[tokio::test]
async fn while_the_control_plane_is_away_calls_get_unavailable_and_nothing_is_lost() {
    let mut clocks = hasty();
    clocks.set("uplink.answer", "200ms").unwrap();
    let mut host = Host::start(clocks).await;
    host.start_instance(&[("run.sh", STAYS)], "run.sh", "");
    host.prepared().await;
    let mut calls = Calls::connect(host.address, host.child_pid().await).await;
    let (answer, _) = tokio::join!(calls.ready(2000, 7000), host.ready());
    answer.unwrap();
    // Nobody takes messages: more than the channel holds.
    for round in 0..100 {
        let session = format!("gs-{round}");
        let mut client = calls.client.clone();
        let message =
            proto::ActivateGameServerSessionRequest { game_server_session_id: session, max_players: 0 };
        let request = calls.request(message);
        if round < 98 {
            tokio::spawn(async move { client.activate_game_server_session(request).await });
            continue;
        }
        let answer = timeout(DEADLINE, client.activate_game_server_session(request)).await.unwrap();
        let status = answer.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().starts_with("SERVICE_CALL_FAILED: "), "{}", status.message());
    }
    // Listing waits no longer either.
    let request = calls.request(proto::DescribePlayerSessionsRequest {
        game_server_session_id: "gs-1".into(),
        ..Default::default()
    });
    let answer = timeout(DEADLINE, calls.client.describe_player_sessions(request)).await.unwrap();
    assert_eq!(answer.unwrap_err().code(), Code::Unavailable);
    // It is back: everything comes, and what was called after another call was answered comes after it.
    let mut sessions = Vec::new();
    for _ in 0..100 {
        let (_, call) = host.session_call().await;
        sessions.push(call.session().as_str().to_owned());
    }
    let place = |session: &str| sessions.iter().position(|found| found == session).unwrap();
    assert!(place("gs-98") < place("gs-99"), "{sessions:?}");
    let each_once: std::collections::BTreeSet<_> = sessions.iter().collect();
    assert_eq!(each_once.len(), 100);
    host.query(|_| Ok(gse_core::player_session::PlayerSessionPage { items: Vec::new(), next_token: None }))
        .await;
    let (answer, _) = tokio::join!(calls.activate("gs-100"), host.session_call());
    answer.unwrap();
    host.stop().await;
}
