//! The frame around every page: menu, region, language, and what a browser may do with it.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::cloud::Refusal;
use crate::language::Text;
use crate::region::keep_links;
use crate::visit::{REGION_MEMBER, Visit, address};
use crate::{html as parts, live, text};

/// The style sheet and the script, compiled in.
pub(crate) const STYLE: &str = include_str!("../assets/console.css");
pub(crate) const SCRIPT: &str = include_str!("../assets/console.js");
pub(crate) const ICON: &str = include_str!("../assets/icon.svg");
/// The script of the page that is a client of the demo.
pub(crate) const CLIENT: &str = include_str!("../assets/client.js");

/// Nothing but the console's own style sheet, script and pages; no frame, no other form target. `connect` is where else
/// a script of the page may connect to.
fn policy(connect: &str) -> String {
    format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'{connect}; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// A page without its frame.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) title: String,
    pub(crate) body: Markup,
    /// Whether it shows what changes by itself.
    pub(crate) is_live: bool,
    /// The game server that it connects to.
    pub(crate) peer: Option<Peer>,
}

/// A game server that a page may connect to: host and port that are fit for a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    host: String,
    port: u16,
}

impl Peer {
    /// `None` for what is no IPv4 address or host name, or no port.
    pub(crate) fn new(host: &str, port: u64) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        let port = u16::try_from(port).ok().filter(|port| *port > 0)?;
        (!host.is_empty() && host.bytes().all(is_plain)).then(|| Self { host: host.to_owned(), port })
    }
}

/// What a visit comes to.
pub(crate) enum Outcome {
    Page(Page),
    /// Where to go instead.
    Elsewhere(String),
    /// Something to keep: a table, a picture.
    File(File),
    NotFound,
}

/// What a browser saves, or shows by itself.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

impl File {
    fn respond(self) -> Response {
        let mut response = text_response(self.kind, self.text);
        // Names are made of what is safe in a header: see `file_name`.
        let disposition = format!("attachment; filename=\"{}\"", self.name);
        if let Ok(value) = HeaderValue::from_str(&disposition) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
        }
        response
    }
}

/// A file name of the parts that are letters, digits and hyphens.
pub(crate) fn file_name(parts: &[&str], ending: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let parts: Vec<String> = parts
        .iter()
        .filter(|part| !part.is_empty())
        .map(|part| part.chars().take(60).map(plain).collect())
        .collect();
    format!("{}.{ending}", parts.join("-"))
}

impl Outcome {
    /// What a browser gets for it; a page in its frame.
    pub(crate) fn respond(self, v: &Visit) -> Response {
        match self {
            Self::Page(page) => page.respond(v),
            Self::File(file) => file.respond(),
            Self::Elsewhere(address) => elsewhere(&v.kept(&address)),
            Self::NotFound => Page::not_found(v).respond(v),
        }
    }
}

/// Go there instead.
pub(crate) fn elsewhere(address: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let address = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/console"));
    response.headers_mut().insert(header::LOCATION, address);
    response
}

impl Page {
    pub(crate) fn new(title: impl Into<String>, body: Markup) -> Self {
        Self { status: StatusCode::OK, title: title.into(), body, is_live: false, peer: None }
    }

    /// A page that follows what it shows.
    pub(crate) fn live(title: impl Into<String>, body: Markup) -> Self {
        Self { is_live: true, ..Self::new(title, body) }
    }

    /// One that shows a refusal waits for its reader, and is no success.
    pub(crate) fn unless(self, refused: bool) -> Self {
        let status = if refused { StatusCode::BAD_REQUEST } else { self.status };
        Self { status, is_live: self.is_live && !refused, ..self }
    }

    /// Why there is no such page.
    pub(crate) fn not_found(v: &Visit) -> Self {
        let body = html! { h1 { (v.t(text::NOT_FOUND)) } p { (v.t(text::NOT_FOUND_NOTE)) } };
        Self { status: StatusCode::NOT_FOUND, ..Self::new(v.t(text::NOT_FOUND), body) }
    }

    /// A form or an address of a region that is not there.
    pub(crate) fn no_region(v: &Visit, region: &str) -> Self {
        let body = html! {
            h1 { (v.t(text::REFUSED)) }
            p.notice.bad role="alert" { (v.t(text::door::NO_SUCH_REGION)) ": " bdi.user { (region) } }
        };
        Self { status: StatusCode::BAD_REQUEST, ..Self::new(v.t(text::REFUSED), body) }
    }

    /// What the service refused, as a page.
    pub(crate) fn refused(v: &Visit, refusal: &Refusal) -> Self {
        let status = match refusal.code.split('.').next().unwrap_or_default() {
            "ResourceNotFound" => StatusCode::NOT_FOUND,
            "AuthFailure" | "UnauthorizedOperation" => StatusCode::FORBIDDEN,
            "RequestLimitExceeded" => StatusCode::TOO_MANY_REQUESTS,
            "InternalError" | "ServiceUnavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = html! {
            @if refusal.code == "UnauthorizedOperation.ServiceNotOpened" { (activation(v)) }
            @else { h1 { (v.t(text::REFUSED)) } (parts::refusal(v, refusal)) }
        };
        Self { status, ..Self::new(v.t(text::REFUSED), body) }
    }

    /// With its frame.
    pub(crate) fn respond(self, v: &Visit) -> Response {
        let status = self.status;
        let mut response = text_response("text/html; charset=utf-8", frame(v, &self).into_string());
        *response.status_mut() = status;
        if let Some(Peer { host, port }) = &self.peer {
            let connect = format!(" http://{host}:{port} ws://{host}:{port} https://{host}:{port}");
            let policy = HeaderValue::from_str(&policy(&connect)).expect("a peer is fit for a header");
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// Every page of an account that has not activated the service (operations.md 8).
fn activation(v: &Visit) -> Markup {
    html! {
        h1 { (v.t(text::NOT_OPENED)) }
        p { (v.t(text::NOT_OPENED_NOTE)) }
        form method="post" action="/console/activate" {
            (parts::own(v))
            button { (v.t(text::ACTIVATE)) }
        }
    }
}

/// A body that is no page of its own.
pub(crate) fn text_response(kind: &'static str, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// What every answer of the console carries.
pub(crate) fn secure(response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let own = HeaderValue::from_str(&policy("")).expect("the policy is plain text");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(own);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

const MENU: &[(&str, Text)] = &[
    ("/console/start", text::GETTING_STARTED),
    ("/console/assets", text::ASSETS),
    ("/console/fleets", text::FLEETS),
    ("/console/aliases", text::ALIASES),
    ("/console/queues", text::QUEUES),
    ("/console/monitoring", text::MONITORING),
    ("/console/statistics", text::STATISTICS),
    ("/console/faults", text::faults::FAULTS),
    ("/console/quotas", text::QUOTAS),
    ("/console/explorer", text::EXPLORER),
];

fn frame(v: &Visit, page: &Page) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(v.language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="csrf" content=(v.token);
                meta name="region" content=(v.cloud.region);
                title { (page.title) " – " (v.t(text::CONSOLE)) }
                link rel="icon" href="/console/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/console/console.css";
                script src="/console/console.js" defer {}
            }
            body {
                a.skip href="#content" { (v.t(text::SKIP)) }
                header {
                    a.brand href=(v.kept("/console")) { (v.t(text::CONSOLE)) }
                    @if v.can_read() { (region(v)) }
                    div.right {
                        @if v.can_read() { span.small #clock { (v.t(text::filling::TIMES_ARE_UTC)) } }
                        a lang=(v.language.other().code()) href=(language(v)) {
                            (v.language.other().own_name())
                        }
                        @if v.is_logged_in {
                            form method="post" action="/console/logout" {
                                input type="hidden" name="_token" value=(v.token);
                                button.quiet { (v.t(text::LOG_OUT)) }
                            }
                        }
                    }
                }
                div.columns {
                    @if v.can_read() {
                        nav.menu aria-label=(v.t(text::MENU)) {
                            ul {
                                @for (path, name) in MENU {
                                    li { a href=(v.kept(path)) aria-current=[(*path == section(&v.path)).then_some("page")] { (v.t(*name)) } }
                                }
                            }
                        }
                    }
                    main id="content" tabindex="-1" data-live=[page.is_live.then(|| follow(v, page))]
                        data-news=[page.is_live.then(|| v.t(text::filling::NEWS))] {
                        @if v.keeps_region() { (PreEscaped(keep_links(&page.body.0, &v.cloud.region))) }
                        @else { (page.body) }
                    }
                }
            }
        }
    }
}

/// The stream that tells when this page would look different.
fn follow(v: &Visit, page: &Page) -> String {
    let seen = live::mark(&page.body.0);
    // A stream stays in the region of its page, whichever one another tab goes to.
    address("/console/live", &[("page", &v.here()), ("seen", &seen), (REGION_MEMBER, &v.cloud.region)])
}

fn region(v: &Visit) -> Markup {
    html! {
        form.region method="get" action="/console/region" {
            label for="region" { (v.t(text::REGION)) }
            select id="region" name="to" data-submit {
                @for region in &v.regions { option selected[*region == v.cloud.region] { (region) } }
            }
            input type="hidden" name="back" value=(section(&v.path));
            button.quiet { (v.t(text::SWITCH)) }
        }
    }
}

/// The menu's entry that a page lies behind: what one region has, another has not, so that one arrives there by changing it.
fn section(path: &str) -> &str {
    let parts: Vec<&str> = path.split('/').skip(2).collect();
    match parts.as_slice() {
        ["queue" | "placement", ..] => "/console/queues",
        ["session" | "instance", ..] => "/console/fleets",
        ["charts", ..] => "/console/monitoring",
        ["client", ..] => "/console/start",
        ["do", action] if ["Queue", "Placement"].iter().any(|part| action.contains(part)) => {
            "/console/queues"
        }
        ["do", action] if action.contains("Alias") => "/console/aliases",
        ["do", action] if action.contains("Asset") => "/console/assets",
        ["do", ..] => "/console/fleets",
        [section, ..] => {
            let own = MENU.iter().find(|(known, _)| known.strip_prefix("/console/") == Some(section));
            own.map_or("/console", |(known, _)| known)
        }
        [] => "/console",
    }
}

fn language(v: &Visit) -> String {
    address("/console/language", &[("to", v.language.other().code()), ("back", &v.readable())])
}
