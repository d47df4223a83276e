//! Statistics (operations.md 8.8): what instances cost in time, by hour or day and by life, with a table to keep.

use gse_api::types as wire;
use maud::{Markup, html};

use super::{AT_ONCE, CALLS, ROWS, all_fleets, found_or_refused, seconds};
use crate::chart::{Chart, Line, iso, number_text};
use crate::cloud::Refusal;
use crate::form::values::utc;
use crate::html::{duration, id, named, pager, plain, table, time};
use crate::language::Text;
use crate::page::{File, Outcome, Page, file_name};
use crate::visit::{Visit, address, escaped};
use crate::{csv, text};

const TABS: [(&str, Text); 2] = [("usage", text::USAGE), ("history", text::HISTORY)];
/// What is shown first, seconds.
const USUAL: i64 = 86_400;

/// What is asked about.
struct Question {
    begin: String,
    end: String,
    fleet: Option<String>,
}

impl Question {
    /// Without a period: the last day, from a whole hour on.
    fn asked(v: &Visit) -> Self {
        let given = |name| v.asked(name).map(utc).filter(|text| seconds(text).is_some());
        let hour = 3600;
        let end = v.cloud.now - v.cloud.now % hour + hour;
        Self {
            begin: given("from").unwrap_or_else(|| iso(end - USUAL)),
            end: given("to").unwrap_or_else(|| iso(end)),
            fleet: v.asked("fleet").map(str::to_owned),
        }
    }
}

pub(super) async fn show(v: &Visit, tab: &str) -> Result<Outcome, Refusal> {
    let question = Question::asked(v);
    match (tab, v.asked("download")) {
        ("usage", Some(_)) => return usage_file(v, &question).await,
        ("history", Some(_)) => return history_file(v, &question).await,
        _ => {}
    }
    let content = async {
        match tab {
            "usage" => usage(v, &question).await,
            _ => history(v, &question).await,
        }
    };
    if !TABS.iter().any(|(name, _)| *name == tab) {
        return Ok(Outcome::NotFound);
    }
    let (fleets, content) = tokio::join!(all_fleets(&v.cloud), content);
    let (fleets, (content, refused)) = (fleets?, found_or_refused(v, content)?);
    let body = html! {
        h1 { (v.t(text::STATISTICS)) }
        nav.tabs aria-label=(v.t(text::STATISTICS)) {
            @for (name, label) in TABS {
                a href={ "/console/statistics/" (name) } aria-current=[(name == tab).then_some("page")] { (v.t(label)) }
            }
        }
        (filter(v, &question, &fleets))
        (content)
        p.note { (v.t(text::TRAFFIC_NOTE)) }
    };
    Ok(Outcome::Page(Page::new(v.t(text::STATISTICS), body).unless(refused)))
}

fn filter(v: &Visit, question: &Question, fleets: &[wire::FleetAttributes]) -> Markup {
    let local = |iso: &str| iso.chars().take(16).collect::<String>();
    let fleet = question.fleet.as_deref();
    html! {
        form.filter #statistics-filter method="get" {
            label for="from" { (v.t(text::FROM)) " (UTC)" }
            input id="from" name="from" type="datetime-local" value=(local(&question.begin));
            label for="to" { (v.t(text::TO)) " (UTC)" }
            input id="to" name="to" type="datetime-local" value=(local(&question.end));
            label for="fleet" { (v.t(text::FLEET)) }
            select id="fleet" name="fleet" {
                option value="" { (v.t(text::ALL)) }
                @for known in fleets {
                    option value=(known.fleet_id) selected[fleet == Some(&known.fleet_id)] {
                        (known.name) " · " (known.fleet_id)
                    }
                }
                @if let Some(gone) = fleet.filter(|fleet| !fleets.iter().any(|known| known.fleet_id == *fleet)) {
                    option selected { (gone) }
                }
            }
            button.quiet.keep { (v.t(text::SHOW)) }
        }
    }
}

/// The button for the file of what is shown, and how much of so many rows the file has if it has not all.
fn save(v: &Visit, question: &Question, tab: &str, total: u64) -> Markup {
    let fleet = question.fleet.as_deref().unwrap_or_default();
    let query = [("from", &*question.begin), ("to", &*question.end), ("fleet", fleet), ("download", "csv")];
    let href = address(&format!("/console/statistics/{tab}"), &query);
    let most = AT_ONCE * CALLS;
    html! {
        div {
            a.button #download-csv href=(href) { (v.t(text::DOWNLOAD_CSV)) }
            @if total > most { p.small #csv-is-cut { (v.t(text::filling::CSV_IS_CUT)) " " (most) " / " (total) } }
        }
    }
}

/// One hour or day: when it began, seconds, megabytes.
struct Part {
    begin: String,
    seconds: i64,
    traffic: Option<f64>,
}

fn parts(answer: &wire::DescribeFleetStatisticFlowsResponse) -> Vec<Part> {
    let traffic = |begin: &str| {
        let found = answer.used_flow_list.iter().find(|flow| flow.begin_time == begin);
        found.and_then(|flow| flow.total_used_flow_mega_bytes)
    };
    let part = |time: &wire::FleetStatisticTimes| Part {
        begin: time.begin_time.clone(),
        seconds: time.total_used_time_seconds.parse().unwrap_or_default(),
        traffic: traffic(&time.begin_time),
    };
    answer.used_time_list.iter().map(part).collect()
}

/// What is not measured is said, not written as nothing.
fn megabytes(v: &Visit, traffic: Option<f64>) -> String {
    traffic
        .map_or_else(|| v.t(text::NOT_MEASURED).to_owned(), |traffic| format!("{} MB", number_text(traffic)))
}

fn flows(question: &Question, limit: u64, offset: u64) -> wire::DescribeFleetStatisticFlowsRequest {
    wire::DescribeFleetStatisticFlowsRequest {
        begin_time: Some(question.begin.clone()),
        end_time: Some(question.end.clone()),
        fleet_id: question.fleet.clone(),
        limit: Some(limit),
        offset: Some(offset),
    }
}

async fn usage(v: &Visit, question: &Question) -> Result<Markup, Refusal> {
    let summary = wire::DescribeFleetStatisticSummaryRequest {
        begin_time: Some(question.begin.clone()),
        end_time: Some(question.end.clone()),
        fleet_id: question.fleet.clone(),
    };
    let flows = flows(question, AT_ONCE, v.offset());
    let (summary, answer) = tokio::try_join!(v.cloud.call(&summary), v.cloud.call(&flows))?;
    let parts = parts(&answer);
    let row = |part: &Part| {
        vec![time(&part.begin), html! { (duration(part.seconds)) }, html! { (megabytes(v, part.traffic)) }]
    };
    let rows: Vec<_> = parts.iter().map(row).collect();
    let total = summary.total_used_time_seconds.parse().unwrap_or_default();
    Ok(html! {
        div.head {
            p #totals {
                (v.t(text::TOTAL)) (v.t(text::live::COLON)) strong #total-time { (duration(total)) } " " (v.t(text::OF_INSTANCE_TIME)) " · "
                (v.t(text::TRAFFIC)) (v.t(text::live::COLON)) strong #total-traffic { (megabytes(v, summary.total_used_flow_mega_bytes)) }
            }
            (save(v, question, "usage", answer.total_count))
        }
        @if !parts.is_empty() { (usage_chart(v, question, &parts).show(v, &html! {})) }
        (table(v, &[part_name(&answer.time_type), text::INSTANCE_TIME, text::TRAFFIC], &rows))
        (pager(v, rows.len(), AT_ONCE, answer.total_count))
    })
}

#[expect(clippy::cast_precision_loss, reason = "hours of a picture")]
fn usage_chart(v: &Visit, question: &Question, parts: &[Part]) -> Chart {
    let mut shown: Vec<&Part> = parts.iter().collect();
    shown.sort_by(|a, b| a.begin.cmp(&b.begin));
    let hours = |part: &&Part| Some(part.seconds as f64 / 3600.0);
    Chart {
        id: "usage-chart".to_owned(),
        title: v.t(text::INSTANCE_HOURS).to_owned(),
        times: shown.iter().filter_map(|part| seconds(&part.begin)).collect(),
        span: (seconds(&question.begin).unwrap_or_default(), seconds(&question.end).unwrap_or_default()),
        lines: vec![Line {
            name: v.t(text::INSTANCE_TIME).to_owned(),
            unit: " h",
            values: shown.iter().map(hours).collect(),
        }],
    }
}

fn part_name(time_type: &str) -> Text {
    if time_type == "DAY" { text::DAY_UTC } else { text::HOUR_UTC }
}

async fn usage_file(v: &Visit, question: &Question) -> Result<Outcome, Refusal> {
    let mut rows = vec![
        ["BeginTime", "TimeType", "TotalUsedTimeSeconds", "TotalUsedFlowMegaBytes"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for call in 0..CALLS {
        let answer = v.cloud.call(&flows(question, AT_ONCE, call * AT_ONCE)).await?;
        let parts = parts(&answer);
        let is_last = (call + 1) * AT_ONCE >= answer.total_count || parts.is_empty();
        rows.extend(parts.into_iter().map(|part| {
            let traffic = part.traffic.map(|traffic| traffic.to_string()).unwrap_or_default();
            vec![part.begin, answer.time_type.clone(), part.seconds.to_string(), traffic]
        }));
        if is_last {
            break;
        }
    }
    Ok(file("usage", question, rows))
}

fn file(tab: &str, question: &Question, rows: Vec<Vec<String>>) -> Outcome {
    let day = |iso: &str| iso.chars().take(10).collect::<String>();
    let fleet = question.fleet.as_deref().unwrap_or("all");
    let name = file_name(&[tab, fleet, &day(&question.begin), &day(&question.end)], "csv");
    Outcome::File(File { name, kind: "text/csv; charset=utf-8", text: csv::table(rows) })
}

fn details(question: &Question, limit: u64, offset: u64) -> wire::DescribeFleetStatisticDetailsRequest {
    wire::DescribeFleetStatisticDetailsRequest {
        begin_time: Some(question.begin.clone()),
        end_time: Some(question.end.clone()),
        fleet_id: question.fleet.clone(),
        limit: Some(limit),
        offset: Some(offset),
    }
}

async fn history(v: &Visit, question: &Question) -> Result<Markup, Refusal> {
    let answer = v.cloud.call(&details(question, ROWS, v.offset())).await?;
    let row = |part: &wire::FleetStatisticDetail| {
        vec![
            named(&format!("/console/fleets/{}", escaped(&part.fleet_id)), &part.fleet_id, ""),
            id(&part.instance_id),
            plain(&part.instance_ip),
            time(&part.begin_time),
            time(part.end_time.as_deref().unwrap_or_default()),
            html! { (duration(part.total_used_time_seconds.parse().unwrap_or_default())) },
            html! { (megabytes(v, part.total_used_flow_mega_bytes)) },
        ]
    };
    let rows: Vec<_> = answer.detail_list.iter().map(row).collect();
    let columns =
        [text::FLEET, text::INSTANCE_ID, text::IP, text::FROM, text::ENDED, text::RUN_TIME, text::TRAFFIC];
    Ok(html! {
        div.head { p.small { (v.t(text::HISTORY_NOTE)) } (save(v, question, "history", answer.total_count)) }
        (table(v, &columns, &rows))
        (pager(v, rows.len(), ROWS, answer.total_count))
    })
}

async fn history_file(v: &Visit, question: &Question) -> Result<Outcome, Refusal> {
    let head = [
        "FleetId",
        "InstanceId",
        "InstanceIP",
        "BeginTime",
        "EndTime",
        "TotalUsedTimeSeconds",
        "TotalUsedFlowMegaBytes",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for call in 0..CALLS {
        let answer = v.cloud.call(&details(question, AT_ONCE, call * AT_ONCE)).await?;
        let is_last = (call + 1) * AT_ONCE >= answer.total_count || answer.detail_list.is_empty();
        rows.extend(answer.detail_list.into_iter().map(|part| {
            let traffic =
                part.total_used_flow_mega_bytes.map(|traffic| traffic.to_string()).unwrap_or_default();
            vec![
                part.fleet_id,
                part.instance_id,
                part.instance_ip,
                part.begin_time,
                part.end_time.unwrap_or_default(),
                part.total_used_time_seconds,
                traffic,
            ]
        }));
        if is_last {
            break;
        }
    }
    Ok(file("history", question, rows))
}
