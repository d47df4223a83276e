//! `gse asset lint`: says what will go wrong with a build before it is uploaded. What is wrong is decided by
//! `gse_core::package::lint`.

use std::path::{Path, PathBuf};

use clap::Args;
use gse_agent::inspection;
use gse_core::package::lint::{Finding, Level, lint};
use serde_json::json;

use crate::failure::Failure;

/// Exit code when a fleet of the build would fail.
const FOUND: u8 = 1;

/// Says what will go wrong with a build, before it is uploaded.
#[derive(Debug, Args)]
pub(super) struct LintArgs {
    /// The folder whose contents land at `/local/game/`.
    #[arg(long)]
    dir: PathBuf,
    /// What the fleet launches, from the root of the build; may be given many times.
    #[arg(long, value_name = "PATH")]
    launch: Vec<String>,
    /// Prints the findings as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: LintArgs) -> Result<u8, Failure> {
    let launch = args.launch.iter().map(|path| crate::deploy::launch_path(path)).collect();
    let findings = findings(&args.dir, launch)?;
    if args.json {
        let findings: Vec<_> = findings
            .iter()
            .map(|one| json!({"Level": level(one), "Rule": one.rule, "Text": one.text, "Hint": one.hint}))
            .collect();
        crate::print_json(&findings, false)?;
    } else if findings.is_empty() {
        println!("nothing is wrong with `{}`", args.dir.display());
    } else {
        println!("{}", text(&findings));
    }
    Ok(if has_errors(&findings) { FOUND } else { 0 })
}

/// Before an upload: warnings are told, errors refuse it.
///
/// # Errors
/// What makes a fleet of the build fail.
pub(crate) fn check(folder: &Path, launch: Vec<String>) -> Result<(), Failure> {
    let findings = findings(folder, launch)?;
    let (errors, warnings): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| finding.level == Level::Error);
    if !warnings.is_empty() {
        eprintln!("{}", text(&warnings));
    }
    if errors.is_empty() {
        return Ok(());
    }
    let error = format!("a fleet of `{}` would fail\n{}", folder.display(), text(&errors));
    Err(Failure::usage(error).hint("`--no-lint` uploads it all the same"))
}

fn findings(folder: &Path, launch: Vec<String>) -> Result<Vec<Finding>, Failure> {
    let build = inspection::folder(folder, launch);
    let build = build
        .map_err(|(path, error)| Failure::usage(format!("cannot read `{}`: {error}", path.display())))?;
    Ok(lint(&build))
}

fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.level == Level::Error)
}

fn level(finding: &Finding) -> &'static str {
    match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

fn text(findings: &[Finding]) -> String {
    let one = |finding: &Finding| {
        format!("{}: {} ({})\n  hint: {}", level(finding), finding.text, finding.rule, finding.hint)
    };
    findings.iter().map(one).collect::<Vec<_>>().join("\n")
}
