//! Game servers that somebody else started, configurations that change while they run, the logs that sessions leave, and
//! install scripts.

use std::io::Read as _;
use std::process::Stdio;

use gse_core::host::{HostOrder, ProcessEnd, ReportKind, Termination};
use gse_core::id::FleetId;
use gse_core::supervisor::Adoption;
use gse_core::time::Timestamp;
use tokio::process::{Child, Command};
use tonic::Code;

use super::game::{Calls, serve};
use super::host::{DEADLINE, Host, hasty, is_running, until, until_file};
use super::sessions::{next_start, start};
use crate::AgentConfig;

/// Writes its pid and stays.
const STAYS: &str = "#!/bin/sh\necho $$ >pid.tmp; mv pid.tmp pid\nexec sleep 600\n";

/// A game server as an IDE starts it; it ends with the test.
fn by_hand(fleet: &str) -> Child {
    let mut command = Command::new("sleep");
    command.arg("600").env("GSE_FLEET_ID", fleet).stdin(Stdio::null()).kill_on_drop(true).spawn().unwrap()
}

fn pid(child: &Child) -> u32 {
    child.id().unwrap()
}

/// Its environment is its own only once it has become another program.
async fn until_started(child: &Child) {
    until(|| {
        let name = std::fs::read_to_string(format!("/proc/{}/comm", pid(child))).unwrap_or_default();
        (name.trim() == "sleep").then_some(())
    })
    .await;
}

async fn host_with(adoption: Adoption) -> Host {
    let data = tempfile::tempdir().unwrap();
    let mut host = Host::start_with(data, hasty(), |config| AgentConfig { adoption, ..config }).await;
    host.start_instance(&[("run.sh", STAYS)], "run.sh", "");
    host.prepared().await;
    host
}

#[tokio::test]
async fn p2_a_process_started_by_hand_joins_the_fleet_that_it_names_and_its_end_is_seen() {
    let mut host = host_with(Adoption::On).await;
    let mut stranger = by_hand("fleet-9");
    until_started(&stranger).await;
    let refused = Calls::connect(host.address, pid(&stranger)).await.ready(2000, 7000).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(
        refused.message().starts_with("PROCESS_READY_FAILED: no instance of fleet `fleet-9`"),
        "{refused}"
    );
    stranger.kill().await.unwrap();

    let mut child = by_hand("fleet-1");
    until_started(&child).await;
    Calls::connect(host.address, pid(&child)).await.ready_in_background(2000, 7000);
    let ready = host.ready().await;
    assert_eq!((ready.pid, ready.entry), (pid(&child), None));
    child.kill().await.unwrap();
    let (process, end, _) = host.ended().await;
    assert_eq!(process, ready.process);
    assert!(matches!(end, ProcessEnd::Crashed(_)), "{end:?}");
    host.stop().await;
}

#[tokio::test]
async fn p2_a_process_started_by_hand_is_never_signalled() {
    let mut host = host_with(Adoption::On).await;
    let child = by_hand("fleet-1");
    until_started(&child).await;
    Calls::connect(host.address, pid(&child)).await.ready_in_background(2000, 7000);
    let process = host.ready().await.process;
    let deadline = Timestamp::from_millis(0);
    host.order(HostOrder::TerminateProcess {
        process: process.clone(),
        termination: Termination { termination_time_s: 0, deadline: Some(deadline) },
        reason: "test".into(),
    });
    assert_eq!(host.ended().await.1, ProcessEnd::ForceTerminated);
    // A second life: the same program announces itself again, and says goodbye.
    let mut calls = Calls::connect(host.address, pid(&child)).await;
    Calls::connect(host.address, pid(&child)).await.ready_in_background(2000, 7000);
    assert_ne!(host.ready().await.process, process);
    let ending = tokio::spawn(async move { calls.ending().await });
    assert!(matches!(host.report().await, ReportKind::ProcessEnding { .. }));
    ending.await.unwrap().unwrap();
    assert_eq!(host.ended().await.1, ProcessEnd::Clean);
    host.stop().await;
    assert!(is_running(pid(&child)), "it is its own");
}

#[tokio::test]
async fn p2_adoption_off_is_refused_with_what_to_do() {
    let host = host_with(Adoption::Off).await;
    let child = by_hand("fleet-1");
    until_started(&child).await;
    let refused = Calls::connect(host.address, pid(&child)).await.ready(2000, 7000).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let text = refused.message();
    assert!(text.starts_with("PROCESS_READY_FAILED: ") && text.contains("--adopt on"), "{text}");
    host.stop().await;
}

#[tokio::test]
async fn p2_nothing_is_launched_for_the_fleet_that_is_started_by_hand() {
    let mut host = host_with(Adoption::Fleet(FleetId::new("fleet-1"))).await;
    let child = by_hand("");
    until_started(&child).await;
    Calls::connect(host.address, pid(&child)).await.ready_in_background(2000, 7000);
    assert_eq!(host.ready().await.pid, pid(&child));
    assert!(!host.slot().join("game/pid").exists(), "its script never ran");
    host.stop().await;
}

#[tokio::test]
async fn f23_a_newer_configuration_reaches_a_slot_that_runs() {
    let mut host = Host::start(hasty()).await;
    let script = "#!/bin/sh\necho $$ >$1.tmp; mv $1.tmp $1\nexec sleep 600\n";
    host.start_instance(&[("run.sh", script)], "/local/game/run.sh", "old");
    host.prepared().await;
    let old: u32 = until_file(&host.slot().join("game/old")).await.trim().parse().unwrap();
    Calls::connect(host.address, old).await.ready_in_background(2000, 7000);
    let ready = host.ready().await;
    let HostOrder::StartInstance(mut spec) = host.start_order("blob-1", "C:\\game\\run.sh", "new") else {
        panic!("another order")
    };
    spec.runtime_version = 2;
    host.order(HostOrder::StartInstance(spec));
    until_file(&host.slot().join("game/new")).await;
    assert!(is_running(old), "the control plane ends what was ready");
    let ReportKind::LaunchPathsChecked { missing, .. } = host.report().await else { panic!("not checked") };
    assert_eq!(missing, Vec::<String>::new());
    let termination = Termination { termination_time_s: 0, deadline: Some(Timestamp::from_millis(0)) };
    let process = ready.process;
    host.order(HostOrder::TerminateProcess { process: process.clone(), termination, reason: "old".into() });
    assert_eq!(host.ended().await.0, process);
    host.stop().await;
}

/// Writes a log, says where it runs, and stays.
const WRITES: &str = "#!/bin/sh\nmkdir -p logs; echo a line >logs/a.txt; ln -s ../../slot.record logs/b.txt\n\
                      echo to out\necho $$ >pid.tmp; mv pid.tmp pid\nexec sleep 600\n";

/// The text of a file of a zip; `None`: it is not there.
fn unpacked(zip: &[u8], name: &str) -> Option<String> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let mut text = String::new();
    zip.by_name(name).ok()?.read_to_string(&mut text).unwrap();
    Some(text)
}

#[tokio::test]
async fn g21_the_logs_of_a_session_are_stored_when_it_ends_and_the_next_one_has_its_own() {
    let (port, mut callbacks) = serve("127.0.0.1:0").await.unwrap();
    let mut host = Host::start(hasty()).await;
    host.start_instance(&[("run.sh", WRITES)], "run.sh", "");
    host.prepared().await;
    let mut calls = Calls::connect(host.address, host.child_pid().await).await;
    let (answer, ready) = tokio::join!(calls.ready(2000, port), host.ready());
    answer.unwrap();
    for (number, session) in ["gs-1", "gs-2"].into_iter().enumerate() {
        host.order(start(&ready.process, session));
        let (_, reply) = next_start(&mut callbacks).await;
        reply.send(Ok(gse_proto::grpcsdk::GseResponse::default())).unwrap();
        let mut calls = Calls::connect(host.address, host.child_pid().await).await;
        let terminated = tokio::spawn(async move { calls.terminate(session).await });
        host.session_call().await;
        terminated.await.unwrap().expect("the answer does not wait for the logs");
        let (of, outcome) = host.logs_collected().await;
        assert_eq!(of, session);
        let log = outcome.unwrap();
        assert_eq!((log.blob.as_str(), log.left_out_bytes), (format!("log-{}", number + 1).as_str(), 0));
        let zip = &host.logs[number];
        assert_eq!(log.bytes, zip.len() as u64);
        assert_eq!(unpacked(zip, "logs/logs/a.txt").as_deref(), Some("a line\n"));
        assert_eq!(unpacked(zip, "output/stdout.txt").as_deref(), Some("to out\n"));
        assert_eq!(unpacked(zip, "logs/logs/b.txt"), None, "the record of the slot has a token");
        assert!(unpacked(zip, "collection.txt").unwrap().contains("logs/b.txt: refused"));
    }
    let left = std::fs::read_dir(host.data.path().join("packing")).unwrap().count();
    assert_eq!(left, 0);
    host.stop().await;
}

#[tokio::test]
async fn g21_a_slot_is_removed_after_its_logs_are_stored() {
    let (port, mut callbacks) = serve("127.0.0.1:0").await.unwrap();
    let mut host = Host::start(hasty()).await;
    host.start_instance(&[("run.sh", WRITES)], "run.sh", "");
    host.prepared().await;
    let mut calls = Calls::connect(host.address, host.child_pid().await).await;
    let (answer, ready) = tokio::join!(calls.ready(2000, port), host.ready());
    answer.unwrap();
    host.order(start(&ready.process, "gs-1"));
    drop(next_start(&mut callbacks).await);
    host.order(HostOrder::StopInstance);
    let stopped = async {
        loop {
            if host.report().await == ReportKind::InstanceStopped {
                return;
            }
        }
    };
    tokio::time::timeout(DEADLINE, stopped).await.expect("the slot goes");
    assert_eq!(unpacked(&host.logs[0], "logs/logs/a.txt").as_deref(), Some("a line\n"));
    assert!(!host.slot().exists());
    host.stop().await;
}

#[tokio::test]
async fn g21_who_cannot_store_logs_keeps_nobody_from_ending() {
    let (port, mut callbacks) = serve("127.0.0.1:0").await.unwrap();
    let mut clocks = hasty();
    clocks.set("log.collect", "200ms").unwrap();
    let mut host = Host::start(clocks).await;
    host.start_instance(&[("run.sh", WRITES)], "run.sh", "");
    host.prepared().await;
    let mut calls = Calls::connect(host.address, host.child_pid().await).await;
    let (answer, ready) = tokio::join!(calls.ready(2000, port), host.ready());
    answer.unwrap();
    host.order(start(&ready.process, "gs-1"));
    drop(next_start(&mut callbacks).await);
    // From now on nobody takes what the agent says.
    host.close_uplink();
    host.stop().await;
}

/// A host that runs install scripts, with a package that has this one.
async fn installing(clocks: gse_core::clocks::Clocks, script: &str, launch_path: &str) -> Host {
    let data = tempfile::tempdir().unwrap();
    let run = |config| AgentConfig { run_install_scripts: true, ..config };
    let mut host = Host::start_with(data, clocks, run).await;
    host.start_instance(&[("install.sh", script), ("run.sh", STAYS)], launch_path, "");
    assert_eq!(host.report().await, ReportKind::PreparationStarted);
    assert!(matches!(host.report().await, ReportKind::PackageExtracted { .. }));
    host
}

/// S05: without an execute bit, and with a launch path that the script makes.
#[tokio::test]
async fn s05_the_install_script_runs_before_the_first_process_and_its_output_is_kept() {
    let script = "set -e\n[[ $PWD == */game && $GSE_FLEET_ID == fleet-1 ]]\n\
                  echo installed; echo trouble >&2; chmod +x run.sh; ln -s run.sh server\n";
    let mut host = installing(hasty(), script, "/local/game/server").await;
    let ReportKind::InstallScriptRan { log, .. } = host.report().await else { panic!("it did not run") };
    assert_eq!(log, "[stdout]\ninstalled\n[stderr]\ntrouble\n[end]\nexit status: 0\n");
    let ReportKind::LaunchPathsChecked { missing, .. } = host.report().await else { panic!("not checked") };
    assert_eq!(missing, Vec::<String>::new());
    host.child_pid().await;
    host.stop().await;
}

#[tokio::test]
async fn s06_a_script_that_fails_starts_nothing() {
    let mut host = installing(hasty(), "echo no such package; exit 3\n", "run.sh").await;
    let ReportKind::PreparationFailed { step, reason, log } = host.report().await else {
        panic!("not failed")
    };
    assert_eq!(step, gse_core::host::PreparationStep::Install);
    assert_eq!(reason, "/local/game/install.sh failed: it ended with exit status: 3");
    assert!(log.contains("no such package"), "{log}");
    assert!(!host.slot().join("game/pid").exists());
    host.stop().await;
}

#[tokio::test]
async fn a3_a_script_has_its_time_and_takes_along_what_it_started() {
    let mut clocks = hasty();
    clocks.set("install.script", "500ms").unwrap();
    let script = "setsid sleep 600 & echo $! >stray.tmp; mv stray.tmp stray; sleep 600\n";
    let mut host = installing(clocks, script, "run.sh").await;
    let stray: u32 = until_file(&host.slot().join("game/stray")).await.trim().parse().unwrap();
    let ReportKind::PreparationFailed { reason, .. } = host.report().await else { panic!("not failed") };
    assert!(reason.contains("did not end within 500ms"), "{reason}");
    super::host::until_gone(stray).await;
    host.stop().await;
}

#[tokio::test]
async fn a_script_that_runs_keeps_neither_its_slot_nor_the_service() {
    let script = "echo $$ >pid.tmp; mv pid.tmp pid; sleep 600\n";
    let mut host = installing(hasty(), script, "run.sh").await;
    let pid = host.child_pid().await;
    host.order(HostOrder::StopInstance);
    assert_eq!(host.report().await, ReportKind::InstanceStopped);
    assert!(!is_running(pid));
    host.stop().await;
    let host = installing(hasty(), script, "run.sh").await;
    let pid = host.child_pid().await;
    host.stop().await;
    assert!(!is_running(pid));
}

#[tokio::test]
async fn a_script_that_a_killed_service_left_is_ended_and_run_again() {
    let script = "echo $$ >pid.tmp; mv pid.tmp pid; sleep 600\n";
    let host = installing(hasty(), script, "run.sh").await;
    let pid = host.child_pid().await;
    let killed = host.kill().await;
    assert!(is_running(pid));
    let host = Host::follow(killed, hasty()).await;
    super::host::until_gone(pid).await;
    host.stop().await;
}
