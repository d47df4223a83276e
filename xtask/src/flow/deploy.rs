//! Step 2, and every later deployment: package, upload, asset, fleet.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::cloud::{list, need, text_of};
use super::integrate::megabytes;
use super::record::Call;
use super::service::Addresses;
use super::stage::{Seen, Stage, Wait};
use crate::workspace::Workspace;

/// Where a package lies on an instance.
const LAUNCH_PATH: &str = "/local/game/game-server";
/// A fleet unpacks, starts a trial process and then all others. This is far more than it needs.
const FLEET_DEADLINE: Duration = Duration::from_secs(180);

/// A fleet of this run.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    /// For example `fleet-qp3g3caa-2m6pzf4g`.
    pub id: String,
    /// Its resource name, which says region and account.
    pub arn: String,
}

/// What step 2 leaves to the others.
#[derive(Debug)]
pub(crate) struct Published {
    /// One session is one match.
    pub matches: Fleet,
    /// One long-lived session for everybody.
    pub lobby: Fleet,
}

/// Step 2.
pub(crate) fn publish(stage: &mut Stage<'_>) -> Result<Published> {
    stage.start_service(&Addresses::default())?;
    let asset = upload(stage, "1.0")?;
    let matches = create_fleet(stage, "matches 1.0", &asset, "--host match", 2)?;
    let lobby = create_fleet(stage, "lobby 1.0", &asset, "--host lobby", 1)?;
    wait_until_active(stage, &matches)?;
    wait_until_active(stage, &lobby)?;
    stage.fact("asset", asset);
    stage.fact("fleets", json!([matches.id, lobby.id]));
    Ok(Published { matches, lobby })
}

/// Uploads a version of the game and makes a fleet of it that is ready for matches.
pub(crate) fn deploy_match_fleet(stage: &mut Stage<'_>, version: &str, processes: u32) -> Result<Fleet> {
    let asset = upload(stage, version)?;
    let fleet = create_fleet(stage, &format!("matches {version}"), &asset, "--host match", processes)?;
    wait_until_active(stage, &fleet)?;
    Ok(fleet)
}

/// Makes an alias that routes to a fleet.
pub(crate) fn route_alias(stage: &mut Stage<'_>, name: &str, fleet: &Fleet) -> Result<String> {
    let strategy = json!({"Type": "SIMPLE", "FleetId": fleet.id});
    let answer = stage.call("CreateAlias", json!({"Name": name, "RoutingStrategy": strategy}))?;
    need(&answer, "/Alias/AliasId")
}

/// Package, upload, asset: the id of an asset that fleets can use.
fn upload(stage: &mut Stage<'_>, version: &str) -> Result<String> {
    let region = stage.service().ready.region.clone();
    let key = format!("arena-{version}.zip");
    let zip = pack(stage, version, &key)?;

    let credentials = stage.call("GetUploadCredentials", json!({"AssetRegion": region, "BucketKey": key}))?;
    put(stage, &zip, &key, &credentials)?;

    let request = json!({
        "AssetName": "arena", "AssetVersion": version, "AssetRegion": region, "BucketKey": key,
        "OperateSystem": "CentOS7.16",
    });
    let answer = stage.call("CreateAsset", request)?;
    let asset = need(&answer, "/AssetId")?;
    let wait = Wait::until("the package is checked", Duration::from_secs(120));
    stage.wait("DescribeAsset", json!({"AssetId": asset}), &wait, |_, answer| {
        let state = text_of(answer, "/Asset/Stauts");
        Ok(match state.as_str() {
            "2" => Seen::Reached("Stauts 2, ready".to_owned()),
            "0" => Seen::Underway("Stauts 0, checking".to_owned()),
            _ => Seen::Hopeless(format!("Stauts {state}")),
        })
    })?;
    Ok(asset)
}

/// A zip of the game server, the same bytes whenever it is made of the same files.
fn pack(stage: &mut Stage<'_>, version: &str, key: &str) -> Result<PathBuf> {
    let content = stage.directory.join(format!("arena-{version}"));
    let zip = stage.directory.join(key);
    fs::create_dir_all(&content).with_context(|| format!("cannot make `{}`", content.display()))?;
    let program = stage.workspace.program("game-server")?;
    fs::copy(&program, content.join("game-server"))
        .context("cannot copy the game server into the package")?;
    fs::write(content.join("version.txt"), format!("{version}\n"))
        .context("cannot write the version file")?;

    let (from, to) = (Workspace::shown(&content), Workspace::shown(&zip));
    let command = format!("gse asset pack --dir {from} --out {to}");
    let arguments = ["asset", "pack", "--dir", &path(&content), "--out", &path(&zip)];
    run_gse(stage, &command, &command, &arguments)?;
    stage.answer(&format!("{key}  {}", megabytes(&zip)?));
    Ok(zip)
}

/// The signed PUT.
fn put(stage: &mut Stage<'_>, zip: &Path, key: &str, credentials: &Value) -> Result<()> {
    let bucket = need(credentials, "/BucketName")?;
    let authorization = need(credentials, "/BucketAuth")?;
    let objects = stage.service().ready.objects.clone();
    let shown = format!(
        "gse asset put --zip {} --bucket {bucket} --key {key} \\\n  --authorization \"$BucketAuth\" --objects {objects}",
        Workspace::shown(zip)
    );
    let arguments = [
        "asset",
        "put",
        "--zip",
        &path(zip),
        "--bucket",
        &bucket,
        "--key",
        key,
        "--authorization",
        &authorization,
        "--objects",
        &objects,
    ];
    run_gse(stage, &shown, &format!("gse asset put --bucket {bucket} --key {key}"), &arguments)?;
    stage.answer("uploaded");
    Ok(())
}

/// Runs a `gse` command that is not a cloud API call.
fn run_gse(stage: &mut Stage<'_>, shown: &str, recorded: &str, arguments: &[&str]) -> Result<()> {
    stage.show(shown);
    stage.waiting(arguments[1]);
    let output = Command::new(stage.workspace.program("gse")?)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .context("cannot start `gse`")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`gse {} {}` ended with {}\n{}", arguments[0], arguments[1], output.status, said.trim());
    }
    stage.record(Call::command(recorded, None));
    Ok(())
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn create_fleet(
    stage: &mut Stage<'_>,
    name: &str,
    asset: &str,
    parameters: &str,
    processes: u32,
) -> Result<Fleet> {
    let request = json!({
        "Name": name,
        "AssetId": asset,
        "InstanceType": "S5.LARGE8",
        "RuntimeConfiguration": {"ServerProcesses": [
            {"LaunchPath": LAUNCH_PATH, "Parameters": parameters, "ConcurrentExecutions": processes},
        ]},
        "InboundPermissions": [
            {"FromPort": 1025, "ToPort": 60000, "Protocol": "UDP", "IpRange": "0.0.0.0/0"},
        ],
    });
    let answer = stage.call("CreateFleet", request)?;
    let id = need(&answer, "/FleetAttributes/FleetId")?;
    stage.fleet_in_focus = Some(id.clone());
    Ok(Fleet { arn: need(&answer, "/FleetAttributes/FleetArn")?, id })
}

/// Waits until a fleet is ACTIVE, telling its events as they come.
pub(crate) fn wait_until_active(stage: &mut Stage<'_>, fleet: &Fleet) -> Result<()> {
    stage.fleet_in_focus = Some(fleet.id.clone());
    let what = format!("{} is ACTIVE", fleet.id);
    let wait = Wait { what: &what, deadline: FLEET_DEADLINE, told: true };
    let mut told = 0;
    stage.wait("DescribeFleetEvents", json!({"FleetId": fleet.id}), &wait, |stage, answer| {
        let events = list(answer, "/Events");
        let codes: Vec<String> = events.iter().rev().map(|event| text_of(event, "/EventCode")).collect();
        for code in codes.iter().skip(told) {
            stage.answer(code);
        }
        told = told.max(codes.len());
        let has = |code: &str| codes.iter().any(|seen| seen == code);
        let newest = codes.last().cloned().unwrap_or_default();
        Ok(if has("FLEET_STATE_ERROR") {
            Seen::Hopeless("FLEET_STATE_ERROR".to_owned())
        } else if has("FLEET_STATE_ACTIVE") {
            Seen::Reached(newest)
        } else {
            Seen::Underway(newest)
        })
    })?;
    let answer = stage.call("DescribeFleetAttributes", json!({"FleetIds": [fleet.id]}))?;
    match text_of(&answer, "/FleetAttributes/0/Status").as_str() {
        "ACTIVE" => Ok(()),
        other => bail!("the events say that `{}` is ACTIVE, its attributes say `{other}`", fleet.id),
    }
}
