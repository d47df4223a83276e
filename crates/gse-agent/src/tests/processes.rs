//! Child processes: how they are started, what they get, how they end.

use gse_core::host::{HostOrder, ProcessEnd, ReportKind, Termination};
use gse_core::monitoring::InstanceUsage;
use gse_core::time::Timestamp;

use super::game::Calls;
use tonic::Code;

use super::host::{Host, hasty, is_running, until_file, until_gone};

/// Writes its pid and stays.
const STAYS: &str = "#!/bin/sh\necho $$ >pid.tmp; mv pid.tmp pid\nexec sleep 600\n";

#[tokio::test]
async fn a_child_runs_in_its_tree_with_its_words_and_environment() {
    let mut host = Host::start(hasty()).await;
    let script = "#!/bin/sh\npwd >out.tmp; for w in \"$@\"; do echo \"[$w]\" >>out.tmp; done; env >>out.tmp; mv out.tmp out\nexec sleep 600\n";
    host.start_instance(
        &[("bin/run.sh", script)],
        "/local/game/bin/run.sh",
        r#"--port 1 'two words' $HOME "a*""#,
    );
    let (extraction, checked) = host.prepared().await;
    assert!(extraction.contains("bin/run.sh"), "{extraction}");
    assert!(checked.contains("`/local/game/bin/run.sh`: found"), "{checked}");
    let out = until_file(&host.slot().join("game/out")).await;
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], host.slot().canonicalize().unwrap().join("game").to_str().unwrap());
    assert_eq!(lines[1..6], ["[--port]", "[1]", "[two words]", "[$HOME]", "[a*]"]);
    assert!(lines.contains(&"GSE_FLEET_ID=fleet-1"));
    assert!(lines.contains(&format!("GSE_AGENT_ADDRESS={}", host.address).as_str()));
    assert!(lines.iter().any(|line| line.starts_with("GSE_PROCESS_TOKEN=") && line.len() > 40));
    let no_proxy = |line: &&str| {
        line.to_lowercase().starts_with("no_proxy=") && line.contains("127.0.0.1,localhost,::1")
    };
    assert_eq!(lines.iter().filter(|line| no_proxy(line)).count(), 2);
    host.stop().await;
}

#[tokio::test]
async fn p7_a_crash_is_reported_with_its_output_and_replaced() {
    let mut host = Host::start(hasty()).await;
    let script = "#!/bin/sh\necho to out; echo to err >&2; exit 3\n";
    host.start_instance(&[("run.sh", script)], "run.sh", "");
    host.prepared().await;
    let mut processes = Vec::new();
    for _ in 0..3 {
        let (process, end, log) = host.ended().await;
        let ProcessEnd::Crashed(words) = end else { panic!("{end:?}") };
        assert!(words.contains("exit status: 3"), "{words}");
        assert_eq!(log, "[stdout]\nto out\n[stderr]\nto err\n");
        for (kind, text) in [("stdout", "to out\n"), ("stderr", "to err\n")] {
            assert_eq!(std::fs::read_to_string(host.output(&process, kind)).unwrap(), text);
        }
        assert!(!processes.contains(&process), "each start is a new record");
        processes.push(process);
    }
    host.stop().await;
}

#[tokio::test]
async fn p7_what_a_dead_process_started_ends_with_it() {
    let mut host = Host::start(hasty()).await;
    let script = "#!/bin/sh\nsleep 600 >/dev/null 2>&1 &\necho $! >child.tmp; mv child.tmp child\nexit 0\n";
    host.start_instance(&[("run.sh", script)], "run.sh", "");
    host.prepared().await;
    let grandchild: u32 = until_file(&host.slot().join("game/child")).await.trim().parse().unwrap();
    let (_, end, _) = host.ended().await;
    assert!(matches!(end, ProcessEnd::Crashed(_)), "{end:?}");
    until_gone(grandchild).await;
    host.stop().await;
}

#[tokio::test]
async fn p4_what_cannot_be_executed_is_reported() {
    let mut host = Host::start(hasty()).await;
    host.start_instance(&[("run", "neither a program nor a script")], "run", "");
    host.prepared().await;
    let (_, end, _) = host.ended().await;
    let ProcessEnd::NotExecutable(words) = end else { panic!("{end:?}") };
    assert!(words.contains("`#!/bin/sh`"), "{words}");
    host.stop().await;
}

#[tokio::test]
async fn a_launch_path_that_is_not_there_starts_nothing() {
    let mut host = Host::start(hasty()).await;
    host.start_instance(&[("run.sh", STAYS)], "/local/game/other.sh", "");
    assert_eq!(host.report().await, ReportKind::PreparationStarted);
    assert!(matches!(host.report().await, ReportKind::PackageExtracted { .. }));
    let ReportKind::LaunchPathsChecked { missing, log } = host.report().await else { panic!("not checked") };
    assert_eq!(missing, ["/local/game/other.sh"]);
    assert!(log.contains("not found"), "{log}");
    host.order(HostOrder::StopInstance);
    assert_eq!(host.report().await, ReportKind::InstanceStopped);
    assert!(!host.slot().exists());
    host.stop().await;
}

#[tokio::test]
async fn a_bare_name_is_found_in_path() {
    let mut host = Host::start(hasty()).await;
    host.start_instance(&[("data", "x")], "sh", "-c 'echo $$ >pid.tmp; mv pid.tmp pid; exec sleep 600'");
    host.prepared().await;
    let pid = host.child_pid().await;
    host.order(HostOrder::StopInstance);
    let (_, end, _) = host.ended().await;
    assert_eq!(end, ProcessEnd::ForceTerminated);
    assert_eq!(host.report().await, ReportKind::InstanceStopped);
    assert!(!is_running(pid));
    host.stop().await;
}

#[tokio::test]
async fn p16_a_process_that_ignores_everything_is_killed_with_its_group() {
    let mut host = Host::start(hasty()).await;
    let script = "#!/bin/sh\ntrap '' TERM\nsleep 600 &\necho $! >grandchild\necho $$ >pid.tmp; mv pid.tmp pid\nwhile :; do sleep 1; done\n";
    host.start_instance(&[("run.sh", script)], "run.sh", "");
    host.prepared().await;
    let pid = host.child_pid().await;
    let grandchild: u32 = until_file(&host.slot().join("game/grandchild")).await.trim().parse().unwrap();
    Calls::connect(host.address, pid).await.ready_in_background(2000, 1);
    let process = host.ready().await.process;
    let termination = Termination { termination_time_s: 1, deadline: Some(Timestamp::from_seconds(1)) };
    host.order(HostOrder::TerminateProcess { process, termination, reason: "test".into() });
    let (_, end, _) = host.ended().await;
    assert_eq!(end, ProcessEnd::ForceTerminated);
    until_gone(pid).await;
    until_gone(grandchild).await;
    host.stop().await;
}

#[tokio::test]
async fn p17_after_process_ending_the_process_is_ended() {
    let mut host = Host::start(hasty()).await;
    host.start_instance(&[("run.sh", STAYS)], "run.sh", "");
    host.prepared().await;
    let pid = host.child_pid().await;
    let mut calls = Calls::connect(host.address, pid).await;
    let (answer, ()) = tokio::join!(calls.ready(2000, 1), async {
        let ready = host.ready().await;
        assert_eq!((ready.pid, ready.client_port, ready.grpc_port), (pid, 2000, 1));
        assert_eq!(ready.ip_address, "127.0.0.1");
    });
    answer.unwrap();
    let (answer, ()) = tokio::join!(calls.ending(), async {
        assert!(matches!(host.report().await, ReportKind::ProcessEnding { .. }));
    });
    answer.unwrap();
    assert!(is_running(pid), "the answer comes first");
    let (_, end, _) = host.ended().await;
    assert_eq!(end, ProcessEnd::ExitTimeout);
    until_gone(pid).await;
    host.stop().await;
}

#[tokio::test]
async fn shutting_down_leaves_no_process_behind() {
    let mut host = Host::start(hasty()).await;
    let script = "#!/bin/sh\ntrap '' TERM\nsleep 600 &\necho $! >grandchild\necho $$ >pid.tmp; mv pid.tmp pid\nwhile :; do sleep 1; done\n";
    host.start_instance(&[("run.sh", script)], "run.sh", "");
    host.prepared().await;
    let pid = host.child_pid().await;
    let grandchild: u32 = until_file(&host.slot().join("game/grandchild")).await.trim().parse().unwrap();
    host.stop().await;
    assert!(!is_running(pid));
    until_gone(grandchild).await;
}

/// What a polite server does: it is told to end by the signal, says so, and ends.
#[tokio::test]
async fn a_game_server_is_heard_while_the_service_ends() {
    let mut host = Host::start(hasty_but_patient()).await;
    let script = "#!/bin/sh\ntrap 'echo x >told' TERM\necho $$ >pid.tmp; mv pid.tmp pid\nuntil [ -e end ]; do sleep 0.01; done\n";
    host.start_instance(&[("run.sh", script)], "run.sh", "");
    host.prepared().await;
    let pid = host.child_pid().await;
    let mut calls = Calls::connect(host.address, pid).await;
    let (answer, _) = tokio::join!(calls.ready(2000, 7000), host.ready());
    answer.unwrap();
    host.begin_stop();
    until_file(&host.slot().join("game/told")).await;
    let mut late = Calls::connect(host.address, pid).await;
    let refusal = late.activate("gs-1").await.unwrap_err();
    assert_eq!(refusal.code(), Code::Unavailable, "nothing begins any more");
    assert_eq!(late.ready(2000, 7000).await.unwrap_err().code(), Code::Unavailable);
    let (answer, report) = tokio::join!(late.ending(), host.report());
    answer.unwrap();
    assert!(matches!(report, ReportKind::ProcessEnding { .. }), "{report:?}");
    std::fs::write(host.slot().join("game/end"), "").unwrap();
    let (_, end, _) = host.ended().await;
    assert_eq!(end, ProcessEnd::Terminated);
    let address = host.address;
    host.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "it listens no more");
}

/// Clocks by which nothing is killed that ends when it is asked to.
fn hasty_but_patient() -> gse_core::clocks::Clocks {
    let mut clocks = hasty();
    clocks.set("process.kill", "30s").unwrap();
    clocks
}

#[tokio::test]
async fn r7_a_server_in_a_wrapper_script_may_end_politely() {
    let mut host = Host::start(hasty_but_patient()).await;
    let game = "trap 'sleep 0.3; echo saved >saved.tmp; mv saved.tmp saved; exit' TERM\necho $$ >pid.tmp; mv pid.tmp pid\nwhile :; do sleep 0.01; done\n";
    // The shell dies of the signal at once; the server in it takes its time.
    let wrapper = "#!/bin/sh\nsh game.sh\necho not reached\n";
    host.start_instance(&[("run.sh", wrapper), ("game.sh", game)], "run.sh", "");
    host.prepared().await;
    let pid = host.child_pid().await;
    let slot = host.slot();
    let data = host.stop().await;
    assert!(!is_running(pid));
    assert_eq!(std::fs::read_to_string(slot.join("game/saved")).unwrap(), "saved\n");
    drop(data);
}

#[tokio::test]
async fn r7_what_stays_of_a_wrapper_script_is_killed_in_time() {
    let mut host = Host::start(hasty()).await;
    let script = "#!/bin/sh\n(trap '' TERM; exec sleep 600) &\necho $! >pid.tmp; mv pid.tmp pid\nwait\n";
    host.start_instance(&[("run.sh", script)], "run.sh", "");
    host.prepared().await;
    let stubborn = host.child_pid().await;
    host.stop().await;
    assert!(!is_running(stubborn));
}

#[tokio::test]
async fn the_output_of_a_process_outlives_its_slot_and_the_service() {
    let mut host = Host::start(hasty()).await;
    host.start_instance(&[("run.sh", "#!/bin/sh\necho why; exit 3\n")], "run.sh", "");
    host.prepared().await;
    let (process, _, _) = host.ended().await;
    host.order(HostOrder::StopInstance);
    while host.report().await != ReportKind::InstanceStopped {}
    assert!(!host.slot().exists());
    let output = host.output(&process, "stdout");
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "why\n");
    let next = Host::start_in(host.stop().await, hasty()).await;
    let data = next.stop().await;
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "why\n");
    drop(data);
}

/// Its own CPU time and that of a child outside its group count, and so does its connection.
#[tokio::test]
async fn what_a_slot_uses_is_measured() {
    let mut clocks = hasty();
    clocks.set("metrics.period", "50ms").unwrap();
    let mut host = Host::start(clocks).await;
    let script = "#!/bin/bash\nsetsid sh -c 'while :; do :; done' &\nexec 3<>\"/dev/tcp/${GSE_AGENT_ADDRESS/:/\\/}\"\nwhile :; do sleep 600; done\n";
    host.start_instance(&[("run.sh", script)], "run.sh", "");
    host.prepared().await;
    let cpu = |usage: &InstanceUsage| usage.cpu_milli_percent.is_some_and(|share| share > 0);
    let usage = host.usage_that(|usage| cpu(usage) && usage.connections == Some(1)).await;
    assert!(usage.cpu_milli_percent <= Some(100_000), "{usage:?}");
    assert!(usage.memory_milli_megabytes > Some(0) && usage.memory_milli_percent > Some(0), "{usage:?}");
    host.stop().await;
}
