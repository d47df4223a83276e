//! Spans for an OpenTelemetry collector: OTLP over HTTP with JSON bodies, to the address of `--otlp` (R123).
//!
//! What is sent are the spans that `gse_core::timeline::spans` makes of committed rows, so nothing here measures. Whoever
//! has a span never waits: a queue that is full, and a collector that is away, cost a number that is counted. A service that
//! stops waits two seconds for the collector, and no longer.

mod encode;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use gse_core::timeline::spans::Span;
use http::{Request, header};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

/// Spans that wait; about a megabyte.
const QUEUE: usize = 2048;
/// Spans of one request.
const BATCH: usize = 512;
/// Spans that came meanwhile go together.
const PERIOD: Duration = Duration::from_secs(1);
/// How long a collector may take to take a batch.
const PATIENCE: Duration = Duration::from_secs(5);
/// After a failure nothing is sent for so long, so that a collector that is away costs nothing.
const PAUSE: Duration = Duration::from_secs(10);
/// What waits when the service stops is sent for so long.
const LAST: Duration = Duration::from_secs(2);
/// What is read of an answer.
const MOST_ANSWER_BYTES: usize = 64 << 10;
/// Where collectors take spans, below their address.
const PATH: &str = "/v1/traces";

/// Where a collector listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    /// `host:port`.
    authority: String,
    /// From `/` on.
    path: String,
}

impl Collector {
    /// Reads `http://host[:port][/path]`; the port is 4318 where it is not said, and `/v1/traces` follows the path.
    ///
    /// # Errors
    /// A text for whoever wrote it.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wrong = |hint: &str| format!("`{url}` is no address of a collector\nhint: {hint}");
        if url.starts_with("https://") {
            return Err(wrong(
                "spans go by plain HTTP: run a collector beside the service and let it go on by TLS",
            ));
        }
        let example = "write it as in http://127.0.0.1:4318";
        let rest = url.strip_prefix("http://").ok_or_else(|| wrong(example))?;
        let (authority, path) =
            rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
        let uri: http::Uri = format!("http://{authority}/{path}").parse().map_err(|_| wrong(example))?;
        let host = uri.host().filter(|host| !host.is_empty() && !authority.contains('@'));
        let host = host.ok_or_else(|| wrong(example))?;
        if uri.query().is_some() || authority.ends_with(':') {
            return Err(wrong(example));
        }
        let port = uri.port_u16().unwrap_or(4318);
        let path = path.trim_end_matches('/').trim_end_matches("v1/traces").trim_end_matches('/');
        let path = if path.is_empty() { PATH.to_owned() } else { format!("/{path}{PATH}") };
        Ok(Self { authority: format!("{host}:{port}"), path })
    }
}

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

/// What became of spans since the start of the service.
#[derive(Debug, Default)]
pub struct SpanCounts {
    sent: AtomicU64,
    dropped: AtomicU64,
}

impl SpanCounts {
    /// Spans that a collector has taken.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Spans that did not get there.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Takes spans. Never waits.
#[derive(Clone, Debug)]
pub struct SpanSink {
    spans: mpsc::Sender<Span>,
    counts: Arc<SpanCounts>,
}

impl SpanSink {
    /// Sends a span on, or counts it as dropped.
    pub(crate) fn send(&self, span: Span) {
        if self.spans.try_send(span).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Sends what a sink took.
#[derive(Debug)]
pub struct Exporter {
    collector: Collector,
    spans: mpsc::Receiver<Span>,
    /// What is sent next.
    batch: Vec<Span>,
    /// Spans of a request that is not answered yet.
    under_way: u64,
    is_away: bool,
    pub(crate) patience: Patience,
    counts: Arc<SpanCounts>,
}

/// How long is waited.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For a collector to take a batch.
    pub(crate) batch: Duration,
    /// For what waits at the end.
    pub(crate) end: Duration,
}

/// A sink and what sends its spans to a collector.
pub fn exporter(collector: Collector, counts: Arc<SpanCounts>) -> (SpanSink, Exporter) {
    let (sender, spans) = mpsc::channel(QUEUE);
    let sink = SpanSink { spans: sender, counts: Arc::clone(&counts) };
    let batch = Vec::with_capacity(BATCH);
    let patience = Patience { batch: PATIENCE, end: LAST };
    (sink, Exporter { collector, spans, batch, under_way: 0, is_away: false, patience, counts })
}

impl Exporter {
    /// Sends until `stop`, when nobody has spans any more, and then what waits, but not for long. What was not sent then
    /// is counted.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let (stopping, told) = watch::channel(false);
        let last = self.patience.end;
        let end = async {
            stop.await;
            stopping.send_replace(true);
            tokio::time::sleep(last).await;
        };
        tokio::select! {
            () = self.deliver(told) => {}
            () = end => {}
        }
        self.give_up();
    }

    /// Sends until it is told to stop, and then until nothing waits or the collector does not take it.
    async fn deliver(&mut self, mut told: watch::Receiver<bool>) {
        let mut is_stopping = false;
        while !is_stopping {
            tokio::select! {
                count = self.spans.recv_many(&mut self.batch, BATCH) => is_stopping = count == 0,
                () = stop(&mut told) => is_stopping = true,
            }
            if !is_stopping && self.batch.len() < BATCH {
                // What comes right after it goes with it.
                tokio::select! {
                    () = tokio::time::sleep(PERIOD) => {}
                    () = stop(&mut told) => is_stopping = true,
                }
            }
            if is_stopping {
                break;
            }
            self.fill();
            if !self.send().await {
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = stop(&mut told) => is_stopping = true,
                }
            }
        }
        loop {
            self.fill();
            if self.batch.is_empty() || !self.send().await {
                return;
            }
        }
    }

    /// Has what waits join the batch.
    fn fill(&mut self) {
        while self.batch.len() < BATCH
            && let Ok(span) = self.spans.try_recv()
        {
            self.batch.push(span);
        }
    }

    /// Counts what was not sent.
    fn give_up(&mut self) {
        self.spans.close();
        let mut count = self.under_way + self.batch.len() as u64;
        while self.spans.try_recv().is_ok() {
            count += 1;
        }
        if count > 0 {
            self.counts.dropped.fetch_add(count, Ordering::Relaxed);
            tracing::warn!(collector = %self.collector, count, "the last spans are dropped: the collector did not take them in time");
        }
    }

    /// One request; what is refused is dropped. Says whether the collector is there.
    async fn send(&mut self) -> bool {
        let count = self.batch.len() as u64;
        let body = encode::spans(&self.batch);
        self.batch.clear();
        self.under_way = count;
        let sent = tokio::time::timeout(self.patience.batch, self.post(body)).await;
        self.under_way = 0;
        let was_away = self.is_away;
        match sent.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
            Ok(()) => {
                self.counts.sent.fetch_add(count, Ordering::Relaxed);
                if was_away {
                    tracing::info!(collector = %self.collector, "the collector takes spans again");
                }
                self.is_away = false;
            }
            Err(reason) => {
                self.counts.dropped.fetch_add(count, Ordering::Relaxed);
                if !was_away {
                    tracing::warn!(collector = %self.collector, reason, "spans are dropped until the collector takes them");
                }
                self.is_away = true;
            }
        }
        !self.is_away
    }

    async fn post(&self, body: Vec<u8>) -> Result<(), String> {
        let words = |error: &dyn std::error::Error| error.to_string();
        let stream = TcpStream::connect(&self.collector.authority).await.map_err(|error| words(&error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| words(&error))?;
        let request = Request::post(&self.collector.path)
            .header(header::HOST, &self.collector.authority)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .body(Body::from(body))
            .map_err(|error| words(&error))?;
        let answer = async {
            let response = sender.send_request(request).await.map_err(|error| words(&error))?;
            let status = response.status();
            // Read, so that the collector is not cut off; what it says beside the status is for its own log.
            let _ = http_body_util::Limited::new(response.into_body(), MOST_ANSWER_BYTES).collect().await;
            if status.is_success() { Ok(()) } else { Err(format!("it answered {status}")) }
        };
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            biased;
            answer = &mut answer => answer,
            // What has come before the end is still read.
            ended = connection => match ended {
                Ok(()) => answer.await,
                Err(error) => Err(words(&error)),
            },
        }
    }
}

/// Waits until it is told.
async fn stop(told: &mut watch::Receiver<bool>) {
    // Whoever tells it is there as long as this is waited for.
    let _ = told.wait_for(|&is_told| is_told).await;
}

#[cfg(test)]
mod tests;
