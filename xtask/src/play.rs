//! `cargo xtask play`: the service, a fleet for matches and one for the lobby, a matchmaker, one window for you and bots
//! as opponents, who ask for the next match as soon as one is over. With `--direct` there is one match, and everybody
//! is told where it is.

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::cargo;
use crate::flow::{
    Addresses, Fleet, MatchRules, Published, Seat, Stage, create_match, deploy_match_fleet, integrate,
    join_all, publish,
};
use crate::interrupt;
use crate::narrator::{self, Step};
use crate::processes::Logged;
use crate::workspace::Workspace;

/// Options of `cargo xtask play`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many bots play against you
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=15))]
    bots: u32,
    /// How well they play: easy, normal or hard; `mixed` has all three
    #[arg(long, value_enum, default_value_t = Skill::Mixed)]
    skill: Skill,
    /// How long the match lasts, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(10..=3600))]
    seconds: u32,
    /// How many points end it earlier
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=9999))]
    points: u32,
    /// Open the window in a match that was created for it, without the title, the lobby and a next match
    #[arg(long, conflicts_with = "matchmaker")]
    direct: bool,
    /// Open the window to watch: the bots play each other
    #[arg(long, conflicts_with_all = ["direct", "no_window"])]
    watch: bool,
    /// Find the match through a queue and the matchmaker of `examples/matchmaker`: always so with a window, unless
    /// `--direct` is given
    #[arg(long)]
    matchmaker: bool,
    /// Let a bot sit in your place; nothing is drawn
    #[arg(long)]
    no_window: bool,
    /// Build with optimised dependencies: smoother, and the first build takes much longer
    #[arg(long)]
    smooth: bool,
    /// Use the programs that were built before
    #[arg(long)]
    no_build: bool,
}

/// How well bots play, as `game-client --bot` knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Skill {
    Easy,
    Normal,
    Hard,
    Mixed,
}

impl Skill {
    /// The value of `--bot` for the bot with this number, from 1.
    fn of(self, number: u32) -> &'static str {
        match self {
            Skill::Easy => "easy",
            Skill::Normal => "normal",
            Skill::Hard => "hard",
            // The first one is easy: somebody should be beaten in the first match.
            Skill::Mixed => ["hard", "easy", "normal"][(number % 3) as usize],
        }
    }
}

const STEPS: &[Step] = &[
    Step { title: "Integrate", about: "a game server that links gse-sdk", commands: 1 },
    Step { title: "Publish", about: "package, upload, asset, fleets", commands: 12 },
    Step { title: "Play", about: "one window, and bots", commands: 3 },
];
const YOU: &str = "you";
const QUEUE: &str = "arena";
/// Where the matchmaker's own output goes, below the directory of the run.
const MATCHMAKER: &str = "matchmaker";
/// A bot that has ended asks again after so long at the earliest.
const BOT_PAUSE: Duration = Duration::from_secs(1);
/// How long the matchmaker may take until it listens.
const MATCHMAKER_DEADLINE: Duration = Duration::from_secs(20);

/// Runs until the window is closed or the match is over.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let workspace = if options.smooth { workspace.with_profile("play") } else { workspace.clone() };
    let mut stage = Stage::new(&workspace, "flow", narrator::choose(false), "OpenGSE: play", STEPS)?;
    let outcome = play(&mut stage, options);
    let good = stage.close(outcome, false);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn play(stage: &mut Stage<'_>, options: &Options) -> Result<()> {
    stage.step();
    if options.smooth && !options.no_build {
        stage.answer("with optimised dependencies; the first time this takes many minutes");
        let arguments = [cargo::BUILD_PROGRAMS, &["--profile", "play"]].concat();
        cargo::build(stage.workspace, &arguments, |built, name| {
            stage.waiting(&format!("{} compiled, now {name}", built.compiled));
        })?;
    }
    integrate(stage, !options.no_build && !options.smooth)?;
    stage.done();

    let asks = options.watch || options.matchmaker || !(options.direct || options.no_window);
    stage.step();
    let fleets = match asks {
        true => publish(stage)?,
        false => {
            stage.start_service(&Addresses::default())?;
            let matches = deploy_match_fleet(stage, "1.0", 1)?;
            Published { lobby: matches.clone(), matches }
        }
    };
    stage.done();

    stage.step();
    let bots = if options.watch { options.bots.max(2) } else { options.bots };
    let names: Vec<String> = (1..=bots).map(|number| format!("bot-{number}")).collect();
    let you = (!options.watch).then_some(YOU);
    let players: Vec<&str> = you.into_iter().chain(names.iter().map(String::as_str)).collect();
    let rules =
        MatchRules { players: players.len(), ticks: options.seconds * 60, score_to_win: options.points };
    // The matchmaker and the bots end with this function.
    if asks {
        let (_matchmaker, url) = start_matchmaker(stage, &fleets.matches, rules)?;
        let mut bots = (1..)
            .zip(&names)
            .map(|(seed, name)| Bot::new(stage, name, seed, options.skill, &url))
            .collect::<Result<Vec<_>>>()?;
        let mut you = asking(stage, YOU, &url)?;
        let you = if options.no_window {
            bot(stage, you, YOU, 0, Skill::Normal)?
        } else {
            let ready = stage.service().ready.clone();
            you.args(["--title", "--gse-endpoint", &ready.api, "--gse-region", &ready.region]);
            you.args(["--lobby-fleet", &fleets.lobby.id, "--watch-fleet", &fleets.matches.id]);
            you.env("GSE_SECRET_ID", &ready.secret_id).env("GSE_SECRET_KEY", &ready.secret_key);
            Logged::start(&mut you, &stage.directory.join("players"), YOU)?
        };
        until_over(stage, you, options.no_window, |stage| {
            // With a bot in your place there is one match.
            if options.no_window { Ok(()) } else { bots.iter_mut().try_for_each(|bot| bot.ask_again(stage)) }
        })?;
    } else {
        let session = create_match(stage, ("FleetId", &fleets.matches.id), "arena", rules)?;
        let seats = join_all(stage, &session, &players)?;
        let clients = seats.iter().map(|seat| seated(stage, seat, &session.id));
        let mut clients = players.iter().zip(clients.collect::<Result<Vec<_>>>()?);
        let Some((_, mut you)) = clients.next() else { bail!("nobody plays") };
        let _bots = clients
            .zip(1u32..)
            .map(|((player, client), seed)| bot(stage, client, player, seed, options.skill))
            .collect::<Result<Vec<_>>>()?;
        let you = if options.no_window {
            bot(stage, you, YOU, 0, Skill::Normal)?
        } else {
            Logged::start(&mut you, &stage.directory.join("players"), YOU)?
        };
        until_over(stage, you, options.no_window, |_| Ok(()))?;
    }
    stage.done();
    Ok(())
}

/// An opponent who asks the matchmaker for one match after the other.
struct Bot {
    name: String,
    seed: u32,
    skill: Skill,
    url: String,
    process: Logged,
    started: Instant,
}

impl Bot {
    fn new(stage: &Stage<'_>, name: &str, seed: u32, skill: Skill, url: &str) -> Result<Self> {
        let process = bot(stage, asking(stage, name, url)?, name, seed, skill)?;
        let (name, url) = (name.to_owned(), url.to_owned());
        Ok(Self { name, seed, skill, url, process, started: Instant::now() })
    }

    fn ask_again(&mut self, stage: &Stage<'_>) -> Result<()> {
        if self.started.elapsed() >= BOT_PAUSE && self.process.ended()?.is_some() {
            let client = asking(stage, &self.name, &self.url)?;
            self.process = bot(stage, client, &self.name, self.seed, self.skill)?;
            self.started = Instant::now();
        }
        Ok(())
    }
}

/// What lets watch the matches of this run: the window reads it in their descriptions.
fn spectator_key() -> Result<String> {
    let mut random = [0; 16];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut random));
    read.context("the system gives no random numbers")?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A client that asks the matchmaker.
fn asking(stage: &Stage<'_>, player: &str, url: &str) -> Result<Command> {
    let mut client = client(stage, player)?;
    client.args(["--matchmaker", url]);
    Ok(client)
}

/// A queue in front of the fleet, and a matchmaker that uses it. Returns where players ask.
fn start_matchmaker(stage: &mut Stage<'_>, fleet: &Fleet, rules: MatchRules) -> Result<(Logged, String)> {
    let destinations = json!([{ "DestinationArn": fleet.arn }]);
    let queue = json!({ "Name": QUEUE, "TimeoutInSeconds": 60, "Destinations": destinations });
    stage.call("CreateGameServerSessionQueue", queue)?;
    let ready = stage.service().ready.clone();
    let mut command = Command::new(stage.workspace.program("matchmaker")?);
    command
        .args(["--listen", "127.0.0.1:0", "--endpoint", &ready.api, "--region", &ready.region])
        .args(["--queue", QUEUE, "--players", &rules.players.to_string()])
        .env("TENCENTCLOUD_SECRET_ID", &ready.secret_id)
        .env("TENCENTCLOUD_SECRET_KEY", &ready.secret_key);
    let key = ("spectator_key", spectator_key()?);
    for (key, value) in rules.pairs().into_iter().chain([key]) {
        command.args(["--property", &format!("{key}={value}")]);
    }
    stage.show(&format!("matchmaker --queue {QUEUE} --players {}", rules.players));
    let mut matchmaker = Logged::start(&mut command, &stage.directory, MATCHMAKER)?;
    let deadline = Instant::now() + MATCHMAKER_DEADLINE;
    loop {
        let said: Option<Value> = serde_json::from_str(&matchmaker.output()).ok();
        if let Some(url) = said.as_ref().and_then(|said| said["listening"].as_str()) {
            stage.answer(&format!("players ask at {url}"));
            return Ok((matchmaker, url.to_owned()));
        }
        if let Some(status) = matchmaker.ended()? {
            stage.log_in_focus = Some(matchmaker.stderr.clone());
            bail!("the matchmaker ended with {status}");
        }
        if Instant::now() > deadline {
            bail!("the matchmaker does not listen after {} s", MATCHMAKER_DEADLINE.as_secs());
        }
        interrupt::pause(Duration::from_millis(20))?;
    }
}

fn bot(stage: &Stage<'_>, mut client: Command, player: &str, seed: u32, skill: Skill) -> Result<Logged> {
    let (skill, seed) = (skill.of(seed), seed.to_string());
    client.args(["--headless", "--bot", skill, "--seed", &seed, "--deadline-seconds", "3700"]);
    Logged::start(&mut client, &stage.directory.join("players"), player)
}

fn until_over(
    stage: &mut Stage<'_>,
    mut client: Logged,
    no_window: bool,
    mut meanwhile: impl FnMut(&Stage<'_>) -> Result<()>,
) -> Result<()> {
    stage.waiting(if no_window { "the bots play" } else { "the window is open" });
    let status = loop {
        match client.ended()? {
            Some(status) => break status,
            // Ctrl-C is a way to stop playing, not a failure.
            None if interrupt::pause(Duration::from_millis(50)).is_err() => return Ok(()),
            None => meanwhile(stage)?,
        }
    };
    if !status.success() {
        stage.log_in_focus = Some(client.stderr.clone());
        if no_window {
            bail!("the client ended with {status}: {}", client.output().trim());
        }
        bail!(
            "the client ended with {status}\n  hint: a window needs a display; `cargo xtask flow` plays without one"
        );
    }
    Ok(())
}

/// A client that knows its seat.
fn seated(stage: &Stage<'_>, seat: &Seat, session: &str) -> Result<Command> {
    let mut client = client(stage, &seat.player)?;
    client
        .args(["--connect", &seat.address, "--session", session])
        .env("GAME_PLAYER_SESSION_ID", &seat.player_session);
    Ok(client)
}

fn client(stage: &Stage<'_>, player: &str) -> Result<Command> {
    let mut client = Command::new(stage.workspace.program("game-client")?);
    client.args(["--player-id", player]).stdin(std::process::Stdio::null());
    Ok(client)
}
