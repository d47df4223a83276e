use gse_core::fleet::FleetStatus;
use gse_core::game_server_session::GameServerSessionStatus;
use gse_core::id::{FleetId, GameServerSessionId, PlacementId};
use gse_core::placement::PlacementStatus;

use super::*;

fn session() -> GameServerSessionId {
    GameServerSessionId::new("gssess-1")
}

/// R1, line by line.
#[test]
fn r1_codes_come_from_the_list_of_the_action() {
    let full = Error::SessionFull { session: session(), free: 0, wanted: 1 };
    let placement = PlacementId::new("p");
    let finished = Error::PlacementFinished { placement, status: PlacementStatus::Fulfilled };
    let fleet = FleetId::new("fleet-1");
    let creating = Error::FleetBeingCreated { fleet: fleet.clone(), status: FleetStatus::New };
    let cases = [
        (Action::JoinGameServerSession, full, ErrorCode::ResourceInsufficient),
        (
            Action::JoinGameServerSession,
            Error::SessionDeniesJoins(session()),
            ErrorCode::UnsupportedOperation,
        ),
        (Action::StopGameServerSessionPlacement, finished, ErrorCode::FailedOperation),
        (Action::DeleteFleet, creating, ErrorCode::ResourceUnavailable),
        (
            Action::PutScalingPolicy,
            Error::NoPolicyNow { fleet: fleet.clone(), status: FleetStatus::New },
            ErrorCode::UnsupportedOperation,
        ),
        (Action::UpdateFleetCapacity, Error::BeforeFirstDeployment { fleet }, ErrorCode::LimitExceeded),
    ];
    for (action, error, wanted) in cases {
        let mapped = from_core(action, &error);
        assert_eq!((mapped.code, mapped.message), (wanted, error.to_string()), "{action:?}");
    }
}

#[test]
fn an_action_whose_list_lacks_the_usual_code_has_its_own() {
    let unknown = Error::FleetNotFound(FleetId::new("fleet-1"));
    let code = |action| from_core(action, &unknown).code;
    assert_eq!(code(Action::DeleteFleet), ErrorCode::ResourceNotFound);
    assert_eq!(code(Action::SearchGameServerSessions), ErrorCode::InvalidParameterValue);
    assert_eq!(code(Action::DescribeFleetRelatedResources), ErrorCode::ResourceUnavailable);
    let over = Error::SessionNotActive { session: session(), status: GameServerSessionStatus::Terminated };
    assert_eq!(from_core(Action::JoinGameServerSession, &over).code, ErrorCode::ResourceUnavailable);
}

#[test]
fn a_missing_member_is_invalid_where_the_list_says_so() {
    let missing = Error::Missing { member: "FleetId" };
    let code = |action| from_core(action, &missing).code;
    assert_eq!(code(Action::CreateGameServerSession), ErrorCode::MissingParameter);
    assert_eq!(code(Action::SearchGameServerSessions), ErrorCode::InvalidParameter);
}

#[test]
fn texts_that_callers_match_on_are_kept() {
    let invalid = Error::Invalid { member: "MinSize", value: "9".into(), expected: "at most 3".into() };
    let mapped = from_core(Action::UpdateFleetCapacity, &invalid);
    assert_eq!(mapped.code, ErrorCode::InvalidParameterValue);
    assert_eq!(
        mapped.message,
        "The value `9` specified in the parameter `MinSize` is not valid. Expected at most 3."
    );
    let token = from_core(Action::DescribePlayerSessions, &Error::BadToken);
    assert!(
        token.code == ErrorCode::InvalidParameterValue && token.message.contains("`NextToken`"),
        "{token}"
    );
}

#[test]
fn a_service_that_stops_says_so() {
    let mapped = from_engine(Action::ListAliases, &SubmitError::Stopped);
    assert_eq!(mapped.code, ErrorCode::ServiceUnavailable);
}
