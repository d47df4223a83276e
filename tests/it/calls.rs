//! `gse call` as people type it: flags, queries, a watch, and the key that the vendor's clients would use.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use tests::programs::program;
use tests::stack::Stack;

/// A changed answer is printed after a second; this is for a very busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn typed(stack: &Stack, arguments: &[&str]) -> Value {
    let output = stack.gse(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn create_alias(stack: &Stack, name: &str, query: &str) -> Value {
    let strategy = ["--RoutingStrategy.Type", "TERMINAL", "--RoutingStrategy.Message=closed"];
    let call = ["call", "CreateAlias", "--Name", name, "--query", query];
    typed(stack, &[&call[..], &strategy].concat())
}

#[test]
fn calls_are_typed_with_flags_and_asked_with_queries() {
    let stack = Stack::start();
    let made = create_alias(&stack, "live", "Alias.{name: Name, strategy: RoutingStrategy.[Type, Message]}");
    assert_eq!(made, json!({"name": "live", "strategy": ["TERMINAL", "closed"]}));
    let names =
        typed(&stack, &["call", "ListAliases", "--Limit", "5", "--query", "Aliases[?Name == 'live'].Name"]);
    assert_eq!(names, json!(["live"]));
    // What the flag says is not what the service takes: it is asked, and says so.
    let refused = stack.gse(&["call", "ListAliases", "--Limit", "ten"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("`gse call ListAliases --help` shows the members of the request"), "{said}");
}

#[test]
fn a_watch_prints_what_changes() {
    let stack = Stack::start();
    let mut watch = Command::new(program("gse"))
        .args(["call", "ListAliases", "--query", "TotalCount", "--watch", "1"])
        .env("GSE_ENDPOINT", stack.said("api"))
        // Without a key of ours, that of the vendor's clients counts.
        .env_remove("GSE_SECRET_ID")
        .env_remove("GSE_SECRET_KEY")
        .env("TENCENTCLOUD_SECRET_ID", stack.said("secret_id"))
        .env("TENCENTCLOUD_SECRET_KEY", stack.said("secret_key"))
        .env_remove("TENCENTCLOUD_TOKEN")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`gse` starts");
    let output = BufReader::new(watch.stdout.take().expect("its output is ours"));
    let (lines, heard) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    let next = || heard.recv_timeout(PATIENCE);
    let first = next();
    let _ = create_alias(&stack, "live", "Alias.Name");
    let second = next();
    watch.kill().expect("the watch can be ended");
    watch.wait().expect("the watch is gone");
    reader.join().expect("the reader is done");
    assert_eq!((first.as_deref(), second.as_deref()), (Ok("0"), Ok("1")));
}
