//! What a game server started outside its process group, and what an earlier run of the service left without a leader.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use gse_core::host::{HostOrder, ProcessEnd, ReportKind, Termination};
use gse_core::time::Timestamp;
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use super::host::{Host, hasty, is_running, until_file, until_gone};
use crate::notes::{self, ChildNote, SystemProcess};
use crate::strays;

/// Starts a process in a session of its own, as a daemon does, and stays until it is killed or told to end.
const WRAPPER: &str =
    "#!/bin/sh\nsetsid sh -c 'echo $$ >stray.tmp; mv stray.tmp stray; exec sleep 600' &\nexec sleep 600\n";
/// The same, and ends when the file `end` is there.
const ENDS: &str = "#!/bin/sh\nsetsid sh -c 'echo $$ >stray.tmp; mv stray.tmp stray; exec sleep 600' >/dev/null 2>&1 &\nuntil [ -e end ]; do sleep 0.01; done\n";

/// A host whose only game server has a stray, and the pid of that.
async fn host_with_stray(script: &str) -> (Host, u32) {
    let mut host = Host::start(hasty()).await;
    host.start_instance(&[("run.sh", script)], "run.sh", "");
    host.prepared().await;
    let stray = until_file(&host.slot().join("game/stray")).await.trim().parse().unwrap();
    assert!(is_running(stray));
    (host, stray)
}

#[tokio::test]
async fn a_child_of_a_child_in_its_own_session_goes_before_its_slot_does() {
    let others = Termination { termination_time_s: 1, deadline: Some(Timestamp::from_seconds(1)) };
    for order in [HostOrder::StopInstance, HostOrder::DrainInstance { hosting: vec![], others }] {
        let (mut host, stray) = host_with_stray(WRAPPER).await;
        host.order(order);
        let (_, end, _) = host.ended().await;
        assert_eq!(end, ProcessEnd::ForceTerminated);
        assert_eq!(host.report().await, ReportKind::InstanceStopped);
        assert!(!is_running(stray), "the slot is gone, so it is too");
        host.stop().await;
    }
}

#[tokio::test]
async fn a_child_of_a_child_in_its_own_session_goes_with_the_service() {
    let (host, stray) = host_with_stray(WRAPPER).await;
    host.stop().await;
    assert!(!is_running(stray));
}

#[tokio::test]
async fn a_child_of_a_child_in_its_own_session_goes_when_its_process_ends_by_itself() {
    let (mut host, stray) = host_with_stray(ENDS).await;
    let game = host.slot().join("game");
    std::fs::remove_file(game.join("stray")).unwrap();
    std::fs::write(game.join("end"), "").unwrap();
    let (_, end, _) = host.ended().await;
    assert!(matches!(end, ProcessEnd::Crashed(_)), "{end:?}");
    // Whatever is started from here on stays, and has the time to start its stray.
    std::fs::remove_file(game.join("end")).unwrap();
    until_gone(stray).await;
    // The replacement has a stray of its own, and started after the first was gone.
    until_file(&game.join("stray")).await;
    host.stop().await;
}

fn write_down(file: &Path, pid: u32, token: &str) {
    let mut note = ChildNote::new(token, "127.0.0.1:1");
    note.system = SystemProcess::of(pid);
    notes::write_child(file, &note).unwrap();
}

/// A group of an earlier run: its leader has ended and a member is there. Gone at the latest when the test is.
struct Leaderless {
    group: Pid,
    member: u32,
    /// Another one, which cleared its environment.
    nameless: u32,
}

impl Leaderless {
    /// `written`: the token that the earlier run wrote down; `carried`: what its child was given.
    fn new(file: &Path, written: &str, carried: &str) -> Self {
        let mut leader = Command::new("sh")
            .args([
                "-c",
                "sleep 600 >/dev/null 2>&1 & echo $!; env -i sleep 600 >/dev/null 2>&1 & echo $!; read line",
            ])
            .env(strays::TOKEN, carried)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let group = Pid::from_raw(i32::try_from(leader.id()).unwrap()).unwrap();
        let mut lines = BufReader::new(leader.stdout.take().unwrap()).lines();
        let mut next = || lines.next().unwrap().unwrap().parse().unwrap();
        let left = Self { group, member: next(), nameless: next() };
        write_down(file, leader.id(), written);
        drop(leader.stdin.take());
        leader.wait().unwrap();
        left
    }
}

impl Drop for Leaderless {
    fn drop(&mut self) {
        let _ = kill_process_group(self.group, Signal::KILL);
    }
}

fn data_with_slot() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(data.path().join("slots/ins-old")).unwrap();
    data
}

#[tokio::test]
async fn a_group_of_an_earlier_run_is_ended_although_its_leader_is_gone() {
    let data = data_with_slot();
    let slot = data.path().join("slots/ins-old");
    let token = crate::random::random_hex();
    let other = crate::random::random_hex();
    let ours = Leaderless::new(&slot.join("process-1.child"), &token, &token);
    let stranger = Leaderless::new(&slot.join("process-2.child"), &other, "of somebody else");
    let untold = Leaderless::new(&slot.join("process-3.child"), "", "");
    let host = Host::start_in(data, hasty()).await;
    until_gone(ours.member).await;
    until_gone(ours.nameless).await;
    host.stop().await;
    assert!(is_running(stranger.member) && is_running(stranger.nameless), "it carries another token");
    assert!(is_running(untold.member), "no token proves nothing");
}

#[tokio::test]
async fn a_group_of_another_start_of_the_system_is_left_alone() {
    let data = data_with_slot();
    let file = data.path().join("slots/ins-old/process-1.child");
    let token = crate::random::random_hex();
    let left = Leaderless::new(&file, &token, &token);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(&crate::procfs::boot_id(), "another-boot")).unwrap();
    let host = Host::start_in(data, hasty()).await;
    host.stop().await;
    assert!(is_running(left.member));
}

#[tokio::test]
async fn what_left_its_group_before_the_service_was_killed_is_ended_by_the_next_run() {
    let data = data_with_slot();
    let file = data.path().join("slots/ins-old/process-1.child");
    let token = crate::random::random_hex();
    let stray = |token: &str| {
        let mut command = Command::new("setsid");
        command.args(["sleep", "600"]).env(strays::TOKEN, token).stdin(Stdio::null());
        Reaped(command.spawn().unwrap())
    };
    let (mut ours, mut stranger) = (stray(&token), stray("of somebody else"));
    // The launched one itself is long gone, and with it its group.
    let mut launched = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
    write_down(&file, launched.id(), &token);
    launched.kill().unwrap();
    launched.wait().unwrap();
    let host = Host::start_in(data, hasty()).await;
    super::host::until(|| ours.0.try_wait().unwrap()).await;
    host.stop().await;
    assert!(stranger.0.try_wait().unwrap().is_none());
}

/// Gone at the latest when the test is.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
