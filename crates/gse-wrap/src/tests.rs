//! Whole lives of a real program, with the scripted agent of the SDK.

use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use gse_sdk::testing::{Answer, Call, ScriptedAgent};
use gse_sdk::{GameServerSession, PlayerSession, PlayerSessionStatus};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::options::Options;
use crate::wrap;

/// A test that waits longer than this has failed.
const DEADLINE: Duration = Duration::from_secs(60);

async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.expect("no event before the deadline")
}

/// The program of `examples/`, which `cargo test` builds beside this one.
fn plain_server() -> String {
    let tests = std::env::current_exe().unwrap();
    let programs = tests.parent().and_then(|deps| deps.parent()).unwrap();
    let path: PathBuf = programs.join("examples/plain_server");
    assert!(path.is_file(), "`{}` is not built\n  hint: cargo build -p gse-wrap --examples", path.display());
    path.to_str().unwrap().to_owned()
}

struct Wrapped {
    agent: ScriptedAgent,
    end: mpsc::Sender<()>,
    running: JoinHandle<anyhow::Result<ExitCode>>,
}

impl Wrapped {
    /// Starts gse-wrap with these words; `SERVER` is the program.
    async fn start(words: &[&str]) -> Self {
        let agent = ScriptedAgent::start_on_loopback().await.unwrap();
        let server = plain_server();
        let words = words.iter().map(|word| word.replace("SERVER", &server));
        let options = ["gse-wrap".to_owned(), "--agent".to_owned(), agent.address().unwrap().to_owned()]
            .into_iter()
            .chain(words);
        let settings = Options::try_parse_from(options).unwrap().check().unwrap();
        let (end, asked_to_end) = mpsc::channel(1);
        let running = tokio::spawn(wrap::wrap(settings, asked_to_end));
        Self { agent, end, running }
    }

    async fn port(&self) -> u16 {
        within(self.agent.wait_for(Call::ProcessReady, 1)).await.field("clientPort").parse().unwrap()
    }

    async fn host(&self, id: &str, name: &str) {
        let session = GameServerSession {
            game_server_session_id: id.into(),
            name: name.into(),
            max_players: 4,
            ..Default::default()
        };
        within(self.agent.start_game_server_session(&session)).await.unwrap();
    }

    async fn active(&self, count: usize) {
        within(self.agent.wait_for(Call::ActivateGameServerSession, count)).await;
    }

    /// How gse-wrap ended, and the calls that the agent got.
    async fn over(self) -> (bool, Vec<Call>) {
        let code = within(self.running).await.unwrap().unwrap();
        let calls = self.agent.calls().into_iter().map(|recorded| recorded.call).collect();
        (code == ExitCode::SUCCESS, calls)
    }
}

/// Says something to the program; the answer is awaited off the runtime.
async fn say(port: u16, text: &'static str) -> String {
    let asking = tokio::task::spawn_blocking(move || {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.send(text.as_bytes()).unwrap();
        if text.starts_with("exit ") {
            return String::new();
        }
        let mut buffer = [0; 1500];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    });
    within(asking).await.unwrap()
}

const READY: Call = Call::ProcessReady;
const ACTIVATE: Call = Call::ActivateGameServerSession;
const TERMINATE: Call = Call::TerminateGameServerSession;
const ENDING: Call = Call::ProcessEnding;

#[tokio::test]
async fn at_launch_the_port_is_found_and_the_programs_end_is_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("session-{port}.json");
    let wrapped =
        Wrapped::start(&["--udp", "--session-file", name.to_str().unwrap(), "--", "SERVER", "0", "hello"])
            .await;
    let port = wrapped.port().await;
    let file = folder.path().join(format!("session-{port}.json"));
    assert_eq!(say(port, "who are you?").await, "hello");
    assert_eq!(within(wrapped.agent.health_check()).await, Ok(true));
    wrapped.host("gs-1", "friday").await;
    wrapped.active(1).await;
    let written: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!((&written["gameServerSessionId"], &written["name"]), (&"gs-1".into(), &"friday".into()));
    say(port, "exit 0").await;
    assert_eq!(wrapped.over().await, (true, vec![READY, ACTIVATE, TERMINATE, ENDING]));
}

#[tokio::test]
async fn on_session_each_session_has_a_program_of_its_own() {
    let wrapped = Wrapped::start(&[
        "--start",
        "on-session",
        "--port",
        "auto",
        "--udp",
        "--",
        "SERVER",
        "{port}",
        "{session.name}",
    ])
    .await;
    let port = wrapped.port().await;
    assert_eq!(within(wrapped.agent.health_check()).await, Ok(true), "no program, and none is meant to run");
    for (count, (id, name)) in (1..).zip([("gs-1", "friday night; \"x\""), ("gs-2", "saturday")]) {
        wrapped.host(id, name).await;
        wrapped.active(count).await;
        assert_eq!(say(port, "who are you?").await, name);
        say(port, "exit 0").await;
        within(wrapped.agent.wait_for(TERMINATE, count)).await;
    }
    within(wrapped.agent.process_terminate(1)).await.unwrap();
    let session = [ACTIVATE, TERMINATE];
    assert_eq!(wrapped.over().await, (true, [&[READY][..], &session, &session, &[ENDING]].concat()));
}

/// R121: what is started for a session can go on with its trace.
#[tokio::test]
async fn a_program_of_its_own_gets_the_trace_of_its_session() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let script = "exec SERVER $0 \"$TRACEPARENT\"";
    let words = ["--start", "on-session", "--port", "auto", "--udp", "--", "sh", "-c", script, "{port}"];
    let wrapped = Wrapped::start(&words).await;
    let port = wrapped.port().await;
    let session = GameServerSession {
        game_server_session_id: "gs-1".into(),
        traceparent: TRACE.into(),
        ..Default::default()
    };
    within(wrapped.agent.start_game_server_session(&session)).await.unwrap();
    wrapped.active(1).await;
    assert_eq!(say(port, "who are you?").await, TRACE);
    wrapped.end.send(()).await.unwrap();
    assert!(wrapped.over().await.0);
}

#[tokio::test]
async fn a_crash_is_a_crash() {
    let wrapped = Wrapped::start(&["--port", "auto", "--", "SERVER", "{port}"]).await;
    let port = wrapped.port().await;
    wrapped.host("gs-1", "").await;
    wrapped.active(1).await;
    say(port, "exit 3").await;
    assert_eq!(
        wrapped.over().await,
        (false, vec![READY, ACTIVATE]),
        "the agent sees a process that is just gone"
    );
}

#[tokio::test]
async fn a_program_that_ignores_sigterm_is_killed_with_what_it_started() {
    // The shell ignores it, and so does what it starts; `wait` keeps the shell there as the parent.
    let script = "trap '' TERM; SERVER $0 & wait";
    let wrapped =
        Wrapped::start(&["--port", "auto", "--stop-time", "1", "--", "sh", "-c", script, "{port}"]).await;
    let port = wrapped.port().await;
    wrapped.host("gs-1", "").await;
    wrapped.active(1).await;
    wrapped.end.send(()).await.unwrap();
    assert_eq!(wrapped.over().await, (true, vec![READY, ACTIVATE, TERMINATE, ENDING]));
    // What it started is nobody's child any more, so nobody tells when it has gone.
    within(async {
        while UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn reservations_are_taken_as_players_where_that_is_wanted() {
    let wrapped = Wrapped::start(&["--players", "poll", "--port", "auto", "--", "SERVER", "{port}"]).await;
    wrapped.port().await;
    let player = |id: &str| PlayerSession {
        player_session_id: id.into(),
        status: PlayerSessionStatus::Reserved,
        ..PlayerSession::default()
    };
    let page =
        Answer::Page { players: vec![player("psess-1"), player("psess-2")], next_token: String::new() };
    wrapped.agent.answer_next(Call::DescribePlayerSessions, page);
    wrapped.host("gs-1", "").await;
    let accepted = within(wrapped.agent.wait_for(Call::AcceptPlayerSession, 2)).await;
    assert_eq!(accepted.field("playerSessionId"), "psess-2");
    let asked = within(wrapped.agent.wait_for(Call::DescribePlayerSessions, 1)).await;
    assert_eq!(asked.field("playerSessionStatusFilter"), "RESERVED");
    wrapped.end.send(()).await.unwrap();
    assert!(wrapped.over().await.0);
}

#[tokio::test]
async fn a_program_that_cannot_be_started_is_an_error_that_names_it() {
    let agent = ScriptedAgent::start_on_loopback().await.unwrap();
    let line = ["gse-wrap", "--agent", agent.address().unwrap(), "--", "./no-such-program"];
    let settings = Options::try_parse_from(line).unwrap().check().unwrap();
    let (_end, asked_to_end) = mpsc::channel(1);
    let error = within(wrap::wrap(settings, asked_to_end)).await.unwrap_err();
    assert!(error.to_string().contains("`./no-such-program`"), "{error:#}");
    assert_eq!(agent.calls(), []);
}
