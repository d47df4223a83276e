//! A fleet: the header and the tabs of operations.md 8.4.

use gse_api::types as wire;
use maud::{Markup, html};

use super::{diagnosis, events, instances, scaling, sessions};
use crate::cloud::Refusal;
use crate::html::{act, fields, id, plain, status, table, tags, time};
use crate::language::Text;
use crate::page::{Outcome, Page};
use crate::text;
use crate::visit::{Visit, escaped};

const TABS: &[(&str, Text)] = &[
    ("basics", text::BASICS),
    ("events", text::EVENTS),
    ("instances", text::INSTANCES),
    ("scaling", text::SCALING),
    ("sessions", text::GAME_SERVER_SESSIONS),
    ("processes", text::PROCESS_MANAGEMENT),
    ("ports", text::PORTS),
    ("asset", text::ASSET),
    ("diagnosis", text::live::FINDINGS),
];

pub(super) async fn show(v: &Visit, fleet: &str, tab: &str) -> Result<Outcome, Refusal> {
    let request = wire::DescribeFleetAttributesRequest {
        fleet_ids: Some(vec![fleet.to_owned()]),
        ..Default::default()
    };
    let found = v.cloud.call(&request).await?.fleet_attributes.into_iter().next();
    let Some(fleet) = found else { return Ok(Outcome::NotFound) };
    if tab == "delete" {
        return delete(v, &fleet).await;
    }
    let body = match tab {
        "basics" => basics(v, &fleet).await?,
        "diagnosis" => diagnosis::of_fleet(v, &fleet.fleet_id).await,
        "events" => events::tab(v, &fleet.fleet_id).await?,
        "instances" => instances::tab(v, &fleet.fleet_id).await?,
        "scaling" => scaling::tab(v, &fleet.fleet_id).await?,
        "sessions" => sessions::tab(v, &fleet).await?,
        "processes" => processes(v, &fleet).await?,
        "ports" => ports(v, &fleet.fleet_id).await?,
        "asset" => asset(v, &fleet).await?,
        _ => return Ok(Outcome::NotFound),
    };
    let base = format!("/console/fleets/{}", escaped(&fleet.fleet_id));
    let page = html! {
        div.head {
            h1 { bdi.user { (fleet.name) } " " (status(&fleet.status)) }
            div {
                (act(v, text::COPY, "CopyFleet", &[("FleetId", &fleet.fleet_id)])) " "
                a.button href={ (base) "/delete" } { (v.t(text::DELETE)) }
            }
        }
        p { code { (fleet.fleet_id) } }
        nav.tabs aria-label=(v.t(text::FLEET)) {
            @for (name, label) in TABS {
                a href={ (base) "/" (name) } aria-current=[(*name == tab).then_some("page")] { (v.t(*label)) }
            }
        }
        (body)
    };
    let title = format!("{} – {}", fleet.name, v.t(text::FLEET));
    // Everything in the fleet is looked at for a diagnosis: when somebody asks, and not every other second.
    Ok(Outcome::Page(if tab == "diagnosis" { Page::new(title, page) } else { Page::live(title, page) }))
}

async fn basics(v: &Visit, fleet: &wire::FleetAttributes) -> Result<Markup, Refusal> {
    let used_by = related(v, &fleet.fleet_id).await?;
    let disk = |disk: &wire::DiskInfo| format!("{} {} GB", disk.disk_type, disk.disk_size);
    let disks: Vec<String> = fleet.data_disk_info.iter().map(disk).collect();
    let protection = match fleet.game_server_session_protection_time_limit {
        0 => fleet.new_game_server_session_protection_policy.clone(),
        minutes => {
            format!("{}, {minutes} {}", fleet.new_game_server_session_protection_policy, v.t(text::MINUTES))
        }
    };
    let limit = fleet.resource_creation_limit_policy.as_ref().map(|limit| {
        format!(
            "{} / {} {}",
            limit.new_game_server_sessions_per_creator,
            limit.policy_period_in_minutes,
            v.t(text::MINUTES)
        )
    });
    Ok(html! {
        (act(v, text::MODIFY, "UpdateFleetAttributes", &[("FleetId", &fleet.fleet_id)]))
        (fields(v, &[
            (text::ID, id(&fleet.fleet_id)),
            (text::REGION, plain(&v.cloud.region)),
            (text::DESCRIPTION, plain(&fleet.description)),
            (text::ASSET, id(&fleet.asset_id)),
            (text::OS, plain(&fleet.operating_system)),
            (text::TYPE, plain(&fleet.fleet_type)),
            (text::INSTANCE_TYPE, plain(&fleet.instance_type)),
            (text::SYSTEM_DISK, plain(&fleet.system_disk_info.as_ref().map(disk).unwrap_or_default())),
            (text::DATA_DISKS, plain(&disks.join(", "))),
            (text::BANDWIDTH, html! { (fleet.internet_max_bandwidth_out) " Mbps" }),
            (text::PROTECTION, plain(&protection)),
            (text::CREATION_LIMIT, plain(limit.as_deref().unwrap_or(v.t(text::UNLIMITED)))),
            (text::TAGS, tags(&fleet.tags)),
            (text::BILLING, plain(&fleet.billing_status)),
            (text::CREATED, time(&fleet.creation_time)),
            (text::ENDED, time(fleet.termination_time.as_deref().unwrap_or_default())),
        ]))
        h2 { (v.t(text::USED_BY)) }
        (used_by)
    })
}

async fn related(v: &Visit, fleet: &str) -> Result<Markup, Refusal> {
    let request = wire::DescribeFleetRelatedResourcesRequest { fleet_id: fleet.to_owned() };
    let resources = v.cloud.call(&request).await?.resources;
    let row = |resource: &wire::FleetRelatedResource| {
        vec![plain(&resource.r#type), id(&resource.resource_id), plain(&resource.resource_region)]
    };
    let rows: Vec<_> = resources.iter().map(row).collect();
    Ok(table(v, &[text::TYPE, text::ID, text::REGION], &rows))
}

/// 8.3: what uses the fleet is shown, and while something does there is no button.
async fn delete(v: &Visit, fleet: &wire::FleetAttributes) -> Result<Outcome, Refusal> {
    let request = wire::DescribeFleetRelatedResourcesRequest { fleet_id: fleet.fleet_id.clone() };
    let is_used = !v.cloud.call(&request).await?.resources.is_empty();
    let body = html! {
        h1 { (v.t(text::DELETE_FLEET)) }
        p { bdi.user { (fleet.name) } " " code { (fleet.fleet_id) } " " (status(&fleet.status)) }
        h2 { (v.t(text::USED_BY)) }
        (related(v, &fleet.fleet_id).await?)
        @if is_used {
            p.notice.bad { (v.t(text::DELETE_REFUSED)) }
        } @else {
            p { (act(v, text::DELETE, "DeleteFleet", &[("FleetId", &fleet.fleet_id)])) }
        }
    };
    Ok(Outcome::Page(Page::new(v.t(text::DELETE_FLEET), body)))
}

async fn processes(v: &Visit, fleet: &wire::FleetAttributes) -> Result<Markup, Refusal> {
    let request = wire::DescribeRuntimeConfigurationRequest { fleet_id: fleet.fleet_id.clone() };
    let configuration = v.cloud.call(&request).await?.runtime_configuration.unwrap_or_default();
    let row = |process: &wire::ServerProcesse| {
        vec![id(&process.launch_path), id(&process.parameters), html! { (process.concurrent_executions) }]
    };
    let rows: Vec<_> = configuration.server_processes.iter().map(row).collect();
    let limit = match configuration.max_concurrent_game_server_session_activations {
        0 => v.t(text::UNLIMITED).to_owned(),
        limit => limit.to_string(),
    };
    let timeout = configuration.game_server_session_activation_timeout_seconds;
    Ok(html! {
        (act(v, text::MODIFY, "UpdateRuntimeConfiguration", &[("FleetId", &fleet.fleet_id)]))
        p.note { (v.t(text::CONFIGURATION_NOTE)) }
        (table(v, &[text::LAUNCH_PATH, text::PARAMETERS, text::CONCURRENT], &rows))
        (fields(v, &[
            (text::ACTIVATION_LIMIT, plain(&limit)),
            (text::ACTIVATION_TIMEOUT, html! { (timeout) " " (v.t(text::SECONDS)) }),
        ]))
    })
}

async fn ports(v: &Visit, fleet: &str) -> Result<Markup, Refusal> {
    let request = wire::DescribeFleetPortSettingsRequest { fleet_id: fleet.to_owned() };
    let permissions = v.cloud.call(&request).await?.inbound_permissions;
    let row = |rule: &wire::InboundPermission| {
        let (from, to) = (rule.from_port.to_string(), rule.to_port.to_string());
        let path = "InboundPermissionRevocations.0.";
        let names = ["FromPort", "ToPort", "Protocol", "IpRange"].map(|name| format!("{path}{name}"));
        let values = [&*from, &*to, &*rule.protocol, &*rule.ip_range];
        let mut pairs = vec![("FleetId", fleet)];
        pairs.extend(names.iter().map(String::as_str).zip(values));
        vec![
            html! { (from) "–" (to) },
            plain(&rule.protocol),
            plain(&rule.ip_range),
            act(v, text::DELETE, "UpdateFleetPortSettings", &pairs),
        ]
    };
    let rows: Vec<_> = permissions.iter().map(row).collect();
    let columns = [text::PORT_RANGE, text::PROTOCOL, text::IP_RANGE, text::OPERATIONS];
    Ok(html! {
        (act(v, text::MODIFY, "UpdateFleetPortSettings", &[("FleetId", fleet)]))
        (table(v, &columns, &rows))
    })
}

async fn asset(v: &Visit, fleet: &wire::FleetAttributes) -> Result<Markup, Refusal> {
    let request = wire::DescribeAssetRequest { asset_id: fleet.asset_id.clone() };
    let asset = v.cloud.call(&request).await?.asset;
    Ok(fields(
        v,
        &[
            (text::ID, id(&asset.asset_id)),
            (text::NAME, plain(&asset.asset_name)),
            (text::VERSION, plain(&asset.asset_version)),
            (text::SIZE, plain(&asset.size)),
            (text::OS, plain(&asset.operate_system)),
        ],
    ))
}
