//! The console over a scripted cloud: what a browser gets, and what the cloud is asked.

mod pages;
mod safety;
mod wizard;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use gse_api::Action;
use http::{StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::Settings;

/// What a hostile game or player would call itself.
const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{202e}gnp.😀";
const FLEET: &str = "fleet-1-2";
const SESSION: &str = "qcs::gse:ap-shanghai::gameserversession/fleet-1-2/gssess-1";
const HOST: &str = "127.0.0.1:8080";
const NOW: i64 = 1_609_502_400;

/// The calls that the cloud got: action and body.
type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// A browser with its cookies, and the console.
struct Browser {
    router: Router,
    calls: Calls,
    cookies: Vec<(String, String)>,
    language: &'static str,
}

struct Seen {
    status: StatusCode,
    headers: http::HeaderMap,
    text: String,
}

impl Browser {
    /// A console that asks for no login.
    fn new() -> Self {
        Self::with_login(false)
    }

    fn with_login(login: bool) -> Self {
        let calls = Calls::default();
        let cloud = Router::new().fallback(answer).with_state(Arc::clone(&calls));
        let settings = Settings {
            login,
            https: false,
            regions: vec!["ap-shanghai".into(), "ap-guangzhou".into()],
            default_region: "ap-shanghai".into(),
            now: Arc::new(|| NOW),
        };
        Self { router: crate::router(settings, cloud), calls, cookies: Vec::new(), language: "en" }
    }

    async fn get(&mut self, path: &str) -> Seen {
        self.send(Request::get(path), String::new()).await
    }

    /// Posts a form with the token of this browser.
    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let page = self.get("/console/explorer").await;
        let token = page.token().to_owned();
        let mut fields = fields.to_vec();
        fields.push(("_token", &token));
        self.post_as_is(path, &fields).await
    }

    async fn post_as_is(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let body = crate::visit::address("", fields);
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, body.trim_start_matches('?').to_owned()).await
    }

    async fn send(&mut self, request: http::request::Builder, body: String) -> Seen {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header(header::HOST, HOST)
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::COOKIE, cookies.join("; "));
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        for cookie in head.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(old, _)| old != name);
            self.cookies.push((name.into(), rest.split(';').next().unwrap().into()));
        }
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Seen { status: head.status, headers: head.headers, text }
    }

    /// The bodies that the cloud got for an action.
    fn bodies(&self, action: Action) -> Vec<Value> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(name, _)| name == action.name()).map(|(_, body)| body.clone()).collect()
    }
}

impl Seen {
    fn token(&self) -> &str {
        let (_, rest) = self.text.split_once("name=\"csrf\" content=\"").unwrap();
        rest.split('"').next().unwrap()
    }

    fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }
}

/// Every answer of the cloud has hostile names wherever a user could have put one.
async fn answer(State(calls): State<Calls>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let header =
        |name: &str| head.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let (action, authorization) = (header("x-tc-action"), header("authorization"));
    let body = body.collect().await.unwrap().to_bytes();
    calls.lock().unwrap().push((action.clone(), serde_json::from_slice(&body).unwrap_or_default()));
    let response = if authorization.contains("Credential=wrong/") {
        json!({ "Error": { "Code": "AuthFailure.SecretIdNotFound", "Message": HOSTILE }, "RequestId": "r" })
    } else if authorization.contains("Credential=closed/") && action != "SetOpenStatus" {
        json!({ "Error": { "Code": "UnauthorizedOperation.ServiceNotOpened", "Message": "" }, "RequestId": "r" })
    } else {
        members(&action)
    };
    Response::new(Body::from(json!({ "Response": response }).to_string()))
}

fn members(action: &str) -> Value {
    let tags = json!([{ "Key": HOSTILE, "Value": HOSTILE }]);
    let fleet = json!({
        "FleetId": FLEET, "Name": HOSTILE, "Description": HOSTILE, "Status": "ACTIVE", "AssetId": "asset-1",
        "CreationTime": "2021-01-01T11:00:00Z", "Tags": tags,
    });
    let session = json!({
        "GameServerSessionId": SESSION, "FleetId": FLEET, "Name": HOSTILE, "Status": "ACTIVE", "CreatorId": HOSTILE,
        "GameServerSessionData": HOSTILE, "GameProperties": tags, "CreationTime": "2021-01-01T11:00:00Z",
        "StatusReason": HOSTILE, "IpAddress": "127.0.0.1", "Port": 6000,
    });
    let asset = json!({ "AssetId": "asset-1", "AssetName": HOSTILE, "AssetVersion": HOSTILE, "Stauts": 2, "Tags": tags });
    let alias = json!({
        "AliasId": "alias-1", "Name": HOSTILE, "Description": HOSTILE,
        "RoutingStrategy": { "Type": "TERMINAL", "Message": HOSTILE }, "Tags": tags,
    });
    match action {
        "DescribeFleetAttributes" => json!({ "FleetAttributes": [fleet], "TotalCount": 45 }),
        "CreateFleet" => json!({ "FleetAttributes": fleet }),
        "DescribeFleetEvents" => json!({ "Events": [{ "EventCode": "X", "Message": HOSTILE,
            "PreSignedLogUrl": "javascript:alert(1)" }], "TotalCount": 1 }),
        "DescribeGameServerSessions" => json!({ "GameServerSessions": [session], "NextToken": "more" }),
        "DescribeGameServerSessionDetails" => {
            json!({ "GameServerSessionDetails": [{ "GameServerSession": session, "ProtectionPolicy": "NoProtection" }] })
        }
        "DescribePlayerSessions" => {
            json!({ "PlayerSessions": [{ "PlayerId": HOSTILE, "PlayerData": HOSTILE, "PlayerSessionId": "psess-1",
                "Status": "RESERVED" }] })
        }
        "DescribeAssets" => json!({ "Assets": [asset], "TotalCount": 1 }),
        "DescribeAsset" => json!({ "Asset": asset }),
        "ListAliases" => json!({ "Aliases": [alias], "TotalCount": 1 }),
        "DescribeAlias" => json!({ "Alias": alias }),
        "DescribeGameServerSessionQueues" => json!({ "GameServerSessionQueues": [{ "Name": HOSTILE,
            "TimeoutInSeconds": 60, "Tags": tags }], "TotalCount": 1 }),
        "DescribeRuntimeConfiguration" => json!({ "RuntimeConfiguration": { "ServerProcesses": [
            { "LaunchPath": HOSTILE, "Parameters": HOSTILE, "ConcurrentExecutions": 1 }] } }),
        "DescribeInstancesExtend" => json!({ "Instances": [{ "Instance": { "InstanceId": "ins-1",
            "Status": "ACTIVE", "CreateTime": "2021-01-01T11:00:00Z" } }], "TotalCount": 1 }),
        "DescribeScalingPolicies" => {
            json!({ "ScalingPolicies": [{ "Name": HOSTILE, "PolicyType": "RuleBased" }] })
        }
        "DescribeTimerScalingPolicies" => {
            json!({ "TimerScalingPolicies": [{ "TimerName": HOSTILE, "TimerId": "t" }] })
        }
        "ExplainFleetCapacity" => {
            json!({ "Mode": "Policies", "Sentences": [HOSTILE], "Decisions": [{ "Text": HOSTILE }] })
        }
        "SetOpenStatus" => json!({ "IsOpen": true }),
        "DescribeDemoResource" | "UpdateDemoResource" | "CreateAssetAuto" | "CreateFleetDemo" => json!({
            "Step": 3, "AssetId": "asset-1", "FleetId": FLEET, "FleetStatus": "ACTIVE",
            "GameServerSessionId": SESSION,
        }),
        "DescribeUserQuotas" => {
            json!({ "QuotaResource": [{ "ResourceType": 2, "HardLimit": 20, "Remaining": 17 }] })
        }
        "DescribeUserQuota" => {
            json!({ "QuotaResource": { "ResourceType": 2, "HardLimit": 20, "Remaining": 17 } })
        }
        "DescribeGameServerSessionPlacement" => json!({ "GameServerSessionPlacement": { "PlacementId": "p",
            "Status": "PENDING", "GameServerSessionName": HOSTILE, "GameServerSessionQueueName": HOSTILE } }),
        _ => json!({}),
    }
}
