//! The R, G and P cases of §8 that a request alone can decide, as tables of bodies and codes.

mod capacity;

use serde_json::{Value, json};

use super::{Violations, ipv4_cidr};
use crate::{
    ErrorCode::{self, InvalidParameter, InvalidParameterValue, MissingParameter},
    Request, decode, types,
};

/// A body, and the code and the path it is refused with; `None` for accepted.
type Case = (Value, Option<(ErrorCode, &'static str)>);

const OK: Option<(ErrorCode, &str)> = None;

fn missing(path: &'static str) -> Option<(ErrorCode, &'static str)> {
    Some((MissingParameter, path))
}

fn value(path: &'static str) -> Option<(ErrorCode, &'static str)> {
    Some((InvalidParameterValue, path))
}

fn incomplete(path: &'static str) -> Option<(ErrorCode, &'static str)> {
    Some((InvalidParameter, path))
}

fn table<R: Request + std::fmt::Debug>(cases: impl IntoIterator<Item = Case>) {
    for (body, expected) in cases {
        let shown: String = body.to_string().chars().take(200).collect();
        match (decode::<R>(body.to_string().as_bytes()), expected) {
            (Ok(_), None) => {}
            (Err(error), Some((code, path))) => {
                assert_eq!(error.code, code, "{shown}: {error}");
                assert!(error.message.contains(&format!("`{path}`")), "{shown}: {error}");
            }
            (found, expected) => panic!("{shown}: expected {expected:?}, found {found:?}"),
        }
    }
}

/// `base` with some members replaced; null takes one away.
fn with(base: &Value, changes: Value) -> Value {
    let mut body = base.clone();
    for (name, value) in changes.as_object().expect("changes are an object") {
        body[name] = value.clone();
    }
    body
}

fn fleet() -> Value {
    let process = json!({ "LaunchPath": "/local/game/server", "ConcurrentExecutions": 1 });
    json!({
        "AssetId": "asset-1",
        "Name": "arena",
        "InstanceType": "local",
        "RuntimeConfiguration": { "ServerProcesses": [process] },
    })
}

fn runtime(processes: Value) -> Value {
    json!({ "RuntimeConfiguration": { "ServerProcesses": processes } })
}

#[test]
fn r01_r02_r03_names_and_required_members_of_a_fleet() {
    let base = fleet();
    table::<types::CreateFleetRequest>([
        (base.clone(), OK),
        (with(&base, json!({ "Name": "房".repeat(50) })), OK),
        (with(&base, json!({ "Name": "房".repeat(51) })), value("Name")),
        (with(&base, json!({ "Name": "" })), value("Name")),
        (with(&base, json!({ "Description": "房".repeat(100) })), OK),
        (with(&base, json!({ "Description": "房".repeat(101) })), value("Description")),
        (with(&base, json!({ "Description": "" })), OK),
        (with(&base, json!({ "AssetId": null })), missing("AssetId")),
        (with(&base, json!({ "AssetId": "" })), missing("AssetId")),
        (with(&base, json!({ "Name": null })), missing("Name")),
        (with(&base, json!({ "InstanceType": null })), missing("InstanceType")),
        (with(&base, json!({ "RuntimeConfiguration": null })), missing("RuntimeConfiguration")),
        (with(&base, json!({ "RuntimeConfiguration": {} })), missing("RuntimeConfiguration.ServerProcesses")),
        (with(&base, runtime(json!([]))), missing("RuntimeConfiguration.ServerProcesses")),
        // C20 comes before every limit (§1.9).
        (with(&base, json!({ "AssetId": null, "Name": "" })), missing("AssetId")),
        (with(&base, json!({ "PeerVpcId": "null", "SubNetId": "null" })), OK),
        (with(&base, json!({ "FleetType": "SPOT" })), value("FleetType")),
    ]);
}

#[test]
fn r05_r06_inbound_permissions() {
    let base = fleet();
    let entry = json!({ "FromPort": 7000, "ToPort": 8000, "Protocol": "UDP", "IpRange": "0.0.0.1/0" });
    let case = |changes: Value, expected| -> Case {
        (with(&base, json!({ "InboundPermissions": [with(&entry, changes)] })), expected)
    };
    table::<types::CreateFleetRequest>([
        case(json!({}), OK),
        case(json!({ "FromPort": 1025, "ToPort": 60000 }), OK),
        case(json!({ "FromPort": 1024 }), value("InboundPermissions.0.FromPort")),
        case(json!({ "ToPort": 60001 }), value("InboundPermissions.0.ToPort")),
        case(json!({ "FromPort": 8001 }), value("InboundPermissions.0.FromPort")),
        case(json!({ "Protocol": "tcp" }), value("InboundPermissions.0.Protocol")),
        case(json!({ "IpRange": "10.0.0.0/33" }), value("InboundPermissions.0.IpRange")),
        case(json!({ "IpRange": null }), missing("InboundPermissions.0.IpRange")),
        case(json!({ "ToPort": null }), missing("InboundPermissions.0.ToPort")),
    ]);
}

#[test]
fn r07_r08_runtime_configuration() {
    let base = fleet();
    let process = |count: u64| json!({ "LaunchPath": "/local/game/s", "ConcurrentExecutions": count });
    let at = |path: &str| json!([{ "LaunchPath": path, "ConcurrentExecutions": 1 }]);
    let timed = |seconds: u64| {
        let configuration =
            json!({ "GameServerSessionActivationTimeoutSeconds": seconds, "ServerProcesses": [process(1)] });
        with(&base, json!({ "RuntimeConfiguration": configuration }))
    };
    const PATH: &str = "RuntimeConfiguration.ServerProcesses";
    const FIRST: &str = "RuntimeConfiguration.ServerProcesses.0.LaunchPath";
    const TIMEOUT: &str = "RuntimeConfiguration.GameServerSessionActivationTimeoutSeconds";
    table::<types::CreateFleetRequest>([
        (with(&base, runtime(json!([process(25), process(25)]))), OK),
        (with(&base, runtime(json!([process(25), process(26)]))), value(PATH)),
        (
            with(&base, runtime(json!([process(0)]))),
            value("RuntimeConfiguration.ServerProcesses.0.ConcurrentExecutions"),
        ),
        (with(&base, runtime(json!([{ "ConcurrentExecutions": 1 }]))), missing(FIRST)),
        (with(&base, runtime(at("C:\\game\\server.exe"))), OK),
        (with(&base, runtime(at("/usr/bin/server"))), value(FIRST)),
        (with(&base, runtime(at("/local/game"))), value(FIRST)),
        (timed(1), OK),
        (timed(600), OK),
        (timed(601), value(TIMEOUT)),
        (timed(0), value(TIMEOUT)),
    ]);
    // C10 and C22: a zero has a meaning of its own.
    let zeros = json!({
        "RuntimeConfiguration": { "MaxConcurrentGameServerSessionActivations": 0, "ServerProcesses": [process(1)] },
        "ResourceCreationLimitPolicy": { "NewGameServerSessionsPerCreator": 0, "PolicyPeriodInMinutes": 0 },
    });
    table::<types::CreateFleetRequest>([(with(&base, zeros), OK)]);
    table::<types::UpdateRuntimeConfigurationRequest>([
        (json!({ "FleetId": "f" }), missing("RuntimeConfiguration")),
        (json!({ "FleetId": "f", "RuntimeConfiguration": {} }), OK),
    ]);
}

#[test]
fn protection_limit_counts_under_time_limit_protection_only() {
    let base = fleet();
    let case = |policy: &str, minutes: i64, expected| -> Case {
        let changes = json!({
            "NewGameServerSessionProtectionPolicy": policy,
            "GameServerSessionProtectionTimeLimit": minutes,
        });
        (with(&base, changes), expected)
    };
    const LIMIT: &str = "GameServerSessionProtectionTimeLimit";
    table::<types::CreateFleetRequest>([
        case("TimeLimitProtection", 5, OK),
        case("TimeLimitProtection", 1440, OK),
        case("TimeLimitProtection", 4, value(LIMIT)),
        case("TimeLimitProtection", 1441, value(LIMIT)),
        case("NoProtection", 0, OK),
        case("FullProtection", 9999, OK),
        case("Sometimes", 60, value("NewGameServerSessionProtectionPolicy")),
    ]);
}

#[test]
fn disk_sizes() {
    let base = fleet();
    let system = |kind: &str, size: u64| {
        with(&base, json!({ "SystemDiskInfo": { "DiskType": kind, "DiskSize": size } }))
    };
    let data = |kind: &str, size: u64| {
        with(&base, json!({ "DataDiskInfo": [{ "DiskType": kind, "DiskSize": size }] }))
    };
    table::<types::CreateFleetRequest>([
        (system("CLOUD_PREMIUM", 50), OK),
        (system("CLOUD_PREMIUM", 500), OK),
        (system("CLOUD_PREMIUM", 49), value("SystemDiskInfo.DiskSize")),
        (system("CLOUD_PREMIUM", 501), value("SystemDiskInfo.DiskSize")),
        (system("CLOUD_SSD", 99), value("SystemDiskInfo.DiskSize")),
        (system("FLOPPY", 50), value("SystemDiskInfo.DiskType")),
        (data("CLOUD_PREMIUM", 10), OK),
        (data("CLOUD_PREMIUM", 32000), OK),
        (data("CLOUD_PREMIUM", 15), value("DataDiskInfo.0.DiskSize")),
        (data("CLOUD_PREMIUM", 32010), value("DataDiskInfo.0.DiskSize")),
        (data("CLOUD_SSD", 90), value("DataDiskInfo.0.DiskSize")),
    ]);
}

#[test]
fn r13_r14_capacity() {
    table::<types::UpdateFleetCapacityRequest>([
        (json!({ "FleetId": "f", "DesiredInstances": 0, "MinSize": 0, "MaxSize": 1 }), OK),
        (json!({ "FleetId": "f", "DesiredInstances": 5, "MaxSize": 4 }), value("DesiredInstances")),
        (json!({ "FleetId": "f", "DesiredInstances": 1, "MinSize": 2 }), value("MinSize")),
        (json!({ "FleetId": "f", "MaxSize": 0 }), value("MaxSize")),
        (json!({ "FleetId": "f", "ScalingInterval": 2 }), value("ScalingInterval")),
        (json!({ "FleetId": "f", "ScalingInterval": 31 }), value("ScalingInterval")),
        (json!({ "FleetId": "f", "ScalingInterval": 3 }), OK),
        (json!({ "FleetId": "f", "ScalingInterval": 30 }), OK),
    ]);
}

#[test]
fn r24_weights() {
    let body = |weight: i64| json!({ "FleetId": "f", "InstanceId": "i", "Weight": weight });
    table::<types::SetServerWeightRequest>([
        (body(10), OK),
        (body(11), value("Weight")),
        (body(-1), value("Weight")),
    ]);
}

#[test]
fn r25_r27_aliases() {
    let alias = |strategy: Value| json!({ "Name": "a", "RoutingStrategy": strategy });
    let fleet_id = incomplete("RoutingStrategy.FleetId");
    let message = incomplete("RoutingStrategy.Message");
    let named = |length: usize| {
        with(&alias(json!({ "Type": "SIMPLE", "FleetId": "f" })), json!({ "Name": "名".repeat(length) }))
    };
    table::<types::CreateAliasRequest>([
        (alias(json!({ "Type": "SIMPLE", "FleetId": "f" })), OK),
        (alias(json!({ "Type": "SIMPLE" })), fleet_id),
        (alias(json!({ "Type": "TERMINAL", "Message": "closed" })), OK),
        (alias(json!({ "Type": "TERMINAL" })), message),
        (alias(json!({ "Type": "simple", "FleetId": "f" })), value("RoutingStrategy.Type")),
        (alias(json!({})), missing("RoutingStrategy.Type")),
        (json!({ "Name": "a" }), missing("RoutingStrategy")),
        (named(1024), OK),
        (named(1025), value("Name")),
    ]);
    table::<types::UpdateAliasRequest>([
        (json!({ "AliasId": "a" }), OK),
        (json!({ "AliasId": "a", "RoutingStrategy": { "Type": "SIMPLE" } }), fleet_id),
    ]);
}

#[test]
fn r28_r29_queues() {
    let arn = "qcs::gse:ap-shanghai:uin/1:fleet/f-1";
    let to = |arns: &[&str]| {
        let list: Vec<_> =
            arns.iter().map(|arn| json!({ "DestinationArn": arn, "FleetStatus": "x" })).collect();
        json!({ "Name": "q", "Destinations": list })
    };
    let limits = |limits: &[u64]| {
        let list: Vec<_> =
            limits.iter().map(|ms| json!({ "MaximumIndividualPlayerLatencyMilliseconds": ms })).collect();
        json!({ "Name": "q", "PlayerLatencyPolicies": list })
    };
    let second = "PlayerLatencyPolicies.1.MaximumIndividualPlayerLatencyMilliseconds";
    table::<types::CreateGameServerSessionQueueRequest>([
        (json!({ "Name": "q".repeat(128) }), OK),
        (json!({ "Name": "q".repeat(129) }), value("Name")),
        (json!({ "Name": "a_b" }), value("Name")),
        (json!({ "Name": "q", "TimeoutInSeconds": 0 }), OK),
        (json!({ "Name": "q", "TimeoutInSeconds": 600 }), OK),
        (json!({ "Name": "q", "TimeoutInSeconds": 601 }), value("TimeoutInSeconds")),
        (to(&[arn, "qcs::gse:ap-tokyo:uin/:alias/a-1"]), OK),
        (to(&["f-1"]), value("Destinations.0.DestinationArn")),
        (to(&["qcs::gse:ap-tokyo:uin/1:queue/q"]), value("Destinations.0.DestinationArn")),
        (to(&[arn, arn]), value("Destinations.1.DestinationArn")),
        (json!({ "Name": "q", "Destinations": [{}] }), incomplete("Destinations.0.DestinationArn")),
        (limits(&[80, 100, 150]), OK),
        (limits(&[80, 80]), value(second)),
        (limits(&[100, 80]), value(second)),
    ]);
    table::<types::UpdateGameServerSessionQueueRequest>([
        (json!({ "Name": "q", "Destinations": [] }), OK),
        (to(&["f"]), value("Destinations.0.DestinationArn")),
    ]);
}

#[test]
fn r30_tags() {
    let tag = |key: &str, value: &str| json!({ "Key": key, "Value": value });
    let many = |count: usize| (0..count).map(|at| tag(&format!("k{at}"), "v")).collect::<Vec<_>>();
    let base = fleet();
    let case = |tags: Vec<Value>, expected| -> Case { (with(&base, json!({ "Tags": tags })), expected) };
    table::<types::CreateFleetRequest>([
        case(many(50), OK),
        case(many(51), value("Tags")),
        case(vec![tag(&"k".repeat(127), "")], OK),
        case(vec![tag(&"k".repeat(128), "v")], value("Tags.0.Key")),
        case(vec![tag("", "v")], value("Tags.0.Key")),
        case(vec![tag("房", &"房".repeat(85))], OK),
        case(vec![tag("房", &"房".repeat(86))], value("Tags.0.Value")),
        case(vec![tag("k", "1"), tag("k", "2")], value("Tags.1.Key")),
    ]);
}

#[test]
fn r31_r32_pages() {
    table::<types::DescribeFleetAttributesRequest>([
        (json!({ "Limit": 100 }), OK),
        (json!({ "Limit": 101 }), value("Limit")),
        (json!({ "Limit": 0 }), OK),
    ]);
    table::<types::ListAliasesRequest>([
        (json!({ "Limit": 0 }), value("Limit")),
        (json!({ "Limit": 101 }), value("Limit")),
        (json!({ "OrderBy": "Name", "OrderWay": "asc" }), OK),
        (json!({ "OrderBy": "Colour" }), value("OrderBy")),
        (json!({ "OrderWay": "up" }), value("OrderWay")),
    ]);
    table::<types::DescribeFleetCapacityRequest>([(json!({ "FleetIds": [] }), value("FleetIds"))]);
    table::<types::ListFleetsRequest>([(json!({ "Limit": 5000 }), OK)]);
    table::<types::DescribeAssetsRequest>([
        (json!({ "AssetRegion": "ap-shanghai", "Limit": -1, "Offset": 0 }), value("Limit")),
        (json!({ "AssetRegion": "shanghai", "Limit": 1, "Offset": 0 }), value("AssetRegion")),
    ]);
}

#[test]
fn section_6_3_filters() {
    let filter = |key: &str, values: &[&str]| json!({ "Filters": [{ "Key": key, "Values": values }] });
    table::<types::ListFleetsRequest>([
        (filter("resource:name", &["a"]), OK),
        (filter("resource:name", &["a", "b"]), value("Filters.0.Values")),
        (filter("resource:name", &[]), value("Filters.0.Values")),
        (filter("tag:key", &[]), OK),
        (filter("tag:key-value", &["env:prod"]), OK),
        (filter("tag:key-value", &["env"]), value("Filters.0.Values.0")),
        (filter("resource:resourceId", &["a"]), value("Filters.0.Key")),
        (json!({ "Filters": [{}] }), incomplete("Filters.0.Key")),
    ]);
}

#[test]
fn assets() {
    let base = json!({
        "AssetName": "arena", "AssetVersion": "1", "AssetRegion": "ap-shanghai",
        "BucketKey": "arena/1.ZIP", "OperateSystem": "CentOS7.16",
    });
    let key = |key: &str| with(&base, json!({ "BucketKey": key }));
    table::<types::CreateAssetRequest>([
        (base.clone(), OK),
        (key("/a.zip"), value("BucketKey")),
        (key("a/../b.zip"), value("BucketKey")),
        (key("a..b.zip"), OK),
        (key("a.tar"), value("BucketKey")),
        (key(&format!("{}.zip", "a".repeat(846))), OK),
        (key(&format!("{}.zip", "a".repeat(847))), value("BucketKey")),
        (with(&base, json!({ "OperateSystem": "Other" })), incomplete("ImageId")),
        (with(&base, json!({ "OperateSystem": "Other", "ImageId": "img-1" })), OK),
        (with(&base, json!({ "AssetName": "n".repeat(65) })), value("AssetName")),
    ]);
}

#[test]
fn g02_to_g09_creating_sessions() {
    let base = json!({ "FleetId": "f", "MaximumPlayerSessionCount": 10 });
    let set = |name: &str, value: Value| with(&base, json!({ name: value }));
    let properties = |count: usize| Value::from(vec![json!({ "Key": "k", "Value": "v" }); count]);
    let property = |key: usize, value: usize| json!([{ "Key": "k".repeat(key), "Value": "v".repeat(value) }]);
    table::<types::CreateGameServerSessionRequest>([
        (json!({ "MaximumPlayerSessionCount": 10 }), missing("FleetId")),
        (json!({ "MaximumPlayerSessionCount": 10, "FleetId": "", "AliasId": "" }), missing("FleetId")),
        (json!({ "MaximumPlayerSessionCount": 10, "AliasId": "a" }), OK),
        (json!({ "FleetId": "f" }), missing("MaximumPlayerSessionCount")),
        (set("GameProperties", properties(16)), OK),
        (set("GameProperties", properties(17)), value("GameProperties")),
        (set("GameProperties", property(32, 96)), OK),
        (set("GameProperties", property(33, 96)), value("GameProperties.0.Key")),
        (set("GameProperties", property(32, 97)), value("GameProperties.0.Value")),
        (set("IdempotencyToken", json!("t".repeat(48))), OK),
        (set("IdempotencyToken", json!("t".repeat(49))), value("IdempotencyToken")),
        (set("GameServerSessionData", json!("d".repeat(4096))), OK),
        (set("GameServerSessionData", json!("d".repeat(4097))), value("GameServerSessionData")),
        (set("Name", json!("n".repeat(1024))), OK),
        (set("Name", json!("n".repeat(1025))), value("Name")),
        (set("Name", json!("房".repeat(342))), value("Name")),
        (set("MaximumPlayerSessionCount", json!(0)), OK),
        (set("MaximumPlayerSessionCount", json!(200)), OK),
        (set("MaximumPlayerSessionCount", json!(201)), value("MaximumPlayerSessionCount")),
        (set("MaximumPlayerSessionCount", json!(u64::MAX)), value("MaximumPlayerSessionCount")),
        (set("GameServerSessionId", json!("my_game-1.a")), OK),
        (set("GameServerSessionId", json!("a/b")), value("GameServerSessionId")),
    ]);
}

#[test]
fn g19_to_g25_players() {
    let id = "s".repeat(130);
    let players = |count: usize| (0..count).map(|at| format!("p{at}")).collect::<Vec<_>>();
    let batch = |players: Vec<String>| json!({ "GameServerSessionId": id, "PlayerIds": players });
    let data = |data: Value| with(&batch(players(2)), json!({ "PlayerDataMap": data }));
    table::<types::JoinGameServerSessionBatchRequest>([
        (batch(players(25)), OK),
        (batch(players(26)), value("PlayerIds")),
        (batch(vec![]), value("PlayerIds")),
        (batch(vec!["a".into(), "a".into()]), value("PlayerIds.1")),
        (batch(vec!["a".repeat(1025)]), value("PlayerIds.0")),
        (data(json!({ "Key": "p1", "Value": "x" })), OK),
        (data(json!({ "Key": "p9", "Value": "x" })), value("PlayerDataMap.Key")),
        (data(json!([{ "Key": "p1", "Value": "x" }])), incomplete("PlayerDataMap")),
    ]);
    let join = |player: usize, data: usize| json!({ "GameServerSessionId": id, "PlayerId": "p".repeat(player), "PlayerData": "d".repeat(data) });
    table::<types::JoinGameServerSessionRequest>([
        (join(1024, 2048), OK),
        (join(1025, 1), value("PlayerId")),
        (join(1, 2049), value("PlayerData")),
        (json!({ "GameServerSessionId": "s".repeat(4353), "PlayerId": "p" }), value("GameServerSessionId")),
    ]);
    table::<types::DescribePlayerSessionsRequest>([(json!({}), missing("PlayerSessionId"))]);
    table::<types::DescribeInstancesRequest>([
        (json!({}), missing("FleetId")),
        (json!({ "InstanceId": "i" }), OK),
    ]);
}

#[test]
fn g32_placements() {
    let base =
        json!({ "PlacementId": "p", "GameServerSessionQueueName": "q", "MaximumPlayerSessionCount": 2 });
    let set = |changes: Value| with(&base, changes);
    let desired = |players: &[&str]| {
        let list: Vec<_> = players.iter().map(|id| json!({ "PlayerId": id, "PlayerData": "d" })).collect();
        set(json!({ "DesiredPlayerSessions": list }))
    };
    table::<types::StartGameServerSessionPlacementRequest>([
        (set(json!({ "PlacementId": "p".repeat(48) })), OK),
        (set(json!({ "PlacementId": "p".repeat(49) })), value("PlacementId")),
        (set(json!({ "PlacementId": "a_b" })), value("PlacementId")),
        (set(json!({ "MaximumPlayerSessionCount": 0 })), value("MaximumPlayerSessionCount")),
        (set(json!({ "MaximumPlayerSessionCount": 201 })), value("MaximumPlayerSessionCount")),
        (desired(&["a", "b"]), OK),
        (desired(&["a", "b", "c"]), value("DesiredPlayerSessions")),
        (desired(&["a", "a"]), value("DesiredPlayerSessions.1.PlayerId")),
        (
            set(json!({ "DesiredPlayerSessions": [{ "PlayerId": "a" }] })),
            missing("DesiredPlayerSessions.0.PlayerData"),
        ),
        (
            set(json!({ "PlayerLatencies": [{ "PlayerId": "a" }] })),
            incomplete("PlayerLatencies.0.RegionIdentifier"),
        ),
    ]);
}

#[test]
fn g42_g43_g44_sessions_are_selected() {
    table::<types::EndGameServerSessionAndProcessRequest>([
        (json!({}), missing("GameServerSessionId")),
        (json!({ "IpAddress": "10.0.0.1" }), missing("Port")),
        (json!({ "Port": 7000 }), missing("IpAddress")),
        (json!({ "IpAddress": "10.0.0.1", "Port": 1024 }), value("Port")),
        (json!({ "IpAddress": "10.0.0.1", "Port": 60000 }), OK),
        (json!({ "GameServerSessionId": "s", "Port": 7000 }), OK),
    ]);
    table::<types::DescribeGameServerSessionsRequest>([
        (json!({}), missing("GameServerSessionId")),
        (json!({ "GameServerSessionId": "s".repeat(130) }), OK),
        (json!({ "FleetId": "f", "StatusFilter": "DONE" }), value("StatusFilter")),
    ]);
    table::<types::SearchGameServerSessionsRequest>([
        (json!({}), incomplete("FleetId")),
        (json!({ "AliasId": "a", "FilterExpression": "x".repeat(4097) }), value("FilterExpression")),
    ]);
    table::<types::DescribeFleetEventsRequest>([
        (json!({ "FleetId": "f", "EventCode": "SERVER_PROCESS_CRASHED" }), OK),
        (json!({ "FleetId": "f", "EventCode": "FLEET_STATE_ASSETING" }), OK),
        (json!({ "FleetId": "f", "EventCode": "PARTY" }), value("EventCode")),
    ]);
}

#[test]
fn long_values_are_shortened_in_messages() {
    let error = crate::ApiError::invalid_value("X", &"房".repeat(500), "");
    assert_eq!(
        error.message,
        format!("The value `{}` specified in the parameter `X` is not valid.", "房".repeat(128))
    );
}

#[test]
fn paths_are_ordered_by_part() {
    let mut violations = Violations::default();
    violations.value("B.10.A", 1, "");
    violations.value("B.9.Z", 2, "");
    violations.value("C", 3, "");
    let first = violations.first().expect("there are three");
    assert!(first.message.contains("`B.9.Z`"));
    let mut violations = Violations::default();
    violations.value("A", 1, "");
    violations.missing("Z");
    assert_eq!(violations.first().expect("there are two").code, MissingParameter);
}

#[test]
fn address_ranges() {
    for good in ["0.0.0.0/0", "10.0.0.1/32", "0.0.0.1/0"] {
        assert!(ipv4_cidr(good), "{good}");
    }
    for bad in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/08", "::/0", "10.0.0.0/"]
    {
        assert!(!ipv4_cidr(bad), "{bad}");
    }
}
