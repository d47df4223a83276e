//! The door beside the cloud API has its locks, its envelope and its errors.

use axum::extract::Request;
use gse_api::admission::AuthMode;
use gse_core::asset;
use serde_json::{Value, json};

use super::stack::{Refused, Stack, answer};

fn at(path: &str, mut request: Request) -> Request {
    *request.uri_mut() = path.parse().unwrap();
    request
}

async fn diagnose(stack: &Stack, body: Value) -> Result<Value, Refused> {
    answer(stack.send(at("/opengse/Diagnose", stack.signed("Diagnose", &body.to_string()))).await).await
}

#[tokio::test]
async fn what_is_wrong_is_told_to_who_may_ask() {
    let stack = Stack::start();
    let answered = diagnose(&stack, json!({})).await.unwrap();
    assert_eq!(answered["Findings"], json!([]));
    assert_eq!(answered["LookedAt"]["Fleets"], 0);

    let unsigned = Request::builder()
        .method("POST")
        .uri("/opengse/Diagnose")
        .header("Host", super::stack::HOST)
        .header("Content-Type", "application/json")
        .header("X-TC-Action", "Diagnose")
        .header("X-TC-Version", "2019-11-12")
        .header("X-TC-Timestamp", stack.clock.now().seconds())
        .body("{}".into())
        .unwrap();
    let (code, _) = answer(stack.send(unsigned).await).await.unwrap_err();
    assert_eq!(code, "MissingParameter");
    let mut forged = at("/opengse/Diagnose", stack.signed("Diagnose", "{}"));
    *forged.body_mut() = r#"{"FleetId":"x"}"#.into();
    assert_eq!(answer(stack.send(forged).await).await.unwrap_err().0, "AuthFailure.SignatureFailure");
}

#[tokio::test]
async fn it_takes_json_only() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    let mut get = at("/opengse/Diagnose?FleetId=x", stack.signed("Diagnose", ""));
    *get.method_mut() = http::Method::GET;
    let (code, message) = answer(stack.send(get).await).await.unwrap_err();
    assert!(code == "InvalidParameter" && message.contains("JSON"), "{code}: {message}");
}

#[tokio::test]
async fn the_door_of_an_open_service_is_open() {
    let stack = Stack::start_with(AuthMode::Off, |_| {});
    let mut request = at("/opengse/Diagnose", stack.signed("Diagnose", ""));
    request.headers_mut().remove("authorization");
    assert!(answer(stack.send(request).await).await.is_ok());
}

#[tokio::test]
async fn what_is_not_there_is_refused_by_its_code() {
    let stack = Stack::start();
    for (body, code) in [
        (json!({"FleetId": "fleet-x"}), "ResourceNotFound"),
        (json!({"GameServerSessionId": "x"}), "ResourceNotFound"),
        (json!({"ProcessId": "x"}), "InvalidParameterValue"),
        (json!({"Fleet": "x"}), "InvalidParameter"),
        (json!([]), "InvalidParameter"),
    ] {
        assert_eq!(diagnose(&stack, body.clone()).await.unwrap_err().0, code, "{body}");
    }
    for path in ["/opengse/Nothing", "/opengse/", "/opengse/Diagnose/more"] {
        let request = at(path, stack.signed("Diagnose", "{}"));
        assert_eq!(answer(stack.send(request).await).await.unwrap_err().0, "InvalidAction", "{path}");
    }
    // An action of the cloud API is not answered there, and the other way about.
    let request = at("/opengse/CreateFleet", stack.signed("CreateFleet", "{}"));
    assert_eq!(answer(stack.send(request).await).await.unwrap_err().0, "InvalidAction");
    assert_eq!(stack.refusal("Diagnose", "{}").await.0, "InvalidAction");
}

#[tokio::test]
async fn a_matchmaker_hands_over_what_only_it_can() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let arn = format!("qcs::gse:ap-shanghai:uin/100000000001:fleet/{fleet}");
    let queue = json!({ "Name": "q", "Destinations": [{ "DestinationArn": arn }] });
    stack.done("CreateGameServerSessionQueue", queue).await;
    let start = json!({
        "PlacementId": "p", "GameServerSessionQueueName": "q", "MaximumPlayerSessionCount": 2,
        "DesiredPlayerSessions": [{ "PlayerId": "ann", "PlayerData": "-" }], "MatchmakerData": "{\"matchId\":7}",
    });
    let place = async |body: &Value| {
        let request = stack.signed("StartMatchPlacement", &body.to_string());
        answer(stack.send(at("/opengse/StartMatchPlacement", request)).await).await
    };
    let placed = place(&start).await.unwrap();
    assert_eq!(placed["GameServerSessionPlacement"]["MatchmakerData"], "{\"matchId\":7}");
    let fulfilled = |answer: &Value| answer["GameServerSessionPlacement"]["Status"] == "FULFILLED";
    stack.wait("DescribeGameServerSessionPlacement", json!({ "PlacementId": "p" }), fulfilled).await;
    let sessions = stack.done("DescribeGameServerSessions", json!({ "FleetId": fleet })).await;
    assert_eq!(sessions["GameServerSessions"][0]["MatchmakerData"], "{\"matchId\":7}");

    // The cloud API's own action does not take it, and what is refused there is refused here.
    assert_eq!(stack.refusal("StartGameServerSessionPlacement", &start).await.0, "UnknownParameter");
    let unknown =
        json!({ "PlacementId": "x", "GameServerSessionQueueName": "none", "MaximumPlayerSessionCount": 1 });
    assert_eq!(place(&unknown).await.unwrap_err().0, "ResourceNotFound");
}

#[tokio::test]
async fn r78_the_canary_of_an_alias() {
    let stack = Stack::start();
    let call = async |action: &str, body: Value| {
        let path = format!("/opengse/{action}");
        answer(stack.send(at(&path, stack.signed(action, &body.to_string()))).await).await
    };
    let (code, _) = call("DescribeAliasCanary", json!({"AliasId": "alias-none"})).await.unwrap_err();
    assert_eq!(code, "ResourceNotFound");
    let set = json!({"AliasId": "alias-none", "FleetId": "fleet-none", "Percent": 10});
    assert_eq!(call("SetAliasCanary", set).await.unwrap_err().0, "ResourceNotFound");
    let terminal = json!({"Name": "live", "RoutingStrategy": {"Type": "TERMINAL", "Message": "closed"}});
    let alias = stack.done("CreateAlias", terminal).await["Alias"]["AliasId"].clone();
    let none = call("DescribeAliasCanary", json!({"AliasId": alias})).await.unwrap();
    assert_eq!((&none["FleetId"], &none["Percent"]), (&json!(""), &json!(0)));
    for (fleet, percent) in [("fleet-none", 10), ("fleet-none", 100)] {
        let set = json!({"AliasId": alias, "FleetId": fleet, "Percent": percent});
        assert_eq!(call("SetAliasCanary", set).await.unwrap_err().0, "InvalidParameterValue");
    }
    let ended = call("SetAliasCanary", json!({"AliasId": alias})).await.unwrap();
    assert_eq!(ended["FleetId"], "");
}

async fn lint(stack: &Stack, body: Value) -> Result<Value, Refused> {
    answer(stack.send(at("/opengse/LintAsset", stack.signed("LintAsset", &body.to_string()))).await).await
}

#[tokio::test]
async fn a_package_is_looked_into() {
    let stack = Stack::start();
    let asset = stack.asset().await;
    let found =
        lint(&stack, json!({ "AssetId": asset, "LaunchPaths": ["/local/game/sever"] })).await.unwrap();
    assert_eq!((&found["Files"], &found["Bytes"], &found["Unusable"]), (&json!(1), &json!(10), &json!("")));
    let findings = found["Findings"].as_array().unwrap();
    let rules: Vec<_> = findings.iter().map(|finding| finding["Rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["launch-path", "execute-bit"]);
    assert_eq!(findings[0]["Level"], "error");
    // It is looked into once, whatever is asked: a second look would not find it.
    let package = stack.api.engine.query(|state, _now| asset::packages(state).next().cloned()).await.unwrap();
    std::fs::remove_file(stack.api.blobs.blob_path(&package.unwrap())).unwrap();
    let again =
        lint(&stack, json!({ "AssetId": asset, "LaunchPaths": ["/local/game/sever"] })).await.unwrap();
    assert_eq!(again, found);
    let other = lint(&stack, json!({ "AssetId": asset })).await.unwrap();
    assert_eq!(other["Findings"].as_array().unwrap()[0]["Rule"], "execute-bit");
    // What is no package is told as an answer, not as a fault.
    stack.upload("other.zip", b"no zip".to_vec()).await;
    let other = stack.create_asset("other.zip").await;
    let found = lint(&stack, json!({ "AssetId": other })).await.unwrap();
    assert_eq!(found["Unusable"], "the package is not a readable zip");
    let unknown = lint(&stack, json!({ "AssetId": "asset-none" })).await.unwrap_err();
    assert_eq!(unknown.0, "ResourceNotFound");
    let image = json!({
        "AssetName": "i", "AssetVersion": "1", "AssetRegion": super::stack::REGION, "ImageId": "img-1",
        "ImageOs": "CentOS", "ImageSize": "20GB", "ImageType": "SHARED_IMAGE", "OsType": "CentOS", "OsBit": 64,
    });
    let image = stack.done("CreateAssetWithImage", image).await["AssetId"].clone();
    assert_eq!(lint(&stack, json!({ "AssetId": image })).await.unwrap_err().0, "UnsupportedOperation");
}

/// A program in a package is read as one in a folder is.
#[tokio::test]
async fn a_program_in_a_package_is_known() {
    use std::io::Write as _;
    let stack = Stack::start();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bin/server", options).unwrap();
    // This test itself is a program of this machine.
    zip.write_all(&std::fs::read(std::env::current_exe().unwrap()).unwrap()).unwrap();
    zip.start_file("notes.txt", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"read me").unwrap();
    stack.upload("server.zip", zip.finish().unwrap().into_inner()).await;
    let asset = stack.create_asset("server.zip").await;
    let found = lint(&stack, json!({ "AssetId": asset, "LaunchPaths": ["bin/server"] })).await.unwrap();
    assert_eq!(found["Programs"], json!(["/local/game/bin/server"]));
    let findings = found["Findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["Level"] != "error"), "{findings:?}");
}
