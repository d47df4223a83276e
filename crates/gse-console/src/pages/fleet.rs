//! A fleet: the header and the tabs of operations.md 8.4.

use gse_api::types as wire;
use maud::{Markup, html};

use super::fleets::protection;
use super::{diagnosis, events, instance, instances, network, scale, scaling, sessions};
use crate::cloud::Refusal;
use crate::html::{act, fields, id, plain, refusal, status, table, tags, time, value};
use crate::language::Text;
use crate::page::{Outcome, Page};
use crate::text;
use crate::visit::{Visit, address, escaped};

const TABS: &[(&str, Text)] = &[
    ("basics", text::BASICS),
    ("events", text::EVENTS),
    ("instances", text::INSTANCES),
    ("scaling", text::SCALING),
    ("sessions", text::GAME_SERVER_SESSIONS),
    ("processes", text::PROCESS_MANAGEMENT),
    ("ports", text::PORTS),
    ("asset", text::ASSET),
    ("network", text::VPC),
    ("diagnosis", text::live::FINDINGS),
];

/// Pages of a fleet that are no tabs, and the tab that they lie behind.
const BEHIND: &[(&str, &str)] = &[("access", "instances"), ("logs", "instances"), ("scale", "scaling")];

pub(super) async fn show(v: &Visit, fleet: &str, tab: &str) -> Result<Outcome, Refusal> {
    let Some(fleet) = find(v, fleet).await? else { return Ok(Outcome::NotFound) };
    if tab == "delete" {
        return delete(v, &fleet).await;
    }
    let body = match tab {
        "basics" => basics(v, &fleet).await?,
        "diagnosis" => diagnosis::of_fleet(v, &fleet.fleet_id).await,
        "events" => return events::tab(v, &fleet).await,
        "instances" => instances::tab(v, &fleet.fleet_id).await?,
        "access" => instance::access(v, &fleet.fleet_id).await?,
        "logs" => instance::logs(v, &fleet.fleet_id).await?,
        "scaling" => scaling::tab(v, &fleet.fleet_id).await?,
        "scale" => scale::form(v, &fleet, None).await?,
        "sessions" => sessions::tab(v, &fleet).await?,
        "processes" => processes(v, &fleet).await?,
        "ports" => ports(v, &fleet.fleet_id).await?,
        "asset" => asset(v, &fleet).await?,
        "network" => network::tab(v, &fleet.fleet_id).await?,
        _ => return Ok(Outcome::NotFound),
    };
    Ok(Outcome::Page(framed(v, &fleet, tab, &body)))
}

pub(super) async fn find(v: &Visit, fleet: &str) -> Result<Option<wire::FleetAttributes>, Refusal> {
    let request = wire::DescribeFleetAttributesRequest {
        fleet_ids: Some(vec![fleet.to_owned()]),
        ..Default::default()
    };
    Ok(v.cloud.call(&request).await?.fleet_attributes.into_iter().next())
}

/// With the header and the tabs. What is typed into, or shows a secret, does not change by itself.
pub(super) fn framed(v: &Visit, fleet: &wire::FleetAttributes, tab: &str, body: &Markup) -> Page {
    let base = format!("/console/fleets/{}", escaped(&fleet.fleet_id));
    let behind = BEHIND.iter().find(|(name, _)| *name == tab).map(|(_, tab)| *tab);
    let current = behind.unwrap_or(tab);
    let page = html! {
        div.head {
            h1 { bdi.user { (fleet.name) } " " (status(v, &fleet.status)) }
            div {
                a.button href=(address("/console/monitoring", &[("fleet", &fleet.fleet_id)])) {
                    (v.t(text::VIEW_MONITORING))
                } " "
                (act(v, text::COPY, "CopyFleet", &[("FleetId", &fleet.fleet_id)])) " "
                a.button href={ (base) "/delete" } { (v.t(text::DELETE)) }
            }
        }
        div.under-head {
            code #fleet-id { (fleet.fleet_id) }
            span #fleet-ccn { (v.t(text::CCN)) ": " (networks(v, fleet)) }
            (rename(v, fleet))
        }
        nav.tabs aria-label=(v.t(text::FLEET)) {
            @for (name, label) in TABS {
                a href={ (base) "/" (name) } aria-current=[(*name == current).then_some("page")] { (v.t(*label)) }
            }
        }
        (body)
    };
    let title = format!("{} – {}", fleet.name, v.t(text::FLEET));
    // Everything in the fleet is looked at for a diagnosis: when somebody asks, and not every other second.
    if behind.is_some() || tab == "diagnosis" { Page::new(title, page) } else { Page::live(title, page) }
}

/// The name, edited in place.
fn rename(v: &Visit, fleet: &wire::FleetAttributes) -> Markup {
    html! {
        details.rename {
            summary { (v.t(text::RENAME)) }
            form.filter #form-rename method="post" action="/console/do/UpdateFleetName" {
                (crate::html::own(v))
                input type="hidden" name="_back" value=(v.here());
                input type="hidden" name="_fixed" value="FleetId";
                input type="hidden" name="FleetId" value=(fleet.fleet_id);
                label for="fleet-name" { (v.t(text::NAME)) }
                input id="fleet-name" name="Name" maxlength="50" required value=(fleet.name);
                button.keep { (v.t(text::SAVE)) }
            }
        }
    }
}

async fn basics(v: &Visit, fleet: &wire::FleetAttributes) -> Result<Markup, Refusal> {
    let used_by = related(v, &fleet.fleet_id).await;
    let disk = |disk: &wire::DiskInfo| format!("{} {} GB", disk.disk_type, disk.disk_size);
    let disks: Vec<String> = fleet.data_disk_info.iter().map(disk).collect();
    let limit = fleet.resource_creation_limit_policy.as_ref().map(|limit| {
        format!(
            "{} / {} {}",
            limit.new_game_server_sessions_per_creator,
            limit.policy_period_in_minutes,
            v.t(text::MINUTES)
        )
    });
    let minutes = fleet.game_server_session_protection_time_limit;
    let policy = &fleet.new_game_server_session_protection_policy;
    Ok(html! {
        p { (act(v, text::MODIFY, "UpdateFleetAttributes", &[("FleetId", &fleet.fleet_id)])) }
        (fields(v, &[
            (text::ID, id(&fleet.fleet_id)),
            (text::RESOURCE_NAME, id(&fleet.fleet_arn)),
            (text::REGION, plain(&v.cloud.region)),
            (text::DESCRIPTION, plain(&fleet.description)),
            (text::ASSET, asset_link(&fleet.asset_id)),
            (text::OS, plain(&fleet.operating_system)),
            (text::TYPE, value(v, &fleet.fleet_type)),
            (text::INSTANCE_TYPE, plain(&fleet.instance_type)),
            (text::SYSTEM_DISK, plain(&fleet.system_disk_info.as_ref().map(disk).unwrap_or_default())),
            (text::DATA_DISKS, plain(&disks.join(", "))),
            (text::BANDWIDTH, html! { (fleet.internet_max_bandwidth_out) " Mbps" }),
            (text::PROTECTION, plain(&protection(v, policy, minutes))),
            (text::CREATION_LIMIT, plain(limit.as_deref().unwrap_or(v.t(text::UNLIMITED)))),
            (text::AUTOMATIC_SCALING, html! {
                @if fleet.stopped_actions.is_empty() { (v.t(text::ON)) } @else { (v.t(text::OFF)) }
            }),
            (text::TAGS, tags(&fleet.tags)),
            (text::BILLING, value(v, &fleet.billing_status)),
            (text::CREATED, time(&fleet.creation_time)),
            (text::ENDED, time(fleet.termination_time.as_deref().unwrap_or_default())),
        ]))
        h2 { (v.t(text::USED_BY)) }
        (used_by?.1)
    })
}

/// The CCN box in the header of 8.4.
fn networks(v: &Visit, fleet: &wire::FleetAttributes) -> Markup {
    html! {
        @for network in &fleet.related_ccn_infos { (id(&network.ccn_id)) " " }
        @if fleet.related_ccn_infos.is_empty() { "– " }
        a.button.quiet.small href={ "/console/fleets/" (escaped(&fleet.fleet_id)) "/network" } { (v.t(text::ASSOCIATE)) }
    }
}

fn asset_link(asset: &str) -> Markup {
    html! {
        @if asset.is_empty() { "–" } @else {
            a href={ "/console/assets/" (escaped(asset)) } { code { (asset) } }
        }
    }
}

/// What uses a fleet: how much, and as a table.
async fn related(v: &Visit, fleet: &str) -> Result<(usize, Markup), Refusal> {
    let request = wire::DescribeFleetRelatedResourcesRequest { fleet_id: fleet.to_owned() };
    let resources = v.cloud.call(&request).await?.resources;
    let row = |resource: &wire::FleetRelatedResource| {
        let link = match &*resource.r#type {
            "ALIAS" => {
                let place = format!("/console/aliases/{}", escaped(&resource.resource_id));
                let place = v.in_region(&place, &resource.resource_region);
                html! { a href=(place) { code { (resource.resource_id) } } }
            }
            "QUEUE" => super::queues::link_in(v, &resource.resource_region, &resource.resource_id),
            _ => id(&resource.resource_id),
        };
        vec![value(v, &resource.r#type), link, plain(&resource.resource_region)]
    };
    let rows: Vec<_> = resources.iter().map(row).collect();
    Ok((rows.len(), table(v, &[text::TYPE, text::ID, text::REGION], &rows)))
}

/// 8.3: what uses the fleet is shown, and while something does there is no button.
async fn delete(v: &Visit, fleet: &wire::FleetAttributes) -> Result<Outcome, Refusal> {
    let capacity =
        wire::DescribeFleetCapacityRequest { fleet_ids: vec![fleet.fleet_id.clone()], ..Default::default() };
    let (used, capacity) = tokio::join!(related(v, &fleet.fleet_id), v.cloud.call(&capacity));
    let (uses, used_by) = used?;
    let counts = capacity.ok().and_then(|answer| answer.fleet_capacity.into_iter().next()?.instance_counts);
    let instances = counts.map_or(0, |counts| counts.active + counts.pending + counts.terminating);
    let has_instances = fleet.status == "ACTIVE" && instances > 0;
    let base = format!("/console/fleets/{}", escaped(&fleet.fleet_id));
    let body = html! {
        h1 { (v.t(text::DELETE_FLEET)) }
        p { a href=(base) { bdi.user { (fleet.name) } } " " code { (fleet.fleet_id) } " " (status(v, &fleet.status)) }
        h2 { (v.t(text::USED_BY)) }
        (used_by)
        @if uses > 0 { p.notice.bad #delete-refused { (v.t(text::DELETE_REFUSED)) } }
        // F-28: an empty fleet only.
        @if has_instances {
            p.notice #delete-not-empty {
                (v.t(text::DELETE_NOT_EMPTY)) (v.gap()) (instances) (v.t(text::live::STOP))
                a href={ (base) "/scale" } { (v.t(text::EDIT_CAPACITY)) }
            }
        }
        p.buttons {
            @if uses == 0 && !has_instances {
                (act(v, text::DELETE, "DeleteFleet", &[("FleetId", &fleet.fleet_id)]))
            }
            a.button.quiet href=(base) { (v.t(text::CANCEL)) }
        }
    };
    Ok(Outcome::Page(Page::live(v.t(text::DELETE_FLEET), body)))
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
        p { (act(v, text::MODIFY, "UpdateRuntimeConfiguration", &[("FleetId", &fleet.fleet_id)])) }
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
        p { (act(v, text::ADD_PORTS, "UpdateFleetPortSettings", &[("FleetId", fleet)])) }
        p.note { (v.t(text::PORTS_NOTE)) }
        (table(v, &columns, &rows))
    })
}

async fn asset(v: &Visit, fleet: &wire::FleetAttributes) -> Result<Markup, Refusal> {
    let request = wire::DescribeAssetRequest { asset_id: fleet.asset_id.clone() };
    let asset = match v.cloud.call(&request).await {
        Ok(answer) => answer.asset,
        // A package may be deleted while fleets have it.
        Err(error) => return Ok(refusal(v, &error)),
    };
    Ok(fields(
        v,
        &[
            (text::ID, asset_link(&asset.asset_id)),
            (text::NAME, plain(&asset.asset_name)),
            (text::VERSION, plain(&asset.asset_version)),
            (text::SIZE, plain(&asset.size)),
            (text::OS, plain(&asset.operate_system)),
        ],
    ))
}
