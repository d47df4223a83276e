//! Game servers that each do one thing wrong, and `gse doctor`, which names it.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::package;
use tests::programs::program;
use tests::stack::{PATIENCE, Stack, fleet_request, tail};

/// Short, but long enough for a game server that is fine on a busy machine.
const SETTINGS: &[&str] = &[
    "health.interval=1s",
    "health.timeout=3s",
    "process.ready=12s",
    // A player is a process that has to start meanwhile.
    "player.reserve=5s",
    "callback.dial=1s",
    "protection.none=2s",
    "process.exit=1s",
    "process.kill=1s",
];

/// Takes its session and never says that it is ready for players.
const NO_ACTIVATE: &str = "no-activate";

/// A fleet of one game server with habits; not waited for.
struct Fleet<'a> {
    stack: &'a Stack,
    id: String,
}

impl<'a> Fleet<'a> {
    fn new(stack: &'a Stack, asset: &str, parameters: &str) -> Self {
        Self::of(stack, asset, "/local/game/misbehave", parameters, 1)
    }

    fn of(stack: &'a Stack, asset: &str, path: &str, parameters: &str, count: u32) -> Self {
        let process = json!({"LaunchPath": path, "Parameters": parameters, "ConcurrentExecutions": count});
        let mut request = fleet_request(asset, &process);
        // Only who never activates is to be waited for; the others may be slow on a busy machine.
        let seconds = if parameters == NO_ACTIVATE { 3 } else { 60 };
        request["RuntimeConfiguration"]["GameServerSessionActivationTimeoutSeconds"] = json!(seconds);
        request["NewGameServerSessionProtectionPolicy"] = json!("NoProtection");
        let answer = stack.call("CreateFleet", &request);
        let id = answer["FleetAttributes"]["FleetId"].as_str().expect("a fleet has an id").to_owned();
        Self { stack, id }
    }

    /// A session as soon as there is a process for it; whether it becomes ACTIVE is another question.
    fn session(&self) -> String {
        let request = json!({"FleetId": self.id, "MaximumPlayerSessionCount": 4});
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.stack.try_call("CreateGameServerSession", &request) {
                Ok(answer) => {
                    let id = &answer["GameServerSession"]["GameServerSessionId"];
                    return id.as_str().expect("a session has an id").to_owned();
                }
                Err(refusal) => {
                    assert!(Instant::now() < deadline, "{refusal:?}\n{}", tail(&self.stack.log(), 30));
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn session_is(&self, session: &str, status: &str) -> Value {
        let about = json!({"GameServerSessionId": session});
        let answer = self.stack.until("DescribeGameServerSessions", &about, |answer| {
            answer["GameServerSessions"][0]["Status"] == status
        });
        answer["GameServerSessions"][0].clone()
    }

    /// Seats in a session of this fleet.
    fn join(&self, session: &str, players: &[&str]) -> Vec<Value> {
        let request = json!({"GameServerSessionId": session, "PlayerIds": players});
        let answer = self.stack.call("JoinGameServerSessionBatch", &request);
        answer["PlayerSessions"].as_array().expect("seats are a list").clone()
    }

    /// Ends its game servers, however they behave.
    fn scale_in(&self) {
        let nothing = json!({"FleetId": self.id, "MinSize": 0, "DesiredInstances": 0, "MaxSize": 1});
        drop(self.stack.call("UpdateFleetCapacity", &nothing));
    }

    /// Waits until `gse doctor` names the rule for this fleet as an error in these words, and gives the finding.
    fn check(&self, rule: &str, words: &[&str]) -> Value {
        self.check_as("error", rule, words)
    }

    fn check_as(&self, severity: &str, rule: &str, words: &[&str]) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let output = self.stack.gse(&["doctor", "--json", "--fleet", &self.id]);
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
                panic!("no diagnosis: {}", String::from_utf8_lossy(&output.stderr));
            });
            let findings = answer["Findings"].as_array().expect("findings are a list");
            let is_it = |found: &&Value| {
                let what = found["What"].as_str().unwrap_or_default();
                found["Rule"] == rule
                    && found["Severity"] == severity
                    && words.iter().all(|word| what.contains(word))
            };
            if let Some(found) = findings.iter().find(is_it) {
                let is_error = findings.iter().any(|found| found["Severity"] == "error");
                assert_eq!(output.status.code(), Some(i32::from(is_error)), "an error is an exit code");
                assert_eq!(found["FleetId"], self.id.as_str());
                let says = |part: &str| found[part].as_str().is_some_and(|text| !text.is_empty());
                assert!(["Why", "Fix", "Section"].iter().all(|part| says(part)), "{found}");
                return found.clone();
            }
            assert!(
                Instant::now() < deadline,
                "`{rule}` with {words:?} is not found: {answer:#}\n{}",
                tail(&self.stack.log(), 30)
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

fn visit(seat: &Value) {
    let status = Command::new(program("misbehave"))
        .arg("client")
        .env("IP", seat["IpAddress"].as_str().expect("an address"))
        .env("PORT", seat["Port"].to_string())
        .env("PLAYER_SESSION_ID", seat["PlayerSessionId"].as_str().expect("an id"))
        .stdin(Stdio::null())
        .status()
        .expect("the player starts");
    assert!(status.success(), "the player was turned away");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// All at once, because most of it is waiting.
#[test]
fn each_planted_misbehaviour_is_named() {
    let stack = Stack::with_settings(SETTINGS);
    let asset = stack.create_asset(&package::misbehaving(stack.directory()));
    assert_eq!(stack.checked_asset(&asset), 2);
    let fleet = |parameters: &str| Fleet::new(&stack, &asset, parameters);
    let good = fleet("");
    let silent = fleet("silent");
    let not_ready = fleet("not-ready");
    let not_listening = fleet("not-listening");
    let clash =
        Fleet::of(&stack, &asset, "/local/game/misbehave", &format!("--grpc-port {}", free_port()), 2);
    let closed = fleet("--client-port 61000");
    let health_false = fleet("health-false");
    let health_hangs = fleet("health-hangs");
    let unimplemented = fleet("unimplemented");
    let start_fails = fleet("start-fails");
    let no_activate = fleet(NO_ACTIVATE);
    let no_accept = fleet("");
    let stale = fleet("stale-session");
    let crash = fleet("crash");
    let stays = fleet("ignores-terminate");
    let lingers = fleet("does-not-exit");
    let missing = Fleet::of(&stack, &asset, "/local/game/Misbehave", "", 1);
    let no_program = Fleet::of(&stack, &asset, "/local/game/no-program", "", 1);

    missing.check("launch-path-missing", &["/local/game/Misbehave", "does not exist"]);
    no_program.check("not-executable", &["could not be started"]);

    let found = crash.check("process-ended", &["exit status: 3", "no such file"]);
    let lines = found["Output"].as_array().expect("lines of output");
    assert_eq!(lines[..], [json!("loading map `forest`"), json!("thread 'main' panicked: no such file")]);

    clash.check("port-clash", &["was refused", "is already registered by the process with pid"]);
    closed.check("client-port-closed", &["clientPort 61000", "1025-60000"]);
    health_false.check("health-answered-false", &["OnHealthCheck", "healthStatus is false or absent"]);
    health_hangs.check("callback-no-answer", &["OnHealthCheck", "no answer in time"]);
    unimplemented.check("callback-unimplemented", &["OnHealthCheck"]);
    not_listening.check("ready-before-listening", &["OnHealthCheck", "no connection"]);

    let session = start_fails.session();
    start_fails.check("callback-failed", &["OnStartGameServerSession", "no memory for the map"]);
    let ended = start_fails.session_is(&session, "ERROR");
    assert!(
        ended["StatusReason"].as_str().is_some_and(|reason| reason.contains("no memory for the map")),
        "{ended}"
    );

    let session = no_activate.session();
    no_activate
        .check("activate-missing", &["returned OK", "ActivateGameServerSession was not called within 3 s"]);
    let reason = no_activate.session_is(&session, "ERROR")["StatusReason"].clone();
    let reason = reason.as_str().expect("a reason");
    assert!(
        reason.starts_with("GAME_SESSION_ACTIVATION_TIMEOUT: OnStartGameServerSession returned OK"),
        "{reason}"
    );
    let output = stack.gse(&["doctor", "--session", &session]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("activate-missing") && said.contains(&session), "{said}");

    let session = no_accept.session();
    no_accept.session_is(&session, "ACTIVE");
    let seats = no_accept.join(&session, &["ada", "ben"]);
    let found = no_accept.check("accept-missing", &["2 players", "AcceptPlayerSession was never called"]);
    assert_eq!(found["GameServerSessionId"], session.as_str());

    let first = stale.session();
    stale.session_is(&first, "ACTIVE");
    visit(&stale.join(&first, &["ada"])[0]);
    stale.session_is(&first, "TERMINATED");
    let second = stale.session();
    stale.check("wrong-session-id", &["ActivateGameServerSession was refused", &first, &second]);

    for ending in [&stays, &lingers] {
        let session = ending.session();
        ending.session_is(&session, "ACTIVE");
        if ending.id == lingers.id {
            // It ends its session and says so; on a busy machine its deadline without protection could come first.
            let protect = json!({"GameServerSessionId": session, "ProtectionPolicy": "FullProtection"});
            let _ = stack.call("UpdateGameServerSession", &protect);
        }
        ending.scale_in();
    }
    stays.check_as("warning", "terminate-ignored", &["killed at its deadline"]);
    lingers.check_as("warning", "does-not-exit", &["did not end in time"]);

    silent.check("no-process-ready", &["never called the agent"]);
    not_ready.check("no-process-ready", &["called the agent, but not ProcessReady"]);

    // The good one has a session with a player, and nothing to be told.
    let session = good.session();
    good.session_is(&session, "ACTIVE");
    visit(&good.join(&session, &["ada"])[0]);
    let output = stack.gse(&["doctor", "--fleet", &good.id]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        (output.status.code(), said.starts_with("nothing is wrong\nlooked at 1 fleet, ")),
        (Some(0), true),
        "{said}"
    );

    // Without a question everything is told, and tickets are not.
    let output = stack.gse(&["doctor"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    for fleet in [&missing, &no_program, &crash, &clash, &closed, &silent] {
        assert!(said.contains(&fleet.id), "{} is missing:\n{said}", fleet.id);
    }
    for seat in &seats {
        let ticket = seat["PlayerSessionId"].as_str().expect("an id");
        assert!(!said.contains(ticket), "a ticket is shown:\n{said}");
    }
    let output = stack.gse(&["doctor", "--process", "process-of-nobody"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("InvalidParameterValue") && said.contains("process-of-nobody"), "{said}");
}
