//! Instances of a fleet (operations.md 8.4).

use gse_api::types as wire;
use maud::{Markup, html};

use super::{ROWS, run_time};
use crate::cloud::Refusal;
use crate::html::{act, named as named_id, pager, plain, status, table, time};
use crate::text;
use crate::visit::{Visit, address};

pub(super) async fn tab(v: &Visit, fleet: &str) -> Result<Markup, Refusal> {
    let request = wire::DescribeInstancesExtendRequest {
        fleet_id: fleet.to_owned(),
        ip_address: v.asked("ip").map(str::to_owned),
        limit: ROWS as i64,
        offset: i64::try_from(v.offset()).unwrap_or_default(),
    };
    let instances = v.cloud.call(&request).await?;
    let rows: Vec<_> = instances.instances.iter().map(|instance| row(v, fleet, instance)).collect();
    let columns = [
        text::ID,
        text::STATUS,
        text::PROCESSES,
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
        form.filter method="get" {
            label for="ip" { (v.t(text::IP)) }
            input id="ip" name="ip" value=(v.asked("ip").unwrap_or_default());
            button.quiet { (v.t(text::FILTER)) }
        }
        (table(v, &columns, &rows))
        (pager(v, rows.len(), ROWS, total))
    })
}

fn row(v: &Visit, fleet: &str, extended: &wire::InstanceExtend) -> Vec<Markup> {
    let instance = extended.instance.clone().unwrap_or_default();
    let of = |count: i64, most: i64| html! { @if most > 0 { (count) " / " (most) } @else { "-" } };
    let (weight, is_reserved) = (instance.weight.to_string(), instance.reserve_value != 0);
    let named = [("FleetId", fleet), ("InstanceId", &*instance.instance_id)];
    let weigh = act(v, text::SET_WEIGHT, "SetServerWeight", &named);
    let (reserve, label) = if is_reserved { ("0", text::RESERVED) } else { ("1", text::RESERVE) };
    let values = [named[0], named[1], ("ReserveValue", reserve)];
    vec![
        named_id(&address("/console/instance", &[("id", &instance.instance_id)]), &instance.instance_id, ""),
        status(&instance.status),
        of(extended.healthy_process_cnt, extended.active_process_cnt),
        of(extended.game_session_cnt, extended.max_game_session_cnt),
        of(extended.player_session_cnt, extended.max_player_session_cnt),
        run_time(v, &instance.create_time, None),
        time(&instance.create_time),
        plain(&instance.ip_address),
        plain(&instance.private_ip_address),
        html! { (weight) },
        html! { @if is_reserved { (v.t(text::YES)) } @else { (v.t(text::NO)) } },
        html! { (weigh) " " (act(v, label, "SetServerReserved", &values)) },
    ]
}
