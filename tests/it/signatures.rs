//! Who may call: the signature, the clock and the name of the action.

use serde_json::{Value, json};
use tests::raw::{RawRequest, now};
use tests::stack::Stack;

/// Sends a request and gives the error code, or nothing.
fn code(stack: &Stack, request: &RawRequest) -> Option<String> {
    let (status, response) = request.send(stack);
    assert_eq!(status, 200, "every answer of the API is HTTP 200");
    assert!(response["RequestId"].as_str().is_some_and(|id| !id.is_empty()), "every answer has a request id");
    response.get("Error").map(|error| error["Code"].as_str().unwrap_or_default().to_owned())
}

/// A request that is in order but for what `spoil` does to it.
fn spoilt(stack: &Stack, spoil: impl FnOnce(&mut RawRequest)) -> Option<String> {
    let mut request = RawRequest::good(stack, "DescribeFleetAttributes", &json!({}));
    spoil(&mut request);
    code(stack, &request)
}

#[test]
fn who_may_call() {
    let stack = Stack::start();
    let check = |spoil: &dyn Fn(&mut RawRequest), expected: Option<&str>| {
        assert_eq!(spoilt(&stack, spoil).as_deref(), expected);
    };
    // Unspoilt, the request is accepted: so each refusal below has the one reason that its line names.
    check(&|_| {}, None);
    check(&|request| request.secret_key.push('x'), Some("AuthFailure.SignatureFailure"));
    check(&|request| request.secret_id.push('x'), Some("AuthFailure.SecretIdNotFound"));
    // 300 s are accepted; a little inside, because the clock goes on while the request travels.
    check(&|request| request.timestamp = now() - 290, None);
    check(&|request| request.timestamp = now() - 301, Some("AuthFailure.SignatureExpire"));
    check(&|request| request.timestamp = now() + 330, Some("AuthFailure.SignatureExpire"));
    check(&|request| request.action = "DescribeNothing".to_owned(), Some("InvalidAction"));
}

#[test]
fn gse_call_ends_with_a_code_for_each_kind_of_failure() {
    let stack = Stack::start();
    let end = |arguments: &[&str]| {
        let output = stack.gse(arguments);
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).is_ok())
    };
    assert_eq!(end(&["call", "DescribeFleetAttributes", "--json", "{}"]), (Some(0), true));
    assert_eq!(end(&["call", "DescribeAsset", "--json", r#"{"AssetId":"asset-00000000"}"#]), (Some(1), true));
    assert_eq!(end(&["call", "DescribeAsset", "--json", "{"]), (Some(2), false));
}
