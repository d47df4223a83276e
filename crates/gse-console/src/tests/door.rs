//! The door: which region a visit is for, whose address it may be, and what a strange cookie or host comes to.

use gse_api::Action;
use http::StatusCode;

use super::Browser;

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
    let mut fields = form.hidden(DELETE_QUEUE);
    fields.push(("Name".into(), "prod".into()));
    let question = browser.post_as_is(DELETE_QUEUE, &borrowed(&fields)).await;
    assert!(
        question.text.contains("<strong>ap-shanghai</strong>"),
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
