//! Statistics. Seconds travel as text; traffic is null, because nobody measured it (R64).

use gse_api::types as wire;
use gse_core::id::{FleetId, Scope};
use gse_core::page::OffsetPage;
use gse_core::statistics::{Bucket, Detail, Range, StatisticsQuery};

const NOT_MEASURED: Option<f64> = None;

pub(crate) fn query(
    scope: Scope,
    fleet: Option<String>,
    (begin, end): (Option<String>, Option<String>),
    ahead_s: i64,
) -> StatisticsQuery {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    StatisticsQuery {
        scope,
        fleet: given(fleet).map(FleetId::new),
        begin: given(begin),
        end: given(end),
        ahead_s,
    }
}

pub(crate) fn summary(used_seconds: i64) -> wire::DescribeFleetStatisticSummaryResponse {
    wire::DescribeFleetStatisticSummaryResponse {
        total_used_flow_mega_bytes: NOT_MEASURED,
        total_used_time_seconds: used_seconds.to_string(),
    }
}

pub(crate) fn flows(range: Range, page: &OffsetPage<Bucket>) -> wire::DescribeFleetStatisticFlowsResponse {
    let flow = |bucket: &Bucket| wire::FleetStatisticFlows {
        begin_time: bucket.begin.to_iso(),
        total_used_flow_mega_bytes: NOT_MEASURED,
    };
    let time = |bucket: &Bucket| wire::FleetStatisticTimes {
        begin_time: bucket.begin.to_iso(),
        total_used_time_seconds: bucket.used_seconds.to_string(),
    };
    wire::DescribeFleetStatisticFlowsResponse {
        time_type: range.granularity.as_str().to_owned(),
        total_count: page.total as u64,
        used_flow_list: page.items.iter().map(flow).collect(),
        used_time_list: page.items.iter().map(time).collect(),
    }
}

pub(crate) fn details(
    range: Range,
    page: &OffsetPage<Detail<'_>>,
) -> wire::DescribeFleetStatisticDetailsResponse {
    let one = |detail: &Detail<'_>| wire::FleetStatisticDetail {
        begin_time: detail.begin.to_iso(),
        end_time: Some(detail.end.to_iso()),
        fleet_id: detail.life.fleet.to_string(),
        instance_ip: detail.life.ip_address.clone(),
        instance_id: detail.life.instance.to_string(),
        total_used_flow_mega_bytes: NOT_MEASURED,
        total_used_time_seconds: detail.used_seconds().to_string(),
    };
    wire::DescribeFleetStatisticDetailsResponse {
        detail_list: page.items.iter().map(one).collect(),
        time_type: range.granularity.as_str().to_owned(),
        total_count: page.total as u64,
    }
}
