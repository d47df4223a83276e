//! `gse deploy`: an update without downtime. What comes next is decided by `gse_core::deployment` from what there is in
//! the service; this looks, does it, waits, and tells. Killed anywhere, the same command goes on.

mod act;
mod look;
mod settings;
mod tell;
#[cfg(test)]
mod tests;

use std::{
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::Args;
use gse_core::{
    Timestamp,
    clocks::parse_duration,
    deployment::{self, AliasTarget, CanaryWish, Goal, Situation, Step},
};
use tokio::time::Instant;

use crate::{
    asset::{Objects, build},
    call::Connection,
    failure::Failure,
    service::Service,
};
use look::{Seen, Subject};
use settings::Settings;
pub(crate) use settings::{INSTANCE_TYPE, launch_path, open_to_players};
pub(crate) use tell::failed_fleet;

/// `StoppedActions` of a fleet whose policies rest.
const AUTO_SCALING: &str = "AUTO_SCALING";
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// What was looked at may have changed before it is acted upon; so often in a row that is no accident.
const REFUSALS: u32 = 5;

/// Updates what an alias leads to without downtime; run again after an interruption, it goes on.
#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    /// The build: the folder whose contents land at `/local/game/`.
    #[arg(long, value_name = "DIR", required_unless_present = "rollback")]
    asset: Option<PathBuf>,
    /// The alias that clients use; made if there is none of that name.
    #[arg(long, value_name = "NAME", value_parser = alias_name)]
    alias: String,
    /// Leads the alias back to the fleet before, as long as that was not deleted, and deletes the new one.
    #[arg(long, conflicts_with_all = ["asset", "keep", "asset_version"])]
    rollback: bool,
    /// Leaves the fleet before as it is; the next deployment takes it away.
    #[arg(long)]
    keep: bool,
    /// Leads so many of a hundred new sessions to the new fleet first; if one of them ends in ERROR, the alias stays
    /// where it is.
    #[arg(long, value_name = "PERCENT", conflicts_with = "rollback", value_parser = clap::value_parser!(u64).range(1..=99))]
    canary: Option<u64>,
    /// For so long.
    #[arg(long, value_name = "TIME", requires = "canary", value_parser = duration, default_value = "10m")]
    canary_time: Duration,
    /// The asset's version; the beginning of the package's digest if absent.
    #[arg(long, value_name = "TEXT")]
    asset_version: Option<String>,
    /// Matches of the fleet before may take so long (`90s`, `2h`), then the protection of the sessions decides; without
    /// it, any time.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    drain_time: Option<Duration>,
    /// Longest wait for anything but matches.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "35m")]
    wait_time: Duration,
    /// Uploads a build of which `gse asset lint` says that it fails.
    #[arg(long)]
    no_lint: bool,
    /// Prints a line of JSON for each step.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    objects: Objects,
    #[command(flatten)]
    connection: Connection,
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .ok_or_else(|| "expected a number above 0 with a unit, such as 90s, 5m or 2h".to_owned())
}

/// The name is the value of a tag, and in a filter.
fn alias_name(text: &str) -> Result<String, String> {
    match text.len() {
        1..=255 => Ok(text.to_owned()),
        _ => Err("expected a name of 1 to 255 bytes".to_owned()),
    }
}

/// A build on disk.
struct Build {
    folder: PathBuf,
    digest: String,
    version: Option<String>,
}

/// A deployment that runs.
struct Deployment {
    service: Service,
    objects: String,
    alias: String,
    goal: Goal,
    keep: bool,
    /// None for a rollback.
    build: Option<Build>,
    settings: Settings,
    canary: Option<CanaryWish>,
    drain_time: Option<Duration>,
    wait_time: Duration,
    /// Lines of JSON instead of sentences.
    json: bool,
    awaited: Option<String>,
    has_begun: bool,
    /// Where the alias led at the last look, or was led since.
    expected: Option<AliasTarget>,
    has_seen_canary: bool,
    no_lint: bool,
}

/// Runs until all is as it is wanted; the exit code.
pub(crate) async fn run(args: DeployArgs) -> Result<u8, Failure> {
    let objects = args.objects.url(&args.connection);
    let service = Service::new(args.connection)?;
    let build = match args.asset {
        Some(folder) => {
            let packed = build::packed(&folder)?;
            eprintln!("packed `{}`: {} files, {} bytes", folder.display(), packed.files, packed.bytes.len());
            Some(Build { folder, digest: packed.digest, version: args.asset_version })
        }
        None => None,
    };
    let deployment = Deployment {
        service,
        objects,
        alias: args.alias,
        goal: if args.rollback { Goal::RollBack } else { Goal::Update },
        keep: args.keep,
        build,
        settings: args.settings,
        canary: args.canary.map(|percent| CanaryWish { percent, seconds: args.canary_time.as_secs() }),
        drain_time: args.drain_time,
        wait_time: args.wait_time,
        json: args.json,
        awaited: None,
        has_begun: false,
        expected: None,
        has_seen_canary: false,
        no_lint: args.no_lint,
    };
    deployment.run().await
}

impl Deployment {
    async fn run(mut self) -> Result<u8, Failure> {
        let mut waiting: Option<(std::mem::Discriminant<Step>, Instant)> = None;
        let mut told: Option<Step> = None;
        let mut refusals = 0;
        loop {
            let seen = match self.look().await {
                Ok(seen) => seen,
                Err(failure) => {
                    refused(failure, &mut refusals).await?;
                    continue;
                }
            };
            let step = deployment::next(&self.situation(&seen));
            // These are told as errors.
            let is_error = !self.json
                && matches!(
                    step,
                    Step::Fail { .. }
                        | Step::CanaryFailed { .. }
                        | Step::NothingToRollBack
                        | Step::Overtaken { .. }
                );
            // Seconds that pass are no news.
            let counts_down = |step: &Step| matches!(step, Step::AwaitCanary { .. });
            let is_news = match &told {
                Some(earlier) => *earlier != step && !(counts_down(earlier) && counts_down(&step)),
                None => true,
            };
            if is_news && !is_error {
                tell::step(&step, &self.alias, self.json)?;
            }
            if step.waits() {
                let kind = std::mem::discriminant(&step);
                let since = match waiting {
                    Some((earlier, since)) if earlier == kind => since,
                    _ => Instant::now(),
                };
                self.check_patience(&step, since)?;
                waiting = Some((kind, since));
                tokio::time::sleep(POLL_INTERVAL).await;
            } else {
                waiting = None;
            }
            match self.take(&step, &seen).await {
                Ok(Some(exit)) => return Ok(exit),
                Ok(None) => refusals = 0,
                Err(failure) => refused(failure, &mut refusals).await?,
            }
            told = Some(step);
            self.has_begun = true;
        }
    }

    async fn look(&self) -> Result<Seen, Failure> {
        let digest = self.build.as_ref().map(|build| build.digest.as_str());
        look::look(&self.service, &Subject { alias: &self.alias, digest, settings: &self.settings }).await
    }

    fn situation(&self, seen: &Seen) -> Situation {
        let drained = seen.seconds_since_switch(now());
        Situation {
            goal: self.goal,
            keep: self.keep,
            alias: seen.target(),
            has_asset: seen.asset.is_some(),
            fleets: seen.fleets.clone(),
            awaited: self.awaited.clone(),
            has_begun: self.has_begun,
            canary: self.canary,
            canary_now: seen.canary.clone(),
            is_drain_overdue: self.drain_time.is_some_and(|time| drained >= time.as_secs()),
            expected: self.expected.clone(),
            has_seen_canary: self.has_seen_canary,
        }
    }

    /// Everything but a match ends within a time that is known.
    fn check_patience(&self, step: &Step, since: Instant) -> Result<(), Failure> {
        let waits_for_players = matches!(step, Step::AwaitMatches { .. } | Step::AwaitCanary { .. });
        if waits_for_players || since.elapsed() < self.wait_time {
            return Ok(());
        }
        let error = format!("still {} after {:?}", tell::sentence(step, &self.alias), self.wait_time);
        Err(Failure::from(anyhow::Error::msg(error))
            .hint("`gse doctor` says what is stuck; run the command again to go on, or with --rollback"))
    }

    /// Does what the step says; the exit code when it is the last.
    async fn take(&mut self, step: &Step, seen: &Seen) -> Result<Option<u8>, Failure> {
        self.expected = Some(seen.target());
        match step {
            Step::Upload => self.upload(seen).await?,
            Step::CreateFleet { copy_of } => {
                let fleet = self.create_fleet(seen, copy_of.as_deref()).await?;
                self.awaited = Some(fleet);
            }
            Step::AwaitActive { fleet } => self.awaited = Some(fleet.clone()),
            Step::StartScaling { fleet } => self.scale_automatically(fleet, true).await?,
            Step::StopScaling { fleet } => self.scale_automatically(fleet, false).await?,
            Step::Grow { fleet, min, desired } => self.resize(fleet, *min, *desired).await?,
            Step::Shrink { fleet, desired } => self.resize(fleet, 0, *desired).await?,
            Step::CreateAlias { fleet: to } | Step::Switch { to, .. } => {
                self.switch(seen, to).await?;
                self.expected = Some(AliasTarget::Fleet(to.clone()));
            }
            Step::Delete { fleet } => self.delete(fleet).await?,
            Step::Fail { fleet } => return Err(tell::failed_fleet(&self.service, fleet).await),
            Step::NothingToRollBack => return Err(tell::nothing_to_roll_back(&self.alias, seen)),
            Step::Overtaken { .. } => {
                let error = tell::sentence(step, &self.alias);
                return Err(Failure::from(anyhow::Error::msg(error)).hint(
                    "one deployment of an alias at a time: when the other one is done, run the command again",
                ));
            }
            Step::Done { .. } => return Ok(Some(0)),
            Step::StartCanary { fleet, percent } => self.set_canary(seen, Some((fleet, *percent))).await?,
            Step::StopCanary => self.set_canary(seen, None).await?,
            Step::CanaryFailed { .. } => {
                self.set_canary(seen, None).await?;
                let error = tell::sentence(step, &self.alias);
                return Err(Failure::from(anyhow::Error::msg(error)).hint(
                    "all new sessions go to the fleet before again; `gse doctor` says what is wrong, \
                     `--rollback` takes the new fleet away",
                ));
            }
            Step::AwaitCanary { .. } => self.has_seen_canary = true,
            Step::AwaitInstances { .. } | Step::AwaitMatches { .. } | Step::AwaitDeleted { .. } => {}
        }
        Ok(None)
    }
}

/// A fleet that goes away, or gets an instance, between looking and acting: looked at again some times.
async fn refused(failure: Failure, refusals: &mut u32) -> Result<(), Failure> {
    let changed = ["ResourceNotFound", "ResourceUnavailable", "ResourceInUse"];
    *refusals += 1;
    if *refusals >= REFUSALS || !failure.code().is_some_and(|code| changed.contains(&code)) {
        return Err(failure);
    }
    tokio::time::sleep(POLL_INTERVAL).await;
    Ok(())
}

fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
