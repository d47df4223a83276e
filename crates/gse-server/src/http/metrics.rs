//! `GET /metrics` on the API listener: the figures of operations.md 9.1 and 9.2 as they are now, and some of the service itself,
//! in the text format of Prometheus. Labels are fleet, queue and region only, and no value is a secret.
//!
//! It is unsigned, so it answers this machine unless `metrics.access` says otherwise (R92).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::response::Response;
use gse_core::monitoring::{Current, MetricKind, Resource};
use http::{HeaderValue, Method, StatusCode, header};

use super::Api;
use super::extension::number;
use super::serve::Peer;
use crate::config::MetricsAccess;

const PATH: &str = "/metrics";
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// How many calls were answered, and how many of them with "too much", since the start of the service.
#[derive(Debug, Default)]
pub(crate) struct CallCounts {
    answered: AtomicU64,
    overloaded: AtomicU64,
}

impl CallCounts {
    /// One more.
    pub(super) fn count(&self, is_overload: bool) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        if is_overload {
            self.overloaded.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Whether a request is for the figures. Signed, it is a call whose path is a prefix that a client was given.
pub(super) fn is_named(head: &http::request::Parts) -> bool {
    let has_headers = ["authorization", "x-tc-action"].iter().any(|name| head.headers.contains_key(*name));
    head.uri.path() == PATH && head.uri.query().is_none() && head.method == Method::GET && !has_headers
}

/// The answer.
pub(super) async fn serve(api: &Api, head: &http::request::Parts) -> Response {
    let is_near = head.extensions.get::<Peer>().is_some_and(|peer| peer.0.to_canonical().is_loopback());
    match (api.config.metrics, is_near) {
        (MetricsAccess::Open, _) | (MetricsAccess::Loopback, true) => {}
        (MetricsAccess::Loopback, false) => {
            let hint = "`/metrics` answers callers on this machine only\nhint: `--set metrics.access=open` opens it\n";
            return answer(StatusCode::FORBIDDEN, hint.to_owned());
        }
        (MetricsAccess::Off, _) => {
            return answer(StatusCode::NOT_FOUND, "`/metrics` is switched off\n".to_owned());
        }
    }
    let Ok(_room) = api.gate.call().await else {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "the service is busy\n".to_owned());
    };
    let read = api.engine.monitoring(|monitor, state, now| (monitor.now(state, now), monitor.commits()));
    let Ok((current, commits)) = read.await else {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping\n".to_owned());
    };
    let mut families = families(&current);
    let counts = &api.gate.counts;
    for (name, value) in [
        ("gse_commits_total", commits.groups),
        ("gse_committed_changes_total", commits.changes),
        ("gse_calls_total", counts.answered.load(Ordering::Relaxed)),
        ("gse_calls_refused_by_overload_total", counts.overloaded.load(Ordering::Relaxed)),
        ("gse_spans_sent_total", api.spans.sent()),
        ("gse_spans_dropped_total", api.spans.dropped()),
    ] {
        let samples = BTreeMap::from([(String::new(), value.saturating_mul(1000))]);
        families.insert(name.to_owned(), Family { kind: MetricKind::Counter, samples });
    }
    answer(StatusCode::OK, text(&families))
}

fn answer(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    response
}

/// What has one name: labels and thousandths.
struct Family {
    kind: MetricKind,
    samples: BTreeMap<String, u64>,
}

fn families(current: &[Current]) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    for Current { resource, region, values } in current {
        let (prefix, labels) = match resource {
            Resource::Fleet(id) => {
                ("gse_fleet_", labels(&[("fleet", id.as_str()), ("region", region.as_str())]))
            }
            Resource::Queue(key) => {
                ("gse_queue_", labels(&[("queue", key.name.as_str()), ("region", region.as_str())]))
            }
            Resource::PlacementIn(key, to) => {
                let all =
                    [("queue", key.name.as_str()), ("region", region.as_str()), ("placed_in", to.as_str())];
                ("gse_queue_", labels(&all))
            }
            Resource::Instance(_) => continue,
        };
        for (metric, value) in resource.metrics().iter().zip(values) {
            let end = if metric.kind == MetricKind::Counter { "_total" } else { "" };
            let name = format!("{prefix}{}{end}", snake_case(metric.name));
            let family = families
                .entry(name)
                .or_insert_with(|| Family { kind: metric.kind, samples: BTreeMap::new() });
            if let Some(value) = value {
                // Queues of several accounts may have one name.
                let sum = family.samples.entry(labels.clone()).or_default();
                *sum = sum.saturating_add(*value);
            }
        }
    }
    families
}

fn text(families: &BTreeMap<String, Family>) -> String {
    let mut text = String::new();
    for (name, Family { kind, samples }) in families {
        let kind = match kind {
            MetricKind::Gauge => "gauge",
            MetricKind::Counter => "counter",
        };
        // Writing to a text cannot fail.
        let _ = writeln!(text, "# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(text, "{name}{labels} {}", number(*value));
        }
    }
    text
}

fn labels(pairs: &[(&str, &str)]) -> String {
    let escape = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

/// `ActiveInstances` → `active_instances`; `PlacementIn-` → `placement_in`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.trim_end_matches('-').chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
