//! The program: reads the command line, opens the desk, serves until it is interrupted.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use gse_client::Client;
use matchmaker::desk::{Desk, Limits};
use matchmaker::matching::{Rules, Widening};
use matchmaker::placement::Cloud;
use matchmaker::service;
use tracing_subscriber::EnvFilter;

/// An example of a matchmaker for OpenGSE
#[derive(Parser)]
#[command(name = "matchmaker", version)]
struct Options {
    /// Where players ask; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:7000")]
    listen: SocketAddr,
    /// The cloud API
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    endpoint: String,
    /// The region of the queue
    #[arg(long, value_name = "REGION", default_value = "ap-shanghai")]
    region: String,
    /// The queue that places the matches
    #[arg(long, value_name = "NAME")]
    queue: String,
    /// Key id for the cloud API
    #[arg(long, env = "TENCENTCLOUD_SECRET_ID", default_value = "", hide_env_values = true)]
    secret_id: String,
    /// Key for the cloud API
    #[arg(long, env = "TENCENTCLOUD_SECRET_KEY", default_value = "", hide_env_values = true)]
    secret_key: String,

    /// Players of a full match
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=200))]
    players: u16,
    /// Players who are enough after `--patience`; as many as `--players` if not said
    #[arg(long, value_name = "N")]
    players_min: Option<u16>,
    /// How long a full match is waited for, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    patience: u64,
    /// How far apart in skill opponents may be at first
    #[arg(long, value_name = "POINTS", default_value_t = 100)]
    skill: u32,
    /// How much further with each second of waiting
    #[arg(long, value_name = "POINTS", default_value_t = 25)]
    skill_per_second: u32,
    /// How many milliseconds away a region may be at first
    #[arg(long, value_name = "MS", default_value_t = 80)]
    latency: u32,
    /// How many more with each second of waiting
    #[arg(long, value_name = "MS", default_value_t = 10)]
    latency_per_second: u32,
    /// How long somebody may search, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=600))]
    search: u64,
    /// Tell each session this (`GameProperties`), up to 16 times
    #[arg(long = "property", value_name = "KEY=VALUE", value_parser = property)]
    properties: Vec<(String, String)>,
}

fn property(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected `KEY=VALUE`")?;
    Ok((key.to_owned(), value.to_owned()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<()> {
    let players_min = options.players_min.unwrap_or(options.players);
    if !(1..=options.players).contains(&players_min) {
        bail!("`--players-min` must be between 1 and `--players` ({}), it is {players_min}", options.players);
    }
    let client = Client::new(options.endpoint, options.secret_id, options.secret_key, options.region)?;
    let rules = Rules {
        players: options.players.into(),
        players_min: players_min.into(),
        patience: Duration::from_secs(options.patience),
        skill: Widening { first: options.skill, per_second: options.skill_per_second },
        latency: Widening { first: options.latency, per_second: options.latency_per_second },
    };
    let limits = Limits { search: Duration::from_secs(options.search), ..Limits::default() };
    let cloud = Arc::new(Cloud { client, queue: options.queue, properties: options.properties });
    let desk = Desk::open(rules, limits, cloud.clone());

    let listener = tokio::net::TcpListener::bind(options.listen).await;
    let listener = listener.with_context(|| {
        format!("cannot listen at `{}`\nhint: `--listen 127.0.0.1:0` takes a free port", options.listen)
    })?;
    let address = listener.local_addr()?;
    // For whoever started this: it is open now, and here. Without anybody who reads it, that is no failure.
    let _ = writeln!(std::io::stdout(), "{{\"listening\":\"http://{address}\"}}");
    let stop = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "cannot wait for an interrupt");
            std::future::pending::<()>().await;
        }
    };
    // Players who listen would hold up a graceful end for as long as they search; they see the connection close.
    tokio::select! {
        served = axum::serve(listener, service::router(desk, cloud)) => Ok(served?),
        () = stop => Ok(()),
    }
}
