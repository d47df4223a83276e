//! Queues (operations.md 8.6).

use gse_api::types as wire;
use maud::{Markup, html};

use super::ROWS;
use crate::cloud::Refusal;
use crate::html::{act, id, pager, plain, status, table, tags};
use crate::page::Page;
use crate::text;
use crate::visit::Visit;

/// The quota of queues.
const QUEUES: u64 = 4;

pub(super) async fn list(v: &Visit) -> Result<Page, Refusal> {
    let request = wire::DescribeGameServerSessionQueuesRequest {
        limit: Some(ROWS),
        offset: Some(v.offset()),
        ..Default::default()
    };
    let queues = v.cloud.call(&request).await?;
    let rows: Vec<_> = queues.game_server_session_queues.iter().map(|queue| row(v, queue)).collect();
    let columns =
        [text::NAME, text::TIMEOUT, text::DESTINATIONS, text::LATENCY_POLICIES, text::TAGS, text::OPERATIONS];
    let body = html! {
        div.head { h1 { (v.t(text::QUEUES)) } (act(v, text::CREATE, "CreateGameServerSessionQueue", &[])) }
        (super::quota(v, QUEUES).await)
        (table(v, &columns, &rows))
        (pager(v, rows.len(), ROWS, queues.total_count))
    };
    Ok(Page::live(v.t(text::QUEUES), body))
}

fn row(v: &Visit, queue: &wire::GameServerSessionQueue) -> Vec<Markup> {
    let named = [("Name", &*queue.name)];
    let place = act(
        v,
        text::TRY_PLACEMENT,
        "StartGameServerSessionPlacement",
        &[("GameServerSessionQueueName", &queue.name)],
    );
    vec![
        plain(&queue.name),
        html! { (queue.timeout_in_seconds) " " (v.t(text::SECONDS)) },
        html! {
            @if queue.destinations.is_empty() { "–" }
            @else {
                ol {
                    @for destination in &queue.destinations {
                        li {
                            (id(&destination.destination_arn)) " "
                            @if let Some(state) = &destination.fleet_status { (status(state)) }
                        }
                    }
                }
            }
        },
        html! { (queue.player_latency_policies.len()) },
        tags(&queue.tags),
        html! {
            (place) " " (act(v, text::MODIFY, "UpdateGameServerSessionQueue", &named)) " "
            (act(v, text::DELETE, "DeleteGameServerSessionQueue", &named))
        },
    ]
}
