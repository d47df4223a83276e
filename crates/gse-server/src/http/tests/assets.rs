//! Changing and deleting assets: the record, and the file behind it.

use std::time::Duration;

use gse_core::id::{AssetId, BlobId};
use serde_json::{Value, json};

use super::actions::{create_fleet, package};
use super::stack::{REGION, Stack};
use crate::packages;

/// A wait ends by what is waited for, or fails here.
const DEADLINE: Duration = Duration::from_secs(20);

impl Stack {
    async fn package_of(&self, asset: &str) -> BlobId {
        let id = AssetId::new(asset);
        self.api
            .engine
            .query(move |state, _| state.assets.get(&id).unwrap().package.clone().unwrap())
            .await
            .unwrap()
    }

    fn is_kept(&self, package: &BlobId) -> bool {
        self.api.blobs.blob_path(package).exists()
    }

    /// Waits until the file is removed, which is after the answer.
    async fn gone(&self, package: &BlobId) {
        let waiting = async {
            while self.is_kept(package) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, waiting).await.expect("the file is removed");
    }
}

#[tokio::test]
async fn an_asset_is_renamed() {
    let stack = Stack::start();
    let id = stack.asset().await;
    let mut wanted = stack.done("DescribeAsset", json!({ "AssetId": id })).await;
    let update = json!({ "AssetId": id, "AssetName": "other", "AssetVersion": "2.0" });
    assert_eq!(stack.done("UpdateAsset", update).await, json!({}));
    wanted["Asset"]["AssetName"] = "other".into();
    wanted["Asset"]["AssetVersion"] = "2.0".into();
    assert_eq!(stack.done("DescribeAsset", json!({ "AssetId": id })).await, wanted);
    let unknown = json!({ "AssetId": "asset-none", "AssetName": "x", "AssetVersion": "1" });
    assert_eq!(stack.refusal("UpdateAsset", unknown).await.0, "ResourceNotFound");
    let long = json!({ "AssetId": id, "AssetName": "x".repeat(65), "AssetVersion": "1" });
    assert_eq!(stack.refusal("UpdateAsset", long).await.0, "InvalidParameterValue");
}

#[tokio::test]
async fn a_file_goes_with_the_last_asset_that_refers_to_it() {
    let stack = Stack::start();
    let (first, second) = (stack.asset().await, stack.create_asset("server.zip").await);
    let package = stack.package_of(&first).await;
    assert_eq!(stack.package_of(&second).await, package);
    assert_eq!(stack.done("DeleteAsset", json!({ "AssetId": first })).await, json!({}));
    // The removal that was asked for has had its turn when another is given one.
    drop(stack.api.gate.packages.register().await);
    assert_eq!(stack.refusal("DescribeAsset", json!({ "AssetId": first })).await.0, "ResourceNotFound");
    let fleet = stack.done("CreateFleet", create_fleet(&second, 1)).await;
    let fleet = fleet["FleetAttributes"]["FleetId"].as_str().unwrap();
    let (code, message) = stack.refusal("DeleteAsset", json!({ "AssetId": second })).await;
    assert!(code == "ResourceInUse" && message.contains(fleet), "{code}: {message}");
    assert!(stack.is_kept(&package));
    let third = stack.create_asset("server.zip").await;
    assert_ne!(third, second);
    let active = |answer: &serde_json::Value| answer["FleetAttributes"][0]["Status"] == "ACTIVE";
    stack.wait("DescribeFleetAttributes", json!({ "FleetIds": [fleet] }), active).await;
    stack.done("UpdateFleetCapacity", json!({ "FleetId": fleet, "MinSize": 0, "DesiredInstances": 0 })).await;
    let empty = |answer: &serde_json::Value| {
        let counts = &answer["FleetCapacity"][0]["InstanceCounts"];
        counts["Active"] == 0 && counts["Terminating"] == 0 && counts["Pending"] == 0
    };
    stack.wait("DescribeFleetCapacity", json!({ "FleetIds": [fleet] }), empty).await;
    stack.done("DeleteFleet", json!({ "FleetId": fleet })).await;
    let terminated = |answer: &serde_json::Value| answer["FleetAttributes"][0]["Status"] == "TERMINATED";
    stack.wait("DescribeFleetAttributes", json!({ "FleetIds": [fleet] }), terminated).await;
    stack.done("DeleteAsset", json!({ "AssetId": second })).await;
    stack.done("DeleteAsset", json!({ "AssetId": third })).await;
    stack.gone(&package).await;
    assert_eq!(stack.refusal("DeleteAsset", json!({ "AssetId": third })).await.0, "ResourceNotFound");
    // What was uploaded is the client's, and makes an asset again.
    let again = stack.create_asset("server.zip").await;
    assert!(stack.is_kept(&stack.package_of(&again).await));
}

/// Between the file and the row of an asset that is being made, nothing is removed.
#[tokio::test]
async fn a_removal_waits_for_those_who_register() {
    let stack = Stack::start();
    let asset = stack.asset().await;
    let package = stack.package_of(&asset).await;
    let turn = stack.api.gate.packages.register().await;
    stack.done("DeleteAsset", json!({ "AssetId": asset })).await;
    // As CreateAsset does, in the time of its turn: the same content, and then the row.
    let bucket = format!("gse-100000000001-{REGION}");
    assert_eq!(stack.api.blobs.freeze(&bucket, "server.zip").unwrap().0, package);
    let row = gse_core::asset::CreateAsset {
        scope: gse_core::id::Scope {
            uin: stack.api.account.uin.clone(),
            region: gse_core::id::Region::new(REGION),
        },
        name: "late".into(),
        version: "1".into(),
        operate_system: "CentOS7.16".into(),
        image_id: String::new(),
        bucket_key: "server.zip".into(),
        package: package.clone(),
        size_bytes: 1,
        inspection: Ok(()),
        tags: Vec::new(),
    };
    let late = stack.api.engine.submit("test", row).await.unwrap();
    assert!(stack.is_kept(&package));
    drop(turn);
    // Turns are given in order: this one comes after the removal, which had to leave the file alone.
    drop(stack.api.gate.packages.register().await);
    assert!(stack.is_kept(&package));
    stack.done("DeleteAsset", json!({ "AssetId": late.id.as_str() })).await;
    stack.gone(&package).await;
}

/// The package of an asset that is refused does not stay, unless it is another's too.
#[tokio::test]
async fn what_is_refused_leaves_no_file() {
    let stack = Stack::start_with(gse_api::admission::AuthMode::Required, |config| config.quotas.assets = 2);
    let first = stack.asset().await;
    stack.upload("other.zip", b"no zip".to_vec()).await;
    let second = stack.create_asset("other.zip").await;
    let (good, bad) = (stack.package_of(&first).await, stack.package_of(&second).await);
    let refused = stack.refusal("CreateAsset", super::actions::create_asset("server.zip")).await;
    assert_eq!(refused.0, "LimitExceeded");
    stack.done("DeleteAsset", json!({ "AssetId": second })).await;
    stack.gone(&bad).await;
    assert!(stack.is_kept(&good));
    assert_eq!(package(), std::fs::read(stack.api.blobs.blob_path(&good)).unwrap());
}

#[tokio::test]
async fn a_start_removes_what_no_asset_refers_to() {
    let stack = Stack::start();
    let asset = stack.asset().await;
    let package = stack.package_of(&asset).await;
    stack.upload("other.zip", b"frozen, and then the service was killed".to_vec()).await;
    let bucket = format!("gse-100000000001-{REGION}");
    let (orphan, _) = stack.api.blobs.freeze(&bucket, "other.zip").unwrap();
    assert!(stack.is_kept(&orphan) && stack.is_kept(&package));
    packages::sweep(&stack.api.engine, &stack.api.blobs).await;
    assert!(!stack.is_kept(&orphan) && stack.is_kept(&package));
}

fn image(id: &str) -> Value {
    json!({
        "AssetName": "image", "AssetVersion": "1", "AssetRegion": REGION, "ImageId": id, "ImageSize": "40GB",
        "ImageOs": "CentOS 7.6", "OsType": "CentOS", "ImageType": "SHARED_IMAGE", "OsBit": 64,
    })
}

/// R63.
#[tokio::test]
async fn an_image_is_an_asset_of_which_no_fleet_is_made() {
    let stack = Stack::start();
    let made = stack.done("CreateAssetWithImage", image("img-1")).await;
    let id = made["AssetId"].as_str().unwrap();
    let arn = format!("qcs::gse:{REGION}:uin/100000000001:asset/{id}");
    assert_eq!(made["AssetArn"], arn);
    assert_eq!(
        stack.done("DescribeAsset", json!({ "AssetId": id })).await["Asset"],
        json!({
            "AssetArn": arn, "AssetId": id, "AssetName": "image", "AssetVersion": "1", "BindFleetNum": 0,
            "CreateTime": "2021-01-01 12:00:00", "ImageId": "img-1", "OperateSystem": "CentOS 7.6",
            "OsType": "CentOS", "ResourceType": "IMAGE", "SharingStatus": "SHARED_IMAGE", "Size": "40GB",
            "Stauts": 2, "Tags": [],
        })
    );
    let (code, message) = stack.refusal("CreateAssetWithImage", image("img-1")).await;
    assert!(code == "ResourceInUse" && message.contains(id), "{code}: {message}");
    let (code, message) = stack.refusal("CreateFleet", create_fleet(id, 1)).await;
    assert!(code == "ResourceUnavailable" && message.contains("not shared"), "{code}: {message}");
    stack.done("DeleteAsset", json!({ "AssetId": id })).await;
    stack.done("CreateAssetWithImage", image("img-1")).await;
}

#[tokio::test]
async fn refusals_of_images() {
    let stack = Stack::start_with(gse_api::admission::AuthMode::Required, |config| config.quotas.assets = 1);
    for (member, value, code) in [
        ("AssetRegion", json!("nowhere"), "InvalidParameterValue"),
        ("ImageSize", json!("40"), "InvalidParameterValue"),
        ("ImageSize", json!("40gb"), "InvalidParameterValue"),
        ("ImageType", json!("PRIVATE_IMAGE"), "InvalidParameterValue"),
        ("OsBit", json!(16), "InvalidParameterValue"),
        ("OsBit", json!("64"), "InvalidParameter"),
        ("OsType", json!("BeOS"), "InvalidParameterValue"),
        ("ImageOs", json!(""), "InvalidParameterValue"),
        ("ImageId", json!(null), "MissingParameter"),
    ] {
        let mut request = image("img-1");
        request[member] = value;
        let refused = stack.refusal("CreateAssetWithImage", &request).await;
        assert!(refused.0 == code && refused.1.contains(member), "{request}: {refused:?}");
    }
    stack.done("CreateAssetWithImage", image("img-1")).await;
    assert_eq!(stack.refusal("CreateAssetWithImage", image("img-2")).await.0, "LimitExceeded");
}

#[tokio::test]
async fn the_systems_that_packages_can_be_for_are_told() {
    let stack = Stack::start();
    let known =
        json!({ "ImageId": "img-9qabwvbn", "OsBit": 64, "OsType": "CentOS", "OsVersion": "CentOS7.16" });
    for filter in [json!({}), json!({ "OsType": "CentOS", "OsBit": 64 })] {
        let systems = stack.done("DescribeAssetSystems", filter).await;
        assert_eq!(systems, json!({ "AssetSupportSys": [known] }));
    }
    let none = stack.done("DescribeAssetSystems", json!({ "OsType": "Windows" })).await;
    assert_eq!(none, json!({ "AssetSupportSys": [] }));
    assert_eq!(stack.refusal("DescribeAssetSystems", json!({ "OsBit": "64" })).await.0, "InvalidParameter");
    // An asset can be made with a system and image that were told.
    stack.upload("server.zip", package()).await;
    let mut request = super::actions::create_asset("server.zip");
    request["OperateSystem"] = known["OsVersion"].clone();
    request["ImageId"] = known["ImageId"].clone();
    let id = stack.done("CreateAsset", &request).await["AssetId"].clone();
    let asset = stack.done("DescribeAsset", json!({ "AssetId": id })).await;
    assert_eq!(asset["Asset"]["ImageId"], known["ImageId"]);
    request["ImageId"] = "img-none".into();
    let (code, message) = stack.refusal("CreateAsset", &request).await;
    assert!(code == "InvalidParameter" && message.contains("img-none"), "{code}: {message}");
}
