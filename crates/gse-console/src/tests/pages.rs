//! Every page renders, in both languages; lists page; forms become calls.

use std::collections::BTreeSet;

use gse_api::Action;
use gse_api::schema::{Structure, ValueType};
use http::StatusCode;
use serde_json::json;

use super::{Browser, FLEET, HOSTILE, SESSION};
use crate::form;
use crate::text::{MEMBERS, TABLE, demo, door, faults, filling, live, login, pages, quotas};
use crate::visit::{address, escaped};

/// Every page that can be reached.
pub(super) fn all_pages() -> Vec<String> {
    let plain = [
        "start",
        "fleets",
        "aliases",
        "aliases/alias-1",
        "aliases/alias-2",
        "assets",
        "assets/upload",
        "assets/command",
        "assets/image",
        "assets/asset-1",
        "queues",
        "queue?name=q",
        "quotas",
        "faults",
        "faults/fleet",
        "faults/region?region=ap-shanghai",
        "faults/region?region=ap-guangzhou&fault=up",
        "explorer",
        "monitoring",
        "monitoring?fleet=fleet-1-2",
        "monitoring?queue=q&span=86400",
        "monitoring?instance=ins-1&from=2021-01-01T00:00",
        "charts",
        "charts?namespace=Instance&region=ap-guangzhou",
        "statistics/usage",
        "statistics/history",
    ];
    let tabs = [
        "",
        "/basics",
        "/events",
        "/instances",
        "/scaling",
        "/sessions",
        "/processes",
        "/ports",
        "/asset",
        "/network",
        "/scale",
        "/access?instance=ins-1",
        "/logs?instance=ins-1",
        "/diagnosis",
        "/delete",
    ];
    let mut pages: Vec<String> = plain.iter().map(|page| format!("/console/{page}")).collect();
    pages.extend(tabs.iter().map(|tab| format!("/console/fleets/{FLEET}{tab}")));
    pages.push(address("/console/session", &[("id", SESSION)]));
    pages.push("/console/placement?id=p".into());
    pages.push("/console/instance?id=ins-1".into());
    pages.push("/console/instance?id=ins-1&process=process-1".into());
    pages.push(address("/console/charts", &[("chart", &free_chart("Fleet"))]));
    pages.push(address("/console/client", &[("session", SESSION), ("player", HOSTILE)]));
    pages.extend(Action::ALL.iter().map(|action| format!("/console/explorer/{}", action.name())));
    let named = [("FleetId", FLEET), ("AliasId", "alias-1"), ("Name", HOSTILE), ("back", "/console/fleets")];
    pages.extend(
        form::all_operations().map(|action| address(&format!("/console/do/{}", action.name()), &named)),
    );
    pages
}

/// A free chart with a hostile name.
pub(super) fn free_chart(namespace: &str) -> String {
    let members = [
        ("title", HOSTILE),
        ("namespace", namespace),
        ("region", "ap-guangzhou"),
        ("object", HOSTILE),
        ("metrics", "ActiveGameServerSessions QueueDepth"),
    ];
    address("", &members).trim_start_matches('?').to_owned()
}

#[tokio::test]
async fn every_page_renders_in_both_languages() {
    for (language, code, menu) in [("en", "en", "Asset packages"), ("zh-CN,zh;q=0.9", "zh-CN", "生成包")] {
        let mut browser = Browser::new();
        browser.language = language;
        for page in all_pages() {
            let seen = browser.get(&page).await;
            assert_eq!(seen.status, StatusCode::OK, "{page}: {}", seen.text);
            assert!(seen.text.contains(&format!("<html lang=\"{code}\">")), "{page}");
            assert!(seen.text.contains(menu), "{page}");
        }
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let mut browser = Browser::new();
    for page in [
        "/console/nothing",
        "/console/do/DescribeFleetAttributes",
        "/console/explorer/Nothing",
        "/console/session",
    ] {
        assert_eq!(browser.get(page).await.status, StatusCode::NOT_FOUND, "{page}");
    }
}

#[test]
fn every_text_is_in_both_languages() {
    let others = [
        demo::TABLE,
        door::TABLE,
        faults::TABLE,
        filling::TABLE,
        live::TABLE,
        login::TABLE,
        pages::TABLE,
        quotas::TABLE,
    ];
    for (name, text) in TABLE.iter().chain(others.into_iter().flatten()) {
        assert!(!text.english.is_empty() && !text.chinese.is_empty(), "{name}");
        assert!(
            text.english.is_ascii()
                || !text.english.contains(|c: char| ('\u{4e00}'..'\u{9fff}').contains(&c)),
            "{name}"
        );
    }
}

/// The members of a structure, and of those within it, that have no Chinese name.
fn members_without(structure: &Structure, nameless: &mut BTreeSet<&str>) {
    for member in structure.members {
        if !MEMBERS.iter().any(|(known, _)| *known == member.name) {
            nameless.insert(member.name);
        }
        let mut value = &member.value;
        if let ValueType::List(list) = value {
            value = list.item;
        }
        if let ValueType::Object(structure) = value {
            members_without(structure, nameless);
        }
    }
}

#[tokio::test]
async fn members_have_their_chinese_names() {
    assert!(MEMBERS.is_sorted_by(|(before, _), (after, _)| before < after), "they are searched by halves");
    let mut nameless = BTreeSet::new();
    Action::ALL.iter().for_each(|action| members_without(action.request_schema(), &mut nameless));
    assert_eq!(nameless, BTreeSet::new(), "they have no Chinese name");
    let mut browser = Browser::new();
    browser.language = "zh";
    let seen = browser.get("/console/explorer/CreateFleet").await;
    assert!(seen.text.contains("启动路径 <code class=\"wire\">LaunchPath</code>"), "{}", seen.text);
}

#[tokio::test]
async fn the_switches_are_remembered() {
    let mut browser = Browser::new();
    let seen = browser.get("/console/language?to=zh-CN&back=%2Fconsole%2Fqueues").await;
    assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, "/console/queues"));
    browser.get("/console/region?to=ap-guangzhou&back=https%3A%2F%2Fevil").await;
    browser.get("/console/region?to=nowhere").await;
    let seen = browser.get("/console/assets").await;
    assert!(seen.text.contains("lang=\"zh-CN\"") && seen.text.contains("<option selected>ap-guangzhou"));
    let asked = browser.bodies(Action::DescribeAssets);
    assert_eq!(asked.last().unwrap()["AssetRegion"], "ap-guangzhou");
    let elsewhere = browser.get("/console/region?to=ap-shanghai&back=https%3A%2F%2Fevil").await;
    assert_eq!(elsewhere.location(), "/console");
}

#[tokio::test]
async fn lists_page() {
    let mut browser = Browser::new();
    let seen = browser.get("/console/fleets?offset=20").await;
    assert_eq!(browser.bodies(Action::DescribeFleetAttributes), [json!({"Limit": 20, "Offset": 20})]);
    assert!(
        seen.text.contains("href=\"/console/fleets\"") && seen.text.contains("offset=21"),
        "{}",
        seen.text
    );
    assert!(seen.text.contains("21–21 of 45"), "{}", seen.text);
    let seen = browser.get(&format!("/console/fleets/{FLEET}/sessions?status=ACTIVE")).await;
    assert!(seen.text.contains("?status=ACTIVE&amp;next=more"), "{}", seen.text);
}

#[tokio::test]
async fn a_form_becomes_a_call_and_leads_to_what_was_made() {
    let mut browser = Browser::new();
    let fields = [
        ("Name", "new"),
        ("AssetId", "asset-1"),
        ("RuntimeConfiguration.ServerProcesses.0.LaunchPath", "/game"),
        ("RuntimeConfiguration.ServerProcesses.0.ConcurrentExecutions", "3"),
        ("Description", ""),
    ];
    let seen = browser.post("/console/do/CreateFleet", &fields).await;
    assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, "/console/fleets/fleet-1-2"));
    let wanted = json!({
        "Name": "new", "AssetId": "asset-1",
        "RuntimeConfiguration": {"ServerProcesses": [{"LaunchPath": "/game", "ConcurrentExecutions": 3}]},
    });
    assert_eq!(browser.bodies(Action::CreateFleet), [wanted]);
}

#[tokio::test]
async fn what_cannot_be_undone_is_asked_first() {
    let mut browser = Browser::new();
    let seen = browser.post("/console/do/DeleteFleet", &[("FleetId", FLEET)]).await;
    assert!(seen.text.contains("_confirmed") && seen.text.contains("This cannot be undone."));
    assert!(browser.bodies(Action::DeleteFleet).is_empty());
    let seen = browser.post("/console/do/DeleteFleet", &[("FleetId", FLEET), ("_confirmed", "yes")]).await;
    assert_eq!(seen.location(), "/console/fleets");
    assert_eq!(browser.bodies(Action::DeleteFleet), [json!({"FleetId": FLEET})]);
}

/// Where nothing is to be filled in, the link leads to the question, which carries all that its answer needs.
#[tokio::test]
async fn one_question_is_enough() {
    let mut browser = Browser::new();
    for (link, action, sent) in [
        ("DeleteAlias?AliasId=alias-1", Action::DeleteAlias, json!({ "AliasId": "alias-1" })),
        (
            "StopFleetActions?FleetId=fleet-1-2",
            Action::StopFleetActions,
            json!({ "FleetId": FLEET, "Actions": ["AUTO_SCALING"] }),
        ),
    ] {
        let page = browser.get(&format!("/console/do/{link}&back=%2Fconsole%2Fqueues")).await;
        assert!(
            page.text.contains("name=\"_confirmed\"") && !page.text.contains("form class=\"action\""),
            "{}",
            page.text
        );
        let hidden = page.text.split("<input type=\"hidden\" name=\"").skip(1);
        let hidden = hidden.filter_map(|input| input.split_once("\" value=\""));
        let mut fields: Vec<(&str, &str)> =
            hidden.map(|(name, rest)| (name, rest.split('"').next().unwrap())).collect();
        // The frame has forms of its own.
        fields.retain(|(name, _)| !["back", "to"].contains(name));
        fields.push(("_confirmed", "yes"));
        let seen = browser.post_as_is(&format!("/console/do/{}", action.name()), &fields).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text);
        assert_eq!(browser.bodies(action), [sent]);
    }
    // What it is about is not said: that is filled in first.
    assert!(browser.get("/console/do/DeleteAlias").await.text.contains("form class=\"action\""));
}

#[tokio::test]
async fn another_row_keeps_what_was_typed_and_calls_nothing() {
    let mut browser = Browser::new();
    let list = "RuntimeConfiguration.ServerProcesses";
    let seen = browser.post("/console/do/CreateFleet", &[("Name", "kept"), ("_more", list)]).await;
    assert!(
        seen.text.contains("value=\"kept\"") && seen.text.contains(&format!("name=\"{list}.1.LaunchPath\""))
    );
    assert!(browser.bodies(Action::CreateFleet).is_empty());
}

#[tokio::test]
async fn a_form_of_a_change_begins_with_what_is_there() {
    let mut browser = Browser::new();
    let seen = browser.get("/console/do/UpdateAlias?AliasId=alias-1").await;
    assert!(seen.text.contains("<option value=\"TERMINAL\" selected>terminal"), "{}", seen.text);
    assert!(seen.text.contains("<output class=\"user\">alias-1</output>"), "{}", seen.text);
}

#[tokio::test]
async fn the_explorer_shows_the_request_before_it_calls() {
    let mut browser = Browser::new();
    let path = "/console/explorer/DescribeAlias";
    let seen = browser.post(path, &[("AliasId", "alias-9"), ("_do", "show")]).await;
    assert!(
        seen.text.contains("X-TC-Action: DescribeAlias") && seen.text.contains("tccli gse DescribeAlias")
    );
    assert!(browser.bodies(Action::DescribeAlias).is_empty());
    let seen = browser.post(path, &[("AliasId", "alias-9"), ("_do", "call")]).await;
    assert_eq!(browser.bodies(Action::DescribeAlias), [json!({"AliasId": "alias-9"})]);
    assert!(seen.text.contains("RoutingStrategy"));
}

#[tokio::test]
async fn a_page_that_changes_says_so() {
    let mut browser = Browser::new();
    for page in [escaped("https://evil"), String::new()] {
        assert_eq!(browser.get(&format!("/console/live?page={page}")).await.text, "");
    }
    let stream = browser.get("/console/fleets?offset=1").await.stream();
    let stream = stream.strip_suffix("&_region=ap-shanghai").unwrap().to_owned();
    let (page, mark) = stream.strip_prefix("/console/live?page=").unwrap().split_once("&seen=").unwrap();
    assert_eq!(page, escaped("/console/fleets?offset=1"));
    // Nothing happened between the page and its stream.
    assert_eq!(browser.first_event(&stream, None).await, ": \n\n");
    // Something did: the page that is there is another one.
    let changed = format!("retry: 1000\nid: {mark}\ndata: changed\n\n");
    let older = format!("/console/live?page={page}&seen=older");
    assert_eq!(browser.first_event(&older, None).await, changed);
    // A stream that was cut goes on where it was.
    assert_eq!(browser.first_event(&older, Some(mark)).await, ": \n\n");
    assert_eq!(browser.first_event(&stream, Some("older")).await, changed);
}

/// No page is news as soon as it is there: nothing on it depends on who asks or when.
#[tokio::test]
async fn no_page_is_news_by_itself() {
    let mut browser = Browser::new();
    let mut live = 0;
    for page in all_pages() {
        let seen = browser.get(&page).await;
        if seen.text.contains("data-live=") {
            live += 1;
            assert_eq!(browser.first_event(&seen.stream(), None).await, ": \n\n", "{page}");
        }
    }
    assert!(live >= 15, "{live} pages follow what they show");
}

#[tokio::test]
async fn a_session_is_told_with_its_timeline_its_findings_and_its_output() {
    let mut browser = Browser::new();
    let page = address("/console/session", &[("id", SESSION)]);
    let seen = browser.get(&page).await;
    for part in [
        "requested",
        "+12 ms",
        "11:00:00.123",
        "<svg class=\"timeline\"",
        "What to do",
        "stderr",
        "data-tail",
    ] {
        assert!(seen.text.contains(part), "{part}: {}", seen.text);
    }
    assert!(!seen.text.contains("style="), "the policy of the page forbids it");
    browser.language = "zh-CN";
    let seen = browser.get(&page).await;
    for part in ["时间线", "发起请求", "控制面", "处理建议", "输出"] {
        assert!(seen.text.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_placement_and_a_fleet_say_why() {
    let mut browser = Browser::new();
    let seen = browser.get("/console/placement?id=p").await;
    assert!(seen.text.contains("Why it went where it went") && seen.text.contains("<li class=\"inner\">"));
    let seen = browser.get(&format!("/console/fleets/{FLEET}/diagnosis")).await;
    assert!(seen.text.contains("What to do") && seen.text.contains("3 more of the kind"), "{}", seen.text);
}

#[tokio::test]
async fn quotas_are_told_in_words() {
    let mut browser = Browser::new();
    let page = browser.get("/console/quotas").await.text;
    let said = "Room for packages: <bdi class=\"user\">80 GB</bdi> of <bdi class=\"user\">100 GB</bdi>";
    assert!(page.contains(said) && !page.contains("AssertCapacity"), "{page}");
}

#[tokio::test]
async fn the_header_of_a_fleet_has_its_ccn_and_the_scaling_values_the_buffer() {
    let mut browser = Browser::new();
    let page = browser.get(&format!("/console/fleets/{FLEET}/scaling")).await.text;
    let header = page.split_once("class=\"tabs\"").unwrap().0;
    assert!(header.contains("id=\"fleet-ccn\"") && header.contains(&format!("{FLEET}/network")), "{header}");
    let values = page.split_once("<dl>").unwrap().1.split_once("</dl>").unwrap().0;
    assert!(values.contains("<dt>Buffer, %</dt><dd>31</dd>"), "{values}");
}

#[tokio::test]
async fn each_page_says_what_clock_its_times_are_of() {
    let mut browser = Browser::new();
    assert!(browser.get("/console/fleets").await.text.contains("Times are UTC"));
    browser.language = "zh-CN";
    assert!(browser.get("/console/fleets").await.text.contains("时间均为 UTC"));
}

#[tokio::test]
async fn short_ids_stay_on_one_line() {
    let mut browser = Browser::new();
    let page = browser.get("/console/fleets").await.text;
    assert!(page.contains(&format!("<code class=\"id\">{FLEET}</code>")), "{page}");
    let page = browser.get("/console/explorer/ListAliases").await.text;
    assert!(page.contains(" · A row that is left empty is not sent."), "{page}");
}
