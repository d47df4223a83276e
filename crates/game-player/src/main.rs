//! The program `game-load`: many bots, and one line with what they measured.
//!
//! `cargo xtask load` starts it beside a private service; it can as well be pointed at any other.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Parser;
use game_player::bot::BotKind;
use game_player::crowd::{self, Mind, Plan, Queue, Report, Source};
use gse_client::Client;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Lets many bots play, each the whole way of a player: placed, connected, let in, match after match.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// How many players
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=2000))]
    players: u32,
    /// Players of one match
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..=16))]
    match_players: u32,
    /// How long
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// Who plays
    #[arg(long, value_enum, default_value_t = BotKind::Normal, conflicts_with = "light")]
    bot: BotKind,
    /// Play without a prediction and a bot: keys at random, at a tenth of the cost
    #[arg(long)]
    light: bool,
    /// Seed of the bots
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The cloud API; its key is in `GSE_SECRET_ID` and `GSE_SECRET_KEY`
    #[arg(long, value_name = "URL", env = "GSE_ENDPOINT", conflicts_with = "standalone")]
    endpoint: Option<String>,
    /// Its region
    #[arg(long, value_name = "REGION", env = "GSE_REGION")]
    region: Option<String>,
    /// The queue that places matches
    #[arg(long, value_name = "NAME", requires = "endpoint")]
    queue: Option<String>,
    /// A game property of the matches
    #[arg(long = "property", value_name = "KEY=VALUE", value_parser = pair)]
    properties: Vec<(String, String)>,
    #[arg(long, env = "GSE_SECRET_ID", hide = true, hide_env_values = true)]
    secret_id: Option<String>,
    #[arg(long, env = "GSE_SECRET_KEY", hide = true, hide_env_values = true)]
    secret_key: Option<String>,
    /// A game server that runs without an agent, one for each match
    #[arg(long, value_name = "IP:PORT")]
    standalone: Vec<SocketAddr>,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).await {
        Ok(report) => {
            if options.json {
                println!("{}", serde_json::to_string(&report).expect("a report has string keys only"));
            } else {
                print!("{}", in_words(&report));
            }
            if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> anyhow::Result<Report> {
    let plan = Plan {
        players: options.players as usize,
        match_players: options.match_players as usize,
        time: Duration::from_secs(options.seconds.into()),
        source: source(options)?,
        mind: if options.light { Mind::Light } else { Mind::Bot(options.bot) },
        seed: options.seed,
    };
    let (stop, stopped) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let told = tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
        stop.send_replace(true);
    });
    let report = crowd::run(&plan, stopped).await;
    told.abort();
    Ok(report)
}

fn source(options: &Options) -> anyhow::Result<Source> {
    if !options.standalone.is_empty() {
        let parties = options.players.div_ceil(options.match_players) as usize;
        if options.standalone.len() < parties {
            bail!("{parties} matches need as many `--standalone`, there are {}", options.standalone.len());
        }
        return Ok(Source::Standalone(options.standalone.clone()));
    }
    let needed = |name: &str, value: &Option<String>| {
        value.clone().with_context(|| format!("`{name}` is needed\nhint: or give `--standalone IP:PORT`"))
    };
    let client = Client::new(
        &needed("--endpoint", &options.endpoint)?,
        &needed("GSE_SECRET_ID", &options.secret_id)?,
        &needed("GSE_SECRET_KEY", &options.secret_key)?,
        &needed("--region", &options.region)?,
    )?;
    let queue = needed("--queue", &options.queue)?;
    Ok(Source::Queue(Box::new(Queue::new(client, queue, options.properties.clone()))))
}

/// The report for a reader.
fn in_words(report: &Report) -> String {
    let mut text = format!(
        "joined       {} times, in {} matches; {} did not get in, {} were lost on the way\n\
         join         {} ms at the median, {} ms for 99 of 100; first snapshot after {} ms, {} ms\n\
         round trip   {} ms at the median, {} ms for 99 of 100; {} % of the packets lost\n\
         down         {} bytes a second and player, {} snapshots of {} bytes\n\
         up           {} bytes a second and player\n\
         corrections  {} a minute and player, the longest {} pixels\n",
        report.joined,
        report.matches,
        report.failed,
        report.lost,
        report.join_ms_p50,
        report.join_ms_p99,
        report.first_snapshot_ms_p50,
        report.first_snapshot_ms_p99,
        report.rtt_ms_p50,
        report.rtt_ms_p99,
        report.loss_percent,
        report.bytes_down_per_player_s,
        report.snapshots_per_player_s,
        report.snapshot_bytes_mean,
        report.bytes_up_per_player_s,
        report.corrections_per_player_min,
        report.correction_px_max,
    );
    for (reason, count) in report.failures.iter().chain(&report.losses) {
        text.push_str(&format!("{count} times     {reason}\n"));
    }
    text
}
