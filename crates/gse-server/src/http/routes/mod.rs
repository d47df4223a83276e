//! From an action to what answers it. A route is short: convert, submit or query, convert.

mod alias;
mod asset;
mod bucket;
mod capacity;
mod ccn;
mod fleet;
mod game_server_session;
mod instance;
mod log;
mod placement;
mod player_session;
mod queue;
mod quota;
mod statistics;
mod timer;

use gse_api::{Action, ApiError, decode, envelope, types as wire};
use gse_core::asset::CreateAsset;
use gse_core::command::Command;

use super::Call;

/// An asset of an object that is in the bucket, as CreateAsset makes it, for an action beside the cloud API; `command` says
/// how it is written down. `upload` is asked first: it checks the quota and opens the bucket.
pub(super) async fn create_asset<C: Command>(
    call: &Call<'_>,
    request: wire::CreateAssetRequest,
    command: impl FnOnce(CreateAsset) -> C,
) -> Result<C::Reply, ApiError> {
    asset::create_by(call, request, command).await
}

/// See [`create_asset`].
pub(super) async fn upload(
    call: &Call<'_>,
    request: wire::GetUploadCredentialsRequest,
) -> Result<wire::GetUploadCredentialsResponse, ApiError> {
    asset::get_upload_credentials(call, request).await
}

macro_rules! routes {
    ($($action:ident => $($route:ident)::+,)*) => {
        /// The actions of this version, in the order of the table.
        #[cfg(test)]
        pub(super) const ROUTED: &[Action] = &[$(Action::$action,)*];

        /// The text of the answer to an admitted call: steps 13 to 18 of cloud-api.md 1.9.
        pub(super) async fn dispatch(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
            match call.action {
                $(Action::$action => {
                    // Boxed: the future of one action must not be as large as that of all.
                    let response = Box::pin($($route)::+(call, decode(call.body)?)).await?;
                    Ok(envelope::success(&response, call.request_id))
                })*
            }
        }
    };
}

routes! {
    CreateAlias => alias::create,
    DeleteAlias => alias::delete,
    DescribeAlias => alias::describe,
    ListAliases => alias::list,
    ResolveAlias => alias::resolve,
    UpdateAlias => alias::update,

    CreateAsset => asset::create,
    CreateAssetWithImage => asset::create_with_image,
    DeleteAsset => asset::delete,
    DescribeAsset => asset::describe,
    DescribeAssetSystems => asset::describe_systems,
    DescribeAssets => asset::describe_all,
    GetUploadCredentials => asset::get_upload_credentials,
    GetUploadFederationToken => asset::get_upload_federation_token,
    UpdateAsset => asset::update,

    DeleteScalingPolicy => capacity::delete_policy,
    DescribeScalingPolicies => capacity::describe_policies,
    PutScalingPolicy => capacity::put_policy,
    UpdateBucketAccelerateOpt => bucket::update_accelerate,
    UpdateBucketCORSOpt => bucket::update_cors,

    AttachCcnInstances => ccn::attach,
    DescribeCcnInstances => ccn::describe,
    DetachCcnInstances => ccn::detach,

    CopyFleet => fleet::copy,
    CreateFleet => fleet::create,
    DeleteFleet => fleet::delete,
    DescribeFleetAttributes => fleet::describe_attributes,
    DescribeFleetCapacity => fleet::describe_capacity,
    DescribeFleetEvents => fleet::describe_events,
    DescribeFleetPortSettings => fleet::describe_port_settings,
    DescribeFleetRelatedResources => fleet::describe_related_resources,
    DescribeFleetUtilization => fleet::describe_utilization,
    DescribeRuntimeConfiguration => fleet::describe_runtime_configuration,
    ListFleets => fleet::list,
    StartFleetActions => fleet::start_actions,
    StopFleetActions => fleet::stop_actions,
    UpdateFleetAttributes => fleet::update_attributes,
    UpdateFleetCapacity => fleet::update_capacity,
    UpdateFleetName => fleet::update_name,
    UpdateFleetPortSettings => fleet::update_port_settings,
    UpdateRuntimeConfiguration => fleet::update_runtime_configuration,

    CreateGameServerSession => game_server_session::create,
    DescribeGameServerSessionDetails => game_server_session::describe_details,
    DescribeGameServerSessions => game_server_session::describe,
    EndGameServerSessionAndProcess => game_server_session::end_with_process,
    SearchGameServerSessions => game_server_session::search,
    UpdateGameServerSession => game_server_session::update,

    DescribeInstances => instance::describe,
    DescribeInstancesExtend => instance::describe_extended,
    GetInstanceAccess => instance::access,
    SetServerReserved => instance::set_reserved,
    SetServerWeight => instance::set_weight,

    GetGameServerInstanceLogUrl => log::instance_urls,
    GetGameServerSessionLogUrl => log::session_url,

    DescribeGameServerSessionPlacement => placement::describe,
    StartGameServerSessionPlacement => placement::start,
    StopGameServerSessionPlacement => placement::stop,

    DescribePlayerSessions => player_session::describe,
    JoinGameServerSession => player_session::join,
    JoinGameServerSessionBatch => player_session::join_batch,

    CreateGameServerSessionQueue => queue::create,
    DeleteGameServerSessionQueue => queue::delete,
    DescribeGameServerSessionQueues => queue::describe,
    UpdateGameServerSessionQueue => queue::update,

    DescribeInstanceLimit => quota::describe_instance_limit,
    DescribeInstanceTypes => quota::describe_instance_types,
    DescribeUserQuota => quota::describe_one,
    DescribeUserQuotas => quota::describe_all,

    DeleteTimerScalingPolicy => timer::delete,
    DescribeTimerScalingPolicies => timer::describe,
    PutTimerScalingPolicy => timer::put,
    DescribeFleetStatisticDetails => statistics::describe_details,
    DescribeFleetStatisticFlows => statistics::describe_flows,
    DescribeFleetStatisticSummary => statistics::describe_summary,
}
