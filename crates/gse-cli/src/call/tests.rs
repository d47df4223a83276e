//! What is decided before anything is sent.

use clap::Parser as _;
use serde_json::{Value, json};

use super::{CallArgs, Connection, action, body, flags, is_other, reads, request, run};
use crate::{Cli, Command};

fn parse(words: &[&str]) -> CallArgs {
    let words = ["gse", "call"].iter().chain(words).map(std::ffi::OsString::from);
    let cli = Cli::try_parse_from(flags::unfold(words)).unwrap_or_else(|error| panic!("{error}"));
    match cli.command {
        Command::Call(args) => args,
        other => panic!("it is a call: {other:?}"),
    }
}

fn sent(words: &[&str]) -> Value {
    let args = parse(words);
    let action = action(&args.action).expect("an action");
    let text = request(&args, action).unwrap_or_else(|failure| panic!("{failure}"));
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn flags_and_json_make_one_request() {
    let expected = json!({"FleetId": "f", "MaximumPlayerSessionCount": 4, "Name": "-1"});
    for words in [
        &["CreateGameServerSession", "--FleetId", "f", "--MaximumPlayerSessionCount=4", "--Name", "-1"][..],
        &[
            "CreateGameServerSession",
            "--json",
            r#"{"FleetId":"f","MaximumPlayerSessionCount":9}"#,
            "--Name=-1",
            "--MaximumPlayerSessionCount",
            "4",
        ],
        &[
            "--json",
            r#"{"FleetId":"f","Name":"-1"}"#,
            "CreateGameServerSession",
            "--MaximumPlayerSessionCount",
            "4",
        ],
    ] {
        assert_eq!(sent(words), expected, "{words:?}");
    }
    let nested =
        &["CreateAlias", "--RoutingStrategy.Type", "SIMPLE", "--RoutingStrategy.FleetId=f", "--Name", "n"];
    assert_eq!(sent(nested), json!({"Name": "n", "RoutingStrategy": {"Type": "SIMPLE", "FleetId": "f"}}));
    let lists =
        &["DescribeFleetAttributes", "--FleetIds", "a", "--FleetIds", "b", "--json", r#"{"FleetIds":["c"]}"#];
    assert_eq!(sent(lists), json!({"FleetIds": ["a", "b"]}));
}

#[test]
fn a_request_without_flags_goes_as_it_was_written() {
    let args = parse(&["ListFleets", "--json", r#"{ "Limit":1, "Limit":2 }"#]);
    assert_eq!(
        request(&args, gse_api::Action::ListFleets).ok().as_deref(),
        Some(r#"{ "Limit":1, "Limit":2 }"#)
    );
    let args = parse(&["ListFleets", "--json", "[]", "--Limit", "1"]);
    assert_eq!(request(&args, gse_api::Action::ListFleets).expect_err("it is no object").exit, 2);
}

#[test]
fn options_are_taken_before_and_after_the_action() {
    for words in [
        &["--endpoint", "http://h:1", "--watch", "5", "ListFleets", "--attempts", "3"][..],
        &["ListFleets", "--endpoint", "http://h:1", "--watch", "5", "--attempts", "3"],
    ] {
        let common = parse(words).common;
        let found = (common.connection.endpoint.as_str(), common.watch, common.attempts);
        assert_eq!(found, ("http://h:1", Some(5), 3), "{words:?}");
    }
    assert_eq!(parse(&["ListFleets", "--watch"]).common.watch, Some(2));
    assert_eq!(parse(&["ListFleets"]).common.watch, None);
    assert_eq!(parse(&["listfleets", "--Limit", "1"]).action, "listfleets");
    let refused = |words: &[&str]| {
        let words = ["gse", "call"].iter().chain(words);
        Cli::try_parse_from(words).expect_err("it is refused").to_string()
    };
    assert!(refused(&["ListFleets", "--Limt", "1"]).contains("'--Limit'"));
    assert!(refused(&["ListFleets", "--watch", "0"]).contains("0 is not in 1.."));
}

#[test]
fn wrong_uses_are_refused_before_anything_is_sent() {
    let block_on = |words: &[&str]| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(run(parse(words))).expect_err("it is refused")
    };
    // Nothing listens there: whoever calls ends with 3.
    let nobody = ["--endpoint", "http://127.0.0.1:1", "--secret-id", "i", "--secret-key", "k"];
    let with = |words: &[&'static str]| block_on(&[&nobody[..], words].concat());
    assert_eq!(with(&["ListFleets"]).exit, 3);
    let failure = with(&["ListFleets", "--query", "FleetIds["]);
    assert_eq!(failure.exit, 2);
    assert!(failure.to_string().contains("wrong at character 10"), "{failure}");
    let failure = with(&["DeleteFleet", "--FleetId", "f", "--watch"]);
    assert_eq!(failure.exit, 2);
    assert!(failure.to_string().contains("`DeleteFleet` changes something"), "{failure}");
    assert_eq!(with(&["DeleteFleet", "--member", "FleetId"]).exit, 2);
}

#[test]
fn a_watch_shows_what_changed() {
    let answer = |id: &str, count: u64| json!({"TotalCount": count, "RequestId": id});
    assert!(!is_other(&answer("r-1", 1), &answer("r-2", 1)));
    assert!(is_other(&answer("r-1", 1), &answer("r-2", 2)));
    assert!(is_other(&json!(1), &json!(2)));
    assert!(reads(gse_api::Action::DescribeFleetEvents) && !reads(gse_api::Action::GetUploadCredentials));
}

#[test]
fn unknown_actions_are_refused_with_the_nearest() {
    let failure = action("createFleet").expect_err("the letter case counts");
    assert_eq!(failure.exit, 2);
    assert_eq!(
        failure.to_string(),
        "error: there is no action `createFleet`\nhint: did you mean `CreateFleet`?"
    );
    let failure = action("MakeCoffee").expect_err("there is none");
    assert!(failure.to_string().ends_with("hint: `gse call --help` lists the 74 actions"));
    assert_eq!(action("ListFleets").map(|action| action.name()).ok(), Some("ListFleets"));
}

#[test]
fn bodies_come_as_text_or_from_files() {
    assert_eq!(body(r#"{"Limit":1}"#).ok().as_deref(), Some(r#"{"Limit":1}"#));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("body.json");
    std::fs::write(&path, "{\"Name\":\"房\"}").expect("a file");
    assert_eq!(body(&format!("@{}", path.display())).ok().as_deref(), Some("{\"Name\":\"房\"}"));
    let failure = body("@/nowhere/body.json").expect_err("there is no such file");
    assert!(
        failure
            .to_string()
            .starts_with("error: cannot read the request from `/nowhere/body.json`\ncaused by: ")
    );
    let failure = body("{Limit:1}").expect_err("it is not JSON");
    assert_eq!(failure.exit, 2);
    assert!(failure.to_string().contains("line 1 column 2"), "{failure}");
}

#[test]
fn a_call_needs_a_key() {
    let connection = |secret_key: &str, endpoint: &str| Connection {
        endpoint: endpoint.into(),
        region: "ap-shanghai".into(),
        secret_id: "AKID".into(),
        secret_key: secret_key.into(),
        certificates: crate::call::Certificates::default(),
    };
    let failure = connection("", "http://127.0.0.1:1").client().expect_err("there is no key");
    assert_eq!(failure.exit, 2);
    assert!(failure.to_string().contains("GSE_SECRET_KEY"));
    assert_eq!(connection("k", "ftp://h").client().expect_err("it is not HTTP").exit, 2);
    assert!(connection("k", "http://127.0.0.1:1").client().is_ok());
}
