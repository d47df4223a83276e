//! The page that is a client of the demo: it connects from the browser to the game server of a session and chats. What it
//! does is in `assets/client.js`; here is what it is told, and where the browser lets it connect to.

use gse_api::types as wire;
use maud::{Markup, html};
use serde_json::json;

use super::start::players;
use crate::cloud::Refusal;
use crate::html::id;
use crate::page::{Outcome, Page, Peer};
use crate::text;
use crate::text::demo as words;
use crate::visit::Visit;

/// The script, and the page that carries it.
pub(super) async fn show(v: &Visit) -> Result<Outcome, Refusal> {
    let (Some(session), Some(player)) = (v.asked("session"), v.asked("player")) else {
        return Ok(Outcome::NotFound);
    };
    let request = wire::DescribeGameServerSessionsRequest {
        game_server_session_id: Some(session.to_owned()),
        ..Default::default()
    };
    let Some(found) = v.cloud.call(&request).await?.game_server_sessions.into_iter().next() else {
        return Ok(Outcome::NotFound);
    };
    let is_theirs = |one: &wire::PlayerSession| one.player_id == player && one.status == "RESERVED";
    let ticket = players(v, session).await?.into_iter().find(is_theirs);
    let is_over = !["ACTIVATING", "ACTIVE"].contains(&&*found.status);
    let peer = Peer::new(&found.ip_address, found.port);
    let body = html! {
        h1 { (v.t(words::CLIENT)) }
        p { (v.t(words::CLIENT_ABOUT)) }
        noscript { p.notice.bad { (v.t(words::NEEDS_SCRIPT)) } }
        dl {
            div { dt { (v.t(text::IP)) } dd id="client-ip" { (found.ip_address) } }
            div { dt { (v.t(text::PORT)) } dd id="client-port" { (found.port) } }
            div { dt { (v.t(words::PLAYER_ID)) } dd id="client-player" { bdi.user { (player) } } }
            div { dt { (v.t(words::PLAYER_SESSION)) } dd id="client-player-session" {
                (id(ticket.as_ref().map_or("", |ticket| &ticket.player_session_id)))
            } }
        }
        @match (&ticket, &peer) {
            _ if is_over => p.notice id="no-session" { (v.t(words::SAYS_ENDED)) },
            (Some(ticket), Some(_)) => (room(v, &found, ticket)),
            (Some(_), None) => p.notice.bad { (v.t(words::NO_ADDRESS)) },
            (None, _) => p.notice id="no-ticket" { (v.t(words::NO_TICKET)) },
        }
        @if !is_over { (rejoin(v, session, player, ticket.is_some())) }
        p { a.button.quiet id="back-to-wizard" href="/console/start" { (v.t(words::BACK_TO_WIZARD)) } }
        script src="/console/client.js" defer {}
    };
    Ok(Outcome::Page(Page { peer, ..Page::new(v.t(words::CLIENT), body) }))
}

/// What only a connected player has, and what the script has to know.
fn room(v: &Visit, session: &wire::GameServerSession, ticket: &wire::PlayerSession) -> Markup {
    let is_near = session.ip_address.starts_with("127.") || session.ip_address == "localhost";
    html! {
        p.notice { (v.t(words::CLIENT_NOTE)) }
        @if v.scheme == "https" && !is_near { p.notice { (v.t(words::SAYS_MIXED)) } }
        section id="client" data-state="idle" data-ip=(session.ip_address) data-port=(session.port)
            data-player=(ticket.player_id) data-ticket=(ticket.player_session_id) data-texts=(texts(v)) {
            div.buttons {
                button id="connect" { (v.t(words::CONNECT)) }
                label for="transport-choice" { (v.t(words::CONNECTION)) }
                select id="transport-choice" {
                    option value="" { (v.t(words::CHOICE_AUTO)) }
                    option value="WebTransport" { "WebTransport" }
                    option value="WebSocket" { "WebSocket" }
                }
                button.danger id="end-session" disabled { (v.t(words::END_SESSION)) }
            }
            dl {
                div { dt { (v.t(words::STATE)) } dd id="client-state" role="status" { (v.t(words::SAYS_IDLE)) } }
                div { dt { (v.t(words::CONNECTION)) } dd id="transport" { "–" } }
            }
            div.chat {
                section {
                    h2 id="chat-title" { (v.t(words::CHAT)) }
                    ol id="chat-log" role="log" aria-labelledby="chat-title" tabindex="0" {}
                    form id="chat" {
                        label for="chat-text" { (v.t(words::SAY)) }
                        input id="chat-text" autocomplete="off" maxlength="500" required disabled;
                        button id="chat-send" disabled { (v.t(words::SEND)) }
                    }
                }
                section {
                    h2 { (v.t(words::PLAYERS_HERE)) }
                    ul id="presence" {}
                }
            }
        }
    }
}

/// C-D2: a lost player session is replaced by a new one. While there is one, the script shows this when it is lost.
fn rejoin(v: &Visit, session: &str, player: &str, is_hidden: bool) -> Markup {
    html! {
        form id="rejoin" method="post" action="/console/start/player" hidden[is_hidden] {
            (crate::html::own(v))
            input type="hidden" name="session" value=(session);
            input type="hidden" name="player" value=(player);
            input type="hidden" name="to" value="client";
            p.buttons { button id="new-ticket" { (v.t(words::NEW_TICKET)) } }
        }
    }
}

/// What the script says.
fn texts(v: &Visit) -> String {
    json!({
        "connecting": v.t(words::SAYS_CONNECTING),
        "connected": v.t(words::SAYS_CONNECTED),
        "closed": v.t(words::SAYS_CLOSED),
        "ended": v.t(words::SAYS_ENDED),
        "refused": v.t(words::SAYS_REFUSED),
        "impostor": v.t(words::SAYS_IMPOSTOR),
        "insecure": v.t(words::SAYS_INSECURE),
        "unreachable": v.t(words::SAYS_UNREACHABLE),
        "unknown": v.t(words::SAYS_UNKNOWN),
        "noWebTransport": v.t(words::SAYS_NO_WEBTRANSPORT),
        "webTransport": v.t(words::USES_WEBTRANSPORT),
        "webSocket": v.t(words::USES_WEBSOCKET),
        "fallback": v.t(words::FALLBACK),
        "joined": v.t(words::JOINED),
        "left": v.t(words::LEFT),
        "tooLong": v.t(words::TOO_LONG),
    })
    .to_string()
}
