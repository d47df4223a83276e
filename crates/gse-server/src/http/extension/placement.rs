//! Why a placement stands where it stands.

use gse_api::extension::{
    ExplainPlacementRequest, ExplainPlacementResponse, PassedOver, PassedOverCode, SearchOutcome, SearchStep,
};
use gse_api::{ApiError, ErrorCode};
use gse_core::archive::ArchiveQuestion;
use gse_core::error::Error;
use gse_core::id::{PlacementId, Scope};
use gse_core::placement::trace::{self, Outcome, WhyNot};
use gse_core::placement::{Placement, PlacementKey};
use gse_core::state::{Row, RowKind};
use gse_core::time::Timestamp;

use super::{refusal, unanswered};
use crate::http::{Api, convert};

pub(super) async fn explain(
    api: &Api,
    scope: Scope,
    request: ExplainPlacementRequest,
) -> Result<ExplainPlacementResponse, ApiError> {
    if request.placement_id.is_empty() {
        return Err(ApiError::new(ErrorCode::MissingParameter, "The parameter `PlacementId` is missing."));
    }
    let key = PlacementKey { scope, id: PlacementId::new(request.placement_id) };
    let wanted = key.clone();
    let found = api.engine.query(move |state, _| state.placements.get_shared(&wanted).cloned()).await;
    if let Some(placement) = found.map_err(unanswered)? {
        return Ok(to_wire(&placement));
    }
    let question = ArchiveQuestion::key(RowKind::Placement, key.to_string());
    let archived = api.engine.archived(question).await;
    match archived.map_err(|error| convert::error::from_archive(&error))?.pop() {
        Some(Row::Placement(placement)) => Ok(to_wire(&placement)),
        _ => Err(refusal(&Error::PlacementNotFound(key.id))),
    }
}

fn to_wire(placement: &Placement) -> ExplainPlacementResponse {
    ExplainPlacementResponse {
        placement_id: placement.id.to_string(),
        status: placement.status.to_string(),
        start_time: placement.started.to_iso(),
        end_time: placement.ended.map(Timestamp::to_iso),
        sentences: trace::sentences(placement),
        attempts: placement.trace.attempts.into(),
        left_out: placement.trace.left_out.into(),
        steps: placement.trace.steps.iter().map(|one| step(placement, one)).collect(),
    }
}

fn step(placement: &Placement, step: &trace::SearchStep) -> SearchStep {
    let after = |at: Timestamp| u64::try_from(at.since(placement.started).as_millis()).unwrap_or(u64::MAX);
    let (outcome, fleet, reason) = match &step.outcome {
        Outcome::Waits => (SearchOutcome::Waits, None, None),
        Outcome::Chosen(fleet) => (SearchOutcome::Chosen, Some(fleet), None),
        Outcome::Lost(fleet, reason) => (SearchOutcome::Lost, Some(fleet), Some(reason.clone())),
        Outcome::Hopeless => (SearchOutcome::Hopeless, None, None),
    };
    SearchStep {
        first_ms: after(step.first),
        last_ms: after(step.last),
        times: step.times.into(),
        maximum_latency_ms: step.limit_ms,
        outcome: outcome.as_str().into(),
        fleet_id: fleet.map(ToString::to_string),
        reason,
        passed_over: step.passed.iter().map(passed_over).collect(),
        more: step.more.into(),
    }
}

fn passed_over(passed: &trace::PassedOver) -> PassedOver {
    let code = match &passed.why {
        WhyNot::Unreachable => PassedOverCode::Unreachable,
        WhyNot::TooFar(_) => PassedOverCode::TooFar,
        WhyNot::RegionDown => PassedOverCode::RegionDown,
        WhyNot::LeadsNowhere => PassedOverCode::LeadsNowhere,
        WhyNot::NotActive(_) => PassedOverCode::NotActive,
        WhyNot::NoProcess(_) => PassedOverCode::NoProcess,
    };
    PassedOver {
        region: passed.region.to_string(),
        alias_id: passed.alias.as_ref().map(ToString::to_string),
        fleet_id: passed.fleet.as_ref().map(ToString::to_string),
        code: code.as_str().into(),
        reason: passed.why.to_string(),
    }
}
