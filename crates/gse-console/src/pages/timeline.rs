//! The timeline of a session: each hop with how long it took, as a table that is read and a bar that is seen.

use gse_api::extension::{
    DescribeSessionTimelineRequest, DescribeSessionTimelineResponse, ExplainPlacementRequest,
    ExplainPlacementResponse, SessionHop,
};
use maud::{Markup, html};

use super::placement::{sentences, story};
use crate::html::{Row, fields, id, named, plain, still, table, told};
use crate::language::{Language, Text};
use crate::text::{self, live, reasons, said};
use crate::visit::{Visit, address};

/// The end of a session.
const ENDED: &str = "ended";
/// A hop that took less is a line as thin as this, per cent.
const THINNEST: f64 = 0.6;

/// What is known of the session's way. Who may not ask sees the rest of the page.
pub(super) async fn section(v: &Visit, session: &str) -> Markup {
    let request = DescribeSessionTimelineRequest { game_server_session_id: session.to_owned() };
    let Ok(timeline) = v.cloud.call_extension(&request).await else { return html! {} };
    let search = search(v, &timeline).await;
    let rows: Vec<Row> = timeline.hops.iter().map(|hop| row(v, &timeline, hop)).collect();
    let columns = [live::MOMENT, live::AFTER, live::TOOK, text::TIME, live::TOLD_BY, live::WHAT];
    let placement = html! {
        @if timeline.placement_id.is_empty() { "–" } @else {
            (named(&address("/console/placement", &[("id", &timeline.placement_id)]), &timeline.placement_id, ""))
        }
    };
    html! {
        h2 { (v.t(live::TIMELINE)) }
        (bar(&timeline))
        p.note { (v.t(live::TIMELINE_NOTE)) }
        (table(v, &columns, &rows))
        p.small { (stands(v, &timeline)) }
        (fields(v, &[(live::TRACE_ID, id(&timeline.trace_id)), (text::PLACEMENT, placement)]))
        @if !timeline.search.is_empty() {
            details {
                summary { (v.t(live::SEARCH)) }
                @match &search { Some(explained) => (story(v, explained)), None => (sentences(&timeline.search)) }
            }
        }
    }
}

fn row(v: &Visit, timeline: &DescribeSessionTimelineResponse, hop: &SessionHop) -> Row {
    // How long it was played is not what is looked for here.
    let counts = |hop: &&SessionHop| hop.name != ENDED;
    let longest = timeline.hops.iter().filter(counts).map(|hop| hop.took_ms).max();
    let is_longest = hop.took_ms > 0 && counts(&hop) && longest == Some(hop.took_ms);
    let time = hop.time.split_once('T').map_or(&*hop.time, |(_, time)| time).trim_end_matches('Z');
    vec![
        match name(hop) {
            Some(name) => html! { (v.t(name)) },
            None => plain(&hop.name),
        },
        html! { (hop.after_ms) " " (v.t(live::MILLISECONDS)) },
        html! {
            @if is_longest { strong { "+" (hop.took_ms) " " (v.t(live::MILLISECONDS)) } }
            @else { "+" (hop.took_ms) " " (v.t(live::MILLISECONDS)) }
        },
        html! { time datetime=(hop.time) { (time) } },
        match hop.by.as_str() {
            "service" => html! { (v.t(live::BY_SERVICE)) },
            "host" => html! { (v.t(live::BY_HOST)) },
            "game-server" => html! { (v.t(live::BY_GAME_SERVER)) },
            other => plain(other),
        },
        words(v, hop),
    ]
}

/// What a hop is. Only these two say more than their names in Chinese do.
fn words(v: &Visit, hop: &SessionHop) -> Markup {
    let says_more = matches!(hop.name.as_str(), "process-chosen" | ENDED);
    let chinese = said(reasons::HOPS, &hop.name);
    let is_known = name(hop).is_some();
    told(
        v,
        chinese.filter(|_| is_known),
        if says_more || !is_known || v.language == Language::English { &hop.text } else { "" },
    )
}

/// What is waited for, or how it ended.
fn stands(v: &Visit, timeline: &DescribeSessionTimelineResponse) -> Markup {
    let chinese = said(reasons::STANDS, &timeline.stands_code).filter(|_| v.language == Language::Chinese);
    let says_more = matches!(timeline.stands_code.as_str(), "NOT_ACTIVATED" | "FAILED");
    html! {
        @if let Some(chinese) = chinese { (chinese) " " }
        @if chinese.is_none() || says_more { span lang="en" { (still(&timeline.stands)) } }
    }
}

/// The search as data, for those who do not read its sentences.
async fn search(v: &Visit, timeline: &DescribeSessionTimelineResponse) -> Option<ExplainPlacementResponse> {
    if v.language == Language::English || timeline.search.is_empty() {
        return None;
    }
    let request = ExplainPlacementRequest { placement_id: timeline.placement_id.clone() };
    let explained = v.cloud.call_extension(&request).await.ok()?;
    // A later placement of the same id is another one.
    (explained.sentences == timeline.search).then_some(explained)
}

/// What the service's own moments are called; a game server's are called as it called them.
fn name(hop: &SessionHop) -> Option<Text> {
    Some(match (hop.by.as_str(), hop.name.as_str()) {
        ("service", "requested") => live::REQUESTED,
        ("service", "process-chosen") => live::PROCESS_CHOSEN,
        ("host", "order-received") => live::ORDER_RECEIVED,
        ("host", "start-sent") => live::START_SENT,
        ("service", "activated") => live::ACTIVATED,
        ("service", "player-reserved") => live::PLAYER_RESERVED,
        ("service", "player-accepted") => live::PLAYER_ACCEPTED,
        ("service", "ended") => live::HOP_ENDED,
        ("game-server", "first-player") => live::FIRST_PLAYER,
        ("game-server", "first-tick") => live::FIRST_TICK,
        _ => return None,
    })
}

/// One stripe for each hop, as long as it took. The table says the same, so it is for the eye alone.
fn bar(timeline: &DescribeSessionTimelineResponse) -> Markup {
    // The end of a session is minutes after its beginning, which is what the bar is about.
    let hops: Vec<&SessionHop> = timeline.hops.iter().filter(|hop| hop.name != ENDED).collect();
    let total = hops.last().map_or(0, |hop| hop.after_ms);
    if total == 0 {
        return html! {};
    }
    let share = |ms: u64| 100.0 * ms as f64 / total as f64;
    html! {
        svg.timeline viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
            @for (number, hop) in hops.iter().enumerate() {
                rect class={ "hop-" (number % 5) } y="0" height="4"
                    x=(format!("{:.2}", share(hop.after_ms.saturating_sub(hop.took_ms))))
                    width=(format!("{:.2}", share(hop.took_ms).max(THINNEST))) {}
            }
        }
    }
}
