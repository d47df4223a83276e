//! A placement, as far as it has come, and what its search found.

use gse_api::extension::{ExplainPlacementRequest, ExplainPlacementResponse, PassedOver, SearchStep};
use gse_api::types as wire;
use maud::{Markup, html};

use super::fleet_link_in;
use crate::chinese;
use crate::cloud::Refusal;
use crate::html::{act, english, fields, id, named, original, plain, status, table, time, told};
use crate::language::Language;
use crate::page::{Outcome, Page};
use crate::text::{self, reasons, said};
use crate::visit::{Visit, address};

pub(super) async fn show(v: &Visit) -> Result<Outcome, Refusal> {
    let Some(asked) = v.asked("id") else { return Ok(Outcome::NotFound) };
    let request = wire::DescribeGameServerSessionPlacementRequest { placement_id: asked.to_owned() };
    let explained = ExplainPlacementRequest { placement_id: asked.to_owned() };
    let (placement, explained) = tokio::join!(v.cloud.call(&request), v.cloud.call_extension(&explained));
    let placement = placement?.game_server_session_placement;
    let session = &placement.game_server_session_id;
    let session_place = address("/console/session", &[("id", session)]);
    let session_place = v.in_region(&session_place, &placement.game_server_session_region);
    let row =
        |player: &wire::PlacedPlayerSession| vec![plain(&player.player_id), id(&player.player_session_id)];
    let players: Vec<_> = placement.placed_player_sessions.iter().map(row).collect();
    let is_waiting = placement.status == "PENDING";
    let body = html! {
        div.head {
            h1 { (v.t(text::PLACEMENT)) " " (status(v, &placement.status)) }
            @if is_waiting {
                (act(v, text::STOP_PLACEMENT, "StopGameServerSessionPlacement", &[("PlacementId", asked)]))
            }
        }
        (fields(v, &[
            (text::ID, id(&placement.placement_id)),
            (text::QUEUE, super::queues::link(&placement.game_server_session_queue_name)),
            (text::SESSION, html! {
                @if session.is_empty() { "–" } @else {
                    (named(&session_place, session, &placement.game_server_session_name))
                }
            }),
            (text::REGION, plain(&placement.game_server_session_region)),
            (text::IP, plain(&placement.ip_address)),
            (text::PORT, html! { @if placement.port == 0 { "–" } @else { (placement.port) } }),
            (text::FROM, time(&placement.start_time)),
            (text::ENDED, time(placement.end_time.as_deref().unwrap_or_default())),
        ]))
        @if let Ok(explained) = &explained { (search(v, explained)) }
        h2 { (v.t(text::PLAYER_SESSIONS)) }
        (table(v, &[text::PLAYER, text::ID], &players))
    };
    Ok(Outcome::Page(Page::live(v.t(text::PLACEMENT), body)))
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

/// The story of a search: in Chinese what its steps say, and the sentences of the service behind that.
pub(super) fn story(v: &Visit, explained: &ExplainPlacementResponse) -> Markup {
    if v.language != Language::Chinese {
        return sentences(&explained.sentences);
    }
    html! {
        ul.sentences {
            @for sentence in chinese::placement::sentences(explained) {
                li class=[sentence.is_inner.then_some("inner")] {
                    bdi.user { (sentence.text) }
                    @if !sentence.english.is_empty() { (original(&sentence.english)) }
                }
            }
        }
        details {
            summary { (v.t(text::live::ORIGINAL)) }
            (sentences(&explained.sentences))
        }
    }
}

/// The search: the story in sentences, and the same step by step.
fn search(v: &Visit, explained: &ExplainPlacementResponse) -> Markup {
    html! {
        h2 { (v.t(text::live::WHY_PLACEMENT)) }
        div #search-trace { (story(v, explained)) }
        @if !explained.steps.is_empty() {
            p.small { (v.t(text::ATTEMPTS)) (v.t(text::live::COLON)) (explained.attempts) }
            @for step in &explained.steps { (one(v, step)) }
        }
    }
}

fn one(v: &Visit, step: &SearchStep) -> Markup {
    let row = |passed: &PassedOver| {
        vec![
            plain(&passed.region),
            html! {
                @if let Some(alias) = &passed.alias_id { (id(alias)) " → " }
                @match &passed.fleet_id { Some(fleet) => (fleet_link_in(v, &passed.region, fleet)), None => "–" }
            },
            html! { code { (passed.code) } },
            told(v, said(reasons::PASSED_OVER, &passed.code), &passed.reason),
        ]
    };
    let rows: Vec<_> = step.passed_over.iter().map(row).collect();
    let outcome = said(reasons::OUTCOMES, &step.outcome).filter(|_| v.language == Language::Chinese);
    html! {
        details {
            summary {
                (step.first_ms) "–" (step.last_ms) " " (v.t(text::live::MILLISECONDS)) " · " (step.times) " × · "
                (outcome.unwrap_or(&step.outcome))
                @if let Some(latency) = step.maximum_latency_ms {
                    " · ≤ " (latency) " " (v.t(text::live::MILLISECONDS))
                }
                @if let Some(fleet) = &step.fleet_id { " · " code { (fleet) } }
            }
            @if let Some(reason) = &step.reason { p { (english(reason)) } }
            @if !rows.is_empty() { (table(v, &[text::REGION, text::FLEET, text::CODE, text::REASON], &rows)) }
            @if step.more > 0 { p.small { "+ " (step.more) } }
        }
    }
}
