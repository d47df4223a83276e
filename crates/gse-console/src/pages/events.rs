//! Events of a fleet, newest first, with their logs (operations.md 8.4).

use gse_api::EVENT_CODES;
use gse_api::types as wire;
use maud::{Markup, html};

use super::{ROWS, fleet, found_or_refused};
use crate::cloud::Refusal;
use crate::form::values::utc;
use crate::html::{pager, table, time, told};
use crate::page::Outcome;
use crate::text::{self, events::EVENTS, said};
use crate::visit::Visit;

/// The tab; a filter that is refused stays, with why.
pub(super) async fn tab(v: &Visit, fleet: &wire::FleetAttributes) -> Result<Outcome, Refusal> {
    let found = list(v, &fleet.fleet_id).await;
    let (content, refused) = found_or_refused(v, found)?;
    let body = html! { (filter(v)) (content) };
    Ok(Outcome::Page(fleet::framed(v, fleet, "events", &body).unless(refused)))
}

/// What is asked for is in the address; the codes are a list (8.4).
fn filter(v: &Visit) -> Markup {
    let local = |name| v.asked(name).unwrap_or_default().trim_end_matches('Z').to_owned();
    let mut codes = EVENT_CODES.to_vec();
    codes.sort_unstable();
    codes.extend(v.asked("code").filter(|code| !EVENT_CODES.contains(code)));
    html! {
        form.filter #events-filter method="get" {
            label for="code" { (v.t(text::CODE)) }
            select id="code" name="code" {
                option value="" { (v.t(text::ALL)) }
                @for code in codes { option selected[v.asked("code") == Some(code)] { (code) } }
            }
            label for="from" { (v.t(text::FROM)) " (UTC)" }
            input id="from" name="from" type="datetime-local" step="1" value=(local("from"));
            label for="to" { (v.t(text::TO)) " (UTC)" }
            input id="to" name="to" type="datetime-local" step="1" value=(local("to"));
            button.quiet { (v.t(text::FILTER)) }
        }
    }
}

async fn list(v: &Visit, fleet: &str) -> Result<Markup, Refusal> {
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
    let rows: Vec<_> = events.events.iter().map(row).collect();
    Ok(html! {
        (table(v, &[text::TIME, text::CODE, text::MESSAGE, text::OPERATIONS], &rows))
        (pager(v, rows.len(), ROWS, events.total_count))
    })
}

/// Addresses of this service only; never a script.
pub(super) fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}
