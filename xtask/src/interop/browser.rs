//! The console in Chromium: the stories of `tests/interop/browser` against a `gse local` of their own, which has short
//! clocks and an account with a key. Pictures of the pages stay in `interop/console` of the target directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::json;

use super::chromium::{self, Chromium};
use super::install::{self, Cache, quiet};
use super::package;
use super::story::follow;
use crate::flow::record::Call;
use crate::flow::service::{self, Ready, Service};
use crate::flow::{Addresses, Stage};
use crate::processes::Logged;
use crate::workspace::Workspace;

/// Scaling is asked twice a second and a minute of it lasts a second. A browser on a busy machine may take longer than a
/// minute from a place to its player.
const SETTINGS: &[&str] = &[
    "health.interval=500ms",
    "launch.backoff.first=200ms",
    "scaling.tick=500ms",
    "scaling.minute=1s",
    "player.reserve=10m",
];
/// All stories take two minutes; this is for a very busy machine.
const DEADLINE: Duration = Duration::from_secs(1200);

/// What the stories need.
pub(super) struct Installed {
    modules: PathBuf,
    chromium: Chromium,
}

/// A line of a story.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Line {
    part: Option<String>,
    answer: Option<String>,
    failed: Option<String>,
    done: bool,
    pictures: u64,
}

pub(super) fn install(stage: &mut Stage<'_>, cache: &Cache) -> Result<Installed> {
    Ok(Installed { modules: install::browser(stage, cache)?, chromium: chromium::chromium(stage, cache)? })
}

/// Runs every story, or those that are named.
pub(super) fn drive(stage: &mut Stage<'_>, installed: &Installed, stories: &[String]) -> Result<()> {
    let zip = pack(stage)?;
    let directory = stage.directory.join("browser");
    let addresses = Addresses { settings: SETTINGS, ..Addresses::default() };
    stage.show(&format!("gse {}", Service::arguments("data", &addresses).join(" ")));
    let mut service = Service::start(&stage.workspace.program("gse")?, &directory, &addresses)?;
    stage.answer(&format!("{}/console", service.ready.api));
    let told = tell(stage, installed, &service.ready, &zip, stories);
    stage.waiting("the service ends what it launched");
    let stopped = service.stop();
    let left = service::left_over(&directory);
    service::kill_left_over(&directory);
    told.with_context(|| format!("the log of its service is `{}`", Workspace::shown(service.log())))?;
    stopped?;
    if !left.is_empty() {
        bail!("the service of the browser had left processes running, now killed: {left:?}");
    }
    Ok(())
}

/// The lobby that fleets of these stories run.
fn pack(stage: &mut Stage<'_>) -> Result<PathBuf> {
    let (folder, zip) = (stage.directory.join("lobby"), stage.directory.join("lobby.zip"));
    package::add(&stage.workspace.program("game-server")?, &folder.join("game-server"))?;
    let mut pack = Command::new(stage.workspace.program("gse")?);
    pack.args(["asset", "pack", "--dir"]).arg(&folder).arg("--out").arg(&zip);
    quiet(stage, "gse asset pack --dir lobby --out lobby.zip", &mut pack)?;
    Ok(zip)
}

fn tell(
    stage: &mut Stage<'_>,
    installed: &Installed,
    ready: &Ready,
    zip: &Path,
    stories: &[String],
) -> Result<()> {
    let pictures = stage.workspace.target().join("interop/console");
    let _ = fs::remove_dir_all(&pictures);
    fs::create_dir_all(&pictures).with_context(|| format!("cannot make `{}`", pictures.display()))?;
    let command = ["node tests/interop/browser/run.js"].into_iter().chain(stories.iter().map(String::as_str));
    let command = command.collect::<Vec<_>>().join(" ");
    stage.show(&command);
    let mut node = Command::new("node");
    node.arg(stage.workspace.root.join("tests/interop/browser/run.js"))
        .args(stories)
        .env("NODE_PATH", installed.modules.join("node_modules"))
        .env("INTEROP_ENDPOINT", &ready.api)
        .env("INTEROP_PACKAGE", zip)
        .env("INTEROP_PICTURES", &pictures)
        .env("INTEROP_HOME", stage.directory.join("browser"))
        .env("TENCENTCLOUD_REGION", &ready.region)
        .env("TENCENTCLOUD_SECRET_ID", &ready.secret_id)
        .env("TENCENTCLOUD_SECRET_KEY", &ready.secret_key);
    installed.chromium.prepare(&mut node);
    let mut story = Logged::start(&mut node, &stage.directory, "browser")?;
    let (mut taken, mut done) = (0, false);
    follow(stage, &command, &mut story, DEADLINE, |stage, line: Line| {
        if let Some(failed) = line.failed {
            bail!("{failed}");
        }
        if let Some(title) = line.part {
            stage.part(&title);
        }
        if let Some(text) = line.answer {
            stage.answer(&text);
        }
        taken += line.pictures;
        done |= line.done;
        Ok(())
    })?;
    if !done {
        bail!("`{command}` ended before its end");
    }
    stage.fact("pictures", taken);
    stage.answer(&format!("{taken} pictures of pages are in {}", Workspace::shown(&pictures)));
    stage.record(Call::command(command, Some(json!({ "pictures": taken }))));
    Ok(())
}
