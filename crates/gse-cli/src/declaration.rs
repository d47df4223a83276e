//! `gse apply` makes a service match a file, `gse export` writes the file that it matches. The file says what is to be;
//! `plan` decides what must change, and each round looks again, so an interrupted run is simply repeated.

mod carry_out;
mod document;
mod existing;
mod fleet;
mod plan;
mod read;
#[cfg(test)]
mod tests;
mod text;
mod timer;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use tokio::time::Instant;

use crate::asset::{Objects, build};
use crate::call::Connection;
use crate::failure::Failure;
use crate::service::Service;
use carry_out::Making;
use document::Document;
use existing::Existing;
use plan::{Change, Kind};

/// How long new fleets may take to become ACTIVE; a service gives up at its `fleet.deploy` before.
const DEPLOY_DEADLINE: Duration = Duration::from_secs(35 * 60);
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Creates and updates what a file describes; nothing is deleted that it does not name.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The file.
    #[arg(default_value = "gse.toml", value_name = "FILE")]
    file: PathBuf,
    /// Prints what would change, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Uploads builds of which `gse asset lint` says that they fail.
    #[arg(long)]
    no_lint: bool,
    /// Prints the changes as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    objects: Objects,
    #[command(flatten)]
    connection: Connection,
}

/// Prints the file that describes what exists.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    connection: Connection,
}

/// A file that was read.
struct Declared {
    text: String,
    /// As the user calls it.
    name: String,
    /// What the builds are named from.
    folder: PathBuf,
    document: Document,
    digests: Vec<Option<String>>,
    no_lint: bool,
}

impl Declared {
    fn read(path: &Path, no_lint: bool) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read `{name}`"))
            .map_err(Failure::usage)
            .map_err(|failure| failure.hint("`gse export > gse.toml` writes one of what exists"))?;
        let document = read::document(&text, &name)?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let packed = |dir: &String| build::packed(&folder.join(dir)).map(|packed| packed.digest);
        let digests = document.asset.iter().map(|asset| asset.dir.as_ref().map(packed).transpose());
        let digests = digests.collect::<Result<_, _>>()?;
        Ok(Self { text, name, folder, document, digests, no_lint })
    }

    /// What must change; everything that is wrong, with lines.
    fn plan(&self, existing: &Existing) -> Result<Vec<Change>, Failure> {
        plan::plan(&self.document, existing, &self.digests).map_err(|problems| {
            let told = problems.iter().map(|problem| {
                let line = read::line(&self.text, &problem.place);
                format!("{}:{line}: {}\n  hint: {}", self.name, problem.text, problem.hint)
            });
            Failure::usage(told.collect::<Vec<_>>().join("\n"))
        })
    }
}

/// Prints the differences, and makes them.
pub(crate) async fn apply(args: ApplyArgs) -> Result<(), Failure> {
    let objects = args.objects.url(&args.connection);
    let service = Service::new(args.connection)?;
    let declared = Declared::read(&args.file, args.no_lint)?;
    let existing = existing::read(&service).await?;
    let changes = declared.plan(&existing)?;
    if args.json {
        crate::print_json(&json!({ "changes": changes, "dry_run": args.dry_run }), false)?;
    } else {
        print(&text::changes(&changes))?;
    }
    if args.dry_run || changes.is_empty() {
        return Ok(());
    }
    make_all(&service, &objects, &declared, existing, changes).await?;
    eprintln!("all is as `{}` says", declared.name);
    Ok(())
}

/// Kind by kind, looking again after each: what was made has an id then, and a new fleet still needs its scaling.
async fn make_all(
    service: &Service,
    objects: &str,
    declared: &Declared,
    mut existing: Existing,
    mut changes: Vec<Change>,
) -> Result<(), Failure> {
    let mut made: Vec<Change> = Vec::new();
    while let Some(first) = changes.iter().map(order).min() {
        if first > (Kind::Fleet, false) {
            await_fleets(service, &declared.document).await?;
        }
        let making = Making {
            service,
            objects,
            folder: &declared.folder,
            no_lint: declared.no_lint,
            document: &declared.document,
            existing: &existing,
        };
        for change in changes.iter().filter(|change| order(change) == first) {
            if made.contains(change) {
                let text = format!("{} still differs after it was changed", text::title(change));
                return Err(
                    Failure::from(anyhow::Error::msg(text)).hint("`gse apply --dry-run` shows in what")
                );
            }
            eprintln!("{}", text::title(change));
            making.make(change).await?;
        }
        made.extend(changes.into_iter().filter(|change| order(change) == first));
        existing = existing::read(service).await?;
        changes = declared.plan(&existing)?;
    }
    Ok(())
}

/// Fleets are made before any is changed, so that all become ACTIVE at the same time.
fn order(change: &Change) -> (Kind, bool) {
    (change.kind, change.kind == Kind::Fleet && !change.is_new)
}

/// Until the fleets of the document can be scaled, and led to.
async fn await_fleets(service: &Service, document: &Document) -> Result<(), Failure> {
    let deadline = Instant::now() + DEPLOY_DEADLINE;
    let mut is_told = false;
    loop {
        let fleets = service.fleets().await?;
        let is_meant = |fleet: &&gse_api::types::FleetAttributes| {
            document.fleet.iter().any(|entry| {
                entry.id.as_ref().map_or(*entry.name.as_ref() == fleet.name, |id| *id == fleet.fleet_id)
            })
        };
        let mut waiting = fleets.iter().filter(is_meant).filter(|fleet| fleet.status != "ACTIVE");
        let Some(fleet) = waiting.next() else { return Ok(()) };
        if fleet.status == "ERROR" {
            return Err(crate::deploy::failed_fleet(service, &fleet.fleet_id).await);
        }
        if Instant::now() >= deadline {
            let text = format!("fleet `{}` is still {}", fleet.name, fleet.status);
            return Err(Failure::from(anyhow::Error::msg(text)).hint("`gse doctor` says what is stuck"));
        }
        if !is_told {
            eprintln!("waiting for fleet {} to become ACTIVE", fleet.name);
            is_told = true;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Prints the file.
pub(crate) async fn export(args: ExportArgs) -> Result<(), Failure> {
    let service = Service::new(args.connection)?;
    let existing = existing::read(&service).await?;
    for missing in &existing.not_said {
        eprintln!("not in the file: {missing}");
    }
    print(&text::file(&existing.document)?)
}

fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("cannot write to stdout").into())
        }
        _ => Ok(()),
    }
}
