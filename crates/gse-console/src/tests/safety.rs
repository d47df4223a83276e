//! What the console does not let through: markup of users, forms of others, visitors without a key.

use axum::extract::Request;
use gse_api::Action;
use http::{StatusCode, header};

use super::pages::all_pages;
use super::{Browser, FLEET, HOSTILE};
use crate::Caller;
use crate::visit::address;

#[tokio::test]
async fn what_users_write_is_never_markup() {
    let mut browser = Browser::new();
    let mut shown = 0;
    for page in all_pages() {
        let text = browser.get(&page).await.text;
        assert!(!text.contains("<script>") && !text.contains("javascript:"), "{page}: {text}");
        assert!(!text.contains("\"'&\u{202e}"), "{page}: {text}");
        shown += usize::from(text.contains("&lt;script&gt;alert(1)"));
    }
    assert!(shown > 20, "only {shown} pages showed the name");
}

#[tokio::test]
async fn what_is_typed_comes_back_as_text() {
    let mut browser = Browser::new();
    for (path, fields) in [
        ("/console/explorer/CreateAlias", vec![("Name", HOSTILE), ("_do", "show")]),
        (
            "/console/do/CreateAlias",
            vec![("Name", HOSTILE), ("_more", "Tags"), ("_back", HOSTILE), ("_fixed", HOSTILE)],
        ),
        ("/console/do/DeleteAlias", vec![("AliasId", HOSTILE), ("_rows.<script>", "7")]),
    ] {
        let text = browser.post(path, &fields).await.text;
        assert!(text.contains("&lt;script&gt;") && !text.contains("<script>"), "{path}: {text}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_policy() {
    let mut browser = Browser::new();
    for page in
        ["/console", "/console/fleets", "/console/console.css", "/console/console.js", "/console/none"]
    {
        let seen = browser.get(page).await;
        let policy = seen.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{page}: {policy}");
        assert_eq!(seen.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
    let text = browser.get("/console/fleets").await.text;
    assert!(!text.contains(" style=") && !text.contains(" onclick="), "the policy would refuse it: {text}");
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites() {
    let mut browser = Browser::new();
    let seen = browser.get("/console/fleets").await;
    let cookie = seen.headers[header::SET_COOKIE].to_str().unwrap();
    for part in ["gse_console=", "; HttpOnly", "; SameSite=Lax", "; Path=/console"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!browser.get("/console/fleets").await.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn a_form_of_somebody_else_is_refused() {
    let mut browser = Browser::new();
    let confirmed = [("FleetId", FLEET), ("_confirmed", "yes")];
    let mut stranger = Browser::new();
    let foreign = stranger.get("/console/fleets").await.token().to_owned();
    browser.get("/console/fleets").await;
    for token in ["", "00", &foreign] {
        let mut fields = confirmed.to_vec();
        fields.push(("_token", token));
        let seen = browser.post_as_is("/console/do/DeleteFleet", &fields).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{token}");
    }
    let own = browser.get("/console/fleets").await.token().to_owned();
    for (name, value) in
        [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        let request = Request::post("/console/do/DeleteFleet").header(name, value);
        let body = format!("FleetId={FLEET}&_confirmed=yes&_token={own}");
        assert_eq!(browser.send(request, body).await.status, StatusCode::FORBIDDEN, "{name}");
    }
    let upload = browser.send(Request::put("/console/upload?name=a&version=1&os=x"), String::new()).await;
    assert_eq!(upload.status, StatusCode::FORBIDDEN);
    assert!(browser.bodies(Action::DeleteFleet).is_empty());
    assert!(browser.bodies(Action::GetUploadCredentials).is_empty());
}

#[tokio::test]
async fn without_a_login_there_is_only_the_login() {
    let mut browser = Browser::with_login(true);
    for page in all_pages() {
        let text = browser.get(&page).await.text;
        assert!(text.contains("name=\"secret_key\"") && !text.contains("alert(1)"), "{page}");
    }
    assert!(browser.calls.lock().unwrap().is_empty());
    let live = browser.get("/console/live?page=%2Fconsole%2Ffleets").await;
    assert!(live.text.contains("secret_key"));
}

#[tokio::test]
async fn a_login_signs_and_ends() {
    let mut browser = Browser::with_login(true);
    let before = browser.get("/console").await;
    let (token, cookie) = (before.token().to_owned(), browser.cookies.clone());
    let wrong = [("secret_id", "wrong"), ("secret_key", "k"), ("_token", &token)];
    let seen = browser.post_as_is("/console/login", &wrong).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    assert!(seen.text.contains("AuthFailure.SecretIdNotFound") && browser.cookies == cookie);
    let right = [
        ("secret_id", "right"),
        ("secret_key", "TOPSECRET"),
        ("back", "/console/quotas"),
        ("_token", &token),
    ];
    let seen = browser.post_as_is("/console/login", &right).await;
    assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, "/console/quotas"));
    assert_ne!(browser.cookies, cookie, "a login has a new cookie");
    assert!(browser.get("/console/fleets").await.text.contains("/console/logout"));
    let shown = browser.post("/console/explorer/ListAliases", &[("_do", "show")]).await.text;
    assert!(shown.contains("Credential=right/") && !shown.contains("TOPSECRET"));
    let kept = browser.cookies.clone();
    browser.post("/console/logout", &[]).await;
    browser.cookies = kept;
    assert!(browser.get("/console/fleets").await.text.contains("secret_key"), "the login is over");
}

/// R125: what is past the limit is not asked about, and is told when to try again.
#[tokio::test]
async fn wrong_keys_are_slowed_down() {
    let mut browser = Browser::with_login(true);
    let token = browser.get("/console").await.token().to_owned();
    let wrong = [("secret_id", "wrong"), ("secret_key", "k"), ("_token", &*token)];
    for _ in 0..5 {
        assert_eq!(browser.post_as_is("/console/login", &wrong).await.status, StatusCode::FORBIDDEN);
    }
    browser.calls.lock().unwrap().clear();
    let right = [("secret_id", "right"), ("secret_key", "k"), ("_token", &*token)];
    for key in [&wrong, &right] {
        let seen = browser.post_as_is("/console/login", key).await;
        assert_eq!(
            (seen.status, &seen.headers[header::RETRY_AFTER]),
            (StatusCode::TOO_MANY_REQUESTS, &"2".parse().unwrap())
        );
        let says = "This one was not looked at; try again in <strong>2</strong> seconds.";
        assert!(seen.text.contains(says) && seen.text.contains("name=\"secret_key\""), "{}", seen.text);
    }
    assert!(browser.calls.lock().unwrap().is_empty(), "nobody was asked whether the key is right");
    // From elsewhere it is.
    let elsewhere = Request::post("/console/login").extension(Caller([192, 0, 2, 7].into()));
    let body = address("", &right).trim_start_matches('?').to_owned();
    assert_eq!(browser.send(elsewhere, body).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_account_without_the_service_sees_one_button() {
    let mut browser = Browser::with_login(true);
    let token = browser.get("/console").await.token().to_owned();
    let key = [("secret_id", "closed"), ("secret_key", "k"), ("_token", &token)];
    assert_eq!(browser.post_as_is("/console/login", &key).await.status, StatusCode::SEE_OTHER);
    for page in ["/console/start", "/console/fleets", "/console/aliases"] {
        assert!(browser.get(page).await.text.contains("action=\"/console/activate\""), "{page}");
    }
    let seen = browser.post("/console/activate", &[]).await;
    assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, "/console/start"));
}
