//! `gse deploy` as a user runs it, and the update without downtime while players come and go.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};
use tests::crowd::Crowd;
use tests::package;
use tests::stack::{Stack, tail};

/// Runs it to its end, which must be good; what it said.
fn deploy(stack: &Stack, arguments: &[&str]) -> String {
    let output = stack.gse(&[&["deploy", "--alias", "live"], arguments].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}\n{}", tail(&stack.log(), 30));
    said
}

/// The id of the alias, and the fleet that it leads to.
fn alias(stack: &Stack) -> (String, String) {
    let answer = stack.call("ListAliases", &json!({"Name": "live"}));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let alias = &answer["Aliases"][0];
    (text(&alias["AliasId"]), text(&alias["RoutingStrategy"]["FleetId"]))
}

/// With five processes on an instance: four matches need two instances, three need one.
fn scales_by_itself(stack: &Stack, fleet: &str) {
    let request = json!({"FleetId": fleet, "MaxSize": 3, "ScalingInterval": 3});
    let _ = stack.call("UpdateFleetCapacity", &request);
    let target = json!({
        "FleetId": fleet, "Name": "buffer", "PolicyType": "TargetBased",
        "MetricName": "PercentAvailableGameSessions", "TargetConfiguration": {"TargetValue": 30},
    });
    let _ = stack.call("PutScalingPolicy", &target);
}

fn active(stack: &Stack, fleet: &str, instances: u32) {
    stack.until("DescribeFleetCapacity", &json!({"FleetIds": [fleet]}), |answer| {
        answer["FleetCapacity"][0]["InstanceCounts"]["Active"] == instances
    });
}

/// The states of all sessions that a fleet ever had.
fn states(stack: &Stack, fleet: &str) -> Vec<String> {
    let (mut states, mut token) = (Vec::new(), String::new());
    loop {
        let request = json!({"FleetId": fleet, "Limit": 100, "NextToken": token});
        let answer = stack.call("DescribeGameServerSessions", &request);
        let sessions = answer["GameServerSessions"].as_array().expect("sessions are a list");
        states.extend(sessions.iter().map(|one| one["Status"].as_str().unwrap_or_default().to_owned()));
        token = answer["NextToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            return states;
        }
    }
}

#[test]
fn w2_an_update_while_players_come_every_50_ms_fails_no_request_and_cuts_no_match() {
    // A minute of scaling is half a second, so the shortest cool-down is one and a half.
    let stack = Stack::with_settings(&["scaling.tick=200ms", "scaling.minute=500ms"]);
    let [one, two] = ["one", "two"].map(|name| package::build(stack.directory(), name));
    deploy(&stack, &["--asset", &one.display().to_string(), "--processes", "5"]);
    let (alias_id, first) = alias(&stack);
    scales_by_itself(&stack, &first);

    let crowd = Crowd::new(&stack, &alias_id, 4);
    std::thread::scope(|scope| {
        crowd.come(scope);
        crowd.wait_for_sessions(&first, 8);
        active(&stack, &first, 2);
        deploy(&stack, &["--asset", &two.display().to_string()]);
        let (_, second) = alias(&stack);
        crowd.wait_for_sessions(&second, 8);
        // The policy was copied, and acts on the load that moved.
        active(&stack, &second, 2);
        crowd.over();
    });

    let report = crowd.report();
    assert!(report.failed.is_empty(), "failed requests: {:#?}", report.failed);
    assert!(report.cut.is_empty(), "cut matches: {:#?}", report.cut);
    assert!(report.joined > 0 && report.requests > 50, "{report:?}");
    let (_, second) = alias(&stack);
    let created_in = |fleet: &str| report.created.iter().filter(|(in_fleet, _)| in_fleet == fleet).count();
    assert_eq!(created_in(&first) + created_in(&second), report.created.len());

    // What the service says of it is the same.
    for fleet in [&first, &second] {
        let states = states(&stack, fleet);
        assert_eq!(states.len(), created_in(fleet));
        assert!(states.iter().all(|state| state == "TERMINATED"), "{fleet}: {states:?}");
        let events = stack.events(fleet);
        // An instance that came and was not needed any more may leave while its processes start: those are killed (P13).
        // One that hosts would have taken its session along, which would be ERROR.
        let is_bad = |event: &&String| {
            *event != "SERVER_PROCESS_FORCE_TERMINATED"
                && (event.starts_with("SERVER_") || event.starts_with("GAME_SESSION"))
        };
        assert_eq!(events.iter().find(is_bad), None, "{events:?}");
    }
    let answer = stack.call("DescribeFleetAttributes", &json!({"FleetIds": [first]}));
    assert_eq!(answer["FleetAttributes"][0]["Status"], "TERMINATED");
    println!(
        "{} requests, {} sessions in the old fleet, {} in the new, {} guests",
        report.requests,
        created_in(&first),
        created_in(&second),
        report.joined
    );
}

/// The fleets that there are.
fn fleets(stack: &Stack) -> Vec<String> {
    let answer = stack.call("ListFleets", &json!({"Limit": 100}));
    let ids = answer["FleetIds"].as_array().expect("ids are a list");
    ids.iter().map(|id| id.as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_deployment_that_is_killed_again_and_again_goes_on() {
    let stack = Stack::start();
    let [one, two] = ["one", "two"].map(|name| package::build(stack.directory(), name).display().to_string());
    deploy(&stack, &["--asset", &one]);
    let (alias_id, first) = alias(&stack);

    let mut kills = 0;
    // Each run is killed at its second step, so it gets one step further than the one before.
    while let Some(lines) = killed_after(&stack, 2, &["deploy", "--alias", "live", "--asset", &two]) {
        assert_eq!(lines, 2);
        kills += 1;
        assert!(kills < 50, "it does not get on: {:?}", fleets(&stack));
    }
    assert!(kills >= 2, "it was interrupted often: {kills}");
    let (same, second) = alias(&stack);
    assert!(same == alias_id && second != first, "the alias leads to the new fleet");
    assert_eq!(fleets(&stack), [second], "nothing is left over");
    assert!(deploy(&stack, &["--asset", &two]).starts_with("alias `live` leads to"), "nothing is left to do");
}

/// Runs `gse` and kills it without a warning when it has said so many lines; `None` if it came to its end before.
fn killed_after(stack: &Stack, lines: usize, arguments: &[&str]) -> Option<usize> {
    let mut child = stack.gse_command(arguments).stdout(Stdio::piped()).spawn().expect("`gse` starts");
    let out = BufReader::new(child.stdout.take().expect("its output is a pipe"));
    let said = out.lines().take(lines).filter(|line| line.is_ok()).count();
    if said == lines {
        child.kill().expect("it can be killed");
    }
    let status = child.wait().expect("it is gone");
    (!status.success()).then_some(said)
}

#[test]
fn a_rollback_leads_back_to_the_fleet_before_and_deletes_the_new_one() {
    let stack = Stack::start();
    let [one, two] = ["one", "two"].map(|name| package::build(stack.directory(), name).display().to_string());
    deploy(&stack, &["--asset", &one]);
    let (_, first) = alias(&stack);
    deploy(&stack, &["--asset", &two, "--keep"]);
    let (_, second) = alias(&stack);
    assert!(second != first && fleets(&stack).contains(&first), "the fleet before is kept");

    deploy(&stack, &["--rollback"]);
    assert_eq!((alias(&stack).1, fleets(&stack)), (first.clone(), vec![first.clone()]));
    // A second time there is nothing to go back to, and nothing changes.
    let output = stack.gse(&["deploy", "--alias", "live", "--rollback"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!((alias(&stack).1, fleets(&stack)), (first.clone(), vec![first]));
}

#[test]
fn a_build_that_does_not_start_is_told_with_its_output_and_leaves_the_alias_alone() {
    let stack = Stack::with_settings(&["launch.backoff.first=50ms"]);
    let [one, broken] = ["one", "broken"].map(|name| package::build(stack.directory(), name));
    deploy(&stack, &["--asset", &one.display().to_string()]);
    let (_, first) = alias(&stack);

    std::fs::write(broken.join("server"), "#!/bin/sh\necho out of order\nexit 7\n").expect("a script");
    let output = stack.gse(&["deploy", "--alias", "live", "--asset", &broken.display().to_string()]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("FLEET_VALIDATION_EXECUTABLE_RUNTIME_FAILURE"), "{told}");
    assert!(told.contains("out of order"), "{told}");
    assert_eq!(alias(&stack).1, first);

    let mended = package::build(stack.directory(), "mended").display().to_string();
    deploy(&stack, &["--asset", &mended]);
    assert_eq!(fleets(&stack), [alias(&stack).1], "the one that failed is gone too");
}

#[test]
fn a_canary_gets_its_share_before_the_alias_moves() {
    let stack = Stack::start();
    let [one, two] = ["one", "two"].map(|name| package::build(stack.directory(), name).display().to_string());
    deploy(&stack, &["--asset", &one, "--processes", "5"]);
    let (alias_id, first) = alias(&stack);
    // The canary waits for longer than this story; the deployment is killed and run again without one.
    let arguments = ["deploy", "--alias", "live", "--asset", &two, "--canary", "50", "--canary-time", "1h"];
    let mut child = stack.gse_command(&arguments).stdout(Stdio::piped()).spawn().expect("`gse` starts");
    let out = BufReader::new(child.stdout.take().expect("its output is a pipe"));
    let watches = out.lines().map_while(Result::ok).any(|line| line.starts_with("watching "));
    child.kill().expect("it can be killed");
    let _ = child.wait().expect("it is gone");
    assert!(watches, "it came to the canary");

    let made: Vec<String> = (0..6)
        .map(|_| {
            let request = json!({"AliasId": alias_id, "MaximumPlayerSessionCount": 2});
            let answer = stack.call("CreateGameServerSession", &request);
            answer["GameServerSession"]["FleetId"].as_str().unwrap_or_default().to_owned()
        })
        .collect();
    assert_eq!(made.iter().filter(|fleet| **fleet == first).count(), 3, "{made:?}");
    assert_eq!(alias(&stack).1, first, "the alias itself leads where it led");

    deploy(&stack, &["--asset", &two, "--keep"]);
    let (_, second) = alias(&stack);
    assert_eq!(made[0], second, "the share went to the new fleet");
    let request = json!({"AliasId": alias_id, "MaximumPlayerSessionCount": 2});
    for _ in 0..2 {
        let answer = stack.call("CreateGameServerSession", &request);
        assert_eq!(answer["GameServerSession"]["FleetId"], second.as_str(), "all go there now");
    }
}

#[test]
fn a_canary_whose_sessions_fail_leaves_the_alias_where_it_is() {
    let stack = Stack::start();
    let [one, two] = ["one", "two"].map(|name| package::build(stack.directory(), name).display().to_string());
    deploy(&stack, &["--asset", &one]);
    let (alias_id, first) = alias(&stack);
    let arguments = ["deploy", "--alias", "live", "--asset", &two, "--parameters", "crash-on-session"];
    let canary = ["--canary", "50", "--canary-time", "1h"];
    let mut command = stack.gse_command(&[&arguments[..], &canary].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("`gse` starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
    let watches = lines.by_ref().map_while(Result::ok).any(|line| line.starts_with("watching "));
    assert!(watches, "it came to the canary");
    // The first session is one of the share.
    let request = json!({"AliasId": alias_id, "MaximumPlayerSessionCount": 2});
    let _ = stack.call("CreateGameServerSession", &request);
    let output = child.wait_with_output().expect("it ends by itself");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("1 ended in ERROR"), "{told}");
    assert_eq!(alias(&stack).1, first);
    deploy(&stack, &["--rollback"]);
    assert_eq!(fleets(&stack), [first], "the build that fails is gone");
}

/// R99
#[test]
fn of_two_deployments_of_an_alias_the_one_that_is_overtaken_gives_up() {
    let stack = Stack::start();
    let [one, two, three] =
        ["one", "two", "three"].map(|name| package::build(stack.directory(), name).display().to_string());
    deploy(&stack, &["--asset", &one]);
    let arguments = ["deploy", "--alias", "live", "--asset", &two, "--canary", "50", "--canary-time", "1h"];
    let mut command = stack.gse_command(&arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("`gse` starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
    let watches = lines.by_ref().map_while(Result::ok).any(|line| line.starts_with("watching "));
    assert!(watches, "it came to the canary");

    deploy(&stack, &["--asset", &three]);
    let output = child.wait_with_output().expect("it ends by itself");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("error: somebody else has "), "{told}");
    // The one that went on has cleared up after both.
    assert_eq!(fleets(&stack), [alias(&stack).1]);
    assert!(deploy(&stack, &["--asset", &three]).starts_with("alias `live` leads to"), "it is its build");
}
