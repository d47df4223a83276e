//! Faults that somebody asks for, to try out a disaster (W5 of operations.md 13.5): which region has one, how to make one
//! and how to end it; and what says so on every page of a region that has one.

use gse_api::extension::{DescribeRegionsRequest, RegionInfo, SetFaultRequest};
use gse_api::types as wire;
use http::StatusCode;
use maud::{Markup, html};

use crate::cloud::Refusal;
use crate::html::{Question, own, refusal, table};
use crate::page::{Outcome, Page};
use crate::text;
use crate::text::faults as words;
use crate::visit::{Visit, address, escaped, find};

/// Where the regions are listed.
const PATH: &str = "/console/faults";
/// The form of one region, and where it is sent.
const OF_REGION: &str = "/console/faults/region";
/// The form of a fleet, and where it is sent.
const OF_FLEET: &str = "/console/faults/fleet";
/// What the form offers as a delay, ms: a player's worst acceptable detour.
const DELAY_MS: u64 = 200;
/// Fleets to choose from.
const MOST: u64 = 100;

/// All regions, as they are; `refused` is what a form of the page came to.
pub(super) async fn list(v: &Visit, refused: Option<&Refusal>) -> Result<Page, Refusal> {
    let regions = v.cloud.call_extension(&DescribeRegionsRequest {}).await?.regions;
    let rows: Vec<_> = regions.iter().map(|region| row(v, region)).collect();
    let columns = [text::REGION, words::CONDITION, words::EFFECT, text::OPERATIONS];
    let body = html! {
        h1 { (v.t(words::FAULTS)) }
        p { (v.t(words::FAULTS_NOTE)) " " (v.t(words::FAULTS_NEAR)) }
        @if let Some(refused) = refused {
            (refusal(v, refused))
            // R83: it is for callers on this machine, and that is what it says with this code.
            @if refused.code == "UnsupportedOperation" { p.notice { (v.t(words::FAULTS_FAR)) } }
        }
        (table(v, &columns, &rows))
        h2 { (v.t(words::OF_FLEET)) }
        p { (v.t(words::OF_FLEET_NOTE)) }
        p { a.button href=(OF_FLEET) { (v.t(words::CHOOSE_FLEET)) } }
    };
    if refused.is_none() {
        return Ok(Page::live(v.t(words::FAULTS), body));
    }
    Ok(Page { status: StatusCode::BAD_REQUEST, ..Page::new(v.t(words::FAULTS), body) })
}

fn row(v: &Visit, region: &RegionInfo) -> Vec<Markup> {
    let is_here = region.region == v.cloud.region;
    let named = |fault: &str| address(OF_REGION, &[("region", &region.region), ("fault", fault)]);
    vec![
        html! { code { (region.region) } @if is_here { br; span.small { (v.t(words::YOUR_REGION)) } } },
        condition(v, &region.condition),
        effect(v, region),
        html! {
            @if region.condition == "up" {
                a.button href=(named("")) { (v.t(words::SET_FAULT)) }
            } @else {
                a.button href=(named("up")) { (v.t(words::CLEAR_FAULT)) } " "
                a.button.quiet href=(named("")) { (v.t(words::CHANGE_FAULT)) }
            }
        },
    ]
}

fn condition(v: &Visit, condition: &str) -> Markup {
    let (class, word) = match condition {
        "up" => ("good", words::WELL),
        "down" => ("bad", words::DOWN),
        _ => ("busy", words::SLOW),
    };
    html! { span class={ "status " (class) } data-condition=(condition) { (v.t(word)) } }
}

fn effect(v: &Visit, region: &RegionInfo) -> Markup {
    html! {
        @match &*region.condition {
            "up" => { (v.t(words::WELL_EFFECT)) }
            "down" => { (v.t(words::DOWN_EFFECT)) }
            _ => { (v.t(words::SLOW_EFFECT)) " " (region.delay_ms) }
        }
    }
}

/// The fleets of this region that a fault could still change.
async fn fleets(v: &Visit) -> Vec<wire::FleetAttributes> {
    let request = wire::DescribeFleetAttributesRequest { limit: Some(MOST), ..Default::default() };
    let found = v.cloud.call(&request).await.map(|answer| answer.fleet_attributes).unwrap_or_default();
    let is_over =
        |fleet: &wire::FleetAttributes| ["ERROR", "DELETING", "TERMINATED"].contains(&&*fleet.status);
    found.into_iter().filter(|fleet| !is_over(fleet)).collect()
}

/// The form of a fleet.
pub(super) async fn fleet(v: &Visit) -> Page {
    let fleets = fleets(v).await;
    let body = html! {
        h1 { (v.t(words::OF_FLEET)) }
        p.note { (v.t(words::OF_FLEET_NOTE)) }
        @if fleets.is_empty() { p.empty { (v.t(words::NO_FLEET)) } } @else {
            form.stacked #form-fault method="post" action=(OF_FLEET) {
                (own(v))
                label for="fleet" { (v.t(text::FLEET)) }
                select id="fleet" name="fleet" {
                    @for fleet in &fleets {
                        option value=(fleet.fleet_id) { (fleet.fleet_id) " · " (fleet.name) " · " (fleet.status) }
                    }
                }
                (buttons(v))
            }
        }
    };
    Page::new(v.t(words::OF_FLEET), body)
}

fn buttons(v: &Visit) -> Markup {
    html! {
        p.buttons {
            button { (v.t(text::SUBMIT)) }
            a.button.quiet href=(PATH) { (v.t(text::CANCEL)) }
        }
    }
}

/// The form of one region; with a fault that needs nothing more, the question whether it is meant.
pub(super) fn region(v: &Visit) -> Outcome {
    let Some(region) = v.asked("region").filter(|asked| v.regions.iter().any(|known| known == asked)) else {
        return Outcome::NotFound;
    };
    if v.asked("fault") == Some("up") {
        let given = [("region", region), ("fault", "up")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        return Outcome::Page(question(v, &given));
    }
    let body = html! {
        h1 { (v.t(words::OF_REGION)) }
        form.stacked #form-fault method="post" action=(OF_REGION) {
            (own(v))
            input type="hidden" name="region" value=(region);
            div { (v.t(text::REGION)) ": " output.user { (region) } }
            fieldset {
                legend { (v.t(words::FAULT)) }
                label { input type="radio" name="fault" value="down" checked data-decides; " " (v.t(words::DOWN)) }
                p.small { (v.t(words::DOWN_EFFECT)) }
                label { input type="radio" name="fault" value="slow" data-decides; " " (v.t(words::SLOW)) }
                div data-when="fault=slow" {
                    label for="delay" { (v.t(words::DELAY)) }
                    input id="delay" name="delay" type="number" min="1" max="2000" value=(DELAY_MS);
                }
            }
            (buttons(v))
        }
    };
    Outcome::Page(Page::new(v.t(words::OF_REGION), body))
}

/// A fault that was asked for: is it meant, and then it is so.
pub(super) async fn submit(v: &Visit, given: &[(String, String)]) -> Result<Outcome, Refusal> {
    if find(given, "_confirmed").is_none() {
        return Ok(Outcome::Page(question(v, given)));
    }
    match v.cloud.call_extension(&request(given)).await {
        Ok(_) => Ok(Outcome::Elsewhere(match find(given, "fleet") {
            Some(fleet) => format!("/console/fleets/{}", escaped(fleet)),
            None => PATH.to_owned(),
        })),
        Err(refused) => Ok(Outcome::Page(list(v, Some(&refused)).await?)),
    }
}

/// What is sent; what makes no sense is for the service to refuse.
fn request(given: &[(String, String)]) -> SetFaultRequest {
    if let Some(fleet) = find(given, "fleet") {
        let fleet_id = Some(fleet.to_owned());
        return SetFaultRequest { fleet_id, fault: "error".to_owned(), ..Default::default() };
    }
    let fault = find(given, "fault").unwrap_or_default().to_owned();
    let delay_ms =
        find(given, "delay").filter(|_| fault == "slow").and_then(|delay| delay.trim().parse().ok());
    SetFaultRequest {
        region: find(given, "region").map(str::to_owned),
        fault,
        delay_ms,
        ..Default::default()
    }
}

fn question(v: &Visit, given: &[(String, String)]) -> Page {
    let is_fleet = find(given, "fleet").is_some();
    let sent = serde_json::to_value(request(given)).expect("request types are structs of plain values");
    let (title, what, name) = match find(given, "fleet") {
        Some(fleet) => (words::OF_FLEET, text::FLEET, fleet),
        None => (words::OF_REGION, text::REGION, find(given, "region").unwrap_or_default()),
    };
    let question = Question {
        title,
        note: is_fleet.then_some(words::OF_FLEET_NOTE),
        is_final: is_fleet,
        about: vec![(what, name.to_owned())],
        sent: &sent,
        action: if is_fleet { OF_FLEET } else { OF_REGION },
        fields: given,
        has_input: false,
        back: PATH,
    };
    Page::new(v.t(title), question.markup(v))
}

/// What nobody is to forget on the pages of a region: that it has a fault. What cannot be read is not shown.
pub(super) async fn banner(v: &Visit) -> Option<Markup> {
    let regions = v.cloud.call_extension(&DescribeRegionsRequest {}).await.ok()?.regions;
    let here =
        regions.into_iter().find(|region| region.region == v.cloud.region && region.condition != "up")?;
    Some(html! {
        div.notice.bad #fault {
            p {
                strong { (v.t(words::BANNER)) } " "
                @if here.condition == "down" { (v.t(words::BANNER_DOWN)) }
                @else { (v.t(words::BANNER_SLOW)) " " (here.delay_ms) }
                " " a href=(PATH) { (v.t(words::TO_FAULTS)) }
            }
        }
    })
}
