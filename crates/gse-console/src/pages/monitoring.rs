//! Ready-made dashboards of fleets, queues and instances (operations.md 8.7), by `DescribeMonitoring` (R92).

use futures_util::future::try_join_all;
use gse_api::extension::{DescribeMonitoringRequest, DescribeMonitoringResponse, MetricValues};
use gse_api::types as wire;
use maud::{Markup, html};

use super::seconds;
use crate::chart::{Chart, Line, iso};
use crate::cloud::{Cloud, Refusal};
use crate::form::values::utc;
use crate::html::{plain, status, table};
use crate::language::Text;
use crate::page::{File, Outcome, Page, file_name};
use crate::visit::{Visit, address};
use crate::{csv, text};

/// What figures are kept of (8.7 "namespace").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    Fleet,
    Queue,
    Instance,
}

/// The periods that are offered, seconds.
const SPANS: [(i64, Text); 5] = [
    (3600, text::ONE_HOUR),
    (3 * 3600, text::THREE_HOURS),
    (12 * 3600, text::TWELVE_HOURS),
    (24 * 3600, text::ONE_DAY),
    (7 * 24 * 3600, text::ONE_WEEK),
];
/// The one that is shown first.
const USUAL_SPAN: i64 = 3600;

/// How often figures are taken, seconds.
const SAMPLE: i64 = 60;

type Charts = &'static [(Text, &'static [&'static str])];

const OF_FLEET: Charts = &[
    (
        text::GAME_SERVER_SESSIONS,
        &["ActiveGameServerSessions", "ActivatingGameServerSessions", "AvailableGameServerSessions"],
    ),
    (text::PLAYERS, &["CurrentPlayerSessions", "PlayerSessionActivations"]),
    (
        text::INSTANCES,
        &["ActiveInstances", "IdleInstances", "DesiredInstances", "MinInstances", "MaxInstances"],
    ),
    (
        text::SHARES,
        &["PercentIdleInstances", "PercentAvailableGameServerSessions", "PercentHealthyServerProcesses"],
    ),
    (text::PROCESSES, &["ActiveServerProcesses", "HealthyServerProcesses"]),
    (
        text::PROCESS_CHANGES,
        &[
            "ServerProcessActivations",
            "ServerProcessTerminations",
            "ServerProcessAbnormalTerminations",
            "NoInstances",
        ],
    ),
];

const OF_QUEUE: Charts = &[
    (text::WAITING, &["QueueDepth"]),
    (text::WAIT_TIME, &["AverageWaitTime"]),
    (
        text::PLACEMENTS,
        &[
            "PlacementsStarted",
            "PlacementsSucceeded",
            "PlacementsFailed",
            "PlacementsCanceled",
            "PlacementsTimedOut",
        ],
    ),
    (text::FIRST_CHOICE, &["FirstChoiceNotViable", "FirstChoiceOutOfCapacity", "LowestLatencyPlacement"]),
    (text::BY_REGION, &["PlacementIn-*"]),
];

const OF_INSTANCE: Charts = &[
    (text::CPU, &["CpuUtilization"]),
    (text::MEMORY_SHARE, &["MemoryUtilization"]),
    (text::MEMORY, &["MemoryUsed"]),
    (text::CONNECTIONS, &["EstablishedTcpConnections"]),
    (text::LOAD, &["ActiveServerProcesses", "GameServerSessions"]),
];

impl Namespace {
    pub(super) const ALL: [Self; 3] = [Self::Fleet, Self::Queue, Self::Instance];

    /// As 8.7 calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fleet => "Fleet",
            Self::Queue => "GameServerSessionQueue",
            Self::Instance => "Instance",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|namespace| namespace.name() == name)
    }

    /// The member of an address that names one.
    pub(super) fn member(self) -> &'static str {
        match self {
            Self::Fleet => "fleet",
            Self::Queue => "queue",
            Self::Instance => "instance",
        }
    }

    fn charts(self) -> Charts {
        match self {
            Self::Fleet => OF_FLEET,
            Self::Queue => OF_QUEUE,
            Self::Instance => OF_INSTANCE,
        }
    }

    /// Every metric that can be chosen.
    pub(super) fn metrics(self) -> impl Iterator<Item = &'static str> {
        self.charts().iter().flat_map(|(_, metrics)| *metrics).copied()
    }

    /// Asks for the figures of an object.
    pub(super) fn request(self, object: &str, span: &Span) -> DescribeMonitoringRequest {
        let of = |namespace| (self == namespace).then(|| object.to_owned());
        DescribeMonitoringRequest {
            fleet_id: of(Self::Fleet),
            game_server_session_queue_name: of(Self::Queue),
            instance_id: of(Self::Instance),
            begin_time: Some(iso(span.from)),
            end_time: span.to.map(iso),
            ..Default::default()
        }
    }
}

/// The period that is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    from: i64,
    /// `None`: until now.
    to: Option<i64>,
    /// The offered one that it is.
    offered: Option<i64>,
}

impl Span {
    /// `from` and `to`, or `span` seconds until now.
    pub(super) fn asked(v: &Visit) -> Self {
        let given = |name| v.asked(name).and_then(|text| seconds(&utc(text)));
        if let Some(from) = given("from") {
            let to = given("to").filter(|to| *to > from);
            return Self { from, to, offered: None };
        }
        let asked = v.asked("span").and_then(|span| span.parse::<i64>().ok());
        let offered =
            asked.filter(|asked| SPANS.iter().any(|(known, _)| known == asked)).unwrap_or(USUAL_SPAN);
        Self { from: v.cloud.now - offered, to: None, offered: Some(offered) }
    }

    /// Links to the offered ones, and a form for any other; `keep` is what else the address says.
    pub(super) fn choice(&self, v: &Visit, keep: &[(&str, &str)]) -> Markup {
        html! {
            nav.spans aria-label=(v.t(text::PERIOD)) {
                @for (span, name) in SPANS {
                    @let seconds = span.to_string();
                    @let query: Vec<_> = keep.iter().copied().chain([("span", &*seconds)]).collect();
                    a href=(address(&v.path, &query)) aria-current=[(self.offered == Some(span)).then_some("true")] {
                        (v.t(name))
                    }
                }
            }
            form.filter #period method="get" {
                @for (name, value) in keep { input type="hidden" name=(name) value=(value); }
                label for="from" { (v.t(text::FROM)) " (UTC)" }
                input id="from" name="from" type="datetime-local" value=(self.offered.map_or(local(self.from), |_| String::new()));
                label for="to" { (v.t(text::TO)) " (UTC)" }
                input id="to" name="to" type="datetime-local" value=(self.to.map(local).unwrap_or_default());
                button.quiet.keep { (v.t(text::SHOW)) }
            }
        }
    }

    /// What the address says of it.
    pub(super) fn query(v: &Visit) -> Vec<(&str, &str)> {
        ["span", "from", "to"].into_iter().filter_map(|name| Some((name, v.asked(name)?))).collect()
    }
}

/// As a date field has it.
fn local(time: i64) -> String {
    iso(time).chars().take(16).collect()
}

/// `/console/monitoring`: the dashboard of what is named, or what there is.
pub(super) async fn show(v: &Visit) -> Result<Outcome, Refusal> {
    let named = |namespace: &Namespace| Some((*namespace, v.asked(namespace.member())?));
    let Some((namespace, object)) = Namespace::ALL.iter().find_map(named) else {
        return Ok(Outcome::Page(index(v).await?));
    };
    let span = Span::asked(v);
    let figures = v.cloud.call_extension(&namespace.request(object, &span)).await?;
    if let Some(wanted) = v.asked("download") {
        return Ok(download(v, namespace, object, &figures, wanted));
    }
    let keep = [(namespace.member(), object)];
    let here: Vec<(&str, &str)> = keep.into_iter().chain(Span::query(v)).collect();
    let with = |more: &str| {
        let query: Vec<_> = here.iter().copied().chain([("download", more)]).collect();
        address("/console/monitoring", &query)
    };
    let body = html! {
        div.head {
            h1 { (v.t(text::MONITORING)) }
            div {
                a.button.quiet data-still #download-csv href=(with("csv")) { (v.t(text::DOWNLOAD_CSV)) } " "
                a.button.quiet href="/console/monitoring" { (v.t(text::DASHBOARDS)) }
            }
        }
        p { (namespace.name()) (v.t(text::live::COLON)) (place(namespace, object)) }
        (span.choice(v, &keep))
        p.small { (period_note(v, figures.period)) }
        div.charts {
            @for (number, (title, metrics)) in namespace.charts().iter().enumerate() {
                @let chart = chart(v, &figures, metrics, &format!("chart-{number}"), v.t(*title));
                @let tools = html! {
                    a.small data-still href=(with(&format!("{number}.svg"))) { "SVG" } " "
                    a.small href=(super::charts::copy_of(v, namespace, object, v.t(*title), metrics)) {
                        (v.t(text::AS_FREE_CHART))
                    }
                };
                (chart.show(v, &tools))
            }
        }
        @if namespace == Namespace::Instance { p.note { (v.t(text::NOT_MEASURED_NOTE)) } }
    };
    Ok(Outcome::Page(Page::live(format!("{} – {object}", v.t(text::MONITORING)), body)))
}

/// Where the object itself is shown.
fn place(namespace: Namespace, object: &str) -> Markup {
    match namespace {
        Namespace::Fleet => super::fleet_link(object),
        Namespace::Queue => super::queues::link(object),
        Namespace::Instance => plain(object),
    }
}

/// How exact it is.
pub(super) fn period_note(v: &Visit, period: u32) -> String {
    let period = crate::html::duration(period.into());
    format!("{}: {period}", v.t(text::ONE_VALUE_EACH))
}

fn download(
    v: &Visit,
    namespace: Namespace,
    object: &str,
    figures: &DescribeMonitoringResponse,
    wanted: &str,
) -> Outcome {
    if wanted == "csv" {
        let name = file_name(&["monitoring", namespace.name(), object], "csv");
        return Outcome::File(File { name, kind: "text/csv; charset=utf-8", text: data(figures) });
    }
    let number = wanted.strip_suffix(".svg").and_then(|number| number.parse::<usize>().ok());
    let Some((title, metrics)) = number.and_then(|number| namespace.charts().get(number)) else {
        return Outcome::NotFound;
    };
    let title = format!("{} – {object}", v.t(*title));
    let chart = chart(v, figures, metrics, "chart", &title);
    let name = file_name(&["monitoring", namespace.name(), object], "svg");
    Outcome::File(File { name, kind: "image/svg+xml", text: chart.picture() })
}

/// The figures as a table: a row for each time, and a column for each metric.
pub(super) fn data(figures: &DescribeMonitoringResponse) -> String {
    let head = std::iter::once("Time".to_owned())
        .chain(figures.metrics.iter().map(|metric| format!("{} ({})", metric.name, metric.unit)));
    let head: Vec<String> = head.collect();
    let row = |(row, time): (usize, &String)| {
        let value = |metric: &MetricValues| {
            metric.values.get(row).copied().flatten().map_or(String::new(), |value| value.to_string())
        };
        std::iter::once(time.clone()).chain(figures.metrics.iter().map(value)).collect::<Vec<_>>()
    };
    csv::table(std::iter::once(head).chain(figures.times.iter().enumerate().map(row)))
}

/// A chart of some of the figures; a name that ends with `*` is all that begin so.
pub(super) fn chart(
    v: &Visit,
    figures: &DescribeMonitoringResponse,
    metrics: &[&str],
    id: &str,
    title: &str,
) -> Chart {
    let is_wanted = |name: &str, wanted: &str| match wanted.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == wanted,
    };
    let found = metrics
        .iter()
        .flat_map(|wanted| figures.metrics.iter().filter(move |metric| is_wanted(&metric.name, wanted)));
    let lines = found.map(|metric| Line {
        name: metric_name(v, &metric.name),
        unit: unit(&metric.unit),
        values: metric.values.clone(),
    });
    Chart {
        id: id.to_owned(),
        title: title.to_owned(),
        times: figures.times.iter().filter_map(|time| seconds(time)).collect(),
        span: drawn(figures),
        lines: lines.collect(),
    }
}

/// The period that is drawn, in whole samples: until there is another, a chart is no new one.
fn drawn(figures: &DescribeMonitoringResponse) -> (i64, i64) {
    let whole = |time: &str| seconds(time).map(|time| time - time.rem_euclid(SAMPLE));
    let last = figures.times.last().and_then(|time| seconds(time));
    let end = whole(&figures.end_time).max(last);
    (whole(&figures.begin_time).unwrap_or_default(), end.unwrap_or_default())
}

fn unit(unit: &str) -> &'static str {
    match unit {
        "Percent" => " %",
        "Seconds" => " s",
        "Megabytes" => " MB",
        "MegabitsPerSecond" => " Mbit/s",
        _ => "",
    }
}

/// What a metric is called; a new one by its key.
pub(super) fn metric_name(v: &Visit, key: &str) -> String {
    if let Some(region) = key.strip_prefix("PlacementIn-").filter(|region| *region != "*") {
        return format!("{} {region}", v.t(text::PLACED_IN));
    }
    let known = text::METRICS.iter().find(|(known, _)| *known == key);
    known.map_or(key.to_owned(), |(_, name)| v.t(*name).to_owned())
}

/// What there is to look at in this region.
pub(super) async fn objects(cloud: &Cloud) -> Result<(Vec<wire::FleetAttributes>, Vec<String>), Refusal> {
    let queues = wire::DescribeGameServerSessionQueuesRequest { limit: Some(100), ..Default::default() };
    let (fleets, queues) = tokio::try_join!(super::all_fleets(cloud), cloud.call(&queues))?;
    let queues = queues.game_server_session_queues.into_iter().map(|queue| queue.name);
    Ok((fleets, queues.collect()))
}

/// The instances of all fleets.
pub(super) async fn instances(
    cloud: &Cloud,
    fleets: &[wire::FleetAttributes],
) -> Result<Vec<wire::Instance>, Refusal> {
    let requests: Vec<_> = fleets
        .iter()
        .filter(|fleet| fleet.status != "TERMINATED")
        .map(|fleet| wire::DescribeInstancesRequest {
            fleet_id: Some(fleet.fleet_id.clone()),
            limit: Some(100),
            ..Default::default()
        })
        .collect();
    let found = try_join_all(requests.iter().map(|request| cloud.call(request))).await?;
    Ok(found.into_iter().flat_map(|answer| answer.instances).collect())
}

async fn index(v: &Visit) -> Result<Page, Refusal> {
    let (fleets, queues) = objects(&v.cloud).await?;
    let link = |namespace: Namespace, object: &str| {
        let href = address("/console/monitoring", &[(namespace.member(), object)]);
        html! { a href=(href) { bdi.user { (object) } } }
    };
    let fleet = |fleet: &wire::FleetAttributes| {
        vec![link(Namespace::Fleet, &fleet.fleet_id), plain(&fleet.name), status(v, &fleet.status)]
    };
    let fleets: Vec<_> = fleets.iter().map(fleet).collect();
    let queues: Vec<_> = queues.iter().map(|queue| vec![link(Namespace::Queue, queue)]).collect();
    let body = html! {
        div.head {
            h1 { (v.t(text::MONITORING)) }
            a.button #free-charts href="/console/charts" { (v.t(text::FREE_CHARTS)) }
        }
        p { (v.t(text::MONITORING_NOTE)) }
        h2 { (v.t(text::FLEETS)) }
        (table(v, &[text::ID, text::NAME, text::STATUS], &fleets))
        h2 { (v.t(text::QUEUES)) }
        (table(v, &[text::NAME], &queues))
    };
    Ok(Page::live(v.t(text::MONITORING), body))
}

#[cfg(test)]
mod tests {
    use super::{DescribeMonitoringResponse, drawn};

    #[test]
    fn a_chart_moves_by_whole_samples() {
        let at = |seconds: u32, last: &str| {
            drawn(&DescribeMonitoringResponse {
                begin_time: format!("2021-01-01T11:00:{seconds:02}Z"),
                end_time: format!("2021-01-01T12:00:{seconds:02}Z"),
                times: vec![last.to_owned()],
                ..Default::default()
            })
        };
        let noon = 1_609_502_400;
        for seconds in [0, 7, 59] {
            assert_eq!(at(seconds, "2021-01-01T11:59:00Z"), (noon - 3600, noon));
        }
        // Nothing lies outside, however often figures are taken.
        assert_eq!(at(7, "2021-01-01T12:00:05Z").1, noon + 5);
    }
}
