//! P01 to P27 of §8 that concern JSON, and the order of §1.9.

use serde_json::{Value, json};

use super::{check, decode};
use crate::{
    Action, ApiError, ErrorCode, Request, envelope,
    types::{
        Alias, CreateFleetRequest, CreateGameServerSessionRequest, DeleteAliasRequest, DescribeAliasResponse,
        DescribeFleetAttributesRequest, DescribeFleetEventsRequest, DescribePlayerSessionsRequest,
        GameServerSession, PutTimerScalingPolicyRequest, UpdateAliasRequest,
        UpdateBucketAccelerateOptRequest,
    },
};

fn refused<R: Request + std::fmt::Debug>(body: impl AsRef<[u8]>) -> ApiError {
    let body = body.as_ref();
    decode::<R>(body).expect_err(&String::from_utf8_lossy(body))
}

#[test]
fn p01_p02_p04_p05_p27_malformed_bodies() {
    let deep = format!("{{\"A\":{}{}}}", "[".repeat(32), "]".repeat(32));
    let very_deep = "[".repeat(5000);
    let bodies: [&[u8]; 10] = [
        b"{\"FleetId\":",
        b"[]",
        b"\"x\"",
        b"{} x",
        b"null",
        b"{\"Name\":\"\xff\xfe\"}",
        b"{\"Name\":\"\\ud83d\"}",
        b"\xef\xbb\xbf{}",
        deep.as_bytes(),
        very_deep.as_bytes(),
    ];
    for body in bodies {
        assert_eq!(refused::<UpdateAliasRequest>(body).code, ErrorCode::InvalidParameter);
    }
    // 32 levels are still read; the unknown member is what is wrong then.
    let allowed = format!("{{\"A\":{}{}}}", "[".repeat(31), "]".repeat(31));
    assert_eq!(refused::<UpdateAliasRequest>(allowed).code, ErrorCode::UnknownParameter);
}

/// Found with the target `cloud_request`, which bounds the texts of errors: a name as long as the body came back in the answer.
#[test]
fn what_is_refused_is_not_echoed_at_length() {
    let long = "é".repeat(100_000);
    let error = refused::<DescribeFleetAttributesRequest>(json!({ &long: 1 }).to_string());
    assert_eq!(error.message, format!("The parameter `{}` is not recognized.", "é".repeat(128)));
    let error = refused::<DescribeFleetAttributesRequest>(json!({ "FleetIds": [long] }).to_string());
    assert!(error.message.chars().count() < 400, "{}", error.message);
}

#[test]
fn p03_an_empty_body_is_an_empty_object() {
    assert_eq!(check(Action::DescribeInstanceTypes, b""), Ok(json!({})));
    assert!(decode::<DescribeFleetAttributesRequest>(b"").is_ok());
}

#[test]
fn p06_p07_unknown_members_are_named_with_their_path() {
    let error = refused::<DescribeFleetAttributesRequest>(r#"{"FleetIds":["a"],"Foo":1}"#);
    assert_eq!(error, ApiError::new(ErrorCode::UnknownParameter, "The parameter `Foo` is not recognized."));
    let body = json!({ "RuntimeConfiguration": { "ServerProcesses": [{ "Foo": null }] } }).to_string();
    let error = refused::<CreateFleetRequest>(body);
    assert_eq!(error.code, ErrorCode::UnknownParameter);
    assert!(error.message.contains("`RuntimeConfiguration.ServerProcesses.0.Foo`"));
    // Names are case-sensitive, and of two the first by name is reported.
    let error = refused::<DescribeFleetAttributesRequest>(r#"{"limit":1,"Zoo":1}"#);
    assert!(error.message.contains("`Zoo`"));
}

#[test]
fn a_near_miss_is_told_what_may_have_been_meant() {
    let near = [
        (Action::DeleteFleet, json!({ "FleetID": "f" }), "Did you mean `FleetId`?"),
        (Action::DeleteFleet, json!({ "fleetid": "f" }), "Did you mean `FleetId`?"),
        (Action::DeleteFleet, json!({ "FleteId": "f" }), "Did you mean `FleetId`?"),
        (Action::DescribeFleetAttributes, json!({ "FleetId": "f" }), "Did you mean `FleetIds`?"),
        (
            Action::CreateFleet,
            json!({ "RuntimeConfiguration": { "ServerProcesses": [{ "LaunchPaht": "x" }] } }),
            "Did you mean `RuntimeConfiguration.ServerProcesses.0.LaunchPath`?",
        ),
    ];
    for (action, body, hint) in near {
        let error = check(action, body.to_string().as_bytes()).expect_err("it has another name");
        assert_eq!(error.code, ErrorCode::UnknownParameter, "{body}");
        assert!(error.message.ends_with(hint), "{body}: {}", error.message);
    }
    for name in ["", "X", "Id", "Force", "Nonsense", &"FleetId".repeat(100)] {
        let body = json!({ name: "f" }).to_string();
        let error = check(Action::DeleteFleet, body.as_bytes()).expect_err("no such name");
        assert!(error.message.ends_with("is not recognized."), "{}", error.message);
    }
}

#[test]
fn p08_to_p12_types_are_strict() {
    let cases = [
        (r#"{"Limit":"10"}"#, "Limit"),
        (r#"{"Limit":1.5}"#, "Limit"),
        (r#"{"Limit":-1}"#, "Limit"),
        (r#"{"Limit":1e2}"#, "Limit"),
        (r#"{"Limit":18446744073709551616}"#, "Limit"),
        (r#"{"FleetIds":"a"}"#, "FleetIds"),
        (r#"{"FleetIds":[1]}"#, "FleetIds.0"),
    ];
    for (body, path) in cases {
        let error = refused::<DescribeFleetAttributesRequest>(body);
        assert_eq!(error.code, ErrorCode::InvalidParameter, "{body}");
        assert!(
            error.message.starts_with(&format!("The value type of parameter `{path}` is not valid.")),
            "{body}"
        );
    }
    assert_eq!(refused::<DescribeFleetEventsRequest>(r#"{"FleetId":5}"#).code, ErrorCode::InvalidParameter);
    let error = refused::<UpdateBucketAccelerateOptRequest>(r#"{"Allowed":"true"}"#);
    assert_eq!(error.code, ErrorCode::InvalidParameter);
    assert!(decode::<UpdateBucketAccelerateOptRequest>(br#"{"Allowed":true}"#).expect("a boolean").allowed);
}

#[test]
fn p14_null_is_absent_at_every_depth() {
    let request: DescribeFleetAttributesRequest =
        decode(br#"{"FleetIds":null,"Limit":null}"#).expect("both are absent");
    assert_eq!(request, DescribeFleetAttributesRequest::default());
    let request: DescribeFleetAttributesRequest =
        decode(br#"{"FleetIds":["a",null]}"#).expect("one is absent");
    assert_eq!(request.fleet_ids, Some(vec!["a".into()]));
    let error = refused::<DeleteAliasRequest>(r#"{"AliasId":null}"#);
    assert_eq!(error.code, ErrorCode::MissingParameter);
}

#[test]
fn p15_p16_required_members() {
    let error = refused::<DeleteAliasRequest>("{}");
    assert_eq!(error, ApiError::missing("AliasId"));
    let error = refused::<DeleteAliasRequest>(r#"{"AliasId":""}"#);
    assert_eq!(error.code, ErrorCode::InvalidParameterValue);
    assert!(error.message.starts_with("The value `` specified in the parameter `AliasId` is not valid."));
}

#[test]
fn an_empty_optional_id_enum_or_token_is_absent() {
    let body = br#"{"PlayerId":"p","NextToken":"","PlayerSessionStatusFilter":"","GameServerSessionId":""}"#;
    let request: DescribePlayerSessionsRequest = decode(body).expect("the rest is absent");
    assert_eq!(request, DescribePlayerSessionsRequest { player_id: Some("p".into()), ..Default::default() });
    assert_eq!(
        refused::<DescribePlayerSessionsRequest>(r#"{"PlayerId":""}"#).code,
        ErrorCode::MissingParameter
    );
    // Free text stays: the empty description is a value.
    let request: crate::types::UpdateFleetAttributesRequest =
        decode(br#"{"FleetId":"f","Description":""}"#).expect("the empty description clears");
    assert_eq!(request.description.as_deref(), Some(""));
}

#[test]
fn p25_escapes_and_utf8_give_the_same_text() {
    let body = |name: &str| format!(r#"{{"AliasId":"a","Name":"{name}"}}"#);
    let raw: UpdateAliasRequest = decode(body("房间-1").as_bytes()).expect("UTF-8");
    let escaped: UpdateAliasRequest = decode(body(r"\u623f\u95f4-1").as_bytes()).expect("escapes");
    assert_eq!(raw, escaped);
    assert_eq!(raw.name.as_deref(), Some("房间-1"));
}

#[test]
fn p26_the_last_of_two_wins() {
    let request: UpdateAliasRequest =
        decode(br#"{"AliasId":"x","Name":"a","Name":"b"}"#).expect("the last wins");
    assert_eq!(request.name.as_deref(), Some("b"));
}

#[test]
fn u0000_is_no_value() {
    let error = refused::<UpdateAliasRequest>(r#"{"AliasId":"x","Name":"a\u0000"}"#);
    assert_eq!(error.code, ErrorCode::InvalidParameterValue);
}

#[test]
fn c04_timer_types_have_names() {
    let body = |kind: Value| {
        json!({ "TimerScalingPolicy": {
            "TimerName": "evening",
            "TimerConfiguration": {
                "TimerType": kind, "TimerValue": { "Day": 1 },
                "BeginTime": "2021-01-14T14:04:29Z", "EndTime": "2021-02-14T14:04:29Z",
            },
            "TimerFleetCapacity": { "FleetId": "fleet-1" },
        } })
    };
    for kind in [json!(2), json!("TimerTypeDay")] {
        let request: PutTimerScalingPolicyRequest =
            decode(body(kind).to_string().as_bytes()).expect("both forms are daily");
        let timer = request.timer_scaling_policy.and_then(|policy| policy.timer_configuration);
        assert_eq!(timer.and_then(|timer| timer.timer_type), Some(2));
    }
    let error = refused::<PutTimerScalingPolicyRequest>(body(json!("Sometimes")).to_string());
    assert_eq!(error.code, ErrorCode::InvalidParameter);
}

/// Each body breaks everything from its own step on; the earlier step is reported.
#[test]
fn the_first_failing_step_decides() {
    let steps = [
        (r#"{"MaximumPlayerSessionCount":"x","Foo":1}"#, ErrorCode::UnknownParameter),
        (r#"{"AliasId":5}"#, ErrorCode::InvalidParameter),
        (
            r#"{"IdempotencyToken":"0123456789012345678901234567890123456789012345678"}"#,
            ErrorCode::MissingParameter,
        ),
        (r#"{"MaximumPlayerSessionCount":201}"#, ErrorCode::MissingParameter),
        (r#"{"MaximumPlayerSessionCount":201,"FleetId":"f"}"#, ErrorCode::InvalidParameterValue),
    ];
    for (body, code) in steps {
        assert_eq!(refused::<CreateGameServerSessionRequest>(body).code, code, "{body}");
    }
}

#[test]
fn within_a_step_the_first_name_decides() {
    let body = json!({ "FleetId": "f", "MaximumPlayerSessionCount": 201, "CreatorId": "c".repeat(1025) });
    let error = refused::<CreateGameServerSessionRequest>(body.to_string());
    assert!(error.message.contains("`CreatorId`"), "{}", error.message);
}

#[test]
fn every_schema_is_sorted_and_knows_an_empty_body() {
    for action in Action::ALL {
        let schema = action.request_schema();
        assert!(schema.members.is_sorted_by_key(|member| member.name), "{}", schema.name);
        assert_eq!(schema.name, action.name());
        assert_eq!(Action::parse(action.name()), Some(action));
        let required = schema.members.iter().find(|member| member.required).map(|member| member.name);
        let expected = required.map_or(Ok(json!({})), |name| Err(ApiError::missing(name)));
        assert_eq!(check(action, b"{}"), expected, "{}", schema.name);
        assert!(!action.error_codes().is_empty());
    }
    assert_eq!(Action::ALL.len(), 74);
    assert_eq!(Action::parse("createfleet"), None);
}

/// §4.3: every member is written; texts "", numbers 0, lists [], times and objects null.
#[test]
fn answers_write_every_member() {
    let body: Value = serde_json::to_value(GameServerSession::default()).expect("a structure");
    let members = body.as_object().expect("an object");
    assert_eq!(members.len(), 22);
    assert_eq!(body["TerminationTime"], Value::Null);
    assert_eq!(body["Name"], "");
    assert_eq!(body["Port"], 0);
    assert_eq!(body["GameProperties"], json!([]));
    let body = envelope::success(&DescribeAliasResponse::default(), "r-1");
    assert_eq!(
        serde_json::from_slice::<Value>(&body).expect("JSON"),
        json!({ "Response": { "Alias": null, "RequestId": "r-1" } })
    );
}

#[test]
fn envelopes_are_read_back() {
    let response = DescribeAliasResponse { alias: Some(Alias { name: "房".into(), ..Default::default() }) };
    let answer = envelope::Answer::read(&envelope::success(&response, "r-1")).expect("an envelope");
    assert_eq!(answer.refusal(), None);
    assert_eq!(answer.request_id, "r-1");
    assert_eq!(answer.into_response(), Ok(response));
    let refused = envelope::failure(&ApiError::missing("AliasId"), "r-2");
    let refusal = envelope::Answer::read(&refused).expect("an envelope").refusal().expect("an error");
    assert_eq!(refusal.code, "MissingParameter");
    for body in ["", "{}", "[]", r#"{"Response":5}"#] {
        assert!(envelope::Answer::read(body.as_bytes()).is_err(), "{body}");
    }
}
