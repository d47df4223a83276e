//! What each step of the wizard shows while it is open, and what is left of it afterwards.

use gse_api::extension::DemoResource;
use gse_api::types as wire;
use maud::{Markup, html};

use super::{Round, button};
use crate::html::{id, named, plain, status, time};
use crate::language::Text;
use crate::text;
use crate::text::demo as words;
use crate::visit::{Visit, address, escaped};

/// The states of a fleet on its way, and what the wizard calls them (operations.md 8.1).
const STATES: [(&str, Text); 6] = [
    ("NEW", words::CREATE),
    ("DOWNLOADING", words::DOWNLOADING),
    ("VALIDATING", words::VERIFYING),
    ("BUILDING", words::GENERATING),
    ("ACTIVATING", words::ACTIVATING),
    ("ACTIVE", words::ACTIVE),
];

/// Step 1.
pub(super) fn package(v: &Visit, demo: &DemoResource) -> Markup {
    html! {
        p { (v.t(words::PACKAGE_NOTE)) }
        @if !demo.asset_id.is_empty() {
            (asset(v, demo))
            div.buttons { (next(v, 2)) }
        } @else if demo.package_missing.is_empty() {
            div.buttons { (button(v, "demo-upload", "upload", words::QUICK_UPLOAD, &[], "")) }
        } @else {
            div.notice id="demo-missing" {
                p { strong { (v.t(words::PACKAGE_MISSING)) } }
                p.user { (demo.package_missing) }
            }
        }
    }
}

fn asset(v: &Visit, demo: &DemoResource) -> Markup {
    html! {
        p id="demo-asset" role="status" {
            (v.t(words::UPLOADED)) " " a href="/console/assets" { code { (demo.asset_id) } }
        }
    }
}

/// Step 2.
pub(super) fn fleet(v: &Visit, demo: &DemoResource) -> Markup {
    let is_active = demo.fleet_status == "ACTIVE";
    let may_create = demo.fleet_id.is_empty() || demo.fleet_status == "ERROR";
    html! {
        p { (v.t(words::FLEET_NOTE)) }
        (state_line(v, demo))
        @if !demo.fleet_id.is_empty() { (states(v, &demo.fleet_status)) }
        div.buttons {
            @if may_create { (button(v, "demo-fleet", "fleet", words::QUICK_FLEET, &[], "")) }
            @if is_active { (next(v, 3)) }
        }
    }
}

fn state_line(v: &Visit, demo: &DemoResource) -> Markup {
    let href = format!("/console/fleets/{}", escaped(&demo.fleet_id));
    let says = match &*demo.fleet_status {
        "" => words::NO_FLEET,
        "ACTIVE" => words::FLEET_CREATED,
        "ERROR" => words::FLEET_FAILED,
        _ => words::FLEET_CREATING,
    };
    html! {
        p id="state-line" role="status" {
            (v.t(says)) " "
            @if demo.fleet_status == "ERROR" { a href={ (href) "/events" } { code { (demo.fleet_id) } } }
            @else if !demo.fleet_id.is_empty() { a href=(href) { code { (demo.fleet_id) } } }
        }
    }
}

fn states(v: &Visit, now: &str) -> Markup {
    let reached = STATES.iter().position(|(state, _)| *state == now);
    html! {
        @if let Some(reached) = reached {
            ol.states aria-label=(v.t(words::FLEET_STATES)) {
                @for (number, (state, name)) in STATES.iter().enumerate() {
                    @let is_done = number < reached || *state == "ACTIVE" && number == reached;
                    @let (is, class, word) = if is_done { ("completed", "good", words::DONE) }
                        else if number == reached { ("progress", "busy", words::HERE) }
                        else { ("ahead", "over", words::AHEAD) };
                    li id={ "state-" (state) } data-state=(is) {
                        span { (v.t(*name)) } " " span class={ "status " (class) } { (v.t(word)) }
                    }
                }
            }
        }
    }
}

/// Step 3.
pub(super) fn sessions(v: &Visit, round: &Round) -> Markup {
    let has_player = round.players.iter().any(is_open);
    html! {
        p { (v.t(words::SESSIONS_NOTE)) }
        (session_list(v, round))
        div.buttons { (button(v, "create-session", "session", words::CREATE_SESSION, &[], "")) }
        h3 { (v.t(text::PLAYER_SESSIONS)) }
        @match round.chosen() {
            Some(session) => p id="chosen" role="status" {
                (v.t(words::SESSION_READY)) " " code { (session.game_server_session_id) }
            },
            None => p.empty { (v.t(words::NO_SESSION)) },
        }
        (player_list(v, round))
        (player_form(v, round))
        div.buttons {
            (button(v, "back", "step", words::BACK, &[("step", "2")], "quiet"))
            @if has_player { (next(v, 4)) }
        }
    }
}

fn session_list(v: &Visit, round: &Round) -> Markup {
    if round.sessions.is_empty() {
        return html! { p.empty { (v.t(text::NOTHING)) } };
    }
    let columns = [text::ID_NAME, text::STATUS, text::PLAYER_SESSIONS, text::CREATED, text::OPERATIONS];
    html! {
        div.scroll { table id="sessions" {
            thead { tr { @for column in columns { th scope="col" { (v.t(column)) } } } }
            tbody { @for session in &round.sessions { (session_row(v, session, round)) } }
        } }
    }
}

fn session_row(v: &Visit, session: &wire::GameServerSession, round: &Round) -> Markup {
    let key = &*session.game_server_session_id;
    // The whole name of the chosen one is below the list.
    let short = key.rsplit('/').next().unwrap_or(key);
    let is_chosen = key == round.demo.game_server_session_id;
    let may_be_chosen = ["ACTIVATING", "ACTIVE"].contains(&&*session.status);
    html! {
        tr aria-current=[is_chosen.then_some("true")] {
            td data-label=(v.t(text::ID_NAME)) { div { (named(&address("/console/session", &[("id", key)]), short, &session.name)) } }
            td data-label=(v.t(text::STATUS)) { div { (status(v, &session.status)) } }
            td data-label=(v.t(text::PLAYER_SESSIONS)) { div {
                (session.current_player_session_count) " / " (session.maximum_player_session_count)
            } }
            td data-label=(v.t(text::CREATED)) { div { (time(&session.creation_time)) } }
            td data-label=(v.t(text::OPERATIONS)) { div {
                @if is_chosen { span.status.good { (v.t(words::CHOSEN)) } }
                @else if may_be_chosen {
                    form method="post" action="/console/start/select" {
                        (crate::html::own(v))
                        button.quiet name="session" value=(key) { (v.t(words::CHOOSE)) }
                    }
                }
            } }
        }
    }
}

fn player_list(v: &Visit, round: &Round) -> Markup {
    let columns = [words::PLAYER_ID, words::PLAYER_SESSION, text::STATUS, text::CREATED];
    html! {
        @if round.chosen().is_some() && round.players.is_empty() { p.empty { (v.t(words::NO_PLAYER)) } }
        @if !round.players.is_empty() {
            div.scroll { table id="players" {
                thead { tr { @for column in columns { th scope="col" { (v.t(column)) } } } }
                tbody {
                    @for player in &round.players {
                        tr {
                            td data-label=(v.t(words::PLAYER_ID)) { div { (plain(&player.player_id)) } }
                            td data-label=(v.t(words::PLAYER_SESSION)) { div { (id(&player.player_session_id)) } }
                            td data-label=(v.t(text::STATUS)) { div { (status(v, &player.status)) } }
                            td data-label=(v.t(text::CREATED)) { div { (time(&player.creation_time)) } }
                        }
                    }
                }
            } }
        }
    }
}

/// Only for a session that is chosen; a name that nobody has there is put in.
fn player_form(v: &Visit, round: &Round) -> Markup {
    let session = round.chosen().map(|session| &*session.game_server_session_id);
    let is_taken = |name: &str| round.players.iter().any(|player| player.player_id == name);
    let name = (1..).map(|number| format!("player-{number}")).find(|name| !is_taken(name));
    html! {
        @if let Some(session) = session {
            form.filter method="post" action="/console/start/player" {
                (crate::html::own(v))
                input type="hidden" name="session" value=(session);
                label for="player-id" { (v.t(words::PLAYER_ID)) }
                input id="player-id" name="player" required maxlength="1024" value=[name];
                button id="create-player" { (v.t(words::CREATE_PLAYER)) }
            }
        }
    }
}

/// Step 4.
pub(super) fn client(v: &Visit, round: &Round) -> Markup {
    let session = round.chosen();
    let reserved = || round.players.iter().filter(|player| player.status == "RESERVED");
    html! {
        p.notice { (v.t(words::CLIENT_NOTE)) }
        @if let Some(session) = session {
            dl {
                div { dt { (v.t(text::IP)) } dd id="client-ip" { (session.ip_address) } }
                div { dt { (v.t(text::PORT)) } dd id="client-port" { (session.port) } }
                div { dt { (v.t(words::PLAYER_SESSION)) } dd id="client-player-session" {
                    @match reserved().next() {
                        Some(player) => (id(&player.player_session_id)),
                        None => (v.t(text::filling::NONE_RESERVED)),
                    }
                } }
            }
            div.buttons {
                @for (number, player) in reserved().enumerate() {
                    @let query = [("session", &*session.game_server_session_id), ("player", &*player.player_id)];
                    a.button id=[(number == 0).then_some("to-client")] target="_blank" rel="noopener"
                        href=(address("/console/client", &query)) {
                        (v.t(words::TO_CLIENT)) " (" (v.t(words::TO_CLIENT_AS)) " " bdi { (player.player_id) } ")"
                    }
                }
            }
            (player_list(v, round))
            (player_form(v, round))
        } @else { p.empty { (v.t(words::NO_SESSION)) } }
        p.note { (v.t(words::COMPLETE_NOTE)) }
        div.buttons {
            (button(v, "back", "step", words::BACK, &[("step", "3")], "quiet"))
            (button(v, "complete", "complete", words::COMPLETE, &[], ""))
        }
    }
}

/// A step that is behind.
pub(super) fn made(v: &Visit, number: u32, round: &Round) -> Markup {
    match number {
        1 if !round.demo.asset_id.is_empty() => asset(v, &round.demo),
        2 => state_line(v, &round.demo),
        3 => {
            html! { @if let Some(session) = round.chosen() { p { code { (session.game_server_session_id) } } } }
        }
        _ => html! {},
    }
}

fn is_open(player: &wire::PlayerSession) -> bool {
    ["RESERVED", "ACTIVE"].contains(&&*player.status)
}

fn next(v: &Visit, step: u32) -> Markup {
    button(v, "next", "step", words::NEXT, &[("step", &step.to_string())], "")
}
