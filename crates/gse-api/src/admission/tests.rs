//! W14 to W26 of §8, as far as they can be decided before the body.

mod v1;

use super::{Admitted, AuthMode, Gate, MAX_BODY_BYTES, MAX_QUERY_BYTES, Received, admit};
use crate::{
    Action, ErrorCode,
    shape::{Repeatable, Shape},
    signature::tc3::{Call, Key, sign},
};

const NOW: i64 = 1_609_502_400;
const KEY: Key<'_> = Key { secret_id: "AKID", secret_key: "secret" };

/// Headers of a request that is signed after all changes were made.
struct Draft {
    method: &'static str,
    query: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Draft {
    fn new(action: &str) -> Self {
        let headers = vec![
            ("Host", "127.0.0.1:8080".to_owned()),
            ("Content-Type", "application/json".to_owned()),
            ("X-TC-Action", action.to_owned()),
            ("X-TC-Version", "2019-11-12".to_owned()),
            ("X-TC-Timestamp", NOW.to_string()),
            ("X-TC-Region", "ap-shanghai".to_owned()),
        ];
        Self { method: "POST", query: "", headers, body: b"{}".to_vec() }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(found, _)| *found != name);
        self
    }

    fn value(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| *found == name).map_or("", |(_, value)| value)
    }

    fn signed(self) -> Self {
        let (host, content_type) = (self.value("Host"), self.value("Content-Type"));
        let body: &[u8] = if self.method == "GET" { b"" } else { &self.body };
        let call = Call { method: self.method, host, query: self.query, content_type, body };
        let authorization = sign(&call, KEY, "gse", NOW);
        self.with("Authorization", &authorization)
    }

    fn admit(&self, mode: AuthMode) -> Result<Admitted, crate::ApiError> {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let received = Received {
            method: self.method,
            path: "/",
            query: self.query,
            headers: &headers,
            body: &self.body,
        };
        let regions = ["ap-shanghai".to_owned(), "ap-beijing".to_owned()];
        let gate = Gate {
            mode,
            secret_key: &|id| (id == KEY.secret_id).then(|| KEY.secret_key.to_owned()),
            regions: &regions,
            default_region: Some("ap-beijing"),
            public_hosts: &[],
        };
        admit(&received, &gate, NOW)
    }

    fn refused(&self) -> (ErrorCode, String) {
        let error = self.admit(AuthMode::Required).expect_err("it must be refused");
        (error.code, error.message)
    }
}

#[test]
fn a_signed_request_is_admitted() {
    let admitted =
        Draft::new("DescribeFleetCapacity").signed().admit(AuthMode::Required).expect("it is signed");
    assert_eq!(admitted.action, Action::DescribeFleetCapacity);
    assert_eq!(admitted.region, "ap-shanghai");
    assert_eq!(admitted.secret_id.as_deref(), Some("AKID"));
}

#[test]
fn w12_unknown_secret_id() {
    let draft = Draft::new("ListFleets").signed();
    let text = draft.value("Authorization").replace("AKID", "AKIX");
    assert_eq!(draft.with("Authorization", &text).refused().0, ErrorCode::AuthFailureSecretIdNotFound);
}

#[test]
fn w14_w17_missing_common_parameters_are_named() {
    let missing = |draft: Draft, name: &str| {
        let expected = format!("The request is missing a required parameter `{name}`.");
        assert_eq!(draft.refused(), (ErrorCode::MissingParameter, expected));
    };
    missing(Draft::new("ListFleets"), "Authorization");
    missing(Draft::new("ListFleets").signed().without("X-TC-Action"), "Action");
    missing(Draft::new("ListFleets").without("X-TC-Action"), "Action");
    missing(Draft::new("ListFleets").signed().without("X-TC-Version"), "Version");
    missing(Draft::new("ListFleets").signed().without("X-TC-Timestamp"), "Timestamp");
}

#[test]
fn w15_w16_version_and_action_are_checked_after_the_signature() {
    let wrong = Draft::new("ListFleets").with("X-TC-Version", "2018-01-01");
    assert_eq!(wrong.signed().refused().0, ErrorCode::NoSuchVersion);
    for action in ["NoSuchThing", "createfleet"] {
        let (code, message) = Draft::new(action).signed().refused();
        assert_eq!(code, ErrorCode::InvalidAction);
        assert!(message.contains(action));
        let forged = Draft::new(action).signed().with("Content-Type", "application/json; charset=utf-8");
        assert_eq!(forged.refused().0, ErrorCode::AuthFailureSignatureFailure);
    }
}

#[test]
fn w18_the_timestamp_is_an_integer() {
    let draft = Draft::new("ListFleets").with("X-TC-Timestamp", "abc").signed();
    assert_eq!(draft.refused().0, ErrorCode::InvalidParameter);
}

#[test]
fn w19_a_permanent_key_takes_no_token() {
    let draft = Draft::new("ListFleets").with("X-TC-Token", "junk").signed();
    assert_eq!(draft.refused().0, ErrorCode::AuthFailureTokenFailure);
}

#[test]
fn w20_w21_regions() {
    assert_eq!(
        Draft::new("ListFleets").with("X-TC-Region", "mars-1").signed().refused().0,
        ErrorCode::UnsupportedRegion
    );
    for draft in
        [Draft::new("ListFleets").without("X-TC-Region"), Draft::new("ListFleets").with("X-TC-Region", "")]
    {
        let admitted = draft.signed().admit(AuthMode::Required).expect("there is a default region");
        assert_eq!(admitted.region, "ap-beijing");
    }
}

#[test]
fn w22_other_methods() {
    let draft = Draft { method: "PUT", ..Draft::new("ListFleets") };
    assert_eq!(draft.signed().refused().0, ErrorCode::UnsupportedProtocol);
}

#[test]
fn w23_w24_w25_sizes() {
    let sized = |bytes| Draft { body: vec![b' '; bytes], ..Draft::new("ListFleets") }.signed();
    assert!(sized(MAX_BODY_BYTES).admit(AuthMode::Required).is_ok());
    assert_eq!(sized(MAX_BODY_BYTES + 1).refused().0, ErrorCode::RequestSizeLimitExceeded);
    let query: &'static str = "x".repeat(MAX_QUERY_BYTES + 1).leak();
    let draft = Draft { method: "GET", query, ..Draft::new("ListFleets") };
    assert_eq!(draft.signed().refused().0, ErrorCode::RequestSizeLimitExceeded);
}

#[test]
fn w26_modes_without_signatures() {
    let unsigned = Draft::new("ListFleets").without("X-TC-Version").without("X-TC-Timestamp");
    let skip = Draft::new("ListFleets").with("Authorization", "SKIP");
    for mode in [AuthMode::Optional, AuthMode::Off] {
        for draft in [&unsigned, &skip] {
            assert_eq!(draft.admit(mode).expect("no signature is needed").secret_id, None);
        }
    }
    assert_eq!(skip.refused().0, ErrorCode::AuthFailureInvalidAuthorization);
    // A present signature is still verified, unless signatures are off.
    let forged = Draft { body: b"[]".to_vec(), ..Draft::new("ListFleets").signed() };
    let refused = forged.admit(AuthMode::Optional).expect_err("the body was changed");
    assert_eq!(refused.code, ErrorCode::AuthFailureSignatureFailure);
    assert!(forged.admit(AuthMode::Off).is_ok());
}

/// R140: a page of another site calls this service by its own name, whatever it signs.
#[test]
fn a_name_that_is_not_ours_is_refused_where_nobody_signs() {
    let foreign = Draft::new("ListFleets").without("Host").with("Host", "evil.example:8080").signed();
    let refused = foreign.admit(AuthMode::Off).expect_err("the host is not ours");
    assert_eq!(refused.code, ErrorCode::UnauthorizedOperation);
    assert!(refused.message.contains("`--public-host evil.example`"), "{refused:?}");
    assert!(foreign.admit(AuthMode::Required).is_ok());
    for host in ["10.0.0.7:8080", "localhost:8080", "gse.localhost"] {
        assert!(
            Draft::new("ListFleets").without("Host").with("Host", host).admit(AuthMode::Off).is_ok(),
            "{host}"
        );
    }
}

#[test]
fn w29_a_charset_in_the_content_type_is_signed_with_it() {
    let draft = Draft::new("ListFleets").with("Content-Type", "application/json; charset=utf-8").signed();
    assert!(draft.admit(AuthMode::Required).is_ok());
}

/// The selection rule of §1.2: the shape says where the parameters are.
#[test]
fn shapes_are_told_apart() {
    let form = "application/x-www-form-urlencoded";
    let get = Draft { method: "GET", query: "FleetIds.0=a", ..Draft::new("ListFleets") };
    let boundary = |text: &str| Shape::Multipart { boundary: Some(text.to_owned()) };
    let cases = [
        (Draft::new("ListFleets"), Shape::Json),
        (Draft::new("ListFleets").with("Content-Type", ""), Shape::Json),
        (get, Shape::Query(Repeatable::default())),
        (Draft::new("ListFleets").with("Content-Type", form), Shape::Form(Repeatable::default())),
        (Draft::new("ListFleets").with("Content-Type", "multipart/form-data; boundary=x"), boundary("x")),
        (
            Draft::new("ListFleets").with("Content-Type", "application/octet-stream"),
            Shape::Unknown("application/octet-stream".into()),
        ),
    ];
    for (draft, shape) in cases {
        let admitted = draft.signed().admit(AuthMode::Required).expect("it is signed");
        match (&admitted.shape, &shape) {
            (Shape::Query(_), Shape::Query(_)) | (Shape::Form(_), Shape::Form(_)) => {}
            (found, wanted) => assert_eq!(found, wanted),
        }
    }
    let body = Shape::Unknown("application/octet-stream".into()).json(
        Action::ListFleets.request_schema(),
        "",
        b"{}",
    );
    assert_eq!(body.expect_err("no such body").code, ErrorCode::InvalidParameter);
}

/// Found with the target `cloud_request`, which bounds the texts of errors: headers came back in the answer as long as they were.
#[test]
fn headers_are_not_echoed_at_length() {
    let long = "x".repeat(10_000);
    for name in ["X-TC-Action", "X-TC-Version", "X-TC-Region", "Content-Type"] {
        let admitted = Draft::new("ListFleets").with(name, &long).signed().admit(AuthMode::Required);
        let read = admitted
            .and_then(|admitted| admitted.shape.json(admitted.action.request_schema(), "", b"{}").map(drop));
        let error = read.unwrap_err();
        assert!(error.message.contains("`xxx") && error.message.len() < 400, "{name}: {}", error.message);
    }
}
