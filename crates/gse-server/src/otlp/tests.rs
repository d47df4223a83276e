//! Spans against a collector on the loopback: one that takes them, one that says no, one that says nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use gse_core::time::Timestamp;
use gse_core::timeline::spans::Span;
use gse_core::trace_context::TraceContext;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::{Collector, Exporter, Patience, QUEUE, SpanCounts, SpanSink, exporter};

const DEADLINE: Duration = Duration::from_secs(30);
const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn span(name: &str) -> Span {
    let trace = TraceContext::parse(HEADER).unwrap();
    Span {
        context: trace.below(name),
        parent: trace.span_id(),
        name: name.into(),
        from: Timestamp::from_millis(1_609_502_400_250),
        to: Timestamp::from_millis(1_609_502_401_000),
        error: (name == "failed").then(|| "\"why\"".into()),
        attributes: vec![("gse.fleet.id", "fleet-1".into())],
    }
}

/// A collector that answers so, and what it gets.
async fn collector(answer: StatusCode) -> (Collector, mpsc::UnboundedReceiver<Value>) {
    let (bodies, got) = mpsc::unbounded_channel();
    let take = move |body: Bytes| async move {
        let _ = bodies.send(serde_json::from_slice(&body).unwrap());
        answer
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (Collector::parse(&format!("http://{address}")).unwrap(), got)
}

/// One that is as patient as a slow machine needs.
fn patient(collector: Collector, counts: &Arc<SpanCounts>) -> (SpanSink, Exporter) {
    let (sink, mut exporter) = exporter(collector, Arc::clone(counts));
    exporter.patience = Patience { batch: DEADLINE, end: DEADLINE };
    (sink, exporter)
}

#[test]
fn addresses_are_read_or_refused_with_a_hint() {
    for (url, shown) in [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("http://collector", "http://collector:4318/v1/traces"),
        ("http://collector:9/", "http://collector:9/v1/traces"),
        ("http://[::1]:4318/otlp", "http://[::1]:4318/otlp/v1/traces"),
        ("http://collector:4318/v1/traces", "http://collector:4318/v1/traces"),
    ] {
        assert_eq!(Collector::parse(url).unwrap().to_string(), shown);
    }
    for url in
        ["", "collector:4318", "https://collector", "http://", "http://a b", "http://u@h", "http://h/?x=1"]
    {
        let error = Collector::parse(url).unwrap_err();
        assert!(error.contains("\nhint: "), "{url}: {error}");
    }
}

#[tokio::test]
async fn r123_spans_reach_a_collector_with_their_ids_and_times() {
    let (collector, mut got) = collector(StatusCode::OK).await;
    let counts = Arc::new(SpanCounts::default());
    let (sink, exporter) = patient(collector, &counts);
    sink.send(span("activated"));
    sink.send(span("failed"));
    // What waits when it is told to stop is sent all the same.
    exporter.run(std::future::ready(())).await;
    let body = tokio::time::timeout(DEADLINE, got.recv()).await.unwrap().unwrap();
    let resource = &body["resourceSpans"][0];
    let name = json!({ "key": "service.name", "value": { "stringValue": "opengse" } });
    assert_eq!(resource["resource"]["attributes"][0], name);
    let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
    let expected = span("activated");
    assert_eq!(
        spans[0],
        json!({
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": expected.context.span_id().unwrap(),
            "parentSpanId": "00f067aa0ba902b7", "name": "activated", "kind": 1,
            "startTimeUnixNano": "1609502400250000000", "endTimeUnixNano": "1609502401000000000",
            "attributes": [{ "key": "gse.fleet.id", "value": { "stringValue": "fleet-1" } }],
        })
    );
    assert_eq!(spans[1]["status"], json!({ "code": 2, "message": "\"why\"" }));
    assert_eq!((counts.sent(), counts.dropped()), (2, 0));
}

#[tokio::test]
async fn r123_what_was_recorded_before_the_stop_arrives() {
    let (collector, mut got) = collector(StatusCode::OK).await;
    let counts = Arc::new(SpanCounts::default());
    let (sink, exporter) = patient(collector, &counts);
    // More than one request takes.
    (0..QUEUE).for_each(|number| sink.send(span(&number.to_string())));
    drop(sink);
    exporter.run(std::future::ready(())).await;
    let mut names = Vec::new();
    while let Ok(body) = got.try_recv() {
        let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone();
        names.extend(spans.iter().map(|span| span["name"].as_str().unwrap().to_owned()));
    }
    assert_eq!(names, (0..QUEUE).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!((counts.sent(), counts.dropped()), (QUEUE as u64, 0));
}

/// One that is stopped while it waits for more, or while the collector is away, sends what it has.
#[tokio::test]
async fn r123_a_stop_ends_every_wait() {
    let (collector, mut got) = collector(StatusCode::OK).await;
    let counts = Arc::new(SpanCounts::default());
    let (sink, exporter) = patient(collector, &counts);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(exporter.run(async move { drop(stopped.await) }));
    sink.send(span("first"));
    let first = tokio::time::timeout(DEADLINE, got.recv()).await.unwrap();
    assert!(first.is_some());
    sink.send(span("last"));
    stop.send(()).unwrap();
    tokio::time::timeout(DEADLINE, task).await.unwrap().unwrap();
    assert_eq!((counts.sent(), counts.dropped()), (2, 0));
}

#[tokio::test]
async fn r123_a_collector_that_refuses_costs_a_count_alone() {
    let (collector, mut got) = collector(StatusCode::SERVICE_UNAVAILABLE).await;
    let counts = Arc::new(SpanCounts::default());
    let (sink, exporter) = patient(collector, &counts);
    (0..QUEUE).for_each(|_| sink.send(span("activated")));
    exporter.run(std::future::ready(())).await;
    assert_eq!((counts.sent(), counts.dropped()), (0, QUEUE as u64));
    // Who goes on to tell does not wait.
    sink.send(span("activated"));
    assert_eq!(counts.dropped(), QUEUE as u64 + 1);
    assert!(tokio::time::timeout(DEADLINE, got.recv()).await.unwrap().is_some());
}

/// The port is taken, by somebody who never says anything.
#[tokio::test]
async fn r123_a_collector_that_is_silent_costs_two_seconds_and_a_count() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let collector = Collector::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let counts = Arc::new(SpanCounts::default());
    let (sink, exporter) = exporter(collector, Arc::clone(&counts));
    (0..QUEUE).for_each(|_| sink.send(span("activated")));
    let ended = tokio::time::timeout(DEADLINE, exporter.run(std::future::ready(()))).await;
    assert_eq!((ended, counts.sent(), counts.dropped()), (Ok(()), 0, QUEUE as u64));
    drop(listener);
}

#[tokio::test]
async fn r123_the_queue_is_bounded() {
    let collector = Collector::parse("http://127.0.0.1:4318").unwrap();
    let counts = Arc::new(SpanCounts::default());
    let (sink, _exporter) = exporter(collector, Arc::clone(&counts));
    for _ in 0..QUEUE + 7 {
        sink.send(span("activated"));
    }
    assert_eq!((counts.sent(), counts.dropped()), (0, 7));
}
