//! Writes what is generated and committed: gRPC stubs, cloud API types, and the pages of coverage and differences.
//!
//! `cargo run -p codegen` writes, `cargo run -p codegen -- --check` compares and fails on a difference.
//! A package of its own, so that the heavy generators stay out of `xtask` and out of every build.
//! Not here: what is generated; each generator has its own file.

mod cloud_api;
mod coverage;
mod proto;
mod tree;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};

const USAGE: &str = "usage: codegen [--check] [--only proto|cloud-api|coverage]";

/// A generator: in a check it returns the files that are stale, otherwise the files that it changed.
type Generator = fn(&Path, bool) -> anyhow::Result<Vec<PathBuf>>;

const GENERATORS: [(&str, Generator); 3] =
    [("proto", proto::run), ("cloud-api", cloud_api::run), ("coverage", coverage::run)];

#[derive(Debug, Default)]
struct Flags {
    check: bool,
    only: Option<String>,
}

fn main() -> ExitCode {
    match run(env::args().skip(1)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    let flags = parse(args)?;
    let root = root()?;
    let mut files = Vec::new();
    for (name, generator) in GENERATORS {
        if flags.only.as_ref().is_none_or(|only| only == name) {
            let found =
                generator(&root, flags.check).with_context(|| format!("generator `{name}` failed"))?;
            files.extend(found);
        }
    }
    let verb = if flags.check { "stale" } else { "wrote" };
    for file in &files {
        eprintln!("{verb}: {}", file.strip_prefix(&root).unwrap_or(file).display());
    }
    if flags.check && !files.is_empty() {
        eprintln!("hint: run `cargo run -p codegen` and commit the result");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn parse(mut args: impl Iterator<Item = String>) -> anyhow::Result<Flags> {
    let mut flags = Flags::default();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--check" => flags.check = true,
            "--only" => {
                let name = args.next().with_context(|| format!("`--only` needs a name; hint: {USAGE}"))?;
                if !GENERATORS.iter().any(|(known, _)| *known == name) {
                    bail!("unknown generator `{name}`; hint: {USAGE}");
                }
                flags.only = Some(name);
            }
            other => bail!("unknown argument `{other}`; hint: {USAGE}"),
        }
    }
    Ok(flags)
}

/// The folder that holds the workspace: two above this package.
fn root() -> anyhow::Result<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .context("`CARGO_MANIFEST_DIR` is not set; hint: start this program with `cargo run -p codegen`")?;
    let root = Path::new(&package).join("../..");
    root.canonicalize().with_context(|| format!("cannot find the workspace at `{}`", root.display()))
}

#[cfg(test)]
mod tests;
