//! Monitoring and statistics: charts, tables, files.

use http::header;
use serde_json::json;

use super::pages::free_chart;
use super::{Browser, FLEET, HOSTILE};
use crate::visit::address;

#[tokio::test]
async fn a_dashboard_draws_and_tells() {
    let mut browser = Browser::new();
    let page = browser.get(&format!("/console/monitoring?fleet={FLEET}")).await.text;
    assert!(page.contains("<polyline") && page.contains("aria-label=\"Game server sessions\""), "{page}");
    // The chart's table has the newest first, and says that its time is one.
    let table = page.split_once("<caption").unwrap().1;
    let (newest, older) = (table.find("11:59:00").unwrap(), table.find("11:58:00").unwrap());
    assert!(newest < older && table.contains("<td>2.5</td>"), "{table}");
    let asked = browser.bodies_of("DescribeMonitoring");
    assert_eq!(asked, [json!({ "FleetId": FLEET, "BeginTime": "2021-01-01T11:00:00Z" })]);
    // What could not be measured is no line at zero.
    let page = browser.get("/console/monitoring?instance=ins-1").await.text;
    assert!(page.contains("not measured") && !page.contains("<polyline"), "{page}");
}

#[tokio::test]
async fn another_period_is_asked_for() {
    let mut browser = Browser::new();
    browser.get("/console/monitoring?queue=q&from=2020-12-31T08:00&to=2021-01-01T00:00").await;
    browser.get("/console/monitoring?queue=q&span=604800").await;
    browser.get("/console/monitoring?queue=q&span=1&from=nonsense").await;
    let asked = browser.bodies_of("DescribeMonitoring");
    let of = |begin: &str| json!({ "GameServerSessionQueueName": "q", "BeginTime": begin });
    let mut first = of("2020-12-31T08:00:00Z");
    first["EndTime"] = "2021-01-01T00:00:00Z".into();
    assert_eq!(asked, [first, of("2020-12-25T12:00:00Z"), of("2021-01-01T11:00:00Z")]);
}

#[tokio::test]
async fn figures_are_saved_as_table_and_picture() {
    let mut browser = Browser::new();
    let seen = browser.get(&format!("/console/monitoring?fleet={FLEET}&download=csv")).await;
    assert_eq!(seen.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    assert_eq!(
        seen.headers[header::CONTENT_DISPOSITION],
        format!("attachment; filename=\"monitoring-Fleet-{FLEET}.csv\"")
    );
    let first = seen.text.lines().nth(1).unwrap();
    assert_eq!(first, "2021-01-01T11:58:00Z,1,,,1");
    let seen = browser.get(&format!("/console/monitoring?fleet={FLEET}&download=0.svg")).await;
    assert_eq!(seen.headers[header::CONTENT_TYPE], "image/svg+xml");
    assert!(seen.text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(
        seen.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'")
    );
    assert_eq!(browser.get("/console/monitoring?fleet=f&download=99.svg").await.status, 404);
}

#[tokio::test]
async fn free_charts_are_their_address() {
    let mut browser = Browser::new();
    let made = [
        ("namespace", "Fleet"),
        ("region", "ap-guangzhou"),
        ("object", FLEET),
        ("metric", "IdleInstances"),
        ("metric", "ActiveInstances"),
        ("title", "mine & yours"),
        ("chart", &*free_chart("Fleet")),
    ];
    let seen = browser.get(&address("/console/charts", &made)).await;
    let place = seen.location().to_owned();
    assert_eq!(place.matches("chart=").count(), 2, "{place}");
    let page = browser.get(&place).await.text;
    assert!(page.contains("mine &amp; yours") && page.contains("id=\"chart-1\""), "{page}");
    let asked = browser.bodies_of("DescribeMonitoring");
    assert_eq!(asked.last().unwrap()["MetricNames"], json!(["IdleInstances", "ActiveInstances"]));
    // Each can be copied and deleted.
    let count = |part: &str| {
        let links = page
            .split("href=\"")
            .filter(|link| link.split('"').next().unwrap().starts_with("/console/charts?"));
        links.filter(|link| link.split('"').next().unwrap().matches(part).count() == 3).count()
    };
    assert_eq!(count("chart="), 2, "two links lead to three charts");
    // What is no chart is left out.
    let page = browser.get("/console/charts?chart=namespace%3DNothing&chart=x").await.text;
    assert!(page.contains("There is nothing here yet."));
}

#[tokio::test]
async fn statistics_are_shown_with_totals_and_what_they_lack() {
    let mut browser = Browser::new();
    let page = browser.get("/console/statistics/usage?from=2021-01-01T10:00&to=2021-01-01T12:00").await.text;
    assert!(page.contains("01h 30m 00s") && page.contains("id=\"total-traffic\">not measured<"), "{page}");
    let asked = browser.bodies_of("DescribeFleetStatisticSummary");
    assert_eq!(asked, [json!({ "BeginTime": "2021-01-01T10:00:00Z", "EndTime": "2021-01-01T12:00:00Z" })]);
    let page = browser.get("/console/statistics/history?fleet=gone").await.text;
    assert!(page.contains("10.0.0.1") && page.contains("<option selected>gone"), "{page}");
    assert_eq!(browser.get("/console/statistics/nothing").await.status, 404);
}

#[tokio::test]
async fn a_saved_table_is_no_formula() {
    let mut browser = Browser::new();
    let usage = browser.get("/console/statistics/usage?download=csv").await.text;
    let lines: Vec<&str> = usage.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines[1], "2021-01-01T11:00:00Z,HOUR,3600,");
    assert_eq!(lines.len(), 3);
    let seen = browser.get("/console/statistics/history?download=csv&fleet=%22%0d%0ax%3d1").await;
    let name = seen.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(
        name.starts_with("attachment; filename=\"history-___x_1-2020-12-31-") && name.ends_with(".csv\""),
        "{name}"
    );
    let cells = seen.text.lines().nth(1).unwrap();
    assert!(cells.starts_with("\"'=cmd()\",\"<script>alert(1)</script>\"\"'&"), "{cells}");
    assert!(seen.text.contains(HOSTILE.chars().last().unwrap()));
}

#[tokio::test]
async fn a_file_that_is_cut_is_said_to_be() {
    let mut browser = Browser::new();
    let page = browser.get("/console/statistics/history?fleet=fleet-long").await.text;
    assert!(page.contains("10000 / 10001"), "{page}");
    assert!(!browser.get("/console/statistics/history").await.text.contains("csv-is-cut"));
}

/// The cloud says that there are 45, one in each answer.
#[tokio::test]
async fn every_fleet_can_be_chosen() {
    let mut browser = Browser::new();
    browser.get("/console/statistics/usage").await;
    let asked = browser.bodies_of("DescribeFleetAttributes");
    assert_eq!((asked.len(), &asked[44]), (45, &json!({ "Limit": 100, "Offset": 44 })));
}
