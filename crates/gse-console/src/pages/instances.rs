//! Instances of a fleet (operations.md 8.4).

use gse_api::types as wire;
use maud::{Markup, html};

use super::instance::place;
use super::{ROWS, run_time};
use crate::cloud::Refusal;
use crate::html::{named as named_id, pager, plain, status, table, time};
use crate::text;
use crate::visit::{Visit, address};

/// The quota of instances.
const INSTANCES: u64 = 5;

pub(super) async fn tab(v: &Visit, fleet: &str) -> Result<Markup, Refusal> {
    let request = wire::DescribeInstancesExtendRequest {
        fleet_id: fleet.to_owned(),
        ip_address: v.asked("ip").map(str::to_owned),
        limit: ROWS as i64,
        offset: i64::try_from(v.offset()).unwrap_or_default(),
    };
    let (instances, quota) = tokio::join!(v.cloud.call(&request), super::quota(v, INSTANCES));
    let instances = instances?;
    let rows: Vec<_> = instances.instances.iter().map(|instance| row(v, fleet, instance)).collect();
    let columns = [
        text::INSTANCE_ID,
        text::STATUS,
        text::HEALTHY_PROCESSES,
        text::GAME_SERVER_SESSIONS,
        text::PLAYER_SESSIONS,
        text::RUN_TIME,
        text::CREATED,
        text::IP,
        text::PRIVATE_IP,
        text::WEIGHT,
        text::RESERVED,
        text::OPERATIONS,
    ];
    let total = u64::try_from(instances.total_count).unwrap_or_default();
    Ok(html! {
        (quota)
        form.filter #filter-ip method="get" {
            label for="ip" { (v.t(text::IP)) }
            input id="ip" name="ip" value=(v.asked("ip").unwrap_or_default());
            button.quiet.keep { (v.t(text::FILTER)) }
            @if v.asked("ip").is_some() { a href=(v.path) { (v.t(text::CLEAR)) } }
        }
        (table(v, &columns, &rows))
        (pager(v, rows.len(), ROWS, total))
    })
}

fn row(v: &Visit, fleet: &str, extended: &wire::InstanceExtend) -> Vec<Markup> {
    let instance = extended.instance.clone().unwrap_or_default();
    let of = |count: i64, most: i64| html! { @if most > 0 { (count) " / " (most) } @else { "-" } };
    let name = &*instance.instance_id;
    vec![
        named_id(&address("/console/instance", &[("id", name)]), name, ""),
        status(v, &instance.status),
        of(extended.healthy_process_cnt, extended.active_process_cnt),
        of(extended.game_session_cnt, extended.max_game_session_cnt),
        of(extended.player_session_cnt, extended.max_player_session_cnt),
        run_time(v, &instance.create_time, None),
        time(&instance.create_time),
        plain(&instance.ip_address),
        plain(&instance.private_ip_address),
        weight(v, fleet, name, instance.weight),
        reserved(v, fleet, name, instance.reserve_value != 0),
        html! {
            a.button href=(place(fleet, "access", name)) { (v.t(text::REMOTE_ACCESS)) } " "
            a.button href=(place(fleet, "logs", name)) { (v.t(text::LOGS)) } " "
            a.button href=(address("/console/monitoring", &[("instance", name)])) { (v.t(text::MONITORING)) }
        },
    ]
}

/// What every small form of a row carries.
fn hidden(v: &Visit, fleet: &str, instance: &str) -> Markup {
    html! {
        (crate::html::own(v))
        input type="hidden" name="_back" value=(v.here());
        input type="hidden" name="_fixed" value="FleetId InstanceId";
        input type="hidden" name="FleetId" value=(fleet);
        input type="hidden" name="InstanceId" value=(instance);
    }
}

/// 0 to 10, in place (F-31).
fn weight(v: &Visit, fleet: &str, instance: &str, weight: i64) -> Markup {
    html! {
        form.inline method="post" action="/console/do/SetServerWeight" {
            (hidden(v, fleet, instance))
            input.narrow name="Weight" type="number" min="0" max="10" required value=(weight)
                aria-label={ (v.t(text::WEIGHT)) " " (instance) };
            button.quiet.small { (v.t(text::SAVE)) }
        }
    }
}

/// A switch (F-32).
fn reserved(v: &Visit, fleet: &str, instance: &str, is_reserved: bool) -> Markup {
    html! {
        form.inline method="post" action="/console/do/SetServerReserved" {
            (hidden(v, fleet, instance))
            input type="hidden" name="ReserveValue" value=(if is_reserved { "0" } else { "1" });
            button.switch role="switch" aria-checked=(is_reserved) aria-label={ (v.t(text::RESERVED)) " " (instance) } {
                @if is_reserved { (v.t(text::YES)) } @else { (v.t(text::NO)) }
            }
        }
    }
}
