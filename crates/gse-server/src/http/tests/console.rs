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
