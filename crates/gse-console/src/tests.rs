//! The console over a scripted cloud: what a browser gets, and what the cloud is asked.

mod chinese;
mod door;
mod explorer;
mod faults;
mod figures;
mod filling;
mod forms;
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
/// What the service says in English, whatever the language of the page.
const SENTENCE: &str = "the service says so in English";
const FLEET: &str = "fleet-1-2";
const SESSION: &str = "qcs::gse:ap-shanghai::gameserversession/fleet-1-2/gssess-1";
const HOST: &str = "127.0.0.1:8080";
const NOW: i64 = 1_609_502_400;

/// The calls that the cloud got: action, body and region.
type Calls = Arc<Mutex<Vec<(String, Value, String)>>>;

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
            public_hosts: vec!["gse.example.org".into()],
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
        let (head, body) = self.ask(request, body).await.into_parts();
        for cookie in head.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(old, _)| old != name);
            self.cookies.push((name.into(), rest.split(';').next().unwrap().into()));
        }
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Seen { status: head.status, headers: head.headers, text }
    }

    async fn ask(&self, request: http::request::Builder, body: String) -> axum::response::Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header(header::HOST, HOST)
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::COOKIE, cookies.join("; "));
        self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
    }

    /// What a stream of events says first, to a browser that was told `last` before.
    async fn first_event(&self, stream: &str, last: Option<&str>) -> String {
        let mut request = Request::get(stream);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let first = self
            .ask(request, String::new())
            .await
            .into_body()
            .frame()
            .await
            .unwrap()
            .unwrap()
            .into_data()
            .unwrap();
        String::from_utf8(first.to_vec()).unwrap()
    }

    /// The bodies that the cloud got for an action.
    fn bodies(&self, action: Action) -> Vec<Value> {
        self.bodies_of(action.name())
    }

    /// The same for what is beside the cloud API.
    fn bodies_of(&self, action: &str) -> Vec<Value> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(name, ..)| name == action).map(|(_, body, _)| body.clone()).collect()
    }
}

impl Browser {
    /// The regions in which the cloud was asked for an action.
    fn regions_of(&self, action: Action) -> Vec<String> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(name, ..)| name == action.name()).map(|(_, _, region)| region.clone()).collect()
    }
}

impl Seen {
    /// The hidden fields of the first form that goes to an address.
    fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let (_, form) = self.text.split_once(&format!("action=\"{action}\"")).expect("there is such a form");
        let form = form.split_once("</form>").unwrap().0;
        let field = |input: &str| {
            let (name, rest) = input.split_once('"')?;
            let value = rest.strip_prefix(" value=\"")?.split_once('"')?.0;
            Some((name.to_owned(), value.replace("&amp;", "&")))
        };
        form.split("type=\"hidden\" name=\"").skip(1).filter_map(field).collect()
    }

    fn token(&self) -> &str {
        let (_, rest) = self.text.split_once("name=\"csrf\" content=\"").unwrap();
        rest.split('"').next().unwrap()
    }

    /// The value of a hidden field.
    fn hidden_value(&self, name: &str) -> &str {
        let (_, rest) = self.text.split_once(&format!("type=\"hidden\" name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap()
    }

    /// The stream that the page follows.
    fn stream(&self) -> String {
        let (_, rest) = self.text.split_once("data-live=\"").unwrap();
        rest.split('"').next().unwrap().replace("&amp;", "&")
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
    if head.uri.path().starts_with("/objects/") {
        let mut refused =
            Response::new(Body::from("<Error><Code>AccessDenied</Code><Message>No.</Message></Error>"));
        *refused.status_mut() = StatusCode::FORBIDDEN;
        return refused;
    }
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    calls.lock().unwrap().push((action.clone(), asked.clone(), header("x-tc-region")));
    let response = if authorization.contains("Credential=wrong/") {
        json!({ "Error": { "Code": "AuthFailure.SecretIdNotFound", "Message": HOSTILE }, "RequestId": "r" })
    } else if authorization.contains("Credential=closed/") && action != "SetOpenStatus" {
        json!({ "Error": { "Code": "UnauthorizedOperation.ServiceNotOpened", "Message": "" }, "RequestId": "r" })
    } else if authorization.contains("Credential=near/") && header("x-tc-region") == "ap-guangzhou" {
        json!({ "Error": { "Code": "UnauthorizedOperation", "Message": "" }, "RequestId": "r" })
    } else {
        members(&action, &asked)
    };
    Response::new(Body::from(json!({ "Response": response }).to_string()))
}

fn members(action: &str, body: &Value) -> Value {
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
    let common = json!({ "AliasId": "alias-2", "Name": HOSTILE,
        "RoutingStrategy": { "Type": "SIMPLE", "FleetId": "fleet-0" } });
    match action {
        "DescribeFleetAttributes" => json!({ "FleetAttributes": [fleet], "TotalCount": 45 }),
        "CreateFleet" => json!({ "FleetAttributes": fleet }),
        "DescribeFleetEvents" if body["EventCode"] == "foo bar" => refused("EventCode"),
        "DescribeFleetEvents" => json!({ "Events": [
            { "EventCode": "X", "Message": HOSTILE, "PreSignedLogUrl": "javascript:alert(1)" },
            { "EventCode": "FLEET_CREATED", "Message": SENTENCE }], "TotalCount": 2 }),
        "DescribeGameServerSessions" => json!({ "GameServerSessions": [session], "NextToken": "more" }),
        "DescribeGameServerSessionDetails" => {
            json!({ "GameServerSessionDetails": [{ "GameServerSession": session, "ProtectionPolicy": "NoProtection" }] })
        }
        "DescribePlayerSessions" => {
            json!({ "PlayerSessions": [{ "PlayerId": HOSTILE, "PlayerData": HOSTILE, "PlayerSessionId": "psess-1",
                "Status": "RESERVED" }, { "PlayerId": "gone", "PlayerSessionId": "psess-0", "Status": "TIMEDOUT" }] })
        }
        "DescribeAssets" => json!({ "Assets": [asset], "TotalCount": 1 }),
        "DescribeAsset" => json!({ "Asset": asset }),
        "ListAliases" => json!({ "Aliases": [alias], "TotalCount": 1 }),
        "DescribeAlias" if body["AliasId"] == "alias-gone" => {
            json!({ "Error": { "Code": "ResourceNotFound", "Message": SENTENCE } })
        }
        "DescribeAlias" if body["AliasId"] == "alias-2" => json!({ "Alias": common }),
        "DescribeAlias" => json!({ "Alias": alias }),
        "DescribeGameServerSessionQueues" => json!({ "GameServerSessionQueues": [{ "Name": HOSTILE,
            "TimeoutInSeconds": 60, "Tags": tags, "Destinations": [
                { "DestinationArn": "qcs::gse:ap-guangzhou:uin/1:fleet/fleet-far", "FleetStatus": "ACTIVE" },
                { "DestinationArn": "qcs::gse:ap-shanghai:uin/1:fleet/fleet-near", "FleetStatus": "ACTIVE" },
            ],
            "PlayerLatencyPolicies": [{ "MaximumIndividualPlayerLatencyMilliseconds": 80 }] }], "TotalCount": 1 }),
        "DescribeRuntimeConfiguration" => json!({ "RuntimeConfiguration": { "ServerProcesses": [
            { "LaunchPath": HOSTILE, "Parameters": HOSTILE, "ConcurrentExecutions": 1 }] } }),
        "DescribeInstancesExtend" => json!({ "Instances": [{ "Instance": { "InstanceId": "ins-1",
            "Status": "ACTIVE", "CreateTime": "2021-01-01T11:00:00Z" } }], "TotalCount": 1 }),
        "DescribeScalingPolicies" => {
            json!({ "ScalingPolicies": [{ "Name": HOSTILE, "PolicyType": "RuleBased" },
                { "Name": "b", "PolicyType": "TargetBased", "TargetConfiguration": { "TargetValue": 31 } }] })
        }
        "DescribeTimerScalingPolicies" => {
            json!({ "TimerScalingPolicies": [{ "TimerName": HOSTILE, "TimerId": "t" }] })
        }
        "ExplainFleetCapacity" => {
            json!({ "Mode": "Policies", "Sentences": [HOSTILE, SENTENCE], "Active": 2, "Idle": 1, "Desired": 2, "Max": 3,
                "NextEvaluation": "2021-01-01T12:00:10Z", "Decisions": [{ "Text": HOSTILE }, {
                "LastTime": "2021-01-01T11:59:10Z", "Times": 1, "From": 1, "To": 2, "By": "Policies", "Text": SENTENCE,
                "Evaluation": { "Verdict": "Grow", "Wanted": 2, "Max": 3, "Instances": 1, "ProcessesPerInstance": 10,
                    "GameServerSessions": 9, "Policies": [{ "Name": HOSTILE, "PolicyType": "TargetBased",
                    "TargetValue": 30, "GrowBelow": 2, "ShrinkAbove": 2 }] } }] })
        }
        "DescribeSessionTimeline" => {
            json!({ "GameServerSessionId": SESSION, "TraceId": HOSTILE, "TotalMs": 12,
            "PlacementId": HOSTILE, "Search": [HOSTILE, SENTENCE], "Stands": SENTENCE, "StandsCode": "FAILED", "Hops": [
                { "Name": "requested", "By": "service", "Time": "2021-01-01T11:00:00.123Z", "Text": SENTENCE },
                { "Name": "process-chosen", "By": "service", "Text": SENTENCE },
                { "Name": HOSTILE, "By": HOSTILE, "Time": HOSTILE, "TookMs": 12, "AfterMs": 12, "Text": HOSTILE }] })
        }
        "DescribeProcessOutput" => json!({ "FleetId": FLEET, "InstanceId": "ins-1", "Processes": [
                { "ProcessId": HOSTILE, "Pid": 1, "State": HOSTILE, "GameServerSessionId": HOSTILE, "Since": HOSTILE }],
            "Output": { "ProcessId": HOSTILE, "IsRunning": true, "Stdout": [HOSTILE], "Stderr": [HOSTILE] } }),
        "Diagnose" => {
            json!({ "LookedAt": { "Fleets": 1, "Instances": 1, "Processes": 1, "StartingProcesses": 0,
                "GameServerSessions": 1, "PlayerSessions": 0, "Events": 0, "Rules": 1 },
            "Findings": [{ "Severity": "error", "Rule": "activate-missing", "Section": "server-sdk.md 3.2", "FleetId": FLEET,
                "What": SENTENCE, "Why": SENTENCE, "Fix": SENTENCE, "Time": "" }, { "Severity": "error", "Rule": HOSTILE, "Section": HOSTILE, "FleetId": FLEET,
                "GameServerSessionId": HOSTILE, "What": HOSTILE, "Why": HOSTILE, "Fix": HOSTILE, "Output": [HOSTILE],
                "Time": "", "More": 3 }] })
        }
        "ExplainPlacement" => {
            json!({ "PlacementId": "p", "Status": "PENDING", "StartTime": "", "EndTime": null,
            "Sentences": [HOSTILE, format!("  {HOSTILE}"), SENTENCE], "Attempts": 3, "LeftOut": 0, "Steps": [
                { "FirstMs": 0, "LastMs": 9, "Times": 2, "MaximumLatencyMs": 50, "Outcome": "WAITS", "FleetId": null,
                    "Reason": SENTENCE, "More": 0, "PassedOver": [{ "Region": "ap-shanghai", "AliasId": null,
                        "FleetId": FLEET, "Code": "NO_PROCESS", "Reason": SENTENCE }] },
                { "FirstMs": 12, "LastMs": 12, "Times": 1, "MaximumLatencyMs": null, "Outcome": "CHOSEN", "FleetId": FLEET,
                    "Reason": null, "More": 0, "PassedOver": [] }] })
        }
        "DescribeRegions" => json!({ "DefaultRegion": "ap-shanghai", "Regions": [
            { "Region": "ap-shanghai", "Condition": "up", "DelayMs": 0 },
            { "Region": "ap-guangzhou", "Condition": "down", "DelayMs": 0 }] }),
        "SetFault" if body["Region"] == HOSTILE => {
            json!({ "Error": { "Code": "UnsupportedOperation", "Message": HOSTILE } })
        }
        "DescribeFleetRelatedResources" => json!({ "Resources": [
            { "Type": "QUEUE", "ResourceId": "far", "ResourceRegion": "ap-guangzhou" },
            { "Type": "ALIAS", "ResourceId": "alias-far", "ResourceRegion": "ap-guangzhou" },
        ] }),
        "UpdateFleetCapacity" if body["DesiredInstances"].as_u64() > body["MaxSize"].as_u64() => {
            refused("MaxSize")
        }
        name if name.starts_with("DescribeFleetStatistic")
            && body["BeginTime"].as_str() > body["EndTime"].as_str() =>
        {
            refused("BeginTime")
        }
        "SetAliasCanary" if body["Percent"] == 37 => refused("Percent"),
        "SetOpenStatus" => json!({ "IsOpen": true }),
        "DescribeDemoResource" | "UpdateDemoResource" | "CreateAssetAuto" | "CreateFleetDemo" => json!({
            "Step": 3, "AssetId": "asset-1", "FleetId": FLEET, "FleetStatus": "ACTIVE",
            "GameServerSessionId": SESSION,
        }),
        "DescribeUserQuotas" => {
            let room = r#"{"AssertCapacityQuota":"100GB","AssertCapacitySurplus":"80GB"}"#;
            json!({ "QuotaResource": [
                { "ResourceType": 1, "HardLimit": 10, "Remaining": 9, "ExtraInfo": room },
                { "ResourceType": 2, "HardLimit": 20, "Remaining": 17 }] })
        }
        "DescribeUserQuota" => {
            json!({ "QuotaResource": { "ResourceType": 2, "HardLimit": 20, "Remaining": 17 } })
        }
        "DescribeGameServerSessionPlacement" => json!({ "GameServerSessionPlacement": { "PlacementId": "p",
            "GameServerSessionId": SESSION, "GameServerSessionRegion": "ap-guangzhou",
            "Status": "PENDING", "GameServerSessionName": HOSTILE, "GameServerSessionQueueName": HOSTILE } }),
        other => figures(other, body),
    }
}

/// What is no value of a member.
fn refused(member: &str) -> Value {
    json!({ "Error": { "Code": "InvalidParameterValue", "Message": member }, "RequestId": "r" })
}

/// What pages beside the lists read.
fn figures(action: &str, body: &Value) -> Value {
    match action {
        "DescribeMonitoring" => json!({
            "Period": 60, "BeginTime": "2021-01-01T09:00:00Z", "EndTime": "2021-01-01T12:00:00Z",
            "Times": ["2021-01-01T11:58:00Z", "2021-01-01T11:59:00Z"],
            "Metrics": [
                { "Name": "ActiveGameServerSessions", "Kind": "Gauge", "Unit": "Count", "Values": [1.0, 2.5] },
                { "Name": "QueueDepth", "Kind": "Gauge", "Unit": "Count", "Values": [null, 7.0] },
                { "Name": "CpuUtilization", "Kind": "Gauge", "Unit": "Percent", "Values": [null, null] },
                { "Name": HOSTILE, "Kind": "Gauge", "Unit": "Count", "Values": [1.0, 1.0] },
            ],
        }),
        "DescribeFleetStatisticSummary" => {
            json!({ "TotalUsedTimeSeconds": "5400", "TotalUsedFlowMegaBytes": null })
        }
        "DescribeFleetStatisticFlows" => json!({
            "TimeType": "HOUR", "TotalCount": 2, "UsedFlowList": [],
            "UsedTimeList": [{ "BeginTime": "2021-01-01T11:00:00Z", "TotalUsedTimeSeconds": "3600" },
                { "BeginTime": "2021-01-01T10:00:00Z", "TotalUsedTimeSeconds": "1800" }],
        }),
        "DescribeFleetStatisticDetails" => json!({
            "TimeType": "HOUR", "TotalCount": if body["FleetId"] == "fleet-long" { 10_001 } else { 1 }, "DetailList": [{ "FleetId": "=cmd()", "InstanceId": HOSTILE,
                "InstanceIP": "10.0.0.1", "BeginTime": "2021-01-01T11:00:00Z", "TotalUsedTimeSeconds": "3600" }],
        }),
        "LintAsset" => json!({
            "Files": 2, "Bytes": 4096, "Machine": "x86_64", "Programs": [HOSTILE],
            "Findings": [{ "Level": "error", "Rule": "architecture", "Text": HOSTILE, "Hint": SENTENCE }],
        }),
        "DescribeAliasCanary" => {
            json!({ "AliasId": "alias-1", "FleetId": FLEET, "Percent": 10, "Created": 20,
            "Given": 2 })
        }
        "SetAliasCanary" => json!({ "AliasId": "alias-1" }),
        "ListFleets" => json!({ "FleetIds": [FLEET], "TotalCount": 1 }),
        "DescribeCcnInstances" => json!({ "CcnInstanceSets": [{ "CcnId": "ccn-1", "InstanceName": HOSTILE,
            "AccountId": "1", "State": "PENDING" }], "TotalCount": 1 }),
        "DescribeFleetCapacity" => json!({ "FleetCapacity": [{ "FleetId": FLEET, "ScalingInterval": 10,
            "InstanceCounts": { "Desired": 1, "MiniNum": 0, "MaxiNum": 3 } }], "TotalCount": 1 }),
        "GetInstanceAccess" => {
            json!({ "InstanceAccess": { "IpAddress": "10.0.0.1", "OperatingSystem": HOSTILE,
            "Credentials": { "UserName": "root", "Secret": HOSTILE } } })
        }
        "GetGameServerInstanceLogUrl" => json!({ "Total": 2, "PresignedUrls": ["javascript:alert(1)",
            "http://127.0.0.1/logs/a%3Cscript%3E.zip?sign=1"] }),
        "DescribeAssetSystems" => json!({ "AssetSupportSys": [{ "OsVersion": "CentOS7.16", "OsBit": 64,
            "ImageId": "img-1", "OsType": "CentOS" }] }),
        "GetUploadCredentials" => {
            json!({ "BucketName": "b", "BucketAuth": "sign", "AssetRegion": "ap-shanghai" })
        }
        _ => json!({}),
    }
}
