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
    for page in ["start", "fleets", "aliases", "assets", "queues", "quotas"] {
        let (head, text) = visitor.send(Request::get(format!("/console/{page}")), String::new()).await;
        assert_eq!(head.status(), StatusCode::OK, "{page}: {text}");
    }
    for tab in
        ["", "/events", "/instances", "/scaling", "/sessions", "/processes", "/ports", "/asset", "/delete"]
    {
        let path = format!("/console/fleets/{fleet}{tab}");
        let (head, text) = visitor.send(Request::get(path), String::new()).await;
        assert_eq!(head.status(), StatusCode::OK, "{tab}: {text}");
        assert!(text.contains(&fleet), "{tab}: {text}");
    }
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
    assert_eq!((head.status(), &*text), (StatusCode::OK, "/console/assets"));
    assert!(visitor.get("/console/assets").await.contains("arena"));
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
    let open = async |page: &String| {
        let page = percent_encoding::utf8_percent_encode(page, percent_encoding::NON_ALPHANUMERIC);
        let request = Request::get(format!("/console/live?page={page}")).header("Host", HOST);
        service.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().into_body()
    };
    let mut streams = Vec::new();
    for page in &pages {
        streams.push(open(page).await);
    }
    // Each is read at the same time: a stream lasts for half a minute only.
    let all = async |streams: &mut Vec<Body>| -> Vec<String> {
        futures_util::future::join_all(streams.iter_mut().map(next_event)).await
    };
    for (page, said) in pages.iter().zip(all(&mut streams).await) {
        assert!(said.ends_with("data: changed\n\n"), "{page}: the stream stands");
    }
    for (page, said) in pages.iter().zip(all(&mut streams).await) {
        assert_eq!(said, ": \n\n", "{page} is news though nothing happened");
    }
    stack.session(&fleet, 4).await;
    let join = serde_json::json!({ "GameServerSessionId": session, "PlayerId": "ann" });
    stack.done("JoinGameServerSession", join).await;
    let capacity = serde_json::json!({ "FleetId": fleet, "DesiredInstances": 2, "MaxSize": 2 });
    stack.done("UpdateFleetCapacity", capacity).await;
    for (page, said) in pages.iter().zip(all(&mut streams).await) {
        assert_eq!(said, "data: changed\n\n", "{page} does not follow");
    }
}
