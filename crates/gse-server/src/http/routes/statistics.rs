//! How long instances ran.

use gse_api::ApiError;
use gse_api::types as wire;
use gse_core::statistics::{self, StatisticsQuery};

use crate::http::Call;
use crate::http::convert::{self, offset_and_limit};

impl Call<'_> {
    fn statistics_query(
        &self,
        fleet: Option<String>,
        begin: Option<String>,
        end: Option<String>,
    ) -> StatisticsQuery {
        let ahead_s = self.api.config.statistics_ahead_s;
        convert::statistics::query(self.scope.clone(), fleet, (begin, end), ahead_s)
    }
}

pub(super) async fn describe_summary(
    call: &Call<'_>,
    request: wire::DescribeFleetStatisticSummaryRequest,
) -> Result<wire::DescribeFleetStatisticSummaryResponse, ApiError> {
    let query = call.statistics_query(request.fleet_id, request.begin_time, request.end_time);
    let now = call.api.clock.now();
    call.query(move |state| {
        let range = statistics::range(state, &query, now)?;
        Ok(convert::statistics::summary(statistics::used_seconds(state, &query, range)))
    })
    .await
}

pub(super) async fn describe_flows(
    call: &Call<'_>,
    request: wire::DescribeFleetStatisticFlowsRequest,
) -> Result<wire::DescribeFleetStatisticFlowsResponse, ApiError> {
    let query = call.statistics_query(request.fleet_id, request.begin_time, request.end_time);
    let (now, page) = (call.api.clock.now(), offset_and_limit(request.offset, request.limit));
    call.query(move |state| {
        let range = statistics::range(state, &query, now)?;
        Ok(convert::statistics::flows(range, &statistics::flows(state, &query, range, page)))
    })
    .await
}

pub(super) async fn describe_details(
    call: &Call<'_>,
    request: wire::DescribeFleetStatisticDetailsRequest,
) -> Result<wire::DescribeFleetStatisticDetailsResponse, ApiError> {
    let query = call.statistics_query(request.fleet_id, request.begin_time, request.end_time);
    let (now, page) = (call.api.clock.now(), offset_and_limit(request.offset, request.limit));
    call.query(move |state| {
        let range = statistics::range(state, &query, now)?;
        Ok(convert::statistics::details(range, &statistics::details(state, &query, range, page)))
    })
    .await
}
