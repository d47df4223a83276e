//! `gse conformance`: takes a game server in any language through a life and says what it does right and wrong against
//! the contract. What is right is decided by `gse_core::conformance`; this drives, and prints.

mod drive;
mod junit;
mod player;
mod service;
#[cfg(test)]
mod tests;
mod text;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use gse_core::clocks::parse_duration;
use gse_core::conformance::{Expectation, Trace, Verdict, judge};

use crate::failure::Failure;

/// Exit code when an expectation is not met.
const NOT_MET: u8 = 1;
/// What `--timeout` may be: long enough for a game server, short enough for sums of it.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

/// Takes a game server in any language through a life, and says what it does right and wrong against the contract.
#[derive(Debug, Args)]
pub(crate) struct ConformanceArgs {
    /// What must be met, such as `ready,start,activate`; the rest is told and does not fail. Without it: everything but
    /// end-session and reuse, and of players only with --client.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_expectation)]
    expect: Vec<Expectation>,
    /// A command that is a player: run by `sh` with IP, PORT and PLAYER_SESSION_ID in its environment. It should connect,
    /// stay a moment, leave and end.
    #[arg(long, value_name = "CMD")]
    client: Option<String>,
    /// Longest wait for each step of the game server.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_time)]
    timeout: Duration,
    /// Where the game server finds the agent; many have this address built in. Port 0 takes a free one, which a game server
    /// that is launched finds in GSE_AGENT_ADDRESS.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5758")]
    agent: String,
    /// Launch nothing; wait for a game server that somebody starts, in a debugger for example.
    #[arg(long, conflicts_with = "command")]
    attach: bool,
    /// Write the result as JUnit XML too.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print the expectations, and do nothing.
    #[arg(long)]
    list: bool,
    /// The game server and its arguments; options of `gse` come before it. `--` in front of it is never wrong.
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<String>,
}

fn parse_expectation(word: &str) -> Result<Expectation, String> {
    Expectation::parse(word.trim()).ok_or_else(|| {
        let names: Vec<&str> = Expectation::ALL.iter().map(|expectation| expectation.as_str()).collect();
        format!("there is no such expectation; there are {}", names.join(", "))
    })
}

fn parse_time(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Some(time) if (SHORTEST_WAIT..=LONGEST_WAIT).contains(&time) => Ok(time),
        _ => Err("use a time from a second to a day, such as `60s`".into()),
    }
}

/// What is driven, and what counts.
struct Plan {
    command: Vec<String>,
    is_attached: bool,
    client: Option<String>,
    timeout: Duration,
    agent: String,
    required: Vec<Expectation>,
}

/// What came of it.
struct Report {
    /// The command, for headings.
    name: String,
    verdicts: Vec<Verdict>,
    /// The last lines of a game server that ended.
    output: Vec<String>,
    took: Duration,
}

/// Drives, judges, prints.
pub(crate) async fn run(args: ConformanceArgs) -> Result<u8, Failure> {
    if args.list {
        return print(&text::list());
    }
    if args.command.is_empty() && !args.attach {
        let failure = Failure::usage("there is no game server to look at");
        return Err(
            failure.hint("write it last, like `gse conformance -- ./my-server --port 7000`, or use --attach")
        );
    }
    if let Some(program) = args.command.first()
        && let Some(trouble) = program_trouble(program, std::env::var_os("PATH").as_deref())
    {
        let failure = Failure::usage(format!("the game server `{program}` {trouble}"));
        return Err(failure.hint("write it as you would in a shell in this directory, such as `./my-server`"));
    }
    let mut required = args.expect;
    if required.is_empty() {
        required = Expectation::usual(args.client.is_some());
        // The end of what somebody else started cannot be seen.
        required.retain(|expectation| !args.attach || *expectation != Expectation::Exit);
    }
    let plan = Plan {
        command: args.command,
        is_attached: args.attach,
        client: args.client,
        timeout: args.timeout,
        agent: args.agent,
        required,
    };
    crate::local::start_log_as("off");
    let interrupted = crate::local::shutdown_signal()?;
    let Some(trace) = drive::drive(&plan, interrupted).await? else {
        return Err(anyhow::anyhow!("it was interrupted").into());
    };
    let report = Report {
        name: if plan.is_attached { "attached game server".into() } else { plan.command.join(" ") },
        verdicts: judge(&trace, &plan.required),
        output: text::last_output(&trace),
        took: took(&trace),
    };
    if let Some(path) = &args.junit {
        let written = fs::write(path, junit::xml(&report));
        written.with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    print(&text::report(&report))?;
    Ok(if report.verdicts.iter().any(Verdict::is_failure) { NOT_MET } else { 0 })
}

/// Why the shell could not start a program; `None`: it can. Told before anything is started, because the game server is
/// not at fault.
fn program_trouble(program: &str, path: Option<&OsStr>) -> Option<&'static str> {
    let is_executable = |file: &fs::Metadata| file.is_file() && file.permissions().mode() & 0o111 != 0;
    if program.contains('/') {
        return match fs::metadata(program) {
            Err(_) => Some("cannot be found"),
            Ok(found) if found.is_dir() => Some("is a directory"),
            Ok(found) if !is_executable(&found) => Some("is not executable"),
            Ok(_) => None,
        };
    }
    let mut places = path.into_iter().flat_map(std::env::split_paths);
    let is_there =
        places.any(|place| fs::metadata(place.join(program)).is_ok_and(|file| is_executable(&file)));
    (!is_there).then_some("cannot be found")
}

fn took(trace: &Trace) -> Duration {
    trace.moments.last().map_or(Duration::ZERO, |(at, _)| *at)
}

/// Data for stdout; a reader that hangs up is not an error.
fn print(text: &str) -> Result<u8, Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("cannot write to stdout").into())
        }
        _ => Ok(0),
    }
}
