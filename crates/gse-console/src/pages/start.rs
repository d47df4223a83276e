//! Getting started: the four steps of operations.md 8.1 with the visitor's own package, and how far the region is.

use gse_api::types as wire;
use maud::{Markup, html};

use crate::cloud::Refusal;
use crate::html::{act, named, status};
use crate::language::Text;
use crate::page::Page;
use crate::text;
use crate::visit::{Visit, address, escaped};

/// The six states of C-D1's walk, in their order.
const STATES: [&str; 6] = ["NEW", "DOWNLOADING", "VALIDATING", "BUILDING", "ACTIVATING", "ACTIVE"];

pub(super) async fn show(v: &Visit) -> Result<Page, Refusal> {
    let asset = newest_asset(v).await?;
    let fleet = newest_fleet(v).await?;
    let active = fleet.as_ref().filter(|fleet| fleet.status == "ACTIVE");
    let session = match active {
        Some(fleet) => newest_session(v, &fleet.fleet_id).await?,
        None => None,
    };
    let upload = html! { a.button href="/console/assets/upload" { (v.t(text::UPLOAD)) } };
    let body = html! {
        h1 { (v.t(text::GETTING_STARTED)) }
        p { (v.t(text::START_NOTE)) }
        ol.steps {
            (step(v, text::STEP_ASSET, asset.is_some(), html! {
                @if let Some(asset) = &asset { code { (asset.asset_id) } " " bdi.user { (asset.asset_name) } br; }
                (upload)
            }))
            (step(v, text::STEP_FLEET, active.is_some(), html! {
                @if let Some(fleet) = &fleet { (states(v, fleet)) }
                @if let Some(asset) = &asset {
                    (act(v, text::CREATE_FLEET, "CreateFleet", &[("AssetId", &asset.asset_id)]))
                }
            }))
            (step(v, text::STEP_SESSION, session.is_some(), html! {
                @if let Some(session) = &session {
                    p {
                        (named(&address("/console/session", &[("id", &session.game_server_session_id)]),
                            &session.game_server_session_id, &session.name))
                        " " (status(&session.status))
                    }
                }
                @if let Some(fleet) = active {
                    (act(v, text::CREATE_SESSION, "CreateGameServerSession", &[("FleetId", &fleet.fleet_id)]))
                }
            }))
            (step(v, text::STEP_PLAYER, session.as_ref().is_some_and(|s| s.current_player_session_count > 0), html! {
                p { (v.t(text::STEP_PLAYER_NOTE)) }
                @if let Some(session) = &session {
                    p { code { (session.ip_address) ":" (session.port) } }
                    (act(v, text::JOIN, "JoinGameServerSession", &[("GameServerSessionId", &session.game_server_session_id)]))
                }
            }))
        }
    };
    Ok(Page::live(v.t(text::GETTING_STARTED), body))
}

fn step(v: &Visit, title: Text, is_done: bool, content: Markup) -> Markup {
    let (class, state) = if is_done { ("good", text::COMPLETED) } else { ("over", text::NOT_YET) };
    html! {
        li {
            h2 { (v.t(title)) " " span class={ "status " (class) } { (v.t(state)) } }
            (content)
        }
    }
}

fn states(v: &Visit, fleet: &wire::FleetAttributes) -> Markup {
    let reached = STATES.iter().position(|state| *state == fleet.status);
    html! {
        p { (named(&format!("/console/fleets/{}", escaped(&fleet.fleet_id)), &fleet.fleet_id, &fleet.name)) }
        @if let Some(reached) = reached {
            ul.states aria-label=(v.t(text::FLEET_STATES)) {
                @for (number, state) in STATES.iter().enumerate() {
                    @let class = if number < reached || *state == "ACTIVE" && number == reached { "good" }
                        else if number == reached { "busy" } else { "over" };
                    li { span class={ "status " (class) } { (state) } }
                }
            }
        } @else {
            p { (status(&fleet.status)) }
        }
    }
}

async fn newest_asset(v: &Visit) -> Result<Option<wire::Asset>, Refusal> {
    let request = wire::DescribeAssetsRequest {
        asset_region: v.cloud.region.clone(),
        limit: 100,
        ..Default::default()
    };
    let assets = v.cloud.call(&request).await?.assets.into_iter();
    Ok(assets.filter(|asset| asset.stauts == 2).max_by(|a, b| a.create_time.cmp(&b.create_time)))
}

/// The newest one that serves; else the newest one on its way.
async fn newest_fleet(v: &Visit) -> Result<Option<wire::FleetAttributes>, Refusal> {
    let request = wire::DescribeFleetAttributesRequest { limit: Some(100), ..Default::default() };
    let fleets = v.cloud.call(&request).await?.fleet_attributes.into_iter();
    let worth = |fleet: &wire::FleetAttributes| {
        let is_over = ["ERROR", "DELETING", "TERMINATED"].contains(&&*fleet.status);
        (!is_over, fleet.status == "ACTIVE", fleet.creation_time.clone())
    };
    Ok(fleets.max_by_key(worth))
}

async fn newest_session(v: &Visit, fleet: &str) -> Result<Option<wire::GameServerSession>, Refusal> {
    let request = wire::DescribeGameServerSessionsRequest {
        fleet_id: Some(fleet.to_owned()),
        limit: Some(100),
        status_filter: Some("ACTIVE".into()),
        ..Default::default()
    };
    let sessions = v.cloud.call(&request).await?.game_server_sessions.into_iter();
    Ok(sessions.max_by(|a, b| a.creation_time.cmp(&b.creation_time)))
}
