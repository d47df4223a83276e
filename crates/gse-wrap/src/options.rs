//! The command line, and the settings that are left when it makes sense.

use std::time::Duration;

use anyhow::{Result, anyhow, bail};

use crate::life::{FailedExit, Start};
use crate::sockets::Protocol;
use crate::template::Template;

const EXAMPLES: &str = "\
Placeholders, in the program's arguments and in the values of --env; {port} in --session-file, too:
  {port}                     the port of --port
  {session.id} {session.name} {session.fleet_id} {session.max_players} {session.ip_address}
  {session.data} {session.matchmaker_data} {session.traceparent} {session.property.KEY}
  {session.property.KEY|DEFAULT}
                             of the session, with --start on-session
  {{ }}                      braces that are meant

Examples, as Parameters of a launch entry whose path is this program:
  --udp -- ./server
      starts it, finds its port, hosts one session
  --udp --port auto --players poll -- ./server --port {port}
      gives it a free port, and takes every reservation as a player
  --start on-session --port auto -- ./server -p {port} --map {session.property.map|dm1}
      starts it anew for each session, with what the session asks for

A status other than 0 that nobody asked for is a crash; --failed-exit end says otherwise.
gse-wrap itself ends with 0, with 1 (a crash for the fleet), or with 2 (these options make no sense).";

/// Starts a game server that knows nothing of GSE, and speaks GSE's contract for it
#[derive(Debug, clap::Parser)]
#[command(name = "gse-wrap", version, after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Where players connect: a number; `auto`, a free port that goes where {port} stands; `detect`, what the program
    /// opens
    #[arg(long, value_name = "N|auto|detect", default_value = "detect", value_parser = port_choice)]
    port: PortChoice,
    /// Players come by UDP: ports of TCP do not count
    #[arg(long, conflicts_with = "tcp")]
    udp: bool,
    /// Players come by TCP: ports of UDP do not count
    #[arg(long)]
    tcp: bool,
    /// When the program is started
    #[arg(long, value_enum, default_value_t = Start::AtLaunch)]
    start: Start,
    /// Where the session is written as JSON when it is handed over: readable by this user only, in the names of the
    /// contract. Processes of one instance work in one folder, so where there are several, {port} in the name tells
    /// them apart
    #[arg(long, value_name = "FILE")]
    session_file: Option<String>,
    /// A variable for the program; may be given many times
    #[arg(long = "env", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// Who says that a player has come
    #[arg(long, value_enum, default_value_t = Players::None)]
    players: Players,
    /// A command line for `sh` that ends with 0 within 40 s while the program is well; it finds GSE_WRAP_PID and
    /// GSE_WRAP_PORT in its environment. Without it a program is well while it runs
    #[arg(long, value_name = "COMMAND")]
    health_command: Option<String>,
    /// What it means when the program ends with another status than 0 and nobody asked it to
    #[arg(long, value_enum, default_value_t = FailedExit::Crash)]
    failed_exit: FailedExit,
    /// How long its port may take to open; after that it is killed
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    start_time: u64,
    /// How long it may take to end after SIGTERM; after that it is killed
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86400))]
    stop_time: u64,
    /// A file or folder to keep when the session ends; may be given up to 32 times
    #[arg(long = "log-path", value_name = "PATH")]
    log_paths: Vec<String>,
    /// The agent's HOST:PORT; default is the variable GSE_AGENT_ADDRESS, else 127.0.0.1:5758
    #[arg(long, value_name = "ADDRESS")]
    agent: Option<String>,
    /// The program and its arguments, after `--`
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    program: Vec<String>,
}

/// Where players connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PortChoice {
    /// The program has this port.
    Number(u16),
    /// The program is told a free one.
    Auto,
    /// The program opens one, and it is looked up.
    Detect,
}

/// Who says that a player has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Players {
    /// Nobody: reservations time out after a minute, whoever plays
    None,
    /// Every reservation is taken as a player who has come; nobody checks who connects
    Poll,
}

/// Options that make sense.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) port: PortChoice,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) start: Start,
    pub(crate) session_file: Option<Template>,
    pub(crate) players: Players,
    pub(crate) health_command: Option<String>,
    pub(crate) failed_exit: FailedExit,
    pub(crate) start_time: Duration,
    pub(crate) stop_time: Duration,
    pub(crate) log_paths: Vec<String>,
    pub(crate) agent: Option<String>,
    pub(crate) program: String,
    pub(crate) arguments: Vec<Template>,
    pub(crate) variables: Vec<(String, Template)>,
}

fn port_choice(text: &str) -> Result<PortChoice, String> {
    match text {
        "auto" => Ok(PortChoice::Auto),
        "detect" => Ok(PortChoice::Detect),
        number => match number.parse() {
            Ok(number @ 1..) => Ok(PortChoice::Number(number)),
            _ => Err("expected a number from 1 to 65535, `auto` or `detect`".to_owned()),
        },
    }
}

impl Options {
    /// Refuses what cannot work, before anything is started.
    pub(crate) fn check(self) -> Result<Settings> {
        let template = |text: &String| Template::parse(text).map_err(|error| anyhow!(error));
        let mut words = self.program.iter();
        let program = words.next().cloned().filter(|program| !program.is_empty());
        let program = program.ok_or_else(|| anyhow!("there is no program after `--`"))?;
        let arguments = words.map(template).collect::<Result<Vec<_>>>()?;
        let variables = self
            .variables
            .iter()
            .map(|variable| match variable.split_once('=') {
                Some((name, value)) if !name.is_empty() => {
                    Ok((name.to_owned(), template(&value.to_owned())?))
                }
                _ => bail!("`--env {variable}` is not `NAME=VALUE`"),
            })
            .collect::<Result<Vec<_>>>()?;
        let session_file = self.session_file.as_ref().map(template).transpose()?;
        if session_file.as_ref().is_some_and(Template::needs_session) {
            bail!("the name of `--session-file` can hold `{{port}}` and nothing of the session");
        }
        let all = || arguments.iter().chain(variables.iter().map(|(_, value)| value));
        if self.start == Start::AtLaunch && all().any(Template::needs_session) {
            bail!(
                "there is no session yet when the program is started at launch\n  hint: `--start on-session`, or `--session-file FILE` if the program can wait for one"
            );
        }
        match self.port {
            PortChoice::Auto if !all().any(Template::has_port) => {
                bail!(
                    "`--port auto` has no way to the program\n  hint: write `{{port}}` into an argument or an `--env`"
                )
            }
            PortChoice::Detect if self.start == Start::OnSession => bail!(
                "the port must be known before the first session\n  hint: `--port auto` with `{{port}}` in an argument, or `--port N`"
            ),
            PortChoice::Auto | PortChoice::Detect | PortChoice::Number(_) => {}
        }
        let protocol = match (self.udp, self.tcp) {
            (true, _) => Some(Protocol::Udp),
            (_, true) => Some(Protocol::Tcp),
            (false, false) => None,
        };
        Ok(Settings {
            port: self.port,
            protocol,
            start: self.start,
            session_file,
            players: self.players,
            health_command: self.health_command,
            failed_exit: self.failed_exit,
            start_time: Duration::from_secs(self.start_time),
            stop_time: Duration::from_secs(self.stop_time),
            log_paths: self.log_paths,
            agent: self.agent,
            program,
            arguments,
            variables,
        })
    }
}

#[cfg(test)]
mod tests;
