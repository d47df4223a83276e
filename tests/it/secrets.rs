//! No secret reaches a log, an event or the text of an error, even when everything is logged that can be.
//!
//! What is read: everything that the service, its agent, the game servers and the clients wrote, in whatever file, but
//! for what is state and not a log. State is the database (rows hold player sessions and the data of sessions: that is
//! what they are kept for) and the key file, both of which only their owner can read. The ready line is how the key is
//! handed to whoever started the service.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::client::Client;
use tests::package;
use tests::stack::{Stack, tail};

use crate::hosting::process;

const SESSION_DATA: &str = "sesame-of-the-session";
const WRONG_DATA: &str = "sesame-of-no-mode";

/// Every file below a directory that is not state; links are not followed.
fn written(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("the directory can be read").flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type().expect("an entry has a kind");
        if kind.is_dir() {
            files.extend(written(&path));
        } else if kind.is_file() && !is_state(&name) {
            files.push(path);
        }
    }
    files
}

fn is_state(name: &str) -> bool {
    // The store with its journals, the key pair, the hand-over of the key to whoever started the service, and what the
    // agent writes down to know its children again.
    let of_the_store = name.starts_with("store.sqlite3") || name.ends_with(".journal");
    let of_the_agent = [".record", ".child", ".partial"].iter().any(|end| name.ends_with(end));
    of_the_store || of_the_agent || name == "credentials.json" || name == "ready.out"
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("`{member}` is text in {value}"))
}

/// The tokens by which the agent knows its children, from their environment.
fn process_tokens(stack: &Stack) -> Vec<String> {
    let environments =
        stack.launched().into_iter().filter_map(|pid| fs::read(format!("/proc/{pid}/environ")).ok());
    let tokens = environments.filter_map(|environment| {
        let environment = String::from_utf8_lossy(&environment).into_owned();
        environment.split('\0').find_map(|line| line.strip_prefix("GSE_PROCESS_TOKEN=").map(str::to_owned))
    });
    tokens.collect()
}

#[test]
fn nothing_that_is_written_holds_a_secret() {
    let stack = Stack::with_log("trace", &["player.reserve=2s"]);
    let mut secrets =
        vec![stack.said("secret_key").to_owned(), SESSION_DATA.to_owned(), WRONG_DATA.to_owned()];
    let mut answers = Vec::new();

    let zip = package::game_server(stack.directory());
    let request = json!({"AssetRegion": stack.said("region"), "BucketKey": "other.zip"});
    let credentials = stack.call("GetUploadCredentials", &request);
    secrets.push(signature(text(&credentials, "BucketAuth")));
    // A grant for another object: the refusal must not quote it.
    let output = stack.gse(&[
        "asset",
        "put",
        "--zip",
        &zip.display().to_string(),
        "--bucket",
        text(&credentials, "BucketName"),
        "--key",
        "wrong.zip",
        "--authorization",
        text(&credentials, "BucketAuth"),
        "--objects",
        stack.said("objects"),
    ]);
    assert!(!output.status.success(), "the grant is for another object");
    answers.push(String::from_utf8_lossy(&output.stderr).into_owned());
    let asset = stack.create_asset(&zip);
    let fleet = stack.create_fleet(&asset, &process(2));
    stack.active(&fleet);
    let tokens = process_tokens(&stack);
    assert_eq!(tokens.len(), 2, "each game server has a token");
    secrets.extend(tokens);

    // A session whose data the game takes, and one whose data it does not.
    let session = |data: &str| {
        let properties = json!([{"Key": "note", "Value": "plain"}]);
        json!({
            "FleetId": fleet, "MaximumPlayerSessionCount": 3, "GameServerSessionData": data, "GameProperties": properties,
        })
    };
    let created = stack.call("CreateGameServerSession", &session(SESSION_DATA))["GameServerSession"].clone();
    let id = text(&created, "GameServerSessionId").to_owned();
    let found = json!({"GameServerSessionId": id});
    stack.until("DescribeGameServerSessions", &found, |answer| {
        answer["GameServerSessions"][0]["Status"] != "ACTIVATING"
    });

    let join = |player: &str| {
        stack.call("JoinGameServerSession", &json!({"GameServerSessionId": id, "PlayerId": player}))["PlayerSession"].clone()
    };
    let (ada, ben) = (join("ada"), join("ben"));
    for seat in [&ada, &ben] {
        secrets.push(text(seat, "PlayerSessionId").to_owned());
    }
    let mut player = Client::connect(&stack, &ada, text(&ada, "PlayerSessionId"));
    assert_eq!(player.event("joined")["player_id"], "ada");
    // Used up already, then one of somebody else, then one that never was.
    let mut again = Client::connect(&stack, &ada, text(&ada, "PlayerSessionId"));
    assert_eq!(again.event("ended")["outcome"], "refused");
    let forged = "psess-0123456789abcdef0123456789abcdef";
    secrets.push(forged.to_owned());
    let mut forger = Client::connect(&stack, &ben, forged);
    assert_eq!(forger.event("ended")["outcome"], "refused");

    // Refusals of the cloud API quote what was wrong, but for these.
    let long = format!("{}{}", WRONG_DATA, "x".repeat(5000));
    let refused = [
        ("CreateGameServerSession", session(&long)),
        ("DescribePlayerSessions", json!({"PlayerSessionId": forged})),
        ("DescribePlayerSessions", json!({"PlayerSessionId": format!("{forged}{}", "x".repeat(2000))})),
        ("JoinGameServerSession", json!({"GameServerSessionId": id, "PlayerId": "cleo", "PlayerData": long})),
    ];
    for (action, request) in refused {
        let refusal = stack.try_call(action, &request).expect_err("this cannot be right");
        answers.push(refusal.message);
    }
    // The seat that nobody took runs out, which is an event of the core's own.
    let seat = json!({"PlayerSessionId": ben["PlayerSessionId"]});
    stack
        .until("DescribePlayerSessions", &seat, |answer| answer["PlayerSessions"][0]["Status"] == "TIMEDOUT");
    answers.push(stack.call("DescribeFleetEvents", &json!({"FleetId": fleet, "Limit": 100})).to_string());

    let mut stack = stack;
    let everything_of = |directory: &Path| -> Vec<(PathBuf, String)> {
        let read = |path: PathBuf| {
            // What is gone by now was a marker of a process that ended.
            let text = String::from_utf8_lossy(&fs::read(&path).ok()?).into_owned();
            Some((path, text))
        };
        written(directory).into_iter().filter_map(read).collect()
    };
    // Once while all runs, because what a slot holds goes with it; and once after the end.
    let mut found = everything_of(stack.directory());
    assert!(stack.terminate().success());
    found.extend(everything_of(stack.directory()));
    found.extend(answers.into_iter().map(|answer| (PathBuf::from("an answer"), answer)));

    let log = fs::read_to_string(stack.log()).expect("the service logs");
    for proof in [" TRACE ", " DEBUG ", "StartGameServerSession", "request refused"] {
        assert!(log.contains(proof), "the most verbose log has `{proof}`: {}", tail(&stack.log(), 5));
    }
    let of_games =
        found.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "stderr")).count();
    assert!(of_games >= 2, "the logs of the game servers are read too");
    for (path, text) in &found {
        for secret in &secrets {
            let at = text.find(secret.as_str());
            let line = at.map(|at| text[..at].lines().last().unwrap_or_default());
            assert!(at.is_none(), "`{}` holds the secret `{secret}`, after: {line:?}", path.display());
        }
    }
}

/// The part of an upload authorisation that proves it.
fn signature(authorization: &str) -> String {
    let part = authorization.split('&').find_map(|part| part.strip_prefix("q-signature="));
    part.expect("an authorisation has a signature").to_owned()
}
