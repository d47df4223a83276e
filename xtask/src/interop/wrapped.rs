//! A game server that never heard of the contract, hosted by `gse-wrap`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::debian;
use super::hosting::{self, Plan};
use super::teeworlds::{self, ServerInfo};
use crate::flow::cloud::{list, text_of};
use crate::flow::match_session::{Session, create, join, wait_until_terminated};
use crate::flow::record::Call;
use crate::flow::stage::{Seen, Wait};
use crate::flow::{Seat, Stage, service};

/// A server is asked when its port is open; this is for a very busy machine.
const ANSWER_DEADLINE: Duration = Duration::from_secs(30);
/// gse-wrap looks for reservations every second.
const ACCEPT_DEADLINE: Duration = Duration::from_secs(30);

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
        stage.part(way.about);
        let package = debian::assemble(stage, installed, way.name)?;
        versions.push(through(stage, &way, package)?.version);
    }
    stage.fact("versions", json!(versions));
    Ok(())
}

fn through(stage: &mut Stage<'_>, way: &Way, package: PathBuf) -> Result<ServerInfo> {
    let plan = Plan { name: way.name, package, parameters: way.parameters.clone(), protocol: "UDP" };
    let fleet = hosting::deploy(stage, &plan)?;
    let request = json!({
        "FleetId": fleet.id, "Name": "friday", "MaximumPlayerSessionCount": 8,
        "GameProperties": [{"Key": "map", "Value": "ctf2"}],
    });
    let session = create(stage, request)?;
    let seat = join(stage, &session, "ada")?;
    let info = answers(stage, &seat)?;
    if (info.name.as_str(), info.map.as_str()) != (way.called, "ctf2") {
        bail!("the server should be called `{}` and play on `ctf2`, and says {info:?}", way.called);
    }
    becomes_active(stage, &session)?;
    if way.parameters.contains("--session-file") {
        session_file_is_there(stage, &session)?;
    }
    hosting::scale_in(stage, &fleet, &[])?;
    wait_until_terminated(stage, &session)?;
    Ok(info)
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
