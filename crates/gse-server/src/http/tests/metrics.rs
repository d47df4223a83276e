//! `/metrics` is what docs/metrics.md says and no more, its labels are bounded, and the dashboard asks for what exists.

use std::collections::{BTreeMap, BTreeSet};

use gse_api::admission::AuthMode;
use serde_json::{Value, json};

use super::stack::Stack;

const PAGE: &str = include_str!("../../../../../docs/metrics.md");
const DASHBOARD: &str = include_str!("../../../../../docs/grafana/opengse.json");

/// A fleet, a queue and a placement, so that there is a sample of everything.
async fn stack() -> (Stack, String) {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    let fleet = stack.fleet(12).await;
    let arn = format!("qcs::gse:ap-shanghai:uin/100000000001:fleet/{fleet}");
    stack
        .done(
            "CreateGameServerSessionQueue",
            json!({ "Name": "q", "Destinations": [{ "DestinationArn": arn }] }),
        )
        .await;
    let start =
        json!({ "PlacementId": "p", "GameServerSessionQueueName": "q", "MaximumPlayerSessionCount": 1 });
    stack.done("StartGameServerSessionPlacement", start).await;
    let fulfilled = |answer: &Value| answer["GameServerSessionPlacement"]["Status"] == "FULFILLED";
    stack.wait("DescribeGameServerSessionPlacement", json!({ "PlacementId": "p" }), fulfilled).await;
    (stack, fleet)
}

/// The name and kind of each family.
fn families(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    lines.filter_map(|line| line.split_once(' ')).map(|(name, kind)| (name.into(), kind.into())).collect()
}

/// Each sample's name and labels.
fn series(text: &str) -> BTreeSet<String> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series.to_owned()).collect()
}

/// The names of a series' labels.
fn labels(series: &str) -> Vec<&str> {
    let inner = series.split_once('{').map_or("", |(_, labels)| labels.trim_end_matches('}'));
    inner.split(',').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name).collect()
}

#[tokio::test]
async fn the_page_names_every_metric_with_its_kind_and_labels() {
    let (stack, _) = stack().await;
    let (_, text) = stack.metrics_from("127.0.0.1").await;
    let cell = |row: &'static str, number: usize| row.split('|').nth(number).unwrap_or_default().trim();
    let rows: Vec<&'static str> = PAGE.lines().filter(|line| line.starts_with("| `gse_")).collect();
    let named = |row| cell(row, 1).trim_matches('`').to_owned();
    let documented: BTreeMap<String, String> =
        rows.iter().map(|row| (named(row), cell(row, 2).to_owned())).collect();
    assert_eq!(documented.len(), rows.len(), "a name is there twice");
    assert_eq!(documented, families(&text));
    for series in series(&text) {
        let name = series.split('{').next().unwrap_or_default();
        let row = rows.iter().find(|row| named(row) == name).unwrap();
        let expected = cell(row, 3).replace(['`', ' '], "");
        assert_eq!(labels(&series).join(","), expected, "{series}");
        assert!(!cell(row, 4).is_empty(), "{name} is not explained");
    }
}

#[tokio::test]
async fn sessions_players_and_placements_add_no_series() {
    let (stack, fleet) = stack().await;
    let before = series(&stack.metrics_from("127.0.0.1").await.1);
    let known = ["fleet", "region", "queue", "placed_in"];
    assert!(
        before.iter().flat_map(|series| labels(series)).all(|label| known.contains(&label)),
        "{before:?}"
    );
    for number in 0..5 {
        let session = stack.session(&fleet, 4).await;
        let join = json!({ "GameServerSessionId": session, "PlayerId": format!("player-{number}") });
        stack.done("JoinGameServerSession", join).await;
        let start = json!({ "PlacementId": format!("p-{number}"), "GameServerSessionQueueName": "q",
            "MaximumPlayerSessionCount": 1 });
        stack.done("StartGameServerSessionPlacement", start).await;
    }
    assert_eq!(series(&stack.metrics_from("127.0.0.1").await.1), before);
}

/// Every text of a value under that name, however deep.
fn texts<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(text) if key == name => found.push(text),
                    member => texts(member, name, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, name, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_dashboard_asks_for_metrics_and_labels_that_exist() {
    let (stack, _) = stack().await;
    let (_, text) = stack.metrics_from("127.0.0.1").await;
    let (names, series) = (families(&text), series(&text));
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut queries = Vec::new();
    texts(&dashboard["panels"], "expr", &mut queries);
    let panels = dashboard["panels"].as_array().unwrap();
    let drawn = panels.iter().filter(|panel| panel["type"] != "row").count();
    assert!(drawn >= 8 && queries.len() >= drawn, "each panel draws something");
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    for variable in variables.iter().filter(|variable| variable["type"] == "query") {
        queries.extend(variable["query"].as_str());
    }
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let mut asked = BTreeSet::new();
    for query in &queries {
        let found: Vec<&str> = query.split(word).filter(|word| word.starts_with("gse_")).collect();
        assert!(!found.is_empty(), "`{query}` asks for nothing of ours");
        for name in &found {
            let kind = names.get(*name).unwrap_or_else(|| panic!("`{query}` asks for `{name}`"));
            // A counter is of use as a rate only.
            let is_rate = query.contains("rate(") || query.contains("increase(");
            assert_eq!(kind == "counter", is_rate, "{query}");
            asked.insert((*name).to_owned());
        }
        let of_metric: BTreeSet<&str> = series
            .iter()
            .filter(|series| found.contains(&series.split('{').next().unwrap_or_default()))
            .flat_map(|series| labels(series))
            .collect();
        // `{label=…}` and `by (label)`.
        let selectors = query.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        let selected =
            selectors.flat_map(|inner| inner.split(',')).filter_map(|pair| pair.split(['=', '!']).next());
        let grouped = query.split("by (").skip(1).filter_map(|rest| rest.split(')').next());
        for label in selected.chain(grouped.flat_map(|inner| inner.split(','))).map(str::trim) {
            assert!(of_metric.contains(label), "`{query}` asks for the label `{label}`: {of_metric:?}");
        }
    }
    assert!(asked.len() >= 15, "{asked:?}");
    let mut ids: Vec<i64> = panels.iter().filter_map(|panel| panel["id"].as_i64()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), panels.len(), "panels have numbers of their own");
}
