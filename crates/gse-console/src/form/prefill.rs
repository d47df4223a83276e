//! What is there now, so that a form of a change begins with it.

use gse_api::Action;
use gse_api::types as wire;
use serde_json::{Value, json};

use super::values::Values;
use crate::cloud::Refusal;
use crate::visit::{Visit, find};

/// The members of an action as they are now, for what `named` says.
pub(super) async fn load(v: &Visit, action: Action, named: &[(String, String)]) -> Result<Values, Refusal> {
    let id = |name| find(named, name).unwrap_or_default().to_owned();
    let now = match action {
        Action::UpdateFleetAttributes => attributes(v, id("FleetId")).await?,
        Action::UpdateFleetCapacity => capacity(v, id("FleetId")).await?,
        Action::UpdateRuntimeConfiguration => {
            let request = wire::DescribeRuntimeConfigurationRequest { fleet_id: id("FleetId") };
            json!({ "RuntimeConfiguration": v.cloud.call(&request).await?.runtime_configuration })
        }
        Action::UpdateAlias => {
            let alias = v.cloud.call(&wire::DescribeAliasRequest { alias_id: id("AliasId") }).await?.alias;
            let alias = alias.unwrap_or_default();
            json!({ "Name": alias.name, "Description": alias.description, "RoutingStrategy": alias.routing_strategy })
        }
        Action::UpdateAsset => {
            let asset = v.cloud.call(&wire::DescribeAssetRequest { asset_id: id("AssetId") }).await?.asset;
            json!({ "AssetName": asset.asset_name, "AssetVersion": asset.asset_version })
        }
        Action::UpdateGameServerSessionQueue => queue(v, id("Name")).await?,
        Action::UpdateGameServerSession => session(v, id("GameServerSessionId")).await?,
        Action::PutTimerScalingPolicy => timer(v, named).await?,
        Action::CreateFleet => json!({
            "NewGameServerSessionProtectionPolicy": "NoProtection",
            "RuntimeConfiguration": {
                "GameServerSessionActivationTimeoutSeconds": 600,
                "ServerProcesses": [{ "LaunchPath": "/local/game/", "ConcurrentExecutions": 1 }],
            },
            "InboundPermissions": [
                { "FromPort": 1025, "ToPort": 60000, "Protocol": "TCP", "IpRange": "0.0.0.0/0" },
                { "FromPort": 1025, "ToPort": 60000, "Protocol": "UDP", "IpRange": "0.0.0.0/0" },
            ],
        }),
        // A range that is closed is named; another is opened.
        Action::UpdateFleetPortSettings if named.len() == 1 => json!({
            "InboundPermissionAuthorizations": [{ "Protocol": "UDP", "IpRange": "0.0.0.0/0" }],
        }),
        Action::CreateAlias => json!({ "RoutingStrategy": { "Type": "SIMPLE" } }),
        Action::CreateGameServerSessionQueue => json!({ "TimeoutInSeconds": 600 }),
        Action::StartGameServerSessionPlacement => json!({
            "PlacementId": format!("try-{:x}", v.cloud.now),
            "MaximumPlayerSessionCount": 4,
        }),
        Action::CopyFleet => json!({ "CopyNumber": 1 }),
        Action::StartFleetActions | Action::StopFleetActions => json!({ "Actions": ["AUTO_SCALING"] }),
        Action::PutScalingPolicy => json!({ "PolicyType": "TargetBased" }),
        _ => Value::Null,
    };
    Ok(Values::of_json(&now))
}

async fn attributes(v: &Visit, fleet: String) -> Result<Value, Refusal> {
    let request = wire::DescribeFleetAttributesRequest { fleet_ids: Some(vec![fleet]), ..Default::default() };
    let fleets = v.cloud.call(&request).await?.fleet_attributes;
    let now = |fleet: wire::FleetAttributes| {
        let limit = fleet.game_server_session_protection_time_limit;
        json!({
            "Name": fleet.name,
            "Description": fleet.description,
            "NewGameSessionProtectionPolicy": fleet.new_game_server_session_protection_policy,
            "GameServerSessionProtectionTimeLimit": (limit > 0).then_some(limit),
            "ResourceCreationLimitPolicy": fleet.resource_creation_limit_policy,
        })
    };
    Ok(fleets.into_iter().next().map_or(Value::Null, now))
}

async fn capacity(v: &Visit, fleet: String) -> Result<Value, Refusal> {
    let request = wire::DescribeFleetCapacityRequest { fleet_ids: vec![fleet], ..Default::default() };
    let capacity = v.cloud.call(&request).await?.fleet_capacity.into_iter().next();
    Ok(capacity.map_or(Value::Null, |capacity| {
        let counts = capacity.instance_counts.unwrap_or_default();
        json!({
            "MinSize": counts.mini_num,
            "MaxSize": counts.maxi_num,
            "DesiredInstances": counts.desired,
            "ScalingInterval": capacity.scaling_interval,
        })
    }))
}

async fn queue(v: &Visit, name: String) -> Result<Value, Refusal> {
    let request =
        wire::DescribeGameServerSessionQueuesRequest { names: Some(vec![name]), ..Default::default() };
    let queue = v.cloud.call(&request).await?.game_server_session_queues.into_iter().next();
    Ok(queue.map_or(Value::Null, |queue| {
        let arns: Vec<Value> =
            queue.destinations.iter().map(|d| json!({ "DestinationArn": d.destination_arn })).collect();
        json!({
            "TimeoutInSeconds": queue.timeout_in_seconds,
            "PlayerLatencyPolicies": queue.player_latency_policies,
            "Destinations": arns,
        })
    }))
}

async fn session(v: &Visit, session: String) -> Result<Value, Refusal> {
    let request = wire::DescribeGameServerSessionDetailsRequest {
        game_server_session_id: Some(session),
        ..Default::default()
    };
    let details = v.cloud.call(&request).await?.game_server_session_details.into_iter().next();
    Ok(details.map_or(Value::Null, |details| {
        let session = details.game_server_session;
        json!({
            "Name": session.name,
            "MaximumPlayerSessionCount": session.maximum_player_session_count,
            "PlayerSessionCreationPolicy": session.player_session_creation_policy,
            "ProtectionPolicy": details.protection_policy,
        })
    }))
}

/// The timer of that id, or a new one of that fleet.
async fn timer(v: &Visit, named: &[(String, String)]) -> Result<Value, Refusal> {
    let fleet = find(named, "TimerScalingPolicy.TimerFleetCapacity.FleetId").unwrap_or_default();
    let Some(id) = find(named, "TimerScalingPolicy.TimerId") else { return Ok(Value::Null) };
    let request = wire::DescribeTimerScalingPoliciesRequest {
        fleet_id: Some(fleet.to_owned()),
        limit: Some(100),
        ..Default::default()
    };
    let timers = v.cloud.call(&request).await?.timer_scaling_policies;
    let timer = timers.into_iter().find(|timer| timer.timer_id == id);
    let mut timer = json!({ "TimerScalingPolicy": timer });
    if let Some(Value::Object(value)) = timer.pointer_mut("/TimerScalingPolicy/TimerConfiguration/TimerValue")
    {
        // A repetition is answered with 0 for the members that it does not have, and refuses that.
        value.retain(|_, member| *member != json!(0));
    }
    if let Some(Value::Object(timer)) = timer.pointer_mut("/TimerScalingPolicy") {
        // What it is by its times is no input; only that it is stopped (3) is.
        timer.retain(|name, member| name != "TimerStatus" || *member == json!(3));
    }
    Ok(timer)
}
