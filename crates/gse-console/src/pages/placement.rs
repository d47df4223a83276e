//! A placement, as far as it has come.

use gse_api::extension::ExplainPlacementRequest;
use gse_api::types as wire;
use maud::{Markup, html};

use crate::cloud::Refusal;
use crate::html::{fields, id, named, plain, status, table, time};
use crate::page::{Outcome, Page};
use crate::text::{self, live};
use crate::visit::{Visit, address};

pub(super) async fn show(v: &Visit) -> Result<Outcome, Refusal> {
    let Some(asked) = v.asked("id") else { return Ok(Outcome::NotFound) };
    let request = wire::DescribeGameServerSessionPlacementRequest { placement_id: asked.to_owned() };
    let placement = v.cloud.call(&request).await?.game_server_session_placement;
    let session = &placement.game_server_session_id;
    let row =
        |player: &wire::PlacedPlayerSession| vec![plain(&player.player_id), id(&player.player_session_id)];
    let players: Vec<_> = placement.placed_player_sessions.iter().map(row).collect();
    let body = html! {
        h1 { (v.t(text::PLACEMENT)) " " (status(&placement.status)) }
        (fields(v, &[
            (text::ID, id(&placement.placement_id)),
            (text::QUEUES, plain(&placement.game_server_session_queue_name)),
            (text::SESSION, html! {
                @if session.is_empty() { "–" } @else {
                    (named(&address("/console/session", &[("id", session)]), session, &placement.game_server_session_name))
                }
            }),
            (text::REGION, plain(&placement.game_server_session_region)),
            (text::IP, plain(&placement.ip_address)),
            (text::PORT, html! { (placement.port) }),
            (text::FROM, time(&placement.start_time)),
            (text::ENDED, time(placement.end_time.as_deref().unwrap_or_default())),
        ]))
        (why(v, asked).await)
        h2 { (v.t(text::PLAYER_SESSIONS)) }
        (table(v, &[text::PLAYER, text::ID], &players))
    };
    Ok(Outcome::Page(Page::live(v.t(text::PLACEMENT), body)))
}

/// The search, destination by destination. A reader who may not ask sees the rest.
async fn why(v: &Visit, placement: &str) -> Markup {
    let request = ExplainPlacementRequest { placement_id: placement.to_owned() };
    let Ok(why) = v.cloud.call_extension(&request).await else { return html! {} };
    html! {
        h2 { (v.t(live::WHY_PLACEMENT)) }
        (sentences(&why.sentences))
    }
}

/// Sentences of a search; those that begin with a space belong to the one before them.
pub(super) fn sentences(sentences: &[String]) -> Markup {
    html! {
        ul.sentences lang="en" {
            @for sentence in sentences {
                li class=[sentence.starts_with(' ').then_some("inner")] { (plain(sentence.trim())) }
            }
        }
    }
}
