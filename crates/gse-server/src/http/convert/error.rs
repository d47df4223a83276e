//! The one mapping from reasons for a refusal to codes of the cloud API.
//!
//! The code of a situation is the same for all actions, but for those whose published list of codes lacks it (R1). The
//! text is that of the reason: it names what was wrong and what to do.

use gse_api::{Action, ApiError, ErrorCode};
use gse_core::error::Error;

use crate::engine::{ArchiveError, SubmitError};

/// Why there is no reply.
pub(crate) fn from_engine(action: Action, error: &SubmitError) -> ApiError {
    match error {
        SubmitError::Refused(error) => from_core(action, error),
        SubmitError::Stopped => {
            ApiError::new(ErrorCode::ServiceUnavailable, "the service is stopping; try again later")
        }
    }
}

/// Why the archive gave no answer. The details are for the log.
pub(crate) fn from_archive(error: &ArchiveError) -> ApiError {
    match error {
        ArchiveError::Store(source) => {
            tracing::error!(error = source as &dyn std::error::Error, "the archive could not be read");
            ApiError::new(ErrorCode::InternalError, "the archive could not be read; try again later")
        }
        ArchiveError::Stopped => {
            ApiError::new(ErrorCode::ServiceUnavailable, "the service is stopping; try again later")
        }
    }
}

/// A reason for a refusal.
pub(crate) fn from_core(action: Action, error: &Error) -> ApiError {
    match error {
        // These have texts of their own that callers match on (5.1).
        Error::Missing { member } => missing(action, member),
        Error::Invalid { member, value, expected } => {
            ApiError::invalid_value(member, value, &format!("Expected {expected}."))
        }
        Error::BadToken => {
            let text = "The value specified in the parameter `NextToken` is not valid. It was not issued for this \
                        question; repeat the selection of the first call, or start again without a token.";
            ApiError::new(ErrorCode::InvalidParameterValue, text)
        }
        _ => ApiError::new(code(action, error), error.to_string()),
    }
}

/// 5.2: an action without `MissingParameter` in its list says `InvalidParameter`.
fn missing(action: Action, member: &str) -> ApiError {
    let missing = ApiError::missing(member);
    if action.error_codes().contains(&ErrorCode::MissingParameter) {
        return missing;
    }
    ApiError::new(ErrorCode::InvalidParameter, missing.message)
}

fn code(action: Action, error: &Error) -> ErrorCode {
    let usual = usual_code(error);
    exception(action, usual).unwrap_or(usual)
}

/// Actions whose list lacks the usual code (cloud-api.md 2, R1).
fn exception(action: Action, usual: ErrorCode) -> Option<ErrorCode> {
    match (action, usual) {
        (
            Action::SearchGameServerSessions | Action::EndGameServerSessionAndProcess,
            ErrorCode::ResourceNotFound | ErrorCode::ResourceUnavailable,
        ) => Some(ErrorCode::InvalidParameterValue),
        (Action::DescribeFleetRelatedResources, ErrorCode::ResourceNotFound) => {
            Some(ErrorCode::ResourceUnavailable)
        }
        // R72: more timers than a fleet may have.
        (Action::PutTimerScalingPolicy, ErrorCode::LimitExceeded) => {
            Some(ErrorCode::LimitExceededInstanceLimitExceeded)
        }
        (Action::CopyFleet, ErrorCode::ResourceUnavailable) => Some(ErrorCode::FailedOperation),
        _ => None,
    }
}

fn usual_code(error: &Error) -> ErrorCode {
    match error {
        Error::Missing { .. } => ErrorCode::MissingParameter,
        Error::ImageUnknown { .. } => ErrorCode::InvalidParameter,
        Error::Invalid { .. } | Error::BadToken | Error::PlacementPending(_) => {
            ErrorCode::InvalidParameterValue
        }
        Error::AssetNotFound(_)
        | Error::ObjectNotFound { .. }
        | Error::BucketNotFound(_)
        | Error::FleetNotFound(_)
        | Error::InstanceNotFound(_)
        | Error::PermissionNotFound { .. }
        | Error::PolicyNotFound { .. }
        | Error::AliasNotFound(_)
        | Error::TimerNotFound(_)
        | Error::QueueNotFound(_)
        | Error::DestinationNotFound { .. }
        | Error::PlacementNotFound(_)
        | Error::SessionNotFound(_)
        | Error::PlayerSessionNotFound(_) => ErrorCode::ResourceNotFound,
        // R1: DeleteFleet while the fleet is being created.
        Error::AssetNotReady { .. }
        | Error::ImageNotShared { .. }
        | Error::FleetNotActive { .. }
        | Error::FleetBeingCreated { .. }
        | Error::AliasTerminal { .. }
        | Error::AliasFleetGone { .. }
        | Error::SessionNotActive { .. }
        | Error::SessionDisabled(_) => ErrorCode::ResourceUnavailable,
        Error::AssetInUse { .. }
        | Error::ImageRegistered { .. }
        | Error::FleetHasInstances { .. }
        | Error::FleetReferenced { .. }
        | Error::QueueNameTaken(_) => ErrorCode::ResourceInUse,
        // R1: Join under DENY_ALL.
        Error::SessionDeniesJoins(_) | Error::NoRemoteLogin(_) | Error::NoPolicyNow { .. } => {
            ErrorCode::UnsupportedOperation
        }
        // R1: Join on a full session.
        Error::SessionFull { .. } | Error::NoIdleProcess { .. } => ErrorCode::ResourceInsufficient,
        // R1: MaxSize above 1 before the first successful deployment.
        Error::BeforeFirstDeployment { .. } | Error::CreatorLimit { .. } | Error::Quota { .. } => {
            ErrorCode::LimitExceeded
        }
        Error::CcnNotFound(_) => ErrorCode::ResourceNotFoundCcnResourceNotFound,
        Error::CcnAccountNotFound(_) => ErrorCode::UnsupportedOperationUinNotFound,
        Error::CcnAttached { .. } => ErrorCode::UnsupportedOperationCcnAttached,
        Error::CcnQuota { .. } => ErrorCode::LimitExceededCcnLimitExceeded,
        Error::FleetQuota { .. } => ErrorCode::LimitExceededFleetLimitExceeded,
        Error::InstanceQuota { .. } => ErrorCode::LimitExceededInstanceLimitExceeded,
        // R1: StopGameServerSessionPlacement of a finished placement, EndGameServerSessionAndProcess under FullProtection.
        Error::PlacementFinished { .. } | Error::SessionProtected(_) => ErrorCode::FailedOperation,
        // What only game servers hear; no action of the cloud API can cause these.
        Error::ProcessUnknown(_)
        | Error::ProcessNotActive(_)
        | Error::ProcessReadyRefused(_)
        | Error::SessionOfAnotherProcess(_)
        | Error::SessionOfAnotherFleet(_)
        | Error::SessionEndedHostingAnother { .. }
        | Error::NoCurrentSession(_)
        | Error::SessionNotReady { .. }
        | Error::ActivationTooLate { .. }
        | Error::PlayerUnknown { .. }
        | Error::PlayerNotReserved { .. } => ErrorCode::InternalError,
    }
}

#[cfg(test)]
mod tests;
