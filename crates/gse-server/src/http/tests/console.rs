//! The console beside the cloud API, on the real control plane: its calls are admitted like any other.

use axum::body::Body;
use axum::extract::Request;
use gse_api::admission::AuthMode;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::stack::{HOST, Stack};
use crate::http::router;
use crate::http::serve::Peer;
use std::net::IpAddr;
use std::sync::Arc;

/// One router for a whole visit: logins are kept in it.
struct Visitor {
    router: axum::Router,
    cookie: String,
}

impl Visitor {
    fn of(stack: &Stack) -> Self {
        Self { router: router(Arc::clone(&stack.api)), cookie: String::new() }
    }

    /// From where a listener says that it comes.
    async fn send_from(&mut self, peer: &str, request: http::request::Builder, body: String) -> StatusCode {
        let peer: IpAddr = peer.parse().unwrap();
        self.send(request.extension(Peer(peer)), body).await.0.status()
    }

    async fn send(&mut self, request: http::request::Builder, body: String) -> (Response<()>, String) {
        let request =
            request.header("Host", HOST).header(COOKIE, &self.cookie).body(Body::from(body)).unwrap();
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        if let Some(cookie) = head.headers.get(SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        (Response::from_parts(head, ()), text)
    }

    async fn get(&mut self, path: &str) -> String {
        self.send(Request::get(path), String::new()).await.1
    }

    async fn log_in(&mut self, id: &str, key: &str) -> StatusCode {
        let page = self.get("/console").await;
        let (_, token) = page.split_once("name=\"csrf\" content=\"").unwrap();
        let token = token.split('"').next().unwrap();
        let body = format!("_token={token}&secret_id={id}&secret_key={key}");
        self.send(Request::post("/console/login"), body).await.0.status()
    }
}

#[tokio::test]
async fn the_key_of_the_cloud_api_opens_the_console() {
    let stack = Stack::start();
    let mut visitor = Visitor::of(&stack);
    let (id, key) = (stack.api.account.secret_id.clone(), stack.api.account.secret_key.clone());
    assert_eq!(visitor.log_in(&id, "wrong").await, StatusCode::FORBIDDEN);
    assert!(visitor.get("/console/quotas").await.contains("secret_key"));
    assert_eq!(visitor.log_in(&id, &key).await, StatusCode::SEE_OTHER);
    let page = visitor.get("/console/quotas").await;
    assert!(page.contains("<meter") && !page.contains("secret_key"), "{page}");
}

#[tokio::test]
async fn every_list_and_tab_can_be_read() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    let fleet = stack.fleet(2).await;
    let mut visitor = Visitor::of(&stack);
    let (redirect, _) = visitor.send(Request::get("/console"), String::new()).await;
    assert_eq!(redirect.headers()[LOCATION], "/console/start");
    let lists = [
        "start",
        "fleets",
        "aliases",
        "assets",
        "queues",
        "quotas",
        "faults",
        "faults/fleet",
        "monitoring",
        "charts?namespace=Instance",
        "statistics/usage",
        "statistics/history",
        "statistics/history?download=csv",
    ];
    for page in lists {
        let (head, text) = visitor.send(Request::get(format!("/console/{page}")), String::new()).await;
        assert_eq!(head.status(), StatusCode::OK, "{page}: {text}");
    }
    let tabs = [
        "",
        "/events",
        "/instances",
        "/scaling",
        "/scale",
        "/sessions",
        "/processes",
        "/ports",
        "/asset",
        "/network",
        "/access?instance=ins-0001",
        "/logs?instance=ins-0001",
        "/delete",
    ];
    for tab in tabs {
        let path = format!("/console/fleets/{fleet}{tab}");
        let (head, text) = visitor.send(Request::get(path), String::new()).await;
        assert_eq!(head.status(), StatusCode::OK, "{tab}: {text}");
        assert!(text.contains(&fleet), "{tab}: {text}");
    }
}

/// The zero-downtime update of W2, as somebody with a mouse does it: a queue of two, an alias that changes its fleet.
#[tokio::test]
async fn an_alias_is_led_elsewhere_by_its_form() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    let (old, new) = (stack.fleet(1).await, stack.fleet(1).await);
    let mut visitor = Visitor::of(&stack);
    let page = visitor.get("/console/do/CreateAlias").await;
    let token = page.split_once("name=\"csrf\" content=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let body = |more: &str, fleet: &str| {
        format!(
            "_token={token}&Name=live{more}&RoutingStrategy.Type=SIMPLE&RoutingStrategy.FleetId={fleet}&RoutingStrategy.Message=x"
        )
    };
    let (head, text) = visitor.send(Request::post("/console/do/CreateAlias"), body("", &old)).await;
    assert_eq!(head.status(), StatusCode::SEE_OTHER, "{text}");
    let list = visitor.get("/console/aliases").await;
    let alias = list.split_once("/console/aliases/alias-").unwrap().1.split('"').next().unwrap();
    let alias = format!("alias-{alias}");
    let form = visitor.get(&format!("/console/do/UpdateAlias?AliasId={alias}")).await;
    assert!(form.contains(&format!("value=\"{new}\"")), "the other fleet is offered: {form}");
    // Its canary first.
    let canary = format!("/console/aliases/{alias}/canary");
    let set = format!("_token={token}&do=set&fleet={new}&percent=10");
    let (head, text) = visitor.send(Request::post(&canary), set).await;
    assert_eq!(head.status(), StatusCode::SEE_OTHER, "{text}");
    assert!(visitor.get(&format!("/console/aliases/{alias}")).await.contains("10 %"));
    let update = body(&format!("&AliasId={alias}&_back=%2Fconsole%2Faliases"), &new);
    let (head, text) = visitor.send(Request::post("/console/do/UpdateAlias"), update).await;
    assert_eq!(head.status(), StatusCode::SEE_OTHER, "{text}");
    let page = visitor.get(&format!("/console/aliases/{alias}")).await;
    assert!(page.contains(&format!("/console/fleets/{new}")), "{page}");
    // The new one is in use now; the old one is not, and has to be emptied.
    assert!(visitor.get(&format!("/console/fleets/{new}/delete")).await.contains("id=\"delete-refused\""));
    let page = visitor.get(&format!("/console/fleets/{old}/delete")).await;
    assert!(!page.contains("delete-refused") && page.contains("id=\"delete-not-empty\""), "{page}");
}

/// R83, R124: a fault is set from this machine only, through the console too, and the console cannot say otherwise.
#[tokio::test]
async fn a_fault_is_set_by_a_visitor_on_this_machine_only() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    let mut visitor = Visitor::of(&stack);
    let page = visitor.get("/console/faults").await;
    let token = page.split_once("name=\"csrf\" content=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let region = stack.api.config.default_region.clone();
    let fault = |fault: &str| format!("_token={token}&region={region}&fault={fault}&_confirmed=yes");
    let post = || Request::post("/console/faults/region");
    assert_eq!(visitor.send_from("192.0.2.7", post(), fault("down")).await, StatusCode::BAD_REQUEST);
    // Where nobody says who asks, nobody is near.
    assert_eq!(visitor.send(post(), fault("down")).await.0.status(), StatusCode::BAD_REQUEST);
    assert!(!visitor.get("/console/queues").await.contains("id=\"fault\""));
    for near in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(visitor.send_from(near, post(), fault("down")).await, StatusCode::SEE_OTHER, "{near}");
        assert!(visitor.get("/console/queues").await.contains("id=\"fault\""), "{near}");
        assert_eq!(visitor.send_from(near, post(), fault("up")).await, StatusCode::SEE_OTHER, "{near}");
        assert!(!visitor.get("/console/queues").await.contains("id=\"fault\""), "{near}");
    }
}

#[tokio::test]
async fn scaling_is_set_by_its_one_form() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    let fleet = stack.fleet(1).await;
    let mut visitor = Visitor::of(&stack);
    let page = visitor.get(&format!("/console/fleets/{fleet}/scale")).await;
    let token = page.split_once("name=\"csrf\" content=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let path = format!("/console/fleets/{fleet}/scale");
    let filled = |mode: &str, max: &str| {
        format!("_token={token}&mode={mode}&min=0&max={max}&desired=1&cool_down=5&buffer=40")
    };
    let (head, text) = visitor.send(Request::post(&path), filled("automatic", "3")).await;
    assert_eq!(head.status(), StatusCode::SEE_OTHER, "{text}");
    let page = visitor.get(&path).await;
    assert!(page.contains("value=\"automatic\" checked") && page.contains("value=\"40\""), "{page}");
    let (head, text) = visitor.send(Request::post(&path), filled("manual", "2")).await;
    assert_eq!(head.status(), StatusCode::SEE_OTHER, "{text}");
    assert!(visitor.get(&path).await.contains("value=\"manual\" checked"));
    let (head, text) = visitor.send(Request::post(&path), filled("manual", "4000")).await;
    assert!(head.status() == StatusCode::BAD_REQUEST && text.contains("value=\"4000\""), "{text}");
}

#[tokio::test]
async fn a_package_is_uploaded_and_becomes_an_asset() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    let mut visitor = Visitor::of(&stack);
    let page = visitor.get("/console/assets/upload").await;
    let token = page.split_once("name=\"csrf\" content=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let put =
        Request::put("/console/upload?name=arena&version=1&os=CentOS7.16").header("X-CSRF-Token", token);
    let (head, text) = visitor.send(put, "no zip".into()).await;
    assert_eq!(head.status(), StatusCode::OK, "{text}");
    assert!(text.starts_with("/console/assets/asset-"), "{text}");
    assert!(visitor.get("/console/assets").await.contains("arena"));
    // It is no zip, which is said where one lands.
    let page = visitor.get(&text).await;
    assert!(page.contains("id=\"unusable\"") && page.contains("not a readable zip"), "{page}");
}

/// The next words of a stream of events.
async fn next_event(stream: &mut Body) -> String {
    let frame = tokio::time::timeout(std::time::Duration::from_secs(60), stream.frame());
    let frame = frame.await.expect("an event in time").expect("the stream goes on").unwrap();
    String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
}

/// Sessions, players, processes, events and placements: while nothing happens a page is no news, and then it is.
#[tokio::test]
async fn pages_follow_what_they_show_and_nothing_else() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    let fleet = stack.fleet(2).await;
    let session = stack.session(&fleet, 4).await;
    let instances = stack.done("DescribeInstances", serde_json::json!({ "FleetId": fleet })).await;
    let instance = instances["Instances"][0]["InstanceId"].as_str().unwrap().to_owned();
    let escaped =
        percent_encoding::utf8_percent_encode(&session, percent_encoding::NON_ALPHANUMERIC).to_string();
    let pages = [
        format!("/console/fleets/{fleet}/sessions"),
        format!("/console/fleets/{fleet}/events"),
        format!("/console/fleets/{fleet}/instances"),
        format!("/console/fleets/{fleet}/scaling"),
        format!("/console/session?id={escaped}"),
        format!("/console/instance?id={instance}"),
    ];
    let service = router(Arc::clone(&stack.api));
    let cookie = format!("gse_console={}", "0".repeat(64));
    let ask = async |address: &str| {
        let request = Request::get(address).header("Host", HOST).header("Cookie", &cookie);
        service.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().into_body()
    };
    // A page names its stream, with the mark of what it looks like.
    let mut streams = Vec::new();
    for page in &pages {
        let text = ask(page).await.collect().await.unwrap().to_bytes();
        let text = std::str::from_utf8(&text).unwrap();
        let (_, stream) = text.split_once("data-live=\"").unwrap_or_else(|| panic!("{page} does not follow"));
        streams.push(ask(&stream.split('"').next().unwrap().replace("&amp;", "&")).await);
    }
    // Each is read at the same time: a stream lasts for half a minute only.
    let all = async |streams: &mut Vec<Body>| -> Vec<String> {
        futures_util::future::join_all(streams.iter_mut().map(next_event)).await
    };
    for time in ["since the page", "since the stream stands"] {
        for (page, said) in pages.iter().zip(all(&mut streams).await) {
            assert_eq!(said, ": \n\n", "{page} is news though nothing happened {time}");
        }
    }
    stack.session(&fleet, 4).await;
    let join = serde_json::json!({ "GameServerSessionId": session, "PlayerId": "ann" });
    stack.done("JoinGameServerSession", join).await;
    let capacity = serde_json::json!({ "FleetId": fleet, "DesiredInstances": 2, "MaxSize": 2 });
    stack.done("UpdateFleetCapacity", capacity).await;
    for (page, said) in pages.iter().zip(all(&mut streams).await) {
        assert!(said.ends_with("data: changed\n\n"), "{page} does not follow: {said}");
    }
}
