//! The list of fleets (operations.md 8.3).

use std::collections::BTreeMap;

use gse_api::types as wire;
use maud::{Markup, html};

use super::ROWS;
use crate::cloud::Refusal;
use crate::html::{act, named, pager, plain, status, table, tags, time};
use crate::page::Page;
use crate::text;
use crate::visit::{Visit, escaped};

/// The quota of fleets.
const FLEETS: u64 = 2;

pub(super) async fn list(v: &Visit) -> Result<Page, Refusal> {
    let request = wire::DescribeFleetAttributesRequest {
        limit: Some(ROWS),
        offset: Some(v.offset()),
        ..Default::default()
    };
    let fleets = v.cloud.call(&request).await?;
    let ids: Vec<String> = fleets.fleet_attributes.iter().map(|fleet| fleet.fleet_id.clone()).collect();
    let (capacities, loads) = if ids.is_empty() { Default::default() } else { counts(v, ids).await? };
    let rows: Vec<_> = fleets
        .fleet_attributes
        .iter()
        .map(|fleet| row(v, fleet, capacities.get(&fleet.fleet_id), loads.get(&fleet.fleet_id)))
        .collect();
    let columns = [
        text::ID_NAME,
        text::STATUS,
        text::ASSET,
        text::INSTANCE_TYPE,
        text::INSTANCES,
        text::SESSIONS,
        text::PROCESSES,
        text::PLAYERS,
        text::PROTECTION,
        text::TAGS,
        text::CREATED,
        text::OPERATIONS,
    ];
    let body = html! {
        div.head { h1 { (v.t(text::FLEETS)) } (act(v, text::CREATE, "CreateFleet", &[])) }
        (super::quota(v, FLEETS).await)
        p.small { (v.t(text::INSTANCES)) ": " (v.t(text::INSTANCES_NOTE)) }
        (table(v, &columns, &rows))
        (pager(v, rows.len(), ROWS, fleets.total_count))
    };
    Ok(Page::live(v.t(text::FLEETS), body))
}

type Counts = (BTreeMap<String, wire::FleetCapacity>, BTreeMap<String, wire::FleetUtilization>);

async fn counts(v: &Visit, ids: Vec<String>) -> Result<Counts, Refusal> {
    let request = wire::DescribeFleetCapacityRequest {
        fleet_ids: ids.clone(),
        limit: Some(ROWS),
        ..Default::default()
    };
    let capacities = v.cloud.call(&request).await?.fleet_capacity;
    let request = wire::DescribeFleetUtilizationRequest { fleet_ids: ids };
    let loads = v.cloud.call(&request).await?.fleet_utilization;
    Ok((
        capacities.into_iter().map(|capacity| (capacity.fleet_id.clone(), capacity)).collect(),
        loads.into_iter().map(|load| (load.fleet_id.clone(), load)).collect(),
    ))
}

fn row(
    v: &Visit,
    fleet: &wire::FleetAttributes,
    capacity: Option<&wire::FleetCapacity>,
    load: Option<&wire::FleetUtilization>,
) -> Vec<Markup> {
    let counts = capacity.and_then(|capacity| capacity.instance_counts.clone()).unwrap_or_default();
    let load = load.cloned().unwrap_or_default();
    let asset = &fleet.asset_id;
    vec![
        named(&format!("/console/fleets/{}", escaped(&fleet.fleet_id)), &fleet.fleet_id, &fleet.name),
        status(&fleet.status),
        html! { code { (asset) } },
        plain(&fleet.instance_type),
        html! { (counts.active) " / " (counts.desired) " (" (counts.mini_num) "–" (counts.maxi_num) ")" },
        html! { (load.active_game_server_session_count) },
        html! { (load.active_server_process_count) },
        html! { (load.current_player_session_count) " / " (load.maximum_player_session_count) },
        plain(&fleet.new_game_server_session_protection_policy),
        tags(&fleet.tags),
        time(&fleet.creation_time),
        html! {
            (act(v, text::COPY, "CopyFleet", &[("FleetId", &fleet.fleet_id)])) " "
            a.button href={ "/console/fleets/" (escaped(&fleet.fleet_id)) "/delete" } { (v.t(text::DELETE)) }
        },
    ]
}
