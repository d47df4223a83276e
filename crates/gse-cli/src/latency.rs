//! `gse latency`: how far away each region is, as a game client measures it before it asks for a place.

use std::fmt::Write as _;

use clap::Args;
use gse_api::extension::{DescribeRegionsRequest, DescribeRegionsResponse};
use gse_client::latency::{Beacon, Measured, PROBES, measure, player_latencies};

use crate::call::Connection;
use crate::failure::Failure;

/// Measures how far away each region is.
#[derive(Debug, Args)]
pub(crate) struct LatencyArgs {
    /// Probes of each region; the slowest is dropped.
    #[arg(long, value_name = "COUNT", default_value_t = PROBES, value_parser = clap::value_parser!(u32).range(1..=20))]
    probes: u32,
    /// Prints PlayerLatencies as JSON, for StartGameServerSessionPlacement.
    #[arg(long)]
    json: bool,
    /// The player of the JSON.
    #[arg(long, value_name = "PLAYER_ID", default_value = "player-1", requires = "json")]
    player: String,
    #[command(flatten)]
    connection: Connection,
}

/// Asks where the beacons are, measures all of them at once, and prints.
pub(crate) async fn run(args: LatencyArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    let asked = client.extension(&DescribeRegionsRequest {}).await;
    let regions = asked.map_err(|error| args.connection.explain(error))?;
    let beacons: Vec<Beacon> = regions.regions.iter().filter_map(Beacon::of).collect();
    let measured = measure(&beacons, args.probes).await;
    if args.json {
        crate::print_json(&player_latencies(&args.player, &measured), false)
    } else {
        crate::print_text(&table(&regions, &measured))
    }
}

/// A line for each region that has a beacon, the nearest first; those that did not answer last.
fn table(regions: &DescribeRegionsResponse, measured: &[Measured]) -> String {
    let of = |name: &str| measured.iter().find(|one| one.region == name).map(|one| one.latency_ms);
    let mut rows: Vec<(Option<u64>, &str)> = regions
        .regions
        .iter()
        .filter(|region| region.udp_address.is_some() || region.ping_url.is_some())
        .map(|region| (of(&region.region), region.region.as_str()))
        .collect();
    rows.sort_by_key(|&(ms, name)| (ms.unwrap_or(u64::MAX), name));
    let width = rows.iter().map(|(_, name)| name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for (ms, name) in &rows {
        let shown = ms.map_or_else(|| "no answer".to_owned(), |ms| format!("{ms:>6} ms"));
        let _ = writeln!(out, "{name:<width$}  {shown}");
    }
    let without = regions.regions.len() - rows.len();
    if without > 0 {
        let _ =
            writeln!(out, "{without} more without a beacon (hint: `gse local --region REGION` makes one)");
    }
    out
}

#[cfg(test)]
mod tests {
    use gse_api::extension::RegionInfo;

    use super::*;

    #[test]
    fn the_nearest_comes_first_and_what_is_silent_last() {
        let region = |name: &str, udp: Option<&str>| RegionInfo {
            region: name.into(),
            udp_address: udp.map(Into::into),
            ping_url: None,
            condition: "up".into(),
            delay_ms: 0,
        };
        let regions = DescribeRegionsResponse {
            default_region: "ap-shanghai".into(),
            regions: vec![
                region("ap-shanghai", Some("127.0.0.1:1")),
                region("na-siliconvalley", Some("127.0.0.1:2")),
                region("ap-tokyo", Some("127.0.0.1:3")),
                region("eu-moscow", None),
            ],
        };
        let measured = |region: &str, latency_ms| Measured { region: region.into(), latency_ms };
        let told = table(&regions, &[measured("ap-shanghai", 120), measured("ap-tokyo", 7)]);
        assert_eq!(
            told,
            "ap-tokyo               7 ms\nap-shanghai          120 ms\nna-siliconvalley  no answer\n\
             1 more without a beacon (hint: `gse local --region REGION` makes one)\n"
        );
    }
}
