//! A game server session and its players (operations.md 8.4, "row opens detail").

use gse_api::types as wire;
use maud::{Markup, html};

use super::events::is_address;
use super::{ROWS, diagnosis, output, run_time, timeline};
use crate::cloud::Refusal;
use crate::html::{act, fields, id, named, plain, status, table, time, token_pager, told, value};
use crate::page::{Outcome, Page};
use crate::text::{self, events::EVENTS, said};
use crate::visit::{Visit, escaped};

pub(super) async fn show(v: &Visit) -> Result<Outcome, Refusal> {
    let Some(asked) = v.asked("id") else { return Ok(Outcome::NotFound) };
    let request = wire::DescribeGameServerSessionDetailsRequest {
        game_server_session_id: Some(asked.to_owned()),
        ..Default::default()
    };
    let details = v.cloud.call(&request).await?.game_server_session_details.into_iter().next();
    let Some(details) = details else { return Ok(Outcome::NotFound) };
    let session = &details.game_server_session;
    let named_id = [("GameServerSessionId", &*session.game_server_session_id)];
    let title = if session.name.is_empty() { v.t(text::SESSION) } else { &session.name };
    let body = html! {
        div.head {
            h1 { bdi.user { (title) } " " (status(v, &session.status)) }
            div {
                (log(v, session).await)
                @if session.termination_time.as_deref().unwrap_or_default().is_empty() {
                    (act(v, text::JOIN, "JoinGameServerSession", &named_id)) " "
                    (act(v, text::MODIFY, "UpdateGameServerSession", &named_id)) " "
                    (act(v, text::END_SESSION, "EndGameServerSessionAndProcess", &named_id))
                }
            }
        }
        (diagnosis::of_session(v, &session.game_server_session_id).await)
        (timeline::section(v, &session.game_server_session_id).await)
        (about(v, session, &details.protection_policy))
        h2 { (v.t(text::PLAYER_SESSIONS)) }
        (players(v, &session.game_server_session_id).await?)
        (output::of_session(v, &session.game_server_session_id).await)
    };
    Ok(Outcome::Page(Page::live(title, body)))
}

fn about(v: &Visit, session: &wire::GameServerSession, protection: &str) -> Markup {
    let properties = html! {
        @if session.game_properties.is_empty() { "–" }
        @for property in &session.game_properties {
            span.tag { bdi { (property.key) } ": " bdi { (property.value) } } " "
        }
    };
    let fleet = named(&format!("/console/fleets/{}", escaped(&session.fleet_id)), &session.fleet_id, "");
    fields(
        v,
        &[
            (text::ID, id(&session.game_server_session_id)),
            (text::FLEET, fleet),
            (text::REASON, reason(v, &session.status_reason)),
            (text::IP, html! { code { (session.ip_address) } }),
            (text::PORT, html! { code { (session.port) } }),
            (
                text::PLAYERS,
                html! { (session.current_player_session_count) " / " (session.maximum_player_session_count) },
            ),
            (text::JOIN_POLICY, value(v, &session.player_session_creation_policy)),
            (text::PROTECTION, value(v, protection)),
            (text::CREATOR, plain(&session.creator_id)),
            (text::PROPERTIES, properties),
            (text::DATA, plain(&session.game_server_session_data)),
            (text::CUSTOM_COUNT, html! { (session.current_custom_count) " / " (session.max_custom_count) }),
            (text::WEIGHT, html! { (session.weight) }),
            (text::AVAILABILITY, value(v, &session.availability_status)),
            (text::CREATED, time(&session.creation_time)),
            (text::ENDED, time(session.termination_time.as_deref().unwrap_or_default())),
            (text::RUN_TIME, run_time(v, &session.creation_time, session.termination_time.as_deref())),
        ],
    )
}

/// Why it failed. Some reasons begin with the code of an event.
fn reason(v: &Visit, reason: &str) -> Markup {
    told(v, said(EVENTS, reason.split(':').next().unwrap_or_default()), reason)
}

/// The logs, once there are any.
async fn log(v: &Visit, session: &wire::GameServerSession) -> Markup {
    let request = wire::GetGameServerSessionLogUrlRequest {
        game_server_session_id: session.game_server_session_id.clone(),
    };
    let url = v.cloud.call(&request).await.ok().and_then(|answer| answer.pre_signed_url);
    html! {
        @if let Some(url) = url.filter(|url| is_address(url)) {
            // A new signature each time would make each look a new page.
            a.button data-still href=(url) { (v.t(text::DOWNLOAD)) } " "
        }
    }
}

async fn players(v: &Visit, session: &str) -> Result<Markup, Refusal> {
    let request = wire::DescribePlayerSessionsRequest {
        game_server_session_id: Some(session.to_owned()),
        limit: Some(ROWS),
        next_token: v.asked("next").map(str::to_owned),
        ..Default::default()
    };
    let players = v.cloud.call(&request).await?;
    let row = |player: &wire::PlayerSession| {
        vec![
            plain(&player.player_id),
            id(&player.player_session_id),
            status(v, &player.status),
            plain(&player.player_data),
            time(&player.creation_time),
            time(player.termination_time.as_deref().unwrap_or_default()),
        ]
    };
    let rows: Vec<_> = players.player_sessions.iter().map(row).collect();
    let columns = [text::PLAYER, text::ID, text::STATUS, text::DATA, text::CREATED, text::ENDED];
    Ok(html! { (table(v, &columns, &rows)) (token_pager(v, &players.next_token)) })
}
