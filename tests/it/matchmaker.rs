//! The matchmaker of `examples/matchmaker`: nobody is told where to play, everybody asks.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::client::Client;
use tests::programs::program;
use tests::stack::{PATIENCE, Stack, tail};

use crate::hosting::stack_with_fleet;

/// A matchmaker for two, with a key that no player has. It is killed if the story ends before it.
struct Matchmaker {
    child: Child,
    url: String,
    log: PathBuf,
}

impl Matchmaker {
    fn start(stack: &Stack, queue: &str) -> Self {
        let (out, log) = (stack.directory().join("matchmaker.out"), stack.directory().join("matchmaker.log"));
        let mut child = Command::new(program("matchmaker"))
            .args(["--listen", "127.0.0.1:0", "--queue", queue, "--endpoint", stack.said("api")])
            .args(["--property", "match_ticks=60", "--property", "players=2"])
            .env("TENCENTCLOUD_SECRET_ID", stack.said("secret_id"))
            .env("TENCENTCLOUD_SECRET_KEY", stack.said("secret_key"))
            .stdin(Stdio::null())
            .stdout(File::create(&out).expect("a file for what it says"))
            .stderr(File::create(&log).expect("a file for its log"))
            .spawn()
            .expect("`matchmaker` starts");
        let deadline = Instant::now() + PATIENCE;
        let url = loop {
            let said = fs::read_to_string(&out).unwrap_or_default();
            let said: Value = serde_json::from_str(&said).unwrap_or_default();
            if let Some(url) = said["listening"].as_str() {
                break url.to_owned();
            }
            let ended = child.try_wait().expect("its state is known");
            assert!(ended.is_none() && Instant::now() < deadline, "{ended:?}\n{}", tail(&log, 20));
            std::thread::sleep(Duration::from_millis(20));
        };
        Self { child, url, log }
    }
}

impl Drop for Matchmaker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn players_of_one_skill_find_each_other_and_play() {
    let (stack, fleet) = stack_with_fleet(2);
    let described = stack.call("DescribeFleetAttributes", &json!({"FleetIds": [fleet]}));
    let arn = &described["FleetAttributes"][0]["FleetArn"];
    let queue = json!({"Name": "arena", "TimeoutInSeconds": 60, "Destinations": [{"DestinationArn": arn}]});
    let _ = stack.call("CreateGameServerSessionQueue", &queue);
    let matchmaker = Matchmaker::start(&stack, "arena");

    let search = |player: &str, skill| Client::search(&stack, &matchmaker.url, player, skill);
    let mut master = search("carlsen", 60_000);
    let mut pair = [search("ann", 1000), search("ben", 1040)];
    for client in &mut pair {
        let _ = client.event("joined");
    }
    assert!(master.is_running(), "who finds nobody of his skill searches on\n{}", tail(&matchmaker.log, 20));
    let mut second = search("caruana", 60_100);
    let _ = master.event("joined");
    let _ = second.event("joined");
    for client in pair.into_iter().chain([master, second]) {
        assert!(client.ended().success(), "the match is played to its end");
    }

    // The game server was told what only the matchmaker knows, and the service shows it.
    let sessions = stack.call("DescribeGameServerSessions", &json!({"FleetId": fleet}));
    let told = sessions["GameServerSessions"].as_array().expect("sessions are a list").iter();
    let mut told: Vec<Vec<String>> = told
        .map(|session| {
            let data = session["MatchmakerData"].as_str().expect("it is text");
            let data: Value = serde_json::from_str(data).expect("the matchmaker writes JSON");
            let players = data["teams"][0]["players"].as_array().expect("a team has players").iter();
            let mut names: Vec<_> =
                players.map(|player| player["playerId"].as_str().unwrap_or_default().to_owned()).collect();
            names.sort();
            names
        })
        .collect();
    told.sort();
    assert_eq!(told, [["ann", "ben"], ["carlsen", "caruana"]]);
}
