//! Spans as the JSON of OTLP: ids in hexadecimal digits, times as text of nanoseconds, kinds and states as numbers.

use gse_core::time::Timestamp;
use gse_core::timeline::spans::Span;
use serde_json::{Value, json};

/// SPAN_KIND_INTERNAL.
const INTERNAL: u32 = 1;
/// STATUS_CODE_ERROR; a span without a state has none.
const ERROR: u32 = 2;

/// The body of an ExportTraceServiceRequest.
pub(super) fn spans(spans: &[Span]) -> Vec<u8> {
    let resource = [("service.name", "opengse"), ("service.version", env!("CARGO_PKG_VERSION"))];
    let scope = json!({ "name": "gse_core::timeline", "version": env!("CARGO_PKG_VERSION") });
    let spans: Vec<Value> = spans.iter().map(span).collect();
    let request = json!({
        "resourceSpans": [{
            "resource": { "attributes": resource.map(|(name, value)| attribute(name, value)) },
            "scopeSpans": [{ "scope": scope, "spans": spans }],
        }],
    });
    serde_json::to_vec(&request).expect("a JSON value always has a text")
}

fn span(span: &Span) -> Value {
    let attributes: Vec<Value> = span.attributes.iter().map(|(name, value)| attribute(name, value)).collect();
    let mut encoded = json!({
        "traceId": span.context.trace_id(),
        "spanId": span.context.span_id().unwrap_or_default(),
        "name": span.name,
        "kind": INTERNAL,
        "startTimeUnixNano": nanoseconds(span.from),
        "endTimeUnixNano": nanoseconds(span.to),
        "attributes": attributes,
    });
    if let Some(parent) = &span.parent {
        encoded["parentSpanId"] = parent.as_str().into();
    }
    if let Some(error) = &span.error {
        encoded["status"] = json!({ "code": ERROR, "message": error });
    }
    encoded
}

fn attribute(name: &str, value: &str) -> Value {
    json!({ "key": name, "value": { "stringValue": value } })
}

fn nanoseconds(at: Timestamp) -> String {
    (i128::from(at.millis().max(0)) * 1_000_000).to_string()
}
