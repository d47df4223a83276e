//! Acceptance scenarios of operations.md 13.6 that requests alone can show, each named by its number. Where the scenario
//! and the list of codes of an action differ, the list counts (R1).

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use serde_json::{Value, json};

use super::actions::{create_asset, create_fleet};
use super::stack::{HOST, REGION, Stack};

impl Stack {
    async fn code(&self, action: &str, body: Value) -> String {
        self.refusal(action, body).await.0
    }

    async fn create(&self, fleet: &str) -> Value {
        let request = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 1 });
        self.done("CreateGameServerSession", request).await["GameServerSession"].clone()
    }

    async fn status(&self, fleet: &str, wanted: &'static str) {
        let is = move |answer: &Value| answer["FleetAttributes"][0]["Status"] == wanted;
        self.wait("DescribeFleetAttributes", json!({ "FleetIds": [fleet] }), is).await;
    }

    /// Deletes a fleet that nothing points at, and waits until it is gone.
    async fn remove(&self, fleet: &str) {
        let none = json!({ "FleetId": fleet, "MinSize": 0, "DesiredInstances": 0 });
        self.done("UpdateFleetCapacity", none).await;
        let is_empty = |answer: &Value| {
            let counts = &answer["FleetCapacity"][0]["InstanceCounts"];
            counts["Active"] == 0 && counts["Terminating"] == 0
        };
        self.wait("DescribeFleetCapacity", json!({ "FleetIds": [fleet] }), is_empty).await;
        self.done("DeleteFleet", json!({ "FleetId": fleet })).await;
        self.status(fleet, "TERMINATED").await;
    }
}

#[tokio::test]
async fn s01_a_fleet_of_a_bad_zip_is_refused() {
    let stack = Stack::start();
    stack.upload("bad.zip", b"some text".to_vec()).await;
    let asset = stack.create_asset("bad.zip").await;
    let described = stack.done("DescribeAsset", json!({ "AssetId": asset })).await;
    assert_eq!(described["Asset"]["Stauts"], 1);
    assert_eq!(stack.code("CreateFleet", create_fleet(&asset, 1)).await, "ResourceUnavailable");
}

#[tokio::test]
async fn s02_what_was_never_uploaded_is_not_found() {
    let stack = Stack::start();
    assert_eq!(stack.code("CreateAsset", create_asset("nothing.zip")).await, "ResourceNotFound");
}

#[tokio::test]
async fn s03_credentials_are_good_for_six_minutes() {
    let stack = Stack::start();
    let query = json!({ "AssetRegion": REGION, "BucketKey": "server.zip" });
    let credentials = stack.done("GetUploadCredentials", query).await;
    let uri = format!("/objects/{}/server.zip", credentials["BucketName"].as_str().unwrap());
    let put = || {
        let request = Request::put(&uri).header("Host", HOST);
        let authorization = credentials["BucketAuth"].as_str().unwrap();
        request.header("Authorization", authorization).body(Body::from("zip")).unwrap()
    };
    stack.clock.set(stack.clock.now().plus(Duration::from_secs(360)));
    assert_eq!(stack.send(put()).await.status(), StatusCode::OK);
    stack.clock.set(stack.clock.now().plus(Duration::from_secs(1)));
    assert_eq!(stack.send(put()).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn s04_an_asset_is_deleted_after_its_fleets() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let attributes = stack.done("DescribeFleetAttributes", json!({ "FleetIds": [fleet] })).await;
    let asset = json!({ "AssetId": attributes["FleetAttributes"][0]["AssetId"] });
    assert_eq!(stack.done("DescribeAsset", &asset).await["Asset"]["BindFleetNum"], 1);
    assert_eq!(stack.code("DeleteAsset", asset.clone()).await, "ResourceInUse");
    stack.remove(&fleet).await;
    stack.done("DeleteAsset", &asset).await;
    assert_eq!(stack.code("DescribeAsset", asset).await, "ResourceNotFound");
}

#[tokio::test]
async fn s09_a_fleet_outside_the_limits_is_not_made() {
    let stack = Stack::start();
    let asset = stack.asset().await;
    let good = create_fleet(&asset, 1);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut request = good.clone();
        change(&mut request);
        request
    };
    let process = |count: u32| json!({ "LaunchPath": "/local/game/server", "ConcurrentExecutions": count });
    let protected = |minutes: u32| {
        with(&|request| {
            request["NewGameServerSessionProtectionPolicy"] = "TimeLimitProtection".into();
            request["GameServerSessionProtectionTimeLimit"] = minutes.into();
        })
    };
    let processes = json!([process(30), process(21)]);
    let cases = [
        with(&|request| request["RuntimeConfiguration"]["ServerProcesses"] = processes.clone()),
        with(&|request| request["InboundPermissions"][0]["FromPort"] = 1024.into()),
        with(&|request| request["InboundPermissions"][0]["ToPort"] = 60001.into()),
        protected(4),
        protected(1441),
        with(&|request| request["InternetMaxBandwidthOut"] = 201.into()),
        with(&|request| request["Name"] = "x".repeat(51).into()),
    ];
    for case in cases {
        assert_eq!(stack.code("CreateFleet", case).await, "InvalidParameterValue");
    }
    assert_eq!(stack.done("ListFleets", "{}").await["TotalCount"], 0);
}

#[tokio::test]
async fn s10_there_are_twenty_fleets_at_most() {
    let stack = Stack::start();
    let asset = stack.asset().await;
    let mut fleet = Value::Null;
    for _ in 0..20 {
        let created = stack.done("CreateFleet", create_fleet(&asset, 1)).await;
        fleet = created["FleetAttributes"]["FleetId"].clone();
    }
    let over = "LimitExceeded.FleetLimitExceeded";
    assert_eq!(stack.code("CreateFleet", create_fleet(&asset, 1)).await, over);
    assert_eq!(stack.code("CopyFleet", json!({ "FleetId": fleet, "CopyNumber": 1 })).await, over);
}

#[tokio::test]
async fn s21_a_full_session_takes_nobody() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let session = stack.session(&fleet, 2).await;
    let join = |player: &str| json!({ "GameServerSessionId": session, "PlayerId": player });
    for player in ["ada", "bob"] {
        stack.done("JoinGameServerSession", join(player)).await;
    }
    assert_eq!(stack.code("JoinGameServerSession", join("cy")).await, "ResourceInsufficient");
}

#[tokio::test]
async fn s23_a_batch_fits_whole_or_not_at_all() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let session = stack.session(&fleet, 10).await;
    let batch = |from: u32, count: u32| {
        let players: Vec<String> = (from..from + count).map(|number| format!("p{number}")).collect();
        json!({ "GameServerSessionId": session, "PlayerIds": players })
    };
    stack.done("JoinGameServerSessionBatch", batch(0, 3)).await;
    let taken = async || {
        let query = json!({ "GameServerSessionId": session });
        let sessions = stack.done("DescribeGameServerSessions", query).await;
        sessions["GameServerSessions"][0]["CurrentPlayerSessionCount"].clone()
    };
    assert_eq!(stack.code("JoinGameServerSessionBatch", batch(3, 8)).await, "ResourceInsufficient");
    assert_eq!(taken().await, 3);
    let joined = stack.done("JoinGameServerSessionBatch", batch(3, 7)).await;
    let players = joined["PlayerSessions"].as_array().unwrap();
    assert!(players.len() == 7 && players.iter().all(|player| player["Status"] == "RESERVED"), "{joined}");
    for count in [0, 26] {
        let code = stack.code("JoinGameServerSessionBatch", batch(0, count)).await;
        assert_eq!(code, "InvalidParameterValue");
    }
    assert_eq!(taken().await, 10);
}

#[tokio::test]
async fn s25_s26_a_creator_has_a_limit_and_a_token_one_session() {
    let stack = Stack::start();
    let fleet = stack.fleet(8).await;
    let by =
        |creator: &str| json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 1, "CreatorId": creator });
    for _ in 0..2 {
        stack.done("CreateGameServerSession", by("c1")).await;
    }
    assert_eq!(stack.code("CreateGameServerSession", by("c1")).await, "LimitExceeded");
    stack.done("CreateGameServerSession", by("c2")).await;
    stack.create(&fleet).await;
    stack.clock.set(stack.clock.now().plus(Duration::from_secs(180)));
    stack.done("CreateGameServerSession", by("c1")).await;
    let once = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 1, "IdempotencyToken": "t" });
    let mut ids = Vec::new();
    for _ in 0..2 {
        let made = stack.done("CreateGameServerSession", &once).await;
        ids.push(made["GameServerSession"]["GameServerSessionId"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    let listed = stack.done("DescribeGameServerSessions", json!({ "FleetId": fleet })).await;
    assert_eq!(listed["GameServerSessions"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn s27_a_fleet_beats_an_alias() {
    let stack = Stack::start();
    let (first, second) = (stack.fleet(1).await, stack.fleet(1).await);
    let strategy = json!({ "Type": "SIMPLE", "FleetId": second });
    let alias = stack.done("CreateAlias", json!({ "Name": "a", "RoutingStrategy": strategy })).await;
    let both = json!({
        "FleetId": first, "AliasId": alias["Alias"]["AliasId"], "MaximumPlayerSessionCount": 1,
    });
    let made = stack.done("CreateGameServerSession", both).await;
    assert_eq!(made["GameServerSession"]["FleetId"], first.as_str());
    let neither = json!({ "MaximumPlayerSessionCount": 1 });
    assert_eq!(stack.code("CreateGameServerSession", neither).await, "MissingParameter");
}

#[tokio::test]
async fn s44_the_instances_of_a_region_have_one_quota() {
    let stack = Stack::start();
    let (first, second) = (stack.fleet(1).await, stack.fleet(1).await);
    let most = |fleet: &str, max: u32| json!({ "FleetId": fleet, "MaxSize": max });
    stack.done("UpdateFleetCapacity", most(&first, 15)).await;
    let over = "LimitExceeded.InstanceLimitExceeded";
    assert_eq!(stack.code("UpdateFleetCapacity", most(&second, 6)).await, over);
    stack.done("UpdateFleetCapacity", most(&second, 5)).await;
}
