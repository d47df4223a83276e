//! Faults that somebody asks for: seen, set and cleared by forms, and not to be forgotten while they last.

use gse_api::Action;
use http::StatusCode;
use serde_json::json;

use super::{Browser, FLEET, HOSTILE};
use crate::visit::address;

#[tokio::test]
async fn regions_are_listed_with_their_faults_and_what_those_do() {
    let mut browser = Browser::new();
    let page = browser.get("/console/faults").await.text;
    for part in [
        "data-condition=\"up\"",
        "data-condition=\"down\"",
        "Nothing is placed there",
        "href=\"/console/faults/region?region=ap-shanghai&amp;fault=\"",
        "href=\"/console/faults/region?region=ap-guangzhou&amp;fault=up\"",
        "href=\"/console/faults/fleet\"",
        "data-live=",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(browser.get("/console/faults/region?region=nowhere").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_fault_is_asked_once_and_then_set() {
    for (fields, sent, place) in [
        (
            vec![("region", "ap-shanghai"), ("fault", "down"), ("delay", "200")],
            json!({ "Region": "ap-shanghai", "Fault": "down" }),
            "/console/faults".to_owned(),
        ),
        (
            vec![("region", "ap-shanghai"), ("fault", "slow"), ("delay", "80")],
            json!({ "Region": "ap-shanghai", "Fault": "slow", "DelayMs": 80 }),
            "/console/faults".to_owned(),
        ),
        (
            vec![("fleet", FLEET)],
            json!({ "FleetId": FLEET, "Fault": "error" }),
            format!("/console/fleets/{FLEET}"),
        ),
    ] {
        let mut browser = Browser::new();
        let form = if fields[0].0 == "fleet" { "/console/faults/fleet" } else { "/console/faults/region" };
        let seen = browser.post(form, &fields).await;
        assert!(seen.text.contains(&format!("action=\"{form}\"")), "{}", seen.text);
        assert!(seen.text.contains("name=\"_confirmed\""), "{}", seen.text);
        assert!(browser.bodies_of("SetFault").is_empty(), "nothing is done before it is meant");
        let mut meant = fields.clone();
        meant.push(("_confirmed", "yes"));
        let seen = browser.post(form, &meant).await;
        assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, &*place));
        assert_eq!(browser.bodies_of("SetFault"), [sent]);
    }
}

/// Nothing is to fill in, so there is one question, and it carries all that its answer needs.
#[tokio::test]
async fn a_fault_is_cleared_by_one_question() {
    let mut browser = Browser::new();
    let page = browser.get("/console/faults/region?region=ap-guangzhou&fault=up").await;
    let own = page.token().to_owned();
    let (_, form) = page.text.split_once("<form method=\"post\" action=\"/console/faults/region\">").unwrap();
    let fields = [("region", "ap-guangzhou"), ("fault", "up"), ("_token", &*own), ("_confirmed", "yes")];
    for (name, value) in fields {
        assert!(form.contains(&format!("name=\"{name}\" value=\"{value}\"")), "{name}: {form}");
    }
    browser.post_as_is("/console/faults/region", &fields).await;
    assert_eq!(browser.bodies_of("SetFault"), [json!({ "Region": "ap-guangzhou", "Fault": "up" })]);
}

#[tokio::test]
async fn what_the_service_refuses_is_said_in_words() {
    let mut browser = Browser::new();
    let fields = [("region", HOSTILE), ("fault", "down"), ("_confirmed", "yes")];
    let seen = browser.post("/console/faults/region", &fields).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(
        seen.text.contains("UnsupportedOperation") && seen.text.contains("on another machine"),
        "{}",
        seen.text
    );
    assert!(!seen.text.contains("<script>alert"), "{}", seen.text);
    // A form of somebody else is not even asked about.
    let forged = browser.post_as_is("/console/faults/region", &fields).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_page_of_a_region_with_a_fault_says_so() {
    let mut browser = Browser::new();
    let pages = ["/console/fleets", "/console/queues", "/console/do/CreateAlias", "/console/start"];
    for page in pages {
        assert!(!browser.get(page).await.text.contains("id=\"fault\""), "{page}");
    }
    browser.get("/console/region?to=ap-guangzhou").await;
    for page in pages {
        let text = browser.get(page).await.text;
        assert!(text.contains("id=\"fault\"") && text.contains("this region is down"), "{page}: {text}");
    }
    let question =
        browser.post(&address("/console/do/DeleteAlias", &[]), &[("AliasId", "alias-1")]).await.text;
    assert!(question.contains("id=\"fault\"") && question.contains("_confirmed"), "{question}");
    assert!(browser.bodies(Action::DeleteAlias).is_empty());
    browser.language = "zh-CN";
    assert!(browser.get("/console/fleets").await.text.contains("当前地域处于人为故障中"));
}
