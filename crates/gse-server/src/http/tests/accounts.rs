//! Several accounts and their users over the whole router: S55 to S57 of operations.md 13, namespaces, disabled keys.

use axum::body::Body;
use axum::extract::Request;
use gse_api::admission::AuthMode;
use gse_api::signature::cos::{Grant, sign};
use gse_api::signature::tc3::Key;
use http::StatusCode;
use serde_json::{Value, json};

use super::actions::{create_asset, create_fleet};
use super::stack::{HOST, NOW, REGION, Stack, answer, signed};
use crate::account::file::AccessFile;

const OTHER: Key<'_> = Key { secret_id: "AKIDother", secret_key: "other-0123456789abcdef" };
const SECOND: Key<'_> = Key { secret_id: "AKIDsecond", secret_key: "second-0123456789abcdef" };
const DISABLED: Key<'_> = Key { secret_id: "AKIDdisabled", secret_key: "disabled-0123456789abcdef" };
const CLOSED: Key<'_> = Key { secret_id: "AKIDclosed", secret_key: "closed-0123456789abcdef" };
const READER: Key<'_> = Key { secret_id: "AKIDreader", secret_key: "reader-0123456789abcdef" };
const NOBODY: Key<'_> = Key { secret_id: "AKIDnobody", secret_key: "nobody-0123456789abcdef" };
const ALMOST: Key<'_> = Key { secret_id: "AKIDalmost", secret_key: "almost-0123456789abcdef" };
const SCALER: Key<'_> = Key { secret_id: "AKIDscaler", secret_key: "scaler-0123456789abcdef" };

fn key(key: Key<'_>, path: &str, more: &str) -> String {
    let Key { secret_id, secret_key } = key;
    format!("[[{path}.key]]\nsecret_id = \"{secret_id}\"\nsecret_key = \"{secret_key}\"\n{more}\n")
}

fn user(name: &str, policies: &str, its: Key<'_>) -> String {
    format!("[[account.user]]\nname = \"{name}\"\npolicies = [{policies}]\n{}", key(its, "account.user", ""))
}

fn policy(name: &str, statements: &[(&str, &str, &str)]) -> String {
    let mut text = format!("[[account.policy]]\nname = \"{name}\"\nversion = \"2.0\"\n");
    for (effect, action, resource) in statements {
        text += "[[account.policy.statement]]\n";
        text += &format!("effect = \"{effect}\"\naction = \"{action}\"\nresource = \"{resource}\"\n");
    }
    text
}

/// The local account with users, another account with two keys, one that is not activated; `fleet` is the scaler's.
fn file(fleet: &str) -> AccessFile {
    let of_fleet = format!("qcs::gse::uin/100000000001:fleet/{fleet}");
    let text = [
        "[[account]]\nuin = \"100000000001\"\n".to_owned(),
        user("reader", "\"QcloudGSEReadOnlyAccess\"", READER),
        user("nobody", "", NOBODY),
        user("almost", "\"almost\"", ALMOST),
        user("scaler", "\"scaler\"", SCALER),
        policy("almost", &[("allow", "gse:*", "*"), ("deny", "gse:DeleteFleet", "*")]),
        policy("scaler", &[("allow", "gse:UpdateFleetCapacity", &of_fleet)]),
        "[[account]]\nuin = \"100000000002\"\n".to_owned(),
        key(OTHER, "account", ""),
        key(SECOND, "account", ""),
        key(DISABLED, "account", "disabled = true"),
        "[[account]]\nuin = \"100000000003\"\nactivated = false\n".to_owned(),
        key(CLOSED, "account", ""),
    ];
    AccessFile::parse(&text.concat()).unwrap()
}

fn start() -> Stack {
    start_as(AuthMode::Required)
}

/// The ids of the memory stack count, so the first fleet is known before it is made.
fn start_as(mode: AuthMode) -> Stack {
    Stack::start_with(mode, |config| config.access = file("fleet-0001"))
}

async fn code(stack: &Stack, key: Key<'_>, action: &str, body: Value) -> String {
    stack.call_with(key, action, &body).await.map_or_else(|(code, _)| code, |_| "OK".to_owned())
}

#[tokio::test]
async fn unknown_disabled_wrong_and_late_keys_are_told_apart() {
    let stack = start();
    for (its, wanted) in [
        (OTHER, "OK"),
        (SECOND, "OK"),
        (DISABLED, "AuthFailure.SecretIdNotFound"),
        (Key { secret_id: "AKIDunknown", ..OTHER }, "AuthFailure.SecretIdNotFound"),
        (Key { secret_key: SECOND.secret_key, ..OTHER }, "AuthFailure.SignatureFailure"),
    ] {
        assert_eq!(code(&stack, its, "ListAliases", json!({})).await, wanted, "{}", its.secret_id);
    }
    let late = stack.send(signed(OTHER, REGION, "ListAliases", "{}", NOW - 301)).await;
    assert_eq!(answer(late).await.unwrap_err().0, "AuthFailure.SignatureExpire");
}

/// What belongs to the local account, by the member that names it.
struct Belongings {
    asset: String,
    fleet: String,
    alias: String,
    session: String,
    player: String,
    event: Value,
}

async fn fill(stack: &Stack) -> Belongings {
    let fleet = stack.fleet(2).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let session = stack.session(&fleet, 5).await;
    let join = json!({ "GameServerSessionId": session, "PlayerId": "ada" });
    let player = stack.done("JoinGameServerSession", join).await;
    let routing = json!({ "Type": "SIMPLE", "FleetId": fleet });
    let alias = stack.done("CreateAlias", json!({ "Name": "live", "RoutingStrategy": routing })).await;
    stack.done("CreateGameServerSessionQueue", json!({ "Name": "eu" })).await;
    let assets =
        stack.done("DescribeAssets", json!({ "AssetRegion": REGION, "Limit": 10, "Offset": 0 })).await;
    let events = stack.done("DescribeFleetEvents", json!({ "FleetId": fleet })).await;
    let with_log = |event: &&Value| event["PreSignedLogUrl"].as_str().is_some_and(|url| !url.is_empty());
    Belongings {
        asset: text(&assets["Assets"][0]["AssetId"]),
        alias: text(&alias["Alias"]["AliasId"]),
        player: text(&player["PlayerSession"]["PlayerSessionId"]),
        event: events["Events"].as_array().unwrap().iter().find(with_log).unwrap().clone(),
        fleet,
        session,
    }
}

/// 1.12: what one account has, another neither sees nor changes, although it knows the ids.
#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let stack = start();
    let theirs = fill(&stack).await;
    let Belongings { asset, fleet, alias, session, player, .. } = &theirs;
    let rows = || stack.api.engine.query(|state, _| format!("{:?}", state.rows().collect::<Vec<_>>()));
    let before = rows().await.unwrap();
    let target = json!({ "Type": "SIMPLE", "FleetId": fleet });
    let destination = format!("qcs::gse:{REGION}:uin/100000000001:fleet/{fleet}");
    let refused = [
        ("DescribeAsset", json!({ "AssetId": asset })),
        ("UpdateAsset", json!({ "AssetId": asset, "AssetName": "x", "AssetVersion": "1" })),
        ("DeleteAsset", json!({ "AssetId": asset })),
        ("CreateAsset", create_asset("server.zip")),
        ("CreateFleet", create_fleet(asset, 1)),
        ("CopyFleet", json!({ "FleetId": fleet, "CopyNumber": 1 })),
        ("DeleteFleet", json!({ "FleetId": fleet })),
        ("DescribeFleetEvents", json!({ "FleetId": fleet })),
        ("DescribeFleetPortSettings", json!({ "FleetId": fleet })),
        ("DescribeRuntimeConfiguration", json!({ "FleetId": fleet })),
        ("UpdateFleetName", json!({ "FleetId": fleet, "Name": "x" })),
        ("UpdateFleetCapacity", json!({ "FleetId": fleet, "DesiredInstances": 0 })),
        ("StopFleetActions", json!({ "FleetId": fleet, "Actions": ["AUTO_SCALING"] })),
        ("CreateAlias", json!({ "Name": "x", "RoutingStrategy": target })),
        ("DescribeAlias", json!({ "AliasId": alias })),
        ("ResolveAlias", json!({ "AliasId": alias })),
        ("UpdateAlias", json!({ "AliasId": alias, "Name": "x" })),
        ("DeleteAlias", json!({ "AliasId": alias })),
        ("CreateGameServerSession", json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 1 })),
        ("CreateGameServerSession", json!({ "AliasId": alias, "MaximumPlayerSessionCount": 1 })),
        ("DescribeGameServerSessions", json!({ "GameServerSessionId": session })),
        ("DescribeGameServerSessionDetails", json!({ "GameServerSessionId": session })),
        ("SearchGameServerSessions", json!({ "FleetId": fleet })),
        ("UpdateGameServerSession", json!({ "GameServerSessionId": session, "Name": "x" })),
        ("JoinGameServerSession", json!({ "GameServerSessionId": session, "PlayerId": "eve" })),
        ("JoinGameServerSessionBatch", json!({ "GameServerSessionId": session, "PlayerIds": ["eve"] })),
        ("DescribePlayerSessions", json!({ "GameServerSessionId": session })),
        ("GetGameServerSessionLogUrl", json!({ "GameServerSessionId": session })),
        ("UpdateGameServerSessionQueue", json!({ "Name": "eu", "TimeoutInSeconds": 9 })),
        ("DeleteGameServerSessionQueue", json!({ "Name": "eu" })),
        (
            "CreateGameServerSessionQueue",
            json!({ "Name": "x", "Destinations": [{ "DestinationArn": destination }] }),
        ),
        (
            "StartGameServerSessionPlacement",
            json!({
                "PlacementId": "p", "GameServerSessionQueueName": "eu", "MaximumPlayerSessionCount": 1
            }),
        ),
    ];
    let mut wrong = Vec::new();
    for (action, body) in refused {
        let answer = stack.call_with(OTHER, action, &body).await;
        let absences = ["ResourceNotFound", "InvalidParameterValue", "InvalidParameter"];
        let is_absence = answer.as_ref().is_err_and(|(code, message)| {
            absences.contains(&code.as_str()) && !message.contains("Expected one of")
        });
        if !is_absence {
            wrong.push(format!("{action} {body}: {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let empty = [
        ("DescribeAssets", json!({ "AssetRegion": REGION, "Limit": 10, "Offset": 0 })),
        ("ListFleets", json!({})),
        ("DescribeInstances", json!({ "FleetId": fleet })),
        ("DescribeFleetAttributes", json!({ "FleetIds": [fleet] })),
        ("ListAliases", json!({})),
        ("DescribeGameServerSessionQueues", json!({ "Names": ["eu"] })),
        ("DescribePlayerSessions", json!({ "PlayerSessionId": player })),
        ("DescribePlayerSessions", json!({ "PlayerId": "ada" })),
    ];
    for (action, body) in empty {
        let seen = match stack.call_with(OTHER, action, &body).await {
            Ok(answer) => answer.to_string(),
            Err((code, _)) => code,
        };
        for id in [asset, fleet, alias, session, player] {
            assert!(!seen.contains(id.as_str()), "{action} {body}: {seen}");
        }
    }
    assert_eq!(rows().await.unwrap(), before, "something was changed");
    // Its own quotas are untouched, and its own names are free.
    let quotas = stack.call_with(OTHER, "DescribeUserQuotas", &json!({})).await.unwrap();
    assert!(
        quotas["QuotaResource"].as_array().unwrap().iter().all(|one| one["Remaining"] == one["HardLimit"])
    );
    assert_eq!(code(&stack, OTHER, "CreateGameServerSessionQueue", json!({ "Name": "eu" })).await, "OK");
}

/// Uploads go to the bucket of the key's account only, and addresses of logs are signed by the service only.
#[tokio::test]
async fn a_key_opens_neither_buckets_nor_logs_of_another_account() {
    let stack = start();
    let theirs = fill(&stack).await;
    let put = |bucket: &str, its: Key<'_>| {
        let grant = Grant { method: "PUT", object_key: "a.zip", host: HOST, from: NOW, to: NOW + 60 };
        let request = Request::put(format!("/objects/{bucket}/a.zip")).header("Host", HOST);
        request.header("Authorization", sign(&grant, its)).body(Body::from("x")).unwrap()
    };
    let own = format!("gse-100000000002-{REGION}");
    for (bucket, its, wanted) in [
        (own.as_str(), OTHER, StatusCode::OK),
        (&own, DISABLED, StatusCode::FORBIDDEN),
        (&format!("gse-100000000001-{REGION}"), OTHER, StatusCode::NOT_FOUND),
        (&own, ALMOST, StatusCode::NOT_FOUND),
        (&format!("gse-100000000001-{REGION}"), ALMOST, StatusCode::OK),
        (&format!("gse-100000000001-{REGION}"), NOBODY, StatusCode::FORBIDDEN),
    ] {
        let (status, text) = stack.send_for_text(put(bucket, its)).await;
        assert_eq!(status, wanted, "{bucket} {}: {text}", its.secret_id);
    }
    let read = |url: String| {
        let path = url.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned();
        stack.send_for_text(Request::get(path).header("Host", HOST).body(Body::empty()).unwrap())
    };
    let url = theirs.event["PreSignedLogUrl"].as_str().unwrap().to_owned();
    assert_eq!(read(url.clone()).await.0, StatusCode::OK);
    let (address, _) = url.split_once('?').unwrap();
    let object_key = format!("_logs/{}", theirs.event["EventId"].as_str().unwrap());
    let local = &stack.api.account;
    for its in [OTHER, Key { secret_id: &local.secret_id, secret_key: &local.secret_key }] {
        let grant =
            Grant { method: "GET", object_key: &object_key, host: "logs.gse", from: NOW, to: NOW + 60 };
        let (status, text) = read(format!("{address}?{}", sign(&grant, its))).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{text}");
    }
}

#[tokio::test]
async fn s55_a_read_only_user() {
    let stack = start();
    let fleet = stack.fleet(1).await;
    for (action, body, wanted) in [
        ("DescribeFleetAttributes", json!({ "FleetIds": [fleet] }), "OK"),
        ("DescribeFleetEvents", json!({ "FleetId": fleet }), "OK"),
        ("ListAliases", json!({}), "OK"),
        ("SearchGameServerSessions", json!({ "FleetId": fleet }), "OK"),
        ("ResolveAlias", json!({ "AliasId": "alias-x" }), "ResourceNotFound"),
        (
            "CreateAlias",
            json!({ "Name": "a", "RoutingStrategy": { "Type": "TERMINAL", "Message": "m" } }),
            "UnauthorizedOperation",
        ),
        ("DeleteFleet", json!({ "FleetId": fleet }), "UnauthorizedOperation"),
    ] {
        assert_eq!(code(&stack, READER, action, body).await, wanted, "{action}");
        assert_eq!(code(&stack, NOBODY, action, json!({})).await, "UnauthorizedOperation", "{action}");
    }
    let (_, message) =
        stack.call_with(READER, "DeleteFleet", &json!({ "FleetId": fleet })).await.unwrap_err();
    assert!(
        message.contains("`reader`") && message.contains("`gse:DeleteFleet`") && message.contains(&fleet),
        "{message}"
    );
    assert!(!message.contains(READER.secret_key), "{message}");
}

#[tokio::test]
async fn s56_one_fleet_only() {
    let stack = start();
    let (first, second) = (stack.fleet(1).await, stack.fleet(1).await);
    assert_eq!(first, "fleet-0001");
    let to = |fleet: &str| json!({ "FleetId": fleet, "MaxSize": 2 });
    assert_eq!(code(&stack, SCALER, "UpdateFleetCapacity", to(&first)).await, "OK");
    assert_eq!(code(&stack, SCALER, "UpdateFleetCapacity", to(&second)).await, "UnauthorizedOperation");
    assert_eq!(code(&stack, SCALER, "UpdateFleetCapacity", json!({})).await, "UnauthorizedOperation");
    assert_eq!(
        code(&stack, SCALER, "DescribeFleetEvents", json!({ "FleetId": first })).await,
        "UnauthorizedOperation"
    );
    let query = json!({ "FleetIds": [first, second] });
    let capacity = stack.done("DescribeFleetCapacity", &query).await["FleetCapacity"].clone();
    let sizes =
        capacity.as_array().unwrap().iter().map(|one| one["InstanceCounts"]["MaxiNum"].as_u64().unwrap());
    assert_eq!(sizes.sum::<u64>(), 3, "{capacity}");
}

#[tokio::test]
async fn s57_deny_wins() {
    let stack = start();
    let fleet = stack.fleet(1).await;
    let (code, message) =
        stack.call_with(ALMOST, "DeleteFleet", &json!({ "FleetId": fleet })).await.unwrap_err();
    assert!(
        code == "UnauthorizedOperation" && message.contains("the policy `almost` denies it"),
        "{code} {message}"
    );
    stack.call_with(ALMOST, "UpdateFleetName", &json!({ "FleetId": fleet, "Name": "mine" })).await.unwrap();
    let attributes = stack.done("DescribeFleetAttributes", json!({ "FleetIds": [fleet] })).await;
    assert_eq!(attributes["FleetAttributes"][0]["Name"], "mine");
}

#[tokio::test]
async fn s58_not_activated() {
    let stack = start();
    let beside = async |its: Key<'_>, action: &str| {
        let mut request = signed(its, REGION, action, "{}", NOW);
        *request.uri_mut() = format!("/opengse/{action}").parse().unwrap();
        answer(stack.send(request).await).await
    };
    let status = |is_open: bool| Ok(json!({ "IsOpen": is_open }));
    assert_eq!(beside(CLOSED, "CheckOpenStatus").await, status(false));
    for action in gse_api::Action::ALL {
        let wanted = "UnauthorizedOperation.ServiceNotOpened";
        assert_eq!(code(&stack, CLOSED, action.name(), json!({})).await, wanted, "{action:?}");
    }
    assert_eq!(beside(CLOSED, "Diagnose").await.unwrap_err().0, "UnauthorizedOperation.ServiceNotOpened");
    assert_eq!(beside(CLOSED, "SetOpenStatus").await, status(true));
    assert_eq!(beside(CLOSED, "SetOpenStatus").await, status(true), "again");
    assert_eq!(beside(CLOSED, "CheckOpenStatus").await, status(true));
    assert_eq!(code(&stack, CLOSED, "ListAliases", json!({})).await, "OK");
    // K-7, K-9: everybody may look, and who may set is a matter of policies.
    assert_eq!(beside(NOBODY, "CheckOpenStatus").await, status(true));
    for (its, may) in [(NOBODY, false), (READER, false), (ALMOST, true)] {
        let refused = beside(its, "SetOpenStatus").await.err().map(|(code, _)| code);
        assert_eq!(refused.is_none(), may, "{}: {refused:?}", its.secret_id);
    }
    // Who is refused by policy is refused beside the cloud API too, and who may describe may ask why (R97).
    assert_eq!(beside(NOBODY, "Diagnose").await.unwrap_err().0, "UnauthorizedOperation");
    assert!(beside(READER, "Diagnose").await.is_ok());
    assert!(beside(ALMOST, "Diagnose").await.is_ok());
}

/// Without a signature, where that is allowed, a call is the local account's.
#[tokio::test]
async fn the_unsigned_are_the_local_account_and_the_signed_are_themselves() {
    let stack = start_as(AuthMode::Optional);
    let routing = json!({ "Type": "TERMINAL", "Message": "m" });
    stack.done("CreateAlias", json!({ "Name": "local", "RoutingStrategy": routing })).await;
    let mut unsigned = stack.signed("ListAliases", "{}");
    unsigned.headers_mut().remove("Authorization");
    assert_eq!(answer(stack.send(unsigned).await).await.unwrap()["TotalCount"], 1);
    assert_eq!(stack.call_with(OTHER, "ListAliases", &json!({})).await.unwrap()["TotalCount"], 0);
    assert_eq!(code(&stack, NOBODY, "ListAliases", json!({})).await, "UnauthorizedOperation");
}

/// A policy on a region cannot be gone round by naming another region: an asset is found from everywhere.
#[tokio::test]
async fn an_asset_counts_where_it_is() {
    let text = [
        "[[account]]\nuin = \"100000000001\"\n".to_owned(),
        user("almost", "\"almost\"", ALMOST),
        policy(
            "almost",
            &[("allow", "gse:*", "*"), ("deny", "gse:DeleteAsset", "qcs::gse:sh:uin/100000000001:asset/*")],
        ),
    ];
    let access = AccessFile::parse(&text.concat()).unwrap();
    let stack = Stack::start_with(AuthMode::Required, |config| config.access = access);
    let asset = stack.asset().await;
    let body = json!({ "AssetId": asset }).to_string();
    for region in [REGION, "ap-beijing"] {
        let refused = answer(stack.send(signed(ALMOST, region, "DeleteAsset", &body, NOW)).await).await;
        assert_eq!(refused.unwrap_err().0, "UnauthorizedOperation", "{region}");
    }
}
