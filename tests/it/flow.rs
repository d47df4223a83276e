//! The whole flow, told by `cargo xtask flow --json`. The snapshot is what a reader opens to see it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;
use tests::course::Course;
use tests::programs::program;
use tests::stack::{PATIENCE, send, working_in};

fn start(xtask: &Path, directory: &Path) -> Child {
    Command::new(xtask)
        .args(["flow", "--json", "--no-build"])
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`xtask flow` starts")
}

#[test]
fn two_flows_side_by_side_tell_the_same_story() {
    let directory = tempfile::tempdir().expect("a directory to start in");
    let runs = [(); 2].map(|()| start(&program("xtask"), directory.path()));
    // Both are waited for before either is judged, so that a failure leaves nothing running.
    let outputs = runs.map(|run| run.wait_with_output().expect("the flow ends"));
    let courses = outputs.map(|output| {
        assert!(output.status.success(), "the flow failed: {}", String::from_utf8_lossy(&output.stderr));
        Course::tell(&String::from_utf8_lossy(&output.stdout))
    });
    insta::assert_snapshot!("flow", courses[0]);
    assert_eq!(courses[0], courses[1], "two runs at once do not disturb each other");
}

/// The programs in a target directory of their own, with a game server that ends at once.
fn broken_target() -> TempDir {
    let target = tempfile::Builder::new().prefix("opengse-").tempdir().expect("a target directory");
    let programs = target.path().join("debug");
    fs::create_dir(&programs).expect("a directory for the programs");
    fs::copy(program("xtask"), programs.join("xtask")).expect("xtask finds its programs beside itself");
    for name in ["gse", "game-client"] {
        symlink(program(name), programs.join(name)).expect("a link to a program");
    }
    let server = programs.join("game-server");
    fs::write(&server, "#!/bin/sh\necho out of order >&2\nexit 7\n").expect("a script");
    fs::set_permissions(&server, Permissions::from_mode(0o755)).expect("the script can be run");
    target
}

fn last_line(output: &Output) -> Value {
    let lines = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(lines.lines().last().unwrap_or_default()).expect("the last line is JSON")
}

#[test]
fn a_flow_that_fails_says_where_to_look_and_leaves_nothing_running() {
    let target = broken_target();
    let run = start(&target.path().join("debug/xtask"), target.path());
    let output = run.wait_with_output().expect("the flow ends");
    assert_eq!(output.status.code(), Some(1));

    let report = last_line(&output);
    assert_eq!((&report["result"], &report["failure"]["title"]), (&"failed".into(), &"Publish".into()));
    let look = report["failure"]["look"].to_string();
    assert!(look.contains("FLEET_STATE_ERROR"), "the events of the fleet are shown: {look}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("Failed in step 2, Publish"), "{told}");
    assert_eq!(working_in(target.path()), [0; 0]);
    let kept = fs::read_dir(target.path().join("flow")).expect("the directory of the runs").count();
    assert_eq!(kept, 1, "what the failed run wrote is kept");
}

#[test]
fn an_interrupted_flow_cleans_up() {
    let target = broken_target();
    let run = start(&target.path().join("debug/xtask"), target.path());
    let runs = target.path().join("flow");
    let deadline = Instant::now() + PATIENCE;
    while !service_is_ready(&runs) {
        assert!(Instant::now() < deadline, "the service of the run does not start");
        std::thread::sleep(Duration::from_millis(10));
    }
    send(&run, Signal::INT);
    let output = run.wait_with_output().expect("the flow ends");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(last_line(&output)["failure"]["message"], "interrupted");
    assert_eq!(working_in(target.path()), [0; 0]);
    assert_eq!(fs::read_dir(&runs).expect("the directory of the runs").count(), 0, "nothing is kept");
}

fn service_is_ready(runs: &Path) -> bool {
    fs::read_dir(runs)
        .into_iter()
        .flatten()
        .flatten()
        .any(|run| fs::read_to_string(run.path().join("service.out")).is_ok_and(|said| said.ends_with('\n')))
}
