//! The gse program: `local` runs a service, `call`, `asset` and `doctor` use one.
//!
//! Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 refused or failed, 2 used wrongly,
//! 3 not reached.

mod asset;
mod call;
mod completion;
mod conformance;
mod declaration;
mod deploy;
mod doctor;
mod failure;
mod fault;
mod latency;
mod local;
mod service;
mod show;
mod why;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use serde::Serialize;

use failure::Failure;

/// A game server engine of one's own: places players in game servers, behind the GSE cloud API.
#[derive(Debug, Parser)]
#[command(name = "gse", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the whole service in one process, until it is told to stop.
    Local(local::LocalArgs),
    /// Calls one action of the cloud API and prints the answer.
    Call(call::CallArgs),
    /// Prints the completion script of a shell.
    Completion(completion::CompletionArgs),
    /// Packs and uploads game servers.
    Asset(asset::AssetArgs),
    /// Creates and updates what a file describes; nothing is deleted that it does not name.
    Apply(declaration::ApplyArgs),
    /// Prints the file that describes what exists.
    Export(declaration::ExportArgs),
    /// Takes a game server in any language through a life, and says what it does right and wrong.
    Conformance(conformance::ConformanceArgs),
    /// Updates what an alias leads to without downtime; run again after an interruption, it goes on.
    Deploy(deploy::DeployArgs),
    /// Says what is wrong with fleets, processes and sessions, why, and what to do.
    Doctor(doctor::DoctorArgs),
    /// Says why something is as it is, with the numbers that it was decided by.
    Why(why::WhyArgs),
    /// Measures how far away each region is, in the form of PlayerLatencies.
    Latency(latency::LatencyArgs),
    /// Makes a region or a fleet fail, to see what a failover does. For services on this machine.
    Fault(fault::FaultArgs),
    /// Shows the fleets with their instances and sessions.
    Fleets(show::fleets::FleetsArgs),
    /// Shows the instances of the fleets with their processes and sessions.
    Instances(show::instances::InstancesArgs),
    /// Shows game server sessions, newest first.
    Sessions(show::sessions::SessionsArgs),
    /// Shows the aliases and where they lead.
    Aliases(show::aliases::AliasesArgs),
    /// Shows the events of fleets, oldest first.
    Events(show::events::EventsArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse_from(call::unfold(std::env::args_os()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("cannot start the asynchronous runtime").map_err(Failure::from);
    let done = runtime.and_then(|runtime| runtime.block_on(run(cli.command)));
    match done {
        Ok(exit) => ExitCode::from(exit),
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(failure.exit)
        }
    }
}

/// The exit code of what was done.
async fn run(command: Command) -> Result<u8, Failure> {
    match command {
        Command::Local(args) => local::run(args).await.map_err(Failure::from)?,
        Command::Call(args) => call::run(args).await?,
        Command::Completion(args) => completion::run(&args)?,
        Command::Why(args) => why::run(args).await?,
        Command::Asset(args) => return asset::run(args).await,
        Command::Apply(args) => declaration::apply(args).await?,
        Command::Export(args) => declaration::export(args).await?,
        Command::Conformance(args) => return conformance::run(args).await,
        Command::Latency(args) => latency::run(args).await?,
        Command::Fault(args) => fault::run(args).await?,
        Command::Deploy(args) => return deploy::run(args).await,
        Command::Fleets(args) => show::fleets::run(args).await?,
        Command::Instances(args) => show::instances::run(args).await?,
        Command::Sessions(args) => show::sessions::run(args).await?,
        Command::Aliases(args) => show::aliases::run(args).await?,
        Command::Events(args) => show::events::run(args).await?,
        Command::Doctor(args) => return doctor::run(args).await,
    }
    Ok(0)
}

/// Text for stdout; a reader that hangs up is not an error.
fn print_text(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("cannot write to stdout").into())
        }
        _ => Ok(()),
    }
}

/// Data for stdout; a reader that hangs up is not an error.
fn print_json(data: &impl Serialize, compact: bool) -> Result<(), Failure> {
    let text = if compact { serde_json::to_string(data) } else { serde_json::to_string_pretty(data) };
    let text = text.context("cannot write the answer as JSON")?;
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("cannot write to stdout").into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
