//! How game servers are launched, by the service and by hand, and what they leave behind.

use std::fs::File;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::package;
use tests::programs::program;
use tests::raw::get;
use tests::stack::{PATIENCE, Stack, tail};

use crate::hosting::stack_with_fleet;

/// The first event of a fleet with this code.
fn event(stack: &Stack, fleet: &str, code: &str) -> Value {
    let answer = stack.call("DescribeFleetEvents", &json!({"FleetId": fleet, "EventCode": code}));
    answer["Events"][0].clone()
}

/// The package makes its own launch path, says something, hosts a session, and goes; its logs can be downloaded then.
#[test]
fn s05_install_script() {
    let stack = Stack::with_settings(&["--run-install-script", "protection.none=20s"]);
    let server = format!(
        "#!/bin/sh\necho the server was started\nexec '{}' \"$@\"\n",
        program("game-server").display()
    );
    let install = "echo the script was run\nchmod +x start.sh\nln -s start.sh game-server\n";
    let entries = [("install.sh", install), ("start.sh", server.as_str())];
    let asset = stack.create_asset(&package::zip(stack.directory(), "installed.zip", &entries));
    let process = json!({
        "LaunchPath": "/local/game/game-server", "Parameters": "--host match", "ConcurrentExecutions": 1,
    });
    let fleet = stack.create_fleet(&asset, &process);
    stack.active(&fleet);

    let installer = event(&stack, &fleet, "FLEET_CREATION_RUNNING_INSTALLER");
    let (status, log) = get(installer["PreSignedLogUrl"].as_str().expect("the event has a log"));
    let log = String::from_utf8(log).expect("a log is text");
    assert!(status == 200 && log.contains("the script was run"), "{status} {log}");

    let session = stack.active_session(&fleet, 2);
    let url = |answer: &Value| answer["PreSignedUrl"].as_str().map(str::to_owned);
    let question = json!({"GameServerSessionId": session});
    assert_eq!(url(&stack.call("GetGameServerSessionLogUrl", &question)), None, "it is not over");
    let instance = stack.call("DescribeInstances", &json!({"FleetId": fleet}))["Instances"][0].clone();
    let nobody = json!({"FleetId": fleet, "MinSize": 0, "DesiredInstances": 0});
    let _ = stack.call("UpdateFleetCapacity", &nobody);
    let found = stack.until("GetGameServerSessionLogUrl", &question, |answer| url(answer).is_some());
    let (status, bytes) = get(&url(&found).expect("it was waited for"));
    assert_eq!(status, 200);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("the logs are a zip");
    let mut text = String::new();
    let mut output = zip.by_name("output/stdout.txt").expect("the output is in it");
    output.read_to_string(&mut text).expect("the output is text");
    assert_eq!(text, "the server was started\n");

    // Also when the instance is gone.
    stack.until("DescribeInstances", &json!({"FleetId": fleet}), |answer| answer["TotalCount"] == 0);
    let question = json!({"FleetId": fleet, "InstanceId": instance["InstanceId"], "Offset": 0, "Size": 10});
    let all = stack.call("GetGameServerInstanceLogUrl", &question);
    assert_eq!((&all["Total"], &all["HasNext"]), (&json!(1), &json!(false)));
    assert_eq!(get(all["PresignedUrls"][0].as_str().expect("an address")).0, 200);
}

/// A game server as a developer starts it; it ends with the story.
struct ByHand(Child);

impl ByHand {
    fn start(stack: &Stack, fleet: &str) -> Self {
        let log = stack.directory().join("by-hand.log");
        let child = Command::new(program("game-server"))
            .args(["--host", "match"])
            .env("GSE_AGENT_ADDRESS", stack.said("agent"))
            .env("GSE_FLEET_ID", fleet)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a file for the output"))
            .spawn()
            .expect("the game server starts");
        let by_hand = Self(child);
        let deadline = Instant::now() + PATIENCE;
        // What it says once ProcessReady was answered.
        while !std::fs::read_to_string(&log).unwrap_or_default().contains("client_port") {
            assert!(Instant::now() < deadline, "the game server was not adopted\n{}", tail(&stack.log(), 30));
            std::thread::sleep(Duration::from_millis(20));
        }
        by_hand
    }

    fn kill(&mut self) {
        self.0.kill().expect("a child can be killed");
        self.0.wait().expect("a killed child is gone");
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_game_server_that_is_started_by_hand_gets_the_next_session() {
    let (stack, fleet) = stack_with_fleet(1);
    let mut by_hand = ByHand::start(&stack, &fleet);
    let session = stack.active_session(&fleet, 2);
    let running = json!({"GameServerSessionId": session});
    by_hand.kill();
    stack.until("DescribeGameServerSessions", &running, |answer| {
        answer["GameServerSessions"][0]["Status"] == "ERROR"
    });
    // The one that the service launched is still there.
    let _ = stack.active_session(&fleet, 2);
    assert_eq!(
        stack.call("GetGameServerSessionLogUrl", &running)["PreSignedUrl"],
        Value::Null,
        "its logs are its own"
    );
}
