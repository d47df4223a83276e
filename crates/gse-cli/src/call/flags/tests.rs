//! What flags become.

use std::ffi::OsString;

use gse_api::Action;
use serde_json::{Map, Value, json};

use super::{set, unfold};

fn request(action: Action, members: &[(&str, &str)]) -> Value {
    let mut request = Map::new();
    for (path, text) in members {
        set(&mut request, action.request_schema(), path, text).expect("a request");
    }
    Value::Object(request)
}

#[test]
fn values_have_the_type_of_the_schema() {
    let found = request(
        Action::CreateFleet,
        &[
            ("Name", "007"),
            ("InternetMaxBandwidthOut", "50"),
            ("GameServerSessionProtectionTimeLimit", "soon"),
            ("Tags", r#"[{"Key":"env","Value":"1"}]"#),
            ("RuntimeConfiguration.ServerProcesses.0.LaunchPath", "/local/game/server"),
            ("RuntimeConfiguration.ServerProcesses.0.ConcurrentExecutions", "2"),
            ("RuntimeConfiguration.ServerProcesses.1", r#"{"LaunchPath":"/local/game/other"}"#),
        ],
    );
    let expected = json!({
        "Name": "007",
        "InternetMaxBandwidthOut": 50,
        "GameServerSessionProtectionTimeLimit": "soon",
        "Tags": [{"Key": "env", "Value": "1"}],
        "RuntimeConfiguration": {"ServerProcesses": [
            {"LaunchPath": "/local/game/server", "ConcurrentExecutions": 2},
            {"LaunchPath": "/local/game/other"},
        ]},
    });
    assert_eq!(found, expected);
    let found = request(Action::UpdateBucketAccelerateOpt, &[("Allowed", "True")]);
    assert_eq!(found, json!({"Allowed": true}));
}

#[test]
fn a_list_of_texts_is_written_in_any_way() {
    let expected = json!({"FleetIds": ["a", "b"]});
    for members in [
        &[("FleetIds", "a"), ("FleetIds", "b")][..],
        &[("FleetIds", r#"["a","b"]"#)],
        &[("FleetIds.0", "a"), ("FleetIds.1", "b")],
    ] {
        assert_eq!(request(Action::DescribeFleetCapacity, members), expected);
    }
}

#[test]
fn what_the_schema_does_not_know_is_left_to_the_service() {
    let found = request(Action::DescribeAlias, &[("AliasID.x", "1"), ("Y.0.Z", "word")]);
    assert_eq!(found, json!({"AliasID": {"x": 1}, "Y": [{"Z": "word"}]}));
}

#[test]
fn what_cannot_be_written_is_refused() {
    let refuse = |path: &str, text: &str| {
        let schema = Action::CreateFleet.request_schema();
        set(&mut Map::new(), schema, path, text).expect_err("it has no JSON form").to_string()
    };
    assert!(refuse("Tags.1.Key", "x").contains("`Tags.1.Key` leaves a gap: there are 0 items before it"));
    assert!(
        refuse("RuntimeConfiguration", "{x").contains("the value of `--RuntimeConfiguration` is not JSON")
    );
}

#[test]
fn dotted_flags_are_unfolded() {
    let unfolded = |words: &[&str]| -> Vec<String> {
        let words = ["gse"].iter().chain(words).map(OsString::from);
        unfold(words).into_iter().map(|word| word.into_string().expect("text")).collect()
    };
    assert_eq!(
        unfolded(&["call", "CreateFleet", "--A.0.B", "x=1", "--C.D=--y", "--Name", "n", "--json", "{}"]),
        [
            "gse",
            "call",
            "CreateFleet",
            "--member",
            "A.0.B=x=1",
            "--member",
            "C.D=--y",
            "--Name",
            "n",
            "--json",
            "{}"
        ]
    );
    let others = ["local", "--set", "a.b=c", "--A.B", "x"];
    assert_eq!(unfolded(&others)[1..], others);
    assert_eq!(unfolded(&["call", "X", "--A.B"])[3..], ["--member", "A.B="]);
}
