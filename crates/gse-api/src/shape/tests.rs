//! §1.4 for what is not JSON: P13 and P17 to P24 of §8, and what SDKs send.

use serde_json::{Value, json};

use super::{Repeatable, Shape, Travelling, select};
use crate::{Action, ErrorCode, admission::Received, check};

const BOUNDARY: &str = "0123456789abcdef";

fn form(action: Action, text: &str) -> Result<Value, (ErrorCode, String)> {
    read(action, &Shape::Form(Repeatable::default()), text.as_bytes())
}

/// What the decoder makes of the JSON that a shape gives.
fn read(action: Action, shape: &Shape, body: &[u8]) -> Result<Value, (ErrorCode, String)> {
    let body = shape.json(action.request_schema(), "", body);
    body.and_then(|body| check(action, &body)).map_err(|error| (error.code, error.message))
}

fn multipart(action: Action, parts: &[(&str, &str)]) -> Result<Value, (ErrorCode, String)> {
    let part = |(head, value): &(&str, &str)| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n")
    };
    let body: String = parts.iter().map(part).collect();
    let body = format!("{body}--{BOUNDARY}--\r\n");
    read(action, &Shape::Multipart { boundary: Some(BOUNDARY.into()) }, body.as_bytes())
}

#[test]
fn forms_become_the_json_of_the_same_request() {
    let cases = [
        (Action::DescribeInstanceTypes, "", json!({})),
        (
            Action::DescribeFleetAttributes,
            "&Limit=7&&FleetIds.0=a&",
            json!({ "Limit": 7, "FleetIds": ["a"] }),
        ),
        (Action::DescribeFleetAttributes, "Limit=007", json!({ "Limit": 7 })),
        // P13
        (Action::UpdateBucketAccelerateOpt, "Allowed=True", json!({ "Allowed": true })),
        (Action::UpdateBucketAccelerateOpt, "Allowed=true", json!({ "Allowed": true })),
        (Action::UpdateBucketAccelerateOpt, "Allowed=0", json!({ "Allowed": false })),
        // P17
        (
            Action::UpdateGameServerSession,
            "GameServerSessionId=s&Name=%E6%88%BF%E9%97%B4+1&PlayerSessionCreationPolicy=ACCEPT_ALL",
            json!({ "GameServerSessionId": "s", "Name": "房间 1", "PlayerSessionCreationPolicy": "ACCEPT_ALL" }),
        ),
        (
            Action::CreateGameServerSession,
            "GameProperties.0.Key=a&GameProperties.0.Value=b%3D%26&GameProperties.1.Key=c&GameProperties.1.Value=d=e\
             &MaximumPlayerSessionCount=2&FleetId=f",
            json!({
                "FleetId": "f",
                "MaximumPlayerSessionCount": 2,
                "GameProperties": [{ "Key": "a", "Value": "b=&" }, { "Key": "c", "Value": "d=e" }],
            }),
        ),
        // P18: gaps close, and 10 comes after 2.
        (
            Action::DescribeFleetAttributes,
            "FleetIds.10=z&FleetIds.0=x&FleetIds.2=y",
            json!({ "FleetIds": ["x", "y", "z"] }),
        ),
        // Names of numbers (C04) and numbers in lists of lists.
        (
            Action::PutTimerScalingPolicy,
            "TimerScalingPolicy.TimerConfiguration.TimerType=TimerTypeDay",
            json!({ "TimerScalingPolicy": { "TimerConfiguration": { "TimerType": 2 } } }),
        ),
        // What is empty and optional is absent; free text is empty.
        (
            Action::UpdateFleetAttributes,
            "FleetId=f&Description&NewGameSessionProtectionPolicy=",
            json!({ "FleetId": "f", "Description": "" }),
        ),
    ];
    for (action, text, expected) in cases {
        assert_eq!(form(action, text), Ok(expected), "{action:?} {text}");
    }
}

#[test]
fn what_is_no_form_or_has_another_type_is_told() {
    let deep = format!("{}=1", ["A"; 33].join("."));
    let cases = [
        // P19, P20, P21, P22
        (Action::DescribeFleetAttributes, "FleetIds=a", ErrorCode::InvalidParameter, "`FleetIds`"),
        (
            Action::DescribeFleetAttributes,
            "FleetIds.0=a&FleetIds.0=b",
            ErrorCode::InvalidParameter,
            "`FleetIds.0`",
        ),
        (Action::CreateFleet, "Tags.0=x&Tags.0.Key=y", ErrorCode::InvalidParameter, "`Tags.0.Key`"),
        (Action::CreateFleet, "Tags.0.Key=y&Tags.0=x", ErrorCode::InvalidParameter, "`Tags.0`"),
        (Action::DescribeFleetAttributes, "Limit=abc", ErrorCode::InvalidParameter, "`Limit`"),
        (Action::DescribeFleetAttributes, "Limit=", ErrorCode::InvalidParameter, "`Limit`"),
        (Action::DescribeFleetAttributes, "Limit=-1", ErrorCode::InvalidParameter, "`Limit`"),
        (Action::DescribeFleetAttributes, "Limit=%2B1", ErrorCode::InvalidParameter, "`Limit`"),
        (Action::DescribeFleetAttributes, "Limit=1.0", ErrorCode::InvalidParameter, "`Limit`"),
        (
            Action::DescribeFleetAttributes,
            "Limit=18446744073709551616",
            ErrorCode::InvalidParameter,
            "`Limit`",
        ),
        (Action::DescribeFleetAttributes, "Limit.0=1", ErrorCode::InvalidParameter, "`Limit`"),
        (Action::DescribeFleetAttributes, "FleetIds.00=a", ErrorCode::InvalidParameter, "`FleetIds`"),
        (Action::DescribeFleetAttributes, "FleetIds.10000=a", ErrorCode::InvalidParameter, "`FleetIds`"),
        (Action::DescribeFleetAttributes, "FleetIds.x=a", ErrorCode::InvalidParameter, "`FleetIds`"),
        (Action::PutScalingPolicy, "FleetId=f&Threshold=NaN", ErrorCode::InvalidParameter, "`Threshold`"),
        (Action::PutScalingPolicy, "FleetId=f&Threshold=1e999", ErrorCode::InvalidParameter, "`Threshold`"),
        (Action::UpdateBucketAccelerateOpt, "Allowed=yes", ErrorCode::InvalidParameter, "`Allowed`"),
        (Action::DeleteAlias, "AliasId=%FF", ErrorCode::InvalidParameter, "`AliasId`"),
        (Action::DeleteAlias, "AliasId=%ZZ", ErrorCode::InvalidParameter, "`AliasId`"),
        (Action::DeleteAlias, "AliasId=%4", ErrorCode::InvalidParameter, "`AliasId`"),
        (Action::DeleteAlias, "%FF=x", ErrorCode::InvalidParameter, "name"),
        (Action::DeleteAlias, &deep, ErrorCode::InvalidParameter, "32 levels"),
        // Later steps are the decoder's.
        (Action::DeleteAlias, "AliasId=", ErrorCode::InvalidParameterValue, "`AliasId`"),
        (Action::DeleteAlias, "", ErrorCode::MissingParameter, "`AliasId`"),
        (Action::DeleteAlias, "AliasId=a&Foo.0.Bar=1", ErrorCode::UnknownParameter, "`Foo`"),
        (Action::DeleteAlias, "AliasId=a&Version=2019-11-12", ErrorCode::UnknownParameter, "`Version`"),
    ];
    for (action, text, code, named) in cases {
        let (found, message) = form(action, text).expect_err(text);
        assert_eq!(found, code, "{text}: {message}");
        assert!(message.contains(named), "{text}: {message}");
    }
}

/// R45
#[test]
fn a_form_has_a_bounded_number_of_parameters() {
    let names = |count: usize| (0..count).map(|number| format!("N{number}")).collect::<Vec<_>>().join("&");
    let refused =
        |count| form(Action::DescribeInstanceTypes, &names(count)).expect_err("there are no such names");
    assert_eq!(refused(65_536).0, ErrorCode::UnknownParameter);
    let (code, message) = refused(65_537);
    assert!(code == ErrorCode::InvalidParameter && message.contains("65536"), "{message}");
}

#[test]
fn floats_travel_as_decimals() {
    for (text, number) in [("30", 30.0), ("-0.5", -0.5), ("1.5e2", 150.0), ("2E-1", 0.2)] {
        let body = format!("FleetId=f&Threshold={text}");
        let json = Shape::Form(Repeatable::default())
            .json(Action::PutScalingPolicy.request_schema(), "", body.as_bytes())
            .unwrap();
        let json: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["Threshold"].as_f64(), Some(number), "{text}");
    }
}

#[test]
fn parts_are_texts_json_or_flattened() {
    let session = json!({
        "FleetId": "f",
        "MaximumPlayerSessionCount": 2,
        "GameProperties": [{ "Key": "a", "Value": "b & c" }],
        "Name": "--房间\r\n",
    });
    let common =
        [("name=\"FleetId\"", "f"), ("name=MaximumPlayerSessionCount", "2"), ("name=\"Name\"", "--房间\r\n")];
    // As Python sends it, then as Java does.
    let python = [(
        "name=\"GameProperties\"\r\nContent-Type: application/json",
        r#"[{"Key": "a", "Value": "b & c"}]"#,
    )];
    let java = [("name=\"GameProperties.0.Key\"", "a"), ("name=\"GameProperties.0.Value\"", "b & c")];
    for parts in [[&common[..], &python[..]].concat(), [&common[..], &java[..]].concat()] {
        assert_eq!(multipart(Action::CreateGameServerSession, &parts), Ok(session.clone()));
    }
    let empty = read(Action::ListFleets, &Shape::Multipart { boundary: Some(BOUNDARY.into()) }, b"");
    assert_eq!(empty, Ok(json!({})));
}

#[test]
fn parts_that_are_no_parameters_are_told() {
    let refused = |parts: &[(&str, &str)]| multipart(Action::DescribeFleetAttributes, parts).unwrap_err();
    let json_part = "name=\"FleetIds\"\r\nContent-Type: application/json";
    assert_eq!(refused(&[("name=\"Limit\"; filename=\"Limit\"", "1")]).0, ErrorCode::InvalidParameter);
    assert_eq!(refused(&[(json_part, "[")]).0, ErrorCode::InvalidParameter);
    assert_eq!(refused(&[(json_part, "[1]")]).0, ErrorCode::InvalidParameter);
    assert_eq!(
        refused(&[(json_part, r#"["a"]"#), ("name=\"FleetIds.0\"", "b")]).0,
        ErrorCode::InvalidParameter
    );
    assert_eq!(refused(&[("name=\"Limit\"", "1"), ("name=\"Limit\"", "1")]).0, ErrorCode::InvalidParameter);
    assert_eq!(refused(&[("name=\"Foo\"", "1")]).0, ErrorCode::UnknownParameter);
    assert_eq!(refused(&[("", "1")]).0, ErrorCode::InvalidRequest);
}

/// P24, and other bodies that are none.
#[test]
fn broken_multipart_bodies_are_no_requests() {
    let part = "--x\r\nContent-Disposition: form-data; name=\"Limit\"\r\n\r\n1\r\n";
    let bodies = [
        part.to_owned(),
        format!("{part}--x"),
        format!("{part}--xx--\r\n"),
        format!("{part}--y--\r\n"),
        format!("junk{part}--x--\r\n"),
        "--x\r\nContent-Disposition: form-data; name=\"Limit\"\r\n1\r\n--x--\r\n".to_owned(),
        "{}".to_owned(),
        "-".to_owned(),
    ];
    for body in bodies {
        let shape = Shape::Multipart { boundary: Some("x".into()) };
        let (code, message) =
            read(Action::DescribeFleetAttributes, &shape, body.as_bytes()).expect_err(&body);
        assert_eq!(code, ErrorCode::InvalidRequest, "{body}: {message}");
    }
    let whole = format!("{part}--x--\r\n");
    let read = |boundary: Option<&str>| {
        let shape = Shape::Multipart { boundary: boundary.map(str::to_owned) };
        read(Action::DescribeFleetAttributes, &shape, whole.as_bytes()).map_err(|(code, _)| code)
    };
    assert_eq!(read(Some("x")), Ok(json!({ "Limit": 1 })));
    assert_eq!(read(None), Err(ErrorCode::InvalidRequest));
}

#[test]
fn boundaries_are_read_from_the_content_type() {
    let boundary = super::multipart::boundary;
    for text in ["multipart/form-data; boundary=a-b", "multipart/form-data;charset=utf-8; Boundary=\"a-b\""] {
        assert_eq!(boundary(text).as_deref(), Some("a-b"), "{text}");
    }
    let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
    for text in ["multipart/form-data", "multipart/form-data; boundary=", &long] {
        assert_eq!(boundary(text), None, "{text}");
    }
}

/// §1.3: a query may say again what headers say, and nothing else of them.
#[test]
fn headers_may_be_repeated_as_they_are() {
    let headers = [
        ("X-TC-Action", "DescribeAlias"),
        ("X-TC-Version", "2019-11-12"),
        ("X-TC-Region", "ap-shanghai"),
        ("X-TC-Token", "t"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let read = |method: &str, text: &str| {
        let (query, body) = if method == "GET" { (text, "") } else { ("", text) };
        let received = Received { method, path: "/", query, headers: &headers, body: body.as_bytes() };
        let Ok(Travelling::Headers(shape)) = select(&received) else { panic!("{text}") };
        let body = shape.json(Action::DescribeAlias.request_schema(), query, body.as_bytes());
        body.and_then(|body| check(Action::DescribeAlias, &body)).map_err(|error| (error.code, error.message))
    };
    for method in ["GET", "POST"] {
        for text in [
            "AliasId=a",
            "Action=DescribeAlias&AliasId=a",
            "Action=DescribeAlias&Version=2019-11-12&Region=ap-shanghai&AliasId=a",
        ] {
            assert_eq!(read(method, text), Ok(json!({ "AliasId": "a" })), "{method} {text}");
        }
        for (more, name) in [
            ("Action=DeleteAlias", "Action"),
            ("Region=", "Region"),
            ("Version=2018-01-01", "Version"),
            ("Token=t", "Token"),
            ("Action.0=DescribeAlias", "Action"),
        ] {
            let (code, message) = read(method, &format!("AliasId=a&{more}")).unwrap_err();
            assert!(code == ErrorCode::UnknownParameter && message.contains(name), "{more}: {message}");
        }
        let twice = read(method, "Action=DescribeAlias&Action=DescribeAlias&AliasId=a").unwrap_err();
        assert_eq!(twice.0, ErrorCode::InvalidParameter);
    }
}
