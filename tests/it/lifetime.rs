//! The life of the service: it starts or says why not, it ends what it launched, and it forgets nothing.

use std::fs;
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::{Value, json};
use tests::client::Client;
use tests::package;
use tests::stack::{Stack, fleet_request, local, local_at};

use crate::hosting::{process, stack_with_fleet};

#[test]
fn a_taken_port_is_a_start_error_that_names_it() {
    let stack = Stack::start();
    let address =
        stack.said("api").strip_prefix("http://").expect("the API is plain HTTP").trim_end_matches('/');
    let other = tempfile::tempdir().expect("a directory for the other service");
    let output = local(other.path(), address, &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .expect("`gse local` starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains(address), "`{said}` should name {address}");
    assert_eq!(output.stdout, b"", "nothing is ready");
}

/// Conformance case 56: the port of the agent, which game servers have in their code.
#[test]
fn case_56_port_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it has an address").to_string();
    let directory = tempfile::tempdir().expect("a directory for the service");
    let output = local_at(directory.path(), "127.0.0.1:0", &address, &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .expect("`gse local` starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code != 0), "{}", output.status);
    assert!(said.contains(&address) && said.contains("--agent"), "`{said}` should name {address}");
    assert_eq!(output.stdout, b"", "nothing is ready");
}

#[test]
fn an_unknown_setting_is_refused_with_the_known_ones() {
    let directory = tempfile::tempdir().expect("a directory for the service");
    let output = local(directory.path(), "127.0.0.1:0", &["health.intervall=2s".to_owned()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .expect("`gse local` starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    for word in ["health.intervall", "health.interval", "process.ready", "player.reserve"] {
        assert!(said.contains(word), "`{said}` should name `{word}`");
    }
}

#[test]
fn sigterm_ends_everything_that_was_launched() {
    let (mut stack, fleet) = stack_with_fleet(3);
    let _session = stack.active_session(&fleet, 2);
    let launched = wait_for_processes(&stack, 3);
    let status = stack.terminate();
    assert!(status.success(), "the service ended with {status}");
    assert!(
        stack.launched().is_empty(),
        "these were launched: {launched:?}, and are left: {:?}",
        stack.launched()
    );
}

#[test]
fn after_a_kill_everything_acknowledged_is_still_there() {
    let (mut stack, fleet) = stack_with_fleet(1);
    let session = stack.active_session(&fleet, 2);
    let request = json!({"GameServerSessionId": session, "PlayerId": "ada"});
    let seat = stack.call("JoinGameServerSession", &request)["PlayerSession"].clone();
    let strategy = json!({"Type": "SIMPLE", "FleetId": fleet});
    let alias =
        stack.call("CreateAlias", &json!({"Name": "live", "RoutingStrategy": strategy}))["Alias"].clone();
    let queue = stack.call(
        "CreateGameServerSessionQueue",
        &json!({"Name": "everywhere", "Destinations": [{"DestinationArn": alias["AliasArn"]}]}),
    );
    let all = json!({"AssetRegion": stack.said("region"), "Offset": 0, "Limit": 100});
    let assets = stack.call("DescribeAssets", &all);
    let before = wait_for_processes(&stack, 1);

    stack.kill_and_restart();

    let after = stack.call("DescribeAssets", &all);
    assert_eq!(without_request_id(after), without_request_id(assets));
    let fleet_found = stack.call("DescribeFleetAttributes", &json!({"FleetIds": [fleet]}));
    assert_eq!(fleet_found["FleetAttributes"][0]["FleetId"], fleet.as_str());
    let alias_found = stack.call("ResolveAlias", &json!({"AliasId": alias["AliasId"]}));
    assert_eq!(alias_found["FleetId"], fleet.as_str());
    let sessions = stack.call("DescribeGameServerSessions", &json!({"GameServerSessionId": session}));
    assert_eq!(sessions["GameServerSessions"][0]["GameServerSessionId"], session.as_str());
    let seats = stack.call("DescribePlayerSessions", &json!({"PlayerSessionId": seat["PlayerSessionId"]}));
    assert_eq!(seats["PlayerSessions"][0]["PlayerId"], "ada");
    // The name is taken, so the queue is still there.
    assert_eq!(queue["GameServerSessionQueue"]["Name"], "everywhere");
    assert_eq!(
        stack.refused("CreateGameServerSessionQueue", &json!({"Name": "everywhere"})),
        "ResourceInUse"
    );

    // The game server of the first life goes on, and the session with it.
    assert_eq!(sessions["GameServerSessions"][0]["Status"], "ACTIVE");
    assert_eq!(stack.launched(), before);
}

/// Players in a match notice nothing of a kill of the service.
#[test]
fn s60_a_match_outlives_a_kill_of_the_service() {
    let (mut stack, fleet) = stack_with_fleet(2);
    let request = json!({
        "FleetId": fleet,
        "MaximumPlayerSessionCount": 2,
        "GameProperties": [
            {"Key": "players", "Value": "2"},
            {"Key": "match_ticks", "Value": "900"},
            {"Key": "score_to_win", "Value": "1000"},
        ],
    });
    let answer = stack.call("CreateGameServerSession", &request);
    let session = answer["GameServerSession"]["GameServerSessionId"].as_str().expect("an id").to_owned();
    let about = json!({"GameServerSessionId": session});
    stack.until("DescribeGameServerSessions", &about, |answer| {
        answer["GameServerSessions"][0]["Status"] == "ACTIVE"
    });
    let join = json!({"GameServerSessionId": session, "PlayerIds": ["ada", "ben"]});
    let seats = stack.call("JoinGameServerSessionBatch", &join)["PlayerSessions"].clone();
    let mut players: Vec<Client> = seats
        .as_array()
        .expect("seats are a list")
        .iter()
        .map(|seat| Client::connect(&stack, seat, seat["PlayerSessionId"].as_str().expect("an id")))
        .collect();
    players.iter_mut().for_each(|player| drop(player.event("joined")));
    let before = wait_for_processes(&stack, 2);
    let agent = stack.said("agent").to_owned();

    stack.kill_and_restart();

    assert!(players.iter_mut().all(Client::is_running), "the match was under way at the kill");
    // The first answer: nothing was lost for a moment either.
    let answer = stack.call("DescribeGameServerSessions", &about);
    assert_eq!(answer["GameServerSessions"][0]["Status"], "ACTIVE");
    assert_eq!(answer["GameServerSessions"][0]["CurrentPlayerSessionCount"], 2);
    assert_eq!(stack.said("agent"), agent, "game servers find the agent where it was");
    for player in &mut players {
        let ended = player.event("ended");
        assert!(ended["winner"].is_string() || ended["outcome"] == "draw", "played to its end: {ended}");
        assert!(ended["ticks"].as_u64().is_some_and(|ticks| ticks >= 890), "all of it: {ended}");
    }
    stack.until("DescribeGameServerSessions", &about, |answer| {
        answer["GameServerSessions"][0]["Status"] == "TERMINATED"
    });
    let answer = stack.call("DescribePlayerSessions", &about);
    let seats = answer["PlayerSessions"].as_array().expect("seats are a list");
    assert!(seats.iter().all(|seat| seat["Status"] == "COMPLETED"), "{seats:?}");
    // Both take the next sessions, and none was replaced.
    let _sessions = [stack.active_session(&fleet, 2), stack.active_session(&fleet, 2)];
    assert_eq!(stack.launched(), before);
    let events = stack.events(&fleet);
    assert!(
        !events.iter().any(|code| code.starts_with("SERVER_")),
        "nothing happened to a process: {events:?}"
    );
    assert!(stack.terminate().success());
    assert_eq!(stack.launched(), Vec::<u32>::new(), "what was taken up is ended as well");
}

/// What ended while nobody looked is an error for its own session and for no other.
#[test]
fn s60_a_game_server_that_died_with_the_service_loses_its_session_only() {
    let (mut stack, fleet) = stack_with_fleet(2);
    let sessions = [stack.active_session(&fleet, 2), stack.active_session(&fleet, 2)];
    let before = wait_for_processes(&stack, 2);
    stack.kill();
    let victim = before[0];
    let pid = i32::try_from(victim).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it runs");
    stack.start_again();

    let answer = stack.call("DescribeGameServerSessions", &json!({"FleetId": fleet}));
    let mut states: Vec<&str> = answer["GameServerSessions"]
        .as_array()
        .expect("sessions are a list")
        .iter()
        .map(|session| session["Status"].as_str().unwrap_or_default())
        .collect();
    states.sort_unstable();
    assert_eq!(states, ["ACTIVE", "ERROR"], "{sessions:?}");
    assert_eq!(stack.events(&fleet).last().map(String::as_str), Some("SERVER_PROCESS_CRASHED"));
    // It is replaced, the other is not.
    let _third = retried_session(&stack, &fleet);
    let now = wait_for_processes(&stack, 2);
    assert!(now.contains(&before[1]) && !now.contains(&victim), "{before:?} became {now:?}");
}

/// "At any moment": while a fleet is made, while sessions start, and right after another kill. Nothing is left behind,
/// nothing runs twice, nothing waits for ever.
#[test]
fn kills_at_many_moments_leave_every_process_once() {
    let mut stack = Stack::start();
    let asset = stack.create_asset(&package::game_server(stack.directory()));
    assert_eq!(stack.checked_asset(&asset), 2);
    let mut request = fleet_request(&asset, &process(3));
    request["RuntimeConfiguration"]["GameServerSessionActivationTimeoutSeconds"] = json!(5);
    let answer = stack.call("CreateFleet", &request);
    let fleet = answer["FleetAttributes"]["FleetId"].as_str().expect("an id").to_owned();
    for delay_ms in [0, 20, 60, 120, 250, 500] {
        std::thread::sleep(std::time::Duration::from_millis(delay_ms));
        stack.kill_and_restart();
    }
    stack.active(&fleet);
    let mut sessions = Vec::new();
    for delay_ms in [0, 5, 20] {
        sessions.push(retried_session(&stack, &fleet));
        std::thread::sleep(std::time::Duration::from_millis(delay_ms));
        stack.kill_and_restart();
    }
    // A kill while OnStartGameServerSession is under way leaves it to the activation time-out: it must not come twice
    // (server-sdk.md 4.5). Its process is replaced then.
    let mut active = 0;
    for session in &sessions {
        let about = json!({"GameServerSessionId": session});
        let status = |answer: &Value| answer["GameServerSessions"][0]["Status"].clone();
        let settled = ["ACTIVE", "ERROR"].map(Value::from);
        let answer =
            stack.until("DescribeGameServerSessions", &about, |answer| settled.contains(&status(answer)));
        active += usize::from(status(&answer) == "ACTIVE");
    }
    while active < 3 {
        let session = retried_session(&stack, &fleet);
        stack.until("DescribeGameServerSessions", &json!({"GameServerSessionId": session}), |answer| {
            answer["GameServerSessions"][0]["Status"] == "ACTIVE"
        });
        active += 1;
    }
    // Three are configured, and all three host.
    let settled = stack.launched();
    assert_eq!(settled.len(), 3, "{settled:?}");
    stack.kill_and_restart();
    assert_eq!(stack.launched(), settled);
    assert!(stack.terminate().success());
    assert_eq!(stack.launched(), Vec::<u32>::new());
}

/// Creates a session as soon as there is a process for it.
fn retried_session(stack: &Stack, fleet: &str) -> String {
    let request = json!({"FleetId": fleet, "MaximumPlayerSessionCount": 2});
    let deadline = std::time::Instant::now() + tests::stack::PATIENCE;
    loop {
        match stack.try_call("CreateGameServerSession", &request) {
            Ok(answer) => {
                return answer["GameServerSession"]["GameServerSessionId"]
                    .as_str()
                    .expect("an id")
                    .to_owned();
            }
            Err(refusal) => assert_eq!(refusal.code, "ResourceInsufficient", "{refusal:?}"),
        }
        assert!(
            std::time::Instant::now() < deadline,
            "no process comes\n{}",
            tests::stack::tail(&stack.log(), 30)
        );
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

#[test]
fn uploads_that_were_answered_survive_a_kill() {
    let mut stack = Stack::start();
    let asset = stack.create_asset(&package::game_server(stack.directory()));
    stack.kill_and_restart();
    let fleet = stack.create_fleet(&asset, &process(1));
    stack.active(&fleet);
}

#[test]
fn the_data_directory_has_one_owner() {
    let stack = Stack::start();
    let output = local(stack.directory(), "127.0.0.1:0", &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .expect("`gse local` starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "two services must not share a data directory");
    let data = fs::canonicalize(stack.data()).expect("the data directory is there");
    assert!(said.contains(data.to_str().expect("a path of text")), "`{said}` should name {}", data.display());
}

/// Waits until the fleet's processes run; gives their pids.
fn wait_for_processes(stack: &Stack, count: usize) -> Vec<u32> {
    let deadline = std::time::Instant::now() + tests::stack::PATIENCE;
    loop {
        let launched = stack.launched();
        if launched.len() >= count {
            return launched;
        }
        assert!(std::time::Instant::now() < deadline, "{count} processes should run, these do: {launched:?}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn without_request_id(mut answer: Value) -> Value {
    answer.as_object_mut().expect("an answer is an object").remove("RequestId");
    answer
}
