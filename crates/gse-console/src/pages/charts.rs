//! Free charts (operations.md 8.7): any metrics of any object, side by side. They are the address of the page and nothing
//! else, so a bookmark keeps them and a colleague sees the same.

use futures_util::future::join_all;
use gse_api::extension::DescribeMonitoringResponse;
use maud::{Markup, html};

use super::monitoring::{self, Namespace, Span};
use crate::chart::Chart;
use crate::cloud::{Cloud, Refusal};
use crate::html::refusal;
use crate::page::{File, Outcome, Page, file_name};
use crate::text;
use crate::visit::{Visit, address, find, pairs};

/// Charts on one page.
const MOST: usize = 12;
/// Where they are.
const PATH: &str = "/console/charts";
/// Between the metrics of a chart.
const BETWEEN: char = ' ';

/// One chart, as the address has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Free {
    title: String,
    namespace: Namespace,
    region: String,
    object: String,
    metrics: Vec<String>,
}

impl Free {
    /// The members of a chart are a query of their own.
    fn parse(v: &Visit, text: &str) -> Option<Self> {
        let members = pairs(text);
        let given = |name| find(&members, name).unwrap_or_default().to_owned();
        let region = given("region");
        let chart = Self {
            title: given("title").chars().take(200).collect(),
            namespace: Namespace::parse(&given("namespace"))?,
            region: v.regions.iter().find(|known| **known == region)?.clone(),
            object: given("object"),
            metrics: given("metrics").split(BETWEEN).take(20).map(str::to_owned).collect(),
        };
        (!chart.object.is_empty()).then_some(chart)
    }

    fn text(&self) -> String {
        let metrics = self.metrics.join(" ");
        let members = [
            ("title", &*self.title),
            ("namespace", self.namespace.name()),
            ("region", &self.region),
            ("object", &self.object),
            ("metrics", &metrics),
        ];
        address("", &members).trim_start_matches('?').to_owned()
    }
}

/// The address of a free chart like one of a dashboard.
pub(super) fn copy_of(
    v: &Visit,
    namespace: Namespace,
    object: &str,
    title: &str,
    metrics: &[&str],
) -> String {
    let (region, title) = (v.cloud.region.clone(), format!("{title} – {object}"));
    let metrics = metrics.iter().map(|metric| (*metric).to_owned()).collect();
    here(v, &[Free { title, namespace, region, object: object.to_owned(), metrics }], &[])
}

/// The page with these charts.
fn here(v: &Visit, charts: &[Free], more: &[(&str, &str)]) -> String {
    let texts: Vec<String> = charts.iter().map(Free::text).collect();
    let mut query: Vec<(&str, &str)> = texts.iter().map(|text| ("chart", &**text)).collect();
    query.extend(Span::query(v));
    query.extend(more);
    address(PATH, &query)
}

pub(super) async fn show(v: &Visit) -> Result<Outcome, Refusal> {
    let given = v.query.iter().filter(|(name, _)| name == "chart");
    let mut charts: Vec<Free> = given.filter_map(|(_, text)| Free::parse(v, text)).take(MOST).collect();
    let number = |name| v.asked(name).and_then(|number: &str| number.parse::<usize>().ok());
    if let Some(made) = made(v) {
        match number("edit").and_then(|edited| charts.get_mut(edited)) {
            Some(chart) => *chart = made,
            None => charts.push(made),
        }
        return Ok(Outcome::Elsewhere(here(v, &charts, &[])));
    }
    let span = Span::asked(v);
    if let Some(chart) = number("download").and_then(|number| charts.get(number)) {
        return download(v, chart, &span).await;
    }
    let figures = join_all(charts.iter().map(|chart| read(v, chart, &span))).await;
    let texts: Vec<String> = charts.iter().map(Free::text).collect();
    let keep: Vec<(&str, &str)> = texts.iter().map(|text| ("chart", &**text)).collect();
    let body = html! {
        div.head {
            h1 { (v.t(text::FREE_CHARTS)) }
            a.button.quiet href="/console/monitoring" { (v.t(text::DASHBOARDS)) }
        }
        p { (v.t(text::FREE_CHARTS_NOTE)) }
        @if !charts.is_empty() { (span.choice(v, &keep)) }
        div.charts {
            @for (number, (chart, figures)) in charts.iter().zip(&figures).enumerate() {
                @match figures {
                    Ok(figures) => {
                        @let tools = tools(v, &charts, number);
                        (drawn(v, chart, figures, &format!("chart-{number}")).show(v, &tools))
                    }
                    Err(error) => figure.chart id={ "chart-" (number) } {
                        figcaption { h2 { bdi.user { (chart.title) } } span.tools { (tools(v, &charts, number)) } }
                        (refusal(v, error))
                    },
                }
            }
        }
        @if charts.is_empty() { p.empty { (v.t(text::NOTHING)) } }
        @if charts.len() < MOST || v.asked("edit").is_some() { (form(v, &charts, number("edit")).await) }
    };
    Ok(Outcome::Page(Page::live(v.t(text::FREE_CHARTS), body)))
}

fn tools(v: &Visit, charts: &[Free], number: usize) -> Markup {
    let edit = number.to_string();
    let mut copied = charts.to_vec();
    copied.insert(number, charts[number].clone());
    copied.truncate(MOST);
    let mut without = charts.to_vec();
    without.remove(number);
    html! {
        a.small href={ (here(v, charts, &[("edit", &edit)])) "#chart-form" } { (v.t(text::MODIFY)) } " "
        a.small href=(here(v, &copied, &[])) { (v.t(text::COPY)) } " "
        a.small href=(here(v, &without, &[])) { (v.t(text::DELETE)) } " "
        a.small data-still href=(here(v, charts, &[("download", &edit), ("kind", "csv")])) { "CSV" } " "
        a.small data-still href=(here(v, charts, &[("download", &edit), ("kind", "svg")])) { "SVG" }
    }
}

async fn read(v: &Visit, chart: &Free, span: &Span) -> Result<DescribeMonitoringResponse, Refusal> {
    let cloud = Cloud { region: chart.region.clone(), ..v.cloud.clone() };
    let mut request = chart.namespace.request(&chart.object, span);
    if !chart.metrics.iter().any(|metric| metric.ends_with('*')) {
        request.metric_names = chart.metrics.clone();
    }
    cloud.call_extension(&request).await
}

fn drawn(v: &Visit, chart: &Free, figures: &DescribeMonitoringResponse, id: &str) -> Chart {
    let metrics: Vec<&str> = chart.metrics.iter().map(String::as_str).collect();
    monitoring::chart(v, figures, &metrics, id, &chart.title)
}

async fn download(v: &Visit, chart: &Free, span: &Span) -> Result<Outcome, Refusal> {
    let figures = read(v, chart, span).await?;
    let parts = ["chart", chart.namespace.name(), &chart.object];
    let file = match v.asked("kind") {
        Some("svg") => File {
            name: file_name(&parts, "svg"),
            kind: "image/svg+xml",
            text: drawn(v, chart, &figures, "chart").picture(),
        },
        _ => File {
            name: file_name(&parts, "csv"),
            kind: "text/csv; charset=utf-8",
            text: monitoring::data(&figures),
        },
    };
    Ok(Outcome::File(file))
}

/// The chart that the last step of the form made.
fn made(v: &Visit) -> Option<Free> {
    let metrics: Vec<String> =
        v.query.iter().filter(|(name, _)| name == "metric").map(|(_, metric)| metric.clone()).collect();
    let namespace = Namespace::parse(v.asked("namespace")?)?;
    let object = v.asked("object")?.to_owned();
    let region = v.regions.iter().find(|known| Some(known.as_str()) == v.asked("region"))?.clone();
    let title = v.asked("title").map_or_else(|| object.clone(), |title| title.chars().take(200).collect());
    (!metrics.is_empty()).then_some(Free { title, namespace, region, object, metrics })
}

/// Namespace and region first; then what there is in them.
async fn form(v: &Visit, charts: &[Free], edit: Option<usize>) -> Markup {
    let edited = edit.and_then(|edit| charts.get(edit));
    let namespace = v.asked("namespace").and_then(Namespace::parse).or(edited.map(|chart| chart.namespace));
    let region =
        v.asked("region").or(edited.map(|chart| &*chart.region)).unwrap_or(&v.cloud.region).to_owned();
    let texts: Vec<String> = charts.iter().map(Free::text).collect();
    let edit = edit.map(|edit| edit.to_string());
    let second = match namespace {
        Some(namespace) => Some(choices(v, namespace, &region, edited).await),
        None => None,
    };
    html! {
        form.action #chart-form method="get" action=(PATH) {
            h2 { @if edited.is_some() { (v.t(text::EDIT_CHART)) } @else { (v.t(text::ADD_CHART)) } }
            @for text in &texts { input type="hidden" name="chart" value=(text); }
            @for (name, value) in Span::query(v) { input type="hidden" name=(name) value=(value); }
            @if let Some(edit) = &edit { input type="hidden" name="edit" value=(edit); }
            div.field {
                label for="namespace" { (v.t(text::NAMESPACE)) }
                select id="namespace" name="namespace" data-submit {
                    option value="" selected[namespace.is_none()] {}
                    @for known in Namespace::ALL {
                        option selected[namespace == Some(known)] { (known.name()) }
                    }
                }
            }
            div.field {
                label for="chart-region" { (v.t(text::REGION)) }
                select id="chart-region" name="region" data-submit {
                    @for known in &v.regions { option selected[*known == region] { (known) } }
                }
            }
            @if let Some(second) = &second { (second) }
            p.buttons {
                @if second.is_some() {
                    button #chart-ok { (v.t(text::OK)) }
                    a.button.quiet href=(here(v, charts, &[])) { (v.t(text::CANCEL)) }
                } @else {
                    button.quiet { (v.t(text::demo::NEXT)) }
                }
            }
        }
    }
}

async fn choices(v: &Visit, namespace: Namespace, region: &str, edited: Option<&Free>) -> Markup {
    let objects = match known(v, namespace, region).await {
        Ok(objects) => objects,
        Err(error) => return refusal(v, &error),
    };
    let is_chosen = |object: &str| edited.is_some_and(|chart| chart.object == object);
    let is_on = |metric: &str| edited.is_some_and(|chart| chart.metrics.iter().any(|known| known == metric));
    html! {
        div.field {
            label for="object" { (v.t(text::OBJECT)) }
            select id="object" name="object" {
                @for (object, name) in &objects {
                    option value=(object) selected[is_chosen(object)] {
                        (object) @if !name.is_empty() { " · " (name) }
                    }
                }
            }
            @if objects.is_empty() { p.help { (v.t(text::NOTHING)) } }
        }
        fieldset {
            legend { (v.t(text::METRICS_TITLE)) }
            div.checks {
                @for metric in namespace.metrics() {
                    label {
                        input type="checkbox" name="metric" value=(metric) checked[is_on(metric)];
                        " " (monitoring::metric_name(v, metric))
                    }
                }
            }
        }
        div.field {
            label for="title" { (v.t(text::CHART_NAME)) }
            input id="title" name="title" maxlength="200" value=(edited.map_or("", |chart| &chart.title));
        }
    }
}

/// What figures of the namespace there are in a region, with names.
async fn known(v: &Visit, namespace: Namespace, region: &str) -> Result<Vec<(String, String)>, Refusal> {
    let cloud = Cloud { region: region.to_owned(), ..v.cloud.clone() };
    let (fleets, queues) = monitoring::objects(&cloud).await?;
    Ok(match namespace {
        Namespace::Fleet => fleets.into_iter().map(|fleet| (fleet.fleet_id, fleet.name)).collect(),
        Namespace::Queue => queues.into_iter().map(|queue| (queue, String::new())).collect(),
        Namespace::Instance => {
            let found = monitoring::instances(&cloud, &fleets).await?;
            found.into_iter().map(|instance| (instance.instance_id, instance.fleet_id)).collect()
        }
    })
}
