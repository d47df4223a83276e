//! The edge: requests go through the whole router, on a memory store and a scripted host.

mod actions;
mod archive;
mod assets;
mod auth;
mod capi;
mod ccn;
mod control;
mod extension;
mod fleets;
mod instances;
mod launching;
mod logs;
mod objects;
mod overload;
mod queues;
mod quotas;
mod refusals;
mod regions;
mod shapes;
mod stack;

use gse_api::Action;

use super::routes::ROUTED;

/// What the slice of "one command runs the whole flowchart" needs.
const NEEDED: [Action; 25] = [
    Action::GetUploadCredentials,
    Action::CreateAsset,
    Action::DescribeAsset,
    Action::DescribeAssets,
    Action::CreateFleet,
    Action::DescribeFleetAttributes,
    Action::DescribeFleetEvents,
    Action::DescribeFleetCapacity,
    Action::UpdateFleetCapacity,
    Action::DeleteFleet,
    Action::DescribeInstances,
    Action::CreateGameServerSession,
    Action::DescribeGameServerSessions,
    Action::SearchGameServerSessions,
    Action::JoinGameServerSession,
    Action::JoinGameServerSessionBatch,
    Action::DescribePlayerSessions,
    Action::CreateAlias,
    Action::UpdateAlias,
    Action::ResolveAlias,
    Action::ListAliases,
    Action::CreateGameServerSessionQueue,
    Action::StartGameServerSessionPlacement,
    Action::DescribeGameServerSessionPlacement,
    Action::StopGameServerSessionPlacement,
];

#[test]
fn what_the_flow_needs_is_routed() {
    for action in NEEDED {
        assert!(ROUTED.contains(&action), "{action:?}");
    }
}

/// Every action is answered by its route, or says that it is not built; none pretends.
#[tokio::test]
async fn every_action_is_routed_or_says_that_it_is_not_built() {
    let stack = stack::Stack::start();
    for action in Action::ALL {
        // No member at all: what is routed finds something to complain about, or has nothing to complain about.
        let error = stack.call(action.name(), "{}").await.err();
        let says_so = error.as_ref().is_some_and(|error| error.1.contains("is not built yet"));
        let needs_members = action.request_schema().members.iter().any(|member| member.required);
        assert_eq!(says_so, !ROUTED.contains(&action) && !needs_members, "{action:?}: {error:?}");
    }
}

#[tokio::test]
async fn an_action_that_is_not_built_says_so_and_still_checks_its_request() {
    let stack = stack::Stack::start();
    let refused = |body| stack.refusal("DeleteScalingPolicy", body);
    assert_eq!(refused(r#"{"FleetId":"f","Name":"p"}"#).await.0, "UnsupportedOperation");
    assert_eq!(refused(r#"{"Name":"p"}"#).await.0, "MissingParameter");
    assert_eq!(refused(r#"{"FleetId":"f","Name":"p","X":2}"#).await.0, "UnknownParameter");
}
