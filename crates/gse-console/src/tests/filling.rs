//! Forms that are filled in otherwise than they were meant: emptied, refused, left.

use gse_api::Action;
use http::StatusCode;
use serde_json::json;

use super::{Browser, FLEET};

#[tokio::test]
async fn an_emptied_list_is_sent_empty() {
    let mut browser = Browser::new();
    let form = browser.get("/console/do/UpdateGameServerSessionQueue?Name=q").await;
    let had = form.hidden_value("_had").to_owned();
    assert_eq!(had, "Destinations PlayerLatencyPolicies TimeoutInSeconds");
    let fields = [
        ("Name", "q"),
        ("TimeoutInSeconds", "60"),
        ("Destinations.0.DestinationArn", "arn-1"),
        ("_had", &had),
    ];
    // A row is taken out, and the form that comes then is sent.
    let row = [("PlayerLatencyPolicies.0.MaximumIndividualPlayerLatencyMilliseconds", "80")];
    let edit = [("_edit", "drop PlayerLatencyPolicies.0")];
    let edited = [&fields[..], &row, &edit].concat();
    let without = browser.post("/console/do/UpdateGameServerSessionQueue", &edited).await;
    assert_eq!(without.hidden_value("_had"), had);
    let sent = browser.post("/console/do/UpdateGameServerSessionQueue", &fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let destinations = json!([{ "DestinationArn": "arn-1" }]);
    let wanted = json!({ "Name": "q", "TimeoutInSeconds": 60, "Destinations": destinations, "PlayerLatencyPolicies": [] });
    assert_eq!(browser.bodies(Action::UpdateGameServerSessionQueue), [wanted]);
}

#[tokio::test]
async fn what_cannot_be_emptied_says_so() {
    let mut browser = Browser::new();
    let form = browser.get("/console/do/UpdateAlias?AliasId=alias-1").await;
    let fields = [
        ("AliasId", "alias-1"),
        ("Name", "a"),
        ("RoutingStrategy.Type", "TERMINAL"),
        ("RoutingStrategy.Message", "over"),
        ("Description", ""),
        ("_had", form.hidden_value("_had")),
    ];
    let seen = browser.post("/console/do/UpdateAlias", &fields).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.text.contains("`Description` cannot be emptied"), "{}", seen.text);
    assert!(browser.bodies(Action::UpdateAlias).is_empty());
    // One that had no description may stay so, and a fleet's can be emptied.
    browser.post("/console/do/UpdateAlias", &fields[..5]).await;
    assert_eq!(browser.bodies(Action::UpdateAlias).len(), 1);
    let fields = [("FleetId", FLEET), ("Name", "f"), ("Description", ""), ("_had", "Description Name")];
    browser.post("/console/do/UpdateFleetAttributes", &fields).await;
    let wanted = json!({ "FleetId": FLEET, "Name": "f", "Description": "" });
    assert_eq!(browser.bodies(Action::UpdateFleetAttributes), [wanted]);
    // Where something is made, nothing is there that could be emptied.
    assert!(!browser.get("/console/do/CreateFleet").await.text.contains("name=\"_had\""));
}

#[tokio::test]
async fn a_refused_range_leaves_the_mode() {
    let mut browser = Browser::new();
    let path = format!("/console/fleets/{FLEET}/scale");
    let fields = [("mode", "manual"), ("min", "0"), ("max", "1"), ("desired", "5")];
    let seen = browser.post(&path, &fields).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.text.contains("InvalidParameterValue"), "{}", seen.text);
    assert!(browser.bodies(Action::StopFleetActions).is_empty(), "automatic as before");
    // Taken, it is the number whatever a policy said until it was stopped.
    browser.post(&path, &[&fields[..3], &[("desired", "1")]].concat()).await;
    let calls: Vec<String> = browser.calls.lock().unwrap().iter().map(|(name, ..)| name.clone()).collect();
    let changes: Vec<&str> =
        calls.iter().map(String::as_str).filter(|name| !name.starts_with("Describe")).collect();
    let capacity = Action::UpdateFleetCapacity.name();
    assert_eq!(changes, [capacity, capacity, Action::StopFleetActions.name(), capacity]);
}

#[tokio::test]
async fn a_refused_canary_stays_as_it_was_filled_in() {
    let mut browser = Browser::new();
    let fields = [("do", "set"), ("fleet", FLEET), ("percent", "37")];
    let seen = browser.post("/console/aliases/alias-2/canary", &fields).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.text.contains("required value=\"37\"") && seen.text.contains("InvalidParameterValue"));
    assert!(!seen.text.contains("data-live"), "what was refused stays in sight");
    // Without a percentage nothing is asked for: none would end the canary.
    let asked = browser.bodies_of("SetAliasCanary").len();
    let seen = browser.post("/console/aliases/alias-2/canary", &[("do", "set"), ("percent", "half")]).await;
    assert!(seen.status == StatusCode::BAD_REQUEST && seen.text.contains("from 1 to 99"), "{}", seen.text);
    assert_eq!(browser.bodies_of("SetAliasCanary").len(), asked);
    let again = browser.get("/console/aliases/alias-2/canary").await;
    assert_eq!(again.location(), "/console/aliases/alias-2");
}

#[tokio::test]
async fn a_refused_filter_stays_with_what_was_filled_in() {
    let mut browser = Browser::new();
    let seen =
        browser.get(&format!("/console/fleets/{FLEET}/events?code=foo+bar&from=2021-01-01T10:00")).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(
        seen.text.contains("<option selected>foo bar") && seen.text.contains("value=\"2021-01-01T10:00\"")
    );
    assert!(
        seen.text.contains("class=\"tabs\"") && seen.text.contains("InvalidParameterValue"),
        "{}",
        seen.text
    );
    assert!(!seen.text.contains("data-live"), "it would never be another");
    let seen = browser.get(&format!("/console/fleets/{FLEET}/events?code=SERVER_DOWN")).await;
    assert!(
        seen.text.contains("<option selected>SERVER_DOWN") && seen.text.contains("<table"),
        "{}",
        seen.text
    );
    for tab in ["usage", "history"] {
        let question = "from=2021-01-02T10:00&to=2021-01-01T10:00";
        let seen = browser.get(&format!("/console/statistics/{tab}?{question}")).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST);
        let kept = seen.text.contains("value=\"2021-01-02T10:00\"")
            && seen.text.contains("value=\"2021-01-01T10:00\"");
        assert!(kept && seen.text.contains("InvalidParameterValue"), "{}", seen.text);
    }
}

#[tokio::test]
async fn what_is_optional_is_chosen() {
    let mut browser = Browser::new();
    let limit = "RuntimeConfiguration.MaxConcurrentGameServerSessionActivations";
    let choice = format!("_choice.{limit}");
    let page = browser.get("/console/do/CreateFleet").await.text;
    let select = page.split_once(&format!("name=\"{choice}\"")).unwrap().1;
    assert!(
        select.contains("value=\"no\" selected>Unlimited") && select.contains("max=\"20000\""),
        "{select}"
    );
    assert!(
        page.contains("name=\"_choice.CcnInfos\"") && page.contains("data-when=\"_choice.CcnInfos=yes\"")
    );
    // Where a copy says when it is associated, that is the choice.
    assert!(!browser.get("/console/do/CopyFleet?FleetId=fleet-1-2").await.text.contains("_choice.CcnInfos"));
    let fields = |limited: &'static str, number: &'static str| {
        [
            ("Name".to_owned(), "f"),
            (choice.clone(), limited),
            (limit.to_owned(), number),
            ("_choice.CcnInfos".to_owned(), "no"),
            ("CcnInfos.0.CcnId".to_owned(), "ccn-1"),
        ]
    };
    for fields in [fields("no", "7"), fields("yes", "7"), fields("yes", "")] {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (&**name, *text)).collect();
        let seen = browser.post("/console/do/CreateFleet", &fields).await;
        if fields[2].1.is_empty() {
            assert!(seen.text.contains("is chosen and has no value"), "{}", seen.text);
            assert!(seen.text.contains("value=\"yes\" selected>Limited"), "{}", seen.text);
        }
    }
    let limited = json!({ "MaxConcurrentGameServerSessionActivations": 7 });
    let wanted = [json!({ "Name": "f" }), json!({ "Name": "f", "RuntimeConfiguration": limited })];
    assert_eq!(browser.bodies(Action::CreateFleet), wanted);
}

/// The field of that name, as far as it says what it takes.
fn field<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!(" name=\"{name}\"")).unwrap();
    rest.split('>').next().unwrap()
}

#[tokio::test]
async fn what_the_service_needs_is_required() {
    let mut browser = Browser::new();
    let page = browser.get("/console/do/CreateFleet").await.text;
    let process = "RuntimeConfiguration.ServerProcesses.0";
    for name in ["Name", "AssetId", "InstanceType", &format!("{process}.LaunchPath")] {
        assert!(field(&page, name).contains(" required"), "{name}");
    }
    for name in ["Description", &format!("{process}.Parameters")] {
        assert!(!field(&page, name).contains(" required"), "{name}");
    }
    let page = browser
        .get("/console/do/PutTimerScalingPolicy?TimerScalingPolicy.TimerFleetCapacity.FleetId=f")
        .await;
    let part = |name: &str| field(&page.text, &format!("TimerScalingPolicy.{name}"));
    assert!(
        part("TimerName").contains(" required") && part("TimerConfiguration.BeginTime").contains(" required")
    );
    // What another member hides cannot hold the form.
    assert!(!part("TimerConfiguration.EndTime").contains(" required"));
    let copy = browser.get("/console/do/CopyFleet?FleetId=fleet-1-2").await.text;
    assert!(!field(&copy, "Name").contains(" required"), "a copy has the name of its source");
}
