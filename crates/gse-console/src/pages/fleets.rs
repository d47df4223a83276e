//! The list of fleets (operations.md 8.3).

use std::collections::BTreeMap;

use gse_api::types as wire;
use maud::{Markup, html};

use super::{ROWS, list_filters, name_and_tag_filters};
use crate::cloud::Refusal;
use crate::html::{act, named, pager, status, table, tags, time};
use crate::page::Page;
use crate::text;
use crate::visit::{Visit, escaped};

/// The quota of fleets.
const FLEETS: u64 = 2;

pub(super) async fn list(v: &Visit) -> Result<Page, Refusal> {
    let (found, quota) = tokio::join!(fleets(v), super::quota(v, FLEETS));
    let (fleets, total) = found?;
    let ids: Vec<String> = fleets.iter().map(|fleet| fleet.fleet_id.clone()).collect();
    let (capacities, loads) = if ids.is_empty() { Default::default() } else { counts(v, ids).await? };
    let rows: Vec<_> = fleets
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
        div.head.list { h1 { (v.t(text::FLEETS)) } (act(v, text::CREATE, "CreateFleet", &[])) }
        (quota)
        (list_filters(v, &html! {}))
        p.small { (v.t(text::INSTANCES)) (v.t(text::live::COLON)) (v.t(text::INSTANCES_NOTE)) }
        (table(v, &columns, &rows))
        (pager(v, rows.len(), ROWS, total))
    };
    Ok(Page::live(v.t(text::FLEETS), body))
}

/// The fleets of this page, and how many there are. Names and tags are looked for by ListFleets, which answers ids.
async fn fleets(v: &Visit) -> Result<(Vec<wire::FleetAttributes>, u64), Refusal> {
    let mut request = wire::DescribeFleetAttributesRequest { limit: Some(ROWS), ..Default::default() };
    let Some(filters) = name_and_tag_filters(v) else {
        request.offset = Some(v.offset());
        let answer = v.cloud.call(&request).await?;
        return Ok((answer.fleet_attributes, answer.total_count));
    };
    let list = wire::ListFleetsRequest { filters: Some(filters), ..Default::default() };
    let ids = v.cloud.call(&list).await?.fleet_ids;
    let (total, offset) = (ids.len() as u64, usize::try_from(v.offset()).unwrap_or(usize::MAX));
    let shown: Vec<String> = ids.into_iter().skip(offset).take(ROWS as usize).collect();
    if shown.is_empty() {
        return Ok((Vec::new(), total));
    }
    request.fleet_ids = Some(shown);
    Ok((v.cloud.call(&request).await?.fleet_attributes, total))
}

type Counts = (BTreeMap<String, wire::FleetCapacity>, BTreeMap<String, wire::FleetUtilization>);

async fn counts(v: &Visit, ids: Vec<String>) -> Result<Counts, Refusal> {
    let capacities = wire::DescribeFleetCapacityRequest {
        fleet_ids: ids.clone(),
        limit: Some(ROWS),
        ..Default::default()
    };
    let loads = wire::DescribeFleetUtilizationRequest { fleet_ids: ids };
    let (capacities, loads) = tokio::try_join!(v.cloud.call(&capacities), v.cloud.call(&loads))?;
    let capacities = capacities.fleet_capacity.into_iter();
    let loads = loads.fleet_utilization.into_iter();
    Ok((
        capacities.map(|capacity| (capacity.fleet_id.clone(), capacity)).collect(),
        loads.map(|load| (load.fleet_id.clone(), load)).collect(),
    ))
}

/// A protection policy in words; the minutes where they count.
pub(super) fn protection(v: &Visit, policy: &str, minutes: u64) -> String {
    let name = match policy {
        "NoProtection" => text::NO_PROTECTION,
        "TimeLimitProtection" => text::TIME_LIMIT_PROTECTION,
        "FullProtection" => text::FULL_PROTECTION,
        other => return other.to_owned(),
    };
    match policy {
        "TimeLimitProtection" => format!("{}, {minutes} {}", v.t(name), v.t(text::MINUTES)),
        _ => v.t(name).to_owned(),
    }
}

fn row(
    v: &Visit,
    fleet: &wire::FleetAttributes,
    capacity: Option<&wire::FleetCapacity>,
    load: Option<&wire::FleetUtilization>,
) -> Vec<Markup> {
    let counts = capacity.and_then(|capacity| capacity.instance_counts.clone()).unwrap_or_default();
    let load = load.cloned().unwrap_or_default();
    let place = format!("/console/fleets/{}", escaped(&fleet.fleet_id));
    let limit = fleet.game_server_session_protection_time_limit;
    vec![
        named(&place, &fleet.fleet_id, &fleet.name),
        status(v, &fleet.status),
        html! {
            @if fleet.asset_id.is_empty() { "–" } @else {
                a href={ "/console/assets/" (escaped(&fleet.asset_id)) } { code { (fleet.asset_id) } }
            }
        },
        html! { code { (fleet.instance_type) } },
        html! {
            span.counts { (counts.active) " / " (counts.desired) " (" (counts.mini_num) "–" (counts.maxi_num) ")" }
        },
        html! { (load.active_game_server_session_count) },
        html! { (load.active_server_process_count) },
        html! { (load.current_player_session_count) " / " (load.maximum_player_session_count) },
        html! { (protection(v, &fleet.new_game_server_session_protection_policy, limit)) },
        tags(&fleet.tags),
        time(&fleet.creation_time),
        html! {
            a.button href=(place) { (v.t(text::VIEW)) } " "
            (act(v, text::COPY, "CopyFleet", &[("FleetId", &fleet.fleet_id)])) " "
            a.button href={ (place) "/delete" } { (v.t(text::DELETE)) }
        },
    ]
}
