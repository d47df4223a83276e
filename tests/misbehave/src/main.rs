//! A game server on the bare contract that does everything right, but for the habits that it is started with.
//!
//! `misbehave HABIT… [--grpc-port N] [--client-port N]` is the game server; without a habit it is a good one. Players
//! connect by TCP, send their PlayerSessionId in a line, and hear `welcome` or `go away`; they leave by hanging up.
//! `misbehave client` is such a player: it takes IP, PORT and PLAYER_SESSION_ID from its environment, and leaves when
//! it was welcomed. A connection that begins with `JOIN`, `SAY` or another word of `command` is one of the spec's test
//! server instead.

mod agent;
mod callbacks;
mod command;
mod player;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use gse_proto::grpcsdk::game_server_grpc_sdk_service_server::GameServerGrpcSdkServiceServer;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use agent::Agent;
use callbacks::Game;

/// Everything that can be wrong with it.
const HABITS: &[&str] = &[
    "silent",            // never calls the agent
    "not-ready",         // calls the agent, and not ProcessReady
    "not-listening",     // announces a grpcPort and listens on no port
    "late-listening",    // listens a second after ProcessReady was answered
    "health-false",      // answers OnHealthCheck with an empty message
    "health-hangs",      // does not answer OnHealthCheck
    "unimplemented",     // registers the generated base class: all three callbacks are UNIMPLEMENTED
    "start-fails",       // answers OnStartGameServerSession with an error
    "start-hangs",       // does not answer OnStartGameServerSession
    "no-activate",       // answers OK, and never activates
    "no-accept",         // welcomes players without telling anybody
    "no-remove",         // does not tell that a player has left
    "stale-session",     // remembers its first session for ever
    "no-reuse",          // takes one session only
    "crash",             // ends half a second after ProcessReady
    "crash-on-session",  // ends when it gets a session
    "ignores-terminate", // answers OnProcessTerminate and goes on
    "no-ending",         // exits on OnProcessTerminate without ProcessEnding
    "does-not-exit",     // calls ProcessEnding and goes on
    "health-recovers",   // answers the first two OnHealthCheck with an empty message, and the others well
];

/// How long a hung handler hangs.
const FOR_EVER: Duration = Duration::from_secs(100_000);

/// What it was started with.
#[derive(Debug, Default)]
struct Options {
    habits: BTreeSet<String>,
    grpc_port: u16,
    /// What is announced; 0: where it listens.
    client_port: u16,
    /// Seconds from OnStartGameServerSession to ActivateGameServerSession.
    activate_delay_s: u64,
    /// A directory that is announced for upload, with a file of what happened.
    log: Option<String>,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            let mut port =
                || words.next().context("a number is missing")?.parse::<u16>().context("not a number");
            match word.as_str() {
                "--grpc-port" => options.grpc_port = port()?,
                "--client-port" => options.client_port = port()?,
                "--activate-delay" => options.activate_delay_s = port()?.into(),
                "--log" => options.log = Some(words.next().context("a directory is missing")?),
                habit if HABITS.contains(&habit) => drop(options.habits.insert(word)),
                other => bail!("unknown habit `{other}`\nhint: there are {}", HABITS.join(", ")),
            }
        }
        Ok(options)
    }

    fn has(&self, habit: &str) -> bool {
        self.habits.contains(habit)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut words = std::env::args().skip(1).peekable();
    if words.peek().is_some_and(|word| word == "client") {
        return player::visit().await;
    }
    serve(Options::read(words)?).await
}

async fn serve(options: Options) -> Result<()> {
    if options.has("silent") {
        return hang().await;
    }
    let agent = Agent::connect().await?;
    if options.has("not-ready") {
        // Refused, and so it should be.
        let _ = agent.custom_counts(0, 1).await;
        return hang().await;
    }
    let (players, client_port) = client_listener().await?;
    let client_port = if options.client_port > 0 { options.client_port } else { client_port };
    // A taken port of its own choice is what SO_REUSEPORT hides: announced all the same.
    let listener = TcpListener::bind(("127.0.0.1", options.grpc_port)).await.ok();
    let bound = listener.as_ref().and_then(|listener| Some(listener.local_addr().ok()?.port()));
    let grpc_port = bound.unwrap_or(options.grpc_port);
    let listener = listener.filter(|_| !options.has("not-listening"));
    let crashes = options.has("crash");
    let logs: Vec<String> = options.log.clone().into_iter().collect();
    let late = options.has("late-listening");
    let game = Arc::new(Game::new(options, agent.clone()));
    tokio::spawn(player::welcome_all(players, Arc::clone(&game)));
    if !late {
        tokio::spawn(listen(listener, Arc::clone(&game)));
        agent.ready(client_port, grpc_port, logs).await?;
    } else {
        drop(listener);
        agent.ready(client_port, grpc_port, logs).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let listener = TcpListener::bind(("127.0.0.1", grpc_port)).await?;
        tokio::spawn(listen(Some(listener), Arc::clone(&game)));
    }
    if crashes {
        tokio::time::sleep(Duration::from_millis(500)).await;
        crash();
    }
    hang().await
}

async fn listen(listener: Option<TcpListener>, game: Arc<Game>) -> Result<()> {
    let Some(listener) = listener else { return Ok(()) };
    let incoming = TcpIncoming::from(listener);
    let service = GameServerGrpcSdkServiceServer::from_arc(game);
    Ok(Server::builder().add_service(service).serve_with_incoming(incoming).await?)
}

/// A port that fleets of the stories open to players; systems choose higher ones too.
async fn client_listener() -> Result<(TcpListener, u16)> {
    let mut too_high = Vec::new();
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        if port <= 60000 {
            return Ok((listener, port));
        }
        too_high.push(listener);
    }
}

/// The end that a bug makes, with its last words.
fn crash() -> ! {
    eprintln!("loading map `forest`");
    eprintln!("thread 'main' panicked: no such file");
    std::process::exit(3)
}

async fn hang() -> Result<()> {
    loop {
        tokio::time::sleep(FOR_EVER).await;
    }
}
