//! Queues and placement over two regions of one running service: the walkthroughs W4 and W5, and the scenarios S46 to S54
//! and S59 of operations.md 13. Times of the texts are shrunk; nothing here depends on how fast the machine is.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::client::Client;
use tests::package;
use tests::raw::{RawRequest, get};
use tests::stack::{PATIENCE, Stack, fleet_request};

use crate::hosting::process;

const SH: &str = "ap-shanghai";
const SV: &str = "na-siliconvalley";

/// A service of two regions with an ACTIVE fleet in each.
struct Regions {
    stack: Stack,
    /// F1 in Shanghai and F2 in Silicon Valley.
    fleets: [String; 2],
}

impl Regions {
    fn with_processes(processes: u32) -> Self {
        let stack = Stack::with_settings(&["--region=ap-shanghai", "--region=na-siliconvalley"]);
        let zip = package::game_server(stack.directory());
        let make = |region: &str| {
            let key = format!("{region}.zip");
            let to = stack.directory().join(&key);
            std::fs::copy(&zip, &to).expect("a copy of the package");
            let asset = stack.create_asset_in(region, &to);
            let answer = stack.call_in(region, "CreateFleet", &fleet_request(&asset, &process(processes)));
            answer["FleetAttributes"]["FleetId"].as_str().expect("a fleet has an id").to_owned()
        };
        let fleets = [make(SH), make(SV)];
        let regions = Self { stack, fleets };
        for (region, fleet) in [SH, SV].into_iter().zip(&regions.fleets) {
            let request = json!({"FleetIds": [fleet]});
            regions.until_in(region, "DescribeFleetAttributes", &request, |answer| {
                answer["FleetAttributes"][0]["Status"] == "ACTIVE"
            });
            // All processes are ready: whether one is free is what the stories are about.
            regions.until_in(region, "DescribeFleetUtilization", &request, |answer| {
                answer["FleetUtilization"][0]["ActiveServerProcessCount"] == processes
            });
        }
        regions
    }

    fn until_in(
        &self,
        region: &str,
        action: &str,
        request: &Value,
        pleases: impl Fn(&Value) -> bool,
    ) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.stack.call_in(region, action, request);
            if pleases(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "`{action}` {request} in {region} still answers {answer}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn arn(&self, number: usize) -> Value {
        let region = [SH, SV][number];
        json!({"DestinationArn": format!("qcs::gse:{region}:uin/:fleet/{}", self.fleets[number])})
    }

    /// A queue over F1 and F2, in that order.
    fn queue(&self, name: &str, timeout_s: u32, policies: &Value) {
        let destinations = json!([self.arn(0), self.arn(1)]);
        self.queue_over(name, &destinations, timeout_s, policies);
    }

    fn queue_over(&self, name: &str, destinations: &Value, timeout_s: u32, policies: &Value) {
        let request = json!({
            "Name": name, "TimeoutInSeconds": timeout_s, "Destinations": destinations, "PlayerLatencyPolicies": policies,
        });
        let made = self.stack.call("CreateGameServerSessionQueue", &request);
        let made = &made["GameServerSessionQueue"];
        assert_eq!(made["PlayerLatencyPolicies"].as_array().map(Vec::len), policies.as_array().map(Vec::len));
    }

    /// Starts a placement for the players 1 and 2; the answer is PENDING in any case (P-1).
    fn start(&self, queue: &str, id: &str, latencies: &Value) {
        let placement = self.stack.call("StartGameServerSessionPlacement", &request(queue, id, latencies));
        let placement = &placement["GameServerSessionPlacement"];
        assert_eq!((&placement["Status"], &placement["Port"]), (&json!("PENDING"), &json!(0)), "{placement}");
        assert_eq!(placement["EndTime"], Value::Null);
    }

    fn placement(&self, id: &str) -> Value {
        let answer = self.stack.call("DescribeGameServerSessionPlacement", &json!({"PlacementId": id}));
        answer["GameServerSessionPlacement"].clone()
    }

    /// The placement as soon as it is over.
    fn over(&self, id: &str) -> Value {
        let request = json!({"PlacementId": id});
        let answer = self.stack.until("DescribeGameServerSessionPlacement", &request, |answer| {
            answer["GameServerSessionPlacement"]["Status"] != "PENDING"
        });
        answer["GameServerSessionPlacement"].clone()
    }

    /// The region in which a placement is FULFILLED.
    fn region(&self, id: &str) -> String {
        let placement = self.over(id);
        assert_eq!(placement["Status"], "FULFILLED", "{placement}\n{}", self.why(id));
        placement["GameServerSessionRegion"].as_str().expect("a region is text").to_owned()
    }

    /// What `gse why placement` prints.
    fn why(&self, id: &str) -> String {
        let output = self.stack.gse(&["why", "placement", id]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("what is printed is text")
    }

    fn gse(&self, arguments: &[&str]) -> String {
        let output = self.stack.gse(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("what is printed is text")
    }

    /// Ends the session of a placement, with its process.
    fn end(&self, id: &str) {
        let placement = self.placement(id);
        let region = placement["GameServerSessionRegion"].as_str().expect("a region is text");
        let request = json!({"GameServerSessionId": placement["GameServerSessionId"]});
        let _ = self.stack.call_in(region, "EndGameServerSessionAndProcess", &request);
    }
}

fn request(queue: &str, id: &str, latencies: &Value) -> Value {
    json!({
        "PlacementId": id, "GameServerSessionQueueName": queue, "MaximumPlayerSessionCount": 2,
        "DesiredPlayerSessions": [{"PlayerId": "1", "PlayerData": "a"}, {"PlayerId": "2", "PlayerData": "b"}],
        "PlayerLatencies": latencies,
    })
}

/// (player, region, ms)
fn latencies(values: &[(&str, &str, u64)]) -> Value {
    let one = |&(player, region, ms): &(&str, &str, u64)| json!({"PlayerId": player, "RegionIdentifier": region, "LatencyInMilliseconds": ms});
    values.iter().map(one).collect()
}

/// The latencies of W4.
fn near() -> Value {
    latencies(&[("1", SH, 100), ("1", SV, 50), ("2", SH, 60), ("2", SV, 80)])
}

fn none() -> Value {
    json!([])
}

fn policies(limits: &[(u64, u64)]) -> Value {
    let one = |&(most_ms, duration_s): &(u64, u64)| json!({"MaximumIndividualPlayerLatencyMilliseconds": most_ms, "PolicyDurationSeconds": duration_s});
    limits.iter().map(one).collect()
}

fn seconds(placement: &Value) -> i64 {
    let second = |member: &str| {
        let text = placement[member].as_str().unwrap_or_else(|| panic!("{member} of {placement}"));
        let number = |from: usize, to: usize| text[from..to].parse::<i64>().expect("a time has digits");
        number(11, 13) * 3600 + number(14, 16) * 60 + number(17, 19)
    };
    (second("EndTime") - second("StartTime")).rem_euclid(24 * 3600)
}

#[test]
fn w4_players_are_placed_near_to_all_of_them() {
    let regions = Regions::with_processes(1);
    regions.queue("dispatchingnearby", 30, &policies(&[(80, 10), (100, 10), (150, 0)]));
    regions.start("dispatchingnearby", "1", &near());
    let placement = regions.over("1");
    assert_eq!(regions.region("1"), SV);
    let session = placement["GameServerSessionId"].as_str().expect("a session has an id");
    assert!(session.contains(&regions.fleets[1]) && session.ends_with("/1"), "{session}");
    assert!(seconds(&placement) < 10, "{placement}");
    let seats = placement["PlacedPlayerSessions"].as_array().expect("seats are a list");
    assert_eq!(seats.iter().map(|seat| &seat["PlayerId"]).collect::<Vec<_>>(), ["1", "2"]);
    let question = json!({"GameServerSessionId": session});
    let players = regions.stack.call_in(SV, "DescribePlayerSessions", &question);
    for player in players["PlayerSessions"].as_array().expect("players are a list") {
        assert_eq!(player["Status"], "RESERVED");
    }
    let first = players["PlayerSessions"]
        .as_array()
        .and_then(|players| players.iter().find(|player| player["PlayerId"] == "1"));
    let proof = seats[0]["PlayerSessionId"].as_str().expect("a seat has an id");
    let mut player = Client::connect(&regions.stack, first.expect("player 1 has a seat"), proof);
    assert_eq!(player.event("joined")["player_id"], "1");
    regions.until_in(SV, "DescribePlayerSessions", &json!({"PlayerSessionId": proof}), |answer| {
        answer["PlayerSessions"][0]["Status"] == "ACTIVE"
    });
    let empty =
        regions.stack.call_in(SH, "DescribeGameServerSessions", &json!({"FleetId": regions.fleets[0]}));
    assert_eq!(empty["GameServerSessions"], json!([]));
    let why = regions.why("1");
    assert!(why.contains("with at most 80 ms") && why.contains("a player is 100 ms away"), "{why}");
}

/// W5, and the failover that `gse fault` asks for.
#[test]
fn w5_placements_go_elsewhere_when_a_region_or_a_fleet_fails() {
    let regions = Regions::with_processes(8);
    let name = "disasterrecovery";
    regions.queue(name, 30, &policies(&[(150, 0)]));
    regions.start(name, "1", &near());
    assert_eq!(regions.region("1"), SH, "both qualify, and the first in order wins");
    // The clients cannot measure Shanghai any more; the id of a finished placement may be used again.
    regions.start(name, "1", &latencies(&[("1", SH, 0), ("1", SV, 50), ("2", SH, 0), ("2", SV, 80)]));
    assert_eq!(regions.region("1"), SV);
    assert!(regions.why("1").contains("not every player has a usable latency"), "{}", regions.why("1"));
    regions.start(name, "2", &latencies(&[("1", SV, 50), ("2", SV, 80)]));
    assert_eq!(regions.region("2"), SV);

    let lead = |destinations: Value| {
        let request = json!({"Name": name, "Destinations": destinations});
        let _ = regions.stack.call("UpdateGameServerSessionQueue", &request);
    };
    lead(json!([regions.arn(1)]));
    regions.start(name, "3", &near());
    assert_eq!(regions.region("3"), SV);
    lead(json!([regions.arn(0), regions.arn(1)]));

    // The region fails without any client knowing, and comes back.
    let _ = regions.gse(&["fault", "region", SH, "down"]);
    regions.start(name, "down", &near());
    assert_eq!(regions.region("down"), SV);
    assert!(regions.why("down").contains("its region is down"), "{}", regions.why("down"));
    let _ = regions.gse(&["fault", "region", SH, "up"]);
    regions.start(name, "up", &near());
    assert_eq!(regions.region("up"), SH);

    let _ = regions.gse(&["fault", "fleet", &regions.fleets[0], "error"]);
    regions.start(name, "5", &none());
    assert_eq!(regions.region("5"), SV);
    assert!(regions.why("5").contains("the fleet is ERROR"), "{}", regions.why("5"));
}

/// Step 6 of W5, S46 to S49: what a placement does that finds no process.
#[test]
fn s46_s47_s48_s49_waiting_for_a_process() {
    let regions = Regions::with_processes(1);
    regions.queue("both", 60, &policies(&[(150, 0)]));
    regions.queue_over("first", &json!([regions.arn(0)]), 60, &none());
    regions.queue_over("soon-over", &json!([regions.arn(0)]), 2, &none());
    regions.start("first", "busy", &none());
    assert_eq!(regions.region("busy"), SH);
    // W5, step 6: F1 is busy.
    regions.start("both", "w5-6", &near());
    assert_eq!(regions.region("w5-6"), SV);
    assert!(regions.why("w5-6").contains("no process is free: 1 busy"), "{}", regions.why("w5-6"));

    // S46
    regions.start("soon-over", "late", &none());
    let late = regions.over("late");
    assert_eq!((&late["Status"], seconds(&late)), (&json!("TIMED_OUT"), 2), "{late}");
    assert_eq!(late["GameServerSessionId"], "");

    // S49: R4.
    regions.start("first", "waits", &none());
    let same = regions.stack.call("StartGameServerSessionPlacement", &request("first", "waits", &none()));
    assert_eq!(same["GameServerSessionPlacement"]["Status"], "PENDING");
    let other = request("first", "waits", &near());
    assert_eq!(regions.stack.refused("StartGameServerSessionPlacement", &other), "InvalidParameterValue");

    // S48: R1. Whoever stops twice is told the same.
    let stop = json!({"PlacementId": "waits"});
    let stopped = regions.stack.call("StopGameServerSessionPlacement", &stop);
    assert_eq!(stopped["GameServerSessionPlacement"]["Status"], "CANCELLED");
    assert!(stopped["GameServerSessionPlacement"]["EndTime"].is_string());
    assert_eq!(
        regions.stack.call("StopGameServerSessionPlacement", &stop)["GameServerSessionPlacement"],
        stopped["GameServerSessionPlacement"]
    );
    let over = json!({"PlacementId": "busy"});
    assert_eq!(regions.stack.refused("StopGameServerSessionPlacement", &over), "FailedOperation");

    // S47: the id of what was stopped is taken again, and a process comes.
    regions.start("first", "waits", &none());
    assert_eq!(regions.placement("waits")["Status"], "PENDING");
    regions.end("busy");
    assert_eq!(regions.region("waits"), SH);
}

/// S50 and S51: policies by time, and what nobody can satisfy.
#[test]
fn s50_s51_latency_policies_over_time() {
    let regions = Regions::with_processes(1);
    regions.queue_over("second", &json!([regions.arn(1)]), 60, &none());
    regions.start("second", "busy", &none());
    assert_eq!(regions.region("busy"), SV);
    // PX6 with 2 s in place of 10 s.
    regions.queue("widening", 60, &policies(&[(80, 2), (100, 2), (150, 0)]));
    regions.start("widening", "px6", &near());
    assert_eq!(regions.region("px6"), SH);
    let placement = regions.placement("px6");
    assert!(seconds(&placement) >= 1, "{placement}");
    let why = regions.why("px6");
    assert!(why.contains("with at most 80 ms") && why.contains("with at most 100 ms"), "{why}");

    regions.queue("strict", 60, &policies(&[(150, 0)]));
    let px8 = latencies(&[("1", SH, 400), ("1", SV, 300)]);
    let px10 = latencies(&[("1", SH, 30), ("2", SV, 30)]);
    for (id, latencies) in [("px8", px8), ("px10", px10)] {
        regions.start("strict", id, &latencies);
        let placement = regions.over(id);
        assert_eq!(placement["Status"], "FAILED", "{placement}");
        assert!(seconds(&placement) < 2, "{placement}");
    }
    assert!(regions.why("px10").contains("every player can reach"), "{}", regions.why("px10"));
}

/// S52, S53 and S54.
#[test]
fn s52_s53_s54_aliases_bad_policies_and_matchmaker_data() {
    let regions = Regions::with_processes(2);
    let stack = &regions.stack;
    let routing = |fleet: &str| json!({"Type": "SIMPLE", "FleetId": fleet});
    let made =
        stack.call("CreateAlias", &json!({"Name": "play", "RoutingStrategy": routing(&regions.fleets[0])}));
    let alias = made["Alias"]["AliasId"].clone();
    let arn = json!([{"DestinationArn": made["Alias"]["AliasArn"]}]);
    regions.queue_over("by-alias", &arn, 2, &none());
    regions.start("by-alias", "one", &none());
    assert_eq!(regions.region("one"), SH);
    let terminal = json!({"AliasId": alias, "RoutingStrategy": {"Type": "TERMINAL", "Message": "closed"}});
    let _ = stack.call("UpdateAlias", &terminal);
    regions.start("by-alias", "nowhere", &none());
    assert_eq!(regions.over("nowhere")["Status"], "TIMED_OUT");
    assert!(regions.why("nowhere").contains("leads to no fleet"), "{}", regions.why("nowhere"));

    // what a matchmaker hands over reaches the session and the placement.
    regions.queue("match", 60, &none());
    let mut body = request("match", "match", &none());
    body["MatchmakerData"] = "{\"teams\":2}".into();
    let mut start = RawRequest::good(stack, "StartMatchPlacement", &body);
    start.path = "/opengse/StartMatchPlacement".into();
    let (status, answer) = start.send(stack);
    assert_eq!(
        (status, &answer["GameServerSessionPlacement"]["Status"]),
        (200, &json!("PENDING")),
        "{answer}"
    );
    assert_eq!(regions.region("match"), SH);
    let placement = regions.placement("match");
    assert_eq!(placement["MatchmakerData"], "{\"teams\":2}");
    let question = json!({"GameServerSessionId": placement["GameServerSessionId"]});
    let sessions = stack.call("DescribeGameServerSessions", &question);
    assert_eq!(sessions["GameServerSessions"][0]["MatchmakerData"], "{\"teams\":2}");

    let falling = json!({"Name": "bad", "PlayerLatencyPolicies": policies(&[(100, 1), (80, 0)])});
    assert_eq!(stack.refused("CreateGameServerSessionQueue", &falling), "InvalidParameterValue");
    let long = json!({"Name": "bad", "TimeoutInSeconds": 601});
    assert_eq!(stack.refused("CreateGameServerSessionQueue", &long), "InvalidParameterValue");
}

/// S59, and what a client makes of it.
#[test]
fn s59_latency_beacons_answer_are_slow_and_are_silent() {
    let stack = Stack::with_settings(&["--region=ap-shanghai", "--region=na-siliconvalley"]);
    let beacon = |region: &str| {
        stack.ready["beacons"][region].as_str().unwrap_or_else(|| panic!("{}", stack.ready)).to_owned()
    };
    let (status, body) = get(&format!("http://{}/v1/ping", beacon(SV)));
    assert_eq!((status, body.as_slice()), (200, b"pong".as_slice()));
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket.connect(beacon(SV)).expect("the beacon has an address");
    socket.send(b"here").expect("a datagram is sent");
    let mut buffer = [0; 64];
    assert_eq!(socket.recv(&mut buffer).map(|length| buffer[..length].to_vec()).ok(), Some(b"here".to_vec()));

    let measure = || -> Vec<(String, u64)> {
        let output = stack.gse(&["latency", "--json", "--player", "ada"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let measured: Vec<Value> = serde_json::from_slice(&output.stdout).expect("PlayerLatencies are JSON");
        assert!(measured.iter().all(|one| one["PlayerId"] == "ada"));
        let ms = |one: &Value| one["LatencyInMilliseconds"].as_u64().unwrap_or(0);
        measured
            .iter()
            .map(|one| (one["RegionIdentifier"].as_str().unwrap_or_default().to_owned(), ms(one)))
            .collect()
    };
    let gse = |arguments: &[&str]| {
        let output = stack.gse(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    gse(&["fault", "region", SH, "slow", "80ms"]);
    gse(&["fault", "region", SV, "down"]);
    let measured = measure();
    assert!(measured.iter().all(|(region, ms)| region == SH && *ms >= 80), "{measured:?}");
    gse(&["fault", "region", SV, "up"]);
    // A machine that is busy for a second may miss one: then it is asked again.
    let deadline = Instant::now() + PATIENCE;
    while !measure().iter().any(|(region, ms)| region == SV && *ms >= 1) {
        assert!(Instant::now() < deadline, "the beacon of {SV} does not answer");
    }
}
