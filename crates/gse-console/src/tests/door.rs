//! The door: which region a visit is for, whose address it may be, and what a strange cookie or host comes to.

use axum::body::Body;
use axum::extract::Request;
use gse_api::Action;
use http::{StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::Browser;
use crate::visit::address;

const DELETE_QUEUE: &str = "/console/do/DeleteGameServerSessionQueue";

async fn choose(browser: &mut Browser, region: &str) {
    let seen = browser.get(&format!("/console/region?to={region}&back=%2Fconsole%2Fqueues")).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (&**name, &**value)).collect()
}

#[tokio::test]
async fn a_form_acts_in_the_region_that_it_was_opened_in() {
    let mut browser = Browser::new();
    let form = browser.get(&format!("{DELETE_QUEUE}?Name=prod")).await;
    let fields = form.hidden(DELETE_QUEUE);
    let question = browser.post_as_is(DELETE_QUEUE, &borrowed(&fields)).await;
    assert!(
        question.text.contains("<dt>Region</dt><dd><strong><bdi class=\"user\">ap-shanghai</bdi>"),
        "the question names it: {}",
        question.text
    );
    // Another tab is switched while the question is open.
    choose(&mut browser, "ap-guangzhou").await;
    let mut fields = question.hidden(DELETE_QUEUE);
    fields.push(("_confirmed".into(), "yes".into()));
    let done = browser.post_as_is(DELETE_QUEUE, &borrowed(&fields)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.regions_of(Action::DeleteGameServerSessionQueue), ["ap-shanghai"]);
}

#[tokio::test]
async fn every_posted_form_names_its_region() {
    let mut browser = Browser::new();
    for page in super::pages::all_pages() {
        let text = browser.get(&page).await.text;
        for form in text.split("<form ").skip(1).map(|form| form.split("</form>").next().unwrap()) {
            if form.contains("method=\"post\"") {
                assert!(form.contains("name=\"_region\" value=\"ap-shanghai\""), "{page}: {form}");
            }
        }
    }
}

#[tokio::test]
async fn a_form_of_an_unknown_region_is_refused() {
    let mut browser = Browser::new();
    let fields = [("Name", "prod"), ("_confirmed", "yes"), ("_region", "<b>moon")];
    let seen = browser.post(DELETE_QUEUE, &fields).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.text.contains("no such region") && seen.text.contains("&lt;b&gt;moon"), "{}", seen.text);
    assert!(browser.bodies(Action::DeleteGameServerSessionQueue).is_empty());
}

#[tokio::test]
async fn what_is_in_another_region_is_linked_there() {
    let mut browser = Browser::new();
    let session = address("/console/session", &[("id", super::SESSION)]);
    for (page, links) in [
        (
            "/console/queues",
            vec!["/console/fleets/fleet-far?_region=ap-guangzhou", "/console/fleets/fleet-near"],
        ),
        ("/console/queue?name=x", vec!["/console/fleets/fleet-far?_region=ap-guangzhou"]),
        (
            "/console/placement?id=p",
            vec!["/console/fleets/fleet-1-2", &format!("{session}&amp;_region=ap-guangzhou")],
        ),
        (
            "/console/fleets/fleet-1-2",
            vec![
                "/console/queue?name=far&amp;_region=ap-guangzhou",
                "/console/aliases/alias-far?_region=ap-guangzhou",
            ],
        ),
    ] {
        let text = browser.get(page).await.text;
        for link in links {
            assert!(text.contains(&format!("href=\"{link}\"")), "{page}: {link} is not in {text}");
        }
    }
}

/// Whichever region another tab goes to in the meantime.
#[tokio::test]
async fn a_page_of_another_region_stays_there() {
    let mut browser = Browser::new();
    let page = browser.get("/console/fleets/fleet-far?_region=ap-guangzhou").await;
    assert_eq!(browser.regions_of(Action::DescribeFleetAttributes), ["ap-guangzhou"]);
    assert!(page.text.contains("<option selected>ap-guangzhou"), "{}", page.text);
    for link in page.text.split("href=\"/console").skip(1).map(|link| link.split('"').next().unwrap()) {
        let has_no_region = [".css", ".svg", "/language?"].iter().any(|part| link.contains(part));
        assert!(has_no_region || link.contains("_region=ap-guangzhou"), "{link}");
    }
    browser.calls.lock().unwrap().clear();
    assert_eq!(browser.first_event(&page.stream(), None).await, ": \n\n", "its stream is of the same page");
    assert_eq!(browser.regions_of(Action::DescribeFleetAttributes), ["ap-guangzhou"]);
    let rename = "/console/do/UpdateFleetName";
    let mut fields = page.hidden(rename);
    fields.push(("Name".into(), "new".into()));
    let done = browser.post_as_is(rename, &borrowed(&fields)).await;
    assert_eq!(done.location(), "/console/fleets/fleet-far?_region=ap-guangzhou");
    assert_eq!(browser.regions_of(Action::UpdateFleetName), ["ap-guangzhou"]);
    let list = browser.get("/console/queues?_region=ap-guangzhou").await.text;
    let filter = list.split("<form class=\"filter\" method=\"get\">").nth(1).unwrap();
    assert!(filter.starts_with("<input type=\"hidden\" name=\"_region\" value=\"ap-guangzhou\">"), "{list}");
    assert!(list.contains("href=\"/console/fleets/fleet-near?_region=ap-shanghai\""), "{list}");
}

/// A page that was opened before another tab changed the region is told of its own news, and reads itself again.
#[tokio::test]
async fn a_page_that_follows_stays_in_its_region() {
    let mut browser = Browser::new();
    let stream = browser.get("/console/queues").await.stream();
    choose(&mut browser, "ap-guangzhou").await;
    browser.calls.lock().unwrap().clear();
    assert_eq!(browser.first_event(&stream, None).await, ": \n\n");
    let again = Request::get("/console/queues").header("x-console-region", "ap-shanghai");
    let again = browser.send(again, String::new()).await.text;
    assert_eq!(browser.regions_of(Action::DescribeGameServerSessionQueues), ["ap-shanghai", "ap-shanghai"]);
    assert!(again.contains("href=\"/console/fleets/fleet-near?_region=ap-shanghai\""), "{again}");
    let upload = Request::put("/console/upload?name=a&version=1&os=x&_region=ap-shanghai");
    let token = browser.get("/console/assets/upload").await.token().to_owned();
    browser.send(upload.header("x-csrf-token", token), String::new()).await;
    assert_eq!(browser.regions_of(Action::GetUploadCredentials), ["ap-shanghai"]);
}

#[tokio::test]
async fn an_address_of_an_unknown_region_is_refused() {
    let mut browser = Browser::new();
    let seen = browser.get("/console/fleets?_region=moon").await;
    assert!(seen.status == StatusCode::BAD_REQUEST && seen.text.contains("no such region"), "{}", seen.text);
    assert!(browser.calls.lock().unwrap().is_empty());
}

/// What comes without the cookie from another site must not get a new one, which would end a login in all tabs.
#[tokio::test]
async fn other_sites_do_not_end_a_login() {
    let arrivals = [vec![], vec![("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]];
    for headers in arrivals {
        let request =
            headers.iter().fold(Request::get("/console/fleets"), |r, (name, value)| r.header(*name, *value));
        let seen = Browser::with_login(true).send(request, String::new()).await;
        let cookie = seen.headers[header::SET_COOKIE].to_str().unwrap();
        // A link from elsewhere carries it.
        assert!(cookie.contains("; SameSite=Lax"), "{cookie}");
    }
    let part = Request::get("/console/fleets")
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "no-cors");
    let form = Request::post("/console/do/CreateAlias").header("sec-fetch-site", "cross-site");
    for request in [part, form] {
        let seen = Browser::with_login(true).send(request, String::new()).await;
        assert!(!seen.headers.contains_key(header::SET_COOKIE), "{:?}", seen.headers);
    }
}

/// The host of a request is that of the proxy's own request, and the origin what the browser has in its address bar.
#[tokio::test]
async fn a_proxy_may_hide_the_host() {
    for headers in [
        vec![("sec-fetch-site", "same-origin"), ("origin", "https://proxied.example")],
        vec![("origin", "https://gse.example.org")],
    ] {
        let mut browser = Browser::with_login(true);
        let token = browser.get("/console/login").await.token().to_owned();
        let request =
            headers.iter().fold(Request::post("/console/login"), |r, (name, value)| r.header(*name, *value));
        let body = format!("secret_id=right&secret_key=k&_token={token}");
        assert_eq!(browser.send(request, body).await.status, StatusCode::SEE_OTHER, "{headers:?}");
    }
    for headers in [
        vec![("sec-fetch-site", "cross-site"), ("origin", "https://gse.example.org")],
        vec![("origin", "https://gse.example.org.evil.example")],
    ] {
        let mut browser = Browser::with_login(true);
        let token = browser.get("/console/login").await.token().to_owned();
        let request =
            headers.iter().fold(Request::post("/console/login"), |r, (name, value)| r.header(*name, *value));
        let body = format!("secret_id=right&secret_key=k&_token={token}");
        assert_eq!(browser.send(request, body).await.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
}

/// R140: the name of a page that leads here is not ours, and where nobody logs in that is all that tells it from our own.
#[tokio::test]
async fn without_a_login_only_our_own_names_are_served() {
    let ask = async |browser: &Browser, method: &str, host: &str| {
        let request = Request::builder().method(method).uri("/console/fleets").header("host", host);
        browser.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    };
    let open = Browser::new();
    for method in ["GET", "POST", "PUT"] {
        let refused = ask(&open, method, "evil.example:8080").await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert!(!refused.headers().contains_key(header::SET_COOKIE));
        let text = refused.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert!(text.contains("`--public-host evil.example`") && !text.contains("csrf"), "{text}");
    }
    assert!(open.calls.lock().unwrap().is_empty());
    for host in ["10.1.2.3:8080", "localhost:8080", "gse.localhost", "[::1]:8080", "gse.example.org"] {
        assert_eq!(ask(&open, "GET", host).await.status(), StatusCode::OK, "{host}");
    }
    // With a login the cookie tells.
    assert_eq!(ask(&Browser::with_login(true), "GET", "evil.example").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_question_names_what_it_is_about_and_keeps_what_was_typed() {
    let mut browser = Browser::new();
    let seen = browser.post(DELETE_QUEUE, &[("Name", "prod"), ("_fixed", "Name")]).await.text;
    assert!(seen.contains("<strong><bdi class=\"user\">prod</bdi></strong>"), "{seen}");
    assert!(!seen.contains("name=\"_edit\""), "there is no input to go back to: {seen}");
    let remove = [("FleetId", super::FLEET), ("_fixed", "FleetId")];
    let seen = browser.post("/console/do/DeleteFleet", &remove).await.text;
    assert!(seen.contains("<strong><bdi class=\"user\">&lt;script&gt;"), "a fleet has a name: {seen}");
    let change = "/console/do/UpdateFleetPortSettings";
    let port = ("InboundPermissionAuthorizations.0.FromPort", "7007");
    let fields = [("FleetId", super::FLEET), ("_fixed", "FleetId"), port];
    let question = browser.post(change, &fields).await;
    assert!(question.text.contains("name=\"_confirmed\""), "{}", question.text);
    let mut fields = question.hidden(change);
    fields.push(("_edit".into(), "form".into()));
    let form = browser.post_as_is(change, &borrowed(&fields)).await.text;
    assert!(
        form.contains("id=\"form-UpdateFleetPortSettings\"") && form.contains("value=\"7007\""),
        "{form}"
    );
    assert!(browser.bodies(Action::UpdateFleetPortSettings).is_empty());
}

#[tokio::test]
async fn every_page_lies_behind_an_entry_of_the_menu() {
    let mut browser = Browser::new();
    for (page, section) in [
        ("/console/queue?name=x", "queues"),
        ("/console/placement?id=p", "queues"),
        ("/console/do/CreateGameServerSessionQueue", "queues"),
        ("/console/do/UpdateAlias?AliasId=alias-1", "aliases"),
        ("/console/do/UpdateAsset?AssetId=asset-1", "assets"),
        ("/console/do/CreateFleet", "fleets"),
        ("/console/instance?id=ins-1", "fleets"),
        ("/console/charts", "monitoring"),
        ("/console/fleets/fleet-1-2/events", "fleets"),
    ] {
        let text = browser.get(page).await.text;
        let entry = format!("<a href=\"/console/{section}\" aria-current=\"page\">");
        assert!(text.contains(&entry), "{page}: {section}");
        assert_eq!(
            text.split("<nav class=\"menu\"")
                .nth(1)
                .unwrap()
                .split("</nav>")
                .next()
                .unwrap()
                .matches("aria-current")
                .count(),
            1
        );
        let back = format!("name=\"back\" value=\"/console/{section}\"");
        assert!(text.contains(&back), "another region has another list of the same: {page}");
    }
}

/// The address of a posted form knows nothing of what was in it.
#[tokio::test]
async fn a_posted_form_can_be_shown_again() {
    let mut browser = Browser::new();
    let path = "/console/do/UpdateFleetCapacity";
    let long = "x".repeat(9000);
    for (typed, is_kept) in [("many", true), (&*long, false)] {
        let fields = [
            ("FleetId", super::FLEET),
            ("MaxSize", typed),
            ("_fixed", "FleetId"),
            ("_back", "/console/fleets"),
            ("_region", "ap-guangzhou"),
            ("_more", "Rows"),
        ];
        let posted = browser.post(path, &fields).await;
        assert_eq!(posted.status, StatusCode::OK);
        let (_, link) = posted.text.split_once("href=\"/console/language?to=zh-CN&amp;back=").unwrap();
        let back = crate::visit::pairs(&format!("back={}", link.split('"').next().unwrap())).remove(0).1;
        let other = browser.get(&back).await;
        assert_eq!(other.status, StatusCode::OK, "{back}");
        assert!(other.text.contains("<output class=\"user\">fleet-1-2</output>"), "{}", other.text);
        assert!(other.text.contains("name=\"_region\" value=\"ap-guangzhou\""), "{}", other.text);
        assert!(other.text.contains("name=\"_back\" value=\"/console/fleets\""), "{}", other.text);
        assert_eq!(other.text.contains("value=\"many\""), is_kept, "{}", other.text);
    }
}

#[tokio::test]
async fn a_form_whose_cookie_is_lost_is_offered_again() {
    let path = "/console/do/CreateAlias";
    let fields = [("Name", "typed"), ("_token", "00")];
    let seen = Browser::new().post_as_is(path, &fields).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    assert!(
        seen.text.contains("id=\"form-again\" href=\"/console/do/CreateAlias?~Name=typed\""),
        "{}",
        seen.text
    );
    let form = Browser::new().get("/console/do/CreateAlias?~Name=typed").await.text;
    assert!(form.contains("value=\"typed\""), "{form}");
    // Who has to log in first comes to it afterwards.
    let mut browser = Browser::with_login(true);
    let token = browser.get("/console").await.token().to_owned();
    let seen = browser.post_as_is(path, &[("Name", "typed"), ("_token", &token)]).await;
    assert!(
        seen.text.contains("name=\"back\" value=\"/console/do/CreateAlias?~Name=typed\""),
        "{}",
        seen.text
    );
}
