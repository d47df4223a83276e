//! The door of the console: who visits, may this be posted, which page.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use gse_api::extension::SetOpenStatusRequest;
use gse_api::own_host::{self, ForeignHost};
use gse_api::types::DescribeUserQuotasRequest;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use maud::{Markup, html};

use crate::cloud::{Cloud, Refusal};
use crate::language::Language;
use crate::page::{CLIENT, ICON, Outcome, Page, SCRIPT, STYLE, elsewhere, secure, text_response};
use crate::session::{Key, Sessions};
use crate::throttle::Throttle;
use crate::visit::{COOKIE, LANGUAGE, REGION, REGION_MEMBER, Visit, cookie, find, pairs, within};
use crate::{Settings, explorer, form, live, pages, text, upload};

/// The largest form, bytes; session data and matchmaker data are the longest members.
const MOST_FORM_BYTES: usize = 2 << 20;
/// How long a form may take to arrive.
const FORM_TIME: std::time::Duration = std::time::Duration::from_secs(20);
/// How long a choice of region or language is remembered, seconds.
const YEAR_S: u32 = 365 * 86_400;

pub(crate) struct Console {
    pub(crate) settings: Settings,
    pub(crate) cloud: Router,
    pub(crate) sessions: Sessions,
    throttle: Throttle,
}

/// The routes below `/console`.
pub(crate) fn router(settings: Settings, cloud: Router) -> Router {
    let console =
        Arc::new(Console { settings, cloud, sessions: Sessions::new(), throttle: Throttle::default() });
    Router::new().fallback(serve).with_state(console)
}

async fn serve(State(console): State<Arc<Console>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if let Err(foreign) = console.answers_for(&head) {
        let mut response = text_response("text/plain; charset=utf-8", not_ours(&head, &foreign));
        *response.status_mut() = StatusCode::FORBIDDEN;
        secure(&mut response);
        return response;
    }
    let old = cookie(&head, COOKIE).filter(|cookie| cookie.len() == 64).map(str::to_owned);
    let cookie = old.clone().unwrap_or_else(Sessions::new_cookie);
    let mut response = console.answer(&head, body, &cookie).await;
    if old.is_none() && is_arrival(&head) && !response.headers().contains_key(header::SET_COOKIE) {
        console.set_cookie(&mut response, COOKIE, &cookie, None);
    }
    secure(&mut response);
    response
}

/// Whether somebody comes who may have no cookie yet. What other sites post, and parts of their pages, come without the
/// cookie that the visitor has: a new one would end the login.
fn is_arrival(head: &Parts) -> bool {
    let told = |name: &str, word: &str| head.headers.get(name).is_some_and(|value| value == word);
    let is_read = matches!(head.method, Method::GET | Method::HEAD);
    let is_foreign_part = told("sec-fetch-site", "cross-site")
        && head.headers.contains_key("sec-fetch-mode")
        && !told("sec-fetch-mode", "navigate");
    is_read && !is_foreign_part
}

/// In words, in the language of the browser; nothing of a page, so no token either.
fn not_ours(head: &Parts, foreign: &ForeignHost) -> String {
    let accepted = head.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let words = Language::accepted(accepted.unwrap_or_default()).of(text::door::FOREIGN_HOST);
    words.replace("@HOST@", &foreign.host)
}

impl Console {
    /// Where nobody logs in, the address that somebody came by is all that tells whose page he is on (R140).
    fn answers_for(&self, head: &Parts) -> Result<(), ForeignHost> {
        if self.settings.login {
            return Ok(());
        }
        let host = head.headers.get(header::HOST).map(|host| host.to_str().unwrap_or_default());
        own_host::check(host, &self.settings.public_hosts)
    }

    async fn answer(self: &Arc<Self>, head: &Parts, body: Body, cookie: &str) -> Response {
        let path = head.uri.path();
        match path {
            "/console/console.css" => return cached("text/css; charset=utf-8", STYLE),
            "/console/console.js" => return cached("text/javascript; charset=utf-8", SCRIPT),
            "/console/icon.svg" => return cached("image/svg+xml", ICON),
            "/console/client.js" => return cached("text/javascript; charset=utf-8", CLIENT),
            _ => {}
        }
        let visit = self.visit(head, cookie);
        match head.method {
            Method::GET | Method::HEAD => self.get(visit, head).await,
            Method::POST => self.post(visit, head, body, cookie).await,
            Method::PUT if path == "/console/upload" => {
                let token = head.headers.get("x-csrf-token").and_then(|token| token.to_str().ok());
                if !visit.can_read() || !self.is_own(head, cookie, token) {
                    upload::drain(body).await;
                    let text = format!("{}: {}", visit.t(text::REFUSED), visit.t(text::FORM_EXPIRED));
                    let mut response = text_response("text/plain; charset=utf-8", text);
                    *response.status_mut() = StatusCode::FORBIDDEN;
                    return response;
                }
                if let Some(region) = &visit.no_such_region {
                    upload::drain(body).await;
                    let text = format!("{}: {region}", visit.t(text::door::NO_SUCH_REGION));
                    let mut response = text_response("text/plain; charset=utf-8", text);
                    *response.status_mut() = StatusCode::BAD_REQUEST;
                    return response;
                }
                upload::put(&visit, body, head.headers.get(header::CONTENT_LENGTH)).await
            }
            _ => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
                response
            }
        }
    }

    /// Who visits, where, and how it is read.
    fn visit(&self, head: &Parts, session: &str) -> Visit {
        let now = (self.settings.now)();
        let key = if self.settings.login { self.sessions.key(session, now) } else { None };
        let header = |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let regions = &self.settings.regions;
        let remembered = cookie(head, REGION).filter(|region| regions.iter().any(|known| known == region));
        let remembered = remembered.unwrap_or(&self.settings.default_region).to_owned();
        let query = pairs(head.uri.query().unwrap_or_default());
        // A page that is read again says which region it is of: the cookie may be another one by now.
        let asked = find(&query, REGION_MEMBER)
            .or(header(HeaderName::from_static("x-console-region")))
            .map(str::to_owned);
        let host = header(header::HOST).unwrap_or("localhost").to_owned();
        let accepted = || Language::accepted(header(header::ACCEPT_LANGUAGE).unwrap_or_default());
        let mut visit = Visit {
            is_logged_in: key.is_some(),
            needs_login: self.settings.login && key.is_none(),
            cloud: Cloud {
                router: self.cloud.clone(),
                key,
                region: remembered.clone(),
                host: host.clone(),
                now,
                caller: head.extensions.get().copied(),
            },
            language: cookie(head, LANGUAGE).and_then(Language::parse).unwrap_or_else(accepted),
            regions: regions.clone(),
            remembered_region: remembered,
            no_such_region: None,
            token: self.sessions.token(session),
            path: head.uri.path().to_owned(),
            query,
            again: None,
            scheme: if self.settings.https { "https" } else { "http" },
            host,
            stopping: head.extensions.get().cloned(),
        };
        visit.no_such_region = asked.filter(|region| !visit.enter(region));
        visit
    }

    async fn get(self: &Arc<Self>, v: Visit, head: &Parts) -> Response {
        let path = head.uri.path();
        match path {
            "/console/language" => return self.choose(&v, LANGUAGE, |to| Language::parse(to).is_some()),
            "/console/region" => {
                return self.choose(&v, REGION, |to| v.regions.iter().any(|known| known == to));
            }
            _ => {}
        }
        if !v.can_read() {
            return login_page(&v, None).respond(&v);
        }
        if let Some(region) = &v.no_such_region {
            return Page::no_region(&v, region).respond(&v);
        }
        if path == "/console/live" {
            let told_last = head.headers.get("last-event-id").and_then(|id| id.to_str().ok());
            return live::follow(v, told_last);
        }
        finish(&v, pages::show(&v).await)
    }

    /// Remembers a choice and goes back.
    fn choose(&self, v: &Visit, name: &str, is_known: impl Fn(&str) -> bool) -> Response {
        let back = v.asked("back").and_then(within).unwrap_or("/console");
        let mut response = elsewhere(back);
        if let Some(to) = v.asked("to").filter(|to| is_known(to)) {
            self.set_cookie(&mut response, name, to, Some(YEAR_S));
        }
        response
    }

    async fn post(self: &Arc<Self>, mut v: Visit, head: &Parts, body: Body, cookie: &str) -> Response {
        let Some(body) = read(body).await else {
            let body = html! { p { (v.t(text::TOO_LARGE)) } };
            let page = Page { status: StatusCode::PAYLOAD_TOO_LARGE, ..Page::new(v.t(text::REFUSED), body) };
            return page.respond(&v);
        };
        let form = pairs(&String::from_utf8_lossy(&body));
        v.again = form::again(&v.path, &form);
        if !self.is_own(head, cookie, find(&form, "_token")) {
            return expired(&v);
        }
        // Before anything of the form is done: it was filled in for that region, whichever one other tabs are in by now.
        if let Some(region) = find(&form, REGION_MEMBER).filter(|region| !v.enter(region)) {
            return Page::no_region(&v, region).respond(&v);
        }
        match &*v.path {
            "/console/login" => return self.log_in(v, &form).await,
            "/console/logout" => {
                self.sessions.log_out(cookie);
                return elsewhere("/console");
            }
            _ => {}
        }
        if !v.can_read() {
            return login_page(&v, None).respond(&v);
        }
        let outcome = match v.path.strip_prefix("/console/").and_then(|rest| rest.split_once('/')) {
            None if v.path == "/console/activate" => {
                let opened = v.cloud.call_extension(&SetOpenStatusRequest {}).await;
                opened.map(|_| Outcome::Elsewhere("/console/start".into()))
            }
            Some(("do", action)) => form::submit(&v, action, &form).await,
            Some(("start", deed)) => pages::start::submit(&v, deed, &form).await,
            Some(("explorer", action)) => explorer::call(&v, action, &form).await,
            _ => pages::submit(&v, &form).await,
        };
        let outcome = pages::with_banner(&v, async { outcome }).await;
        finish(&v, outcome)
    }

    /// Whether a page of this console sent it: the token, and what the browser says about where it comes from.
    fn is_own(&self, head: &Parts, cookie: &str, token: Option<&str>) -> bool {
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        // Which address is this console's is known to the browser. One that does not say so names the origin, which is our
        // host, unless a proxy in front of us hides that.
        let is_ours = |host: &str| {
            Some(host) == header("host") || self.settings.public_hosts.iter().any(|public| public == host)
        };
        let is_same_origin = match header("sec-fetch-site") {
            Some(site) => site == "same-origin",
            None => header("origin")
                .is_none_or(|origin| origin.split_once("://").is_some_and(|(_, host)| is_ours(host))),
        };
        is_same_origin && token.is_some_and(|token| self.sessions.is_token(cookie, token))
    }

    /// The key is right if the cloud API takes it.
    async fn log_in(self: &Arc<Self>, v: Visit, form: &[(String, String)]) -> Response {
        let text_of = |name| find(form, name).unwrap_or_default().trim().to_owned();
        let key = Key { secret_id: text_of("secret_id"), secret_key: text_of("secret_key") };
        let from = v.cloud.caller.map(|caller| caller.0);
        if let Err(wait_s) = self.throttle.begin(from, &key.secret_id, v.cloud.now) {
            return too_many(&v, wait_s);
        }
        let cloud = Cloud { key: Some(key.clone()), ..v.cloud.clone() };
        match cloud.call(&DescribeUserQuotasRequest {}).await {
            Err(refusal) if refusal.code.starts_with("AuthFailure") && !is_policy(&refusal) => {
                let told = html! { (v.t(text::LOGIN_FAILED)) " " code { (refusal.code) } };
                login_page(&v, Some(told)).respond(&v)
            }
            // Whatever else was refused, the signature was right.
            _ => {
                self.throttle.was_right(from, &key.secret_id);
                let cookie = self.sessions.log_in(key, v.cloud.now);
                let back = find(form, "back").and_then(within).unwrap_or("/console");
                let mut response = elsewhere(back);
                self.set_cookie(&mut response, COOKIE, &cookie, None);
                response
            }
        }
    }

    fn set_cookie(&self, response: &mut Response, name: &str, value: &str, age_s: Option<u32>) {
        let age = age_s.map(|age| format!("; Max-Age={age}")).unwrap_or_default();
        let secure = if self.settings.https { "; Secure" } else { "" };
        // Lax: whoever follows a link from another site is still who he is. What is posted has a token of its own.
        let text = format!("{name}={value}; Path=/console; HttpOnly; SameSite=Lax{age}{secure}");
        if let Ok(text) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::SET_COOKIE, text);
        }
    }
}

/// The key is right, and may not do this.
fn is_policy(refusal: &Refusal) -> bool {
    refusal.code == "AuthFailure.UnauthorizedOperation"
}

/// R125: when to try again.
fn too_many(v: &Visit, wait_s: i64) -> Response {
    let told = html! {
        (v.t(text::login::TOO_MANY)) " " strong { (wait_s) } " " (v.t(text::login::TOO_MANY_SECONDS))
    };
    let page = Page { status: StatusCode::TOO_MANY_REQUESTS, ..login_page(v, Some(told)) };
    let mut response = page.respond(v);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
    response
}

/// With what the last try came to.
fn login_page(v: &Visit, told: Option<Markup>) -> Page {
    let back = if v.path == "/console/login" { "/console".to_owned() } else { v.readable() };
    let body = html! {
        h1 { (v.t(text::LOG_IN)) }
        @if let Some(told) = &told { p.notice.bad role="alert" { (told) } }
        p { (v.t(text::LOGIN_NOTE)) }
        form.stacked method="post" action="/console/login" {
            input type="hidden" name="_token" value=(v.token);
            input type="hidden" name="back" value=(back);
            label for="secret_id" { "SecretId" }
            input id="secret_id" name="secret_id" autocomplete="username" required autofocus;
            label for="secret_key" { "SecretKey" }
            input id="secret_key" name="secret_key" type="password" autocomplete="current-password" required;
            button { (v.t(text::LOG_IN)) }
        }
    };
    let status = if told.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    Page { status, ..Page::new(v.t(text::LOG_IN), body) }
}

fn expired(v: &Visit) -> Response {
    let body = html! {
        h1 { (v.t(text::REFUSED)) }
        p.notice.bad role="alert" { (v.t(text::FORM_EXPIRED)) }
        // Nothing of it is sent until its reader has seen it and pressed the button.
        @if let Some(again) = &v.again { p { a.button #form-again href=(again) { (v.t(text::door::FORM_AGAIN)) } } }
    };
    Page { status: StatusCode::FORBIDDEN, ..Page::new(v.t(text::REFUSED), body) }.respond(v)
}

fn finish(v: &Visit, outcome: Result<Outcome, Refusal>) -> Response {
    match outcome {
        Ok(outcome) => outcome.respond(v),
        Err(refusal) => Page::refused(v, &refusal).respond(v),
    }
}

fn cached(kind: &'static str, text: &'static str) -> Response {
    let mut response = text_response(kind, text);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
    response
}

async fn read(body: Body) -> Option<Bytes> {
    let whole = tokio::time::timeout(FORM_TIME, Limited::new(body, MOST_FORM_BYTES).collect()).await;
    Some(whole.ok()?.ok()?.to_bytes())
}

impl Visit {
    /// Whether anything but the login is shown.
    pub(crate) fn can_read(&self) -> bool {
        !self.needs_login
    }
}
