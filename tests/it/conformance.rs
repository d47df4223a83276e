//! `gse conformance` takes a good game server through a whole life, and says of bad ones what is wrong.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tests::programs::program;
use tests::stack::working_in;

/// Runs `gse conformance` on a game server with habits; `options` come before the `--`.
fn conformance(options: &[&str], habits: &[&str]) -> Output {
    Command::new(program("gse"))
        .args(["conformance", "--agent", "127.0.0.1:0"])
        .args(options)
        .arg("--")
        .arg(program("misbehave"))
        .args(habits)
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .output()
        .expect("`gse conformance` starts")
}

/// The outcome of each expectation, as the lines of the result say it.
fn outcome<'a>(said: &'a str, expectation: &str) -> &'a str {
    let is_it = |line: &&str| line.get(14..).and_then(|rest| rest.split(' ').next()) == Some(expectation);
    let line = said.lines().find(|line| line.starts_with("  ") && is_it(line));
    line.and_then(|line| line.get(..14))
        .unwrap_or_else(|| panic!("`{expectation}` is missing:\n{said}"))
        .trim()
}

/// Compares; what was said comes back on one line.
#[track_caller]
fn check(output: &Output, exit: i32, outcomes: &[(&str, &str)]) -> String {
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{said}\n{errors}");
    for (expectation, wanted) in outcomes {
        assert_eq!(outcome(&said, expectation), *wanted, "{expectation}:\n{said}\n{errors}");
    }
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_good_game_server_meets_every_expectation() {
    let client = format!("'{}' client", program("misbehave").display());
    let all =
        "ready,listening,health,start,activate,accept,remove,end-session,reuse,terminate,ending,exit,calls";
    let junit = tempfile::tempdir().expect("a directory for the result");
    let junit = junit.path().join("result.xml");
    let path = junit.to_str().expect("a path of text");
    let output = conformance(&["--expect", all, "--client", &client, "--junit", path], &[]);
    let outcomes: Vec<(&str, &str)> = all.split(',').map(|expectation| (expectation, "ok")).collect();
    let said = check(&output, 0, &outcomes);
    assert!(said.contains("it keeps the contract: 13 of 13"), "{said}");
    let xml = fs::read_to_string(Path::new(path)).expect("the JUnit file");
    assert!(xml.contains("tests=\"13\" failures=\"0\"") && xml.contains("name=\"reuse\"/>"), "{xml}");
}

#[test]
fn without_a_client_players_are_not_driven() {
    let outcomes = [("ready", "ok"), ("accept", "not driven"), ("remove", "not driven"), ("exit", "ok")];
    check(&conformance(&[], &[]), 0, &outcomes);
    let asked = conformance(&["--expect", "ready,accept"], &["start-fails"]);
    let said = check(&asked, 1, &[("ready", "ok"), ("start", "wrong"), ("accept", "not driven")]);
    assert!(said.contains("no memory for the map") && said.contains("1 of 2 expectations not met"), "{said}");
}

#[test]
fn a_game_server_that_never_is_ready_fails_with_its_last_words() {
    let output = conformance(&[], &["crash"]);
    check(&output, 1, &[("ready", "ok"), ("exit", "wrong")]);
    let output = conformance(&["--expect", "ready"], &["no-such-habit"]);
    let said = check(&output, 1, &[("ready", "missing"), ("terminate", "not driven")]);
    assert!(said.contains("| Error: unknown habit `no-such-habit`"), "{said}");
}

#[test]
fn a_game_server_that_only_answers_is_told_what_it_lacks() {
    let output = conformance(&["--timeout", "4s"], &["no-activate", "health-false", "no-ending"]);
    let outcomes = [
        ("ready", "ok"),
        ("listening", "ok"),
        ("health", "wrong"),
        ("start", "ok"),
        ("activate", "missing"),
        ("ending", "missing"),
        ("calls", "ok"),
    ];
    let said = check(&output, 1, &outcomes);
    assert!(said.contains("healthStatus") && said.contains("fix"), "{said}");
}

#[test]
fn a_game_server_that_somebody_else_starts_is_waited_for() {
    let mut gse = Command::new(program("gse"))
        .args(["conformance", "--agent", "127.0.0.1:0", "--timeout", "20s", "--attach"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`gse conformance` starts");
    let agent = said_address(&mut gse);
    let mut server = Command::new(program("misbehave"))
        .env("GSE_AGENT_ADDRESS", agent)
        .stdin(Stdio::null())
        .spawn()
        .expect("the game server starts");
    let output = gse.wait_with_output().expect("it ends");
    let outcomes =
        [("ready", "ok"), ("activate", "ok"), ("terminate", "ok"), ("ending", "ok"), ("exit", "not driven")];
    check(&output, 0, &outcomes);
    assert!(server.wait().expect("it ends by itself").success());
}

/// Where a game server shall call, from the line that says so.
fn said_address(gse: &mut Child) -> String {
    let mut line = String::new();
    let stderr = gse.stderr.as_mut().expect("it is piped");
    BufReader::with_capacity(1, stderr).read_line(&mut line).expect("a line");
    line.trim().rsplit(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    let home = tempfile::tempdir().expect("a directory for what it makes");
    let mut gse = Command::new(program("gse"))
        .args(["conformance", "--agent", "127.0.0.1:0", "--timeout", "60s", "--attach"])
        .env("TMPDIR", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`gse conformance` starts");
    said_address(&mut gse);
    assert!(!working_in(home.path()).is_empty(), "its placeholder runs");
    let pid = i32::try_from(gse.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
    let status = gse.wait().expect("it ends");
    assert_eq!(status.code(), Some(1));
    assert_eq!(working_in(home.path()), Vec::<u32>::new(), "nothing goes on");
    let left: Vec<_> = fs::read_dir(home.path()).expect("the directory is there").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn used_wrongly_it_says_how() {
    let gse = |arguments: &[&str]| {
        Command::new(program("gse")).args(arguments).stdin(Stdio::null()).output().expect("`gse` starts")
    };
    assert_eq!(gse(&["conformance"]).status.code(), Some(2));
    assert_eq!(gse(&["conformance", "--expect", "everything"]).status.code(), Some(2));
    let mistyped = gse(&["conformance", "--", "./no-such-server"]);
    assert_eq!(mistyped.status.code(), Some(2));
    let said = String::from_utf8_lossy(&mistyped.stderr);
    assert!(said.contains("`./no-such-server` cannot be found") && said.contains("hint: "), "{said}");
    let list = gse(&["conformance", "--list"]);
    assert!(list.status.success());
    assert!(String::from_utf8_lossy(&list.stdout).contains("calls AcceptPlayerSession when a player comes"));
}
