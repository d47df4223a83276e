//! A fleet of game servers on the bare contract, as the stories of scaling look at it. What was decided is read from
//! `gse why`, so a story waits for decisions and never for a time.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use tests::package;
use tests::stack::{PATIENCE, Stack, fleet_request};

/// A fleet, and who asks about it.
pub(crate) struct ScaledFleet<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) id: String,
}

impl<'a> ScaledFleet<'a> {
    /// An ACTIVE fleet with so many processes on each instance, started with these habits.
    pub(crate) fn start(stack: &'a Stack, processes: u32, habits: &str, more: &Value) -> Self {
        let asset = stack.create_asset(&package::misbehaving(stack.directory()));
        assert_eq!(stack.checked_asset(&asset), 2);
        Self::of(stack, &asset, processes, habits, more)
    }

    pub(crate) fn of(stack: &'a Stack, asset: &str, processes: u32, habits: &str, more: &Value) -> Self {
        let process = json!({
            "LaunchPath": "/local/game/misbehave", "Parameters": habits, "ConcurrentExecutions": processes,
        });
        let mut request = fleet_request(asset, &process);
        request["InboundPermissions"][0]["Protocol"] = "TCP".into();
        for (member, value) in more.as_object().expect("members") {
            request[member] = value.clone();
        }
        let answer = stack.call("CreateFleet", &request);
        let id = answer["FleetAttributes"]["FleetId"].as_str().expect("a fleet has an id").to_owned();
        stack.active(&id);
        Self { stack, id }
    }

    /// A request about this fleet.
    pub(crate) fn request(&self, mut members: Value) -> Value {
        members["FleetId"] = self.id.as_str().into();
        members
    }

    /// A request for everything of this fleet.
    pub(crate) fn page(&self) -> Value {
        self.request(json!({ "Offset": 0, "Limit": 100 }))
    }

    pub(crate) fn call(&self, action: &str, members: Value) -> Value {
        self.stack.call(action, &self.request(members))
    }

    pub(crate) fn target(&self, percent: u32) {
        let answer = self.call(
            "PutScalingPolicy",
            json!({ "Name": "buffer", "PolicyType": "TargetBased", "MetricName": "PercentAvailableGameSessions",
                "TargetConfiguration": { "TargetValue": percent } }),
        );
        assert_eq!(answer["Name"], "buffer");
    }

    /// The counts of F-30.
    pub(crate) fn counts(&self) -> Value {
        capacity(&self.stack.call("DescribeFleetCapacity", &json!({ "FleetIds": [self.id] })))
    }

    /// Waits until a count is so.
    pub(crate) fn until_count(&self, wanted: &[(&str, u32)]) -> Value {
        let request = json!({ "FleetIds": [self.id] });
        let is_so = |answer: &Value| wanted.iter().all(|(name, count)| capacity(answer)[name] == *count);
        capacity(&self.stack.until("DescribeFleetCapacity", &request, is_so))
    }

    /// So many instances run, and every one of them with all its processes.
    pub(crate) fn until_ready(&self, instances: u32, processes: u32) {
        self.stack.until("DescribeInstancesExtend", &self.page(), |answer| {
            let rows = answer["Instances"].as_array().map_or(&[][..], Vec::as_slice);
            rows.len() == instances as usize && rows.iter().all(|row| row["HealthyProcessCnt"] == processes)
        });
    }

    /// The instances as DescribeInstances shows them, oldest first.
    pub(crate) fn instances(&self) -> Vec<String> {
        let answer = self.call("DescribeInstances", json!({}));
        let rows = answer["Instances"].as_array().expect("instances are a list");
        rows.iter().map(|row| row["InstanceId"].as_str().expect("an id").to_owned()).collect()
    }

    pub(crate) fn weigh(&self, instance: &str, weight: u32) {
        self.call("SetServerWeight", json!({ "InstanceId": instance, "Weight": weight }));
    }

    pub(crate) fn sessions(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.stack.active_session(&self.id, 9)).collect()
    }

    /// One session on each of these instances.
    pub(crate) fn spread(&self, instances: &[String]) -> Vec<String> {
        instances.iter().for_each(|instance| self.weigh(instance, 0));
        let one = |instance: &String| {
            self.weigh(instance, 5);
            let session = self.sessions(1).remove(0);
            self.weigh(instance, 0);
            session
        };
        let sessions = instances.iter().map(one).collect();
        instances.iter().for_each(|instance| self.weigh(instance, 5));
        sessions
    }

    pub(crate) fn session(&self, id: &str) -> Value {
        let answer = self.stack.call("DescribeGameServerSessions", &json!({ "GameServerSessionId": id }));
        answer["GameServerSessions"][0].clone()
    }

    pub(crate) fn status(&self, session: &str) -> String {
        self.session(session)["Status"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn until_status(&self, session: &str, wanted: &str) -> Value {
        let request = json!({ "GameServerSessionId": session });
        self.stack.until("DescribeGameServerSessions", &request, |answer| {
            answer["GameServerSessions"][0]["Status"] == wanted
        })["GameServerSessions"][0]
            .clone()
    }

    /// A player in a session, connected until it is dropped.
    pub(crate) fn player(&self, session: &str, name: &str) -> Player {
        let request = json!({ "GameServerSessionId": session, "PlayerId": name });
        Player::connect(&self.stack.call("JoinGameServerSession", &request)["PlayerSession"])
    }

    /// The match of a session is over when its only player has left.
    pub(crate) fn finish(&self, session: &str) {
        drop(self.player(session, "last"));
        self.until_status(session, "TERMINATED");
    }

    /// What `gse why` says.
    pub(crate) fn why(&self) -> Value {
        let output = self.stack.gse(&["why", "fleet", &self.id, "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("`gse why --json` prints JSON")
    }

    /// Waits until the newest decision pleases; the whole answer.
    pub(crate) fn until_decided(&self, pleases: impl Fn(&Value) -> bool) -> Value {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let why = self.why();
            if pleases(&why["Decisions"][0]) {
                return why;
            }
            assert!(std::time::Instant::now() < deadline, "{why:#}");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }

    /// Waits until the policies have come to this verdict so many times more, with so many sessions in use.
    pub(crate) fn until_held(&self, verdict: &str, sessions: u32, more: u64) -> Value {
        let holds = |decision: &Value| {
            let seen = &decision["Evaluation"];
            seen["Verdict"] == verdict && seen["GameServerSessions"] == sessions
        };
        let times = |decision: &Value| decision["Times"].as_u64().unwrap_or_default();
        let first = times(&self.until_decided(holds)["Decisions"][0]);
        self.until_decided(|decision| holds(decision) && times(decision) >= first + more)
    }
}

fn capacity(answer: &Value) -> Value {
    answer["FleetCapacity"][0]["InstanceCounts"].clone()
}

/// Someone who plays.
pub(crate) struct Player(BufReader<TcpStream>);

impl Player {
    fn connect(seat: &Value) -> Self {
        let text = |member: &str| seat[member].as_str().expect("a seat has an address").to_owned();
        let port = u16::try_from(seat["Port"].as_u64().expect("a seat has a port")).expect("it is a port");
        let mut stream = TcpStream::connect((text("IpAddress"), port)).expect("the game server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out can be set");
        writeln!(stream, "{}", text("PlayerSessionId")).expect("the game server reads");
        let mut player = Self(BufReader::new(stream));
        let mut answer = String::new();
        player.0.read_line(&mut answer).expect("the game server answers");
        assert_eq!(answer, "welcome\n");
        player
    }
}
