//! `gse instances`.

use clap::Args;
use gse_api::types::{DescribeInstancesExtendRequest, InstanceExtend};

use super::{Showing, Table, age, now, show};
use crate::failure::Failure;
use crate::service::{Service, all};

/// Instances of a page.
const PAGE: i64 = 100;

/// Shows the instances of the fleets with their processes and sessions.
#[derive(Debug, Args)]
pub(crate) struct InstancesArgs {
    /// Only of this fleet.
    #[arg(long, value_name = "FLEET_ID")]
    fleet: Option<String>,
    #[command(flatten)]
    showing: Showing,
}

pub(crate) async fn run(args: InstancesArgs) -> Result<(), Failure> {
    let json = args.showing.json;
    let service = Service::new(args.showing.connection)?;
    let fleets = match args.fleet {
        Some(fleet) => vec![fleet],
        None => service.fleets().await?.into_iter().map(|fleet| fleet.fleet_id).collect(),
    };
    let mut instances: Vec<InstanceExtend> = Vec::new();
    for fleet in &fleets {
        instances.extend(of_fleet(&service, fleet).await?);
    }
    let hint = "`gse fleets` shows how many are desired, `gse events` why one went";
    show(json, &instances, &table(&instances), "there are no instances", hint)
}

async fn of_fleet(service: &Service, fleet: &str) -> Result<Vec<InstanceExtend>, Failure> {
    all(|offset| {
        let request = DescribeInstancesExtendRequest {
            fleet_id: fleet.to_owned(),
            limit: PAGE,
            offset: offset.cast_signed(),
            ..DescribeInstancesExtendRequest::default()
        };
        async move {
            let answer = service.call(&request).await?;
            Ok((answer.instances, answer.total_count.unsigned_abs()))
        }
    })
    .await
}

fn table(instances: &[InstanceExtend]) -> Table {
    let titles =
        ["INSTANCE", "FLEET", "STATE", "PROCESSES", "SESSIONS", "PLAYERS", "WEIGHT", "ADDRESS", "AGE"];
    let (mut table, now) = (Table::new(&titles), now());
    for extended in instances {
        let instance = extended.instance.clone().unwrap_or_default();
        let reserved = if instance.reserve_value == 0 { "" } else { " reserved" };
        table.row([
            instance.instance_id,
            instance.fleet_id,
            format!("{}{reserved}", extended.state),
            format!("{}/{}", extended.healthy_process_cnt, extended.active_process_cnt),
            format!("{}/{}", extended.game_session_cnt, extended.max_game_session_cnt),
            format!("{}/{}", extended.player_session_cnt, extended.max_player_session_cnt),
            instance.weight.to_string(),
            instance.ip_address,
            age(&instance.create_time, now),
        ]);
    }
    table
}
