//! `cargo xtask bench game`: what a player costs the game server, beside a bare quinn echo of the same packets.
//!
//! Game servers run standalone, one process for each match, and `game-load` plays in another process. The echo is the
//! example `bare_echo` of `game-player`, run right after it with the sizes and rates that were just measured. CPU is
//! what the kernel counted for the servers' threads while the matches went on, so other work on the machine
//! disturbs it less than times.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::delay::Delayed;
use crate::cargo;
use crate::interrupt;
use crate::processes::Logged;
use crate::workspace::Workspace;

/// Options of `cargo xtask bench game`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long each run takes, in seconds
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u32).range(8..=170))]
    seconds: u32,
    /// Matches of 16 players in the largest run
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    matches: u32,
    /// Only how many players one core carries: servers on the first, all players on the second
    #[arg(long)]
    per_core: bool,
    /// Use the programs that were built before
    #[arg(long)]
    no_build: bool,
}

/// The beginning of a run is not measured: handshakes, and the first snapshots without a baseline.
const WARM_UP: Duration = Duration::from_secs(4);
/// Nor is the end, in which players leave.
const MARGIN: Duration = Duration::from_secs(1);
/// Players of the largest match that the rules know.
const MATCH_MAX: u32 = 16;
/// A tick, in microseconds: who is later than that has missed the next one.
const TICK_US: u64 = 16_667;
const START_DEADLINE: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(10);
/// The way there and back of the delayed line.
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// Builds in the release profile, runs, prints tables in Markdown.
pub(super) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if !options.no_build {
        for arguments in [
            &["build", "--release", "--locked", "-p", "game-server", "--bin", "game-server"][..],
            &["build", "--release", "--locked", "-p", "game-player", "--bins", "--example", "bare_echo"],
        ] {
            cargo::build_quietly(workspace, arguments)?;
        }
    }
    let release = workspace.with_profile("release");
    let directory = workspace.target().join("bench").join(std::process::id().to_string());
    fs::create_dir_all(&directory).with_context(|| format!("cannot make `{}`", directory.display()))?;
    let bench = Bench { release, directory, seconds: options.seconds };
    let outcome = match options.per_core {
        true => bench.per_core(),
        false => bench.all(options).and_then(|()| bench.per_core()),
    };
    // Logs of a failed run are kept for a look.
    if outcome.is_ok() {
        let _ = fs::remove_dir_all(&bench.directory);
    }
    outcome.map(|()| ExitCode::SUCCESS)
}

struct Bench {
    release: Workspace,
    directory: PathBuf,
    seconds: u32,
}

/// One layout of players.
#[derive(Clone, Copy)]
struct Layout {
    matches: u32,
    players: u32,
    /// Snapshots a second.
    rate: u32,
    /// Without prediction and bots at the players.
    light: bool,
    /// Servers have the first core for themselves, and players the second.
    apart: bool,
}

/// What a run measured.
struct Measured {
    /// Of the servers, in nanoseconds for each player and tick.
    cpu_ns: f64,
    /// What `game-load` or the echo's driver said.
    said: Value,
    /// The slowest match: 99 of 100 ticks were done so many microseconds after they were due.
    tick_us_p99: Option<u64>,
}

impl Bench {
    fn all(&self, options: &Options) -> Result<()> {
        println!("| Matches x players, Hz | game: us/player and tick | echo | ratio | tick p99 |");
        println!("|---|---|---|---|---|");
        let light = |matches, players, rate| Layout { matches, players, rate, light: true, apart: false };
        let mut layouts = vec![light(1, 8, 20), light(1, 8, 60), light(1, 16, 20), light(4, 16, 20)];
        if options.matches > 4 {
            layouts.push(light(options.matches, 16, 20));
        }
        for layout in layouts {
            let game = self.game(layout)?;
            let echo = self.echo(layout, &game.said)?;
            let tick = game.tick_us_p99.map_or("?".to_owned(), |us| format!("{:.1} ms", us as f64 / 1000.0));
            let Layout { matches, players, rate, .. } = layout;
            println!(
                "| {matches} x {players}, {rate} | {:.2} | {:.2} | {:.2} | {tick} |",
                game.cpu_ns / 1000.0,
                echo.cpu_ns / 1000.0,
                game.cpu_ns / echo.cpu_ns
            );
        }
        println!("\n| 8 players, snapshots a second | down, bytes/s | up, bytes/s | snapshot, bytes |");
        println!("|---|---|---|---|");
        for rate in [20, 30, 60] {
            let game = self.game(Layout { matches: 1, players: 8, rate, light: false, apart: false })?;
            let said = |member: &str| game.said[member].as_f64().unwrap_or_default();
            println!(
                "| {rate} | {:.0} | {:.0} | {:.0} |",
                said("bytes_down_per_player_s"),
                said("bytes_up_per_player_s"),
                said("snapshot_bytes_mean")
            );
        }
        self.join()
    }

    /// More and more matches of the largest size, until a tick comes a tick too late once in a hundred times.
    fn per_core(&self) -> Result<()> {
        println!(
            "\n| Matches of {MATCH_MAX} on one core, 20 Hz | players | us/player and tick | of the core | tick p99 |"
        );
        println!("|---|---|---|---|---|");
        for matches in [1, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64] {
            let players = matches * MATCH_MAX;
            let layout = Layout { matches, players: MATCH_MAX, rate: 20, light: true, apart: true };
            let Measured { cpu_ns, tick_us_p99, .. } = match self.game(layout) {
                Ok(measured) => measured,
                // So many that not all of them can play.
                Err(error) if matches > 1 && !error.is::<interrupt::Interrupted>() => {
                    println!("| {matches} | {players} | {error} | | |");
                    break;
                }
                Err(error) => return Err(error),
            };
            let of_core = cpu_ns * 60.0 * f64::from(players) / 1e7;
            let late = tick_us_p99.context("the game servers said nothing of their ticks")?;
            let (cpu, late_ms) = (cpu_ns / 1000.0, late as f64 / 1000.0);
            println!("| {matches} | {players} | {cpu:.2} | {of_core:.0} % | {late_ms:.1} ms |");
            if late > TICK_US {
                break;
            }
        }
        Ok(())
    }

    /// Game servers and their players.
    fn game(&self, layout: Layout) -> Result<Measured> {
        let mut servers =
            (0..layout.matches).map(|number| self.start_game(layout, number)).collect::<Result<Vec<_>>>()?;
        let ports = servers.iter_mut().map(client_port).collect::<Result<Vec<_>>>()?;
        let mut load = self.load(layout, &ports);
        let mut load = Logged::start(&mut load, &self.directory, "load")?;
        let cpu_ns = self.cpu(layout, &servers, &mut [&mut load])?;
        let said: Value = serde_json::from_str(load.output().trim()).context("game-load said no report")?;
        if said["failed"] != 0 || said["lost"] != 0 {
            bail!("not everybody played: {said}");
        }
        for server in &mut servers {
            server.stop(PATIENCE);
        }
        let tick_us_p99 = servers.iter().filter_map(|server| logged(server, "tick_us_p99=")).max();
        Ok(Measured { cpu_ns, said, tick_us_p99 })
    }

    fn start_game(&self, layout: Layout, number: u32) -> Result<Logged> {
        let name = format!("server-{number}");
        let replays = self.directory.join("replays");
        let mut server = on_core(layout.apart.then_some(0), &self.release.program("game-server")?);
        server
            .env("GSE_STANDALONE", "1")
            .env("RUST_LOG", "info")
            .args(["--bind", "127.0.0.1", "--match-ticks", "10800", "--score-to-win", "9999"])
            .args(["--standalone-players", &layout.players.to_string()])
            .args(["--snapshot-rate", &layout.rate.to_string()])
            .arg("--replays")
            .arg(replays);
        Logged::start(&mut server, &self.directory, &name)
    }

    fn load(&self, layout: Layout, ports: &[u64]) -> Command {
        let players = layout.players * layout.matches;
        let mut load = on_core(layout.apart.then_some(1), &self.release.programs.join("game-load"));
        load.args(["--players", &players.to_string(), "--match-players", &layout.players.to_string()])
            .args(["--seconds", &self.seconds.to_string(), "--json"]);
        if layout.light {
            load.arg("--light");
        }
        for port in ports {
            load.args(["--standalone", &format!("127.0.0.1:{port}")]);
        }
        load
    }

    /// The same packets, without a game: as many processes, players, bytes and answers.
    fn echo(&self, layout: Layout, game: &Value) -> Result<Measured> {
        let program = self.release.programs.join("examples").join("bare_echo");
        let number = |member: &str| game[member].as_f64().unwrap_or_default().round().to_string();
        let mut servers = Vec::new();
        let mut drivers = Vec::new();
        for index in 0..layout.matches {
            let certificate = self.directory.join(format!("echo-{index}.der"));
            let mut server = Command::new(&program);
            server.arg("serve").args(["--every", &(60 / layout.rate).to_string()]);
            server.args(["--bytes", &number("snapshot_bytes_mean")]).arg("--certificate").arg(&certificate);
            let mut server = Logged::start(&mut server, &self.directory, &format!("echo-{index}"))?;
            let address = listening(&mut server)?;
            let mut driver = Command::new(&program);
            driver.args(["drive", &address]).arg("--certificate").arg(&certificate);
            driver.args(["--players", &layout.players.to_string(), "--bytes", &number("input_bytes_mean")]);
            driver.args(["--seconds", &self.seconds.to_string()]);
            drivers.push(Logged::start(&mut driver, &self.directory, &format!("drive-{index}"))?);
            servers.push(server);
        }
        let mut running: Vec<&mut Logged> = drivers.iter_mut().collect();
        let cpu_ns = self.cpu(layout, &servers, &mut running)?;
        let said = serde_json::from_str(drivers[0].output().trim()).context("the echo said no report")?;
        Ok(Measured { cpu_ns, said, tick_us_p99: None })
    }

    /// What the servers used while the drivers ran, in nanoseconds for each player and tick. Waits for the drivers.
    fn cpu(&self, layout: Layout, servers: &[Logged], drivers: &mut [&mut Logged]) -> Result<f64> {
        wait(WARM_UP)?;
        let used = || servers.iter().map(|server| cpu_time(server.pid())).sum::<Result<u64>>();
        let (start, before) = (Instant::now(), used()?);
        wait(Duration::from_secs(self.seconds.into()).saturating_sub(WARM_UP + MARGIN))?;
        let (time, after) = (start.elapsed(), used()?);
        let deadline = Instant::now() + Duration::from_secs(30);
        for driver in drivers {
            loop {
                match driver.ended()? {
                    Some(status) if status.success() => break,
                    Some(status) => bail!("the players ended with {status}: {}", driver.output().trim()),
                    None if Instant::now() > deadline => bail!("the players do not end"),
                    None => interrupt::pause(Duration::from_millis(50))?,
                }
            }
        }
        let ticks = time.as_secs_f64() * 60.0 * f64::from(layout.matches * layout.players);
        Ok((after - before) as f64 / ticks)
    }

    /// Round trips of a join, over a line that is slow enough to count them.
    fn join(&self) -> Result<()> {
        let layout = Layout { matches: 1, players: 2, rate: 20, light: true, apart: false };
        let mut server = self.start_game(layout, 0)?;
        let port = client_port(&mut server)?;
        let line = Delayed::start(u16::try_from(port)?, ROUND_TRIP / 2)?;
        let mut load = self.load(layout, &[line.port().into()]);
        let mut load = Logged::start(&mut load, &self.directory, "join")?;
        let deadline = Instant::now() + Duration::from_secs(u64::from(self.seconds) + 30);
        while load.ended()?.is_none() {
            if Instant::now() > deadline {
                bail!("the players do not end");
            }
            interrupt::pause(Duration::from_millis(50))?;
        }
        let said: Value = serde_json::from_str(load.output().trim()).context("game-load said no report")?;
        println!("\n| A line of {} ms there and back | ms | round trips |", ROUND_TRIP.as_millis());
        println!("|---|---|---|");
        for (what, member) in [
            ("QUIC handshake", "handshake_ms_p50"),
            ("the server's proof is checked", "welcome_ms_p50"),
            ("first snapshot, of who waits for nobody", "connect_to_snapshot_ms_min"),
        ] {
            let ms = said[member].as_f64().unwrap_or_default();
            println!("| {what} | {ms:.0} | {:.2} |", ms / ROUND_TRIP.as_secs_f64() / 1000.0);
        }
        Ok(())
    }
}

/// A program on one core only, or wherever the kernel puts it.
fn on_core(core: Option<u32>, program: &Path) -> Command {
    match core {
        None => Command::new(program),
        // It becomes the program, so that its pid is the one to measure.
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", &core.to_string()]).arg(program);
            command
        }
    }
}

fn wait(time: Duration) -> Result<()> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        interrupt::pause(Duration::from_millis(20))?;
    }
    Ok(())
}

/// The port that a game server says it listens on.
fn client_port(server: &mut Logged) -> Result<u64> {
    let deadline = Instant::now() + START_DEADLINE;
    loop {
        if let Some(port) = logged(server, "client_port=") {
            return Ok(port);
        }
        if let Some(status) = server.ended()? {
            bail!("the game server ended with {status}\n  hint: read `{}`", server.stderr.display());
        }
        if Instant::now() > deadline {
            bail!("the game server is not ready after {} s", START_DEADLINE.as_secs());
        }
        interrupt::pause(Duration::from_millis(20))?;
    }
}

fn listening(server: &mut Logged) -> Result<String> {
    let deadline = Instant::now() + START_DEADLINE;
    loop {
        let said: Option<Value> = serde_json::from_str(server.output().trim()).ok();
        if let Some(address) = said.as_ref().and_then(|said| said["listening"].as_str()) {
            return Ok(address.to_owned());
        }
        if server.ended()?.is_some() || Instant::now() > deadline {
            bail!("the echo does not listen\n  hint: read `{}`", server.stderr.display());
        }
        interrupt::pause(Duration::from_millis(20))?;
    }
}

/// The last number after this word in the log of a process.
fn logged(server: &Logged, word: &str) -> Option<u64> {
    let log = fs::read_to_string(&server.stderr).ok()?;
    let (_, after) = log.rsplit_once(word)?;
    let mut digits = String::new();
    for digit in after.chars().take_while(char::is_ascii_digit) {
        let _ = write!(digits, "{digit}");
    }
    digits.parse().ok()
}

/// CPU time of all threads of a process, in nanoseconds. Only Linux tells.
fn cpu_time(pid: u32) -> Result<u64> {
    let tasks = PathBuf::from(format!("/proc/{pid}/task"));
    let mut time = 0;
    for task in fs::read_dir(&tasks).with_context(|| format!("cannot read `{}`", tasks.display()))? {
        time += thread_time(&task?.path()).unwrap_or(0);
    }
    Ok(time)
}

fn thread_time(task: &Path) -> Option<u64> {
    fs::read_to_string(task.join("schedstat")).ok()?.split_whitespace().next()?.parse().ok()
}
