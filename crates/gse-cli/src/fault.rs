//! `gse fault`: makes a region or a fleet fail, to see what a failover does. A test hook: the service takes it from this
//! machine only.

use std::time::Duration;

use clap::{Args, Subcommand};
use gse_api::extension::SetFaultRequest;

use crate::call::Connection;
use crate::failure::Failure;

/// Makes a region or a fleet fail, to see what a failover does.
#[derive(Debug, Args)]
pub(crate) struct FaultArgs {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, Subcommand)]
enum Subject {
    /// A region: down (nothing is placed there, its beacon is silent), slow (its beacon answers later), up.
    Region {
        /// The region.
        #[arg(id = "subject", value_name = "REGION")]
        region: String,
        /// What becomes of it.
        #[arg(value_name = "down|up|slow")]
        fault: RegionFault,
        /// How much later the beacon of a slow region answers, such as `80ms`.
        #[arg(value_name = "DELAY", value_parser = parse_delay, required_if_eq("fault", "slow"))]
        delay: Option<Duration>,
        #[command(flatten)]
        connection: Connection,
    },
    /// A fleet: error. There is no way back; such a fleet can only be deleted.
    Fleet {
        /// The fleet.
        #[arg(value_name = "FLEET_ID")]
        fleet: String,
        /// What becomes of it.
        #[arg(value_name = "error")]
        fault: FleetFault,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum RegionFault {
    Down,
    Up,
    Slow,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FleetFault {
    Error,
}

fn parse_delay(text: &str) -> Result<Duration, String> {
    gse_core::clocks::parse_duration(text)
        .ok_or_else(|| "write a duration with a unit, such as `80ms`".to_owned())
}

/// Asks for it; says nothing when it was done.
pub(crate) async fn run(args: FaultArgs) -> Result<(), Failure> {
    let (request, connection) = request(args.subject);
    let client = connection.client()?;
    client.extension(&request).await.map_err(|error| connection.explain(error))?;
    Ok(())
}

fn request(subject: Subject) -> (SetFaultRequest, Connection) {
    match subject {
        Subject::Region { region, fault, delay, connection } => {
            let fault = match fault {
                RegionFault::Down => "down",
                RegionFault::Up => "up",
                RegionFault::Slow => "slow",
            };
            let delay_ms = delay.map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX));
            (
                SetFaultRequest { region: Some(region), fault: fault.into(), delay_ms, fleet_id: None },
                connection,
            )
        }
        Subject::Fleet { fleet, fault: FleetFault::Error, connection } => {
            let fault = "error".into();
            (SetFaultRequest { fleet_id: Some(fleet), fault, ..SetFaultRequest::default() }, connection)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        fault: FaultArgs,
    }

    fn read(words: &[&str]) -> Result<SetFaultRequest, String> {
        let words = std::iter::once(&"gse-fault").chain(words);
        let parsed = Program::try_parse_from(words).map_err(|error| error.to_string())?;
        Ok(request(parsed.fault.subject).0)
    }

    #[test]
    fn the_words_become_the_request() {
        let slow = read(&["region", "na-siliconvalley", "slow", "80ms"]).unwrap();
        assert_eq!((slow.fault.as_str(), slow.delay_ms), ("slow", Some(80)));
        let down = read(&["region", "na-siliconvalley", "down"]).unwrap();
        assert_eq!((down.region.as_deref(), down.fault.as_str()), (Some("na-siliconvalley"), "down"));
        let error = read(&["fleet", "fleet-1", "error"]).unwrap();
        assert_eq!((error.fleet_id.as_deref(), error.fault.as_str()), (Some("fleet-1"), "error"));
        for bad in [
            &["region", "ap-tokyo", "slow"][..],
            &["region", "ap-tokyo", "slow", "soon"],
            &["region", "ap-tokyo", "away"],
            &["fleet", "fleet-1", "down"],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
