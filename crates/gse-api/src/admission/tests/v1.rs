//! Requests with a v1 signature: R3 and R4, and W06, W25 and W30 of §8.

use super::super::MAX_V1_BODY_BYTES;
use super::{AuthMode, Draft, ErrorCode, KEY, NOW};
use crate::signature::v1::{Algorithm, Call, Parameter, sign};
use crate::{Action, shape::Shape};

/// What a client sends, signed with HmacSHA256 after the change.
fn parameters(change: impl FnOnce(&mut Vec<Parameter>)) -> Vec<Parameter> {
    let timestamp = NOW.to_string();
    let given = [
        ("Limit", "1"),
        ("Action", "ListFleets"),
        ("Nonce", "9223372036854775807"),
        ("Timestamp", &timestamp),
        ("Version", "2019-11-12"),
        ("Region", "ap-shanghai"),
        ("SecretId", KEY.secret_id),
        ("SignatureMethod", "HmacSHA256"),
        ("Language", "zh-CN"),
        ("RequestClient", "x"),
        ("Token", ""),
    ];
    let mut parameters = given.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    change(&mut parameters);
    let call = Call { method: "POST", host: "127.0.0.1:8080", path: "/", parameters: &parameters };
    let signature = sign(&call, KEY.secret_key, Algorithm::HmacSha256);
    parameters.push(("Signature".to_owned(), signature));
    parameters
}

fn posted(parameters: &[Parameter]) -> Draft {
    let encoded = |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let headers = vec![
        ("Host", "127.0.0.1:8080".to_owned()),
        ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
    ];
    Draft { headers, body: pairs.join("&").into_bytes(), ..Draft::new("") }
}

fn set(name: &'static str, value: &'static str) -> impl FnOnce(&mut Vec<Parameter>) {
    move |parameters| {
        parameters.retain(|(found, _)| found != name);
        parameters.push((name.to_owned(), value.to_owned()));
    }
}

#[test]
fn r3_a_signed_form_is_admitted() {
    let admitted = posted(&parameters(|_| ())).admit(AuthMode::Required).expect("it is signed");
    assert_eq!((admitted.action, admitted.region.as_str()), (Action::ListFleets, "ap-shanghai"));
    assert_eq!(admitted.secret_id.as_deref(), Some(KEY.secret_id));
    // The common parameters are none of the action's.
    assert_eq!(admitted.shape, Shape::Signed(vec![("Limit".into(), "1".into())]));
}

#[test]
fn missing_common_parameters_are_named_in_their_order() {
    let empty = |mut parameters: Vec<Parameter>, names: &[&str]| {
        parameters.retain(|(name, _)| !names.contains(&name.as_str()));
        posted(&parameters).refused()
    };
    let names = ["Version", "Timestamp", "SecretId", "Nonce", "Signature"];
    for at in 0..names.len() {
        let expected = format!("The request is missing a required parameter `{}`.", names[at]);
        let refused = empty(parameters(|_| ()), &names[at..]);
        assert_eq!(refused, (ErrorCode::MissingParameter, expected));
    }
    let refused = empty(parameters(|_| ()), &["Action"]);
    assert!(refused.0 == ErrorCode::MissingParameter && refused.1.contains("`Action`"), "{refused:?}");
}

#[test]
fn wrong_common_parameters_are_told_apart() {
    let cases = [
        ("Timestamp", "abc", ErrorCode::InvalidParameter),
        ("Nonce", "-1", ErrorCode::InvalidParameter),
        ("Nonce", "x", ErrorCode::InvalidParameter),
        // W30
        ("SignatureMethod", "HmacMD5", ErrorCode::InvalidParameterValue),
        ("SecretId", "AKIX", ErrorCode::AuthFailureSecretIdNotFound),
        ("Timestamp", "1609502099", ErrorCode::AuthFailureSignatureExpire),
        // The default is another algorithm than the one that signed.
        ("SignatureMethod", "", ErrorCode::AuthFailureSignatureFailure),
        ("Token", "junk", ErrorCode::AuthFailureTokenFailure),
        ("Version", "2018-01-01", ErrorCode::NoSuchVersion),
        ("Action", "NoSuchThing", ErrorCode::InvalidAction),
        ("Region", "mars-1", ErrorCode::UnsupportedRegion),
    ];
    for (name, value, code) in cases {
        let (found, message) = posted(&parameters(set(name, value))).refused();
        assert_eq!(found, code, "{name}={value}: {message}");
    }
    // Changed after it was signed.
    let mut forged = parameters(|_| ());
    forged[0].1 = "2".into();
    assert_eq!(posted(&forged).refused().0, ErrorCode::AuthFailureSignatureFailure);
}

#[test]
fn a_malformed_form_is_told_before_anything_else() {
    for body in ["Action=ListFleets&Name=%ZZ", "Action=ListFleets&Action=ListFleets"] {
        let draft = Draft { body: body.as_bytes().to_vec(), ..posted(&[]) };
        assert_eq!(draft.refused().0, ErrorCode::InvalidParameter, "{body}");
    }
}

/// W25
#[test]
fn a_v1_body_may_have_one_megabyte() {
    let sized = |bytes: usize| {
        let bare = parameters(set("Filler", ""));
        let filler = "x".repeat(bytes - posted(&bare).body.len());
        posted(&parameters(|parameters| parameters.push(("Filler".into(), filler))))
    };
    // Base64 of another signature may need one `%2B` more, so the exact size is made by hand.
    let mut whole = sized(MAX_V1_BODY_BYTES - 64);
    whole.body.resize(MAX_V1_BODY_BYTES, b'&');
    assert!(whole.admit(AuthMode::Required).is_ok());
    whole.body.push(b'&');
    assert_eq!(whole.refused().0, ErrorCode::RequestSizeLimitExceeded);
}

#[test]
fn modes_without_signatures() {
    let unsigned = posted(&[("Action".to_owned(), "ListFleets".to_owned())]);
    for mode in [AuthMode::Optional, AuthMode::Off] {
        let admitted = unsigned.admit(mode).expect("no signature is needed");
        assert_eq!((admitted.secret_id, admitted.region.as_str()), (None, "ap-beijing"));
    }
    let mut forged = parameters(|_| ());
    forged[0].1 = "2".into();
    let refused = posted(&forged).admit(AuthMode::Optional).expect_err("it was changed");
    assert_eq!(refused.code, ErrorCode::AuthFailureSignatureFailure);
    assert!(posted(&forged).admit(AuthMode::Off).is_ok());
}
