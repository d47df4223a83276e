//! Figures through the wire: a minute of a fleet and of an instance on a clock that is set, and `/metrics`.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::Request;
use gse_api::admission::AuthMode;
use gse_core::id::InstanceId;
use gse_core::monitoring::InstanceUsage;
use gse_core::time::Timestamp;
use http::StatusCode;
use serde_json::{Value, json};

use super::stack::{NOW, Refused, Stack, answer};
use crate::config::MetricsAccess;
use crate::http::serve::Peer;

const PATH: &str = "/opengse/DescribeMonitoring";

impl Stack {
    async fn monitoring(&self, body: Value) -> Result<Value, Refused> {
        let mut request = self.signed("DescribeMonitoring", &body.to_string());
        *request.uri_mut() = PATH.parse().unwrap();
        answer(self.send(request).await).await
    }

    pub(super) async fn metrics_from(&self, peer: &str) -> (StatusCode, String) {
        let mut request = Request::get("/metrics").header("Host", "x").body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer(peer.parse::<IpAddr>().unwrap()));
        self.send_for_text(request).await
    }

    fn minute(&self, number: i64) {
        self.clock.set(Timestamp::from_seconds(NOW + number * 60));
    }
}

/// The metric of that name.
fn metric<'a>(answered: &'a Value, name: &str) -> &'a Value {
    let metrics = answered["Metrics"].as_array().unwrap();
    metrics.iter().find(|metric| metric["Name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

#[tokio::test]
async fn a_session_is_seen_in_the_minute_in_which_it_is() {
    let stack = Stack::start();
    let fleet = stack.fleet(2).await;
    stack.minute(1);
    // What is due is sampled before the answer.
    stack.monitoring(json!({ "FleetId": fleet })).await.unwrap();
    let session = stack.session(&fleet, 4).await;
    let join = json!({ "GameServerSessionId": session, "PlayerId": "alice" });
    stack.done("JoinGameServerSession", join).await;
    stack.minute(2);
    let answered = stack.monitoring(json!({ "FleetId": fleet })).await.unwrap();
    assert_eq!(answered["Period"], 60);
    assert_eq!(answered["Times"], json!(["2021-01-01T12:00:00Z", "2021-01-01T12:01:00Z"]));
    assert_eq!(answered["EndTime"], "2021-01-01T12:02:00Z");
    for (name, kind, unit, values) in [
        ("ActiveGameServerSessions", "Gauge", "Count", json!([0.0, 1.0])),
        ("AvailableGameServerSessions", "Gauge", "Count", json!([2.0, 1.0])),
        ("PercentAvailableGameServerSessions", "Gauge", "Percent", json!([100.0, 50.0])),
        ("IdleInstances", "Gauge", "Count", json!([1.0, 0.0])),
        ("CurrentPlayerSessions", "Gauge", "Count", json!([0.0, 1.0])),
        ("ServerProcessActivations", "Counter", "Count", json!([2.0, 0.0])),
    ] {
        let metric = metric(&answered, name);
        assert_eq!((&metric["Kind"], &metric["Unit"]), (&json!(kind), &json!(unit)), "{name}");
        assert_eq!(metric["Values"], values, "{name}");
    }

    let longer = json!({ "FleetId": fleet, "Period": 3600, "MetricNames": ["CurrentPlayerSessions", "ServerProcessActivations"] });
    let longer = stack.monitoring(longer).await.unwrap();
    assert_eq!(longer["Times"], json!(["2021-01-01T12:00:00Z"]));
    assert_eq!(longer["Metrics"].as_array().unwrap().len(), 2);
    let players = metric(&longer, "CurrentPlayerSessions");
    assert_eq!(
        (&players["Values"], &players["Minimum"], &players["Maximum"]),
        (&json!([0.5]), &json!([0.0]), &json!([1.0]))
    );
    assert_eq!(metric(&longer, "ServerProcessActivations")["Values"], json!([2.0]));
}

#[tokio::test]
async fn an_instance_tells_what_was_measured_and_null_for_what_was_not() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let instance = stack.done("DescribeInstances", json!({ "FleetId": fleet })).await;
    let instance = instance["Instances"][0]["InstanceId"].as_str().unwrap().to_owned();
    let usage = InstanceUsage { cpu_milli_percent: Some(12_345), ..InstanceUsage::default() };
    stack.api.engine.measured(vec![(InstanceId::new(instance.as_str()), usage)]).await;
    // Reads are in order, so whoever has this answer knows that it was taken up.
    stack.monitoring(json!({ "InstanceId": instance })).await.unwrap();
    stack.minute(1);
    let answered = stack.monitoring(json!({ "InstanceId": instance })).await.unwrap();
    for (name, value) in [
        ("CpuUtilization", json!([12.345])),
        ("MemoryUsed", json!([null])),
        ("PublicInBandwidth", json!([null])),
        ("ActiveServerProcesses", json!([1.0])),
    ] {
        assert_eq!(metric(&answered, name)["Values"], value, "{name}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_the_member() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    for (body, code, words) in [
        (json!({}), "InvalidParameterValue", "`InstanceId`"),
        (json!({ "FleetId": fleet, "InstanceId": "ins-1" }), "InvalidParameterValue", "not several"),
        (json!({ "FleetId": "fleet-x" }), "ResourceNotFound", "fleet-x"),
        (json!({ "InstanceId": "ins-x" }), "ResourceNotFound", "ins-x"),
        (json!({ "GameServerSessionQueueName": "none" }), "ResourceNotFound", "none"),
        (json!({ "FleetId": fleet, "Period": 61 }), "InvalidParameterValue", "86400"),
        (json!({ "FleetId": fleet, "MetricNames": ["Cpu"] }), "InvalidParameterValue", "IdleInstances"),
        (json!({ "FleetId": fleet, "BeginTime": "soon" }), "InvalidParameterValue", "BeginTime"),
        (json!({ "FleetId": fleet, "BeginTime": "2022-01-01 00:00:00" }), "InvalidParameterValue", "before"),
        (json!({ "Fleet": fleet }), "InvalidParameter", "Fleet"),
    ] {
        let (found, message) = stack.monitoring(body.clone()).await.unwrap_err();
        assert!(found == code && message.contains(words), "{body}: {found}: {message}");
    }
}

#[tokio::test]
async fn a_queue_tells_where_it_placed() {
    let stack = Stack::start();
    let fleet = stack.fleet(1).await;
    let name = format!("qcs::gse:ap-shanghai:uin/100000000001:fleet/{fleet}");
    let queue =
        json!({ "Name": "q1", "Destinations": [{ "DestinationArn": name }], "TimeoutInSeconds": 600 });
    stack.done("CreateGameServerSessionQueue", queue).await;
    let request =
        json!({ "PlacementId": "p1", "GameServerSessionQueueName": "q1", "MaximumPlayerSessionCount": 2 });
    stack.done("StartGameServerSessionPlacement", request).await;
    stack
        .wait("DescribeGameServerSessionPlacement", json!({ "PlacementId": "p1" }), |answer| {
            answer["GameServerSessionPlacement"]["Status"] == "FULFILLED"
        })
        .await;
    stack.minute(1);
    let answered = stack.monitoring(json!({ "GameServerSessionQueueName": "q1" })).await.unwrap();
    for (name, values) in [
        ("PlacementsStarted", json!([1.0])),
        ("PlacementsSucceeded", json!([1.0])),
        ("PlacementIn-ap-shanghai", json!([1.0])),
        ("QueueDepth", json!([0.0])),
    ] {
        assert_eq!(metric(&answered, name)["Values"], values, "{name}");
    }
    // A region that it never placed in is no mistake.
    let elsewhere = json!({ "GameServerSessionQueueName": "q1", "MetricNames": ["PlacementIn-ap-tokyo"] });
    assert_eq!(stack.monitoring(elsewhere).await.unwrap()["Metrics"], json!([]));
    let (_, text) = stack.metrics_from("127.0.0.1").await;
    let line =
        "gse_queue_placement_in_total{queue=\"q1\",region=\"ap-shanghai\",placed_in=\"ap-shanghai\"} 1\n";
    assert!(text.contains(line), "{text}");
}

#[tokio::test]
async fn figures_for_prometheus_are_those_of_now() {
    let stack = Stack::start();
    let fleet = stack.fleet(2).await;
    stack.session(&fleet, 4).await;
    let (status, text) = stack.metrics_from("127.0.0.1").await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        "# TYPE gse_fleet_active_game_server_sessions gauge".to_owned(),
        format!("gse_fleet_active_game_server_sessions{{fleet=\"{fleet}\",region=\"ap-shanghai\"}} 1"),
        format!(
            "gse_fleet_percent_available_game_server_sessions{{fleet=\"{fleet}\",region=\"ap-shanghai\"}} 50"
        ),
        format!("gse_fleet_server_process_activations_total{{fleet=\"{fleet}\",region=\"ap-shanghai\"}} 2"),
        "# TYPE gse_commits_total counter".to_owned(),
        "gse_calls_refused_by_overload_total 0".to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` is missing in\n{text}");
    }
    let count = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse::<f64>().unwrap()
    };
    assert!(count("gse_commits_total ") > 0.0 && count("gse_calls_total ") > 1.0, "{text}");
    assert!(!text.contains(&stack.api.account.secret_key) && !text.contains("psess-"));
}

#[tokio::test]
async fn who_is_elsewhere_gets_no_figures_unless_they_are_open() {
    for (access, peer, wanted) in [
        (MetricsAccess::Loopback, "127.0.0.1", StatusCode::OK),
        (MetricsAccess::Loopback, "::ffff:127.0.0.1", StatusCode::OK),
        (MetricsAccess::Loopback, "192.0.2.1", StatusCode::FORBIDDEN),
        (MetricsAccess::Open, "192.0.2.1", StatusCode::OK),
        (MetricsAccess::Off, "127.0.0.1", StatusCode::NOT_FOUND),
    ] {
        let stack = Stack::start_with(AuthMode::Required, |config| config.metrics = access);
        assert_eq!(stack.metrics_from(peer).await.0, wanted, "{access:?} from {peer}");
    }
}
