//! `gse why`: asks the service for the reasons of what it decided, and prints them. The reasons and their words are the
//! service's.

mod placement;

use clap::{Args, Subcommand};

use crate::failure::Failure;

/// Says why something is as it is, with the numbers that it was decided by.
#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, Subcommand)]
enum Subject {
    /// Why a placement went where it went, or nowhere.
    Placement(placement::PlacementArgs),
}

/// Asks and prints.
pub(crate) async fn run(args: WhyArgs) -> Result<(), Failure> {
    match args.subject {
        Subject::Placement(args) => placement::run(args).await,
    }
}
