//! The game servers of `tests/interop`, put through their lives.

use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Value, json};

use super::hosting::{self, Plan};
use super::line_player::LinePlayer;
use super::package;
use crate::flow::cloud::{need, text_of};
use crate::flow::match_session::{Session, create, join, wait_until_terminated};
use crate::flow::record::{Call, Refusal};
use crate::flow::{Fleet, Seat, Stage};
use crate::interrupt;
use crate::processes::{Logged, tail};

/// Checks come twice a second here; this is for a very busy machine.
const HEALTH_DEADLINE: Duration = Duration::from_secs(30);
/// A process that failed three in a row would be ended.
const HEALTH_CHECKS: u64 = 4;
/// A judgement takes six seconds; this is for a very busy machine.
const VERDICT_DEADLINE: Duration = Duration::from_secs(180);
/// Ports that Linux does not hand out by itself: a connection that leaves this machine cannot take one before the game
/// server does.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// One of the game servers.
pub(super) struct Stack {
    name: &'static str,
    /// Its folder in `tests/interop`.
    folder: &'static str,
    /// What goes into the package besides: where it comes from, and its name there.
    brings: Vec<(PathBuf, &'static str)>,
    parameters: String,
    /// How it says in STATUS what it is made with.
    made_with: &'static str,
}

impl Stack {
    /// Binds its ports to 0.
    pub(super) fn python(installed: &Path) -> Self {
        Self {
            name: "interop-python",
            folder: "python",
            brings: vec![(installed.join("packages"), "packages")],
            parameters: String::new(),
            made_with: "Python ",
        }
    }

    /// Has fixed ports: the parameters say which, so that this machine can be busy with other things.
    pub(super) fn node(stage: &Stage<'_>, installed: &Path) -> Result<Self> {
        let protos = stage.workspace.root.join("proto/tencentcloud/gse/grpcsdk");
        let [grpc, client] = free_ports()?;
        Ok(Self {
            name: "interop-node",
            folder: "node",
            brings: vec![(installed.join("node_modules"), "node_modules"), (protos, "proto")],
            parameters: format!("{grpc} {client}"),
            made_with: "Node.js ",
        })
    }

    /// The folder that becomes its package.
    pub(super) fn assemble(&self, stage: &Stage<'_>) -> Result<PathBuf> {
        let folder = stage.directory.join(self.name);
        package::add(&stage.workspace.root.join("tests/interop").join(self.folder), &folder)?;
        for (from, name) in &self.brings {
            package::add(from, &folder.join(name))?;
        }
        Ok(folder)
    }
}

/// Ports that are free now.
pub(super) fn free_ports<const COUNT: usize>() -> Result<[u16; COUNT]> {
    let count = u32::from(PORTS.end - PORTS.start);
    // Two runs at a time begin at different ports.
    let start = std::process::id().wrapping_mul(7_919) % count;
    let all = (0..count).filter_map(|index| u16::try_from((start + index) % count).ok());
    let free = |port: &u16| {
        TcpListener::bind(("0.0.0.0", *port)).is_ok() && UdpSocket::bind(("0.0.0.0", *port)).is_ok()
    };
    let found: Vec<u16> = all.map(|offset| PORTS.start + offset).filter(free).take(COUNT).collect();
    found.try_into().map_err(|_| anyhow!("no free ports from {} to {}", PORTS.start, PORTS.end))
}

/// From package to the last process: two sessions on one process, then scale-in.
pub(super) fn host(stage: &mut Stage<'_>, stack: &Stack) -> Result<()> {
    stage.part("gse conformance takes it through a life by itself");
    let package = stack.assemble(stage)?;
    conformance(stage, stack, &package)?;

    stage.part("package, upload, asset, fleet");
    let parameters = stack.parameters.clone();
    let fleet = hosting::deploy(stage, &Plan { name: stack.name, package, parameters, protocol: "TCP" })?;

    stage.part("a session, activated inside OnStartGameServerSession, is played and ended");
    let (first, mut ada) = begin(stage, &fleet, "first", "inside")?;
    let status = status(stage, &mut ada, stack)?;
    play(stage, &first, &mut ada)?;
    wait_until_terminated(stage, &first)?;

    stage.part("a second session on the same process, activated after OnStartGameServerSession was answered");
    let (second, mut ada) = begin(stage, &fleet, "second", "late")?;
    let again = healthy(stage, &mut ada)?;
    let pid = again["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).context("STATUS has no `pid`")?;
    if (&again["pid"], again["sessionsHosted"].as_u64()) != (&status["pid"], Some(2)) {
        bail!("the second session should be the second one of the first process: {status}, then {again}");
    }

    stage.part("scale-in while it is played");
    hosting::scale_in(stage, &fleet, &[pid], &[])?;
    wait_until_terminated(stage, &second)?;
    stage.fact("made_with", again["stack"].clone());
    stage.fact("health_checks", again["healthChecks"].clone());
    Ok(())
}

/// The verdict of `gse conformance`, with a player.
fn conformance(stage: &mut Stage<'_>, stack: &Stack, package: &Path) -> Result<()> {
    let player = stage.workspace.root.join("tests/interop/player.py");
    let client = format!("python3 '{}'", player.display());
    let launch = format!("sh start.sh {}", stack.parameters);
    let launch: Vec<&str> = launch.split_whitespace().collect();
    let command = format!("gse conformance --client 'python3 player.py' -- {}", launch.join(" "));
    stage.show(&command);
    stage.waiting("the game server is judged");
    let mut judge = Command::new(stage.workspace.program("gse")?);
    judge.args(["conformance", "--agent", "127.0.0.1:0", "--client", &client, "--"]).args(&launch);
    let name = format!("conformance-{}", stack.folder);
    let mut judge = Logged::start(judge.current_dir(package), &stage.directory, &name)?;
    let deadline = Instant::now() + VERDICT_DEADLINE;
    let status = loop {
        match judge.ended()? {
            Some(status) => break status,
            None if Instant::now() > deadline => bail!("`gse conformance` does not come to an end"),
            None => interrupt::pause(Duration::from_millis(50))?,
        }
    };
    let said = tail(&judge.stdout, 30);
    if !status.success() {
        let errors = tail(&judge.stderr, 10);
        bail!("`gse conformance` ended with {status}\n{}\n{}", said.join("\n"), errors.join("\n"));
    }
    stage.answer(said.last().map_or("", String::as_str));
    stage.record(Call::command(command, Some(said.into())));
    Ok(())
}

/// A session with one player in it. Its game server activates it `inside` the callback, or `late`.
fn begin(stage: &mut Stage<'_>, fleet: &Fleet, name: &str, activate: &str) -> Result<(Session, LinePlayer)> {
    let request = json!({
        "FleetId": fleet.id, "Name": name, "MaximumPlayerSessionCount": 3,
        "GameProperties": [{"Key": "map", "Value": name}, {"Key": "activate", "Value": activate}],
    });
    let session = create(stage, request)?;
    let seat = join(stage, &session, "ada")?;
    let mut ada = LinePlayer::connect("ada", &seat.address)?;
    ada.say(stage, "JOIN psess-invented", "REFUSED NOT_FOUND UNEXPECTED_PLAYER_SESSION")?;
    ada.say(stage, &format!("JOIN {}", seat.player_session), "WELCOME 1")?;
    hosting::players_are(stage, &session.id, "ada=ACTIVE")?;
    refuse_replay(stage, &seat)?;
    Ok((session, ada))
}

/// A ticket is good for one connection.
fn refuse_replay(stage: &mut Stage<'_>, seat: &Seat) -> Result<()> {
    let mut thief = LinePlayer::connect("thief", &seat.address)?;
    let line = format!("JOIN {}", seat.player_session);
    thief.say(stage, &line, "REFUSED FAILED_PRECONDITION UNEXPECTED_PLAYER_SESSION").map(drop)
}

fn play(stage: &mut Stage<'_>, session: &Session, ada: &mut LinePlayer) -> Result<()> {
    ada.say(stage, "SAY grüße, 世界", "HEARD grüße, 世界")?;
    ada.say(stage, "LIST", "LIST ada=ACTIVE")?;
    let answer = stage.call("DescribeGameServerSessions", json!({"GameServerSessionId": session.id}))?;
    let count = |member: &str| text_of(&answer, &format!("/GameServerSessions/0/{member}"));
    let counts = ["CurrentCustomCount", "MaxCustomCount", "CurrentPlayerSessionCount"].map(count);
    if counts != ["1", "3", "1"] {
        bail!(
            "the session should say what ReportCustomData told it, 1 of 3 with 1 player, and says {counts:?}"
        );
    }

    ada.say(stage, "DOOR DENY_ALL", "DOOR DENY_ALL")?;
    let request = json!({"GameServerSessionId": session.id, "PlayerId": "ben"});
    match stage.call("JoinGameServerSession", request) {
        Err(error) if error.is::<Refusal>() => stage.answer(&format!("{error}")),
        Err(error) => return Err(error),
        Ok(answer) => bail!("the door is closed and a player came in: {answer}"),
    }
    ada.say(stage, "DOOR ACCEPT_ALL", "DOOR ACCEPT_ALL")?;
    let seat = join(stage, session, "ben")?;
    let mut ben = LinePlayer::connect("ben", &seat.address)?;
    ben.say(stage, &format!("JOIN {}", seat.player_session), "WELCOME 2")?;

    ada.say(stage, "LEAVE", "BYE")?;
    hosting::players_are(stage, &session.id, "ada=COMPLETED ben=ACTIVE")?;
    ben.say(stage, "END", "ENDED").map(drop)
}

fn status(stage: &mut Stage<'_>, player: &mut LinePlayer, stack: &Stack) -> Result<Value> {
    let answer = player.say(stage, "STATUS", "STATUS ")?;
    let status = parse(&answer)?;
    if !need(&status, "/stack")?.starts_with(stack.made_with) {
        bail!("the game server should be made with {}and says {status}", stack.made_with);
    }
    if (text_of(&status, "/name"), text_of(&status, "/properties/map")) != ("first".into(), "first".into()) {
        bail!("name and properties of the session did not arrive: {status}");
    }
    Ok(status)
}

/// Waits until more checks have come than an unhealthy process would have survived.
fn healthy(stage: &mut Stage<'_>, player: &mut LinePlayer) -> Result<Value> {
    let deadline = Instant::now() + HEALTH_DEADLINE;
    stage.waiting("the process is asked for its health");
    loop {
        let status = parse(&player.ask("STATUS")?)?;
        match status["healthChecks"].as_u64() {
            Some(checks) if checks >= HEALTH_CHECKS => {
                stage.answer(&format!("{checks} health checks were answered"));
                return Ok(status);
            }
            _ if Instant::now() > deadline => bail!("no {HEALTH_CHECKS} health checks have come: {status}"),
            _ => interrupt::pause(Duration::from_millis(100))?,
        }
    }
}

fn parse(answer: &str) -> Result<Value> {
    let text = answer.strip_prefix("STATUS ").context("STATUS is answered with STATUS")?;
    serde_json::from_str(text).with_context(|| format!("STATUS is not JSON: {text}"))
}
