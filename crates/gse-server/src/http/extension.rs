//! `POST /opengse/<Action>`: what this service answers beside the cloud API (`gse_api::extension`). Who may call, how it is
//! signed and how it is answered are those of the cloud API.

mod canary;
mod demo;
mod monitoring;

use gse_api::extension::{
    CheckOpenStatusRequest, CreateAssetAutoRequest, CreateFleetDemoRequest, DescribeDemoResourceRequest,
    DescribeRegionsRequest, DiagnoseRequest, DiagnoseResponse, ExplainFleetCapacityRequest,
    ExplainFleetCapacityResponse, ExtensionAction, Finding, LookedAt, OpenStatusResponse, PATH,
    SetOpenStatusRequest, StartMatchPlacementRequest, decode,
};
use gse_api::shape::Shape;
use gse_api::types::StartGameServerSessionPlacementResponse;
use gse_api::{Action, ApiError, ErrorCode, envelope};
use gse_core::capacity::decision;
use gse_core::diagnosis::{self, Diagnosis, Question};
use gse_core::error::Error;
use gse_core::id::{FleetId, GameServerSessionId, ProcessId, Region, Scope};

use super::{Api, Call, access, auth, convert};
use crate::account::Caller;
use crate::engine::SubmitError;

mod placement;
mod region;

pub(super) use monitoring::number;

/// Whether a path names an action of this kind.
pub(super) fn is_named(path: &str) -> bool {
    path.starts_with(PATH)
}

/// The text of the answer.
pub(super) async fn call(
    api: &Api,
    head: &http::request::Parts,
    body: &[u8],
    request_id: &str,
) -> Result<Vec<u8>, ApiError> {
    let name = head.uri.path().strip_prefix(PATH).unwrap_or_default();
    // The signature may be that of `/`, so the header, which says the same, is what counts.
    let parse = |action: &str| ExtensionAction::parse(action).filter(|_| action == name);
    let admitted = auth::admit_as(api, head, body, parse)?;
    if admitted.shape != Shape::Json {
        let message =
            "What lies below `/opengse/` takes a JSON body with `POST`, signed with `TC3-HMAC-SHA256`.";
        return Err(ApiError::new(ErrorCode::InvalidParameter, message));
    }
    let signer = api.accounts.of_call(admitted.secret_id.as_deref());
    let caller = &signer.caller;
    if !matches!(admitted.action, ExtensionAction::CheckOpenStatus | ExtensionAction::SetOpenStatus) {
        access::check_opened(api, caller)?;
    }
    let scope = Scope { uin: caller.uin.clone(), region: Region::new(admitted.region) };
    access::check(api, caller, &scope, admitted.action.name(), body).await?;
    tracing::debug!(request_id, action = admitted.action.name(), region = %scope.region, "call");
    match admitted.action {
        ExtensionAction::CheckOpenStatus => {
            decode::<CheckOpenStatusRequest>(body)?;
            let answer = OpenStatusResponse { is_open: access::is_opened(api, caller) };
            Ok(envelope::success(&answer, request_id))
        }
        ExtensionAction::SetOpenStatus => {
            decode::<SetOpenStatusRequest>(body)?;
            if !access::is_opened(api, caller) {
                open(api, caller, request_id).await?;
            }
            Ok(envelope::success(&OpenStatusResponse { is_open: true }, request_id))
        }
        ExtensionAction::Diagnose => {
            let answer = diagnose(api, scope, decode(body)?).await?;
            Ok(envelope::success(&answer, request_id))
        }
        ExtensionAction::ExplainFleetCapacity => {
            let answer = explain_fleet_capacity(api, scope, decode(body)?).await?;
            Ok(envelope::success(&answer, request_id))
        }
        ExtensionAction::DescribeMonitoring => {
            let answer = monitoring::describe(api, scope, decode(body)?).await?;
            Ok(envelope::success(&answer, request_id))
        }
        ExtensionAction::StartMatchPlacement => {
            let answer =
                start_match_placement(api, scope, StartMatchPlacementRequest::decode(body)?, request_id)
                    .await?;
            Ok(envelope::success(&answer, request_id))
        }
        ExtensionAction::ExplainPlacement => {
            let answer = placement::explain(api, scope, decode(body)?).await?;
            Ok(envelope::success(&answer, request_id))
        }
        ExtensionAction::DescribeRegions => {
            decode::<DescribeRegionsRequest>(body)?;
            Ok(envelope::success(&region::describe(api).await?, request_id))
        }
        ExtensionAction::SetFault => {
            let answer = region::set_fault(api, head, scope, decode(body)?, request_id).await?;
            Ok(envelope::success(&answer, request_id))
        }
        ExtensionAction::DescribeAliasCanary => {
            let answer = canary::describe(api, scope, decode(body)?).await?;
            Ok(envelope::success(&answer, request_id))
        }
        ExtensionAction::SetAliasCanary => {
            let answer = canary::set(api, scope, request_id, decode(body)?).await?;
            Ok(envelope::success(&answer, request_id))
        }
        ExtensionAction::CreateAssetAuto => {
            decode::<CreateAssetAutoRequest>(body)?;
            let call =
                Call { api, action: Action::CreateAsset, scope, signer, request_id, body, called: None };
            Ok(envelope::success(&demo::create_asset(&call).await?, request_id))
        }
        ExtensionAction::CreateFleetDemo => {
            decode::<CreateFleetDemoRequest>(body)?;
            let call =
                Call { api, action: Action::CreateFleet, scope, signer, request_id, body, called: None };
            Ok(envelope::success(&demo::create_fleet(&call).await?, request_id))
        }
        ExtensionAction::DescribeDemoResource => {
            decode::<DescribeDemoResourceRequest>(body)?;
            Ok(envelope::success(&demo::describe(api, &scope).await?, request_id))
        }
        ExtensionAction::UpdateDemoResource => {
            let answer = demo::update(api, scope, request_id, decode(body)?).await?;
            Ok(envelope::success(&answer, request_id))
        }
    }
}

/// K-9: activates the service for the caller's account.
async fn open(api: &Api, caller: &Caller, request_id: &str) -> Result<(), ApiError> {
    api.activations.open(caller.uin.clone()).await.map_err(|error| {
        let cause = std::error::Error::source(&error);
        tracing::error!(request_id, %error, ?cause, "an account was not activated");
        let text = "the account cannot be activated now; the log of the service says why";
        ApiError::new(ErrorCode::InternalError, text)
    })
}

/// a placement whose session carries MatchmakerData; refused as the cloud API refuses a placement.
async fn start_match_placement(
    api: &Api,
    scope: Scope,
    request: StartMatchPlacementRequest,
    request_id: &str,
) -> Result<StartGameServerSessionPlacementResponse, ApiError> {
    let StartMatchPlacementRequest { placement, matchmaker_data } = request;
    let command = convert::placement::start(placement, matchmaker_data.unwrap_or_default(), scope);
    let placed = api.engine.submit(request_id, command).await;
    let placement = placed
        .map_err(|error| convert::error::from_engine(Action::StartGameServerSessionPlacement, &error))?;
    let game_server_session_placement = convert::placement::one(&placement);
    Ok(StartGameServerSessionPlacementResponse { game_server_session_placement })
}

async fn diagnose(api: &Api, scope: Scope, request: DiagnoseRequest) -> Result<DiagnoseResponse, ApiError> {
    let question = Question {
        scope,
        fleet: request.fleet_id.map(FleetId::new),
        session: request.game_server_session_id.map(GameServerSessionId::new),
        process: request.process_id.map(ProcessId::new),
    };
    let clocks = api.config.clocks.clone();
    let read = api.engine.query(move |state, now| diagnosis::diagnose(state, now, &clocks, &question));
    read.await.map_err(unanswered)?.map(to_wire).map_err(|error| refusal(&error))
}

async fn explain_fleet_capacity(
    api: &Api,
    scope: Scope,
    request: ExplainFleetCapacityRequest,
) -> Result<ExplainFleetCapacityResponse, ApiError> {
    let (clocks, fleet) = (api.config.clocks.clone(), FleetId::new(request.fleet_id));
    let read = api.engine.query(move |state, now| {
        let explanation = decision::explain(state, now, &clocks, &scope, &fleet)?;
        Ok(convert::explain::capacity(explanation, now))
    });
    read.await.map_err(unanswered)?.map_err(|error: Error| refusal(&error))
}

/// Why there is no reply.
fn unanswered(error: SubmitError) -> ApiError {
    match error {
        SubmitError::Refused(error) => refusal(&error),
        SubmitError::Stopped => {
            ApiError::new(ErrorCode::ServiceUnavailable, "the service is stopping; try again later")
        }
    }
}

/// What these actions refuse does not exist, or is a value that cannot be.
fn refusal(error: &Error) -> ApiError {
    match error {
        Error::Invalid { member, value, expected } => {
            ApiError::invalid_value(member, value, &format!("Expected {expected}."))
        }
        other => ApiError::new(ErrorCode::ResourceNotFound, other.to_string()),
    }
}

fn to_wire(diagnosis: Diagnosis) -> DiagnoseResponse {
    let Diagnosis { findings, seen } = diagnosis;
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    DiagnoseResponse {
        findings: findings.into_iter().map(finding).collect(),
        looked_at: LookedAt {
            fleets: count(seen.fleets),
            instances: count(seen.instances),
            processes: count(seen.processes),
            starting_processes: count(seen.starting),
            game_server_sessions: count(seen.sessions),
            player_sessions: count(seen.players),
            events: count(seen.events),
            rules: count(diagnosis::RULES.len()),
        },
    }
}

fn finding(finding: diagnosis::Finding) -> Finding {
    Finding {
        severity: finding.severity.to_string(),
        rule: finding.rule.to_owned(),
        section: finding.section.to_owned(),
        fleet_id: finding.fleet.to_string(),
        game_server_session_id: finding.subject.session.map(|id| id.to_string()).unwrap_or_default(),
        process_id: finding.subject.process.map(|id| id.to_string()).unwrap_or_default(),
        what: finding.what,
        why: finding.why,
        fix: finding.fix,
        output: finding.output,
        time: finding.last.to_iso(),
        more: u64::try_from(finding.more).unwrap_or(u64::MAX),
    }
}
