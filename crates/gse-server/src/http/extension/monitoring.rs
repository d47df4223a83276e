//! The figures of fleets, queues and instances: between the wire and the core.

use gse_api::ApiError;
use gse_api::extension::{DescribeMonitoringRequest, DescribeMonitoringResponse, MetricValues};
use gse_core::id::Scope;
use gse_core::monitoring::{Column, MetricKind, MonitoringAnswer, MonitoringQuery, Summary, Value};
use gse_core::time::Timestamp;

use super::{refusal, unanswered};
use crate::http::Api;

pub(super) async fn describe(
    api: &Api,
    scope: Scope,
    request: DescribeMonitoringRequest,
) -> Result<DescribeMonitoringResponse, ApiError> {
    let query = MonitoringQuery {
        scope,
        fleet: request.fleet_id,
        queue: request.game_server_session_queue_name,
        instance: request.instance_id,
        metrics: request.metric_names,
        period_s: request.period,
        begin: request.begin_time,
        end: request.end_time,
        ahead_s: api.config.statistics_ahead_s,
    };
    let read = api.engine.monitoring(move |monitor, state, now| monitor.answer(state, &query, now));
    read.await.map_err(unanswered)?.map(to_wire).map_err(|error| refusal(&error))
}

fn to_wire(answer: MonitoringAnswer) -> DescribeMonitoringResponse {
    DescribeMonitoringResponse {
        period: answer.period_s,
        begin_time: answer.begin.to_iso(),
        end_time: answer.end.to_iso(),
        times: answer.times.into_iter().map(Timestamp::to_iso_exact).collect(),
        metrics: answer.columns.into_iter().map(metric).collect(),
    }
}

fn metric(column: Column) -> MetricValues {
    let Column { name, metric, summaries } = column;
    let each = |value: &dyn Fn(&Summary) -> Value| {
        summaries.iter().map(|summary| value(summary).map(number)).collect()
    };
    let measured = |summary: &Summary, value: u64| (summary.samples > 0).then_some(value);
    MetricValues {
        name,
        kind: match metric.kind {
            MetricKind::Gauge => "Gauge".to_owned(),
            MetricKind::Counter => "Counter".to_owned(),
        },
        unit: metric.unit.to_owned(),
        values: each(&|summary| summary.value(metric.kind)),
        minimum: each(&|summary| measured(summary, summary.minimum)),
        maximum: each(&|summary| measured(summary, summary.maximum)),
    }
}

/// Thousandths as a number.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, and shown")]
pub(in crate::http) fn number(thousandths: u64) -> f64 {
    thousandths as f64 / 1000.0
}
