//! The actions of the flow, in its order: a package becomes a fleet, a fleet gives sessions, sessions take players.

use std::io::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use serde_json::{Value, json};

use super::stack::{HOST, REGION, Stack};

/// A wait ends by what is waited for, or fails here.
const DEADLINE: Duration = Duration::from_secs(20);

impl Stack {
    /// Uploads and registers a package of one file.
    pub(super) async fn asset(&self) -> String {
        self.upload("server.zip", package()).await;
        self.create_asset("server.zip").await
    }

    pub(super) async fn upload(&self, key: &str, bytes: Vec<u8>) {
        let answer =
            self.done("GetUploadCredentials", json!({ "AssetRegion": REGION, "BucketKey": key })).await;
        let uri = format!("/objects/{}/{key}", answer["BucketName"].as_str().unwrap());
        let request = Request::put(uri).header("Host", HOST);
        let request = request.header("Authorization", answer["BucketAuth"].as_str().unwrap());
        assert_eq!(self.send(request.body(Body::from(bytes)).unwrap()).await.status(), StatusCode::OK);
    }

    pub(super) async fn create_asset(&self, key: &str) -> String {
        let answer = self.done("CreateAsset", create_asset(key)).await;
        answer["AssetId"].as_str().unwrap().to_owned()
    }

    /// A fleet with that many processes that is ACTIVE.
    pub(super) async fn fleet(&self, processes: u32) -> String {
        let asset = self.asset().await;
        let answer = self.done("CreateFleet", create_fleet(&asset, processes)).await;
        let fleet = answer["FleetAttributes"]["FleetId"].as_str().unwrap().to_owned();
        let attributes = json!({ "FleetIds": [fleet] });
        self.wait("DescribeFleetAttributes", attributes, |answer| {
            answer["FleetAttributes"][0]["Status"] == "ACTIVE"
        })
        .await;
        let rows = |answer: &Value| answer["FleetCapacity"][0]["InstanceCounts"]["Active"] == 1;
        self.wait("DescribeFleetCapacity", json!({ "FleetIds": [fleet] }), rows).await;
        // The first process that is ready makes the fleet ACTIVE.
        let page = json!({ "FleetId": fleet, "Offset": 0, "Limit": 1 });
        let ready = |answer: &Value| answer["Instances"][0]["HealthyProcessCnt"] == processes;
        self.wait("DescribeInstancesExtend", page, ready).await;
        fleet
    }

    /// A session that is ACTIVE.
    pub(super) async fn session(&self, fleet: &str, seats: u32) -> String {
        let request = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": seats });
        let answer = self.done("CreateGameServerSession", request).await;
        let session = answer["GameServerSession"]["GameServerSessionId"].as_str().unwrap().to_owned();
        let query = json!({ "GameServerSessionId": session });
        self.wait("DescribeGameServerSessions", query, |answer| {
            answer["GameServerSessions"][0]["Status"] == "ACTIVE"
        })
        .await;
        session
    }

    /// Asks again until the answer is as wanted. Nothing here takes time but the turns of other tasks.
    pub(super) async fn wait(&self, action: &str, body: Value, wanted: impl Fn(&Value) -> bool) -> Value {
        let asking = async {
            loop {
                let answer = self.done(action, &body).await;
                if wanted(&answer) {
                    return answer;
                }
                tokio::task::yield_now().await;
            }
        };
        match tokio::time::timeout(DEADLINE, asking).await {
            Ok(answer) => answer,
            Err(_) => panic!("{action} {body} did not become as wanted: {}", self.done(action, &body).await),
        }
    }
}

pub(super) fn package() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("server", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"#!/bin/sh\n").unwrap();
    zip.finish().unwrap().into_inner()
}

pub(super) fn create_asset(key: &str) -> Value {
    json!({
        "AssetName": "demo", "AssetVersion": "1.0", "AssetRegion": REGION, "BucketKey": key,
        "OperateSystem": "CentOS7.16", "Tags": [{ "Key": "env", "Value": "test" }],
    })
}

pub(super) fn create_fleet(asset: &str, processes: u32) -> Value {
    json!({
        "AssetId": asset, "Name": "arena", "InstanceType": "S5.LARGE8",
        "RuntimeConfiguration": { "ServerProcesses": [
            { "LaunchPath": "/local/game/server", "Parameters": "--mode match", "ConcurrentExecutions": processes },
        ] },
        "InboundPermissions": [{ "FromPort": 6000, "ToPort": 6100, "Protocol": "UDP", "IpRange": "0.0.0.0/0" }],
    })
}

#[tokio::test]
async fn assets_are_registered_and_read() {
    let stack = Stack::start();
    let id = stack.asset().await;
    let asset = stack.done("DescribeAsset", json!({ "AssetId": id })).await["Asset"].clone();
    assert_eq!(
        asset,
        json!({
            "AssetArn": format!("qcs::gse:ap-shanghai:uin/100000000001:asset/{id}"), "AssetId": id,
            "AssetName": "demo", "AssetVersion": "1.0", "BindFleetNum": 0, "CreateTime": "2021-01-01 12:00:00",
            "ImageId": "", "OperateSystem": "CentOS7.16", "OsType": "CentOS", "ResourceType": "ASSET",
            "SharingStatus": "UNKNOWN_SHARED", "Size": "1M", "Stauts": 2, "Tags": [{ "Key": "env", "Value": "test" }],
        })
    );
    let page = |offset: u32| json!({ "AssetRegion": REGION, "Limit": 1, "Offset": offset });
    let found = stack.done("DescribeAssets", page(0)).await;
    assert_eq!(found, json!({ "Assets": [asset], "TotalCount": 1 }));
    // a page index.
    assert_eq!(stack.done("DescribeAssets", page(1)).await, json!({ "Assets": [], "TotalCount": 1 }));
    let by_tag = json!({
        "AssetRegion": REGION, "Limit": 9, "Offset": 0,
        "Filters": [{ "Key": "tag:key-value", "Values": ["env:other"] }],
    });
    assert_eq!(stack.done("DescribeAssets", by_tag).await["TotalCount"], 0);
}

#[tokio::test]
async fn s01_what_is_no_zip_becomes_a_failed_asset() {
    let stack = Stack::start();
    stack.upload("server.zip", b"this is no zip".to_vec()).await;
    let id = stack.create_asset("server.zip").await;
    assert_eq!(stack.done("DescribeAsset", json!({ "AssetId": id })).await["Asset"]["Stauts"], 1);
    let (code, message) = stack.refusal("CreateFleet", create_fleet(&id, 1)).await;
    assert_eq!(code, "ResourceUnavailable", "{message}");
}

#[tokio::test]
async fn a_fleet_becomes_active_and_says_how() {
    let stack = Stack::start();
    let fleet = stack.fleet(2).await;
    let attributes = stack.done("DescribeFleetAttributes", "{}").await;
    assert_eq!(
        attributes["FleetAttributes"][0],
        json!({
            "AssetId": "asset-0001", "BillingStatus": "BILLING_ACTIVATED", "CreationTime": "2021-01-01T12:00:00Z",
            "DataDiskInfo": [{ "DiskSize": 50, "DiskType": "CLOUD_PREMIUM" }], "Description": "",
            "FleetArn": format!("qcs::gse:ap-shanghai:uin/100000000001:fleet/{fleet}"), "FleetId": fleet,
            "FleetType": "ON_DEMAND", "GameServerSessionProtectionTimeLimit": 0, "InstanceType": "S5.LARGE8",
            "InternetMaxBandwidthOut": 100, "Name": "arena",
            "NewGameServerSessionProtectionPolicy": "NoProtection", "OperatingSystem": "CentOS7.16",
            "RelatedCcnInfos": [], "Status": "ACTIVE", "StoppedActions": [],
            "ResourceCreationLimitPolicy": { "NewGameServerSessionsPerCreator": 2, "PolicyPeriodInMinutes": 3 },
            "SystemDiskInfo": { "DiskSize": 50, "DiskType": "CLOUD_PREMIUM" }, "Tags": [], "TerminationTime": null,
        })
    );
    let events = stack.done("DescribeFleetEvents", json!({ "FleetId": fleet })).await;
    let codes: Vec<_> =
        events["Events"].as_array().unwrap().iter().map(|e| e["EventCode"].as_str().unwrap()).collect();
    assert_eq!((codes.first(), codes.last()), (Some(&"FLEET_STATE_ACTIVE"), Some(&"FLEET_CREATED")));
    let instances = stack.done("DescribeInstances", json!({ "FleetId": fleet })).await;
    assert_eq!(instances["TotalCount"], 1);
    assert_eq!(instances["Instances"][0]["Status"], "RUNNING");
    assert_eq!(instances["Instances"][0]["IpAddress"], "127.0.0.1");
    let runtime = stack.done("DescribeRuntimeConfiguration", json!({ "FleetId": fleet })).await;
    assert_eq!(runtime["RuntimeConfiguration"]["ServerProcesses"][0]["ConcurrentExecutions"], 2);
    let ports = stack.done("DescribeFleetPortSettings", json!({ "FleetId": fleet })).await;
    let rule = json!({ "FromPort": 6000, "IpRange": "0.0.0.0/0", "Protocol": "UDP", "ToPort": 6100 });
    assert_eq!(ports, json!({ "InboundPermissions": [rule] }));
}

#[tokio::test]
async fn the_log_of_an_event_can_be_downloaded_for_a_while() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let query = json!({ "FleetId": fleet, "EventCode": "FLEET_CREATION_EXTRACTING_BUILD" });
    let events = stack.done("DescribeFleetEvents", query).await;
    let url = events["Events"][0]["PreSignedLogUrl"].as_str().unwrap().to_owned();
    let path = url.strip_prefix("http://127.0.0.1:8080").unwrap();
    let get = |path: &str| Request::get(path).header("Host", "elsewhere").body(Body::empty()).unwrap();
    assert_eq!(stack.send_for_text(get(path)).await, (StatusCode::OK, "server\n".to_owned()));
    let created = json!({ "FleetId": fleet, "EventCode": "FLEET_CREATED" });
    let created = stack.done("DescribeFleetEvents", created).await["Events"][0].clone();
    assert_eq!(created["PreSignedLogUrl"], "", "an event without a log has no address");
    // Another event's log is not granted with it.
    let event = events["Events"][0]["EventId"].as_str().unwrap();
    let other = path.replace(event, created["EventId"].as_str().unwrap());
    assert_eq!(stack.send(get(&other)).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(stack.send(get(path.split('?').next().unwrap())).await.status(), StatusCode::FORBIDDEN);
    stack.clock.set(stack.clock.now().plus(Duration::from_secs(601)));
    assert_eq!(stack.send(get(path)).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn capacity_grows_shrinks_and_lets_the_fleet_go() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let set = |min: u32, desired: u32, max: u32| json!({ "FleetId": fleet, "MinSize": min, "DesiredInstances": desired, "MaxSize": max, "ScalingInterval": 3 });
    let counts = |active: u32| {
        move |answer: &Value| {
            let counts = &answer["FleetCapacity"][0]["InstanceCounts"];
            counts["Active"] == active && counts["Pending"] == 0 && counts["Terminating"] == 0
        }
    };
    assert_eq!(stack.done("UpdateFleetCapacity", set(1, 2, 3)).await, json!({ "FleetId": fleet }));
    let answer = stack.wait("DescribeFleetCapacity", json!({ "FleetIds": [fleet] }), counts(2)).await;
    assert_eq!(
        answer["FleetCapacity"][0],
        json!({
            "FleetId": fleet, "InstanceType": "S5.LARGE8", "ScalingInterval": 3, "InstanceCounts": {
                "Active": 2, "Desired": 2, "Idle": 2, "MaxiNum": 3, "MiniNum": 1, "Pending": 0, "Terminating": 0,
            },
        })
    );
    assert_eq!(stack.refusal("DeleteFleet", json!({ "FleetId": fleet })).await.0, "ResourceInUse");
    stack.done("UpdateFleetCapacity", set(0, 0, 1)).await;
    stack.wait("DescribeFleetCapacity", json!({ "FleetIds": [fleet] }), counts(0)).await;
    assert_eq!(stack.done("DeleteFleet", json!({ "FleetId": fleet })).await, json!({}));
    let gone = |answer: &Value| answer["FleetAttributes"][0]["Status"] == "TERMINATED";
    stack.wait("DescribeFleetAttributes", json!({ "FleetIds": [fleet] }), gone).await;
}

#[tokio::test]
async fn sessions_are_made_found_and_joined() {
    let stack = Stack::start();
    let fleet = stack.fleet(2).await;
    let request = json!({
        "FleetId": fleet, "MaximumPlayerSessionCount": 3, "Name": "房间-1", "CreatorId": "me",
        "GameProperties": [{ "Key": "mode", "Value": "ranked solo" }], "GameServerSessionData": "data",
    });
    let session = stack.done("CreateGameServerSession", &request).await["GameServerSession"].clone();
    assert_eq!((session["Status"].as_str(), session["Port"].as_u64()), (Some("ACTIVATING"), Some(6000)));
    let id = session["GameServerSessionId"].as_str().unwrap();
    let active = |answer: &Value| answer["GameServerSessions"][0]["Status"] == "ACTIVE";
    stack.wait("DescribeGameServerSessions", json!({ "GameServerSessionId": id }), active).await;

    let search =
        json!({ "FleetId": fleet, "FilterExpression": "gameServerSessionProperties.mode = 'ranked solo'" });
    let found = stack.done("SearchGameServerSessions", search).await;
    assert_eq!(
        found["GameServerSessions"][0],
        json!({
            "AvailabilityStatus": "Enable", "CreationTime": "2021-01-01T12:00:00Z", "CreatorId": "me",
            "CurrentCustomCount": 0, "CurrentPlayerSessionCount": 0, "DnsName": "", "FleetId": fleet,
            "GameProperties": [{ "Key": "mode", "Value": "ranked solo" }], "GameServerSessionData": "data",
            "GameServerSessionId": id, "InstanceType": "S5.LARGE8", "IpAddress": "127.0.0.1", "MatchmakerData": "",
            "MaxCustomCount": 0, "MaximumPlayerSessionCount": 3, "Name": "房间-1",
            "PlayerSessionCreationPolicy": "ACCEPT_ALL", "Port": 6000, "Status": "ACTIVE", "StatusReason": "",
            "TerminationTime": null, "Weight": 5,
        })
    );
    let details = stack.done("DescribeGameServerSessionDetails", json!({ "FleetId": fleet })).await;
    assert_eq!(details["GameServerSessionDetails"][0]["ProtectionPolicy"], "NoProtection");

    let join = json!({ "GameServerSessionId": id, "PlayerId": "ada", "PlayerData": "red" });
    let player = stack.done("JoinGameServerSession", join).await["PlayerSession"].clone();
    assert_eq!(
        player,
        json!({
            "CreationTime": "2021-01-01T12:00:00Z", "DnsName": "", "FleetId": fleet, "GameServerSessionId": id,
            "IpAddress": "127.0.0.1", "PlayerData": "red", "PlayerId": "ada",
            "PlayerSessionId": player["PlayerSessionId"], "Port": 6000, "Status": "RESERVED", "TerminationTime": null,
        })
    );
    let batch = json!({
        "GameServerSessionId": id, "PlayerIds": ["bob", "cy"], "PlayerDataMap": { "Key": "cy", "Value": "blue" },
    });
    let players = stack.done("JoinGameServerSessionBatch", batch).await;
    let data: Vec<_> =
        players["PlayerSessions"].as_array().unwrap().iter().map(|player| &player["PlayerData"]).collect();
    assert_eq!(data, ["", "blue"]);
    let known = stack.done("DescribePlayerSessions", json!({ "GameServerSessionId": id, "Limit": 2 })).await;
    assert_eq!(known["PlayerSessions"].as_array().unwrap().len(), 2);
    let token = known["NextToken"].as_str().unwrap();
    let rest = json!({ "GameServerSessionId": id, "Limit": 2, "NextToken": token });
    let rest = stack.done("DescribePlayerSessions", rest).await;
    assert_eq!((rest["PlayerSessions"].as_array().unwrap().len(), rest["NextToken"].as_str()), (1, Some("")));
    let full = json!({ "GameServerSessionId": id, "PlayerId": "dan" });
    assert_eq!(stack.refusal("JoinGameServerSession", full).await.0, "ResourceInsufficient");
}

#[tokio::test]
async fn aliases_lead_somewhere_else_after_an_update() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let create = json!({ "Name": "live", "RoutingStrategy": { "Type": "SIMPLE", "FleetId": fleet } });
    let alias = stack.done("CreateAlias", create).await["Alias"].clone();
    let id = alias["AliasId"].as_str().unwrap();
    assert_eq!(
        alias,
        json!({
            "AliasArn": format!("qcs::gse:ap-shanghai:uin/100000000001:alias/{id}"), "AliasId": id,
            "CreationTime": "2021-01-01T12:00:00Z", "Description": "", "LastUpdatedTime": "2021-01-01T12:00:00Z",
            "Name": "live", "RoutingStrategy": { "FleetId": fleet, "Message": "", "Type": "SIMPLE" }, "Tags": [],
        })
    );
    assert_eq!(stack.done("ResolveAlias", json!({ "AliasId": id })).await, json!({ "FleetId": fleet }));
    let related = stack.done("DescribeFleetRelatedResources", json!({ "FleetId": fleet })).await;
    let resource = json!({ "ResourceId": id, "ResourceRegion": REGION, "Type": "ALIAS" });
    assert_eq!(related, json!({ "Resources": [resource] }));
    let by_alias = json!({ "AliasId": id, "MaximumPlayerSessionCount": 1 });
    let session = stack.done("CreateGameServerSession", by_alias).await;
    assert_eq!(session["GameServerSession"]["FleetId"], fleet.as_str());

    let closed =
        json!({ "AliasId": id, "RoutingStrategy": { "Type": "TERMINAL", "Message": "closed for good" } });
    let updated = stack.done("UpdateAlias", closed).await;
    assert_eq!(
        updated["Alias"]["RoutingStrategy"],
        json!({ "FleetId": "", "Message": "closed for good", "Type": "TERMINAL" })
    );
    let (code, message) = stack.refusal("ResolveAlias", json!({ "AliasId": id })).await;
    assert!(code == "ResourceUnavailable" && message.contains("closed for good"), "{code}: {message}");
    let listed = stack.done("ListAliases", json!({ "RoutingStrategyType": "TERMINAL" })).await;
    assert_eq!((&listed["TotalCount"], &listed["Aliases"][0]["AliasId"]), (&json!(1), &json!(id)));
    assert_eq!(stack.done("DescribeAlias", json!({ "AliasId": id })).await["Alias"], updated["Alias"]);
    assert_eq!(stack.done("DeleteAlias", json!({ "AliasId": id })).await, json!({}));
    assert_eq!(stack.refusal("DescribeAlias", json!({ "AliasId": id })).await.0, "ResourceNotFound");
}

#[tokio::test]
async fn a_queue_places_a_session_with_its_players() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let arn = format!("qcs::gse:ap-shanghai:uin/100000000001:fleet/{fleet}");
    let queue = json!({
        "Name": "q", "Destinations": [{ "DestinationArn": arn }], "TimeoutInSeconds": 60,
        "PlayerLatencyPolicies": [{ "MaximumIndividualPlayerLatencyMilliseconds": 100 }],
    });
    assert_eq!(
        stack.done("CreateGameServerSessionQueue", queue).await["GameServerSessionQueue"],
        json!({
            "Destinations": [{ "DestinationArn": arn, "FleetStatus": "ACTIVE" }],
            "GameServerSessionQueueArn": "qcs::gse:ap-shanghai:uin/100000000001:queue/q", "Name": "q",
            "PlayerLatencyPolicies": [
                { "MaximumIndividualPlayerLatencyMilliseconds": 100, "PolicyDurationSeconds": 0 },
            ],
            "Tags": [], "TimeoutInSeconds": 60,
        })
    );
    let start = |id: &str| {
        json!({
            "PlacementId": id, "GameServerSessionQueueName": "q", "MaximumPlayerSessionCount": 2,
            "GameServerSessionName": "duel", "GameProperties": [{ "Key": "k", "Value": "v" }],
            "DesiredPlayerSessions": [{ "PlayerId": "ada", "PlayerData": "x" }, { "PlayerId": "bob", "PlayerData": "y" }],
            "PlayerLatencies": [{ "PlayerId": "ada", "RegionIdentifier": REGION, "LatencyInMilliseconds": 20 }],
        })
    };
    let pending = stack.done("StartGameServerSessionPlacement", start("first")).await;
    assert_eq!(
        pending["GameServerSessionPlacement"],
        json!({
            "DnsName": "", "EndTime": null, "GameProperties": [{ "Key": "k", "Value": "v" }],
            "GameServerSessionData": "", "GameServerSessionId": "", "GameServerSessionName": "duel",
            "GameServerSessionQueueName": "q", "GameServerSessionRegion": "", "IpAddress": "", "MatchmakerData": "",
            "MaximumPlayerSessionCount": 2, "PlacedPlayerSessions": [], "PlacementId": "first",
            "PlayerLatencies": [{ "LatencyInMilliseconds": 20, "PlayerId": "ada", "RegionIdentifier": REGION }],
            "Port": 0, "StartTime": "2021-01-01T12:00:00Z", "Status": "PENDING",
        })
    );
    let fulfilled = |answer: &Value| answer["GameServerSessionPlacement"]["Status"] == "FULFILLED";
    let first = json!({ "PlacementId": "first" });
    let placed = stack.wait("DescribeGameServerSessionPlacement", first.clone(), fulfilled).await;
    let placed = &placed["GameServerSessionPlacement"];
    assert!(placed["GameServerSessionId"].as_str().unwrap().ends_with("/first"), "{placed}");
    assert_eq!((&placed["Port"], &placed["GameServerSessionRegion"]), (&json!(6000), &json!(REGION)));
    assert_eq!(placed["PlacedPlayerSessions"].as_array().unwrap().len(), 2);
    assert_eq!(stack.refusal("StopGameServerSessionPlacement", first).await.0, "FailedOperation");

    // No process is left, so this one waits until it is stopped.
    stack.done("StartGameServerSessionPlacement", start("second")).await;
    let stopped = stack.done("StopGameServerSessionPlacement", json!({ "PlacementId": "second" })).await;
    assert_eq!(stopped["GameServerSessionPlacement"]["Status"], "CANCELLED");
}

/// A restart finds everything that was acknowledged.
#[tokio::test]
async fn what_was_answered_is_stored() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let session = stack.session(&fleet, 3).await;
    let join = json!({ "GameServerSessionId": session, "PlayerId": "ada" });
    let player = stack.done("JoinGameServerSession", join).await["PlayerSession"]["PlayerSessionId"].clone();
    let rows = gse_store::Store::load(&mut stack.store.clone()).unwrap();
    let restored = gse_core::ControlPlane::restore(rows);
    let id = gse_core::id::PlayerSessionId::new(player.as_str().unwrap());
    assert_eq!(restored.state().player_sessions.get(&id).map(|row| row.player.as_str()), Some("ada"));
}
