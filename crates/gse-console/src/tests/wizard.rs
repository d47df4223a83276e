//! The buttons of Getting started become the actions of K-12, and the client page may connect to one game server.

use axum::extract::Request;
use http::{StatusCode, header};
use serde_json::json;

use super::{Browser, FLEET, HOSTILE, SESSION};
use crate::page::Peer;
use crate::visit::address;

fn bodies(browser: &Browser, action: &str) -> Vec<serde_json::Value> {
    let calls = browser.calls.lock().unwrap();
    calls.iter().filter(|(name, ..)| name == action).map(|(_, body, _)| body.clone()).collect()
}

#[tokio::test]
async fn a_button_is_an_action_that_a_script_could_call() {
    let mut browser = Browser::new();
    for (deed, fields, action, body) in [
        ("upload", vec![], "CreateAssetAuto", json!({})),
        ("fleet", vec![], "CreateFleetDemo", json!({})),
        (
            "session",
            vec![],
            "CreateGameServerSession",
            json!({"FleetId": FLEET, "MaximumPlayerSessionCount": 10, "Name": "demo"}),
        ),
        ("select", vec![("session", SESSION)], "UpdateDemoResource", json!({"GameServerSessionId": SESSION})),
        (
            "player",
            vec![("session", SESSION), ("player", HOSTILE)],
            "JoinGameServerSession",
            json!({"GameServerSessionId": SESSION, "PlayerId": HOSTILE}),
        ),
        ("step", vec![("step", "4")], "UpdateDemoResource", json!({"Step": 4})),
        ("complete", vec![], "UpdateDemoResource", json!({"Complete": true})),
    ] {
        let seen = browser.post(&format!("/console/start/{deed}"), &fields).await;
        assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, "/console/start"), "{deed}");
        assert_eq!(bodies(&browser, action).last(), Some(&body), "{deed}");
    }
    assert_eq!(browser.post("/console/start/else", &[]).await.status, StatusCode::NOT_FOUND);
    browser.calls.lock().unwrap().clear();
    let forged = browser.send(Request::post("/console/start/upload"), String::new()).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert!(browser.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_open_step_is_shown_with_what_was_made() {
    let mut browser = Browser::new();
    let page = browser.get("/console/start").await.text;
    for part in [
        "id=\"step-1\" data-state=\"done\"",
        "id=\"step-3\" data-state=\"here\" aria-current=\"step\"",
        "id=\"step-4\" data-state=\"ahead\"",
        "id=\"create-session\"",
        "tr aria-current=\"true\"",
        "value=\"player-1\"",
        "id=\"next\"",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    // What nobody has begun is not in progress, and a long name is shown once.
    assert!(page.contains("class=\"status busy\">now<") && !page.contains("in progress"), "{page}");
    assert_eq!(page.matches(&format!("<code>{SESSION}</code>")).count(), 1, "{page}");
    assert!(
        page.contains("class=\"status over\">TIMEDOUT<"),
        "what is over is neither good nor busy: {page}"
    );
}

#[tokio::test]
async fn the_client_page_may_connect_to_its_game_server_and_nowhere_else() {
    let mut browser = Browser::new();
    let href = address("/console/client", &[("session", SESSION), ("player", HOSTILE)]);
    let seen = browser.get(&href).await;
    let policy = seen.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    let connect = "connect-src 'self' http://127.0.0.1:6000 ws://127.0.0.1:6000 https://127.0.0.1:6000;";
    assert!(policy.contains(connect) && policy.starts_with("default-src 'none';"), "{policy}");
    assert!(seen.text.contains("data-ticket=\"psess-1\"") && seen.text.contains("id=\"connect\""));
    let elsewhere = browser.get("/console/start").await;
    let policy = elsewhere.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("connect-src 'self';"), "{policy}");

    // Another player has nothing here; a new player session leads back, and is in no address.
    let other = browser.get(&address("/console/client", &[("session", SESSION), ("player", "b")])).await.text;
    assert!(
        other.contains("id=\"no-ticket\"")
            && other.contains("id=\"new-ticket\"")
            && !other.contains("psess-1")
    );
    let fields = [("session", SESSION), ("player", HOSTILE), ("to", "client")];
    let made = browser.post("/console/start/player", &fields).await;
    assert_eq!(made.location(), href);
}

#[test]
fn an_address_that_is_not_fit_for_a_policy_is_none() {
    for (host, port) in [("127.0.0.1", 1), ("game-1.example.org", 65_535)] {
        assert!(Peer::new(host, port).is_some(), "{host}");
    }
    for (host, port) in [
        ("", 1),
        ("127.0.0.1", 0),
        ("127.0.0.1", 65_536),
        ("*", 1),
        ("a; script-src *", 1),
        ("a b", 1),
        ("[::1]", 1),
    ] {
        assert_eq!(Peer::new(host, port), None, "{host}:{port}");
    }
}
