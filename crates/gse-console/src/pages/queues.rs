//! Queues (operations.md 8.6).

use gse_api::extension::DescribeMonitoringRequest;
use gse_api::types as wire;
use maud::{Markup, html};

use super::{ROWS, list_filters, name_and_tag_filters};
use crate::chart::number_text;
use crate::cloud::Refusal;
use crate::html::{act, fields, pager, plain, status, table, tags};
use crate::page::{Outcome, Page};
use crate::text;
use crate::visit::{Visit, address, escaped};

/// The quota of queues.
const QUEUES: u64 = 4;
/// The last samples of the figures of a queue, seconds.
const LATELY_S: i64 = 300;

pub(super) async fn list(v: &Visit) -> Result<Page, Refusal> {
    let request = wire::DescribeGameServerSessionQueuesRequest {
        limit: Some(ROWS),
        offset: Some(v.offset()),
        filters: name_and_tag_filters(v),
        ..Default::default()
    };
    let (queues, quota) = tokio::join!(v.cloud.call(&request), super::quota(v, QUEUES));
    let queues = queues?;
    let rows: Vec<_> = queues.game_server_session_queues.iter().map(|queue| row(v, queue)).collect();
    let columns =
        [text::NAME, text::TIMEOUT, text::DESTINATIONS, text::LATENCY_POLICIES, text::TAGS, text::OPERATIONS];
    let create = act(v, text::CREATE, "CreateGameServerSessionQueue", &[]);
    let body = html! {
        div.head.list { h1 { (v.t(text::QUEUES)) } (create) }
        (quota)
        (list_filters(v, &html! {}))
        (table(v, &columns, &rows))
        (pager(v, rows.len(), ROWS, queues.total_count))
    };
    Ok(Page::live(v.t(text::QUEUES), body))
}

/// Where one queue is shown; a name may be anything.
fn place(name: &str) -> String {
    address("/console/queue", &[("name", name)])
}

fn operations(v: &Visit, queue: &wire::GameServerSessionQueue) -> Markup {
    let named = [("Name", &*queue.name)];
    let queue_name = [("GameServerSessionQueueName", &*queue.name)];
    html! {
        (act(v, text::TRY_PLACEMENT, "StartGameServerSessionPlacement", &queue_name)) " "
        (act(v, text::MODIFY, "UpdateGameServerSessionQueue", &named)) " "
        (act(v, text::DELETE, "DeleteGameServerSessionQueue", &named))
    }
}

/// In their order, with their states.
fn destinations(v: &Visit, queue: &wire::GameServerSessionQueue) -> Markup {
    html! {
        @if queue.destinations.is_empty() { "–" } @else {
            ol {
                @for destination in &queue.destinations {
                    li {
                        (destination_link(v, &destination.destination_arn)) " "
                        @if let Some(state) = &destination.fleet_status {
                            (status(v, state))
                        } @else if destination.destination_arn.contains(":alias/") {
                            span.small { (v.t(text::ALIAS)) }
                        }
                    }
                }
            }
        }
    }
}

/// `qcs::gse:<region>:uin/<account>:fleet/<id>`: region and id, which leads to it.
fn destination_link(v: &Visit, arn: &str) -> Markup {
    let region = arn.split(':').nth(3).unwrap_or_default();
    let section = if arn.contains(":alias/") { "aliases" } else { "fleets" };
    match arn.rsplit_once('/') {
        Some((_, id)) => {
            let place = v.in_region(&format!("/console/{section}/{}", escaped(id)), region);
            html! { bdi.user { (region) } " → " a href=(place) { code { (id) } } }
        }
        None => html! { code { (arn) } },
    }
}

fn row(v: &Visit, queue: &wire::GameServerSessionQueue) -> Vec<Markup> {
    vec![
        html! { a href=(place(&queue.name)) { bdi.user { (queue.name) } } },
        html! { (queue.timeout_in_seconds) " " (v.t(text::SECONDS)) },
        destinations(v, queue),
        html! { (queue.player_latency_policies.len()) },
        tags(&queue.tags),
        operations(v, queue),
    ]
}

/// One queue: who waits, where to, and how it does.
pub(super) async fn show(v: &Visit) -> Result<Outcome, Refusal> {
    let Some(name) = v.asked("name") else { return Ok(Outcome::NotFound) };
    let request = wire::DescribeGameServerSessionQueuesRequest {
        names: Some(vec![name.to_owned()]),
        ..Default::default()
    };
    let (queues, waiting) = tokio::join!(v.cloud.call(&request), waiting(v, name));
    let Some(queue) = queues?.game_server_session_queues.into_iter().next() else {
        return Ok(Outcome::NotFound);
    };
    let (depth, wait) = waiting;
    let shown = |value: Option<f64>, unit: &str| {
        value.map_or_else(|| "–".to_owned(), |value| format!("{}{unit}", number_text(value)))
    };
    let body = html! {
        div.head {
            h1 { bdi.user { (queue.name) } }
            div {
                a.button href=(address("/console/monitoring", &[("queue", &queue.name)])) {
                    (v.t(text::VIEW_MONITORING))
                } " "
                (operations(v, &queue))
            }
        }
        (fields(v, &[
            (text::PENDING_PLACEMENTS, html! { strong #queue-depth { (shown(depth, "")) } }),
            (text::WAIT_TIME, html! { (shown(wait, &format!(" {}", v.t(text::SECONDS)))) }),
            (text::TIMEOUT, html! { (queue.timeout_in_seconds) " " (v.t(text::SECONDS)) }),
            (text::TAGS, tags(&queue.tags)),
        ]))
        p.small { (v.t(text::PENDING_NOTE)) }
        h2 { (v.t(text::DESTINATIONS)) }
        (destinations(v, &queue))
        h2 { (v.t(text::LATENCY_POLICIES)) }
        (policies(v, &queue))
        h2 { (v.t(text::PLACEMENT)) }
        form.filter method="get" action="/console/placement" {
            label for="placement" { (v.t(text::FIND_PLACEMENT)) }
            input id="placement" name="id" required;
            button.quiet.keep { (v.t(text::SHOW)) }
        }
    };
    Ok(Outcome::Page(Page::live(queue.name.clone(), body)))
}

/// Requests that wait, and how long they have, by the newest sample.
async fn waiting(v: &Visit, name: &str) -> (Option<f64>, Option<f64>) {
    let request = DescribeMonitoringRequest {
        game_server_session_queue_name: Some(name.to_owned()),
        metric_names: ["QueueDepth", "AverageWaitTime"].map(str::to_owned).to_vec(),
        period: Some(60),
        begin_time: Some(crate::chart::iso(v.cloud.now - LATELY_S)),
        ..Default::default()
    };
    let Ok(figures) = v.cloud.call_extension(&request).await else { return (None, None) };
    let last = |name: &str| {
        let metric = figures.metrics.iter().find(|metric| metric.name == name)?;
        metric.values.last().copied().flatten()
    };
    (last("QueueDepth"), last("AverageWaitTime"))
}

/// As 8.6 words them: the last row is for the remaining time.
fn policies(v: &Visit, queue: &wire::GameServerSessionQueue) -> Markup {
    let policies = &queue.player_latency_policies;
    if policies.is_empty() {
        return html! { p { (v.t(text::NO_LATENCY_POLICY)) } };
    }
    html! {
        ol.policies {
            @for (number, policy) in policies.iter().enumerate() {
                li {
                    @if number + 1 == policies.len() && policy.policy_duration_seconds == 0 {
                        (v.t(text::REMAINING_TIME))
                    } @else {
                        (v.t(text::FIRST)) " " (policy.policy_duration_seconds) " " (v.t(text::SECONDS))
                    }
                    (v.t(text::live::COLON)) (v.t(text::AT_MOST)) " "
                    (policy.maximum_individual_player_latency_milliseconds) " " (v.t(text::live::MILLISECONDS))
                }
            }
        }
    }
}

/// A queue by its name.
pub(super) fn link(name: &str) -> Markup {
    html! { a href=(place(name)) { (plain(name)) } }
}

/// The same for one that may be in another region than the fleets that it leads to.
pub(super) fn link_in(v: &Visit, region: &str, name: &str) -> Markup {
    html! { a href=(v.in_region(&place(name), region)) { (plain(name)) } }
}
