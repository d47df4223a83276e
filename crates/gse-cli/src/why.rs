//! `gse why`: asks the service for the reasons of what it decided, and prints them. The reasons and their words are the
//! service's (`gse_core::capacity::decision`, `gse_core::placement::trace`,
//! `gse_core::timeline`).

mod placement;
mod session;

use std::fmt::Write as _;
use std::io::{self, Write as _};

use clap::{Args, Subcommand};
use gse_api::extension::{ExplainFleetCapacityRequest, ExplainFleetCapacityResponse};

use crate::call::Connection;
use crate::doctor::wrapped;
use crate::failure::Failure;

#[cfg(test)]
mod tests;

/// Says why something is as it is, with the numbers that it was decided by.
#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, Subcommand)]
enum Subject {
    /// Why a fleet has as many instances as it has.
    Fleet(FleetArgs),
    /// Why a placement went where it went, or nowhere.
    Placement(placement::PlacementArgs),
    /// Where the time of a game server session went, from its request to the first tick.
    Session(session::SessionArgs),
}

#[derive(Debug, Args)]
struct FleetArgs {
    /// The fleet.
    #[arg(value_name = "FLEET_ID")]
    fleet: String,
    /// Prints so many of the latest decisions.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    decisions: usize,
    /// Prints the reasons as JSON, with all inputs as numbers.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Asks and prints.
pub(crate) async fn run(args: WhyArgs) -> Result<(), Failure> {
    match args.subject {
        Subject::Fleet(args) => fleet(args).await,
        Subject::Placement(args) => placement::run(args).await,
        Subject::Session(args) => session::run(args).await,
    }
}

async fn fleet(args: FleetArgs) -> Result<(), Failure> {
    let request = ExplainFleetCapacityRequest { fleet_id: args.fleet };
    let client = args.connection.client()?;
    let answer = client.extension(&request).await.map_err(|error| args.connection.explain(error))?;
    if args.json {
        return crate::print_json(&answer, false);
    }
    match io::stdout().write_all(text(&answer, args.decisions).as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("cannot write to stdout").into())
        }
        _ => Ok(()),
    }
}

const WIDTH: usize = 100;

/// The sentences, then the latest decisions.
fn text(answer: &ExplainFleetCapacityResponse, decisions: usize) -> String {
    let mut out = String::new();
    let mut item = |mark: &str, text: &str| {
        for (number, line) in wrapped(text, WIDTH - 2).iter().enumerate() {
            let _ = writeln!(out, "{}{line}", if number == 0 { mark } else { "  " });
        }
    };
    for sentence in &answer.sentences {
        item("", sentence);
    }
    let kept = answer.decisions.len();
    if kept > 0 && decisions > 0 {
        let shown = decisions.min(kept);
        item(
            "",
            &format!("the latest {shown} of {kept} decisions that are kept, newest first, times in UTC:"),
        );
        for decision in answer.decisions.iter().take(shown) {
            item("- ", &decision.text);
        }
    }
    out
}
