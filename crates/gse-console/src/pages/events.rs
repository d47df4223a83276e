//! Events of a fleet, newest first, with their logs (operations.md 8.4).

use gse_api::types as wire;
use maud::{Markup, html};

use super::ROWS;
use crate::cloud::Refusal;
use crate::form::values::utc;
use crate::html::{pager, table, time, told};
use crate::text::{self, events::EVENTS, said};
use crate::visit::Visit;

pub(super) async fn tab(v: &Visit, fleet: &str) -> Result<Markup, Refusal> {
    let asked = |name| v.asked(name).map(str::to_owned);
    let request = wire::DescribeFleetEventsRequest {
        fleet_id: fleet.to_owned(),
        event_code: asked("code"),
        start_time: v.asked("from").map(utc),
        end_time: v.asked("to").map(utc),
        limit: Some(ROWS),
        offset: Some(v.offset()),
    };
    let events = v.cloud.call(&request).await?;
    let row = |event: &wire::Event| {
        vec![
            time(&event.event_time),
            html! { code { (event.event_code) } },
            told(v, said(EVENTS, &event.event_code), &event.message),
            html! {
                @if is_address(&event.pre_signed_log_url) {
                    // A new signature each time would make each look a new page.
                    a.button data-still href=(event.pre_signed_log_url) { (v.t(text::DOWNLOAD)) }
                }
            },
        ]
    };
    let local = |name| v.asked(name).unwrap_or_default().trim_end_matches('Z').to_owned();
    let rows: Vec<_> = events.events.iter().map(row).collect();
    Ok(html! {
        form.filter method="get" {
            label for="code" { (v.t(text::CODE)) }
            input id="code" name="code" value=(v.asked("code").unwrap_or_default());
            label for="from" { (v.t(text::FROM)) }
            input id="from" name="from" type="datetime-local" step="1" value=(local("from"));
            label for="to" { (v.t(text::TO)) }
            input id="to" name="to" type="datetime-local" step="1" value=(local("to"));
            button.quiet { (v.t(text::FILTER)) }
        }
        (table(v, &[text::TIME, text::CODE, text::MESSAGE, text::OPERATIONS], &rows))
        (pager(v, rows.len(), ROWS, events.total_count))
    })
}

/// Addresses of this service only; never a script.
pub(super) fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}
