//! The table of 8.2: how an answer becomes an error name.

use tonic::metadata::MetadataMap;

use super::*;

fn status(code: Code, message: &str, error_code: Option<&str>) -> GseError {
    let mut metadata = MetadataMap::new();
    if let Some(value) = error_code {
        metadata.insert(ERROR_CODE_KEY, value.parse().unwrap());
    }
    GseError::from_status(&Status::with_metadata(code, message, metadata))
}

fn response(status: i32, error_message: &str) -> Result<(), String> {
    let response = GseResponse { status, error_message: error_message.into(), ..Default::default() };
    GseError::check(&response).map_err(|error| error.to_string())
}

#[test]
fn status_names_come_from_metadata_then_prefix_then_code() {
    let table = [
        // code, message, gse-error-code, what is printed
        (Code::NotFound, "UNEXPECTED_PLAYER_SESSION: x", None, "UNEXPECTED_PLAYER_SESSION: x"),
        (
            Code::NotFound,
            "UNEXPECTED_PLAYER_SESSION: x",
            Some("UNEXPECTED_PLAYER_SESSION"),
            "UNEXPECTED_PLAYER_SESSION: x",
        ),
        (
            Code::NotFound,
            "PROCESS_NOT_READY: x",
            Some("FLEET_MISMATCH"),
            "FLEET_MISMATCH: PROCESS_NOT_READY: x",
        ),
        (Code::Internal, "x", Some("SOMETHING_NEW_7"), "SOMETHING_NEW_7: x"),
        (Code::Internal, "x", Some("not a name"), "INTERNAL_SERVICE_EXCEPTION: x"),
        (Code::InvalidArgument, "limit: negative", None, "BAD_REQUEST_EXCEPTION: limit: negative"),
        (Code::NotFound, "x", None, "BAD_REQUEST_EXCEPTION: x"),
        (Code::PermissionDenied, "x", None, "BAD_REQUEST_EXCEPTION: x"),
        (Code::Unavailable, "x", None, "SERVICE_CALL_FAILED: x"),
        (Code::DeadlineExceeded, "x", None, "SERVICE_CALL_FAILED: x"),
        (
            Code::Unimplemented,
            "",
            None,
            "SERVICE_CALL_FAILED: the agent answered Unimplemented without a text",
        ),
    ];
    for (code, message, error_code, expected) in table {
        assert_eq!(status(code, message, error_code).to_string(), expected);
    }
}

#[test]
fn both_response_variants_are_honoured() {
    assert_eq!(response(0, ""), Ok(()));
    assert_eq!(response(0, "SUCCESS"), Ok(()));
    assert_eq!(response(1, "bad"), Err("BAD_REQUEST_EXCEPTION: bad".into()));
    assert_eq!(response(2, "no memory"), Err("INTERNAL_SERVICE_EXCEPTION: no memory".into()));
    assert_eq!(response(1, "PROCESS_NOT_READY: x"), Err("PROCESS_NOT_READY: x".into()));
    assert_eq!(response(1, ""), Err("BAD_REQUEST_EXCEPTION: the answer gives no reason".into()));
    assert_eq!(response(7, "x"), Err("INTERNAL_SERVICE_EXCEPTION: unknown status `7`: x".into()));
    assert_eq!(response(-1, "x"), Err("INTERNAL_SERVICE_EXCEPTION: unknown status `-1`: x".into()));
}

#[test]
fn a_status_made_on_this_side_is_transport() {
    let broken = Status::from_error(Box::new(std::io::Error::from(std::io::ErrorKind::ConnectionReset)));
    assert_eq!(GseError::from_status(&broken).name, ErrorName::ServiceCallFailed);
}

#[test]
fn hostile_text_becomes_one_bounded_line() {
    let error = status(Code::Internal, &format!("a\r\nb\u{1b}[31m{}", "ä".repeat(9000)), None);
    assert!(error.detail.starts_with("a  b [31m"), "{}", error.detail);
    assert!(error.detail.len() <= MAX_DETAIL && error.detail.ends_with('ä'));
}

#[test]
fn every_known_name_survives_the_round_trip() {
    for name in ErrorName::KNOWN {
        assert_eq!(ErrorName::known(name.as_str()).as_ref(), Some(name));
    }
    assert_eq!(ErrorName::KNOWN.len(), 17, "the table of 4.1 has 17 names");
}
