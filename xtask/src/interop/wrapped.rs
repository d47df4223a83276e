//! A game server that never heard of the contract, hosted by `gse-wrap`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};

use super::debian;
use super::hosting::{self, Plan};
use super::teeworlds::{self, ServerInfo};
use crate::flow::cloud::{list, text_of};
use crate::flow::match_session::{Session, create, join, wait_until_terminated};
use crate::flow::record::{Call, Refusal};
use crate::flow::stage::{Seen, Wait, reach};
use crate::flow::{Fleet, Seat, Stage, service};
use crate::interrupt;

/// A server is asked when its port is open; this is for a very busy machine.
const ANSWER_DEADLINE: Duration = Duration::from_secs(30);
/// gse-wrap looks for reservations every second.
const ACCEPT_DEADLINE: Duration = Duration::from_secs(30);
/// A crash is noticed at once, and the next process is started a second later; this is for a very busy machine.
const CRASH_DEADLINE: Duration = Duration::from_secs(60);
/// The program, and what speaks for it.
const VICTIMS: [&str; 2] = ["teeworlds-server", "gse-wrap"];
/// What CreateGameServerSession is refused with while every process is busy or not ready.
const NONE_IDLE: &str = "ResourceInsufficient";
const CRASHED: &str = "SERVER_PROCESS_CRASHED";

/// One of the ways to wrap it.
struct Way {
    name: &'static str,
    about: &'static str,
    parameters: String,
    /// What the server must say it is called when the session is named `friday`.
    called: &'static str,
}

/// Both ways: a program for each session, with the session in its arguments, and one that runs before there is any.
pub(super) fn host(stage: &mut Stage<'_>, installed: &Path) -> Result<()> {
    let [port] = super::scripted::free_ports()?;
    let quiet = "sv_register 0";
    let ways = [
        Way {
            name: "interop-teeworlds-on-session",
            about: "started for the session, with its name and map, on a port that it is told",
            parameters: format!(
                "--start on-session --port auto --udp --players poll -- ./teeworlds-server \
                 'sv_port {{port}}' 'sv_name {{session.name}}' 'sv_map {{session.property.map|dm1}}' '{quiet}'"
            ),
            called: "friday",
        },
        Way {
            name: "interop-teeworlds-at-launch",
            about: "started at launch, on a port of its own that is found",
            parameters: format!(
                "--udp --players poll --session-file session.json -- ./teeworlds-server \
                 'sv_port {port}' 'sv_name early' 'sv_map ctf2' '{quiet}'"
            ),
            called: "early",
        },
    ];
    let mut versions = Vec::new();
    for way in ways {
        stage.part(&format!("{}: package, upload, asset, fleet", way.name));
        let package = debian::assemble(stage, installed, way.name)?;
        versions.push(through(stage, &way, package)?.version);
    }
    stage.fact("versions", json!(versions));
    Ok(())
}

fn through(stage: &mut Stage<'_>, way: &Way, package: PathBuf) -> Result<ServerInfo> {
    let plan = Plan { name: way.name, package, parameters: way.parameters.clone(), protocol: "UDP" };
    let fleet = hosting::deploy(stage, &plan)?;
    stage.part("either half is killed while it hosts");
    for victim in VICTIMS {
        crash(stage, &fleet, victim)?;
    }
    let crashes = VICTIMS.map(|_| CRASHED);

    stage.part(way.about);
    let request = json!({
        "FleetId": fleet.id, "Name": "friday", "MaximumPlayerSessionCount": 8,
        "GameProperties": [{"Key": "map", "Value": "ctf2"}],
    });
    let session = create_when_idle(stage, &request)?;
    let seat = join(stage, &session, "ada")?;
    let info = answers(stage, &seat)?;
    if (info.name.as_str(), info.map.as_str()) != (way.called, "ctf2") {
        bail!("the server should be called `{}` and play on `ctf2`, and says {info:?}", way.called);
    }
    becomes_active(stage, &session)?;
    if way.parameters.contains("--session-file") {
        session_file_is_there(stage, &session)?;
    }
    stage.part("scale-in while it is played");
    hosting::scale_in(stage, &fleet, &[], &crashes)?;
    wait_until_terminated(stage, &session)?;
    Ok(info)
}

/// What is killed takes its other half along: the session is over as ERROR, and another pair is started.
fn crash(stage: &mut Stage<'_>, fleet: &Fleet, victim: &str) -> Result<()> {
    let request = json!({"FleetId": fleet.id, "Name": victim, "MaximumPlayerSessionCount": 8});
    let session = create_when_idle(stage, &request)?;
    let before = service::left_over(&stage.directory);
    let pid = before.iter().copied().find(|pid| is_program(*pid, victim));
    let pid = pid.with_context(|| format!("no process of the fleet is `{victim}`"))?;
    let command = format!("kill -9 {pid}");
    stage.show(&command);
    kill(pid)?;
    stage.record(Call::command(command, None));
    let wait = Wait::until("the session is ERROR", CRASH_DEADLINE);
    let request = json!({"GameServerSessionId": session.id});
    let look = reach("/GameServerSessions/0/Status", "ERROR", &["TERMINATED"]);
    stage.wait("DescribeGameServerSessions", request, &wait, look)?;
    let until = Instant::now() + CRASH_DEADLINE;
    while service::left_over(&stage.directory).iter().any(|pid| before.contains(pid)) {
        if Instant::now() > until {
            bail!("`{victim}` was killed, and of {before:?} something is left");
        }
        stage.waiting("the other half is gone");
        interrupt::pause(Duration::from_millis(50))?;
    }
    Ok(())
}

/// A process that replaces a crashed one is started a second or two later.
fn create_when_idle(stage: &mut Stage<'_>, request: &Value) -> Result<Session> {
    let until = Instant::now() + CRASH_DEADLINE;
    loop {
        match create(stage, request.clone()) {
            Err(error) if none_is_idle(&error) && Instant::now() < until => {
                stage.answer("no process is idle yet");
                interrupt::pause(Duration::from_millis(500))?;
            }
            outcome => return outcome,
        }
    }
}

fn none_is_idle(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refusal>().is_some_and(|refusal| refusal.code == NONE_IDLE)
}

fn is_program(pid: u32, name: &str) -> bool {
    std::fs::read_link(format!("/proc/{pid}/exe"))
        .is_ok_and(|path| path.file_name().is_some_and(|found| found == name))
}

/// Kills a process that works in the directory of this run.
fn kill(pid: u32) -> Result<()> {
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw).context("a pid is a positive number")?;
    rustix::process::kill_process(number, Signal::KILL).with_context(|| format!("cannot kill `{pid}`"))
}

fn answers(stage: &mut Stage<'_>, seat: &Seat) -> Result<ServerInfo> {
    let command = format!("teeworlds server info {}", seat.address);
    stage.show(&command);
    stage.waiting("the server says what it is");
    let info = teeworlds::ask(&seat.address, ANSWER_DEADLINE)?;
    let told =
        format!("teeworlds {}, called {}, {} on {}", info.version, info.name, info.game_type, info.map);
    stage.answer(&told);
    stage.record(Call::command(command, Some(told.into())));
    Ok(info)
}

fn becomes_active(stage: &mut Stage<'_>, session: &Session) -> Result<()> {
    let wait = Wait::until("the reservation counts as a player", ACCEPT_DEADLINE);
    let request = json!({"GameServerSessionId": session.id});
    stage.wait("DescribePlayerSessions", request, &wait, |_, answer| {
        let states: Vec<String> =
            list(answer, "/PlayerSessions").iter().map(|player| text_of(player, "/Status")).collect();
        Ok(match states.join(" ").as_str() {
            "ACTIVE" => Seen::Reached("ACTIVE".to_owned()),
            "RESERVED" => Seen::Underway("RESERVED".to_owned()),
            other => Seen::Hopeless(other.to_owned()),
        })
    })?;
    Ok(())
}

/// The processes of the fleet work in the package's root, where the file was asked for.
fn session_file_is_there(stage: &mut Stage<'_>, session: &Session) -> Result<()> {
    for pid in service::left_over(&stage.directory) {
        let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/cwd/session.json")) else { continue };
        let written: serde_json::Value = serde_json::from_str(&text).context("`session.json` is not JSON")?;
        if text_of(&written, "/gameServerSessionId") == session.id {
            stage.answer("the session is in session.json");
            return Ok(());
        }
    }
    bail!("no process of the fleet has a `session.json` with its session")
}
