//! A fleet for a foreign game server, and what must be true when it is gone.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::package;
use crate::flow::cloud::{list, need, text_of};
use crate::flow::{Fleet, Stage, drain, service, wait_until_active};
use crate::interrupt;

/// Processes end within moments when they are asked to; this is for a very busy machine.
const GONE_DEADLINE: Duration = Duration::from_secs(60);

/// What is hosted.
pub(super) struct Plan<'a> {
    pub(super) name: &'a str,
    /// The folder that becomes the package. Its `start.sh` is launched.
    pub(super) package: PathBuf,
    pub(super) parameters: String,
    /// `TCP` or `UDP`.
    pub(super) protocol: &'a str,
}

/// Package, upload, asset, fleet, ACTIVE.
pub(super) fn deploy(stage: &mut Stage<'_>, plan: &Plan<'_>) -> Result<Fleet> {
    let asset = package::upload(stage, &plan.package, plan.name)?;
    let request = json!({
        "Name": plan.name,
        "AssetId": asset,
        "InstanceType": "S5.LARGE8",
        "RuntimeConfiguration": {"ServerProcesses": [
            {"LaunchPath": "/local/game/start.sh", "Parameters": plan.parameters, "ConcurrentExecutions": 1},
        ]},
        "InboundPermissions": [
            {"FromPort": 1025, "ToPort": 60000, "Protocol": plan.protocol, "IpRange": "0.0.0.0/0"},
        ],
    });
    let answer = stage.call("CreateFleet", request)?;
    let fleet = Fleet {
        id: need(&answer, "/FleetAttributes/FleetId")?,
        arn: need(&answer, "/FleetAttributes/FleetArn")?,
    };
    wait_until_active(stage, &fleet)?;
    Ok(fleet)
}

/// Scales the fleet to nothing: OnProcessTerminate, an orderly end, and nothing left. Of trouble its events may tell of
/// what is `expected`, and of nothing else.
pub(super) fn scale_in(stage: &mut Stage<'_>, fleet: &Fleet, pids: &[u32], expected: &[&str]) -> Result<()> {
    drain(stage, fleet)?;
    let deadline = Instant::now() + GONE_DEADLINE;
    loop {
        let left = service::left_over(&stage.directory);
        let alive = pids.iter().any(|pid| Path::new(&format!("/proc/{pid}")).exists());
        if left.is_empty() && !alive {
            break;
        }
        if Instant::now() > deadline {
            bail!("the fleet has no instance, and processes of it are left: {pids:?} {left:?}");
        }
        stage.waiting("the processes are gone");
        interrupt::pause(Duration::from_millis(50))?;
    }
    let trouble = trouble(stage, fleet)?;
    if trouble != expected {
        bail!("the fleet's events tell of this trouble: {trouble:?}, expected {expected:?}");
    }
    stage.answer(match expected {
        [] => "every process is gone, and no event says that one had to be forced or crashed",
        _ => "every process is gone, and no event says that one had to be forced or crashed, but for what was done here",
    });
    Ok(())
}

/// The codes of the events that tell of trouble, oldest first: every event about a process, and one about an activation.
pub(super) fn trouble(stage: &mut Stage<'_>, fleet: &Fleet) -> Result<Vec<String>> {
    let answer = stage.call("DescribeFleetEvents", json!({"FleetId": fleet.id, "Limit": 100}))?;
    let codes = list(&answer, "/Events").iter().rev().map(|event| text_of(event, "/EventCode"));
    Ok(codes.filter(|code| is_trouble(code)).collect())
}

fn is_trouble(code: &str) -> bool {
    code.starts_with("SERVER_") || code == "GAME_SESSION_ACTIVATION_TIMEOUT" || code.ends_with("_ERROR")
}

/// The state of every player of a session by name, as the cloud API has it.
pub(super) fn players_are(stage: &mut Stage<'_>, session: &str, expected: &str) -> Result<()> {
    let answer = stage.call("DescribePlayerSessions", json!({"GameServerSessionId": session}))?;
    let mut states: Vec<String> = list(&answer, "/PlayerSessions").iter().map(state).collect();
    // Those who came in the same second have no other order.
    states.sort();
    match states.join(" ") {
        found if found == expected => Ok(()),
        found => bail!("the players of `{session}` should be `{expected}` and are `{found}`"),
    }
}

fn state(player: &Value) -> String {
    format!("{}={}", text_of(player, "/PlayerId"), text_of(player, "/Status"))
}
