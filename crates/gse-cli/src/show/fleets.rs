//! `gse fleets`.

use clap::Args;
use gse_api::types::{
    DescribeFleetUtilizationRequest, FleetAttributes, FleetCapacity, FleetUtilization, InstanceCounts,
};
use serde::Serialize;

use super::{Showing, Table, age, now, show};
use crate::failure::Failure;
use crate::service::Service;

/// Shows the fleets with their instances and sessions.
#[derive(Debug, Args)]
pub(crate) struct FleetsArgs {
    #[command(flatten)]
    showing: Showing,
}

/// A fleet with what other actions tell of it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Fleet {
    #[serde(flatten)]
    attributes: FleetAttributes,
    capacity: Option<FleetCapacity>,
    utilization: Option<FleetUtilization>,
}

pub(crate) async fn run(args: FleetsArgs) -> Result<(), Failure> {
    let json = args.showing.json;
    let service = Service::new(args.showing.connection)?;
    let attributes = service.fleets().await?;
    let ids: Vec<String> = attributes.iter().map(|fleet| fleet.fleet_id.clone()).collect();
    let mut capacities = service.capacities(ids.clone()).await?;
    let mut utilizations = match ids.is_empty() {
        true => vec![],
        false => {
            let request = DescribeFleetUtilizationRequest { fleet_ids: ids };
            service.call(&request).await?.fleet_utilization
        }
    };
    let fleets: Vec<Fleet> = attributes
        .into_iter()
        .map(|attributes| {
            let id = &attributes.fleet_id;
            let capacity = capacities.iter().position(|other| other.fleet_id == *id);
            let utilization = utilizations.iter().position(|other| other.fleet_id == *id);
            Fleet {
                capacity: capacity.map(|at| capacities.swap_remove(at)),
                utilization: utilization.map(|at| utilizations.swap_remove(at)),
                attributes,
            }
        })
        .collect();
    let hint = "`gse deploy --asset DIR --alias NAME` makes one of a build";
    show(json, &fleets, &table(&fleets), "there are no fleets", hint)
}

fn table(fleets: &[Fleet]) -> Table {
    let titles = ["FLEET", "NAME", "STATUS", "INSTANCES", "SCALING", "SESSIONS", "PLAYERS", "AGE"];
    let (mut table, now) = (Table::new(&titles), now());
    for Fleet { attributes, capacity, utilization } in fleets {
        let counts = capacity.as_ref().and_then(|capacity| capacity.instance_counts.as_ref());
        let used = utilization.as_ref();
        table.row([
            attributes.fleet_id.clone(),
            attributes.name.clone(),
            attributes.status.clone(),
            counts.map_or("-".into(), instances),
            counts.map_or("-".into(), |counts| scaling(counts, attributes)),
            used.map_or("-".into(), |used| used.active_game_server_session_count.to_string()),
            used.map_or("-".into(), |used| {
                format!("{}/{}", used.current_player_session_count, used.maximum_player_session_count)
            }),
            age(&attributes.creation_time, now),
        ]);
    }
    table
}

/// Active of desired, and what is on its way.
pub(super) fn instances(counts: &InstanceCounts) -> String {
    let mut text = format!("{}/{}", counts.active, counts.desired);
    for (count, sign) in [(counts.pending, '+'), (counts.terminating, '-')] {
        if count > 0 {
            text += &format!(" {sign}{count}");
        }
    }
    text
}

fn scaling(counts: &InstanceCounts, fleet: &FleetAttributes) -> String {
    let mode = if fleet.stopped_actions.is_empty() { "auto" } else { "manual" };
    format!("{}-{} {mode}", counts.mini_num, counts.maxi_num)
}
