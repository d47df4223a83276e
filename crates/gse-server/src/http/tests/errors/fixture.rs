//! What the rows find: a state made by API calls, and names for the parts of it.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::Request;
use gse_api::signature::tc3;
use http::{HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

use crate::account::file::AccessFile;
use crate::http::tests::actions::{create_asset, create_fleet};
use crate::http::tests::stack::{ABSENT, HOST, REGION, SILENT, Stack};

/// The key of a user without policies.
pub(super) const NOBODY: tc3::Key<'_> =
    tc3::Key { secret_id: "AKIDnobody", secret_key: "nobody-0123456789abcdef" };
/// The key of an account that has not activated the service.
pub(super) const CLOSED: tc3::Key<'_> =
    tc3::Key { secret_id: "AKIDclosed", secret_key: "closed-0123456789abcdef" };

/// Who has these keys.
pub(super) fn access() -> AccessFile {
    let text = format!(
        "[[account]]\nuin = \"100000000001\"\n[[account.user]]\nname = \"nobody\"\npolicies = []\n\
         [[account.user.key]]\nsecret_id = \"{}\"\nsecret_key = \"{}\"\n\
         [[account]]\nuin = \"100000000003\"\nactivated = false\n\
         [[account.key]]\nsecret_id = \"{}\"\nsecret_key = \"{}\"\n",
        NOBODY.secret_id, NOBODY.secret_key, CLOSED.secret_id, CLOSED.secret_key
    );
    AccessFile::parse(&text).unwrap()
}

/// What `$name` stands for in a row.
pub(super) struct Known {
    values: BTreeMap<String, Value>,
    secret_key: String,
}

impl Known {
    /// An empty account.
    pub(super) fn nothing(stack: &Stack) -> Self {
        let mut known =
            Self { values: BTreeMap::new(), secret_key: stack.api.account.secret_key.to_string() };
        let process = json!({ "LaunchPath": "/local/game/server", "ConcurrentExecutions": 1 });
        known.insert("runtime", json!({ "ServerProcesses": [process] }));
        let rule = |port: u32| json!({ "FromPort": port, "ToPort": port, "Protocol": "TCP", "IpRange": "0.0.0.0/0" });
        known.insert("fifty-one-rules", (2000..2051).map(rule).collect());
        known
    }

    /// An asset, its fleet, an alias and a queue.
    pub(super) async fn one_of_each(stack: &Stack) -> Self {
        let mut known = Self::nothing(stack);
        known.insert("fleet", stack.fleet(1).await.into());
        let assets =
            stack.done("DescribeAssets", json!({ "AssetRegion": REGION, "Limit": 1, "Offset": 0 })).await;
        known.insert("asset", assets["Assets"][0]["AssetId"].clone());
        let closed = json!({ "Type": "TERMINAL", "Message": "moved away" });
        let alias = stack.done("CreateAlias", json!({ "Name": "a", "RoutingStrategy": closed })).await;
        known.insert("terminal", alias["Alias"]["AliasId"].clone());
        stack.done("CreateGameServerSessionQueue", json!({ "Name": "one" })).await;
        known
    }

    /// Something in every state that a row needs.
    pub(super) async fn everything(stack: &Stack) -> Self {
        let mut known = Self::one_of_each(stack).await;
        known.insert("idle", known.values["$fleet"].clone());
        known.insert("broken", broken_asset(stack).await);
        stack.done("CreateAssetWithImage", image("img-taken")).await;
        known.sessions(stack).await;
        known.fleets(stack).await;
        known.placements(stack).await;
        known
    }

    async fn sessions(&mut self, stack: &Stack) {
        let fleet = stack.fleet(6).await;
        self.insert("fleet", fleet.as_str().into());
        let instances = stack.done("DescribeInstances", json!({ "FleetId": fleet })).await;
        self.insert("instance", instances["Instances"][0]["InstanceId"].clone());
        let strategy = json!({ "Type": "SIMPLE", "FleetId": fleet });
        let alias = stack.done("CreateAlias", json!({ "Name": "b", "RoutingStrategy": strategy })).await;
        self.insert("alias", alias["Alias"]["AliasId"].clone());
        stack
            .done("AttachCcnInstances", json!({ "FleetId": fleet, "AccountId": "1", "CcnId": "ccn-taken" }))
            .await;
        for number in 0..50 {
            let rule = json!({
                "FleetId": fleet, "Name": format!("rule-{number}"), "PolicyType": "RuleBased", "EvaluationPeriods": 3,
                "MetricName": "CurrentPlayerSessions", "ComparisonOperator": ">", "Threshold": 500,
                "ScalingAdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1,
            });
            stack.done("PutScalingPolicy", rule).await;
        }
        for _ in 0..2 {
            let eager = json!({ "FleetId": fleet, "MaximumPlayerSessionCount": 1, "CreatorId": "eager" });
            stack.done("CreateGameServerSession", eager).await;
        }
        let full = stack.session(&fleet, 1).await;
        stack.done("JoinGameServerSession", json!({ "GameServerSessionId": full, "PlayerId": "ada" })).await;
        self.insert("full", full.into());
        let closed = stack.session(&fleet, 2).await;
        let deny = json!({ "GameServerSessionId": closed, "PlayerSessionCreationPolicy": "DENY_ALL" });
        stack.done("UpdateGameServerSession", deny).await;
        self.insert("closed", closed.into());
        let protected = stack.session(&fleet, 2).await;
        let protect = json!({ "GameServerSessionId": protected, "ProtectionPolicy": "FullProtection" });
        stack.done("UpdateGameServerSession", protect).await;
        self.insert("protected", protected.into());
        let ended = stack.session(&fleet, 2).await;
        stack.done("EndGameServerSessionAndProcess", json!({ "GameServerSessionId": ended })).await;
        self.insert("ended", ended.into());
    }

    async fn fleets(&mut self, stack: &Stack) {
        let asset = self.values["$asset"].as_str().unwrap().to_owned();
        let launched = async |parameters: &str| {
            let mut create = create_fleet(&asset, 1);
            create["RuntimeConfiguration"]["ServerProcesses"][0]["Parameters"] = parameters.into();
            stack.done("CreateFleet", create).await["FleetAttributes"]["FleetId"].clone()
        };
        let status = async |fleet: &Value, wanted: &'static str| {
            let attributes = json!({ "FleetIds": [fleet] });
            let is = |answer: &Value| answer["FleetAttributes"][0]["Status"] == wanted;
            stack.wait("DescribeFleetAttributes", attributes, is).await;
        };
        let creating = launched(SILENT).await;
        status(&creating, "DOWNLOADING").await;
        self.insert("creating", creating);
        let deleting = launched(ABSENT).await;
        status(&deleting, "ERROR").await;
        stack.done("DeleteFleet", json!({ "FleetId": deleting })).await;
        status(&deleting, "DELETING").await;
        self.insert("deleting", deleting);
        let networked = launched("").await;
        for number in 0..5 {
            let id = format!("ccn-{number}");
            let attach = json!({ "FleetId": networked, "AccountId": "1", "CcnId": id });
            stack.done("AttachCcnInstances", attach).await;
        }
        self.insert("networked", networked);
    }

    /// A queue over a fleet of one process, with a placement that got it and one that waits.
    async fn placements(&mut self, stack: &Stack) {
        let busy = stack.fleet(1).await;
        let arn = format!("qcs::gse:{REGION}:uin/{}:fleet/{busy}", "100000000001");
        self.insert("busy", busy.into());
        let queue = json!({ "Name": "busy", "Destinations": [{ "DestinationArn": arn }] });
        stack.done("CreateGameServerSessionQueue", queue).await;
        let start = |id: &str| json!({ "PlacementId": id, "GameServerSessionQueueName": "busy", "MaximumPlayerSessionCount": 1 });
        stack.done("StartGameServerSessionPlacement", start("placed")).await;
        let placed = |answer: &Value| answer["GameServerSessionPlacement"]["Status"] == "FULFILLED";
        stack.wait("DescribeGameServerSessionPlacement", json!({ "PlacementId": "placed" }), placed).await;
        stack.done("StartGameServerSessionPlacement", start("waiting")).await;
    }

    fn insert(&mut self, name: &str, value: Value) {
        self.values.insert(format!("${name}"), value);
    }

    pub(super) fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// A text in which each `$name` is the id that it stands for. The longest name that fits counts.
    pub(super) fn in_text(&self, text: &str) -> String {
        self.values.iter().rev().fold(text.to_owned(), |text, (name, value)| match value.as_str() {
            Some(id) => text.replace(name, id),
            None => text,
        })
    }

    /// Members in which each `$name` is the value that it stands for, and `$x9` is a text of nine letters.
    pub(super) fn in_members(&self, members: &str) -> String {
        let Ok(value) = serde_json::from_str(members) else { return members.to_owned() };
        self.in_value(value).to_string()
    }

    /// The members of a row, with each id that is a text of the fixture in the place of each id in turn.
    pub(super) fn with_every_id(&self, members: &str) -> Vec<String> {
        let Ok(Value::Object(members)) = serde_json::from_str(&self.in_members(members)) else {
            return Vec::new();
        };
        let named = members.iter().filter(|(name, value)| name.ends_with("Id") && value.is_string());
        let ids = || self.values.values().filter(|value| value.is_string());
        let with = |name: &String, id: &Value| {
            let mut changed = members.clone();
            changed.insert(name.clone(), id.clone());
            Value::Object(changed).to_string()
        };
        named.flat_map(|(name, _)| ids().map(|id| with(name, id)).collect::<Vec<_>>()).collect()
    }

    fn in_value(&self, value: Value) -> Value {
        let length = |text: &str| text.strip_prefix("$x")?.parse().ok();
        match value {
            Value::String(text) => match (self.values.get(&text), length(&text)) {
                (Some(value), _) => value.clone(),
                (None, Some(length)) => "x".repeat(length).into(),
                (None, None) => self.in_text(&text).into(),
            },
            Value::Array(items) => items.into_iter().map(|item| self.in_value(item)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, member)| (name, self.in_value(member))).collect()
            }
            other => other,
        }
    }
}

/// An asset whose package is no zip (S01).
async fn broken_asset(stack: &Stack) -> Value {
    stack.upload("bad.zip", b"no zip".to_vec()).await;
    stack.done("CreateAsset", create_asset("bad.zip")).await["AssetId"].clone()
}

fn image(id: &str) -> Value {
    json!({
        "AssetName": "a", "AssetVersion": "1", "AssetRegion": REGION, "ImageId": id, "ImageOs": "CentOS", "ImageSize": "1GB",
        "ImageType": "SHARED_IMAGE", "OsBit": 64, "OsType": "CentOS",
    })
}

/// A good call of ListAliases with one thing changed.
pub(super) fn changed(stack: &Stack, change: &str) -> Request {
    let (verb, rest) = change.split_once(' ').unwrap();
    let mut request = stack.signed("ListAliases", "{}");
    match verb {
        "method" => *request.method_mut() = Method::from_bytes(rest.as_bytes()).unwrap(),
        "without" => assert!(request.headers_mut().remove(rest).is_some(), "{change}"),
        "header" => {
            let (name, value) = rest.split_once('=').unwrap();
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        }
        "secret-id" => {
            let header = request.headers_mut().get_mut("Authorization").unwrap();
            let known = &*stack.api.account.secret_id;
            *header = HeaderValue::from_str(&header.to_str().unwrap().replace(known, rest)).unwrap();
        }
        "seconds" => {
            let at = stack.clock.now().seconds() + rest.parse::<i64>().unwrap();
            request = stack.signed_at("ListAliases", "{}", at);
        }
        "body" => *request.body_mut() = Body::from(rest.to_owned()),
        "signed-body" => request = stack.signed("ListAliases", rest),
        "sized" => request = stack.signed("ListAliases", &" ".repeat(rest.parse().unwrap())),
        "multipart" => request = multipart(stack, rest),
        _ => panic!("no such change: {change}"),
    }
    request
}

fn multipart(stack: &Stack, body: &str) -> Request {
    let content_type = "multipart/form-data; boundary=x";
    let call = tc3::Call { method: "POST", host: HOST, query: "", content_type, body: body.as_bytes() };
    let account = &stack.api.account;
    let key = tc3::Key { secret_id: &account.secret_id, secret_key: &account.secret_key };
    let authorization = tc3::sign(&call, key, "gse", stack.clock.now().seconds());
    let mut request = stack.signed("ListAliases", body);
    let headers = request.headers_mut();
    headers.insert("Content-Type", HeaderValue::from_static("multipart/form-data; boundary=x"));
    headers.insert("Authorization", HeaderValue::from_str(&authorization).unwrap());
    request
}
