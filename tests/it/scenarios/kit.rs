//! A service with the test server's package, and players who speak its line protocol.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::package;
use tests::stack::{PATIENCE, Refusal, Stack, fleet_request, tail};

/// Short, but long enough for a busy machine.
const SETTINGS: &[&str] = &["protection.none=3s", "process.exit=1s", "process.kill=1s"];

/// A private service and an asset of the test server.
pub(crate) struct Kit {
    pub(crate) stack: Stack,
    pub(crate) asset: String,
}

impl Kit {
    pub(crate) fn start() -> Self {
        Self::with_settings(&[])
    }

    /// With more settings, which win over the usual ones.
    pub(crate) fn with_settings(settings: &[&str]) -> Self {
        let stack = Stack::with_settings(&[SETTINGS, settings].concat());
        let asset = stack.create_asset(&package::misbehaving(stack.directory()));
        assert_eq!(stack.checked_asset(&asset), 2, "the test server's package is usable");
        Self { stack, asset }
    }

    /// A CreateFleet request for `count` test servers.
    pub(crate) fn request(&self, parameters: &str, count: u32) -> Value {
        let path = "/local/game/misbehave";
        let process = json!({"LaunchPath": path, "Parameters": parameters, "ConcurrentExecutions": count});
        fleet_request(&self.asset, &process)
    }

    /// Makes a fleet; not waited for.
    pub(crate) fn create_fleet(&self, request: &Value) -> String {
        let answer = self.stack.call("CreateFleet", request);
        answer["FleetAttributes"]["FleetId"].as_str().expect("a fleet has an id").to_owned()
    }

    /// An ACTIVE fleet of `count` ready test servers.
    pub(crate) fn fleet(&self, parameters: &str, count: u32) -> String {
        self.ready_fleet(&self.request(parameters, count), count)
    }

    pub(crate) fn ready_fleet(&self, request: &Value, count: u32) -> String {
        let fleet = self.create_fleet(request);
        self.stack.active(&fleet);
        self.processes_become(&fleet, count);
        fleet
    }

    /// Waits until so many processes of a fleet are ready, and healthy.
    pub(crate) fn processes_become(&self, fleet: &str, count: u32) {
        self.stack.until("DescribeInstancesExtend", &all_of(fleet), |answer| {
            (sum(answer, "ActiveProcessCnt"), sum(answer, "HealthyProcessCnt"))
                == (count.into(), count.into())
        });
    }

    /// The sizes of a fleet: MinSize, DesiredInstances, MaxSize.
    pub(crate) fn capacity(&self, fleet: &str) -> [i64; 3] {
        let answer = self.stack.call("DescribeFleetCapacity", &json!({"FleetIds": [fleet]}));
        let counts = answer["FleetCapacity"][0]["InstanceCounts"].clone();
        ["MiniNum", "Desired", "MaxiNum"].map(|name| counts[name].as_i64().expect("a count"))
    }

    pub(crate) fn set_capacity(&self, fleet: &str, sizes: [u32; 3]) {
        let [min, desired, max] = sizes;
        let request = json!({"FleetId": fleet, "MinSize": min, "DesiredInstances": desired, "MaxSize": max});
        drop(self.stack.call("UpdateFleetCapacity", &request));
    }

    /// The ids of a fleet's instances once there are so many with so many ready processes in all.
    pub(crate) fn instances(&self, fleet: &str, count: usize, processes: i64) -> Vec<String> {
        let answer = self.stack.until("DescribeInstancesExtend", &all_of(fleet), |answer| {
            answer["TotalCount"] == count && sum(answer, "ActiveProcessCnt") == processes
        });
        let instances = answer["Instances"].as_array().expect("instances are a list");
        instances
            .iter()
            .map(|one| one["Instance"]["InstanceId"].as_str().expect("an id").to_owned())
            .collect()
    }

    /// Waits for an event of a fleet.
    pub(crate) fn event(&self, fleet: &str, code: &str) -> Value {
        let question = json!({"FleetId": fleet, "EventCode": code});
        self.stack.until("DescribeFleetEvents", &question, |answer| answer["TotalCount"] != 0)["Events"][0]
            .clone()
    }

    pub(crate) fn has_event(&self, fleet: &str, code: &str) -> bool {
        self.stack.events(fleet).iter().any(|event| event == code)
    }

    /// Creates a session.
    pub(crate) fn create(&self, request: &Value) -> Result<Value, Refusal> {
        let answer = self.stack.try_call("CreateGameServerSession", request)?;
        Ok(answer["GameServerSession"].clone())
    }

    /// Creates a session as soon as there is a process for it.
    pub(crate) fn create_retried(&self, request: &Value) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.create(request) {
                Ok(session) => return session,
                Err(refusal) => {
                    assert_eq!(refusal.code, "ResourceInsufficient", "{refusal:?}");
                    assert!(Instant::now() < deadline, "no process comes\n{}", tail(&self.stack.log(), 30));
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// An ACTIVE session.
    pub(crate) fn session(&self, fleet: &str, seats: u32) -> Value {
        self.session_of(&json!({"FleetId": fleet, "MaximumPlayerSessionCount": seats}))
    }

    pub(crate) fn session_of(&self, request: &Value) -> Value {
        let session = self.create(request).unwrap_or_else(|refusal| panic!("{request}: {refusal:?}"));
        self.session_is(&session, "ACTIVE")
    }

    /// Waits until a session has this status, and gives it as it is then.
    pub(crate) fn session_is(&self, session: &Value, status: &str) -> Value {
        let question = json!({"GameServerSessionId": session["GameServerSessionId"]});
        let answer = self.stack.until("DescribeGameServerSessions", &question, |answer| {
            answer["GameServerSessions"][0]["Status"] == status
        });
        answer["GameServerSessions"][0].clone()
    }

    /// A session as it is now.
    pub(crate) fn look(&self, session: &Value) -> Value {
        let question = json!({"GameServerSessionId": session["GameServerSessionId"]});
        self.stack.call("DescribeGameServerSessions", &question)["GameServerSessions"][0].clone()
    }

    /// Asks for a seat.
    pub(crate) fn join(&self, session: &Value, player: &str) -> Result<Value, Refusal> {
        let request = json!({"GameServerSessionId": session["GameServerSessionId"], "PlayerId": player});
        Ok(self.stack.try_call("JoinGameServerSession", &request)?["PlayerSession"].clone())
    }

    pub(crate) fn seat(&self, session: &Value, player: &str) -> Value {
        self.join(session, player).unwrap_or_else(|refusal| panic!("{player}: {refusal:?}"))
    }

    /// Waits until a player session has this status.
    pub(crate) fn player_is(&self, player: &Value, status: &str) -> Value {
        let question = json!({"PlayerSessionId": player["PlayerSessionId"]});
        let answer = self.stack.until("DescribePlayerSessions", &question, |answer| {
            answer["PlayerSessions"][0]["Status"] == status
        });
        answer["PlayerSessions"][0].clone()
    }
}

/// A question about the instances of a fleet.
pub(crate) fn all_of(fleet: &str) -> Value {
    json!({"FleetId": fleet, "Offset": 0, "Limit": 100})
}

/// The code of a refusal.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
    result.expect_err("it should be refused").code
}

fn sum(answer: &Value, member: &str) -> i64 {
    let instances = answer["Instances"].as_array().expect("instances are a list");
    instances.iter().map(|instance| instance[member].as_i64().expect("a count")).sum()
}

/// A connection to the client port of a test server.
pub(crate) struct Line(BufReader<TcpStream>);

impl Line {
    /// To the process of a session, or to where a player session leads.
    pub(crate) fn to(place: &Value) -> Self {
        let address = format!("{}:{}", place["IpAddress"].as_str().expect("an address"), place["Port"]);
        let stream = TcpStream::connect(&address).expect("the test server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        Self(BufReader::new(stream))
    }

    /// Says a line that nobody answers, because the process ends.
    pub(crate) fn shout(&mut self, command: &str) {
        writeln!(self.0.get_mut(), "{command}").expect("the test server hears");
    }

    /// Says a line and hears the answer.
    pub(crate) fn say(&mut self, command: &str) -> String {
        self.shout(command);
        self.hear()
    }

    /// The next line.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("the test server answers");
        line.trim().to_owned()
    }

    /// Takes a seat.
    pub(crate) fn join(&mut self, player: &Value) -> String {
        self.say(&format!("JOIN {}", player["PlayerSessionId"].as_str().expect("an id")))
    }
}
