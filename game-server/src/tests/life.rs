//! The whole process against a scripted agent: ready, sessions, players, and every way to end.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser;
use game_net::protocol::ServerMessage;
use game_sim::EndReason;
use gse_sdk::testing::{Answer, Call, Code, ScriptedAgent};
use gse_sdk::{GameProperty, GameServerSession, PlayerSession, PlayerSessionStatus, Sdk};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::Dispatch;
use tracing_subscriber::fmt::MakeWriter;

use super::player::{DEADLINE, Joined, Player};
use crate::config::{Args, CLIENT_PORT_MAX, CLIENT_PORT_MIN};
use crate::hosting::{for_players, run_at};
use crate::room::Refusal;

/// No folder can be made there: these tests keep no replays.
const NOWHERE: &str = "/dev/null/replays";

/// Far in the future: the end of the year 9999, as under full protection (R11).
const NEVER: i64 = 253_402_300_799;

/// A running game server process, but for the operating system's process.
struct Life {
    agent: ScriptedAgent,
    process: JoinHandle<anyhow::Result<()>>,
    stop: Option<oneshot::Sender<()>>,
    port: u16,
}

impl Life {
    async fn start(flags: &[&str]) -> Life {
        let agent = ScriptedAgent::start();
        let args =
            Args::parse_from([&["game-server", "--bind", "127.0.0.1", "--replays", NOWHERE], flags].concat());
        let builder = agent.builder();
        let (stop, stopped) = oneshot::channel::<()>();
        let process = tokio::spawn(async move {
            let stopped = async {
                // A test that does not stop the process keeps it running.
                if stopped.await.is_err() {
                    std::future::pending().await
                }
            };
            run_at(&args, builder, None, stopped).await
        });
        let ready = timeout(DEADLINE, agent.wait_for(Call::ProcessReady, 1)).await.unwrap();
        let port = ready.field("clientPort").parse().unwrap();
        Life { agent, process, stop: Some(stop), port }
    }

    /// Hands out a session and waits until it is active.
    async fn session(&self, id: &str, properties: &[(&str, &str)]) {
        let before = self.calls(Call::ActivateGameServerSession);
        self.hand_out(id, properties).await;
        self.wait(Call::ActivateGameServerSession, before + 1).await;
    }

    async fn hand_out(&self, id: &str, properties: &[(&str, &str)]) {
        let property =
            |(key, value): &(&str, &str)| GameProperty { key: (*key).into(), value: (*value).into() };
        let session = GameServerSession {
            game_server_session_id: id.into(),
            max_players: 2,
            game_properties: properties.iter().map(property).collect(),
            ..GameServerSession::default()
        };
        self.agent.start_game_server_session(&session).await.unwrap();
    }

    /// Reserves a seat for the next player who asks, and joins.
    async fn join(&self, player_id: &str, player_session_id: &str) -> Player {
        self.reserve(player_id, player_session_id);
        Player::join(self.port, player_id, player_session_id).await
    }

    fn reserve(&self, player_id: &str, player_session_id: &str) {
        let player = PlayerSession {
            player_id: player_id.into(),
            player_session_id: player_session_id.into(),
            status: PlayerSessionStatus::Reserved,
            ..PlayerSession::default()
        };
        let page = Answer::Page { players: vec![player], next_token: String::new() };
        self.agent.answer_next(Call::DescribePlayerSessions, page);
    }

    fn calls(&self, call: Call) -> usize {
        self.agent.calls().iter().filter(|recorded| recorded.call == call).count()
    }

    async fn wait(&self, call: Call, count: usize) {
        let arrived = timeout(DEADLINE, self.agent.wait_for(call, count)).await;
        arrived.unwrap_or_else(|_| panic!("no {call:?} number {count} in {:?}", self.names()));
    }

    /// Waits for the end of the process; the calls it made, in order.
    /// What is reported on the side is left out: when that happens is a matter of the clock.
    async fn end(self) -> Vec<Call> {
        timeout(DEADLINE, self.process).await.expect("the process goes on").unwrap().unwrap();
        let calls = self.agent.calls();
        calls.iter().map(|recorded| recorded.call).filter(|call| *call != Call::ReportCustomData).collect()
    }

    fn names(&self) -> Vec<Call> {
        self.agent.calls().iter().map(|recorded| recorded.call).collect()
    }
}

/// Listens until the match ends; the winner.
async fn winner(player: &mut Player) -> String {
    loop {
        if let ServerMessage::MatchEnd { winner, .. } = player.hear().await.expect("the match ends first") {
            return winner;
        }
    }
}

#[tokio::test]
async fn idle_processes_end_when_asked() {
    let life = Life::start(&[]).await;
    assert!((CLIENT_PORT_MIN..=CLIENT_PORT_MAX).contains(&life.port));
    assert!(life.agent.health_check().await.unwrap());
    life.agent.process_terminate(NEVER).await.unwrap();
    assert_eq!(life.end().await, [Call::ProcessReady, Call::ProcessEnding]);

    let mut life = Life::start(&[]).await;
    life.stop.take().unwrap().send(()).unwrap();
    assert_eq!(life.end().await, [Call::ProcessReady, Call::ProcessEnding]);
}

#[tokio::test]
async fn one_process_hosts_one_match_after_the_other() {
    let life = Life::start(&["--match-ticks", "12"]).await;
    for round in 1..=2 {
        life.session(&format!("gs-{round}"), &[]).await;
        let mut anna = life.join("anna", &format!("psess-anna-{round}")).await;
        let mut bert = life.join("bert", &format!("psess-bert-{round}")).await;
        assert_eq!(winner(&mut anna).await, "anna");
        assert_eq!(winner(&mut bert).await, "anna");
        life.wait(Call::TerminateGameServerSession, round).await;
    }
    life.agent.process_terminate(NEVER).await.unwrap();
    let session = [
        Call::ActivateGameServerSession,
        Call::DescribePlayerSessions,
        Call::AcceptPlayerSession,
        Call::DescribePlayerSessions,
        Call::AcceptPlayerSession,
        Call::TerminateGameServerSession,
    ];
    let expected = [&[Call::ProcessReady], session.as_slice(), &session, &[Call::ProcessEnding]].concat();
    assert_eq!(life.end().await, expected);
}

#[tokio::test]
async fn who_leaves_is_removed() {
    let life = Life::start(&["--host", "lobby"]).await;
    life.session("gs-1", &[]).await;
    drop(life.join("anna", "psess-anna").await);
    let removed = timeout(DEADLINE, life.agent.wait_for(Call::RemovePlayerSession, 1)).await.unwrap();
    assert_eq!(removed.field("playerSessionId"), "psess-anna");
}

#[tokio::test]
async fn the_agent_is_told_how_many_seats_are_taken() {
    let life = Life::start(&["--host", "lobby"]).await;
    life.session("gs-1", &[]).await;
    let reported = async |count: usize| {
        let report = timeout(DEADLINE, life.agent.wait_for(Call::ReportCustomData, count)).await;
        let report = report.expect("nothing is reported");
        (report.field("currentCustomCount").to_owned(), report.field("maxCustomCount").to_owned())
    };
    assert_eq!(reported(1).await, ("0".to_owned(), "2".to_owned()));
    let anna = life.join("anna", "psess-anna").await;
    assert_eq!(reported(2).await, ("1".to_owned(), "2".to_owned()));
    drop(anna);
    assert_eq!(reported(3).await, ("0".to_owned(), "2".to_owned()));
    // Who is in at the end does not count for ever.
    let _bert = life.join("bert", "psess-bert").await;
    assert_eq!(reported(4).await, ("1".to_owned(), "2".to_owned()));
    life.agent.process_terminate(NEVER).await.unwrap();
    assert_eq!(reported(5).await, ("0".to_owned(), "2".to_owned()));
    life.wait(Call::TerminateGameServerSession, 1).await;
    let names = life.names();
    let last = |call| names.iter().rposition(|name| *name == call);
    assert!(last(Call::ReportCustomData) < last(Call::TerminateGameServerSession), "{names:?}");
}

#[tokio::test]
async fn whom_the_agent_does_not_accept_stays_out() {
    let life = Life::start(&[]).await;
    life.session("gs-1", &[]).await;
    let refusal = |code, name: &str| Answer::Error {
        code,
        message: format!("{name}: psess-anna"),
        error_code: Some(name.to_owned()),
    };
    let expired = refusal(Code::FailedPrecondition, "UNEXPECTED_PLAYER_SESSION");
    life.agent.answer_next(Call::AcceptPlayerSession, expired);
    life.reserve("anna", "psess-anna");
    let joined = Player::connect(life.port).await.say_hello("anna", "psess-anna").await;
    assert_eq!(joined, Joined::Refused(Refusal::NotProven.to_string()));

    life.agent
        .answer_next(Call::DescribePlayerSessions, refusal(Code::Internal, "INTERNAL_SERVICE_EXCEPTION"));
    let joined = Player::connect(life.port).await.say_hello("anna", "psess-anna").await;
    assert_eq!(joined, Joined::Refused(Refusal::Unavailable.to_string()));
}

#[tokio::test]
async fn a_match_without_players_is_terminated_and_the_process_goes_on() {
    let life = Life::start(&[]).await;
    for round in 1..=2 {
        life.session(&format!("gs-{round}"), &[("idle_end_ms", "1")]).await;
        life.wait(Call::TerminateGameServerSession, round).await;
    }
    life.agent.process_terminate(NEVER).await.unwrap();
    life.end().await;
}

#[tokio::test]
async fn a_session_that_cannot_be_played_is_terminated_at_once() {
    let life = Life::start(&[]).await;
    life.hand_out("gs-1", &[("match_ticks", "soon")]).await;
    life.wait(Call::TerminateGameServerSession, 1).await;
    assert_eq!(life.calls(Call::ActivateGameServerSession), 0);
    life.session("gs-2", &[]).await;
}

#[tokio::test]
async fn a_match_is_finished_before_the_process_ends() {
    let life = Life::start(&["--match-ticks", "60"]).await;
    life.session("gs-1", &[]).await;
    let mut anna = life.join("anna", "psess-anna").await;
    let _bert = life.join("bert", "psess-bert").await;
    while !matches!(anna.hear().await.unwrap(), ServerMessage::MatchStart { .. }) {}
    life.agent.process_terminate(NEVER).await.unwrap();
    assert_eq!(winner(&mut anna).await, "anna");
    drop(anna);
    let calls = life.end().await;
    assert_eq!(calls[calls.len() - 2..], [Call::TerminateGameServerSession, Call::ProcessEnding]);
}

#[tokio::test]
async fn a_match_is_cut_short_when_the_time_is_over() {
    let life = Life::start(&["--match-ticks", "216000"]).await;
    life.session("gs-1", &[]).await;
    let mut anna = life.join("anna", "psess-anna").await;
    let _bert = life.join("bert", "psess-bert").await;
    while !matches!(anna.hear().await.unwrap(), ServerMessage::MatchStart { .. }) {}
    life.agent.process_terminate(1).await.unwrap();
    assert_eq!(anna.hear().await, Some(ServerMessage::Countdown { left_ms: 0 }));
    let end = anna.hear().await.unwrap();
    assert!(matches!(end, ServerMessage::MatchEnd { reason: EndReason::BrokenOff, .. }), "{end:?}");
    let calls = life.end().await;
    assert_eq!(calls[calls.len() - 2..], [Call::TerminateGameServerSession, Call::ProcessEnding]);
}

#[tokio::test]
async fn a_lobby_tells_its_players_before_the_process_ends() {
    for by_signal in [false, true] {
        let mut life = Life::start(&["--host", "lobby"]).await;
        life.session("gs-1", &[]).await;
        let mut anna = life.join("anna", "psess-anna").await;
        if by_signal {
            life.stop.take().unwrap().send(()).unwrap();
        } else {
            life.agent.process_terminate(NEVER).await.unwrap();
        }
        assert!(matches!(anna.hear().await, Some(ServerMessage::Presence(_))));
        assert_eq!(anna.hear().await, Some(ServerMessage::Closing { reason: "the lobby closes".to_owned() }));
        assert_eq!(anna.hear().await, None);
        let calls = life.end().await;
        assert_eq!(calls[calls.len() - 2..], [Call::TerminateGameServerSession, Call::ProcessEnding]);
    }
}

/// Everything that is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn no_player_session_id_is_logged() {
    // The test's runtime has one thread, so all of the server logs here; at TRACE that is every library as well.
    let log = Log::default();
    // While one subscriber is alive in the whole process, `tracing` asks the thread that comes by a place first, such as
    // that of another test, whether anybody listens there, and believes it for all. With two it asks them.
    let _second = Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let life = Life::start(&["--match-ticks", "6"]).await;
    life.session("gs-1", &[]).await;
    let secrets = ["psess-f00dfeedf00dfeed", "psess-cafebabecafebabe", "psess-deadbeefdeadbeef"];
    let mut anna = life.join("anna", secrets[0]).await;
    let refused = Answer::Error {
        code: Code::FailedPrecondition,
        message: format!("UNEXPECTED_PLAYER_SESSION: `{}` is used up", secrets[1]),
        error_code: None,
    };
    life.agent.answer_next(Call::AcceptPlayerSession, refused);
    life.reserve("bert", secrets[1]);
    let joined = Player::connect(life.port).await.say_hello("bert", secrets[1]).await;
    assert!(matches!(joined, Joined::Refused(_)), "{joined:?}");
    let _bert = life.join("bert", secrets[2]).await;
    assert_eq!(winner(&mut anna).await, "anna");
    life.agent.process_terminate(NEVER).await.unwrap();
    timeout(DEADLINE, life.process).await.unwrap().unwrap().unwrap();

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for line in ["player joined", "AcceptPlayerSession failed", "match ends", "session terminated"] {
        assert!(text.contains(line), "the log lacks `{line}`");
    }
    for secret in secrets {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}

#[tokio::test]
async fn a_process_without_an_agent_says_so() {
    let args = Args::parse_from(["game-server", "--bind", "127.0.0.1", "--replays", NOWHERE]);
    // Nobody listens where a listener has just been.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let builder = Sdk::builder().agent_address(address).connect_timeout(Duration::from_millis(50));
    let error =
        timeout(DEADLINE, run_at(&args, builder, None, std::future::pending())).await.unwrap().unwrap_err();
    assert!(format!("{error:#}").contains("SERVICE_CALL_FAILED"), "{error:#}");
}

/// Joins as soon as the room is open: the game hears of a session a moment before its players can come.
async fn join_when_open(port: u16, player_id: &str, player_session_id: &str) -> Player {
    let joined = async {
        loop {
            let mut player = Player::connect(port).await;
            match player.say_hello(player_id, player_session_id).await {
                Joined::In(_) => return player,
                other => assert_eq!(other, Joined::Refused(Refusal::NoSession.to_string())),
            }
        }
    };
    timeout(DEADLINE, joined).await.expect("the room does not open")
}

/// What `cargo run -p game-server` is without an agent: a match that two may play, and then the next one.
#[tokio::test]
async fn without_an_agent_two_play_one_match_after_the_other() {
    let replays = std::env::temp_dir().join(format!("opengse-life-{}", std::process::id()));
    let flags = ["game-server", "--bind", "127.0.0.1", "--match-ticks", "12", "--replays"];
    let args = Args::parse_from(flags.into_iter().map(Into::into).chain([replays.clone().into_os_string()]));
    let standalone = for_players(Sdk::standalone(), 2);
    let (handed_out, mut ports) = mpsc::unbounded_channel();
    let builder = standalone.builder().on_start(move |session| {
        // The test may be over.
        let _ = handed_out.send(session.port);
        Ok(())
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let tickets = standalone.clone();
    let process = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        run_at(&args, builder, Some(&standalone), stopped).await
    });
    for _ in 1..=2 {
        let port = timeout(DEADLINE, ports.recv()).await.unwrap().unwrap();
        let mut anna = join_when_open(port, "anna", &tickets.player_session_id("anna")).await;
        let mut bert = join_when_open(port, "bert", &tickets.player_session_id("bert")).await;
        assert_eq!(winner(&mut anna).await, "anna");
        assert_eq!(winner(&mut bert).await, "anna");
    }
    stop.send(()).unwrap();
    timeout(DEADLINE, process).await.unwrap().unwrap().unwrap();
    // The matches left replays that play again, in the folder of the port.
    let of_port = std::fs::read_dir(&replays).unwrap().next().unwrap().unwrap().path();
    let written: Vec<_> = std::fs::read_dir(of_port).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!written.is_empty());
    for path in written {
        let said = crate::replays::play(&path).unwrap();
        assert!(said.contains("12 ticks") && said.contains("anna won"), "{said}");
    }
    std::fs::remove_dir_all(replays).unwrap();
}
