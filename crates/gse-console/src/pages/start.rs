//! Getting started: the four steps of operations.md 8.1 on the real thing, and what their buttons do. Where a region has got
//! to is remembered by the service (R111), so the page resumes there.

mod steps;

use gse_api::extension::{
    CreateAssetAutoRequest, CreateFleetDemoRequest, DemoResource, DescribeDemoResourceRequest,
    UpdateDemoResourceRequest,
};
use gse_api::types as wire;
use http::StatusCode;
use maud::{Markup, html};

use crate::cloud::Refusal;
use crate::html::refusal as refused;
use crate::language::Text;
use crate::page::{Outcome, Page};
use crate::text;
use crate::text::demo as words;
use crate::visit::{Visit, address, find};

/// Where the wizard is.
const PATH: &str = "/console/start";
/// Places in a session that the wizard makes.
const SEATS: u64 = 10;
/// Sessions and player sessions that are shown.
const ROWS: u64 = 50;

/// What the wizard has made, as it is now.
struct Round {
    demo: DemoResource,
    sessions: Vec<wire::GameServerSession>,
    /// Of the chosen session, newest first.
    players: Vec<wire::PlayerSession>,
}

impl Round {
    async fn load(v: &Visit) -> Result<Self, Refusal> {
        let demo = v.cloud.call_extension(&DescribeDemoResourceRequest {}).await?;
        let mut round = Self { demo, sessions: Vec::new(), players: Vec::new() };
        if round.demo.step >= 3 {
            let request = wire::DescribeGameServerSessionsRequest {
                fleet_id: Some(round.demo.fleet_id.clone()),
                limit: Some(ROWS),
                ..Default::default()
            };
            round.sessions = v.cloud.call(&request).await?.game_server_sessions;
        }
        if !round.demo.game_server_session_id.is_empty() {
            round.players = players(v, &round.demo.game_server_session_id).await?;
        }
        Ok(round)
    }

    fn chosen(&self) -> Option<&wire::GameServerSession> {
        let is_chosen = |session: &&wire::GameServerSession| {
            session.game_server_session_id == self.demo.game_server_session_id
        };
        self.sessions.iter().find(is_chosen)
    }
}

/// The player sessions of a session, newest first, as the cloud API answers them.
pub(super) async fn players(v: &Visit, session: &str) -> Result<Vec<wire::PlayerSession>, Refusal> {
    let request = wire::DescribePlayerSessionsRequest {
        game_server_session_id: Some(session.to_owned()),
        limit: Some(ROWS),
        ..Default::default()
    };
    Ok(v.cloud.call(&request).await?.player_sessions)
}

/// The page; `refusal` is what a button of it came to.
pub(crate) async fn show(v: &Visit, refusal: Option<&Refusal>) -> Result<Page, Refusal> {
    let round = Round::load(v).await?;
    let step = round.demo.step;
    let names = [words::STEP_PACKAGE, words::STEP_FLEET, words::STEP_SESSIONS, words::STEP_CLIENT];
    let body = html! {
        h1 { (v.t(text::GETTING_STARTED)) }
        p { (v.t(words::START_NOTE)) }
        @if let Some(refusal) = refusal { (refused(v, refusal)) }
        ol.steps id="wizard" {
            @for (number, name) in (1..).zip(names) { (card(v, number, name, step, &round)) }
        }
    };
    if refusal.is_none() {
        return Ok(Page::live(v.t(text::GETTING_STARTED), body));
    }
    // What was refused stays in sight; the next button leads back to the page that follows.
    Ok(Page { status: StatusCode::BAD_REQUEST, ..Page::new(v.t(text::GETTING_STARTED), body) })
}

fn card(v: &Visit, number: u32, name: Text, step: u32, round: &Round) -> Markup {
    let (state, class, word) = match number.cmp(&step) {
        std::cmp::Ordering::Less => ("done", "good", words::DONE),
        std::cmp::Ordering::Equal => ("here", "busy", text::filling::NOW),
        std::cmp::Ordering::Greater => ("ahead", "over", words::AHEAD),
    };
    html! {
        li id={ "step-" (number) } data-state=(state) aria-current=[(number == step).then_some("step")] {
            h2 { (v.t(name)) " " span class={ "status " (class) } { (v.t(word)) } }
            @if number == step {
                @match number {
                    1 => (steps::package(v, &round.demo)),
                    2 => (steps::fleet(v, &round.demo)),
                    3 => (steps::sessions(v, round)),
                    _ => (steps::client(v, round)),
                }
            } @else if number < step { (steps::made(v, number, round)) }
        }
    }
}

/// A button of the wizard.
pub(crate) async fn submit(v: &Visit, deed: &str, form: &[(String, String)]) -> Result<Outcome, Refusal> {
    let given = |name: &str| find(form, name).unwrap_or_default().to_owned();
    let update = UpdateDemoResourceRequest::default();
    let done = match deed {
        "upload" => v.cloud.call_extension(&CreateAssetAutoRequest {}).await.map(drop),
        "fleet" => v.cloud.call_extension(&CreateFleetDemoRequest {}).await.map(drop),
        "session" => create_session(v).await,
        "select" => {
            let game_server_session_id = Some(given("session"));
            go_on(v, UpdateDemoResourceRequest { game_server_session_id, ..update }).await
        }
        "player" => match create_player(v, &given("session"), &given("player")).await {
            Ok(()) if find(form, "to") == Some("client") => {
                let query = [("session", &*given("session")), ("player", &*given("player"))];
                return Ok(Outcome::Elsewhere(address("/console/client", &query)));
            }
            created => created,
        },
        "step" => {
            go_on(v, UpdateDemoResourceRequest { step: Some(given("step").parse().unwrap_or(0)), ..update })
                .await
        }
        "complete" => go_on(v, UpdateDemoResourceRequest { complete: true, ..update }).await,
        _ => return Ok(Outcome::NotFound),
    };
    match done {
        Ok(()) => Ok(Outcome::Elsewhere(PATH.to_owned())),
        // Said where the button is.
        Err(refusal) => Ok(Outcome::Page(show(v, Some(&refusal)).await?)),
    }
}

async fn go_on(v: &Visit, request: UpdateDemoResourceRequest) -> Result<(), Refusal> {
    v.cloud.call_extension(&request).await.map(drop)
}

/// A new session is the chosen one.
async fn create_session(v: &Visit) -> Result<(), Refusal> {
    let demo = v.cloud.call_extension(&DescribeDemoResourceRequest {}).await?;
    let request = wire::CreateGameServerSessionRequest {
        fleet_id: Some(demo.fleet_id),
        maximum_player_session_count: SEATS,
        name: Some("demo".to_owned()),
        ..Default::default()
    };
    let made = v.cloud.call(&request).await?.game_server_session;
    let game_server_session_id = made.map(|session| session.game_server_session_id);
    go_on(v, UpdateDemoResourceRequest { game_server_session_id, ..Default::default() }).await
}

async fn create_player(v: &Visit, session: &str, player: &str) -> Result<(), Refusal> {
    let request = wire::JoinGameServerSessionRequest {
        game_server_session_id: session.to_owned(),
        player_id: player.to_owned(),
        ..Default::default()
    };
    v.cloud.call(&request).await.map(drop)
}

/// A form that is one button.
fn button(v: &Visit, id: &str, deed: &str, label: Text, fields: &[(&str, &str)], class: &str) -> Markup {
    html! {
        form method="post" action={ (PATH) "/" (deed) } {
            (crate::html::own(v))
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button id=(id) class=[(!class.is_empty()).then_some(class)] { (v.t(label)) }
        }
    }
}
