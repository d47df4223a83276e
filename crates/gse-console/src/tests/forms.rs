//! Forms of their own: scaling, canary, rows, what does not apply, what is uploaded.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use futures_util::{StreamExt as _, stream};
use gse_api::Action;
use http::{StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;

use super::{Browser, FLEET, HOST};
use crate::Stopping;

#[tokio::test]
async fn scaling_is_one_form() {
    let mut browser = Browser::new();
    let page = browser.get(&format!("/console/fleets/{FLEET}/scale")).await.text;
    assert!(page.contains("id=\"max\" name=\"max\" type=\"number\" min=\"1\" value=\"3\""), "{page}");
    let range = [("min", "0"), ("max", "5"), ("desired", ""), ("cool_down", "7"), ("buffer", "25")];
    let automatic = [&[("mode", "automatic")], &range[..]].concat();
    let seen = browser.post(&format!("/console/fleets/{FLEET}/scale"), &automatic).await;
    assert_eq!((seen.status, seen.location()), (StatusCode::SEE_OTHER, "/console/fleets/fleet-1-2/scaling"));
    let wanted = json!({ "FleetId": FLEET, "MinSize": 0, "MaxSize": 5, "ScalingInterval": 7 });
    assert_eq!(browser.bodies(Action::UpdateFleetCapacity), [wanted]);
    let put = &browser.bodies(Action::PutScalingPolicy)[0];
    assert_eq!(
        (&put["PolicyType"], &put["TargetConfiguration"]),
        (&json!("TargetBased"), &json!({ "TargetValue": 25 }))
    );
    assert!(browser.bodies(Action::StopFleetActions).is_empty());

    browser
        .post(&format!("/console/fleets/{FLEET}/scale"), &[&[("mode", "manual")], &range[..]].concat())
        .await;
    let stop = json!({ "FleetId": FLEET, "Actions": ["AUTO_SCALING"] });
    assert_eq!(browser.bodies(Action::StopFleetActions), [stop]);
    assert_eq!(browser.bodies(Action::PutScalingPolicy).len(), 1, "no policy by hand");
    let without = [("mode", "automatic"), ("max", "5"), ("buffer", "")];
    browser.post(&format!("/console/fleets/{FLEET}/scale"), &without).await;
    assert_eq!(browser.bodies(Action::PutScalingPolicy).len(), 1, "no buffer, no policy");
    let wrong = [("mode", "manual"), ("min", "many")];
    let seen = browser.post(&format!("/console/fleets/{FLEET}/scale"), &wrong).await;
    assert!(seen.status == StatusCode::BAD_REQUEST && seen.text.contains("not `many`"), "{}", seen.text);
}

#[tokio::test]
async fn a_canary_is_set_and_ended() {
    let mut browser = Browser::new();
    let page = browser.get("/console/aliases/alias-2").await.text;
    assert!(page.contains("id=\"form-canary\"") && page.contains("End the canary"), "{page}");
    let seen = browser
        .post("/console/aliases/alias-2/canary", &[("do", "set"), ("fleet", FLEET), ("percent", "25")])
        .await;
    assert_eq!(seen.location(), "/console/aliases/alias-2");
    browser
        .post("/console/aliases/alias-2/canary", &[("do", "end"), ("fleet", FLEET), ("percent", "25")])
        .await;
    let wanted = [
        json!({ "AliasId": "alias-2", "FleetId": FLEET, "Percent": 25 }),
        json!({ "AliasId": "alias-2", "Percent": 0 }),
    ];
    assert_eq!(browser.bodies_of("SetAliasCanary"), wanted);
    // A terminal alias leads nowhere, so it has none.
    assert!(!browser.get("/console/aliases/alias-1").await.text.contains("form-canary"));
}

#[tokio::test]
async fn what_does_not_apply_is_not_sent() {
    let mut browser = Browser::new();
    let fields = [
        ("Name", "a"),
        ("RoutingStrategy.Type", "TERMINAL"),
        ("RoutingStrategy.FleetId", FLEET),
        ("RoutingStrategy.Message", "over"),
    ];
    browser.post("/console/do/CreateAlias", &fields).await;
    let wanted = json!({ "Name": "a", "RoutingStrategy": { "Type": "TERMINAL", "Message": "over" } });
    assert_eq!(browser.bodies(Action::CreateAlias), [wanted]);
}

#[tokio::test]
async fn what_is_offered_can_be_changed() {
    let mut browser = Browser::new();
    let path =
        "/console/do/CreateFleet?AssetId=asset-1&%7ERuntimeConfiguration.ServerProcesses.0.LaunchPath=%2Fx";
    let page = browser.get(path).await.text;
    assert!(page.contains("<output class=\"user\">asset-1</output>"), "{page}");
    assert!(
        page.contains(
            "name=\"RuntimeConfiguration.ServerProcesses.0.LaunchPath\" type=\"text\" value=\"/x\""
        )
    );
    let page = browser.get("/console/do/CreateAlias").await.text;
    assert!(page.contains("<option value=\"SIMPLE\" selected>"), "{page}");
}

#[tokio::test]
async fn a_timer_is_written_in_dates_and_days() {
    let mut browser = Browser::new();
    let part = |name: &str| format!("TimerScalingPolicy.{name}");
    let names = [
        "TimerName",
        "TimerFleetCapacity.FleetId",
        "TimerFleetCapacity.ScalingType",
        "TimerFleetCapacity.TargetConfiguration.TargetValue",
        "TimerConfiguration.TimerType",
        "TimerConfiguration.BeginTime",
        "TimerConfiguration.EndTime",
        "TimerConfiguration.TimerValue.WeekDays.1",
        "TimerConfiguration.TimerValue.WeekDays.4",
        "TimerConfiguration.TimerValue.Day",
    ]
    .map(part);
    let values =
        ["evenings", FLEET, "1", "30", "4", "2026-12-01T18:00", "2026-12-31T18:00:30", "2", "5", "3"];
    let fields: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(values).collect();
    browser.post("/console/do/PutTimerScalingPolicy", &fields).await;
    let wanted = json!({ "TimerScalingPolicy": {
        "TimerName": "evenings",
        "TimerFleetCapacity": { "FleetId": FLEET, "ScalingType": 1 },
        "TimerConfiguration": {
            "TimerType": 4, "BeginTime": "2026-12-01T18:00:00Z", "EndTime": "2026-12-31T18:00:30Z",
            "TimerValue": { "WeekDays": [2, 5] },
        },
    } });
    assert_eq!(browser.bodies(Action::PutTimerScalingPolicy), [wanted]);
}

#[tokio::test]
async fn rows_are_moved_and_removed_without_a_call() {
    let mut browser = Browser::new();
    let fields = [
        ("Name", "q"),
        ("Destinations.0.DestinationArn", "first"),
        ("Destinations.1.DestinationArn", "second"),
        ("_edit", "up Destinations.1"),
    ];
    let page = browser.post("/console/do/CreateGameServerSessionQueue", &fields).await.text;
    assert!(page.find("selected>second").unwrap() < page.find("selected>first").unwrap(), "{page}");
    let fields = [&fields[..3], &[("_edit", "drop Destinations.0")]].concat();
    let page = browser.post("/console/do/CreateGameServerSessionQueue", &fields).await.text;
    assert!(page.contains("selected>second") && !page.contains("selected>first"), "{page}");
    for odd in ["drop", "drop x", "up Destinations.0", "down Destinations.99999999999999999999", "fly a.1"] {
        let fields = [&fields[..3], &[("_edit", odd)]].concat();
        let seen = browser.post("/console/do/CreateGameServerSessionQueue", &fields).await;
        assert_eq!(seen.status, StatusCode::OK, "{odd}");
    }
    assert!(browser.bodies(Action::CreateGameServerSessionQueue).is_empty());
}

#[tokio::test]
async fn lists_are_filtered_by_name_and_tag() {
    let mut browser = Browser::new();
    let tag = json!([{ "Key": "tag:key-value", "Values": ["env:prod"] }]);
    browser.get("/console/aliases?tag=env%3Aprod").await;
    assert_eq!(browser.bodies(Action::ListAliases)[0]["Filters"], tag);
    browser.get("/console/assets?tag=env&name=are").await;
    let asked = &browser.bodies(Action::DescribeAssets)[0];
    assert_eq!(asked["Filter"], "are");
    assert_eq!(asked["Filters"], json!([{ "Key": "tag:key", "Values": ["env"] }]));
    browser.get("/console/fleets?name=n&tag=env%3Aprod").await;
    let name = json!({ "Key": "resource:name", "Values": ["n"] });
    assert_eq!(browser.bodies(Action::ListFleets), [json!({ "Filters": [name, tag[0]] })]);
    assert_eq!(browser.bodies(Action::DescribeFleetAttributes)[0]["FleetIds"], json!([FLEET]));
}

/// A browser that is still sending would see a lost connection if its body were not read.
#[tokio::test]
async fn a_refused_upload_is_read_to_its_end_and_told_why() {
    let mut browser = Browser::new();
    let token = browser.get("/console/assets/upload").await.token().to_owned();
    let (sent, counted) = tokio::sync::mpsc::unbounded_channel();
    let pieces = stream::iter(0..200).map(move |piece| {
        let _ = sent.send(piece);
        Ok::<_, std::convert::Infallible>(Bytes::from_static(&[0; 1024]))
    });
    let cookie = format!("{}={}", browser.cookies[0].0, browser.cookies[0].1);
    let put = Request::put("/console/upload?name=a&version=1&os=CentOS7.16")
        .header(header::HOST, HOST)
        .header(header::COOKIE, cookie)
        .header("x-csrf-token", token)
        .body(Body::from_stream(pieces))
        .unwrap();
    let response = browser.router.clone().oneshot(put).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let text = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(text, "FailedOperation: No. (AccessDenied)");
    assert_eq!(counted.len(), 200);
    let put = Request::put("/console/upload?name=&version=1&os=x").header("x-csrf-token", "wrong");
    let seen = browser.send(put, "body".into()).await;
    assert!(seen.status == StatusCode::FORBIDDEN && !seen.text.contains('<'), "{}", seen.text);
}

#[tokio::test]
async fn a_stream_ends_when_the_service_stops() {
    let browser = Browser::new();
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let mut request = Request::get("/console/live?page=%2Fconsole%2Ffleets").body(Body::empty()).unwrap();
    request.extensions_mut().insert(Stopping(stopping));
    let mut body = browser.router.oneshot(request).await.unwrap().into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"retry:"));
    stop.send_replace(true);
    let rest = tokio::time::timeout(Duration::from_secs(20), async { body.frame().await.is_none() });
    assert!(rest.await.expect("it ends before it would by itself"));
}

/// What could not be read is not there to be chosen, so a queue's target may be typed as well.
#[tokio::test]
async fn a_list_that_is_not_whole_is_an_offer_only() {
    let form = "/console/do/CreateGameServerSessionQueue";
    let field = "name=\"Destinations.0.DestinationArn\"";
    let typed = "list=\"destinations\"";
    let mut browser = Browser::new();
    let whole = browser.get(form).await.text;
    assert!(whole.contains(field) && !whole.contains(typed), "{whole}");
    let mut browser = Browser::with_login(true);
    let token = browser.get("/console").await.token().to_owned();
    let key = [("secret_id", "near"), ("secret_key", "k"), ("_token", &*token)];
    browser.post_as_is("/console/login", &key).await;
    let partial = browser.get(form).await.text;
    assert!(partial.contains(field) && partial.contains(typed), "{partial}");
    assert!(partial.contains("ap-shanghai → "), "what is known is offered: {partial}");
}
